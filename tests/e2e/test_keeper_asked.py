#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What operators ask of the keeper together: how long a word counts, and what takes it back."""
import calendar
import os
import time
import unittest

import bank as b
import operators
from enrolment import Newcomer
from test_keeper_admits import ACT, ADMIT, NOTE, Scene, ask, certificates, forgetful, newcomer_statement, parts, stale

SUSPEND = 10
ACTIVE, SUSPENDED = {**NOTE, "status": "active"}, {**NOTE, "status": "suspended"}


class Asking(Scene):
    """Two must ask; each test with operators of its own."""

    SETTINGS = "admissions = 2\n"

    @classmethod
    def prepare(cls):
        cls.petra_key = b.Key(cls.bank.dir)
        for name, key in (("olga", cls.olga_key), ("petra", cls.petra_key)):
            cls.bank.pin_operator(name, key)

    def says(self, key, path, request, **members):
        """The keeper's word, and how many more must ask."""
        word, answer = ask(self.bank, ACT, operators.act(key, path, request, **members).encode())
        return int.from_bytes(answer, "big") if word == "OK" else word

    def both_say(self, path, request):
        self.assertEqual([self.says(key, path, request) for key in (self.olga_key, self.petra_key)], [1, 0])

    def employed(self, name, *roles):
        key = b.Key(self.bank.dir)
        self.both_say("/v1/operators", {"operator": name, "name": name.title(), "spki": b.b64(key.spki)})
        self.both_say("/v1/operators/%s/roles" % name, {**NOTE, "roles": sorted(roles)})
        return key

    def start_again(self):
        self.bank.stop_keeper()
        self.bank.start_keeper()

    def admitted(self, key, newcomer, holder, **members):
        """How many more must admit, or the keeper's word."""
        act = operators.act(key, "/v1/enrolments/%s/admission" % newcomer.enrolment, newcomer.letter(holder), **members)
        word, answer = ask(self.bank, ADMIT, parts(newcomer_statement(self.bank, newcomer), act))
        return certificates(answer)[0] if word == "OK" else word

    def waits(self, name):
        newcomer = Newcomer(self.bank, name)
        newcomer.ask()
        return newcomer


