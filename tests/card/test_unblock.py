# SPDX-License-Identifier: Apache-2.0
"""A card's PIN, locked by wrong ones, gets a new one by the PUK, through the holder's program."""
import os
import tempfile
import unittest

from middleware import MODULE, PIN, WRONG_PIN
from token_commands import TokenCommands

KIND = os.environ["CARD_KIND"]
PUK, NEW = os.environ["CARD_PUK"], "246802"
WRONG_PUK, PUK_TRIES = ("1" * 16, 15) if KIND == "hsmcard" else ("1" * 8, 3)
TOKEN = "pkcs11:token=" + {"pivcard": "PIV%20AUTH", "pgpcard": "OpenPGP%20card%20%28User%20PIN%29",
                           "hsmcard": "SmartCard-HSM%20%28UserPIN%29"}[KIND]
# What is said of the first wrong PIN: few drivers know that it is not the usual number of tries any more.
FEWER = "fewer than usual" if KIND == "hsmcard" else "more than one"


class UnblockTest(TokenCommands, unittest.TestCase):
    TOKEN = ("--module", MODULE, "--token", TOKEN)

    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.env = {**os.environ, "HOME": home.name}
        if KIND == "hsmcard":  # which comes without keys
            done = self.run_it("generate", "--use", "sign", "--curve", "P-256", pin_fd=PIN)
            self.assertEqual(done.returncode, 0, done.stderr)

    def info(self, pin, *words):
        return self.run_it("info", *words, pin_fd=pin)

    def lock(self):
        for left in (FEWER, "one; another wrong PIN locks the token"):
            self.refused(self.info(WRONG_PIN, "--last-try"), "PIN_WRONG", "Tries left: " + left)
        self.refused(self.info(WRONG_PIN, "--last-try"), "PIN_LOCKED", "Tries left: none; the token is locked")
        self.refused(self.info(PIN), "PIN_LOCKED", "countersign token unblock")

    def unblock(self, puk=PUK, *words, **options):
        return self.run_it("unblock", *words, puk_fd=puk, new_pin_fd=NEW, **options)

    def test_unblocks(self):
        self.lock()
        done = self.unblock()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.refused(self.info(PIN), "PIN_WRONG")
        done = self.info(NEW)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("P-256", done.stdout)

    def test_wrong_puk(self):
        """Costs the PUK a try each time, and the PIN is what it was."""
        self.lock()
        self.refused(self.unblock(WRONG_PUK), "PUK_WRONG")
        self.refused(self.unblock(WRONG_PUK), "PUK_WRONG")
        done = self.unblock()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.info(NEW).returncode, 0)

    def test_threat_14_puk_locks(self):
        self.lock()
        names = [next(line.split(": ")[1] for line in self.unblock(WRONG_PUK).stderr.splitlines()
                      if line.startswith("countersign: ")) for _ in range(PUK_TRIES + 1)]
        self.assertEqual(set(names[:PUK_TRIES - 1]), {"PUK_WRONG"})
        self.assertEqual(names[PUK_TRIES], "PUK_LOCKED")
        self.refused(self.unblock(), "PUK_LOCKED")
        self.refused(self.info(NEW), "PIN_LOCKED")

    def test_not_locked(self):
        """The PUK goes nowhere, so that no try of the PIN's is spent."""
        self.refused(self.unblock(), "PIN_NOT_LOCKED")
        done = self.info(PIN)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_by_another_driver(self):
        """ykcs11 does not unblock, and says what does."""
        done = self.unblock(token=("--module", MODULE, "--token", "pkcs11:"))
        self.refused(done, "TOKEN_UNSUPPORTED", "opensc-pkcs11.so")


if __name__ == "__main__":
    unittest.main()
