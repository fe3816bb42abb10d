# SPDX-License-Identifier: Apache-2.0
"""Operators over sessions of their own: who may do what, what an act must say, and the console that
closes behind them."""
import base64
import contextlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import time
import unittest

from bank import Bank, Key, Session, b64, iban, joint, make_order, rfc3339, sha256, uuid7
from operators import Operator, act, enrol
import rotation

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLES = re.findall(r'^X\(\w+, "(\w+)"', (ROOT / "order/role.def").read_text(encoding="utf-8"), re.M)
ROUTES = re.findall(r'^X\(\w+, "(\w+)", "([^"]+)", ([\w |]+), ([\w |()]+), (\d+)\)',
                    (ROOT / "api/route.def").read_text(encoding="utf-8"), re.M)
NOTE = {"note": "as a test"}


class Scene(unittest.TestCase):
    SETTINGS = "hold_above = 400.00 EUR\n"

    def setUp(self):
        self.bank = Bank(bankd_settings=self.SETTINGS)
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice, self.bob, self.account, self.payee, self.policy = joint(self.bank, "872.22")
        self.sven = enrol(self.bank, "sven", ["security"])

    def tearDown(self):
        self.bank.verify_log()

    def block(self):
        return "/v1/accounts/%s/block" % self.account

    def state(self):
        return self.bank.balance(self.account)["state"]


