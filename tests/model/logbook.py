# SPDX-License-Identifier: Apache-2.0
"""The bank's log followed entry by entry, from docs/FORMAT.md (11) and RFC 6962."""

import base64
import hashlib

from documents import canonical


def sha256(data):
    return hashlib.sha256(data).digest()


class Logbook:
    def __init__(self):
        self.size = 0
        self.whole = []  # the roots of the full subtrees, the largest first

    def add(self, entry):
        """What does not fit, or nothing."""
        leaf = entry["leaf"]
        salt = base64.urlsafe_b64decode(entry["salt"] + "=")
        if leaf["index"] != self.size:
            return [f"entry {leaf['index']} follows {self.size - 1}"]
        if sha256(salt + canonical(entry["body"]).encode()).hex() != leaf["commitment"]:
            return [f"entry {self.size} is not what its leaf commits to"]
        root, left = sha256(b"\0" + canonical(leaf).encode()), self.size
        while left & 1:
            root = sha256(b"\1" + self.whole.pop() + root)
            left >>= 1
        self.whole.append(root)
        self.size += 1
        return []

    def root(self):
        root = self.whole[-1]
        for part in reversed(self.whole[:-1]):
            root = sha256(b"\1" + part + root)
        return root

    def check(self, entries, checkpoint):
        """Takes the new ENTRIES, the oldest first; what is wrong with them, or with the checkpoint that
        must cover them and all that went before."""
        wrong = [why for entry in entries for why in self.add(entry)]
        _, size, root = checkpoint.split("\n")[:3]
        if wrong or (int(size), root) == (self.size, base64.b64encode(self.root()).decode()):
            return wrong
        return [f"the checkpoint is of {size} entries and {root}, the log has {self.size}"]
