#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What bankd tells whoever watches it: the format, what is counted, who may ask, and that the alerts shipped for it
speak of what is really there and of what docs/OPERATIONS.md explains.

usage: metrics_test.py [TestClass[.test] ...]; COUNTERSIGN_BIN names the directory of the programs."""
import http.client
import os
import pathlib
import re
import resource
import sqlite3
import subprocess
import sys
import time
import unittest

import yaml

from exposition import LABEL, parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
import bank as b  # noqa: E402

TYPE = "text/plain; version=0.0.4; charset=utf-8"
TABLE = re.findall(r'^X\(\w+, (\w+), \w+, \w+, "(\w+)", "([^"]+)"\)$',
                   (ROOT / "bankd/server/metrics.def").read_text(encoding="utf-8"), re.M)
PAGE = (ROOT / "docs/OPERATIONS.md").read_text(encoding="utf-8")
SHIPPED = ROOT / "examples/prometheus"
FUNCTIONS = {"absent", "sum", "max", "rate", "increase", "histogram_quantile", "min_over_time"}
WORDS = FUNCTIONS | {"and", "or", "unless", "by"}
DATABASE = {"countersign_orders", "countersign_order_oldest_seconds", "countersign_suspense_credits", "countersign_sessions"}
CUT_SECONDS = 20  # a deadline for the test


def alerts():
    rules = yaml.safe_load((SHIPPED / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in rules["groups"] for rule in group["rules"]]


def selectors(expression):
    """(metric, {label: (operator, value)}) for each in the expression; what is left of it must be of the known words."""
    found, rest = [], expression
    for match in re.finditer(r"\b([a-z_]+)(\{([^}]*)\})?(\[\d+[smhd]\])?", expression):
        name, _, inside, window = match.groups()
        if name in WORDS:
            assert not inside and not window, match[0]
            continue
        labels = {key: (op, value) for key, op, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', inside or "")}
        found.append((name, labels))
        rest = rest.replace(match[0], "1", 1)
    for word in FUNCTIONS:
        rest = re.sub(r"\b%s\(" % word, "(", rest)
    rest = re.sub(r"==", "=", re.sub(r"\b(and|or|unless)\b", "+", rest))
    assert re.fullmatch(r"[-+*/<>=(), 0-9.]+", rest) and not re.search(r"\d\(", rest) and rest.count("(") == rest.count(")"), expression
    return found


class Papers(unittest.TestCase):
    def test_the_table_is_in_the_page(self):
        subprocess.run([ROOT / "docs/gen-metrics", "--check"], check=True)
        page = (ROOT / "docs/METRICS.md").read_text(encoding="utf-8")
        self.assertGreater(len(TABLE), 20)
        self.assertEqual(re.findall(r"^\| `(\w+)`", page, re.M), [name for _, name, _ in TABLE])

    def test_each_alert_has_its_section(self):
        names = [rule["alert"] for rule in alerts()]
        self.assertGreater(len(names), 10)
        sections = re.split(r"^### ", PAGE, flags=re.M)[1:]
        self.assertEqual(names, [section.split("\n")[0] for section in sections])
        for section in sections:
            self.assertEqual(re.findall(r"^\*\*(.*?)\*\*", section, re.M), ["Means", "Look at", "Do"], section)

    def test_each_alert_wakes_or_waits(self):
        for rule in alerts():
            self.assertLessEqual(set(rule), {"alert", "expr", "for", "labels", "annotations"})
            self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
            self.assertGreater(len(rule["annotations"]["summary"]), 10)
            self.assertRegex(rule.get("for", "1m"), r"^\d+[smh]$")

    def test_the_page_names_what_there_is(self):
        metrics = {name for _, name, _ in TABLE}
        self.assertLessEqual(set(re.findall(r"\bcountersign_\w+", PAGE)), metrics)
        said = {name for table in ("base/err.def", "signer/finding.def")
                for name in re.findall(r"^X\((\w+),", (ROOT / table).read_text(encoding="utf-8"), re.M)}
        named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", PAGE))
        self.assertGreater(len(named), 4)
        self.assertLessEqual(named, said)
        headings = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in re.findall(r"(?m)^#+ (.+)$", PAGE)}
        for link in re.findall(r"\]\(([^)]+)\)", PAGE):
            file, _, heading = link.partition("#")
            self.assertTrue((ROOT / "docs" / file).exists(), link)
            if not file:
                self.assertIn(heading, headings)
        events = set(re.findall(r"`(bankd\.\w+)`", PAGE)) - {"bankd.conf"}
        code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bankd/server").glob("*.c"))
        for event in events:
            self.assertIn('"%s"' % event, code)

    def test_the_commands_of_the_page_exist(self):
        commands = set(re.findall(r"`bankctl ([a-z]+(?: [a-z]+)?)", PAGE))
        self.assertGreater(len(commands), 5)
        for command in commands:
            subprocess.run([os.path.join(b.BIN, "bankctl"), *command.split(), "--help"], check=True, capture_output=True)

    def test_the_configuration_watches_the_job_of_the_alerts(self):
        shipped = yaml.safe_load((SHIPPED / "prometheus.yml").read_text(encoding="utf-8"))
        self.assertEqual(shipped["rule_files"], ["alerts.yml"])
        (job,) = shipped["scrape_configs"]
        jobs = {labels["job"][1] for rule in alerts() for name, labels in selectors(rule["expr"]) if name == "up"}
        self.assertEqual(jobs, {job["job_name"]})
        (target,) = job["static_configs"][0]["targets"]
        self.assertIn("metrics_listen = %s\n" % target, (ROOT / "examples/bankd.conf").read_text(encoding="utf-8"))


class Watched(unittest.TestCase):
    settings = "metrics_listen = 127.0.0.1:0\nhold_above = 400.00 EUR\nbank_codes = PT 0002\n"

    def setUp(self):
        self.bank = b.Bank(bankd_settings=self.settings)
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)

    def ask(self, method="GET", path="/metrics", body=None):
        """Through the watcher's door."""
        connection = http.client.HTTPConnection("127.0.0.1", self.bank.metrics_port, timeout=30)
        self.addCleanup(connection.close)
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()

    def metrics(self):
        status, kind, text = self.ask()
        self.assertEqual((status, kind), (200, TYPE))
        return parse(text)

    def until(self, name, wanted, **labels):
        """What waits is not counted anew each time, but soon."""
        deadline = time.monotonic() + CUT_SECONDS
        while True:
            found = self.metrics()
            if wanted(found[name].value(**labels)):
                return found
            self.assertLess(time.monotonic(), deadline, name)


