#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml against api/route.def, base/err.def, its own examples - and against what a real
bank answers on every route.

usage: openapi_test.py [Static|Live]"""
import pathlib
import re
import sys
import time
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
API = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8"))
ERRORS = {row[0]: int(row[1]) for row in re.findall(
    r"^X\((\w+), \w+, (\d+),", (ROOT / "base/err.def").read_text(encoding="utf-8"), re.M)}
ROUTES = re.findall(r'^X\((\w+), "(\w+)", "([^"]+)", ([\w |]+), ([\w |()]+), (\d+)\)',
                    (ROOT / "api/route.def").read_text(encoding="utf-8"), re.M)


def resolve(node):
    while "$ref" in node:
        target = API
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def mismatch(schema, value, where="$"):
    """The first way in which VALUE is not what SCHEMA says, or None. As much of JSON Schema as the
    page uses; a keyword that is not known here is an error."""
    schema = resolve(schema)
    unknown = set(schema) - {"type", "const", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum",
                             "items", "minItems", "maxItems", "properties", "required", "additionalProperties", "oneOf"}
    if unknown:
        return "%s: schema keywords %s" % (where, unknown)
    if "oneOf" in schema:
        wrong = [why for why in (mismatch(one, value, where) for one in schema["oneOf"]) if why]
        return None if len(wrong) == len(schema["oneOf"]) - 1 else "%s: not one of: %s" % (where, wrong)
    if "const" in schema and value != schema["const"]:
        return "%s is not %r" % (where, schema["const"])
    if "enum" in schema and value not in schema["enum"]:
        return "%s: %r is none of %s" % (where, value, schema["enum"])
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        return "%s is no %s" % (where, kind)
    checks = {str: mismatch_text, int: mismatch_number, list: mismatch_array, dict: mismatch_object}
    return checks[type(value)](schema, value, where) if type(value) in checks else None


def mismatch_text(schema, value, where):
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return "%s: %r does not match" % (where, value)
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return "%s has %d characters" % (where, len(value))
    return None


def mismatch_number(schema, value, where):
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return "%s: %d is out of range" % (where, value)
    return None


def mismatch_array(schema, value, where):
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return "%s has %d elements" % (where, len(value))
    for i, element in enumerate(value):
        why = mismatch(schema["items"], element, "%s[%d]" % (where, i))
        if why:
            return why
    return None


def mismatch_object(schema, value, where):
    missing = set(schema.get("required", [])) - set(value)
    extra = set(value) - set(schema.get("properties", {}))
    if missing or (extra and schema.get("additionalProperties") is False):
        return "%s: missing %s, extra %s" % (where, missing, extra)
    for name in set(value) - extra:
        why = mismatch(schema["properties"][name], value[name], where + "." + name)
        if why:
            return why
    return None


def operations():
    for path, item in API["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post"):
                yield method.upper(), path, operation


def operation_id(constant):
    words = constant.lower().split("_")
    return words[0] + "".join(word.title() for word in words[1:])


def contents(operation):
    """Every (media type, content) of its body and answers."""
    parts = [operation["requestBody"]] if "requestBody" in operation else []
    parts += [resolve(answer) for answer in operation["responses"].values()]
    return [(kind, content) for part in parts for kind, content in part["content"].items()]


class Static(unittest.TestCase):
    def test_routes_are_those_of_the_table(self):
        table = {(method, path): (operation_id(name),
                                  sorted(c.removeprefix("CALLER_").lower() for c in callers.split(" | ")),
                                  sorted(re.findall("[a-z]+", re.sub(r"ROLE_|\bR\b", "", roles).lower())), int(size) > 0)
                 for name, method, path, callers, roles, size in ROUTES}
        page = {(method, path): (op["operationId"], sorted(op["x-callers"]), sorted(op.get("x-roles", [])),
                                 "requestBody" in op)
                for method, path, op in operations()}
        self.assertEqual(page, table)
        self.assertGreater(len(table), 15)

    def test_path_parameters(self):
        for path, item in API["paths"].items():
            named = [resolve(p)["name"] for p in item.get("parameters", [])]
            self.assertEqual(named, re.findall(r"{(\w+)}", path))

    def test_what_every_post_and_every_list_takes(self):
        """Idempotency-Key where somebody asks; cursor and limit where the answer goes on."""
        whole = {"delegations", "expenses", "logEntries"}  # docs/API.md says why
        lists = 0
        for method, path, op in operations():
            names = {resolve(p)["name"] for p in op.get("parameters", [])}
            self.assertEqual("Idempotency-Key" in names, method == "POST" and not {"open", "courier"} & set(op["x-callers"]), path)
            told = [content["schema"] for answer in op["responses"].values()
                    for kind, content in resolve(answer)["content"].items() if kind == "application/json"]
            arrays = {name for schema in told for name, one in resolve(schema).get("properties", {}).items()
                      if resolve(one).get("type") == "array"}
            goes_on = any("next" in resolve(schema).get("properties", {}) for schema in told)
            if method == "GET" and goes_on and op["operationId"] not in whole:
                lists += 1
                self.assertTrue(arrays and {"cursor", "limit"} <= names, path)
            self.assertEqual({"cursor", "limit"} <= names, method == "GET" and goes_on and op["operationId"] not in whole, path)
        self.assertGreater(lists, 12)

    def test_problem_names_exist(self):
        for _, path, operation in operations():
            for name in operation["x-problems"]:
                self.assertIn(name, ERRORS, path)
            self.assertEqual(len(set(operation["x-problems"])), len(operation["x-problems"]), path)
            self.assertIn("default", operation["responses"])

    def test_problems_of_the_introduction_exist(self):
        names = re.findall(r"\b[A-Z]+_[A-Z_]+\b", API["info"]["description"])
        self.assertGreater(len(names), 15)
        for name in names:
            self.assertIn(name, ERRORS)

    def test_examples_fit_their_schemas(self):
        for _, path, operation in operations():
            for kind, content in contents(operation):
                self.assertIsNone(mismatch(content["schema"], content["example"]), path + " " + kind)
        problem = resolve(API["components"]["responses"]["Problem"])["content"]["application/problem+json"]["example"]
        self.assertEqual(ERRORS[problem["name"]], problem["status"])

    def test_events_are_those_of_the_table(self):
        table = (ROOT / "order/event.def").read_text(encoding="utf-8")
        page = resolve(API["paths"]["/v1/events"]["get"]["responses"]["200"])["description"]
        self.assertEqual(re.findall(r"[a-z]+(?:-[a-z]+)*(?=[,;])", page.partition("one of")[2]),
                         list(dict.fromkeys(re.findall(r'^X\("([a-z-]+)"', table, re.M))))

    def test_the_checker_refuses(self):
        schema = API["components"]["schemas"]["ChallengeRequest"]
        good = {"for": "login", "thumbprint": "x" * 43}
        self.assertIsNone(mismatch(schema, good))
        for bad in ({"for": "login"}, {**good, "more": 1}, {**good, "for": "else"}, {**good, "thumbprint": "x"},
                    {**good, "thumbprint": 7}, []):
            self.assertIsNotNone(mismatch(schema, bad), bad)


class Live(unittest.TestCase):
    def check(self, identifier, answer):
        """ANSWER is what the page says of the operation; returns its JSON."""
        operation = next(op for _, _, op in operations() if op["operationId"] == identifier)
        self.assertIn(str(answer.status), operation["responses"], "%s: %s" % (identifier, answer))
        ((kind, content),) = resolve(operation["responses"][str(answer.status)])["content"].items()
        said = answer.json if kind == "application/json" else answer.body.decode()
        self.assertIsNone(mismatch(content["schema"], said), identifier)
        self.seen.add(identifier)
        return answer.json

    def queue(self, bank, *expected):
        items = self.check("queue", bank.operator("GET", "/v1/queue"))["items"]
        self.assertEqual([(one["kind"], one["waitsFor"], one["canDecide"]) for one in items], list(expected))

    def tell(self, bank, session):
        """Where somebody wants to be told, and what the courier has to do about it."""
        self.check("contactSet", session.post("/v1/contact", {"email": "bob@example.org"}))
        self.check("contact", session.get("/v1/contact"))
        (notice,) = self.check("notices", bank.operator("GET", "/v1/notices"))["notices"]
        self.check("noticeRetry", bank.operator("POST", "/v1/notices/%d/retry" % notice["id"], {"note": "as a test"}))
        told = bank.operator("POST", "/v1/courier", {"carried": []}, door="courier.sock")
        (due,) = self.check("courier", told)["notices"]
        self.check("contactConfirm", session.post("/v1/contact/confirmation", {"code": due["code"]}))
        result = {"carried": [{"notice": notice["notice"], "outcome": "carried"}]}
        told = bank.operator("POST", "/v1/courier", result, door="courier.sock")
        self.assertEqual(self.check("courier", told)["notices"], [])
        self.check("contactSet", session.post("/v1/contact", {}))

    def follow(self, bank, session):
        """What has happened so far, as it is told."""
        from events import Stream

        with Stream(bank, session, after=0) as stream:
            self.assertEqual((stream.status, stream.type), (200, "text/event-stream"))
            for name, data in stream.until("order-rejected"):
                schema = {"const": {}} if name == "open" else API["components"]["schemas"]["Event"]
                self.assertIsNone(mismatch(schema, data), name)
        self.seen.add("events")

    def outside(self, bank, b, at, holders, policy):
        """What goes to other banks and comes from them."""
        account = at.rsplit("/", maxsplit=1)[1]
        for act, body, status in (("confirm", {"note": "as a test"}, "ACSC"),
                                  ("return", {"note": "as a test", "reason": "AC01"}, "RJCT")):
            order = b.make_order(account, "NL91ABNA0417164300", "1.00")
            for session in holders:
                told = self.check("decide", session.decide(order, policy))
            self.assertEqual(told["status"], "ACSP")
            self.assertEqual(len(self.check("outbox", bank.operator("GET", "/v1/outbox"))["orders"]), 1)
            (sent,) = self.check("queue", bank.operator("GET", "/v1/queue?waiting=other-bank"))["items"]
            self.assertEqual((sent["id"], sent["kind"]), (order["id"], "payment"))
            path = "%s/orders/%s/%s" % (at, order["id"], "confirmation" if act == "confirm" else act)
            self.assertEqual(self.check(act, bank.operator("POST", path, body))["status"], status)
        credit = {"amount": "3.00", "currency": "EUR", "debtorName": "Somebody", "description": "a gift"}
        numbers = []
        for number in (account, b.iban(77), b.iban(78)):
            numbers.append(self.check("credit", bank.operator("POST", "/v1/credits", {
                **credit, "account": number, "reference": "E" + number[:30]}))["id"])
        self.assertEqual(len(self.check("suspense", bank.operator("GET", "/v1/suspense"))["credits"]), 2)
        waiting = self.check("queue", bank.operator("GET", "/v1/queue?waiting=bank&limit=2"))["items"]
        self.assertEqual([(one["kind"], one["id"]) for one in waiting], [("credit", str(n)) for n in numbers[1:]])
        self.check("assign", bank.operator("POST", "/v1/suspense/%d/assignment" % numbers[1],
                                           {"account": account, "note": "as a test"}))
        self.check("creditReturn", bank.operator("POST", "/v1/suspense/%d/return" % numbers[2], {"note": "as a test"}))
        movement = self.check("movements", bank.operator("GET", at + "/movements"))["movements"][0]
        self.assertEqual(movement["kind"], "assignment")
        self.check("reverse", bank.operator("POST", "%s/movements/%d/reversal" % (at, movement["id"]),
                                            {"note": "as a test"}))

    def desk(self, bank, item, one):
        """What operators do about an item, and what they and nobody else see of it."""
        bank.operator("POST", "/v1/operators", {"operator": "otto", "name": "Otto", "spki": self.otto})
        bank.operator("POST", "/v1/operators/otto/roles", {"note": "as a test", "roles": ["payments"]})
        claim = {"item": item, "note": "as a test", "operator": "otto"}
        self.assertEqual(self.check("claim", bank.operator("POST", "/v1/queue/claims", claim))["claimedBy"], "otto")
        self.check("comment", bank.operator("POST", "/v1/queue/comments", {"item": item, "text": "rang"}))
        self.assertEqual(self.check("order", bank.operator("GET", one))["claimedBy"], "otto")
        self.check("queue", bank.operator("GET", "/v1/queue"))
        del claim["operator"]
        told = self.check("giveBack", bank.operator("POST", "/v1/queue/give-backs", claim))
        self.assertEqual([one["text"] for one in told["comments"]], ["rang"])

    def check_cash(self, bank, cash, account, holders, policy):
        import bank as b

        till = b.Key(bank.dir)
        self.check("terminalAdd", cash.add_terminal(bank, "till-1", till))
        self.check("terminals", bank.operator("GET", "/v1/terminals"))
        session = b.Session(bank, till)
        for kind, status in (("deposit", "ACSC"), ("withdrawal", "ACTC")):
            order = cash.order(account, kind, "5.00")
            one = "/v1/accounts/%s/orders/%s" % (account, order["id"])
            self.assertEqual(self.check("cash", cash.hand_in(session, order))["status"], status)
            self.assertEqual(self.check("order", session.get(one))["status"], status)
            for holder in holders if status == "ACTC" else ():
                self.check("decide", holder.decide(order, policy))
            self.assertEqual(self.check("order", session.get(one))["status"], "ACSC")
            self.check("orders", holders[0].get("/v1/accounts/%s/orders?limit=1" % account))
            self.check("evidence", holders[0].get(one + "/evidence"))
        self.check("movements", holders[0].get("/v1/accounts/%s/movements?limit=2" % account))

    def rollover(self, bank):
        import operators
        key = operators.Key(bank.dir)
        bank.pin_operator("rosa", key)
        rosa = operators.enrol(bank, "rosa", ["security"], key=key)
        told = self.check("rollover", rosa.act("/v1/bank-keys/rollover", {"overlapDays": 90}))
        self.assertEqual(told, {"missing": 0})
        (given,) = self.check("rollovers", bank.operator("GET", "/v1/rollovers"))["rollovers"]
        self.assertEqual(set(given), {"new", "old"})

    def sponsor(self, bank, alice, account, newcomer):
        import sponsorship
        told = self.check("sponsor", sponsorship.send(alice, newcomer, sponsorship.sign(alice.key, account, newcomer)))
        self.assertEqual((told["holder"], told["status"]), ("alice", "sponsored"))
        (told,) = self.check("sponsorships", bank.operator("GET", "/v1/enrolments/%s/sponsorships" % newcomer.enrolment))["sponsorships"]
        self.assertEqual((told["holder"], told["account"], told["counts"]), ("alice", account, True))
        self.assertEqual(self.check("enrolments", bank.operator("GET", "/v1/enrolments"))["enrolments"][0]["sponsors"], ["alice"])

    def enrolments(self, bank, alice, account):
        import enrolment as en

        newcomers = [en.Newcomer(bank, "Dora Example", wanted="dora") for _ in range(2)]
        for newcomer in newcomers:
            waiting = self.check("enrol", newcomer.send())
            self.assertEqual(waiting["status"], "waiting")
        self.assertEqual(len(self.check("enrolments", bank.operator("GET", "/v1/enrolments"))["enrolments"]), 2)
        kinds = [one["kind"] for one in self.check("queue", bank.operator("GET", "/v1/queue?waiting=bank"))["items"]]
        self.assertEqual(kinds.count("enrolment"), 2)
        self.sponsor(bank, alice, account, newcomers[0])
        told = self.check("enrolmentAdmit", newcomers[0].admit("dora"))
        self.assertEqual((told["status"], told["holder"]), ("admitted", "dora"))
        told = self.check("enrolmentRefuse", newcomers[1].refuse("as a test"))
        self.assertEqual((told["status"], told["note"]), ("refused", "as a test"))
        for newcomer in newcomers:
            self.check("enrolment", newcomer.look())

    def applications(self, bank, alice, bob):
        import application as ap

        made = [ap.make("alice", "bob") for _ in range(2)]
        for application in made:
            self.assertEqual(self.check("apply", ap.send(alice, application, ap.word(alice.key, application)))["missing"], ["bob"])
        self.assertEqual(len(self.check("applications", bob.get("/v1/applications"))["applications"]), 2)
        self.check("apply", ap.send(bob, made[0], ap.word(bob.key, made[0])))
        waits = [(one["kind"], one["waitsFor"]) for one in self.check("queue", bank.operator("GET", "/v1/queue"))["items"]]
        self.assertLessEqual({("application", "holders"), ("application", "bank")}, set(waits))
        at = ["/v1/applications/" + ap.name(application) for application in made]
        told = self.check("applicationAdmit", bank.operator("POST", at[0] + "/admission", {"account": "PT50000201230000000107787"}))
        self.assertEqual((told["status"], told["account"]), ("admitted", "PT50000201230000000107787"))
        told = self.check("applicationRefuse", bank.operator("POST", at[1] + "/refusal", {"note": "as a test"}))
        self.assertEqual((told["status"], told["note"]), ("refused", "as a test"))
        for path in at:
            self.check("application", bob.get(path))

    def test_every_answer_fits(self):
        sys.path.insert(0, str(ROOT / "tests/e2e"))
        import bank as b
        import cash

        self.seen = set()
        bank = b.Bank(bankd_settings="hold_above = 400.00 EUR\nbank_codes = PT 0002\n")
        bank.bankd_settings += "courier_socket = %s\n" % bank.path("courier.sock")
        with bank:
            keys = {holder: b.Key(bank.dir, curve) for holder, curve in
                    (("alice", "P-256"), ("bob", "P-384"), ("edp", "P-521"))}
            for holder, key in keys.items():
                self.check("holderAdd", bank.add_holder(holder, key))
            account, payee = b.iban(1), b.iban(2)
            self.otto = b.b64(b.Key(bank.dir).spki)
            at = "/v1/accounts/" + account
            for number, holders in ((account, ["alice", "bob"]), (payee, ["edp"])):
                self.check("accountOpen", bank.operator("POST", "/v1/accounts", {
                    "account": number, "currency": "EUR", "holders": holders, "title": "All holders"}))
            self.check("fund", bank.operator("POST", at + "/funding", {"amount": "1872.22", "currency": "EUR"}))
            alice, bob = b.Session(bank, keys["alice"]), b.Session(bank, keys["bob"])
            self.check("login", alice.login())
            self.check("challenge", alice.post("/v1/challenges", {"for": "decision",
                                                                  "thumbprint": alice.key.thumbprint}))
            policy = self.check("policy", alice.get(at + "/policy"))["policy"]
            order, refused = b.make_order(account, payee, "77.78"), b.make_order(account, payee)
            one = at + "/orders/" + order["id"]
            self.check("decide", alice.decide(order, policy))
            self.check("order", alice.get(one))
            self.queue(bank, ("payment", "holders", ["bob"]))
            (waits,) = self.check("waitingOrders", bob.get("/v1/orders/waiting?limit=1"))["orders"]
            self.assertEqual((waits["order"], waits["flags"]), (order, ["first-payment"]))
            self.assertEqual(self.check("waitingOrders", alice.get("/v1/orders/waiting"))["orders"], [])
            self.check("decide", bob.decide(order, policy))
            self.check("decide", alice.decide(refused, policy))
            self.assertEqual(self.check("decide", bob.decide(refused, policy, "reject"))["status"], "RJCT")
            self.check("categoryRule", bob.post(at + "/categories", {"category": "energy", "payee": payee}))
            self.check("movementCategory", bob.post(at + "/movements/1/category", {"category": "pay"}))
            for identifier, path in (("accounts", "/v1/accounts"), ("account", at), ("movements", at + "/movements"),
                                     ("accountStatement", at + "/statement?to=2199-12-31&limit=1"),
                                     ("expenses", at + "/expenses?from=2020-01-01"), ("categories", at + "/categories"),
                                     ("orders", at + "/orders?limit=1"), ("order", one), ("evidence", one + "/evidence"),
                                     ("checkpoint", "/v1/log/checkpoint"), ("bankKeys", "/v1/bank-keys"), ("radar", "/v1/radar?limit=2")):
                self.check(identifier, bob.get(path))
                self.check(identifier, bank.operator("GET", path))
            for identifier, path in (("health", "/v1/health"), ("rollovers", "/v1/rollovers"),
                                     ("holders", "/v1/holders?limit=2"),
                                     ("allOrders", "/v1/orders"), ("logEntries", "/v1/log/entries?limit=3")):
                self.check(identifier, bank.operator("GET", path))
            self.follow(bank, bob)
            self.tell(bank, bob)
            import policy_change
            import delegation
            new = {**policy, "deputies": ["bob"], "title": "The second", "version": 2}
            for session in (alice, bob):
                word = policy_change.word(session.key, new, policy)
                self.check("policyDecide", policy_change.send(session, new, word))
                self.queue(bank, *([("policy", "holders", ["bob"])] if session is alice else []))
                self.check("policy", session.get(at + "/policy"))
            for deputy in ("bob", None):
                jws = delegation.sign(alice.key, account, new, deputy)
                self.check("delegate", delegation.send(alice, account, jws))
                self.check("delegations", bob.get(at + "/delegations"))
                self.check("delegations", bank.operator("GET", at + "/delegations"))
            large = b.make_order(account, payee, "500.00")
            refused = b.make_order(account, payee, "500.01")
            for held in (large, refused):
                for session in (alice, bob):
                    self.check("decide", session.decide(held, new))
                self.assertEqual(self.check("order", alice.get(at + "/orders/" + held["id"]))["status"], "PDNG")
                self.queue(bank, ("payment", "bank", []))
                self.desk(bank, "order:%s/%s" % (account, held["id"]), "%s/orders/%s" % (at, held["id"]))
                identifier, act = ("release", "release") if held is large else ("refuse", "refusal")
                told = self.check(identifier, bank.operator("POST", "%s/orders/%s/%s" % (at, held["id"], act),
                                                            {"note": "as a test"}))
                self.assertEqual(told["status"], "ACSC" if held is large else "RJCT")
            self.check_cash(bank, cash, account, (alice, bob), new)
            for act in ("block", "unblock"):
                told = self.check(act, bank.operator("POST", "%s/%s" % (at, act), {"note": "as a test"}))
                self.assertEqual(told["state"], {"block": "blocked", "unblock": "open"}[act])
            self.outside(bank, b, at, (alice, bob), new)
            for status in ("suspended", "active", "revoked"):
                path = "/v1/holders/edp/keys/" + keys["edp"].thumbprint
                told = self.check("keySet", bank.operator("POST", path, {"note": "as a test", "status": status}))
                self.assertEqual(told["status"], status)
            spare = b.iban(9)
            bank.open_account(spare, ["edp"])
            self.check("close", bank.operator("POST", "/v1/accounts/%s/close" % spare, {"note": "as a test"}))
            self.check("operatorAdd", bank.operator("POST", "/v1/operators", {
                "operator": "olga", "name": "Olga", "spki": b.b64(b.Key(bank.dir).spki)}))
            self.check("operatorRoles", bank.operator("POST", "/v1/operators/olga/roles", {
                "note": "as a test", "roles": ["viewer", "payments"]}))
            self.check("operators", bank.operator("GET", "/v1/operators"))
            dated = b.make_order(account, payee, "1.00", date=b.rfc3339(time.time() + 20 * 86400)[:10], lifetime=86400)
            for session in (alice, bob):
                self.check("decide", session.decide(dated, new))
            told = self.check("hold", bank.operator("POST", "%s/orders/%s/hold" % (at, dated["id"]), {"note": "as a test"}))
            self.assertEqual((told["status"], told["heldFor"]), ("PDNG", ["operator"]))
            self.assertEqual(self.check("reconcile", bank.operator("GET", "/v1/reconciliation"))["differences"], [])
            self.enrolments(bank, alice, account)
            self.applications(bank, alice, bob)
            self.check("metrics", bank.operator("GET", "/metrics"))
            self.check("clockAccept", bank.operator("POST", "/v1/clock/accept", {"note": "as a test"}))
            import rotation
            new_key = b.Key(bank.dir, "P-384")
            told = self.check("rotate", rotation.send(alice, alice.key, rotation.sign(alice.key, new_key)))
            self.assertEqual(told["thumbprint"], new_key.thumbprint)
            self.check("holders", bank.operator("GET", "/v1/holders"))
            alice.key = new_key
            self.check("keySuspend", alice.post("/v1/keys/%s/suspension" % alice.key.thumbprint, {"note": "as a test"}))
            kinds = [one["kind"] for one in self.check("radar", bank.operator("GET", "/v1/radar"))["findings"]]
            self.assertIn("unreachable", kinds)
            self.assertIn("keyless", kinds)
            self.check("logout", bob.post("/v1/logout", None))
            problem = bob.get("/v1/accounts")
            self.assertIsNone(mismatch(API["components"]["schemas"]["Problem"], problem.json))
            self.rollover(bank)
        self.assertEqual(self.seen, {op["operationId"] for _, _, op in operations()})


if __name__ == "__main__":
    unittest.main(warnings="ignore")
