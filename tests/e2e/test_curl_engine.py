#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A holder's certificate from the keeper, stored on his token, is a session: curl reaches the bank with libp11's
engine, and the key never leaves the token."""
import os
import subprocess
import time
import unittest

import bank as b
import enrolment as en
import operators
import rotation
from enrolment import Newcomer

ACCOUNT = b.iban(71)


def on_token(bank, label, key, certificate):
    """A SoftHSM2 token with the key and its certificate. Its PIN is 1234."""
    bank.token(label, "1234")
    der = bank.path(label + ".der")
    private = b.openssl("pkcs8", "-topk8", "-nocrypt", "-in", key.path, "-outform", "DER")
    for kind, what in (("privkey", private), ("cert", certificate)):
        with open(der, "wb") as f:
            f.write(what)
        subprocess.run(["pkcs11-tool", "--module", b.SOFTHSM, "--token-label", label, "--login", "--pin", "1234",
                        "--write-object", der, "--type", kind, "--id", "02", "--label", "authenticate"],
                       env=bank.env, check=True, capture_output=True, timeout=60)
        os.unlink(der)


class Scene(unittest.TestCase):
    SETTINGS = ""

    @classmethod
    def setUpClass(cls):
        cls.bank = b.Bank(keeper_settings=cls.SETTINGS)
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.bank.__enter__()
        key = b.Key(cls.bank.dir)
        cls.bank.pin_operator("olga", key)
        cls.olga = operators.enrol(cls.bank, "olga", ["security", "enrolment"], key=key)
        cls.alice, cls.certificates = cls.enrol("alice")
        cls.olga.act("/v1/operators/olga/roles", {"note": "as a test", "roles": [
            "security", "enrolment", "policy", "payments", "viewer"]})
        cls.olga.act("/v1/accounts", {"account": ACCOUNT, "currency": "EUR", "holders": ["alice"], "title": "Alice"})

    @classmethod
    def enrol(cls, holder, **options):
        newcomer = Newcomer(cls.bank, holder.title() + " Example", **options)
        newcomer.ask()
        told = cls.olga.act("/v1/enrolments/%s/admission" % newcomer.enrolment,
                            newcomer.letter(holder)).json
        return newcomer, {use: b.unb64(text) for use, text in told["certificates"].items()}

    def curl(self, label, path="/v1/accounts"):
        uri = "pkcs11:token=%s;object=authenticate;id=%%02" % label
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--fail-with-body", "--insecure", "--engine", "pkcs11",
             "--cert-type", "ENG", "--cert", uri + ";type=cert;pin-value=1234",
             "--key-type", "ENG", "--key", uri + ";type=private;pin-value=1234",
             "https://127.0.0.1:%d%s" % (self.bank.port, path)],
            env={**self.bank.env, "PKCS11_MODULE_PATH": b.SOFTHSM}, capture_output=True, text=True, timeout=60, check=False)

    def session(self, key, certificate):
        """The same without a token, for what curl is too slow to try."""
        session = b.Session(self.bank)
        session.cert = session.session_key.path + ".own.crt"
        with open(session.cert, "wb") as f:
            f.write(b.openssl("x509", "-inform", "DER", data=certificate))
        session.session_key = key
        return session

    def forged(self):
        """Of another root with the bank's name."""
        evil = b.Key(self.bank.dir)
        root = self.bank.path("evil-root.pem")
        b.openssl("req", "-x509", "-key", evil.path, "-subj", "/CN=Countersign bank root", "-out", root)
        request = self.bank.path("request.der")
        with open(request, "wb") as f:
            f.write(en.request(self.alice.tls, self.alice.name))
        return b.openssl("x509", "-req", "-inform", "DER", "-in", request, "-CA", root, "-CAkey", evil.path,
                         "-outform", "DER")

    def refused(self, answer, name="SESSION_REQUIRED"):
        self.assertEqual(answer.name, name, answer)


