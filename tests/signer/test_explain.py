# SPDX-License-Identifier: Apache-2.0
"""policy explain against a real bank: what an order needs under rules, from the first decision to the
last, and what is said when nothing is missing or nothing helps."""
import sys
import unittest

from bank import iban
from desk import ALONE, JOINT, PAYEE, Desk

ID = "01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f"
RULED = iban(4)
RULES = [{"upTo": "100.00", "anyOf": [{"signers": [{"class": "A", "count": 1}]},
                                      {"afterDays": 3, "signers": [{"count": 1}]}]},
         {"above": "100.00", "anyOf": [{"signers": [{"class": "A", "count": 1}, {"class": "B", "count": 1}]},
                                       {"signers": [{"class": "B", "count": 2}]}]}]


class Explain(Desk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.carol, cls.tom = cls.holder("carol", "3456"), cls.holder("tom", "7890")
        people = [{"class": "A", "id": "alice"}, {"class": "B", "id": "bob"}, {"class": "B", "id": "carol"},
                  {"class": "T", "id": "tom"}]
        answer = cls.bank.operator("POST", "/v1/accounts", {"account": RULED, "currency": "EUR", "holders": people,
                                                            "rules": RULES, "title": "The firm"})
        assert answer.status == 201, answer
        paid = cls.bank.operator("POST", "/v1/accounts/%s/funding" % RULED, {"amount": "5000.00", "currency": "EUR"})
        assert paid.status == 201, paid
        for holder in (cls.alice, cls.bob, cls.carol, cls.tom):
            holder.settings(RULED)

    def submitted(self, amount):
        path, order = self.order(RULED, amount)
        self.tom.run("submit", path, check=True)
        return order["id"]

    def explained(self, order, **expected):
        """The answer for Alice has these members."""
        answer = self.alice.json("policy", "explain", order)
        self.assertEqual({name: answer[name] for name in expected}, expected)
        return answer

    def test_to_the_end(self):
        order = self.submitted("250.00")
        self.explained(order, status="ACTC", rule=2, approved=[], rejected=[], missing=2,
                       helpers=["alice", "bob", "carol"], open=True, unreachable=False, policyIsNewer=False, waitedDays=0,
                       ways=["1 of alice and 1 of bob, carol: 2 missing, next from alice, bob, carol",
                             "2 of bob, carol: 2 missing, next from bob, carol"])
        self.bob.run("approve", order, check=True)
        self.explained(order, status="PATC", approved=["bob"], missing=1, helpers=["alice", "carol"])
        text = self.carol.run("policy", "explain", order, check=True).stdout
        self.assertRegex(text, "^Order         %s\nAmount        250.00 EUR\nTo            EDP Comercial\n"
                               "Status        PATC, [^\n]*\nDecided       tom handed it in at [^\n]*\n"
                               "              bob approved at [^\n]*\n" % order)
        self.assertTrue(text.endswith("\nMissing       1 approval, next from alice, carol\n"
                                      "Rule          2 of the policy \"The firm\", one of these ways is enough:\n"
                                      "              1 of alice and 1 of bob, carol: 1 missing, next from alice\n"
                                      "              2 of bob, carol: 1 missing, next from carol\n"), text)
        self.carol.run("approve", order, check=True)
        self.explained(order, status="ACSC", approved=["bob", "carol"], missing=0, helpers=[], open=False, ways=[])
        text = self.alice.run("policy", "explain", order, check=True).stdout
        self.assertTrue(text.endswith("\nMissing       nothing, the order is settled\n"), text)

    def test_before_signing(self):
        """The same ways stand beside what is signed."""
        for amount, ways in (("250.00", "1 of alice and 1 of bob, carol\n2 of bob, carol\n"),
                             ("50.00", "1 of alice\n1 of alice, bob, carol, after 3 days\n")):
            path, _ = self.order(RULED, amount)
            done = self.alice.run("order", "show", path, check=True)
            self.assertIn("\nBy this policy any line of these is enough:\n%s\n" % ways, done.stdout)
        path, _ = self.order(JOINT)
        done = self.alice.run("order", "show", path, check=True)
        self.assertIn("\nBy this policy all of these must approve: alice, bob.\n\n", done.stdout)
        done = self.alice.run("order", "show", path, "--decision", "cancel", check=True)
        self.assertNotIn("must approve", done.stdout)

    def test_no(self):
        order = self.submitted("250.00")
        self.bob.run("reject", order, check=True)
        self.explained(order, rejected=["bob"], missing=2, helpers=["alice", "carol"],
                       ways=["1 of alice and 1 of bob, carol: 2 missing, next from alice, carol",
                             "2 of bob, carol: out of reach"])
        self.carol.run("reject", order, check=True)
        self.explained(order, status="RJCT", rejected=["bob", "carol"], missing=0, helpers=[], open=False)
        text = self.alice.run("policy", "explain", order, check=True).stdout
        self.assertTrue(text.endswith("\nMissing       nothing that anybody could supply, the order has ended\n"), text)

    def test_time(self):
        """Who approved before his way opens waits; somebody else is quicker."""
        order = self.submitted("50.00")
        self.bob.run("approve", order, check=True)
        self.explained(order, rule=1, missing=0, helpers=["alice"], open=True,
                       ways=["1 of alice: 1 missing, next from alice",
                             "1 of alice, bob, carol: complete, open in 3 days"])
        text = self.bob.run("policy", "explain", order, check=True).stdout
        self.assertIn("\nMissing       only time; sooner with alice\n", text)
        self.alice.run("approve", order, check=True)
        self.explained(order, status="ACSC", missing=0)

    def test_all(self):
        """An account without rules: a joint one."""
        self.addCleanup(self.alice.settings, RULED)
        path, order = self.order(JOINT)
        self.alice.settings(JOINT).run("approve", path, check=True)
        text = self.alice.run("policy", "explain", order["id"], check=True).stdout
        self.assertTrue(text.endswith("\nMissing       1 approval, next from bob\n"
                                      "Rule          1 of the policy \"All holders\":\n"
                                      "              2 of alice, bob: 1 missing, next from bob\n"), text)

    def test_refused(self):
        self.refused(self.alice.run("policy", "explain", ID), "NOT_FOUND", 1)
        self.refused(self.alice.run("policy", "explain", "7"), "USAGE", 2, "7 is no order id")
        self.refused(self.alice.run("policy", "explain", ID, "--json"), "NOT_FOUND", 1)
        self.refused(self.alice.run("policy", "explain", ID, "--account", PAYEE), "ACCOUNT_UNKNOWN", 1)

    def test_file_of_the_bank(self):
        """What policy fetches, lint and simulate take."""
        path = self.bank.path("policy.json")
        self.alice.run("policy", "-o", path, check=True)
        self.assertIn("It loads", self.alice.run("policy", "lint", path, check=True).stdout)
        groups = self.alice.json("policy", "simulate", path, "--amount", "250.00")["coalitions"]
        self.assertEqual(groups, [["alice", "bob"], ["alice", "carol"], ["bob", "carol"]])
        self.alice.run("policy", "--account", ALONE, "-o", path, check=True)
        groups = self.alice.json("policy", "simulate", path, "--amount", "250.00", "--currency", "EUR")["coalitions"]
        self.assertEqual(groups, [["alice"]])


if __name__ == "__main__":
    sys.exit(unittest.main())
