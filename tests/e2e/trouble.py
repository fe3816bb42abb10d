# SPDX-License-Identifier: Apache-2.0
"""A bank in trouble: system calls of its running programs fail or kill them, its token misbehaves,
its database is exchanged. And what must hold when the trouble is over."""
import collections
import glob
import os
import shutil
import subprocess
import time
import unittest

from bank import Bank, joint
from scene import Scene, cents

PATIENCE = 20  # seconds until something must have happened; a deadline, not a delay
FAULT_MODULE = os.environ["COUNTERSIGN_FAULT"]

# The programs forbid to be traced by anybody but root.
needs_root = unittest.skipIf(os.geteuid() != 0, "SKIPPED: only root may attach strace to these programs")


class Strace:
    """Attached to a running program, all its threads, while the with statement lasts."""

    def __init__(self, process, *args):
        self.process, self.args = process, args
        self.tracer = None

    def __enter__(self):
        command = ["strace", "-f", "-p", str(self.process.pid), *self.args]
        self.tracer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self.tracer.stderr.readline()
        if " attached" not in line:
            self.__exit__(None, None, None)
            raise AssertionError("strace: " + line)
        return self

    def __exit__(self, kind, value, trace):
        self.tracer.terminate()
        try:
            self.tracer.wait(timeout=1)
        except subprocess.TimeoutExpired:  # it may wait for ever for threads that a SIGKILL has ended
            self.tracer.kill()
            self.tracer.wait(timeout=PATIENCE)
        self.tracer.stderr.close()


def failing(process, calls, how):
    """While it lasts, CALLS of PROCESS do HOW: error=EIO, signal=KILL:when=3, ..."""
    return Strace(process, "-o", os.devnull, "-e", "trace=" + calls, "-e", "inject=%s:%s" % (calls, how))


def system_calls(process, path, action):
    """What PROCESS calls during ACTION: {name: most calls of one thread}."""
    with Strace(process, "-o", path):
        action()
    threads = collections.Counter()
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            thread, call = line.split(None, 1)
            if call[0].isalpha():
                threads[call.split("(")[0], thread] += 1
    most = collections.Counter()
    for (name, _), count in threads.items():
        most[name] = max(most[name], count)
    return most


def until(condition, what):
    """Asks until CONDITION gives something true, and returns that."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
    raise AssertionError("in vain: " + what)


class Trouble(Scene):
    """One bank for the class, its token behind the fault module."""

    SETTINGS = ""

    @classmethod
    def setUpClass(cls):
        cls.bank = Bank(bankd_settings=cls.SETTINGS)
        cls.use_fault_module()
        cls.open_bank()

    @classmethod
    def open_bank(cls):
        cls.bank.__enter__()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.alice, cls.bob, cls.account, cls.payee, cls.policy = joint(cls.bank, cls.FUNDS)

    @classmethod
    def use_fault_module(cls):
        bank = cls.bank
        bank.keeper_env = {"FAULT_MODULE": bank.module, "FAULT_CONTROL": bank.path("fault")}
        bank.module = FAULT_MODULE

    def tearDown(self):
        super().tearDown()
        self.silent()
        self.bank.stop()
        self.assertEqual(self.bank.left, {"bankd": 0, "keeper": 0})
        self.bank.start()
        self.reconnect()

    def silent(self):
        """No sanitizer said anything, and nothing asserted."""
        for path in glob.glob(self.bank.path("*.log")):
            with open(path, encoding="utf-8", errors="replace") as f:
                text = f.read()
            for word in ("Sanitizer", "runtime error:", "Assertion"):
                self.assertNotIn(word, text)

    def reconnect(self):
        self.alice.close()
        self.bob.close()

    def token(self, *rules):
        """From here on the token does as RULES say (testbank/fault/control.h)."""
        path = self.bank.path("fault")
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write("".join(rule + "\n" for rule in rules))
        os.rename(path + ".new", path)

    # --- what is there ---
    def executions(self, order):
        """How often ORDER was executed."""
        answer = self.bank.operator("GET", "/v1/accounts/%s/movements?limit=200" % self.account)
        self.assertEqual(answer.status, 200, answer)
        return sum(m.get("order") == order["id"] for m in answer.json["movements"])

    def executed_once(self, order):
        self.assertEqual(self.executions(order), 1)
        self.evidence(order)
        self.pay(cents(order["amount"]))

    def evidence(self, order):
        """Checked offline against the bank's pin."""
        answer = self.bank.operator("GET", "/v1/accounts/%s/orders/%s/evidence" % (self.account, order["id"]))
        self.assertEqual(answer.status, 200, answer)
        path = self.bank.path("evidence.json")
        with open(path, "wb") as f:
            f.write(answer.body)
        done = self.bank.tool(["countersign-verify", "evidence", "--bank-key", self.bank.pin, path])
        self.assertIn("OK", done.stdout)

    # --- answers ---
    def send(self, session, order, jws):
        """The answer, or None when the connection broke: then nobody knows."""
        try:
            return session.send(order, jws)
        except OSError:
            return None

    def unavailable(self, call, *names):
        """503 by one of NAMES within two seconds."""
        started = time.monotonic()
        answer = call()
        self.assertLess(time.monotonic() - started, 2.0, answer)
        self.assertEqual(answer.status, 503, answer)
        self.assertIn(answer.name, names)

    def until_taken(self, session, order, jws):
        """Sends it again until the bank takes it."""
        def taken():
            answer = session.send(order, jws)
            if answer.status != 503:
                return answer
            return None
        return until(taken, "the bank does not recover")

    def seen(self, order):
        """The status that the bank shows, or None: an answer that waits for a checkpoint."""
        answer = self.bank.operator("GET", "/v1/accounts/%s/orders/%s" % (self.account, order["id"]))
        if answer.status == 503:
            return None
        return answer.json["status"] if answer.status == 200 else answer.name


def copy_database(bank, directory):
    """bank.db and what belongs to it, as a backup with the bank stopped takes it."""
    os.makedirs(directory, exist_ok=True)
    for path in glob.glob(bank.path("bank.db*")):
        shutil.copy2(path, directory)


def restore_database(bank, directory):
    for path in glob.glob(bank.path("bank.db*")):
        os.unlink(path)
    for path in glob.glob(os.path.join(directory, "bank.db*")):
        shutil.copy2(path, bank.dir)
