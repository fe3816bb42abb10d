# SPDX-License-Identifier: Apache-2.0
"""token doctor with SoftHSM2, the fault module, a bank and one that lies; cards are in tests/card/test_doctor.py."""
import json
import os
import re
import subprocess
import unittest

from bank import SOFTHSM, Bank, rfc3339, time
from false_clock import FalseClock
from holder import Holder
from liar import Liar

HERE = os.path.dirname(os.path.abspath(__file__))
NO_PCSCD = {"PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm"}
P256 = ("--keypairgen", "--key-type", "EC:prime256v1", "--id", "02", "--usage-sign")


class Asked(unittest.TestCase):
    def setUp(self):
        self.bank = Liar()
        self.addCleanup(self.bank.close)
        self.env = NO_PCSCD
        self.module = SOFTHSM

    def doctor(self, *words, code, env=None):
        """The findings by name: what each is about and its command."""
        words = ["countersign", "token", "doctor", *words]
        module = ["--module", self.module] if self.module else []
        done = self.bank.tool([*words, *module, "--json"], check=False, env={**self.env, **(env or {})})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(told["well"], not told["findings"])
        plain = self.bank.tool([*words, *module], check=False, env={**self.env, **(env or {})})
        self.assertEqual((plain.returncode, plain.stderr), (code, ""))
        for finding in told["findings"]:
            self.assertIn(finding["words"], plain.stdout)
            self.assertIn("\n  %s\n" % finding["remedy"], plain.stdout)
        return {finding["finding"]: (finding["about"], finding["remedy"]) for finding in told["findings"]}

    def token(self, label, *tools):
        """A token with what pkcs11-tool makes on it."""
        self.bank.token(label, "1234")
        for words in tools:
            subprocess.run(["pkcs11-tool", "--module", SOFTHSM, "--token-label", label, "--login", "--pin", "1234", *words],
                           env=self.bank.env, check=True, capture_output=True, timeout=60)

    def one(self, name, label, code=3, **options):
        """The one finding, and its command names the token."""
        found = self.doctor("--token", "pkcs11:token=" + label, code=code, **options)
        self.assertEqual(list(found), [name])
        self.assertEqual(found[name][0], label)
        return found[name][1]