class Roles(Scene):
    def test_every_role_at_every_route(self):
        """Who lacks the role is refused for that; who has it is told something else."""
        people = {role: enrol(self.bank, "o-" + role, [role], by=self.sven) for role in ROLES}
        people["none"] = enrol(self.bank, "o-none", by=self.sven)
        allowed = refused = 0
        for method, path, callers, roles, _ in ROUTES:
            if "CALLER_CONSOLE" not in callers:
                continue
            for name, value in (("{account}", iban(99)), ("{id}", uuid7()), ("{movement}", "99"), ("{credit}", "99"), ("{notice}", "99"), ("{enrolment}", "A" * 43), ("{application}", "a" * 64),
                                ("{holder}", "nobody"), ("{operator}", "nobody"), ("{thumbprint}", "A" * 43)):
                path = path.replace(name, value)
            path += "?after=99999" if path == "/v1/events" else ""  # an answer that ends
            for role, operator in people.items():
                may = role != "none" and (roles == "ROLE_ANY" or "R(%s)" % role.upper() in roles)
                answer = operator.get(path) if method == "GET" else operator.act(path, {"note": "as a test"})
                with self.subTest(method=method, path=path, role=role):
                    self.assertNotIn(answer.name, ("SESSION_REQUIRED", "KEY_FLOOR"), answer)
                    self.assertEqual(answer.name != "ROLE_REQUIRED", may, answer)
                allowed, refused = allowed + may, refused + (not may)
        self.assertGreater(allowed, 100)
        self.assertGreater(refused, 100)
        self.assertEqual(self.state(), "open")

    def test_holders_are_no_operators(self):
        for path in (self.block(), "/v1/operators", "/v1/holders"):
            self.assertEqual(self.alice.post(path, {"act": act(self.alice.key, path, NOTE)}).name, "ROLE_REQUIRED")
            self.assertEqual(self.alice.post(path, NOTE).name, "ROLE_REQUIRED")
        self.assertEqual(self.alice.get("/v1/holders").name, "ROLE_REQUIRED")
        self.assertEqual(self.alice.get("/v1/accounts/" + self.payee).name, "ACCOUNT_UNKNOWN")

    def test_operators_are_no_holders(self):
        order = make_order(self.account, self.payee)
        self.assertEqual(self.sven.decide(order, self.policy).name, "ACCOUNT_UNKNOWN")
        self.assertEqual(self.alice.decide(order, self.policy, key=self.sven.key).name, "NOT_A_HOLDER")
        self.assertEqual(self.sven.act("/v1/accounts", {"note": "x"}).name, "ROLE_REQUIRED")
        answer = self.bank.operator("GET", "/v1/holders")
        self.assertNotIn("sven", [h["holder"] for h in answer.json["holders"]])
        two = enrol(self.bank, "paula", ["policy"], by=self.sven)
        account = {"account": iban(55), "currency": "EUR", "holders": ["alice", "sven"], "title": "All holders"}
        self.assertEqual(two.act("/v1/accounts", account).name, "HOLDER_IS_NO_PERSON")

    def test_the_last_of_a_role(self):
        roles = "/v1/operators/sven/roles"
        none = {**NOTE, "roles": []}
        self.assertEqual(self.sven.act(roles, none).name, "LAST_OF_ROLE")
        keys = "/v1/holders/sven/keys/" + self.sven.key.thumbprint
        self.assertEqual(self.sven.act(keys, {**NOTE, "status": "suspended"}).name, "LAST_OF_ROLE")
        sara = enrol(self.bank, "sara", ["security"], by=self.sven)
        self.assertEqual(self.sven.act(roles, none).json, {"operator": "sven", "roles": []})
        self.assertEqual(self.sven.act(roles, {**NOTE, "roles": ["security"]}).name, "ROLE_REQUIRED")
        self.assertEqual(sara.act("/v1/operators/sara/roles", none).name, "LAST_OF_ROLE")
        told = sara.get("/v1/operators").json["operators"]
        self.assertEqual({o["operator"]: o["roles"] for o in told}, {"sara": ["security"], "sven": []})
        self.assertEqual(sara.act("/v1/operators/alice/roles", none).name, "HOLDER_UNKNOWN")

    def test_nor_does_he_suspend_himself(self):
        path = "/v1/keys/%s/suspension"
        self.assertEqual(self.sven.post(path % self.sven.key.thumbprint, NOTE).name, "LAST_OF_ROLE")
        self.assertEqual(self.sven.get("/v1/operators").status, 200)
        sara = enrol(self.bank, "sara", ["security"], by=self.sven)
        self.assertEqual(self.sven.post(path % self.sven.key.thumbprint, NOTE).json["status"], "suspended")
        self.assertEqual(sara.post(path % sara.key.thumbprint, NOTE).name, "LAST_OF_ROLE")
        old, sara.key = sara.key, Key(self.bank.dir)  # what took its place would go with the old one
        self.assertEqual(rotation.send(sara, old, rotation.sign(old, sara.key)).name, "OK")
        self.assertEqual(sara.post(path % old.thumbprint, NOTE).name, "LAST_OF_ROLE")
        self.assertEqual(sara.act("/v1/holders/sara/keys/" + old.thumbprint, {**NOTE, "status": "revoked"}).name,
                         "LAST_OF_ROLE")
        self.assertEqual(self.bank.operator("POST", self.block(), NOTE).name, "CONSOLE_CLOSED")

    def test_what_a_key_signed_may_count_again(self):
        """That takes nothing from the last who makes operators."""
        sara = enrol(self.bank, "sara", ["security"], by=self.sven)
        old, sara.key = sara.key, Key(self.bank.dir)
        self.assertEqual(rotation.send(sara, old, rotation.sign(old, sara.key)).name, "OK")
        keys, was = "/v1/holders/sara/keys/", {**NOTE, "status": "suspended"}
        self.assertEqual(self.sven.act(keys + old.thumbprint, was).name, "OK")
        self.assertEqual(self.sven.act(keys + sara.key.thumbprint, {**NOTE, "status": "active"}).name, "OK")
        self.assertEqual(self.sven.act("/v1/operators/sven/roles", {**NOTE, "roles": []}).name, "OK")
        sara.login()
        self.assertEqual(sara.act(keys + old.thumbprint, {**NOTE, "status": "active"}).json["status"], "retired")

    def test_a_lost_key_holds_no_role_fast(self):
        """Who cannot act is nobody's last: what he had can be taken, and it comes back with no key."""
        petra = enrol(self.bank, "petra", ["payments"], by=self.sven)
        roles, keys = "/v1/operators/petra/roles", "/v1/holders/petra/keys/" + petra.key.thumbprint
        none = {**NOTE, "roles": []}
        self.assertEqual(self.sven.act(roles, none).name, "LAST_OF_ROLE")
        self.assertEqual(self.sven.act(keys, {**NOTE, "status": "suspended"}).name, "OK")
        self.assertEqual(self.sven.act(roles, none).json, {"operator": "petra", "roles": []})
        self.assertEqual(self.sven.act(keys, {**NOTE, "status": "active"}).name, "OK")
        self.assertEqual(Operator(self.bank, petra.key).get("/v1/operators").name, "ROLE_REQUIRED")

    def test_keys_of_operators_are_securitys(self):
        erin = enrol(self.bank, "erin", ["enrolment"], by=self.sven)
        path = "/v1/holders/%s/keys/%s"
        of_sven = path % ("sven", self.sven.key.thumbprint), {**NOTE, "status": "suspended"}
        self.assertEqual(erin.act(*of_sven).name, "ROLE_REQUIRED")
        self.assertEqual(erin.act(path % ("bob", self.bob.key.thumbprint), of_sven[1]).name, "OK")
        self.assertEqual(self.sven.act(path % ("erin", erin.key.thumbprint), of_sven[1]).name, "OK")
        self.assertEqual(erin.get("/v1/holders").name, "SESSION_REQUIRED")


