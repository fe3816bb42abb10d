# SPDX-License-Identifier: Apache-2.0
"""Row 9: the window of a statement's age at its edges, and a clock that goes astray while bankd
runs and while it does not. bankd alone lives in the false time (libfaketime), so the programs under
test are those without sanitizers."""
import calendar
import signal
import sqlite3
import time
import unittest

from bank import Bank, Session, make_order, rfc3339
from false_clock import FalseClock
from scene import Scene
from trouble import Trouble

DAY = 86400


class Clock(Trouble):
    @classmethod
    def setUpClass(cls):
        """Each test has a bank of its own: time is in its log."""

    def setUp(self):
        self.bank = Bank()
        self.clock = FalseClock(self.bank.path("clock"))
        self.bank.bankd_prefix = self.clock.prefix()
        self.shift(0)
        type(self).bank = self.bank
        self.open_bank()
        self.addCleanup(self.doClassCleanups)
        Scene.setUp(self)

    def tearDown(self):
        Scene.tearDown(self)
        self.silent()

    # --- time ---
    def shift(self, seconds):
        """The bank's clock goes so many seconds beside ours."""
        self.shifted = seconds
        self.clock.shift(seconds)

    def stop_clock(self):
        """The bank's time stands still; returns it."""
        now = int(time.time()) + 1
        self.clock.stop_at(now)
        return now

    def now(self):
        return int(time.time()) + self.shifted

    def restart(self):
        self.bank.stop_bankd()
        self.assertEqual(self.bank.left["bankd"], 0)
        self.bank.start_bankd()
        self.reconnect()

    def restart_at(self, seconds):
        """Such a night's rest ends every session."""
        self.bank.stop_bankd()
        self.shift(seconds)
        self.bank.start_bankd()
        self.reconnect()
        self.refused(self.bob.get("/v1/accounts"), "SESSION_REQUIRED")
        self.login_again()

    @staticmethod
    def second_before(text):
        return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - 1

    # --- what people do at the bank's time ---
    def order(self, **members):
        return make_order(self.account, self.payee, now=self.now(), **members)

    def sign(self, session, order, issued=None, **members):
        issued = self.now() if issued is None else issued
        return session.sign(order, self.policy, issued=rfc3339(issued), expires=rfc3339(issued + 7 * DAY), **members)

    def login(self, key):
        session = Session(self.bank)
        session.key = key
        return session, session.login(issued=self.now())

    def login_again(self):
        """A day later no session is left."""
        self.alice, answer = self.login(self.alice.key)
        self.assertEqual(answer.status, 201, answer)
        self.bob, answer = self.login(self.bob.key)
        self.assertEqual(answer.status, 201, answer)

    # --- what the bank does ---
    def database(self):
        with sqlite3.connect("file:%s?mode=ro" % self.bank.path("bank.db"), uri=True) as db:
            return list(db.iterdump())

    def insane(self):
        """Everything gets CLOCK_INSANE and nothing is written."""
        before, order = self.database(), self.order()
        for call in (lambda: self.alice.send(order, self.sign(self.alice, order)),
                     lambda: self.bob.get("/v1/accounts"),
                     lambda: self.alice.post("/v1/challenges", {"for": "login", "thumbprint": self.alice.key.thumbprint}),
                     lambda: self.bank.operator("POST", "/v1/accounts/%s/funding" % self.account,
                                                {"amount": "1.00", "currency": "EUR"})):
            self.unavailable(call, "CLOCK_INSANE")
        self.assertEqual(self.database(), before)

    def accept(self):
        done = self.bank.ctl("clock", "accept", "--note", "the time server is mended")
        self.assertIn("must be signed again", done.stdout)
        accepted = [e for e in self.bank.entries() if e["type"] == "clock-accepted"][-1]
        self.assertEqual(accepted["note"], "the time server is mended")
        return accepted["floor"]

    def pays(self):
        order = self.order()
        self.taken(self.alice.send(order, self.sign(self.alice, order)), "PATC")
        jws = self.sign(self.bob, order)
        self.taken(self.bob.send(order, jws), "ACSC")
        self.pay(1000)
        return order, jws

    # --- the window ---
    def test_threat_09_the_window_holds_at_its_edges(self):
        now = self.stop_clock()
        order = self.order()
        self.refused(self.alice.send(order, self.sign(self.alice, order, now + 11)), "ISSUED_IN_FUTURE")
        self.taken(self.alice.send(order, self.sign(self.alice, order, now + 10)), "PATC")
        # Before the key's enrolment: which rule refuses it shows the edge.
        self.clock.stop_at(now + 50)
        self.refused(self.bob.send(order, self.sign(self.bob, order, now - 250)), "KEY_FLOOR")
        self.refused(self.bob.send(order, self.sign(self.bob, order, now - 251)), "ISSUED_TOO_OLD")
        self.taken(self.bob.send(order, self.sign(self.bob, order, now + 60)), "ACSC")
        self.pay(1000)

    def test_threat_09_the_oldest_that_is_taken(self):
        """300 s at its edge, the bank having been away in between."""
        issued = self.now()
        order = self.order(date=time.strftime("%Y-%m-%d", time.gmtime(issued + 300)))
        first, second = self.sign(self.alice, order, issued), self.sign(self.bob, order, issued)
        self.bank.stop_bankd()
        self.clock.stop_at(issued + 300)
        self.bank.start_bankd()
        self.shifted = issued + 300 - int(time.time())
        self.login_again()
        self.taken(self.alice.send(order, first), "PATC")
        self.clock.stop_at(issued + 301)
        self.refused(self.bob.send(order, second), "ISSUED_TOO_OLD")
        self.assertEqual(self.seen(order), "PATC")

    # --- a clock astray ---
    def test_threat_09_a_day_ahead_while_running(self):
        old = self.pays()
        self.shift(DAY)
        self.insane()
        self.shift(0)
        self.insane()  # right again, but nobody looked at it
        self.accept()
        self.pays()
        self.shift(DAY)
        self.insane()
        floor = self.accept()
        self.login_again()
        self.first_answer(*old)
        order = self.order()
        self.refused(self.alice.send(order, self.sign(self.alice, order, self.now() - DAY)), "ISSUED_TOO_OLD")
        self.refused(self.alice.send(order, self.sign(self.alice, order, self.second_before(floor))), "KEY_FLOOR")
        self.pays()
        self.restart()
        self.pays()

    def test_a_rollover_while_it_is_astray(self):
        """It is in the log when the clock was accepted, not at the next start only."""
        self.shift(DAY)
        self.insane()
        self.bank.stop_keeper()
        self.bank.tool(["bankd-keeper", "--config", self.bank.path("keeper.conf"), "--rollover", "--pin-fd", "{9999}"])
        self.bank.start_keeper()
        self.bank.bankd.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 60
        while "CLOCK_INSANE" not in self.bank.log_tail("bankd.log") and time.monotonic() < deadline:
            time.sleep(0.05)
        self.shift(0)
        self.accept()
        self.assertEqual([e["type"] for e in self.bank.entries()].count("rollover"), 1)
        self.restart()
        self.pays()

    def test_threat_09_a_day_back_while_running(self):
        self.restart_at(2 * DAY)  # long after the enrolment
        old, order = self.pays(), self.order()
        jws = self.sign(self.alice, order)
        self.shift(DAY)
        self.insane()
        self.restart()
        self.insane()
        floor = self.accept()
        self.login_again()
        self.first_answer(*old)
        self.refused(self.alice.send(order, jws), "ISSUED_IN_FUTURE")
        order = self.order()
        self.refused(self.alice.send(order, self.sign(self.alice, order, self.second_before(floor))), "KEY_FLOOR")
        self.pays()
        self.restart()
        self.pays()

    def test_threat_09_a_day_ahead_across_a_restart_and_back(self):
        """Nobody can tell a night's rest from a false clock; the way back is noticed."""
        old = self.pays()
        self.restart_at(DAY)
        self.first_answer(*old)
        late = self.order()
        self.refused(self.alice.send(late, self.sign(self.alice, late, self.now() - DAY)), "ISSUED_TOO_OLD")
        newest = self.pays()
        for restart in (False, True):
            self.shift(0)
            if restart:
                self.restart()
            self.insane()
        self.shift(DAY)
        self.insane()
        self.restart()
        self.pays()  # a run that began with a sound clock
        self.first_answer(*newest)

    def test_threat_09_the_past_stays_closed(self):
        """A false clock accepted, then the true one: what was floored in between stays refused."""
        self.shift(DAY)
        self.insane()
        self.accept()
        self.shift(0)
        self.insane()
        self.accept()
        _, answer = self.login(self.alice.key)
        self.assertEqual(answer.name, "KEY_FLOOR", answer)
        order = self.order()
        self.refused(self.alice.send(order, self.sign(self.alice, order)), "KEY_FLOOR")

    # --- dates ---
    def test_a_dated_order_is_executed_on_its_day_by_itself(self):
        """Nobody asks for it: the log alone is watched, which touches no account."""
        day = next(d for d in range(1, 8) if time.gmtime(self.now() + d * DAY).tm_wday == 2)  # a Wednesday
        date = time.strftime("%Y-%m-%d", time.gmtime(self.now() + day * DAY))
        order = self.order(date=date)
        self.taken(self.alice.send(order, self.sign(self.alice, order)), "PATC")
        accepted = self.taken(self.bob.send(order, self.sign(self.bob, order)), "ACCP")
        self.restart_at(self.seconds_to(accepted.json["executionDate"]))
        deadline = time.monotonic() + 20
        while not any(e["type"] == "settlement" for e in self.bank.entries()):
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(self.seen(order), "ACSC")
        self.pay(1000)

    def seconds_to(self, date):
        return calendar.timegm(time.strptime(date, "%Y-%m-%d")) + 60 - int(time.time())

    def first_answer(self, order, jws):
        self.taken(self.bob.send(order, jws), "ACSC")
        self.assertEqual(self.executions(order), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
