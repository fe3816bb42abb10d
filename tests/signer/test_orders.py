# SPDX-License-Identifier: Apache-2.0
"""From a draft to a settled order at the command line: every command, by file and by id, for people
and as JSON, and what is refused on the way."""
import json
import os
import re
import sys
import unittest

from bank import canon
from desk import ALONE, JOINT, PAYEE, Desk
from holder import verify_evidence

ID = "01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f"


class Drafts(Desk):
    DRAFT = {"account": ALONE, "amount": "10.00", "creditor": {"account": PAYEE, "name": "EDP Comercial"},
             "currency": "EUR", "description": "Electricity bill"}

    def new(self, text):
        self.bank.write("draft.json", text if isinstance(text, str) else json.dumps(text))
        return self.alice.run("order", "new", self.bank.path("draft.json"), "-o", self.bank.path("new.json"))

    def test_refused_by_name(self):
        """Each leaves no document behind."""
        draft = self.DRAFT
        creditor = draft["creditor"]
        cases = [
            ({**draft, "ammount": "1.00"}, "DOC_MEMBER_UNKNOWN"),
            ({k: v for k, v in draft.items() if k != "amount"}, "DOC_MEMBER_MISSING"),
            ({**draft, "amount": 10}, "DOC_MEMBER_INVALID"),
            ({**draft, "amount": "10"}, "AMOUNT_INVALID"),
            ({**draft, "amount": "10.000"}, "AMOUNT_INVALID"),
            ({**draft, "amount": "0.00"}, "AMOUNT_ZERO"),
            ({**draft, "currency": "XXX"}, "CURRENCY_UNKNOWN"),
            ({**draft, "account": ALONE[:-1] + str((int(ALONE[-1]) + 1) % 10)}, "IBAN_CHECK_DIGITS"),
            ({**draft, "creditor": {**creditor, "account": "PT50"}}, "IBAN_INVALID"),
            ({**draft, "creditor": {**creditor, "name": "a\u202eb"}}, "TEXT_INVALID"),
            ({**draft, "description": "two\nlines"}, "TEXT_INVALID"),
            ({**draft, "date": "2026-02-30"}, "DATE_INVALID"),
            ({**draft, "bank": "other.example/test"}, "BANK_MISMATCH"),
            ({**draft, "id": "7"}, "DOC_MEMBER_INVALID"),
            ([draft], "DOC_MEMBER_INVALID"),
            ("{", "JSON_SYNTAX"),
            ("", "JSON_SYNTAX"),
            ('{"amount":"1.00","amount":"2.00"}', "JSON_DUPLICATE"),
            ('{"version":1.0}', "JSON_NUMBER"),
        ]
        for text, name in cases:
            with self.subTest(name, text=text):
                self.refused(self.new(text), name, 1, "draft.json")
                self.assertFalse(os.path.exists(self.bank.path("new.json")))

    def test_the_member_is_named(self):
        """That is missing or unfit, by the place it has."""
        draft, path = self.DRAFT, self.bank.path("draft.json")
        creditor = draft["creditor"]
        cases = [({k: v for k, v in draft.items() if k != "description"}, "DOC_MEMBER_MISSING", "description"),
                 ({**draft, "creditor": {"name": "EDP"}}, "DOC_MEMBER_MISSING", "creditor.account"),
                 ({**draft, "ammount": "10.00"}, "DOC_MEMBER_UNKNOWN", "ammount"),
                 ({**draft, "creditor": {**creditor, "nam\u001b": "x"}}, "DOC_MEMBER_UNKNOWN", "creditor.nam?"),
                 ({**draft, "x" * 80: 1}, "DOC_MEMBER_UNKNOWN", "x" * 63),
                 ({**draft, "amount": 10}, "DOC_MEMBER_INVALID", "amount"),
                 ({**draft, "purpose": "much too long"}, "DOC_MEMBER_INVALID", "purpose"),
                 ({**draft, "creditor": {**creditor, "address": {"country": "de", "town": "x"}}}, "DOC_MEMBER_INVALID",
                  "creditor.address.country"),
                 ({**draft, "expires": "2026-01-01T00:00:00Z"}, "DOC_MEMBER_INVALID", "expires")]
        for text, name, member in cases:
            with self.subTest(member):
                self.refused(self.new(text), name, 1, "draft.json: %s\n" % member)
        _, order = self.order()
        del order["description"]
        self.bank.write("draft.json", canon(order).decode())
        for words in ("order", "check"), ("approve",):
            self.refused(self.alice.run(*words, path), "DOC_MEMBER_MISSING", 1, "draft.json: description\n")

    def test_files_and_options(self):
        self.refused(self.alice.run("order", "new", self.bank.path("none.json")), "FILE_NOT_FOUND", 4, "none.json")
        path = self.bank.path("draft.json")
        self.bank.write("draft.json", json.dumps(self.DRAFT))
        for days in ("0", "367", "x", "-1"):
            self.refused(self.alice.run("order", "new", path, "--days=" + days), "USAGE", 2, "--days")
        self.refused(self.alice.run("order", "new", path, "-o", self.bank.path("no/such/place")), "IO", 4,
                     "no/such/place could not be written")
        self.refused(self.alice.run("token", "info", "--spki", self.bank.path("no/spki")), "IO", 4, "no/spki could not be written")
        self.bank.write("draft.json", json.dumps({**self.DRAFT, "description": "x" * 70000}))
        self.refused(self.alice.run("order", "new", path), "TOO_LARGE", 1)

    def test_check(self):
        path, order = self.order()
        done = self.alice.run("order", "check", path, check=True)
        self.assertRegex(done.stdout, "^OK [0-9a-f]{64} %s 10.00 EUR\n$" % order["id"])
        self.bank.write("loose.json", json.dumps(order, indent=1))
        self.refused(self.alice.run("order", "check", self.bank.path("loose.json")), "DOC_NOT_CANONICAL", 1)
        shown = self.alice.run("order", "show", self.bank.path("loose.json"), "--json", check=True)
        self.assertEqual(shown.stdout.encode(), canon(order) + b"\n")


