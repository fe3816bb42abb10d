# SPDX-License-Identifier: Apache-2.0
"""policy lint and policy simulate on files, without a bank: what they print, as which exit code, and
what they refuse by name."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

BIN = os.path.abspath(os.environ.get("COUNTERSIGN_BIN", "build/dev/bin"))
PAYEE = "DE89370400440532013000"
WHO = ("--currency", "EUR", "--holder", "bob", "--holder", "alice", "--holder", "tom:T")
BANDS = {"rules": [{"upTo": "100.00", "anyOf": [{"signers": [{"count": 1}]}]},
                   {"above": "100.00", "anyOf": [{"signers": [{"count": 2}]}]}]}


def document(**members):
    return {"account": "PT50000201231234567890154", "bank": "bank.example/test", "currency": "EUR", "title": "Joint",
            "holders": [{"class": "A", "id": "alice"}, {"class": "A", "id": "bob"}], "rules": BANDS["rules"],
            "type": "policy", "validFrom": "2026-11-01T00:00:00Z", "version": 1, **members}


def one(count=1, **members):
    return {"anyOf": [{"signers": [{"count": count}]}], **members}


class Files(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.home = tempfile.TemporaryDirectory(prefix="countersign-policy-")
        self.addCleanup(self.home.cleanup)

    def policy(self, *words, value=None):
        """Runs policy WORDS on VALUE, a text or what becomes one."""
        with open(os.path.join(self.home.name, "f.json"), "w", encoding="utf-8") as f:
            f.write(value if isinstance(value, str) else json.dumps(BANDS if value is None else value, indent=2))
        env = {"HOME": self.home.name, "XDG_CONFIG_HOME": self.home.name}
        return subprocess.run([os.path.join(BIN, "countersign"), "policy", words[0], "f.json", *words[1:]], text=True,
                              cwd=self.home.name, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              check=False)

    def prints(self, expected, *words, value=None):
        done = self.policy(*words, value=value)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, expected, ""))

    def answers(self, expected, *words, value=None):
        done = self.policy(*words, "--json", value=value)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout), expected)

    def refused(self, done, name, code, *words, output=""):
        self.assertEqual((done.returncode, done.stdout), (code, output), done.stderr)
        self.assertIn("countersign: %s: " % name, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


class Lint(Files):
    def test_loads(self):
        self.prints("It loads, and nothing stands out.\n", "lint", *WHO, value={"rules": [one()]})
        self.prints("It loads, and nothing stands out.\n", "lint", value=document(rules=[one()]))
        self.answers({"findings": [], "loads": True}, "lint", value=document(rules=[one()]))

    def test_warnings(self):
        text = "not every payment of these amounts has a rule: above 9.00 EUR"
        alone = "rule 1: nothing goes without this one person: alice"
        value = {"rules": [{"anyOf": [{"signers": [{"count": 1, "of": ["alice"]}]}], "upTo": "9.00"}]}
        self.prints("warning  %s\nwarning  %s\nIt loads.\n" % (text, alone), "lint", *WHO, value=value)
        self.answers({"findings": [{"fault": "GAP", "fatal": False, "rule": 0, "way": 0, "text": text,
                                    "what": "above 9.00 EUR"},
                                   {"fault": "SINGLE_POINT", "fatal": False, "rule": 1, "way": 0, "text": alone,
                                    "what": "alice"}], "loads": True}, "lint", *WHO, value=value)

    def test_does_not_load(self):
        """Everything is told, as one object with --json, and the exit code says no."""
        value = {"rules": [one(), {"anyOf": [{"signers": [{"count": 1, "of": ["zoe"]}]}]}]}
        texts = ("rule 2, way 1: names what is not there, or twice, or out of order: zoe",
                 "rule 2, way 1: asks for more people than there are",
                 "rule 2: is never asked, since earlier rules decide all of it")
        lines = "".join("error    %s\n" % text for text in texts)
        self.refused(self.policy("lint", *WHO, value=value), "POLICY_INVALID", 1, "f.json", output=lines)
        done = self.policy("lint", *WHO, "--json", value=value)
        self.assertEqual(done.returncode, 1)
        self.assertIn("POLICY_INVALID", done.stderr)
        answer = json.loads(done.stdout)
        self.assertIs(answer["loads"], False)
        self.assertEqual([(f["fault"], f["fatal"], f["rule"], f["way"], f["what"]) for f in answer["findings"]],
                         [("UNKNOWN", True, 2, 1, "zoe"), ("UNREACHABLE", True, 2, 1, ""), ("NEVER", True, 2, 0, "")])
        self.assertEqual(tuple(f["text"] for f in answer["findings"]), texts)

    def test_classes(self):
        lines = "error    names what is not there, or twice, or out of order: X\n"
        self.refused(self.policy("lint", "--holder", "alice", "--holder", "bob:X", value={"rules": [one()]}),
                     "POLICY_INVALID", 1, output=lines)
        lines = "error    nobody may approve\nerror    rule 1, way 1: asks for more people than there are\n"
        self.refused(self.policy("lint", "--holder", "tom:T", value={"rules": [one()]}), "POLICY_INVALID", 1, output=lines)

    def test_terminal(self):
        """A name cannot steer the terminal."""
        value = {"rules": [{"require": "\u001b[2Jall"}]}
        self.assertIn("out of order: ?[2Jall\n", self.policy("lint", *WHO, value=value).stdout)

    def test_form(self):
        """By the name of the form's error, and where."""
        cases = [
            ({"rules": [one(), {"anyOf": [{"signers": [{"class": "A"}]}]}]}, "DOC_MEMBER_MISSING", "rule 2, way 1: count"),
            ({"rules": [one(upto="5.00")]}, "DOC_MEMBER_UNKNOWN", "rule 1: upto"),
            ({"rules": [one(upTo="5")]}, "AMOUNT_INVALID", "rule 1"),
            ({"rules": [one(payees=["DE00"])]}, "IBAN_INVALID", "rule 1"),
            ({"limits": [{"amount": "5.00"}]}, "DOC_MEMBER_MISSING", "limits"),
            ({"rulez": []}, "DOC_MEMBER_UNKNOWN", ""), ([], "DOC_MEMBER_INVALID", ""), ("{", "JSON_SYNTAX", ""),
            ({"rules": [one()] * 33}, "POLICY_INVALID", "rules"), (" " * 70000, "TOO_LARGE", ""),
        ]
        for value, name, where in cases:
            with self.subTest(name, value=value):
                done = self.policy("lint", *WHO, value=value)
                self.refused(done, name, 1, "\n  f.json" + (": %s\n" % where if where else ""))
                done = self.policy("lint", *WHO, "--json", value=value)
                self.assertEqual(json.loads(done.stdout)["error"], name)
        self.refused(self.policy("lint", value=document(rules=[])), "POLICY_INVALID", 1, "f.json: rules")

    def test_options(self):
        self.refused(self.policy("lint"), "USAGE", 2, "--holder")
        self.refused(self.policy("lint", "--holder", "alice"), "CURRENCY_UNKNOWN", 1, "--currency")
        self.refused(self.policy("lint", "--holder", "alice", "--currency", "XXX"), "CURRENCY_UNKNOWN", 1)
        for name in ("Bob", "bob:", "bob:AB", ":A"):
            self.refused(self.policy("lint", "--holder", name), "USAGE", 2, "--holder " + name)
        self.refused(self.policy("lint", *WHO, value=document()), "USAGE", 2, "leave --holder out")
        self.refused(self.policy("lint", "--currency", "USD", value=document()), "USAGE", 2, "currency")
        self.refused(self.policy("lint", *["--holder=h%d" % i for i in range(65)]), "USAGE", 2, "64")


