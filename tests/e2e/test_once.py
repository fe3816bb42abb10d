# SPDX-License-Identifier: Apache-2.0
"""Idempotency-Key: the same request under the same key gets its first answer and does nothing, another one is
refused; over restarts, over sessions, for each caller alone, and not for ever."""
import pathlib
import re
import signal
import socket
import sqlite3
import sys
import threading
import unittest

from bank import Bank, Key, Session, b64, iban, joint, make_order
import application as ap
from enrolment import Newcomer
from operators import act, enrol

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bankd"))
from openapi_test import operations, resolve  # noqa: E402

KEY, OTHER = '"8e03978e-40d5-43e8-bc93-6894a57f9324"', '"another key"'
NOTE = {"note": "as a test"}


class Once(unittest.TestCase):
    def setUp(self):
        self.bank = Bank()
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice, self.bob, self.account, self.payee, self.policy = joint(self.bank, "100.00")
        self.funding = "/v1/accounts/%s/funding" % self.account

    def tearDown(self):
        self.bank.verify_log()

    def fund(self, amount="10.00", once=None, path=None):
        return self.bank.operator("POST", path or self.funding, {"amount": amount, "currency": "EUR"}, once=once)

    def booked(self):
        return self.bank.balance(self.account)["booked"]

    def store(self):
        return sqlite3.connect(self.bank.path("bank.db"))


class Console(Once):
    def test_the_first_answer_again(self):
        first = self.fund(once=KEY)
        self.assertEqual((first.status, self.booked()), (201, "110.00"))
        again = self.fund(once=KEY)
        self.assertEqual((again.status, again.body, self.booked()), (first.status, first.body, "110.00"))
        self.assertEqual(self.fund(once=OTHER).status, 201)
        self.assertEqual(self.fund().status, 201)
        self.assertEqual(self.booked(), "130.00")

    def test_threat_01_after_a_kill(self):
        """Kept by the transaction that moved the money, or not at all."""
        first = self.fund(once=KEY)
        self.bank.stop_bankd(signal.SIGKILL)
        self.bank.start_bankd()
        again = self.fund(once=KEY)
        self.assertEqual((again.status, again.body, self.booked()), (first.status, first.body, "110.00"))

    def test_another_request(self):
        self.fund(once=KEY)
        there = "/v1/accounts/%s/funding" % self.payee
        for answer in (self.fund("10.01", once=KEY), self.fund(path=there, once=KEY),
                       self.bank.operator("POST", "/v1/accounts/%s/block" % self.account, NOTE, once=KEY)):
            self.assertEqual((answer.status, answer.name), (422, "IDEMPOTENCY_KEY_REUSED"))
        self.assertEqual(self.booked(), "110.00")
        self.assertEqual(self.bank.balance(self.payee)["booked"], "0.00")
        refused = [e["reason"] for e in self.bank.entries() if e["type"] == "refusal"]
        self.assertEqual(refused, ["IDEMPOTENCY_KEY_REUSED"] * 3)

    def test_a_refusal_is_an_answer_too(self):
        path = "/v1/accounts/%s/funding" % iban(77)
        self.assertEqual(self.fund(path=path, once=KEY).name, "ACCOUNT_UNKNOWN")
        self.bank.open_account(iban(77), ["alice"])
        self.assertEqual(self.fund(path=path, once=KEY).name, "ACCOUNT_UNKNOWN")
        self.assertEqual(self.fund(path=path, once=OTHER).status, 201)

    def test_what_is_no_key(self):
        for key in ("x", '"', '""', '"x', 'x"', "'x'", '"%s"' % ("x" * 65), '"a"b"', '"a\\b"', '"a", "b"'):
            answer = self.fund(once=key)
            self.assertEqual((answer.status, answer.name), (400, "IDEMPOTENCY_KEY_INVALID"), key)
        self.assertEqual(self.booked(), "100.00")
        self.assertEqual(self.fund(once='"%s"' % ("x" * 64)).status, 201)
        answer = self.bank.operator("GET", "/v1/accounts", once="x")  # where it says nothing
        self.assertEqual(answer.status, 200)

    def test_bounded(self):
        """The oldest of a thousand gives way, and what is a day old is over."""
        self.fund(once=KEY)
        with self.store() as db:
            (caller,) = db.execute("SELECT caller FROM once").fetchone()
        self.assertRegex(caller, r"^console:uid \d+")
        self.bank.stop_bankd()
        with self.store() as db:
            db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1004) INSERT INTO once"
                       " SELECT NULL, caller, 'k' || i, request, reason, http, size, body, done_us FROM n, once"
                       " WHERE once_key = ?", (KEY.strip('"'),))
            db.execute("UPDATE once SET done_us = done_us - 86400000000 WHERE once_key IN ('k1000', 'k1001')")
        self.bank.start_bankd()
        self.assertEqual(self.fund("11.00", once='"k1000"').status, 201)  # a day old: another request is none
        with self.store() as db:
            count, newest = db.execute("SELECT count(*), max(once_key = 'k1004') FROM once").fetchone()
        self.assertEqual((count, newest), (1000, 1))
        self.assertEqual(self.fund(once=KEY).status, 201)  # it gave way
        self.assertEqual(self.booked(), "131.00")


