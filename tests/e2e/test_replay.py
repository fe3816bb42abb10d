# SPDX-License-Identifier: Apache-2.0
"""The same again, one person twice, money twice: counted once, paid once."""
import collections
import concurrent.futures
import threading
import time
import unittest

from bank import Key, Session, b64, canon, iban, make_decision, make_order, rfc3339, statement, unb64
from scene import Scene

TYP = "countersign-decision+jws"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Again(Scene):
    """Row 1: the first answer again, nothing moves."""

    def test_threat_01_decision_again(self):
        order = self.order()
        jws = self.alice.sign(order, self.policy)
        first = self.alice.send(order, jws)
        self.taken(first, "PATC")
        for _ in range(3):
            again = self.alice.send(order, jws)
            self.assertEqual((again.status, again.body), (first.status, first.body))
        self.taken(self.bob.decide(order, self.policy), "ACSC")
        self.pay(1000)
        again = self.alice.send(order, jws)
        self.assertEqual(again.body, first.body)

    def test_threat_01_handed_in_by_the_other_holder(self):
        order = self.order()
        jws = self.alice.sign(order, self.policy)
        first = self.bob.send(order, jws)
        self.taken(first, "PATC")
        self.assertEqual(self.alice.send(order, jws).body, first.body)
        self.taken(self.bob.decide(order, self.policy, verb="reject"), "RJCT")

    def test_threat_01_a_refusal_again(self):
        order = self.order(amount="5000.00")
        jws = self.alice.sign(order, self.policy)
        first = self.alice.send(order, jws)
        self.refused(first, "FUNDS_INSUFFICIENT")
        self.assertEqual(self.alice.send(order, jws).body, first.body)

    def test_threat_01_after_settlement(self):
        order = self.order()
        self.taken(self.alice.decide(order, self.policy), "PATC")
        self.taken(self.bob.decide(order, self.policy), "ACSC")
        self.pay(1000)
        self.refused(self.alice.decide(order, self.policy), "ORDER_FINAL")
        self.refused(self.bob.decide(order, self.policy, verb="reject"), "ORDER_FINAL")
        self.refused(self.bob.decide(order, self.policy, verb="submit"), "ORDER_FINAL")

    def test_threat_01_without_access(self):
        """A replay is no way around the session or the account's walls."""
        order = self.order()
        jws = self.alice.sign(order, self.policy)
        self.taken(self.alice.send(order, jws), "PATC")
        nobody = Session(self.bank)
        self.refused(nobody.send(order, jws), "SESSION_REQUIRED")
        stranger = Key(self.bank.dir)
        self.bank.add_holder("stranger", stranger)
        self.refused(Session(self.bank, stranger).send(order, jws), "NOT_A_HOLDER", "ACCOUNT_UNKNOWN", "NOT_FOUND")
        self.taken(self.bob.decide(order, self.policy, verb="reject"), "RJCT")

    def test_threat_01_login_challenge_is_single_use(self):
        session = Session(self.bank)
        session.key = self.alice.key
        payload = statement(challenge=session.challenge(), session=session.session_key.thumbprint)
        login = {"login": session.key.jws("countersign-login+jws", payload)}
        self.assertLess(session.post("/v1/login", login).status, 300)
        self.refused(session.post("/v1/login", login), "CHALLENGE_INVALID", "NONCE_REUSED")
        other = Session(self.bank)
        self.refused(other.post("/v1/login", login), "SESSION_MISMATCH", "CHALLENGE_INVALID", "NONCE_REUSED")


class OnePerson(Scene):
    """Row 11: a person counts once."""

    def test_threat_11_twice(self):
        order = self.order()
        self.taken(self.alice.decide(order, self.policy), "PATC")
        self.refused(self.alice.decide(order, self.policy), "ALREADY_DECIDED")
        self.refused(self.alice.decide(order, self.policy, verb="reject"), "ALREADY_DECIDED")
        self.taken(self.bob.decide(order, self.policy, verb="reject"), "RJCT")

    def test_threat_11_two_tokens(self):
        second = Key(self.bank.dir)
        answer = self.bank.add_holder("alice", second)
        self.refused(answer, "BANK_HOLDER_EXISTS")
        order = self.order()
        self.taken(self.alice.decide(order, self.policy), "PATC")
        self.refused(self.alice.decide(order, self.policy, key=second), "KEY_UNKNOWN")
        self.taken(self.bob.decide(order, self.policy, verb="reject"), "RJCT")

    def test_threat_11_one_key_for_two(self):
        answer = self.bank.add_holder("carol", self.alice.key)
        self.refused(answer, "KEY_TAKEN")

    def test_threat_11_the_twin(self):
        """(r, n-s) is a valid signature, too: another text, the same person, the same nonce."""
        order = self.order()
        jws = self.alice.sign(order, self.policy)
        head, payload, signature = jws.split(".")
        raw = unb64(signature)
        twin = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
        self.taken(self.alice.send(order, jws), "PATC")
        self.refused(self.alice.send(order, ".".join((head, payload, b64(twin)))), "NONCE_REUSED", "ALREADY_DECIDED")
        self.taken(self.bob.decide(order, self.policy, verb="reject"), "RJCT")

    def test_threat_11_another_serialisation(self):
        order = self.order()
        head, payload, signature = self.alice.sign(order, self.policy).split(".")
        for form in ({"payload": payload, "protected": head, "signature": signature},
                     {"payload": payload, "signatures": [{"protected": head, "signature": signature}]}):
            body = {"decision": canon(form).decode(), "order": order}
            self.refused(self.alice.post("/v1/decisions", body), "JWS_MALFORMED")

    def test_threat_11_nonce_belongs_to_one_jws(self):
        order = self.order()
        first = make_decision(order, self.policy)
        self.taken(self.alice.send(order, self.alice.key.jws(TYP, first)), "PATC")
        again = make_decision(order, self.policy, verb="reject", nonce=first["nonce"])
        self.refused(self.alice.send(order, self.alice.key.jws(TYP, again)), "NONCE_REUSED")
        self.taken(self.bob.decide(order, self.policy, verb="reject"), "RJCT")

    def test_threat_11_hundred_at_once(self):
        order = self.order()
        self.taken(self.alice.decide(order, self.policy), "PATC")
        jws = self.bob.sign(order, self.policy)
        answers = at_once(self.bank, [lambda s: s.send(order, jws)] * 100, self.bob.key)
        self.assertEqual({a.body for a in answers}, {answers[0].body})
        self.taken(answers[0], "ACSC")
        self.pay(1000)


