# SPDX-License-Identifier: Apache-2.0
"""Pays the demo's electricity bill with a plugged-in card: real pcscd, real OpenSC, a real bank. Runs
under with-card. Alice's key is PIV's 9A (id 01); Bob's is its 9C (id 02), for which the card wants the PIN
before each signature. Of an OpenPGP card they have the keys to sign (01) and to authenticate (03), which are
on two tokens. A SmartCard-HSM comes without keys and gets them by its profile: those to sign (02) and to
authenticate (01)."""
import json
import os
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import operators  # noqa: E402
from bank import Bank, Key, iban, openssl, unb64  # noqa: E402
from holder import DRAFT, WAIT_S, Holder, verify_evidence  # noqa: E402
from middleware import await_log, await_noticed, pkcs11  # noqa: E402

MODULE = os.environ["COUNTERSIGN_TEST_MODULE"]
PIN = os.environ["CARD_PIN"]
WRONG_PIN = "999999"
KEYS, TOKENS = {
    "pivcard": (("pkcs11:id=%01", "pkcs11:id=%02"), 1),
    "pgpcard": (("pkcs11:token=OpenPGP%20card%20%28User%20PIN%20%28sig%29%29;id=%01",
                 "pkcs11:token=OpenPGP%20card%20%28User%20PIN%29;id=%03"), 2),
    "hsmcard": (("pkcs11:id=%02", "pkcs11:id=%01"), 1),
}[os.environ["CARD_KIND"]]
with open(DRAFT, encoding="utf-8") as bill:
    BILL = json.load(bill)
ACCOUNTS = {"alice": BILL["account"], "bob": iban(2)}
CREDITOR = BILL["creditor"]["account"]


