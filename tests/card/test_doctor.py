# SPDX-License-Identifier: Apache-2.0
"""token doctor with a real pcscd, OpenSC and a virtual card. Runs under with-card, one test a card; what needs no
card is in tests/signer/test_doctor.py."""
import json
import os
import re
import signal
import subprocess
import time
import unittest

from middleware import MODULE, run
from test_list import READER, WAIT_S, Plugged, b

MODULES = "/usr/share/p11-kit/modules"


class DoctorTest(Plugged):
    def found(self, *words, code=3, module=MODULE, env=None):
        told = json.loads(self.run_tool("token", "doctor", "--json", *words, module=module, code=code, env=env))
        self.assertEqual(told["well"], code == 0)
        return [(finding["finding"], finding["about"]) for finding in told["findings"]]

    def test_well(self):
        self.assertEqual(self.found(code=0), [])

    def test_empty(self):
        self.assertEqual(self.found(), [("NO_KEYS", "OpenPGP card (User PIN)"), ("NO_KEYS", "OpenPGP card (User PIN (sig))")])
        self.assertIn("\n  countersign token provision --profile openpgp\n", self.run_tool("token", "doctor", code=3))

    def test_ambiguous(self):
        """An OpenPGP card is two tokens."""
        self.assertEqual(self.found("--token", "pkcs11:"), [("TOKEN_AMBIGUOUS", "pkcs11:")])

    def test_pulled(self):
        self.pull()
        deadline = time.monotonic() + WAIT_S
        while not re.search(r"^0 +No ", run("opensc-tool", "--list-readers").stdout, re.M):  # pcscd has noticed
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(self.found(), [("NO_CARD", "")])
        self.assertEqual(self.found("--token", "pkcs11:token=PIV%20AUTH"), [("NO_CARD", "")])

    def test_unknown(self):
        self.assertIn(("CARD_UNKNOWN", READER), self.found(module=b.SOFTHSM, env=self.softhsm()))

    def test_mute(self):
        self.assertEqual(self.found(), [("CARD_MUTE", READER)])

    def test_no_pcscd(self):
        self.assertEqual(self.found(env={"PCSCLITE_CSOCK_NAME": self.path("none")}), [("NO_PCSCD", "")])

    def test_no_module(self):
        """Of this mount namespace alone."""
        subprocess.run(["mount", "-t", "tmpfs", "none", MODULES], check=True)
        words = ["token", "doctor", "--json"]
        done = subprocess.run([self.program, *words], capture_output=True, text=True, timeout=WAIT_S, env=self.env, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("NO_MODULE", [finding["finding"] for finding in json.loads(done.stdout)["findings"]])

    def test_no_reader(self):
        """The pcscd of this namespace ends, and one comes that has no reader."""
        with open("/run/pcscd/pcscd.pid", encoding="ascii") as pid:
            os.kill(int(pid.read().rstrip("\0\n")), signal.SIGTERM)
        while os.path.exists("/run/pcscd/pcscd.pid"):
            pass
        readers = self.path("readers")
        os.mkdir(readers)
        daemon = subprocess.Popen(["/usr/sbin/pcscd", "-f", "-c", readers], stdout=subprocess.DEVNULL)
        self.addCleanup(daemon.wait, WAIT_S)
        self.addCleanup(daemon.terminate)
        while not os.path.exists("/run/pcscd/pcscd.comm"):
            self.assertIsNone(daemon.poll())
        self.assertEqual(self.found(), [("NO_READER", "")])

    def test_pin(self):
        """Of a card that locks; PIV says nothing of the first wrong PIN."""
        for name, code in ((None, 0), ("PIN_FINAL", 1), ("PIN_LOCKED", 3)):
            self.wrong_pin()
            self.assertEqual([finding for finding, _ in self.found(code=code)], [name] if name else [])


if __name__ == "__main__":
    unittest.main()
