#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A person becomes a holder at his own machine: countersign enrol, a letter that a second process reads, and what
must not work."""
import json
import os
import shutil
import subprocess
import sys
import time
import types
import unittest

import bank as b
from false_clock import FalseClock
from holder import WAIT_S, Holder, Operator

CLERK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "clerk.sh")


class Person(Holder):
    """Has a token without keys, the bank's letter, and no settings yet."""

    def __init__(self, bank, name, **options):
        super().__init__(bank, name, **options)
        self.letter = bank.path("letter-" + name)
        os.makedirs(self.letter, exist_ok=True)

    def ask(self, *words, bank_letter="bank-letter.txt", name=None, check=True, **options):
        return self.run("enrol", "--name", name or self.name.title(), "--bank-letter", self.bank.path(bank_letter), "--module",
                        self.module, "--token", self.token, "--letter", self.letter, *words, check=check, **options)

    def finish(self, *words, check=True, **options):
        return self.run("enrol", "--finish", "--letter", self.letter, *words, check=check, **options)

    def kept(self):
        with open(self.conf, encoding="utf-8") as f:
            return dict(line.rstrip("\n").split(" = ", 1) for line in f)

    def paper(self, ending):
        return os.path.join(self.letter, "enrolment-letter." + ending)

    def add_settings(self, **values):
        with open(self.conf, "a", encoding="utf-8") as f:
            f.writelines("%s = %s\n" % pair for pair in values.items())


