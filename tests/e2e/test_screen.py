# SPDX-License-Identifier: Apache-2.0
"""What others chose - a token's label, a key's, a certificate's subject, a file's name, a payee's, a bank's words - at a
real terminal: only text that is seen reaches it. Python's own tables say what that is, not the program's."""
import json
import os
import re
import subprocess
import tempfile
import unicodedata
import unittest
from urllib.parse import quote

from bank import SOFTHSM, canon, make_order, openssl
from holder import Holder, Terminal
from liar import CHALLENGE, MINE, PAYEE, Liar, OnSocket, policy

# It clears the screen, names the window, goes back in the line; by C1, too; turns the direction, hides.
CSI, OSC, C1, BACK = "\x1b[2J\x1b[H", "\x1b]0;owned\x07", "\u009b2J\u009d0;owned\u009c", "\rPay 1.00\x08\x7f"
UNSEEN = "\u202e\u2066\u200b\u200f\u2060\ufeff\u00ad\u2028\u2029\u061c\U000e0041"
IGNORABLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u3164\uffa0\ufe0f"  # letters and marks that nobody sees
EVIL = "caf\u00e9" + CSI + OSC + C1 + BACK + UNSEEN + IGNORABLE
LABELS = [b"a" + CSI.encode(), b"b" + OSC.encode(), b"c" + BACK.encode(), b"d\x9b2J\x9d0;x\x9c", "e\u009b2J\u202e\u200b\u2066\ufeff".encode(),
          "f\u3164\ufe0f\u00ad\U000e0041".encode(), b"caf\xe9"]
MINE_LABEL = "alice\u202e\x1b[2J\u200b\r"
PIN = "1234"


def obeyed(text):
    """The characters of what a program sent to its terminal that are not plainly seen there."""
    text = text.replace("\r\n", "").replace("\n", "")  # the terminal's own way to end a line
    return ["%s in %r" % (hex(ord(c)), text[max(0, at - 30):at + 30]) for at, c in enumerate(text)
            if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or c in IGNORABLE]


class Screen(unittest.TestCase):
    maxDiff = None

    def clean(self, terminal, codes, *typed):
        """Types at each prompt, to the end; with one of these exit codes, and nothing but text was shown."""
        shown = ""
        for prompt, answer in typed:
            shown += terminal.expect(prompt)
            terminal.type(answer)
        code, rest = terminal.end()
        self.assertEqual(obeyed(shown + rest), [], shown + rest)
        self.assertNotIn("\ufffd", shown + rest)  # what is no UTF-8
        self.assertIn(code, codes, shown + rest)
        return shown + rest


