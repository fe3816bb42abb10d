# SPDX-License-Identifier: Apache-2.0
"""bankctl queue --watch and countersign orders --watch on a real terminal: tmux draws, the test reads its screen."""
import os
import shlex
import sqlite3
import subprocess
import tempfile
import time
import unittest

from bank import BIN, Bank, Key, Session, iban, joint, make_order
from holder import Holder

WAIT_SECONDS = 60  # a deadline, not a delay


class Screen:
    """A terminal of its own, in a tmux server of its own."""

    def __init__(self, case, env, words, width=140, height=24):
        self.dir = tempfile.TemporaryDirectory()
        self.tmux = ["tmux", "-S", os.path.join(self.dir.name, "tmux"), "-f", "/dev/null"]
        case.addCleanup(self.close)
        command = "%s; echo \"ended $?\"; exec cat" % " ".join(map(shlex.quote, words))
        self.run("new-session", "-d", "-x", str(width), "-y", str(height), "bash", "-c", command,
                 env={**os.environ, **env, "TERM": "screen-256color", "LC_ALL": "C.UTF-8"})
        self.run("set-option", "-g", "window-size", "manual")

    def run(self, *words, env=None):
        return subprocess.run([*self.tmux, *words], env=env, check=True, capture_output=True, text=True).stdout

    def close(self):
        subprocess.run([*self.tmux, "kill-server"], check=False, capture_output=True)
        self.dir.cleanup()

    def text(self, *options):
        return self.run("capture-pane", "-p", *options)

    def keys(self, *keys):
        self.run("send-keys", *keys)

    def until(self, what, *options):
        """The screen, once WHAT(text) holds."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not what(text := self.text(*options)):
            assert time.monotonic() < deadline, "the screen stayed:\n" + text
        return text

    def has(self, *words, without=()):
        return self.until(lambda text: all(w in text for w in words) and not any(w in text for w in without))


def age(bank, order, hours):
    store = sqlite3.connect(bank.path("bank.db"))
    store.execute("DROP TRIGGER IF EXISTS decision_kept")
    store.execute("UPDATE decision SET received_us = received_us - ? WHERE orders ="
                  " (SELECT id FROM orders WHERE order_id = ?)", (hours * 3600 * 1000000, order))
    store.commit()
    store.close()


class Queue(unittest.TestCase):
    def setUp(self):
        self.bank = Bank(bankd_settings="stream_ms = 1000\n")
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice, self.bob, self.account, self.payee, self.policy = joint(self.bank, "872.22")

    def enter(self, amount):
        order = make_order(self.account, self.payee, amount)
        self.assertEqual(self.alice.decide(order, self.policy).status, 201)
        return order["id"]

    def watch(self, *words, **options):
        return Screen(self, self.bank.env, [os.path.join(BIN, "bankctl"), "queue", "--watch", "--socket",
                                            self.bank.path("bankd.sock"), *words], **options)

    def test_rows_come_and_go_as_it_happens(self):
        screen = self.watch()
        screen.has("What waits in the bank", "0  live", "WAITS-FOR")
        first = self.enter("10.00")
        screen.has(first, "10.00", "alice", "1  live")
        second = self.enter("20.00")
        text = screen.has(second)
        self.assertLess(text.index(first), text.index(second))
        screen.keys("s")
        screen.until(lambda text: second in text and text.index(second) < text.index(first))
        screen.keys("/", "20.00", "Enter")
        screen.has(second, "1 with 20.00", without=[first])
        screen.keys("Escape")
        screen.has(first, second)
        screen.keys("G", "Enter")  # the mark stayed with the first, which is the last now
        screen.has("amount  10.00", "canDecide", "bob", "q: back", without=[second])
        screen.keys("q")
        screen.has(second, "WAITS-FOR")
        self.bob.decide(next_order(self.bank, self.account, second), self.policy)
        screen.has(first, "1  live", without=[second])
        screen.run("resize-window", "-x", "50", "-y", "12")
        screen.until(lambda text: len(text.splitlines()) <= 12 and "10.00" in text and "live" in text)
        screen.keys("q")
        screen.has("ended 0")

    def test_late_ones_are_painted(self):
        order = self.enter("10.00")
        for hours, colour in ((5, "\x1b[33m"), (20, "\x1b[31m")):
            age(self.bank, order, hours)  # once more
            screen = self.watch()
            screen.has(order)
            screen.keys("/", "Enter")
            other = make_order(self.account, self.payee, "1.00")
            self.alice.decide(other, self.policy)
            screen.has(other["id"])
            screen.keys("G")
            line = next(line for line in screen.text("-e").splitlines() if order in line)
            self.assertIn(colour, line)
            self.alice.decide(other, self.policy, "cancel")
            screen.keys("C-c")
            screen.has("ended 0")

    def test_the_bank_goes_and_comes_back(self):
        screen = self.watch()
        screen.has("0  live")
        self.bank.stop_bankd()
        screen.has("NO CONNECTION")
        self.alice.close()
        self.bank.start_bankd()
        order = self.enter("10.00")
        screen.has(order, "live")

    def test_names_cannot_draw(self):
        account = iban(77)
        screen = self.watch()
        screen.has("0  live")
        self.bank.operator("POST", "/v1/credits", {"account": account, "amount": "3.00", "currency": "EUR",
                                                   "debtorName": "Zo\u00eb \u6f22\u5b57", "reference": "R1"})
        screen.has("from Zo\u00eb \u6f22\u5b57", "3.00")

    def test_without_a_terminal(self):
        done = self.bank.ctl("queue", "--watch", check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("--watch needs a terminal", done.stderr)


def next_order(bank, account, identifier):
    return bank.operator("GET", "/v1/accounts/%s/orders/%s" % (account, identifier)).json["order"]


class Orders(unittest.TestCase):
    def setUp(self):
        self.bank = Bank(bankd_settings="stream_ms = 1000\n")
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice = Holder(self.bank, "alice")
        self.addCleanup(self.alice.close)
        self.alice.keys().enrol()
        self.bank.add_holder("bob", key := Key(self.bank.dir))
        self.bank.add_holder("edp", Key(self.bank.dir))
        self.account, self.payee = iban(1), iban(2)
        self.policy = self.bank.open_account(self.account, ["alice", "bob"], "100.00")
        self.bank.open_account(self.payee, ["edp"])
        self.alice.settings(self.account)
        self.bob = Session(self.bank, key)
        self.alice.run("login", check=True)

    def watch(self, *words):
        command = self.alice.words("orders", "--watch", *words)
        command[0] = os.path.join(BIN, command[0])
        return Screen(self, {**self.bank.env, **self.alice.env}, command, height=50)

    def test_a_holder_sees_what_comes(self):
        all_orders, waiting = self.watch(), self.watch("--waiting-for-me")
        all_orders.has("The account's orders", "live")
        waiting.has("What waits for your word", "0  live")
        order = make_order(self.account, self.payee, "7.00")
        self.bob.decide(order, self.policy)
        all_orders.has(order["id"], "PATC", "7.00")
        waiting.has(order["id"], "1  live")
        for screen in all_orders, waiting:  # as order status and order show have it, no raw members
            screen.keys("Enter")
            text = screen.has("Waits for     alice", "some approvals are still missing", "q: back", without=["givenApprovals", "creditor."])
            for line in self.alice.run("order", "show", order["id"], check=True).stdout.splitlines():
                self.assertIn(line, text)
            screen.keys("q")
            screen.has("Enter: show")
        self.bob.decide(order, self.policy, "cancel")
        all_orders.has(order["id"], "CANC")
        waiting.has("0  live", without=[order["id"]])
        self.bank.operator("POST", "/v1/holders/alice/keys/" + self.alice.json("token", "info")[0]["thumbprint"],
                           {"note": "as a test", "status": "suspended"})
        all_orders.has("SESSION_REQUIRED", "ended 1")

    def test_cash_that_nobody_decides(self):
        till = Holder(self.bank, "till-1")
        self.addCleanup(till.close)
        till.keys().enrol("terminal").settings(self.account)
        till.run("cash", "deposit", "--amount", "5.00", "--currency", "EUR", "--terminal", "till-1", "--yes", check=True)
        orders = self.watch()
        orders.has("cash-deposit at till-1", "1  live")
        orders.keys("Enter")
        orders.has("Terminal      till-1", "ACSC, settled", "q: back")


if __name__ == "__main__":
    unittest.main(verbosity=2)
