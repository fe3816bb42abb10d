#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/OPERATIONS.md lists exactly the events that the programs log."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# By its name, or by a parameter or constant that has it: those are given in the other two.
CALL = re.compile(r"log_(?:event|fail)\((?!enum)(?:LOG_\w+|[^\"]*?),\s*(?:\"([^\"]+)\"|(?:event|EVENT|USAGE),)", re.S)
CONSTANT = re.compile(r"#define (?:EVENT|USAGE) \"([^\"]+)\"")
GIVEN = re.compile(r"(?:args_number|conf_refuse|conf_load_logged)\(\"([^\"]+)\"")
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
                found |= {*filter(None, names), *CONSTANT.findall(text), *GIVEN.findall(text)}
        self.assertGreater(calls, 80)
        self.assertEqual([name for name in found if not NAME.fullmatch(name)], [])
        self.assertEqual(sorted(found), listed)


if __name__ == "__main__":
    unittest.main()
