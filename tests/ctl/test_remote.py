#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bankctl with an operator's token, at another machine than the bank's; real parts."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import bank as fixture  # noqa: E402
from holder import Operator  # noqa: E402


class Remote(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bank = fixture.Bank(bankd_settings="hold_above = 400.00 EUR\n")
        cls.bank.__enter__()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.alice, cls.bob, cls.account, cls.payee, cls.policy = fixture.joint(cls.bank, "872.22")
        cls.sven, cls.petra = cls.operator("sven"), cls.operator("petra")
        cls.sven.enrol("operator")  # the ceremony at the console
        cls.bank.ctl("operator", "roles", "sven", "--role", "security", "--role", "auditor", "--note", "the first")

    @classmethod
    def operator(cls, name):
        operator = Operator(cls.bank, name)
        cls.addClassCleanup(operator.close)
        return operator.keys().settings(None)

    def test_a_day(self):
        spki = self.bank.path("petra.spki")
        self.petra.run("token", "info", "--module", self.petra.module, "--token", self.petra.token, "--spki", spki,
                       settings=False, check=True)
        done = self.bank.ctl("operator", "add", "--id", "petra", "--name", "Petra", "--spki", spki, check=False)
        self.assertEqual((done.returncode, "CONSOLE_CLOSED" in done.stderr), (1, True), done.stderr)
        done = self.sven.ctl("operator", "add", "--id", "petra", "--name", "Petra", "--spki", spki, check=True)
        self.assertIn("petra (Petra) is an operator", done.stdout)
        self.sven.ctl("operator", "roles", "petra", "--role", "payments", "--note", "new", check=True)
        listed = self.sven.ctl("operator", "list", check=True).stdout.splitlines()
        self.assertRegex(listed[0], r"^OPERATOR +NAME +ROLES +KEY +THUMBPRINT$")
        self.assertRegex("\n".join(listed[1:]), r"(?m)^sven .* security auditor ")
        order = fixture.make_order(self.account, self.payee, "500.00")
        self.alice.decide(order, self.policy)
        self.assertEqual(self.bob.decide(order, self.policy).json["status"], "PDNG")
        release = ("order", "release", order["id"], "--account", self.account, "--note", "called them")
        done = self.sven.ctl(*release)
        self.assertEqual((done.returncode, "ROLE_REQUIRED" in done.stderr), (1, True), done.stderr)
        done = self.petra.ctl(*release, check=True)
        self.assertIn("/orders/%s/release\n" % order["id"], done.stderr)
        self.assertIn('{"note":"called them"}', done.stderr)
        shown = json.loads(self.petra.ctl("order", "list", "--account", self.account, "--json", check=True).stdout)
        self.assertEqual(shown["orders"][0]["status"], "ACSC")
        self.sven.ctl("log", "verify", "--bank-key", self.bank.pin, check=True)
        self.assertEqual([e["holder"] for e in self.bank.entries() if e["type"] == "act"],
                         ["sven", "sven", "petra"])
        self.assertIn(("sven", "ROLE_REQUIRED"),
                      [(e.get("holder"), e["reason"]) for e in self.bank.entries() if e["type"] == "refusal"])
        self.assertEqual(len(self.petra.session_files()), 1)

    def test_what_goes_wrong(self):
        done = self.sven.ctl("account", "block", "--account", self.account, "--note", "x", pin="9999")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("PIN_WRONG", done.stderr)
        done = self.sven.ctl("operator", "roles", "sven", "--role", "queen", "--note", "x")
        self.assertEqual((done.returncode, "queen" in done.stderr), (2, True), done.stderr)
        self.bank.write("short.conf", "url = https://127.0.0.1:%d\n" % self.bank.port)
        done = self.bank.tool(["bankctl", "operator", "list", "--config", self.bank.path("short.conf")], check=False,
                              env=self.sven.env)
        self.assertIn("--bank", done.stderr)
        self.assertEqual(self.bank.balance(self.account)["state"], "open")


if __name__ == "__main__":
    unittest.main()