class CardPays(unittest.TestCase):
    def setUp(self):
        self.bank = Bank()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.bank.__enter__()
        self.bank.write("lsan", "leak:opensc-pkcs11\n")  # OpenSC keeps a little for itself
        self.bank.env["LSAN_OPTIONS"] = "print_suppressions=0:suppressions=" + self.bank.path("lsan")
        if os.environ["CARD_KIND"] == "hsmcard":
            self.make_keys()
        for name, key in zip(("alice", "bob"), KEYS):
            holder = Holder(self.bank, name, PIN, MODULE, key)
            self.addCleanup(holder.close)
            setattr(self, name, holder)

    def make_keys(self):
        self.bank.tool(["countersign", "token", "provision", "--profile", "schsm", "--pin-fd", "{%s}" % PIN])

    def enrol(self, holder):
        """From the card to a funded account; returns its number."""
        holder.enrol().settings(ACCOUNTS[holder.name])
        self.bank.open_account(ACCOUNTS[holder.name], [holder.name], "872.22")

    def open_creditor(self):
        """The bill's creditor has a software token."""
        creditor = Holder(self.bank, "creditor").keys().enrol()
        self.addCleanup(creditor.close)
        self.bank.open_account(CREDITOR, ["creditor"])

    def fails(self, done, name):
        """Refused by NAME as a matter of token or PIN."""
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("countersign: %s: " % name, done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def pays(self, holder):
        self.enrol(holder)
        holder.run("login", check=True)
        path, order = holder.new_order(account=ACCOUNTS[holder.name])
        approved = holder.run("approve", path, check=True)
        self.assertIn("I approve this payment order.", approved.stderr)
        self.assertIn("ACSC, settled", approved.stdout)
        balance = self.bank.balance(ACCOUNTS[holder.name])
        self.assertEqual((balance["booked"], balance["reserved"]), ("794.44", "0.00"))
        evidence = self.bank.path(holder.name + ".evidence")
        holder.run("order", "evidence", order["id"], "--output", evidence, check=True)
        verdict = verify_evidence(self.bank, evidence)
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)
        self.assertIn(order["id"] + " 77.78 EUR ACSC", verdict.stdout)

    def test_pays(self):
        self.assertEqual([("Virtual PCD" in token["reader"], token["tries"]) for token in self.list_tokens()],
                         [(True, "ok")] * TOKENS)
        self.open_creditor()
        self.pays(self.alice)
        self.pays(self.bob)
        self.assertEqual(self.bank.balance(CREDITOR)["booked"], "155.56")
        self.bank.verify_log()

    def test_kept(self):
        """Once a PIN, also for a key that wants it each time; and no longer than the card is in."""
        self.open_creditor()
        for holder in (self.alice, self.bob):
            self.enrol(holder)
            plain = lambda *words, who=holder: self.bank.tool(  # noqa: E731
                who.words(*words), check=False, env=who.env, start_new_session=True)
            holder.run("session", "start", check=True)
            for _ in range(2):
                path, _ = holder.new_order(account=ACCOUNTS[holder.name], amount="1.00")
                done = plain("approve", path, "--yes")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("ACSC, settled", done.stdout)
            os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR1)
            await_log("REMOVED", 1 if holder is self.alice else 2)
            deadline = time.monotonic() + WAIT_S
            while '"kept":true' in (told := plain("session", "status", "--json")).stdout:
                self.assertLess(time.monotonic(), deadline)
            self.assertIn("The token is kept logged in no longer (TOKEN_REMOVED): it was pulled.", told.stderr)
            os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR2)
            await_log("READY", 2 if holder is self.alice else 3)
            path, _ = holder.new_order(account=ACCOUNTS[holder.name], amount="1.00")
            self.fails(plain("approve", path, "--yes"), "PIN_NO_TERMINAL")

    def test_enrols(self):
        """By ceremony, with the keys that the card came with: 9C signs, 9A authenticates, 9D derives."""
        name, account = "carol", iban(5)
        carol = Holder(self.bank, name, PIN, MODULE, "pkcs11:")
        self.addCleanup(carol.close)
        self.bank.ctl("key", "show", "--letter", self.bank.dir, "--public-url", "https://127.0.0.1:%d" % self.bank.port)
        asked = json.loads(carol.run("enrol", "--name", "Carol", "--bank-letter", self.bank.path("bank-letter.txt"),
                                     "--module", MODULE, "--letter", self.bank.dir, "--json", check=True).stdout)
        told = json.loads(self.bank.ctl("enrolment", "admit", asked["enrolment"], "--id", name, "--name", "Carol", "--thumbprint",
                                        asked["thumbprint"], "--json").stdout)
        self.assertEqual(set(told["keys"]), {"sign", "authenticate", "derive"})
        carol.run("enrol", "--finish", "--letter", self.bank.dir, check=True)
        with open(carol.conf, encoding="utf-8") as settings:
            self.assertIn("id=%02", settings.read())
        self.open_creditor()
        self.bank.open_account(account, [name], "100.00")
        with open(carol.conf, "a", encoding="utf-8") as settings:
            settings.write("account = %s\n" % account)
        path, _ = carol.new_order(account=account)
        self.assertIn("ACSC, settled", carol.run("approve", path, check=True).stdout)

    def test_enrols_two_tokens(self):
        """An OpenPGP card: its key to sign is on one token, the other two are on another, and each asks for its PIN."""
        self.bank.ctl("key", "show", "--letter", self.bank.dir, "--public-url", "https://127.0.0.1:%d" % self.bank.port)
        pins = PIN + "\n" + PIN

        def enrol(name, *words, pin):
            holder = Holder(self.bank, name, PIN, MODULE, KEYS[0].partition(";")[0])
            self.addCleanup(holder.close)
            return holder, holder.run("enrol", "--name", name.title(), "--bank-letter", self.bank.path("bank-letter.txt"),
                                      "--module", MODULE, "--token", holder.token, "--letter", self.bank.dir, *words, pin=pin)

        _, done = enrol("dave", pin=PIN)
        self.assertIn("Without the keys of the card's other token", done.stderr)
        for use in ("authenticate", "derive"):
            self.assertIn("Without     a key to %s, " % use, done.stdout)
        self.fails(enrol("erin", pin=PIN + "\n" + WRONG_PIN)[1], "PIN_WRONG")
        carol, done = enrol("carol", "--json", pin=pins)
        asked = json.loads(done.stdout)
        told = json.loads(self.bank.ctl("enrolment", "admit", asked["enrolment"], "--id", "carol", "--name", "Carol",
                                        "--thumbprint", asked["thumbprint"], "--json").stdout)
        self.assertEqual(set(told["keys"]), {"sign", "authenticate", "derive"})
        carol.run("enrol", "--finish", "--letter", self.bank.dir, pin=pins, check=True)
        carol.run("login", check=True)

    def test_certified(self):
        """Certificates that OpenSC does not write to a PIV card come as files; they are of the card's keys."""
        done, issued = self.certify()
        for use in ("sign", "authenticate"):
            path = self.bank.path("enrolment-%s.pem" % use)
            self.assertEqual(done["certificates"][use], path)
            self.assertEqual(openssl("x509", "-in", path, "-outform", "DER"), issued[use])

    def test_certified_on_card(self):
        """A SmartCard-HSM has room for them; each is beside its key, and the holder goes on by them."""
        done, issued = self.certify()
        self.assertEqual(done["certificates"], {"sign": "token", "authenticate": "token"})
        for use, key_id in (("sign", "02"), ("authenticate", "01")):
            path = self.bank.path("certificate.der")
            self.assertEqual(pkcs11("-r", "--type", "cert", "--id", key_id, "-o", path).returncode, 0)
            with open(path, "rb") as der:
                self.assertEqual(der.read(), issued[use])
        doctor = json.loads(self.bank.tool(["countersign", "token", "doctor", "--module", MODULE, "--json"]).stdout)
        self.assertEqual((doctor["well"], doctor["findings"]), (True, []))

    def certify(self):
        """Dora by her card, admitted by an operator; what she was told, and the certificates by use."""
        olga = Key(self.bank.dir)
        self.bank.pin_operator("olga", olga)
        olga = operators.enrol(self.bank, "olga", ["enrolment", "security"], key=olga)
        dora = Holder(self.bank, "dora", PIN, MODULE, "pkcs11:")
        self.addCleanup(dora.close)
        self.bank.ctl("key", "show", "--letter", self.bank.dir, "--public-url", "https://127.0.0.1:%d" % self.bank.port)
        asked = json.loads(dora.run("enrol", "--name", "Dora", "--bank-letter", self.bank.path("bank-letter.txt"),
                                    "--module", MODULE, "--letter", self.bank.dir, "--json", check=True).stdout)
        told = olga.act("/v1/enrolments/%s/admission" % asked["enrolment"],
                        {"holder": "dora", "name": "Dora", "thumbprint": asked["thumbprint"]}).json
        done = json.loads(dora.run("enrol", "--finish", "--letter", self.bank.dir, "--json", check=True).stdout)
        dora.run("login", check=True)
        return done, {use: unb64(text) for use, text in told["certificates"].items()}

    def test_threat_14_wrong_pins(self):
        """No try is spent unasked: the last one takes --last-try, and then the count starts anew."""
        self.enrol(self.alice)
        path, _ = self.alice.new_order(account=ACCOUNTS["alice"])
        if os.environ["CARD_KIND"] == "pivcard":
            self.fails(self.alice.run("login", pin="letters"), "PIN_INVALID")  # which costs no try
        self.fails(self.alice.run("approve", path, pin=WRONG_PIN), "PIN_WRONG")
        last = self.fails(self.alice.run("login", pin=WRONG_PIN), "PIN_WRONG")
        self.assertIn("Tries left: one; another wrong PIN locks the token.", last)
        for pin in (PIN, WRONG_PIN):
            self.fails(self.alice.run("login", pin=pin), "PIN_LAST_TRY")
        with self.alice.terminal("login") as terminal:
            code, seen = terminal.end()
            self.assertEqual(code, 3)
            self.assertNotIn("PIN of token", seen)
        self.alice.run("login", "--last-try", check=True)
        self.alice.run("logout", check=True)
        self.alice.run("login", check=True)
        for _ in range(2):
            self.fails(self.alice.run("login", pin=WRONG_PIN), "PIN_WRONG")
        locked = self.fails(self.alice.run("login", "--last-try", pin=WRONG_PIN), "PIN_LOCKED")
        self.assertIn("Tries left: none; the token is locked.", locked)
        self.fails(self.alice.run("login", "--last-try"), "PIN_LOCKED")
        self.assertEqual(self.bank.balance(ACCOUNTS["alice"])["available"], "872.22")

    def pull(self, removed):
        """Until pcscd has noticed, too; OpenSC 0.23 hangs on a card that went a moment ago."""
        os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR1)
        await_log("REMOVED", removed)
        await_noticed()

    def list_tokens(self):
        listing = self.alice.run("token", "list", "--module", MODULE, "--json", settings=False, check=True)
        return json.loads(listing.stdout)["tokens"]

    def plug_in(self, ready):
        os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR2)
        await_log("READY", ready)

    def test_threat_14_pulled_before_and_while_asked(self):
        """Before the command, and while it asks for the PIN: nothing signed, nothing written."""
        self.enrol(self.alice)
        path, _ = self.alice.new_order(account=ACCOUNTS["alice"])
        policy, signed = self.bank.path("policy.json"), self.bank.path("signed.json")
        self.alice.run("policy", "--output", policy, check=True)
        sign = ("sign", path, "--policy", policy, "--decision", "approve", "--output", signed)
        self.pull(1)
        self.fails(self.alice.run(*sign), "TOKEN_NOT_FOUND")
        self.plug_in(2)
        with self.alice.terminal(*sign, "--wait", "0") as terminal:
            self.assertIn("I approve this payment order.", terminal.expect("to approve this order: "))
            self.pull(2)
            terminal.type(PIN + "\n")
            code, seen = terminal.end()
            self.assertEqual(code, 3)
            self.assertRegex(seen, "countersign: TOKEN_(REMOVED|NOT_FOUND): ")
        self.assertFalse([name for name in os.listdir(self.bank.dir) if name.startswith("signed.json")])
        self.plug_in(3)
        self.alice.run(*sign, check=True)
        self.assertTrue(os.path.exists(signed))
        self.assertEqual(self.bank.balance(ACCOUNTS["alice"])["available"], "872.22")


if __name__ == "__main__":
    unittest.main()
