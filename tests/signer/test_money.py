# SPDX-License-Identifier: Apache-2.0
"""What a holder sees of his money at the command line: movements of a period, categories, expenses with
their bars, statements; as tables, JSON and CSV - and cells that a spreadsheet would run."""
import csv
import datetime
import io
import json
import sys
import unittest

from desk import ALONE, FUNDS, JOINT, PAYEE, Desk
from holder import Terminal

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
MONTH = TODAY.strftime("%Y-%m")
COLUMNS = ["movement", "time", "amount", "currency", "balance", "category", "counterparty", "name", "description", "order"]
FORMULAS = ["=1+1", "=cmd|' /C calc'!A0", "+49 123", "-2+3", "@SUM(A1)", "=HYPERLINK(\"http://x\",\"y\")", "x;=1+1"]


def cents(text):
    """Exact, whatever the sign."""
    return int(text.replace(".", ""))


def rows_of(text):
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


class Money(Desk):
    """Alice pays twice from her own account; nobody else touches it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pay("77.78", "Electricity bill")
        cls.pay("12.00", "Water")
        cls.pay("1.50", "a, \"b\" c")

    @classmethod
    def pay(cls, amount, description, name="EDP Comercial"):
        path, _ = cls.alice.new_order("pay.json", account=ALONE, amount=amount, description=description,
                                      creditor={"account": PAYEE, "name": name})
        cls.alice.run("approve", path, check=True)

    def csv(self, *words):
        done = self.alice.run(*words, "--csv", check=True)
        return rows_of(done.stdout)

    def lines(self, *words):
        return [json.loads(line) for line in self.alice.run(*words, "--json", check=True).stdout.splitlines()]


class Movements(Money):
    def test_period(self):
        tomorrow, yesterday = (str(TODAY + datetime.timedelta(days=n)) for n in (1, -1))
        self.assertEqual(len(self.lines("movements", "--from", yesterday, "--to", tomorrow)), 4)
        self.assertEqual(self.alice.run("movements", "--to", yesterday, check=True).stdout, "Nothing moved then.\n")
        self.assertEqual(self.lines("movements", "--from", tomorrow), [])
        self.assertEqual(self.csv("movements", "--from", tomorrow), [COLUMNS])

    def test_refused(self):
        for command in ("movements", "expenses", "statement"):
            with self.subTest(command):
                self.refused(self.alice.run(command, "--from", "2026-02-30"), "USAGE", 2, "--from", "YYYY-MM-DD")
                self.refused(self.alice.run(command, "--to", "1.2.2026"), "USAGE", 2, "--to")
                self.refused(self.alice.run(command, "--from", "2026-02-02", "--to", "2026-02-01"), "PERIOD_INVALID", 1)
                self.refused(self.alice.run(command, "--csv", "--json"), "USAGE", 2, "--csv or --json")
                self.refused(self.alice.run(command, "--account", PAYEE), "ACCOUNT_UNKNOWN", 1)

    def test_csv(self):
        done = self.alice.run("movements", "--csv", check=True)
        self.assertEqual(done.stdout.count("\n"), 5)
        rows = rows_of(done.stdout)
        self.assertEqual(rows[0], COLUMNS)
        newest = dict(zip(COLUMNS, rows[1]))
        self.assertEqual((newest["amount"], newest["currency"], newest["description"], newest["counterparty"]),
                         ("-1.50", "EUR", 'a, "b" c', PAYEE))


class Categories(Money):
    def test_rule_and_movement(self):
        newest = self.lines("movements")[0]
        self.assertEqual(newest["category"], "other")
        self.assertIn("energy", self.alice.run("categories", "set", PAYEE, "energy", check=True).stdout)
        self.assertEqual(self.lines("categories"), [{"category": "energy", "payee": PAYEE}])
        number = str(newest["id"])
        done = self.alice.run("movements", "categorize", number, "tips", check=True)
        self.assertRegex(done.stdout, " %s  tips  " % number)
        self.assertEqual([m["category"] for m in self.lines("movements")], ["tips", "energy", "energy", "income"])
        entry = self.bank.entries()[-1]
        self.assertEqual((entry["type"], entry["object"], entry["holder"], entry["category"], entry["movement"]),
                         ("category", "account:" + ALONE, "alice", "tips", newest["id"]))
        self.assertEqual(self.alice.json("movements", "categorize", number)["category"], "energy")
        self.alice.run("categories", "drop", PAYEE, check=True)
        self.assertEqual(self.alice.run("categories", check=True).stdout, "There are no rules.\n")
        self.assertEqual([m["category"] for m in self.lines("movements")], ["other", "other", "other", "income"])
        self.bank.verify_log()

    def test_refused(self):
        number = str(self.lines("movements")[0]["id"])
        for words, name, code in ((("movements", "categorize", number, "Food"), "USAGE", 2),
                                  (("movements", "categorize", number, "a" * 33), "USAGE", 2),
                                  (("movements", "categorize", "x", "food"), "USAGE", 2),
                                  (("movements", "categorize", "999999", "food"), "NOT_FOUND", 1),
                                  (("categories", "set", "PT50", "food"), "IBAN_INVALID", 1),
                                  (("categories", "set", PAYEE, "=1"), "USAGE", 2),
                                  (("categories", "set", PAYEE, "food", "--account", PAYEE), "ACCOUNT_UNKNOWN", 1)):
            with self.subTest(words=words):
                self.refused(self.alice.run(*words), name, code)
        answer = self.bank.operator("POST", "/v1/accounts/%s/categories" % ALONE, {"payee": PAYEE, "category": "x"})
        self.assertEqual(answer.name, "ROLE_REQUIRED")

    def test_of_a_co_holder(self):
        """Bob says it, Alice sees it."""
        self.bob.run("movements", "categorize", str(self.joint()[0]["id"]), "gift", check=True)
        self.assertEqual(self.joint()[0]["category"], "gift")

    def joint(self):
        return self.lines("movements", "--account", JOINT)


class Expenses(Money):
    def test_forms(self):
        sums = self.alice.json("expenses")
        self.assertEqual(sums["expenses"], [{"amount": "91.28", "category": "other", "count": 3, "month": MONTH}])
        self.assertEqual((sums["account"], sums["currency"]), (ALONE, "EUR"))
        self.assertEqual(self.csv("expenses"), [["month", "category", "count", "amount", "currency"],
                                                [MONTH, "other", "3", "91.28", "EUR"]])
        table = self.alice.run("expenses", check=True).stdout.splitlines()
        self.assertEqual(table[0].split(), ["MONTH", "CATEGORY", "PAYMENTS", "AMOUNT"])
        self.assertEqual(table[1].split(), [MONTH, "other", "3", "91.28", "EUR"])  # and no bar: no terminal
        self.assertEqual(table[2].split(), ["Total", "3", "91.28", "EUR"])
        self.assertEqual(self.alice.run("expenses", "--to", "2001-01-01", check=True).stdout, "Nothing went out.\n")

    def shown(self, columns, **env):
        """The table as a terminal of so many columns gets it."""
        self.alice.run("login", check=True)
        kept = {k: v for k, v in self.bank.env.items() if k not in ("LC_ALL", "LC_CTYPE", "LANG")}
        with Terminal(self.alice.words("expenses"), {**kept, **self.alice.env, **env}, columns) as terminal:
            code, seen = terminal.end()
        self.assertEqual(code, 0, seen)
        return seen.splitlines()

    def test_bars(self):
        number = next(str(m["id"]) for m in self.lines("movements") if m["amount"] == "-12.00")
        self.alice.run("movements", "categorize", number, "water", check=True)
        self.addCleanup(self.alice.run, "movements", "categorize", number)
        for env, full in (({"LANG": "C"}, "#"), ({"LC_ALL": "en_GB.UTF-8"}, "\u2588")):
            with self.subTest(env):
                lines = self.shown(90, **env)
                self.assertTrue(all(len(line) <= 90 for line in lines), lines)
                other, water = (next(line for line in lines if name in line) for name in ("other", "water"))
                self.assertGreater(other.count(full), 5 * water.count(full))
                self.assertGreaterEqual(water.count(full), 1)
                self.assertEqual(lines[-1].count(full), 0)
        self.assertNotIn("#", "".join(self.shown(48, LANG="C")))


class Statement(Money):
    def test_adds_up(self):
        s = self.alice.json("statement", "--to", str(TODAY))
        self.assertEqual((s["opening"], s["to"], s["currency"]), ("0.00", str(TODAY), "EUR"))
        self.assertEqual(sum(cents(m["amount"]) for m in s["movements"]) + cents(s["opening"]), cents(s["closing"]))
        self.assertEqual(s["closing"], self.bank.balance(ALONE)["booked"])
        text = self.alice.run("statement", "--from", str(TODAY), check=True).stdout
        self.assertIn("Opening       0.00 EUR\n", text)
        self.assertIn("Closing       %s EUR\n" % s["closing"], text)
        self.assertIn("Movements     4; ", text)

    def test_csv(self):
        rows = self.csv("statement")
        self.assertEqual(rows[0], COLUMNS)
        self.assertEqual([rows[1][8], rows[-1][8]], ["Opening balance", "Closing balance"])
        amounts = [cents(row[2]) for row in rows[2:-1]]
        self.assertEqual(cents(rows[1][4]) + sum(amounts), cents(rows[-1][4]))
        self.assertEqual(len(amounts), 4)

    def test_empty(self):
        text = self.alice.run("statement", "--to", "2001-01-01", check=True).stdout
        self.assertIn("Opening       0.00 EUR\nClosing       0.00 EUR\n", text)

    def test_many_pages(self):
        for _ in range(210):
            self.bank.operator("POST", "/v1/accounts/%s/funding" % JOINT, {"amount": "0.01", "currency": "EUR"})
        s = self.alice.json("statement", "--account", JOINT)
        self.assertEqual(len(s["movements"]), 211)
        self.assertEqual(cents(s["closing"]), cents(FUNDS) + 210)


class Formulas(Money):
    """THREATS row 18: names and descriptions come from the world, and exports go into spreadsheets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for formula in FORMULAS:
            cls.pay("0.01", formula, name=formula)

    def cells(self, command):
        return [cell for row in self.csv(command)[1:] for cell in row]

    def test_threat_18_formula_cells(self):
        for command in ("movements", "statement", "expenses"):
            for cell in self.cells(command):
                with self.subTest(command, cell=cell):
                    amount = cell.lstrip("-").replace(".", "").isdigit()
                    self.assertTrue(amount or cell[:1] not in tuple("=+-@\t\r"), cell)

    def test_threat_18_text_stays(self):
        """Nothing is lost but by the apostrophe; JSON and the bank have it as it was written."""
        cells = self.cells("movements")
        for formula in FORMULAS:
            self.assertIn("x;'=1+1" if formula == "x;=1+1" else "'" + formula, cells)
            self.assertIn(formula, [m["description"] for m in self.lines("movements")])

    def test_threat_18_amounts_stay_numbers(self):
        rows = self.csv("movements")
        self.assertIn("-0.01", [row[2] for row in rows])
        self.assertTrue(all("'" not in row[2] + row[4] for row in rows))


if __name__ == "__main__":
    sys.exit(unittest.main())
