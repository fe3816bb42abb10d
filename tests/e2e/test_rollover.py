# SPDX-License-Identifier: Apache-2.0
"""The bank's root key is replaced: who pins the old one finds the new one and says so, who pins another is
refused, and what was proved stays proved."""
import json
import os
import signal
import threading
import time
import types
import unittest

import operators
from bank import BIN, Bank, Key, Session, StartFailed, iban
from holder import WAIT_S, Holder, Operator
from test_curl_engine import Scene
from test_keeper_admits import Times, ask, stale
from test_watch import Screen

ACCOUNT, PAYEE = iban(1), iban(2)
ROLL = 8


class RolloverTest(unittest.TestCase):
    def setUp(self):
        self.bank = Bank()
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice = Holder(self.bank, "alice").keys().enrol()
        self.addCleanup(self.alice.close)
        self.bank.open_account(ACCOUNT, ["alice"], funds="100.00")
        self.bank.open_account(PAYEE, ["alice"])
        self.alice.settings(ACCOUNT)
        self.first = self.bank.pin

    def roll(self, *words):
        """The result; the bank runs again afterwards, with the new root key."""
        self.bank.stop()
        done = self.bank.tool(["bankd-keeper", "--config", self.bank.path("keeper.conf"), "--rollover", "--json",
                               "--pin-fd", "{9999}", *words])
        self.bank.start()
        result = json.loads(done.stdout)
        self.assertEqual(self.bank.pin, result["pin"])
        self.alice.settings(ACCOUNT, bank_key=result["oldPin"])
        return result

    def pinned(self):
        with open(self.alice.conf, encoding="utf-8") as f:
            return dict(line.rstrip("\n").split(" = ", 1) for line in f)["bank_key"]

    def pay(self, name="order.json"):
        """An order, signed and executed, and the file of its evidence."""
        path, order = self.alice.new_order(name, account=ACCOUNT, creditor={"account": PAYEE, "name": "EDP"},
                                           amount="1.00")
        self.alice.run("approve", path, check=True)
        self.evidence_of(order, name + ".evidence")
        return self.bank.path(name + ".evidence")

    def evidence_of(self, order, name):
        answer = self.bank.operator("GET", "/v1/accounts/%s/orders/%s/evidence" % (ACCOUNT, order["id"]))
        self.assertEqual(answer.status, 200, answer)
        with open(self.bank.path(name), "wb") as f:
            f.write(answer.body)

    def verify(self, pin, evidence, *words):
        return self.bank.tool(["countersign-verify", "evidence", "--json", "--bank-key", pin, *words, evidence],
                              check=False)

    def proves(self, pin, evidence, *words, rollovers=0):
        done = self.verify(pin, evidence, *words)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(json.loads(done.stdout).get("rollovers", 0), rollovers)

    def proves_not(self, name, pin, evidence, *words):
        done = self.verify(pin, evidence, *words)
        self.assertEqual((done.returncode, json.loads(done.stdout)["error"]), (1, name))

    def saved(self):
        path = self.bank.path("rollovers.json")
        self.bank.ctl("key", "show", "--save", path)
        return path

    def alice_thumbprint(self):
        return self.bank.operator("GET", "/v1/holders").json["holders"][0]["keys"][0]["thumbprint"]

    def refused(self, done, name, *words):
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(name, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


class Clients(RolloverTest):
    def test_the_old_pin_finds_the_new_one_and_is_replaced(self):
        self.alice.run("login", check=True)
        rolled = self.roll()
        with open(self.alice.conf, encoding="utf-8") as f:
            before = f.read()
        told = self.alice.run("accounts", check=True)  # the session from before still holds
        for word in ("was replaced", "old  " + self.first, "new  " + rolled["pin"], "pinned in the configuration file"):
            self.assertIn(word, told.stderr)
        with open(self.alice.conf, encoding="utf-8") as f:
            self.assertEqual(f.read(), before.replace(self.first, rolled["pin"]))
        self.assertEqual(self.alice.run("accounts", check=True).stderr, "")
        self.pay()

    def test_without_a_session_and_with_an_option(self):
        rolled = self.roll()
        self.alice.settings(ACCOUNT, bank_key=None)
        told = self.alice.run("login", "--bank-key", self.first, check=True)
        self.assertIn("From now on give --bank-key " + rolled["pin"], told.stderr)
        with open(self.alice.conf, encoding="utf-8") as f:
            self.assertNotIn("bank_key", f.read())

    def test_a_new_pin_notices_nothing(self):
        rolled = self.roll()
        self.alice.settings(ACCOUNT, bank_key=rolled["pin"])
        self.assertNotIn("replaced", self.alice.run("login", check=True).stderr)

    def test_a_wrong_pin_is_refused_and_stays(self):
        rolled = self.roll()
        wrong = self.bank.pin[:-1] + ("A" if self.bank.pin[-1] != "A" else "E")
        self.alice.settings(ACCOUNT, bank_key=wrong)
        self.refused(self.alice.run("login"), "TLS_REFUSED", rolled["pin"], wrong, "no rollover leads there")
        self.assertEqual(self.pinned(), wrong)

    def test_another_bank_with_rollovers_of_its_own(self):
        """Its rollovers lead to its key, not from this pin; and ours, replayed there, not to its key."""
        self.roll()
        with Bank() as impostor:
            impostor.stop()
            impostor.tool(["bankd-keeper", "--config", impostor.path("keeper.conf"), "--rollover", "--pin-fd",
                           "{9999}"])
            impostor.start()
            there = "https://127.0.0.1:%d" % impostor.port
            self.refused(self.alice.run("login", "--url", there), "TLS_REFUSED", impostor.pin)
            self.assertEqual(self.pinned(), self.first)

    def test_twice_leads_on(self):
        self.roll("--overlap-days", "1")
        rolled = self.roll("--overlap-days", "2")
        self.alice.settings(ACCOUNT, bank_key=self.first)
        self.alice.run("login", check=True)
        self.assertEqual(self.pinned(), rolled["pin"])

    def test_bankctl_follows_and_shows(self):
        rolled = self.roll()
        told = self.bank.ctl("key", "show", "--bank-key", self.first)
        self.assertIn("from now on give --bank-key " + rolled["pin"], told.stderr)
        self.assertIn(rolled["pin"], told.stdout)
        self.assertRegex(told.stdout, r"Before     %s\n +replaced \S+Z; clients come from it until %s"
                         % (self.first, rolled["until"]))
        shown = json.loads(self.bank.ctl("key", "show", "--json").stdout)
        self.assertEqual([(r["old"], r["new"], r["expires"]) for r in shown["rollovers"]],
                         [(self.first, rolled["pin"], rolled["until"])])
        self.bank.ctl("log", "verify", "--bank-key", self.first)
        wrong = self.bank.ctl("key", "show", "--bank-key", self.alice_thumbprint(), check=False)
        self.refused(wrong, "KEY_MISMATCH", rolled["pin"])


class Watching(RolloverTest):
    def test_the_stream_follows(self):
        """Its next connection meets the new root key; what is said about it stands where the screen was."""
        self.alice.run("login", check=True)
        command = self.alice.words("orders", "--watch")
        command[0] = os.path.join(BIN, command[0])
        screen = Screen(self, {**self.bank.env, **self.alice.env}, command)
        screen.has("The account's orders", "live", without=["NO CONNECTION"])
        with open(self.bank.path("bankd.conf"), encoding="utf-8") as f:
            text = f.read()
        self.bank.write("bankd.conf", text.replace("listen = 127.0.0.1:0", "listen = 127.0.0.1:%d" % self.bank.port))
        rolled = self.roll()
        screen.has("live", without=["NO CONNECTION"])
        self.pay()
        screen.has("1  live", "1.00")
        screen.keys("q")
        screen.has("ended 0", "was replaced", rolled["pin"])
        self.assertEqual(self.pinned(), rolled["pin"])


class Certificates(Scene):
    """What the old root key issued, while the overlap lasts."""

    def roll(self, *words):
        self.bank.stop()
        self.bank.tool(["bankd-keeper", "--config", self.bank.path("keeper.conf"), "--rollover", "--pin-fd", "{9999}",
                        *words])
        self.bank.start()

    def test_are_sessions_as_before(self):
        for _ in range(2):
            self.roll()
            for use, key in (("sign", self.alice.key), ("authenticate", self.alice.tls)):
                answer = self.session(key, self.certificates[use]).get("/v1/accounts")
                self.assertEqual([a["account"] for a in answer.json["accounts"]], [iban(71)])
        self.refused(self.session(self.alice.tls, self.forged()).get("/v1/accounts"))


class Evidence(RolloverTest):
    def test_before_and_after(self):
        before = self.pay("before.json")
        rolled = self.roll()
        after = self.pay("after.json")
        kept = self.saved()
        self.proves(self.first, before)
        self.proves(self.first, after, rollovers=1)
        self.proves(rolled["pin"], after)
        self.proves_not("KEY_MISMATCH", rolled["pin"], before)
        self.proves(rolled["pin"], before, "--rollovers", kept, rollovers=1)
        second = self.roll()
        last = self.pay("last.json")
        kept = self.saved()
        self.proves(self.first, last, rollovers=2)
        self.proves(rolled["pin"], last, rollovers=1)
        self.proves(second["pin"], after, "--rollovers", kept, rollovers=1)
        self.proves(second["pin"], before, "--rollovers", kept, rollovers=2)
        self.proves_not("KEY_MISMATCH", self.alice_thumbprint(), last, "--rollovers", kept)
        self.bank.verify_log()

    def test_old_evidence_asked_for_anew_carries_the_chain(self):
        path, order = self.alice.new_order(account=ACCOUNT, creditor={"account": PAYEE, "name": "EDP"}, amount="1.00")
        self.alice.run("approve", path, check=True)
        rolled = self.roll()
        self.evidence_of(order, "again.json")
        self.proves(rolled["pin"], self.bank.path("again.json"))
        self.proves(self.first, self.bank.path("again.json"), rollovers=1)


class Daemon(RolloverTest):
    def entries(self):
        return [e["body"] for e in self.bank.log_from(0) if e["body"]["type"] == "rollover"]

    def test_the_log_has_each_once(self):
        self.roll()
        self.bank.stop_bankd()
        self.bank.start_bankd()
        self.roll()
        said = self.entries()
        given = self.bank.operator("GET", "/v1/rollovers").json["rollovers"]
        self.assertEqual([{w: e[w] for w in ("new", "old")} for e in said], given)
        self.assertEqual([e["object"] for e in said], ["bank", "bank"])
        self.bank.verify_log()

    def roll_keeper(self):
        """While bankd runs; it does not know yet."""
        self.bank.stop_keeper()
        done = self.bank.tool(["bankd-keeper", "--config", self.bank.path("keeper.conf"), "--rollover", "--json",
                               "--pin-fd", "{9999}"])
        self.bank.start_keeper()
        return json.loads(done.stdout)["pin"]

    def told(self, count):
        """bankd is told to look at the keeper, until it gives out so many rollovers."""
        self.bank.bankd.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + WAIT_S
        while len(self.bank.operator("GET", "/v1/rollovers").json["rollovers"]) != count:
            self.assertLess(time.monotonic(), deadline)

    def test_a_running_bankd_takes_it_up(self):
        """Without an end to anything: the connections that are open go on, and the next one shows the new key."""
        self.bank.add_holder("bob", key := Key(self.bank.dir))
        bob = Session(self.bank, key)
        pin = self.roll_keeper()
        self.pay()
        self.assertEqual(self.bank.operator("GET", "/v1/rollovers").json, {"rollovers": []})
        self.assertEqual(self.pinned(), self.first)
        self.told(1)
        self.assertEqual(bob.get("/v1/accounts").status, 200)
        self.proves(pin, self.pay("after.json"))
        self.assertEqual(self.pinned(), pin)
        second = self.roll_keeper()
        self.told(2)
        self.assertEqual(bob.get("/v1/accounts").status, 200)
        self.alice.run("accounts", check=True)
        self.assertEqual(self.pinned(), second)
        self.told(2)
        self.assertEqual(len(self.entries()), 2)
        self.bank.stop_bankd()
        self.bank.start_bankd()
        self.assertEqual((self.bank.pin, len(self.entries())), (second, 2))
        self.bank.verify_log()

    def test_a_running_bankd_takes_up_no_other(self):
        """A keeper that forgot what is in the log is not believed, and the bank goes on as it was."""
        self.roll()
        kept = self.bank.path("keeper/rollovers.json")
        self.bank.stop_keeper()
        os.rename(kept, self.bank.path("kept"))
        self.bank.start_keeper()
        said = self.bank.operator("GET", "/v1/rollovers").body
        self.bank.bankd.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + WAIT_S
        while "the keeper's rollovers: " not in self.bank.log_tail("bankd.log"):
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(self.bank.operator("GET", "/v1/rollovers").body, said)
        self.pay()

    def test_threat_20_not_with_a_keeper_that_forgot_its_rollover(self):
        """Going back to the old root key is refused, and so is another rollover in place of the one logged."""
        self.roll()
        self.bank.stop()
        kept = self.bank.path("keeper/rollovers.json")
        os.rename(kept, self.bank.path("kept"))
        self.bank.start_keeper()
        self.not_started("KEEPER_STATE")
        self.bank.stop_keeper()
        self.bank.tool(["bankd-keeper", "--config", self.bank.path("keeper.conf"), "--rollover", "--pin-fd", "{9999}"])
        self.bank.start_keeper()
        self.not_started("ROLLOVER_FORK")
        self.bank.stop_keeper()

    def not_started(self, name):
        with self.assertRaises(StartFailed) as failed:
            self.bank.start_bankd()
        self.assertIn("error=" + name, failed.exception.log)

    def test_killed_when_it_has_entered_it(self):
        self.roll()
        for _ in range(2):
            self.bank.stop_bankd(signal.SIGKILL)
            self.bank.stop_keeper(signal.SIGKILL)
            self.bank.start()
        self.assertEqual(len(self.entries()), 1)
        self.bank.verify_log()


class Asked(unittest.TestCase):
    """By operators whom the keeper knows, while all goes on."""

    SETTINGS, PATH, WISH = "", "/v1/bank-keys/rollover", {"overlapDays": 30}

    def setUp(self):
        self.bank = Bank(keeper_settings=self.SETTINGS)
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.bank.__enter__()
        self.olga_key = Key(self.bank.dir, "P-384")
        self.prepare()
        self.olga = operators.enrol(self.bank, "olga", ["security", "enrolment"], key=self.olga_key)

    def prepare(self):
        self.bank.pin_operator("olga", self.olga_key)

    def rollovers(self):
        return Session(self.bank).get("/v1/rollovers").json["rollovers"]

    def straight(self, act):
        """Past bankd: the keeper's own word."""
        return ask(self.bank, ROLL, act.encode())[0]

    def missing(self, operator, wish=None):
        answer = operator.act(self.PATH, wish or self.WISH)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["missing"]


class AskedFor(Asked):
    def test_it_is_replaced(self):
        open_one = Session(self.bank, self.olga_key)  # a connection that is open all the time
        act = operators.act(self.olga_key, self.PATH, self.WISH)
        self.assertEqual(self.olga.send_act(self.PATH, act).json, {"missing": 0})
        (first,) = self.rollovers()
        self.assertEqual(open_one.get("/v1/operators").status, 200)
        # Neither through bankd nor past it, nor when the keeper comes back, is there another by the same words.
        self.assertEqual(self.olga.send_act(self.PATH, act).json, {"missing": 0})
        self.assertEqual(self.straight(act), "NONCE_REUSED")
        self.bank.stop_keeper()
        self.bank.start_keeper()
        self.assertEqual(self.straight(act), "NONCE_REUSED")
        self.assertEqual(self.rollovers(), [first])
        self.assertEqual(self.missing(self.olga), 0)
        self.assertEqual(len(self.rollovers()), 2)
        types = [e["body"]["type"] for e in self.bank.log_from(0)]
        self.assertEqual((types.count("rollover"), types.count("act")), (2, 2))
        old = self.bank.pin
        self.bank.stop()
        self.bank.start()
        self.assertNotEqual(self.bank.pin, old)
        self.bank.verify_log()

    def test_a_token_that_takes_its_time(self):
        """Nobody waits for it; that the key is there is found out, whoever asks again or not."""
        reader, act = Session(self.bank, self.olga_key), operators.act(self.olga_key, self.PATH, self.WISH)
        self.bank.keeper.send_signal(signal.SIGSTOP)
        try:
            with Times(lambda: reader.get("/v1/operators")) as times:
                self.assertEqual(self.olga.send_act(self.PATH, act).name, "TIMEOUT")
        finally:
            self.bank.keeper.send_signal(signal.SIGCONT)
        self.assertLess(times.waits, 5)
        deadline = time.monotonic() + WAIT_S
        while not self.rollovers() and time.monotonic() < deadline:
            time.sleep(0.1)
        (first,) = self.rollovers()
        self.assertEqual(self.olga.send_act(self.PATH, act).json, {"missing": 0})
        self.assertEqual(self.rollovers(), [first])
        self.assertEqual([e["body"]["type"] for e in self.bank.log_from(0)].count("rollover"), 1)

    def test_whom_it_makes_wait_it_does_not_undo(self):
        """What others ask for at the same moment is done, however long the token takes."""
        act, over, answers = operators.act(self.olga_key, self.PATH, self.WISH), threading.Event(), []

        def read(session):
            while not over.is_set():
                answers.append(session.get("/v1/operators").name)

        readers = [threading.Thread(target=read, args=(Session(self.bank, self.olga_key),)) for _ in range(8)]
        self.bank.keeper.send_signal(signal.SIGSTOP)
        try:
            for reader in readers:
                reader.start()
            self.assertEqual([self.olga.send_act(self.PATH, act).name for _ in range(2)], ["TIMEOUT"] * 2)
        finally:
            over.set()
            self.bank.keeper.send_signal(signal.SIGCONT)
            for reader in readers:
                reader.join()
        self.assertEqual(set(answers), {"OK"})

    def test_what_a_bankd_cannot_get(self):
        pia = operators.enrol(self.bank, "pia", ["enrolment"], by=self.olga)
        now = int(time.time())
        for act, word in (
                (operators.act(Key(self.bank.dir), self.PATH, self.WISH), "OPERATOR_UNPINNED"),
                (operators.act(pia.key, self.PATH, self.WISH), "ROLE_REQUIRED"),
                (operators.act(self.olga_key, "/v1/clock/accept", {"note": "as a test"}), "ACT_MISMATCH"),
                (operators.act(self.olga_key, self.PATH, self.WISH, bank="demobank.example/prod"), "BANK_MISMATCH"),
                (operators.act(self.olga_key, self.PATH, self.WISH, **stale(now - 320)), "ISSUED_TOO_OLD"),
                (operators.act(self.olga_key, self.PATH, self.WISH, **stale(now + 40)), "ISSUED_IN_FUTURE"),
                (operators.act(self.olga_key, self.PATH, {"overlapDays": 367}), "DOC_MEMBER_INVALID"),
                (operators.act(self.olga_key, self.PATH, {}), "DOC_MEMBER_MISSING"),
                (operators.act(self.olga_key, self.PATH, self.WISH)[:-4] + "AAAA", "SIGNATURE_INVALID"),
                ("", "JWS_MALFORMED")):
            with self.subTest(word):
                self.assertEqual(self.straight(act), word)
        self.assertEqual(pia.act(self.PATH, self.WISH).name, "ROLE_REQUIRED")
        self.assertEqual(self.rollovers(), [])

    def test_who_lost_the_role_or_the_key(self):
        otto = operators.enrol(self.bank, "otto", ["security"], by=self.olga)
        act = operators.act(otto.key, self.PATH, self.WISH)
        path = "/v1/holders/otto/keys/" + otto.key.thumbprint
        self.olga.act(path, {"note": "as a test", "status": "suspended"})
        self.assertEqual(self.straight(act), "KEY_INACTIVE")
        self.olga.act(path, {"note": "as a test", "status": "active"})
        self.olga.act("/v1/operators/otto/roles", {"note": "as a test", "roles": ["viewer"]})
        self.assertEqual(self.straight(act), "ROLE_REQUIRED")
        self.assertEqual(self.rollovers(), [])


class AskedOfNobody(Asked):
    def prepare(self):
        answer = self.bank.operator("POST", self.PATH, self.WISH)  # the console
        self.assertEqual(answer.name, "KEEPER_UNPINNED", answer)

    def test_a_keeper_without_operators(self):
        answer = self.olga.act(self.PATH, self.WISH)
        self.assertEqual(answer.name, "KEEPER_UNPINNED", answer)
        self.assertIn("bankd-keeper --rollover", answer.body.decode())
        self.bank.pin_operator("otto", Key(self.bank.dir))
        self.assertEqual(self.olga.act(self.PATH, self.WISH).name, "OPERATOR_UNPINNED")
        self.assertEqual(self.rollovers(), [])


class AskedByTwo(Asked):
    SETTINGS = "admissions = 2\n"

    def test_two_must_ask_for_the_same(self):
        key = Key(self.bank.dir)
        self.bank.pin_operator("otto", key)
        otto = operators.enrol(self.bank, "otto", ["security"], by=self.olga, key=key)
        self.assertEqual([self.missing(self.olga), self.missing(self.olga)], [1, 1])
        self.assertEqual(self.missing(otto, {"overlapDays": 31}), 1)  # begins anew
        self.bank.stop_keeper()
        self.bank.start_keeper()
        self.assertEqual(self.rollovers(), [])
        self.assertEqual(self.missing(self.olga, {"overlapDays": 31}), 0)
        self.assertEqual(len(self.rollovers()), 1)
        self.assertEqual(self.missing(otto), 1)


class AskedByToken(unittest.TestCase):
    def test_bankctl(self):
        with Bank() as bank:
            olga = Operator(bank, "olga").keys().settings(None).enrol("operator")
            self.addCleanup(olga.close)
            with open(bank.path("olga.spki"), "rb") as f:
                bank.pin_operator("olga", types.SimpleNamespace(spki=f.read()))
            bank.ctl("operator", "roles", "olga", "--role", "security", "--note", "the first")
            for days in ("0", "367", "x"):
                self.assertEqual(olga.ctl("key", "rollover", "--overlap-days", days).returncode, 2)
            told = olga.ctl("key", "rollover", "--overlap-days", "10", check=True)
            self.assertRegex(told.stdout, "Before     %s\n" % bank.pin)
            self.assertNotIn(bank.pin, told.stdout.splitlines()[0])
            self.assertIn("New letters have the new pin.", told.stdout)
            bank.ctl("key", "show", "--save", bank.path("rollovers.json"))
            with open(bank.path("rollovers.json"), encoding="utf-8") as f:
                self.assertEqual(len(json.load(f)["rollovers"]), 1)
            olga.ctl("operator", "list", check=True)
            refused = bank.ctl("key", "rollover", "--yes", check=False)
            self.assertIn("CONSOLE_CLOSED", refused.stderr)


if __name__ == "__main__":
    unittest.main()