class Acts(Scene):
    def test_done_once_and_in_the_log(self):
        jws = act(self.sven.key, self.block(), NOTE)
        first = self.sven.send_act(self.block(), jws)
        self.assertEqual((first.name, self.state()), ("OK", "blocked"))
        self.assertEqual(self.sven.act("/v1/accounts/%s/unblock" % self.account, NOTE).name, "OK")
        again = self.sven.send_act(self.block(), jws)
        self.assertEqual((again.status, again.body, self.state()), (first.status, first.body, "open"))
        entries = self.bank.entries()
        said = [e for e in entries if e["type"] == "act" and e["path"] == self.block()]
        self.assertEqual([(e["object"], e["holder"], e["statement"]) for e in said], [("holder:sven", "sven", jws)])
        done = [e for e in entries if e["type"] == "account-state"]
        self.assertEqual([(e["state"], e["operator"]) for e in done], [("blocked", "sven"), ("open", "sven")])

    def test_a_refusal_is_an_answer_too(self):
        path = "/v1/accounts/%s/block" % iban(77)
        jws = act(self.sven.key, path, NOTE)
        first = self.sven.send_act(path, jws)
        self.assertEqual(first.name, "ACCOUNT_UNKNOWN")
        self.assertEqual(self.sven.send_act(path, jws).body, first.body)

    def test_what_does_not_count(self):
        other = enrol(self.bank, "sara", ["security"], by=self.sven)
        unblock = "/v1/accounts/%s/unblock" % self.account
        now = int(time.time())
        stranger = Key(self.bank.dir)
        of_bob = act(self.bob.key, self.block(), NOTE)
        for name, jws in (("ACT_MISMATCH", act(self.sven.key, unblock, NOTE)),
                          ("BANK_MISMATCH", act(self.sven.key, self.block(), NOTE, bank="otherbank.example/test")),
                          ("JWS_TYPE", act(self.sven.key, self.block(), NOTE, typ="countersign-decision+jws")),
                          ("KEY_MISMATCH", act(other.key, self.block(), NOTE)),
                          ("KEY_MISMATCH", of_bob),
                          ("KEY_UNKNOWN", act(stranger, self.block(), NOTE)),
                          ("STATEMENT_EXPIRED", act(self.sven.key, self.block(), NOTE, issued=rfc3339(now - 20),
                                                    expires=rfc3339(now - 10))),
                          ("ISSUED_TOO_OLD", act(self.sven.key, self.block(), NOTE, issued=rfc3339(now - 3600))),
                          ("DOC_MEMBER_UNKNOWN", act(self.sven.key, self.block(), {**NOTE, "state": "open"})),
                          ("DOC_MEMBER_MISSING", act(self.sven.key, self.block(), {})),
                          ("DOC_MEMBER_UNKNOWN", act(self.sven.key, self.block(), NOTE, role="payments")),
                          ("DOC_MEMBER_INVALID", act(self.sven.key, self.block() + "?x", NOTE)),
                          ("TOO_LARGE", act(self.sven.key, self.block(), {"note": "x" * 1100}))):
            answer = self.sven.send_act(self.block(), jws)
            if name in ("STATEMENT_EXPIRED",):  # whichever the clock's floor lets through first
                self.assertIn(answer.name, (name, "KEY_FLOOR"))
            elif name == "ISSUED_TOO_OLD":
                self.assertIn(answer.name, (name, "KEY_FLOOR"))
            else:
                self.assertEqual(answer.name, name)
        head, payload, signature = act(self.sven.key, self.block(), NOTE).split(".")
        said = json.loads(base64.urlsafe_b64decode(payload + "=="))
        forged = b64(json.dumps({**said, "request": {"note": "more"}}, sort_keys=True, separators=(",", ":")).encode())
        self.assertEqual(self.sven.send_act(self.block(), ".".join((head, forged, signature))).name, "SIGNATURE_INVALID")
        self.assertEqual(self.sven.post(self.block(), NOTE).name, "DOC_MEMBER_UNKNOWN")  # nobody signed
        self.assertEqual(self.state(), "open")

    def test_a_nonce_serves_once(self):
        nonce = b64(b"n" * 16)
        self.assertEqual(self.sven.act(self.block(), NOTE, nonce=nonce).name, "OK")
        self.assertEqual(self.sven.act("/v1/accounts/%s/unblock" % self.account, NOTE, nonce=nonce).name, "NONCE_REUSED")
        self.assertEqual(self.state(), "blocked")

    def test_without_a_session_a_signature_is_nothing(self):
        nobody = Operator(self.bank)
        self.assertEqual(nobody.act(self.block(), NOTE, self.sven.key).name, "SESSION_REQUIRED")
        self.assertEqual(self.alice.post(self.block(), {"act": act(self.sven.key, self.block(), NOTE)}).name, "ROLE_REQUIRED")
        self.assertEqual(self.state(), "open")

    def test_a_revoked_operator_does_nothing(self):
        sara = enrol(self.bank, "sara", ["security"], by=self.sven)
        path = "/v1/holders/sven/keys/" + self.sven.key.thumbprint
        self.assertEqual(sara.act(path, {**NOTE, "status": "revoked"}).name, "OK")
        self.assertEqual(self.sven.act(self.block(), NOTE).name, "SESSION_REQUIRED")
        self.assertEqual(sara.act(self.block(), NOTE, self.sven.key).name, "KEY_MISMATCH")


