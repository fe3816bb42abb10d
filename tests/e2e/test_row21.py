# SPDX-License-Identifier: Apache-2.0
"""Row 21: the log cannot be signed or written. 503 by name within two seconds, nothing is answered
as done that no checkpoint covers, nothing new is taken, and it recovers by itself."""
import concurrent.futures
import contextlib
import ctypes
import os
import signal
import subprocess
import unittest

from bank import Bank, Session
from trouble import Trouble, failing, needs_root

CLONE_NEWNS = 0x20000


class Unsigned(Trouble):
    """Whatever happens to the keeper and its token: what is committed waits for its checkpoint."""

    def through(self, fault, name="LOG_UNSIGNED"):
        executed, refused = self.order(), self.order(amount="2.00")
        self.taken(self.alice.decide(executed, self.policy), "PATC")
        jws, other = self.bob.sign(executed, self.policy), self.alice.sign(refused, self.policy)
        with fault:
            for _ in range(3):
                self.unavailable(lambda: self.bob.send(executed, jws), name)
                self.unavailable(lambda: self.alice.send(refused, other), name)
                self.assertIn(self.seen(executed), (None, "PATC"))
        first = self.until_taken(self.bob, executed, jws)
        self.taken(first, "ACSC")
        self.assertEqual(self.bob.send(executed, jws).body, first.body)
        self.executed_once(executed)
        self.assertEqual(self.seen(refused), "NOT_FOUND")

    @contextlib.contextmanager
    def token_does(self, *rules):
        self.token(*rules)
        yield
        self.token()

    @contextlib.contextmanager
    def keeper_gone(self, sig):
        self.bank.stop_keeper(sig)
        yield
        self.bank.start_keeper()

    @contextlib.contextmanager
    def keeper_crashes(self):
        self.token("C_Sign 1 crash")
        yield
        self.bank.stop_keeper()
        self.assertEqual(self.bank.left["keeper"], -signal.SIGABRT)
        self.token()
        self.bank.start_keeper()

    @contextlib.contextmanager
    def pin_locked(self):
        self.token("C_SignInit * 0x101", "C_Login * 0xa4")  # CKR_USER_NOT_LOGGED_IN, CKR_PIN_LOCKED
        yield
        self.token()
        self.bank.stop_keeper()
        self.bank.start_keeper()

    def test_threat_21_keeper_killed(self):
        self.through(self.keeper_gone(signal.SIGKILL))

    def test_threat_21_keeper_crashes_with_its_module(self):
        self.through(self.keeper_crashes())

    def test_threat_21_token_hangs(self):
        self.through(self.token_does("C_Sign * hang"))

    def test_threat_21_token_fails(self):
        self.through(self.token_does("C_Sign * 0x30"))  # CKR_DEVICE_ERROR

    def test_threat_21_key_locked(self):
        self.through(self.token_does("C_SignInit * 0x101"))  # CKR_USER_NOT_LOGGED_IN

    def test_threat_21_pin_locked(self):
        """A refused PIN is forgotten: the operator unlocks it and starts the keeper anew."""
        self.through(self.pin_locked())

    def test_threat_21_token_pulled(self):
        self.through(self.token_does("C_Sign * 0x32", "C_OpenSession * 0xe0"))  # removed, not present

    def test_threat_21_signature_flipped(self):
        self.through(self.token_does("C_Sign * flip"))

    @needs_root
    def test_threat_21_keeper_cannot_record(self):
        """What is not recorded is not signed."""
        for calls, how in (("fdatasync", "error=EIO"), ("pwrite64", "error=ENOSPC"), ("openat", "error=EIO")):
            with self.subTest(calls):
                self.through(failing(self.bank.keeper, calls, how))

    def test_threat_21_keeper_killed_under_load(self):
        sessions = [Session(self.bank, self.bob.key) for _ in range(8)]
        orders = [self.order(amount="1.00") for _ in range(48)]
        first = [self.alice.sign(order, self.policy) for order in orders]
        second = [self.bob.sign(order, self.policy) for order in orders]

        def pay(i):
            session = sessions[i % len(sessions)]
            self.taken(self.until_taken(session, orders[i], first[i]), "PATC")
            self.taken(self.until_taken(session, orders[i], second[i]), "ACSC")

        def pay_share(share):
            for i in range(share, len(orders), len(sessions)):
                pay(i)

        with concurrent.futures.ThreadPoolExecutor(len(sessions)) as pool:
            shares = [pool.submit(pay_share, i) for i in range(len(sessions))]
            for _ in range(2):
                self.bank.stop_keeper(signal.SIGKILL)
                self.bank.start_keeper()
            for share in shares:
                share.result()
        for order in orders:
            self.assertEqual(self.executions(order), 1)
        self.pay(100 * len(orders))


