# SPDX-License-Identifier: Apache-2.0
"""Cash at a terminal, from the command line: the terminal and the holders with tokens of their own, and the
evidence of a withdrawal with nobody's help."""
import json
import re
import signal
import time
import unittest

from bank import START_SECONDS
from desk import JOINT, Desk
from holder import Holder

CASH = ("--amount", "100.00", "--currency", "EUR", "--terminal", "till-1")


class Cash(Desk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.till = Holder(cls.bank, "till-1", "4321")
        cls.addClassCleanup(cls.till.close)
        cls.till.keys().enrol("terminal")
        cls.till.settings(JOINT)
        cls.alice.settings(JOINT)

    def withdraw(self):
        return self.till.json("cash", "withdraw", *CASH, "--yes")["order"]["id"]

    def test_deposit(self):
        before = float(self.available(JOINT))
        done = self.till.run("cash", "deposit", *CASH, "--description", "Market day", "--yes", check=True)
        self.assertIn("Cash deposit\n\nAmount        100.00 EUR\nTo            PT", done.stderr)
        self.assertIn("ACSC, settled", done.stdout)
        self.assertNotIn("Approvals", done.stdout)
        self.assertEqual(float(self.available(JOINT)), before + 100)
        shown = self.alice.run("movements", check=True).stdout
        self.assertIn("Cash at till-1, Market day", shown)

    def test_withdrawal(self):
        before = float(self.available(JOINT))
        done = self.till.run("cash", "withdraw", *CASH, "--yes", check=True)
        self.assertIn("Pay nothing out before", done.stderr)
        for name in ("alice", "bob"):
            self.assertNotIn(name, done.stdout)
        order = self.newest()
        self.assertEqual(float(self.available(JOINT)), before - 100)
        self.assertIn("cash-withdrawal at till-1", self.alice.run("orders", check=True).stdout)
        self.assertIn("2 approvals, next from alice, bob", self.alice.run("policy", "explain", order, check=True).stdout)
        first = self.alice.run("approve", order, "--yes", check=True)
        self.assertIn("I approve this cash withdrawal.\n", first.stderr)
        self.assertIn("By this policy all of these must approve: alice, bob.", first.stderr)
        self.assertNotIn("Warning", first.stderr)
        self.assertEqual(self.till.json("order", "status", order)["status"], "PATC")
        self.bob.run("approve", order, "--yes", check=True)
        told = self.till.json("order", "status", order)
        self.assertEqual((told["status"], "decisions" in told, "canDecide" in told), ("ACSC", False, False))
        self.evidence(order)
        spent = [json.loads(line) for line in self.alice.run("expenses", "--json", check=True).stdout.splitlines()]
        self.assertIn('"cash"', json.dumps(spent))

    def newest(self):
        return json.loads(self.alice.run("orders", "--json", check=True).stdout.splitlines()[0])["order"]["id"]

    def evidence(self, order):
        path = self.bank.path(order + ".evidence")
        self.alice.run("order", "evidence", order, "-o", path, check=True)
        done = self.bank.tool(["countersign-verify", "evidence", "--bank-key", self.bank.pin, path])
        self.assertIn("cash at       till-1", done.stdout)
        self.assertIn("till-1        submit at", done.stdout)

    def test_rejected(self):
        before = self.available(JOINT)
        order = self.withdraw()
        self.bob.run("reject", order, "--yes", check=True)
        self.assertEqual(self.till.json("order", "status", order)["reason"], "MS02")
        self.assertEqual(self.available(JOINT), before)

    def test_whose_it_is(self):
        """Another's card at the terminal, the terminal's card for a decision, its look at the account."""
        self.refused(self.alice.run("cash", "deposit", *CASH, "--yes"), "NOT_A_TERMINAL", 1)
        self.refused(self.till.run("cash", "deposit", *CASH[:-1], "till-2", "--yes"), "TERMINAL_MISMATCH", 1)
        order = self.withdraw()
        for words in (("balance",), ("movements",), ("orders",), ("order", "evidence", order), ("approve", order, "--yes")):
            self.refused(self.till.run(*words), "ACCOUNT_UNKNOWN", 1)
        self.refused(self.till.run("order", "status", "01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f"), "ACCOUNT_UNKNOWN", 1)
        self.alice.run("cancel", order, "--yes", check=True)

    def test_holders_hand_no_cash_in(self):
        path, _ = self.alice.new_order("cash.json", account=JOINT, creditor=None, date=None, terminal="till-1",
                                       type="cash-withdrawal")
        self.refused(self.alice.run("submit", path, "--yes"), "DECISION_NOT_OFFERED", 1)
        self.refused(self.alice.run("approve", path, "--yes"), "TERMINAL_REQUIRED", 1)

    def test_an_answer_that_is_lost(self):
        """It asks again by itself; when that does not help it says how to find out."""
        before = float(self.available(JOINT))
        self.till.run("order", "status", self.withdraw(), check=True)  # logged in
        self.bank.keeper.send_signal(signal.SIGSTOP)
        try:
            lost = self.till.run("cash", "deposit", *CASH, "--yes", "--debug")
        finally:
            self.bank.keeper.send_signal(signal.SIGCONT)
            deadline = time.monotonic() + START_SECONDS
            while self.bank.operator("GET", "/v1/health").status != 200 and time.monotonic() < deadline:
                pass
        self.refused(lost, "LOG_UNSIGNED", 4)
        self.assertGreater(lost.stderr.count("route=/v1/cash "), 1)
        order = re.search(r"^Order +(\S+)$", lost.stderr, re.M)[1]
        asked = "countersign order status %s --account %s\n" % (order, JOINT)
        self.assertIn("Whether the bank took it is not known.", lost.stderr)
        self.assertIn(asked, lost.stderr)
        self.assertEqual(self.till.json(*asked.split()[1:])["status"], "ACSC")
        self.assertEqual(float(self.available(JOINT)), before)
        self.assertNotIn("is not known", self.till.run("cash", "deposit", "--amount", "1", *CASH[2:], "--yes").stderr)

    def test_a_bank_that_is_not_there(self):
        """Nothing was sent, so nothing is unknown."""
        away = self.till.run("cash", "deposit", *CASH, "--yes", "--url", "https://127.0.0.1:1")
        self.refused(away, "UNAVAILABLE", 4)
        self.assertNotIn("is not known", away.stderr)

    def test_words(self):
        self.refused(self.till.run("cash", "deposit", "--amount", "1.00", "--currency", "EUR"), "USAGE", 2,
                     "terminal")
        self.refused(self.till.run("cash", "deposit", *CASH[2:], "--amount", "1"), "AMOUNT_INVALID", 1)


if __name__ == "__main__":
    unittest.main()
