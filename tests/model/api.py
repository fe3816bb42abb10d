# SPDX-License-Identifier: Apache-2.0
"""The same steps by the doors: real bankd, bankd-keeper and SoftHSM2, holders with keys of their own
over TLS, the operator at the Unix socket. The programs live in a time of the test's.

bankd does by itself what is due, once a second and when it starts, so nothing stays due here from one
act to the next. What the API has no call for does not happen: second keys."""

import json
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import application  # noqa: E402
import bank as fixture  # noqa: E402
import cash  # noqa: E402
import delegation  # noqa: E402
import enrolment  # noqa: E402
import many  # noqa: E402
import operators  # noqa: E402
import payee_checker  # noqa: E402
import policy_change  # noqa: E402
import rotation  # noqa: E402
import sponsorship  # noqa: E402
from false_clock import FalseClock  # noqa: E402

import documents  # noqa: E402
import model  # noqa: E402
import world  # noqa: E402
from books import Refused  # noqa: E402
from keeper import Heard  # noqa: E402
from logbook import Logbook  # noqa: E402

SANE = 59  # seconds by which the clock may run ahead of the monotonic one: bankd bears 60
IDLE = 10  # seconds after which a connection is made anew: bankd ends those on which nothing happens
PINNED = ("emma", "sven")  # of the operators: whom the keeper believes


