# SPDX-License-Identifier: Apache-2.0
"""Opening an account by its holders (docs/FORMAT.md 8.8): all of them sign, the operator admits it. And rows 1, 2,
3, 4, 9, 10, 11, 12 and 18 of what must not work, through this door."""
import json
import os
import sqlite3
import threading
import time
import unittest

import application as ap
import bank as b
import operators
import scene
from events import Stream
from holder import Holder, verify_evidence

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SMALL = [{"anyOf": [{"signers": [{"count": 1}]}], "upTo": "100.00"}, {"above": "100.00", "require": "all"}]


class Scene(scene.Scene):
    accounts_given = 1000

    def new_account(self):
        Scene.accounts_given += 1
        return b.iban(Scene.accounts_given)

    def says(self, session, application, verb="apply", /, **members):
        return ap.send(session, application, ap.word(session.key, application, verb, **members))

    def ready(self, *names, **members):
        """An application that alice and bob have signed."""
        application = ap.make(*(names or ("alice", "bob")), **members)
        for session in (self.alice, self.bob):
            self.assertIn(self.says(session, application).status, (200, 201))
        return application

    def admit(self, application, account=None):
        return self.bank.operator("POST", "/v1/applications/%s/admission" % ap.name(application),
                                  {"account": account or self.new_account()})

    def refuse(self, application, reason="as a test"):
        return self.bank.operator("POST", "/v1/applications/%s/refusal" % ap.name(application), {"note": reason})

    def look(self, application, session=None):
        return (session or self.alice).get("/v1/applications/" + ap.name(application)).json

    def key_of(self, holder, key, status):
        return self.bank.operator("POST", "/v1/holders/%s/keys/%s" % (holder, key.thumbprint),
                                  {"note": "as a test", "status": status})

    def setUp(self):
        super().setUp()
        self.first = len(self.bank.entries())
        self.opened = []

    def open(self, application, account=None):
        account = account or self.new_account()
        answer = self.admit(application, account)
        self.assertEqual((answer.status, answer.json.get("status")), (201, "admitted"), answer)
        self.before[account] = 0
        return account

    def since(self):
        """The entries about applications that this test made."""
        return [(e["type"], e.get("status")) for e in self.bank.entries()[self.first:]
                if e["type"].startswith("application") or e["type"] == "account"]


