# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events: who is told what, when; going on after a cut; what ends a stream."""
import os
import signal
import socket
import sqlite3
import threading
import time
import unittest

from bank import Bank, Key, Session, b64, iban, joint, make_order, rfc3339
from events import WAIT_SECONDS, Stream
from operators import enrol
import policy_change

NOTE = {"note": "as a test"}


class Scene(unittest.TestCase):
    SETTINGS = "hold_above = 400.00 EUR\nbank_codes = PT 0002\nstream_ms = 500\nmax_streams_each = 2\n"

    def setUp(self):
        self.bank = Bank(bankd_settings=self.SETTINGS)
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice, self.bob, self.account, self.payee, self.policy = joint(self.bank, "872.22")

    def stream(self, session=None, **options):
        stream = Stream(self.bank, session, **options)
        self.addCleanup(stream.close)
        if stream.status == 200:
            self.assertEqual((stream.type, stream.next()), ("text/event-stream", ("open", {})))
        return stream

    def pay(self, amount="10.00", payee=None):
        order = make_order(self.account, payee or self.payee, amount)
        for holder in (self.alice, self.bob):
            self.assertLess(holder.decide(order, self.policy).status, 300)
        return order["id"]

    def operator(self, path, body):
        answer = self.bank.operator("POST", path, body)
        self.assertLess(answer.status, 300, answer)
        return answer.json

    def names(self, events):
        return [name for name, _ in events]


class Told(Scene):
    def test_the_life_of_an_order(self):
        console, alice = self.stream(), self.stream(self.alice)
        order = self.pay()
        seen = console.until("order-settled")
        self.assertEqual(self.names(seen), ["order-waiting", "order-accepted", "order-settled"])
        for (_, data), status, holder in zip(seen, ("PATC", "ACCP", "ACSC"), ("alice", "bob", None)):
            self.assertEqual((data["account"], data["order"], data["status"], data.get("holder")),
                             (self.account, order, status, holder))
        self.assertEqual(alice.until("order-settled"), seen)

    def test_each_kind(self):
        stream = self.stream()
        held = self.pay("500.00")
        at = "/v1/accounts/" + self.account
        self.operator("%s/orders/%s/release" % (at, held), NOTE)
        out = self.pay("1.00", "NL91ABNA0417164300")
        self.operator("%s/orders/%s/confirmation" % (at, out), NOTE)
        back = self.pay("1.00", "NL91ABNA0417164300")
        self.operator("%s/orders/%s/return" % (at, back), {**NOTE, "reason": "AC01"})
        order = make_order(self.account, self.payee, "2.00")
        for verb in ("approve", "cancel"):
            self.alice.decide(order, self.policy, verb)
        self.bob.decide(make_order(self.account, self.payee, "2.00"), self.policy, "submit")
        for account in (self.account, iban(77)):
            self.operator("/v1/credits", {"account": account, "amount": "3.00", "currency": "EUR",
                                          "debtorName": "Somebody", "reference": account})
        self.operator(at + "/block", NOTE)
        self.operator(at + "/unblock", NOTE)
        self.operator("/v1/holders/bob/keys/" + self.bob.key.thumbprint, {**NOTE, "status": "suspended"})
        self.operator("/v1/holders/bob/keys/" + self.bob.key.thumbprint, {**NOTE, "status": "active"})
        self.operator("/v1/operators", {"operator": "otto", "name": "Otto", "spki": b64(Key(self.bank.dir).spki)})
        self.operator("/v1/operators/otto/roles", {**NOTE, "roles": ["viewer"]})
        entered = ["order-waiting", "order-accepted"]
        self.assertEqual(self.names(stream.until("operator-roles")), [
            *entered, "order-held", "order-released", "order-settled",
            *entered, "order-executing", "order-settled", *entered, "order-executing", "order-returned",
            "order-waiting", "order-cancelled", "order-waiting", "credit-arrived", "credit-suspense",
            "account-blocked", "account-unblocked", "key-suspended", "key-active", "holder-enrolled", "operator-roles"])

    def test_only_who_is_concerned(self):
        self.bank.add_holder("carol", key := Key(self.bank.dir))
        session, carols = Session(self.bank, key), iban(3)
        self.bank.open_account(carols, ["carol"], "50.00")
        carol, alice = self.stream(session), self.stream(self.alice)
        self.pay()
        order = make_order(carols, self.payee, "1.00")
        self.assertEqual(session.decide(order, self.bank.policies[carols]).json["status"], "ACSC")
        self.assertEqual({data["order"] for _, data in carol.until("order-settled")}, {order["id"]})
        self.operator("/v1/holders/carol/keys/" + key.thumbprint, {**NOTE, "status": "suspended"})
        seen = alice.until("order-settled")
        self.operator("/v1/holders/alice/keys/" + self.alice.key.thumbprint, {**NOTE, "status": "suspended"})
        seen += alice.to_end()
        self.assertEqual({data["account"] for _, data in seen[:-1]}, {self.account})
        self.assertEqual(seen[-1][1]["name"], "SESSION_REQUIRED")

    def test_an_operator_by_his_roles(self):
        _, petra, sven = [enrol(self.bank, name, roles) for name, roles in (
            ("pia", ["payments", "policy"]), ("petra", ["payments"]), ("sven", ["security"]))]
        streams = [self.stream(one) for one in (sven, petra)]
        sven.act("/v1/operators/petra/roles", {**NOTE, "roles": ["payments", "policy"]})
        self.pay()
        by_security, by_payments = (self.names(one.until("order-settled")) for one in streams)
        self.assertEqual((by_security[0], by_payments[0]), ("operator-roles", "order-waiting"))
        sven.act("/v1/operators/petra/roles", {**NOTE, "roles": []})
        self.assertEqual(streams[1].to_end()[-1][0], "end")

    def test_a_newcomer_hears_of_the_policy_that_names_him(self):
        self.bank.add_holder("carol", key := Key(self.bank.dir))
        carol = self.stream(Session(self.bank, key))
        everybody = [{"class": "A", "id": name} for name in ("alice", "bob", "carol")]
        policy = {**self.policy, "holders": everybody, "version": 2}
        policy["validFrom"] = max(policy["validFrom"], rfc3339(int(time.time())))
        said = policy_change.send(self.alice, policy, policy_change.word(self.alice.key, policy, self.policy))
        self.assertLess(said.status, 300, said)
        self.assertEqual(carol.next()[1]["account"], self.account)