class Counting(Watched):
    def test_every_family_is_there_and_every_alert_finds_its_own(self):
        found = self.metrics()
        self.assertEqual({(f.name, f.type, f.help) for f in found.values()}, {(n, t.lower(), h) for t, n, h in TABLE})
        for rule in alerts():
            for name, labels in selectors(rule["expr"]):
                if name == "up":
                    continue  # Prometheus' own
                family = found.get(name) or found[re.sub(r"_(bucket|sum|count)$", "", name)]
                there = [dict(key[1]) for key in family.samples if key[0] == name]
                self.assertTrue(there, name)
                for label, (operator, value) in labels.items():
                    for one in value.split("|") if operator == "=~" else [value]:
                        self.assertIn(one, {have.get(label) for have in there}, rule["alert"])

    def test_what_is_counted(self):
        alice, bob, account, payee, policy = b.joint(self.bank, funds="2000.00")
        before = self.metrics()
        paid, held, sent = (b.make_order(account, *what) for what in ((payee, "77.78"), (payee, "500.00"), ("NL91ABNA0417164300", "3.00")))
        for order in (paid, held, sent):
            for session in (alice, bob):
                self.assertIn(session.decide(order, policy).status, (200, 201))
        open_order = b.make_order(account, payee, "1.00")
        jws = alice.sign(open_order, policy)
        self.assertEqual(alice.send(open_order, jws).status, 201)
        self.assertEqual(alice.send(open_order, jws).status, 201)  # the first answer again
        self.assertEqual(bob.send(open_order, jws[:-8] + "AAAAAAAA").name, "SIGNATURE_INVALID")
        self.assertEqual(self.bank.operator("GET", "/nothing").status, 404)
        credit = self.bank.operator("POST", "/v1/credits", {"account": b.iban(9), "amount": "5.00", "currency": "EUR", "debtorName": "x", "reference": "E1"})
        self.assertEqual(credit.json["state"], "suspense")
        asked = self.metrics()["countersign_requests_total"].value(route="GET /metrics", status="2xx")
        after = self.until("countersign_suspense_credits", lambda value: value == 1)

        def grew(name, **labels):
            return after[name].value(**labels) - before[name].value(**labels)

        self.assertEqual(grew("countersign_decisions_total", result="OK"), 8)
        self.assertEqual(grew("countersign_decisions_total", result="SIGNATURE_INVALID"), 1)
        self.assertEqual(grew("countersign_requests_total", route="POST /v1/decisions", status="2xx"), 8)
        self.assertEqual(grew("countersign_requests_total", route="POST /v1/decisions", status="4xx"), 1)
        self.assertEqual(grew("countersign_requests_total", route="none", status="4xx"), 1)
        self.assertEqual(asked - before["countersign_requests_total"].value(route="GET /metrics", status="2xx"), 1)
        self.assertEqual({s: after["countersign_orders"].value(status=s) for s in ("ACTC", "PATC", "ACCP", "PDNG", "ACSP")},
                         {"ACTC": 0, "PATC": 1, "ACCP": 0, "PDNG": 1, "ACSP": 1})
        for status in ("PATC", "PDNG", "ACSP"):
            self.assertGreater(after["countersign_order_oldest_seconds"].value(status=status), 0)
        self.assertEqual(after["countersign_order_oldest_seconds"].value(status="ACTC"), 0)
        self.assertEqual(after["countersign_suspense_credits"].value(), 1)
        self.assertEqual(after["countersign_sessions"].value(), 2)
        self.assertGreaterEqual(after["countersign_connections"].value(), 3)
        self.assertGreaterEqual(grew("countersign_commits_total"), 9)
        self.assertEqual(after["countersign_log_entries"].value(), after["countersign_checkpoint_entries"].value())
        self.assertGreater(grew("countersign_log_entries"), 8)
        self.assertGreater(after["countersign_certificate_left_seconds"].value(), 29 * 86400)
        self.assertEqual(self.bank.operator("POST", "/v1/holders/bob/keys/" + bob.key.thumbprint,
                                            {"note": "as a test", "status": "suspended"}).status, 200)
        seen = self.until("countersign_radar", lambda value: value == 1, kind="keyless")["countersign_radar"]
        self.assertEqual([seen.value(kind=kind) for kind in ("unreachable", "policy-ends")], [1, 0])
        said = [value for key in after["countersign_sign_seconds"].samples for _, value in key[1]]
        self.assertIn("+Inf", said)
        self.assertGreater(after["countersign_sign_seconds"].samples["countersign_sign_seconds_count", ()], 8)

    def test_nobody_is_named(self):
        alice, bob, account, payee, policy = b.joint(self.bank)
        order = b.make_order(account, payee)
        for session in (alice, bob):
            session.decide(order, policy)
        self.assertEqual(alice.get("/v1/accounts/%s/orders/%s" % (account, order["id"])).status, 200)
        text = self.ask()[2]
        for secret in (account, payee, order["id"], "alice", "bob", alice.key.thumbprint, alice.session_key.thumbprint,
                       self.bank.pin, self.bank.name, order["creditor"]["name"]):
            self.assertNotIn(secret, text)
        values = {value for line in text.splitlines() for _, value in LABEL.findall(line)}
        for value in values:
            self.assertRegex(value, r"^(GET|POST) /[\w/{}-]+$|^[0-9.]+$|^\+Inf$|^[A-Z0-9_]+$|^[245]xx$|^(none|workers|committer)$|^(unreachable|keyless|policy-ends|card-near|card-ends|single-key)$")


