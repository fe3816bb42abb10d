#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stranger becomes a holder by ceremony, through the bank's door."""
import json
import time
import unittest

import bank as b
import enrolment as en
import operators
from enrolment import Newcomer


class Scene(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bank = b.Bank()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.bank.__enter__()

    def refused(self, answer, name):
        self.assertEqual(answer.name, name, answer)

    def entries(self, kind):
        return [entry["body"] for entry in self.bank.log_from(0) if entry["body"]["type"] == kind]


class Ceremony(Scene):
    def test_from_stranger_to_payer(self):
        for curve in b.CURVES:
            holder = "h-" + curve.lower()
            newcomer = Newcomer(self.bank, "Ana Conceição", curve)
            with self.subTest(curve):
                told = newcomer.send()
                self.assertEqual((told.status, told.json["status"]), (202, "waiting"), told)
                self.assertEqual(told.json["thumbprint"], newcomer.key.thumbprint)
                self.refused(newcomer.admit(holder, "A" * 43), "LETTER_MISMATCH")
                self.refused(newcomer.admit(holder, name="Ana Conceicao"), "LETTER_MISMATCH")
                self.assertEqual(newcomer.look().json["status"], "waiting")
                told = newcomer.admit(holder)
                self.assertEqual((told.json.get("status"), told.json.get("holder")), ("admitted", holder), told)
                self.assertEqual(newcomer.look().json, told.json)
                self.refused(newcomer.admit(holder), "ENROLMENT_OVER")
                b.Session(self.bank, newcomer.key)

    def test_the_same_again_gets_what_became_of_it(self):
        newcomer = Newcomer(self.bank, "Twice Example")
        jws = newcomer.jws()
        first = newcomer.send(jws)
        self.assertEqual(newcomer.send(jws).json, first.json)
        newcomer.refuse("nobody came")
        told = newcomer.send(jws)
        self.assertEqual((told.json["status"], told.json["note"]), ("refused", "nobody came"))
        self.refused(newcomer.admit("twice"), "ENROLMENT_OVER")
        self.refused(b.Session(self.bank).get("/v1/enrolments/" + "A" * 43), "NOT_FOUND")

    def test_a_lost_card(self):
        old, new = (Newcomer(self.bank, "Lost Example", wanted="lost") for _ in range(2))
        payee, account = b.Key(self.bank.dir), b.iban(41)
        self.bank.add_holder("paid", payee)
        old.ask()
        old.admit("lost")
        policy = self.bank.open_account(account, ["lost", "paid"], "100.00")
        self.bank.open_account(b.iban(42), ["paid"])
        order = b.make_order(account, b.iban(42))
        self.assertEqual(b.Session(self.bank, old.key).decide(order, policy).json["status"], "PATC")
        new.ask()
        self.refused(new.admit("lost"), "BANK_HOLDER_EXISTS")
        told = new.admit("lost", another=True)
        self.assertEqual(told.json.get("holder"), "lost", told)
        self.refused(b.Session(self.bank, new.key).decide(order, policy), "ALREADY_DECIDED")
        self.bank.operator("POST", "/v1/holders/lost/keys/" + old.key.thumbprint,
                           {"note": "the card was lost", "status": "revoked"})
        other = b.make_order(account, b.iban(42))
        self.assertEqual(b.Session(self.bank, new.key).decide(other, policy).json["status"], "PATC")
        self.assertEqual(b.Session(self.bank, payee).decide(other, policy).json["status"], "ACSC")

    def test_a_name_that_is_somebodys(self):
        there = Newcomer(self.bank, "There Example", wanted="there")
        there.ask()
        there.admit("there")
        for name, wanted, refusal in (("There Example", None, "BANK_HOLDER_EXISTS"),
                                      ("There Example", "else", "BANK_HOLDER_EXISTS"),
                                      ("Their Example", "there", "BANK_HOLDER_EXISTS")):
            newcomer = Newcomer(self.bank, name, wanted=wanted)
            newcomer.ask()
            with self.subTest(name=name, wanted=wanted):
                self.refused(newcomer.admit("there", another=True), refusal)
        # Who says that he is somebody there gets no other name.
        same = Newcomer(self.bank, "There Example", wanted="there")
        same.ask()
        self.refused(same.admit("there-2"), "HOLDER_MISMATCH")
        self.refused(same.admit("there-2", another=True), "HOLDER_UNKNOWN")
        self.refused(same.admit("there"), "BANK_HOLDER_EXISTS")
        self.assertEqual(same.admit("there", another=True).json.get("holder"), "there")
        till = Newcomer(self.bank, "till-9", wanted="till-9")
        self.bank.operator("POST", "/v1/terminals", {"name": "till-9", "spki": b.b64(b.Key(self.bank.dir).spki),
                                                     "terminal": "till-9"})
        till.ask()
        self.refused(till.admit("till-9"), "HOLDER_IS_NO_PERSON")


class Threats(Scene):
    """What must not work, through this door."""

    def test_threat_02_another_bank(self):
        newcomer = Newcomer(self.bank, "Ana Example")
        for bank in ("demobank.example/prod", "other.example/test"):
            self.refused(newcomer.send(newcomer.jws(bank=bank)), "BANK_MISMATCH")

    def test_threat_09_stale(self):
        newcomer = Newcomer(self.bank, "Ana Example")
        for ahead, name in ((-320, "ISSUED_TOO_OLD"), (30, "ISSUED_IN_FUTURE")):
            said = b.statement(issued=int(time.time()) + ahead, lifetime=2 * en.DAY, name=newcomer.name,
                               requests=newcomer.requests())
            self.refused(newcomer.send(newcomer.key.jws(en.TYP, said)), name)
        for lifetime in (en.DAY - 1, 30 * en.DAY + 1):
            self.refused(Newcomer(self.bank, "Ana Example", lifetime=lifetime).send(), "DOC_MEMBER_INVALID")

    def test_threat_11_one_key_for_two(self):
        first, second = Newcomer(self.bank, "First Example"), Newcomer(self.bank, "Second Example")
        second.ask()
        first.ask()
        first.admit("first")
        for use, key in (("sign", first.key), ("tls", first.tls)):
            thief = Newcomer(self.bank, "Third Example")
            if use == "sign":
                thief.key = key
            else:
                thief.tls = key
            with self.subTest(use):
                self.refused(thief.send(), "KEY_TAKEN")
        self.refused(self.bank.add_holder("by-hand", first.tls), "KEY_TAKEN")
        # Two wait with one key: the second admission is refused.
        same = [Newcomer(self.bank, "Same Example") for _ in range(2)]
        same[1].key = same[0].key
        for newcomer in same:
            newcomer.ask()
        same[0].admit("same-0")
        self.refused(same[1].admit("same-1"), "KEY_TAKEN")
        twice = Newcomer(self.bank, "Twice Example")
        twice.tls = twice.key
        self.refused(twice.send(), "KEY_REPEATED")
        twice = Newcomer(self.bank, "Twice Example")
        self.refused(twice.send(twice.jws(requests={**twice.requests(), "derive": b.b64(twice.tls.spki)})), "KEY_REPEATED")

    def test_one_address_fills_no_queue(self):
        bank = b.Bank(bankd_settings="enrolments_each = 2\n")
        with bank:
            for _ in range(2):
                Newcomer(bank, "Many Example").ask()
            late = Newcomer(bank, "Late Example")
            told = late.send()
            self.assertEqual((told.status, told.name), (429, "ENROLMENTS_TOO_MANY"))
            first = bank.operator("GET", "/v1/enrolments").json["enrolments"][0]["enrolment"]
            bank.operator("POST", "/v1/enrolments/%s/refusal" % first, {"note": "nobody came"})
            self.assertEqual(late.send().status, 202)

    def test_a_key_for_tls_signs_nothing(self):
        newcomer = Newcomer(self.bank, "Tls Example")
        newcomer.ask()
        newcomer.admit("tls")
        session = b.Session(self.bank)
        said = b.statement(challenge="A" * 22, session=session.session_key.thumbprint)
        self.refused(session.post("/v1/login", {"login": newcomer.tls.jws("countersign-login+jws", said)}), "KEY_UNKNOWN")

    def test_threat_15_keys_that_are_none(self):
        def key(*options, convert=None):
            path = self.bank.path("odd.pem")
            b.openssl("genpkey", *options, "-out", path)
            if convert:
                b.openssl("ec", "-in", path, *convert, "-out", path)
            odd = b.Key(self.bank.dir)
            odd.path = path
            return odd

        curve = "ec_paramgen_curve:"
        odd = {
            "KEY_ALGORITHM": [("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), ("-algorithm", "ED25519")],
            "KEY_CURVE": [("-algorithm", "EC", "-pkeyopt", curve + "secp256k1"), ("-algorithm", "EC", "-pkeyopt", curve + "prime192v1"),
                          ("-algorithm", "EC", "-pkeyopt", curve + "P-256", "-pkeyopt", "ec_param_enc:explicit")],
        }
        for name, made in odd.items():
            for options in made:
                newcomer = Newcomer(self.bank, "Odd Example")
                hash_of = "-sha256" if "ED25519" not in options else "-batch"
                der = en.request(key(*options), newcomer.name, hash_of)
                for use in ("sign", "authenticate"):
                    with self.subTest(name, options=options, use=use):
                        answer = newcomer.send(newcomer.jws(requests={**newcomer.requests(), use: b.b64(der)}))
                        self.refused(answer, name)
        self.assertIn("RSA", answer.json["title"] + newcomer.send(newcomer.jws(requests={
            "sign": b.b64(en.request(key("-algorithm", "RSA"), newcomer.name, "-sha256"))})).json["title"])

    def test_threat_15_points_that_are_none(self):
        newcomer = Newcomer(self.bank, "Odd Example")
        der = en.request(newcomer.key, newcomer.name)
        point = newcomer.key.spki[-65:]
        at = der.index(point)
        off = der[:at + 64] + bytes([der[at + 64] ^ 1]) + der[at + 65:]
        self.refused(newcomer.send(newcomer.jws(requests={"sign": b.b64(off)})), "KEY_NOT_ON_CURVE")
        compressed = b.openssl("ec", "-in", newcomer.key.path, "-pubout", "-conv_form", "compressed", "-outform", "DER")
        self.refused(newcomer.send(newcomer.jws(requests={**newcomer.requests(), "derive": b.b64(compressed)})), "KEY_COMPRESSED")
        path = self.bank.path("compressed.pem")
        b.openssl("ec", "-in", newcomer.key.path, "-conv_form", "compressed", "-out", path)
        odd = b.Key(self.bank.dir)
        odd.path = path
        self.refused(newcomer.send(newcomer.jws(requests={"sign": b.b64(en.request(odd, newcomer.name, "-sha256"))})), "KEY_COMPRESSED")

    def test_requests_that_prove_nothing(self):
        newcomer, other = Newcomer(self.bank, "Ana Example"), Newcomer(self.bank, "Eve Example")
        own = en.request(newcomer.key, newcomer.name)
        flipped = own[:-1] + bytes([own[-1] ^ 1])
        for requests, name in (
                ({"sign": flipped}, "POSSESSION_UNPROVEN"),
                ({"sign": en.request(newcomer.key, newcomer.name, "-sha384")}, "POSSESSION_UNPROVEN"),
                ({"sign": own.replace(b"Ana Example", b"Eve Example")}, "REQUEST_SUBJECT"),
                ({"sign": own.replace(newcomer.key.spki[-65:], other.key.spki[-65:])}, "POSSESSION_UNPROVEN"),
                ({"sign": en.request(newcomer.key, "Eve Example")}, "REQUEST_SUBJECT"),
                ({"sign": en.request(newcomer.key, "Ana Example/O=Else")}, "REQUEST_SUBJECT"),
                ({"sign": own, "authenticate": en.request(newcomer.tls, "Eve Example")}, "REQUEST_SUBJECT"),
                ({"sign": own + b"\0"}, "REQUEST_INVALID"),
                ({"sign": newcomer.key.spki}, "REQUEST_INVALID"),
                ({"sign": own + b"\0" * 2048}, "REQUEST_INVALID"),
                ({"sign": en.request(other.key, newcomer.name)}, "KEY_MISMATCH"),
        ):
            with self.subTest(name, requests=list(requests)):
                said = {use: b.b64(der) for use, der in requests.items()}
                self.refused(newcomer.send(newcomer.jws(requests=said)), name)
        self.refused(newcomer.send(other.key.jws(en.TYP, newcomer.payload())), "KEY_MISMATCH")
        self.refused(newcomer.send(other.key.jws(en.TYP, newcomer.payload(), kid=newcomer.key.thumbprint)), "SIGNATURE_INVALID")
        self.refused(newcomer.send(newcomer.key.jws("countersign-login+jws", newcomer.payload())), "JWS_TYPE")
        self.refused(newcomer.send(newcomer.jws(challenge="A" * 22)), "DOC_MEMBER_UNKNOWN")
        for header in ({"alg": "none"}, {"alg": "HS256"}, {"alg": "ES384"}, {"jwk": {}}, {"x5c": []}, {"kid": "../x"}):
            answer = newcomer.send(newcomer.key.jws(en.TYP, newcomer.payload(), **header))
            self.assertIn(answer.name, ("JWS_HEADER", "JWS_ALGORITHM"), header)
        self.assertGreater(self.bank.counted("POSSESSION_UNPROVEN") + len(self.entries("refusals")), 0)

    def test_threat_18_text_stays_text(self):
        odd = "Robert'); DROP TABLE holder;--"
        newcomer = Newcomer(self.bank, odd)
        newcomer.ask()
        for holder in ("../../etc", "a b", "x'; --", "", "Ana"):
            self.assertIn(newcomer.admit(holder).name, ("DOC_MEMBER_INVALID",), holder)
        self.assertEqual(newcomer.admit("robert").json["name"], odd)
        for path in ("/v1/enrolments/%2e%2e", "/v1/enrolments/a'b", "/v1/enrolments/" + "A" * 200):
            self.assertEqual(b.Session(self.bank).get(path).status, 404, path)
        names = [one["name"] for one in self.bank.operator("GET", "/v1/holders?limit=200").json["holders"]]
        self.assertIn(odd, names)


class Operators(Scene):
    def test_bankctl(self):
        newcomer = Newcomer(self.bank, "Ctl Example", wanted="ctl")
        name = newcomer.ask()
        for words in (("enrolment", "list"), ("queue", "--waiting", "bank")):
            (line,) = [one for one in self.bank.ctl(*words).stdout.splitlines() if name in one]
            self.assertIn("Ctl Example", line)
        shown = self.bank.ctl("enrolment", "show", "--", name).stdout
        self.assertNotIn(newcomer.key.thumbprint, shown)
        self.assertIn("Wants to be   ctl\n              nobody here has this short name\n", shown)
        groups = " ".join(newcomer.key.thumbprint[i:i + 5] for i in range(0, 43, 5))
        done = self.bank.ctl("enrolment", "admit", "--id", "ctl", "--", name, input="Ctl Example\n" + "A" * 43 + "\n", check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("LETTER_MISMATCH", done.stderr)
        done = self.bank.ctl("enrolment", "admit", "--id", "ctl", "--name", "Ctl Exemple", "--", name, input=groups + "\n", check=False)
        self.assertIn("LETTER_MISMATCH", done.stderr)
        for wrong in ("", "Ctl Example\n", "Ctl Example\n" + "A" * 42 + "\n", "Ctl Example\n" + "A" * 300 + "\n"):
            done = self.bank.ctl("enrolment", "admit", "--id", "ctl", "--", name, input=wrong, check=False)
            self.assertNotEqual(done.returncode, 0, wrong)
        done = self.bank.ctl("enrolment", "admit", "--id", "ctl", "--", name, input="Ctl Example\n" + groups + "\n")
        self.assertIn("admitted", done.stdout)
        other = Newcomer(self.bank, "Ctl Example").ask()
        self.assertIn("refused", self.bank.ctl("enrolment", "refuse", "--note", "nobody came", "--", other).stdout)

    def test_the_log_says_it(self):
        newcomer = Newcomer(self.bank, "Log Example")
        jws = newcomer.jws()
        newcomer.send(jws)
        newcomer.admit("log")
        mine = [body for body in self.entries("enrolment") if body["holder"] == "log"]
        self.assertEqual([body.get("use", "sign") for body in mine], ["sign", "authenticate"])
        self.assertEqual({body["statement"] for body in mine}, {jws})
        self.assertIn("uid", mine[0]["operator"])
        (end,) = [body for body in self.entries("enrolment-end") if body.get("holder") == "log"]
        self.assertEqual(end["status"], "admitted")

    def test_the_evidence_says_it(self):
        newcomer, by_hand = Newcomer(self.bank, "Proof Example", "P-384"), b.Key(self.bank.dir)
        newcomer.ask()
        newcomer.admit("proof")
        self.bank.add_holder("hand", by_hand)
        account, payee = b.iban(51), b.iban(52)
        policy = self.bank.open_account(account, ["proof", "hand"], "100.00")
        self.bank.open_account(payee, ["hand"])
        order = b.make_order(account, payee)
        for key in (newcomer.key, by_hand):
            told = b.Session(self.bank, key).decide(order, policy)
        self.assertEqual(told.json["status"], "ACSC")
        evidence = self.bank.operator("GET", "/v1/accounts/%s/orders/%s/evidence" % (account, order["id"]))
        self.bank.write("evidence.json", evidence.body.decode())
        words = ["countersign-verify", "evidence", "--bank-key", self.bank.pin, self.bank.path("evidence.json")]
        told = json.loads(self.bank.tool([*words[:2], "--json", *words[2:]]).stdout)
        self.assertEqual({one["holder"]: one["enrolled"] for one in told["signers"]}, {"proof": "ceremony", "hand": "hand"})
        self.assertIn("key enrolled by ceremony", self.bank.tool(words).stdout)

    def test_an_operators_act(self):
        bank = b.Bank()
        with bank:
            sven = operators.enrol(bank, "sven", ["security", "enrolment"])
            viewer = operators.enrol(bank, "vera", ["viewer"], by=sven)
            newcomer = Newcomer(bank, "Act Example")
            path = "/v1/enrolments/%s/admission" % newcomer.ask()
            said = newcomer.letter("act")
            self.refused(viewer.act(path, said), "ROLE_REQUIRED")
            self.refused(newcomer.admit("act"), "CONSOLE_CLOSED")
            self.refused(sven.act(path, said), "KEEPER_UNPINNED")
            bank.pin_operator("sven", sven.key)
            self.assertEqual(sven.act(path, said).json.get("status"), "admitted")


if __name__ == "__main__":
    unittest.main()