class Asked(Asking):
    def test_what_is_taken_away_is_asked_anew(self):
        """A key, roles, and a key that was still to be added."""
        key = self.employed("rui", "viewer")
        new = b.Key(self.bank.dir)
        roles = "/v1/operators/rui/roles"
        add = {"operator": "nuno", "name": "Nuno", "spki": b.b64(new.spki)}
        self.assertEqual(self.says(self.olga_key, "/v1/holders/rui/keys/" + key.thumbprint, SUSPENDED), 0)
        for path, give, take in (("/v1/holders/rui/keys/" + key.thumbprint, ACTIVE, SUSPENDED),
                                 (roles, {**NOTE, "roles": ["enrolment", "viewer"]}, {**NOTE, "roles": ["viewer"]}),
                                 (roles, {**NOTE, "roles": ["policy", "viewer"]}, {**NOTE, "roles": []})):
            with self.subTest(give):
                said = [self.says(asking, path, what) for asking, what in (
                    (self.olga_key, give), (self.olga_key, take), (self.petra_key, give), (self.olga_key, give))]
                self.assertEqual(said, [1, 0, 1, 0])
        take = "/v1/holders/nuno/keys/" + new.thumbprint
        said = [self.says(asking, path, what) for asking, path, what in (
            (self.olga_key, "/v1/operators", add), (self.olga_key, take, SUSPENDED), (self.petra_key, "/v1/operators", add),
            (self.olga_key, "/v1/operators", add))]
        self.assertEqual(said, [1, 0, 1, 0])

    def test_he_who_suspended_himself(self):
        key = self.employed("sara", "viewer")
        path = "/v1/holders/sara/keys/" + key.thumbprint
        self.assertEqual([self.says(self.olga_key, path, what) for what in (SUSPENDED, ACTIVE)], [0, 1])
        self.assertEqual(ask(self.bank, SUSPEND, key.thumbprint.encode())[0], "OK")
        self.assertEqual([self.says(by, path, ACTIVE) for by in (self.petra_key, self.olga_key)], [1, 0])

    def test_a_suspension_again(self):
        """bankd says it of one key once more: what the person asked with another one stands."""
        lost, newcomer = self.employed("udo", "enrolment", "security"), self.waits("Eve Example")
        self.assertEqual(ask(self.bank, SUSPEND, lost.thumbprint.encode())[0], "OK")
        found = b.Key(self.bank.dir)
        self.bank.pin_operator("udo", found)
        self.assertEqual(self.admitted(found, newcomer, "eve"), 1)
        for _ in range(2):
            self.assertEqual(ask(self.bank, SUSPEND, lost.thumbprint.encode())[0], "OK")
        self.assertEqual(self.admitted(self.olga_key, newcomer, "eve"), 0)

    def test_what_a_stolen_key_asked(self):
        """The person is believed with another key from a ceremony on: not by what the thief signed."""
        stolen, newcomer = self.employed("tomas", "enrolment", "security"), Newcomer(self.bank, "Eve Example")
        newcomer.ask()
        roles = {**NOTE, "roles": ["viewer"]}
        self.assertEqual(self.admitted(stolen, newcomer, "eve"), 1)
        self.assertEqual(self.says(stolen, "/v1/operators/eves/roles", roles), 1)
        self.bank.pin_operator("tomas", b.Key(self.bank.dir))
        self.assertEqual(self.admitted(self.olga_key, newcomer, "eve"), 1)
        self.assertEqual(self.says(self.petra_key, "/v1/operators/eves/roles", roles), 1)

    def test_whose_word_counts(self):
        """Only his who may: also of what the keeper remembers from before."""
        until, roles = b.rfc3339(time.time() + 3600), {**NOTE, "roles": ["viewer"]}
        self.bank.stop_keeper()
        memory = self.remembers()
        memory["changes"] = [*memory.get("changes", []), {"by": ["ghost"], "expires": until, "subject": "roles zed viewer"}]
        self.make_remember(memory)
        self.bank.start_keeper()
        self.assertEqual([self.says(by, "/v1/operators/zed/roles", roles) for by in (self.olga_key, self.petra_key)], [1, 0])

    def test_the_same_act_gets_the_same_answer(self):
        key = self.employed("vera", "viewer")
        path = "/v1/operators/vera/roles"
        act = operators.act(self.olga_key, path, {**NOTE, "roles": ["policy", "viewer"]})
        for _ in range(2):
            self.assertEqual(ask(self.bank, ACT, act.encode()), ("OK", b"\0\1"))
        self.assertEqual(self.says(self.petra_key, path, {**NOTE, "roles": ["policy", "viewer"]}), 0)
        self.assertEqual(ask(self.bank, ACT, act.encode()), ("OK", b"\0\0"))
        self.assertEqual(self.status_of(key), ["active"])

    def test_the_same_act_once_it_was_taken_back(self):
        """Whether it waited or held: it says nothing any more, and everybody must ask anew."""
        key, new = self.employed("ines", "viewer"), b.Key(self.bank.dir)
        self.assertEqual(self.says(self.olga_key, "/v1/holders/ines/keys/" + key.thumbprint, SUSPENDED), 0)
        add = {"operator": "joao", "name": "Joao", "spki": b.b64(new.spki)}
        for path, give, take in (
                ("/v1/operators", add, ("/v1/holders/joao/keys/" + new.thumbprint, SUSPENDED)),
                ("/v1/holders/ines/keys/" + key.thumbprint, ACTIVE, ("/v1/holders/ines/keys/" + key.thumbprint, SUSPENDED)),
                ("/v1/operators/ines/roles", {**NOTE, "roles": ["policy", "viewer"]}, ("/v1/operators/ines/roles", {**NOTE, "roles": []}))):
            with self.subTest(path):
                act = operators.act(self.olga_key, path, give)
                self.assertEqual(ask(self.bank, ACT, act.encode()), ("OK", b"\0\1"))
                self.assertEqual(self.says(self.petra_key, *take), 0)
                self.assertEqual(ask(self.bank, ACT, act.encode()), ("OK", b"\0\2"))
                self.both_say(path, give)
                self.assertEqual(ask(self.bank, ACT, act.encode()), ("OK", b"\0\0"))
                if path != "/v1/operators":  # who was added stays known
                    self.assertEqual(self.says(self.petra_key, *take), 0)
                    self.assertEqual(ask(self.bank, ACT, act.encode()), ("OK", b"\0\2"))

    def test_an_admission_that_was_taken_back(self):
        """The bank says his old word once more, when he may act again: it counts no more than any that was taken back."""
        key, newcomer = self.employed("tiago", "enrolment", "security"), Newcomer(self.bank, "Eva Example")
        newcomer.ask()
        act = operators.act(key, "/v1/enrolments/%s/admission" % newcomer.enrolment, newcomer.letter("eva"))
        said = parts(newcomer_statement(self.bank, newcomer), act)
        word, answer = ask(self.bank, ADMIT, said)
        self.assertEqual((word, certificates(answer)[0]), ("OK", 1))
        path = "/v1/holders/tiago/keys/" + key.thumbprint
        self.assertEqual(self.says(self.olga_key, path, SUSPENDED), 0)
        self.assertEqual([self.says(by, path, ACTIVE) for by in (self.olga_key, self.petra_key)], [1, 0])
        self.assertEqual(self.admitted(self.olga_key, newcomer, "eva"), 1)
        word, answer = ask(self.bank, ADMIT, said)
        self.assertEqual((word, certificates(answer)[0]), ("OK", 1))
        self.assertEqual(self.admitted(key, newcomer, "eva"), 0)

    def test_an_admission_that_nobody_says_any_more(self):
        """The same act once more begins nothing, and the keeper starts again."""
        key, newcomer = self.employed("ulla", "enrolment", "security"), Newcomer(self.bank, "Eve Example")
        newcomer.ask()
        act = operators.act(key, "/v1/enrolments/%s/admission" % newcomer.enrolment, newcomer.letter("ulla-1"))
        said = parts(newcomer_statement(self.bank, newcomer), act)
        self.assertEqual(ask(self.bank, ADMIT, said)[0], "OK")
        path = "/v1/holders/ulla/keys/" + key.thumbprint
        self.assertEqual(self.says(self.olga_key, path, SUSPENDED), 0)
        self.assertEqual([self.says(by, path, ACTIVE) for by in (self.olga_key, self.petra_key)], [1, 0])
        word, answer = ask(self.bank, ADMIT, said)
        self.assertEqual((word, certificates(answer)[0]), ("OK", 2))
        self.start_again()
        self.assertEqual(self.admitted(self.olga_key, newcomer, "ulla-2"), 1)

    def test_a_word_that_was_mistyped(self):
        """By who said it, with a restart or without; not by what he had signed before."""
        for again in (False, True):
            newcomer, now = self.waits("Eva Example"), int(time.time())
            self.assertEqual(self.admitted(self.olga_key, newcomer, "evva", **stale(now + 5)), 1)
            if again:
                self.start_again()
            self.assertEqual(self.admitted(self.petra_key, newcomer, "eva"), "ADMISSION_MISMATCH")
            self.assertEqual(self.admitted(self.olga_key, newcomer, "evvva", **stale(now + 4)), "ISSUED_TOO_OLD")
            self.assertEqual(self.admitted(self.olga_key, newcomer, "eva", **stale(now + 6)), 1)
            if again:
                self.start_again()
            self.assertEqual(self.admitted(self.olga_key, newcomer, "evva", **stale(now + 5)), "ISSUED_TOO_OLD")
            self.assertEqual(self.admitted(self.petra_key, newcomer, "evva"), "ADMISSION_MISMATCH")
            self.assertEqual(self.admitted(self.petra_key, newcomer, "eva"), 0)
            rows = [row for row in self.remembers()["admissions"] if row["enrolment"] == newcomer.enrolment]
            self.assertEqual([(row["holder"], row["by"]) for row in rows], [("eva", ["olga", "petra"])])

    def test_the_mistyped_word_again(self):
        """The bank repeats it, byte for byte: it is not what he says now."""
        newcomer = self.waits("Ida Example")
        path = "/v1/enrolments/%s/admission" % newcomer.enrolment
        first, second = (parts(newcomer_statement(self.bank, newcomer), operators.act(self.olga_key, path, newcomer.letter(as_whom)))
                         for as_whom in ("idda", "ida"))
        said = [ask(self.bank, ADMIT, act)[0] for act in (first, second, first)]
        self.assertEqual(said, ["OK", "OK", "ISSUED_TOO_OLD"])
        self.assertEqual(self.admitted(self.petra_key, newcomer, "ida"), 0)

    def test_what_is_complete_stays(self):
        newcomer = self.waits("Mia Example")
        self.assertEqual([self.admitted(key, newcomer, "mia") for key in (self.olga_key, self.petra_key)], [1, 0])
        for again in (False, True):
            if again:
                self.start_again()
            self.assertEqual(self.admitted(self.olga_key, newcomer, "pia"), "ADMISSION_MISMATCH")
        self.assertEqual(self.says(self.olga_key, "/v1/operators/petra/roles", {**NOTE, "roles": ["security"]}), 0)
        self.assertEqual(self.admitted(self.olga_key, newcomer, "pia"), "ADMISSION_MISMATCH")  # though he is alone now
        both = {**NOTE, "roles": ["enrolment", "security"]}
        self.assertEqual([self.says(key, "/v1/operators/petra/roles", both) for key in (self.olga_key, self.petra_key)], [1, 0])

    def test_clocks_that_differ(self):
        """Who asks with a fast clock makes nobody late who asks for the same; with a restart or without."""
        now = int(time.time())
        for i, again in enumerate((False, True)):
            self.employed("wim-%d" % i, "viewer")
            path, give = "/v1/operators/wim-%d/roles" % i, {**NOTE, "roles": ["policy", "viewer"]}
            self.assertEqual(self.says(self.petra_key, path, give, **stale(now + 8)), 1)
            if again:
                self.start_again()
            self.assertEqual(self.says(self.olga_key, path, give, **stale(now + 7)), 0)
            self.assertEqual(self.roles_of("wim-%d" % i), [["viewer", "policy"]])

    def test_an_older_act_asks_for_nothing(self):
        """Neither completes nor begins what a newer one took away."""
        self.employed("xena", "policy", "viewer")
        path, give = "/v1/operators/xena/roles", {**NOTE, "roles": ["policy", "viewer"]}
        now = int(time.time())
        self.assertEqual(self.says(self.olga_key, path, {**NOTE, "roles": ["viewer"]}, **stale(now + 5)), 0)
        self.assertEqual(self.says(self.petra_key, path, give, **stale(now + 4)), "ISSUED_TOO_OLD")
        self.assertEqual(self.says(self.olga_key, path, give, **stale(now + 6)), 1)

    def test_nobody_fills_it_alone(self):
        """Eight that wait of one who asked, a week at most; and none of who may ask no more."""
        key = self.employed("yuri", "security")
        far = {"expires": "2199-01-01T00:00:00Z"}
        path, give = "/v1/operators/zoe-%d/roles", {**NOTE, "roles": ["viewer"]}
        said = [self.says(key, path % i, give, **far) for i in range(9)]
        self.assertEqual(said, [1] * 8 + ["BUSY"])
        self.start_again()
        self.assertEqual(self.says(key, path % 9, give, **far), "BUSY")
        self.assertEqual(self.says(self.olga_key, path % 9, give), 1)
        until = [calendar.timegm(time.strptime(row["expires"], "%Y-%m-%dT%H:%M:%SZ")) for row in self.remembers()["changes"] if row["by"] == ["yuri"]]
        week = time.time() + 7 * 86400
        self.assertTrue(len(until) == 8 and all(week - 600 < at < week + 600 for at in until), until)
        self.assertEqual(self.says(self.olga_key, "/v1/operators/yuri/roles", {**NOTE, "roles": []}), 0)
        self.assertEqual([row["by"] for row in self.remembers()["changes"] if "yuri" in row["by"]], [])

    def test_what_it_could_not_note(self):
        """It was refused, and counts for nothing, when the next one comes, with no restart between."""
        newcomer, path, give = self.waits("Ada Example"), "/v1/operators/zora/roles", {**NOTE, "roles": ["viewer"]}
        key = self.employed("zita", "enrolment", "security")
        with forgetful(self.bank):
            self.assertEqual(self.says(self.olga_key, path, give), "IO")
            self.assertEqual(self.admitted(self.olga_key, newcomer, "ada"), "IO")
            self.assertEqual(ask(self.bank, SUSPEND, key.thumbprint.encode())[0], "IO")
        self.assertEqual(self.says(self.petra_key, path, give), 1)
        self.assertEqual(self.admitted(self.petra_key, newcomer, "ada"), 1)
        self.assertEqual(self.status_of(key), ["active"])
        self.assertEqual(self.admitted(key, newcomer, "ada"), 0)


