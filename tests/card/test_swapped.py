# SPDX-License-Identifier: Apache-2.0
"""Another card comes into the reader while a PUK or a PIN is typed for the one that was there; pcscd knows of it, or
was killed and started again meanwhile. The other card, which the user's words fit as well, never gets to see either:
its log has every APDU. Real pcscd, real OpenSC; runs under with-card, one test a card."""
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

from middleware import MODULE, PIN, WAIT_S, await_log, kill_pcscd, run, start_pcscd
from test_unblock import NEW, PUK, UnblockTest
from holder import Terminal

YKCS11 = os.environ["CARD_DRIVER"] == "ykcs11"
# Of VERIFY, CHANGE REFERENCE DATA and RESET RETRY COUNTER, those with data; and the question for what is left.
SECRETS = re.compile(r"^> .0(?:20|24|2C)\w{4}(?!00)\w{2}.*", re.M)
TRIES, FULL = {"pivcard": ("00200080", "SW1=0x63, SW2=0xC3"), "hsmcard": ("00200081", "SW1=0x63, SW2=0xC3"),
               "pgpcard": ("00CA00C400", "20 20 20 03 00 03")}[os.environ["CARD_KIND"]]
# To ykcs11 both are the card number 0, since neither has a YubiKey's own command for that.
GONE = "countersign: %s: " % ("TOKEN_FAILED" if YKCS11 else "TOKEN_REMOVED")


# Of the card that was pulled, by its name. Some drivers do not see before they are to send it that the card is gone.
UNSENT = r"no PIN was sent; that of .+, serial \w+, is still the old one"
EITHER = r"the PIN of .+, serial \w+, is the new one or still the old one; try the new one first"


class SwappedTest(UnblockTest):
    SAID = (EITHER if YKCS11 else UNSENT, EITHER)
    if YKCS11:
        TOKEN = ("--module", MODULE, "--token", "pkcs11:")

    def setUp(self):
        super().setUp()
        logs = tempfile.TemporaryDirectory()
        self.addCleanup(logs.cleanup)
        self.other_log = os.path.join(logs.name, "other.log")
        self.pulled, self.ready, self.other = 0, 1, None

    def swap(self, restarted):
        """The card goes, the other one comes."""
        if restarted:
            kill_pcscd()
        os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR1)
        self.pulled += 1
        await_log("REMOVED", self.pulled)
        if not restarted:
            self.await_reader("No ")
        with open(self.other_log, "ab") as log:
            self.other = subprocess.Popen([os.environ["CARD_PROGRAM"], "--port", os.environ["CARD_FIRST"], "--pin", "99999999",
                                           "--puk", "87654321", "--verbose"], stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(self.stop, self.other)
        if restarted:
            start_pcscd(self)
        self.assertEqual(self.other.stdout.readline(), "READY\n")

    def stop(self, other):
        other.terminate()
        other.wait(WAIT_S)
        other.stdout.close()

    def await_reader(self, word):
        deadline = time.monotonic() + WAIT_S
        while not re.search(r"^0 +%s" % word, run("opensc-tool", "--list-readers").stdout, re.M):
            self.assertLess(time.monotonic(), deadline)

    def swap_back(self):
        """The other one has heard of nothing, and has all its tries."""
        left = run("opensc-tool", "--reader", "0", "-s", TRIES)
        self.assertIn(FULL, left.stdout, left)
        self.stop(self.other)
        self.await_reader("No ")
        with open(self.other_log, encoding="ascii") as log:
            self.assertEqual(SECRETS.findall(log.read()), [])
        os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR2)
        self.ready += 1
        await_log("READY", self.ready)

    def refuses(self, typed, words, said=(GONE, GONE)):
        """At each prompt in turn the card is another, and then what is typed for the first one is refused by name."""
        for restarted in (False, True):
            for at in range(len(typed)):
                with self.subTest(restarted=restarted, at=at), \
                        Terminal(["countersign", "token", *words, *self.TOKEN], self.env) as terminal:
                    for number, (prompt, text) in enumerate(typed):
                        terminal.expect(prompt)
                        if number == at:
                            self.swap(restarted)
                        terminal.type(text + "\n")
                    code, seen = terminal.end()
                    self.swap_back()
                    self.assertEqual(code, 3, seen)
                    self.assertIn(GONE, seen)
                    self.assertRegex(seen, said[restarted])

    def test_unblock(self):
        self.lock()
        self.refuses([(" to unblock its PIN: ", PUK), ("New PIN: ", NEW), ("The same again: ", NEW)], ("unblock",))
        done = self.unblock()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.info(NEW).returncode, 0)

    def test_log_in(self):
        self.refuses([("PIN of token ", PIN)], ("info", "--wait", "0"))
        self.assertEqual(self.info(PIN).returncode, 0)

    def test_change_pin(self):
        self.refuses([(" to change it: ", PIN), ("New PIN: ", NEW), ("The same again: ", NEW)], ("change-pin", "--wait", "0"), self.SAID)
        self.assertEqual(self.info(PIN).returncode, 0)


# The cases of test_unblock.py are not run again here.
for case in [name for name in dir(UnblockTest) if name.startswith("test_")]:
    setattr(SwappedTest, case, None)

if __name__ == "__main__":
    unittest.main()