class Deciding(Desk):
    def test_file_and_id(self):
        """Alice approves a file; Bob, who has no file, the id: the same text before both."""
        path, order = self.order(JOINT)
        mine = self.alice.run("approve", path, "--account", JOINT, check=True)
        self.assertIn("PATC", mine.stdout)
        self.assertIn("Waits for     bob\nTo decide     countersign approve %s (or reject)\n" % order["id"], mine.stdout)
        status = self.bob.run("order", "status", order["id"], check=True)
        self.assertEqual(status.stdout, mine.stdout)
        his = self.bob.run("approve", order["id"], check=True)
        self.assertEqual(his.stderr, mine.stderr)
        self.assertIn("ACSC, settled", his.stdout)
        self.assertNotIn("Waits for", his.stdout)
        evidence = self.bank.path("evidence.json")
        told = self.bob.run("order", "evidence", order["id"], "-o", evidence, check=True)
        self.assertIn("countersign-verify evidence --bank-key " + self.bank.pin, told.stderr)
        self.refused(self.bob.run("order", "evidence", order["id"], "-o", self.bank.path("no/evidence")), "IO", 4,
                     "no/evidence could not be written")
        verdict = verify_evidence(self.bank, evidence)
        self.assertEqual(verdict.returncode, 0, verdict.stderr)
        self.refused(self.bob.run("reject", order["id"]), "ORDER_FINAL", 1)

    def test_reject(self):
        path, order = self.order(JOINT)
        self.alice.run("submit", path, "--account", JOINT, check=True)
        done = self.bob.run("reject", order["id"], check=True)
        self.assertIn("I reject this payment order.", done.stderr)
        self.assertIn("RJCT, rejected (MS02, a holder said no)", done.stdout)

    def test_wrong_subjects(self):
        path, _ = self.order()
        cases = [(("approve", ID), "NOT_FOUND", 1), (("approve", "no-such-file"), "FILE_NOT_FOUND", 4),
                 (("approve", path, "--bank", "other.example/test"), "TLS_REFUSED", 1),
                 (("order", "status", "7"), "USAGE", 2), (("order", "evidence", ID), "NOT_FOUND", 1),
                 (("balance", "--account", PAYEE), "ACCOUNT_UNKNOWN", 1)]
        for words, name, code in cases:
            with self.subTest(words=words):
                self.refused(self.alice.run(*words), name, code)
        self.refused(self.bob.run("approve", path), "ACCOUNT_UNKNOWN", 1)

    def test_an_account_as_it_is_printed(self):
        """In groups it is the same one; what is no account is told before the bank hears of it."""
        grouped = " ".join(ALONE[at:at + 4] for at in range(0, len(ALONE), 4))
        plain = self.alice.run("balance", "--account", ALONE, check=True).stdout
        self.assertEqual(self.alice.run("balance", "--account", grouped, check=True).stdout, plain)
        self.alice.settings(grouped)
        self.addCleanup(self.alice.settings, ALONE)
        self.assertEqual(self.alice.run("balance", check=True).stdout, plain)
        nowhere = ("--url", "https://127.0.0.1:1")
        for account, name in (("foo", "IBAN_INVALID"), (ALONE + "0" * 60, "IBAN_INVALID"), ("", "IBAN_INVALID"),
                              (ALONE[:-1] + str((int(ALONE[-1]) + 1) % 10), "IBAN_CHECK_DIGITS")):
            self.refused(self.alice.run("balance", "--account=" + account, *nowhere), name, 1, "--account: " + account)
        self.alice.settings("x")
        self.refused(self.alice.run("balance"), "IBAN_INVALID", 1, "account in the configuration file: x")

    def test_policy_of_another_account(self):
        path, _ = self.order()
        policy = self.bank.path("joint.policy")
        self.alice.run("policy", "--account", JOINT, "-o", policy, check=True)
        self.refused(self.alice.run("approve", path, "--policy", policy), "ACCOUNT_MISMATCH", 1, JOINT)

    def test_no_policy_in_place_of_the_banks(self):
        path, order = self.order(JOINT)
        self.alice.run("submit", path, "--account", JOINT, check=True)
        self.refused(self.bob.run("approve", order["id"], "--policy", "/nowhere"), "FILE_NOT_FOUND", 4, "/nowhere")


