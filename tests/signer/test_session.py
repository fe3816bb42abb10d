# SPDX-License-Identifier: Apache-2.0
"""Settings, whom the program trusts, and the one secret it keeps in a file."""
import json
import os
import stat
import subprocess
import sys
import unittest

import bank as b
from bank import Bank
from desk import ALONE, PAYEE, Desk


def lies_on(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=True).stdout.strip()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Session(Desk):
    def setUp(self):
        self.alice.run("logout", check=True)

    def test_private_file_on_a_tmpfs(self):
        self.assertEqual(self.alice.session_files(), [])
        done = self.alice.run("login", check=True)
        self.assertIn("as alice until ", done.stdout)
        (path,) = self.alice.session_files()
        self.assertEqual(lies_on(path), "tmpfs")
        self.assertEqual((mode(path), mode(os.path.dirname(path))), (0o600, 0o700))

    def test_other_directories(self):
        """Not on a tmpfs, open to others, or not there: no key is written, no PIN is asked for."""
        disk = [p for p in (self.bank.dir, os.path.dirname(__file__), "/var/tmp") if lies_on(p) != "tmpfs"]
        if disk:
            place = os.path.join(disk[0], "countersign-test-%d" % os.getpid())
            self.addCleanup(lambda: os.path.isdir(place) and os.rmdir(place))
            self.refused(self.alice.run("login", "--session-dir", place), "SESSION_DIR", 4, place)
            self.assertFalse(os.path.isdir(place) and os.listdir(place))
        loose = os.path.join(self.alice.sessions, "loose")
        os.mkdir(loose)
        os.chmod(loose, 0o755)
        self.refused(self.alice.run("login", "--session-dir", loose), "SESSION_DIR", 4, loose)
        self.refused(self.alice.run("login", "--session-dir", loose + "/a/b"), "SESSION_DIR", 4)
        self.refused(self.alice.run("login", env={"XDG_RUNTIME_DIR": loose + "/a"}), "SESSION_DIR", 4)
        self.assertEqual(self.alice.session_files(), [])

    def test_logout_destroys(self):
        """The file is gone, and the bank takes its key no more."""
        self.alice.run("login", check=True)
        (path,) = self.alice.session_files()
        with open(path, "rb") as f:
            key = f.read()
        self.assertIn("Logged out", self.alice.run("logout", check=True).stdout)
        self.assertEqual(self.alice.session_files(), [])
        self.assertIn("no session", self.alice.run("logout", check=True).stdout)
        with open(path, "wb") as f:
            f.write(key)
        self.refused(self.alice.run("accounts", pin="0000"), "PIN_WRONG", 3)

    def test_logout_without_the_bank(self):
        self.alice.run("login", check=True)
        done = self.alice.run("logout", "--url", "https://127.0.0.1:1", check=True)
        self.assertIn("UNAVAILABLE", done.stderr)
        self.assertEqual(self.alice.session_files(), [])

    def test_one_login_many_reads(self):
        """The second command works with a PIN that is wrong, for it needs none."""
        self.alice.run("accounts", check=True)
        (path,) = self.alice.session_files()
        self.alice.run("accounts", pin="0000", check=True)
        self.assertEqual(self.alice.session_files(), [path])

    def test_damaged_key(self):
        self.alice.run("login", check=True)
        (path,) = self.alice.session_files()
        for damage in (b"", b"no key", b"\x30\x82"):
            with open(path, "wb") as f:
                f.write(damage)
            self.refused(self.alice.run("accounts", pin="0000"), "PIN_WRONG", 3)
            self.alice.run("accounts", check=True)

    def test_own_file_for_each_token_and_bank(self):
        self.alice.run("login", check=True)
        self.bob.env["XDG_RUNTIME_DIR"], mine = self.alice.sessions, self.bob.env["XDG_RUNTIME_DIR"]
        self.addCleanup(self.bob.env.update, XDG_RUNTIME_DIR=mine)
        self.bob.run("login", check=True)
        self.assertEqual(len(self.alice.session_files()), 2)
        self.bob.run("logout", check=True)
        self.assertEqual(len(self.alice.session_files()), 1)

    def test_for_another_program(self):
        """Its key is the session, and no other; nothing is left for this program."""
        program, stranger = b.Session(self.bank), b.Session(self.bank)
        path = self.bank.path("login.json")
        done = self.alice.run("login", "--certificate", program.cert, "--output", path, check=True)
        self.assertIn(program.session_key.thumbprint, done.stderr)
        self.assertEqual((done.stdout, self.alice.session_files()), ("", []))
        with open(path, encoding="utf-8") as f:
            body = json.load(f)
        self.assertEqual(stranger.post("/v1/login", body).name, "SESSION_MISMATCH")
        done = self.alice.run("login", "--certificate", program.cert, check=True)
        self.assertEqual(program.post("/v1/login", json.loads(done.stdout)).json["holder"], "alice")
        self.assertEqual(program.get("/v1/accounts").status, 200)

    def test_certificates_that_are_none(self):
        """Told before the PIN is asked for."""
        other = self.bank.path("other.pem")
        b.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-noenc", "-subj", "/CN=x",
                  "-keyout", "/dev/null", "-out", other)
        rsa = self.bank.path("rsa.pem")
        b.openssl("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-subj", "/CN=x", "-keyout", "/dev/null", "-out", rsa)
        key = b.Key(self.bank.dir)
        self.bank.write("long.pem", "x" * 70000)
        for path, name in ((other, "KEY_CURVE"), (rsa, "KEY_ALGORITHM"), (key.path, "KEY_INVALID"),
                           (self.bank.path("none.pem"), "FILE_NOT_FOUND"), (self.bank.path("long.pem"), "TOO_LARGE")):
            code = 4 if name == "FILE_NOT_FOUND" else 1
            self.refused(self.alice.run("login", "--certificate", path, pin="0000"), name, code, path)
        self.refused(self.alice.run("login", "--output", other, pin="0000"), "USAGE", 2, "--certificate")


