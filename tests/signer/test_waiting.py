# SPDX-License-Identifier: Apache-2.0
"""What waits for one person over all his accounts, approved after one summary with one PIN; and how often a
PIN is asked for."""
import json
import unittest

from bank import Key, Session, grouped, iban, make_order
from desk import PAYEE, Desk

PIN_PROMPT = "PIN of token "


class Waiting(Desk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = Key(cls.bank.dir)
        cls.bank.add_holder("clerk", cls.clerk)

    def setUp(self):
        """Two accounts of this test alone, where the clerk hands in and Alice and Bob approve."""
        self.accounts = [self.open(), self.open()]
        self.session = Session(self.bank, self.clerk)
        self.alice.settings(self.accounts[0])
        self.alice.run("logout", check=True)

    NUMBER = 100

    def open(self):
        Waiting.NUMBER += 1
        account = iban(Waiting.NUMBER)
        people = [{"class": "T", "id": "clerk"}, {"class": "A", "id": "alice"}, {"class": "A", "id": "bob"}]
        rules = [{"anyOf": [{"signers": [{"class": "A", "count": 1}]}]}]
        answer = self.bank.operator("POST", "/v1/accounts", {
            "account": account, "currency": "EUR", "holders": people, "rules": rules, "title": "One of two"})
        self.assertEqual(answer.status, 201, answer)
        answer = self.bank.operator("POST", "/v1/accounts/%s/funding" % account, {"amount": "500.00", "currency": "EUR"})
        self.assertEqual(answer.status, 201, answer)
        return account

    def policy(self, account):
        return self.session.get("/v1/accounts/%s/policy" % account).json["policy"]

    def hand_in(self, account, amount, name="EDP Comercial", payee=PAYEE):
        order = {**make_order(account, payee, amount), "creditor": {"account": payee, "name": name}}
        answer = self.session.decide(order, self.policy(account), "submit")
        self.assertEqual(answer.json.get("status"), "ACTC", answer)
        return order

    def status(self, order):
        answer = self.bank.operator("GET", "/v1/accounts/%s/orders/%s" % (order["account"], order["id"]))
        return answer.json["status"]

    def tearDown(self):
        """Nothing is left for the next test."""
        self.alice.run("approve", "--all-waiting", check=False)


class Lists(Waiting):
    def test_over_all_accounts(self):
        self.assertEqual(self.alice.run("orders", "--waiting-for-me", check=True).stdout, "Nothing waits for your word.\n")
        orders = [self.hand_in(account, "%d.00" % amount) for account in self.accounts for amount in (7, 8)]
        done = self.alice.run("orders", "--waiting-for-me", check=True)
        lines = [line for line in done.stdout.splitlines()[1:] if "WARNING" not in line]
        self.assertEqual([line.split()[:2] for line in lines], [[o["account"], o["id"]] for o in orders])
        self.assertIn("WARNING: the account never paid this payee before", done.stdout)
        told = self.alice.run("orders", "--waiting-for-me", "--json", check=True).stdout.splitlines()
        self.assertEqual([json.loads(line)["order"] for line in told], orders)


class Approving(Waiting):
    def test_one_summary_one_pin(self):
        """At a terminal: each order and the totals, then the PIN, once; then a verdict for each."""
        self.alice.run("login", check=True)
        orders = [self.hand_in(self.accounts[i % 2], "%d.25" % i) for i in range(1, 5)]
        alike = self.hand_in(self.accounts[1], "5.00", "\u0415DP Comercial", iban(3))
        with self.alice.terminal("approve", "--all-waiting") as terminal:
            summary = terminal.expect(PIN_PROMPT)
            self.assertIn("5 orders wait for your approval.\r\nTotal        16.00 EUR in 5 orders\r\n", summary)
            for order in [*orders, alike]:
                self.assertIn("order " + order["id"], summary)
            self.assertIn("WARNING: the name mixes scripts", summary)
            self.assertNotIn("I approve this payment order", summary)
            self.assertIn("approve these 5 orders", terminal.expect(": "))
            terminal.type("1234\n")
            code, rest = terminal.end()
        self.assertEqual((code, rest.count(PIN_PROMPT), rest.count("[y/N]")), (0, 0, 0), rest)
        for order in [*orders, alike]:
            self.assertIn(order["id"], rest)
            self.assertEqual(self.status(order), "ACSC")

    def test_warnings_come_first(self):
        paid = self.hand_in(self.accounts[0], "1.00")
        self.alice.run("approve", "--all-waiting", check=True)
        self.assertEqual(self.status(paid), "ACSC")
        known, first = self.hand_in(self.accounts[0], "2.00"), self.hand_in(self.accounts[1], "3.00", "Shop")
        shown = self.alice.run("approve", "--all-waiting", check=True).stderr
        self.assertIn("1 with warnings, first:", shown)
        self.assertLess(shown.index(first["id"]), shown.index(known["id"]))

    def test_without_a_session(self):
        """The PIN that opened the session is no consent to what was not shown yet: a question is."""
        order = self.hand_in(self.accounts[0], "1.00")
        for answer, code, status in (("n", 1, "ACTC"), ("y", 0, "ACSC")):
            self.alice.run("logout", check=True)
            with self.alice.terminal("approve", "--all-waiting") as terminal:
                terminal.expect(PIN_PROMPT)
                terminal.type("1234\n")
                self.assertIn(order["id"], terminal.expect("[y/N]"))
                terminal.type(answer + "\n")
                ended, rest = terminal.end()
            self.assertEqual((ended, rest.count(PIN_PROMPT)), (code, 0), rest)
            self.assertEqual(self.status(order), status)

    def test_texts_and_json(self):
        orders = [self.hand_in(self.accounts[0], "1.00"), self.hand_in(self.accounts[1], "2.00")]
        done = self.alice.run("approve", "--all-waiting", "--show", "--json", check=True)
        self.assertEqual(done.stderr.count("I approve this payment order."), 2)
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(t["order"], t["status"]) for t in told], [(o, "ACSC") for o in orders])
        again = self.alice.run("approve", "--all-waiting", "--json", check=True)
        self.assertEqual((again.stdout, again.stderr), ("", "Nothing waits for your approval.\n"))

    def test_of_one_account(self):
        here, there = self.hand_in(self.accounts[0], "1.00"), self.hand_in(self.accounts[1], "2.00")
        self.alice.run("approve", "--all-waiting", "--account", self.accounts[1], check=True)
        self.assertEqual((self.status(here), self.status(there)), ("ACTC", "ACSC"))
        self.alice.run("approve", "--all-waiting", "--account", grouped(self.accounts[0]), check=True)
        self.assertEqual(self.status(here), "ACSC")

    def test_usage(self):
        for words in (("approve",), ("approve", "--show"), ("approve", "x.json", "--all-waiting"),
                      ("approve", "x.json", "--show"), ("approve", "--all-waiting", "--policy", "x.json")):
            self.refused(self.alice.run(*words), "USAGE", 2)

    def test_what_changed_is_not_signed_unseen(self):
        """Between summary and PIN one order ends and one comes: the third alone is approved."""
        self.alice.run("login", check=True)
        ended, good = self.hand_in(self.accounts[0], "1.00"), self.hand_in(self.accounts[1], "3.00")
        with self.alice.terminal("approve", "--all-waiting", "--json") as terminal:
            terminal.expect(PIN_PROMPT)
            self.assertEqual(self.session.decide(ended, self.policy(self.accounts[0]), "cancel").json["status"], "CANC")
            late = self.hand_in(self.accounts[1], "4.00")
            terminal.expect(": ")
            terminal.type("1234\n")
            code, rest = terminal.end()
        told = [json.loads(line) for line in rest.splitlines() if line.startswith("{")]
        verdicts = {t.get("where") or t["order"]["id"]: t.get("error") or t["status"] for t in told
                    if "where" in t or "order" in t}
        self.assertEqual(verdicts, {ended["id"]: "ORDER_FINAL", good["id"]: "ACSC"}, rest)
        self.assertEqual(code, 1)
        self.assertIn("the bank refused 1 of 2", rest)
        self.assertEqual(self.status(late), "ACTC")

    def test_under_the_policy_that_each_entered_under(self):
        """A new one comes in between; both orders are decided as they entered, by id as well."""
        orders = [self.hand_in(self.accounts[0], amount) for amount in ("1.00", "2.00")]
        self.renew(self.accounts[0])
        orders.append(self.hand_in(self.accounts[0], "3.00"))
        self.alice.run("approve", orders[0]["id"], check=True)
        done = self.alice.run("approve", "--all-waiting", "--show", check=True)
        # Each in the text of its order, and among the policies.
        self.assertEqual((done.stderr.count("One of two, version 1"), done.stderr.count("The second, version 2")), (2, 2))
        self.assertEqual([self.status(order) for order in orders], ["ACSC"] * 3)

    def renew(self, account):
        rules = self.bank.path("rules.json")
        self.bank.write("rules.json", json.dumps({"rules": [{"anyOf": [{"signers": [{"class": "A", "count": 1}]}]}]}))
        self.alice.run("policy", "propose", rules, "--title", "The second", "--account", account, check=True)
        done = self.bob.run("policy", "approve", "--account", account, check=True)
        self.assertEqual(done.stdout, "The new policy is in force.\n")


class Logout(Waiting):
    def test_one_pin_for_login_vote_and_logout(self):
        order = self.hand_in(self.accounts[0], "4.00")
        with self.alice.terminal("approve", order["id"], "--logout") as terminal:
            seen = terminal.expect(": ")
            terminal.type("1234\n")
            seen += terminal.expect("[y/N]")
            terminal.type("y\n")
            code, rest = terminal.end()
        self.assertEqual((code, (seen + rest).count(PIN_PROMPT)), (0, 1), seen + rest)
        self.assertEqual(self.status(order), "ACSC")
        self.assertEqual(self.alice.session_files(), [])

    def test_also_after_a_refusal(self):
        order = self.hand_in(self.accounts[0], "4.00")
        self.alice.run("approve", order["id"], check=True)
        self.refused(self.alice.run("approve", order["id"], "--logout"), "ORDER_FINAL", 1)
        self.assertEqual(self.alice.session_files(), [])


if __name__ == "__main__":
    unittest.main(warnings="ignore")
