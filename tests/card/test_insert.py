# SPDX-License-Identifier: Apache-2.0
"""Insert your card: commands wait for it, say when it was pulled and go on when it is back, and no document is there
before it is whole. Real pcscd, real OpenSC, a real bank; runs under with-card."""
import json
import os
import re
import signal
import subprocess
import time
import unittest

from middleware import PIN, await_log, await_noticed, hang_pcscd, pull_in
from test_pays import ACCOUNTS, MODULE, CardPays, Holder

WRITTEN = "signed.json"


class Insert(CardPays):
    CARD = "PIV AUTH, serial "

    def away_and_back(self, terminal, number, prompt):
        """It was pulled: says so, waits, and asks for the PIN again, once the card is back in."""
        seen = terminal.expect("The token was pulled; nothing was signed with it since. Insert your card again, within ")
        seen += terminal.expect("(Ctrl-C ends it): " + self.CARD)
        await_log("REMOVED", number)
        await_noticed()
        self.plug_in(number + 1)
        return seen + terminal.expect("It is there.") + terminal.expect(prompt)


class InsertTest(Insert):
    def setUp(self):
        super().setUp()
        self.enrol(self.alice)
        self.path, self.order = self.alice.new_order(account=ACCOUNTS["alice"])
        policy = self.bank.path("policy.json")
        self.alice.run("policy", "--output", policy, check=True)
        self.sign = ("sign", self.path, "--policy", policy, "--decision", "approve", "--output", self.bank.path(WRITTEN))

    def written(self):
        """Whatever begins with the document's name: half of it would, too."""
        return [name for name in os.listdir(self.bank.dir) if name.startswith(WRITTEN)]

    def is_signed(self):
        with open(self.bank.path(WRITTEN), encoding="utf-8") as document:
            self.assertIn("decision", json.load(document))

    def test_comes(self):
        """At a terminal by itself, elsewhere when asked to."""
        self.pull(1)
        with self.alice.terminal(*self.sign) as terminal:
            terminal.expect("Your token is not there. Insert your card, within 60 seconds (Ctrl-C ends it): pkcs11:id=%01")
            self.assertEqual(self.written(), [])
            self.plug_in(2)
            terminal.expect("It is there.")
            terminal.expect("to approve this order: ")
            terminal.type(PIN + "\n")
            self.assertEqual(terminal.end()[0], 0)
        self.is_signed()
        os.unlink(self.bank.path(WRITTEN))
        self.pull(2)
        self.assertNotIn("Insert", self.fails(self.alice.run(*self.sign), "TOKEN_NOT_FOUND"))
        begun = time.monotonic()
        self.assertIn("waited 1 seconds", self.fails(self.alice.run(*self.sign, "--wait", "1"), "TOKEN_NOT_FOUND"))
        self.assertGreaterEqual(time.monotonic() - begun, 1)
        self.assertEqual(self.written(), [])

    def test_pulled_at_prompt(self):
        """The PIN that was typed for a card that is gone goes nowhere; it is asked for again."""
        with self.alice.terminal(*self.sign) as terminal:
            terminal.expect("to approve this order: ")
            self.pull(1)
            terminal.type(PIN + "\n")
            terminal.expect("The token was pulled; nothing was signed with it since. Insert your card again")
            self.assertEqual(self.written(), [])
            self.plug_in(2)
            terminal.expect("It is there.")
            terminal.expect("to approve this order: ")
            self.pull(2)
            terminal.type(PIN + "\n")
            terminal.expect("Insert your card again")
            self.plug_in(3)
            terminal.expect("to approve this order: ")
            terminal.type(PIN + "\n")
            self.assertEqual(terminal.end()[0], 0)
        self.is_signed()

    def test_pulled_at_signing(self):
        """Between the PIN for the session and the signature: the PIN once more, and one payment."""
        self.open_creditor()
        self.alice.run("logout", check=True)
        with self.alice.terminal("approve", self.path) as terminal:
            terminal.expect("to log in: ")
            terminal.type(PIN + "\n")
            terminal.expect("Sign this? [y/N]")
            self.pull(1)
            terminal.type("y\n")
            terminal.expect("Insert your card again")
            self.assertEqual(self.bank.balance(ACCOUNTS["alice"])["available"], "872.22")
            self.plug_in(2)
            terminal.expect("It is there.")
            terminal.expect("PIN of token ")
            terminal.type(PIN + "\n")
            terminal.expect("ACSC")
            self.assertEqual(terminal.end()[0], 0)
        self.assertEqual(self.bank.balance(ACCOUNTS["alice"])["available"], "794.44")

    def test_pulled_while_rotating(self):
        """Both keys are on the card: one PIN, and what was signed before is signed anew."""
        self.alice.settings(ACCOUNTS["alice"], token="pkcs11:id=%01", token_deadline=3)
        with self.alice.terminal("rotate", "--new-token", "pkcs11:id=%02") as terminal:
            terminal.expect("to replace your key: ")
            terminal.type(PIN + "\n")
            terminal.expect("Sign this? [y/N]")
            pull_in(3)
            terminal.type("y\n")
            self.away_and_back(terminal, 1, "to replace your key: ")
            terminal.type(PIN + "\n")
            code, seen = terminal.end()
        self.assertEqual(code, 0, seen)
        self.assertIn("id=%02", seen.partition("token = ")[2])
        self.alice.settings(ACCOUNTS["alice"], token="pkcs11:id=%01")
        self.assertIn("KEY_RETIRED", self.alice.run("login").stderr)
        self.alice.settings(ACCOUNTS["alice"], token="pkcs11:id=%02")
        self.alice.run("login", check=True)

    def test_pulled_while_kept(self):
        """The command that uses it says that it is kept no longer, and asks for the PIN; so does the next."""
        self.open_creditor()
        self.alice.run("session", "start", check=True)
        with self.alice.terminal("approve", self.path) as terminal:
            terminal.expect("Sign this? [y/N]")
            self.pull(1)
            terminal.type("y\n")
            seen = self.away_and_back(terminal, 1, "PIN of token ")
            terminal.type(PIN + "\n")
            self.assertIn("It is kept logged in no longer, so its PIN is asked for then.", seen)
            terminal.expect("ACSC")
            self.assertEqual(terminal.end()[0], 0)
        done = self.bank.tool(self.alice.words("session", "status"), check=True, env=self.alice.env)
        self.assertIn("The token is kept logged in no longer (TOKEN_REMOVED): it was pulled.", done.stderr)
        done = self.bank.tool(self.alice.words("session", "status"), check=True, env=self.alice.env)
        self.assertEqual((done.stdout, done.stderr), ("No token is kept logged in.\n", ""))  # said once

    def test_descriptor_has_one_pin(self):
        """Pulled after it came, the card is not waited for, and what else is on the descriptor goes to no card."""
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        os.set_inheritable(read, True)
        self.alice.settings(ACCOUNTS["alice"], token_deadline=3)
        with self.alice.terminal(*self.sign, "--debug", "--pin-fd", str(read)) as terminal:
            terminal.expect("token.open")  # what comes next is the PIN
            pull_in(2)
            os.write(write, (PIN + "\n" + "999999\n").encode())
            os.close(write)
            code, seen = terminal.end()
        self.assertEqual(code, 3, seen)
        self.assertIn("countersign: PIN_AGAIN: ", seen)
        self.assertNotIn("Insert your card again", seen)
        self.assertEqual(os.read(read, 99), b"999999\n")
        self.assertEqual(self.written(), [])
        await_log("REMOVED", 1)
        await_noticed()
        self.plug_in(2)
        self.assertEqual([token["tries"] for token in self.list_tokens()], ["ok"])

    def test_other_card(self):
        """One that the settings fit as well gets no PIN in place of the one that was pulled."""
        with self.alice.terminal(*self.sign) as terminal:
            terminal.expect("to approve this order: ")
            self.pull(1)
            terminal.type(PIN + "\n")
            terminal.expect("Insert your card again")
            other = subprocess.Popen([os.environ["CARD_PROGRAM"], "--port", os.environ["CARD_SECOND"], "--pin", "99999999"],
                                     stdout=subprocess.PIPE, text=True)
            self.addCleanup(other.stdout.close)
            self.addCleanup(other.wait)
            self.addCleanup(other.terminate)
            self.assertEqual(other.stdout.readline(), "READY\n")
            while len(self.list_tokens()) != 1:
                self.assertIsNone(other.poll())
            self.plug_in(2)
            self.assertNotIn("PIN of token", terminal.expect("It is there."))
            terminal.expect("to approve this order: ")
            terminal.type(PIN + "\n")
            self.assertEqual(terminal.end()[0], 0)
        self.is_signed()
        self.assertEqual(sorted(token["tries"] for token in self.list_tokens()), ["ok", "ok"])

    def test_ends(self):
        """By Ctrl-C: nothing happened, and the terminal is as it was."""
        self.pull(1)
        with self.alice.terminal(*self.sign) as terminal:
            terminal.expect("Ctrl-C ends it")
            terminal.type("\x03")
            code, seen = terminal.end()
            self.assertEqual(code, 3)
            self.assertIn("countersign: TOKEN_WAIT_ENDED: ", seen)
        self.assertEqual(self.written(), [])
        for wait in ("3601", "-1", "1.5", "soon", ""):
            done = self.alice.run(*self.sign, "--wait", wait)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--wait takes seconds", done.stderr)

    def test_ends_when_pcscd_hangs(self):
        """By Ctrl-C and at the deadline all the same, and by name."""
        self.pull(1)
        for wait, typed, name in (("60", "\x03", "TOKEN_WAIT_ENDED"), ("4", "", "TOKEN_NOT_FOUND")):
            with self.alice.terminal(*self.sign, "--wait", wait) as terminal:
                terminal.expect("Ctrl-C ends it")
                begun = time.monotonic()
                go_on = hang_pcscd(self)
                terminal.type(typed)
                code, seen = terminal.end()
                self.assertLess(time.monotonic() - begun, 8)
                self.assertEqual(code, 3)
                self.assertIn("countersign: %s: " % name, seen)
                go_on()
        self.assertEqual(self.written(), [])

    def test_goes_on_after_pcscd_hung(self):
        """What hung while it waited is there again, and then the card."""
        self.pull(1)
        with self.alice.terminal(*self.sign) as terminal:
            terminal.expect("Ctrl-C ends it")
            go_on = hang_pcscd(self)
            os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR2)  # in a reader of which nobody hears
            go_on()
            terminal.expect("It is there.")
            terminal.expect("to approve this order: ")
            terminal.type(PIN + "\n")
            self.assertEqual(terminal.end()[0], 0)
        self.is_signed()

    def test_pcscd_hangs_at_signing(self):
        """Nobody is told to insert the card, which is there: what hangs has a name and a remedy."""
        self.alice.settings(ACCOUNTS["alice"], token_deadline=6)
        with self.alice.terminal(*self.sign) as terminal:
            terminal.expect("to approve this order: ")
            hang_pcscd(self)
            begun = time.monotonic()
            terminal.type(PIN + "\n")
            code, seen = terminal.end()
        self.assertLess(time.monotonic() - begun, 6 + 4)  # by the deadline
        self.assertEqual(code, 3)
        self.assertIn("countersign: TOKEN_PCSCD_HANGS: ", seen)
        self.assertIn("systemctl restart pcscd.service", seen)
        self.assertNotIn("Insert", seen)
        self.assertEqual(self.written(), [])