class Scene(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.open(b.Bank())

    @classmethod
    def open(cls, bank):
        cls.bank = bank
        cls.addClassCleanup(bank.__exit__, None, None, None)
        bank.__enter__()
        cls.write_letter(bank)

    @staticmethod
    def write_letter(bank):
        bank.ctl("key", "show", "--letter", bank.dir, "--public-url", "https://127.0.0.1:%d" % bank.port)

    def person(self, name, bank=None, **options):
        someone = Person(bank or self.bank, name, **options)
        self.addCleanup(someone.close)
        someone.bank.token(name, someone.pin)
        return someone

    def clerk(self, person, holder, *words, letter=None):
        """The second process: knows the papers and no request. At the console, or as a test's operator."""
        env = {"PATH": b.BIN + ":" + os.environ["PATH"], **self.clerk_env}
        return self.bank.tool([CLERK, self.bank.path("bank-letter"), letter or person.paper("")[:-1], holder,
                               *words, *self.clerk_words()], env=env, check=False)

    clerk_env = {}

    def clerk_words(self):
        return "--socket", self.bank.path("bankd.sock")

    def admitted(self, person, holder, *words):
        done = self.clerk(person, holder, *words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def refused(self, done, name, code=1):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn("%s: " % name, done.stderr)
        return done.stderr

    def holders(self):
        return {h["holder"]: h for h in json.loads(self.bank.ctl("holder", "list", "--json").stdout)["holders"]}


class Ceremony(Scene):
    def test_from_stranger_to_payer(self):
        carol = self.person("carol")
        asked = carol.ask()
        self.assertIn("Ask %s to enrol Carol." % self.bank.name, asked.stderr)
        self.assertIn("compare it with the bank's letter before you enter the PIN\n", asked.stderr)
        self.assertNotIn("?", asked.stderr)  # the prompt behind it takes a PIN, and an answer would spend a try
        self.assertIn("The request waits at %s until " % self.bank.name, asked.stdout)
        kept = carol.kept()
        self.assertEqual((kept["bank"], kept["bank_key"]), (self.bank.name, self.bank.pin))
        self.assertNotIn("token", kept)  # no key is in force yet
        self.assertNotIn(carol.pin, kept.values())
        for words in (("enrol", "--name", "Carol"), ("enrol", "--status"), ("enrol", "--finish")):
            told = self.refused(carol.run(*words, "--module", carol.module), "ENROLMENT_WAITING")
            self.assertIn("29 day(s) and 23 hour(s) more", told)
        self.assertEqual(carol.kept(), kept)
        self.letter_again(carol)
        self.admitted(carol, "carol")
        self.assertIn("admitted", carol.run("enrol", "--status", check=True).stdout)
        self.refused(carol.run("enrol", "--name", "Carol"), "USAGE", 2)
        self.assertIn("You are carol at ", carol.finish().stdout)
        kept = carol.kept()
        self.assertEqual(kept["holder"], "carol")
        self.assertIn("id=%02", kept["token"])
        self.assertFalse({"enrolment", "enrolment_token", "enrolment_key"} & set(kept))
        self.refused(carol.finish(check=False), "SETTING_MISSING", 2)
        self.pays(carol, b.iban(1))

    def letter_again(self, person):
        """Whose printer went off: the same letter from what was kept; without the PIN, and not by the bank's word."""
        def papers():
            with open(person.paper("txt"), encoding="utf-8") as text, open(person.paper("png"), "rb") as code:
                return text.read(), code.read()
        before = papers()
        for ending in ("txt", "png"):
            os.unlink(person.paper(ending))
        again = person.run("enrol", "--again", "--letter", person.letter, pin="0000", check=True)
        self.assertIn("The request waits at %s until " % self.bank.name, again.stdout)
        self.assertEqual(papers(), before)
        told = person.json("enrol", "--again", "--letter", person.letter)
        self.assertEqual((told["status"], told["thumbprint"]), ("waiting", person.kept()["enrolment_key"]))
        kept = person.kept()
        with open(person.conf, encoding="utf-8") as f:
            settings = f.read()
        self.bank.write(os.path.basename(person.conf), settings.replace(kept["enrolment_key"], "A" * 43))
        self.refused(person.run("enrol", "--again"), "LETTER_MISMATCH")
        self.bank.write(os.path.basename(person.conf), settings)

    def pays(self, person, account):
        creditor = b.Key(self.bank.dir)
        self.bank.add_holder("shop", creditor)
        self.bank.open_account(b.iban(9), ["shop"])
        self.bank.open_account(account, [person.name], "100.00")
        person.add_settings(account=account)
        person.run("login", check=True)
        path, _ = person.new_order(account=account, creditor={"account": b.iban(9), "name": "The Shop"})
        self.assertIn("ACSC, settled", person.run("approve", path, check=True).stdout)
        evidence = self.bank.path("evidence.json")
        with open(path, encoding="utf-8") as f:
            person.run("order", "evidence", json.load(f)["id"], "--output", evidence, check=True)
        self.bank.tool(["countersign-verify", "evidence", "--bank-key", self.bank.pin, evidence])

    def test_json(self):
        dora = self.person("dora")
        asked = json.loads(dora.ask("--json", "--curve", "P-521").stdout)
        self.assertEqual(asked["status"], "waiting")
        self.assertEqual(asked["enrolment"], dora.kept()["enrolment"])
        self.assertEqual(asked["letter"], dora.paper("")[:-1])
        waiting = dora.run("enrol", "--status", "--json")
        self.assertEqual((waiting.returncode, json.loads(waiting.stdout)["error"]), (1, "ENROLMENT_WAITING"))
        self.admitted(dora, "dora")
        told = json.loads(dora.run("enrol", "--status", "--json", check=True).stdout)
        self.assertEqual((told["status"], told["thumbprint"]), ("admitted", asked["thumbprint"]))
        self.assertEqual(json.loads(dora.finish("--json").stdout)["holder"], "dora")

    def test_keys_that_are_there_are_taken(self):
        erin = self.person("erin")
        erin.run("token", "generate", "--module", erin.module, "--token", erin.token, "--curve", "P-384", settings=False,
                 check=True)
        own = [key for key in erin.json("token", "info", "--module", erin.module, "--token", erin.token, settings=False)
               if key["sign"]]
        asked = json.loads(erin.ask("--json").stdout)
        self.assertEqual([key["thumbprint"] for key in own], [asked["thumbprint"]])

    def test_the_scanned_code_is_enough(self):
        """What a scanner finds in the bank's letter; the pin may as well be typed in its groups."""
        code = subprocess.run(["zbarimg", "--nodbus", "--quiet", "--raw", self.bank.path("bank-letter.png")], capture_output=True,
                              text=True, check=True, timeout=60).stdout
        self.bank.write("scanned", code)
        self.person("fred").ask(bank_letter="scanned")
        gina = self.person("gina")
        groups = " ".join(self.bank.pin[i:i + 4] for i in range(0, 43, 4))
        gina.run("enrol", "--name", "Gina", "--bank", self.bank.name, "--bank-key", groups, "--url",
                 "https://127.0.0.1:%d" % self.bank.port, "--module", gina.module, "--token", gina.token, "--letter",
                 gina.letter, check=True)
        self.assertEqual(gina.kept()["bank_key"], self.bank.pin)


class ByOperator(Scene):
    """An operator whom the keeper knows admits with his own token: then there are certificates."""

    @classmethod
    def open(cls, bank):
        super().open(bank)
        cls.olga = Operator(cls.bank, "olga").keys().settings(None).enrol("operator")
        cls.addClassCleanup(cls.olga.close)
        with open(cls.bank.path("olga.spki"), "rb") as f:
            cls.bank.pin_operator("olga", types.SimpleNamespace(spki=f.read()))
        cls.bank.ctl("operator", "roles", "olga", "--role", "enrolment", "--role", "security", "--note", "the first")
        cls.clerk_env = cls.olga.env

    def clerk_words(self):
        return "--config", self.olga.conf, "--pin-fd", "{%s}" % self.olga.pin

    def on_token(self, person, number):
        """The certificate with this id, as another program finds it."""
        path = self.bank.path("certificate.der")
        subprocess.run(["pkcs11-tool", "--module", person.module, "--token-label", person.name, "--read-object", "--type",
                        "cert", "--id", number, "--output-file", path], env=self.bank.env, capture_output=True, check=True,
                       timeout=60)
        with open(path, "rb") as f:
            return f.read()


class Certified(ByOperator):
    def roll(self):
        """Whoever wrote down the bank's address finds it there again."""
        with open(self.bank.path("bankd.conf"), encoding="utf-8") as f:
            settings = f.read().replace("listen = 127.0.0.1:0\n", "listen = 127.0.0.1:%d\n" % self.bank.port)
        self.bank.write("bankd.conf", settings)
        self.bank.stop()
        self.bank.tool(["bankd-keeper", "--config", self.bank.path("keeper.conf"), "--rollover", "--pin-fd", "{9999}"])
        self.bank.start()

    def test_root_key_replaced_in_between(self):
        """Before the request is admitted, and after: it ends with the new key pinned."""
        before, after = self.person("rita"), self.person("rosa")
        before.ask()
        after.ask()
        self.admitted(after, "rosa")
        old = self.bank.pin
        self.roll()
        self.admitted(before, "rita")
        for person in (before, after):
            self.assertEqual(person.kept()["bank_key"], old)
            done = person.finish("--json")
            self.assertEqual(json.loads(done.stdout)["certificates"], {"sign": "token", "authenticate": "token"})
            self.assertIn("The root key of %s was replaced" % self.bank.name, done.stderr)
            self.assertEqual(person.kept()["bank_key"], self.bank.pin)

    def test_certificates_on_the_token(self):
        sara = self.person("sara")
        asked = json.loads(sara.ask("--json").stdout)
        self.admitted(sara, "sara")
        issued = json.loads(sara.run("enrol", "--status", "--json", check=True).stdout)["certificates"]
        done = json.loads(sara.finish("--json").stdout)
        self.assertEqual(done["certificates"], {"sign": "token", "authenticate": "token"})
        self.assertEqual(self.on_token(sara, "02"), b.unb64(issued["sign"]))
        self.assertEqual(self.on_token(sara, "01"), b.unb64(issued["authenticate"]))
        self.assertIn("as sara until", sara.run("login", check=True).stdout)
        (sign,) = [k for k in self.holders()["sara"]["keys"] if k["thumbprint"] == asked["thumbprint"]]
        self.assertEqual(sign["status"], "active")

    def test_the_longest_name(self):
        """Longer than X.509's upper bound, which others keep to; over two lines of the letter, in its code and the
        certificate."""
        self.write_letter(self.bank)  # another test replaced the root key
        vera = self.person("vera")
        vera.ask(name="Vera " + "Jo\u00e9" * 45)
        self.admitted(vera, "vera")
        self.assertEqual(json.loads(vera.finish("--json").stdout)["certificates"], {"sign": "token", "authenticate": "token"})

    def test_a_token_that_takes_none(self):
        tina = self.person("tina")
        tina.ask()
        self.admitted(tina, "tina")
        self.bank.write("full", "C_CreateObject * 0x54\n")
        tina.module = os.environ["COUNTERSIGN_FAULT"]
        uri = "pkcs11:token=tina;id=%02"
        done = tina.finish("--token", uri, "--module", tina.module, check=False,
                           env={"FAULT_MODULE": b.SOFTHSM, "FAULT_CONTROL": self.bank.path("full")})
        self.assertEqual(done.returncode, 0, done.stderr)
        for use in ("sign", "authenticate"):
            path = os.path.join(tina.letter, "enrolment-%s.pem" % use)
            self.assertIn("The token takes no certificate, as many cards; that of the key to %s is in %s." % (use, path),
                          done.stdout)
            with open(path, encoding="ascii") as f:
                self.assertIn("-----BEGIN CERTIFICATE-----", f.read())

    def test_another_name(self):
        """Who changed his name in the settings meanwhile does not get what names somebody else, and may mend it."""
        ursula = self.person("ursula")
        ursula.ask()
        self.admitted(ursula, "ursula")
        with open(ursula.conf, encoding="utf-8") as f:
            text = f.read()
        self.bank.write("ursula.conf", text.replace("name = Ursula\n", "name = Ursel\n"))
        self.assertIn("it names somebody else", self.refused(ursula.finish(check=False), "CERTIFICATE_MISMATCH"))
        self.assertIn("enrolment", ursula.kept())
        self.bank.write("ursula.conf", text)
        ursula.finish()


class LostCard(Scene):
    def test_same_person_counts_once(self):
        ivan, judy = self.person("ivan"), self.person("judy")
        for person in (ivan, judy):
            person.ask()
            self.admitted(person, person.name)
            person.finish()
        account = b.iban(3)
        self.bank.open_account(account, ["ivan", "judy"], "100.00")
        self.bank.open_account(b.iban(4), ["judy"])
        ivan.add_settings(account=account)
        path, order = ivan.new_order(account=account, creditor={"account": b.iban(4), "name": "Somebody"})
        first = ivan.run("approve", path, check=True).stdout
        self.assertIn("1 of 2", first)
        old = ivan.kept()["token"]
        self.bank.token("ivan2", ivan.pin)
        ivan.token = "pkcs11:token=ivan2"
        ivan.ask()
        self.assertEqual(ivan.kept()["token"], old)  # until the new key is admitted
        with open(ivan.paper("txt"), encoding="utf-8") as f:
            self.assertIn("Known as    ivan\n", f.read())
        shown = self.bank.ctl("enrolment", "show", "--", ivan.kept()["enrolment"]).stdout
        self.assertIn("Wants to be   ivan\n              a person here, with 1 active key; who brings the letter must be", shown)
        self.refused(self.clerk(ivan, "ivan"), "BANK_HOLDER_EXISTS")
        self.admitted(ivan, "ivan", "--another")
        ivan.finish()
        self.assertIn("token=ivan2", ivan.kept()["token"])
        self.assertEqual(len(self.holders()["ivan"]["keys"]), 6)  # to sign, to authenticate, to derive; twice
        again = ivan.run("approve", order["id"])
        self.refused(again, "ALREADY_DECIDED")
        self.assertEqual(self.bank.operator("GET", "/v1/accounts/%s/orders/%s" % (account, order["id"])).json["status"],
                         "PATC")


class Threats(Scene):
    def test_a_forged_letter(self):
        """Mallory asks in Heidi's name: her paper has another key than his request."""
        heidi, mallory = self.person("heidi"), self.person("mallory")
        heidi.ask()
        mallory.run("enrol", "--name", "Heidi", "--bank-letter", self.bank.path("bank-letter.txt"), "--module",
                    mallory.module, "--token", mallory.token, "--letter", mallory.letter, check=True)
        self.refused(self.bank.ctl("enrolment", "admit", mallory.kept()["enrolment"], "--id", "heidi", "--name", "Heidi", "--thumbprint",
                                   self.printed(heidi), check=False), "LETTER_MISMATCH")
        forged = self.bank.path("forged")
        shutil.copy(heidi.paper("txt"), forged + ".txt")
        shutil.copy(mallory.paper("png"), forged + ".png")
        done = self.clerk(heidi, "heidi", letter=forged)
        self.assertEqual(done.returncode, 1)
        self.assertIn("clerk: the new key differs", done.stderr)
        self.assertNotIn("heidi", self.holders())
        self.refused(heidi.finish(check=False), "ENROLMENT_WAITING")

    @staticmethod
    def printed(person):
        """The new key, as a person reads it from the paper."""
        with open(person.paper("txt"), encoding="utf-8") as f:
            return next(line[len("My key"):].strip() for line in f if line.startswith("My key"))

    def test_refused(self):
        kurt = self.person("kurt")
        kurt.ask()
        first = kurt.kept()["enrolment"]
        self.bank.ctl("enrolment", "refuse", first, "--note", "Nobody came")
        self.assertIn("the bank says: Nobody came", self.refused(kurt.finish(check=False), "ENROLMENT_REFUSED"))
        again = kurt.ask()
        self.assertIn("The earlier request is over (ENROLMENT_REFUSED)", again.stderr)
        self.assertNotEqual(kurt.kept()["enrolment"], first)

    def test_another_bank(self):
        """Of the same name, with another key: refused wherever it comes up, and the pin stays."""
        lena = self.person("lena")
        lena.ask()
        kept = lena.kept()
        with b.Bank() as other:
            self.write_letter(other)
            shutil.copy(other.path("bank-letter.txt"), self.bank.path("other-letter.txt"))
            url = "https://127.0.0.1:%d" % other.port
            for words in (("--finish",), ("--status",)):
                self.refused(lena.run("enrol", *words, "--url", url), "TLS_REFUSED")
            told = self.refused(lena.ask(check=False, bank_letter="other-letter.txt"), "BANK_KEY_CHANGED")
            self.assertIn(other.pin, told)
            self.refused(lena.run("enrol", "--name", "Lena", "--bank-key", other.pin), "BANK_KEY_CHANGED")
            stranger = self.person("mona")
            done = stranger.run("enrol", "--name", "Mona", "--bank-letter", self.bank.path("bank-letter.txt"), "--url",
                                url, "--module", stranger.module, "--token", stranger.token, "--letter", stranger.letter)
            self.refused(done, "TLS_REFUSED")
            self.assertFalse(os.path.exists(stranger.conf))
            info = stranger.json("token", "info", "--module", stranger.module, "--token", stranger.token, settings=False)
            self.assertEqual(info, [])  # no key was made for it
        self.assertEqual(lena.kept(), kept)

    def test_what_is_no_letter(self):
        nina = self.person("nina")
        self.bank.write("nonsense", "bank %s\n" % self.bank.name)
        self.refused(nina.ask(check=False, bank_letter="nonsense"), "LETTER_INVALID")
        for name in ("Ni\u202ena", "Nina\x1b[2J", " Nina", "N" * 141):
            done = nina.run("enrol", "--name", name, "--bank-letter", self.bank.path("bank-letter.txt"))
            self.refused(done, "TEXT_INVALID")
        nina.letter = self.bank.path("nowhere")
        self.refused(nina.ask(check=False), "IO", 4)
        self.assertFalse(os.path.exists(nina.conf))

    def test_only_rsa(self):
        """Said before a PIN is asked for, and by the list."""
        oleg = self.person("oleg")
        self.bank.write("rsa", "C_GetMechanismInfo * 0x70\n")
        env = {"FAULT_MODULE": b.SOFTHSM, "FAULT_CONTROL": self.bank.path("rsa")}
        oleg.module = os.environ["COUNTERSIGN_FAULT"]
        told = self.refused(oleg.ask(check=False, env=env), "TOKEN_NO_EC", 3)
        self.assertIn("RSA only", told)
        listed = oleg.run("token", "list", "--module", oleg.module, settings=False, check=True, env=env)
        self.assertIn("cannot sign here", listed.stdout)
        tokens = json.loads(oleg.run("token", "list", "--json", "--module", oleg.module, settings=False, check=True,
                                     env=env).stdout)
        self.assertEqual({token["ecdsa"] for token in tokens["tokens"]}, {False})


class Expired(Scene):
    """bankd alone lives in a false time, so these programs are those without sanitizers."""

    @classmethod
    def setUpClass(cls):
        bank = b.Bank()
        cls.clock = FalseClock(bank.path("clock"))
        cls.clock.shift(0)
        bank.bankd_prefix = cls.clock.prefix()
        cls.open(bank)

    def test_nobody_came(self):
        rita = self.person("rita")
        rita.ask()
        first = rita.kept()["enrolment"]
        self.bank.stop_bankd()
        self.clock.shift(31 * 86400)
        self.bank.start_bankd()
        url = ("--url", "https://127.0.0.1:%d" % self.bank.port)
        deadline = time.monotonic() + WAIT_S
        done = rita.finish(*url, check=False)
        while "ENROLMENT_WAITING" in done.stderr and time.monotonic() < deadline:
            done = rita.finish(*url, check=False)
        self.refused(done, "ENROLMENT_EXPIRED")
        self.refused(self.bank.ctl("enrolment", "admit", first, "--id", "rita", "--name", "Rita", "--thumbprint",
                                   Threats.printed(rita), check=False), "ENROLMENT_OVER")


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
