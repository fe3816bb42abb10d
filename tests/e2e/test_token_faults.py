# SPDX-License-Identifier: Apache-2.0
"""Tokens that fail, in front of the holder's program: SoftHSM2 behind the module that fails on demand. Whatever the token
does: the right name and exit status, in time, nothing on standard output, no document, no PIN tried again. All calls
and codes are met in one process by tests/token/test_calls.c; here are those that a signing meets."""
import os
import re
import time
import unittest

from bank import SOFTHSM, Bank, iban
from holder import Holder

ACCOUNT = iban(1)
DEADLINE_S = 2  # of the module, before its process is ended
TIME_S = 20  # of one run
CODES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "token", "codes.def")
PIN_VERDICT = re.compile(r"^C_Login 0xa[0-4]$", re.M)
NAMED = ("C_GetSlotList", "C_OpenSession", "C_FindObjectsInit", "C_FindObjects", "C_FindObjectsFinal", "C_GetAttributeValue",
         "C_SignInit")
ABSENT = ("C_GetSlotInfo", "C_GetTokenInfo")
MODULE = ("C_GetFunctionList", "C_Initialize")
MINOR = ("C_GetMechanismInfo", "C_CloseSession", "C_Logout", "C_Finalize")
SOME = ("0x30", "0x32", "0xb5")  # stale, gone, neither


def codes():
    """Code: name and exit status."""
    with open(CODES, encoding="utf-8") as f:
        rows = re.findall(r"^CODE\((0x[0-9a-f]+), (\w+), \w+, (\d)\)", f.read(), re.M)
    assert len(rows) > 30
    return {code: (name, int(status)) for code, name, status in rows}


class TokenFaults(unittest.TestCase):
    def setUp(self):
        self.bank = Bank()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.bank.__enter__()
        self.alice = Holder(self.bank, "alice", module=os.environ["COUNTERSIGN_FAULT"])
        self.addCleanup(self.alice.close)
        self.control = self.bank.path("faults")
        self.alice.env.update(FAULT_MODULE=SOFTHSM, FAULT_CONTROL=self.control)
        self.alice.keys().enrol().settings(ACCOUNT, token_deadline=DEADLINE_S)
        self.bank.open_account(ACCOUNT, ["alice"], "100.00")
        self.order, _ = self.alice.new_order(account=ACCOUNT)
        policy = self.bank.path("policy.json")
        self.alice.run("policy", "--output", policy, check=True)
        self.words = ("sign", self.order, "--policy", policy, "--decision", "approve", "--output", self.bank.path("signed.json"))

    def token_does(self, *rules):
        """From here on, and what it was asked is written down anew."""
        if os.path.exists(self.control + ".trace"):
            os.unlink(self.control + ".trace")
        with open(self.control + ".new", "w", encoding="ascii") as f:
            f.write("\n".join([*rules, "trace", ""]))
        os.rename(self.control + ".new", self.control)

    def trace(self):
        with open(self.control + ".trace", encoding="ascii") as f:
            return f.read()

    def written(self):
        return [name for name in os.listdir(self.bank.dir) if name.startswith("signed.json")]

    def refused(self, done, name, status=3):
        self.assertEqual((done.returncode, done.stdout, self.written()), (status, "", []), done.stderr)
        self.assertRegex(done.stderr, "(?m)^countersign: %s: " % name)

    def fails(self, rule, name, status=3, pins=2):
        """Signing meets RULE; the token gets the PIN at most so often, and nothing after a word about it."""
        with self.subTest(rule):
            self.token_does(rule)
            began = time.monotonic()
            done = self.alice.run(*self.words)
            self.assertLess(time.monotonic() - began, TIME_S)
            self.refused(done, name, status)
            trace = self.trace()
            self.assertIn(rule.split()[0] + " ", trace)
            self.assertLessEqual(len(re.findall(r"^C_Login ", trace, re.M)), pins)
            self.assertLessEqual(len(PIN_VERDICT.findall(trace)), 1)

    def signs(self):
        self.alice.run(*self.words, check=True)
        self.assertEqual(self.written(), ["signed.json"])
        os.unlink(self.bank.path("signed.json"))

    def test_pin_and_signature(self):
        for code, (name, status) in codes().items():
            self.fails("C_Login * " + code, name, status, pins=1)
            self.fails("C_Sign * " + code, name, status)
        self.token_does()
        self.signs()

    def test_on_the_way(self):
        known = codes()
        for code in SOME:
            name, status = known[code]
            for function in NAMED:
                self.fails("%s * %s" % (function, code), name, status)
            for function in ABSENT:
                self.fails("%s * %s" % (function, code), "TOKEN_NOT_FOUND")
            for function in MODULE:
                self.fails("%s * %s" % (function, code), "TOKEN_MODULE")
            for function in MINOR:
                self.token_does("%s * %s" % (function, code))
                self.signs()
        self.token_does()
        self.signs()

    def test_module_that_crashes(self):
        for function in (*MODULE, *ABSENT, *NAMED, "C_Login", "C_Sign"):
            self.fails(function + " 1 crash", "TOKEN_CRASHED", pins=1)
        self.token_does()
        self.signs()

    def test_threat_14_a_token_that_hangs(self):
        """Its process is ended at the deadline."""
        for function in ("C_Initialize", "C_OpenSession", "C_Login", "C_Sign"):
            self.fails(function + " 1 hang", "TOKEN_HANGS", pins=1)
        self.token_does()
        self.signs()

    def test_threat_14_a_wrong_signature(self):
        """It is not used, and the bank hears nothing of it."""
        self.fails("C_Sign * flip", "TOKEN_BAD_SIGNATURE", pins=1)
        self.token_does("C_Sign * flip")
        self.refused(self.alice.run("approve", self.order), "TOKEN_BAD_SIGNATURE")
        self.assertEqual(self.bank.balance(ACCOUNT)["available"], "100.00")
        self.token_does()
        self.signs()

    def test_threat_14_wrong_pins_until_locked(self):
        self.token_does("tries 3")
        for option, pin, name in ((), "9999", "PIN_WRONG"), ((), "9999", "PIN_WRONG"), ((), None, "PIN_LAST_TRY"), (
                ("--last-try",), "9999", "PIN_LOCKED"), (("--last-try",), None, "PIN_LOCKED"):
            done = self.alice.run(*self.words, *option, pin=pin)
            self.refused(done, name)
            self.assertEqual("before the next try" in done.stderr, name == "PIN_WRONG", done.stderr)
        self.assertEqual(len(re.findall(r"^C_Login ", self.trace(), re.M)), 3)

    def test_threat_14_two_tokens_with_one_label(self):
        """Neither gets the PIN; with the serial the right one signs."""
        self.bank.token("alice", "4321")
        self.token_does()
        done = self.alice.run(*self.words)
        self.refused(done, "TOKEN_AMBIGUOUS")
        self.assertNotIn("C_Login ", self.trace())
        serials = [token["serial"] for token in self.alice.json("token", "list", "--module", SOFTHSM, settings=False)["tokens"]
                   if token["label"] == "alice"]
        self.assertEqual(len(serials), 2)
        done = [self.alice.run(*self.words, "--token", "pkcs11:token=alice;serial=" + serial) for serial in serials]
        self.assertEqual(sorted(run.returncode for run in done), [0, 3])
        self.assertIn("PIN_WRONG", "".join(run.stderr for run in done))


if __name__ == "__main__":
    unittest.main()
