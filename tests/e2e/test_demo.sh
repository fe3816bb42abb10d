#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demo, and then the commands that it prints for who goes on by hand, as they stand there.
#   test_demo.sh DEMO
set -euo pipefail

work=$(mktemp -d)
stop_bank() { :; } # until the demo's own is there
finish() {
    local rc=$?
    trap - EXIT
    stop_bank 2>/dev/null || true
    rm -rf "$work"
    exit $rc
}
trap finish EXIT

no_draft() { # no_draft DEMO EXIT WORDS: of the file, before anything is begun
    local code=0
    "$1" --order "$work/draft" >"$work/out" 2>&1 || code=$?
    [ "$code" -eq "$2" ] || { cat "$work/out"; exit 1; }
    grep -q "^demo: .*$3" "$work/out"
    [ "$(wc -l <"$work/out")" -eq 1 ]
}
no_draft "$1" 4 "no file to read at $work/draft"
for text in '{"amount"' '[]' '{"amount":"1.00","creditor":"Shop","currency":"EUR"}'; do
    echo "$text" >"$work/draft"
    no_draft "$1" 1 "$work/draft is no draft"
done

"$1" --keep | tee "$work/out"
grep -q 'and files that prove it' "$work/out"
sed -n '/^    \. \//,/^    stop_bank$/s/^    //p' "$work/out" >"$work/commands"
grep -q '^stop_bank$' "$work/commands"
dir=$(sed -n '1s/^\. \(.*\)\/shell$/\1/p' "$work/commands")

# The PIN comes by a descriptor, where a person would type it.
countersign() {
    local pin=1111
    case "$*" in
    *bob.conf*) pin=2222 ;;
    esac
    command countersign "$@" --pin-fd 4 4<<<"$pin"
}
bankctl() { command bankctl "$@" --pin-fd 4 4<<<4444; }

cd "$work"
echo "By hand:"
# shellcheck source=/dev/null
. ./commands
[ ! -e "$dir" ]
