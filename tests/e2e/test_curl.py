#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every operation in docs/openapi.yaml has an example for curl. Each runs as printed, with what docs/API.md
makes by its own lines as printed, against a real bank and a holder with a token."""
import json
import os
import pathlib
import re
import shlex
import subprocess
import time
import sys
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/bankd"))
import bank as b  # noqa: E402
import application as ap  # noqa: E402
import enrolment as en  # noqa: E402
import operators  # noqa: E402
from holder import Holder  # noqa: E402
from openapi_test import mismatch, operations, resolve  # noqa: E402

PAGE = (ROOT / "docs/API.md").read_text(encoding="utf-8")
VARIABLES = set(re.findall(r"`([A-Z]+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGE, re.M))))
HOLDER, NEWCOMER, TERMINAL = ("".join(re.findall(r"<!-- test: %s -->\n```sh\n(.*?)```" % who, PAGE, re.S))
                    for who in ("holder", "newcomer", "terminal"))
CURLRC = 'silent\nshow-error\nwrite-out = "%{stderr}%{json}\\n"\n'
# People type the PIN; the page's lines stay as they are.
PROGRAM = 'countersign() { command countersign "$@" --pin-fd 4 4<<<1234; }\n'
ACCOUNT, PAYEE, HELD, EMPTY = "PT50000201231234567890154", "PT50003500010000004561245", b.iban(5), b.iban(6)
ELSEWHERE = "NL91ABNA0417164300"

# Sends the bank's root, too, between its own leaf and that again as what it would have trusted.
IMPOSTOR = """openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout /dev/null -out evil.pem \\
  -subj /CN=evil -addext "subjectAltName=URI:countersign:$NAME" 2>/dev/null
cat evil.pem bank2.pem evil.pem > chain.pem
openssl() { if [ "$1" = s_client ]; then cat chain.pem; else command openssl "$@"; fi; }
"""


def samples(operation):
    return [sample["source"] for sample in operation.get("x-codeSamples", [])]


def connection(operation):
    """The options that reach the door through which the operation's first caller comes."""
    if operation["x-callers"] == ["courier"]:
        return ["--unix-socket", "$COURIER"]
    signed_only = operation["operationId"] == "rollover"  # what the console says is not enough for it
    if set(operation["x-callers"]) <= {"console", "watcher"} and not signed_only:
        return ["--unix-socket", "$SOCKET"]
    pinned = ["--insecure", "--pinnedpubkey", "$TLSKEY"]
    alone = operation["x-callers"] == ["open"] and operation["operationId"] != "login"
    return pinned if alone else [*pinned, "--cert", "$SESSION"]