class Remembered(Asking):
    """How many acts the keeper remembers as taken, and whose."""

    ALL, EACH = 1024, 256

    def fill(self, *keys):
        """As if these had signed as much as one may, just now, and whatever raised a floor were long ago."""
        self.bank.stop_keeper()
        memory, now = self.remembers(), b.rfc3339(time.time())
        acts = [{"issued": now, "kid": key.thumbprint, "nonce": b.b64(os.urandom(16))} for key in keys for _ in range(self.EACH)]
        self.make_remember({**memory, "acts": acts, "operators": [{**row, "changed": 0, "floor": 0} for row in memory["operators"]]})
        self.bank.start_keeper()

    def setUp(self):
        self.fill()

    def count(self):
        return len(self.remembers()["acts"])

    def test_nobody_fills_it_alone(self):
        """Neither with another key of his; and what he has no room for he asks for later."""
        key, newcomer = self.employed("abel", "enrolment", "security"), self.waits("Eva Example")
        roles, give, other = "/v1/operators/bela/roles", {**NOTE, "roles": ["viewer"]}, b.Key(self.bank.dir)
        self.fill(key)
        self.both_say("/v1/operators", {"operator": "abel", "name": "Abel", "spki": b.b64(other.spki)})
        self.both_say("/v1/operators/abel/roles", {**NOTE, "roles": ["enrolment", "policy", "security"]})
        for asking in (key, other):
            self.assertEqual(self.says(asking, roles, give, **stale(int(time.time()) + 1)), "BUSY")
            self.assertEqual(self.admitted(asking, newcomer, "eva", **stale(int(time.time()) + 1)), "BUSY")
        self.assertEqual(self.admitted(self.olga_key, newcomer, "eva"), 1)
        self.both_say(roles, give)

    def test_what_only_takes_away_needs_no_room(self):
        """Though four have all of it: a key, a role, and whoever leaves all as it is takes none."""
        key, now = self.employed("carl", "policy", "security"), int(time.time())
        self.fill(self.olga_key, self.petra_key, key, b.Key(self.bank.dir))
        path = "/v1/operators/carl/roles"
        self.assertEqual(self.says(self.petra_key, path, {**NOTE, "roles": ["policy", "security", "viewer"]}, **stale(now + 1)), "BUSY")
        self.assertEqual(self.says(self.petra_key, path, {**NOTE, "roles": ["policy"]}, **stale(now + 1)), 0)
        self.assertEqual(self.says(self.petra_key, path, {**NOTE, "roles": ["policy"]}, **stale(now + 2)), 0)
        self.assertEqual(self.says(self.petra_key, "/v1/holders/carl/keys/" + key.thumbprint, SUSPENDED, **stale(now + 3)), 0)
        self.assertEqual((self.status_of(key), self.roles_of("carl"), self.count()), (["suspended"], [["policy"]], self.ALL))

    def test_threat_01_what_had_no_room_counts_once(self):
        """The key counts again, and the role was given back: the words that took them away are over."""
        rui, dora = self.employed("rui", "security"), self.employed("dora", "policy", "viewer")
        now, path, roles = int(time.time()), "/v1/holders/dora/keys/" + dora.thumbprint, "/v1/operators/dora/roles"
        self.fill(self.petra_key)
        taken = [operators.act(self.petra_key, where, what, **stale(now + n)).encode()
                 for n, (where, what) in enumerate(((path, SUSPENDED), (roles, {**NOTE, "roles": ["viewer"]})), start=1)]
        self.assertEqual([ask(self.bank, ACT, act) for act in taken], [("OK", b"\0\0")] * 2)
        for where, give in ((path, ACTIVE), (roles, {**NOTE, "roles": ["policy", "viewer"]})):
            self.assertEqual([self.says(by, where, give, **stale(now + 3)) for by in (self.olga_key, rui)], [1, 0])
        for again in (False, True):
            if again:
                self.start_again()
            self.assertEqual([ask(self.bank, ACT, act)[0] for act in taken], ["KEY_FLOOR"] * 2)
            self.assertEqual((self.status_of(dora), self.roles_of("dora")), (["active"], [["viewer", "policy"]]))
        self.assertEqual(self.says(self.petra_key, path, SUSPENDED, **stale(now + 4)), 0)
        self.assertEqual((self.status_of(dora), self.count() < self.ALL), (["suspended"], True))


