#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom. Includes are root-relative, so an include line names its room; the tables
below are the architecture, and this refuses what they do not allow."""

import pathlib
import re
import subprocess
import sys

# Room: the rooms whose headers it may include besides its own. The longest prefix of a path is
# its room. What is not listed (tests, examples) may include every room.
MAY_INCLUDE = {
    "base": [],
    "order": ["base"],
    "verifier": ["base", "order"],
    "token": ["base", "token/serve"],
    "token/serve": ["base"],
    "api": ["base", "order"],
    "app": ["base", "order", "verifier", "token", "api"],
    "signer": ["base", "order", "verifier", "token", "api", "app"],
    "testbank": [],
    "bankd/core": ["base", "order", "verifier", "api", "bankd/store"],
    "bankd/store": ["base"],
    "bankd/server": [
        "base", "order", "verifier", "api", "bankd/core", "bankd/store", "bankd/keeper/msg",
    ],
    "bankd/keeper": [
        "base", "order", "verifier", "api", "token", "token/serve", "bankd/keeper/msg",
    ],
    "bankd/keeper/msg": ["base", "token/serve"],
    "bankd/ctl": ["base", "order", "verifier", "token", "api", "app"],
    "bankd/courier": ["base", "order", "token", "api"],
}

# Foreign header: the one home of that interface. A home that ends in "/" is a folder.
HOMES = [
    (r"unicode/.*", ["order/text.c"]),
    (r"(p11-kit/.*|pkcs11\.h|winscard\.h|wintypes\.h|PCSC/.*)", ["token/", "testbank/fault/"]),
    (r"ncurses\.h", ["app/screen.c"]),
    (r"assuan\.h", ["token/helper/pinentry.c"]),
    (r"curl/.*", ["api/client.c", "bankd/courier/post.c"]),
    (r"(qrencode|png)\.h", ["app/qr.c"]),
    (r"(sqlite3|libpq-fe)\.h", ["bankd/store/"]),
    (r"event2/.*", ["bankd/server/"]),
    (r"openssl/.*", ["order/", "verifier/", "token/", "api/", "app/", "signer/", "bankd/"]),
]
SOURCE_ONLY = re.compile(r"(openssl|unicode|curl|qrencode|png|event2|sqlite3|libpq-fe)\b")

# The C library and the kernel. Any other header needs a home above before it may be included.
LIBC = re.compile(
    r"(sys|linux|netinet|arpa|net)/\w+\.h|"
    r"(assert|ctype|dirent|dlfcn|errno|fcntl|getopt|glob|grp|inttypes|limits|locale|netdb|poll|pthread|"
    r"pwd|sched|semaphore|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|"
    r"stdlib|stdnoreturn|string|strings|syslog|termios|threads|time|unistd|wchar)\.h"
)
INCLUDE = re.compile(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def sources():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.[ch]", "*.def"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sorted({path for path in listed.splitlines() if pathlib.Path(path).is_file()})


def room_of(path):
    """The longest listed room that PATH lies in; "bankd/keeper/msg" also covers msg.c and msg.h."""
    fitting = [r for r in MAY_INCLUDE if path.startswith(r + "/") or path.startswith(r + ".")]
    return max(fitting, key=len, default=None)


def judge_own(path, room, target):
    if not pathlib.Path(target).is_file():
        return f'"{target}" is not a path from the root'
    other = room_of(target)
    if room is None or other == room or other in MAY_INCLUDE[room]:
        return None
    return f'{room} may not include "{target}"'


def judge_foreign(path, room, header):
    if room is None or LIBC.fullmatch(header):
        return None
    for pattern, homes in HOMES:
        if not re.fullmatch(pattern, header):
            continue
        if not any(path == h or (h.endswith("/") and path.startswith(h)) for h in homes):
            return f"<{header}> belongs to {' '.join(homes)}"
        if path.endswith(".h") and SOURCE_ONLY.match(header):
            return f"<{header}> may stand in .c files only"
        return None
    return f"<{header}> has no home in the table"


def main():
    bad = 0
    for path in sources():
        room = room_of(path)
        text = pathlib.Path(path).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            own, foreign = match.groups()
            why = judge_own(path, room, own) if own else judge_foreign(path, room, foreign)
            if why:
                print(f"{path}:{number}: {why}")
                bad += 1
    sys.exit(1 if bad else 0)


main()
