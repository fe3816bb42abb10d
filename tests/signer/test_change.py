# SPDX-License-Identifier: Apache-2.0
"""A new policy from the rules in a file to being in force, with the holder's program and a real bank."""
import json
import unittest

from bank import Session, iban
from desk import Desk

ACCOUNTS = iter(range(5, 15))
ALONE_TO_100 = {"rules": [{"upTo": "100.00", "anyOf": [{"signers": [{"count": 1}]}]}, {"require": "all"}],
                "limits": [{"amount": "500.00", "per": "day"}]}


class Change(Desk):
    def setUp(self):
        super().setUp()
        self.ours = iban(next(ACCOUNTS))
        self.bank.open_account(self.ours, ["alice", "bob"], "1000.00")
        for holder in (self.alice, self.bob):
            holder.settings(self.ours)

    def rules(self, value):
        self.bank.write("rules.json", json.dumps(value, indent=2))
        return self.bank.path("rules.json")

    def test_from_rules_to_force(self):
        path, order = self.order(self.ours, "99.00")
        self.alice.run("approve", path, check=True)
        self.assertEqual(self.alice.json("order", "status", order["id"])["status"], "PATC")
        none = self.bob.run("policy", "approve")
        self.refused(none, "NOT_FOUND", 1, "no new policy")
        done = self.alice.run("policy", "propose", self.rules(ALONE_TO_100), "--title", "Small ones alone", check=True)
        self.assertIn("waits for others", done.stdout)
        for line in ("I approve this new policy.", "Title         Small ones alone", "Version       2, replacing ",
                     "Holders       alice (A), bob (A)", "Limit         500.00 EUR a day",
                     "Rule 1        payments up to 100.00 EUR", "              1 of alice, bob",
                     "Rule 2        payments", "              2 of alice, bob"):
            self.assertIn(line, done.stderr)
        self.refused(self.alice.run("policy", "propose", self.rules({"rules": [{"require": "all"}]})), "POLICY_PENDING", 1)
        done = self.bob.run("policy", "approve", check=True)
        self.assertEqual(done.stdout, "The new policy is in force.\n")
        path, order = self.order(self.ours, "99.00")
        done = self.alice.run("approve", path, "--json", check=True)
        self.assertEqual(json.loads(done.stdout)["status"], "ACSC")
        settled = order["id"]
        path, order = self.order(self.ours, "100.01")
        self.alice.run("approve", path, check=True)
        self.assertEqual(self.alice.json("order", "status", order["id"])["status"], "PATC")
        path, order = self.order(self.ours, "401.01")
        self.refused(self.alice.run("approve", path), "LIMIT_EXCEEDED", 1)
        evidence = self.bank.path("evidence.json")
        self.alice.run("order", "evidence", settled, "-o", evidence, check=True)
        told = self.bank.tool(["countersign-verify", "evidence", "--bank-key", self.bank.pin, evidence], check=True)
        self.assertIn("Small ones alone", told.stdout)

    def test_signed_for_others_to_send(self):
        """Written and not sent; another holder may hand it in."""
        path, at = self.bank.path("word.json"), "/v1/accounts/%s/policy" % self.ours
        done = self.alice.run("policy", "propose", self.rules(ALONE_TO_100), "--output", path, check=True)
        self.assertEqual(done.stdout, "")
        self.assertNotIn("pending", self.bank.operator("GET", at).json)
        messenger = Session(self.bank)
        messenger.post("/v1/login", json.loads(self.bob.run("login", "--certificate", messenger.cert, check=True).stdout))
        with open(path, "rb") as f:
            self.assertEqual(messenger.post(at, f.read()).json["status"], "pending")
        done = self.bob.run("policy", "approve", "--output", path, check=True)
        self.assertIn("I approve this new policy.", done.stderr)
        with open(path, "rb") as f:
            self.assertEqual(messenger.post(at, f.read()).json["status"], "in-force")

    def test_a_no(self):
        self.alice.run("policy", "propose", self.rules({"rules": [{"require": "all"}]}), "--holder", "alice", check=True)
        done = self.bob.run("policy", "reject", check=True)
        self.assertIn("Reason        MS02", done.stderr)
        self.assertEqual(done.stdout, "The new policy was rejected; the old one stays.\n")
        policy = json.loads(self.alice.run("policy", check=True).stdout)
        self.assertEqual(policy["version"], 1)

    def test_what_does_not_load(self):
        bad = self.rules({"rules": [{"anyOf": [{"signers": [{"count": 3}]}]}]})
        self.refused(self.alice.run("policy", "propose", bad), "POLICY_INVALID", 1, "policy lint")
        self.refused(self.alice.run("policy", "propose", self.bank.path("none.json")), "FILE_NOT_FOUND", 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
