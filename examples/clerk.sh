#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# The clerk at the bank's counter: has the bank's own letter and the one that a person brought, both
# on paper, and never looks at the request itself. Text and QR code of the letter must agree, the
# bank's key in it must be the bank's, and what it says goes into the admission, character by
# character.
#
#   clerk.sh BANK-LETTER LETTER HOLDER [OPTION OF bankctl]...
#
# The letters are named without their endings: each is a .txt and a .png.
set -euo pipefail

[ $# -ge 3 ] || { echo "usage: clerk.sh BANK-LETTER LETTER HOLDER [OPTION OF bankctl]..." >&2; exit 2; }
bank_letter=$1 letter=$2 holder=$3
shift 3

scan() { zbarimg --nodbus --quiet --raw "$1.png"; }
line() { sed -n "s/^$1 //p"; }                              # of a code: "key dMsh_W6V..."
printed() { # of the text: "My key      dMsh _W6V ...", also what goes on in the next line
    sed -e ':a' -e '$!{N;ba' -e '}' -e 's/\n \{12\}//g' "$1.txt" | sed -n "s/^$2  *//p" | head -n 1 | tr -d ' '
}

compare() { # WHAT PRINTED SCANNED
    if [ -z "$2" ] || [ "$2" != "$3" ]; then
        echo "clerk: $1 differs: printed ${2:-nothing}, scanned ${3:-nothing}. Not admitted." >&2
        exit 1
    fi
}

bank=$(scan "$bank_letter")
code=$(scan "$letter")
key=$(line key <<<"$code")
name=$(line name <<<"$code")
request=$(line enrolment <<<"$code")
compare "the new key" "$(printed "$letter" "My key")" "$key"
compare "the name" "$(printed "$letter" "Name")" "${name// /}"
compare "the request" "$(printed "$letter" "Request")" "$request"
compare "the bank's key" "$(printed "$letter" "Bank's key")" "$(line bank-key <<<"$code")"
compare "the bank's key, as the bank knows it," "$(line bank-key <<<"$bank")" "$(line bank-key <<<"$code")"

exec bankctl enrolment admit "$request" --id "$holder" --name "$name" --thumbprint "$key" "$@"
