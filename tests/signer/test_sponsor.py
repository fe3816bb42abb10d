# SPDX-License-Identifier: Apache-2.0
"""A holder vouches for a newcomer whose letter he has; what he signs the operator sees, checked."""
import contextlib
import json
import os
import sqlite3
import unittest

import bank as b
import sponsorship
from desk import ALONE, JOINT, Desk
from holder import Holder, verify_evidence

NAME = "Carol Exampl\u00e9"


class Sponsor(Desk):
    def setUp(self):
        """Carol asks by her own program; her letter is what the sponsors get."""
        self.bank.ctl("key", "show", "--letter", self.bank.dir, "--public-url", "https://127.0.0.1:%d" % self.bank.port)
        name = "n%d" % self.serial()
        carol = Holder(self.bank, name, "2468")
        self.addCleanup(carol.close)
        self.bank.token(name, carol.pin)
        self.paper = self.bank.path("letter-" + name)
        os.makedirs(self.paper)
        asked = json.loads(carol.run("enrol", "--name", NAME, "--bank-letter", self.bank.path("bank-letter.txt"), "--module",
                                     carol.module, "--token", carol.token, "--letter", self.paper, "--json", check=True).stdout)
        self.request, self.key = asked["enrolment"], asked["thumbprint"]
        self.letter = os.path.join(self.paper, "enrolment-letter.txt")
        self.alice.settings(ALONE)
        self.bob.settings(JOINT)

    count = 0

    @classmethod
    def serial(cls):
        Sponsor.count += 1
        return Sponsor.count

    def show(self):
        return self.bank.ctl("enrolment", "show", self.request).stdout

    def row(self):
        (line,) = [line for line in self.bank.ctl("enrolment", "list").stdout.splitlines() if self.request in line]
        return line

    def set_key(self, holder, status):
        path = "/v1/holders/%s/keys/%s" % (holder.name, holder.json("token", "info")[0]["thumbprint"])
        self.assertEqual(self.bank.operator("POST", path, {"note": "as a test", "status": status}).status, 200)

    def admit(self, holder):
        return self.bank.ctl("enrolment", "admit", self.request, "--id", holder, "--name", NAME, "--thumbprint", self.key, check=False)

    def test_from_the_letter_to_the_operator(self):
        with self.alice.terminal("sponsor", self.letter) as t:
            shown = t.expect("PIN of token alice")
            self.assertIn("I know this person and sponsor the request to be enrolled.", shown)
            t.type("1234\n")
            t.expect("The bank has your word")
            status, rest = t.end()
        self.assertEqual(status, 0, shown + rest)
        self.assertIn("Sponsor       alice, holder of %s: signed for this key and name" % ALONE, self.show())
        self.assertIn("alice", self.row())
        queue = self.bank.ctl("queue").stdout
        self.assertIn("alice:sponsors", queue)
        self.refused(self.alice.run("sponsor", self.letter), "ALREADY_SPONSORED", 1)
        # Without the file, from what the letter says in print.
        groups = " ".join(self.key[i:i + 4] for i in range(0, 43, 4))
        done = self.bob.run("sponsor", self.request, "--key", groups, "--name", NAME, check=True)
        for line in ("I know this person and sponsor the request to be enrolled.", "Name          " + NAME, "New key       " + groups):
            self.assertIn(line, done.stderr)
        told = json.loads(self.bank.ctl("enrolment", "show", self.request, "--json").stdout)
        self.assertEqual([(one["holder"], one["account"], one["verdict"], one["counts"]) for one in told["sponsorships"]],
                         [("alice", ALONE, "OK", True), ("bob", JOINT, "OK", True)])
        # A word whose key is suspended does not count, and says so.
        self.set_key(self.bob, "suspended")
        self.addCleanup(self.set_key, self.bob, "active")
        self.assertIn("bob, holder of %s: signed, but it does not count any more" % JOINT, self.show())
        self.assertIn("bob:lapsed", self.row())
        self.assertEqual(self.admit("carol-1").returncode, 0)
        said = [e["body"] for e in self.bank.log_from(0) if e["body"].get("object") == "enrolment:" + self.request]
        self.assertEqual([e["type"] for e in said], ["enrolment-request", "sponsorship", "sponsorship", "enrolment-end"])
        entries = [e["leaf"]["index"] for e in self.bank.log_from(0) if e["body"]["type"] == "sponsorship" and e["body"]["object"] == said[0]["object"]]
        self.assertEqual(said[-1]["sponsors"], entries[:1])
        # It gave nobody an account.
        self.refused(self.alice.run("sponsor", self.letter), "ENROLMENT_OVER", 1)
        self.assertNotIn("carol-1", json.dumps(self.bank.operator("GET", "/v1/accounts/" + ALONE).json))

    def altered(self, old, new):
        with open(self.letter, encoding="utf-8") as f:
            text = f.read()
        head, code = text.split("The QR code says:\n\n")
        self.assertIn(old, code)
        self.bank.write("altered.txt", head + "The QR code says:\n\n" + code.replace(old, new))
        return self.bank.path("altered.txt")

    def test_the_letter_against_the_bank(self):
        """What the bank says is compared with what came by another way, before any PIN."""
        other = "dMsh_W6VKIPkyuCNIAeoD6BEJecQRufKtndh3CwQq6c"
        for old, new, name in (("key " + self.key, "key " + other, "SPONSORSHIP_MISMATCH"),
                               ("name " + NAME, "name Mallory", "SPONSORSHIP_MISMATCH"),
                               ("enrolment " + self.request, "enrolment " + other, "NOT_FOUND"),
                               ("bank-key " + self.bank.pin, "bank-key " + other, "BANK_KEY_CHANGED"),
                               ("bank " + self.bank.name + "\n", "bank other.example/test\n", "BANK_MISMATCH"),
                               ("name ", "nom ", "LETTER_INVALID")):
            with self.subTest(new):
                self.refused(self.alice.run("sponsor", self.altered(old, new), pin="0000"), name, 1)
        self.refused(self.alice.run("sponsor", self.request), "USAGE", 2)
        self.refused(self.alice.run("sponsor", self.letter, "--key", self.key), "USAGE", 2)
        self.refused(self.alice.run("sponsor", self.request, "--key", self.key + "A", "--name", NAME), "USAGE", 2)
        self.refused(self.alice.run("sponsor", self.request, "--key", other, "--name", NAME), "SPONSORSHIP_MISMATCH", 1)
        self.assertNotIn("Sponsor", self.show())

    def test_whose_word_it_must_be(self):
        """THREATS 2, 11 and 18, through this door."""
        class Newcomer:
            enrolment, name = self.request, NAME

            class key:
                thumbprint = self.key
        session = b.Session(self.bank, self.stranger())
        # The shop's holder does not see Alice's account; nobody signs by another's key.
        key = session.key
        self.assertEqual(sponsorship.send(session, Newcomer, sponsorship.sign(key, ALONE, Newcomer)).name, "ACCOUNT_UNKNOWN")
        self.assertEqual(sponsorship.send(session, Newcomer, sponsorship.sign(key, self.own, Newcomer, bank="demobank.example/prod")).name,
                         "BANK_MISMATCH")
        self.assertEqual(sponsorship.send(session, Newcomer, sponsorship.sign(b.Key(self.bank.dir), self.own, Newcomer)).name,
                         "KEY_UNKNOWN")
        jws = sponsorship.sign(key, self.own, Newcomer)
        told = sponsorship.send(session, Newcomer, jws)
        self.assertEqual((told.status, told.json["status"]), (201, "sponsored"))
        self.assertEqual(sponsorship.send(session, Newcomer, jws).json, told.json)  # the first answer again
        for path in ("/v1/enrolments/%s/sponsorship" % ("A" * 43), "/v1/enrolments/..%2f..%2fholders/sponsorship"):
            self.assertIn(session.post(path, {"sponsorship": jws}).name, ("SPONSORSHIP_MISMATCH", "NOT_FOUND", "HTTP_MALFORMED"))
        stranger = b.Session(self.bank)
        self.assertEqual(sponsorship.send(stranger, Newcomer, jws).name, "SESSION_REQUIRED")
        self.assertEqual(session.get("/v1/enrolments/%s/sponsorships" % self.request).name, "ROLE_REQUIRED")

    def stranger(self):
        key, self.own = b.Key(self.bank.dir), b.iban(70 + self.serial())
        name = "s%d" % self.serial()
        self.bank.add_holder(name, key)
        self.bank.open_account(self.own, [name])
        return key


