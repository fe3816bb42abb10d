# SPDX-License-Identifier: Apache-2.0
"""token provision with SoftHSM2, and the profiles; cards are in tests/card/test_provision.py."""
import json
import os
import re
import shlex
import shutil
import unittest

from bank import SOFTHSM
from holder import Holder
from liar import Liar

PROFILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "pkcs11-config", "profiles")
NAMES = {"softhsm", "openpgp", "piv", "schsm", "tpm2"}


class Provision(unittest.TestCase):
    def setUp(self):
        self.bank = Liar()
        self.addCleanup(self.bank.close)

    def provision(self, *words, profile="softhsm", check=False, env=None):
        return self.bank.tool(["countersign", "token", "provision", "--profile", profile, *words], check=check, env=env)

    def made(self, label, *words):
        done = self.provision("--label", label, "--so-pin-fd", "{12345678}", "--pin-fd", "{1234}", "--json", *words, check=True)
        return json.loads(done.stdout)

    def refused(self, done, name, code, *words):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn("countersign: %s: " % name, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_softhsm(self):
        """One command, and the token has what enrol looks for, in its places."""
        for label, curve in (("first", "P-256"), ("second", "P-521")):
            answer = self.made(label, "--curve", curve)
            self.assertEqual(answer["token"]["label"], label)
            self.assertEqual([(key["use"], key["curve"], key["sign"], key["derive"], "id=%0" + place in key["uri"])
                              for key, place in zip(answer["keys"], "213")],
                             [("sign", curve, True, False, True), ("authenticate", curve, True, False, True),
                              ("derive", curve, False, True, True)])
            holder = Holder(self.bank, label)
            self.addCleanup(holder.close)
            shown = holder.run("token", "info", "--module", SOFTHSM, "--token", answer["keys"][0]["uri"], "--json",
                               settings=False, check=True)
            self.assertEqual(len(json.loads(shown.stdout)), 3)
        done = self.provision("--label", "third", "--so-pin-fd", "{12345678}", "--pin-fd", "{1234}", check=True)
        plain = done.stdout
        self.assertIn("Profile softhsm: SoftHSM2, a token in files, ", done.stderr)
        self.assertNotIn("It stores no certificates", plain)
        self.assertIn("To derive  P-256, derives\n", plain)
        self.assertIn("This profile was tried with: SoftHSM", plain)

    def test_again(self):
        """A token that has a key in one of the places gets no other; nobody is asked for its PIN."""
        self.bank.token("late", "1234")
        self.bank.tool(["countersign", "token", "generate", "--module", SOFTHSM, "--token", "pkcs11:token=late", "--use",
                        "derive", "--pin-fd", "{1234}"])
        self.refused(self.provision("--token", "pkcs11:token=late"), "KEY_EXISTS", 3, "place 03")

    def test_unseen(self):
        """A token that does not say which keys it has may have them."""
        self.bank.token("mute", "1234")
        self.bank.write("rules", "C_FindObjectsInit * 0x54\n")
        env = {"FAULT_MODULE": SOFTHSM, "FAULT_CONTROL": self.bank.path("rules")}
        done = self.provision("--module", os.environ["COUNTERSIGN_FAULT"], "--token", "pkcs11:token=mute", "--pin-fd", "{1234}",
                              env=env)
        self.refused(done, "TOKEN_UNSUPPORTED", 3)
        self.assertNotIn("Made the key", done.stderr)

    def test_goes_on(self):
        """By the command that it says, also where a file's name is not one word to a shell."""
        self.bank.token("halves", "1234")
        profile = self.bank.path("it's $HOME.conf")
        shutil.copy(os.path.join(PROFILES, "softhsm.conf"), profile)
        rules, faulty = self.bank.path("rules"), self.bank.path("the faulty one.so")
        os.symlink(os.environ["COUNTERSIGN_FAULT"], faulty)
        self.bank.write("rules", "".join("C_GenerateKeyPair %d 0x32\n" % call for call in range(2, 9)))  # removed
        env = {"FAULT_MODULE": SOFTHSM, "FAULT_CONTROL": rules}
        done = self.provision("--module", faulty, "--token", "pkcs11:token=halves", "--pin-fd", "{1234}", profile=profile, env=env)
        self.refused(done, "TOKEN_REMOVED", 3, "The key to sign is made.", "The key to authenticate may be made.")
        os.unlink(rules)
        words = shlex.split(re.search(r"Go on with: (.*)", done.stderr)[1])
        done = self.bank.tool([*words, "--pin-fd", "{1234}"], env=env, check=True)
        self.assertIn("The key to sign is there.", done.stderr)
        self.assertIn("Made the key to derive.", done.stderr)

    def test_in_place(self):
        """A token that is there, with its PIN and without keys."""
        self.bank.token("bare", "1234")
        done = self.provision("--token", "pkcs11:token=bare", "--pin-fd", "{1234}", "--json", check=True)
        self.assertEqual(len(json.loads(done.stdout)["keys"]), 3)

    def test_refusals(self):
        self.refused(self.provision(profile="nonsense"), "USAGE", 2, "softhsm")
        for name in ("../profiles/softhsm", "/nonexistent.conf"):
            self.refused(self.provision(profile=name), "FILE_NOT_FOUND", 4)
        self.refused(self.provision("--label", "x", "--curve", "P-521", profile="tpm2"), "USAGE", 2, "P-256 P-384")
        self.refused(self.provision(), "USAGE", 2, "--label")
        self.refused(self.provision("--label", "x", profile="openpgp", env={"PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm"}),
                     "USAGE", 2, "--label")
        self.bank.write("odd.conf", "title = Odd\nmodule = libnowhere.so\nmaker = user\nsign = 02\ncurves = P-256\n"
                                    "certificates = no\ntried = nothing\ncommand_1 = odd-tool --make\n")
        self.refused(self.provision("--label", "x", profile=self.bank.path("odd.conf")), "TOKEN_MODULE", 3,
                     "libnowhere.so", "\n  odd-tool --make\n")
        good = {"title": "Bad", "module": "libnowhere.so", "maker": "user", "sign": "02", "curves": "P-256",
                "certificates": "no", "tried": "nothing"}
        for name, value in (("maker", "nobody"), ("sign", "0x"), ("certificates", "on"), ("blank", "paper")):
            self.bank.write("bad.conf", "".join("%s = %s\n" % pair for pair in {**good, name: value}.items()))
            self.refused(self.provision(profile=self.bank.path("bad.conf")), "CONFIG_INVALID", 2)

    def test_profiles(self):
        """Each is whole; each page on devices says what was tried."""
        self.assertEqual({name[:-5] for name in os.listdir(PROFILES)}, NAMES)
        for name in sorted(NAMES):
            with open(os.path.join(PROFILES, name + ".conf"), encoding="utf-8") as file:
                settings = dict(line.split(" = ", 1) for line in file.read().splitlines() if not line.startswith("#"))
            self.assertLessEqual({"title", "module", "maker", "sign", "curves", "certificates", "tried"}, set(settings))
            self.assertLessEqual(set(settings["curves"].split()), {"P-256", "P-384", "P-521"})
            self.refused(self.provision("--curve", "P-192", profile=name), "USAGE", 2)


if __name__ == "__main__":
    unittest.main()
