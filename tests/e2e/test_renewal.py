#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""New certificates for keys that are there: before the old ones end, and after a rotation; by the same letter and the
same operator."""
import json
import unittest

import bank as b
from test_enrol import ByOperator

WEEKS = "certificate_days = 20\n"  # so that they end soon: the bank warns thirty days before


class Renewal(ByOperator):
    @classmethod
    def setUpClass(cls):
        cls.open(b.Bank(keeper_settings=WEEKS))

    def enrolled(self, name):
        person = self.person(name)
        person.ask()
        self.admitted(person, name)
        person.finish()
        return person

    def renewed(self, person, *words):
        asked = person.run("enrol", "--renew", "--letter", person.letter, *words, check=True)
        self.admitted(person, person.name, "--another")
        return asked, json.loads(person.finish("--json").stdout)["certificates"]

    @staticmethod
    def fields(der):
        """Serial, subject's key."""
        told = b.openssl("x509", "-inform", "DER", "-noout", "-serial", "-pubkey", data=der).decode()
        return told.split("\n", 1)

    def test_before_the_end(self):
        alba = self.enrolled("alba")
        told = alba.run("login", check=True).stdout
        self.assertRegex(told, r"(?m)^A certificate of your card ends at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: it opens no "
                               r"session then; your key signs as before\. Another: countersign enrol --renew$")
        before = {number: self.fields(self.on_token(alba, number)) for number in ("02", "01")}
        keys = self.holders()["alba"]["keys"]
        asked, stored = self.renewed(alba)
        self.assertIn("Ask %s for new certificates for Alba, who is alba there." % self.bank.name, asked.stderr)
        self.assertEqual(stored, {"sign": "token", "authenticate": "token"})
        for number, (serial, key) in before.items():
            self.assertNotEqual(self.fields(self.on_token(alba, number))[0], serial)
            self.assertEqual(self.fields(self.on_token(alba, number))[1], key)
        self.assertEqual(self.holders()["alba"]["keys"], keys)
        self.assertIn("as alba until", alba.run("login", check=True).stdout)

    def test_after_a_rotation(self):
        bela = self.enrolled("bela")
        bela.run("login", check=True)
        done = bela.run("rotate", "--make", check=True)
        (token,) = [line for line in done.stdout.splitlines() if line.startswith("token = ")]
        with open(bela.conf, encoding="utf-8") as f:
            text = f.read()
        self.bank.write("bela.conf", text.replace("token = %s" % bela.kept()["token"], token))
        bela.run("login", check=True)
        _, stored = self.renewed(bela)
        self.assertEqual(set(stored), {"sign", "authenticate"})
        keys = {(k["use"], k["status"]): k for k in self.holders()["bela"]["keys"]}
        new = keys["sign", "active"]
        self.assertEqual(keys["authenticate", "active"]["signer"], new["thumbprint"])
        self.assertEqual(bela.run("login", check=True).stdout.count("A certificate of your card ends at "), 1)

    def test_threat_11_not_somebody_else(self):
        cleo, dina = self.enrolled("cleo"), self.enrolled("dina")
        self.refused(cleo.run("enrol", "--renew", "--holder", "dina", "--letter", cleo.letter), "KEY_TAKEN")
        self.refused(cleo.run("enrol", "--renew", "--name", "Dina", "--letter", cleo.letter), "KEY_TAKEN")
        cleo.run("enrol", "--renew", "--letter", cleo.letter, check=True)
        (key,) = [k["thumbprint"] for k in self.holders()["cleo"]["keys"] if k["use"] == "sign"]
        self.olga.ctl("holder", "suspend", "cleo", "--key", key, "--note", "lost", check=True)
        done = self.clerk(cleo, "cleo", "--another")
        self.assertEqual((done.returncode, "KEY_INACTIVE: " in done.stderr), (1, True), done.stderr)
        dina.run("login", check=True)


if __name__ == "__main__":
    unittest.main()
