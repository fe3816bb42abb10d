# SPDX-License-Identifier: Apache-2.0
"""Delegations at the command line: from a policy that allows them to a payment in another's place, its
evidence, and the end of it; with tokens and a real bank."""
import datetime
import json
import unittest

from bank import iban
from desk import Desk
from holder import verify_evidence

ACCOUNTS = iter(range(70, 90))
RULES = {"deputies": ["bob", "tom"], "rules": [{"anyOf": [{"signers": [{"class": "A", "count": 2}]}]}]}


def day(ahead):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=ahead)).strftime("%Y-%m-%d")


class Delegate(Desk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tom = cls.holder("tom", "7890")

    def setUp(self):
        self.ours = iban(next(ACCOUNTS))
        self.bank.write("rules.json", json.dumps(RULES))
        self.bank.ctl("account", "open", "--account", self.ours, "--currency", "EUR", "--title", "Two and a deputy",
                      "--rules", self.bank.path("rules.json"), "--holder", "alice", "--holder", "bob", "--holder", "tom:T")
        self.bank.ctl("account", "fund", "--account", self.ours, "--amount", "500.00", "--currency", "EUR")
        for holder in (self.alice, self.bob, self.tom):
            holder.settings(self.ours)

    def test_from_the_word_to_the_evidence(self):
        path, order = self.order(self.ours, "100.00")
        self.alice.run("approve", path, check=True)
        self.refused(self.tom.run("approve", order["id"]), "MAY_NOT_APPROVE", 1)
        done = self.bob.run("delegate", "--to", "tom", "--amount", "100.00", "--until", day(7), check=True)
        self.assertEqual(done.stdout, "The delegation is given.\n")
        for line in ("I let this person approve payments in my place.\n\nDeputy        tom\n",
                     "Up to         100.00 EUR an order\n", "Until         %sT00:00:00Z\n" % day(8),
                     "Policy        Two and a deputy, version 1, "):
            self.assertIn(line, done.stderr)
        listed = self.tom.run("delegations", check=True).stdout.splitlines()
        self.assertRegex(listed[1], "^tom +bob +100.00 EUR  [^ ]*Z  %sT00:00:00Z$" % day(8))
        text = self.alice.run("policy", "explain", order["id"], check=True).stdout
        self.assertIn("Missing       1 approval, next from bob, tom for bob\n", text)
        self.assertIn("2 of alice, bob: 1 missing, next from bob, tom for bob\n", text)
        told = self.alice.json("policy", "explain", order["id"])
        self.assertEqual((told["helpers"], told["deputies"]), (["bob", "tom"], [{"deputy": "tom", "principal": "bob"}]))
        self.assertIn("Waits for     bob, tom\n", self.alice.run("order", "status", order["id"], check=True).stdout)
        self.assertEqual(json.loads(self.tom.run("approve", order["id"], "--json", check=True).stdout)["status"], "ACSC")
        self.assertEqual(self.available(self.ours), "400.00")
        evidence = self.bank.path("evidence.json")
        self.alice.run("order", "evidence", order["id"], "-o", evidence, check=True)
        verdict = verify_evidence(self.bank, evidence)
        self.assertEqual(verdict.returncode, 0, verdict.stdout)
        self.assertIn("2 of 2 approvals", verdict.stdout)
        self.assertRegex(verdict.stdout, "\n  tom           may approve in the place of bob by key [^ ]{43}, "
                         "key vouched for by the bank only\n")
        with open(evidence, encoding="utf-8") as f:
            document = json.load(f)
        kept = [e for e in document["entries"] if e["body"]["type"] != "delegation"]
        self.assertEqual(len(document["entries"]) - len(kept), 1)
        self.bank.write("short.json", json.dumps({**document, "entries": kept}, sort_keys=True, separators=(",", ":"),
                                                 ensure_ascii=False))
        self.assertIn("EVIDENCE_CONTRADICTION", verify_evidence(self.bank, self.bank.path("short.json")).stdout)

    def test_withdrawn(self):
        given = self.bob.json("delegate", "--to", "tom", "--amount", "100.00", "--from", day(-1), "--until", day(7))
        self.assertEqual(given, {"principal": "bob", "status": "given"})
        path, order = self.order(self.ours, "100.00")
        self.tom.run("approve", path, check=True)
        done = self.bob.run("delegate", "--withdraw", check=True)
        self.assertEqual(done.stdout, "Nobody may approve in your place any more.\n")
        self.assertIn("I withdraw my delegation.\n\nAccount ", done.stderr)
        self.alice.run("approve", order["id"], check=True)
        self.assertEqual(self.alice.json("order", "status", order["id"])["status"], "PATC")
        self.assertEqual(self.bob.run("delegations", check=True).stdout, "Nobody may approve in another's place.\n")

    def test_one_to_come(self):
        self.bob.run("delegate", "--to", "tom", "--amount", "1.00", "--from", day(2), "--until", day(3), check=True)
        self.assertIn("  not now\n", self.alice.run("delegations", check=True).stdout)
        one = self.alice.json("delegations")
        self.assertEqual((one["from"], one["until"], one["inForce"]), (day(2) + "T00:00:00Z", day(4) + "T00:00:00Z", False))

    def test_what_is_refused(self):
        gift = ("delegate", "--to", "tom", "--amount", "1.00", "--until", day(1))
        for name, code, words in (
                ("USAGE", 2, ("delegate",)), ("USAGE", 2, ("delegate", "--withdraw", "--to", "tom")),
                ("DEPUTY_NOT_ALLOWED", 1, ("delegate", "--to", "alice", "--amount", "1.00", "--until", day(1))),
                ("AMOUNT_INVALID", 1, ("delegate", "--to", "tom", "--amount", "1", "--until", day(1))),
                ("DATE_INVALID", 1, (*gift[:-1], "tomorrow")), ("PERIOD_INVALID", 1, (*gift, "--from", day(3)))):
            self.refused(self.bob.run(*words), name, code)
        self.refused(self.tom.run("delegate", "--to", "bob", "--amount", "1.00", "--until", day(1)), "MAY_NOT_APPROVE", 1)
        self.assertEqual(self.alice.run("delegations", "--json", check=True).stdout, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
