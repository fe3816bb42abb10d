# SPDX-License-Identifier: Apache-2.0
"""What must not work where an operator claims, comments on, holds or releases what waits: each by a signed act of his
own, over his own session."""
import unittest

import policy_change
from bank import Key, Session, b64, iban, uuid7
from enrolment import Newcomer
from operators import act, enrol
from scene import Scene

NOTE = {"note": "as a test"}
CLAIM, GIVE_BACK, COMMENT = "/v1/queue/claims", "/v1/queue/give-backs", "/v1/queue/comments"


class Queue(Scene):
    FUNDS = "9000.00"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sven = enrol(cls.bank, "sven", ["security"])
        cls.olga, cls.otto = (enrol(cls.bank, name, ["payments"], by=cls.sven) for name in ("olga", "otto"))

    def waiting(self, amount="5.00"):
        """An order that lacks a vote, and what the queue calls it."""
        order = self.order(amount=amount)
        self.taken(self.alice.decide(order, self.policy), "PATC")
        return order, "order:%s/%s" % (self.account, order["id"])

    def path(self, order, deed, account=None):
        return "/v1/accounts/%s/orders/%s/%s" % (account or self.account, order["id"], deed)

    def claimed(self, item):
        """By whom, as everybody who looks at the queue sees it, and the comments."""
        found = [one for one in self.otto.get("/v1/queue?limit=200").json["items"] if one["item"] == item]
        self.assertEqual(len(found), 1)
        return found[0].get("claimedBy"), [one["text"] for one in found[0]["comments"]]

    # --- 2: for somebody else ---
    def test_threat_02_for_another_bank_or_route(self):
        order, item = self.waiting()
        hold, mine = self.path(order, "hold"), {**NOTE, "item": item}
        other = {"bank": "demobank.example/production"}
        for path, jws, name in (
                (CLAIM, act(self.olga.key, CLAIM, mine, **other), "BANK_MISMATCH"),
                (COMMENT, act(self.olga.key, COMMENT, {"item": item, "text": "rang"}, **other), "BANK_MISMATCH"),
                (hold, act(self.olga.key, hold, NOTE, **other), "BANK_MISMATCH"),
                (CLAIM, act(self.olga.key, GIVE_BACK, mine), "ACT_MISMATCH"),
                (GIVE_BACK, act(self.olga.key, CLAIM, mine), "ACT_MISMATCH"),
                (hold, act(self.olga.key, self.path(order, "release"), NOTE), "ACT_MISMATCH"),
                (hold, act(self.olga.key, self.path(order, "hold", self.payee), NOTE), "ACT_MISMATCH"),
                (hold, act(self.olga.key, self.path({"id": uuid7()}, "hold"), NOTE), "ACT_MISMATCH")):
            before = self.refusals(name)
            self.refused(self.olga.send_act(path, jws), name)
            self.assertEqual(self.refusals(name), before + 1)
        self.assertEqual(self.claimed(item), (None, []))
        self.assertEqual(self.bob.decide(order, self.policy).json["status"], "ACSC")  # nobody held it
        self.pay(500)

    def test_threat_02_in_anothers_name(self):
        """A claim is its signer's; whoever only carries it takes nothing."""
        _, item = self.waiting()
        mine = {**NOTE, "item": item}
        jws = act(self.olga.key, CLAIM, mine)
        self.refused(self.otto.send_act(CLAIM, jws), "KEY_MISMATCH")
        self.refused(self.otto.act(CLAIM, mine, self.alice.key), "KEY_MISMATCH")
        self.refused(self.otto.act(CLAIM, mine, Key(self.bank.dir)), "KEY_UNKNOWN")
        self.refused(self.alice.post(CLAIM, {"act": act(self.alice.key, CLAIM, mine)}), "ROLE_REQUIRED")
        self.refused(Session(self.bank).post(CLAIM, {"act": jws}), "SESSION_REQUIRED")
        self.assertEqual(self.claimed(item), (None, []))
        first = self.olga.send_act(CLAIM, jws)
        self.assertEqual(first.json["claimedBy"], "olga")
        self.assertEqual(self.olga.act(GIVE_BACK, mine).name, "OK")
        again = self.olga.send_act(CLAIM, jws)
        self.assertEqual((again.status, again.body), (first.status, first.body))
        self.assertEqual(self.claimed(item), (None, []))  # told again, not done again

    # --- 10: what is taken away meanwhile ---
    def test_threat_10_role_or_key_gone(self):
        order, item = self.waiting()
        petra, mine = enrol(self.bank, "petra", ["payments"], by=self.sven), {**NOTE, "item": item}
        self.assertEqual(petra.act(CLAIM, mine).json["claimedBy"], "petra")
        self.assertEqual(petra.act(self.path(order, "hold"), NOTE).name, "OK")
        signed = {path: act(petra.key, path, body) for path, body in (
            (CLAIM, mine), (COMMENT, {"item": item, "text": "rang"}), (self.path(order, "release"), NOTE))}
        self.assertEqual(self.sven.act("/v1/operators/petra/roles", {**NOTE, "roles": ["viewer"]}).name, "OK")
        for path, jws in signed.items():
            self.refused(petra.send_act(path, jws), "ROLE_REQUIRED")
        self.assertEqual(self.claimed(item), (None, []))  # who may not work it has it no more
        self.assertEqual(self.sven.act("/v1/operators/petra/roles", {**NOTE, "roles": ["payments", "viewer"]}).name, "OK")
        key = "/v1/holders/petra/keys/" + petra.key.thumbprint
        self.assertEqual(self.sven.act(key, {**NOTE, "status": "suspended"}).name, "OK")
        for path, jws in signed.items():
            self.refused(petra.send_act(path, jws), "SESSION_REQUIRED")
        self.assertEqual(self.otto.act(CLAIM, mine).json["claimedBy"], "otto")
        self.taken(self.bob.decide(order, self.policy), "PDNG")  # what she held stays held
        self.taken(self.otto.act(self.path(order, "release"), NOTE), "ACSC")
        self.pay(500)

    def test_threat_10_seen_before_it_changed(self):
        """A release is of what its signer saw."""
        order, item = self.waiting()
        self.assertEqual(self.olga.act(self.path(order, "hold"), NOTE).name, "OK")
        seen = [one for one in self.otto.get("/v1/queue?limit=200").json["items"] if one["item"] == item][0]["entry"]
        self.taken(self.bob.decide(order, self.policy), "PDNG")
        self.refused(self.otto.act(self.path(order, "release"), {**NOTE, "entry": seen}), "ITEM_CHANGED")
        self.taken(self.otto.act(self.path(order, "release"), NOTE), "ACSC")
        self.pay(500)

    # --- 18: text stays text ---
    def test_threat_18_items_and_comments(self):
        order, item = self.waiting()
        entries = len(self.bank.entries())
        for bad in (item + "' OR '1'='1", item.replace("/", "%2F"), item + "/../x", "order:../../" + order["id"],
                    "credit:1;DROP TABLE claim", "credit:-1", "credit:0x1", "credit:1.0", "policy:" + "%00" * 3,
                    "enrolment:' UNION SELECT 1 --", "ORDER:" + item[6:], item + " ", "order:", "", "x" * 97):
            for path, body in ((CLAIM, {**NOTE, "item": bad}), (COMMENT, {"item": bad, "text": "x"})):
                self.refused(self.olga.act(path, body), "NOT_FOUND", "DOC_MEMBER_INVALID", "TEXT_INVALID", "TOO_LARGE")
        for bad in ("", "x" * 141, "a\nb", "\x1b[2J", "a\u202eb", "a\u200bb", "\u0000"):
            self.refused(self.olga.act(COMMENT, {"item": item, "text": bad}), "TEXT_INVALID", "DOC_MEMBER_INVALID",
                         "JSON_SYNTAX")
        types = [entry["type"] for entry in self.bank.entries()[entries:]]
        self.assertEqual((types.count("claim"), types.count("comment")), (0, 0))
        texts = ["=HYPERLINK(\"http://x\")", "'); DROP TABLE comment; --", "%2e%2e%2f", "<b>call her</b>"]
        for text in texts:
            self.assertEqual(self.olga.act(COMMENT, {"item": item, "text": text}).status, 201)
        self.assertEqual(self.claimed(item), (None, texts[::-1]))
        said = [entry["text"] for entry in self.bank.entries() if entry["type"] == "comment"]
        self.assertEqual(said[-len(texts):], texts)

    # --- what else can be claimed ---
    def test_an_enrolment_and_a_policy(self):
        erin, emma = (enrol(self.bank, name, ["enrolment"], by=self.sven) for name in ("erin", "emma"))
        newcomer = Newcomer(self.bank, "Dora")
        request = "enrolment:" + newcomer.ask()
        new = {**self.policy, "title": "The second", "version": 2}
        word = policy_change.word(self.alice.key, new, self.policy)
        self.assertEqual(policy_change.send(self.alice, new, word).json["status"], "pending")
        policy = [one for one in self.otto.get("/v1/queue?limit=200").json["items"] if one["kind"] == "policy"][0]["item"]
        for item in (request, policy):
            self.assertEqual(erin.act(CLAIM, {**NOTE, "item": item}).json["claimedBy"], "erin")
            second = emma.act(CLAIM, {**NOTE, "item": item})
            self.assertEqual((second.status, second.name, second.json["claimedBy"]), (409, "ITEM_CLAIMED", "erin"))
            self.assertEqual(emma.act(COMMENT, {"item": item, "text": "rang"}).status, 201)
            self.assertEqual(self.claimed(item), ("erin", ["rang"]))
        path = "/v1/enrolments/%s/refusal" % newcomer.enrolment
        self.refused(emma.act(path, {"note": "no letter"}), "ITEM_CLAIMED")
        self.assertEqual(erin.act(path, {"note": "no letter"}).json["status"], "refused")
        self.refused(erin.act(CLAIM, {**NOTE, "item": request}), "NOT_FOUND")
        self.refused(emma.act(CLAIM, {**NOTE, "item": "enrolment:" + b64(b"e" * 32)}), "NOT_FOUND")
        self.refused(emma.act(CLAIM, {**NOTE, "item": "order:%s/%s" % (iban(99), uuid7())}), "NOT_FOUND")


if __name__ == "__main__":
    unittest.main()