class Static(unittest.TestCase):
    def test_each_has_an_example(self):
        for method, path, operation in operations():
            self.assertTrue(samples(operation), "no x-codeSamples: %s %s" % (method, path))

    def test_each_is_one_curl_at_the_right_door(self):
        for _, path, operation in operations():
            for source in samples(operation):
                words = shlex.split(source)
                head = ["curl", "--fail-with-body", *connection(operation)]
                self.assertEqual(words[:len(head)], head, path)
                rest = set(words[len(head):])
                self.assertFalse(rest & {"--insecure", "--pinnedpubkey", "--cert", "--unix-socket"}, path)

    def test_variables_are_those_of_the_page(self):
        self.assertGreater(len(VARIABLES), 8)
        text = "".join(source for _, _, operation in operations() for source in samples(operation))
        self.assertLessEqual(set(re.findall(r"\$\{?(\w+)", text)), VARIABLES)


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bank = b.Bank(bankd_settings="hold_above = 400.00 EUR\nbank_codes = PT 0002, PT 0035\n")
        cls.bank.bankd_settings += "courier_socket = %s\n" % cls.bank.path("courier.sock")
        cls.addClassCleanup(cls.bank.__exit__, None, None, None)
        cls.bank.__enter__()
        cls.alice, cls.carol = cls.holder("alice"), cls.holder("carol")
        cls.alice.enrol()
        cls.till = cls.holder("till-1").enrol("terminal")
        shop, bob = b.Key(cls.bank.dir), b.Key(cls.bank.dir)
        cls.bank.add_holder("shop", shop)
        cls.bank.add_holder("bob", bob)
        cls.bank.operator("POST", "/v1/operators", {"operator": "otto", "name": "Otto", "spki": b.b64(b.Key(cls.bank.dir).spki)})
        cls.bank.operator("POST", "/v1/operators/otto/roles", {"note": "as a test", "roles": ["payments"]})
        cls.bank.open_account(ACCOUNT, ["alice"], "1872.22")
        for account in (PAYEE, EMPTY):
            cls.bank.open_account(account, ["shop"])
        cls.make_directory()
        cls.waiting, cls.bob = cls.make_wait(bob), bob
        cls.credits = cls.suspend()

    @classmethod
    def holder(cls, name):
        """With a token, and the settings where the program looks for them by itself."""
        holder = Holder(cls.bank, name)
        cls.addClassCleanup(holder.close)
        place = cls.bank.path(name)
        os.makedirs(os.path.join(place, "countersign"))
        holder.conf = os.path.join(place, "countersign/config")
        holder.env["XDG_CONFIG_HOME"] = place
        return holder.keys().settings(ACCOUNT)

    @classmethod
    def make_directory(cls):
        cls.work = cls.bank.path("work")
        os.mkdir(cls.work)
        os.symlink(ROOT / "examples", os.path.join(cls.work, "examples"))
        cls.bank.write("work/.curlrc", CURLRC)
        cls.bank.write("work/rules.json", '{"rules": [{"require": "all"}]}')

    @classmethod
    def make_wait(cls, key):
        """The orders that wait for the operator, by what he will do with each."""
        policy = cls.bank.open_account(HELD, ["bob"], "2000.00")
        session, found = b.Session(cls.bank, key), {}
        for act, payee, amount, status in (("release", PAYEE, "500.00", "PDNG"), ("refuse", PAYEE, "500.00", "PDNG"),
                                           ("confirm", ELSEWHERE, "1.00", "ACSP"), ("return", ELSEWHERE, "1.00", "ACSP"),
                                           ("hold", PAYEE, "2.00", "ACCP")):
            later = {"date": b.rfc3339(time.time() + 20 * 86400)[:10], "lifetime": 86400} if act == "hold" else {}
            order = b.make_order(HELD, payee, amount, **later)
            answer = session.decide(order, policy)
            assert answer.json.get("status") == status, answer
            found[act] = order["id"]
        return found

    @classmethod
    def suspend(cls):
        """The credits of which the operator disposes, by what he will do with each."""
        found = {}
        for act in ("assign", "creditReturn", "claim", "giveBack", "comment"):
            answer = cls.bank.operator("POST", "/v1/credits", {
                "account": b.iban(77), "amount": "5.00", "currency": "EUR", "debtorName": "Somebody", "reference": act})
            assert answer.json.get("state") == "suspense", answer
            found[act] = str(answer.json["id"])
        cls.bank.operator("POST", "/v1/queue/claims", {"item": "credit:" + found["giveBack"], "note": "as a test",
                                                       "operator": "otto"})
        return found

    def shell(self, script, holder, **variables):
        env = {**self.bank.env, **holder.env, "CURL_HOME": self.work, "HOME": self.work, "no_proxy": "*",
               "PATH": "%s:%s" % (os.path.abspath(b.BIN), os.environ["PATH"])}
        env = {name: value for name, value in env.items() if name not in VARIABLES} | variables
        return subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", script], cwd=self.work, env=env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)

    def lines(self, script, holder, **variables):
        """Runs lines of the page; VARIABLES and what they export."""
        done = self.shell(PROGRAM + script + "\nenv -0 > exported", holder, **variables)
        self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)
        with open(os.path.join(self.work, "exported"), encoding="utf-8") as f:
            exported = dict(line.split("=", 1) for line in f.read().split("\0") if line)
        return {name: value for name, value in exported.items() if name in VARIABLES}

    def given(self):
        """What the reader knows before the first line."""
        return {"BANK": "https://127.0.0.1:%d" % self.bank.port, "NAME": self.bank.name, "PIN": self.bank.pin}

    def prepared_till(self):
        """The session of the terminal, made and logged in as a holder's is, and what it signed."""
        session = HOLDER.split("countersign order new", maxsplit=1)[0] + TERMINAL
        variables = self.lines(session, self.till, **self.given())
        login = next(samples(operation)[0] for _, _, operation in operations() if operation["operationId"] == "login")
        self.assertEqual(self.shell(login, self.till, **variables).returncode, 0)
        return variables["SESSION"]

    def prepared(self):
        """Every variable of the page, each as the page makes it or says where it stands."""
        self.till_session = self.prepared_till()
        (key,) = self.alice.json("token", "info")  # before it has another one beside it
        newcomers = self.enrolments()
        variables = self.lines(HOLDER, self.alice, **self.given(), **newcomers)
        variables = self.lines(NEWCOMER, self.carol, **variables)
        with open(os.path.join(self.work, "bill.json"), encoding="utf-8") as f:
            order = json.load(f)["id"]
        movement = self.bank.operator("GET", "/v1/accounts/%s/movements" % ACCOUNT).json["movements"][0]["id"]
        return {**variables, **newcomers, **self.applications(), "ACCOUNT": ACCOUNT, "ID": order, "MOVEMENT": str(movement), "CREDIT": "1", "NOTICE": "1", "CODE": "00000000", "COURIER": self.bank.path("courier.sock"), "HOLDER": "bob", "KEY": self.bob.thumbprint, "OPERATOR": "otto",
                "SOCKET": self.bank.path("bankd.sock"), "THUMBPRINT": key["thumbprint"]}

    def enrolments(self):
        """Requests of three newcomers: one is handed in by the example, one each admitted and refused."""
        newcomers = [en.Newcomer(self.bank, "Dora Example") for _ in range(3)]
        self.bank.write("work/enrolment.json", json.dumps({"enrolment": newcomers[0].jws()}))
        self.refused = newcomers[2].ask()
        return {"ENROLMENT": newcomers[1].ask(), "LETTER": newcomers[1].key.thumbprint}

    def applications(self):
        """The examples admit one, refuse another, and alice looks at the third, which names her."""
        key = b.Key(self.bank.dir)
        self.bank.add_holder("nora", key)
        session = b.Session(self.bank, key)
        made = [ap.make("nora"), ap.make("nora"), ap.make("alice", "nora")]
        for one in made:
            answer = ap.send(session, one, ap.word(key, one))
            assert answer.status == 201, answer
        self.unwanted, self.joint = map(ap.name, made[1:])
        return {"APPLICATION": ap.name(made[0])}

    def special(self, identifier):
        """Of an account that must be empty, of orders and credits that must wait, of the terminal, of another key."""
        if identifier == "cash":
            return {"SESSION": self.till_session}
        if identifier == "keySuspend":
            (key,) = self.till.json("token", "info")
            return {"SESSION": self.till_session, "THUMBPRINT": key["thumbprint"]}
        if identifier == "contactConfirm":
            told = self.bank.operator("POST", "/v1/courier", {"carried": []}, door="courier.sock").json["notices"]
            return {"CODE": next(one["code"] for one in told if one["kind"] == "contact-confirm")}
        if identifier == "rollover":
            return {"SESSION": self.operator_session()}
        if identifier in ("terminalAdd", "operatorAdd"):
            return {"SPKI": b.b64(b.Key(self.bank.dir).spki)}
        if identifier == "enrolmentRefuse":
            return {"ENROLMENT": self.refused}
        if identifier in ("application", "applicationRefuse"):
            return {"APPLICATION": self.joint if identifier == "application" else self.unwanted}
        if identifier == "close":
            return {"ACCOUNT": EMPTY}
        if identifier in self.credits:
            return {"CREDIT": self.credits[identifier]}
        return {"ACCOUNT": HELD, "ID": self.waiting[identifier]} if identifier in self.waiting else {}

    def operator_session(self):
        """Of an operator whom the keeper knows; what he signs lies there as a file."""
        key = b.Key(self.bank.dir)
        self.bank.pin_operator("rosa", key)
        rosa = operators.enrol(self.bank, "rosa", ["security"], key=key)
        path = "/v1/bank-keys/rollover"
        self.bank.write("work/rollover.json", json.dumps({"act": operators.act(key, path, {"overlapDays": 90})}))
        with open(rosa.cert, encoding="utf-8") as cert, open(rosa.session_key.path, encoding="utf-8") as private:
            self.bank.write("work/operator.pem", cert.read() + private.read())
        return self.bank.path("work/operator.pem")

    def run_example(self, method, path, operation, source, variables):
        done = self.shell(source, self.alice, **{**variables, **self.special(operation["operationId"])})
        told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        until = 28 if "--max-time" in source else 0  # a stream goes on until curl has had enough
        self.assertEqual((done.returncode, len(told)), (until, 1), source + "\n" + done.stdout + done.stderr)
        status, (told,) = str(told[0]["http_code"]), told
        self.assertEqual(told["method"], method)
        template = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", path))
        self.assertRegex(urllib.parse.urlsplit(told["url_effective"]).path, "^%s$" % template)
        self.assertIn(status, operation["responses"])
        body = done.stdout
        if told["filename_effective"]:
            body = pathlib.Path(self.work, told["filename_effective"]).read_text(encoding="utf-8")
        ((kind, content),) = resolve(operation["responses"][status])["content"].items()
        said = json.loads(body) if kind == "application/json" else body
        self.assertIsNone(mismatch(content["schema"], said), source)

    def test_every_example(self):
        variables = self.prepared()
        self.assertEqual(set(variables), VARIABLES)
        # In the page's order, which logs in first; nothing that a holder signed works after these.
        last = ("rotate", "clockAccept", "keySuspend", "logout", "rollover")
        place = {identifier: i for i, identifier in enumerate(last, 1)}
        for method, path, operation in sorted(operations(), key=lambda one: place.get(one[2]["operationId"], 0)):
            for source in samples(operation):
                with self.subTest(operation["operationId"]):
                    self.run_example(method, path, operation, source, variables)
        evidence = os.path.join(self.work, "evidence.json")
        self.bank.tool(["countersign-verify", "evidence", "--bank-key", self.bank.pin, evidence])
        self.bank.stop()
        self.bank.start()  # whose pin is another by now

    def test_the_page_trusts_nobody_else(self):
        """A root, a name or a leaf that is not the bank's: no key to pin. Another key: no request."""
        trust = HOLDER.split("export SESSION=", maxsplit=1)[0]
        right = self.lines(trust, self.alice, **self.given())
        for name, wrong in (("PIN", "A" * 43), ("NAME", "demobank.example/prod"), ("BANK", "https://127.0.0.1:1")):
            done = self.shell("rm -f bank*.pem\n" + trust, self.alice, **{**self.given(), name: wrong})
            self.assertNotEqual(done.returncode, 0, name)
        self.lines(trust, self.alice, **self.given())
        self.assertNotEqual(self.shell(IMPOSTOR + trust, self.alice, **self.given()).returncode, 0)
        health = next(samples(operation)[0] for _, _, operation in operations() if operation["operationId"] == "health")
        self.assertEqual(self.shell(health, self.alice, **right).returncode, 0)
        done = self.shell(health, self.alice, **{**right, "TLSKEY": "sha256//" + "A" * 43 + "="})
        self.assertEqual((done.returncode, done.stdout), (90, ""))


if __name__ == "__main__":
    unittest.main()
