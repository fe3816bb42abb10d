# SPDX-License-Identifier: Apache-2.0
"""New policies over the API, signed with keys of our own: what does not count, by name, and rows 2, 3
and 4 for this statement."""
import json
import unittest

from bank import canon, sha256
from holder import verify_evidence
from policy_change import TYP, display, send, word
from scene import Scene

RULES = [{"anyOf": [{"signers": [{"count": 1}]}, {"afterDays": 2, "signers": [{"class": "A", "count": 1},
                                                                          {"count": 1, "of": ["alice", "bob"]}]}],
          "upTo": "100.00"},
         {"above": "100.00", "require": "ebics"}, {"for": "cash", "require": "all"}]


class NewPolicy(Scene):
    def setUp(self):
        super().setUp()
        answer = self.alice.get("/v1/accounts/%s/policy" % self.account)
        self.old = answer.json["policy"]
        self.assertNotIn("pending", answer.json)

    def next(self, **members):
        return {**self.old, "currency": "EUR", "rules": RULES, "version": self.old["version"] + 1, **members}

    def says(self, session, policy, verb="approve", /, **members):
        return send(session, policy, word(session.key, policy, self.old, verb, **members))

    def test_both_say_yes(self):
        new = self.next(title="Small ones alone", limits=[{"amount": "300.00", "per": "day"}])
        answer = self.says(self.alice, new)
        self.assertEqual((answer.status, answer.json["status"]), (201, "pending"), answer)
        pending = self.bob.get("/v1/accounts/%s/policy" % self.account).json["pending"]
        self.assertEqual((pending["policy"], pending["decisions"][0]["holder"]), (new, "alice"))
        jws = word(self.bob.key, new, self.old)
        answer = send(self.bob, new, jws)
        self.assertEqual((answer.status, answer.json), (200, {"digest": sha256(canon(new)), "status": "in-force"}))
        self.assertEqual(send(self.alice, new, jws).body, answer.body)  # the first answer again
        self.refused(self.says(self.bob, new), "POLICY_STALE", "POLICY_VERSION", "POLICY_MISMATCH")
        order = self.order(amount="10.00")
        self.taken(self.alice.decide(order, new), "ACSC")
        self.who_brought_it(order)
        self.pay(1000)
        self.refused(self.alice.decide(self.order(amount="10.00"), self.old), "POLICY_STALE")

    def who_brought_it(self, order):
        """Evidence names the keys by which the policy came, and who vouches for them."""
        path = self.bank.path("evidence.json")
        with open(path, "wb") as f:
            f.write(self.alice.get("/v1/accounts/%s/orders/%s/evidence" % (self.account, order["id"])).body)
        told = self.bank.tool(["countersign-verify", "evidence", "--bank-key", self.bank.pin, "--json",
                               "--key", self.bob.key.thumbprint, path]).stdout
        self.assertEqual([(s["holder"], s["version"], s["vouchedBy"]) for s in json.loads(told)["policySigners"]],
                         [("alice", 2, "bank"), ("bob", 2, "you")])
        self.assertIn("bob           approved policy version 2 with key %s" % self.bob.key.thumbprint,
                      verify_evidence(self.bank, path).stdout)

    def test_one_says_no(self):
        new = self.next()
        self.assertEqual(self.says(self.alice, new).json["status"], "pending")
        self.assertEqual(self.says(self.bob, new, "reject").json["status"], "rejected")
        self.refused(self.says(self.bob, new, "reject"), "NOT_FOUND")

    def test_threat_02_for_something_else(self):
        new = self.next()
        for name, members in (("BANK_MISMATCH", {"bank": "otherbank.example/test"}),
                              ("ACCOUNT_MISMATCH", {"account": self.payee}),
                              ("POLICY_MISMATCH", {"policy": sha256(b"another")}),
                              ("POLICY_MISMATCH", {"replaces": sha256(b"another")}),
                              ("DISPLAY_MISMATCH", {"displayDigest": sha256(b"another")}),
                              ("DISPLAY_UNKNOWN", {"display": "countersign-display/1;en"}),
                              ("DOC_MEMBER_INVALID", {"decision": "submit"}),
                              ("STATEMENT_EXPIRED", {"issued": "2026-01-01T00:00:00Z", "expires": "2026-01-01T00:00:01Z"}),):
            self.refused(self.says(self.alice, new, **members), name, "ISSUED_TOO_OLD")
        self.refused(send(self.alice, {**new, "account": self.payee}, word(self.alice.key, new, self.old)),
                     "ACCOUNT_MISMATCH", "NOT_A_HOLDER", "ACCOUNT_UNKNOWN")

    def test_threat_03_another_text_was_shown(self):
        """The digest of the display of another policy, or of the other verb."""
        new, other = self.next(), self.next(title="Something harmless")
        replaces = sha256(canon(self.old))
        for text in (display(other, replaces, "approve"), display(new, replaces, "reject")):
            self.refused(self.says(self.alice, new, displayDigest=sha256(text.encode())), "DISPLAY_MISMATCH")

    def test_threat_04_another_kind_of_statement(self):
        new = self.next()
        payload = canon({"x": 1})
        for typ in ("countersign-decision+jws", "countersign-login+jws", TYP + "x"):
            self.refused(send(self.alice, new, self.alice.key.jws(typ, payload)), "JWS_TYPE")
        self.refused(send(self.alice, new, self.alice.key.jws(TYP, payload, alg="none")), "JWS_HEADER", "JWS_ALGORITHM")

    def test_policies_that_may_not_come(self):
        for name, members in (("POLICY_VERSION", {"version": self.old["version"] + 2}),
                              ("POLICY_INVALID", {"rules": [{"anyOf": [{"signers": [{"count": 3}]}]}]}),
                              ("CURRENCY_MISMATCH", {"currency": "USD"}),
                              ("HOLDER_UNKNOWN", {"holders": self.old["holders"] + [{"class": "A", "id": "zoe"}]}),
                              ("POLICY_NOT_VALID", {"validFrom": "2199-01-01T00:00:00Z"})):
            self.refused(self.says(self.alice, self.next(**members)), name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