class Simulate(Files):
    def test_text(self):
        line = "Who can approve it, one line is enough:\n"
        self.prints("A payment of 100.00 EUR: rule 1 is for it.\n%s  alice\n  bob\n" % line, "simulate", *WHO,
                    "--amount", "100.00")
        self.prints("A payment of 100.01 EUR to %s: rule 2 is for it.\n%s  alice, bob\n" % (PAYEE, line), "simulate",
                    "--amount", "100.01", "--payee", PAYEE, value=document())
        self.prints("A new policy: no rule is for it, so all must approve.\n%s  alice, bob\n" % line, "simulate", *WHO,
                    "--change")

    def test_json(self):
        nobody = {"coalitions": [], "more": False, "opensAfterDays": 0}
        self.answers({**nobody, "coalitions": [["alice"], ["bob"]], "rule": 1}, "simulate", *WHO, "--amount", "5.00")
        self.answers({**nobody, "refused": "POLICY_NO_RULE", "rule": 0}, "simulate", *WHO, "--cash", "--amount", "5.00")
        limits = [{"amount": "500.00", "per": "month"}]
        self.answers({**nobody, "refused": "LIMIT_EXCEEDED", "rule": 2}, "simulate", "--amount", "500.01",
                     value=document(limits=limits))
        self.answers({**nobody, "coalitions": [["alice", "bob"]], "rule": 0}, "simulate", "--change",
                     value=document(limits=limits))

    def test_payees(self):
        value = {"rules": [one(payees=[PAYEE]), one(2)]}
        self.answers({"coalitions": [["alice"], ["bob"]], "more": False, "opensAfterDays": 0, "rule": 1}, "simulate", *WHO,
                     "--amount", "5.00", "--payee", PAYEE, value=value)
        self.answers({"coalitions": [["alice", "bob"]], "more": False, "opensAfterDays": 0, "rule": 2}, "simulate", *WHO,
                     "--amount", "5.00", value=value)

    def test_waiting(self):
        value = {"rules": [{"anyOf": [{"afterDays": 7, "signers": [{"count": 2}]},
                                      {"afterDays": 30, "signers": [{"count": 1}]}]}]}
        words = ("simulate", *WHO, "--amount", "5.00")
        self.prints("A payment of 5.00 EUR: rule 1 is for it.\nNobody can approve it yet.\n"
                    "From day 7 on there are other ways: --waited 7.\n", *words, value=value)
        for days, groups, opens in (("6", [], 7), ("7", [["alice", "bob"]], 30), ("30", [["alice"], ["bob"]], 0)):
            self.answers({"coalitions": groups, "more": False, "opensAfterDays": opens, "rule": 1}, *words, "--waited", days,
                         value=value)
        self.assertIn("A payment of 5.00 EUR after 1 day: ", self.policy(*words, "--waited", "1", value=value).stdout)

    def test_more_than_listed(self):
        people = ["--holder=h%02d" % i for i in range(30)]
        done = self.policy("simulate", *people, "--currency", "EUR", "--amount", "5.00", value={"rules": [one(3)]})
        self.assertEqual(done.returncode, 0)
        lines = done.stdout.splitlines()
        self.assertEqual((len(lines), lines[2], lines[-1]),
                         (2 + 256 + 1, "  h00, h01, h02", "  ... and more groups than are listed."))
        done = self.policy("simulate", *people, "--currency", "EUR", "--amount", "5.00", "--json", value={"rules": [one(3)]})
        self.assertIs(json.loads(done.stdout)["more"], True)

    def test_currency(self):
        """A policy without amounts has none; a case needs one."""
        value = document(rules=[{"require": "all"}])
        del value["currency"]
        self.refused(self.policy("simulate", "--amount", "5.00", value=value), "USAGE", 2, "--currency")
        self.assertIn("A payment of 500 JPY: rule 1", self.policy("simulate", "--amount", "500", "--currency", "JPY",
                                                                  value=value).stdout)

    def test_does_not_load(self):
        value = {"rules": [one(), one()]}
        done = self.policy("simulate", *WHO, "--amount", "5.00", value=value)
        self.refused(done, "POLICY_INVALID", 1, "f.json: rule 2: is never asked")

    def test_options(self):
        cases = [((), "USAGE", 2), (("--amount", "5.00", "--cash", "--change"), "USAGE", 2),
                 (("--change", "--amount", "5.00"), "USAGE", 2), (("--change", "--payee", PAYEE), "USAGE", 2),
                 (("--cash", "--amount", "5.00", "--payee", PAYEE), "USAGE", 2),
                 (("--amount", "5.00", "--waited", "367"), "USAGE", 2), (("--amount", "5.00", "--waited=-1"), "USAGE", 2),
                 (("--amount", "5"), "AMOUNT_INVALID", 1), (("--amount", "0.00"), "AMOUNT_ZERO", 1),
                 (("--amount", "5.00", "--payee", "DE88370400440532013000"), "IBAN_CHECK_DIGITS", 1)]
        for words, name, code in cases:
            with self.subTest(words=words):
                self.refused(self.policy("simulate", *WHO, *words), name, code)


if __name__ == "__main__":
    sys.exit(unittest.main())
