#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints golden_merkle.def: RFC 6962 2.1, written down as the RFC defines it, with hashlib.

Leaf number i is the one byte i.
"""
import hashlib


def mth(d):
    if not d:
        return hashlib.sha256(b"").digest()
    if len(d) == 1:
        return hashlib.sha256(b"\0" + d[0]).digest()
    k = split(len(d))
    return hashlib.sha256(b"\1" + mth(d[:k]) + mth(d[k:])).digest()


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    return path(m, d[:k]) + [mth(d[k:])] if m < k else path(m - k, d[k:]) + [mth(d[:k])]


def subproof(m, d, whole):
    if m == len(d):
        return [] if whole else [mth(d)]
    k = split(len(d))
    if m <= k:
        return subproof(m, d[:k], whole) + [mth(d[k:])]
    return subproof(m - k, d[k:], False) + [mth(d[:k])]


def row(kind, a, b, hashes):
    """One row with the hash over the hashes: as good as all of them, and one line long."""
    joined = hashlib.sha256(b"".join(hashes)).hexdigest()
    print(f'{kind}({a}, {b}, {len(hashes)}, "{joined}")')


def main():
    leaves = [bytes([i]) for i in range(40)]
    print("/* SPDX-License-Identifier: Apache-2.0")
    print(" * Written by golden_merkle.py. ROOT(size, 0, 1, SHA-256 of the root), INCLUSION(index, size,")
    print(" * count, SHA-256 of the proof's hashes), CONSISTENCY(size1, size2, count, the same). */")
    for n in range(41):
        row("ROOT", n, 0, [mth(leaves[:n])])
    for n in (1, 2, 3, 5, 7, 8, 13, 32, 33, 40):
        for m in sorted({0, n // 3, n // 2, n - 1}):
            row("INCLUSION", m, n, path(m, leaves[:n]))
            row("CONSISTENCY", m + 1, n, subproof(m + 1, leaves[:n], True))


main()