class People(Once):
    def say(self, session, category, once):
        path = "/v1/accounts/%s/categories" % self.account
        return session.call("POST", path, {"category": category, "payee": self.payee}, once=once)

    def test_each_his_own(self):
        self.assertEqual(self.say(self.alice, "energy", KEY).status, 200)
        self.assertEqual(self.say(self.alice, "water", KEY).name, "IDEMPOTENCY_KEY_REUSED")
        self.assertEqual(self.say(self.bob, "water", KEY).status, 200)

    def test_over_another_session(self):
        first = self.say(self.alice, "energy", KEY)
        self.assertEqual(self.say(self.bob, "water", OTHER).status, 200)
        again = self.say(Session(self.bank, self.alice.key), "energy", KEY)
        self.assertEqual(again.body, first.body)
        (rule,) = self.alice.get("/v1/accounts/%s/categories" % self.account).json["categories"]
        self.assertEqual(rule["category"], "water")

    def test_a_stranger_learns_nothing(self):
        self.say(self.alice, "energy", KEY)
        self.assertEqual(self.say(Session(self.bank), "energy", KEY).name, "SESSION_REQUIRED")

    def test_signed_statements(self):
        """The JWS is a key of its own; the header means the same beside it."""
        sven = enrol(self.bank, "sven", ["security"])
        block = "/v1/accounts/%s/block" % self.account
        jws = act(sven.key, block, NOTE)
        first = sven.call("POST", block, {"act": jws}, once=KEY)
        self.assertEqual(first.name, "OK")
        self.assertEqual(sven.act("/v1/accounts/%s/unblock" % self.account, NOTE).name, "OK")
        for once in (KEY, OTHER, None):
            self.assertEqual(sven.call("POST", block, {"act": jws}, once=once).body, first.body)
        fresh = sven.call("POST", block, {"act": act(sven.key, block, NOTE)}, once=KEY)
        self.assertEqual(fresh.name, "IDEMPOTENCY_KEY_REUSED")
        self.assertEqual(self.bank.balance(self.account)["state"], "open")


class Lossy(threading.Thread):
    """Between a client and the bank's socket: the first answers get lost. Keeps the requests' keys."""

    def __init__(self, bank, lose):
        super().__init__(daemon=True)
        self.bank, self.lose, self.keys = bank, lose, []
        self.path = bank.path("lossy.sock")
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(self.path)
        self.door.listen()

    def run(self):
        while True:
            try:
                client, _ = self.door.accept()
            except OSError:
                return
            with client:
                self.serve(client)

    def serve(self, client):
        request = client.recv(65536)
        if not request:
            return
        self.keys += re.findall(rb'Idempotency-Key: (".*")\r\n', request)
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(self.bank.path("bankd.sock"))
            server.sendall(request)
            answer = server.recv(65536)
        if self.lose:
            self.lose -= 1
        else:
            client.sendall(answer.replace(b"HTTP/1.1 201 Created\r\n", b"HTTP/1.1 201 Created\r\nConnection: close\r\n"))

    def close(self):
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()


