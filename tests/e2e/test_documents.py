# SPDX-License-Identifier: Apache-2.0
"""Forged and malformed documents against a real bank: each refused by name, nothing moves."""
import hashlib
import hmac
import json
import unittest

from bank import Key, Session, b64, canon, make_decision, make_order, openssl, sha256, statement
from scene import Scene

TYP = "countersign-decision+jws"


class Forger(Scene):
    def send_jws(self, order, jws):
        return self.alice.send(order, jws)

    def send_raw(self, text):
        return self.alice.post("/v1/decisions", text if isinstance(text, bytes) else text.encode())

    def decision(self, order, **members):
        return make_decision(order, self.policy, **members)


class Elsewhere(Forger):
    """Row 2: for another bank, system or account."""

    def test_threat_02_another_bank(self):
        for name in ("otherbank.example/test", "demobank.example/prod"):
            order = self.order(bank=name)
            self.refused(self.alice.decide(order, self.policy, bank=name), "BANK_MISMATCH")
            self.refused(self.alice.decide(order, self.policy), "BANK_MISMATCH")
            self.refused(self.alice.decide(self.order(), self.policy, bank=name), "BANK_MISMATCH")

    def test_threat_02_another_account(self):
        order = self.order()
        self.refused(self.alice.decide(order, self.policy, account=self.payee), "ACCOUNT_MISMATCH")
        foreign = make_order(self.payee, self.account)
        policy = self.bank.policies[self.payee]
        self.refused(self.alice.decide(foreign, policy), "NOT_A_HOLDER", "ACCOUNT_UNKNOWN", "NOT_FOUND")

    def test_threat_02_a_login_of_another_bank(self):
        session = Session(self.bank)
        session.key = self.alice.key
        payload = statement(bank="otherbank.example/test", challenge=session.challenge(),
                            session=session.session_key.thumbprint)
        answer = session.post("/v1/login", {"login": self.alice.key.jws("countersign-login+jws", payload)})
        self.refused(answer, "BANK_MISMATCH")


class TwoDocuments(Forger):
    """Row 3: two documents with one id."""

    def test_threat_03_second_document(self):
        first = self.order()
        second = dict(first, amount="11.00")
        self.taken(self.alice.decide(first, self.policy), "PATC")
        self.refused(self.bob.decide(second, self.policy), "ORDER_ID_TAKEN")
        self.refused(self.alice.decide(second, self.policy), "ORDER_ID_TAKEN")
        self.taken(self.bob.decide(first, self.policy), "ACSC")
        self.pay(1000)

    def test_threat_03_vote_with_the_other_digest(self):
        order = self.order()
        self.taken(self.alice.decide(order, self.policy), "PATC")
        other = sha256(canon(dict(order, amount="11.00")))
        self.refused(self.bob.decide(order, self.policy, orderDigest=other), "ORDER_MISMATCH")
        self.taken(self.bob.decide(order, self.policy, verb="reject"), "RJCT")


