# SPDX-License-Identifier: Apache-2.0
"""What must not work by way of a stick: whoever has it in his hands may change, leave out, repeat and mix."""
import copy
import json
import sqlite3
import time
import unittest

from bank import Bank, canon, rfc3339, sha256
from desk import JOINT
from holder import Holder
from isolated import Stick, payload

HALF = 12 * 3600  # as long as a challenge is good
DAY = 86400


class Threats(Stick):
    def setUp(self):
        super().setUp()
        self.before = self.available(JOINT)

    def signed(self, *amounts, who=None):
        orders = self.orders(*amounts)
        for holder in who or (self.alice, self.bob):
            self.sign(holder, self.stick)
        return orders

    def nothing_moved(self, *orders):
        self.assertEqual(self.available(JOINT), self.before)
        for order in orders:
            self.assertEqual(self.settlements(order), [])

    def change(self, path, change):
        """What somebody does to the stick who knows how a bundle is spelled, but has no key."""
        bundle = copy.deepcopy(self.read(path))
        change(bundle)
        bundle["orders"].sort(key=lambda o: (o["order"]["account"], o["order"]["id"]))
        bundle["decisions"].sort(key=lambda d: (d["order"], d["decision"]))
        bundle["policies"].sort(key=lambda p: sha256(canon(p)))
        return self.write(path, bundle)

    def altered(self, path, amount="99.00"):
        def change(bundle):
            bundle["orders"][0]["order"]["amount"] = amount
            bundle["decisions"] = []
        return self.change(path, change)

    # --- row 1 ---
    def test_threat_01_the_stick_again(self):
        """Handed in twice, by another holder, from another bundle, after a restart: the first answers, one payment."""
        order, = self.signed("10.00")
        first = self.send(self.stick)
        self.assertEqual(self.send(self.stick, self.bob), first)
        path, _ = self.new("1.00", "later.json")
        self.carry(path)
        self.sign(self.alice, self.stick)
        again = self.send(self.stick)
        self.assertEqual([a for a in again if a["order"]["id"] == order["id"]], first)
        self.bank.stop_bankd()
        self.bank.start_bankd()
        for holder in (self.alice, self.bob):
            holder.settings(JOINT)
        self.assertEqual(self.send(self.stick), again)
        self.assertEqual(len(self.settlements(order)), 1)

    def test_threat_01_signed_again_after_it_was_paid(self):
        """A copy of the stick from before the signing is signed once more: it is refused, nothing moves twice."""
        self.orders("10.00")
        old = self.copy("old.json")
        for holder in (self.alice, self.bob):
            self.sign(holder, self.stick)
        self.send(self.stick)
        paid = self.available(JOINT)
        for holder in (self.alice, self.bob):
            self.sign(holder, old)
        self.send_refused(old, "ORDER_FINAL", "the bank refused 2 of 2")
        self.assertEqual(self.available(JOINT), paid)

    # --- row 2 ---
    def test_threat_02_to_another_bank(self):
        """The bank's name is in every order, policy and signature; the stick's own says nothing."""
        order, = self.signed("10.00")
        bundle = self.read(self.stick)
        done = self.away(self.alice, "sign", self.stick, bank="other.example/test")
        self.refused(done, "BANK_MISMATCH", 1)
        self.change(self.stick, lambda b: b.update(bank="other.example/test"))
        self.refused(self.away(self.alice, "send", self.stick, bank="other.example/test"), "BANK_MISMATCH", 1)
        self.refused(self.alice.run("bundle", "show", self.stick), "BANK_MISMATCH", 1)
        other = self.copy("other.json")
        for path in (self.stick, other):
            self.write(path, bundle)
        self.change(other, lambda b: b.update(bank="other.example/test", orders=[], policies=[], decisions=[]))
        self.refused(self.alice.run("merge", self.stick, other, settings=False), "BANK_MISMATCH", 1)
        raw = [json.dumps({"decision": d["decision"], "order": order}) + "\n" for d in bundle["decisions"]]
        self.bank.write("raw.ndjson", "".join(raw))
        with Bank("other.example/test") as elsewhere:
            guest = self.guest(elsewhere)
            done = guest.run("send", self.bank.path("raw.ndjson"))
            self.assertIn("countersign: BANK_MISMATCH: ", done.stderr)
            self.assertEqual(elsewhere.balance(JOINT)["available"], "100.00")
        self.nothing_moved(order)

    def guest(self, bank):
        """Alice with the same card at another bank, where an account has the same number."""
        guest = Holder(bank, "alice", self.alice.pin)
        self.addCleanup(guest.close)
        guest.env["SOFTHSM2_CONF"] = self.bank.env["SOFTHSM2_CONF"]
        bank.ctl("holder", "add", "--id", "alice", "--name", "Alice", "--spki", self.bank.path("alice.spki"))
        bank.open_account(JOINT, ["alice"], "100.00")
        return guest.settings(JOINT)

    # --- row 3 ---
    def test_threat_03_an_altered_order_in_one_of_two(self):
        """Merge refuses by name, in either order, and writes nothing."""
        self.orders("10.00")
        his = self.altered(self.copy("his.json"))
        self.sign(self.alice, self.stick)
        self.assertIn("99.00 EUR", self.sign(self.bob, his).stderr)  # what he is shown is what he signs
        for paths in ((self.stick, his), (his, self.stick)):
            out, done = self.merge(*paths, to="both.json", check=False)
            self.refused(done, "BUNDLE_ORDER_CONFLICT", 1, paths[1])
            self.assertRaises(FileNotFoundError, self.bytes, out)

    def test_threat_03_both_documents_at_the_bank(self):
        """Each by its own stick: decisions count by digest, and the second document is refused."""
        order, = self.orders("10.00")
        his = self.altered(self.copy("his.json"))
        self.sign(self.alice, self.stick)
        self.sign(self.bob, his)
        self.send(self.stick)
        self.send_refused(his, "ORDER_ID_TAKEN")
        self.assertEqual(self.status(order), "PATC")
        self.assertEqual(self.settlements(order), [])
        self.alice.run("cancel", order["id"], check=True)

    def test_threat_03_the_order_beneath_a_decision(self):
        """Altered after it was signed, with or without the digest that the stick notes beside the decision."""
        self.signed("10.00")
        whole = self.read(self.stick)

        def alone(bundle):
            bundle["orders"][0]["order"]["amount"] = "99.00"

        def with_digest(bundle):
            alone(bundle)
            for decision in bundle["decisions"]:
                decision["order"] = sha256(canon(bundle["orders"][0]["order"]))

        for change in (alone, with_digest):
            self.write(self.stick, whole)
            self.change(self.stick, change)
            for words in (("send", self.stick), ("bundle", "show", self.stick), ("merge", self.stick)):
                self.refused(self.alice.run(*words), "ORDER_MISMATCH", 1)
        order = {**whole["orders"][0]["order"], "amount": "99.00"}
        self.bank.write("raw.ndjson", json.dumps({"decision": whole["decisions"][0]["decision"], "order": order}) + "\n")
        self.refused(self.alice.run("send", self.bank.path("raw.ndjson")), "ORDER_MISMATCH", 1)
        self.nothing_moved(order)

    def test_threat_03_another_policy_beneath_it(self):
        """A policy by which fewer people decide is shown, and no bank takes what is signed under it."""
        order, = self.orders("10.00")

        def alone(bundle):
            policy = bundle["policies"][0]
            policy["holders"] = [{"class": "A", "id": "alice"}]
            bundle["orders"][0]["policy"] = sha256(canon(policy))

        self.change(self.stick, alone)
        self.assertIn("all of these must approve: alice.", self.sign(self.alice, self.stick).stderr)
        self.send_refused(self.stick, "POLICY_STALE")
        self.nothing_moved(order)

    # --- row 9 ---
    def window(self, issued, until, who="alice"):
        """As a stick whose challenges were given at another time: the clock is the one that is wrong, or they are over."""
        def change(bundle):
            for challenge in bundle["challenges"]:
                if challenge["thumbprint"] == self.keys[who]:
                    challenge.update(issued=rfc3339(self.now() + issued), expires=rfc3339(self.now() + until))
        return self.change(self.stick, change)

    @staticmethod
    def now():
        return int(time.time())

    def test_threat_09_clock_outside_the_window(self):
        """Neither before nor behind it anything is signed: the bank would not take it."""
        self.orders("10.00")
        for issued, until in ((-HALF, -1), (-2, -1), (DAY, DAY + HALF), (60, HALF)):
            self.window(issued, until)
            before = self.bytes(self.stick)
            self.refused(self.sign(self.alice, self.stick, check=False), "CHALLENGE_INVALID", 1, "set the clock")
            self.assertEqual(self.bytes(self.stick), before)
        for issued, until in ((-60, 60), (5, 60)):  # the bank gives ten seconds
            self.window(issued, until)
            self.sign(self.alice, self.stick, "-o", self.bank.path("good-%d.json" % issued))

    def test_threat_09_a_challenge_that_is_over(self):
        """On the stick it was made to look good; the bank knows when its own ended. With a new one it is signed anew."""
        order, = self.signed("10.00")
        self.bank.stop_bankd()
        with sqlite3.connect(self.bank.path("bank.db")) as store:
            count = store.execute("UPDATE challenge SET issued_us = issued_us - ?, expires_us = expires_us - ? WHERE login = 0",
                                  (DAY * 10**6, DAY * 10**6)).rowcount
        store.close()
        self.assertGreater(count, 1)
        self.bank.start_bankd()
        for holder in (self.alice, self.bob):
            holder.settings(JOINT)
        self.send_refused(self.stick, "CHALLENGE_INVALID", "the bank refused 2 of 2")
        self.nothing_moved(order)
        old = {c["challenge"] for c in self.read(self.stick)["challenges"]}
        for who in ("alice", "bob"):
            self.window(-HALF, -1, who)
        self.carry()
        for holder in (self.alice, self.bob):
            self.assertIn("Signed 1 of 1 orders", self.sign(holder, self.stick).stderr)
        bundle = self.read(self.stick)
        self.assertEqual(len(bundle["decisions"]), 4)
        fresh = [d for d in bundle["decisions"] if payload(d["decision"])["challenge"] not in old]
        self.assertEqual(len(fresh), 2)
        self.assertEqual(sorted(a["status"] for a in self.send(self.stick)), ["ACSC", "PATC"])
        self.assertEqual((self.status(order), len(self.settlements(order))), ("ACSC", 1))

    def test_threat_09_a_challenge_that_was_made_up(self):
        """None is good for longer than the bank gives one. What is signed with one that nobody gave the bank does not
        take, and a new file has nothing of it."""
        order, = self.orders("10.00")
        made_up = {"challenge": "AAAAAAAAAAAAAAAAAAAAAA", "thumbprint": self.keys["alice"]}

        def add(expires, issued):
            def change(bundle):
                bundle["challenges"].append({**made_up, "expires": rfc3339(expires), "issued": rfc3339(issued)})
                bundle["challenges"].sort(key=lambda c: (c["thumbprint"], c["challenge"]))
            return change

        before = self.bytes(self.stick)
        self.change(self.stick, add(self.now() + HALF, self.now() - 1))
        for words in (("sign", self.stick), ("bundle", "show", self.stick), ("send", self.stick), ("merge", self.stick)):
            self.refused(self.alice.run(*words), "DOC_MEMBER_INVALID", 1, self.stick)
        with open(self.stick, "wb") as f:
            f.write(before)
        self.change(self.stick, add(self.now() + 5 + HALF, self.now() + 5))
        self.sign(self.alice, self.stick)
        self.send_refused(self.stick, "CHALLENGE_INVALID")
        self.nothing_moved(order)
        new = self.bank.path("new.json")
        self.carry(self.bank.path("order-0.json"), to=new)
        for holder in (self.alice, self.bob):
            self.sign(holder, new)
        self.assertEqual([a["status"] for a in self.send(new)], ["PATC", "ACSC"])

    def said_again(self, *words):
        """By Alice, who takes what she said for too late."""
        self.window(-HALF, -1, "alice")
        self.carry()
        self.assertIn("Signed 1 of 1 orders", self.sign(self.alice, self.stick, *words).stderr)
        self.assertEqual(len(self.read(self.stick)["decisions"]), 2)

    def test_said_again_though_the_bank_has_it(self):
        """The order stands as she wants it by the first word, though the bank takes no second one."""
        order, = self.signed("10.00", who=(self.alice,))
        first = self.send(self.stick)
        self.said_again()
        self.assertEqual(self.send(self.stick), first)
        self.assertEqual(self.status(order), "PATC")
        self.alice.run("cancel", order["id"], check=True)

    def test_another_mind(self):
        """Her last word is what she wants: the one before it is not handed in, though it is good."""
        order, = self.signed("10.00", who=(self.alice,))
        while payload(self.read(self.stick)["decisions"][0]["decision"])["issued"] == rfc3339(time.time()):
            time.sleep(0.05)  # of one second nobody knows which was later
        self.said_again("--decision", "reject")
        self.send_refused(self.stick, "NOT_FOUND")
        self.assertEqual(self.status(order), 404)
        self.nothing_moved(order)

    def test_threat_09_the_challenge_of_another_key(self):
        """Bob's, written down as Alice's: she signs with it, and the bank does not take it."""
        order, = self.orders("10.00")

        def swap(bundle):
            theirs = {c["thumbprint"]: c for c in bundle["challenges"]}
            theirs[self.keys["alice"]]["challenge"] = theirs[self.keys["bob"]]["challenge"]

        self.change(self.stick, swap)
        self.sign(self.alice, self.stick)
        self.send_refused(self.stick, "CHALLENGE_INVALID")
        self.nothing_moved(order)

    def test_threat_09_without_a_challenge(self):
        """It is said before anything else depends on it, and good for five minutes like any decision."""
        order, = self.orders("10.00")
        self.change(self.stick, lambda b: b.update(challenges=[]))
        self.assertIn("there is no challenge for the key", self.sign(self.alice, self.stick).stderr)
        self.assertNotIn("challenge", payload(self.read(self.stick)["decisions"][0]["decision"]))
        self.assertEqual([a["status"] for a in self.send(self.stick)], ["PATC"])
        self.alice.run("cancel", order["id"], check=True)

    # --- forged ---
    def test_a_forged_word_keeps_nobody_from_signing(self):
        """Somebody writes a decision under Alice's thumbprint: it does not pass for hers, and stops no other one."""
        order, = self.signed("10.00", who=(self.alice,))

        def forge(bundle):
            head, body, signature = bundle["decisions"][0]["decision"].split(".")
            forged = ".".join((head, body, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "AAAE")))
            bundle["decisions"][0]["decision"] = forged

        self.change(self.stick, forge)
        self.assertIn("Signed 1 of 1 orders", self.sign(self.alice, self.stick).stderr)
        self.sign(self.bob, self.stick)
        self.send_refused(self.stick, "SIGNATURE_INVALID", "the bank refused 1 of 3")
        self.assertEqual((self.status(order), len(self.settlements(order))), ("ACSC", 1))

    def test_left_out_or_empty(self):
        """Whoever takes something from the stick delays, and nothing else."""
        order, = self.signed("10.00")
        self.change(self.stick, lambda b: b["decisions"].pop())
        self.assertEqual([a["status"] for a in self.send(self.stick)], ["PATC"])
        for text in (b"", b"{}", b"[]", b'{"type":"bundle"}', self.bytes(self.stick)[:-3], self.bytes(self.stick) + b"x"):
            with open(self.stick, "wb") as f:
                f.write(text)
            self.assertEqual(self.away(self.alice, "sign", self.stick).returncode != 0, True, text)
            self.assertEqual(self.alice.run("merge", self.stick, "-o", self.bank.path("m.json")).returncode, 1, text)
            self.assertEqual(self.bytes(self.stick), text)
        self.alice.run("cancel", order["id"], check=True)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