class Tokens(Asked):
    def test_well(self):
        self.token("fit", P256)
        self.assertEqual(self.doctor("--token", "pkcs11:token=fit", code=0), {})

    def test_no_keys(self):
        self.token("bare")
        self.assertIn("countersign token provision --profile softhsm --token 'pkcs11:token=bare;", self.one("NO_KEYS", "bare"))
        self.assertEqual(set(self.doctor(code=3)), {"NO_KEYS"})  # with the bank's own token

    def test_wrong_keys(self):
        self.token("rsa", ("--keypairgen", "--key-type", "rsa:2048", "--id", "02"))
        self.one("WRONG_KEYS", "rsa")
        self.token("other", ("--keypairgen", "--key-type", "EC:secp256k1", "--id", "02", "--usage-sign"))
        self.one("WRONG_KEYS", "other")
        self.token("derive")
        self.bank.tool(["countersign", "token", "generate", "--module", SOFTHSM, "--token", "pkcs11:token=derive", "--use",
                        "derive", "--pin-fd", "{1234}"])
        self.one("WRONG_KEYS", "derive")

    def test_certificates(self):
        clock = FalseClock(self.bank.path("clock"))
        clock.shift(-40 * 86400)
        for label, days, name in (("long", 71, None), ("short", 69, "CERTIFICATE_ENDS"), ("over", 39, "CERTIFICATE_ENDED")):
            key, certificate = self.bank.path("key.pem"), self.bank.path("certificate.der")
            subprocess.run([*clock.prefix(), "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                            "-nodes", "-keyout", key, "-subj", "/CN=" + label, "-days", str(days), "-outform", "DER", "-out",
                            certificate, "-addext", "basicConstraints=CA:FALSE"], check=True, capture_output=True, timeout=60)
            self.token(label, P256, ("--write-object", certificate, "--type", "cert", "--id", "02"))
            if name is None:
                self.assertEqual(self.doctor("--token", "pkcs11:token=" + label, code=0), {})
            else:
                self.assertIn("countersign ", self.one(name, label, code=1))

    def test_modules(self):
        self.module = "/nonexistent/module.so"
        self.assertEqual(self.doctor(code=3)["MODULE_FAILS"][0], self.module)

    def test_blank(self):
        """A free slot alone, whose module does without readers; nobody asks for pcscd then."""
        self.bank.write("empty.conf", "directories.tokendir = %s\n" % self.bank.path("empty"))
        os.mkdir(self.bank.path("empty"))
        found = self.doctor(code=3, env={"SOFTHSM2_CONF": self.bank.path("empty.conf")})
        self.assertEqual(list(found), ["TOKEN_BLANK"])
        self.assertIn(SOFTHSM, found["TOKEN_BLANK"][1])

    def test_which(self):
        self.assertEqual(self.doctor("--token", "pkcs11:token=nobody", code=3)["TOKEN_ABSENT"][0], "pkcs11:token=nobody")
        self.token("one")
        self.assertEqual(list(self.doctor("--token", "pkcs11:manufacturer=SoftHSM%20project", code=3)), ["TOKEN_AMBIGUOUS"])

    def test_no_pin(self):
        subprocess.run(["pkcs11-tool", "--module", SOFTHSM, "--init-token", "--slot-index", "1", "--label", "pinless",
                        "--so-pin", "12345678"], env=self.bank.env, check=True, capture_output=True, timeout=60)
        self.assertIn("PIN_UNSET", self.doctor("--token", "pkcs11:token=pinless", code=3))

    def fault(self, *rules):
        self.module = os.environ["COUNTERSIGN_FAULT"]
        self.bank.write("rules", "".join(rule + "\n" for rule in rules))
        self.env = {**NO_PCSCD, "FAULT_MODULE": SOFTHSM, "FAULT_CONTROL": self.bank.path("rules")}

    def test_rsa_only(self):
        self.token("old", P256)
        self.fault("C_GetMechanismInfo * 0x70")
        self.one("RSA_ONLY", "old")

    def test_silent(self):
        self.token("mute", P256)
        self.fault("C_FindObjectsInit * 0x30")
        self.assertIn("--debug", self.one("TOKEN_SILENT", "mute"))

    def test_module_in_trouble(self):
        """One that does not list its tokens is said to fail, here and by the list; the tokens are not just missing."""
        self.token("gone", P256)
        self.fault("C_GetSlotList * 0x30")
        self.assertEqual(list(self.doctor(code=3)), ["MODULE_FAILS"])
        done = self.bank.tool(["countersign", "token", "list", "--module", self.module], check=False, env=self.env)
        self.assertEqual(done.returncode, 3)
        self.assertIn("TOKEN_FAILED: ", done.stderr)

    def test_pins(self):
        """As a card counts that locks; looking costs no try."""
        self.token("card", P256)
        self.fault("tries 3")
        token = ("--token", "pkcs11:token=card")
        self.assertEqual(self.doctor(*token, code=0), {})
        for name, code in (("PIN_LOW", 1), ("PIN_FINAL", 1), ("PIN_LOCKED", 3)):
            refused = self.bank.tool(["countersign", "token", "info", *token, "--module", self.module, "--last-try", "--pin-fd",
                                      "{9999}"], check=False, env=self.env)
            self.assertIn("PIN_LOCKED" if code == 3 else "PIN_WRONG", refused.stderr)
            for _ in range(2):
                self.one(name, "card", code)
        self.assertIn("--last-try", self.doctor_words("PIN_FINAL"))

    @staticmethod
    def doctor_words(name):
        with open(os.path.join(HERE, "..", "..", "signer", "finding.def"), encoding="utf-8") as table:
            return re.search(r"^X\(%s, .*$" % name, table.read(), re.M)[0]

    def test_quotes(self):
        """Its commands are for a shell: a label that somebody else chose ends no quotes."""
        self.token("x';reboot;'")
        remedy = self.doctor("--token", "pkcs11:token=x%27%3Breboot%3B%27", code=3)["NO_KEYS"][1]
        self.assertEqual(remedy.count("'"), 2)
        self.assertIn("token=x%27%3Breboot%3B%27;", remedy)

    def test_findings_are_tested(self):
        """Each of the table stands in one of the three files."""
        with open(os.path.join(HERE, "..", "..", "signer", "finding.def"), encoding="utf-8") as table:
            names = re.findall(r"^X\((\w+),", table.read(), re.M)
        tests = ""
        for path in (__file__, os.path.join(HERE, "test_modules.py"), os.path.join(HERE, "..", "card", "test_doctor.py")):
            with open(path, encoding="utf-8") as test:
                tests += test.read()
        self.assertGreater(len(names), 15)
        self.assertEqual([name for name in names if '"%s"' % name not in tests], [])


class Clock(Asked):
    """Against a bank whose time is chosen here, and against a real one."""

    def setUp(self):
        super().setUp()
        self.token("alice", P256)
        self.alice = Holder(self.bank, "alice")
        self.addCleanup(self.alice.close)
        self.alice.settings("PT50000201231234567890154")

    def found(self, code):
        return self.doctor("--config", self.alice.conf, code=code)

    def says(self, seconds):
        self.bank.answers["GET", "/v1/health"] = lambda: {
            "bank": self.bank.name, "status": "serving", "time": rfc3339(time.time() + seconds), "version": "0.1.0"}

    def test_clock(self):
        for seconds in (0, 8, -8):
            self.says(seconds)
            self.assertEqual(self.found(0), {})
        for seconds, words in ((20, "behind the bank"), (-20, "ahead of the bank")):
            self.says(seconds)
            about, remedy = self.found(1)["CLOCK_OFF"]
            self.assertIn(words, about)
            self.assertIn(int(about.split()[0]), range(18, 22))
            self.assertEqual(remedy, "timedatectl set-ntp true")

    def test_unheard(self):
        for answer in ((404, {"name": "NOT_FOUND"}), {"bank": self.bank.name}, b"nonsense"):
            self.bank.answers["GET", "/v1/health"] = answer
            self.assertEqual(list(self.found(1)), ["BANK_UNHEARD"])
        self.assertEqual(self.found(1)["BANK_UNHEARD"][0], self.bank.name)

    def test_real(self):
        with Bank() as bank:
            holder = Holder(bank, "alice").keys()
            self.addCleanup(holder.close)
            holder.settings("PT50000201231234567890154")
            done = holder.run("token", "doctor", "--json", env=NO_PCSCD, check=True)
            self.assertEqual(json.loads(done.stdout), {"clockCompared": True, "findings": [], "well": True})
            self.assertIn("this clock agrees", holder.run("token", "doctor", env=NO_PCSCD, check=True).stdout)


if __name__ == "__main__":
    unittest.main()
