# SPDX-License-Identifier: Apache-2.0
"""A bank that has the pinned root key, and lies: what the holder's program then shows, believes and
signs."""
import hashlib
import json
import os
import select
import subprocess
import tempfile
import threading
import time
import unittest

import application as ap
from bank import BIN, SOFTHSM, canon, make_order, unb64
from holder import Holder
from liar import CHALLENGE, MINE, OTHER, PAYEE, Liar, OnSocket, policy

# What turns the direction, joins, hides or ends a line: no letter of any text.
UNSEEN = "\u202e\u2066\u200b\u200f\u2060\ufeff\u00ad\ufe0f\u2028\u2029\u061c\u3164\U000e0041"


class Lies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bank = Liar()
        cls.addClassCleanup(cls.bank.close)
        cls.alice = Holder(cls.bank, "alice").keys()
        cls.addClassCleanup(cls.alice.close)
        cls.alice.settings(MINE)

    def setUp(self):
        self.bank.asked.clear()
        self.bank.answers = {
            ("POST", "/v1/challenges"): {"challenge": CHALLENGE, "expires": "2099-01-01T00:00:00Z"},
            ("POST", "/v1/login"): {"expires": "2099-01-01T00:00:00Z", "holder": "alice", "idleSeconds": 300},
            ("GET", "/v1/accounts/%s/policy" % MINE): {"policy": policy(MINE)},
            ("GET", "/v1/accounts/%s/policy" % OTHER): {"policy": policy(OTHER)},
        }
        self.alice.run("login", check=True)
        self.bank.asked.clear()

    def asks_for(self, order, shown=None, under=None):
        """The bank offers ORDER under this id, or, of an honest one, SHOWN's; to decide under the policy UNDER."""
        order_id = (shown or order)["id"]
        self.bank.answers["GET", "/v1/accounts/%s/orders/%s" % (MINE, order_id)] = {
            "order": order, "policy": under or policy(MINE)}
        return order_id

    def waits(self, *orders):
        """The bank says that these wait for Alice."""
        self.bank.answers["GET", "/v1/orders/waiting"] = {
            "orders": [{"flags": [], "order": order, "policy": policy(order["account"])} for order in orders]}

    def refused(self, done, name, code=1):
        self.assertEqual(done.returncode, code, done)
        self.assertIn("countersign: %s: " % name, done.stderr)
        self.signed_nothing()

    def signed_nothing(self):
        self.assertFalse([one for one in self.bank.asked if one[1] == "/v1/decisions"])

    def test_an_honest_answer_is_signed(self):
        """The other tests' refusals come from the lie alone."""
        order = make_order(MINE, PAYEE)
        self.alice.run("approve", self.asks_for(order))
        (sent,) = [json.loads(body) for _, path, body in self.bank.asked if path == "/v1/decisions"]
        self.assertEqual(sent["order"], order)
        claims = json.loads(unb64(sent["decision"].split(".")[1]))
        self.assertEqual((claims["order"], claims["decision"]), (order["id"], "approve"))

    def test_another_order(self):
        order, other = make_order(MINE, PAYEE), make_order(MINE, PAYEE, amount="99.00")
        self.refused(self.alice.run("approve", self.asks_for(other, shown=order)), "ORDER_MISMATCH")

    def test_yes_before_the_question(self):
        """Typed while the bank was still about to say what it is about."""
        self.alice.run("logout", check=True)
        order = make_order(MINE, PAYEE)
        path = "/v1/accounts/%s/orders/%s" % (MINE, self.asks_for(order))
        with self.alice.terminal("approve", order["id"]) as terminal:
            self.bank.answers["GET", path] = lambda: terminal.type("y\n") or {"order": order, "policy": policy(MINE)}
            terminal.expect("to log in: ")
            terminal.type("1234\n")
            terminal.expect("Sign this? [y/N] ")
            terminal.type("n\n")
            status, seen = terminal.end()
        self.assertEqual(status, 1, seen)
        self.assertIn("NOT_CONFIRMED", seen)
        self.signed_nothing()

    def test_a_text_that_nobody_can_read(self):
        order = self.asks_for(make_order(MINE, PAYEE))
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.assertEqual(self.silent("approve", order, stderr=full), 4)
        self.assertEqual(self.silent("approve", order, preexec_fn=lambda: os.close(2)), 4)
        self.signed_nothing()

    def test_a_disk_that_is_full(self):
        """What was done is done; that nobody can read of it is said."""
        order = self.bank.path("full.json")
        with open(order, "wb") as f:
            f.write(canon(make_order(MINE, PAYEE)))
        for program, *words in (("countersign", "token", "list", "--module", SOFTHSM),
                                ("countersign", "token", "list", "--module", SOFTHSM, "--json"),
                                ("countersign", "--help"), ("countersign", "sign", "--version"),
                                ("countersign-verify", "order", order), ("countersign-verify", "order", "--help"),
                                ("bankctl", "--version"), ("bankctl", "queue", "--help"),
                                ("bankd", "--help"), ("bankd", "--version")):
            with open("/dev/full", "w", encoding="utf-8") as full, self.subTest([program, *words]):
                for place in {"stdout": full}, {"preexec_fn": lambda: os.close(1)}:
                    done = subprocess.run([os.path.join(BIN, program), *words], env=self.bank.env, stderr=subprocess.PIPE,
                                          text=True, timeout=60, check=False, **place)
                    self.assertEqual(done.returncode, 4)
                    self.assertIn(program + ": IO: ", done.stderr)
                    self.assertEqual("what was to be done is done" in done.stderr, words[0] == "token")

    def silent(self, *words, **options):
        read, write = os.pipe()
        os.write(write, b"1234\n")
        os.close(write)
        args = self.alice.words(*words) + ["--pin-fd", str(read)]
        done = subprocess.run([os.path.join(BIN, args[0]), *args[1:]], env={**self.bank.env, **self.alice.env},
                              pass_fds=[read], stdout=subprocess.DEVNULL, timeout=60, check=False, **options)
        os.close(read)
        return done.returncode

    def test_no_core_dump_of_the_session_key(self):
        """Also where no PIN is asked for."""
        started, limits = threading.Event(), []

        def look():
            started.wait(60)
            with open("/proc/%d/limits" % terminal.pid, encoding="ascii") as f:
                limits.extend(line.split()[4:6] for line in f if line.startswith("Max core file size"))
            return {"account": MINE}

        self.bank.answers["GET", "/v1/accounts/" + MINE] = look
        with self.alice.terminal("balance") as terminal:
            started.set()
            self.assertEqual(terminal.end()[0], 0)
        self.assertEqual(limits, [["0", "0"]])

    def statement(self, amount="-1.00", **members):
        """One movement of AMOUNT from 3.00 to 2.00."""
        row = {"amount": amount, "balance": "2.00", "category": "other", "description": "x", "id": 1,
               "time": "2026-11-22T10:00:00Z"}
        self.bank.answers["GET", "/v1/accounts/%s/statement" % MINE] = {
            "account": MINE, "closing": "2.00", "currency": "EUR", "movements": [row], "opening": "3.00", **members}

    def test_a_statement_that_does_not_add_up(self):
        """Nothing of it is printed, in no form."""
        self.statement()
        self.assertIn("Closing       2.00 EUR", self.alice.run("statement", check=True).stdout)
        lies = [("LEDGER_CONTRADICTION", {"amount": "-1.01"}), ("LEDGER_CONTRADICTION", {"amount": "1.00"}),
                ("LEDGER_CONTRADICTION", {"movements": []}), ("LEDGER_CONTRADICTION", {"opening": "3.01"}),
                ("UNAVAILABLE", {"account": OTHER}), ("UNAVAILABLE", {"amount": "\u001b[31m-1.00"}),
                ("UNAVAILABLE", {"closing": "-0x2"}), ("UNAVAILABLE", {"currency": "XXX"})]
        for name, lie in lies:
            for form in ((), ("--csv",), ("--json",)):
                with self.subTest(lie=lie, form=form):
                    self.statement(**lie)
                    done = self.alice.run("statement", *form)
                    self.refused(done, name, 4)
                    self.assertNotIn("2.00", done.stdout)

    def test_a_list_without_end(self):
        self.statement(next="1-1", movements=[])
        self.refused(self.alice.run("statement"), "UNAVAILABLE", 4)
        self.bank.answers["GET", "/v1/accounts/%s/expenses" % MINE] = {
            "account": MINE, "currency": "EUR", "expenses": [], "next": "1-1"}
        self.refused(self.alice.run("expenses"), "UNAVAILABLE", 4)

    def applications(self, **told):
        """The bank says that this waits for Alice; one that it tells of by itself is TOLD."""
        whole = ap.make("alice", "bob")
        row = {"application": ap.name(whole), "currency": "EUR", "decisions": [], "expires": "2099-01-01T00:00:00Z",
               "missing": ["alice"], "received": "2026-01-01T00:00:00Z", "status": "waiting", "title": "Household", **told}
        self.bank.answers["GET", "/v1/applications"] = {"applications": [row]}
        self.bank.answers["GET", "/v1/applications/" + ap.name(whole)] = {**row, "document": whole}
        return whole

    def test_an_honest_application_is_signed(self):
        whole = self.applications()
        self.alice.run("application", "sign", ap.name(whole)[:8])
        self.assertIn("/v1/applications", [path for method, path, _ in self.bank.asked if method == "POST"])

    def test_another_application(self):
        """The document is the one that was asked for, and what the bank tells is about another."""
        other = ap.make("alice", "bob")
        whole = self.applications(application=ap.name(other))
        for verb in ("show", "sign", "withdraw"):
            done = self.alice.run("application", verb, ap.name(whole))
            self.refused(done, "APPLICATION_MISMATCH")
            self.assertEqual(done.stdout, "")
        self.bank.answers["GET", "/v1/applications/" + ap.name(whole)]["document"] = other
        self.refused(self.alice.run("application", "sign", ap.name(whole)), "APPLICATION_MISMATCH")
        self.assertFalse([one for one in self.bank.asked if one[0] == "POST" and one[1] == "/v1/applications"])

    def test_applications_that_would_write_to_the_terminal(self):
        evil = "\u001b]0;x\u0007" + UNSEEN
        for name in (evil, evil + "0" * (64 - len(evil))):
            self.applications(application=name, title=evil, missing=[evil], expires=evil)
            said = self.alice.run("application", "list", check=True).stdout
            self.assertRegex(said, r"(?m)^\? {15}  ")
            self.assertFalse(set(said) & set("\u001b\u0007" + UNSEEN), said)

    def test_names_that_are_none(self):
        for nobody in (1, None, {}, ["alice"]):
            whole = self.applications(missing=[nobody, "bob"])
            for words in (("list",), ("show", ap.name(whole))):
                self.assertIn(", bob", self.alice.run("application", *words, check=True).stdout)
            order = make_order(MINE, PAYEE)
            self.bank.answers["GET", "/v1/accounts/%s/orders/%s" % (MINE, order["id"])] = {
                "canDecide": [nobody, "bob"], "order": order, "status": "PATC"}
            self.assertIn("Waits for     , bob\n", self.alice.run("order", "status", order["id"], check=True).stdout)

    def test_commands_that_the_bank_makes_up(self):
        """What is offered to be pasted into a shell has an order's id in it, or is not offered."""
        order = make_order(MINE, PAYEE)
        for told in (order["id"], order["id"] + "; touch /tmp/x", "$(touch /tmp/x)", ""):
            self.bank.answers["GET", "/v1/accounts/%s/orders/%s" % (MINE, order["id"])] = {
                "canDecide": ["alice"], "order": {**order, "id": told}, "status": "PATC"}
            said = self.alice.run("order", "status", order["id"], check=True).stdout
            self.assertEqual("countersign approve %s (or reject)\n" % told in said, told == order["id"], said)
            self.assertEqual(said.count("countersign approve "), told == order["id"], said)

    def test_a_letter_with_the_banks_words_in_it(self):
        """What the newcomer brings to the counter says nothing that the bank made up."""
        request, name = "A" * 43, "Alice Example"
        self.alice.settings(MINE, name=name, enrolment=request, enrolment_key=self.bank.pin)
        self.addCleanup(self.alice.settings, MINE)
        for wanted, code in (("alice", 0), ("x\nMy key      AAAA", 4), ("\u001b[2J", 4), ("a" * 40, 4)):
            self.bank.answers["GET", "/v1/enrolments/" + request] = {
                "expires": "2099-01-01T00:00:00Z", "name": name, "status": "waiting", "thumbprint": self.bank.pin, "wanted": wanted}
            directory = tempfile.TemporaryDirectory()
            self.addCleanup(directory.cleanup)
            done = self.alice.run("enrol", "--again", "--letter", directory.name)
            self.assertEqual(done.returncode, code, done)
            self.assertEqual(bool(os.listdir(directory.name)), code == 0)

    def pages(self, route, *pages):
        """One after the other, then from the first again."""
        rest = []
        def give():
            if not rest:
                rest.extend(pages)
            return rest.pop(0)
        self.bank.answers["GET", "/v1/accounts/%s/%s" % (MINE, route)] = give

    def test_a_statement_whose_rows_have_other_balances(self):
        """The amounts add up; the balance beside them is what no movement led to."""
        row = {"amount": "-1.00", "balance": "7777.77", "category": "other", "description": "x", "id": 1,
               "time": "2026-11-22T10:00:00Z"}
        for form in ((), ("--csv",), ("--json",)):
            with self.subTest(form=form):
                self.statement(movements=[row])
                done = self.alice.run("statement", *form)
                self.refused(done, "LEDGER_CONTRADICTION", 4)
                self.assertNotIn("7777.77", done.stdout)

    def test_a_statement_of_another_period(self):
        for period in ({}, {"from": "2026-11-01"}, {"from": "2026-10-01", "to": "2026-10-31"}):
            with self.subTest(period=period):
                self.statement(**period)
                done = self.alice.run("statement", "--from", "2026-11-01", "--to", "2026-11-30")
                self.refused(done, "UNAVAILABLE", 4)

    def test_a_second_page_about_something_else(self):
        def page(number, balance, **members):
            row = {"amount": "-1.00", "balance": balance, "category": "other", "description": "x", "id": number,
                   "time": "2026-11-22T10:00:00Z"}
            return {"account": MINE, "closing": "1.00", "currency": "EUR", "movements": [row], "opening": "3.00", **members}
        self.pages("statement", page(1, "2.00", next="1-2"), page(2, "1.00"))
        self.alice.run("statement", check=True)
        for lie in ({"account": OTHER}, {"currency": "USD"}):
            with self.subTest(lie=lie):
                self.pages("statement", page(1, "2.00", next="1-2"), page(2, "1.00", **lie))
                self.refused(self.alice.run("statement"), "UNAVAILABLE", 4)

    def test_pages_in_two_currencies(self):
        def sums(currency, amount, **members):
            return {"account": MINE, "currency": currency, "expenses": [
                {"amount": amount, "category": "other", "count": 1, "month": "2026-11"}], **members}
        self.pages("expenses", sums("EUR", "10.00", next="1-2"), sums("JPY", "5"))
        self.refused(self.alice.run("expenses"), "UNAVAILABLE", 4)

    def test_sums_of_many_pages(self):
        """The same month comes again in each; more of them than anybody has are refused."""
        def page(first, count, **members):
            return {"account": MINE, "currency": "EUR", "expenses": [
                {"amount": "0.0%d" % (1 + n % 2), "category": "c%05d" % n, "count": 2, "month": "2026-11"}
                for n in reversed(range(first, first + count))], **members}
        self.pages("expenses", *(page(0, 150, next="%d" % n) for n in range(1, 4)), page(100, 150))
        said = self.alice.run("expenses", "--csv", check=True).stdout.splitlines()[1:]
        times = [3] * 100 + [4] * 50 + [1] * 100
        self.assertEqual(said, ["2026-11,c%05d,%d,0.%02d,EUR" % (n, 2 * times[n], times[n] * (1 + n % 2))
                                for n in range(250)])
        self.pages("expenses", *(page(25000 * n, 25000, next="%d" % (n + 1)) for n in range(6)))
        self.refused(self.alice.run("expenses"), "TOO_LARGE", 1)

    def test_empty_pages_in_turns(self):
        """Two cursors in turns lead nowhere either; here the bank tires after a hundred pages."""
        empty = {"account": MINE, "currency": "EUR", "expenses": []}
        self.pages("expenses", *({**empty, "next": "%d-9" % (1 + n % 2)} for n in range(100)), empty)
        self.refused(self.alice.run("expenses"), "UNAVAILABLE", 4)
        self.assertLess(len(self.bank.asked), 20)

    def test_a_cursor_of_a_million_numbers(self):
        """Each is what it was, so that the next one decides."""
        self.pages("expenses", {"account": MINE, "currency": "EUR", "expenses": [], "next": "0." * (3 << 20)})
        self.refused(self.alice.run("expenses"), "UNAVAILABLE", 4)

    def test_more_payments_than_can_be_counted(self):
        row = {"amount": "0.01", "category": "other", "count": (1 << 53) - 1, "month": "2026-11"}
        self.bank.answers["GET", "/v1/accounts/%s/expenses" % MINE] = {
            "account": MINE, "currency": "EUR", "expenses": [row] * 1100}
        done = self.alice.run("expenses", "--csv")
        self.assertNotIn("runtime error", done.stderr)
        self.refused(done, "UNAVAILABLE", 4)

    def test_movements_that_would_write_to_the_terminal(self):
        evil = "\u001b[2J" + UNSEEN + "caf\u00e9"
        row = {"amount": evil, "balance": evil, "category": evil, "description": evil, "id": 1, "name": evil, "time": evil}
        self.bank.answers["GET", "/v1/accounts/%s/movements" % MINE] = {"currency": evil, "movements": [row]}
        for form in ((), ("--csv",)):
            said = self.alice.run("movements", *form, check=True).stdout
            self.assertIn("?[2J" + "?" * len(UNSEEN) + "caf\u00e9", said)
            self.assertFalse(set(said) & set("\u001b" + UNSEEN), said)

    def test_documents_have_no_unseen_letters(self):
        """FORMAT.md 3: nothing of such a document is shown, and it is not signed."""
        for c in UNSEEN:
            order = make_order(MINE, PAYEE, description="rent %s for May" % c)
            self.refused(self.alice.run("approve", self.asks_for(order)), "TEXT_INVALID")
            honest = make_order(MINE, PAYEE)
            under = policy(MINE, title="Household %s both" % c)
            self.refused(self.alice.run("approve", self.asks_for(honest, under=under)), "TEXT_INVALID")

    def test_a_bank_whose_refusal_runs_backwards(self):
        self.bank.answers["GET", "/v1/accounts/" + MINE] = 403, {"detail": "no" + UNSEEN + "way", "name": "ROLE_REQUIRED"}
        said = self.alice.run("balance").stderr
        self.assertIn("no" + "?" * len(UNSEEN) + "way", said)
        self.bank.answers["GET", "/v1/accounts/%s/orders" % MINE] = {"orders": [
            {"order": make_order(MINE, PAYEE), "status": "PATC" + UNSEEN}]}
        self.assertIn("PATC?", self.alice.run("orders", check=True).stdout)

    def test_a_watched_list_whose_rows_run_backwards(self):
        self.bank.answers["GET", "/v1/accounts/%s/orders" % MINE] = {"orders": [
            {"order": {**make_order(MINE, PAYEE), "creditor": {"account": PAYEE, "name": "caf\u00e9" + UNSEEN}},
             "status": "PATC"}]}
        with self.alice.terminal("orders", "--watch") as terminal:
            seen = terminal.expect("caf\u00e9" + "?" * len(UNSEEN))
            self.assertFalse(set(seen) & set(UNSEEN), seen)
            terminal.type("q")
            self.assertEqual(terminal.end()[0], 0)

    def test_an_order_of_another_account(self):
        """The same id and the holder's own other account: ids are unique per account only."""
        order = make_order(OTHER, PAYEE)
        self.refused(self.alice.run("approve", self.asks_for(order)), "ACCOUNT_MISMATCH")

    def test_a_policy_of_another_account(self):
        order = self.asks_for(make_order(MINE, PAYEE), under=policy(OTHER))
        self.refused(self.alice.run("approve", order), "ACCOUNT_MISMATCH")

    def test_a_policy_in_which_fewer_decide(self):
        """Title and version are as ever; who must approve is shown beside them."""
        for holders in (["alice", "bob"], ["alice"]):
            order = self.asks_for(make_order(MINE, PAYEE), under=policy(MINE, holders))
            done = self.alice.run("order", "show", order, check=True)
            self.assertIn("\nBy this policy all of these must approve: %s.\n" % ", ".join(holders), done.stdout)

    def test_what_waits_is_signed_as_it_was_shown(self):
        """Two orders with one id among them: each is shown, and signed with its own bytes."""
        first = make_order(MINE, PAYEE)
        second = {**first, "amount": "99.00"}
        self.waits(first, second)
        done = self.alice.run("approve", "--all-waiting")
        sent = [json.loads(body)["order"] for _, path, body in self.bank.asked if path == "/v1/decisions"]
        self.assertEqual(sent, [first, second])
        for amount in (first["amount"], "99.00"):
            self.assertIn("%12s EUR" % amount, done.stderr)
        self.assertEqual([path for _, path, _ in self.bank.asked].count("/v1/orders/waiting"), 1)

    def test_a_policy_in_which_fewer_decide_for_all_that_waits(self):
        """The summary has what the display has, and tells once of each policy who must approve by it."""
        orders = [make_order(MINE, PAYEE, lifetime=n * 3600, description="Bill %d" % n) for n in (1, 2, 3)]
        self.waits(*orders)
        made_up = policy(MINE, ["alice"])
        self.bank.answers["GET", "/v1/orders/waiting"]["orders"][1]["policy"] = made_up
        shown = self.alice.run("approve", "--all-waiting").stderr
        for order in orders:
            for text in (order["description"], "date " + order["date"], "expires " + order["expires"]):
                self.assertIn(text, shown)
        for told in (policy(MINE), made_up):
            self.assertEqual(shown.count(hashlib.sha256(canon(told)).hexdigest()), 1, shown)
        self.assertEqual(shown.count("all of these must approve: alice, bob.\n"), 1)
        self.assertEqual(shown.count("all of these must approve: alice.\n"), 1)

    def test_what_waits_of_others(self):
        order = make_order(MINE, PAYEE)
        self.waits(order, {**order, "bank": "other.example/test"})
        self.refused(self.alice.run("approve", "--all-waiting"), "BANK_MISMATCH")
        self.waits(order)
        self.bank.answers["GET", "/v1/orders/waiting"]["orders"][0]["policy"] = policy(OTHER)
        self.refused(self.alice.run("approve", "--all-waiting"), "ACCOUNT_MISMATCH")
        for missing in ("order", "policy"):
            self.waits(order)
            del self.bank.answers["GET", "/v1/orders/waiting"]["orders"][0][missing]
            self.refused(self.alice.run("approve", "--all-waiting"), "UNAVAILABLE", 4)
        for following in ("0", "1", "1.1", "1.2"):
            pages = iter(["1.2", following])
            self.bank.answers["GET", "/v1/orders/waiting"] = lambda: {"orders": [], "next": next(pages)}
            self.refused(self.alice.run("approve", "--all-waiting"), "UNAVAILABLE", 4)

    def test_what_waits_without_end(self):
        """The count is limited before anything is asked, and nobody reads 5,001 lines."""
        order = make_order(MINE, PAYEE)
        numbers = iter(range(1, 1000))
        many = [{"flags": [], "order": order, "policy": policy(MINE)}] * 50
        self.bank.answers["GET", "/v1/orders/waiting"] = lambda: {"orders": many, "next": "1.%d" % next(numbers)}
        self.refused(self.alice.run("approve", "--all-waiting"), "TOO_LARGE")
        self.assertEqual(next(numbers), 102)

    def test_no_session_ever(self):
        """One login a command, whatever the bank says of the session."""
        order = self.asks_for(make_order(MINE, PAYEE))
        self.bank.answers["GET", "/v1/accounts/%s/orders/%s" % (MINE, order)] = (401, {"name": "SESSION_REQUIRED"})
        self.refused(self.alice.run("approve", order), "SESSION_REQUIRED")
        self.assertEqual([path for _, path, _ in self.bank.asked].count("/v1/login"), 1)

    def test_a_login_that_asks_for_something_else(self):
        """A challenge is 16 bytes of the bank's choice and nothing more."""
        for challenge in ("", "A" * 21, "A" * 23, "A" * 21 + "B", "eyJhbGciOiJFUzI1NiJ9.e30", 1, None):
            self.bank.answers["POST", "/v1/challenges"] = {"challenge": challenge}
            done = self.alice.run("login")
            self.assertEqual(done.returncode, 4, done)
            self.assertNotIn("/v1/login", [path for _, path, _ in self.bank.asked])

    def test_a_refusal_called_ok(self):
        self.bank.answers["GET", "/v1/accounts/" + MINE] = (403, {"name": "OK", "status": 200})
        done = self.alice.run("balance")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")

    def test_a_token_that_the_bank_speaks_of(self):
        """Nobody unblocks his PIN, or inserts his card again, since a bank says so."""
        for name in ("PIN_LOCKED", "PIN_WRONG", "PUK_LAST_TRY", "TOKEN_REMOVED", "TOKEN_NOT_FOUND", "TOKEN_HANGS"):
            self.bank.answers["GET", "/v1/accounts/" + MINE] = (503, {"detail": "Insert it again", "name": name})
            done = self.alice.run("balance", "--wait", "5")
            self.assertEqual(done.returncode, 4, done)
            self.assertIn("countersign: UNAVAILABLE: ", done.stderr)
            self.assertIn("the bank says %s of itself" % name, done.stderr)
            self.assertNotIn("nsert", done.stderr)

    def test_words_that_move_the_cursor(self):
        for path, words in (("/v1/accounts/" + MINE, ["balance"]), ("/v1/accounts/%s/orders" % MINE, ["orders"])):
            evil = "\x1b[2J\x9b2J\rcaf\u00e9"
            for answer in ((403, {"detail": evil, "name": "NOT_A_HOLDER"}),
                           {"account": evil, "orders": [{"order": {"amount": evil, "id": evil}, "status": evil}]}):
                self.bank.answers["GET", path] = answer
                done = self.alice.run(*words)
                said = done.stdout + done.stderr
                self.assertIn("caf\u00e9", said)
                for byte in "\x1b\x9b\r" + UNSEEN:
                    self.assertNotIn(byte, said)

    def test_half_an_event_and_no_more(self):
        """The stream that ended in the middle is asked for again, from where it had come to."""
        self.bank.answers["GET", "/v1/accounts/%s/orders" % MINE] = {"orders": []}
        self.bank.answers["GET", "/v1/events"] = b"event: open\nid: 7\ndata: {}\n\nevent: half"
        with self.alice.terminal("orders", "--watch") as terminal:
            deadline = time.monotonic() + 60
            while [path for _, path, _ in self.bank.asked].count("/v1/events") < 2:
                self.assertLess(time.monotonic(), deadline)
                if select.select([terminal.fd], [], [], 0.1)[0]:
                    os.read(terminal.fd, 4096)
            terminal.type("q")
            self.assertEqual(terminal.end()[0], 0)

    def test_no_json(self):
        for body in (b"", b"{", b"[]", b'{"account":1}{}', b"\xff", b"[" * 100000, b'{"a":1,"a":2}'):
            order = self.asks_for(make_order(MINE, PAYEE))
            self.bank.answers["GET", "/v1/accounts/%s/orders/%s" % (MINE, order)] = body
            done = self.alice.run("approve", order)
            self.assertIn(done.returncode, (1, 4), done)
            self.assertIn("countersign: ", done.stderr)
            self.signed_nothing()

    def test_evidence_that_is_no_document(self):
        order = make_order(MINE, PAYEE)["id"]
        for body, name in ((b"\x1b[2J", "JSON_SYNTAX"), (b"", "JSON_SYNTAX"), (b'{"a":"\x1b[2J"}', "JSON_SYNTAX"),
                           (b'{"a": 1}', "DOC_NOT_CANONICAL")):
            self.bank.answers["GET", "/v1/accounts/%s/orders/%s/evidence" % (MINE, order)] = body
            done = self.alice.run("order", "evidence", order)
            self.refused(done, name)
            self.assertEqual(done.stdout, "")

    def test_too_much(self):
        self.bank.answers["GET", "/v1/accounts/" + MINE] = b" " * ((8 << 20) + 1)
        self.refused(self.alice.run("balance"), "TOO_LARGE")

    def test_pages_without_end(self):
        """A page with nothing on it is the last one."""
        self.bank.answers["GET", "/v1/accounts/%s/orders" % MINE] = {"next": "more", "orders": []}
        done = self.alice.run("orders")
        self.assertEqual(done.returncode, 4, done)
        self.assertEqual(len(self.bank.asked), 1)

    @unittest.skipIf(os.geteuid() != 0, "SKIPPED: only root may hide the system's certificates")
    def test_asks_no_authority_of_the_system(self):
        """The pin is all: where no authority is installed, the bank is believed, too."""
        hide = "mount -t tmpfs none /etc/ssl/certs && exec \"$@\""
        args = ["unshare", "--mount", "sh", "-c", hide, "sh", os.path.join(BIN, "countersign"), "balance", "--config",
                self.alice.conf]
        self.bank.answers["GET", "/v1/accounts/" + MINE] = {"account": MINE}
        done = subprocess.run(args, env={**self.bank.env, **self.alice.env}, capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 0, done)


