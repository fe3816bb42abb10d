# SPDX-License-Identifier: Apache-2.0
"""token provision on empty virtual cards: real pcscd, OpenSC and ykcs11. Runs under with-card, one test a card;
SoftHSM2 is in tests/signer/test_provision.py."""
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import unittest
import unittest.mock

from middleware import PIN, await_log, await_noticed, pull_in, run
from test_list import WAIT_S, Plugged, Terminal

PW3 = os.environ["CARD_PUK"]
MANAGEMENT_KEY = "010203040506070801020304050607080102030405060708"
OPENSC = "opensc-pkcs11.so"


class ProvisionTest(Plugged):
    def provision(self, profile, secret, *words, code=0, option="--so-pin-fd"):
        """The answer; SECRET None: nobody can be asked."""
        fds, args = [], [self.program, "token", "provision", "--profile", profile, "--json", *words]
        if secret is not None:
            read, write = os.pipe()
            os.write(write, secret.encode() + b"\n")
            os.close(write)
            self.addCleanup(os.close, read)
            fds, args = [read], args + [option, str(read)]
        done = subprocess.run(args, capture_output=True, text=True, timeout=WAIT_S, env=self.env, pass_fds=fds, check=False,
                              start_new_session=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.said = done.stderr
        return json.loads(done.stdout)

    def seen(self, module):
        tokens = json.loads(self.run_tool("token", "list", "--json", module=module))["tokens"]
        return {(key["id"], key["curve"], key["sign"], key["derive"]) for token in tokens for key in token["keys"]}

    def signs(self, uri, module):
        """With the holder's PIN the key is found, public half and all."""
        read, write = os.pipe()
        os.write(write, PIN.encode() + b"\n")
        os.close(write)
        self.addCleanup(os.close, read)
        done = subprocess.run([self.program, "token", "info", "--module", module, "--token", uri, "--json", "--pin-fd",
                               str(read), "--spki", self.path("spki")], capture_output=True, text=True, timeout=WAIT_S,
                              env=self.env, pass_fds=(read,), check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with open(self.path("spki"), "rb") as spki:
            self.assertEqual(spki.read(1), b"\x30")

    def twice(self, profile):
        """Keys that are there stay, and nobody is asked for a PIN."""
        self.assertEqual(self.provision(profile, None, code=3)["error"], "KEY_EXISTS")

    def test_openpgp(self):
        module = os.environ["COUNTERSIGN_TEST_MODULE"]
        self.assertEqual(self.provision("openpgp", "87654321", code=3)["error"], "PIN_WRONG")
        self.assertEqual(self.seen(module), set())
        made = self.provision("openpgp", PW3, "--curve", "P-384")
        self.assertEqual([(key["use"], key["curve"], key["sign"], key["derive"]) for key in made["keys"]],
                         [("sign", "P-384", True, False), ("authenticate", "P-384", True, False),
                          ("derive", "P-384", False, True)])
        self.assertIn("token=OpenPGP%20card%20%28User%20PIN%20%28sig%29%29;", made["keys"][0]["uri"])
        self.assertEqual(self.seen(module), {("01", "P-384", True, False), ("02", "P-384", False, True),
                                             ("03", "P-384", True, False)})
        self.signs(made["keys"][0]["uri"], module)
        self.twice("openpgp")

    def test_piv(self):
        """ykcs11 makes the keys, and OpenSC has them as well."""
        module = os.environ["COUNTERSIGN_TEST_MODULE"]
        opensc = os.path.join(os.path.dirname(module), OPENSC)
        self.assertEqual(self.provision("piv", MANAGEMENT_KEY[::-1], code=3)["error"], "PIN_WRONG")
        self.assertEqual(self.provision("piv", MANAGEMENT_KEY, "--curve", "P-521", code=2)["error"], "USAGE")
        self.assertEqual(self.seen(opensc), set())
        made = self.provision("piv", MANAGEMENT_KEY)
        self.assertEqual([(key["use"], key["curve"]) for key in made["keys"]],
                         [("sign", "P-256"), ("authenticate", "P-256"), ("derive", "P-256")])
        self.assertEqual(self.seen(opensc), {("01", "P-256", True, False), ("02", "P-256", True, False),
                                             ("03", "P-256", False, True)})
        self.signs(made["keys"][0]["uri"], module)
        self.signs("pkcs11:manufacturer=piv_II;id=%02", opensc)
        self.twice("piv")
        self.assertTrue(json.loads(self.run_tool("token", "doctor", "--json", module=opensc))["well"])

    def test_piv_by_tool(self):
        """A card that ykcs11 does not take: the commands that do it, and nothing was done."""
        refused = self.provision("piv", MANAGEMENT_KEY, code=3)
        self.assertEqual(refused["error"], "TOKEN_NOT_FOUND")
        for slot in ("9a", "9c", "9d"):
            self.assertIn("\n  yubico-piv-tool -s %s -a generate -A ECCP256 " % slot, self.said)

    def test_schsm(self):
        """A new one is told how it is set up, by its maker's tool; then its holder's PIN makes the keys."""
        made = lambda *words, pin=PIN, code=0: self.provision("schsm", pin, *words, code=code, option="--pin-fd")  # noqa: E731
        self.assertEqual(made(code=3)["error"], "TOKEN_FAILED")
        command = re.search(r"\n  (sc-hsm-tool --initialize .*)\n", self.said)[1]
        with Terminal([shutil.which("sc-hsm-tool"), *command.split()[1:]], self.env) as tool:
            for pin in (PW3, PIN):
                tool.expect(" : ")
                tool.hides()
                tool.type(pin + "\n")
            self.assertEqual(tool.end()[0], 0)
        module = os.environ["COUNTERSIGN_TEST_MODULE"]
        self.assertEqual(made(pin=PIN[::-1], code=3)["error"], "PIN_WRONG")
        self.assertEqual(made("--curve", "P-521", code=2)["error"], "USAGE")
        self.assertEqual(self.seen(module), set())
        token = made("--curve", "P-384")
        self.assertEqual([(key["use"], key["curve"], key["sign"], key["derive"]) for key in token["keys"]],
                         [("sign", "P-384", True, False), ("authenticate", "P-384", True, False),
                          ("derive", "P-384", False, True)])
        self.assertIn("token=countersign%20%28UserPIN%29;", token["keys"][0]["uri"])
        # OpenSC says of the public half of each that it verifies; the private halves tell.
        self.assertEqual(self.seen(module), {(number, "P-384", True, False) for number in ("01", "02", "03")})
        listing = run("pkcs11-tool", "--module", module, "-O", "--login", "--pin", PIN).stdout
        self.assertEqual(re.findall(r"Private Key Object.*?ID: +(\d+)\n +Usage: +(\w+)", listing, re.S),
                         [("02", "sign"), ("01", "sign"), ("03", "derive")])
        self.signs(token["keys"][0]["uri"], module)
        self.twice("schsm")


class PulledTest(Plugged):
    """The card goes while its keys are made, at its second one: what was made stays, the rest is made when it is back."""
    # Who is asked, and what makes a key. It has no name before the next APDUs, so that it is made anew.
    KINDS = {"pgpcard": ("openpgp", "Admin PIN (PW3", PW3, r"> 004780"),
             "hsmcard": ("schsm", "to make the keys on this token: ", PIN, r"> .046")}

    def setUp(self):
        super().setUp()
        self.profile, self.prompt, self.secret, self.makes = self.KINDS[os.environ["CARD_KIND"]]
        with open(self.path("config"), "w", encoding="ascii") as config:
            config.write("token_deadline = 3\n")  # OpenSC 0.23 may hang on a card that went

    def terminal(self, *words):
        return Terminal([self.program, "token", "provision", "--config", self.path("config"), *words], self.env)

    def answer(self, terminal):
        seen = terminal.expect(self.prompt)
        return seen + (terminal.expect(": ") if not self.prompt.endswith(": ") else "")

    @staticmethod
    def trace():
        with open(os.environ["CARD_LOG"], encoding="ascii") as log:
            return [line for line in log if line.startswith("> ")]

    @contextlib.contextmanager
    def fresh_card(self, name):
        """Another card, with no key, in place of the one that was pulled."""
        with open(self.path(name), "wb") as log:
            empty = ["--empty"] if os.environ["CARD_KIND"] != "hsmcard" else []
            card = subprocess.Popen([os.environ["CARD_PROGRAM"], "--port", os.environ["CARD_FIRST"], "--pin", PIN, "--puk", PW3,
                                     *empty], stdout=log)
        try:
            with unittest.mock.patch.dict(os.environ, CARD_PID=str(card.pid), CARD_LOG=log.name):
                await_log("READY", 1)
                yield
        finally:
            card.terminate()
            card.wait()
            await_noticed()

    def back(self):
        await_log("REMOVED", 1)
        await_noticed()
        os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR2)
        await_log("READY", 2)

    def all_made(self):
        tokens = self.listing()["tokens"]
        self.assertEqual({key["id"] for token in tokens for key in token["keys"]}, {"01", "02", "03"})

    def test_pulled(self):
        with self.terminal("--profile", self.profile) as terminal:
            self.answer(terminal)
            before = len(self.trace())
            terminal.type(self.secret + "\n")
            self.assertEqual(terminal.end()[0], 0)
        makes = [number for number, line in enumerate(self.trace()[before:], 1) if re.match(self.makes, line)]
        self.assertEqual(len(makes), 3)
        self.pull()
        await_noticed()
        for apdus in (makes[1] - 1, makes[1], makes[2] - 1):
            with self.subTest(apdus=apdus):
                self.goes_on(apdus)
        self.ends(makes[1])

    def goes_on(self, apdus):
        with self.fresh_card("log-%d" % apdus), self.terminal("--profile", self.profile) as terminal:
            self.answer(terminal)
            pull_in(apdus)
            terminal.type(self.secret + "\n")
            seen = terminal.expect("Insert your card")
            self.back()
            seen += terminal.expect("It is there.") + self.answer(terminal)
            terminal.type(self.secret + "\n")
            code, rest = terminal.end()
            self.assertEqual(code, 0, seen + rest)
            made = re.findall(r"Made the key to (\w+)|The key to (\w+) was made before", seen + rest)
            self.assertEqual([one or other for one, other in made], ["sign", "authenticate", "derive"])
            self.all_made()

    def ends(self, apdus):
        """Where nobody waits, it says what is made, and the command that goes on."""
        with self.fresh_card("ends"):
            with self.terminal("--profile", self.profile, "--wait", "0") as terminal:
                self.answer(terminal)
                pull_in(apdus)
                terminal.type(self.secret + "\n")
                code, seen = terminal.end()
            self.assertEqual(code, 3, seen)
            for words in ("The key to sign is made.", "The key to authenticate may be made.", "The key to derive is not made."):
                self.assertIn(words, seen)
            next_one = re.search(r"Go on with: countersign (.*)\r\n", seen)[1]
            self.back()
            with Terminal([self.program, *shlex.split(next_one)], self.env) as terminal:
                seen = self.answer(terminal)
                self.assertIn("The key to sign is there.", seen)
                terminal.type(self.secret + "\n")
                code, rest = terminal.end()
            self.assertEqual(code, 0, seen + rest)
            self.all_made()


if __name__ == "__main__":
    unittest.main()
