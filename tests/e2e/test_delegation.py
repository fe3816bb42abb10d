# SPDX-License-Identifier: Apache-2.0
"""Delegations over the API, signed with keys of our own: what a deputy's approval counts for, what does
not count, by name, and rows 1 to 4, 10 and 11 for this statement."""
import time
import unittest

from bank import Key, Session, iban, rfc3339, sha256
from delegation import TYP, display, send, sign
from scene import Scene

ACCOUNTS = iter(range(20, 60))


class Delegations(Scene):
    def setUp(self):
        """An account of Alice and Bob in which Bob and Tom, who hands in, may be deputies."""
        if not hasattr(type(self), "tom"):
            key = Key(self.bank.dir, "P-256")
            self.bank.add_holder("tom", key)
            type(self).tom = Session(self.bank, key)
            self.tom.login()
        self.account = iban(next(ACCOUNTS))
        made = self.bank.operator("POST", "/v1/accounts", {
            "account": self.account, "currency": "EUR", "deputies": ["bob", "tom"],
            "holders": ["alice", "bob", {"class": "T", "id": "tom"}], "title": "Two and a deputy"})
        self.assertEqual(made.status, 201, made)
        self.bank.operator("POST", "/v1/accounts/%s/funding" % self.account, {"amount": "500.00", "currency": "EUR"})
        self.policy = self.alice.get("/v1/accounts/%s/policy" % self.account).json["policy"]
        self.bank.policies[self.account] = self.policy
        super().setUp()

    def gives(self, session, deputy=None, /, **members):
        return send(session, self.account, sign(session.key, self.account, self.policy, deputy, **members))

    def given(self, session, deputy, /, **members):
        answer = self.gives(session, deputy, **members)
        self.assertEqual((answer.status, answer.json["status"]), (201, "given"), answer)

    def approve(self, session, order, status):
        self.taken(session.decide(order, self.policy), status)

    def test_in_anothers_place(self):
        order, large = self.order(amount="100.00"), self.order(amount="100.01")
        self.refused(self.tom.decide(order, self.policy), "MAY_NOT_APPROVE")
        self.given(self.bob, "tom")
        told = self.tom.get("/v1/accounts/%s/delegations" % self.account).json["delegations"]
        self.assertEqual([(d["principal"], d["deputy"], d["inForce"]) for d in told], [("bob", "tom", True)])
        self.approve(self.alice, order, "PATC")
        self.assertEqual(self.alice.get("/v1/accounts/%s/orders/%s" % (self.account, order["id"])).json["canDecide"],
                         ["bob", "tom"])
        self.refused(self.tom.decide(order, self.policy, "reject"), "MAY_NOT_APPROVE")
        self.approve(self.tom, order, "ACSC")
        self.pay(10000)
        self.approve(self.alice, large, "PATC")
        self.refused(self.tom.decide(large, self.policy), "MAY_NOT_APPROVE")

    def test_threat_01_again(self):
        jws = sign(self.bob.key, self.account, self.policy, "tom")
        first = send(self.bob, self.account, jws)
        self.assertEqual(self.gives(self.bob).json, {"principal": "bob", "status": "withdrawn"})
        self.assertEqual(send(self.alice, self.account, jws).body, first.body)  # the first answer, and nothing more
        self.assertEqual(self.bob.get("/v1/accounts/%s/delegations" % self.account).json, {"delegations": []})
        kept = sign(self.bob.key, self.account, self.policy, "tom")
        self.assertEqual(self.gives(self.bob, issued=rfc3339(int(time.time()) + 8)).status, 200)
        self.refused(send(self.tom, self.account, kept), "DELEGATION_SUPERSEDED")

    def test_threat_02_for_something_else(self):
        for name, members in (("BANK_MISMATCH", {"bank": "otherbank.example/test"}),
                              ("ACCOUNT_MISMATCH", {"account": self.payee}),
                              ("POLICY_MISMATCH", {"policyDigest": sha256(b"another")}),
                              ("DISPLAY_UNKNOWN", {"display": "countersign-display/1;en"}),
                              ("DOC_MEMBER_INVALID", {"verb": "lend", "displayDigest": sha256(b"another")}),
                              ("CURRENCY_MISMATCH", {"currency": "USD"}),
                              ("PERIOD_INVALID", {"from": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}),
                              ("DOC_MEMBER_INVALID", {"until": "2199-01-01T00:00:00Z"}),
                              ("AMOUNT_ZERO", {"amount": "0.00"}),
                              ("ISSUED_TOO_OLD", {"issued": rfc3339(int(time.time()) - 400)})):
            self.refused(self.gives(self.bob, "tom", **members), name)

    def test_threat_03_another_text_was_shown(self):
        said = {"account": self.account, "amount": "1.00", "bank": self.policy["bank"], "currency": "EUR",
                "deputy": "tom", "from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "verb": "give"}
        for text in (display(said, self.policy), display({**said, "verb": "withdraw"}, self.policy)):
            self.refused(self.gives(self.bob, "tom", displayDigest=sha256(text.encode())), "DISPLAY_MISMATCH")

    def test_threat_04_another_kind_of_statement(self):
        for typ in ("countersign-decision+jws", "countersign-policy+jws", TYP + "x"):
            self.refused(send(self.bob, self.account, self.bob.key.jws(typ, {"x": 1})), "JWS_TYPE")
        self.refused(send(self.bob, self.account, self.bob.key.jws(TYP, {"x": 1}, alg="none")), "JWS_HEADER",
                     "JWS_ALGORITHM")

    def test_threat_10_withdrawn_in_between(self):
        """A dated order, accepted with a deputy, is judged anew; here what counts is seen before that."""
        order = self.order(amount="50.00")
        self.given(self.bob, "tom")
        self.approve(self.tom, order, "PATC")
        self.gives(self.bob)
        self.approve(self.alice, order, "PATC")
        self.approve(self.bob, order, "ACSC")
        self.pay(5000)

    def test_threat_11_one_person_in_two_places(self):
        order = self.order(amount="50.00")
        self.given(self.alice, "bob")
        self.approve(self.bob, order, "PATC")
        self.refused(self.bob.decide(order, self.policy), "ALREADY_DECIDED")
        self.refused(self.tom.decide(order, self.policy), "MAY_NOT_APPROVE")
        self.given(self.bob, "tom")  # what Bob holds from Alice he does not pass on
        self.approve(self.tom, order, "PATC")
        self.approve(self.alice, order, "ACSC")
        self.pay(5000)

    def test_whose_it_is_to_give(self):
        self.refused(self.gives(self.tom, "bob"), "MAY_NOT_APPROVE")
        self.refused(self.gives(self.bob, "bob"), "DEPUTY_NOT_ALLOWED")
        self.refused(self.gives(self.bob, "alice"), "DEPUTY_NOT_ALLOWED")
        self.refused(self.gives(self.bob, "zoe"), "DEPUTY_NOT_ALLOWED")
        jws = sign(self.alice.key, self.account, self.policy, "bob")
        self.assertEqual(send(self.tom, self.account, jws).status, 201)  # a session carries what another one signed


if __name__ == "__main__":
    unittest.main(verbosity=2)
