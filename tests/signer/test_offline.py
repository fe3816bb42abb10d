# SPDX-License-Identifier: Apache-2.0
"""Orders and challenges carried to a machine without a network, signed there, and brought back."""
import unittest

from desk import JOINT
from isolated import Stick, payload


class Carried(Stick):
    def test_there_and_back(self):
        """Each signs a copy of his own; merged in any order it is the same bundle, and the orders are paid once."""
        before = self.available(JOINT)
        first, second = self.orders("10.00", "2.50")
        mine, his = self.copy("mine.json"), self.copy("his.json")
        done = self.sign(self.alice, mine)
        for shown in (first["id"], second["id"], "I approve this payment order.", "2 orders wait for your approval.",
                      "Total        12.50 EUR in 2 orders", "all of these must approve: alice, bob"):
            self.assertIn(shown, done.stderr)
        self.assertIn("Signed 2 of 2 orders with the key " + self.keys["alice"], done.stderr)
        self.sign(self.bob, his)
        there, _ = self.merge(mine, his)
        back, _ = self.merge(his, mine, self.stick, mine, to="other.json")
        with open(there, "rb") as one, open(back, "rb") as other:
            self.assertEqual(one.read(), other.read())
        self.assertEqual(len(self.read(there)["decisions"]), 4)
        answers = self.send(there)
        self.assertEqual(sorted(a["status"] for a in answers), ["ACSC", "ACSC", "PATC", "PATC"])
        again = self.send(back, self.bob)
        self.assertEqual(again, answers)
        for order in (first, second):
            self.assertEqual((self.status(order), len(self.settlements(order))), ("ACSC", 1))
        self.assertAlmostEqual(float(before) - float(self.available(JOINT)), 12.5)

    def test_no_network_there(self):
        """What is signed away is signed without a bank: there is none to be reached."""
        done = self.away(self.alice, "balance", "--url", "https://127.0.0.1:%d" % self.bank.port, "--bank-key", self.bank.pin,
                         "--account", JOINT, "--session-dir", self.alice.sessions)
        self.refused(done, "UNAVAILABLE", 4)

    def test_challenge_is_the_keys_own(self):
        self.orders("1.00")
        self.sign(self.bob, self.stick)
        bundle = self.read(self.stick)
        challenge, = [c["challenge"] for c in bundle["challenges"] if c["thumbprint"] == self.keys["bob"]]
        self.assertEqual(payload(bundle["decisions"][0]["decision"])["challenge"], challenge)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
