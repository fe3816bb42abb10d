#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The installed library serves a foreign program, by pkg-config and by find_package.
#   test_installed.sh BUILD-DIRECTORY SOURCE-DIRECTORY LINK-FLAGS
set -eu
build=$1
here=$2/tests/verifier
flags=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

expect() { # expect OUTPUT COMMAND...: its output begins with OUTPUT
    wanted=$1
    shift
    got=$("$@" || true)
    case $got in
    "$wanted"*) ;;
    *)
        echo "wanted '$wanted', got '$got': $*" >&2
        exit 1
        ;;
    esac
}

try() { # try PROGRAM: a true and a forged file, and the true one as order evidence writes it
    pin=$(sed -n 's/^root //p' "$here/golden/digests.txt")
    { cat "$here/golden/evidence/settled.json" && echo; } >"$work/written.json"
    expect "OK 77.78 EUR ACSC" "$1" "$pin" <"$work/written.json"
    expect "OK 77.78 EUR ACSC" "$1" "$pin" <"$here/golden/evidence/settled.json"
    expect "REFUSED EVIDENCE_CONTRADICTION" "$1" "$pin" <"$here/golden/forged/amount-changed.json"
    expect "REFUSED KEY_MISMATCH" "$1" "$pin" <"$here/golden/forged/foreign-root.json"
    code=0
    "$1" </dev/null >"$work/out" 2>&1 || code=$?
    if [ "$code" -ne 2 ] || ! grep -q "^usage: verify BANK-KEY" "$work/out"; then
        echo "without an argument: exit $code, and it does not say how it is used" >&2
        exit 1
    fi
}

cmake --install "$build" --prefix "$work/root" --component verifier >/dev/null

PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name countersign-verifier.pc)")
export PKG_CONFIG_PATH
# It serves from where it was installed to, not from where it was configured for.
# shellcheck disable=SC2046,SC2086
cc -std=c17 -Wall -Wextra -Wpedantic -Werror $flags -o "$work/by-pkg-config" \
    $(pkg-config --cflags countersign-verifier) \
    "$here/../../examples/verify/verify.c" \
    $(pkg-config --libs countersign-verifier)
try "$work/by-pkg-config"

cmake -S "$here/../../examples/verify" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/root" \
    -DCMAKE_C_FLAGS="$flags" >/dev/null
cmake --build "$work/cmake" >/dev/null
try "$work/cmake/verify"
