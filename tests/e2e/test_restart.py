# SPDX-License-Identifier: Apache-2.0
"""The same again after a restart, a kill and a restored backup; and killed at any system call on the
way from a decision to its answer: exactly one execution."""
import os
import signal
import subprocess
import unittest

from bank import Session, StartFailed
from trouble import Trouble, copy_database, failing, needs_root, restore_database, system_calls

POINTS = 26  # kills of a test: all that a decision gives, or this many spread over them


class Again(Trouble):
    """Row 1: nothing that happened can happen again."""

    def settled(self):
        """An executed order, both statements and their first answers."""
        order = self.order()
        said = []
        for session, status in ((self.alice, "PATC"), (self.bob, "ACSC")):
            jws = session.sign(order, self.policy)
            said.append((session, jws, self.taken(session.send(order, jws), status)))
        self.pay(1000)
        return order, said

    def same_again(self, order, said):
        """The first answers again, byte for byte, and a decision signed anew is too late."""
        for session, jws, first in said:
            again = session.send(order, jws)
            self.assertEqual((again.status, again.body), (first.status, first.body))
            self.refused(session.decide(order, self.policy), "ORDER_FINAL")
        self.assertEqual(self.executions(order), 1)
        self.evidence(order)

    def restart(self, sig):
        self.bank.stop_bankd(sig)
        self.bank.start_bankd()
        self.reconnect()

    def test_threat_01_after_a_restart(self):
        order, said = self.settled()
        self.restart(signal.SIGTERM)
        self.same_again(order, said)

    def test_threat_01_after_a_kill(self):
        order, said = self.settled()
        self.restart(signal.SIGKILL)
        self.same_again(order, said)
        self.bank.stop_keeper(signal.SIGKILL)
        self.bank.start_keeper()
        self.same_again(order, said)

    def test_threat_01_a_session_survives_and_a_logout_does_too(self):
        session = Session(self.bank, self.bob.key)
        self.restart(signal.SIGKILL)
        session.close()
        self.assertEqual(session.get("/v1/accounts").status, 200)
        self.assertEqual(session.post("/v1/logout", None).status, 200)
        self.restart(signal.SIGKILL)
        session.close()
        self.refused(session.get("/v1/accounts"), "SESSION_REQUIRED")

    def test_threat_01_after_last_nights_backup(self):
        """The older database does not start, whatever is tried; the newer one goes on."""
        last_night, newest = self.bank.path("last-night"), self.bank.path("newest")
        self.bank.stop_bankd()
        copy_database(self.bank, last_night)
        self.bank.start_bankd()
        self.reconnect()
        order, said = self.settled()
        self.bank.stop_bankd()
        copy_database(self.bank, newest)
        restore_database(self.bank, last_night)
        for restart_keeper in (False, True):
            if restart_keeper:
                self.bank.stop_keeper()
                self.bank.start_keeper()
            with self.assertRaises(StartFailed) as failed:
                self.bank.start_bankd()
            self.assertEqual(failed.exception.code, 4)
            self.assertIn("error=LOG_ROLLED_BACK", failed.exception.log)
            self.assertIn("restore the newer database; nothing else helps", failed.exception.log)
        restore_database(self.bank, newest)
        self.bank.start_bankd()
        self.reconnect()
        self.same_again(order, said)

    def starts_with_the_newest_alone(self, newest, order, said):
        with self.assertRaises(StartFailed) as failed:
            self.bank.start_bankd()
        self.assertIn("error=LOG_ROLLED_BACK", failed.exception.log)
        restore_database(self.bank, newest)
        self.bank.start_bankd()
        self.reconnect()
        self.same_again(order, said)

    def test_threat_01_after_a_copy_made_while_it_ran(self):
        """It is whole, and starts as long as nothing happened since; from then on it is an old one."""
        copy, newest = self.bank.path("copy"), self.bank.path("newest")
        order, said = self.settled()
        os.makedirs(copy)
        subprocess.run(["sqlite3", self.bank.path("bank.db"), ".backup " + os.path.join(copy, "bank.db")],
                       check=True, timeout=60)
        self.bank.stop_bankd()
        restore_database(self.bank, copy)
        self.bank.start_bankd()
        self.reconnect()
        self.same_again(order, said)
        order, said = self.settled()
        self.bank.stop_bankd()
        copy_database(self.bank, newest)
        restore_database(self.bank, copy)
        self.starts_with_the_newest_alone(newest, order, said)

    def test_threat_01_another_branch(self):
        """Last night's database that went on by itself with another keeper state is no continuation."""
        last_night, newest = self.bank.path("branch"), self.bank.path("trunk")
        state, saved = self.bank.path("keeper/state"), self.bank.path("saved-state")
        self.bank.stop()
        copy_database(self.bank, last_night)
        with open(state, "rb") as f:
            old_state = f.read()
        self.bank.start()
        self.reconnect()
        order, said = self.settled()
        self.bank.stop()
        copy_database(self.bank, newest)
        os.rename(state, saved)
        restore_database(self.bank, last_night)
        with open(state, "wb") as f:
            f.write(old_state)
        self.bank.start()  # a snapshot that rolls back both is noticed by a kept checkpoint alone
        self.reconnect()
        for _ in range(3):
            self.taken(self.alice.decide(self.order(amount="1.00"), self.policy), "PATC")
        self.bank.stop()
        os.rename(saved, state)
        self.bank.start_keeper()
        self.starts_with_the_newest_alone(newest, order, said)


