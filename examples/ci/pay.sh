#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What both CI jobs run: a bank for this job alone, one payment that two people sign, and the proof of
# it. Your own program's test comes in the place of the payment.
set -eu

work=$(mktemp -d)
mkfifo "$work/ready"
countersign-testbank --dir "$work/bank" --port 0 --parent $$ >"$work/ready" &
testbank=$!
finish() {
    if kill "$testbank" 2>/dev/null; then
        wait "$testbank" || true
    fi
    rm -r "$work"
}
trap finish EXIT
read -r word bank <"$work/ready"
[ "$word" = READY ]
value() { printf '%s\n' "$bank" | jq -er "$1"; }

as() { # NAME COMMAND...: countersign with the holder's settings, token and PIN
    (
        name=$1
        shift
        # shellcheck source=/dev/null
        . "$work/bank/$name/env"
        countersign "$@" --pin-fd 3 3<"$work/bank/$name/pin"
    )
}

# The payment: a draft becomes an order, Alice hands it in with her approval, Bob's is the second.
value '{account: .holders[0].account, amount: "77.78", currency: .accounts[0].currency,
    creditor: {account: .creditor.account, name: "EDP Comercial"}, description: "Electricity bill"}' >"$work/draft.json"
for name in alice bob shop; do
    as "$name" login
done
as alice order new "$work/draft.json" --output "$work/order.json"
as alice approve "$work/order.json" --yes
order=$(jq -er .id "$work/order.json")
as bob approve "$order" --yes
[ "$(as shop balance --json | jq -er .booked)" = 77.78 ]

# The proof, which needs no bank: one file and the pin.
as alice order evidence "$order" --output "$work/evidence.json"
kill "$testbank"
wait "$testbank"
countersign-verify evidence --bank-key "$(value .pin)" "$work/evidence.json"
