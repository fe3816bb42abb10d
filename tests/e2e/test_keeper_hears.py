#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the keeper hears of its operators' keys, and what is said of what it did not take."""
import concurrent.futures
import contextlib
import os
import socket
import struct
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
from test_keeper_admits import ACT, ADMIT, NOTE, Scene, ask, forgetful, newcomer_statement, parts, stale

ROLL, ROTATE, SUSPEND = 8, 9, 10


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
        # what is revoked stays so, whatever becomes of the one before it
        for one, status in ((another, "revoked"), (key, "suspended")):
            self.assertEqual(self.change("/v1/holders/rosa/keys/" + one.thumbprint, {**NOTE, "status": status}), "OK")
        self.assertEqual((self.status_of(key), self.status_of(another)), (["retired"], ["revoked"]))

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

    def employed(self, name, *roles):
        """Long ago."""
        key = self.added(name)
        self.assertEqual(self.change("/v1/operators/%s/roles" % name, {**NOTE, "roles": sorted(roles)}), "OK")
        self.long_ago()
        return key

    def word(self, key, newcomer, holder, issued):
        act = operators.act(key, self.path(newcomer), self.said(newcomer, holder), **stale(issued))
        return lambda: ask(self.bank, ADMIT, parts(newcomer_statement(self.bank, newcomer), act))[0]

    def test_threat_09_held_back_until_the_key_counts_again(self):
        """What an operator signed before is not taken after: neither what the bank kept nor what a thief made."""
        for i, taken in enumerate((
                lambda key, path: [self.change(path, {**NOTE, "status": "suspended"})],
                lambda key, path: [ask(self.bank, SUSPEND, key.thumbprint.encode())[0]],
                lambda key, path: [self.change("/v1/operators/vito-2/roles", {**NOTE, "roles": []}),
                                   self.change("/v1/operators/vito-2/roles", {**NOTE, "roles": ["enrolment"]})])):
            name = "vito-%d" % i
            with self.subTest(name):
                key, then = self.employed(name, "enrolment"), int(time.time()) - 60
                held, good = (self.word(key, self.newcomer(), "%s-%d" % (name, n), then) for n in range(2))
                kept = rotation.sign(key, b.Key(self.bank.dir), **stale(then))
                path = "/v1/holders/%s/keys/%s" % (name, key.thumbprint)
                self.assertEqual(good(), "OK")
                self.assertEqual({*taken(key, path), self.change(path, {**NOTE, "status": "active"})}, {"OK"})
                self.assertEqual(held(), "KEY_FLOOR")
                self.bank.stop_keeper()
                self.bank.start_keeper()
                self.assertEqual(held(), "KEY_FLOOR")
                self.assertEqual(ask(self.bank, ROTATE, kept.encode())[0], "KEY_FLOOR")
                self.assertEqual(good(), "OK")  # what was taken before has the same answer
                self.assertEqual(self.word(key, self.newcomer(), name + "-2", int(time.time()) + 1)(), "OK")

    def test_threat_09_signed_before_the_key_was_one(self):
        """Of a key that was added, or took another's place."""
        added, then = self.added("wanda"), int(time.time()) - 60
        self.assertEqual(self.change("/v1/operators/wanda/roles", {**NOTE, "roles": ["enrolment"]}), "OK")
        self.assertEqual(self.word(added, self.newcomer(), "wanda-1", then)(), "KEY_FLOOR")
        old, new = self.employed("xaver", "enrolment"), b.Key(self.bank.dir)
        self.assertEqual(ask(self.bank, ROTATE, rotation.sign(old, new).encode())[0], "OK")
        self.assertEqual(self.word(new, self.newcomer(), "xaver-1", then)(), "KEY_FLOOR")
        self.assertEqual(self.word(new, self.newcomer(), "xaver-2", int(time.time()) + 1)(), "OK")


class Again(Scene):
    """What the keeper did not hear it is told again."""

    def setUp(self):
        self.olga = operators.Operator(self.bank, self.olga_key)

    def heard(self, *wanted):
        """The status of these keys, soon."""
        deadline = time.monotonic() + 30
        while [self.status_of(key) for key, _ in wanted] != [[status] for _, status in wanted]:
            self.assertLess(time.monotonic(), deadline, [self.status_of(key) for key, _ in wanted])
            time.sleep(0.05)

    def change_of(self, operator):
        """The old key, and a rotation that gives its place to a new one."""
        old, operator.key = operator.key, b.Key(self.bank.dir)
        return old, rotation.send(operator, old, rotation.sign(old, operator.key))