class Unwritten(Trouble):
    """The database cannot be written: nothing happened, for anybody."""

    def through(self, fault):
        executed, refused = self.order(), self.order(amount="2.00")
        self.taken(self.alice.decide(executed, self.policy), "PATC")
        jws, other = self.bob.sign(executed, self.policy), self.alice.sign(refused, self.policy)
        with fault:
            for _ in range(3):
                self.unavailable(lambda: self.bob.send(executed, jws), "STORE_FAILED")
                self.unavailable(lambda: self.alice.send(refused, other), "STORE_FAILED")
                self.assertIn(self.seen(executed), (None, "PATC"))
                self.assertIn(self.seen(refused), (None, "NOT_FOUND"))
        first = self.until_taken(self.bob, executed, jws)
        self.taken(first, "ACSC")
        self.assertEqual(self.bob.send(executed, jws).body, first.body)
        self.executed_once(executed)
        self.assertEqual(self.seen(refused), "NOT_FOUND")

    @needs_root
    def test_threat_21_refused_fsync(self):
        self.through(failing(self.bank.bankd, "fdatasync", "error=EIO"))

    @needs_root
    def test_threat_21_refused_write(self):
        for error in ("EIO", "ENOSPC", "EDQUOT"):
            with self.subTest(error):
                self.through(failing(self.bank.bankd, "pwrite64", "error=" + error))

    @needs_root
    def test_threat_21_a_write_in_the_middle(self):
        """A batch's frames stand half in the write-ahead log and are taken for nothing. They come in
        two pieces (bankd/store/gather.c; cut anywhere else, tests/bankd/store_gather.c)."""
        self.through(failing(self.bank.bankd, "pwrite64", "error=EIO:when=2+"))

    @needs_root
    def test_threat_21_killed_after_a_refused_fsync(self):
        """The commit's frames are in the file, nobody was told: after a restart either way, but once."""
        order = self.order()
        self.taken(self.alice.decide(order, self.policy), "PATC")
        jws = self.bob.sign(order, self.policy)
        with failing(self.bank.bankd, "fdatasync", "error=EIO"):
            self.unavailable(lambda: self.bob.send(order, jws), "STORE_FAILED")
            self.bank.stop_bankd(signal.SIGKILL)
        self.bank.start_bankd()
        self.reconnect()
        self.assertIn(self.seen(order), ("PATC", "ACSC"))
        self.taken(self.bob.send(order, jws), "ACSC")
        self.executed_once(order)


@needs_root
class DiskFull(Trouble):
    """A file system of its own that is really full: database, keeper's state, logs."""

    SIZE = "16m"

    @classmethod
    def setUpClass(cls):
        cls.bank = Bank()
        cls.use_fault_module()
        if ctypes.CDLL(None).unshare(CLONE_NEWNS) != 0:
            raise unittest.SkipTest("SKIPPED: no mount namespace of its own")
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700,size=" + cls.SIZE, "countersign", cls.bank.dir], check=True)
        cls.addClassCleanup(os.rmdir, cls.bank.dir)
        cls.addClassCleanup(subprocess.run, ["umount", cls.bank.dir], check=True)
        cls.open_bank()

    @contextlib.contextmanager
    def full(self):
        with open(self.bank.path("filler"), "wb", buffering=0) as filler:
            with contextlib.suppress(OSError):
                while True:
                    filler.write(b"x" * 4096)
        yield
        os.unlink(self.bank.path("filler"))

    def test_threat_21_disk_full(self):
        executed, refused = [self.order() for _ in range(40)], self.order(amount="2.00")
        for order in executed:
            self.taken(self.alice.decide(order, self.policy), "PATC")
        statements = [self.bob.sign(order, self.policy) for order in executed]
        other = self.alice.sign(refused, self.policy)
        names = ("STORE_FAILED", "LOG_UNSIGNED")
        with self.full():
            for order, jws in zip(executed, statements):
                self.unavailable(lambda o=order, j=jws: self.bob.send(o, j), *names)
                self.unavailable(lambda: self.alice.send(refused, other), *names)
        for order, jws in zip(executed, statements):
            self.taken(self.until_taken(self.bob, order, jws), "ACSC")
            self.executed_once(order)
        self.assertEqual(self.seen(refused), "NOT_FOUND")


if __name__ == "__main__":
    unittest.main(verbosity=2)