@needs_root
class Killed(Trouble):
    """Row 12: kill -9 at the system calls between decide, post, log and reply."""

    SETTINGS = "event_threads = 1\nworkers = 1\n"

    def points(self, process, act):
        """(name, n): the n-th such call of a thread during ACT; at most POINTS, spread evenly."""
        most = system_calls(process, self.bank.path("calls"), act)
        self.assertIn("sendmsg", most)
        every = [(name, n) for name in sorted(most) for n in range(1, most[name] + 1)]
        step = max(1, -(-len(every) // POINTS))
        return every[::step]

    def half(self):
        """An order with the first approval, and the second one signed."""
        order = self.order(amount="1.00")
        self.taken(self.alice.decide(order, self.policy), "PATC")
        return order, self.bob.sign(order, self.policy)

    def execute(self, order, jws):
        """The client's way: send it until there is an answer; then the same one for ever."""
        first = self.taken(self.until_taken(self.bob, order, jws), "ACSC")
        self.assertEqual(self.bob.send(order, jws).body, first.body)
        self.executed_once(order)

    def killed_at(self, process, name, n, session, order, jws):
        """Whether it died of it: threads may come to fewer calls the next time."""
        with failing(process, name, "signal=KILL:when=%d" % n):
            answer = self.send(session, order, jws)
            alive = process.poll() is None and answer is not None
        session.close()
        return not alive

    def test_threat_12_bankd_killed_while_executing(self):
        order, jws = self.half()
        points = self.points(self.bank.bankd, lambda: self.bob.send(order, jws))
        self.executed_once(order)
        killed = 0
        for name, n in points:
            with self.subTest(call=name, n=n):
                order, jws = self.half()
                killed += self.killed_at(self.bank.bankd, name, n, self.bob, order, jws)
                self.bank.stop_bankd(signal.SIGKILL)
                self.bank.start_bankd()
                self.reconnect()
                self.execute(order, jws)
        self.assertGreater(killed, len(points) // 2)

    def test_threat_12_bankd_killed_while_reserving(self):
        order = self.order(amount="1.00")
        points = self.points(self.bank.bankd, lambda: self.alice.decide(order, self.policy))
        for name, n in points[::3]:
            with self.subTest(call=name, n=n):
                order = self.order(amount="1.00")
                jws = self.alice.sign(order, self.policy)
                self.killed_at(self.bank.bankd, name, n, self.alice, order, jws)
                self.bank.stop_bankd(signal.SIGKILL)
                self.bank.start_bankd()
                self.reconnect()
                self.assertIn(self.seen(order), ("PATC", "NOT_FOUND"))
                self.taken(self.alice.send(order, jws), "PATC")
                self.execute(order, self.bob.sign(order, self.policy))

    def test_threat_12_keeper_killed_while_signing(self):
        order, jws = self.half()
        points = self.points(self.bank.keeper, lambda: self.bob.send(order, jws))
        self.executed_once(order)
        for name, n in points[::2]:
            with self.subTest(call=name, n=n):
                order, jws = self.half()
                self.killed_at(self.bank.keeper, name, n, self.bob, order, jws)
                self.bank.stop_keeper(signal.SIGKILL)
                self.bank.start_keeper()
                self.execute(order, jws)

    def test_threat_12_both_killed(self):
        """Between the commit and the signature, and between the signature and the answer."""
        for program in ("bankd", "keeper"):
            order, jws = self.half()
            self.killed_at(getattr(self.bank, program), "sendmsg", 1, self.bob, order, jws)
            self.bank.stop_bankd(signal.SIGKILL)
            self.bank.stop_keeper(signal.SIGKILL)
            self.bank.start()
            self.reconnect()
            self.execute(order, jws)


if __name__ == "__main__":
    unittest.main(verbosity=2)