class TooLate(Again):
    def test_a_rotation_that_came_too_late(self):
        """The keeper takes it no more; the old key signs for nobody all the same."""
        tove = operators.enrol(self.bank, "tove", ["enrolment"], by=self.olga)
        self.bank.stop_keeper()
        memory = self.remembers()
        self.bank.start_keeper()
        old, answer = self.change_of(tove)
        self.assertEqual((answer.status, answer.json.get("keeper")), (201, None), answer)
        self.bank.stop()
        # as if it had not heard of it, and hears now, when it is over for its own clock
        self.make_remember({**memory, "floor": int(time.time() + 3) * 10**6})
        self.bank.start()
        self.heard((old, "suspended"))
        self.assertEqual(self.status_of(tove.key), [])
        with open(self.bank.path("bankd.log"), encoding="utf-8") as f:
            self.assertRegex(f.read(), "WARN .*bankd.keeper the keeper does not take the rotation of %s" % old.thumbprint)


class Later(Again):
    def test_it_was_away(self):
        """The log has it, though nobody was answered; also with a restart before the keeper is back."""
        for i, again in enumerate((False, True)):
            pia = operators.enrol(self.bank, "pia-%d" % i, ["enrolment"], by=self.olga)
            self.bank.stop_keeper()
            self.assertEqual(pia.post("/v1/keys/%s/suspension" % pia.key.thumbprint, NOTE).status, 503)
            self.assertEqual(self.status_of(pia.key), ["active"])
            if again:
                self.bank.stop_bankd()
            self.bank.start_keeper()
            if again:
                self.bank.start_bankd()
            self.heard((pia.key, "suspended"))

    def test_it_could_not_write(self):
        quinn, rolf, sam = (operators.enrol(self.bank, name, ["enrolment"], by=self.olga) for name in ("quinn", "rolf", "sam"))
        with forgetful(self.bank):
            answer = quinn.post("/v1/keys/%s/suspension" % quinn.key.thumbprint, NOTE)
            self.assertEqual((answer.status, answer.json.get("keeper")), (200, "IO"), answer)
            old, answer = self.change_of(rolf)
            self.assertEqual((answer.status, answer.json.get("keeper")), (201, "IO"), answer)
            answer = self.olga.act("/v1/holders/sam/keys/" + sam.key.thumbprint, {**NOTE, "status": "suspended"})
            self.assertEqual((answer.status, answer.json.get("keeper")), (200, "IO"), answer)
        self.heard((quinn.key, "suspended"), (old, "retired"), (rolf.key, "active"), (sam.key, "suspended"))
        self.assertEqual(self.roles_of("rolf"), [["enrolment"]] * 2)
        newcomer = self.newcomer()
        self.assertIn("certificates", self.admit(rolf, newcomer, "by-rolf").json)

    def test_what_an_operator_signed_is_refused_whole(self):
        """He does it again: the bank does not go ahead of its keeper."""
        stan = operators.enrol(self.bank, "stan", ["enrolment"], by=self.olga)
        path = "/v1/operators/stan/roles"
        with forgetful(self.bank):
            self.refused(self.olga.act(path, {**NOTE, "roles": []}), "IO")
        self.assertEqual([o["roles"] for o in self.olga.get("/v1/operators").json["operators"] if o["operator"] == "stan"], [["enrolment"]])
        self.assertEqual(self.olga.act(path, {**NOTE, "roles": []}).status, 200)
        self.assertEqual(self.roles_of("stan"), [[]])

    def test_a_key_that_was_brought_back(self):
        """Its predecessor stays suspended at the bank; what bankd says of that one at its start takes nothing along."""
        vera = operators.enrol(self.bank, "vera", ["enrolment"], by=self.olga)
        old, answer = self.change_of(vera)
        self.assertEqual(answer.status, 201, answer)
        path = "/v1/holders/vera/keys/"
        answer = self.olga.act(path + old.thumbprint, {**NOTE, "status": "suspended"})
        self.assertEqual([key["status"] for key in answer.json["keys"]], ["suspended"])
        self.assertEqual(self.olga.act(path + vera.key.thumbprint, {**NOTE, "status": "active"}).status, 200)
        self.assertEqual(self.status_of(vera.key), ["active"])
        self.bank.stop_bankd()
        self.bank.start_bankd()
        self.assertIn("certificates", self.admit(operators.Operator(self.bank, vera.key), self.newcomer(), "by-vera").json)

    def test_what_was_heard_is_left_alone(self):
        """When bankd starts and says all again."""
        uma = operators.enrol(self.bank, "uma", ["enrolment"], by=self.olga)
        self.assertEqual(uma.post("/v1/keys/%s/suspension" % uma.key.thumbprint, NOTE).status, 200)
        self.heard((uma.key, "suspended"))
        before = self.remembers()
        self.bank.stop_bankd()
        self.bank.start_bankd()
        self.assertIn("certificates", self.admit(operators.Operator(self.bank, self.olga_key), self.newcomer(), "after").json)
        self.assertEqual(self.remembers()["operators"], before["operators"])