class Retry(Once):
    def ctl(self, lossy):
        self.addCleanup(lossy.close)
        lossy.start()
        return self.bank.tool(["bankctl", "account", "fund", "--account", self.account, "--amount", "10.00", "--currency",
                               "EUR", "--socket", lossy.path], check=False)

    def test_a_lost_answer_is_asked_for_again(self):
        lossy = Lossy(self.bank, 2)
        done = self.ctl(lossy)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((len(lossy.keys), len(set(lossy.keys)), self.booked()), (3, 1, "110.00"))

    def test_not_for_ever(self):
        lossy = Lossy(self.bank, 100)
        done = self.ctl(lossy)
        self.assertEqual((done.returncode, len(lossy.keys), self.booked()), (4, 4, "110.00"), done.stderr)
        self.assertIn("UNAVAILABLE", done.stderr)


class Lists(Once):
    """Each row once, in one order, whatever the size of a page."""

    @staticmethod
    def pages(operation):
        return {"cursor", "limit"} <= {resolve(p)["name"] for p in operation.get("parameters", [])}

    def walk(self, ask, path, member):
        rows, query, pages = [], "limit=1", 0
        while query:
            answer = ask("GET", "%s?%s" % (path, query))
            self.assertEqual(answer.status, 200, answer)
            self.assertLessEqual(len(answer.json[member]), 1, path)
            rows += answer.json[member]
            query = "limit=1&cursor=" + answer.json["next"] if "next" in answer.json else ""
            pages += 1
            self.assertLess(pages, 100)
        return rows

    def fill(self):
        here = "/v1/accounts/" + self.account
        for number in (1, 2):
            answer = self.alice.post("/v1/contact", {"email": "alice%d@example.org" % number})
            self.assertEqual(answer.status, 200, answer)
            self.bank.operator("POST", "/v1/terminals", {"name": "Till", "spki": b64(Key(self.bank.dir).spki),
                                                         "terminal": "till-%d" % number})
            enrol(self.bank, "o-%d" % number)
            Newcomer(self.bank, "Dora %d" % number).ask()
            application = ap.make("alice", "bob")
            self.assertEqual(ap.send(self.alice, application, ap.word(self.alice.key, application)).status, 201)
            self.say("payee-%d" % number, iban(40 + number))
            self.bank.operator("POST", "/v1/credits", {"account": iban(77), "amount": "5.00", "currency": "EUR",
                                                       "debtorName": "Somebody", "reference": "E%d" % number})
            for payee in (self.payee, "NL91ABNA0417164300"):
                order = make_order(self.account, payee, "1.00")
                self.assertEqual(self.alice.decide(order, self.policy).status, 201)
                if payee != self.payee:
                    self.assertEqual(self.bob.decide(order, self.policy).json["status"], "ACSP")
        return here

    def say(self, category, payee):
        path = "/v1/accounts/%s/categories" % self.account
        self.assertEqual(self.alice.post(path, {"category": category, "payee": payee}).status, 200)

    def test_every_list(self):
        self.bank.stop_bankd()
        with open(self.bank.path("bankd.conf"), "a", encoding="utf-8") as f:
            f.write("bank_codes = PT 0002\n")
        self.bank.start_bankd()
        self.alice, self.bob = Session(self.bank, self.alice.key), Session(self.bank, self.bob.key)
        here = self.fill()
        by_holder = {"/v1/orders/waiting": "orders"}
        both = {here + "/movements": "movements", here + "/statement": "movements", here + "/categories": "categories",
                here + "/orders": "orders", "/v1/accounts": "accounts", "/v1/applications": "applications"}
        console = {"/v1/holders": "holders", "/v1/terminals": "terminals", "/v1/operators": "operators",
                   "/v1/enrolments": "enrolments", "/v1/orders": "orders", "/v1/queue": "items", "/v1/outbox": "orders", "/v1/suspense": "credits",
                   "/v1/notices": "notices"}
        radar = {"/v1/radar"}  # its pages are of accounts, of which most have nothing to tell: core_radar
        self.assertEqual(radar | {path.replace(self.account, "{account}") for path in {**by_holder, **both, **console}},
                         {path for _, path, op in operations() if self.pages(op)})
        for session, paths in ((self.bob.call, {**by_holder, **both}), (self.bank.operator, {**both, **console})):
            for path, member in paths.items():
                with self.subTest(path=path):
                    whole = session("GET", path).json[member]
                    rows = self.walk(session, path, member)
                    self.assertEqual(rows, whole)
                    self.assertGreater(len(rows), 0 if path == "/v1/accounts" else 1, path)
                    for bad in ("limit=0", "limit=201", "cursor=x"):
                        self.assertEqual(session("GET", "%s?%s" % (path, bad)).status, 400, bad)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