class Ceremony(Scene):
    def test_two_sign_and_the_operator_admits(self):
        application = ap.make("alice", "bob", rules=SMALL, policy={"deputies": ["bob"], "limits": [
            {"amount": "300.00", "per": "month"}]})
        answer = self.says(self.alice, application)
        self.assertEqual((answer.status, answer.json["status"], answer.json["missing"]), (201, "waiting", ["bob"]))
        self.assertEqual(answer.json["application"], ap.name(application))
        for session in (self.alice, self.bob):
            (waits,) = session.get("/v1/applications").json["applications"]
            self.assertEqual((waits["application"], waits["missing"]), (ap.name(application), ["bob"]))
        self.assertEqual(self.look(application, self.bob)["document"], application)
        self.refused(self.admit(application), "APPLICATION_UNSIGNED")
        answer = self.says(self.bob, application)
        self.assertEqual((answer.status, answer.json["missing"]), (200, []))
        account = self.open(application)
        self.assertEqual(self.look(application)["account"], account)
        self.assertEqual(self.alice.get("/v1/applications").json["applications"], [])
        self.assertEqual(self.since(), [("application", "waiting"), ("application", "signed"), ("account", None),
                                        ("application-end", "admitted")])
        self.as_they_signed(application, account)
        self.usable_at_once(account)

    def as_they_signed(self, application, account):
        (entry,) = [e for e in self.bank.log_from(self.first) if e["body"]["type"] == "account"]
        body = entry["body"]
        self.assertEqual((body["application"], body["currency"]), (ap.name(application), "EUR"))
        at = self.bob.get("/v1/accounts/%s/policy" % account).json["policy"]
        self.assertEqual(body["policy"], at)
        self.assertEqual(at, {**application["policy"], "account": account, "bank": b.NAME, "currency": "EUR",
                              "type": "policy", "validFrom": at["validFrom"], "version": 1})
        self.assertLessEqual(at["validFrom"], b.rfc3339(time.time()))

    def usable_at_once(self, account):
        policy = self.alice.get("/v1/accounts/%s/policy" % account).json["policy"]
        paid = self.bank.operator("POST", "/v1/accounts/%s/funding" % account, {"amount": "50.00", "currency": "EUR"})
        self.assertEqual(paid.status, 201)
        self.taken(self.alice.decide(b.make_order(account, self.payee, "20.00"), policy), "ACSC")
        self.moved = {account: 3000, self.payee: 2000}

    def test_alone(self):
        application = ap.make("alice")
        self.assertEqual(self.says(self.alice, application).json["missing"], [])
        self.refused(self.bob.get("/v1/applications/" + ap.name(application)), "NOT_FOUND")
        self.assertEqual(self.bob.get("/v1/applications").json["applications"], [])
        self.open(application)
        self.assertEqual(self.since(), [("application", "signed"), ("account", None), ("application-end", "admitted")])

    def test_whoever_is_named_can_end_it(self):
        for session in (self.alice, self.bob):
            application = ap.make("alice", "bob")
            self.says(self.alice, application)
            answer = self.says(session, application, "withdraw")
            self.assertEqual((answer.status, answer.json["status"]), (200, "withdrawn"))
            for late in (self.says(self.bob, application), self.says(self.alice, application, "withdraw"),
                         self.admit(application), self.refuse(application)):
                self.refused(late, "APPLICATION_OVER")

    def test_whom_it_names_hears_of_it(self):
        """And nobody else, of which one is told here by what comes afterwards."""
        edp = b.Key(self.bank.dir)
        self.bank.add_holder("erin", edp)
        erin = b.Session(self.bank, edp)
        application = ap.make("alice", "bob")
        self.says(self.alice, application)
        with Stream(self.bank, self.bob, after=self.first) as stream:
            told = stream.until("application-waiting")[-1][1]
            self.assertEqual((told["application"], told["holder"]), (ap.name(application), "alice"))
            self.says(self.bob, application, "withdraw")
            self.assertEqual(stream.until("application-withdrawn")[-1][1]["holder"], "bob")
        erin.post("/v1/keys/%s/suspension" % edp.thumbprint, {"note": "as a test"})
        self.key_of("erin", edp, "active")
        with Stream(self.bank, b.Session(self.bank, edp), after=self.first) as stream:
            self.assertNotIn("application", " ".join(name for name, _ in stream.until("key-active")))

    def test_the_bank_refuses(self):
        application = self.ready()
        answer = self.refuse(application, "Ωx")
        self.assertEqual((answer.json["status"], answer.json["note"]), ("refused", "Ωx"))
        self.assertEqual(self.look(application, self.bob)["note"], "Ωx")
        self.refused(self.admit(application), "APPLICATION_OVER")
        self.refused(self.refuse(application), "APPLICATION_OVER")

    def test_numbers_that_are_none_or_somebodys(self):
        application = self.ready()
        for account, name in ((self.account, "ACCOUNT_EXISTS"), ("PT50000201231234567890155", "IBAN_CHECK_DIGITS"),
                              ("x", "IBAN_INVALID")):
            self.refused(self.admit(application, account), name)
        self.open(application)

    def test_policies_that_cannot_be(self):
        for asked, name in (({"rules": [{"anyOf": [{"signers": [{"count": 3}]}]}]}, "POLICY_INVALID"),
                            ({"holders": [{"class": "T", "id": "alice"}]}, "POLICY_INVALID"),
                            ({"account": b.iban(7)}, "DOC_MEMBER_UNKNOWN"), ({"version": 1}, "DOC_MEMBER_UNKNOWN"),
                            ({"validFrom": "2026-01-01T00:00:00Z"}, "DOC_MEMBER_UNKNOWN"), ({"currency": "EUR"}, "DOC_MEMBER_UNKNOWN"),
                            ({"title": ""}, "TEXT_INVALID"), ({"limits": [{"amount": "1.000", "per": "day"}]}, "AMOUNT_INVALID"),
                            ({"validUntil": b.rfc3339(time.time() + ap.DAY)}, "APPLICATION_PERIOD")):
            application = ap.make("alice", "bob", policy=asked)
            with self.subTest(**asked):
                self.refused(self.says(self.alice, application), name)
        for members, name in (({"currency": "XXX"}, "CURRENCY_UNKNOWN"), ({"type": "policy"}, "DOC_TYPE"),
                              ({"version": 2}, "DOC_TYPE"), ({"more": 1}, "DOC_MEMBER_UNKNOWN"),
                              ({"nonce": "short"}, "DOC_MEMBER_INVALID")):
            application = ap.make("alice", "bob", **members)
            with self.subTest(**members):
                self.refused(self.says(self.alice, application), name)
        self.assertEqual(self.since(), [])

    def test_people_who_cannot_be(self):
        till = b.b64(b.Key(self.bank.dir).spki)
        self.bank.operator("POST", "/v1/terminals", {"name": "till", "spki": till, "terminal": "till-1"})
        for who, name in ((("alice", "zoe"), "HOLDER_UNKNOWN"), (("alice", "till-1"), "HOLDER_IS_NO_PERSON"),
                          (("bob", "edp"), "NOT_AN_APPLICANT")):
            self.refused(self.says(self.alice, ap.make(*who)), name)

    def test_so_many_and_no_more(self):
        made = [ap.make("alice", "bob") for _ in range(9)]
        for application in made[:8]:
            self.assertEqual(self.says(self.alice, application).status, 201)
        self.refused(self.says(self.alice, made[8]), "APPLICATIONS_FULL")
        self.assertEqual(self.says(self.bob, made[8]).status, 201)  # his own, where they count apart
        self.assertEqual(self.says(self.alice, made[8]).status, 200)
        self.says(self.alice, made[0], "withdraw")
        again = ap.make("alice")
        self.assertEqual(self.says(self.alice, again).status, 201)
        for application in made[1:] + [again]:
            self.assertEqual(self.says(self.alice, application, "withdraw").status, 200)


