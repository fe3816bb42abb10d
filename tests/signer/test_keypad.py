# SPDX-License-Identifier: Apache-2.0
"""A reader's keypad, a PIN that locks, and the officer's PIN that unblocks it, in SoftHSM2 behind the module that
fails on demand. No bank."""
import os
import shutil
import tempfile
import unittest

from holder import SOFTHSM, Terminal
from token_commands import TokenCommands

FAULT = os.environ["COUNTERSIGN_FAULT"]
PIN, NEW, SO_PIN, WRONG = "123456", "135791", "87654321", "999999"
TOKEN = ("--module", FAULT, "--token", "pkcs11:token=alice")


class Keypad(TokenCommands, unittest.TestCase):
    TOKEN = TOKEN

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        os.mkdir(os.path.join(self.dir, "tokens"))
        conf, self.control = (os.path.join(self.dir, name) for name in ("softhsm2.conf", "control"))
        with open(conf, "w", encoding="utf-8") as f:
            f.write("directories.tokendir = %s/tokens\n" % self.dir)
        self.env = {**os.environ, "SOFTHSM2_CONF": conf, "HOME": self.dir, "XDG_CONFIG_HOME": self.dir,
                    "FAULT_MODULE": SOFTHSM, "FAULT_CONTROL": self.control}
        self.good(self.run_it("init", "--label", "alice", token=TOKEN[:2], so_pin_fd=SO_PIN, pin_fd=PIN))
        self.good(self.run_it("generate", "--use", "sign", pin_fd=PIN))

    def rules(self, *rules):
        with open(self.control + ".new", "w", encoding="utf-8") as f:
            f.write("".join(rule + "\n" for rule in rules))
        os.rename(self.control + ".new", self.control)

    def good(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def calls(self, function):
        with open(self.control + ".trace", encoding="utf-8") as f:
            return [line for line in f.read().splitlines() if line.startswith(function + " ")]

    def test_asks_at_the_reader(self):
        """Said where the person looks; nothing is asked at the terminal, and cancelling is no wrong PIN."""
        self.rules("keypad " + PIN)
        done = self.good(self.run_it("info"))
        self.assertIn("Enter the PIN of token alice on the reader to list its keys.", done.stderr)
        self.rules("keypad cancel", "trace")
        self.refused(self.run_it("info"), "PIN_CANCELLED")
        self.assertEqual(self.calls("C_Login"), ["C_Login 0x50"])
        self.rules("keypad " + WRONG, "tries 3", "trace ")
        self.refused(self.run_it("info"), "PIN_WRONG", "Tries left: fewer than usual")
        self.assertEqual(len(self.calls("C_Login")), 2)  # the one above, and one
        self.rules("keypad " + PIN, "tries 3")
        done = self.good(self.run_it("info"))
        self.assertIn("token alice (a wrong PIN was entered before) on the reader", done.stderr)

    def test_says_it_before_it_waits(self):
        self.rules("keypad " + PIN, "C_Login 1 hang")
        with Terminal(["countersign", "token", "info", *TOKEN], self.env) as terminal:
            terminal.expect("on the reader to list its keys.")
            self.rules("keypad " + PIN)
            self.assertEqual(terminal.end()[0], 0)

    def test_changes_and_unblocks(self):
        self.rules("keypad %s %s" % (PIN, NEW))
        done = self.good(self.run_it("change-pin"))
        self.assertIn("Enter the PIN of token alice on the reader to change it.", done.stderr)
        self.rules("keypad " + NEW)
        self.good(self.run_it("info"))
        self.rules("keypad cancel")
        self.refused(self.run_it("change-pin"), "PIN_CANCELLED")
        self.refused(self.run_it("unblock"), "PIN_CANCELLED")
        self.rules("keypad %s %s" % (SO_PIN, PIN))
        done = self.good(self.run_it("unblock"))
        self.assertIn("of token alice to unblock its PIN, and then the new PIN, on the reader.", done.stderr)
        self.rules("keypad " + PIN)
        self.good(self.run_it("info"))

    def test_threat_14_last_try_at_every_door(self):
        self.rules("tries 2")
        self.refused(self.run_it("info", pin_fd=WRONG), "PIN_WRONG", "Tries left: one; another wrong PIN locks the token")
        for command, pins in (("info", {}), ("change-pin", {"new_pin_fd": NEW})):
            self.refused(self.run_it(command, pin_fd=PIN, **pins), "PIN_LAST_TRY", "--last-try")
        self.rules("tries 2", "keypad " + PIN)
        for command in ("info", "change-pin"):
            self.refused(self.run_it(command), "PIN_LAST_TRY", "--last-try")
        self.rules("tries 2")
        self.good(self.run_it("change-pin", "--last-try", pin_fd=PIN, new_pin_fd=NEW))
        self.rules("tries 2")
        self.good(self.run_it("info", "--last-try", pin_fd=NEW))
        self.good(self.run_it("info", pin_fd=NEW))

    def test_officer_unblocks(self):
        self.rules("tries 1", "officer 1")
        self.refused(self.run_it("info", "--last-try", pin_fd=WRONG), "PIN_LOCKED", "Tries left: none")
        self.refused(self.run_it("info", pin_fd=PIN), "PIN_LOCKED", "countersign token unblock")
        pins = {"puk_fd": SO_PIN, "new_pin_fd": NEW}
        self.refused(self.run_it("unblock", **pins), "PUK_LAST_TRY", "--last-try")
        self.rules("tries 1", "officer 0")
        self.refused(self.run_it("unblock", "--last-try", **pins), "PUK_LOCKED")
        self.rules("tries 1", "officer 3", "trace")
        self.refused(self.run_it("unblock", **{**pins, "puk_fd": WRONG}), "PUK_WRONG", "Tries left of the PUK")
        self.assertEqual(self.calls("C_Login"), ["C_Login 0xa0"])  # and no second one
        self.assertEqual(self.calls("C_InitPIN"), [])
        self.good(self.run_it("unblock", **pins))
        os.unlink(self.control + ".failures")  # the module's count is not the token's
        self.good(self.run_it("info", "--last-try", pin_fd=NEW))
        self.refused(self.run_it("info", "--last-try", pin_fd=PIN), "PIN_LOCKED")


if __name__ == "__main__":
    unittest.main()
