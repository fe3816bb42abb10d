#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whoever gives --json gets a JSON object with the error's name on standard output, also when the
command line is wrong: usage_test.py PROGRAM..."""
import json
import pathlib
import subprocess
import sys
import unittest

COMMAND = {"countersign": ("order", "show"), "countersign-verify": ("order",), "bankctl": ("order", "show"), "bankd-keeper": ()}
NAME = {"bankctl": "name"}  # its errors are problem documents
# Behind the command, and what the object says about it.
MISTAKES = (
    (("--no-such-option",), "unknown option: --no-such-option"),
    (("--jsn",), "unknown option: --jsn; did you mean --json?"),
    (("--json=yes",), "takes no value: --json=yes"),
    (("x", "y\xff\x1b", "z") * 128, "one argument too many: "),
)
MORE = {
    "countersign": ((("aprove", "x"), "unknown command: aprove; did you mean approve?"), ((), "a command comes first: --json"),
                    (("order", "show"), "missing: ORDER"), (("orders", "--pin-fd", "x"), "not the number of an open descriptor: x"),
                    (("order", "show", "x", "--decision", "aprove"), "--decision is")),
    "bankctl": ((("qeue",), "unknown command: qeue; did you mean queue?"), (("queue", "--waiting", "nobody"), "--waiting is")),
    "countersign-verify": ((("evidenec",), "unknown command: evidenec; did you mean evidence?"),
                           (("evidence", "x", "--bank-key", "x\xff"), "--bank-key needs a thumbprint"),
                           (("decision", "x", "--keys", "/dev/null", "--policy", "/nowhere"), "/nowhere")),
    "bankd-keeper": ((("--config", "/dev/null", "--pin-fd", "x"), "not the number of an open descriptor: x"),),
}


class Usage(unittest.TestCase):
    programs = ()

    def refused(self, program, words, told):
        name = pathlib.Path(program).name
        where = {"HOME": "/nowhere", "XDG_CONFIG_HOME": "/nowhere"}
        done = subprocess.run([program, *(word.encode("latin-1") for word in words)], env=where, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual(done.returncode, 4 if told == "/nowhere" else 2, done)
        error = json.loads(done.stdout.decode("utf-8"))
        self.assertEqual(error[NAME.get(name, "error")], "FILE_NOT_FOUND" if told == "/nowhere" else "USAGE")
        self.assertTrue(error["remedy"])
        self.assertTrue(error["detail"].startswith(told), error)
        self.assertNotIn(b"\x1b", done.stdout)
        self.assertIn(name.encode() + b": ", done.stderr)

    def test_json(self):
        for program in self.programs:
            name = pathlib.Path(program).name
            tried = [((*COMMAND[name], *words), told) for words, told in MISTAKES]
            for words, told in (*tried, *MORE[name]):
                with self.subTest(program=name, words=words):
                    self.refused(program, (*words, "--json"), told)

    def test_ends_with_options(self):
        """--json behind -- is a word like others."""
        for program in self.programs:
            done = subprocess.run([program, "nonsense", "--", "--json"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, b""))


if __name__ == "__main__":
    Usage.programs = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
