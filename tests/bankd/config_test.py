#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The settings of bankd and bankd-keeper: what --check-config says of them, and that it does nothing else.

usage: config_test.py [TestClass[.test] ...]; COUNTERSIGN_BIN names the directory of the programs."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
import bank as b  # noqa: E402

BANKD = ("# the bank\nbank = demobank.example/test\nlisten = 127.0.0.1:0\nsocket = /nonexistent/s\n"
         "store = /nonexistent/d\nkeeper_socket = /nonexistent/k\n")
KEEPER = ("# the keeper\nbank = demobank.example/test\nmodule = /nonexistent/m.so\ntoken = pkcs11:token=bank\n"
          "socket = /nonexistent/s\nstate = /nonexistent/state\n")
REMEDY = "Mend the line named in the message; --check-config tries it.\n"


class Check(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "a.conf")

    def check(self, program, text, before=()):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(text)
        return subprocess.run([*before, os.path.join(b.BIN, program), "--config", self.path, "--check-config"],
                              capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0" if before else ""})

    def refused(self, program, text, line, why):
        """LINE is None for what belongs to no line."""
        done = self.check(program, text)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        place = self.path if line is None else "%s:%d" % (self.path, line)
        self.assertIn("CONFIG_INVALID %s: %s" % (place, why), done.stderr)
        self.assertIn("%s: CONFIG_INVALID: " % program, done.stderr)
        self.assertTrue(done.stderr.endswith(REMEDY), done.stderr)

    def test_right(self):
        for program, text in (("bankd", BANKD), ("bankd-keeper", KEEPER)):
            done = self.check(program, text)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, self.path + " is right\n", ""))

    def test_the_example_is_right(self):
        done = self.check("bankd", (ROOT / "examples/bankd.conf").read_text(encoding="utf-8"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_wrong_names_place_and_setting(self):
        for more, why in (
            ("colour = red", "there is no setting \"colour\""), ("bank = other", "bank is set a second time"),
            ("workers", "this is not a \"name = value\" line"),
            ("workers = 0", "workers must be a whole number from 1 to 64"),
            ("keeper_ms = 1501", "keeper_ms must be a whole number from 1 to 1500"),
            ("hold_on = RVNM", "hold_on waits for a payee check; set payee_check_socket, too"),
            ("hold_on = full-moon", "hold_on is not of the form first-payment, look-alike"),
            ("cutoff = 16 EUR", "cutoff is not of the form 16:00 EUR"),
            ("bank_codes = PT", "bank_codes is not of the form PT 0002"),
            ("hold_above = 1", "hold_above is not of the form 10000.00 EUR"),
        ):
            with self.subTest(more):
                self.refused("bankd", BANKD + "\n" + more + "\n", 8, why)
        self.refused("bankd", "", None, "bank is missing")
        self.refused("bankd", BANKD.replace("demobank.example/test", "Demo Bank"), 2, "bank is no bank's name")
        for address in ("localhost:1", "127.0.0.1", "127.0.0.1:65536", "0.0.0.0.0:1"):
            self.refused("bankd", BANKD.replace("127.0.0.1:0", address), 3, "listen is no numeric address and port")

    def test_metrics_are_for_this_machine(self):
        for address in ("127.0.0.1:0", "127.8.0.1:9464", "[::1]:9464"):
            done = self.check("bankd", BANKD + "metrics_listen = " + address + "\n")
            self.assertEqual(done.returncode, 0, done.stderr)
        for address in ("0.0.0.0:9464", "10.0.0.1:9464", "[::]:9464", "[::ffff:10.0.0.1]:9464", "128.0.0.1:1", "localhost:1"):
            self.refused("bankd", BANKD + "metrics_listen = " + address + "\n", 7, "metrics_listen is no loopback address")

    def test_wrong_for_the_keeper(self):
        self.refused("bankd-keeper", "", None, "bank is missing")
        self.refused("bankd-keeper", KEEPER.replace("demobank.example/test", "B B"), 2, "bank is no bank's name")
        self.refused("bankd-keeper", KEEPER.replace("token=bank", "pin-value=1"), 4, "token is no RFC 7512 URI")
        self.refused("bankd-keeper", KEEPER + "peer_uid = nobody\n", 7, "peer_uid must be a whole number")

    def test_more_connections_than_files(self):
        done = self.check("bankd", BANKD + "max_connections = 100000\n", before=("prlimit", "--nofile=1000:1000"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(self.path + ":7: max_connections needs 100128 open files, the limit is 1000", done.stderr)

    def test_no_file(self):
        for program in ("bankd", "bankd-keeper"):
            done = subprocess.run([os.path.join(b.BIN, program), "--config", "/nonexistent/c", "--check-config"],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            self.assertIn("NOT_FOUND /nonexistent/c: ", done.stderr)

    def test_touches_nothing(self):
        """By the system calls: no socket, and no file but the settings that was not there before main."""
        for program, text in (("bankd", BANKD), ("bankd-keeper", KEEPER)):
            trace = self.path + ".trace"
            done = self.check(program, text, before=("strace", "-f", "-o", trace, "-e", "trace=file,network,desc"))
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(trace, encoding="utf-8", errors="replace") as f:
                calls = f.read()
            self.assertIn(self.path, calls)
            self.assertNotIn("/nonexistent", calls)
            self.assertFalse(re.search(r"\b(socket|bind|listen|connect|clone|fork|unlink|mkdir)\(", calls), calls)
            _, found, after = calls.partition('"%s", O_RDONLY' % self.path)
            self.assertTrue(found, calls)
            opened = re.findall(r"\bopen(?:at)?\((?:AT_FDCWD, )?\"([^\"]*)\"", after)
            system = ("/proc/", "/sys/", "/etc/", "/usr/lib/", "/lib/")
            self.assertEqual([name for name in opened if not name.startswith(system)], [])


if __name__ == "__main__":
    unittest.main(warnings="ignore")
