# SPDX-License-Identifier: Apache-2.0
"""A no that comes back in a bundle beside approvals: it is heard before anybody can pay the order, or nothing of it is sent."""
import copy
import itertools
import os
import subprocess
import time
import unittest

from bank import BIN, iban, rfc3339
from desk import PAYEE
from isolated import Stick, payload


class No(Stick):
    """Either of the two pays alone, and there is no submit on the stick unless the test signs one."""

    EITHER = [{"anyOf": [{"signers": [{"class": "A", "count": 1}]}]}]
    BOTH = [{"require": "all"}]
    numbers = iter(range(400, 500))

    def account(self, rules):
        account = iban(next(self.numbers))
        answer = self.bank.operator("POST", "/v1/accounts", {
            "account": account, "currency": "EUR", "title": "As the rules say", "rules": rules,
            "holders": [{"class": "A", "id": "alice"}, {"class": "A", "id": "bob"}]})
        self.assertEqual(answer.status, 201, answer)
        paid = self.bank.operator("POST", "/v1/accounts/%s/funding" % account, {"amount": "500.00", "currency": "EUR"})
        self.assertEqual(paid.status, 201, paid)
        return account

    def setUp(self):
        super().setUp()
        self.path, self.order = self.carried(self.account(self.EITHER))

    def carried(self, account):
        path, order = self.alice.new_order("order.json", account=account, amount="10.00",
                                           creditor={"account": PAYEE, "name": "EDP Comercial"})
        self.carry(path)
        return path, order

    def two(self):
        """In both orders of their keys, which is the order of their words on the stick."""
        return ((self.alice, self.bob), (self.bob, self.alice))

    def sent(self, *names, files=()):
        """What the bank did not take, by name, and what was not sent, in its order."""
        done = self.alice.run("send", *(files or [self.stick]))
        self.assertEqual(done.returncode, 1 if names else 0, done.stdout + done.stderr)
        self.assertEqual([line.split(" refused, ")[1].split(":")[0] for line in done.stdout.splitlines() if " refused, " in line], list(names))
        return done

    def is_unpaid(self, status=404):
        self.assertEqual((self.status(self.order), self.settlements(self.order)), (status, []))

    def is_paid(self):
        self.assertEqual((self.status(self.order), len(self.settlements(self.order))), ("ACSC", 1))

    def fresh(self):
        """An empty stick."""
        for name in os.listdir(self.bank.dir):
            if name.endswith(".json"):
                os.unlink(self.bank.path(name))

    def again(self):
        """With the next order."""
        self.path, self.order = self.carried(self.order["account"])

    def later(self, jws):
        """Until a word would be a later one."""
        while payload(jws)["issued"] == rfc3339(time.time()):
            time.sleep(0.05)

    def test_a_cancel_of_another(self):
        for cancels, approves in self.two():
            self.sign(approves, self.stick)
            self.sign(cancels, self.stick, "--decision", "cancel")
            name = "alice" if cancels is self.alice else "bob"
            done = self.sent("BUNDLE_NO_UNHEARD", "NOT_FOUND")
            self.assertIn("the key %s says no" % self.keys[name], done.stdout)
            self.assertIn("BUNDLE_NO_UNHEARD", done.stderr)
            self.assertIn("  the bank refused 1 of 2, and 1 was not sent\n", done.stderr)
            self.is_unpaid()
            # as it says: handed in, the order is there to be cancelled
            self.bob.run("submit", self.path, check=True)
            self.sent("ORDER_FINAL")
            self.is_unpaid("CANC")
            self.fresh()
            self.again()

    def test_with_a_submit_beside_it(self):
        """The bundle hands it in itself, and is heard whole."""
        for cancels, approves in self.two():
            self.sign(approves, self.stick)
            self.sign(cancels, self.stick, "--decision", "cancel")
            self.sign(approves, self.stick, "--decision", "submit")
            self.sent("ORDER_FINAL")
            self.is_unpaid("CANC")
            self.fresh()
            self.again()

    def test_a_cancel_of_ones_own(self):
        """The approval before it is not her word any more; nobody else's is there."""
        self.sign(self.alice, self.stick)
        self.sign(self.alice, self.stick, "--decision", "cancel")
        self.send_refused(self.stick, "NOT_FOUND")
        self.is_unpaid()

    def test_a_reject_of_another(self):
        """Whose a key is, no bundle says: it may be the same person's. Once the bank has the order, it judges, and one is enough."""
        for rejects, approves in self.two():
            self.sign(approves, self.stick)
            self.sign(rejects, self.stick, "--decision", "reject")
            self.sent("BUNDLE_NO_UNHEARD", "NOT_FOUND")
            self.is_unpaid()
            self.bob.run("submit", self.path, check=True)
            self.sent()
            self.is_paid()
            self.fresh()
            self.again()

    def test_where_the_key_was_taken_off_the_stick(self):
        """Then nobody can see there which word was the last: the no is heard, and her approval does not bring the order."""
        for rules, names, status in ((self.EITHER, ["BUNDLE_NO_UNHEARD", "NOT_FOUND"], 404),
                                     (self.BOTH, ["BUNDLE_NO_UNHEARD"], "RJCT")):
            self.fresh()
            self.path, self.order = self.carried(self.account(rules))
            self.sign(self.alice, self.stick)
            early = self.copy("early.json")
            first = self.read(self.stick)["decisions"][0]
            fresh = self.bank.path("fresh.json")
            self.carry(self.path, to=fresh)
            self.sign(self.alice, fresh, "--decision", "reject")
            if rules is self.BOTH:
                self.sign(self.bob, fresh)
            merged, _ = self.merge(early, fresh)
            bundle = self.read(merged)
            self.assertIn(first, bundle["decisions"])
            self.write(self.stick, {**bundle, "keys": []})
            self.sent(*names)
            self.is_unpaid(status)

    def test_a_no_whose_later_word_is_too_late(self):
        """Her second cancel was signed with a challenge that somebody made up: the first one is heard."""
        self.sign(self.bob, self.stick)
        self.sign(self.alice, self.stick, "--decision", "cancel")
        whole = self.read(self.stick)
        self.later(whole["decisions"][0]["decision"])
        forged = copy.deepcopy(whole)
        forged["decisions"] = []
        forged["challenges"] = [{**c, "challenge": "A" * 22} if c["thumbprint"] == self.keys["alice"] else c for c in forged["challenges"]]
        forged["challenges"].sort(key=lambda c: (c["thumbprint"], c["challenge"]))
        second = self.write(self.bank.path("second.json"), forged)
        self.sign(self.alice, second, "--decision", "cancel")
        decisions = [*whole["decisions"], *self.read(second)["decisions"]]
        self.write(self.stick, {**whole, "decisions": sorted(decisions, key=lambda d: (d["order"], d["decision"]))})
        self.sent("BUNDLE_NO_UNHEARD", "CHALLENGE_INVALID")
        self.is_unpaid()

    def test_where_it_takes_two(self):
        """The first approval brings the order and cannot pay it: then the no is heard, and the second one comes too late."""
        for cancels, approves in self.two():
            self.fresh()
            self.path, self.order = self.carried(self.account(self.BOTH))
            self.sign(approves, self.stick)
            self.sign(cancels, self.stick, "--decision", "cancel")
            self.sent()
            self.is_unpaid("CANC")

    def test_beside_another_order(self):
        """Each is heard by itself, and by its own policy."""
        for rules, status in ((self.EITHER, "ACSC"), (self.BOTH, "PATC")):
            self.fresh()
            made = [self.alice.new_order("order-%d.json" % i, account=self.account(r), amount="10.00",
                                         creditor={"account": PAYEE, "name": "EDP Comercial"})
                    for i, r in enumerate((self.EITHER, rules))]
            self.carry(*(path for path, _ in made))
            (_, self.order), (_, other) = made
            self.sign(self.alice, self.stick)
            self.sign(self.bob, self.stick, "--decision", "cancel", "--order", self.order["id"])
            self.sent("BUNDLE_NO_UNHEARD", "NOT_FOUND")
            self.is_unpaid()
            self.assertEqual((self.status(other), len(self.settlements(other))), (status, rules is self.EITHER))

    def said(self, holder, verb, line):
        """In a file of its own: a bundle, or a line."""
        path = self.bank.path("%s-%s.json" % (holder.name, verb))
        if line:
            policy = self.bank.path("policy")
            holder.run("policy", "--account", self.order["account"], "-o", policy, check=True)
            holder.run("sign", self.path, "--policy", policy, "--decision", verb, "-o", path, check=True)
        else:
            self.copy(os.path.basename(path))
            self.sign(holder, path, "--decision", verb)
        return path

    def test_a_no_in_another_file(self):
        """Before the approval's or behind it, and whatever each file is; another order goes its way."""
        for line_approves, line_cancels, no_first in itertools.product((False, True), repeat=3):
            with self.subTest(line_approves=line_approves, line_cancels=line_cancels, no_first=no_first):
                approval, no = self.said(self.alice, "approve", line_approves), self.said(self.bob, "cancel", line_cancels)
                pair = [no, approval] if no_first else [approval, no]
                done = self.sent("BUNDLE_NO_UNHEARD", "NOT_FOUND", files=pair)
                self.assertIn("the key %s says no" % self.keys["bob"], done.stdout)
                self.is_unpaid()
                self.bob.run("submit", self.path, check=True)
                held = self.order
                self.again()
                beside = self.said(self.bob, "approve", True)
                self.sent("ORDER_FINAL", files=[*pair, beside])
                self.is_paid()
                self.order = held
                self.is_unpaid("CANC")
            self.fresh()
            self.again()

    def test_a_no_before_what_hands_the_order_in(self):
        """Whatever file either is in: the order is there to be cancelled, and stays with nobody's word on it otherwise."""
        for line_submits, line_cancels, no_first in itertools.product((False, True), repeat=3):
            with self.subTest(line_submits=line_submits, line_cancels=line_cancels, no_first=no_first):
                submit, no = self.said(self.alice, "submit", line_submits), self.said(self.bob, "cancel", line_cancels)
                self.sent(files=[no, submit] if no_first else [submit, no])
                self.is_unpaid("CANC")
            self.fresh()
            self.again()

    def test_a_tab_in_a_line(self):
        """It is a blank there as any other, and hides no approval from a no."""
        approval, no = self.said(self.alice, "approve", True), self.said(self.bob, "cancel", False)
        line = self.bytes(approval).decode().strip()
        self.bank.write("hidden", line + "\t{}\n")
        self.sent("JSON_SYNTAX", "NOT_FOUND", files=[self.bank.path("hidden"), no])
        self.is_unpaid()
        self.bank.write("blanks", line.replace('"order":', '\t"order":\t') + "\t\n")
        self.sent("BUNDLE_NO_UNHEARD", "NOT_FOUND", files=[self.bank.path("blanks"), no])
        self.is_unpaid()
        self.sent(files=[self.bank.path("blanks")])
        self.is_paid()

    def test_where_the_answer_cannot_be_written(self):
        """On a disk that is full, or to a program that ended: whom an approval brings to the bank is told the no all the same."""
        account = self.account(self.BOTH)
        for closed in (False, True):
            self.fresh()
            made = [self.alice.new_order("order-%d.json" % i, account=account, amount="1.00",
                                         creditor={"account": PAYEE, "name": "EDP Comercial"}) for i in range(8)]
            self.carry(*(path for path, _ in made))
            self.sign(self.alice, self.stick)
            self.sign(self.bob, self.stick, "--decision", "cancel")
            self.alice.run("login", check=True)
            words = self.alice.words("send", "--json", self.stick)
            read, write = os.pipe()
            os.close(read)
            with open("/dev/full", "wb") as full:
                done = subprocess.run([os.path.join(BIN, words[0]), *words[1:]], env={**self.bank.env, **self.alice.env}, timeout=100,
                                      stdout=write if closed else full, stderr=subprocess.PIPE, text=True, check=False)
            os.close(write)
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertIn("countersign: IO: ", done.stderr)
            self.assertEqual([self.status(order) for _, order in made], ["CANC"] * 8)

    def test_nobody_says_no(self):
        self.sign(self.bob, self.stick)
        self.sent()
        self.is_paid()


if __name__ == "__main__":
    unittest.main(warnings="ignore")