def at_once(bank, calls, key, clients=10):
    """Runs the calls over CLIENTS sessions in parallel; answers in the order of calls."""
    answers = [None] * len(calls)
    sessions = [Session(bank, key) for _ in range(clients)]

    def run(client):
        for i in range(client, len(calls), clients):
            answers[i] = calls[i](sessions[client])

    threads = [threading.Thread(target=run, args=(c,)) for c in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert all(answers), "a call got no answer"
    return answers


class Sixty(Scene):
    """Row 13: 60 + 60 on a balance of 100."""

    FUNDS = "100.00"
    PAIRS = 1000

    def test_threat_13_one_of_each_pair(self):
        signer = Key(self.bank.dir)
        self.bank.add_holder("solo", signer)
        accounts = [iban(1000 + i) for i in range(self.PAIRS)]

        def pair(account):
            policy = self.bank.open_account(account, ["solo"], "100.00")
            orders = [make_order(account, self.payee, amount="60.00") for _ in range(2)]
            return [(o, signer.jws(TYP, make_decision(o, policy))) for o in orders]

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            signed = [one for two in pool.map(pair, accounts) for one in two]
        calls = [lambda s, o=order, j=jws: s.send(o, j) for order, jws in signed]
        self.before = self.money()
        answers = at_once(self.bank, calls, signer)
        for i, account in enumerate(accounts):
            names = sorted(a.json.get("status") if a.name == "OK" else a.name for a in answers[2 * i : 2 * i + 2])
            self.assertEqual(names, ["ACSC", "FUNDS_INSUFFICIENT"])
            self.moved[account] = -6000
        self.moved[self.payee] = 6000 * self.PAIRS

    def test_threat_13_reserved_money_is_not_there(self):
        first, second = self.order(amount="60.00"), self.order(amount="60.00")
        self.taken(self.alice.decide(first, self.policy), "PATC")
        self.assertEqual(self.bank.balance(self.account)["available"], "40.00")
        self.refused(self.alice.decide(second, self.policy), "FUNDS_INSUFFICIENT")
        self.taken(self.bob.decide(first, self.policy, verb="reject"), "RJCT")
        self.assertEqual(self.bank.balance(self.account)["available"], "100.00")
        third = self.order(amount="60.00")
        self.taken(self.alice.decide(third, self.policy), "PATC")
        self.taken(self.bob.decide(third, self.policy), "ACSC")
        self.pay(6000)


class Race(Scene):
    """Row 12: a vote, a cancel and the clock want the same order; one of them gets it."""

    FUNDS = "1000.00"
    ORDERS = 60

    def test_threat_12_vote_against_cancel_against_expiry(self):
        orders = []
        for i in range(self.ORDERS):
            if i == self.ORDERS // 2:  # from here on they are over before the race, in it, or behind it
                over = int(time.time()) + 4
            expires = time.time() + 3600 if i < self.ORDERS // 2 else over + i % 3
            orders.append(self.order(amount="1.00", expires=rfc3339(expires)))
            self.taken(self.alice.decide(orders[-1], self.policy), "PATC")
        votes = [(order, self.bob.sign(order, self.policy)) for order in orders]
        cancels = [(order, self.alice.sign(order, self.policy, verb="cancel")) for order in orders]
        calls = [lambda s, o=order, j=jws: s.send(o, j) for pair in zip(votes, cancels) for order, jws in pair]
        while time.time() < over:
            self.alice.get("/v1/health")
        answers = at_once(self.bank, calls, self.bob.key)
        ends = collections.Counter(self.end_of(order, answers[2 * i], answers[2 * i + 1]) for i, order in enumerate(orders))
        self.assertEqual(sum(ends.values()), self.ORDERS)
        self.pay(100 * ends["ACSC"])
        self.assertEqual(self.bank.balance(self.account)["reserved"], "0.00")

    def end_of(self, order, vote, cancel):
        """The status, which must be what the two answers make it."""
        seen = self.alice.get("/v1/accounts/%s/orders/%s" % (self.account, order["id"])).json
        taken = [a.json["status"] for a in (vote, cancel) if a.name == "OK"]
        if seen["status"] == "RJCT":
            self.assertEqual((seen["reason"], taken), ("DS24", []))
        else:
            self.assertEqual(taken, [seen["status"]])
            self.assertIn(seen["status"], ("ACSC", "CANC"))
        for answer in (vote, cancel):
            self.assertIn(answer.name, ("OK", "ORDER_FINAL"))
        return seen["status"]


if __name__ == "__main__":
    unittest.main(verbosity=2)
