#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The whole story in a minute: two holders and a bank with tokens of their own, one of them enrolled by
# letter, one payment that both must approve, the evidence checked with the bank stopped, four things that must not work, and then new
# rules: a payment that one may make alone, one that is rejected, one for another day.
# Called by `./run demo`, which builds the programs first.
set -euo pipefail

ALICE_ACCOUNT=PT50000201231234567890154
BANK=demobank.example/demo
FUNDS=872.22
here=$(cd "$(dirname "$0")/.." && pwd)
order_draft=$here/examples/electricity-bill.json
keep=no

usage() {
    cat <<'TEXT'
usage: ./run demo [--order FILE] [--keep]
  --order FILE  pay your own draft instead of examples/electricity-bill.json
  --keep        leave the bank running and print the commands to go on by hand
TEXT
}

while [ $# -gt 0 ]; do
    case $1 in
    --order)
        [ $# -gt 1 ] || { usage >&2; exit 2; }
        order_draft=$2
        shift 2
        ;;
    --keep)
        keep=yes
        shift
        ;;
    --help | -h)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
done

if ! [ -f "$order_draft" ] || ! [ -r "$order_draft" ]; then
    echo "demo: there is no file to read at $order_draft" >&2
    exit 4
elif ! jq -e 'all(.amount, .currency, .creditor.account, .creditor.name; type == "string")' "$order_draft" >/dev/null 2>&1; then
    echo "demo: $order_draft is no draft: JSON with amount, currency, creditor.account and creditor.name, like examples/electricity-bill.json" >&2
    exit 1
fi
order_draft=$(realpath "$order_draft")

PATH=${COUNTERSIGN_BIN:-$here/build/release/bin}:$PATH
dir=$(mktemp -d "${TMPDIR:-/tmp}/countersign-demo.XXXXXX")
session_base=$(mktemp -d /dev/shm/countersign-demo.XXXXXX)
pids=()

stop_bank() {
    local pid
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    pids=()
}

