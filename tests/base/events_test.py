#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/OPERATIONS.md lists exactly the events that the programs log."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CALL = re.compile(r"log_(?:event|fail)\((?:LOG_\w+|[^\"]*?),\s*\"([^\"]+)\"", re.S)
NAME = re.compile(r"[a-z]+[.][a-z0-9_]+")


class Events(unittest.TestCase):
    def test_listed(self):
        page = (ROOT / "docs/OPERATIONS.md").read_text(encoding="utf-8")
        listed = re.findall(r"^\| `([a-z]+[.][a-z0-9_]+)` \|", page, re.M)
        found, calls = set(), 0
        for room in ("api", "app", "base", "bankd", "order", "signer", "token", "verifier"):
            for path in sorted((ROOT / room).rglob("*.c")):
                text = path.read_text(encoding="utf-8")
                names = CALL.findall(text)
                calls += len(names)
                self.assertEqual(len(names), len(re.findall(r"log_(?:event|fail)\((?!enum)", text)), path)
                found |= set(names)
        self.assertGreater(calls, 80)
        self.assertEqual([name for name in found if not NAME.fullmatch(name)], [])
        self.assertEqual(sorted(found), listed)


if __name__ == "__main__":
    unittest.main()