class MakeTest(Insert):
    CARD = "SmartCard-HSM"

    @staticmethod
    def trace():
        with open(os.environ["CARD_LOG"], encoding="ascii") as log:
            return [line for line in log if line.startswith("> ")]

    def making(self, pull):
        """Where the key is made, of the APDUs after the PIN; PULL: the card goes there."""
        with self.alice.terminal("rotate", "--make") as terminal:
            terminal.expect("to replace your key: ")
            before = len(self.trace())
            if pull:
                pull_in(pull)
            terminal.type(PIN + "\n")
            terminal.expect("[y/N]")
            terminal.type("y\n")
            if pull:
                self.away_and_back(terminal, 1, "to replace your key: ")
                terminal.type(PIN + "\n")
            terminal.expect("Made the key ")
            terminal.expect("Sign this? [y/N]")
            terminal.type("y\n" if pull else "n\n")
            code, seen = terminal.end()
        self.assertEqual(code, 0 if pull else 1, seen)
        return next(number for number, line in enumerate(self.trace()[before:], 1) if line.startswith("> 0046")), seen

    def test_pulled_while_making(self):
        """The new key that was being made is there when the card is back, or is made then; one PIN entry each."""
        self.enrol(self.alice)
        self.alice.settings(ACCOUNTS["alice"], token_deadline=3)
        made, _ = self.making(None)
        _, seen = self.making(made)
        self.alice.settings(ACCOUNTS["alice"], token=re.search(r"token = (\S+)", seen)[1])
        self.alice.run("login", check=True)


