#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bankctl against a real bankd, its keeper and SoftHSM2: each command, and what it refuses."""

import json
import os
import pathlib
import socket
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import bank as fixture  # noqa: E402

ACCOUNT, OTHER, ELSEWHERE = fixture.iban(1), fixture.iban(2), "NL91ABNA0417164300"


class Bankctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bank = fixture.Bank(bankd_settings="bank_codes = PT 0002\n").__enter__()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.alice, cls.bob = fixture.Key(cls.bank.dir), fixture.Key(cls.bank.dir, "P-521")

    def ctl(self, *words):
        done = self.bank.ctl(*words)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def json(self, *words):
        return json.loads(self.ctl(*words, "--json"))

    def refuses(self, name, code, *words):
        """Exit code and name; no word on standard output, and with --json the problem there."""
        done = self.bank.ctl(*words, check=False)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertTrue(done.stderr.startswith("bankctl: %s: " % name), done.stderr)
        self.assertEqual(json.loads(self.bank.ctl(*words, "--json", check=False).stdout)["name"], name)
        return done.stderr

    def file(self, name, data):
        path = self.bank.path(name)
        pathlib.Path(path).write_bytes(data)
        return path

    def pem(self, key):
        return self.file("key.pem", fixture.openssl("pkey", "-in", key.path, "-pubout"))

    def test_1_holders(self):
        out = self.ctl("holder", "add", "--id", "alice", "--name", "Alice Example", "--spki", self.pem(self.alice))
        self.assertIn(self.alice.thumbprint, out)
        der = self.file("key.der", self.bob.spki)
        self.assertEqual(self.json("holder", "add", "--id", "bob", "--name", "Bob", "--spki", der)["holder"], "bob")
        out = self.ctl("holder", "list").splitlines()
        self.assertEqual(len(out), 3)
        self.assertEqual(out[1].split(), ["alice", "Alice", "Example", "sign", "active", self.alice.thumbprint])
        listed = self.json("holder", "list")["holders"]
        self.assertEqual([h["holder"] for h in listed], ["alice", "bob"])

    def test_2_keys_refused(self):
        add = ("holder", "add", "--id", "carol", "--name", "Carol", "--spki")
        self.refuses("KEY_TAKEN", 1, *add, self.pem(self.alice))
        rsa = fixture.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        self.refuses("KEY_ALGORITHM", 1, *add,
                     self.file("rsa.pem", fixture.openssl("pkey", "-pubout", data=rsa)))
        self.refuses("KEY_INVALID", 1, *add, self.file("private.pem", rsa))
        self.refuses("KEY_INVALID", 1, *add, self.file("long", b"0" * 3000))
        self.refuses("FILE_NOT_FOUND", 4, *add, self.bank.path("absent"))
        self.assertIn("--name is missing", self.refuses("USAGE", 2, "holder", "add", "--id", "carol"))
        self.refuses("DOC_MEMBER_INVALID", 1, "holder", "add", "--id", "Carol/x", "--name", "C", "--spki",
                     self.pem(self.bob))

    def test_3_accounts(self):
        opened = self.ctl("account", "open", "--account", ACCOUNT, "--currency", "EUR", "--title", "Joint",
                          "--holder", "bob", "--holder", "alice")
        self.assertEqual(opened.splitlines()[1].split(),
                         [ACCOUNT, "EUR", "0.00", "0.00", "0.00", "open", "Joint", "alice", "bob"])
        funded = self.json("account", "fund", "--account", ACCOUNT, "--amount", "872.22", "--currency", "EUR")
        self.assertEqual(funded["available"], "872.22")
        self.assertIn("872.22", self.ctl("account", "list"))
        fund = ("account", "fund", "--account", ACCOUNT, "--currency", "EUR", "--amount")
        self.refuses("AMOUNT_INVALID", 1, *fund, "1")
        self.refuses("ACCOUNT_UNKNOWN", 1, "account", "fund", "--account", OTHER, "--amount", "1.00",
                     "--currency", "EUR")
        self.assertIn("--account ../x?", self.refuses("IBAN_INVALID", 1, "account", "movements", "--account", "../x?"))
        self.refuses("IBAN_INVALID", 1, "account", "fund", "--account", "../x?", "--amount", "1.00",
                     "--currency", "EUR")
        self.refuses("HOLDER_UNKNOWN", 1, "account", "open", "--account", OTHER, "--currency", "EUR",
                     "--title", "T", "--holder", "nobody")
        self.assertEqual(self.json("account", "list")["accounts"][0]["booked"], "872.22")

    def test_4_orders(self):
        self.bank.open_account(OTHER, ["bob"])
        session = fixture.Session(self.bank, self.alice)
        policy = session.get("/v1/accounts/%s/policy" % ACCOUNT).json["policy"]
        order = fixture.make_order(ACCOUNT, OTHER)
        self.assertLess(session.decide(order, policy).status, 300)
        session.close()
        for words in ((), ("--account", ACCOUNT)):
            line = self.ctl("order", "list", *words).splitlines()[1].split()
            self.assertEqual(line, [order["id"], ACCOUNT, "PATC", "-", "10.00", "EUR", "1", "2", "bob", "-",
                                    "-", "EDP", "Comercial"])
        self.assertEqual(self.json("order", "list", "--account", OTHER), {"orders": []})

    def test_4_what_the_operator_says(self):
        """Block, unblock, close; release and refuse what the bank does not hold."""
        note = ("--note", "court order 17/26")
        for act, state in (("block", "blocked"), ("unblock", "open")):
            self.assertIn(state, self.ctl("account", act, "--account", ACCOUNT, *note).splitlines()[1].split())
        self.refuses("ACCOUNT_NOT_EMPTY", 1, "account", "close", "--account", ACCOUNT, *note)
        self.assertIn("--note is missing", self.refuses("USAGE", 2, "account", "block", "--account", ACCOUNT))
        self.refuses("TEXT_INVALID", 1, "account", "block", "--account", ACCOUNT, "--note", "two\nlines")
        order = self.json("order", "list", "--account", ACCOUNT)["orders"][0]["order"]["id"]
        for act in ("release", "reject"):
            self.refuses("ORDER_NOT_HELD", 1, "order", act, order, "--account", ACCOUNT, *note)
            self.refuses("USAGE", 2, "order", act, "../x", "--account", ACCOUNT, *note)

    def send(self):
        """An order that was paid to another bank."""
        sessions = [fixture.Session(self.bank, key) for key in (self.alice, self.bob)]
        order = fixture.make_order(ACCOUNT, ELSEWHERE, "5.00")
        policy = sessions[0].get("/v1/accounts/%s/policy" % ACCOUNT).json["policy"]
        for session in sessions:
            told = session.decide(order, policy).json
            session.close()
        self.assertEqual(told["status"], "ACSP")
        return order["id"]

    def test_4_to_other_banks(self):
        first, second = self.send(), self.send()
        lines = [line.split() for line in self.ctl("outbox").splitlines()[1:]]
        self.assertEqual(lines, [[order, ACCOUNT, "5.00", "EUR", ELSEWHERE, "EDP", "Comercial", "-"]
                                 for order in (second, first)])
        self.assertIn("On the way to other banks: 2, together 10.00 EUR.", self.ctl("report"))
        about = ("--account", ACCOUNT, "--note", "as they told us")
        self.assertEqual(self.ctl("order", "confirm", first, *about), "%s is at ACSC\n" % first)
        self.refuses("ORDER_NOT_SENT", 1, "order", "confirm", first, *about)
        back = ("order", "return", second, *about)
        self.assertIn("--reason is missing", self.refuses("USAGE", 2, *back))
        self.refuses("REASON_INVALID", 1, *back, "--reason", "MS02")
        self.assertEqual(self.json(*back, "--reason", "AC04")["reason"], "AC04")
        self.assertEqual(self.json("outbox"), {"orders": []})
        self.assertEqual(self.ctl("outbox"), "There is nothing.\n")

    def credit(self, account, reference, *more):
        return ("credit", "add", "--account", account, "--amount", "7.00", "--currency", "EUR", "--from",
                "Uncle Toby", "--reference", reference, *more)

    def test_4_from_other_banks(self):
        self.assertEqual(self.ctl(*self.credit(ACCOUNT, "E-1")), "Credit 1 is booked\n")
        self.refuses("CREDIT_EXISTS", 1, *self.credit(ACCOUNT, "E-1"))
        nobody = fixture.iban(999)
        told = self.json(*self.credit(nobody, "E-2", "--from-account", ELSEWHERE, "--description", "a gift"))
        self.assertEqual((told["id"], told["state"], told["debtorAccount"]), (2, "suspense", ELSEWHERE))
        self.assertEqual(self.ctl(*self.credit(nobody, "E-3")), "Credit 3 is in suspense\n")
        lines = [line.split() for line in self.ctl("credit", "list").splitlines()[1:]]
        self.assertEqual([(line[0], line[2:5]) for line in lines], [("2", ["7.00", "EUR", nobody]),
                                                                    ("3", ["7.00", "EUR", nobody])])
        self.assertIn("In suspense: 2, together 14.00 EUR.", self.ctl("report"))
        note = ("--note", "asked the sender")
        self.assertEqual(self.ctl("credit", "assign", "2", "--account", ACCOUNT, *note), "Credit 2 is booked\n")
        self.assertEqual(self.ctl("credit", "return", "3", *note), "Credit 3 is returned\n")
        self.refuses("NOT_FOUND", 1, "credit", "return", "3", *note)
        self.refuses("USAGE", 2, "credit", "return", "../3", *note)
        self.assertEqual(self.json("credit", "list"), {"credits": []})

    def test_4_taken_back(self):
        self.ctl("account", "fund", "--account", ACCOUNT, "--amount", "1.00", "--currency", "EUR")
        movements = self.bank.operator("GET", "/v1/accounts/%s/movements" % ACCOUNT).json["movements"]
        number = str(movements[0]["id"])
        words = ("account", "reverse", number, "--account", ACCOUNT, "--note", "typed twice")
        self.assertEqual(self.ctl(*words), "Movement %s is taken back; booked is %s EUR\n" % (
            number, movements[1]["balance"]))
        self.refuses("MOVEMENT_REVERSED", 1, *words)
        lines = [line.split() for line in self.ctl("account", "movements", "--account", ACCOUNT).splitlines()]
        self.assertEqual((lines[1][2], lines[2][0], lines[2][2]), ("reversal", number, "funding"))

    def test_4_terminals(self):
        till = fixture.Key(self.bank.dir)
        out = self.ctl("terminal", "add", "--id", "till-1", "--name", "Branch Lisbon, till 1", "--spki", self.pem(till))
        self.assertIn("till-1 (Branch Lisbon, till 1) is a terminal", out)
        self.assertIn(till.thumbprint, out)
        line = self.ctl("terminal", "list").splitlines()[1].split()
        self.assertEqual(line, ["till-1", "Branch", "Lisbon,", "till", "1", "active", till.thumbprint])
        self.assertEqual([t["terminal"] for t in self.json("terminal", "list")["terminals"]], ["till-1"])
        self.assertNotIn("till-1", self.ctl("holder", "list"))
        self.refuses("KEY_TAKEN", 1, "terminal", "add", "--id", "till-2", "--name", "T", "--spki", self.pem(self.alice))
        self.refuses("HOLDER_IS_NO_PERSON", 1, "account", "open", "--account", fixture.iban(3), "--currency", "EUR",
                     "--title", "T", "--holder", "alice", "--holder", "till-1:T")

    def test_5_pages(self):
        """More than one page of a list, and of the log."""
        for number in range(100, 320):
            self.bank.open_account(fixture.iban(number), ["alice"])
        self.assertEqual(len(self.json("account", "list")["accounts"]), 222)
        self.assertGreater(self.json("log", "verify")["entries"], 220)

    def test_6_keys(self):
        shown = self.json("key", "show", "--bank-key", self.bank.pin)
        self.assertEqual((shown["bankKey"], shown["bank"]), (self.bank.pin, fixture.NAME))
        lines = self.ctl("key", "show").splitlines()
        self.assertEqual(lines[1].split(None, 1)[1].replace(" ", ""), self.bank.pin)
        self.refuses("KEY_MISMATCH", 1, "key", "show", "--bank-key", self.alice.thumbprint)
        self.refuses("IO", 4, "key", "show", "--save", self.bank.path("no/rollovers"))

    def test_7_log(self):
        note = self.bank.path("kept.note")
        first = self.json("log", "verify", "--bank-key", self.bank.pin, "--save", note)
        self.assertEqual((first["valid"], first["bankKeyPinned"], first["clockPutBack"]), (True, True, 0))
        self.ctl("account", "fund", "--account", ACCOUNT, "--amount", "1.00", "--currency", "EUR")
        out = self.ctl("log", "verify", "--checkpoint", note)
        self.assertIn("OK  %s: %d entries" % (fixture.NAME, first["entries"] + 1), out)
        self.assertIn("kept checkpoint over %d" % first["entries"], out)
        self.assertIn("own word was taken", out)
        forged = self.file("forged.note", pathlib.Path(note).read_bytes().replace(b"demo", b"demx", 1))
        self.refuses("BANK_MISMATCH", 1, "log", "verify", "--checkpoint", forged)
        self.refuses("KEY_MISMATCH", 1, "log", "verify", "--bank-key", self.alice.thumbprint)

    def test_8_clock(self):
        self.assertIn("goes on", self.ctl("clock", "accept", "--note", "checked by hand"))
        self.refuses("TEXT_INVALID", 1, "clock", "accept", "--note", "two\nlines")
        self.refuses("USAGE", 2, "clock", "accept")

    def test_8_report(self):
        out = self.ctl("report").splitlines()
        self.assertRegex(out[0], "^The books agree: [0-9]+ accounts, [0-9]+ movements, [0-9]+ open orders, [0-9]+ log entries[.]$")
        self.assertIn("EUR", out[3])
        report = self.json("report")
        self.assertEqual((report["differences"], report["accounts"]), ([], len(self.json("account", "list")["accounts"])))

    def test_9_threat_20_forged_database(self):
        """Somebody with the database alone changes one entry: the log no longer verifies."""
        self.forge("time_us = time_us + 1000000 WHERE id = 3")
        self.assertIn("root", self.refuses("PROOF_INVALID", 1, "log", "verify"))
        self.forge("time_us = time_us - 1000000 WHERE id = 3")
        self.ctl("log", "verify")
        self.forge("body = CAST(replace(body, '872.22', '972.22') AS BLOB) "
                   "WHERE instr(body, CAST('872.22' AS BLOB)) > 0")
        self.assertIn("does not commit", self.refuses("PROOF_INVALID", 1, "log", "verify"))

    def forge(self, change):
        self.bank.stop_bankd()
        with sqlite3.connect(self.bank.path("bank.db")) as db:
            db.execute("DROP TRIGGER IF EXISTS entry_kept")
            self.assertGreaterEqual(db.execute(f"UPDATE entry SET {change}").rowcount, 1)
        db.close()
        self.bank.start_bankd()

    def test_a_no_bank(self):
        done = self.bank.tool(["bankctl", "key", "show", "--socket", self.bank.path("nobody.sock")], check=False)
        self.assertEqual((done.returncode, done.stdout), (4, ""))
        self.assertIn("nobody.sock", done.stderr)
        self.assertIn("UNAVAILABLE", done.stderr)

    def test_a_not_the_bank(self):
        """What else answers is no problem document; a bank's is one line, whatever its name."""
        path = self.bank.path("other.sock")
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(path)
            door.listen()
            for body, name in ((b"<html>\x1b[31m", "UNAVAILABLE"), (b"[]", "UNAVAILABLE"), (b'{"name":"NEWER"}', "NEWER"),
                               (b'{"name":"BUSY",\n"detail":"full"}', "BUSY")):
                words = [os.path.join(fixture.BIN, "bankctl"), "order", "list", "--json", "--socket", path]
                with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asks:
                    with door.accept()[0] as caller:
                        caller.recv(4096)
                        caller.sendall(b"HTTP/1.1 502 No\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
                    out, _ = asks.communicate(timeout=60)
                (line,) = out.splitlines()
                self.assertEqual((json.loads(line)["name"], asks.returncode), (name, 4))


class Keys(unittest.TestCase):
    def test_what_becomes_of_one(self):
        """Each word says what the key is now, and it is; a revoked one comes never back."""
        with fixture.Bank() as bank:
            alice, bob, *_ = fixture.joint(bank)
            key, note = bob.key.thumbprint, ("--note", "a card was lost")

            def set_key(act, **options):
                return bank.ctl("holder", act, "bob", "--key", key, *note, **options)

            for act, status in ("suspend", "suspended"), ("resume", "active"), ("revoke", "revoked"):
                self.assertEqual(set_key(act).stdout, "The key %s of bob is %s\n" % (key, status))
                holders = json.loads(bank.ctl("holder", "list", "--json").stdout)["holders"]
                (now,) = [one["status"] for who in holders for one in who["keys"] if one["thumbprint"] == key]
                self.assertEqual(now, status)
            done = set_key("resume", check=False)
            self.assertEqual((done.returncode, done.stdout, "KEY_REVOKED" in done.stderr), (1, "", True), done.stderr)
            for who, what in (("bob", alice.key.thumbprint[:-1]), ("b/b", key)):
                done = bank.ctl("holder", "suspend", who, "--key", what, *note, check=False)
                self.assertEqual((done.returncode, "USAGE" in done.stderr), (2, True), done.stderr)


class Radar(unittest.TestCase):
    def test_what_it_tells(self):
        """Exit code 1 only where something is grave; the bank's own is fine."""
        with fixture.Bank() as bank:
            _, bob, account, _, _ = fixture.joint(bank)
            calm = bank.ctl("radar", check=False)
            self.assertEqual((calm.returncode, calm.stderr), (0, ""))
            self.assertEqual({line.split()[0] for line in calm.stdout.splitlines()[1:]}, {"single-key"})
            bank.ctl("holder", "revoke", "bob", "--key", bob.key.thumbprint, "--note", "lost")
            grave = bank.ctl("radar", check=False)
            self.assertEqual(grave.returncode, 1)
            rows = [line.split()[:3] for line in grave.stdout.splitlines()]
            self.assertIn(["keyless", account, "bob"], rows)
            told = bank.ctl("radar", "--json", check=False)
            self.assertEqual(told.returncode, 1)
            self.assertIn({"account": account, "kind": "unreachable", "rules": [0, 1, 2]}, json.loads(told.stdout)["findings"])


if __name__ == "__main__":
    if not os.path.exists(fixture.SOFTHSM):
        sys.exit(77)
    unittest.main()