class Threats(Scene):
    def test_threat_01_again(self):
        application = ap.make("alice", "bob")
        jws = ap.word(self.alice.key, application)
        first = ap.send(self.alice, application, jws)
        self.assertEqual(ap.send(self.alice, application, jws).body, first.body)
        self.refused(self.says(self.alice, application), "ALREADY_DECIDED")
        self.says(self.bob, application)
        account = self.open(application)
        self.assertEqual(ap.send(self.alice, application, jws).body, first.body)
        self.bank.stop()
        self.bank.start()
        self.alice, self.bob = b.Session(self.bank, self.alice.key), b.Session(self.bank, self.bob.key)
        type(self).alice, type(self).bob = self.alice, self.bob
        self.assertEqual(ap.send(self.alice, application, jws).body, first.body)
        self.assertEqual(self.look(application)["account"], account)
        self.assertEqual([e for e in self.since() if e[0] == "account"], [("account", None)])

    def test_threat_02_for_something_else(self):
        application, other = ap.make("alice", "bob"), ap.make("alice", "bob")
        for name, members in (("BANK_MISMATCH", {"bank": "demobank.example/prod"}),
                              ("APPLICATION_MISMATCH", {"application": ap.name(other)}),
                              ("DISPLAY_MISMATCH", {"displayDigest": b.sha256(b"another")}),
                              ("DISPLAY_UNKNOWN", {"display": "countersign-policy-display/1;en"}),
                              ("DOC_MEMBER_INVALID", {"decision": "approve"}),
                              ("DOC_MEMBER_MISSING", {"application": None}),
                              ("DOC_MEMBER_UNKNOWN", {"account": self.account})):
            self.refused(self.says(self.alice, application, **members), name)
        elsewhere = ap.make("alice", "bob", bank="demobank.example/prod")
        self.refused(self.says(self.alice, elsewhere), "BANK_MISMATCH")
        self.refused(self.says(self.alice, elsewhere, bank=b.NAME), "BANK_MISMATCH")
        self.refused(ap.send(self.alice, other, ap.word(self.alice.key, application)), "APPLICATION_MISMATCH")
        self.assertEqual(self.since(), [])

    def test_threat_03_another_text_was_shown(self):
        application = ap.make("alice", "bob")
        shown = ap.display(ap.make("alice", "bob", policy={"title": "Harmless"}), "apply")
        for text in (shown, ap.display(application, "withdraw")):
            self.refused(self.says(self.alice, application, displayDigest=b.sha256(text.encode())), "DISPLAY_MISMATCH")

    def test_threat_04_another_kind_of_statement(self):
        application = ap.make("alice", "bob")
        for typ in ("countersign-decision+jws", "countersign-policy+jws", ap.TYP + "x"):
            self.refused(ap.send(self.alice, application, ap.word(self.alice.key, application, typ=typ)), "JWS_TYPE")

    def test_threat_09_stale(self):
        now = int(time.time())
        application = ap.make("alice", "bob")
        for ahead, name in ((-320, "ISSUED_TOO_OLD"), (30, "ISSUED_IN_FUTURE")):
            self.refused(self.says(self.alice, application, issued=b.rfc3339(now + ahead)), name)
        self.refused(self.says(self.alice, ap.make("alice", lifetime=-1, now=now)), "APPLICATION_PERIOD")
        self.refused(self.says(self.alice, ap.make("alice", lifetime=30 * ap.DAY + 60, now=now)), "APPLICATION_PERIOD")

    def test_threat_10_a_key_that_counts_no_more(self):
        """Between the signature and the admission; its holder signs again by another."""
        old, new = b.Key(self.bank.dir), b.Key(self.bank.dir, "P-384")
        self.assertEqual(self.bank.add_holder("carol", old).status, 201)
        carol = b.Session(self.bank, old)
        application = ap.make("alice", "carol")
        self.says(self.alice, application)
        self.assertEqual(self.says(carol, application).json["missing"], [])
        self.key_of("carol", old, "suspended")
        self.assertEqual(self.look(application)["missing"], ["carol"])
        self.refused(self.admit(application), "APPLICATION_UNSIGNED")
        self.key_of("carol", old, "active")
        self.assertEqual(self.look(application)["missing"], [])
        self.key_of("carol", old, "revoked")
        self.refused(self.admit(application), "APPLICATION_UNSIGNED")
        (item,) = [i for i in self.bank.operator("GET", "/v1/queue").json["items"] if i["id"] == ap.name(application)]
        self.assertEqual((item["waitsFor"], item["canDecide"]), ("holders", ["carol"]))
        self.refused(self.says(self.alice, application), "ALREADY_DECIDED")
        self.new_key("carol", new)
        answer = self.says(b.Session(self.bank, new), application)
        self.assertEqual((answer.status, answer.json["missing"]), (200, []))
        self.open(application)
        self.assertEqual([s for t, s in self.since() if t == "application"], ["waiting", "signed", "signed"])

    def new_key(self, holder, key):
        import enrolment as en

        newcomer = en.Newcomer(self.bank, holder.title(), wanted=holder)
        newcomer.key = key
        newcomer.ask()
        self.assertEqual(newcomer.admit(holder, another=True).json.get("holder"), holder)

    def test_threat_11_one_person_one_word(self):
        """A hundred at once, by two keys of one person: nobody signs for the other."""
        second = b.Key(self.bank.dir)
        application = ap.make("alice", "bob")
        self.says(self.alice, application)
        self.refused(ap.send(self.alice, application, ap.word(self.bob.key, application)), "KEY_MISMATCH")
        self.new_key("alice", second)
        sessions = [b.Session(self.bank, key) for key in (self.alice.key, second) * 5]
        answers = []

        def shout(session):
            for _ in range(10):
                answers.append(self.says(session, application))

        threads = [threading.Thread(target=shout, args=(session,)) for session in sessions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([answer.name for answer in answers], ["ALREADY_DECIDED"] * 100)
        self.assertEqual(self.look(application)["missing"], ["bob"])
        self.refused(self.admit(application), "APPLICATION_UNSIGNED")
        self.key_of("alice", second, "revoked")

    def test_threat_12_withdrawn_or_admitted(self):
        """One of the two, never both, whoever comes first."""
        outcomes = set()
        for _ in range(12):
            application, account, answers = self.ready(), self.new_account(), {}
            jws = ap.word(self.bob.key, application, "withdraw")
            race = [threading.Thread(target=lambda: answers.update(bank=self.admit(application, account))),
                    threading.Thread(target=lambda: answers.update(bob=ap.send(self.bob, application, jws)))]
            for thread in race if len(outcomes) % 2 else reversed(race):
                thread.start()
            for thread in race:
                thread.join()
            names = (answers["bank"].name, answers["bob"].name)
            self.assertIn(names, (("OK", "APPLICATION_OVER"), ("APPLICATION_OVER", "OK")))
            is_open = self.bank.operator("GET", "/v1/accounts/" + account).name == "OK"
            self.assertEqual(is_open, names[0] == "OK")
            self.assertEqual(self.look(application)["status"], "admitted" if is_open else "withdrawn")
            if is_open:
                self.before[account] = 0
            outcomes.add(names)

    def test_threat_18_text_stays_text(self):
        odd = "=1+1'; DROP TABLE application; --<b>%00"
        application = ap.make("alice", policy={"title": odd})
        self.assertEqual(self.says(self.alice, application).json["title"], odd)
        for name in ("..%2f..", "x' OR '1'='1", "A" * 64, "0" * 63, ap.name(application).upper()):
            path = "/v1/applications/" + name.replace(" ", "%20")
            self.assertIn(self.alice.get(path).name, ("NOT_FOUND", "HTTP_MALFORMED"), path)
        account = self.open(application)
        self.assertEqual(self.bank.balance(account)["policy"]["title"], odd)


class Operators(unittest.TestCase):
    """Over sessions of their own: the admission is an act that an operator signed, and nobody works for two."""

    def setUp(self):
        self.bank = b.Bank()
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice, self.bob, self.account, *_ = b.joint(self.bank)
        self.sven = operators.enrol(self.bank, "sven", ["security"])
        self.people = {name: operators.enrol(self.bank, name, [role], by=self.sven) for name, role in
                       (("paula", "policy"), ("petra", "policy"), ("olga", "payments"))}

    def apply(self):
        application = ap.make("alice", "bob")
        for session in (self.alice, self.bob):
            answer = ap.send(session, application, ap.word(session.key, application))
            self.assertIn(answer.status, (200, 201), answer)
        return application

    def test_signed_logged_and_claimed(self):
        application, account = self.apply(), b.iban(1001)
        path = "/v1/applications/%s/admission" % ap.name(application)
        item = "application:" + ap.name(application)
        (waits,) = self.people["paula"].get("/v1/queue").json["items"]
        self.assertEqual((waits["kind"], waits["item"], waits["waitsFor"]), ("application", item, "bank"))
        self.assertEqual(self.people["olga"].act(path, {"account": account}).name, "ROLE_REQUIRED")
        self.assertEqual(self.bank.operator("POST", path, {"account": account}).name, "CONSOLE_CLOSED")
        claim = {"item": item, "note": "mine"}
        self.assertEqual(self.people["petra"].act("/v1/queue/claims", claim).name, "OK")
        answer = self.people["paula"].act(path, {"account": account})
        self.assertEqual((answer.name, answer.json["claimedBy"]), ("ITEM_CLAIMED", "petra"))
        jws = operators.act(self.people["petra"].key, path, {"account": account})
        first = self.people["petra"].send_act(path, jws)
        self.assertEqual((first.status, first.json["account"]), (201, account))
        self.assertEqual(self.people["petra"].send_act(path, jws).body, first.body)
        self.assertEqual(self.people["paula"].get("/v1/queue").json["items"], [])
        bodies = self.bank.entries()
        self.assertEqual([e["type"] for e in bodies[-3:]], ["act", "account", "application-end"])
        self.assertEqual((bodies[-1]["operator"], bodies[-1]["account"]), ("petra", account))
        self.assertEqual(self.people["paula"].act("/v1/queue/claims", claim).name, "NOT_FOUND")
        self.bank.verify_log()

    def test_an_act_for_another_is_none(self):
        application, other = self.apply(), self.apply()
        paths = ["/v1/applications/%s/admission" % ap.name(one) for one in (application, other)]
        jws = operators.act(self.people["paula"].key, paths[0], {"account": b.iban(1001)})
        self.assertEqual(self.people["paula"].send_act(paths[1], jws).name, "ACT_MISMATCH")
        self.assertEqual(self.people["petra"].send_act(paths[0], jws).name, "KEY_MISMATCH")
        answer = self.people["paula"].act("/v1/applications/%s/refusal" % ap.name(other), {"note": "x"})
        self.assertEqual(answer.json["status"], "refused")


class CommandLine(unittest.TestCase):
    """With tokens, as people do it: one PIN each, and what is signed is what was shown."""

    @classmethod
    def setUpClass(cls):
        cls.bank = b.Bank()
        cls.bank.__enter__()
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.people = {}
        for name in ("alice", "bob"):
            holder = Holder(cls.bank, name)
            cls.addClassCleanup(holder.close)
            cls.people[name] = holder.keys().enrol().settings(None)

    def test_from_the_draft_to_evidence(self):
        alice, bob = self.people["alice"], self.people["bob"]
        done = alice.run("application", "new", os.path.join(ROOT, "examples", "joint-account.json"), check=True)
        self.assertIn("I apply for this account.\n\nBank          demobank.example/test\n", done.stderr)
        self.assertIn("Rule 1        payments up to 250.00 EUR\n", done.stderr)
        self.assertIn("waits for bob: countersign application sign ", done.stdout)
        name = done.stdout.split()[-1]
        listed = bob.run("application", "list", check=True).stdout
        self.assertRegex(listed, r"(?m)^%s  20\d\d-\S+Z  bob  Household$" % name)
        (one,) = bob.json("application", "list")["applications"]
        whole = bob.json("application", "show", name)["document"]
        self.assertEqual(ap.name(whole), one["application"])
        text = bob.run("application", "show", name, check=True).stdout
        self.assertEqual(text, "\n%s\nThe application waits for bob: countersign application sign %s\n" % (
            ap.display(whole, "apply"), name))
        done = bob.run("application", "sign", name, check=True)
        self.assertIn("\n" + ap.display(whole, "apply"), done.stderr)
        self.assertEqual(done.stdout, "The application waits for the bank.\n")
        self.fails(bob.run("application", "sign", name), "ALREADY_DECIDED")
        self.operator(whole, one["application"])
        self.pay(alice, b.iban(1001))

    def operator(self, whole, name):
        row = r"(?m)bank +- +EUR +Household +- +alice bob .* application +%s" % name[:16]
        self.assertRegex(self.bank.ctl("queue", "--waiting", "bank").stdout, row)
        self.assertRegex(self.bank.ctl("application", "list").stdout, r"(?m)^Household +EUR .* %s$" % name)
        told = self.bank.ctl("application", "show", name).stdout
        self.assertTrue(told.startswith(ap.display(whole, "apply") + "\nStatus        waiting\n"), told)
        self.assertIn("\nSigned        alice, bob\n", told)
        done = self.bank.ctl("application", "admit", name[:8], "--account", b.iban(1001))
        self.assertIn(ap.display(whole, "apply") + "Signed        alice, bob\n", done.stderr)
        self.assertIn("Status        admitted\nAccount       %s\n" % b.iban(1001), done.stdout)
        self.assertEqual(self.people["bob"].run("application", "show", name, check=True).stdout.splitlines()[-1],
                         "The account is open: " + b.iban(1001))

    def pay(self, alice, account):
        self.bank.ctl("account", "fund", "--account", account, "--amount", "100.00", "--currency", "EUR")
        self.bank.operator("POST", "/v1/accounts", {"account": b.iban(2), "currency": "EUR", "holders": ["bob"],
                                                    "title": "All holders"})
        alice.settings(account)
        path, order = alice.new_order(account=account, creditor={"account": b.iban(2), "name": "EDP Comercial"})
        self.assertIn("ACSC, settled", alice.run("approve", path, check=True).stdout)
        evidence = self.bank.path("evidence.json")
        alice.run("order", "evidence", order["id"], "--output", evidence, check=True)
        told = verify_evidence(self.bank, evidence)
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn("  first policy  as all its holders signed it when they applied for the account\n", told.stdout)
        for name in ("alice", "bob"):
            self.assertRegex(told.stdout, r"(?m)^  %-13s applied for the account with key " % name)
        self.bank.verify_log()

    def test_withdrawn_and_refused(self):
        alice, bob = self.people["alice"], self.people["bob"]
        for end in ("withdraw", "refuse"):
            done = alice.run("application", "new", "--title", "Ours", "--holder", "alice", "--holder", "bob", "--currency",
                             "EUR", check=True)
            name = done.stdout.split()[-1]
            whole = alice.json("application", "show", name)["application"]
            if end == "withdraw":
                done = bob.run("application", "withdraw", name, check=True)
                self.assertIn("\nI withdraw this application for an account.\n", done.stderr)
                self.assertEqual(done.stdout, "The application is over: withdrawn\n")
            else:
                self.bank.ctl("application", "refuse", whole, "--note", "not now")
                self.assertIn("The application is over: refused, not now\n", alice.run("application", "show", whole, check=True).stdout)
            self.fails(bob.run("application", "sign", name), "NOT_FOUND")
            self.assertIn("APPLICATION_OVER", bob.run("application", "sign", whole).stderr)

    def fails(self, done, name, code=1):
        self.assertEqual(done.returncode, code, done)
        self.assertIn("countersign: %s: " % name, done.stderr)

    def test_what_lacks(self):
        alice = self.people["alice"]
        self.fails(alice.run("application", "new", "--title", "Ours"), "USAGE", 2)
        self.fails(alice.run("application", "sign", "../x"), "USAGE", 2)
        self.fails(alice.run("application", "sign", "0123456"), "USAGE", 2)
        self.fails(alice.run("application", "sign", "0123456789abcdef"), "NOT_FOUND")
        for words in (("show", "../x"), ("refuse", "0123456", "--note", "x")):
            self.assertIn("USAGE", self.bank.ctl("application", *words, check=False).stderr)
        self.assertIn("NOT_FOUND", self.bank.ctl("application", "show", "01234567", check=False).stderr)
        draft = {"currency": "EUR", "holders": ["alice"], "title": "x"}
        for more, name, says in (({"more": 1}, "DOC_MEMBER_UNKNOWN", "draft.json"), ({"rules": {}}, "DOC_MEMBER_INVALID", "draft.json"),
                                 ({"rules": [{"anyOf": [{"signers": [{"count": 3}]}]}]}, "POLICY_INVALID", "rule 1, way 1: "),
                                 ({"deputies": ["zoe"]}, "POLICY_INVALID", "zoe")):
            self.bank.write("draft.json", json.dumps({**draft, **more}))
            done = alice.run("application", "new", self.bank.path("draft.json"))
            self.fails(done, name)
            self.assertIn(says, done.stderr)

    def test_the_bank_refuses_several(self):
        alice, names = self.people["alice"], []
        for title in ("One", "Two"):
            done = alice.run("application", "new", "--title", title, "--holder", "alice", "--currency", "EUR", check=True)
            self.assertEqual(done.stdout, "The application waits for the bank.\n")
            names.append([a for a in alice.json("application", "list")["applications"] if a["title"] == title][0]["application"])
        done = self.bank.ctl("application", "refuse", names[0][:10], names[1], "--note", "not now")
        self.assertEqual(done.stdout.count("Status        refused\nNote          not now\n"), 2)
        for title in ("One", "Two"):
            self.assertIn("\nTitle         %s\n" % title, done.stderr)
        self.assertEqual(alice.json("application", "list")["applications"], [])
        self.assertEqual(alice.run("application", "list", check=True).stdout, "No application waits.\n")

    def test_threat_11_names_that_nobody_proved(self):
        """Who signed is not the bank's word: its store says bob did."""
        alice = self.people["alice"]
        alice.run("application", "new", "--title", "Ours", "--holder", "alice", "--holder", "bob", "--currency", "EUR",
                  check=True)
        (one,) = alice.json("application", "list")["applications"]
        with sqlite3.connect(self.bank.path("bank.db")) as db:
            db.execute("INSERT INTO application_word (application, holder, signing_key, statement, received_us, entry)"
                       " SELECT w.application, h.id, k.id, w.statement, w.received_us, w.entry FROM application_word w, holder h"
                       " JOIN signing_key k ON k.holder = h.id WHERE h.holder = 'bob' AND k.use = 'sign' AND w.id ="
                       " (SELECT max(id) FROM application_word)")
        told = self.bank.ctl("application", "show", one["application"]).stdout
        self.assertIn("\nSigned        alice, bob (NOT PROVED: KEY_UNKNOWN)\nMissing       bob\n", told)
        done = self.bank.ctl("application", "admit", one["application"], "--account", b.iban(1003), check=False)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("APPLICATION_UNSIGNED", done.stderr)
        self.assertIn("no proven signature of bob", done.stderr)
        self.assertNotIn("application-end", [e["type"] for e in self.bank.entries()[-1:]])
        self.bank.ctl("application", "refuse", one["application"], "--note", "as a test")


if __name__ == "__main__":
    unittest.main(warnings="ignore")