class Proof(Scene):
    """What operators did, proved to anybody by their signatures."""
    SETTINGS = Scene.SETTINGS + "bank_codes = PT 0002\n"

    def setUp(self):
        super().setUp()
        self.petra, self.paul = (enrol(self.bank, name, ["payments"], by=self.sven) for name in ("petra", "paul"))

    def path(self, order, what):
        return "/v1/accounts/%s/orders/%s/%s" % (self.account, order["id"], what)

    def proved(self, order):
        """Whose word the evidence proves."""
        self.bank.write("evidence.json", self.petra.get(self.path(order, "evidence")).body.decode())
        told = self.bank.tool(["countersign-verify", "evidence", "--json", "--bank-key", self.bank.pin,
                               self.bank.path("evidence.json")]).stdout
        return [(one["operator"], one["said"], one.get("thumbprint")) for one in json.loads(told)["operators"]]

    def rotate(self, session):
        new = Key(self.bank.dir)
        self.assertEqual(rotation.send(session, session.key, rotation.sign(session.key, new)).name, "OK")
        session.key = new

    def test_released(self):
        order = make_order(self.account, self.payee, "500.00")
        self.alice.decide(order, self.policy)
        self.assertEqual(self.bob.decide(order, self.policy).json["status"], "PDNG")
        self.assertEqual(self.sven.act(self.path(order, "release"), NOTE).name, "ROLE_REQUIRED")
        self.assertEqual(self.petra.act(self.path(order, "release"), NOTE).json["status"], "ACSC")
        self.assertEqual(self.proved(order), [("petra", "released", self.petra.key.thumbprint)])
        shown = self.bank.ctl("order", "show", order["id"], "--account", self.account).stdout
        self.assertIn("the signatures are good: 2 of decisions and cash, 1 of the bank's operators\n", shown)
        self.assertIn("  released by petra, signed: as a test\n", shown)

    def alter(self, before, after):
        """Somebody at the bank's database writes another name into the entry of a release."""
        self.bank.stop_bankd()
        with contextlib.closing(sqlite3.connect(self.bank.path("bank.db"))) as db:
            guard, = db.execute("SELECT sql FROM sqlite_master WHERE name = 'entry_kept'").fetchone()
            db.execute("DROP TRIGGER entry_kept")
            changed = db.execute("UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), ?, ?) AS BLOB)"
                                 " WHERE instr(body, '\"type\":\"released\"') > 0", (before, after)).rowcount
            db.execute(guard)
            db.commit()
        self.assertEqual(changed, 1)
        self.bank.start_bankd()

    def test_shown_as_another_s(self):
        order = make_order(self.account, self.payee, "501.00")
        self.alice.decide(order, self.policy)
        self.bob.decide(order, self.policy)
        self.assertEqual(self.petra.act(self.path(order, "release"), NOTE).json["status"], "ACSC")
        names = [b'"operator":"%s"' % name for name in (b"petra", b"paul")]
        self.alter(*names)
        done = self.bank.ctl("order", "show", order["id"], "--account", self.account, check=False)
        self.assertEqual((done.returncode, "PROOF_INVALID" in done.stderr), (1, True), done.stderr)
        self.assertRegex(done.stdout, r"(?m)^Checked +NOT PROVED: PROOF_INVALID at entries\[\d+\]")
        self.assertIn("  released by paul, NOT PROVED: as a test\n", done.stdout)
        done = self.bank.ctl("order", "show", order["id"], "--account", self.account, "--json", check=False)
        self.assertEqual((done.returncode, json.loads(done.stdout.splitlines()[0])["proof"]),
                         (1, {"bankKey": self.bank.pin, "bankKeyPinned": False, "error": "PROOF_INVALID", "verdict": "REFUSED"}))
        self.alter(*reversed(names))

    def test_kept_back_again_and_again(self):
        """By one who then gets another key, let go by another, kept back by the new key, refused."""
        order, said = make_order(self.account, self.payee, "12.00"), []
        self.alice.decide(order, self.policy)
        for name, who, what, kind in (("petra", self.petra, "hold", "held"), ("paul", self.paul, "release", "released"),
                                      ("petra", self.petra, "hold", "held"), ("paul", self.paul, "refusal", "closed")):
            self.assertEqual(who.act(self.path(order, what), NOTE).status, 200)
            said.append((name, kind, who.key.thumbprint))
            self.assertEqual(self.proved(order), said)
            if len(said) == 2:
                self.rotate(self.petra)
        self.assertNotEqual(said[0][2], said[2][2])

    def test_told_by_another_bank(self):
        for amount, what, kind, more in (("10.00", "confirmation", "confirmed", {}), ("11.00", "return", "returned", {"reason": "AC01"})):
            order = make_order(self.account, "DE89370400440532013000", amount)
            self.alice.decide(order, self.policy)
            self.assertEqual(self.bob.decide(order, self.policy).json["status"], "ACSP")
            self.assertEqual(self.petra.act(self.path(order, what), {**NOTE, **more}).status, 200)
            self.assertEqual(self.proved(order), [("petra", kind, self.petra.key.thumbprint)])


