# SPDX-License-Identifier: Apache-2.0
"""The holder's program when a token's module hangs, crashes, or its helper is not there. No bank."""
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from holder import BIN, SOFTHSM

FAULT = os.environ["COUNTERSIGN_FAULT"]
PIN, SO_PIN = "canary-2718-blue", "87654321"


class Helper(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        os.mkdir(self.path("tokens"))
        self.write("softhsm2.conf", "directories.tokendir = %s\n" % self.path("tokens"))
        self.env = {**os.environ, "SOFTHSM2_CONF": self.path("softhsm2.conf"), "HOME": self.dir,
                    "XDG_CONFIG_HOME": self.dir, "FAULT_MODULE": SOFTHSM, "FAULT_CONTROL": self.path("rules")}
        self.rules("")
        self.write("config", "token_deadline = 2\n")
        self.token("init", "--label", "alice", so_pin=SO_PIN, check=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def rules(self, text):
        self.write("rules", text)

    def token(self, command, *words, so_pin=None, check=False, program=os.path.join(BIN, "countersign")):
        fds, args = [], [program, "token", command, "--module", FAULT, *words]
        for option, pin in (("--pin-fd", PIN), ("--so-pin-fd", so_pin)):
            if pin:
                end, write = os.pipe()
                os.write(write, pin.encode() + b"\n")
                os.close(write)
                fds.append(end)
                args += [option, str(end)]
        done = subprocess.run(args, env=self.env, pass_fds=fds, capture_output=True, text=True, timeout=100, check=False)
        for fd in fds:
            os.close(fd)
        self.assertNotIn(PIN, done.stdout + done.stderr)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def generate(self, *words):
        return self.token("generate", "--token", "pkcs11:token=alice", "--use", "sign", *words)

    def refused(self, done, name, code):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn("countersign: %s: " % name, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_a_module_that_hangs(self):
        """Is left at the deadline of the settings, and nothing is kept of it."""
        self.rules("C_Login 1 hang")
        begin = time.monotonic()
        done = self.generate("--config", self.path("config"))
        self.assertGreater(time.monotonic() - begin, 1.9)
        self.refused(done, "TOKEN_HANGS", 3)
        self.assertIn("token_deadline", done.stderr)
        self.rules("")
        self.assertEqual(self.generate().returncode, 0)

    def test_a_module_that_hangs_when_it_starts(self):
        """No card that anybody inserts mends that, so nobody is asked for one."""
        self.rules("C_Initialize * hang")
        done = self.token("info", "--wait", "5", "--config", self.path("config"))
        self.refused(done, "TOKEN_HANGS", 3)
        self.assertNotIn("nsert", done.stderr)

    def test_a_module_that_crashes(self):
        for rule in ("C_Login 1 crash", "C_GenerateKeyPair 1 crash", "C_GetSlotList 1 crash", "C_Initialize 1 crash"):
            with self.subTest(rule):
                self.rules(rule)
                self.refused(self.generate(), "TOKEN_CRASHED", 3)
        self.rules("")
        self.assertEqual(self.generate().returncode, 0)

    def test_settings_out_of_range(self):
        for text in ("0", "601", "soon", "-1"):
            self.write("config", "token_deadline = %s\n" % text)
            done = self.token("list", "--config", self.path("config"))
            self.refused(done, "CONFIG_INVALID", 2)
            self.assertIn("token_deadline", done.stderr)

    def test_a_helper_that_is_not_there(self):
        """It is looked for at its place alone, not by PATH."""
        os.makedirs(self.path("bin"))
        shutil.copy(os.path.join(BIN, "countersign"), self.path("bin"))
        where = os.path.join(BIN, "..", "libexec", "countersign")
        self.env["PATH"] = where + ":" + self.env["PATH"]
        program = os.path.join(self.path("bin"), "countersign")
        self.refused(self.token("list", program=program), "TOKEN_HELPER", 4)
        shutil.copytree(where, self.path("libexec/countersign"))
        self.assertIn("alice", self.token("list", program=program, check=True).stdout)

    def test_started_by_hand(self):
        helper = os.path.join(BIN, "..", "libexec", "countersign", "countersign-token")
        done = subprocess.run([helper, "1"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("countersign and bankctl start this program", done.stderr)


if __name__ == "__main__":
    unittest.main()
