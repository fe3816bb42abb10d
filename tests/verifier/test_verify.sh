#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# countersign-verify from outside: verdicts, their order, exit codes.
#   test_verify.sh PROGRAM SOURCE-DIRECTORY
set -eu
verify=$1
cd "$2/tests/verifier/golden"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pin=$(sed -n 's/^root //p' digests.txt)
alice=$(sed -n 's/^alice //p' digests.txt)

fail() {
    echo "$*" >&2
    sed 's/^/  out: /' "$work/out" >&2
    sed 's/^/  err: /' "$work/err" >&2
    exit 1
}

run() { # run CODE ARGUMENTS...
    wanted=$1
    shift
    code=0
    "$verify" "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" -eq "$wanted" ] || fail "exit $code, wanted $wanted: $*"
}

has() { # has TEXT: the output has it
    grep -qF -- "$1" "$work/out" || fail "no '$1' in the output"
}

lacks() { # lacks TEXT: the output does not have it
    if grep -qF -- "$1" "$work/out"; then fail "'$1' in the output"; fi
}

silent() {
    [ ! -s "$work/out" ] || fail "there is output"
}

# One verdict a file, in order; one bad file is enough for exit 1.
run 0 order order.json order-full.json
has "OK $(sed -n 's/^order //p' digests.txt) 019aab1e-d900-7c3f-8a5b-0123456789ab 77.78 EUR"
run 1 order order.json policy.json order-full.json
[ "$(cut -d' ' -f1 "$work/out" | xargs)" = "OK REFUSED OK" ] || fail "order of verdicts"
has "REFUSED DOC_MEMBER_UNKNOWN policy.json "
grep -q "3 checked, 2 OK, 1 refused" "$work/err" || fail "no summary"
# A name that was mistyped is no forgery; a forged file beside it stays told.
run 4 order missing.json
has "REFUSED FILE_NOT_FOUND missing.json"
run 4 order --ndjson missing.ndjson
has "REFUSED FILE_NOT_FOUND missing.ndjson"
run 4 order --ndjson order.json/missing.ndjson
has "REFUSED FILE_NOT_FOUND order.json/missing.ndjson"
run 4 order policy.json missing.json
has "REFUSED DOC_MEMBER_UNKNOWN policy.json"

# Cash has a terminal where a payment has a creditor.
run 0 order cash-deposit.json cash-withdrawal.json
has " 100.00 EUR cash-withdrawal PT50000201231234567890154 till-1"
run 0 evidence --bank-key "$pin" evidence/withdrawal.json evidence/deposit.json
has "  cash at       till-1"
has "  to            PT50000201231234567890154"
run 0 evidence --json --bank-key "$pin" evidence/withdrawal.json
has '"terminal":"till-1"'

# NDJSON: every line has its number, also the one that is too long; - is standard input.
{
    cat order.json
    echo
    echo '{}'
    head -c 300000 /dev/zero | tr '\0' ' '
    echo
    cat order-full.json
} >"$work/lines.ndjson"
run 1 order "$work/lines.ndjson"
has "REFUSED DOC_MEMBER_MISSING $work/lines.ndjson:2 "
has "REFUSED TOO_LARGE $work/lines.ndjson:3 "
[ "$(cut -d' ' -f1 "$work/out" | xargs)" = "OK REFUSED REFUSED OK" ] || fail "order of lines"
run 1 order --ndjson - <"$work/lines.ndjson"
has "REFUSED TOO_LARGE -:3 "
# Nothing to check is not all right: a download may have failed.
: >"$work/nothing.ndjson"
run 1 order --quiet "$work/nothing.ndjson"
has "REFUSED INPUT_EMPTY $work/nothing.ndjson "
run 1 order --ndjson order-full.json "$work/nothing.ndjson" order-full.json
[ "$(cut -d' ' -f1 "$work/out" | xargs)" = "OK REFUSED OK" ] || fail "the empty one among others"
run 1 order --ndjson --json - </dev/null
has '"error":"INPUT_EMPTY"'
run 1 order --quiet "$work/lines.ndjson"
[ "$(wc -l <"$work/out")" -eq 2 ] || fail "quiet prints refusals only"
[ ! -s "$work/err" ] || fail "quiet is not quiet"

