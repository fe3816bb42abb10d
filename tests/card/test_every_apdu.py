# SPDX-License-Identifier: Apache-2.0
"""A card that is pulled at every single APDU of a signing, from the first to the last: real pcscd, real OpenSC, the
holder's program. Runs under with-card --trace. Each time the program says so by name, in time, writes nothing and sends
the PIN no second time; and with the card back it signs."""
import json
import os
import re
import signal
import time
import unittest

from test_pays import ACCOUNTS, CardPays
from middleware import await_log, await_noticed, pull_in

MODULE_S, PATIENT_S = 1, 30  # of one answer of the module
DEADLINE_S = 20  # of one run, beyond that
GONE = r"countersign: (TOKEN_REMOVED|TOKEN_NOT_FOUND|TOKEN_HANGS): "  # OpenSC 0.23 may not notice
VERIFY = re.compile(r"^> 0020\w{4}\w{4}", re.M)  # with data: a PIN
FIRST, STEP = map(int, os.environ["APDUS"].split("/"))  # those that are this test's


class EveryApdu(CardPays):
    """Not the cases of CardPays, only how it begins."""

    def setUp(self):
        super().setUp()
        self.holder = getattr(self, os.environ["HOLDER"])
        self.enrol(self.holder)
        order, _ = self.holder.new_order(account=ACCOUNTS[self.holder.name])
        policy, self.signed = self.bank.path("policy.json"), self.bank.path("signed.json")
        self.holder.run("policy", "--output", policy, check=True)
        self.words = ("sign", order, "--policy", policy, "--decision", "approve", "--output", self.signed)
        always = os.environ["HOLDER"] == "bob" and os.environ["CARD_KIND"] == "pivcard"  # 9C
        self.pins = 2 if always else 1  # of one signing

    def log(self):
        with open(os.environ["CARD_LOG"], encoding="utf-8") as f:
            return f.read()

    def sign(self, module_s):
        """What it did; it was done in time, and the card got no more PINs than a signing takes."""
        self.holder.settings(ACCOUNTS[self.holder.name], token_deadline=module_s)
        before, began = len(self.log()), time.monotonic()
        done = self.holder.run(*self.words)
        self.assertLess(time.monotonic() - began, DEADLINE_S + module_s)
        self.assertLessEqual(len(VERIFY.findall(self.log()[before:])), self.pins)
        return done

    def written(self):
        return [name for name in os.listdir(self.bank.dir) if name.startswith("signed.json")]

    def whole(self, done):
        """Signed, with nothing but the whole document; it is taken away again."""
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.written(), ["signed.json"])
        with open(self.signed, encoding="utf-8") as f:
            self.assertEqual(set(json.load(f)), {"decision", "order"})
        os.unlink(self.signed)

    def pulled_at(self, apdu, pulled, module_s):
        """False when the card was still there at the end: a signing has no such APDU."""
        pull_in(apdu)
        done = self.sign(module_s)
        if self.log().split("\n").count("REMOVED") == pulled:
            pull_in(0)
            if done.returncode != 0 and module_s < PATIENT_S:
                return self.pulled_at(apdu, pulled, PATIENT_S)  # the machine was slow, not the card gone
            self.whole(done)
            return False
        if done.returncode == 0:  # after the signature
            self.whole(done)
        else:
            self.assertEqual((done.returncode, done.stdout, self.written()), (3, "", []), "APDU %d: %s" % (apdu, done.stderr))
            self.assertRegex(done.stderr, GONE, "APDU %d" % apdu)
        return True

    def test_threat_14_pulled_at_every_apdu(self):
        self.whole(self.sign(PATIENT_S))
        apdu, pulled = FIRST, 0
        while self.pulled_at(apdu, pulled, MODULE_S):
            pulled += 1
            await_noticed()  # a card that is back before that is never powered
            os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR2)
            await_log("READY", pulled + 1)
            self.whole(self.sign(PATIENT_S))
            apdu += STEP
        self.assertGreater(apdu, 20)


if __name__ == "__main__":
    unittest.main()
