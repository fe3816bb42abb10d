# SPDX-License-Identifier: Apache-2.0
"""Alice and Bob at the command line of one bank: a joint account, and one of Alice's alone."""
import json
import unittest

from bank import Bank, iban
from holder import Holder

JOINT, ALONE, PAYEE = iban(1), iban(3), iban(2)
FUNDS = "872.22"


class Desk(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.bank = Bank()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.bank.__enter__()
        cls.alice, cls.bob = cls.holder("alice", "1234"), cls.holder("bob", "5678", "P-384")
        cls.holder("edp", "9012")
        cls.bank.open_account(JOINT, ["alice", "bob"], FUNDS)
        cls.bank.open_account(ALONE, ["alice"], FUNDS)
        cls.bank.open_account(PAYEE, ["edp"])
        cls.alice.settings(ALONE)
        cls.bob.settings(JOINT)

    @classmethod
    def holder(cls, name, pin, curve="P-256"):
        holder = Holder(cls.bank, name, pin)
        cls.addClassCleanup(holder.close)
        return holder.keys(curve).enrol()

    def order(self, account=ALONE, amount="10.00", name="order.json"):
        return self.alice.new_order(name, account=account, amount=amount,
                                    creditor={"account": PAYEE, "name": "EDP Comercial"})

    def refused(self, done, name, code, *words):
        """By NAME on standard error with this exit code, and nothing but errors on standard output."""
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn("countersign: %s: " % name, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        for line in done.stdout.splitlines():
            self.assertIn("error", json.loads(line), done.stdout)

    def available(self, account=ALONE):
        return self.bank.balance(account)["available"]