class Doors(Watched):
    def test_a_watcher_gets_metrics_and_nothing_else(self):
        routes = re.findall(r'^X\(\w+, "(\w+)", "([^"]+)"', (ROOT / "api/route.def").read_text(encoding="utf-8"), re.M)
        self.assertGreater(len(routes), 40)
        for method, path in routes:
            path = re.sub(r"{\w+}", "x", path)
            status, _, text = self.ask(method, path, b"{}" if method == "POST" else None)
            self.assertEqual(status, 200 if path == "/metrics" else 403, path)
            self.assertEqual('"name":"ROLE_REQUIRED"' in text, path != "/metrics", path)
        self.assertEqual(self.ask("GET", "/metrics?x=1")[0], 400)
        self.assertEqual(self.ask("POST", "/metrics", b"")[0], 405)

    def test_the_operator_gets_the_same_and_holders_do_not(self):
        alice = b.joint(self.bank)[0]
        self.assertEqual(alice.get("/metrics").name, "ROLE_REQUIRED")
        self.assertEqual(b.Session(self.bank).get("/metrics").name, "ROLE_REQUIRED")
        answer = self.bank.operator("GET", "/metrics")
        self.assertEqual(set(parse(answer.body.decode())), set(self.metrics()))

    def test_without_the_setting_there_is_no_such_door(self):
        self.bank.stop_bankd()
        self.bank.bankd_settings = ""
        self.bank.write_settings()
        self.bank.start_bankd()
        self.assertIsNone(self.bank.metrics_port)
        self.assertEqual(self.bank.operator("GET", "/metrics").status, 200)