class Trust(Desk):
    """One pin and one name; whoever else answers gets no statement."""

    def setUp(self):
        self.alice.run("logout", check=True)

    def test_another_bank_of_the_same_name(self):
        with Bank() as impostor:
            self.assertNotEqual(impostor.pin, self.bank.pin)
            there = "https://127.0.0.1:%d" % impostor.port
            self.refused(self.alice.run("login", "--url", there), "TLS_REFUSED", 1)
            self.alice.run("login", check=True)
            self.refused(self.alice.run("accounts", "--url", there), "TLS_REFUSED", 1)
            path, _ = self.order()
            self.refused(self.alice.run("approve", path, "--url", there), "TLS_REFUSED", 1)
            self.assertEqual(impostor.operator("GET", "/v1/accounts").json["accounts"], [])
        self.assertEqual(self.available(), "872.22")

    def test_another_name(self):
        """The pin is right, the certificate names another system."""
        self.refused(self.alice.run("login", "--bank", "demobank.example/prod"), "TLS_REFUSED", 1)

    def test_another_pin(self):
        self.refused(self.alice.run("login", "--bank-key", "A" * 43), "TLS_REFUSED", 1)

    def test_nobody_there(self):
        self.refused(self.alice.run("login", "--url", "https://127.0.0.1:1"), "UNAVAILABLE", 4)

    def test_only_tls(self):
        plain = "http://127.0.0.1:%d" % self.bank.port
        self.refused(self.alice.run("login", "--url", plain), "USAGE", 2, "--url is https://HOST:PORT, not http://")
        for wrong in ("bank.example", "https://", "https://:8443", "https:///x", "https://a b", "https://h\u00e9", "https://" + "a" * 248):
            for words in (("login",), ("orders",), ("order", "check", "/nowhere")):
                self.refused(self.alice.run(*words, "--url", wrong), "USAGE", 2, "https://HOST:PORT")


class Settings(Desk):
    def tearDown(self):
        self.alice.settings(ALONE)

    def test_missing(self):
        self.alice.run("login", check=True)
        for name, option in (("bank", "--bank"), ("bank_key", "--bank-key"), ("url", "--url"), ("account", "--account")):
            with self.subTest(name):
                self.alice.settings(ALONE, **({} if name == "account" else {name: None}))
                if name == "account":
                    self.alice.settings(None)
                self.refused(self.alice.run("balance"), "SETTING_MISSING", 2, option)

    def test_no_address(self):
        self.alice.settings(ALONE, url="http://127.0.0.1:1")
        self.refused(self.alice.run("orders"), "CONFIG_INVALID", 2, "url in the configuration file is https://HOST:PORT, not http://")

    def test_option_goes_first(self):
        self.alice.settings(PAYEE, url="https://127.0.0.1:1")
        self.alice.run("balance", "--account", ALONE, "--url", "https://127.0.0.1:%d" % self.bank.port, check=True)

    def test_bad_lines(self):
        for line in ("colour = blue", "url", "url = ", "url = a\nurl = b", "bank_key = short", "pin = 1234",
                     "account = " + "P" * 43):
            with self.subTest(line):
                self.bank.write("bad.conf", line + "\n")
                done = self.alice.run("balance", "--config", self.bank.path("bad.conf"), settings=False)
                self.refused(done, "CONFIG_INVALID", 2, "bad.conf")

    def test_no_file(self):
        """A file that was asked for must be there, the default one need not."""
        done = self.alice.run("balance", "--config", self.bank.path("none.conf"), settings=False)
        self.refused(done, "FILE_NOT_FOUND", 4, "none.conf")
        done = self.alice.run("balance", settings=False, env={"HOME": self.bank.dir, "XDG_CONFIG_HOME": ""})
        self.refused(done, "SETTING_MISSING", 2)

    def test_default_file(self):
        os.makedirs(self.bank.path("home/.config/countersign"))
        os.rename(self.alice.conf, self.bank.path("home/.config/countersign/config"))
        self.alice.run("balance", settings=False, check=True,
                       env={"HOME": self.bank.path("home"), "XDG_CONFIG_HOME": ""})

    def test_malformed_options(self):
        self.refused(self.alice.run("login", "--bank", "no bank"), "USAGE", 2, "no bank")
        self.refused(self.alice.run("login", "--bank-key", "abc"), "USAGE", 2, "abc")
        self.refused(self.alice.run("login", "--token", "alice"), "TOKEN_URI", 2, "alice")
        self.refused(self.alice.run("login", "--module", "/nowhere.so"), "TOKEN_MODULE", 3, "/nowhere.so")
        self.refused(self.alice.run("login", "--token", "pkcs11:token=carol"), "TOKEN_NOT_FOUND", 3, "carol")


if __name__ == "__main__":
    sys.exit(unittest.main())