class Algorithms(Forger):
    """Row 4: the registered key alone decides."""

    def test_threat_04_none_and_mac(self):
        order = self.order()
        payload = b64(canon(self.decision(order)))
        key = self.alice.key
        for alg in ("none", "None", "HS256", "HS384", "HS512"):
            text = b64(canon({"alg": alg, "kid": key.thumbprint, "typ": TYP})) + "." + payload
            mac = hmac.new(key.spki, text.encode(), hashlib.sha256).digest()
            for signature in (b"", mac):
                self.refused(self.send_jws(order, text + "." + b64(signature)),
                             "JWS_ALGORITHM", "JWS_MALFORMED", "JWS_HEADER")

    def test_threat_04_other_algorithms(self):
        order = self.order()
        for alg in ("RS256", "PS256", "RS512", "ES256K", "ES384", "ES512", "EdDSA"):
            jws = self.alice.key.jws(TYP, self.decision(order), alg=alg)
            self.refused(self.send_jws(order, jws), "JWS_ALGORITHM")

    def test_threat_04_hash_and_curve_mixed(self):
        order = self.order()
        key = self.alice.key
        text = b64(canon({"alg": "ES256", "kid": key.thumbprint, "typ": TYP})) + "." + b64(
            canon(self.decision(order)))
        for digest in ("sha384", "sha512", "sha1"):
            jws = text + "." + b64(key.sign(text.encode(), digest))
            self.refused(self.send_jws(order, jws), "SIGNATURE_INVALID")
        other = Key(self.bank.dir, "P-384")
        jws = text + "." + b64(other.sign(text.encode()))
        self.refused(self.send_jws(order, jws), "SIGNATURE_INVALID")

    def test_threat_04_embedded_keys(self):
        order, mallory = self.order(), Key(self.bank.dir)
        jwk = {"crv": "P-256", "kty": "EC", "x": b64(b"x" * 32), "y": b64(b"y" * 32)}
        for name, value in (("jwk", jwk), ("jku", "http://127.0.0.1:1/keys"), ("x5u", "http://127.0.0.1:1/c"),
                            ("x5c", ["MIIB"]), ("x5t", "abc")):
            for key in (mallory, self.alice.key):
                jws = key.jws(TYP, self.decision(order), kid=self.alice.key.thumbprint, **{name: value})
                self.refused(self.send_jws(order, jws), "JWS_HEADER")

    def test_threat_04_a_stranger(self):
        order, mallory = self.order(), Key(self.bank.dir)
        self.refused(self.send_jws(order, mallory.jws(TYP, self.decision(order))), "KEY_UNKNOWN")
        jws = mallory.jws(TYP, self.decision(order), kid=self.alice.key.thumbprint)
        self.refused(self.send_jws(order, jws), "SIGNATURE_INVALID")
        self.assertGreater(self.refusals("KEY_UNKNOWN"), 0)


class Headers(Forger):
    """Row 5: exactly alg, kid, typ."""

    def test_threat_05_extra_members(self):
        order = self.order()
        for extra in ({"b64": False, "crit": ["b64"]}, {"b64": True}, {"crit": []}, {"crit": ["exp"]}, {"cty": "json"},
                      {"typ": "JWT"}, {"typ": "countersign-login+jws"}, {"typ": "countersign-batch-decision+jws"},
                      {"kid": "../../etc/passwd"}, {"kid": "' OR 1=1 --"}, {"kid": None}, {"typ": None}, {"alg": None},
                      {"kid": "A" * 5000}, {"extra": 1}):
            jws = self.alice.key.jws(TYP, self.decision(order), **extra)
            self.refused(self.send_jws(order, jws), "JWS_HEADER", "JWS_TYPE", "JWS_ALGORITHM")

    def test_threat_05_spellings(self):
        order = self.order()
        head, payload, signature = self.alice.key.jws(TYP, self.decision(order)).split(".")
        kid = self.alice.key.thumbprint
        doubled = '{"alg":"ES256","alg":"ES256","kid":"%s","typ":"%s"}' % (kid, TYP)
        spaced = '{"alg": "ES256","kid":"%s","typ":"%s"}' % (kid, TYP)
        for text in (doubled, spaced):
            signed = b64(text.encode()) + "." + payload
            jws = signed + "." + b64(self.alice.key.sign(signed.encode()))
            self.refused(self.send_jws(order, jws), "JWS_HEADER", "JSON_DUPLICATE")
        unprotected = {"header": {"kid": kid}, "payload": payload, "protected": head, "signature": signature}
        self.refused(self.send_raw(canon({"decision": unprotected, "order": order})), "DOC_MEMBER_INVALID")
        for jws in (head + "." + payload, head + "." + payload + "." + signature + "=",
                    head + ".." + signature, head + "." + payload + "." + signature + ".x",
                    " " + head + "." + payload + "." + signature, head + "." + payload + ".",
                    head + "." + payload + "." + signature[:-4]):
            self.refused(self.send_jws(order, jws), "JWS_MALFORMED", "BASE64_INVALID", "SIGNATURE_INVALID")


