# SPDX-License-Identifier: Apache-2.0
"""token provision on a TPM in software; runs under tests/token/with-module tpm2. All of its tokens have one serial
number, so only their names tell them apart."""
import json
import os
import subprocess
import unittest

PROGRAM = os.path.join(os.environ["COUNTERSIGN_BIN"], "countersign")
TOOL_S = 60


class Tpm(unittest.TestCase):
    def tool(self, *words, secrets=(), code=0):
        """Each of SECRETS is an option and what its descriptor has."""
        fds, args = [], [PROGRAM, *words, "--json"]
        for option, secret in secrets:
            read, write = os.pipe()
            os.write(write, secret.encode() + b"\n")
            os.close(write)
            self.addCleanup(os.close, read)
            fds.append(read)
            args += [option, str(read)]
        done = subprocess.run(args, capture_output=True, text=True, timeout=TOOL_S, pass_fds=fds, check=False,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_provision(self):
        """The token that is there, then one more; each has keys of its own."""
        made = self.tool("token", "provision", "--profile", "tpm2", "--token", os.environ["TOKEN_URI"],
                         secrets=[("--pin-fd", os.environ["TOKEN_PIN"])])
        self.assertEqual([(key["use"], key["curve"]) for key in made["keys"]],
                         [("sign", "P-256"), ("authenticate", "P-256")])
        fresh = self.tool("token", "provision", "--profile", "tpm2", "--label", "fresh", "--curve", "P-384",
                          secrets=[("--so-pin-fd", "12345678"), ("--pin-fd", "4711")])
        self.assertEqual([(key["use"], key["curve"]) for key in fresh["keys"]],
                         [("sign", "P-384"), ("authenticate", "P-384")])
        self.assertTrue(all("token=fresh;" in key["uri"] for key in fresh["keys"]))
        refused = self.tool("token", "provision", "--profile", "tpm2", "--token", "pkcs11:token=fresh", code=3)
        self.assertEqual(refused["error"], "KEY_EXISTS")


if __name__ == "__main__":
    unittest.main()
