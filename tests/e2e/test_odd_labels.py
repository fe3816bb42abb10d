# SPDX-License-Identifier: Apache-2.0
"""Tokens whose labels are no UTF-8, or would move a cursor: bytes that somebody else chose."""
import json
import subprocess
import unittest

from bank import SOFTHSM
from holder import Holder
from liar import CHALLENGE, MINE, Liar


class OddLabels(unittest.TestCase):
    def test_a_session_with_one(self):
        """Latin-1 is no JSON, and what is kept is told all the same."""
        bank = Liar()
        self.addCleanup(bank.close)
        subprocess.run([b"softhsm2-util", b"--init-token", b"--free", b"--label", b"caf\xe9", b"--pin", b"1234",
                        b"--so-pin", b"12345678"], env=bank.env, check=True, capture_output=True, timeout=60)
        listed = json.loads(bank.tool(["countersign", "token", "list", "--module", SOFTHSM, "--json"]).stdout)["tokens"]
        uri, = [token["uri"] for token in listed if token["label"] == "caf?"]
        odd = Holder(bank, "odd", token=uri)
        self.addCleanup(odd.close)
        odd.run("token", "generate", "--module", SOFTHSM, "--token", uri, "--use", "sign", settings=False, check=True)
        odd.settings(MINE)
        bank.answers = {("POST", "/v1/challenges"): {"challenge": CHALLENGE, "expires": "2099-01-01T00:00:00Z"},
                        ("POST", "/v1/login"): {"expires": "2099-01-01T00:00:00Z", "holder": "odd", "idleSeconds": 300}}
        self.addCleanup(odd.run, "session", "stop")
        self.assertEqual(odd.json("session", "start")["token"], "caf?")

    def test_one_token_does_not_spoil_the_list(self):
        """Latin-1, and escape sequences: labels are bytes that somebody else chose."""
        bank = Liar()
        self.addCleanup(bank.close)
        for label in (b"caf\xe9", b"ev\x1b[2Jil"):
            subprocess.run([b"softhsm2-util", b"--init-token", b"--free", b"--label", label, b"--pin", b"1234",
                            b"--so-pin", b"12345678"], env=bank.env, check=True, capture_output=True, timeout=60)
        plain, js = (bank.tool(["countersign", "token", "list", "--module", SOFTHSM, *more])
                     for more in ([], ["--json"]))
        tokens = {token["label"]: token for token in json.loads(js.stdout)["tokens"] if token["initialized"]}
        self.assertEqual(sorted(tokens), ["bank", "caf?", "ev?[2Jil"])
        # Only UTF-8 goes into a URI: the serial number names it as well, and the program takes that.
        uri = tokens["caf?"]["uri"]
        self.assertTrue(uri.startswith("pkcs11:manufacturer="), uri)
        info = bank.tool(["countersign", "token", "info", "--json", "--token", uri, "--pin-fd", "{1234}"])
        self.assertEqual(json.loads(info.stdout), [])
        self.assertIn("ev?[2Jil", plain.stdout)
        self.assertNotIn("\x1b", plain.stdout + js.stdout)


if __name__ == "__main__":
    unittest.main()