class Json(Forger):
    """Row 6: refused before any signature work; signer and bank agree on every file."""

    def cases(self, order):
        good = canon(order).decode()
        jws = self.alice.sign(order, self.policy)
        body = '{"decision":"%s","order":%s}' % (jws, good)
        return {
            "duplicate": (body[:-2] + ',"amount":"1.00"}}', "JSON_DUPLICATE"),
            "escaped duplicate": (body[:-2] + ',"\\u0061mount":"1.00"}}', "JSON_DUPLICATE"),
            "bom": ("\ufeff" + body, "JSON_SYNTAX"),
            "trailing": (body + "x", "JSON_SYNTAX"),
            "two values": (body + body, "JSON_SYNTAX"),
            "bad utf-8": (body.encode().replace(b"Electricity", b"Elec\xfftricity"), "JSON_SYNTAX"),
            "overlong utf-8": (body.encode().replace(b"Electricity", b"Elec\xc0\xaftricity"), "JSON_SYNTAX"),
            "lone surrogate": (body.replace("Electricity", "Elec\\ud800tricity"), "JSON_SYNTAX"),
            "nul": (body.replace("Electricity", "Elec\\u0000tricity"), "JSON_SYNTAX"),
            "raw nul": (body.replace("Electricity", "Elec\0tricity"), "JSON_SYNTAX"),
            "nesting": ('{"order":' + "[" * 5000 + "]" * 5000 + "}", "JSON_DEPTH"),
            "open nesting": ('{"order":' + '{"a":' * 9000, "JSON_DEPTH"),
            "no object": ("[]", "DOC_MEMBER_INVALID"),
            "empty": ("", "JSON_SYNTAX"),
            "unknown member": (body[:-1] + ',"extra":1}', "DOC_MEMBER_UNKNOWN"),
            "missing member": ('{"decision":"%s"}' % jws, "DOC_MEMBER_MISSING"),
        }

    def test_threat_06_bodies(self):
        order = self.order()
        for what, (body, name) in self.cases(order).items():
            with self.subTest(what):
                self.refused(self.send_raw(body if isinstance(body, bytes) else body.encode()), name)

    def test_threat_06_oversize(self):
        with Session(self.bank, self.alice.key).context().wrap_socket(__import__("socket").create_connection(
                ("127.0.0.1", self.bank.port))) as sock:
            sock.sendall(b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n")
            self.assertIn(b" 413 ", sock.recv(4096).split(b"\r\n")[0])

    def test_threat_06_signer_and_bank_agree(self):
        """What the bank refuses in an order, the holder's program refuses by the same name."""
        order = self.order()
        for what, (body, name) in self.cases(order).items():
            raw = body if isinstance(body, bytes) else body.encode()
            at = raw.find(b'"order":')
            if what in ("nesting", "open nesting", "unknown member", "missing member", "no object", "empty", "bom"):
                continue
            document = raw[at + 8 :] if what in ("trailing", "two values") else raw[at + 8 : -1]
            with open(self.bank.path("bad.json"), "wb") as f:
                f.write(document)
            with self.subTest(what):
                done = self.bank.tool(["countersign", "order", "check", self.bank.path("bad.json"), "--json"], check=False)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(json.loads(done.stdout)["error"], name)

    def test_threat_06_payload_not_canonical(self):
        order = self.order()
        payload = self.decision(order)
        for text in (json.dumps(payload, sort_keys=True).encode(), canon(payload) + b"\n",
                     canon(payload).replace(b"approve", b"\\u0061pprove")):
            jws = self.alice.key.jws(TYP, text)
            self.refused(self.send_jws(order, jws), "DOC_NOT_CANONICAL")


class Numbers(Forger):
    """Row 7: integers and decimal strings, nothing else."""

    def test_threat_07_amounts(self):
        for amount, name in (("1e2", "AMOUNT_INVALID"), ("1.0", "AMOUNT_INVALID"), ("01.00", "AMOUNT_INVALID"),
                             ("-1.00", "AMOUNT_INVALID"), ("+1.00", "AMOUNT_INVALID"), ("1,00", "AMOUNT_INVALID"),
                             ("0.001", "AMOUNT_INVALID"), ("1", "AMOUNT_INVALID"), (".50", "AMOUNT_INVALID"),
                             ("1.00 ", "AMOUNT_INVALID"), ("\u0661.00", "AMOUNT_INVALID"), ("0.00", "AMOUNT_ZERO"),
                             ("NaN", "AMOUNT_INVALID"), ("99999999999999999999.00", None),
                             ("9" * 30 + ".00", None)):
            order = self.order(amount=amount)
            answer = self.alice.decide(order, self.policy)
            with self.subTest(amount):
                self.refused(answer, *([name] if name else ["AMOUNT_TOO_LARGE", "DOC_MEMBER_INVALID", "AMOUNT_INVALID"]))

    def test_threat_07_other_currencies(self):
        self.refused(self.alice.decide(self.order(amount="0.1", currency="JPY"), self.policy), "AMOUNT_INVALID")
        self.refused(self.alice.decide(self.order(amount="10", currency="JPY"), self.policy), "CURRENCY_MISMATCH")
        self.refused(self.alice.decide(self.order(currency="XXX"), self.policy), "CURRENCY_UNKNOWN")
        self.refused(self.alice.decide(self.order(currency="eur"), self.policy), "CURRENCY_UNKNOWN", "DOC_MEMBER_INVALID")

    def test_threat_07_json_numbers(self):
        order = self.order()
        body = canon({"decision": self.alice.sign(order, self.policy), "order": order}).decode()
        for number, name in (("1.0", "JSON_NUMBER"), ("1e0", "JSON_NUMBER"), ("1E400", "JSON_NUMBER"),
                             ("01", "JSON_SYNTAX"), ("9007199254740993", "JSON_NUMBER"), ("-9007199254740993", "JSON_NUMBER"),
                             ("1e999999999", "JSON_NUMBER"), ("99999999999999999999", "JSON_NUMBER"),
                             ("2", "DOC_TYPE"), ("-0", "DOC_TYPE"), ('"1"', "DOC_MEMBER_INVALID")):
            with self.subTest(number):
                self.refused(self.send_raw(body.replace('"version":1}', '"version":%s}' % number)), name)

    def test_threat_07_too_much(self):
        self.refused(self.alice.decide(self.order(amount="9999999999999999.99"), self.policy), "FUNDS_INSUFFICIENT")
        for amount in ("9999999999999999.99", "9999999999999127.78"):  # with what is there, one too many
            answer = self.bank.operator("POST", "/v1/accounts/%s/funding" % self.payee,
                                        {"amount": amount, "currency": "EUR"})
            self.refused(answer, "AMOUNT_TOO_LARGE")


class Names(Forger):
    """Row 8: screen = signed text = ledger text."""

    BAD = ["a\u202eb", "a\u200bb", "a\u2066b", "a\u00adb", "a\nb", "a\rb", "a\tb", "a\x1b[31mb", "a\u2028b", "a\x7fb",
           "a\u0085b", " a", "a ", "a  b", "e\u0301", "a\ufeffb", "a\ue000b", "\u0301a", "a\u00a0b", "a\U000e0041b", ""]
    GOOD = ["<script>alert(1)</script>", "\u0410pple Inc", "O'Brien & Söhne", "株式会社", "=SUM(A1)", "Łódź", "a\\b\"c"]

    def payee_name(self, name):
        return dict(self.order(), creditor={"account": self.payee, "name": name})

    def test_threat_08_refused(self):
        for text in self.BAD:
            with self.subTest(repr(text)):
                self.refused(self.alice.decide(self.payee_name(text), self.policy), "TEXT_INVALID", "DOC_MEMBER_INVALID")
                self.refused(self.alice.decide(self.order(description=text), self.policy), "TEXT_INVALID",
                             "DOC_MEMBER_INVALID")

    def test_threat_08_passed_unchanged(self):
        for text in self.GOOD:
            order = self.payee_name(text)
            self.taken(self.alice.decide(order, self.policy), "PATC")
            answer = self.taken(self.bob.decide(order, self.policy), "ACSC")
            self.assertEqual(answer.json["order"]["creditor"]["name"], text)
            self.pay(1000)
            movement = self.alice.get("/v1/accounts/%s/movements?limit=1" % self.account).json["movements"][0]
            self.assertEqual(movement["name"], text)

    def test_threat_08_display_is_what_was_signed(self):
        order = self.order()
        answer = self.alice.decide(order, self.policy, displayDigest=sha256(b"something else"))
        self.refused(answer, "DISPLAY_MISMATCH")
        self.refused(self.alice.decide(order, self.policy, display="countersign-display/2;en"), "DISPLAY_UNKNOWN")


class Keys(Scene):
    """Row 15: a bad key never becomes anybody's."""

    def add(self, spki):
        return self.bank.operator("POST", "/v1/holders", {"holder": "mallory", "name": "Mallory", "spki": b64(spki)})

    @staticmethod
    def make(*args):
        return openssl("pkey", "-pubout", "-outform", "DER", data=openssl("genpkey", *args))

    def test_threat_15_refused(self):
        ec = ("-algorithm", "EC", "-pkeyopt")
        good = Key(self.bank.dir).spki
        header, point = good[:26], good[27:]
        compressed = openssl("ec", "-pubin", "-inform", "DER", "-conv_form", "compressed", "-outform", "DER", data=good)
        cases = {
            "KEY_ALGORITHM": [self.make("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
                              self.make("-algorithm", "ED25519")],
            "KEY_CURVE": [self.make(*ec, "ec_paramgen_curve:secp256k1"), self.make(*ec, "ec_paramgen_curve:brainpoolP256r1"),
                          self.make(*ec, "ec_paramgen_curve:prime256v1", "-pkeyopt", "ec_param_enc:explicit")],
            "KEY_COMPRESSED": [compressed],
            "KEY_NOT_ON_CURVE": [header + b"\x04" + point[:-1] + bytes([point[-1] ^ 1]), header + b"\x04" + b"\0" * 64],
            "KEY_INVALID": [good + b"\0", good[:-1], b"", b"\x30\x00", header + b"\x06" + point],
        }
        for name, keys in cases.items():
            for spki in keys:
                with self.subTest(name, key=spki.hex()):
                    answer = self.add(spki)
                    self.assertIn(answer.name, (name, "DOC_MEMBER_INVALID") if not spki else (name,), answer)
        self.assertNotIn("mallory", [h["holder"] for h in self.bank.operator("GET", "/v1/holders").json["holders"]])

    def test_threat_15_infinity(self):
        good = Key(self.bank.dir).spki
        infinity = b"\x30\x19" + good[2:23] + b"\x03\x02\x00\x00"
        self.assertEqual(self.add(infinity).name, "KEY_INVALID")


class Texts(Forger):
    """Row 18: text stays text."""

    def test_threat_18_paths(self):
        for path in ("/v1/accounts/../../etc/passwd", "/v1/accounts/%2e%2e", "/v1/accounts/'%20OR%201=1",
                     "/v1/accounts/%s/orders/%%00" % self.account, "/v1/accounts//orders", "/v1/accounts/a%00b",
                     "/v1/accounts/" + "A" * 500, "/v1/accounts/%s/orders/1;drop" % self.account):
            with self.subTest(path):
                answer = self.alice.get(path)
                self.assertIn(answer.status, (400, 404), answer)

    def test_threat_18_queries(self):
        for query in ("cursor='%20OR%201=1", "limit=-1", "limit=1e9", "limit=999999999999", "cursor=%00", "x=y",
                      "cursor=" + "A" * 900):
            with self.subTest(query):
                answer = self.alice.get("/v1/accounts/%s/orders?%s" % (self.account, query))
                self.assertEqual(answer.status, 400, answer)

    def test_threat_18_ids(self):
        for bad in ("1", "'; DROP TABLE orders; --", "0193-", "0193abcd-0000-4000-8000-000000000000",
                    "0193ABCD-0000-7000-8000-000000000000"):
            self.refused(self.alice.decide(self.order(id=bad), self.policy), "DOC_MEMBER_INVALID")
        for holder in ("a' OR 1=1", "../x", "A", "a b", "", "a" * 40, "a\u0000"):
            answer = self.bank.operator("POST", "/v1/holders", {"holder": holder, "name": "X",
                                                                "spki": b64(Key(self.bank.dir).spki)})
            self.assertIn(answer.name, ("DOC_MEMBER_INVALID", "JSON_SYNTAX"), answer)

    def test_threat_18_sql_in_texts_stays_text(self):
        text = "Robert'); DROP TABLE orders;--"
        order = self.order(description=text)
        self.taken(self.alice.decide(order, self.policy), "PATC")
        answer = self.alice.get("/v1/accounts/%s/orders/%s" % (self.account, order["id"]))
        self.assertEqual(answer.json["order"]["description"], text)
        self.taken(self.bob.decide(order, self.policy, verb="reject"), "RJCT")



if __name__ == "__main__":
    unittest.main(verbosity=2)