class OfTokens(Screen):
    @classmethod
    def setUpClass(cls):
        cls.bank = Liar()
        cls.addClassCleanup(cls.bank.close)
        for label in (*LABELS, MINE_LABEL.encode()):
            subprocess.run([b"softhsm2-util", b"--init-token", b"--free", b"--label", label, b"--pin", PIN.encode(),
                            b"--so-pin", b"12345678"], env=cls.bank.env, check=True, capture_output=True, timeout=60)
        cls.alice = Holder(cls.bank, "alice", token="pkcs11:token=" + quote(MINE_LABEL))
        cls.addClassCleanup(cls.alice.close)
        cls.alice.settings(MINE)
        pkcs11 = ("pkcs11-tool", "--module", SOFTHSM, "--token-label", MINE_LABEL, "--login", "--pin", PIN, "--id", "02", "--label", EVIL)
        certificate = cls.bank.path("evil.der")
        key = cls.bank.path("evil.pem")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        openssl("req", "-x509", "-utf8", "-key", key, "-subj", "/CN=" + EVIL.replace("/", ""), "-days", "5", "-outform", "DER", "-out", certificate)
        for words in (("--keypairgen", "--key-type", "EC:prime256v1", "--usage-sign"), ("--write-object", certificate, "--type", "cert")):
            done = subprocess.run([*pkcs11, *words], env=cls.bank.env, capture_output=True, timeout=60, check=False)
            assert done.returncode == 0, done

    def at(self, *words, settings=False):
        return self.alice.terminal(*words) if settings else Terminal(["countersign", *words], {**self.bank.env, **self.alice.env})

    def test_threat_08_labels_in_lists(self):
        """Of every token, of its keys, and what is found wrong with them."""
        with self.at("token", "list", "--module", SOFTHSM) as terminal:
            shown = self.clean(terminal, (0, 3))
        for letter in "abcdef":
            self.assertRegex(shown, r"(?m)^token +%s\?|\b%s\?" % (letter, letter))
        with self.at("token", "doctor", "--module", SOFTHSM) as terminal:
            self.clean(terminal, (1, 3))
        with self.at("token", "doctor", "--module", SOFTHSM, "--token", self.alice.token) as terminal:
            self.clean(terminal, (0, 1, 3))

    def test_threat_08_labels_on_a_page(self):
        """It moves the cursor itself; nothing of a label does. One token, since a page has no room for all."""
        tokens = tempfile.TemporaryDirectory()
        self.addCleanup(tokens.cleanup)
        env = {**self.bank.env, "SOFTHSM2_CONF": os.path.join(tokens.name, "softhsm2.conf")}
        with open(env["SOFTHSM2_CONF"], "w", encoding="ascii") as conf:
            conf.write("directories.tokendir = %s\n" % tokens.name)
        label = "a" + CSI + OSC + "\u009b2J\r\u202e"
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "12345678"],
                       env=env, check=True, capture_output=True, timeout=60)
        with Terminal(["countersign", "token", "list", "--watch", "--module", SOFTHSM], env) as terminal:
            shown = terminal.expect("q: quit")
            terminal.type("q")
            code, rest = terminal.end()
        self.assertEqual(code, 0)
        shown += rest
        self.assertIn("a?[2J?[H?]0;owned??2J??", shown)
        self.assertEqual(obeyed(re.sub(r"\x1b(?:\[[?0-9;]*[A-Za-z]|[()][A-Z0-9]|[=>78])|[\r\x08]", "", shown)), [], shown)
        for evil in (OSC, "\x9b", "\u202e"):
            self.assertNotIn(evil, shown)

    def test_threat_08_labels_in_prompts(self):
        """Where a PIN is asked for."""
        prompt = ": "
        for words in (("token", "info"), ("token", "change-pin")):
            with self.at(*words, "--module", SOFTHSM, "--token", self.alice.token) as terminal:
                shown = self.clean(terminal, (0, 2, 3), (prompt, PIN + "\n"), *([(prompt, "x\n"), (prompt, "y\n")] if words[1] != "info" else []))
                self.assertIn("alice?", shown)
        with self.at("token", "info", "--module", "/nowhere/" + EVIL.replace("\0", "")) as terminal:
            self.assertIn("caf\u00e9?", self.clean(terminal, (3,)))
        with self.at("token", "info", "--module", SOFTHSM, "--token", "pkcs11:token=" + quote(EVIL)) as terminal:
            self.clean(terminal, (2, 3))
        with self.at("token", "info", "--module", SOFTHSM, "--token", "pkcs11:token=" + EVIL) as terminal:
            self.clean(terminal, (2, 3))

    # --- orders ---
    def order(self, **members):
        """A good one, and then what would be one but for a name."""
        order = {**make_order(MINE, PAYEE), **members}
        path = self.bank.path("order.json")
        with open(path, "wb") as f:
            f.write(canon(order))
        return path, order

    def answers(self, **more):
        self.bank.answers = {
            ("POST", "/v1/challenges"): {"challenge": CHALLENGE, "expires": "2099-01-01T00:00:00Z"},
            ("POST", "/v1/login"): {"expires": "2099-01-01T00:00:00Z", "holder": "alice", "idleSeconds": 300},
            ("GET", "/v1/accounts/%s/policy" % MINE): {"policy": policy(MINE)}, **more}

    def evil_orders(self):
        good = make_order(MINE, PAYEE)
        for at in ("description", "creditor"):
            for piece in (EVIL, CSI, OSC, C1, BACK, *UNSEEN):
                yield {at: {**good["creditor"], "name": "A" + piece} if at == "creditor" else "A" + piece}

    def test_threat_08_orders_in_files(self):
        self.answers()
        self.bank.write("policy.json", canon(policy(MINE)).decode())
        sign = ("--policy", self.bank.path("policy.json"), "--decision", "approve", "--output", self.bank.path("signed.json"))
        for members in self.evil_orders():
            path, _ = self.order(**members)
            for words in (("order", "show", path), ("sign", path, *sign), ("approve", path)):
                with self.subTest(words=words[:2], members=members), self.at(*words, settings=True) as terminal:
                    self.assertIn("countersign: ", self.clean(terminal, (1, 2)))
        path, _ = self.order()
        with self.at("sign", path, *sign, settings=True) as terminal:  # a good one
            shown = self.clean(terminal, (0,), ("to approve this order: ", PIN + "\n"))
            self.assertIn("alice?", shown)
        for words in (("order", "show"), ("sign",), ("approve",), ("order", "new")):
            with self.at(*words, self.bank.path(EVIL), *(sign if words == ("sign",) else ()), settings=True) as terminal:
                self.clean(terminal, (1, 2, 4))

    # --- a bank's words ---
    def test_threat_08_orders_of_a_bank(self):
        order = make_order(MINE, PAYEE)
        evil = {**order, "creditor": {**order["creditor"], "name": EVIL}}
        where = "/v1/accounts/%s/orders" % MINE
        self.answers()
        self.alice.run("login", check=True)
        for value in (evil, {**order, "description": EVIL}, {"id": EVIL, "amount": EVIL}, EVIL):
            offered = {"order": value, "policy": policy(MINE), "status": EVIL, "flags": [EVIL], "history": [{"entry": EVIL, "time": EVIL}]}
            for answer in (offered, (403, {"name": "NOT_A_HOLDER", "detail": EVIL}), (403, {"name": EVIL, "detail": EVIL})):
                self.answers()
                self.bank.answers["GET", where + "/" + order["id"]] = answer
                self.bank.answers["GET", where] = {"orders": [offered]} if answer is offered else answer
                self.bank.answers["GET", "/v1/orders/waiting"] = self.bank.answers["GET", where]
                for words in (("order", "show", order["id"]), ("approve", order["id"]), ("orders",), ("approve", "--all-waiting")):
                    with self.subTest(words=words, answer=str(answer)[:60]), self.at(*words, settings=True) as terminal:
                        self.clean(terminal, (0, 1, 2, 4))


class OfQueues(Screen):
    """An operator's, from a socket where a bank lies."""

    def test_threat_08_a_queue(self):
        row = {name: EVIL for name in ("account", "amount", "code", "currency", "id", "item", "kind", "name", "state", "status",
                                       "waitsFor", "since", "comment", "assignedTo")}
        whole = {**row, "items": [row], "orders": [row], "notices": [row]}
        server = OnSocket(self)
        for answer in ((200, whole), (403, {"detail": EVIL, "name": "ROLE_REQUIRED"}), (403, {"detail": EVIL, "name": EVIL})):
            server.answer = answer
            for words in (("queue",), ("order", "list"), ("notice", "list")):
                with self.subTest(words=words, answer=answer[0]), \
                        Terminal(["bankctl", *words, "--socket", server.server_address], dict(os.environ)) as terminal:
                    self.assertRegex(self.clean(terminal, (0, 1, 4)), "caf\u00e9\\?|bankctl: TEXT_INVALID")


if __name__ == "__main__":
    unittest.main()