# Decisions, enough of them for many blocks.
i=0
while [ $i -lt 300 ]; do
    cat decisions.ndjson
    i=$((i + 1))
done >"$work/many.ndjson"
run 0 decision --keys keys.ndjson --policy policy.json "$work/many.ndjson"
[ "$(wc -l <"$work/out")" -eq 1200 ] || fail "one verdict each"
run 1 decision --keys keys.ndjson --policy policy.json --bank demobank.example/test decisions.ndjson
has "REFUSED BANK_MISMATCH decisions.ndjson:4 "
sed -n 1p keys.ndjson >"$work/one.ndjson"
run 1 decision --keys "$work/one.ndjson" --policy policy.json decisions.ndjson
has "REFUSED KEY_UNKNOWN decisions.ndjson:2 "
sed 's/Household/Everybody/' policy.json >"$work/other.json"
run 1 decision --keys keys.ndjson --policy "$work/other.json" decisions.ndjson
has "REFUSED POLICY_MISMATCH decisions.ndjson:1 "
run 0 decision --json --keys keys.ndjson --policy "$work/other.json" --policy policy.json decisions.ndjson
has '"decision":"reject"'
run 0 decision --keys keys.ndjson --policy policy.json batch.ndjson
[ "$(wc -l <"$work/out")" -eq 3 ] || fail "each order of a batch is verified alone"
has " 12.50 EUR approve "
by="signed by 1cOKsbxizakCeypbrX0aN3xB7oWT4ZBtY5OaOWgEGDE"
[ "$(grep -o ' batch of .*' "$work/out")" = " batch of 3, index 0, $by
 batch of 3, index 1, $by
 batch of 3, index 2, $by" ] || fail "how many orders the signature is for, and where each stands"
run 0 decision --json --keys keys.ndjson --policy policy.json batch.ndjson
has "\"batch\":3,\"batchIndex\":1,\"batchRoot\":\"$(sed -n 's/^root //p' batch-digests.txt)\","
run 0 decision --keys keys.ndjson --policy policy.json decisions.ndjson
lacks batch
run 0 decision --json --keys keys.ndjson --policy policy.json decisions.ndjson
lacks batch
sed -n 2p batch.ndjson >"$work/one-of-three.ndjson"
run 0 decision --keys keys.ndjson --policy policy.json "$work/one-of-three.ndjson"
sed 's/"index":1/"index":2/' "$work/one-of-three.ndjson" >"$work/moved.ndjson"
run 1 decision --keys keys.ndjson --policy policy.json "$work/moved.ndjson"
has "REFUSED BATCH_PROOF_INVALID $work/moved.ndjson:1 "
run 2 decision decisions.ndjson
silent
run 1 decision --keys policy.json --policy policy.json decisions.ndjson
silent

# Evidence: the pin is the reader's, never the file's.
run 0 evidence --bank-key "$pin" --key "$alice" evidence/settled.json
has "77.78 EUR ACSC 2026-11-22T10:07:01Z"
has "alice         approve at 2026-11-22T10:05:00Z with key $alice, pinned by you"
has "key vouched for by the bank only"
run 0 evidence --bank-key "$pin" evidence/batched.json
has "alice         approve at 2026-11-22T10:05:00Z by one signature for 3 orders with key $alice, key vouched for"
run 0 evidence --json --bank-key "$pin" evidence/batched.json
has '"batch":3,"decision":"approve"'
carol=$(sed -n 's/^second //p' digests.txt)
run 0 evidence --bank-key "$pin" evidence/sponsored.json evidence/sponsored-applied.json evidence/sponsored-delegated.json
by="sponsored by carol of account PT50000201231234567890154 with key $carol"
[ "$(grep -c "$by" "$work/out")" -eq 4 ] || fail "who vouched for a signer, twice, for who applied, and for a principal"
run 0 evidence --json --bank-key "$pin" evidence/sponsored-applied.json
[ "$(grep -o "\"sponsors\":\[{\"account\":\"PT50000201231234567890154\",\"holder\":\"carol\"" "$work/out" | wc -l)" -eq 2 ] || fail "sponsors of a signer, and of who applied"
run 0 evidence --json --bank-key "$pin" evidence/rejected.json
has '"reason":"MS02"'
has '"vouchedBy":"bank"'
run 0 evidence --bank-key "$pin" evidence/clock-put-back.json
has "times         the bank's clock was put back 1 time between these entries; that none is dated back is its word"
run 0 evidence --json --bank-key "$pin" evidence/clock-put-back.json
has '"clockPutBack":1'
run 0 evidence --bank-key "$pin" evidence/settled.json
grep -q '^  times' "$work/out" && fail "nobody put the clock back"
run 1 evidence --bank-key "$alice" evidence/settled.json
has "REFUSED KEY_MISMATCH evidence/settled.json"
# The bank's root key was replaced: the file's own rollovers lead forward, the reader's own back.
second=$(sed -n 's/^second //p' roots.txt)
run 0 evidence --bank-key "$pin" evidence/rolled.json
has "root key      $second, to which 1 rollover leads from the pinned one"
run 0 evidence --json --bank-key "$second" --rollovers rollovers.json evidence/settled.json
has "\"rollovers\":1,\"rootKey\":\"$pin\",\"rootKeyUntil\":\"2027-02-20T12:00:00Z\""
run 0 evidence --bank-key "$second" --rollovers rollovers.json evidence/settled.json
has "$pin, which counted until 2027-02-20T12:00:00Z; 1 rollover before the pinned one"
run 1 evidence --bank-key "$second" evidence/settled.json
has "REFUSED KEY_MISMATCH evidence/settled.json"
run 1 evidence --bank-key "$second" --rollovers order.json evidence/settled.json
silent
run 4 evidence --bank-key "$second" --rollovers missing.json evidence/settled.json
silent
run 2 evidence evidence/settled.json
silent
grep -q "the bank's letter" "$work/err" || fail "it does not say where the pin is"
run 2 evidence --bank-key short evidence/settled.json
silent
grep -q -- "--bank-key needs" "$work/err" || fail "it does not say which option"
run 2 evidence --bank-key "$pin" --key "$alice" --key short evidence/settled.json
silent
grep -q -- "--key needs" "$work/err" || fail "it does not say which option"
groups() { echo "$1" | sed 's/..../& /g'; } # as the letter has it
run 0 evidence --bank-key "$(groups "$pin")" --key "$(groups "$alice")" evidence/settled.json
sed 's,\(.*\) \(.*\),REFUSED \1 forged/\2.json,' forged/list.txt >"$work/wanted"
sed 's,.* \(.*\),forged/\1.json,' forged/list.txt >"$work/files"
split -l 150 "$work/files" "$work/files."
for part in "$work"/files.*; do
    # shellcheck disable=SC2046
    run 1 evidence --bank-key "$pin" $(cat "$part")
    cut -d' ' -f1-3 "$work/out" >>"$work/verdicts"
    # shellcheck disable=SC2046
    run 1 evidence --json --bank-key "$pin" $(cat "$part")
    sed 's/.*"error":"\([^"]*\)","file":"\([^"]*\)".*/REFUSED \1 \2/' "$work/out" >>"$work/verdicts.json"
done
cmp "$work/verdicts" "$work/wanted" || fail "each forgery by its name, in their order"
cmp "$work/verdicts.json" "$work/wanted" || fail "each forgery by its name in JSON, in their order"

# A name that a terminal would obey: ESC, and U+009B, which is ESC [ in one character.
name="$work/$(printf 'a\033b\302\233c\302\251')"
run 4 order "$name"
has "REFUSED FILE_NOT_FOUND $work/a?b?c$(printf '\302\251') "
run 4 order --json "$work/$(printf 'a\033\377')"
has "\"file\":\"$work/a??\""

# A full disk is no verdict.
if [ -w /dev/full ]; then
    code=0
    "$verify" order order.json >/dev/full 2>"$work/err" || code=$?
    [ "$code" -eq 4 ] || fail "exit $code on a full disk"
fi

run 2 nonsense
silent
run 0 --help
has "What an OK proves"
run 0 --version