class Engine(Scene):
    def test_curl_with_the_token(self):
        on_token(self.bank, "alice", self.alice.tls, self.certificates["authenticate"])
        done = self.curl("alice")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('"account":"%s"' % ACCOUNT, done.stdout)
        mallory = b.Key(self.bank.dir)
        forged = b.openssl("req", "-x509", "-key", mallory.path, "-subj", "/CN=Alice Example", "-outform", "DER",
                           "-addext", "subjectAltName=URI:countersign:%s#alice" % b.NAME)
        on_token(self.bank, "mallory", mallory, forged)
        done = self.curl("mallory")
        self.assertEqual((done.returncode, "SESSION_REQUIRED" in done.stdout), (22, True), done.stderr)

    def test_each_key_on_each_curve(self):
        for curve in b.CURVES:
            newcomer, certificates = self.enrol("c-" + curve.lower(), curve=curve, tls=curve)
            for use, key in (("sign", newcomer.key), ("authenticate", newcomer.tls)):
                with self.subTest(curve, use=use):
                    self.assertEqual(self.session(key, certificates[use]).get("/v1/accounts").json, {"accounts": []})

    def test_what_it_may(self):
        session = self.session(self.alice.tls, self.certificates["authenticate"])
        self.assertEqual(session.get("/v1/accounts").json["accounts"][0]["account"], ACCOUNT)
        self.refused(session.get("/v1/accounts/" + b.iban(1)), "ACCOUNT_UNKNOWN")
        self.refused(session.get("/v1/holders"), "ROLE_REQUIRED")
        self.refused(session.post("/v1/logout", None), "NO_SESSION_TO_END")
        self.assertEqual(session.get("/v1/accounts").status, 200)  # the card is still there

    def test_suspended_is_refused_at_once(self):
        newcomer, certificates = self.enrol("sus")
        for use, key in (("authenticate", newcomer.tls), ("sign", newcomer.key)):
            session = self.session(key, certificates[use])
            self.assertEqual(session.get("/v1/accounts").status, 200)
            for status in ("suspended", "active", "revoked"):
                answer = self.olga.act("/v1/holders/sus/keys/" + key.thumbprint, {"note": "as a test", "status": status})
                self.assertEqual(answer.json.get("status"), status, answer)
                with self.subTest(use=use, status=status):
                    self.assertEqual(session.get("/v1/accounts").name, "OK" if status == "active" else "SESSION_REQUIRED")

    def set(self, holder, key, status):
        return self.olga.act("/v1/holders/%s/keys/%s" % (holder, key.thumbprint),
                             {"note": "as a test", "status": status}).json

    def keys_of(self, holder):
        told = next(one for one in self.olga.get("/v1/holders").json["holders"] if one["holder"] == holder)
        return [(key["use"], key["status"]) for key in told["keys"]]

    def test_the_card_goes_with_its_key(self):
        """Suspended, resumed, revoked by the bank; suspended by its holder; retired by a rotation."""
        for end, holder in (("revoked", "rita"), ("by himself", "hugo"), ("rotated", "rosa")):
            newcomer, certificates = self.enrol(holder)
            card = self.session(newcomer.tls, certificates["authenticate"])
            with self.subTest(end):
                self.assertEqual(card.get("/v1/accounts").status, 200)
                told = self.set(holder, newcomer.key, "suspended")
                self.assertEqual(told["keys"], [{"signer": newcomer.key.thumbprint, "status": "suspended",
                                                 "thumbprint": newcomer.tls.thumbprint, "use": "authenticate"}])
                self.refused(card.get("/v1/accounts"))
                self.set(holder, newcomer.key, "active")
                self.assertEqual(card.get("/v1/accounts").status, 200)
                mine = b.Session(self.bank, newcomer.key)
                if end == "revoked":
                    self.set(holder, newcomer.key, "revoked")
                elif end == "by himself":
                    self.assertEqual(mine.post("/v1/keys/%s/suspension" % newcomer.key.thumbprint,
                                               {"note": "my card is gone"}).status, 200)
                else:
                    told = rotation.send(mine, newcomer.key, rotation.sign(newcomer.key, b.Key(self.bank.dir))).json
                    self.assertEqual([(key["use"], key["status"]) for key in told["keys"]],
                                     [("authenticate", "retired")])
                self.refused(card.get("/v1/accounts"))
                self.refused(card.post("/v1/contact", {"email": "thief@example.com", "language": "en"}))
                status = {"revoked": "revoked", "by himself": "suspended", "rotated": "retired"}[end]
                self.assertEqual(self.keys_of(holder)[:2], [("sign", status), ("authenticate", status)])

    def test_a_card_takes_no_other_away(self):
        first, certificates = self.enrol("two")
        second = Newcomer(self.bank, "Two Example", wanted="two")
        second.ask()
        self.olga.act("/v1/enrolments/%s/admission" % second.enrolment,
                      second.letter("two", another=True))
        found = self.session(first.tls, certificates["authenticate"])
        for key in (second.key, second.tls):
            self.refused(found.post("/v1/keys/%s/suspension" % key.thumbprint, {"note": "x"}), "LOGIN_REQUIRED")
        self.assertEqual(found.post("/v1/keys/%s/suspension" % first.key.thumbprint, {"note": "found"}).status, 200)
        self.refused(found.get("/v1/accounts"))
        self.assertEqual(self.keys_of("two"), [("sign", "suspended"), ("authenticate", "suspended"),
                                               ("sign", "active"), ("authenticate", "active")])

    def test_certificates_that_count_for_nothing(self):
        """Of another root with the bank's name, and of himself."""
        forged = self.forged()
        self.refused(self.session(self.alice.tls, forged).get("/v1/accounts"))
        selfsigned = b.openssl("req", "-x509", "-key", self.alice.tls.path, "-subj", "/CN=x", "-outform", "DER")
        self.refused(self.session(self.alice.tls, selfsigned).get("/v1/accounts"))


class Ends(Scene):
    SETTINGS = "certificate_days = 20\n"

    def test_the_radar_tells_before(self):
        ends = {}
        for use, key in (("sign", self.alice.key), ("authenticate", self.alice.tls)):
            text = b.openssl("x509", "-inform", "DER", "-noout", "-enddate", data=self.certificates[use]).decode()
            ends[key.thumbprint] = time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.strptime(text.strip(), "notAfter=%b %d %H:%M:%S %Y GMT"))
        found = [one for one in self.olga.get("/v1/radar").json["findings"] if one["kind"] == "card-ends"]
        self.assertEqual({one["thumbprint"]: one["until"] for one in found}, ends)
        self.assertEqual({(one["holder"], one["account"]) for one in found}, {("alice", ACCOUNT)})
        mine = b.Session(self.bank, self.alice.key)
        self.assertEqual(len([one for one in mine.get("/v1/radar").json["findings"] if one["kind"] == "card-ends"]), 2)
        self.assertEqual(mine.login().json["certificateUntil"], min(ends.values()))
        self.assertRegex(self.bank.ctl("radar", check=False).stdout, r"(?m)^card-ends .* alice .*%s$" % self.alice.tls.thumbprint)
        self.assertIn('countersign_radar{kind="card-ends"} 2\n', self.bank.operator("GET", "/metrics").body.decode())


if __name__ == "__main__":
    unittest.main()