class Trouble(Watched):
    """Whatever has failed, whoever watches is answered."""

    def test_keeper_gone(self):
        alice, _, account, payee, policy = b.joint(self.bank)
        self.assertEqual(self.metrics()["countersign_log_unsigned_seconds"].value(), 0)
        self.bank.stop_keeper()
        self.assertEqual(alice.decide(b.make_order(account, payee), policy).name, "LOG_UNSIGNED")
        found = self.metrics()
        self.assertGreater(found["countersign_log_unsigned_seconds"].value(), 0)
        self.assertGreater(found["countersign_keeper_failures_total"].value(), 0)
        self.assertGreater(found["countersign_log_entries"].value(), found["countersign_checkpoint_entries"].value())
        self.assertEqual(found["countersign_decisions_total"].value(result="LOG_UNSIGNED"), 1)
        self.until("countersign_orders", lambda value: value == 1, status="PATC")
        self.bank.start_keeper()
        self.until("countersign_log_unsigned_seconds", lambda value: value == 0)

    def test_database_full(self):
        alice, _, account, payee, policy = b.joint(self.bank)
        order = b.make_order(account, payee)
        jws = alice.sign(order, policy)
        resource.prlimit(self.bank.bankd.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        self.assertEqual(alice.send(order, jws).name, "STORE_FAILED")
        for _ in range(3):  # looking does not heal it
            found = self.metrics()
            self.assertEqual(found["countersign_commit_failing"].value(), 1)
            self.assertGreater(found["countersign_commit_failures_total"].value(), 0)
        resource.prlimit(self.bank.bankd.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        self.assertEqual(alice.send(order, jws).status, 201)
        self.assertEqual(self.metrics()["countersign_commit_failing"].value(), 0)

    def test_clock_insane(self):
        self.assertEqual(self.metrics()["countersign_clock_insane"].value(), 0)
        self.bank.stop_bankd()
        store = sqlite3.connect(self.bank.path("bank.db"))
        store.execute("UPDATE head SET time_us = time_us + 3600000000")
        store.commit()
        store.close()
        self.bank.start_bankd()
        self.assertEqual(self.bank.operator("GET", "/v1/holders").name, "CLOCK_INSANE")
        # Nor is anything judged: there is no such account.
        self.assertEqual(self.bank.operator("GET", "/v1/accounts/%s" % b.iban(4711)).name, "CLOCK_INSANE")
        self.assertEqual(self.bank.operator("POST", "/v1/clock/accept", {"note": "two\nlines"}).name, "TEXT_INVALID")
        found = self.metrics()
        self.assertEqual(found["countersign_clock_insane"].value(), 1)
        self.assertTrue(found["countersign_orders"].samples)
        self.assertEqual(found["countersign_commit_failing"].value(), 0)
        self.assertEqual(self.bank.operator("POST", "/v1/clock/accept", {"note": "as it should be"}).status, 200)
        self.assertEqual(self.metrics()["countersign_clock_insane"].value(), 0)


class Format(unittest.TestCase):
    """The reader of these tests is strict itself."""

    def test_refuses(self):
        good = "# HELP a_total x\n# TYPE a_total counter\na_total{b=\"c\"} 1\n"
        self.assertEqual(parse(good)["a_total"].value(b="c"), 1)
        for bad in (good[:-1], good.replace("# TYPE a_total counter\n", ""), good + "a_total{b=\"c\"} 2\n", good + "b_total 1\n",
                    good.replace("} 1", "} one"), good.replace("_total", ""), good.replace("\"c\"", "\"c"), good + "\n"):
            with self.assertRaises(AssertionError, msg=bad):
                parse(bad)

    def test_expressions(self):
        self.assertEqual(selectors('sum(rate(a_b{c=~"D|E"}[5m])) > 0.5 * up{job="x"}'),
                         [("a_b", {"c": ("=~", "D|E")}), ("up", {"job": ("=", "x")})])
        for bad in ("sum(a", "nosuch(a) > 1", "a ! b"):
            with self.assertRaises(AssertionError, msg=bad):
                selectors(bad)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