class GoesOn(Scene):
    def test_from_where_it_was_cut(self):
        with self.stream(self.alice) as stream:
            first = self.pay()
            stream.until("order-settled")
        second = self.pay()
        for options in ({"after": stream.last}, {"last": stream.last}, {"after": 0, "last": stream.last}):
            again = self.stream(self.alice, **options)
            self.assertEqual({data["order"] for _, data in again.until("order-settled")}, {second})
            again.close()
        whole = self.stream(self.alice, after=0)
        seen = [data["order"] for name, data in (whole.until("order-settled") + whole.until("order-settled"))
                if name == "order-settled"]
        self.assertEqual(seen, [first, second])

    def test_across_a_restart_of_the_bank(self):
        with self.stream(self.alice) as stream:
            self.pay()
            stream.until("order-settled")
            self.bank.stop_bankd()
            self.assertEqual(self.bank.left["bankd"], 0, self.bank.log_tail("bankd.log"))
            self.assertEqual(stream.to_end(), [])
        for session in (self.alice, self.bob):
            session.close()  # a new connection, the same session
        self.bank.start_bankd()
        order = self.pay()
        again = self.stream(self.alice, last=stream.last)
        self.assertEqual({data["order"] for _, data in again.until("order-settled")}, {order})

    def test_what_a_failed_batch_did_not_tell(self):
        """Somebody's request fails the batches that read the events, again and again."""
        store = sqlite3.connect(self.bank.path("bank.db"))
        store.execute("CREATE TRIGGER broken BEFORE INSERT ON contact BEGIN SELECT RAISE(ABORT, 'broken'); END")
        store.commit()
        over, failed = threading.Event(), []

        def fail():
            while not over.is_set():
                failed.append(self.bob.post("/v1/contact", {"email": "bob@example.org"}).status)

        stream, thread = self.stream(self.alice), threading.Thread(target=fail)
        thread.start()
        entered = []
        try:
            while len(entered) < 20:
                order = make_order(self.account, self.payee, "1.00")
                if self.alice.decide(order, self.policy).status < 300:
                    entered.append(order["id"])
        finally:
            over.set()
            thread.join()
        self.assertEqual(set(failed), {503})
        store.execute("DROP TRIGGER broken")
        store.commit()
        store.close()
        last = self.pay("2.00")
        self.assertEqual([data["order"] for name, data in stream.until("order-settled") if name == "order-waiting"],
                         [*entered, last])

    def test_one_that_is_gone_or_never_was(self):
        self.pay()
        with self.stream(after=1) as whole:
            whole.until("order-settled")
            newest = whole.last
        self.assertEqual(self.stream(after=newest + 1000).answer["name"], "EVENTS_GONE")
        store = sqlite3.connect(self.bank.path("bank.db"))
        kept, = store.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_kept'").fetchone()
        store.executescript("DROP TRIGGER entry_kept;"
                            "UPDATE entry SET time_us = time_us - 169 * 3600 * 1000000 WHERE id < %d;" % newest + kept)
        store.close()
        gone = self.stream(after=1)
        self.assertEqual((gone.status, gone.answer["name"]), (410, "EVENTS_GONE"))
        self.assertEqual(self.stream(after=newest - 1).status, 200)

    def test_not_before_a_checkpoint_covers_it(self):
        stream = self.stream()
        self.bank.keeper.send_signal(signal.SIGSTOP)
        order = make_order(self.account, self.payee)
        self.assertEqual(self.alice.decide(order, self.policy).name, "LOG_UNSIGNED")
        beats = len(stream.comments)
        while len(stream.comments) < beats + 3:
            self.assertNotIn("data", stream.block())
        self.bank.keeper.send_signal(signal.SIGCONT)
        self.assertEqual(stream.next()[1]["order"], order["id"])


