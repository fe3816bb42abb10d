# SPDX-License-Identifier: Apache-2.0
"""pcscd is killed and another one started in its place while a card signs, or while its PIN is asked for: the program
goes on once it is there, and asks for the PIN again, where it was not yet known to be right; nothing is signed twice and
no half document is left. Real pcscd, real OpenSC, a real bank; runs under with-card --trace."""
import os
import signal
import unittest

from middleware import PIN, await_log, await_stopped, kill_pcscd, start_pcscd, stop_in
from test_insert import ACCOUNTS, InsertTest
from test_many import APDUS, ManyTest


def kill_at_signing(typed, terminal, apdus):
    """pcscd is no more while the card works at the so many-th APDU."""
    stop_in(apdus)
    terminal.type(typed)
    await_stopped()
    kill_pcscd()
    os.kill(int(os.environ["CARD_PID"]), signal.SIGCONT)


class RestartedTest(InsertTest):
    def goes_on(self, terminal):
        start_pcscd(self)
        terminal.expect("It is there.")
        terminal.expect("to approve this order: ")
        terminal.type(PIN + "\n")
        code, seen = terminal.end()
        self.assertEqual(code, 0, seen)

    def test_at_prompt(self):
        """Whether it is back when the PIN is typed, or comes later."""
        for late in (True, False):
            with self.subTest(late=late), self.alice.terminal(*self.sign) as terminal:
                terminal.expect("to approve this order: ")
                kill_pcscd()
                if not late:
                    start_pcscd(self)
                    await_log("READY", 3)
                terminal.type(PIN + "\n")
                if late:
                    terminal.expect("Insert your card again")
                    self.goes_on(terminal)
                else:
                    self.assertIn("It is there.", terminal.expect("to approve this order: "))
                    terminal.type(PIN + "\n")
                    code, seen = terminal.end()
                    self.assertEqual(code, 0, seen)
                self.is_signed()
                os.unlink(self.bank.path("signed.json"))

    def test_at_signing(self):
        for apdus in (1, 2, 3):
            with self.subTest(apdus=apdus), self.alice.terminal(*self.sign) as terminal:
                terminal.expect("to approve this order: ")
                kill_at_signing(PIN + "\n", terminal, apdus)
                terminal.expect("Insert your card again")
                self.assertEqual(self.written(), [])
                self.goes_on(terminal)
                self.is_signed()
                os.unlink(self.bank.path("signed.json"))

    def test_at_consent(self):
        """By a key that wants its PIN for each signature: the session's is not sent a second time, but asked for."""
        self.enrol(self.bob)
        self.open_creditor()
        self.bob.run("logout", check=True)
        path, _ = self.bob.new_order(account=ACCOUNTS["bob"])
        self.bob.run("logout")
        with self.bob.terminal("approve", path) as terminal:
            terminal.expect("to log in: ")
            terminal.type(PIN + "\n")
            terminal.expect("Sign this? [y/N]")
            kill_pcscd()
            start_pcscd(self)
            await_log("READY", 2)
            terminal.type("y\n")
            terminal.expect("It is there.")
            terminal.expect("PIN of token ")
            terminal.type(PIN + "\n")
            self.assertIn("ACSC", terminal.end()[1])
        self.assertEqual(self.bank.balance(ACCOUNTS["bob"])["available"], "794.44")


class RestartedManyTest(ManyTest):
    def test_in_the_middle(self):
        self.goes_on_after(lambda terminal: kill_at_signing(PIN + "\n", terminal, APDUS), lambda: start_pcscd(self))


# The cases of other files are not run again here.
for base, kind in ((InsertTest, RestartedTest), (ManyTest, RestartedManyTest)):
    for case in [name for name in dir(base) if name.startswith("test_")]:
        setattr(kind, case, None)
del InsertTest, ManyTest, base

if __name__ == "__main__":
    unittest.main()
