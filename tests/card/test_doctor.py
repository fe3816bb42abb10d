# SPDX-License-Identifier: Apache-2.0
"""token doctor with a real pcscd, OpenSC and a virtual card. Runs under with-card, one test a card; what needs no
card is in tests/signer/test_doctor.py."""
import json
import os
import re
import signal
import subprocess
import unittest

from middleware import MODULE, PIN, await_noticed, hang_pcscd, pcscd_pid, start_pcscd
from test_list import READER, WAIT_S, Plugged, Terminal, b

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

    def twins(self):
        """Another card in the second reader, of the same number to ykcs11; how each is named by its reader."""
        other = subprocess.Popen([os.environ["CARD_PROGRAM"], "--port", os.environ["CARD_SECOND"], "--pin", "99999999"],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(other.stdout.close)
        self.addCleanup(other.wait)
        self.addCleanup(other.terminate)
        self.assertEqual(other.stdout.readline(), "READY\n")
        while len(self.listing()["tokens"]) != 2:
            self.assertIsNone(other.poll())
        first, second = self.listing()["tokens"]
        self.assertEqual((first["label"], first["serial"]), (second["label"], second["serial"]))
        refused = self.info("pkcs11:", 3)
        self.assertIn("TOKEN_AMBIGUOUS", refused)
        names = re.findall(r"^  --token '(.*)'$", refused, re.M)
        self.assertEqual(len(names), 2)
        return names

    def test_twins(self):
        """Two cards that have one name: their readers tell them apart, and which those are is said."""
        names = self.twins()
        second = self.listing()["tokens"][1]["reader"]
        for words in ((), ("--token", "pkcs11:")):
            self.assertEqual(self.found(*words), [("TOKEN_TWINS", second)])
        self.assertEqual(self.found("--token", names[1], code=0), [])
        self.assertEqual([len(token["keys"]) for token in self.listing()["tokens"]], [4, 4])
        self.info(names[0], 0)
        self.assertIn("PIN_WRONG", self.info(names[1], 3))  # it is the other one's
        self.assertEqual([token["tries"] for token in self.listing()["tokens"]], ["ok", "low"])
        self.rotate(*names)
        done = subprocess.run([self.program, "token", "provision", "--profile", "piv", "--resume", "--module", MODULE, "--token", names[0]],
                              env=self.env, capture_output=True, text=True, timeout=WAIT_S, check=False)
        self.assertIn("countersign: TOKEN_AMBIGUOUS: ", done.stderr)

    def rotate(self, old, new):
        """From one to the other, each with its own PIN."""
        def read_end(pin):
            read, write = os.pipe()
            self.addCleanup(os.close, read)
            os.write(write, pin + b"\n")
            os.close(write)
            return read
        for pin, code in ((b"99999999", 0), (os.environ["CARD_PIN"].encode(), 3)):
            fds = read_end(os.environ["CARD_PIN"].encode()), read_end(pin)
            done = subprocess.run([self.program, "rotate", "--bank", "demobank.example/test", "--module", MODULE, "--output", self.path("out"),
                                   "--token", old + ";id=%01", "--pin-fd", str(fds[0]), "--new-token", new + ";id=%02",
                                   "--new-pin-fd", str(fds[1])],
                                  env=self.env, pass_fds=fds, capture_output=True, text=True, timeout=WAIT_S, check=False)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual("PIN_WRONG" in done.stderr, code == 3, done.stderr)

    def test_twin_pulled(self):
        """What was for the one that was named by its reader goes to no other, whatever name that has: a PIN that was typed,
        and one that was kept for the next signature."""
        names = self.twins()
        for question, answer in (("PIN of token ", PIN), ("Sign this? [y/N] ", "y")):
            words = ("rotate", "--bank", "demobank.example/test", "--output", self.path("out"), "--token", names[0] + ";id=%01",
                     "--new-token", names[0] + ";id=%04")
            with self.subTest(question), Terminal([self.program, *words, "--module", MODULE], self.env) as terminal:
                if answer != PIN:
                    self.enter(terminal)
                terminal.expect(question)
                self.pull()
                await_noticed()
                terminal.type(answer + "\n")
                seen = terminal.expect("Insert your card")
                self.assertNotIn("PIN_WRONG", seen)
                self.plug_in()
                self.assertNotIn("PIN of", terminal.expect("It is there."))
                self.enter(terminal)
                if answer == PIN:
                    terminal.expect("Sign this? [y/N] ")
                    terminal.type("y\n")
                code, seen = terminal.end()
                self.assertEqual(code, 0, seen)
                self.assertEqual([token["tries"] for token in self.listing()["tokens"]], ["ok", "ok"])

    @staticmethod
    def enter(terminal):
        terminal.expect("PIN of token ")
        terminal.expect(": ")
        terminal.type(PIN + "\n")

    def info(self, token, code):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        os.write(write, os.environ["CARD_PIN"].encode() + b"\n")
        os.close(write)
        done = subprocess.run([self.program, "token", "info", "--module", MODULE, "--token", token, "--pin-fd", str(read)],
                              env=self.env, pass_fds=(read,), capture_output=True, text=True, timeout=WAIT_S, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def test_pulled(self):
        self.pull()
        await_noticed()
        self.assertEqual(self.found(), [("NO_CARD", "")])
        self.assertEqual(self.found("--token", "pkcs11:token=PIV%20AUTH"), [("NO_CARD", "")])

    def test_unknown(self):
        self.assertIn(("CARD_UNKNOWN", READER), self.found(module=b.SOFTHSM, env=self.softhsm()))

    def test_mute(self):
        self.assertEqual(self.found(), [("CARD_MUTE", READER)])

    def test_no_pcscd(self):
        self.assertEqual(self.found(env={"PCSCLITE_CSOCK_NAME": self.path("none")}), [("NO_PCSCD", "")])

    def test_pcscd_hangs(self):
        """That alone: no module is to blame for it, and no token is said to be absent."""
        hang_pcscd(self)
        self.assertEqual(self.found(), [("PCSCD_HANGS", "")])
        self.assertIn("\n  systemctl restart pcscd.service\n", self.run_tool("token", "doctor", code=3))
        soft = self.softhsm()
        self.assertEqual(self.found("--token", "pkcs11:token=soft", module=b.SOFTHSM, env=soft),
                         [("PCSCD_HANGS", ""), ("NO_KEYS", "soft")])
        self.configure(opensc=MODULE, softhsm=b.SOFTHSM)
        self.assertEqual(self.found("--token", "pkcs11:token=PIV%20AUTH", module=None, env=soft), [("PCSCD_HANGS", "")])

    def configure(self, **modules):
        """What p11-kit is configured to use, in this mount namespace alone."""
        subprocess.run(["mount", "-t", "tmpfs", "none", MODULES], check=True)
        for name, path in modules.items():
            with open(os.path.join(MODULES, name + ".module"), "w", encoding="ascii") as conf:
                conf.write("module: %s\n" % path)

    def test_no_module(self):
        self.configure()
        self.assertIn(("NO_MODULE", ""), self.found(module=None))

    def test_module_fails(self):
        """One of several that does not load is named, and so is one that crashes then; the others are looked at."""
        self.configure(absent="/nonexistent/module.so", opensc=MODULE)
        self.assertEqual(self.found(module=None), [("MODULE_FAILS", "/nonexistent/module.so")])
        words = self.run_tool("token", "doctor", module=None, code=3)
        remedy = "countersign token list --debug --module '/nonexistent/module.so'"
        self.assertIn("\n  %s\n" % remedy, words)
        done = subprocess.run(["sh", "-c", remedy], env=dict(self.env, PATH=b.BIN + ":" + os.environ["PATH"]),
                              capture_output=True, text=True, timeout=WAIT_S, check=False)
        self.assertIn("/nonexistent/module.so: cannot open shared object file", done.stderr)
        told = json.loads(self.run_tool("token", "list", "--json", module=None, code=3))
        self.assertEqual([token["label"] for token in told["tokens"]], ["PIV AUTH"])
        self.assertEqual([one["module"] for one in told["failed"]], ["/nonexistent/module.so"])
        crashes = self.crashing()
        self.configure(crashes=crashes, opensc=MODULE)
        self.assertEqual(self.found(module=None), [("MODULE_FAILS", crashes)])

    def crashing(self):
        """A shared object that ends the process as soon as it is asked."""
        source, path = self.path("crash.c"), self.path("crash.so")
        with open(source, "w", encoding="ascii") as f:
            f.write("void abort(void); int C_GetFunctionList(void **l) { (void)l; abort(); }\n")
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", path, source], check=True, timeout=WAIT_S)
        return path

    def test_no_reader(self):
        """The pcscd of this namespace ends, and one comes that has no reader."""
        os.kill(pcscd_pid(), signal.SIGTERM)
        while os.path.exists("/run/pcscd/pcscd.pid"):
            pass
        readers = self.path("readers")
        os.mkdir(readers)
        start_pcscd(self, readers)
        self.assertEqual(self.found(), [("NO_READER", "")])

    def test_pin(self):
        """Of a card that locks; PIV says nothing of the first wrong PIN."""
        for name, code in ((None, 0), ("PIN_FINAL", 1), ("PIN_LOCKED", 3)):
            self.wrong_pin()
            self.assertEqual([finding for finding, _ in self.found(code=code)], [name] if name else [])


if __name__ == "__main__":
    unittest.main()