class Api:
    """Carries the commands of the in-process driver over HTTP; its answers are of the same form."""

    def __init__(self, directory):
        self.bank = fixture.Bank(world.BANK, parent=directory)
        self.clock = FalseClock(self.bank.path("clock"))
        self.bank.bankd_prefix, self.bank.keeper_env = self.clock.prefix(), self.clock.env
        self.people = []  # a session each, which a login makes one; the key's number
        self.handed = []  # (path, statement, what it is about)
        self.newcomers, self.joined = {}, []  # keys of those who asked, by number; of those who were admitted
        self.next = {}  # statement: the key that gives its place, and the new one
        self.accounts, self.report = {}, {}
        self.asked = {}  # session: when it was last used
        self.movements, self.paid = 0, set()  # how many there were, and those out of accounts
        self.log, self.evidence = Logbook(), {}  # of all that was executed: the file's name
        self.set_clock(world.START)
        self.checker = payee_checker.Checker(self.bank.path("checker"))
        self.set({})
        self.bank.__enter__()
        self.started, self.pin = self.now, self.bank.pin
        self.keep_checkpoint()

    def ask(self, do, **members):
        return getattr(self, "do_" + do.replace("-", "_"))(members)

    def close(self):
        self.checker.close()
        self.bank.__exit__(None, None, None)

    def abandon(self, why):
        self.checker.close()
        self.bank.__exit__(type(why), why, None)

    # --- programs ---
    def set_clock(self, now):
        self.now = now
        self.clock.stop_at(now)

    def stop_bankd(self, sig=signal.SIGTERM):
        for session in self.people:
            session.close()
        pid = self.bank.bankd.pid
        self.bank.stop_bankd(sig)
        self.clock.killed(pid)
        self.ended("bankd", -sig if sig == signal.SIGKILL else 0)

    def stop_keeper(self):
        self.bank.stop_keeper()
        self.ended("keeper", 0)

    def ended(self, program, code):
        if self.bank.left[program] != code:
            raise world.Differs(f"{program} ended with {self.bank.left[program]}")

    def start_bankd(self):
        self.bank.start_bankd()
        self.started = self.now

    def keep_checkpoint(self):
        note = self.bank.operator("GET", "/v1/log/checkpoint").json["checkpoint"]
        self.bank.write("kept.note", note)

    # --- asking ---
    def call(self, command, method, path, body=None):
        if "session" not in command:
            return self.answer(self.bank.operator(method, path, body))
        session = self.people[command["session"]]
        if time.monotonic() - self.asked.get(session, 0) > IDLE:
            session.close()  # before the bank does, however slow the machine is
        self.asked[session] = time.monotonic()
        return self.answer(session.call(method, path, body))

    @staticmethod
    def answer(got):
        return {"err": got.name, "http": got.status, "body": got.json, "text": got.body.decode()}

    # --- people ---
    def do_enrol(self, c):
        session = fixture.Session(self.bank)
        session.key = fixture.Key(self.bank.dir, c["curve"])
        self.people.append(session)
        return self.answer(self.bank.operator("POST", "/v1/holders", {
            "holder": c["name"], "name": c["name"], "spki": fixture.b64(session.key.spki)}))

    def do_terminal(self, c):
        session = fixture.Session(self.bank)
        session.key = fixture.Key(self.bank.dir, c["curve"])
        self.people.append(session)
        cash.add_terminal(self.bank, c["name"], session.key)
        return self.answer(session.login(issued=self.now))

    def do_employ(self, c):
        session = fixture.Session(self.bank)
        session.key = fixture.Key(self.bank.dir, c["curve"])
        self.people.append(session)
        spki = fixture.b64(session.key.spki)
        if c["name"] in PINNED:
            self.bank.pin_operator(c["name"], session.key)
        self.bank.operator("POST", "/v1/operators", {"operator": c["name"], "name": c["name"], "spki": spki})
        self.bank.operator("POST", f"/v1/operators/{c['name']}/roles", {"note": "Asked", "roles": c["roles"]})
        return self.answer(session.login(issued=self.now))

    def do_login(self, c):
        return self.answer(self.people[c["key"]].login(issued=self.now))

    def do_challenge(self, c):
        person = self.people[c["key"]]
        return self.answer(person.post("/v1/challenges", {"for": "decision", "thumbprint": person.key.thumbprint}))

    def do_key_set(self, c):
        thumbprint = self.people[c["key"]].key.thumbprint
        return self.call(c, "POST", f"/v1/holders/{c['holder']}/keys/{thumbprint}",
                         {"note": "Asked", "status": c["status"]})

    def do_key_suspend(self, c):
        thumbprint = self.people[c["key"]].key.thumbprint
        return self.call(c, "POST", f"/v1/keys/{thumbprint}/suspension", {"note": "Gone"})

    # --- accounts ---
    def do_account(self, c):
        people = [h.split(":") for h in c["holders"]]
        body = {"account": c["account"], "currency": c["currency"], "title": "Household",
                "holders": [name if of == "A" else {"class": of, "id": name} for name, of in people],
                **{name: json.loads(c[name]) for name in ("rules", "limits", "deputies", "signatures") if c[name]}}
        return self.call(c, "POST", "/v1/accounts", body)

    def do_fund(self, c):
        return self.call(c, "POST", f"/v1/accounts/{c['account']}/funding",
                         {"amount": c["amount"], "currency": c["currency"]})

    def set(self, settings):
        """With time for the checker, however busy the machine is."""
        settings = {**settings, "console": "open", "payee_check_socket": self.bank.path("checker"), "payee_check_ms": 5000}
        self.bank.bankd_settings = "".join(f"{name} = {value}\n" for name, value in settings.items() if value)

    def do_settings(self, c):
        self.set(c)
        self.bank.write_settings()
        self.stop_bankd()
        self.start_bankd()
        return {"err": "OK"}

    def do_account_state(self, c):
        return self.call(c, "POST", f"/v1/accounts/{c['account']}/{c['act']}", {"note": "Asked"})

    def do_release(self, c):
        return self.call(c, "POST", f"/v1/accounts/{c['account']}/orders/{c['id']}/release", {"note": "Asked"})

    def do_refuse(self, c):
        return self.call(c, "POST", f"/v1/accounts/{c['account']}/orders/{c['id']}/refusal", {"note": "Asked"})

    def do_confirm(self, c):
        return self.call(c, "POST", f"/v1/accounts/{c['account']}/orders/{c['id']}/confirmation", {"note": "Asked"})

    def do_return(self, c):
        return self.call(c, "POST", f"/v1/accounts/{c['account']}/orders/{c['id']}/return",
                         {"note": "Asked", "reason": c["reason"]})

    def do_credit(self, c):
        return self.call(c, "POST", "/v1/credits", {"debtorName": "Uncle Toby", **{
            name: c[name] for name in ("account", "amount", "currency", "reference")}})

    def do_assign(self, c):
        return self.call(c, "POST", f"/v1/suspense/{c['credit']}/assignment",
                         {"account": c["account"], "note": "Asked"})

    def do_give_back(self, c):
        return self.call(c, "POST", f"/v1/suspense/{c['credit']}/return", {"note": "Asked"})

    def do_see_suspense(self, c):
        return self.call(c, "GET", "/v1/suspense?limit=200")

    def do_reverse(self, c):
        return self.call(c, "POST", f"/v1/accounts/{c['account']}/movements/{c['movement']}/reversal",
                         {"note": "Asked"})

    def do_reconcile(self, c):
        answer = self.call(c, "GET", "/v1/reconciliation")
        self.report = answer["body"]
        return answer

    # --- statements ---
    def said(self, c):
        said = {"issued": fixture.rfc3339(c["issued"]), "expires": fixture.rfc3339(c["expires"]),
                "nonce": c["nonce"], "challenge": c["challenge"]}
        return {name: value for name, value in said.items() if value}

    def hand_in(self, c, path, body):
        self.checker.answer = json.dumps({"result": c["payee_check"]}).encode() + b"\n"
        self.handed.append((path, body))
        return self.call(c, "POST", path, body)

    def do_decide(self, c):
        order, policy = json.loads(c["order"]), json.loads(c["policy"])
        jws = self.people[c["key"]].sign(order, policy, c["verb"], bank=order["bank"], **self.said(c))
        return self.hand_in(c, "/v1/decisions", {"decision": jws, "order": order})

    def do_batch(self, c):
        orders, policy = [json.loads(order) for order in c["orders"]], json.loads(c["policy"])
        totals = {order["currency"]: 0 for order in orders}
        for order in orders:
            totals[order["currency"]] += documents.minor_of(order["amount"], order["currency"])
        totals = sorted((currency, c["total"] or documents.money(minor, currency)) for currency, minor in totals.items())
        jws = many.decision(self.people[c["key"]].key, orders, policy, totals, **self.said(c))
        self.handed.append(("batch", {"decision": jws, "orders": orders, "policy": policy}))
        return {"err": "OK"}

    def do_one_of(self, c):
        signed = self.handed[c["statement"]][1]
        self.checker.answer = json.dumps({"result": c["payee_check"]}).encode() + b"\n"
        return self.call(c, "POST", "/v1/decisions", {
            "decision": signed["decision"], "order": signed["orders"][c["order"]],
            "inclusion": many.inclusion(c["place"], signed["orders"], signed["policy"])})

    def do_cash(self, c):
        order = json.loads(c["order"])
        jws = cash.statement(self.people[c["key"]].key, order, bank=order["bank"], **self.said(c))
        return self.hand_in(c, "/v1/cash", {"order": order, "statement": jws})

    def do_word(self, c):
        old, new = json.loads(c["from"]), json.loads(c["to"])
        jws = policy_change.word(self.people[c["key"]].key, new, old, c["verb"], **self.said(c))
        return self.hand_in(c, f"/v1/accounts/{new['account']}/policy", {"decision": jws, "policy": new})

    def do_delegate(self, c):
        gift = {name: fixture.rfc3339(c[name]) for name in ("from", "until") if name in c}
        gift.update({name: c[name] for name in ("amount", "currency") if name in c})
        jws = delegation.sign(self.people[c["key"]].key, c["account"], json.loads(c.get("policy", "null")),
                              c.get("deputy"), **gift, **self.said(c))
        return self.hand_in(c, f"/v1/accounts/{c['to']}/delegations", {"delegation": jws})

    # --- newcomers ---
    def asking(self, c):
        """The newcomer with the command's number, whatever he is called in his request; or who has the key already."""
        if "taken" in c:
            return self.people[c["taken"]].key
        if c["newcomer"] not in self.newcomers:
            self.newcomers[c["newcomer"]] = fixture.Key(self.bank.dir, "P-256")
        return self.newcomers[c["newcomer"]]

    def request_of(self, c, key):
        """As what is signed about it has it."""
        one = enrolment.Newcomer(self.bank, c["name"], wanted=c.get("wanted") or None, tls=None, key=key)
        one.enrolment = c.get("about")
        return one

    def do_ask(self, c):
        one = self.request_of(c, self.asking(c))
        jws = one.jws(issued=c["issued"], expires=fixture.rfc3339(c["expires"]), nonce=c["nonce"])
        return self.answer(one.send(jws))

    def do_sponsor(self, c):
        key = self.people[c["key"]].key
        one = self.request_of(c, key if c["slip"] == "key" else self.asking(c))
        one.name = "Somebody Else" if c["slip"] == "name" else one.name
        jws = sponsorship.sign(key, c["account"], one, **self.said(c))
        return self.hand_in(c, f"/v1/enrolments/{c['to']}/sponsorship", {"sponsorship": jws})

    def do_admit(self, c):
        letter = {"holder": c["holder"], "name": "Somebody Else" if c["slip"] == "name" else c["name"],
                  "another": c["another"], "thumbprint": "A" * 43 if c["slip"] == "key" else self.asking(c).thumbprint}
        return self.admitted(self.call(c, "POST", f"/v1/enrolments/{c['request']}/admission", letter))

    def admitted(self, answer):
        """The newcomer's key is a holder's from then on."""
        joins = answer["err"] == "OK" and answer["body"].get("status") == "admitted"
        for key in self.newcomers.values() if joins else []:
            if key.thumbprint == answer["body"].get("thumbprint") and key not in self.joined:
                self.joined.append(key)
                self.people.append(fixture.Session(self.bank))
                self.people[-1].key = key
        return answer

    def do_refuse_request(self, c):
        return self.call(c, "POST", f"/v1/enrolments/{c['request']}/refusal", {"note": "Asked"})

    # --- applications ---
    def do_apply(self, c):
        about, to = json.loads(c["about"]), json.loads(c["to"])
        jws = application.word(self.people[c["key"]].key, about, c["verb"], **self.said(c))
        return self.hand_in(c, "/v1/applications", {"application": to, "statement": jws})

    def do_admit_application(self, c):
        return self.call(c, "POST", f"/v1/applications/{c['application']}/admission", {"account": c["account"]})

    def do_refuse_application(self, c):
        return self.call(c, "POST", f"/v1/applications/{c['application']}/refusal", {"note": "Asked"})

    def do_see_application(self, c):
        return self.call(c, "GET", f"/v1/applications/{c['application']}")

    def path_of(self, path):
        """In which @N stands for the thumbprint of key N."""
        return re.sub(r"@(\d+)", lambda found: self.people[int(found[1])].key.thumbprint, path)

    def do_act(self, c):
        jws = operators.act(self.people[c["key"]].key, self.path_of(c["path"]), json.loads(c["request"]), **self.said(c))
        return self.admitted(self.hand_in(c, self.path_of(c["to"]), {"act": jws}))

    def do_rotate(self, c):
        old = self.people[c["key"]].key
        new = self.people[c["taken"]].key if "taken" in c else fixture.Key(self.bank.dir, c["curve"])
        path = f"/v1/keys/{self.people[c['path']].key.thumbprint}/rotation"
        answer = self.hand_in(c, path, {"rotation": rotation.sign(old, new, **self.said(c))})
        self.next[len(self.handed) - 1] = (c["key"], new)
        return self.rotated(c, len(self.handed) - 1, answer)

    def rotated(self, c, statement, answer):
        """The new key's, and with it the session that the statement came over, if it was the old one's own."""
        if answer["err"] == "OK" and statement in self.next:
            old, new = self.next.pop(statement)
            fresh = fixture.Session(self.bank)
            if c["session"] == old:
                self.people.append(self.people[old])
                fresh.key, self.people[old] = self.people[old].key, fresh
            else:
                self.people.append(fresh)
            self.people[-1].key = new
        return answer

    def do_again(self, c):
        path, about = self.handed[c["with"]]
        self.checker.answer = json.dumps({"result": c["payee_check"]}).encode() + b"\n"
        jws = "act" if "act" in about else {
            "applications": "statement", "cash": "statement", "delegations": "delegation", "rotation": "rotation",
            "sponsorship": "sponsorship"}.get(path.rpartition("/")[2], "decision")
        answer = self.call(c, "POST", path, {**about, jws: self.handed[c["statement"]][1][jws]})
        return self.rotated(c, c["statement"], self.admitted(answer))

    # --- time ---
    def do_later(self, c):
        """A clock that jumps while bankd runs is none to trust: then bankd is away meanwhile, and does
        what is due before it serves."""
        jumps = self.now + c["seconds"] > self.started + SANE
        if jumps:
            self.stop_bankd()
        self.set_clock(self.now + c["seconds"])
        if jumps:
            self.start_bankd()
        return {"err": "OK", "looked": jumps}

    def do_due(self, _):
        """Done already, see ApiWorld.ask."""
        return {"err": "OK", "more": False}

    def do_restart(self, _):
        self.stop_bankd(signal.SIGKILL)
        self.stop_keeper()
        self.bank.start_keeper()
        self.start_bankd()
        return {"err": "OK"}

    # --- looking ---
    def do_see_account(self, c):
        return self.call(c, "GET", f"/v1/accounts/{c['account']}")

    def do_see_order(self, c):
        return self.call(c, "GET", f"/v1/accounts/{c['account']}/orders/{c['id']}")

    def do_see_delegations(self, c):
        return self.call(c, "GET", f"/v1/accounts/{c['account']}/delegations")

    def do_see_waiting(self, c):
        return self.call(c, "GET", "/v1/orders/waiting?limit=200")

    def do_see_policy(self, c):
        return self.call(c, "GET", f"/v1/accounts/{c['account']}/policy")

    def do_evidence(self, c):
        name = self.keep_evidence(c)
        return {"status": "", "reason": "", **self.verdicts([name])[0]}

    def do_keep_evidence(self, c):
        self.evidence[f"{c['account']}/{c['id']}"] = self.keep_evidence(c)
        return {"err": "OK"}

    def keep_evidence(self, c):
        """The name of the file."""
        answer = self.call(c, "GET", f"/v1/accounts/{c['account']}/orders/{c['id']}/evidence")
        if answer["err"] != "OK":
            raise world.Differs(f"no evidence of {c['account']}/{c['id']}: {answer}")
        name = f"evidence-{c['account']}-{c['id']}.json"
        self.bank.write(name, answer["text"])
        return name

    def verdicts(self, names, *words):
        """Those of countersign-verify, which knows nothing but the first pin, unless WORDS say another."""
        done = self.bank.tool(["countersign-verify", "evidence", "--json", *(words or ["--bank-key", self.pin]),
                               *map(self.bank.path, names)], check=False)
        return [{"err": one.get("error", "OK"), **one} for one in map(json.loads, done.stdout.splitlines())]

    # --- what must hold ---
    def do_state(self, _):
        orders = self.bank.pages("/v1/orders", "orders")
        self.accounts = {a["account"]: a for a in self.bank.accounts()}
        return {"accounts": {n: [minor(a, "booked"), minor(a, "reserved")] for n, a in self.accounts.items()},
                "orders": {f"{o['order']['account']}/{o['order']['id']}": o["status"] + o.get("reason", "")
                           for o in orders}}

    def do_check(self, _):
        """After do_state and do_reconcile: what is wrong, what was executed since the last time and by whom, and what the
        log's new entries settle."""
        wrong, executed = [], []
        if self.report["movements"] != self.movements:
            self.movements = self.report["movements"]
            for account in self.accounts.values():
                wrong += self.check_movements(account, executed)
        head = self.bank.operator("GET", "/v1/log/checkpoint").json
        entries = self.bank.log_from(self.log.size)[:head["size"] - self.log.size]
        wrong += self.log.check(entries, head["checkpoint"])
        return {"wrong": wrong, "executed": executed,
                "settlements": [e["body"]["object"] for e in entries if e["body"]["type"] == "settlement"]}

    def check_movements(self, account, executed):
        """Each leads from one balance to the next, and the last to what is booked."""
        number, balance = account["account"], 0
        for move in reversed(self.bank.pages(f"/v1/accounts/{number}/movements", "movements")):
            balance += signed(move["amount"])
            if signed(move["balance"]) != balance:
                return [f"movement {move['id']} of {number} does not lead to {move['balance']}"]
            made = move["amount"][0] == "-" or move["kind"] == "deposit"
            if "order" in move and made and move["id"] not in self.paid:
                self.paid.add(move["id"])
                executed.append([number, move["order"], self.approvers(number, move["order"])])
        booked = minor(account, "booked")
        return [] if balance == booked else [f"{number} has {booked}, its movements make {balance}"]

    def approvers(self, number, order):
        view = self.bank.operator("GET", f"/v1/accounts/{number}/orders/{order}").json
        return sorted({d["holder"] for d in view["decisions"] if d["decision"] == "approve"})

    def do_check_all(self, _):
        """The log with its signatures against a checkpoint from the beginning; then, the bank being
        gone, the evidence that was kept: by the first root key's pin, and by the newest's with the rollovers."""
        self.stop_bankd()
        self.start_bankd()
        self.bank.verify_log("--checkpoint", self.bank.path("kept.note"))
        self.bank.write("rollovers.json", self.bank.operator("GET", "/v1/rollovers").body.decode())
        self.stop_bankd()
        self.stop_keeper()
        newest = ["--bank-key", self.bank.pin, "--rollovers", self.bank.path("rollovers.json")]
        both = [self.verdicts(self.evidence.values(), *words) if self.evidence else [] for words in ([], newest)]
        return {"err": "OK", "complaints": self.complaints(), "replaced": self.bank.pin != self.pin,
                "evidence": [{order: one.get("status", one) for order, one in zip(self.evidence, found)} for found in both]}

    def complaints(self):
        """Nothing failed in a way that no answer tells."""
        logs = [pathlib.Path(self.bank.path(name)).read_text(encoding="utf-8") for name in ("bankd.log", "keeper.log")]
        return [line for log in logs for line in log.splitlines() if " ERROR " in line]


