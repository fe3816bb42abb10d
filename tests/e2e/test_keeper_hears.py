#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the keeper hears of its operators' keys, and what is said of what it did not take."""
import concurrent.futures
import contextlib
import os
import threading
import time
import types
import unittest

import bank as b
import operators
import rotation
import test_keeper_admits
from enrolment import Newcomer
from holder import Operator
from test_keeper_admits import ACT, ADMIT, NOTE, Scene, ask, newcomer_statement, parts, stale

ROTATE, SUSPEND = 9, 10


class Heard(Scene):
    """What becomes of operators' keys without another operator's act."""

    def rotate(self, operator):
        """Returns the old key."""
        old, operator.key = operator.key, b.Key(self.bank.dir)
        answer = rotation.send(operator, old, rotation.sign(old, operator.key))
        self.assertEqual((answer.status, answer.json.get("keeper")), (201, None), answer)
        return old

    def test_a_rotation(self):
        """The new key is what the old one was, and no more."""
        otto = operators.enrol(self.bank, "otto", ["enrolment"], by=self.olga)
        old = self.rotate(otto)
        self.assertEqual([self.status_of(key) for key in (old, otto.key)], [["retired"], ["active"]])
        self.assertEqual(self.roles_of("otto"), [["enrolment"]] * 2)
        self.assertIn("certificates", self.admit(otto, self.newcomer(), "by-the-new").json)
        newcomer = self.newcomer()
        for key, word in ((old, "KEY_INACTIVE"), (otto.key, "OK")):
            act = operators.act(key, self.path(newcomer), self.said(newcomer, "x"))
            statement = newcomer_statement(self.bank, newcomer)
            self.assertEqual(ask(self.bank, ADMIT, parts(statement, act))[0], word)
        back = operators.act(self.olga_key, "/v1/holders/otto/keys/" + old.thumbprint, {**NOTE, "status": "active"})
        self.assertEqual(ask(self.bank, ACT, back.encode())[0], "KEY_RETIRED")
        self.bank.stop_keeper()
        self.bank.start_keeper()
        self.assertEqual([self.status_of(key) for key in (old, otto.key)], [["retired"], ["active"]])
        # stolen before it was replaced: what took its place goes with it
        answer = self.olga.act("/v1/holders/otto/keys/" + old.thumbprint, {**NOTE, "status": "revoked"})
        self.assertEqual(answer.json["keys"][0]["status"], "revoked")
        self.assertEqual([self.status_of(key) for key in (old, otto.key)], [["revoked"], ["revoked"]])

    def test_what_a_bankd_makes_of_rotations(self):
        key, another = self.added("rosa"), b.Key(self.bank.dir)
        now = int(time.time())
        for jws, word in (
                (rotation.sign(b.Key(self.bank.dir), another), "OK"),  # no operator's: nothing comes of it
                (rotation.sign(key, another, **stale(now - 320)), "ISSUED_TOO_OLD"),
                (rotation.sign(key, another, **stale(now + 40)), "ISSUED_IN_FUTURE"),
                (rotation.sign(key, another, bank="demobank.example/prod"), "BANK_MISMATCH"),
                (rotation.sign(key, self.olga_key), "KEY_TAKEN"),
                (rotation.sign(key, another)[:-4] + "AAAA", "SIGNATURE_INVALID")):
            with self.subTest(word):
                self.assertEqual(ask(self.bank, ROTATE, jws.encode())[0], word)
                self.assertEqual((self.status_of(key), self.status_of(another)), (["active"], []))
        jws = rotation.sign(key, another)
        for _ in range(2):
            self.assertEqual(ask(self.bank, ROTATE, jws.encode())[0], "OK")
        self.assertEqual((self.status_of(key), self.status_of(another)), (["retired"], ["active"]))
        self.assertEqual(ask(self.bank, ROTATE, rotation.sign(key, b.Key(self.bank.dir)).encode())[0], "KEY_RETIRED")

    def test_he_suspends_himself(self):
        pia = operators.enrol(self.bank, "pia", ["enrolment"], by=self.olga)
        old = self.rotate(pia)
        self.assertEqual(pia.post("/v1/keys/%s/suspension" % old.thumbprint, NOTE).status, 200)
        self.assertEqual([self.status_of(key) for key in (old, pia.key)], [["retired"], ["suspended"]])
        self.olga.act("/v1/holders/pia/keys/" + pia.key.thumbprint, {**NOTE, "status": "active"})
        self.assertEqual(self.status_of(pia.key), ["active"])
        self.assertEqual(ask(self.bank, SUSPEND, b.Key(self.bank.dir).thumbprint.encode())[0], "OK")  # nobody's
        self.assertEqual(ask(self.bank, SUSPEND, pia.key.thumbprint.encode())[0], "OK")
        self.assertEqual(self.status_of(pia.key), ["suspended"])

    def test_whose_keys_are_whose(self):
        """The role enrolment sets holders' keys, without the keeper, and no operator's: so say both."""
        erin = operators.enrol(self.bank, "erin", ["enrolment"], by=self.olga)
        newcomer = self.newcomer()
        self.admit(self.olga, newcomer, "hana")
        answer = erin.act("/v1/holders/hana/keys/" + newcomer.key.thumbprint, {**NOTE, "status": "suspended"})
        self.assertEqual((answer.status, answer.json.get("keeper")), (200, None), answer)
        path = "/v1/holders/olga/keys/" + self.olga_key.thumbprint
        self.refused(erin.act(path, {**NOTE, "status": "suspended"}), "ROLE_REQUIRED")
        self.assertEqual(self.change(path, {**NOTE, "status": "suspended"}, erin.key), "ROLE_REQUIRED")

    def test_what_it_did_not_take_is_said(self):
        sven = operators.enrol(self.bank, "sven", ["security"], by=self.olga)
        self.assertEqual(ask(self.bank, SUSPEND, sven.key.thumbprint.encode())[0], "OK")  # only there
        answer = sven.act("/v1/operators/sven/roles", {**NOTE, "roles": ["security", "viewer"]})
        self.assertEqual((answer.status, answer.json["keeper"]), (200, "KEY_INACTIVE"), answer)
        self.assertEqual(self.roles_of("sven"), [["security"]])
        with open(self.bank.path("bankd.log"), encoding="utf-8") as f:
            self.assertRegex(f.read(), "WARN .*bankd.keeper the keeper takes no notice of .*KEY_INACTIVE")

    added = test_keeper_admits.Admits.added