class Offline(Desk):
    def sign(self, holder, path, account, name="signed.json", verb="approve"):
        """Without the bank: its address is nowhere in the settings."""
        policy, out = self.bank.path("policy.json"), self.bank.path(name)
        holder.run("policy", "--account", account, "-o", policy, check=True)
        holder.settings(account, url=None)
        self.addCleanup(holder.settings, account)
        holder.run("sign", path, "--policy", policy, "--decision", verb, "-o", out, check=True)
        holder.settings(account)
        return out

    def test_co_holder_hands_in(self):
        path, order = self.order(JOINT)
        signed = self.sign(self.alice, path, JOINT)
        answer = self.bob.json("send", signed)
        self.assertEqual([d["holder"] for d in answer["decisions"]], ["alice"])
        again = self.bob.json("send", signed)
        self.assertEqual((again["status"], again["canDecide"]), ("PATC", ["bob"]))
        self.bob.run("approve", order["id"], check=True)

    def test_challenge(self):
        """A decision is bound to a challenge that the bank gave to this key, and to no other."""
        path, order = self.order(JOINT)
        policy = self.bank.path("policy.json")
        self.alice.run("policy", "--account", JOINT, "-o", policy, check=True)
        thumbprints = {holder.name: [key["thumbprint"] for key in holder.json("token", "info") if "thumbprint" in key][0]
                       for holder in (self.alice, self.bob)}
        for name, expected in (("bob", "CHALLENGE_INVALID"), ("alice", None)):
            # A thumbprint may begin with a hyphen, as options do.
            words = self.alice.words("challenge") + ["--", thumbprints[name]]
            challenge = self.bank.tool(words, env=self.alice.env).stdout.strip()
            signed = self.bank.path(name + ".signed")
            self.alice.run("sign", path, "--policy", policy, "--decision", "approve", "--challenge", challenge, "-o",
                           signed, check=True)
            done = self.alice.run("send", signed)
            if expected:
                self.refused(done, expected, 1)
            else:
                self.assertIn("PATC", done.stdout)
        self.assertIn("alice approved at", self.bob.run("order", "status", order["id"], check=True).stdout)
        self.refused(self.alice.run("challenge", "short"), "USAGE", 2, "short")

    def test_one_of_many_refused(self):
        """The others go through; the refusal has its line."""
        lines = []
        for number in range(4):
            path, _ = self.order(amount="1.%02d" % number)
            with open(self.sign(self.alice, path, ALONE), encoding="utf-8") as f:
                lines.append(f.read().strip())
        lines[2] = lines[2].replace('"amount":"1.02"', '"amount":"9.99"')
        self.bank.write("many", "\n".join(lines) + "\n")
        before = self.available()
        done = self.alice.run("send", self.bank.path("many"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(len(re.findall("  ACSC  ", done.stdout)), 3, done.stdout)
        self.assertIn("many:3 refused, ORDER_MISMATCH", done.stdout)
        self.assertIn("the bank refused 1 of 4", done.stderr)
        self.assertAlmostEqual(float(before) - float(self.available()), 1.00 + 1.01 + 1.03, places=2)
        done = self.alice.run("send", "--json", self.bank.path("many"))
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([a.get("status", a.get("error")) for a in answers],
                         ["ACSC", "ACSC", "ORDER_MISMATCH", "ACSC", "ORDER_MISMATCH"])

    def test_nothing_to_send(self):
        """A wrong path among right ones is found before anything goes."""
        self.bank.write("empty", "\n")
        self.refused(self.alice.run("send", self.bank.path("empty")), "DOC_TYPE", 1, "empty")
        path, _ = self.order()
        signed = self.sign(self.alice, path, ALONE)
        before = self.available()
        self.refused(self.alice.run("send", signed, self.bank.path("none")), "FILE_NOT_FOUND", 4, "none")
        self.assertEqual(self.available(), before)

    def test_what_nobody_signed(self):
        """An order alone is told as what it is, before anything goes; of the rest the bank says what it lacks, and of
        which file is said here."""
        path, order = self.order()
        signed = self.sign(self.alice, path, ALONE)
        policy = self.bank.path("policy.json")
        before = self.available()
        self.refused(self.alice.run("send", signed, path), "DOC_TYPE", 1, "order.json:1: an order that nobody signed",
                     "countersign sign or approve")
        self.bank.write("loose.json", json.dumps(order, indent=1))
        self.refused(self.alice.run("send", self.bank.path("loose.json")), "DOC_TYPE", 1, "loose.json: an order that")
        self.assertEqual(self.available(), before)
        for text, name in (("{}", "DOC_MEMBER_MISSING"), ("[]", "DOC_MEMBER_INVALID"),
                           (None, "DOC_MEMBER_UNKNOWN")):
            if text is not None:
                self.bank.write("policy.json", text + "\n")
            else:
                self.alice.run("policy", "-o", policy, check=True)
            with self.subTest(text=text):
                self.refused(self.alice.run("send", policy), name, 1, "policy.json:1")

    def test_refused_before_the_pin(self):
        path, _ = self.order()
        policy = self.bank.path("policy.json")
        self.alice.run("policy", "-o", policy, check=True)
        sign = ("sign", path, "--policy", policy, "-o", self.bank.path("none.signed"))
        self.refused(self.alice.run("sign", path, "--decision", "approve"), "USAGE", 2, "give --policy\n")
        self.refused(self.alice.run(*sign), "USAGE", 2, "give --decision\n")
        self.refused(self.alice.run(*sign, "--decision", "perhaps"), "USAGE", 2)
        self.refused(self.alice.run(*sign, "--decision", "approve", "--challenge", "x"), "USAGE", 2)
        self.refused(self.alice.run(*sign, "--decision", "approve", "--bank", "other.example/test"), "BANK_MISMATCH", 1)
        self.assertFalse(os.path.exists(self.bank.path("none.signed")))


class Json(Desk):
    """--json: every line of standard output is JSON, whatever happens."""

    def lines(self, *words):
        done = self.alice.run(*words, "--json")
        return done, [json.loads(line) for line in done.stdout.splitlines()]

    def test_every_command(self):
        path, order = self.order()
        for words, members in (
                (("login",), {"holder", "session", "expires", "idleSeconds"}),
                (("token", "info"), None), (("token", "list"), {"pcscd", "readers", "tokens"}),
                (("order", "show", path), {"id"}), (("order", "check", path), {"digest", "id"}),
                (("policy",), {"holders", "rules"}), (("approve", path), {"status", "decisions"}),
                (("order", "status", order["id"]), {"status"}), (("order", "evidence", order["id"]), None),
                (("orders",), {"order", "status"}), (("accounts",), {"booked"}), (("balance",), {"booked"}),
                (("movements",), {"amount", "balance", "category"}), (("statement",), {"opening", "movements", "closing"}),
                (("expenses",), {"currency", "expenses"}), (("logout",), {"destroyed", "bank"})):
            with self.subTest(words=words):
                done, answers = self.lines(*words)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(answers)
                for answer in answers if members else []:
                    self.assertLessEqual(members, set(answer))

    def test_refusals(self):
        """One object with the name, and the exit code of the table."""
        path, _ = self.order()
        for words, name, code in (
                (("approve", ID), "NOT_FOUND", 1), (("order", "new", "none"), "FILE_NOT_FOUND", 4),
                (("order", "status", "7"), "USAGE", 2), (("login", "--token", "pkcs11:token=x"), "TOKEN_NOT_FOUND", 3),
                (("login", "--url", "https://127.0.0.1:1"), "UNAVAILABLE", 4),
                (("approve", path, "--account", "x", "--policy", "none"), "IBAN_INVALID", 1),
                (("approve", path, "--policy", "none"), "FILE_NOT_FOUND", 4)):
            with self.subTest(words=words):
                done, answers = self.lines(*words)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertEqual([answer["error"] for answer in answers], [name])
                self.assertTrue(answers[0]["remedy"])

    def test_usage(self):
        for words in (("dance",), ("approve",), ("approve", "a", "b"), ("balance", "--colour"), ("order",), ("--pin", "1")):
            with self.subTest(words=words):
                done = self.alice.run(*words, settings=False)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)

    def test_help(self):
        for words in ((), ("approve",), ("order", "new")):
            done = self.alice.run(*words, "--help", settings=False, check=True)
            self.assertIn("xample", done.stdout)

    def test_lists(self):
        """Titles for people, one blank line between two accounts."""
        self.order()
        accounts = self.alice.run("accounts", check=True).stdout
        self.assertEqual(accounts.count("\n\nAccount  "), 1)
        self.assertNotIn("\n\n\n", accounts)
        moved = self.alice.run("movements", check=True).stdout.splitlines()
        self.assertTrue(moved[0].startswith("TIME "))
        self.assertEqual(moved[0].index("BALANCE") + len("BALANCE"), re.search(r" +\d+  income", moved[-1]).start())
        self.assertEqual(self.bob.run("orders", check=True).stdout, "There are no orders.\n")


if __name__ == "__main__":
    sys.exit(unittest.main())