class Ends(Scene):
    def test_with_the_session(self):
        for end in (lambda: self.alice.post("/v1/logout", b""),
                    lambda: self.operator("/v1/holders/bob/keys/" + self.bob.key.thumbprint,
                                          {**NOTE, "status": "revoked"})):
            stream = self.stream(self.alice if end.__code__.co_consts[1] == "/v1/logout" else self.bob)
            end()
            name, data = stream.to_end()[-1]
            self.assertEqual((name, data["name"]), ("end", "SESSION_REQUIRED"))

    def test_a_stranger_has_none(self):
        self.assertEqual(self.stream(Session(self.bank)).answer["name"], "SESSION_REQUIRED")

    def test_too_many(self):
        streams = [self.stream(self.alice) for _ in range(2)]
        refused = self.stream(self.alice)
        self.assertEqual((refused.status, refused.answer["name"]), (429, "TOO_MANY_STREAMS"))
        self.assertEqual(self.stream(self.bob).status, 200)
        streams[0].close()
        deadline = time.monotonic() + WAIT_SECONDS
        while (again := self.stream(self.alice)).status != 200 and time.monotonic() < deadline:
            pass
        self.assertEqual(again.status, 200)

    def test_who_says_something_more_is_cut(self):
        stream = self.stream()
        stream.connection.sock.sendall(b"GET /v1/health HTTP/1.1\r\nHost: bank\r\n\r\n") \
            if stream.connection.sock else stream.response.fp.raw._sock.sendall(b"G")
        self.assertEqual(stream.to_end(), [])

    def test_a_reload_leaves_it(self):
        stream = self.stream(self.alice)
        self.bank.bankd.send_signal(signal.SIGHUP)
        order = self.pay()
        self.assertEqual(stream.next()[1]["order"], order)


class SlowReader(Scene):
    SETTINGS = "stream_ms = 1\nwrite_ms = 1000\nidle_ms = 2000\n"

    def test_is_cut(self):
        """Takes nothing, while the bank shows five times a second that it lives."""
        sock = socket.socket(socket.AF_UNIX)
        self.addCleanup(sock.close)
        sock.settimeout(WAIT_SECONDS)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        sock.connect(self.bank.path("bankd.sock"))
        sock.sendall(b"GET /v1/events HTTP/1.1\r\nHost: bank\r\n\r\n")
        deadline = time.monotonic() + 4 * WAIT_SECONDS
        number = 0
        while self.streams() and time.monotonic() < deadline:
            number += 1
            self.operator("/v1/credits", {"account": self.account, "amount": "3.00", "currency": "EUR",
                                          "debtorName": "Somebody", "reference": "R%d" % number})
        self.assertEqual(self.streams(), 0)

    def streams(self):
        text = self.bank.operator("GET", "/metrics").body.decode()
        return int(text.split("\ncountersign_streams ")[1].split("\n")[0])


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    unittest.main(verbosity=2)