class Console(Scene):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank.stop_bankd()
        cls.bank.bankd_settings = "console = open\n"
        cls.bank.write_settings()
        cls.bank.start_bankd()

    def test_the_console_takes_away_only(self):
        path = "/v1/holders/olga/keys/" + self.olga_key.thumbprint
        for status in ("suspended", "active"):
            self.assertEqual(self.bank.operator("POST", path, {**NOTE, "status": status}).status, 200)
            self.assertEqual(self.status_of(self.olga_key), ["suspended"])


class Alone(Scene):
    """A keeper that signs heads, but cannot note what operators ask for."""

    @contextlib.contextmanager
    def forgetful(self):
        memory = self.bank.path("keeper/operators")
        os.rename(memory, memory + ".away")
        os.mkdir(memory)
        try:
            yield
        finally:
            os.rmdir(memory)
            os.rename(memory + ".away", memory)

    def later(self, at_once, key, path, body):
        session = b.Session(self.bank, key)
        at_once.wait(60)
        return session.post(path, body).status

    def test_whom_it_fails_fails_alone(self):
        """What others ask for at the same moment is done."""
        asked = {"ana-%d" % i: self.newcomer() for i in range(6)}
        others = [Newcomer(self.bank, "Bela Example") for _ in asked]
        at_once = threading.Barrier(len(asked) + len(others))
        with self.forgetful(), concurrent.futures.ThreadPoolExecutor(at_once.parties) as pool:
            failed = [pool.submit(self.later, at_once, self.olga_key, self.path(n), {"act": operators.act(
                self.olga_key, self.path(n), self.said(n, holder))}) for holder, n in asked.items()]
            done = [pool.submit(self.later, at_once, None, "/v1/enrolments", {"enrolment": other.jws()}) for other in others]
            self.assertEqual({f.result() for f in failed}, {503})
            self.assertEqual({f.result() for f in done}, {202})
        for holder, n in asked.items():
            answer = self.admit(self.olga, n, holder)
            self.assertEqual(answer.json.get("status"), "admitted", answer)


class Told(unittest.TestCase):
    def test_bankctl_says_it(self):
        with b.Bank(keeper_settings="admissions = 2\n") as bank:
            olga = Operator(bank, "olga").keys().settings(None).enrol("operator")
            self.addCleanup(olga.close)
            with open(bank.path("olga.spki"), "rb") as f:
                bank.pin_operator("olga", types.SimpleNamespace(spki=f.read()))
            bank.ctl("operator", "roles", "olga", "--role", "security", "--note", "the first")
            told = olga.ctl("operator", "roles", "olga", "--role", "security", "--role", "viewer", "--note", "x", check=True)
            self.assertIn("The bank's keeper goes by this once 1 more of its operators ask for the same.\n", told.stdout)


if __name__ == "__main__":
    unittest.main()
