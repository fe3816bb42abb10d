#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/ctl/log.json: a small log as GET /v1/log/entries gives it, with the roots of all its
sizes, and a fifth entry that follows what the fourth follows, or itself; computed with hashlib from docs/FORMAT.md section 11 and RFC 6962 section 2.1."""

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


def entry(index, previous=None):
    body = {"object": "holder:h%d" % (index % 3), "type": "enrolment", "name": "Zoë ☂ %d" % index}
    if index >= 3:
        body["previous"] = index - 3 if previous is None else previous
    salt = sha256(b"salt %d" % index)
    commitment = sha256(salt + canonical(body)).hex()
    leaf = {
        "commitment": commitment, "index": index, "sealed": commitment, "storage": "clear",
        "time": "2026-11-22T10:00:%02dZ" % index, "version": 1,
    }
    return {"body": body, "leaf": leaf, "salt": base64.urlsafe_b64encode(salt).decode().rstrip("=")}


def main():
    entries = [entry(i) for i in range(SIZE)]
    leaves = [canonical(e["leaf"]) for e in entries]
    roots = [root(leaves[:n]).hex() for n in range(1, SIZE + 1)]
    sys.stdout.buffer.write(canonical({"entries": entries, "forked": [entry(4, 0), entry(4, 4)], "roots": roots}) + b"\n")


main()
