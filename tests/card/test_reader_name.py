# SPDX-License-Identifier: Apache-2.0
"""A reader whose name is no text, at a real terminal: only what is seen reaches it. Real pcscd, real OpenSC; runs under
with-card --reader."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from bank import SOFTHSM  # noqa: E402
from holder import Terminal  # noqa: E402
from middleware import MODULE  # noqa: E402
from test_list import Plugged  # noqa: E402
from test_screen import obeyed  # noqa: E402



class ReaderTest(Plugged):
    def shown(self, *words, module=MODULE, env=None, codes=(0,)):
        with Terminal(["countersign", "token", *words, "--module", module], {**self.env, **(env or {})}) as terminal:
            code, seen = terminal.end()
        self.assertIn(code, codes, seen)
        self.assertEqual(obeyed(seen), [], seen)
        self.assertIn("Evil?", seen)
        return seen

    def test_threat_08_names(self):
        self.assertIn("\x1b", os.environ["CARD_READER"])
        self.shown("list")
        self.shown("list", module=SOFTHSM, env=self.softhsm())
        self.shown("doctor", module=SOFTHSM, env=self.softhsm(), codes=(1, 3))


if __name__ == "__main__":
    unittest.main()
