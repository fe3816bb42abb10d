#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bankctl with an operator's token, at another machine than the bank's; real parts."""
import json
import pathlib
import select
import socket
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import bank as fixture  # noqa: E402
from holder import Operator, Terminal  # noqa: E402


NOTE = ("--note", "as a test")
SVEN = ("--role", "security", "--role", "auditor")


class Line:
    """To the bank's port; cut twice, when something came from the bank after DONE: an answer, and the first that is said to
    whoever then tries by himself."""

    def __init__(self, port, done):
        self.to, self.done, self.cut = port, done, 0
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(client,), daemon=True).start()

    def carry(self, client):
        with client, socket.create_connection(("127.0.0.1", self.to)) as bank:
            while True:
                for one in select.select([client, bank], [], [])[0]:
                    data = one.recv(65536)
                    if one is bank and self.cut < 2 and self.done():
                        self.cut += 1
                        return
                    if not data:
                        return
                    (bank if one is client else client).sendall(data)

    def close(self):
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()


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
        self.assertRegex(done.stderr, r'\{"entry":\d+,"note":"called them"\}')
        self.assertRegex(done.stderr, r"(?m)^%s  PDNG  500\.00  EUR  EDP Comercial$" % order["id"])
        shown = json.loads(self.petra.ctl("order", "list", "--account", self.account, "--json", check=True).stdout)
        self.assertEqual(shown["orders"][0]["status"], "ACSC")
        self.sven.ctl("log", "verify", "--bank-key", self.bank.pin, check=True)
        self.assertEqual([e["holder"] for e in self.bank.entries() if e["type"] == "act"],
                         ["sven", "sven", "petra"])
        self.assertIn(("sven", "ROLE_REQUIRED"),
                      [(e.get("holder"), e["reason"]) for e in self.bank.entries() if e["type"] == "refusal"])
        self.assertEqual(len(self.petra.session_files()), 1)

    def wait_for_release(self):
        order = fixture.make_order(self.account, self.payee, "1.00")
        self.alice.decide(order, self.policy)
        self.sven.ctl("order", "hold", order["id"], "--account", self.account, *NOTE, check=True)
        self.assertEqual(self.bob.decide(order, self.policy).json["status"], "PDNG")
        return order["id"]

    def status(self, order):
        return self.bank.operator("GET", "/v1/accounts/%s/orders/%s" % (self.account, order)).json["status"]

    def count(self, kind, order):
        return sum(e["type"] == kind and order in e["object"] for e in self.bank.entries())

    def test_a_lost_answer_is_asked_for_again(self):
        """The connection breaks when the act is done and its answer on the way."""
        rosa, spki = self.operator("rosa"), self.bank.path("rosa.spki")
        rosa.run("token", "info", "--module", rosa.module, "--token", rosa.token, "--spki", spki, settings=False, check=True)
        self.sven.ctl("operator", "add", "--id", "rosa", "--name", "Rosa", "--spki", spki, check=True)
        self.sven.ctl("operator", "roles", "sven", *SVEN, "--role", "payments", *NOTE, check=True)
        self.sven.ctl("operator", "roles", "rosa", "--role", "payments", *NOTE, check=True)
        order = self.wait_for_release()
        line = Line(self.bank.port, lambda: self.status(order) == "ACSC")
        self.addCleanup(line.close)
        rosa.settings(None, url="https://127.0.0.1:%d" % line.port)
        done = rosa.ctl("order", "release", order, "--account", self.account, *NOTE)
        self.assertEqual((done.returncode, done.stdout), (0, "%s is at ACSC\n" % order), done.stderr)
        self.assertEqual((line.cut, self.count("released", order)), (2, 1))
        self.assertEqual(len(rosa.session_files()), 1)

    def test_no_core_dump_of_the_session_key(self):
        """An operator's is as much worth as a holder's."""
        words = self.sven.words("operator", "roles", "sven", *SVEN, *NOTE, program="bankctl")
        with Terminal(words, {**self.bank.env, **self.sven.env}) as terminal:
            terminal.expect("PIN")
            limits = pathlib.Path("/proc/%d/limits" % terminal.pid).read_text(encoding="ascii").splitlines()
            self.assertEqual([line.split()[4:6] for line in limits if line.startswith("Max core file size")], [["0", "0"]])
            terminal.type(self.sven.pin + "\n")
            status, rest = terminal.end()
            self.assertEqual(status, 0, rest)

    def test_what_changed_since_it_was_shown(self):
        """Between the line about the order and the PIN: the bank refuses."""
        self.sven.ctl("operator", "roles", "sven", *SVEN, "--role", "payments", *NOTE, check=True)
        order = self.wait_for_release()
        words = self.sven.words("order", "reject", order, "--account", self.account, *NOTE, program="bankctl")
        with Terminal(words, {**self.bank.env, **self.sven.env}) as terminal:
            terminal.expect(order + "  PDNG  1.00  EUR")
            terminal.expect("PIN")
            self.sven.ctl("order", "release", order, "--account", self.account, *NOTE, check=True)
            terminal.type(self.sven.pin + "\n")
            status, rest = terminal.end()
        self.assertEqual((status, "ITEM_CHANGED" in rest), (1, True), rest)
        self.assertEqual(self.status(order), "ACSC")

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
