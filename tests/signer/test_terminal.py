# SPDX-License-Identifier: Apache-2.0
"""The holder's program at a real terminal: what is shown before the PIN is asked for, and where the
PIN never appears."""
import os
import signal
import sys
import unittest

from desk import ALONE, Desk

CANARY = "canary-3141-yellow"


class AtTheTerminal(Desk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.carol = cls.holder("carol", CANARY)
        cls.account = "PT50003500010000004561245"
        cls.bank.open_account(cls.account, ["carol"], "872.22")
        cls.carol.settings(cls.account)

    def setUp(self):
        self.path, self.document = self.alice.new_order(
            account=self.account, amount="10.00", creditor={"account": ALONE, "name": "Alice Example"})

    def type_pin(self, terminal, prompt, pin=CANARY):
        """Only once the prompt is there, and never with the echo on."""
        before = terminal.expect(prompt)
        self.assertFalse(terminal.echo())
        terminal.type(pin + "\n")
        return before

    def test_shows_before_it_asks(self):
        self.carol.run("login", check=True)
        with self.carol.terminal("approve", self.path) as terminal:
            shown = self.type_pin(terminal, "PIN of token carol to approve this order: ")
            for text in ("I approve this payment order.", "10.00 EUR", "Alice Example", self.document["id"]):
                self.assertIn(text, shown)
            code, seen = terminal.end()
            self.assertEqual(code, 0)
            self.assertIn("ACSC, settled", seen)
            self.assertNotIn(CANARY, seen)

    def test_asks_after_a_login(self):
        """The PIN came before the text was there; so a question comes after it. No is the default."""
        for answer, code, words in (("", 1, "NOT_CONFIRMED"), ("n", 1, "NOT_CONFIRMED"), ("y", 0, "ACSC, settled")):
            self.carol.run("logout", check=True)
            before = self.available(self.account)
            with self.subTest(answer), self.carol.terminal("approve", self.path) as terminal:
                self.type_pin(terminal, "PIN of token carol to log in: ")
                self.assertIn("I approve this payment order.", terminal.expect("Sign this? [y/N] "))
                self.assertTrue(terminal.echo())
                self.found_nowhere(terminal.pid)
                terminal.type(answer + "\n")
                status, seen = terminal.end()
                self.assertEqual(status, code, seen)
                self.assertIn(words, seen)
                self.assertNotIn(CANARY, seen)
            self.assertEqual(before == self.available(self.account), code != 0)

    def found_nowhere(self, pid):
        """Others on the machine read neither the PIN nor, by a core dump, the memory."""
        for name in ("cmdline", "environ"):
            with open("/proc/%d/%s" % (pid, name), "rb") as f:
                content = f.read()
                self.assertTrue(content)
                self.assertNotIn(CANARY.encode(), content)
        with open("/proc/%d/limits" % pid, encoding="ascii") as f:
            (core,) = [line for line in f if line.startswith("Max core file size")]
        self.assertEqual(core.split()[4:6], ["0", "0"])

    def test_interrupted(self):
        """At the prompt: the program ends by the signal, the echo is back, nothing was signed."""
        self.carol.run("login", check=True)
        before = self.available(self.account)
        with self.carol.terminal("approve", self.path) as terminal:
            terminal.expect("to approve this order: ")
            self.assertFalse(terminal.echo())
            terminal.type("half a pin\x03")
            code, seen = terminal.end()
            self.assertEqual(code, -signal.SIGINT)
            self.assertTrue(terminal.echo())
            self.assertNotIn("half a pin", seen)
        self.assertEqual(self.available(self.account), before)

    def test_no_pin(self):
        for keys in ("\n", "\x04"):
            with self.subTest(keys), self.carol.terminal("login", "--session-dir", self.fresh()) as terminal:
                terminal.expect("to log in: ")
                terminal.type(keys)
                code, seen = terminal.end()
                self.assertEqual(code, 3)
                self.assertIn("PIN_CANCELLED", seen)
                self.assertTrue(terminal.echo())

    def fresh(self):
        return os.path.join(self.carol.sessions, "fresh-%d" % len(os.listdir(self.carol.sessions)))

    def test_wrong_pin(self):
        """Told what it cost; nothing is tried again by itself, and the next prompt says so."""
        with self.carol.terminal("login", "--session-dir", self.fresh()) as terminal:
            self.type_pin(terminal, "PIN of token carol to log in: ", "wrong")
            code, seen = terminal.end()
            self.assertEqual(code, 3)
            self.assertIn("PIN_WRONG", seen)
            self.assertIn("Tries left: ", seen)
            self.assertNotIn("PIN of token", seen)
        with self.carol.terminal("login", "--session-dir", self.fresh()) as terminal:
            self.type_pin(terminal, "PIN of token carol (a wrong PIN was entered before) to log in: ")
            self.assertEqual(terminal.end()[0], 0)

    def test_no_terminal(self):
        words = self.carol.words("approve", self.path, "--session-dir", self.fresh())
        done = self.bank.tool(words, check=False, start_new_session=True)
        self.refused(done, "PIN_NO_TERMINAL", 3, "--pin-fd")

    def test_debug(self):
        """Says more, but not the PIN."""
        done = self.carol.run("approve", self.path, "--debug", "--session-dir", self.fresh(), check=True)
        self.assertNotIn(CANARY, done.stdout + done.stderr)
        self.assertGreater(len(done.stderr), 400)
        wrong = self.carol.run("login", "--debug", "--session-dir", self.fresh(), pin=CANARY + "-no")
        self.refused(wrong, "PIN_WRONG", 3)
        self.assertNotIn(CANARY, wrong.stdout + wrong.stderr)

    def test_pin_descriptor(self):
        for number in ("77", "-1", "x", "99999999999"):
            done = self.bank.tool(self.carol.words("login", "--session-dir", self.fresh(), "--pin-fd=" + number), check=False)
            self.assertIn(done.returncode, (2, 4), done.stderr)
            self.assertIn("descriptor", done.stderr)

    def test_new_pins(self):
        """token init asks each PIN twice and takes no slip."""
        words = ("token", "init", "--module", self.carol.module, "--label", "dave")
        with self.carol.terminal(*words) as terminal:
            for prompt, pin in (("New security officer PIN: ", "12345678"), ("The same again: ", "12345679")):
                self.type_pin(terminal, prompt, pin)
            code, seen = terminal.end()
            self.assertEqual(code, 2)
            self.assertIn("the two PINs differ", seen)
        with self.carol.terminal(*words) as terminal:
            for prompt, pin in (("New security officer PIN: ", "12345678"), ("The same again: ", "12345678"),
                                ("New PIN: ", "2468"), ("The same again: ", "2468")):
                self.type_pin(terminal, prompt, pin)
            self.assertEqual(terminal.end()[0], 0)
        with self.carol.terminal("token", "change-pin", "--module", self.carol.module, "--token", "pkcs11:token=dave") as terminal:
            for prompt, pin in (("PIN of token dave to change it: ", "2468"), ("New PIN: ", "1357"), ("The same again: ", "1357")):
                self.type_pin(terminal, prompt, pin)
            self.assertEqual(terminal.end()[0], 0)
        info = ("token", "info", "--module", self.carol.module, "--token", "pkcs11:token=dave")
        self.assertEqual(self.carol.run(*info, pin="1357", settings=False).returncode, 0)
        self.refused(self.carol.run(*info, pin="2468", settings=False), "PIN_WRONG", 3)


if __name__ == "__main__":
    sys.exit(unittest.main())
