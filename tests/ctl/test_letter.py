#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bank's letter, as bankctl writes it: the QR code, read from the image, says what the text says."""

import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import bank as fixture  # noqa: E402

URL = "https://bank.example:8443"


class Letter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bank = fixture.Bank().__enter__()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)

    def code(self):
        """What a scanner finds in the image."""
        return subprocess.run(["zbarimg", "--nodbus", "--quiet", "--raw", self.bank.path("bank-letter.png")],
                              capture_output=True, text=True, check=True, timeout=60).stdout

    def test_code_and_text_agree(self):
        shown = self.bank.ctl("key", "show", "--letter", self.bank.dir, "--public-url", URL)
        self.assertIn("Wrote the bank's letter", shown.stderr)
        with open(self.bank.path("bank-letter.txt"), encoding="utf-8") as file:
            text = file.read()
        code = self.code()
        self.assertEqual(code.strip().split("\n"), ["countersign-bank-letter/1", "bank " + self.bank.name,
                                                    "bank-key " + self.bank.pin, "url " + URL])
        self.assertTrue(text.endswith("\n\n" + code.strip() + "\n"))
        groups = " ".join(self.bank.pin[i:i + 4] for i in range(0, 43, 4))
        self.assertIn("Bank's key  " + groups + "\n", text)
        self.assertIn(groups, shown.stdout)

    def test_needs_an_address(self):
        for words, why in (((), "--public-url"), (("--public-url", "http://bank.example"), "https://HOST:PORT, not http:")):
            done = self.bank.ctl("key", "show", "--letter", self.bank.dir, *words, check=False)
            self.assertIn("bankctl: USAGE: ", done.stderr)
            self.assertIn(why, done.stderr)
            self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
