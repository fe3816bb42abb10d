#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What no software token does by itself: a PIN that locks, a card that is pulled out. How does your
# program tell its user?
set -eu

work=$(mktemp -d)
mkfifo "$work/ready"
countersign-testbank --dir "$work/bank" --port 0 --parent $$ --faults >"$work/ready" &
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

faults=$(printf '%s\n' "$bank" | jq -er '.holders[0].faultsFile')
token_does() { # RULE...: from the next call on
    printf '%s\n' "$@" >"$faults.new"
    mv "$faults.new" "$faults"
}

refused() { # NAME PIN [OPTION]: Alice logs in with that PIN, is refused by that name, and exit status 3 says "token or PIN"
    name=$1
    printf '%s\n' "$2" >"$work/pin"
    shift 2
    code=0
    said=$(
        # shellcheck source=/dev/null
        . "$work/bank/alice/env"
        countersign login "$@" --pin-fd 3 3<"$work/pin" 2>&1
    ) || code=$?
    printf '%s\n' "$said"
    [ "$code" = 3 ] && case $said in *"countersign: $name: "*) ;; *) false ;; esac
}
pin=$(cat "$work/bank/alice/pin")

token_does 'C_Sign * 0x32' # CKR_DEVICE_REMOVED
refused TOKEN_REMOVED "$pin"

token_does 'tries 3' trace
refused PIN_WRONG wrong
refused PIN_WRONG wrong
refused PIN_LAST_TRY "$pin" # nothing but --last-try spends that one
refused PIN_LOCKED wrong --last-try
refused PIN_LOCKED "$pin" --last-try
[ "$(grep -c '^C_Login ' "$faults.trace")" = 3 ] # and no PIN went to the token unasked
