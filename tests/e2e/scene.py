# SPDX-License-Identifier: Apache-2.0
"""One bank for a class of tests, and what must hold after every one of them."""
import unittest

from bank import Bank, joint, make_order


class Scene(unittest.TestCase):
    FUNDS = "872.22"

    @classmethod
    def setUpClass(cls):
        cls.bank = Bank()
        cls.bank.__enter__()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.alice, cls.bob, cls.account, cls.payee, cls.policy = joint(cls.bank, cls.FUNDS)

    def setUp(self):
        self.before = self.money()
        self.moved = {}

    def tearDown(self):
        """Nothing moved but what the test says; the books and the log are whole."""
        after = self.money()
        for account, cents in self.moved.items():
            self.before[account] = self.before[account] + cents
        self.assertEqual(after, self.before)
        self.bank.verify_log()

    def money(self):
        accounts = self.bank.accounts()
        for account in accounts:
            booked, reserved = cents(account["booked"]), cents(account["reserved"])
            self.assertGreaterEqual(booked, reserved)
            self.assertEqual(cents(account["available"]), booked - reserved)
        return {a["account"]: cents(a["booked"]) for a in accounts}

    def order(self, **members):
        return make_order(self.account, self.payee, **members)

    def pay(self, amount):
        """What an executed payment of AMOUNT cents moves."""
        self.moved[self.account] = self.moved.get(self.account, 0) - amount
        self.moved[self.payee] = self.moved.get(self.payee, 0) + amount

    def refused(self, answer, *names):
        """Refused by one of NAMES, and the bank still serves."""
        self.assertIn(answer.name, names, answer)
        self.assertGreaterEqual(answer.status, 400)
        self.assertLess(answer.status, 500)
        health = self.alice.get("/v1/health")
        self.assertEqual(health.status, 200)

    def taken(self, answer, status):
        self.assertEqual(answer.name, "OK", answer)
        self.assertEqual(answer.json["status"], status, answer)
        return answer

    def refusals(self, name):
        """How often the log has this refusal, by itself or counted."""
        logged = sum(entry.get("count", 1) for entry in self.bank.entries()
                     if entry["type"] in ("refusal", "refusals") and entry["reason"] == name)
        return logged + self.bank.counted(name)


def cents(text):
    return int(text.replace(".", ""))