finish() {
    local rc=$?
    trap - EXIT
    if [ "$keep" = yes ] && [ $rc -eq 0 ]; then
        return
    fi
    stop_bank
    rm -rf "$session_base"
    if [ $rc -ne 0 ]; then
        echo
        echo "The demo stopped here (exit $rc). Logs and files are in $dir; the last lines of each log:"
        tail -n 3 "$dir"/*.log 2>/dev/null || true
    else
        rm -rf "$dir"
    fi
    exit $rc
}
trap finish EXIT

n=0
step() {
    n=$((n + 1))
    printf '\n%2d. %s\n' $n "$*"
}
say() { printf '    %s\n' "$*"; }
indent() { sed 's/^./    &/'; }

softhsm=/usr/lib/softhsm/libsofthsm2.so
[ -e "$softhsm" ] || { echo "SoftHSM2 is not installed: run ./run install-deps"; exit 4; }

# --- tokens: SoftHSM2, one directory, three tokens; PINs come by descriptor, never in arguments ---
export SOFTHSM2_CONF=$dir/softhsm2.conf
mkdir "$dir/tokens"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$dir/tokens" >"$SOFTHSM2_CONF"

make_token() { # LABEL PIN
    countersign token init --module "$softhsm" --label "$1" --so-pin-fd 3 --pin-fd 4 --json \
        3<<<"12345678" 4<<<"$2" >/dev/null
}
make_keys() { # LABEL PIN CURVE
    make_token "$1" "$2"
    countersign token generate --module "$softhsm" --token "pkcs11:token=$1" --curve "$3" --label "$1" \
        --pin-fd 4 --json 4<<<"$2" >/dev/null
    countersign token info --module "$softhsm" --token "pkcs11:token=$1" --pin-fd 4 --json \
        --spki "$dir/$1.spki" 4<<<"$2" >/dev/null
}

as() { # NAME COMMAND... : runs countersign with the settings and the PIN of NAME
    local who=$1 pin
    shift
    pin=${PINS[$who]}
    countersign "$@" --config "$dir/$who.conf" --session-dir "$session_base/$who" --pin-fd 4 4<<<"$pin"
}
declare -A PINS=([alice]=1111 [bob]=2222 [creditor]=3333 [olga]=4444 [mallory]=6666)

step "Alice, Bob (P-521), the bank and Olga, its operator, get tokens of their own; the keys never leave them."
make_token alice 1111
make_keys olga 4444 P-256
make_keys bob 2222 P-521
make_keys creditor 3333 P-256
make_token bank 9999
say "tokens: $(countersign token list --module "$softhsm" --json | grep -o '"label":"[a-z]*"' | cut -d'"' -f4 | sort -u | xargs)"

# --- the bank ---
write_bank_conf() {
    cat >"$dir/keeper.conf" <<CONF
bank = $BANK
module = $softhsm
token = pkcs11:token=bank
socket = $dir/keeper.sock
state = $dir/keeper
CONF
    cat >"$dir/bankd.conf" <<CONF
bank = $BANK
listen = 127.0.0.1:0
socket = $dir/bankd.sock
store = $dir/bank.db
keeper_socket = $dir/keeper.sock
CONF
}

wait_line() { # PID FIFO LOG WHAT: prints the READY line, or fails at once when the program ends
    local line
    if ! read -r -t 30 line <"$2" || [ "${line#READY}" = "$line" ]; then
        echo "$4 did not start: $(tail -n 2 "$3")" >&2
        return 4
    fi
    printf '%s\n' "$line"
}

start_bank() {
    local ready
    rm -f "$dir"/*.ready
    mkfifo "$dir/keeper.ready" "$dir/bankd.ready"
    bankd-keeper --config "$dir/keeper.conf" --pin-fd 4 4<<<9999 >"$dir/keeper.ready" 2>>"$dir/keeper.log" &
    pids+=($!)
    wait_line $! "$dir/keeper.ready" "$dir/keeper.log" bankd-keeper >/dev/null
    bankd --config "$dir/bankd.conf" >"$dir/bankd.ready" 2>>"$dir/bankd.log" &
    pids=($! "${pids[@]}")
    ready=$(wait_line $! "$dir/bankd.ready" "$dir/bankd.log" bankd)
    port=$(printf '%s' "$ready" | grep -o '"port":[0-9]*' | cut -d: -f2)
    bank_key=$(printf '%s' "$ready" | grep -o '"pin":"[^"]*"' | cut -d'"' -f4)
}

step "The bank makes its root and log keys on its token and starts: bankd-keeper signs, bankd serves."
write_bank_conf
bankd-keeper --config "$dir/keeper.conf" --init --pin-fd 4 4<<<9999 >"$dir/init.log"
bankd-keeper --config "$dir/keeper.conf" --pin-operator "$dir/olga.spki" --id olga >>"$dir/init.log"
start_bank
say "the bank's root key, which everybody pins: $bank_key"

# The accounts and the currency that the draft names, so that --order works with a draft of one's own.
debtor=$(jq -r --arg d "$ALICE_ACCOUNT" '.account // $d' "$order_draft")
creditor=$(jq -r '.creditor.account' "$order_draft")
creditor_name=$(jq -r '.creditor.name' "$order_draft")
currency=$(jq -r '.currency' "$order_draft")

write_holder_conf() { # NAME: where there is one, only the bank's address is another
    [ -d "$session_base/$1" ] || mkdir -m 700 "$session_base/$1"
    if [ -e "$dir/$1.conf" ]; then
        sed -i "s|^url = .*|url = https://127.0.0.1:$port|" "$dir/$1.conf"
        return
    fi
    cat >"$dir/$1.conf" <<CONF
bank = $BANK
bank_key = $bank_key
url = https://127.0.0.1:$port
module = $softhsm
token = pkcs11:token=$1
account = $debtor
CONF
}

step "Olga becomes its operator. From then on the bank does what her token signed, and nothing else."
bankctl operator add --id olga --name "Olga Ortiz" --spki "$dir/olga.spki" --socket "$dir/bankd.sock" >"$dir/operator.log"
bankctl operator roles olga --role enrolment --role policy --role payments --role security --role auditor \
    --note "the first" --socket "$dir/bankd.sock" | indent
write_holder_conf olga
olga=(--config "$dir/olga.conf" --session-dir "$session_base/olga" --pin-fd 4)
ctl() { bankctl "$@" "${olga[@]}" 4<<<4444 2>>"$dir/operator.log"; }

step "The bank hands out its letter: name, address and root key, as text and as a QR code."
ctl key show --letter "$dir" >"$dir/key.log"
sed -n '3,6p' "$dir/bank-letter.txt" | indent

step "Alice pins the bank from that letter. Her token makes her keys and signs a request; she prints a letter."
mkdir -m 700 "$session_base/alice"
as alice enrol --name "Alice Example" --bank-letter "$dir/bank-letter.txt" --module "$softhsm" \
    --token pkcs11:token=alice --letter "$dir" >"$dir/enrol.log" 2>&1
sed -n '3,9p' "$dir/enrolment-letter.txt" | indent

step "At the counter another process reads both letters, QR codes included, and admits what the paper says."
"$here/examples/clerk.sh" "$dir/bank-letter" "$dir/enrolment-letter" alice "${olga[@]}" 4<<<4444 2>>"$dir/operator.log" \
    | grep -E '^(Status|Name|Is) ' | indent

step "The keeper certified her keys, since Olga's token signed for it. Alice checks that and stores it on hers."
as alice enrol --finish --letter "$dir" 2>&1 | indent
echo "account = $debtor" >>"$dir/alice.conf"

step "Bob's key is enrolled by hand. Their joint account: every payment needs both of them."
ctl holder add --id bob --name "Bob Example" --spki "$dir/bob.spki" | indent
ctl holder add --id creditor --name "$creditor_name" --spki "$dir/creditor.spki" | indent
ctl account open --account "$debtor" --currency "$currency" --title "All holders sign" --holder alice --holder bob >"$dir/open.log"
ctl account open --account "$creditor" --currency "$currency" --title "Creditor" --holder creditor >>"$dir/open.log"
ctl account fund --account "$debtor" --amount "$FUNDS" --currency "$currency" >>"$dir/open.log"
ctl account list | indent

step "Both log in: each token signs the bank's single-use challenge and a fresh session key."
for who in alice bob; do
    write_holder_conf $who
    as $who login | indent
done

step "Alice fills the draft in: bank, id and dates. From here on its bytes are fixed."
as alice order new "$order_draft" --output "$dir/order.json" 2>&1 | indent
order=$(jq -r .id "$dir/order.json")

step "Alice is shown the exact text, approves it, and so hands it in."
as alice policy --output "$dir/policy.json"
as alice sign "$dir/order.json" --policy "$dir/policy.json" --decision approve --output "$dir/alice.signed" 2>&1 | indent
as alice send "$dir/alice.signed" | indent

step "Bob is shown what the bank holds, word for word what Alice saw, and approves."
as bob approve "$order" 2>&1 | indent

step "The bank executed it, once. The account afterwards:"
as alice balance | indent
as alice movements | indent

step "The evidence: order, text, signatures, policy and what the bank did, in one file."
as alice order evidence "$order" --output "$dir/evidence.json" 2>&1 | indent

step "With the bank stopped, anybody checks that file, knowing only the bank's root key."
stop_bank
countersign-verify evidence --bank-key "$bank_key" "$dir/evidence.json" 2>"$dir/verify.log" | indent

# refuses NAME WHAT COMMAND... : the command must fail with this name, and money must not move
refuses() {
    local name=$1 what=$2 out rc=0
    shift 2
    out=$("$@" 2>&1) || rc=$?
    if [ $rc -ne 1 ] || ! grep -q "$name" <<<"$out"; then
        printf '%s\n' "$out" | indent
        echo "    expected the refusal $name (exit 1), got exit $rc"
        return 1
    fi
    say "$what: refused, $name"
}

step "The bank starts again on the same database. Four things that must not work:"
start_bank
for who in alice bob olga; do write_holder_conf $who; done
before=$(as alice balance --json | jq -r .booked)

as alice send "$dir/alice.signed" --json >"$dir/replay.json"
say "Alice's decision sent again: the first answer comes back ($(jq -r .status "$dir/replay.json")), nothing moves"

flip_byte() { # IN OUT: changes one digit of the amount, leaves the signature
    jq -c '.order.amount |= (.[0:-1] + (if .[-1:] == "8" then "9" else "8" end))' "$1" >"$2"
}
flip_byte "$dir/alice.signed" "$dir/flipped.signed"
refuses ORDER_MISMATCH "one digit of the amount changed under Alice's signature" as alice send "$dir/flipped.signed"

make_keys mallory 6666 P-256
write_holder_conf mallory
as alice order new "$order_draft" --output "$dir/second.json" 2>/dev/null
as mallory sign "$dir/second.json" --policy "$dir/policy.json" --decision approve --output "$dir/mallory.signed" 2>/dev/null
refuses KEY_UNKNOWN "a stranger's signature, handed in by Alice" as alice send "$dir/mallory.signed"

as bob sign "$dir/order.json" --policy "$dir/policy.json" --decision approve --output "$dir/again.signed" 2>/dev/null
refuses ORDER_FINAL "the settled order signed anew by Bob" as bob send "$dir/again.signed"

after=$(as alice balance --json | jq -r .booked)
[ "$before" = "$after" ] || { echo "    money moved: $before became $after"; exit 1; }
say "the balance is still $after $currency; the log is consistent:"
ctl log verify --bank-key "$bank_key" 2>/dev/null | indent

# draft AMOUNT [DATE] : the same creditor, another amount, as an order of Alice's in $dir/next.json
draft() {
    jq --arg amount "$1" --arg date "${2-}" 'del(.id, .created, .expires, .date) | .amount = $amount
        | if $date == "" then . else .date = $date end' "$order_draft" >"$dir/next.draft"
    rm -f "$dir/next.json"
    as alice order new "$dir/next.draft" --output "$dir/next.json" 2>/dev/null
    next=$(jq -r .id "$dir/next.json")
}
status() { as alice order status "$next" | grep -vE '^(Order|To|Waits for|To decide) ' | indent; }

step "New rules: up to 100.00 either of them alone, above it both. Alice proposes them and sees all of them."
cat >"$dir/rules.json" <<'JSON'
{"rules": [{"upTo": "100.00", "anyOf": [{"signers": [{"count": 1}]}]}, {"require": "all"}]}
JSON
countersign policy lint "$dir/rules.json" --holder alice --holder bob --currency "$currency" | indent
as alice policy propose "$dir/rules.json" --title "Small payments alone" 2>&1 | indent
say "Bob sees the same and approves:"
as bob policy approve 2>/dev/null | indent

step "A payment of 25.00 needs one of them now; its evidence proves the new rules, too."
draft 25.00
as alice approve "$dir/next.json" >/dev/null 2>&1
status
as alice order evidence "$next" --output "$dir/small.json" 2>/dev/null
countersign-verify evidence --bank-key "$bank_key" "$dir/small.json" 2>>"$dir/verify.log" | indent

step "Twenty payments of 1.00: one PIN, one signature, and each is executed for itself."
for _ in $(seq 20); do
    draft 1.00
    cat "$dir/next.json" >>"$dir/twenty.ndjson"
done
as alice policy --output "$dir/policy.json"
as alice sign --batch "$dir/twenty.ndjson" --policy "$dir/policy.json" --output "$dir/twenty.signed" 2>&1 \
    | sed -n '/^I approve/,/^Policy/p' | indent
as alice send "$dir/twenty.signed" --json >"$dir/twenty.json"
say "$(jq -r .status "$dir/twenty.json" | sort | uniq -c | xargs) by $(jq -r .decision "$dir/twenty.signed" | sort -u | wc -l) signature"
as alice order evidence "$next" --output "$dir/one-of-twenty.json" 2>/dev/null
countersign-verify evidence --bank-key "$bank_key" "$dir/one-of-twenty.json" 2>>"$dir/verify.log" | grep ' approve at ' | indent

step "A payment of 120.00 needs both, and Bob says no."
draft 120.00
as alice approve "$dir/next.json" >/dev/null 2>&1
as bob reject "$next" >/dev/null 2>&1
status

step "A payment for another day: accepted today, executed on its day - unless one of them cancels it."
draft 50.00 "$(date -u -d '+10 days' +%F)"
as bob approve "$dir/next.json" >/dev/null 2>&1
status
as alice balance | grep -E '^(Booked|Reserved|Available)' | indent
as alice cancel "$next" >/dev/null 2>&1
say "Alice cancels it:"
status
as alice balance | grep -E '^(Booked|Reserved|Available)' | indent

step "They want one more account together: Alice says by which rules, both sign the same text, Olga opens it."
as alice application new "$here/examples/joint-account.json" --currency "$currency" 2>&1 | indent
application=$(as bob application list --json | jq -r '.applications[0].application')
say "Bob is shown the same text and signs it; the bank can only number the account:"
as bob application sign "$application" 2>/dev/null | indent
ctl application admit "$application" --account PT50000201230000000150079 | tail -n 6 | indent

step "The bank ends its day: do its books agree with themselves?"
ctl report | indent

write_shell() { # what a shell needs to go on: short commands for everybody, and the end
    cat >"$dir/shell" <<SHELL
export PATH='$PATH' SOFTHSM2_CONF='$SOFTHSM2_CONF'
alice() { countersign "\$@" --config '$dir/alice.conf' --session-dir '$session_base/alice'; }
bob() { countersign "\$@" --config '$dir/bob.conf' --session-dir '$session_base/bob'; }
operator() { bankctl "\$@" --config '$dir/olga.conf' --session-dir '$session_base/olga'; }
stop_bank() { kill ${pids[*]}; rm -rf '$dir' '$session_base'; }
SHELL
}

if [ "$keep" = yes ]; then
    write_shell
    draft 120.00 # above what one of them may pay alone
    step "The bank keeps running. Go on by hand; the PINs are 1111 (Alice), 2222 (Bob) and 4444 (the operator):"
    cat <<TEXT | indent
. $dir/shell
alice accounts
alice order new $dir/next.draft -o my.json
alice approve my.json
bob orders --waiting-for-me
bob approve my.json
operator order list
stop_bank
TEXT
fi
echo
say "Done: payments signed with keys on tokens, each executed once, by rules that both agreed to, and files that prove it."
