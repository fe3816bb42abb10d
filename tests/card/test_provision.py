# SPDX-License-Identifier: Apache-2.0
"""token provision on empty virtual cards: real pcscd, OpenSC and ykcs11. Runs under with-card, one test a card;
SoftHSM2 is in tests/signer/test_provision.py."""
import json
import os
import re
import shutil
import subprocess
import unittest

from middleware import PIN, run
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


if __name__ == "__main__":
    unittest.main()
