#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The keeper certifies people whom operators admitted that it knows itself, and believes no bankd."""
import contextlib
import json
import os
import re
import socket
import sqlite3
import struct
import signal
import subprocess
import threading
import time
import unittest

import bank as b
import enrolment as en
import operators
from enrolment import Newcomer

ACT, ADMIT = 5, 6
NOTE = {"note": "as a test"}
P_384_ORDER = int("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16)


def ask(bank, kind, payload):
    """What a bankd could send. Returns the keeper's word and its answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(30)
        s.connect(bank.path("keeper.sock"))
        s.send(struct.pack(">H", kind) + payload)
        answer = s.recv(1 << 17)
    return answer[1:1 + answer[0]].decode(), answer[1 + answer[0]:]


def parts(*texts):
    return b"".join(struct.pack(">H", len(text)) + text for text in (t if isinstance(t, bytes) else t.encode() for t in texts))


def twin(jws):
    """Another signature of the same by the same key, P-384, which needs no key to make."""
    head, payload, signature = jws.split(".")
    r, s = (int.from_bytes(half, "big") for half in (b.unb64(signature)[:48], b.unb64(signature)[48:]))
    return ".".join((head, payload, b.b64(r.to_bytes(48, "big") + (P_384_ORDER - s).to_bytes(48, "big"))))


def certificates(answer):
    missing, found = struct.unpack(">H", answer[:2])[0], []
    answer = answer[2:]
    while answer:
        size = struct.unpack(">H", answer[:2])[0]
        found.append(answer[2:2 + size])
        answer = answer[2 + size:]
    return missing, found


class Times:
    """How long somebody who reads waits while something else is done; WAITS is the longest."""

    def __init__(self, read):
        self.read, self.waits, self.over = read, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.is_set():
            begun = time.monotonic()
            self.read()
            self.waits = max(self.waits, time.monotonic() - begun)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Scene(unittest.TestCase):
    SETTINGS = ""

    @classmethod
    def setUpClass(cls):
        cls.bank = b.Bank(keeper_settings=cls.SETTINGS)
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.bank.__enter__()
        cls.olga_key = b.Key(cls.bank.dir, "P-384")
        cls.prepare()
        cls.olga = operators.enrol(cls.bank, "olga", ["security", "enrolment"], key=cls.olga_key)

    @classmethod
    def prepare(cls):
        cls.bank.pin_operator("olga", cls.olga_key)

    def refused(self, answer, name):
        self.assertEqual(answer.name, name, answer)

    def newcomer(self, name="Ana Example", **options):
        newcomer = Newcomer(self.bank, name, **options)
        newcomer.ask()
        return newcomer

    @staticmethod
    def path(newcomer):
        return "/v1/enrolments/%s/admission" % newcomer.enrolment

    def said(self, newcomer, holder):
        return newcomer.letter(holder)

    def admit(self, operator, newcomer, holder):
        return operator.act(self.path(newcomer), self.said(newcomer, holder))

    # --- what openssl says of a certificate ---
    def openssl_x509(self, der, *words):
        return b.openssl("x509", "-inform", "DER", "-noout", *words, data=der).decode()

    def check_chain(self, der, root, purpose):
        for name, what in (("one.pem", der), ("root.pem", root)):
            pem = b.openssl("x509", "-inform", "DER", data=what)
            with open(self.bank.path(name), "wb") as f:
                f.write(pem)
        b.openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", self.bank.path("root.pem"), self.bank.path("one.pem"))

    def ends(self, der, days):
        """Within so many days."""
        try:
            self.openssl_x509(der, "-checkend", str(days * en.DAY))
        except subprocess.CalledProcessError:
            return True
        return False

    # --- the keeper's own word and memory ---
    def change(self, path, request, key=None, **members):
        jws = operators.act(key or self.olga_key, path, request, **members)
        return ask(self.bank, ACT, jws.encode())[0]

    def remembers(self):
        with open(self.bank.path("keeper/operators"), encoding="utf-8") as f:
            return json.load(f)

    def long_ago(self):
        """Whatever raised a floor."""
        self.bank.stop_keeper()
        memory = self.remembers()
        self.make_remember({**memory, "floor": 0, "operators": [{**row, "changed": 0, "floor": 0} for row in memory["operators"]]})
        self.bank.start_keeper()

    def make_remember(self, memory):
        """While it does not run."""
        with open(self.bank.path("keeper/operators"), "wb") as f:
            f.write(b.canon(memory))

    def roles_of(self, operator):
        return [row["roles"] for row in self.remembers()["operators"] if row["operator"] == operator]

    def status_of(self, key):
        return [row["status"] for row in self.remembers()["operators"] if row["spki"] == b.b64(key.spki)]

    def logged(self, event):
        with open(self.bank.path("keeper.log"), encoding="utf-8") as f:
            return [line for line in f if " %s " % event in line]

    def key_of(self, der):
        return b.openssl("pkey", "-pubin", "-outform", "DER", data=self.openssl_x509(der, "-pubkey").encode())


class Silent(Scene):
    def said_of_the_keys(self):
        with open(self.bank.path("bankd.log"), encoding="utf-8") as f:
            return any("bankd.keys" in line and "error=KEEPER_GONE" in line for line in f)

    def test_nobody_waits_long_for_a_keeper_that_hangs(self):
        """Neither for an admission nor for a look at its keys: a second and a half, and then the bank goes on."""
        newcomer = self.newcomer()
        reader = b.Session(self.bank, self.olga_key)
        self.bank.keeper.send_signal(signal.SIGSTOP)
        try:
            with Times(lambda: reader.get("/v1/operators")) as times:
                self.refused(self.admit(self.olga, newcomer, "ana"), "KEEPER_GONE")
                self.bank.bankd.send_signal(signal.SIGHUP)
                deadline = time.monotonic() + 60
                while not self.said_of_the_keys() and time.monotonic() < deadline:
                    time.sleep(0.05)
        finally:
            self.bank.keeper.send_signal(signal.SIGCONT)
        self.assertTrue(self.said_of_the_keys())
        self.assertLess(times.waits, 5)
        answer = self.admit(self.olga, newcomer, "ana")
        self.assertEqual(answer.json.get("holder"), "ana", answer)


class Admits(Scene):
    def test_certificates(self):
        serials = set()
        for curve in b.CURVES:
            newcomer = self.newcomer("Ana Conceição", curve=curve, tls=curve)
            told = self.admit(self.olga, newcomer, "ana-" + curve.lower()).json
            self.assertEqual((told.get("status"), told["admittedBy"]), ("admitted", ["olga"]), told)
            self.assertEqual(newcomer.look().json, told)
            root = b.unb64(told["root"])
            for use, key, purpose in (("sign", newcomer.key, "any"), ("authenticate", newcomer.tls, "sslclient")):
                der = b.unb64(told["certificates"][use])
                with self.subTest(curve, use=use):
                    self.check_chain(der, root, purpose)
                    self.assertEqual(self.key_of(der), key.spki)
                    text = self.openssl_x509(der, "-text", "-nameopt", "utf8")
                    self.assertIn("Subject: CN=Ana Conceição", text.replace("CN = ", "CN="))
                    self.assertIn("URI:countersign:%s#ana-%s\n" % (b.NAME, curve.lower()), text)
                    usage = "Digital Signature" + (", Non Repudiation" if use == "sign" else "")
                    self.assertRegex(text, r"X509v3 Key Usage: critical\s+%s\n" % usage)
                    self.assertEqual("TLS Web Client Authentication" in text, use == "authenticate")
                    self.assertIn("CA:FALSE", text)
                    ends = time.mktime(time.strptime(re.search(r"Not After : (.*) GMT", text).group(1), "%b %d %H:%M:%S %Y"))
                    self.assertAlmostEqual(ends, time.mktime(time.gmtime()) + 730 * en.DAY, delta=7200)
                    serials.add(self.openssl_x509(der, "-serial"))
        self.assertEqual(len(serials), 6)

    def test_the_console_certifies_nobody(self):
        bank = b.Bank()
        with bank:
            newcomer = Newcomer(bank, "Con Example")
            newcomer.ask()
            self.assertNotIn("certificates", newcomer.admit("con").json)

    def test_operators_to_come(self):
        """One is added, gets the role, loses it, and his key: the keeper follows, by what olga signs."""
        otto = operators.enrol(self.bank, "otto", ["enrolment"], by=self.olga)
        first, second, third = (self.newcomer() for _ in range(3))
        self.assertIn("certificates", self.admit(otto, first, "by-otto").json)
        act = operators.act(otto.key, self.path(second), self.said(second, "not-by-otto"))
        self.olga.act("/v1/operators/otto/roles", {"note": "as a test", "roles": ["viewer"]})
        self.assertEqual(self.straight(second, act), "ROLE_REQUIRED")
        self.olga.act("/v1/operators/otto/roles", {"note": "as a test", "roles": ["enrolment", "viewer"]})
        path = "/v1/holders/otto/keys/" + otto.key.thumbprint
        self.olga.act(path, {"note": "as a test", "status": "suspended"})
        act = operators.act(otto.key, self.path(third), self.said(third, "not-by-otto"))
        self.assertEqual(self.straight(third, act), "KEY_INACTIVE")
        self.bank.stop_keeper()
        self.bank.start_keeper()
        self.assertEqual(self.straight(third, act), "KEY_INACTIVE")
        self.olga.act(path, {"note": "as a test", "status": "active"})
        act = operators.act(otto.key, self.path(third), self.said(third, "not-by-otto"))
        self.assertEqual(self.straight(third, act), "OK")

    def straight(self, newcomer, act, statement=None):
        """Past bankd: the keeper's own word."""
        word, answer = ask(self.bank, ADMIT, parts(statement or newcomer_statement(self.bank, newcomer), act))
        if word == "OK":
            self.assertEqual(certificates(answer)[0], 0)
        return word

    def test_what_a_bankd_cannot_get(self):
        newcomer, other = self.newcomer(), self.newcomer("Eve Example")
        said, path = self.said(newcomer, "ana"), self.path(newcomer)
        stranger = b.Key(self.bank.dir)
        now = int(time.time())
        for act, word in (
                (operators.act(stranger, path, said), "OPERATOR_UNPINNED"),
                (operators.act(self.olga_key, self.path(other), said), "ACT_MISMATCH"),
                (operators.act(self.olga_key, path.replace("admission", "refusal"), {"note": "no"}), "ACT_MISMATCH"),
                (operators.act(self.olga_key, "/v1/operators", said), "ACT_MISMATCH"),
                (operators.act(self.olga_key, path, self.said(other, "ana")), "LETTER_MISMATCH"),
                (operators.act(self.olga_key, path, newcomer.letter("ana", name="Eve Example")), "LETTER_MISMATCH"),
                (operators.act(self.olga_key, path, said, bank="demobank.example/prod"), "BANK_MISMATCH"),
                (operators.act(self.olga_key, path, said, **stale(now - 320)), "ISSUED_TOO_OLD"),
                (operators.act(self.olga_key, path, said, **stale(now + 40)), "ISSUED_IN_FUTURE"),
                (operators.act(self.olga_key, path, said, issued=b.rfc3339(now - 60), expires=b.rfc3339(now)),
                 "STATEMENT_EXPIRED"),
                (operators.act(self.olga_key, path, said, typ="countersign-decision+jws"), "JWS_TYPE"),
                (operators.act(self.olga_key, path, said)[:-4] + "AAAA", "SIGNATURE_INVALID"),
        ):
            with self.subTest(word):
                self.assertEqual(self.straight(newcomer, act), word)
        good = operators.act(self.olga_key, path, said)
        unproven = newcomer.jws(requests={"sign": b.b64(en.request(newcomer.key, newcomer.name, "-sha384"))})
        self.assertEqual(self.straight(newcomer, good, unproven), "POSSESSION_UNPROVEN")
        self.assertEqual(self.straight(newcomer, good, newcomer.jws()), "ACT_MISMATCH")  # another request of his
        for _ in range(2):
            self.assertEqual(self.straight(newcomer, good), "OK")
        # For somebody else than whom it was admitted as, or as another key of one who is there.
        for letter in (self.said(newcomer, "eve"), newcomer.letter("ana", another=True)):
            act = operators.act(self.olga_key, path, letter)
            self.assertEqual(self.straight(newcomer, act), "ADMISSION_MISMATCH")
        for payload in (b"", b"\0", parts("a"), parts("a", "b") + b"c", parts(b"x" * 16385, "b"), b"\xff\xff" * 3):
            self.assertNotEqual(ask(self.bank, ADMIT, payload)[0], "OK", payload[:8])

    def test_an_act_counts_once(self):
        pia = b.Key(self.bank.dir)
        add = operators.act(self.olga_key, "/v1/operators", {"name": "Pia", "operator": "pia", "spki": b.b64(pia.spki)})
        give = operators.act(self.olga_key, "/v1/operators/pia/roles", {"note": "as a test", "roles": ["enrolment"]})
        take = operators.act(self.olga_key, "/v1/operators/pia/roles", {"note": "as a test", "roles": []})
        for act in (add, give, take, give, add):
            self.assertEqual(ask(self.bank, ACT, act.encode())[0], "OK")
        newcomer = self.newcomer()
        act = operators.act(pia, self.path(newcomer), self.said(newcomer, "by-pia"))
        self.assertEqual(self.straight(newcomer, act), "ROLE_REQUIRED")
        self.bank.stop_keeper()
        self.bank.start_keeper()
        self.assertEqual(ask(self.bank, ACT, give.encode())[0], "OK")
        self.assertEqual(self.straight(newcomer, act), "ROLE_REQUIRED")
        # Who has only the role enrolment makes nobody an operator.
        ask(self.bank, ACT, operators.act(self.olga_key, "/v1/operators/pia/roles",
                                          {"note": "as a test", "roles": ["enrolment"]}).encode())
        own = operators.act(pia, "/v1/operators/pia/roles", {"note": "as a test", "roles": ["enrolment", "security"]})
        self.assertEqual(ask(self.bank, ACT, own.encode())[0], "ROLE_REQUIRED")
        taken = operators.act(self.olga_key, "/v1/operators", {"name": "X", "operator": "x", "spki": b.b64(pia.spki)})
        self.assertEqual(ask(self.bank, ACT, taken.encode())[0], "KEY_TAKEN")

    def added(self, name):
        """A minute ago, with the ceremony long before."""
        key = b.Key(self.bank.dir)
        self.long_ago()
        said = {"name": name.title(), "operator": name, "spki": b.b64(key.spki)}
        self.assertEqual(self.change("/v1/operators", said, **stale(int(time.time()) - 60)), "OK")
        return key

    def test_an_act_is_fresh_for_five_minutes(self):
        """By the keeper's clock; its memory began long before."""
        key = self.added("uwe")
        path, said = "/v1/holders/uwe/keys/" + key.thumbprint, {"note": "as a test", "status": "suspended"}
        now = int(time.time())
        self.assertEqual(self.change(path, said, **stale(now - 302)), "ISSUED_TOO_OLD")
        self.assertEqual(self.change(path, said, **stale(now - 280)), "OK")

    def test_a_key_by_anothers_name(self):
        """It is no key of his, to the bank as well."""
        key = self.added("ugo")
        self.assertEqual(self.change("/v1/holders/olga/keys/" + key.thumbprint, {"note": "x", "status": "revoked"}), "OK")
        self.assertEqual(self.status_of(key), ["active"])

    def test_a_twin_is_the_same_act(self):
        key = self.added("tim")
        path, said = "/v1/holders/tim/keys/" + key.thumbprint, {"note": "as a test"}
        resume = operators.act(self.olga_key, path, {**said, "status": "active"})
        suspend = operators.act(self.olga_key, path, {**said, "status": "suspended"})
        for act in (resume, suspend, twin(resume)):
            self.assertEqual(ask(self.bank, ACT, act.encode())[0], "OK")
        self.assertEqual(self.status_of(key), ["suspended"])

    def test_another_order(self):
        """An older act only takes away: nobody undoes the newer one with what he held back."""
        key, now = self.added("una"), int(time.time())
        path, roles = "/v1/holders/una/keys/" + key.thumbprint, "/v1/operators/una/roles"
        self.assertEqual(self.change(path, {"note": "x", "status": "suspended"}, **stale(now - 20)), "OK")
        self.assertEqual(self.change(path, {"note": "x", "status": "active"}, **stale(now - 21)), "ISSUED_TOO_OLD")
        self.assertEqual(self.status_of(key), ["suspended"])
        self.assertEqual(self.change(path, {"note": "x", "status": "active"}, **stale(now - 19)), "OK")
        self.assertEqual(self.change(path, {"note": "x", "status": "suspended"}, **stale(now - 21)), "OK")
        self.assertEqual(self.status_of(key), ["suspended"])
        self.assertEqual(self.change(roles, {"note": "x", "roles": ["auditor", "enrolment"]}, **stale(now - 10)), "OK")
        self.bank.stop_keeper()
        self.bank.start_keeper()
        self.assertEqual(self.change(roles, {"note": "x", "roles": ["security"]}, **stale(now - 11)), "OK")
        self.assertEqual(self.roles_of("una"), [[]])
        self.assertEqual(self.change(roles, {"note": "x", "roles": ["security"]}, **stale(now - 12)), "ISSUED_TOO_OLD")
        self.assertEqual(self.change(roles, {"note": "x", "roles": ["enrolment"]}, **stale(now - 9)), "OK")
        self.assertEqual(self.roles_of("una"), [["enrolment"]])

    def test_a_complete_admission_is_forgotten(self):
        """1,024 of them, five minutes later: there is room for the next."""
        newcomer, ids = self.newcomer("Ada Example"), iter(range(1024))
        self.assertIn("certificates", self.admit(self.olga, newcomer, "ada").json)
        self.bank.stop_keeper()
        memory = self.remembers()
        (mine,) = (row for row in memory["admissions"] if row["enrolment"] == newcomer.enrolment)
        ends = time.mktime(time.strptime(mine["expires"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
        later = {**mine, "expires": b.rfc3339(ends - 320)}
        memory["admissions"] = [{**later, "enrolment": b.b64(i.to_bytes(32, "big"))} for i in ids]
        self.make_remember(memory)
        self.bank.start_keeper()
        self.assertIn("certificates", self.admit(self.olga, self.newcomer("Bo Example"), "bo").json)
        self.assertEqual(len(self.remembers()["admissions"]), 1)

    def test_the_keeper_says_what_it_took(self):
        newcomer = self.newcomer("Cy Example", tls="P-256")
        self.admit(self.olga, newcomer, "cy")
        acts = [line for line in self.logged("keeper.act") if self.path(newcomer) in line]
        self.assertEqual((len(acts), "operator=olga" in acts[0]), (1, True), acts)
        issued = [line for line in self.logged("keeper.certificate") if "holder=cy " in line]
        self.assertEqual(len(issued), 2, issued)
        for line, key, use in zip(issued, (newcomer.key, newcomer.tls), ("sign", "authenticate")):
            self.assertIn("use=%s thumbprint=%s enrolment=%s\n" % (use, key.thumbprint, newcomer.enrolment), line)


def stale(issued):
    return {"issued": b.rfc3339(issued), "expires": b.rfc3339(issued + 3600)}


@contextlib.contextmanager
def forgetful(bank):
    """A keeper that signs heads, but cannot note what operators ask for."""
    memory = bank.path("keeper/operators")
    os.rename(memory, memory + ".away")
    os.mkdir(memory)
    try:
        yield
    finally:
        os.rmdir(memory)
        os.rename(memory + ".away", memory)


class Unpinned(Scene):
    @classmethod
    def prepare(cls):
        pass

    def test_nobody_is_certified(self):
        newcomer = self.newcomer()
        self.refused(self.admit(self.olga, newcomer, "ana"), "KEEPER_UNPINNED")
        self.assertEqual(newcomer.look().json["status"], "waiting")
        self.bank.pin_operator("otto", b.Key(self.bank.dir))
        self.refused(self.admit(self.olga, newcomer, "ana"), "OPERATOR_UNPINNED")
        self.bank.pin_operator("olga", self.olga_key)
        self.assertIn("certificates", self.admit(self.olga, newcomer, "ana").json)

    def test_nothing_from_before_the_ceremony(self):
        """Not even what a wrong clock made the keeper forget."""
        pia = b.Key(self.bank.dir)
        before = operators.act(self.olga_key, "/v1/operators", {"name": "Pia", "operator": "pia", "spki": b.b64(pia.spki)},
                               **stale(int(time.time()) - 30))
        self.bank.pin_operator("olga", self.olga_key)
        self.assertEqual(ask(self.bank, ACT, before.encode())[0], "ISSUED_TOO_OLD")
        self.assertEqual(self.roles_of("pia"), [])

    def test_the_ceremony_after_a_clock_that_was_ahead(self):
        """It raised the floors; the ceremony is what helps."""
        self.bank.pin_operator("olga", self.olga_key)
        self.bank.stop_keeper()
        memory, ahead = self.remembers(), int(time.time() + 86400) * 10**6
        self.make_remember({**memory, "floor": ahead, "operators": [{**row, "floor": ahead} for row in memory["operators"]]})
        self.bank.start_keeper()
        roles = {"note": "x", "roles": ["viewer"]}
        self.assertEqual(self.change("/v1/operators/nobody/roles", roles), "ISSUED_TOO_OLD")
        self.bank.pin_operator("olga", self.olga_key)
        self.assertEqual(self.change("/v1/operators/nobody/roles", roles), "OK")

    def test_undone(self):
        key = b.Key(self.bank.dir)
        self.bank.pin_operator("rui", key)
        self.bank.pin_operator("olga", self.olga_key)
        path, said = "/v1/operators/rui/roles", {"note": "x", "roles": ["security"]}
        self.assertEqual(self.change(path, said, key), "OK")
        undo = ["bankd-keeper", "--config", self.bank.path("keeper.conf"), "--unpin-operator"]
        self.assertEqual(self.bank.tool([*undo, key.thumbprint], check=False).returncode, 4)
        self.bank.stop_keeper()
        self.assertIn("OPERATOR_UNPINNED", self.bank.tool([*undo, "x"], check=False).stderr)
        self.assertIn(key.thumbprint, self.bank.tool([*undo, key.thumbprint]).stdout)
        self.bank.start_keeper()
        self.assertEqual(self.change(path, said, key), "KEY_INACTIVE")
        back = {"note": "x", "status": "active"}
        self.assertEqual(self.change("/v1/holders/rui/keys/" + key.thumbprint, back), "KEY_REVOKED")
        self.assertEqual(self.change(path, said, key), "KEY_INACTIVE")

    def test_the_ceremony(self):
        conf = self.bank.path("keeper.conf")
        spki = self.bank.path("some.spki")
        with open(spki, "wb") as f:
            f.write(b.Key(self.bank.dir).spki)
        pin = ["bankd-keeper", "--config", conf, "--pin-operator", spki]
        done = self.bank.tool([*pin, "--id", "pia"], check=False)
        self.assertEqual((done.returncode, "another keeper has it" in done.stderr), (4, True), done.stderr)
        self.assertEqual(self.bank.tool(pin, check=False).returncode, 2)
        self.assertEqual(self.bank.tool([*pin[:3], "--id", "pia"], check=False).returncode, 2)
        self.bank.stop_keeper()
        self.assertEqual(self.bank.tool([*pin, "--id", "Pia"], check=False).returncode, 2)
        with open(spki, "ab") as f:
            f.write(b"\0")
        done = self.bank.tool([*pin, "--id", "pia"], check=False)
        self.assertIn("KEY_INVALID", done.stderr)
        self.assertFalse(os.path.exists(self.bank.path("keeper/operators.tmp")))
        self.bank.start_keeper()


def newcomer_statement(bank, newcomer):
    with sqlite3.connect("file:%s?mode=ro" % bank.path("bank.db"), uri=True) as db:
        (found,) = db.execute("SELECT statement FROM enrolment WHERE enrolment = ?", (newcomer.enrolment,)).fetchone()
    return found


class FourEyes(Scene):
    SETTINGS = "admissions = 2\ncertificate_days = 10\n"

    @classmethod
    def prepare(cls):
        cls.petra_key = b.Key(cls.bank.dir)
        for name, key in (("olga", cls.olga_key), ("petra", cls.petra_key)):
            cls.bank.pin_operator(name, key)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.petra = operators.enrol(cls.bank, "petra", ["security"], by=cls.olga, key=cls.petra_key)

    def missing(self, answer):
        self.assertEqual(answer.status // 100, 2, answer)
        return answer.json.get("keeperMissing", 0)

    def test_one_alone_makes_nobody_an_operator(self):
        """Nor himself another key: he would be two, and admit whom he likes."""
        key, newcomer = b.Key(self.bank.dir), self.newcomer()
        add = {"operator": "olivia", "name": "Olivia", "spki": b.b64(key.spki)}
        path, roles = "/v1/operators/olivia/roles", {**NOTE, "roles": ["enrolment"]}
        for _ in range(2):
            self.assertEqual([self.missing(self.olga.act("/v1/operators", add)), self.missing(self.olga.act(path, roles))], [1, 1])
        self.assertEqual(self.status_of(key), [])
        olivia = operators.Operator(self.bank, key)
        self.admit(self.olga, newcomer, "oli")
        self.refused(self.admit(olivia, newcomer, "oli"), "OPERATOR_UNPINNED")
        self.bank.stop_keeper()
        self.bank.start_keeper()
        self.assertEqual(self.missing(self.petra.act("/v1/operators", add)), 0)
        self.refused(self.admit(olivia, newcomer, "oli"), "ROLE_REQUIRED")
        self.assertEqual(self.missing(self.petra.act(path, {**roles, "roles": ["enrolment", "security"]})), 1)  # something else
        self.assertEqual(self.roles_of("olivia"), [[]])
        self.assertEqual(self.missing(self.petra.act(path, roles)), 0)
        self.assertEqual(self.admit(olivia, newcomer, "oli").json["status"], "admitted")

    def test_one_takes_away_and_two_give_back(self):
        rui = operators.enrol(self.bank, "rui", ["enrolment", "viewer"], by=self.olga, also=[self.petra])
        roles, key = "/v1/operators/rui/roles", "/v1/holders/rui/keys/" + rui.key.thumbprint
        self.assertEqual(self.missing(self.olga.act(roles, {**NOTE, "roles": ["security", "viewer"]})), 1)
        self.assertEqual(self.roles_of("rui"), [["viewer"]])
        self.assertEqual(self.missing(self.olga.act(key, {**NOTE, "status": "suspended"})), 0)
        self.assertEqual(self.status_of(rui.key), ["suspended"])
        for asking, left, status in ((self.olga, 1, "suspended"), (self.olga, 1, "suspended"), (self.petra, 0, "active")):
            self.assertEqual(self.missing(asking.act(key, {**NOTE, "status": "active"})), left)
            self.assertEqual(self.status_of(rui.key), [status])

    def test_two_must_admit(self):
        otto = operators.enrol(self.bank, "otto", ["enrolment"], by=self.olga, also=[self.petra])
        newcomer = self.newcomer()
        for _ in range(2):
            told = self.admit(self.olga, newcomer, "ana").json
            self.assertEqual((told["status"], told["admittedBy"], "certificates" in told), ("waiting", ["olga"], False))
        self.refused(self.admit(otto, newcomer, "anna"), "ADMISSION_MISMATCH")
        told = self.admit(self.olga, newcomer, "anna").json  # whoever mistyped says it again
        self.assertEqual((told["status"], told["admittedBy"], "certificates" in told), ("waiting", ["olga"], False))
        self.refused(self.admit(otto, newcomer, "ana"), "ADMISSION_MISMATCH")
        self.bank.stop_keeper()
        self.bank.start_keeper()
        told = self.admit(otto, newcomer, "anna").json
        self.assertEqual((told["status"], told["admittedBy"], told["holder"]), ("admitted", ["olga", "otto"], "anna"))
        ends = [self.ends(b.unb64(told["certificates"]["sign"]), days) for days in (9, 11)]
        self.assertEqual(ends, [False, True])
        b.Session(self.bank, newcomer.key)

    def test_who_may_no_more_counts_no_more(self):
        pia = operators.enrol(self.bank, "pia", ["enrolment"], by=self.olga, also=[self.petra])
        newcomer = self.newcomer()
        self.assertEqual(self.admit(pia, newcomer, "pias").json["status"], "waiting")
        self.olga.act("/v1/operators/pia/roles", {"note": "as a test", "roles": ["viewer"]})
        self.assertEqual(self.admit(self.olga, newcomer, "pias").json["status"], "waiting")


if __name__ == "__main__":
    unittest.main()
