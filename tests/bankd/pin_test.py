#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where bankd-keeper gets the token's PIN: a descriptor, a credential of the service manager, a terminal. One source
is used, and when its PIN is wrong no other is tried.
Usage: pin_test.py BANKD-KEEPER FAULT-MODULE [TEST...]"""
import os
import pty
import select
import signal
import sys
import tempfile
import time
import unittest

from keeper_bank import PIN, PLACE, WAIT_S, Bank

PROMPT = b"PIN of the bank's token: "
WRONG = "111111"


class Run:
    """A keeper with a terminal of its own."""

    def __init__(self, bank, pin_fd=None, credentials=None):
        environment = dict(bank.environment)
        if credentials is not None:
            environment["CREDENTIALS_DIRECTORY"] = credentials
        words = [PROGRAM, "--config", bank.path("keeper.conf")]
        if pin_fd is not None:
            words += ["--pin-fd", "7"]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            if pin_fd is not None:
                os.dup2(pin_fd, 7)
            os.execve(PROGRAM, words, environment)
        self.seen = b""

    def until(self, *wanted):
        """Reads the terminal until one of WANTED shows, or the keeper ended."""
        deadline = time.monotonic() + WAIT_S
        while not any(word in self.seen for word in wanted):
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            assert ready, self.seen
            try:
                self.seen += os.read(self.terminal, 4096)
            except OSError:  # EIO: nobody has the terminal any more
                break
        return self.seen

    def type(self, text):
        os.write(self.terminal, text.encode() + b"\n")

    def open_files(self):
        place = "/proc/%d/fd" % self.pid
        found = []
        for name in os.listdir(place):
            try:
                found.append(os.readlink(os.path.join(place, name)))
            except FileNotFoundError:
                pass
        return found

    def end(self, stop=True):
        """Exit code."""
        if stop:
            os.kill(self.pid, signal.SIGTERM)
        self.until(b"nothing of the kind, so to the end")
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(status)


class Pin(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(dir=PLACE)
        self.addCleanup(directory.cleanup)
        self.bank = Bank(PROGRAM, FAULT, directory.name)
        self.bank.init()
        self.bank.write_settings()
        self.credentials = self.bank.path("credentials")
        os.mkdir(self.credentials, 0o700)

    def credential(self, text):
        path = os.path.join(self.credentials, "pin")
        if os.path.exists(path):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o400)

    def descriptor(self, text):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.write(writer, text.encode() + b"\n")
        os.close(writer)
        return reader

    def serves(self, run):
        self.assertIn(b"READY ", run.until(b"READY "))
        self.assertNotIn(PIN.encode(), run.seen)

    def silent(self, run, code, *names):
        """It ended by itself, asked nobody, and said why."""
        self.assertEqual(run.end(stop=False), code, run.seen)
        self.assertNotIn(PROMPT, run.seen)
        self.assertNotIn(b"READY", run.seen)
        for name in names:
            self.assertIn(name, run.seen)
        for secret in (PIN, WRONG):
            self.assertNotIn(secret.encode(), run.seen)

    def test_typed_at_the_terminal_and_not_shown(self):
        run = Run(self.bank)
        self.assertIn(PROMPT, run.until(PROMPT))
        run.type(PIN)
        self.serves(run)
        self.assertEqual(run.end(), 0)
        self.assertNotIn(PIN.encode(), run.seen)

    def test_a_credential(self):
        for text in (PIN, PIN + "\n"):
            self.credential(text)
            run = Run(self.bank, credentials=self.credentials)
            self.serves(run)
            self.assertNotIn(PROMPT, run.seen)
            self.assertFalse([name for name in run.open_files() if name.startswith(self.credentials)])
            self.assertEqual(run.end(), 0)

    def test_the_descriptor_comes_first(self):
        self.credential(WRONG)
        run = Run(self.bank, pin_fd=self.descriptor(PIN), credentials=self.credentials)
        self.serves(run)
        self.assertNotIn(PROMPT, run.seen)
        self.assertEqual(run.end(), 0)

    def test_the_terminal_when_no_such_credential_was_handed_over(self):
        run = Run(self.bank, credentials=self.credentials)
        self.assertIn(PROMPT, run.until(PROMPT))
        run.type(PIN)
        self.serves(run)
        self.assertEqual(run.end(), 0)

    def test_a_wrong_pin_is_not_followed_by_another_source(self):
        self.credential(WRONG)
        self.silent(Run(self.bank, credentials=self.credentials), 3, b"PIN_WRONG")
        self.credential(PIN)
        self.silent(Run(self.bank, pin_fd=self.descriptor(WRONG), credentials=self.credentials), 3, b"PIN_WRONG")

    def test_a_credential_that_cannot_be_used_is_not_passed_over(self):
        self.credential("")
        self.silent(Run(self.bank, credentials=self.credentials), 4, b"no PIN could be read")
        os.unlink(os.path.join(self.credentials, "pin"))
        os.mkdir(os.path.join(self.credentials, "pin"))
        self.silent(Run(self.bank, credentials=self.credentials), 4, b"no PIN could be read")
        os.rmdir(os.path.join(self.credentials, "pin"))
        os.symlink("/dev/zero", os.path.join(self.credentials, "pin"))
        self.silent(Run(self.bank, credentials=self.credentials), 4, b"credential.open")
        self.silent(Run(self.bank, credentials=self.bank.path("nowhere")), 4, b"credential.open")


if __name__ == "__main__":
    PROGRAM, FAULT = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], warnings="ignore")