class Demanded(Desk):
    """A bank that admits nobody new for whom nobody vouches."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank.stop()
        cls.bank.bankd_settings = "sponsors = 1\n"
        cls.bank.write_settings()
        cls.bank.start()
        cls.clerk, cls.own = b.Key(cls.bank.dir), b.iban(60)
        cls.bank.add_holder("clerk", cls.clerk)
        cls.bank.open_account(cls.own, ["clerk"])

    def test_it_is_demanded(self):
        import enrolment
        newcomer = enrolment.Newcomer(self.bank, "Dora Example")
        newcomer.ask()
        done = self.bank.ctl("enrolment", "admit", newcomer.enrolment, "--id", "dora", "--name", newcomer.name, "--thumbprint",
                             newcomer.key.thumbprint, check=False)
        self.assertIn("bankctl: SPONSORS_MISSING: ", done.stderr)
        self.assertIn("countersign sponsor", done.stderr)
        self.alice.settings(ALONE)  # the bank has another port
        self.alice.run("sponsor", newcomer.enrolment, "--key", newcomer.key.thumbprint, "--name", newcomer.name, check=True)
        self.assertEqual(newcomer.admit("dora").json.get("holder"), "dora")
        self.evidence_names(newcomer)

    def evidence_names(self, newcomer):
        """Whoever checks a payment of the newcomer's is told by whose word she is a holder."""
        account = b.iban(61)
        policy = self.bank.open_account(account, ["dora"], funds="20.00")
        dora = b.Session(self.bank, newcomer.key)
        order = b.make_order(account, ALONE)
        self.assertEqual(dora.decide(order, policy).json["status"], "ACSC")
        evidence = dora.get("/v1/accounts/%s/orders/%s/evidence" % (account, order["id"]))
        path = self.bank.path("evidence.json")
        with open(path, "wb") as f:
            f.write(b.canon(evidence.json))
        alice = self.alice.json("token", "info")[0]["thumbprint"]
        verdict = verify_evidence(self.bank, path)
        self.assertEqual(verdict.returncode, 0, verdict.stderr)
        self.assertIn("sponsored by alice of account %s with key %s\n" % (ALONE, alice), verdict.stdout)
        told = json.loads(verify_evidence(self.bank, path, "--json").stdout)
        self.assertEqual(told["signers"][0]["sponsors"], [{"account": ALONE, "holder": "alice", "thumbprint": alice}])

    def test_the_operator_checks_it(self):
        """A bank that shows another word than was signed is found out by bankctl itself."""
        import enrolment
        newcomer = enrolment.Newcomer(self.bank, "Emma Example")
        newcomer.ask()
        session = b.Session(self.bank, self.clerk)
        self.assertEqual(sponsorship.send(session, newcomer, sponsorship.sign(self.clerk, self.own, newcomer)).status, 201)
        self.assertIn("Sponsor       clerk, holder of %s: signed" % self.own, self.bank.ctl("enrolment", "show", newcomer.enrolment).stdout)
        another = sponsorship.sign(self.clerk, self.own, newcomer, name="Mallory")
        for statement, name in ((another, "SPONSORSHIP_MISMATCH"), (another[:-4] + "AAAA", "SIGNATURE_INVALID")):
            self.bank.stop()
            with contextlib.closing(sqlite3.connect(self.bank.path("bank.db"))) as db, db:
                db.execute("UPDATE sponsorship SET statement = ?", (statement,))
            self.bank.start()
            self.assertIn("NOT PROVED: " + name, self.bank.ctl("enrolment", "show", newcomer.enrolment).stdout)
            self.assertIn("clerk:NOT-PROVED", self.bank.ctl("enrolment", "list").stdout)


if __name__ == "__main__":
    unittest.main()