def pass_on(near, path, word):
    """Between bankd and its keeper, but for acts, which it answers with WORD."""
    with near, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as far:
        far.connect(path)
        while message := near.recv(1 << 17):
            if struct.unpack(">H", message[:2])[0] in (ACT, ROLL):
                near.send(bytes([len(word)]) + word.encode())
                continue
            far.send(message)
            near.send(far.recv(1 << 17))


@contextlib.contextmanager
def without_room(bank, word):
    """A keeper that takes no act, but hears of suspensions."""
    path, real = bank.path("keeper.sock"), bank.path("keeper.real")

    def accept():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=pass_on, args=(listening.accept()[0], real, word), daemon=True).start()

    os.rename(path, real)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(path)
        listening.listen()
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield
        finally:
            os.rename(real, path)
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


class WithoutRoom(Again):
    def test_a_key_that_is_taken_away(self):
        """By what bankd says again, where the act itself was not taken, nor the next one of that second, nor its signer's."""
        for who, word in ("wim", "BUSY"), ("wes", "KEY_FLOOR"), ("win", "OPERATOR_UNPINNED"):
            wim = operators.enrol(self.bank, who, ["security"], by=self.olga)
            with without_room(self.bank, word):
                answer = self.olga.act("/v1/holders/%s/keys/%s" % (who, wim.key.thumbprint), {**NOTE, "status": "revoked"})
                self.assertEqual((answer.status, answer.json.get("keeper")), (200, word), answer)
                self.heard((wim.key, "suspended"))

    def test_another_root_key(self):
        """Once there is room the same act is taken."""
        path, said = "/v1/bank-keys/rollover", []
        jws = operators.act(self.olga_key, path, {"overlapDays": 90})
        with without_room(self.bank, "BUSY"):
            said.append(self.olga.send_act(path, jws).name)
        for _ in range(2):
            said.append(self.olga.send_act(path, jws).json.get("missing"))
        self.assertEqual(said, ["BUSY", 0, 0])


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

    def later(self, at_once, key, path, body):
        session = b.Session(self.bank, key)
        at_once.wait(60)
        return session.post(path, body).status

    def test_whom_it_fails_fails_alone(self):
        """What others ask for at the same moment is done."""
        asked = {"ana-%d" % i: self.newcomer() for i in range(6)}
        others = [Newcomer(self.bank, "Bela Example") for _ in asked]
        at_once = threading.Barrier(len(asked) + len(others))
        with forgetful(self.bank), concurrent.futures.ThreadPoolExecutor(at_once.parties) as pool:
            failed = [pool.submit(self.later, at_once, self.olga_key, self.path(n), {"act": operators.act(
                self.olga_key, self.path(n), self.said(n, holder))}) for holder, n in asked.items()]
            done = [pool.submit(self.later, at_once, None, "/v1/enrolments", {"enrolment": other.jws()}) for other in others]
            self.assertEqual({f.result() for f in failed}, {503})
            self.assertEqual({f.result() for f in done}, {202})
        for holder, n in asked.items():
            answer = self.admit(self.olga, n, holder)
            self.assertEqual(answer.json.get("status"), "admitted", answer)


    def test_who_suspends_himself_at_the_same_moment(self):
        """Each of them the keeper hears of, wherever he stands among strangers and holders."""
        some = [operators.enrol(self.bank, "kim-%d" % i, ["viewer"], by=self.olga) for i in range(4)]
        holders = []
        for i in range(4):
            self.admit(self.olga, newcomer := self.newcomer(), "kai-%d" % i)
            holders.append(b.Session(self.bank, newcomer.key))
        strangers = [b.Session(self.bank) for _ in range(12)]
        path, at_once = "/v1/keys/%s/suspension", threading.Barrier(20)

        def lose(session, thumbprint):
            at_once.wait(60)
            return session.post(path % thumbprint, NOTE).status

        with concurrent.futures.ThreadPoolExecutor(at_once.parties) as pool:
            lost = [pool.submit(lose, who, who.key.thumbprint) for who in some + holders]
            refused = [pool.submit(lose, who, some[0].key.thumbprint) for who in strangers]
            self.assertEqual({f.result() for f in lost}, {200})
            self.assertEqual({f.result() for f in refused}, {401})
        self.assertEqual([self.status_of(who.key) for who in some], [["suspended"]] * len(some))


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