class AskedOfThree(Asking):
    """Where three must agree, two may have mistyped together."""

    SETTINGS = "admissions = 3\n"

    @classmethod
    def prepare(cls):
        super().prepare()
        cls.rui_key, cls.sara_key = b.Key(cls.bank.dir), b.Key(cls.bank.dir)
        cls.bank.pin_operator("rui", cls.rui_key)
        cls.bank.pin_operator("sara", cls.sara_key)

    def test_one_after_the_other(self):
        newcomer = self.waits("Eva Example")
        said = [self.admitted(key, newcomer, as_whom) for key, as_whom in (
            (self.olga_key, "evva"), (self.petra_key, "evva"), (self.rui_key, "eva"), (self.olga_key, "eva"), (self.sara_key, "ewa"),
            (self.rui_key, "eva"), (self.sara_key, "evva"), (self.petra_key, "eva"), (self.sara_key, "eva"))]
        self.assertEqual(said, [2, 1, "ADMISSION_MISMATCH", 2, "ADMISSION_MISMATCH", 1, 1, 0, 0])
        rows = [row for row in self.remembers()["admissions"] if row["enrolment"] == newcomer.enrolment]
        self.assertEqual([(row["holder"], row["by"]) for row in rows], [("eva", ["olga", "rui", "petra", "sara"])])


if __name__ == "__main__":
    unittest.main()
