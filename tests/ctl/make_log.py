#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/ctl/log.json: a small log as GET /v1/log/entries gives it, with the roots of all its
sizes, and entries that no honest log has in the places of some; computed with hashlib from
docs/FORMAT.md section 11 and RFC 6962 section 2.1. Three people are told of in turn; the clock is put
back by the ninth entry, and is right again at the tenth."""

import base64
import hashlib
import json
import sys

SIZE = 11


def canonical(value):
    """RFC 8785 for what stands here: ASCII names, integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data):
    return hashlib.sha256(data).digest()


def root(leaves):
    """MTH of RFC 6962."""
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + root(leaves[:split]) + root(leaves[split:]))


CLOCK = 8
OBJECTS = ["bank" if i == CLOCK else "holder:h%d" % (i % 3) for i in range(SIZE)]


def newest(index, of):
    """The newest entry about OF before INDEX, or None."""
    return max((i for i in range(index) if OBJECTS[i] == of), default=None)


def entry(index, about=None, second=None, **changes):
    about = about or OBJECTS[index]
    clock = index == CLOCK
    body = {"object": about, "type": "enrolment", "name": "Zoë ☂ %d" % index, "previous": newest(index, about)}
    if clock:
        body.update(type="clock-accepted", floor="2026-11-22T09:00:08Z", operator="uid 0 (root)", note="NTP")
        del body["name"]
    body.update(changes)
    body = {k: v for k, v in body.items() if v is not None}
    salt = sha256(b"salt %d" % index)
    commitment = sha256(salt + canonical(body)).hex()
    leaf = {
        "commitment": commitment, "index": index, "sealed": commitment, "storage": "clear",
        "time": "2026-11-22T%s:00:%02dZ" % ("09" if clock else "10", index if second is None else second),
        "version": 1,
    }
    return {"body": body, "leaf": leaf, "salt": base64.urlsafe_b64encode(salt).decode().rstrip("=")}


def forged():
    """Rows of index, what the audit says, and the entry in that one's place: the bank signs for all of it."""
    again, astray, early = "began before", "does not follow", "its time is before"
    yield 4, again, entry(4, previous=None)
    yield 3, astray, entry(3, previous=2)  # another's newest
    yield 4, astray, entry(4, previous=0)  # another's, which one follows
    yield 4, astray, entry(4, previous=4)
    yield 4, astray, entry(4, previous=5)
    yield 4, astray, entry(4, previous=-1)
    yield 4, astray, entry(4, previous="1")
    yield 7, astray, entry(7, previous=1)  # its own, which one follows
    yield 4, astray, entry(4, about="holder:h9", previous=3)  # nothing that began
    yield 10, again, entry(10, about="bank", previous=None)
    yield 5, early, entry(5, second=3)
    yield 5, early, entry(5, second=3, type="clock-accepted")
    yield 5, early, entry(5, about="bank", second=3)
    yield 4, "about nothing", entry(4, object=1)


def main():
    entries = [entry(i) for i in range(SIZE)]
    leaves = [canonical(e["leaf"]) for e in entries]
    roots = [root(leaves[:n]).hex() for n in range(1, SIZE + 1)]
    lies = []
    for index, says, e in forged():
        told = leaves[:index] + [canonical(e["leaf"])] + leaves[index + 1:]
        lies.append({"index": index, "says": says, "entry": e, "root": root(told).hex()})
    sys.stdout.buffer.write(canonical({"entries": entries, "forged": lies, "roots": roots}) + b"\n")


main()