class EnrolTest(Insert):
    def test_pulled_while_enrolling(self):
        """Twice, between the PIN and the last of three signatures: one request, whole, which the settings know."""
        self.bank.ctl("key", "show", "--letter", self.bank.dir, "--public-url", "https://127.0.0.1:%d" % self.bank.port)
        carol = Holder(self.bank, "carol", PIN, MODULE, "pkcs11:")
        self.addCleanup(carol.close)
        self.bank.write("carol.conf", "token_deadline = 3\n")
        letter = self.bank.path("letter")
        os.mkdir(letter)
        with carol.terminal("enrol", "--name", "Carol", "--bank-letter", self.bank.path("bank-letter.txt"), "--module", MODULE,
                            "--letter", letter) as terminal:
            terminal.expect("sign this request: ")
            for number, apdus in enumerate((9, 12), 1):
                pull_in(apdus)
                terminal.type(PIN + "\n")
                self.away_and_back(terminal, number, "sign this request: ")
                self.assertEqual(os.listdir(letter), [])
            terminal.type(PIN + "\n")
            code, seen = terminal.end()
        self.assertEqual(code, 0, seen)
        self.assertIn("The request waits at ", seen)
        self.assertEqual(len(os.listdir(letter)), 2)
        self.assertIn("ENROLMENT_WAITING", carol.run("enrol", "--status").stderr)


# The cases of test_pays.py are not run again here.
for case in [name for name in dir(CardPays) if name.startswith("test_")]:
    setattr(Insert, case, None)

if __name__ == "__main__":
    unittest.main()