class LiesToTheOperator(unittest.TestCase):
    """On the bank's own socket, where no pin is asked for."""

    def test_words_that_move_the_cursor(self):
        evil, server = "\x1b[2J\x9b2J\rcaf\u00e9" + UNSEEN, OnSocket(self)
        about = ("--account", MINE, "--note", "as a test")
        row = {"account": evil, "amount": evil, "code": evil, "count": 1, "currency": evil, "id": evil, "item": evil,
               "kind": evil, "name": evil, "state": evil, "status": evil}
        whole = {**row, "booked": evil, "differences": [row], "items": [{**row, "waitsFor": evil, "since": evil}], "log": {},
                 "notices": [row], "order": row, "orders": [row], "outbox": [row], "suspense": [row], "totals": [row]}
        commands = [("order", "release", make_order(MINE, PAYEE)["id"], *about), ("account", "reverse", "1", *about),
                    ("credit", "assign", "1", *about), ("report",), ("notice", "list"), ("order", "list"), ("queue",)]
        for command in commands:
            for answer, says in (((200, whole), True), ((403, {"detail": evil, "name": "ROLE_REQUIRED"}), True), ((200, {}), False)):
                server.answer = answer
                done = subprocess.run([os.path.join(BIN, "bankctl"), *command, "--socket", server.server_address],
                                      capture_output=True, timeout=60, check=False)
                said = (done.stdout + done.stderr).decode()
                with self.subTest(command=command, says=says):
                    self.assertIn(done.returncode, (0, 1, 2, 4), said)
                    self.assertEqual("caf\u00e9" + "?" * len(UNSEEN) in said, says, said)
                    self.assertFalse(set(said) & set("\x1b\x9b\r" + UNSEEN), said)
                    self.assertNotIn("null", said)

    def test_a_list_of_many_megabytes(self):
        """What came, page by page, is printed: of 19 MB."""
        server, each = OnSocket(self), 900
        rows = [{"holder": "h%d" % i, "keys": [], "name": "n" * 7000} for i in range(each)]
        following = {"": {"next": "1"}, "1": {"next": "2"}, "2": {}}
        server.answer = lambda path: (200, {"holders": rows, **following[path.partition("cursor=")[2]]})
        for form, lines in ((), 3 * each + 1), (("--json",), 1):
            done = subprocess.run([os.path.join(BIN, "bankctl"), "holder", "list", *form, "--socket", server.server_address],
                                  capture_output=True, timeout=120, check=False)
            self.assertEqual((done.returncode, done.stderr, done.stdout.count(b"\n")), (0, b"", lines))
            self.assertEqual(done.stdout.count(b"n" * 7000), 3 * each)


if __name__ == "__main__":
    unittest.main()
