#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bankctl queue claim, release and the others, for one item and for many, by operators with tokens; real parts."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import bank as fixture  # noqa: E402
from enrolment import Newcomer  # noqa: E402
from holder import Operator, Terminal  # noqa: E402

NOTE = ("--note", "as a test")


class Selection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bank = fixture.Bank(bankd_settings="hold_above = 400.00 EUR\nfour_eyes = yes\n")
        cls.bank.__enter__()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.alice, cls.bob, cls.account, cls.payee, cls.policy = fixture.joint(cls.bank, "9000.00")
        cls.other = fixture.iban(3)
        cls.other_policy = cls.bank.open_account(cls.other, ["alice"], "900.00")
        cls.sven, cls.olga, cls.otto, cls.erin, cls.emma = (
            cls.operator(name) for name in ("sven", "olga", "otto", "erin", "emma"))
        for name, role in (("olga", "payments"), ("otto", "payments"), ("erin", "enrolment"), ("emma", "enrolment"),
                           ("sven", "security")):
            cls.bank.ctl("operator", "roles", name, "--role", role, "--note", "the first ones")

    @classmethod
    def operator(cls, name):
        operator = Operator(cls.bank, name)
        cls.addClassCleanup(operator.close)
        return operator.keys().settings(None).enrol("operator")

    def held(self, amount="500.00", status="PDNG"):
        order = fixture.make_order(self.account, self.payee, amount)
        self.alice.decide(order, self.policy)
        if status == "PDNG":
            self.assertEqual(self.bob.decide(order, self.policy).json["status"], status)
        return order["id"]

    def sweep(self):
        """Nothing of another test waits."""
        self.otto.ctl("queue", "reject", "--waiting", "bank", *NOTE, check=True)

    def status(self, order):
        return self.bank.operator("GET", "/v1/accounts/%s/orders/%s" % (self.account, order)).json["status"]

    def item(self, order):
        return "order:%s/%s" % (self.account, order)

    def test_many_with_one_pin(self):
        self.sweep()
        orders = [self.held("%d.00" % amount) for amount in (500, 501, 502)]
        done = self.olga.ctl("queue", "release", "--account", self.account, "--flag", "above-limit", *NOTE, check=True)
        self.assertEqual(done.stdout.splitlines(), ["%s  ACSC" % self.item(order) for order in orders])
        self.assertRegex(done.stderr, r"(?m)^3 items\n  1503\.00 EUR in 3\n  above-limit: 3 \(")
        self.assertNotIn("You sign", done.stderr)  # each by itself: the total was shown
        self.assertEqual([self.status(order) for order in orders], ["ACSC"] * 3)
        chosen = "queue", "release", "--account", self.account, "--flag", "above-limit", *NOTE
        self.assertEqual(self.olga.ctl(*chosen, check=True).stdout, "There is nothing.\n")
        self.assertEqual(self.olga.ctl(*chosen, "--json", check=True).stdout, "")

    def test_for_programs(self):
        """Each is one JSON object: what the bank answered, or why not."""
        self.sweep()
        order = self.held()
        done = self.olga.ctl("queue", "claim", "nothing", order, "--json", *NOTE)
        absent, claimed = (json.loads(line) for line in done.stdout.splitlines())
        self.assertEqual(absent, {"detail": "not one item of the queue has this name", "error": "NOT_FOUND", "item": "nothing"})
        self.assertEqual((claimed["item"], claimed["answer"]["claimedBy"]), (self.item(order), "olga"))
        self.assertEqual(done.returncode, 1)
        done = self.otto.ctl("queue", "release", order, "--json", *NOTE)
        self.assertEqual(json.loads(done.stdout), {"detail": "olga works on it", "error": "ITEM_CLAIMED", "item": self.item(order)})
        done = self.olga.ctl("queue", "release", order, "--json", *NOTE, check=True)
        self.assertEqual(json.loads(done.stdout)["answer"]["status"], "ACSC")

    def test_asked_once(self):
        """At a terminal: the total, a question, one PIN; without a yes nothing."""
        orders = [self.held() for _ in range(2)]
        words = self.otto.words("queue", "release", *orders, *NOTE, program="bankctl")
        with Terminal(words, {**self.bank.env, **self.otto.env}) as terminal:
            terminal.expect("PIN")  # for the session, too
            terminal.type(self.otto.pin + "\n")
            self.assertIn("2 items", terminal.expect("Release all of them? [y/N] "))
            terminal.type("n\n")
            status, rest = terminal.end()
            self.assertEqual((status, "NOT_CONFIRMED" in rest), (1, True), rest)
        self.assertEqual([self.status(order) for order in orders], ["PDNG"] * 2)
        with Terminal(words, {**self.bank.env, **self.otto.env}) as terminal:
            self.assertNotIn("PIN", terminal.expect("Release all of them? [y/N] "))
            terminal.type("y\n")
            terminal.expect("PIN")
            terminal.type(self.otto.pin + "\n")
            status, rest = terminal.end()
            self.assertEqual((status, rest.count("ACSC"), rest.count("PIN")), (0, 2, 0), rest)
        self.assertEqual([self.status(order) for order in orders], ["ACSC"] * 2)

    def test_claimed_by_another(self):
        order, other = self.held(), self.held()
        done = self.olga.ctl("queue", "claim", order, *NOTE, check=True)
        self.assertEqual(done.stdout, "%s  claimed\n" % self.item(order))
        done = self.otto.ctl("queue", "release", order, other, self.item(fixture.uuid7()), *NOTE)
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], "^%s/[0-9a-f-]+  refused: NOT_FOUND" % self.item("")[:-1])
        self.assertEqual(lines[1:], ["%s  refused: ITEM_CLAIMED, olga works on it" % self.item(order),
                                     "%s  ACSC" % self.item(other)])
        done = self.otto.ctl("order", "release", order, "--account", self.account, *NOTE)
        self.assertEqual((done.returncode, "olga works on it" in done.stderr), (1, True), done.stderr)
        self.assertRegex(self.bank.ctl("queue").stdout, r"(?m)olga +payment +%s" % order)
        self.olga.ctl("queue", "hand-over", order, "--to", "otto", *NOTE, check=True)
        self.otto.ctl("queue", "give-back", "--claimed-by", "otto", *NOTE, check=True)
        self.olga.ctl("queue", "comment", order, "--text", "rang, nobody there", check=True)
        self.assertIn("olga: rang, nobody there", self.bank.ctl("queue").stdout)
        self.assertIn("rang, nobody there", self.bank.ctl("order", "show", order, "--account", self.account).stdout)
        self.assertEqual(self.otto.ctl("queue", "reject", order, *NOTE, check=True).stdout, "%s  RJCT\n" % self.item(order))

    def test_held_by_one_released_by_another(self):
        order = self.held("5.00", "PATC")
        self.assertEqual(self.olga.ctl("queue", "hold", order, *NOTE, check=True).stdout, "%s  PATC\n" % self.item(order))
        shown = json.loads(self.bank.ctl("order", "show", order, "--account", self.account, "--json").stdout)
        self.assertEqual(self.bob.decide({**shown["order"]["order"]}, self.policy).json["status"], "PDNG")
        done = self.olga.ctl("queue", "release", order, *NOTE)
        self.assertEqual((done.returncode, "FOUR_EYES" in done.stdout), (1, True), done.stdout)
        self.otto.ctl("order", "release", order, "--account", self.account, *NOTE, check=True)
        self.assertEqual(self.status(order), "ACSC")
        done = self.sven.ctl("operator", "roles", "sven", "--role", "security", "--role", "payments", *NOTE)
        self.assertEqual((done.returncode, "FOUR_EYES" in done.stderr), (1, True), done.stderr)

    def test_changed_since_it_was_shown(self):
        """What changes between the total and the yes is refused; the rest goes on."""
        order, other = self.held("5.00", "PATC"), self.held()
        self.olga.ctl("queue", "hold", order, *NOTE, check=True)
        document = self.bank.operator("GET", "/v1/accounts/%s/orders/%s" % (self.account, order)).json["order"]
        self.otto.ctl("queue", "comment", other, "--text", "so that there is a session", check=True)
        words = self.otto.words("queue", "release", order, other, *NOTE, program="bankctl")
        with Terminal(words, {**self.bank.env, **self.otto.env}) as terminal:
            terminal.expect("Release all of them? [y/N] ")
            self.assertEqual(self.bob.decide(document, self.policy).json["status"], "PDNG")
            terminal.type("y\n")
            terminal.expect("PIN")
            terminal.type(self.otto.pin + "\n")
            status, rest = terminal.end()
        self.assertEqual(status, 1, rest)
        self.assertRegex(rest, r"%s  refused: ITEM_CHANGED" % self.item(order))
        self.assertRegex(rest, r"%s  ACSC" % self.item(other))
        self.assertEqual((self.status(order), self.status(other)), ("PDNG", "ACSC"))
        self.assertEqual(self.otto.ctl("queue", "release", order, *NOTE, check=True).stdout, "%s  ACSC\n" % self.item(order))

    def test_an_enrolment(self):
        """Whoever wants to be a holder waits with the rest, with his age; one operator works on him."""
        newcomer = Newcomer(self.bank, "Dora Example")
        item = "enrolment:" + newcomer.ask()
        row = r"(?m)^ *\d+[smh]  bank  .*Dora Example .* %s +enrolment +%s"
        self.assertRegex(self.bank.ctl("queue", "--waiting", "bank").stdout, row % ("-", newcomer.enrolment))
        self.assertEqual(self.erin.ctl("queue", "claim", newcomer.enrolment, *NOTE, check=True).stdout, item + "  claimed\n")
        done = self.emma.ctl("queue", "claim", item, *NOTE)
        self.assertEqual((done.returncode, done.stdout), (1, item + "  refused: ITEM_CLAIMED, erin works on it\n"))
        self.emma.ctl("queue", "comment", item, "--text", "the letter is blurred", check=True)
        text = self.bank.ctl("queue").stdout
        self.assertRegex(text, row % ("erin", newcomer.enrolment))
        self.assertIn("emma: the letter is blurred", text)
        done = self.olga.ctl("queue", "release", item, *NOTE)
        self.assertEqual((done.returncode, "it is no order" in done.stdout), (1, True), done.stdout)
        self.erin.ctl("queue", "give-back", "--claimed-by", "erin", *NOTE, check=True)
        self.emma.ctl("queue", "claim", item, *NOTE, check=True)
        self.assertRegex(self.bank.ctl("queue").stdout, row % ("emma", newcomer.enrolment))

    def test_an_id_that_two_accounts_use(self):
        """Ids are the holders': one cannot have another's order released beside his own."""
        order = self.held()
        twin = fixture.make_order(self.other, self.payee, "600.00", id=order)
        self.assertEqual(self.alice.decide(twin, self.other_policy).json["status"], "PDNG")
        done = self.olga.ctl("queue", "release", order, *NOTE)
        self.assertEqual((done.returncode, "NOT_FOUND" in done.stdout), (1, True), done.stdout)
        self.assertEqual(self.status(order), "PDNG")
        done = self.olga.ctl("queue", "reject", self.item(order), *NOTE, check=True)
        self.assertEqual(done.stdout, "%s  RJCT\n" % self.item(order))

    def test_what_it_refuses(self):
        for words in (("release",), ("claim", "--flag", "nothing"), ("hold", "--waiting", "nobody")):
            done = self.olga.ctl("queue", *words, *NOTE)
            self.assertEqual((done.returncode, done.stdout, "USAGE" in done.stderr), (2, "", True), done.stderr)
        order = self.held()
        done = self.olga.ctl("queue", "release", order)
        self.assertEqual((done.returncode, "--note is missing" in done.stderr), (2, True), done.stderr)
        self.assertEqual(self.status(order), "PDNG")


if __name__ == "__main__":
    unittest.main()