def signed(text):
    """Minor units of an amount that may be negative."""
    return int(text.replace(".", ""))


def minor(account, member):
    return documents.minor_of(account[member], account["currency"])


class ApiBank(Heard, model.Bank):
    """What the server says before the core is asked: the session comes first, and a policy that no
    account ever had is answered like an old one."""

    stranger = False  # who asked last for what operators do has no session
    each = 20  # all of them ask from one address

    def see_waiting(self, session):
        self.stranger = False
        return {"err": "ROLE_REQUIRED"} if session is None else super().see_waiting(session)

    def operator(self, session):
        self.stranger = session is not None and not self.has_session(session)
        return super().operator(session)

    def act(self, said, path):
        self.stranger = False
        return super().act(said, path)

    def unread(self, session, name):
        return self.unverified(session, name)

    def unverified(self, session, name, account=None):
        try:
            self.caller(session)
            if name == "POLICY_MISMATCH" and account:
                self.visible(session, account)
                name = "POLICY_STALE"
        except Refused as why:
            name = str(why)
        return {"err": name}


class ApiWorld(world.World):
    Model = ApiBank
    has_keeper = True

    def ask(self, do, **members):
        """What becomes due by it is done before anything else happens: by a bankd that started just now
        without anybody's asking, otherwise when the account is looked at."""
        answer = super().ask(do, **members)
        due = [number for number, account in self.bank.accounts.items() if self.bank.is_due(account)]
        self.bank.due(sum(map(len, (self.bank.orders, self.bank.changing, self.bank.applications, self.bank.requests))))
        for number in [] if answer.get("looked") else due:
            self.compare("see-account", self.bank.see_account(None, number),
                         super().ask("see-account", account=number))
        return answer

    def compare(self, do, expected, answer):
        """An operator may come over a session, so that is asked for first."""
        if expected["err"] == "ROLE_REQUIRED" and self.bank.stranger:
            expected = {**expected, "err": "SESSION_REQUIRED"}
        super().compare(do, expected, answer)

    def second_key(self, _name):
        pass

    def employ(self, name, roles):
        super().employ(name, roles)
        if name in PINNED:
            self.bank.keeper.pin(self.bank.keys[-1], self.bank.now)

    def again(self, statement, another, session):
        self.bank.keeper_says = None  # nor does it hear of most
        super().again(statement, another, session)

    def same(self, what, expected, found):
        """Of what the same act comes to at the keeper the first answer says nothing."""
        if what == "the first answer":
            self.same("again: keeper", self.bank.keeper_says, (found["body"] or {}).get("keeper"))
            expected, found = ({**one, "text": "", "body": {**(one["body"] or {}), "keeper": None}} for one in (expected, found))
        super().same(what, expected, found)

    def decide(self, said, order):
        """The checker says something of every payee."""
        super().decide({**said, "check": said["check"] or "RCVC"}, order)

    def one_of(self, said, i, place, carried):
        self.bank.keeper_says = None
        super().one_of(said, i, place, {**carried, "check": carried["check"] or "RCVC"})

    def check_executed(self, number, order, people):
        super().check_executed(number, order, people)
        super().ask("keep-evidence", account=number, id=order)

    def finish(self):
        answer = self.ask("check-all")
        self.same("the programs' complaints", [], answer["complaints"])
        self.same("another root key", self.bank.roots > 1, answer["replaced"])
        self.same("evidence of what was settled", [{f"{n}/{i}": status for (n, i), status in self.settled.items()}] * 2,
                  answer["evidence"])