class Console(Scene):
    def test_closed_and_opened_again(self):
        answer = self.bank.operator("POST", self.block(), NOTE)
        self.assertEqual((answer.name, self.state()), ("CONSOLE_CLOSED", "open"))
        self.assertEqual(self.bank.operator("POST", "/v1/operators/sven/roles", {**NOTE, "roles": []}).name, "CONSOLE_CLOSED")
        self.assertEqual(self.bank.operator("GET", "/v1/operators").status, 200)
        self.bank.bankd_settings = "console = open\n"
        self.bank.write_settings()
        self.bank.stop_bankd()
        self.bank.start_bankd()
        path = "/v1/holders/sven/keys/" + self.sven.key.thumbprint  # somebody stole the only one
        self.assertEqual(self.bank.operator("POST", path, {**NOTE, "status": "revoked"}).name, "OK")
        self.assertEqual(self.bank.operator("POST", self.block(), NOTE).json["state"], "blocked")

    def test_the_ceremony_is_held_once(self):
        """Nobody is left who could act: that opens nothing, and one person alone is not enough again."""
        self.bank.bankd_settings = "console = open\nfour_eyes = yes\n"
        self.bank.write_settings()
        self.bank.stop_bankd()
        self.bank.start_bankd()
        path = "/v1/holders/sven/keys/" + self.sven.key.thumbprint
        self.assertEqual(self.bank.operator("POST", path, {**NOTE, "status": "revoked"}).name, "OK")
        sara = enrol(self.bank, "sara")
        roles = "/v1/operators/sara/roles", {**NOTE, "roles": ["security"]}
        self.assertEqual(self.bank.operator("POST", *roles).name, "FOUR_EYES")
        for settings, name in (("", "CONSOLE_CLOSED"), ("console = open\n", "OK"), ("", "CONSOLE_CLOSED")):
            self.bank.bankd_settings = settings
            self.bank.write_settings()
            self.bank.stop_bankd()
            self.bank.start_bankd()
            self.assertEqual(self.bank.operator("POST", *roles).name, name)
        self.assertEqual(Operator(self.bank, sara.key).get("/v1/operators").status, 200)

    def reload(self, settings):
        self.bank.bankd_settings = settings
        self.bank.write_settings()
        with open(self.bank.path("bankd.log"), encoding="utf-8") as log:
            log.seek(0, os.SEEK_END)
            self.bank.bankd.send_signal(signal.SIGHUP)
            deadline, said = time.monotonic() + 60, ""
            while "are in force\n" not in said and time.monotonic() < deadline:
                said += log.read()
                time.sleep(0.02)
        self.assertIn("are in force\n", said)

    def test_no_operator_is_left(self):
        """The way of OPERATIONS.md, step by step, and nothing less."""
        sara = enrol(self.bank, "sara", ["security"], by=self.sven)
        self.reload("four_eyes = yes\n")
        lost = [("/v1/holders/%s/keys/%s" % (name, who.key.thumbprint), {**NOTE, "status": "revoked"})
                for name, who in (("sven", self.sven), ("sara", sara))]
        keys = {name: Key(self.bank.dir) for name in ("tina", "tom")}
        add = [("/v1/operators", {"operator": name, "name": name.title(), "spki": b64(key.spki)}) for name, key in keys.items()]
        roles = [("/v1/operators/%s/roles" % name, {**NOTE, "roles": ["security"]}) for name in keys]
        self.assertEqual(self.bank.operator("POST", *add[0]).name, "CONSOLE_CLOSED")
        self.reload("console = open\nfour_eyes = yes\n")
        self.assertEqual([self.bank.operator("POST", *one).name for one in (*lost, *add)], ["OK"] * 4)
        self.assertEqual(self.bank.operator("POST", *roles[0]).name, "FOUR_EYES")
        self.reload("console = open\n")
        self.assertEqual([self.bank.operator("POST", *one).name for one in roles], ["OK"] * 2)
        self.reload("four_eyes = yes\n")
        self.assertEqual(self.bank.operator("POST", *add[0]).name, "CONSOLE_CLOSED")
        tina, tom = (Operator(self.bank, key) for key in keys.values())
        more = {**NOTE, "roles": ["security", "payments"]}
        self.assertEqual(tina.act("/v1/operators/tina/roles", more).name, "FOUR_EYES")
        self.assertEqual(tina.act("/v1/operators/tom/roles", more).name, "OK")
        self.assertEqual(tom.act("/v1/operators/tina/roles", more).name, "OK")
        self.assertIn(self.sven.get("/v1/operators").name, ("SESSION_REQUIRED", "ROLE_REQUIRED"))

    def test_the_settings_other_words(self):
        self.bank.stop_bankd()
        self.bank.bankd_settings = "console = ajar\n"
        self.bank.write_settings()
        with self.assertRaises(Exception):
            self.bank.start_bankd()
        self.bank.bankd_settings = ""
        self.bank.write_settings()
        self.bank.start_bankd()


if __name__ == "__main__":
    unittest.main()
