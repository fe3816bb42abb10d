# SPDX-License-Identifier: Apache-2.0
"""Bank and model side by side: every act of the test is done to both, and compared."""

import json
import random

import documents
import model
from batches import Handing

BANK = "demobank.example/test"
START = documents.seconds_of("2026-11-23T09:00:00Z")  # as tests/bankd/world.c


class Differs(Exception):
    pass


class World(Handing):
    """Bank and model side by side; every method does one thing to both and compares. Remembers the
    commands, so that they can be read after a failure."""

    Model = model.Bank
    has_keeper = False

    def __init__(self, driver, seed):
        self.driver, self.lines = driver, []
        self.bank = self.Model(BANK, START)
        self.rng = random.Random(seed)
        self.statements, self.answers = [], []
        self.settled = {}  # status of the evidence that was kept
        self.counts = {}

    def ask(self, do, **members):
        """The bank's answer; what the model answers is known by then."""
        self.lines.append(json.dumps({"do": do, **members}))
        return self.driver.ask(do, **members)

    def note(self, do, err):
        self.counts[f"{do} {err}"] = self.counts.get(f"{do} {err}", 0) + 1

    def same(self, what, expected, found):
        if expected != found:
            if isinstance(expected, dict) and isinstance(found, dict):  # say what differs only
                both = expected.keys() | found.keys()
                expected, found = ({k: one.get(k) for k in both if expected.get(k) != found.get(k)}
                                   for one in (expected, found))
            raise Differs(f"{what}\n  model: {expected}\n  bank:  {found}")

    def compare(self, do, expected, answer):
        """Members of EXPECTED against the answer's body."""
        self.note(do, expected["err"])
        self.same(f"{do}: refusal", expected["err"], answer["err"])
        if expected["err"] != "OK":
            return
        body = answer.get("body") or {}
        for name, value in expected.items():
            if name == "err":
                continue
            found = answer.get(name) if name in ("http", "more") else body.get(name)
            if value is None and found is None:
                continue
            if name == "decisions":
                found = [(d["holder"], d["decision"]) for d in found]
            elif name == "history":
                times = [step["time"] for step in found]
                self.same(f"{do}: history in order", sorted(times), times)
                found = [step["status"] for step in found]
            elif name == "delegations":
                found = sorted((d["principal"], d["deputy"], d["amount"], d["inForce"]) for d in found)
            elif name == "credits":
                found = [{key: one[key] for key in value[0]} for one in found] if value else found
            elif name == "orders":
                found = sorted(f"{one['order']['account']}/{one['order']['id']}" for one in found)
            elif name == "certificates":
                found = sorted(found) if found else None
            elif name == "comments":
                found = [one["text"] for one in found]
            elif name == "pending" and found:
                found = {"digest": found["digest"],
                         "decisions": [(d["holder"], d["decision"]) for d in found["decisions"]]}
            self.same(f"{do}: {name}", value, found)
        if expected.get("heldFor"):
            self.note("held for", " ".join(expected["heldFor"]))
        if "status" in expected:
            self.note("status", expected["status"] + (expected.get("reason") or ""))

    def both(self, do, expected, **members):
        self.compare(do, expected, self.ask(do, **members))

    # --- acts ---
    def enrol(self, name, curve):
        self.bank.enrol(name)
        self.both("enrol", {"err": "OK"}, name=name, curve=curve)

    def terminal(self, name):
        self.bank.enrol(name, terminal=True)
        self.bank.login(len(self.bank.keys) - 1)
        self.both("terminal", {"err": "OK"}, name=name, curve="P-256")

    def employ(self, name, roles):
        """An operator with a key of his own, logged in."""
        self.bank.employ(name, roles)
        self.both("employ", {"err": "OK"}, name=name, curve="P-256", roles=sorted(roles))

    def second_key(self, name):
        self.bank.second_key(name)
        self.both("second-key", {"err": "OK"}, name=name, curve="P-256")

    def key_set(self, session, key, holder, status):
        who = {} if session is None else {"session": session}
        self.both("key-set", self.bank.key_set(session, key, holder, status),
                  key=key, holder=holder, status=status, **who)

    def key_suspend(self, session, key):
        self.both("key-suspend", self.bank.key_suspend(session, key), session=session, key=key)

    def login(self, key):
        self.bank.login(key)
        self.both("login", {"err": "OK"}, key=key)

    def open_account(self, number, currency, holders, terms):
        """TERMS: rules, limits and deputies, as far as there are some."""
        doc = {"account": number, "bank": BANK, "type": "policy", "title": "Household", "version": 1,
               "validFrom": documents.time_text(self.bank.now), "rules": documents.ALL, **terms,
               "holders": [{"class": c, "id": h} for h, c in sorted(holders.items())]}
        if "rules" in terms or "limits" in terms:
            doc["currency"] = currency
        self.both("account", self.bank.open_account(number, currency, documents.Policy(doc)),
                  account=number, currency=currency,
                  holders=[f"{h}:{c}" for h, c in self.rng.sample(sorted(holders.items()), len(holders))],
                  **{name: documents.canonical(terms[name]) if name in terms else ""
                     for name in ("rules", "limits", "deputies", "signatures")})

    def fund(self, session, number, amount, currency):
        who = {} if session is None else {"session": session}
        self.both("fund", self.bank.fund(session, number, amount, currency),
                  account=number, amount=amount, currency=currency, **who)

    SIGNED = ("key", "session", "verb", "issued", "expires", "nonce", "challenge")

    def hand_in(self, do, said, wrong, judge, **documents_):
        """A statement of SAID: key, session, verb, issued, expires, nonce, challenge, and what it is
        about; CHECK is what the bank found out about its payee. WRONG names what its document's form says already."""
        said["statement"], said["formed"] = len(self.statements), not wrong
        self.statements.append(said)
        expected = self.bank.unread(said["session"], wrong) if wrong else judge()
        answer = self.ask(do, **documents_, **{name: said[name] for name in self.SIGNED},
                          payee_check=said.get("check", ""))
        self.answers.append(answer)
        self.compare(do, expected, answer)

    def decide(self, said, order):
        said = {**said, "do": "decide", "order": order}
        self.hand_in("decide", said, documents.order_form(order), lambda: self.bank.decide(said, order),
                     order=documents.canonical(order), policy=said["policy"].text)

    def cash(self, said, order):
        said = {**said, "do": "cash", "order": order, "verb": "submit"}
        self.hand_in("cash", said, documents.order_form(order), lambda: self.bank.cash(said, order),
                     order=documents.canonical(order))

    def word(self, said, to):
        said = {**said, "do": "word", "to": to}
        wrong = None if to.valid() else "POLICY_INVALID"
        self.hand_in("word", said, wrong, lambda: self.bank.word(said, to),
                     to=to.text, **{"from": said["from"].text})

    def delegate(self, said, number):
        said = {**said, "do": "delegate", "to": number}
        gift = {name: said[name] for name in ("deputy", "currency", "from", "until") if said["verb"] == "give"}
        if gift:
            gift.update(minor=said["amount"], amount=documents.money(said["amount"], said["currency"]),
                        policy=said["policy"].text)
        self.hand_in("delegate", said, None, lambda: self.bank.delegate(said, number),
                     account=said["account"], to=number, **gift)

    def act(self, said, path):
        """An operator's SAID, signed for its own path, with which PATH is asked for."""
        said = {**said, "do": "act", "verb": "", "to": path}
        self.hand_in("act", said, None, lambda: self.bank.act(said, path), to=path, path=said["path"],
                     request=documents.canonical(said["request"]))
        self.note("by act: " + ("key" if "@" in path else path.rpartition("/")[2]), self.answers[-1]["err"])

    def rotate(self, said, path, curve):
        """By the path of another key, if it is not that of the signer; to a TAKEN key instead of a new one."""
        said = {**said, "do": "rotate", "to": path}
        taken = {} if said["taken"] is None else {"taken": said["taken"]}
        self.hand_in("rotate", said, None, lambda: self.bank.rotate(said, path), path=path, curve=curve,
                     name=self.bank.keys[said["key"]].holder, **taken)

    # --- newcomers ---
    def ask_in(self, said):
        """A request to be enrolled, by a new key unless NEWCOMER has one; TAKEN: of a key that somebody has."""
        expected = self.bank.ask_in(said)
        answer = self.ask("ask", curve="P-256", **{name: value for name, value in said.items() if value is not None})
        self.compare("ask", expected, answer)
        if expected["err"] == "OK":
            request = self.bank.requests[-1]
            request.id, request.thumbprint = answer["body"]["enrolment"], answer["body"]["thumbprint"]

    def sponsor(self, said, path):
        said = {**said, "do": "sponsor", "verb": "", "to": path}
        request = self.bank.requests[said["about"]]
        self.hand_in("sponsor", said, None, lambda: self.bank.sponsor(said, path), account=said["account"],
                     about=request.id, name=request.name, **self.asker(request), slip=said["slip"], to=self.bank.requests[path].id)

    @staticmethod
    def asker(request):
        """Whose key the request is of: a newcomer's, or one that is there."""
        return {"newcomer": request.key} if request.taken is None else {"taken": request.taken}

    def admit(self, session, number, letter):
        who = {} if session is None else {"session": session}
        request = self.bank.requests[number]
        self.both("admit", self.bank.at_console(session, lambda: self.bank.admit(number, letter)), request=request.id,
                  name=request.name, holder=letter["holder"], another=letter["another"], slip=letter["slip"],
                  **self.asker(request), **who)

    def refuse_request(self, session, number):
        who = {} if session is None else {"session": session}
        self.both("refuse-request", self.bank.at_console(session, lambda: self.bank.refuse_request(number)),
                  request=self.bank.requests[number].id, **who)

    # --- applications ---
    def apply(self, said, doc, wrong):
        said = {**said, "do": "apply", "to": doc}
        self.hand_in("apply", said, wrong, lambda: self.bank.apply(said, doc),
                     about=documents.canonical(said["about"]), to=documents.canonical(doc))

    def admit_application(self, session, name, number):
        who = {} if session is None else {"session": session}
        self.both("admit-application", self.bank.admit_application(session, name, number), application=name,
                  account=number, **who)

    def refuse_application(self, session, name):
        who = {} if session is None else {"session": session}
        self.both("refuse-application", self.bank.refuse_application(session, name), application=name, **who)

    def see_application(self, session, name):
        who = {} if session is None else {"session": session}
        self.both("see-application", self.bank.see_application(session, name), application=name, **who)

    def again(self, statement, another, session):
        said = self.statements[statement]
        said["session"] = session
        other, answered = self.statements[another], said.get("answered")
        judge = {"decide": self.bank.decide, "cash": self.bank.cash, "word": self.bank.word,
                 "delegate": self.bank.delegate, "rotate": self.bank.rotate, "act": self.bank.act,
                 "apply": self.bank.apply, "sponsor": self.bank.sponsor}[said["do"]]
        expected = judge(said, other["order" if "order" in said else "to"])
        answer = self.ask("again", statement=statement, session=session, payee_check=said.get("check", ""),
                          **{"with": another})
        if expected["err"] == "AGAIN":
            self.note("again", "AGAIN")
            self.same("the first answer", self.answers[statement], answer)
        else:
            self.compare("again", expected, answer)
            if said.get("answered") and not answered:
                self.answers[statement] = answer

    def later(self, seconds):
        self.bank.now += seconds
        self.both("later", {"err": "OK"}, seconds=seconds)

    def due(self, most):
        self.both("due", self.bank.due(most), max=most)

    def settings(self, hold_above, hold_on, cutoff, bank_codes, four_eyes, sponsors=0):
        """What the bank set for itself."""
        self.bank.four_eyes, self.bank.sponsors = four_eyes, sponsors
        self.bank.hold, self.bank.hold_on = hold_above, hold_on
        self.bank.cutoff, self.bank.bank_codes = cutoff, bank_codes
        above = [f"{documents.money(most, currency)} {currency}" for currency, most in hold_above.items()]
        until = [f"{minutes // 60:02d}:{minutes % 60:02d} {currency}" for currency, minutes in cutoff.items()]
        self.both("settings", {"err": "OK"}, hold_above=", ".join(above), cutoff=", ".join(until),
                  hold_on=", ".join(hold_on), bank_codes=", ".join(bank_codes), four_eyes="yes" if four_eyes else "", sponsors=str(sponsors))

    def held(self, session, number, order, releases):
        who = {} if session is None else {"session": session}
        self.both("release" if releases else "refuse", self.bank.held(session, number, order, releases),
                  account=number, id=order, **who)

    def confirm(self, session, number, order):
        who = {} if session is None else {"session": session}
        self.both("confirm", self.bank.sent(session, number, order), account=number, id=order, **who)

    def send_back(self, session, number, order, reason):
        who = {} if session is None else {"session": session}
        self.both("return", self.bank.sent(session, number, order, reason),
                  account=number, id=order, reason=reason, **who)

    def credit(self, session, **what):
        who = {} if session is None else {"session": session}
        self.both("credit", self.bank.credit(session, **what), **{**what, "account": what["number"]}, **who)

    def assign(self, session, credit, number):
        who = {} if session is None else {"session": session}
        self.both("assign", self.bank.assign(session, credit, number), credit=str(credit), account=number, **who)

    def give_back(self, session, credit):
        who = {} if session is None else {"session": session}
        self.both("give-back", self.bank.give_back(session, credit), credit=str(credit), **who)

    def see_suspense(self, session):
        who = {} if session is None else {"session": session}
        self.both("see-suspense", self.bank.see_suspense(session), **who)

    def reverse(self, session, number, movement):
        who = {} if session is None else {"session": session}
        self.both("reverse", self.bank.reverse(session, number, movement),
                  account=number, movement=str(movement), **who)

    def account_state(self, session, number, act):
        who = {} if session is None else {"session": session}
        self.both("account-state", self.bank.account_state(session, number, act), account=number, act=act,
                  **who)

    def restart(self):
        self.both("restart", {"err": "OK"})

    def challenge(self, key):
        """The challenge that the bank gives, None when it refuses."""
        answer = self.ask("challenge", key=key)
        self.compare("challenge", self.bank.challenge(key), answer)
        if answer["err"] != "OK":
            return None
        self.same("challenge: times and use", True, self.bank.challenge_given(key, answer["body"]))
        return answer["body"]["challenge"]

    def see_account(self, session, number):
        who = {} if session is None else {"session": session}
        self.both("see-account", self.bank.see_account(session, number), account=number, **who)

    def see_order(self, session, number, order):
        who = {} if session is None else {"session": session}
        self.both("see-order", self.bank.see_order(session, number, order), account=number, id=order, **who)

    def see_waiting(self, session):
        who = {} if session is None else {"session": session}
        self.both("see-waiting", self.bank.see_waiting(session), **who)

    def see_delegations(self, session, number):
        who = {} if session is None else {"session": session}
        self.both("see-delegations", self.bank.see_delegations(session, number), account=number, **who)

    def see_policy(self, session, number):
        who = {} if session is None else {"session": session}
        self.both("see-policy", self.bank.see_policy(session, number), account=number, **who)

    def evidence(self, session, number, order):
        """The verifier's verdict; the caller has seen the order just now."""
        found = self.bank.orders[number, order]
        answer = self.ask("evidence", session=session, account=number, id=order)
        self.note("evidence", answer["err"])
        self.same("evidence", ("OK", found.status, found.reason),
                  (answer["err"], answer["status"], answer["reason"]))
        if (number, order) in self.settled:
            self.settled[number, order] = found.status

    # --- what must hold after every step ---
    def check(self):
        state = self.ask("state")
        self.same("balances", {n: [a.booked, a.reserved] for n, a in self.bank.accounts.items()},
                  state["accounts"])
        self.same("orders", {f"{n}/{i}": o.status + o.reason for (n, i), o in self.bank.orders.items()},
                  state["orders"])
        if "own" in state:
            self.same("the bank's own accounts",
                      {f"{n}:{c}": booked for (n, c), booked in self.bank.own.items() if booked}, state["own"])
        self.same("what waits in them", [], self.bank.own_wrong())
        report = self.ask("reconcile")["body"]
        expected = self.bank.report()
        self.same("the report", expected, {name: report[name] for name in expected})
        told = self.ask("check")
        self.same("the books' laws", [0] * len(told["wrong"]), told["wrong"])
        self.same("settlements in the log", sorted(f"order:{n}/{i}" for n, i, _ in told["executed"]),
                  sorted(told["settlements"]))
        for number, order, people in told["executed"]:
            self.check_executed(number, order, set(people))

    def check_executed(self, number, order, people):
        """Once, and with a quorum of distinct people under both policies, whatever led there."""
        found = self.bank.orders[number, order]
        self.same("executed once", False, (number, order) in self.settled)
        self.settled[number, order] = found.status
        alone = all(policy.quorum(found.case, waited, people) for policy, waited, _ in found.judged)
        self.note("executed", "OK" if alone else "with a deputy")
        for policy, waited, standing in found.judged:
            standing = [pair for pair in standing if not found.decided(pair[0], "vote")]
            self.same(f"quorum of {sorted(people)} for {number}/{order}", True,
                      policy.quorum(found.case, waited, people, standing))

    def finish(self):
        """What takes long, once at the end."""
        self.ask("check-all")
