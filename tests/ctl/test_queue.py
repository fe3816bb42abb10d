#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bankctl queue and order show against a real bank: an order that the bank holds, one that lacks a vote, one for a day to come,
one in the outbox, a credit in suspense, a new policy; at the console and by an operator with a token."""
import datetime
import json
import os
import pathlib
import pty
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import bank as fixture  # noqa: E402
import policy_change  # noqa: E402
from holder import Operator  # noqa: E402

ELSEWHERE, NOBODY = "NL91ABNA0417164300", fixture.iban(999)
AGE = r"\d+[sm]"
MANY = 1000
AMBER, RED, PLAIN = "\033[33m", "\033[31m", "\033[0m"


def queued(pid):
    """The seconds that a program's threads were ready to run and did not; 0 where Linux does not say."""
    return sum(int(path.read_text(encoding="ascii").split()[1])
               for path in pathlib.Path("/proc/%d/task" % pid).glob("*/schedstat")) / 1e9


class Queue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bank = fixture.Bank(bankd_settings="hold_above = 400.00 EUR\nbank_codes = PT 0002\n")
        cls.bank.__enter__()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.alice, cls.bob, cls.account, cls.payee, cls.policy = fixture.joint(cls.bank, "2000.00")
        cls.documents = {}
        cls.open = cls.order("PATC", cls.payee, "77.78", signers=[cls.alice])
        cls.held = cls.order("PDNG", cls.payee, "500.00")
        day = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=20)
        cls.dated = cls.order("ACCP", cls.payee, "9.00", date=day.strftime("%Y-%m-%d"), lifetime=86400)
        cls.sent = cls.order("ACSP", ELSEWHERE, "10.00")
        cls.order("ACSC", cls.payee, "1.00")  # over: nobody waits for it
        cls.credit = cls.suspend("7.00", "E-1")
        new = {**cls.policy, "title": "The second", "version": 2}
        answer = policy_change.send(cls.alice, new, policy_change.word(cls.alice.key, new, cls.policy))
        assert answer.json["status"] == "pending", answer

    @classmethod
    def order(cls, status, payee, amount, signers=None, **members):
        order = fixture.make_order(cls.account, payee, amount, **members)
        for session in signers or (cls.alice, cls.bob):
            answer = session.decide(order, cls.policy)
        assert answer.json["status"] == status, answer
        cls.documents[order["id"]] = order
        return order["id"]

    @classmethod
    def suspend(cls, amount, reference):
        answer = cls.bank.operator("POST", "/v1/credits", {"account": NOBODY, "amount": amount, "currency": "EUR",
                                                           "debtorName": "Uncle Toby", "reference": reference})
        assert answer.json["state"] == "suspense", answer
        return str(answer.json["id"])

    def rows(self, *words):
        """By whom it waits for and what it is; the title and what is behind it."""
        lines = self.bank.ctl("queue", *words).stdout.splitlines()
        return lines[0].split(), lines[1:]

    def ids(self, *words):
        return [one["id"] for one in json.loads(self.bank.ctl("queue", *words, "--json").stdout)["items"]]

    def test_1_the_table(self):
        title, lines = self.rows()
        self.assertEqual(title, ["AGE", "WAITS-FOR", "AMOUNT", "CURRENCY", "PAYEE", "FLAGS", "SIGNED", "MISSING", "DAY",
                                 "CLAIMED", "KIND", "ID", "ACCOUNT", "COMMENT"])
        self.assertEqual(len(lines), 6)
        common, text = r"%s EUR +EDP Comercial +%s +", "\n".join(lines)
        for row in (r"holders +" + common % ("77.78", "-") + r"alice +bob +- +- +payment +%s" % self.open,
                    r"bank +" + common % ("500.00", "above-limit") + r"alice bob +- +- +- +payment +%s" % self.held,
                    r"time +" + common % ("9.00", "-") + r"alice bob +- +20\d\d-\d\d-\d\d +- +payment +%s" % self.dated,
                    r"other-bank +" + common % ("10.00", "-") + r"alice bob +- +- +- +payment +%s" % self.sent):
            self.assertRegex(text, r"(?m)^ *%s +%s +%s +-$" % (AGE, row.replace(" EUR", " +EUR"), self.account))
        self.assertRegex(text, r"(?m)^ *%s +bank +7\.00 +EUR +from Uncle Toby +- +- +- +- +- +credit +%s +%s +-$" % (
            AGE, self.credit, NOBODY))
        self.assertRegex(text, r"(?m)^ *%s +holders +- +- +- +- +alice +bob +- +- +policy +[0-9a-f]{16} +%s +-$" % (AGE, self.account))

    def test_2_which(self):
        everything = self.ids()
        self.assertEqual(everything[:5], [self.open, self.held, self.dated, self.sent, self.credit])
        for waiting, expected in (("bank", [self.held, self.credit]), ("holders", [self.open, everything[5]]),
                                  ("time", [self.dated]), ("other-bank", [self.sent])):
            self.assertEqual(self.ids("--waiting", waiting), expected)
        self.assertEqual(self.ids("--account", NOBODY), [self.credit])
        self.assertEqual(self.ids("--account", self.payee), [])
        self.assertEqual(self.ids("--sort", "amount"),
                         [self.held, self.open, self.sent, self.dated, self.credit, everything[5]])
        self.assertEqual(self.ids("--sort", "age"), everything)

    def test_3_what_it_refuses(self):
        for words in (("--waiting", "banks"), ("--waiting", "bank&cursor=1"), ("--sort", "name"), ("--amber", "4"),
                      ("--red", "-1h"), ("--account", "x")):
            done = self.bank.ctl("queue", *words, check=False)
            self.assertIn("bankctl: IBAN_" if "x" in words else "bankctl: USAGE", done.stderr)
            self.assertEqual((done.returncode, done.stdout), (1 if "x" in words else 2, ""))
        self.assertEqual(self.alice.get("/v1/queue").name, "ROLE_REQUIRED")
        self.assertEqual(self.bank.operator("GET", "/v1/queue?waiting=nobody").name, "USAGE")

    def shown(self, *words, **env):
        """What bankctl writes to a terminal."""
        leader, follower = pty.openpty()
        program = os.path.join(fixture.BIN, "bankctl")
        # pylint: disable-next=consider-using-with
        child = subprocess.Popen([program, "queue", "--socket", self.bank.path("bankd.sock"), *words], stdout=follower,
                                 stdin=subprocess.DEVNULL, env={**os.environ, **self.bank.env, "TERM": "xterm", **env})
        os.close(follower)
        text = b""
        try:
            while chunk := os.read(leader, 65536):
                text += chunk
        except OSError:  # how Linux says that the other end is closed
            pass
        os.close(leader)
        self.assertEqual(child.wait(60), 0, text)
        return text.decode()

    def test_4_late_ones_are_painted(self):
        for words, colour in ((("--amber", "0s"), AMBER), (("--amber", "0s", "--red", "0s"), RED)):
            text = self.shown(*words)
            painted = [line for line in text.splitlines() if colour in line]
            self.assertEqual((len(painted), text.count(PLAIN)), (5, 5), text)  # not what waits for its day
            self.assertNotIn(self.dated, "".join(painted))
            self.assertNotIn("\033", self.shown(*words, NO_COLOR="1"))
            self.assertNotIn("\033", self.bank.ctl("queue", *words).stdout)
        self.assertNotIn("\033", self.shown())  # nothing is four hours old

    def show(self, order, *words):
        return self.bank.ctl("order", "show", order, "--account", self.account, *words).stdout

    def signed(self, order):
        """As everybody can compute it, with the indent of a value."""
        text = fixture.display(self.documents[order], self.policy, "approve")
        return "".join(" " * 14 * bool(line.strip()) + line for line in text.splitlines(True))

    def test_5_one_order(self):
        text = self.show(self.held)
        self.assertEqual(text.count(self.signed(self.held)), 1)  # of the second one: the same text
        for person in (self.alice, self.bob):
            self.assertRegex(text, r"approve at 20\S+Z with the key %s\n" % person.key.thumbprint)
        for row in (r"Status +PDNG\n +held for above-limit\nSigned +alice: approve", r"the same text\nChecked +the signatures are good: 2 of decisions and cash, 0 of the bank's operators\n"
                    r" +under the bank's own, unpinned root key [-\w]{43}, which vouches for whose each key is\n"
                    r"Policy +1, All holders; rule 1 asks for one of:\n +2 of alice, bob\n",
                    r"Timeline +20\S+Z  decision -> RCVD ACTC PATC by alice\n +20\S+Z  decision -> ACCP by bob\n"
                    r" +20\S+Z  held -> PDNG for above-limit\nLedger +nothing moved; 500.00 EUR are reserved\n$"):
            self.assertRegex(text, row)
        self.assertRegex(self.show(self.open), r"Status +PATC\n +missing: bob\n")
        self.assertRegex(self.show(self.sent), r"Ledger +movement \d+, 10.00 EUR from %s to %s\n$" % (self.account, ELSEWHERE))
        self.assertIn("\n%sunder the pinned root key %s, " % (" " * 14, self.bank.pin), self.show(self.held, "--bank-key", self.bank.pin))
        parts = json.loads(self.show(self.open, "--json"))
        self.assertEqual(parts["proof"], {"bankKey": self.bank.pin, "bankKeyPinned": False, "verdict": "OK"})
        self.assertEqual(parts["order"]["order"], self.documents[self.open])
        done = self.bank.ctl("order", "show", fixture.uuid7(), "--account", self.account, check=False)
        self.assertEqual((done.returncode, done.stdout, "NOT_FOUND" in done.stderr), (1, "", True), done.stderr)

    def timed(self, *words):
        """What bankctl says, and how long it took beside the time that it or the bank waited for a processor."""
        args = [os.path.join(fixture.BIN, "bankctl"), *words, "--socket", self.bank.path("bankd.sock")]
        before, start = queued(self.bank.bankd.pid), time.monotonic()
        with subprocess.Popen(args, stdout=subprocess.PIPE, env=self.bank.env, text=True) as child:
            text = child.stdout.read()
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            took = time.monotonic() - start - queued(child.pid) - (queued(self.bank.bankd.pid) - before)
        self.assertEqual(child.returncode, 0)
        return text, took

    def test_8_a_thousand(self):
        """Every page, each item once, in less than a second: the best of three, the machine has other work."""
        for number in range(MANY):
            self.suspend("%d.00" % (number + 1), "M-%d" % number)
        took = []
        for _ in range(3):
            text, seconds = self.timed("queue", "--waiting", "bank")
            took.append(seconds)
        self.assertEqual(len(text.splitlines()), 1 + 2 + MANY)
        self.assertLess(min(took), 1.0, took)
        ids = self.ids("--waiting", "bank")
        self.assertEqual((len(ids), len(set(ids))), (2 + MANY, 2 + MANY))

    def test_9_by_an_operator(self):
        """Whatever role he has; without one, no."""
        vera = Operator(self.bank, "vera")
        self.addCleanup(vera.close)
        vera.keys().settings(None).enrol("operator")
        done = vera.ctl("queue")
        self.assertEqual((done.returncode, "ROLE_REQUIRED" in done.stderr), (1, True), done.stderr)
        self.bank.ctl("operator", "roles", "vera", "--role", "viewer", "--note", "as a test")
        for words in (("--waiting", "holders"), ("--waiting", "bank", "--account", self.account)):
            done = vera.ctl("queue", *words, "--json", check=True)
            self.assertEqual([one["id"] for one in json.loads(done.stdout)["items"]], self.ids(*words))
        self.assertIn(self.held, done.stdout)
        done = vera.ctl("order", "show", self.sent, "--account", self.account, check=True)
        self.assertIn(self.signed(self.sent), done.stdout)


if __name__ == "__main__":
    unittest.main()
