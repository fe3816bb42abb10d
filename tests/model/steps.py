# SPDX-License-Identifier: Apache-2.0
"""What the test does next: sensible orders and votes most of the time, so that they come to an end,
and often something that must be refused."""

import datetime

import documents
from documents import iban
from applying import Applying
from arrivals import Arrivals
from batches import Signing
from desk import Desk
from errands import Errands
from gifts import Gifts
from keyring import Keyring
from staffing import Staffing

CURVES = {"alice": "P-256", "bob": "P-521", "carol": "P-384", "dave": "P-256", "erin": "P-256",
          "frank": "P-256"}
AMOUNTS = [1, 100, 999, 1000, 1001, 2500, 4999, 5000, 5001, 9000]
BANDS = [1000, 5000]
DAY = documents.DAY


class Steps(Applying, Arrivals, Signing, Desk, Errands, Gifts, Keyring, Staffing):
    def __init__(self, world, wide, many=False):
        """WIDE: strangers come, too, operators lose their keys, people ask what waits for them; MANY: orders are
        signed many at once; the other seeds are as they were."""
        self.wide, self.many = wide, many
        self.world, self.bank, self.rng = world, world.bank, world.rng
        self.serial = 0
        self.batches = []  # signed lately
        self.proposals = []  # (account, policy)
        self.live = []  # (account, order document), newest last

    # --- choosing ---
    def chance(self, percent):
        return self.rng.random() * 100 < percent

    def pick(self, things):
        return self.rng.choice(list(things))

    def weighted(self, table):
        return self.rng.choices([row[0] for row in table], [row[1] for row in table])[0]

    def number(self):
        self.serial += 1
        return self.serial

    # --- the beginning ---
    def begin(self):
        for name, curve in CURVES.items():
            self.world.enrol(name, curve)
        self.world.second_key("alice")
        self.world.terminal("till-1")
        self.employ()
        for i, currency in enumerate(self.pick([["EUR", "EUR", "EUR"], ["EUR", "EUR", "USD", "USD"],
                                                ["EUR", "EUR", "JPY", "JPY"]])):
            self.open_account(iban(1000 + i), currency)
        self.set_up()
        for number, account in self.bank.accounts.items():
            self.world.fund(None, number, documents.money(self.pick([20000, 50000, 100000]), account.currency),
                            account.currency)

    def set_up(self):
        """What the bank set for itself, most of the time something."""
        if self.chance(5):
            return
        minutes = [9 * 60, 16 * 60, 16 * 60, 0, DAY // 60 - 1]
        cutoff = {currency: self.pick(minutes) for currency in ("EUR", "USD", "JPY") if self.chance(50)}
        self.world.settings(hold_above={"EUR": 4999, "USD": 1000} if self.chance(60) else {},
                            hold_on=self.hold_on() if self.chance(60) else [], cutoff=cutoff if self.chance(60) else {},
                            bank_codes=["DE 00000000"] if self.chance(90) else [], four_eyes=self.chance(30),
                            sponsors=self.pick([0, 1, 1, 2]) if self.wide else 0)

    def hold_on(self):
        return self.pick([["first-payment"], ["look-alike"], ["look-alike", "RVNM"],
                          ["RMVC", "RVNM", "RVNA", "look-alike"], ["RVNA", "first-payment", "look-alike"]])

    # --- policies ---
    def holders(self):
        names = self.rng.sample(sorted({*CURVES, *self.arrived()}), self.pick([1, 2, 2, 3, 3, 4]))
        return {name: self.weighted([("A", 5), ("B", 2), ("E", 2), ("T", 2)]) for name in names}

    def term(self, holders):
        able = sorted(h for h, c in holders.items() if c != "T")
        count = self.weighted([(1, 60), (2, 30), (3, 8), (0, 2)])
        kind = self.weighted([("any", 5), ("class", 2), ("of", 2)])
        if kind == "class":
            return {"class": self.pick("ABE"), "count": count}
        if kind == "of" and able:
            named = sorted(self.rng.sample(able, self.rng.randint(1, len(able))))
            if self.chance(3):
                named = named[::-1] + ["nobody"]
            return {"count": min(count, len(named)), "of": named}
        return {"count": count}

    def way(self, holders):
        signers = [self.term(holders) for _ in range(self.weighted([(1, 7), (2, 3)]))]
        return {"afterDays": self.pick([1, 2, 3, 10]), "signers": signers} if self.chance(45) else \
            {"signers": signers}

    def rule(self, holders):
        kind = self.weighted([("all", 3), ("ebics", 3), ("ways", 6)])
        if kind != "ways":
            return {"require": kind}
        return {"anyOf": [self.way(holders) for _ in range(self.weighted([(1, 5), (2, 4), (3, 1)]))]}

    def rules(self, holders, currency):
        rules = []
        if self.chance(25):
            payees = sorted(self.rng.sample([*(iban(1000 + i) for i in range(7)), *documents.ELSEWHERE], self.pick([1, 2, 3])))
            rules.append({**self.rule(holders), "payees": payees})
            if self.chance(30):
                rules.append({**self.rule(holders), "payees": payees[:1]})
                rules.reverse()
            if self.chance(20):  # one for each of them first
                rules = [{**self.rule(holders), "payees": [payee]} for payee in payees] + rules[-1:]
        edges = self.pick([[], [], BANDS[:1], BANDS[1:], BANDS])
        for low, high in zip([None] + edges, edges + [None]):
            if high is None and edges and self.chance(25):
                break  # nothing is for the largest
            rule = self.rule(holders)
            if low is not None:
                rule["above"] = documents.money(low, currency)
            if high is not None:
                rule["upTo"] = documents.money(high, currency)
            rules.append(rule)
        if self.chance(10):
            rules.insert(self.rng.randint(0, len(rules)), {**self.rule(holders), "for": "policy"})
        if self.chance(60):
            rule = {**self.rule(holders), "for": "cash"}
            if self.chance(40):
                rule["upTo"] = documents.money(self.pick(BANDS), currency)
            rules.insert(self.rng.randint(0, len(rules)), rule)
        if self.chance(4):
            rules.append(self.pick(rules))
        return rules

    def limits(self, currency):
        most = {"day": self.pick([1001, 3000, 6000]), "month": self.pick([3500, 9000])}
        some = self.pick([["day"], ["month"], ["day", "month"]])
        return [{"amount": documents.money(most[per], currency), "per": per} for per in some]

    def drawn(self, currency):
        """Holders and terms, most of the time of a policy that can be."""
        for _ in range(30):
            holders = self.holders()
            terms = {"rules": self.rules(holders, currency) if self.chance(80) else [],
                     "limits": self.limits(currency) if self.chance(45) else [],
                     "deputies": self.deputies(holders) if self.chance(50) else []}
            if self.many and self.chance(12):
                terms["signatures"] = "single"
            terms = {name: value for name, value in terms.items() if value}
            if documents.Policy(self.document(iban(1), holders, terms, currency, 1)).valid() or self.chance(10):
                break
        return holders, terms

    def deputies(self, holders):
        some = sorted(self.rng.sample(sorted(holders), self.rng.randint(1, len(holders))))
        return some if self.chance(97) else self.pick([some[::-1] + some, [*some, "zoe"]])

    def document(self, number, holders, terms, currency, version):
        return {"account": number, "bank": self.bank.name, "currency": currency, "type": "policy",
                "holders": [{"class": c, "id": h} for h, c in sorted(holders.items())],
                "rules": documents.ALL, "title": f"Version {version}", "version": version,
                "validFrom": documents.time_text(self.bank.now), **terms}

    def open_account(self, number, currency):
        while number not in self.bank.accounts:
            self.world.open_account(number, currency, *self.drawn(currency))

    def proposal(self, account):
        """A new policy: the same people, or nearly, most of the time."""
        number = account.number
        holders, terms = self.drawn(account.currency)
        if self.chance(60):
            holders = dict(account.policy.holders)
            if self.chance(30):
                holders[self.pick(holders)] = self.pick("ABET")
            terms["rules"] = self.rules(holders, account.currency)
            terms["deputies"] = account.policy.doc.get("deputies", []) if self.chance(70) else self.deputies(holders)
        if self.chance(50):  # easy or hard, so that what waits under one meets the other
            terms["rules"] = self.pick([[{"anyOf": [{"signers": [{"count": 1}]}]}], [{"require": "all"}],
                               [{"anyOf": [{"signers": [{"count": 1}], "afterDays": 1}]}]])
        if self.chance(3):
            holders["nobody"] = "A"
        other = {"EUR": "USD", "USD": "EUR"}.get(account.currency, account.currency)
        currency = account.currency if self.chance(97) else other
        terms = {name: value for name, value in terms.items() if value}
        doc = self.document(number, holders, terms, currency, len(account.policies) + 1)
        if self.chance(8):
            doc["validFrom"] = documents.time_text(self.bank.now + self.pick([0, 1, 60]))
        if self.chance(10):
            doc["validUntil"] = documents.time_text(self.bank.now + self.pick([1, 60, 3600, 5 * DAY]))
            if doc["validUntil"] <= doc["validFrom"]:
                del doc["validUntil"]
        return documents.Policy(doc)

    def replaced(self, account, to):
        """The policy that a word on TO must name, most of the time."""
        before = account.policies[to.doc["version"] - 2]
        return before if self.chance(97) else documents.Policy({**before.doc, "title": "Never seen"})

    def say_word(self, account, to, key, verb):
        session = self.carrier(key)
        self.world.word({**self.statement(key), "key": key, "session": session, "verb": verb,
                         "from": self.replaced(account, to)}, to)

    def change_policy(self, account=None):
        """Words on one policy: most of the time all that it takes, sometimes one alone."""
        waiting = [a for a in self.bank.accounts.values() if a.change]
        if account is None:
            account = self.pick(waiting if waiting and self.chance(60) else self.bank.accounts.values())
        to = account.change.policy if account.change and self.chance(80) else self.proposal(account)
        self.proposals = self.proposals[-5:] + [(account, to)]
        if self.chance(10):
            account, to = self.pick(self.proposals)  # perhaps of a version that is over
        keys = self.good_keys(account.policy.approvers | to.approvers)
        if account.change and self.chance(90):
            keys = [i for i in keys if self.bank.keys[i].holder not in {h for h, _, _ in account.change.words}]
        self.rng.shuffle(keys)
        for key in keys if self.chance(80) else keys[:1]:
            self.say_word(account, to, key, "approve" if self.chance(94) else "reject")
            if to in account.policies:
                break
        if self.chance(10):
            self.say_word(account, to, self.any_key(), self.pick(["approve", "reject"]))

    # --- orders ---
    def date(self):
        today = documents.day_of(self.bank.now)
        kind = self.weighted([("today", 40), ("soon", 25), ("month", 20), ("feast", 5), ("passed", 3),
                              ("far", 4), ("free", 3)])
        if kind == "feast":  # the days around a closed one
            easter = documents.easter(today.year + (today.month > 4))
            feast = self.pick([datetime.date(today.year, 12, 25), datetime.date(today.year + 1, 1, 1),
                               datetime.date(today.year + (today.month > 5), 5, 1), easter])
            return feast + datetime.timedelta(days=self.rng.randint(-3, 2))
        days = {"today": 0, "soon": self.rng.randint(1, 6), "month": self.rng.randint(7, 31),
                "passed": -self.rng.randint(1, 3), "far": self.pick([365, 366, 367, 400]),
                "free": 5 - today.weekday()}[kind]  # this week's Saturday
        return today + datetime.timedelta(days=days)

    def order(self, account=None):
        account = account or self.bank.accounts[self.pick(self.bank.accounts)]
        others = [n for n, a in self.bank.accounts.items() if a.currency == account.currency]
        others.remove(account.number)
        payee = self.pick(others) if others and self.chance(97) else self.pick([iban(77), *self.bank.accounts])
        if self.chance(35):
            payee = self.pick(documents.ELSEWHERE)
        amount = self.pick(AMOUNTS) if self.chance(94) else self.pick([account.booked + 1, 100000, 10 ** 17])
        if self.chance(4) and account.booked > account.reserved:
            amount = account.booked - account.reserved
        created = self.bank.now
        expires = created + self.weighted([(30, 1), (600, 3), (3600, 5), (DAY, 3), (3 * DAY, 4), (12 * DAY, 7)])
        if self.chance(3):
            created, expires = created - 7200, created - self.pick([0, 1, 60])
        doc = {"account": account.number, "amount": documents.money(amount, account.currency),
               "bank": self.bank.name, "created": documents.time_text(created),
               "creditor": {"account": payee, "name": self.pick(self.pick(documents.NAMES))},
               "currency": account.currency,
               "date": str(self.date()), "description": "A payment", "expires": documents.time_text(expires),
               "id": f"0193{self.number():04x}-0000-7000-8000-000000000000", "type": "payment-order",
               "version": 1}
        return self.spoiled(doc) if self.chance(6) else doc

    def spoiled(self, doc):
        kind = self.pick(["bank", "currency", "zero", "decimals", "expires", "iban", "date", "id", "twin"])
        if kind == "bank":
            doc["bank"] = "demobank.example/production"
        elif kind == "currency":
            doc["currency"] = self.pick(["EUR", "USD", "XXX"])
            doc["amount"] = "1.00"
        elif kind in ("zero", "decimals"):
            doc["amount"] = {"zero": documents.money(0, doc["currency"]), "decimals": "1.5"}[kind]
        elif kind == "expires":
            doc["expires"] = self.pick([doc["created"], documents.time_text(self.bank.now + 367 * DAY)])
        elif kind == "iban":
            doc["creditor"]["account"] = doc["creditor"]["account"][:2] + "00" + doc["creditor"]["account"][4:]
        elif kind == "date":
            doc["date"] = "2027-02-30"
        elif self.live:
            known = self.pick(self.live)
            doc["id"] = known["id"]
            if kind == "twin":  # the same id of the same account
                doc["account"], doc["currency"], doc["amount"] = \
                    known["account"], known["currency"], known["amount"]
        return doc

    def cash(self):
        """At the terminal, most of the time by its own key and session."""
        order = self.order()
        order = {k: v for k, v in order.items() if k not in ("creditor", "date")}
        order.update(type="cash-" + self.pick(["deposit", "withdrawal", "withdrawal"]),
                     terminal="till-1" if self.chance(96) else "till-2")
        tills = [i for i, key in enumerate(self.bank.keys) if key.terminal]
        key = self.pick(tills) if self.chance(95) else self.any_key()
        session = self.ready(key) if self.chance(95) else self.carrier(key)
        self.world.cash({**self.statement(key), "key": key, "session": session}, order)
        if (order["account"], order["id"]) in self.bank.orders and order not in self.live:
            self.live = self.live[-11:] + [order]

    # --- decisions ---
    def good_keys(self, holders):
        return [i for i, key in enumerate(self.bank.keys) if key.holder in holders and key.status == "active"]

    def signer(self, order):
        """Somebody who may and has not, most of the time."""
        account = self.bank.accounts.get(order["account"])
        known = self.bank.orders.get((order["account"], order["id"]))
        people = set(account.policy.holders) if account else set()
        voted = {h for h, v, _ in known.decisions if v in ("approve", "reject")} if known else set()
        able = {h for h in people if h in account.policy.approvers and h not in voted} if account else set()
        if account:
            able |= {d.deputy for d in account.delegations.values()} - voted
        if known and self.chance(12):
            able = known.pinned.approvers - voted  # perhaps not under the present policy
        for those in (able, people) if self.chance(88) else (people,) if self.chance(60) else ():
            keys = self.good_keys(those)
            if keys:
                return self.pick(keys)
        return self.any_key()

    def ready(self, key):
        """Logs in first where there is no session, most of the time."""
        if not self.bank.has_session(key) and self.bank.keys[key].status == "active" and self.chance(97):
            self.world.login(key)
        return key

    def policy_to_sign(self, order):
        account = self.bank.accounts.get(order["account"])
        known = self.bank.orders.get((order["account"], order["id"]))
        right = known.pinned if known else account.policy if account else None
        if right and self.chance(94):
            return right
        kind = self.pick(["other", "older", "unknown"])
        if kind == "older" and account:
            return self.pick(account.policies)
        one = self.pick(self.bank.accounts.values()).policy
        return documents.Policy({**one.doc, "title": "Never seen"}) if kind == "unknown" else one

    def times(self):
        now = self.bank.now
        issued = now + self.weighted([(0, 90), (-299, 1), (-300, 1), (-301, 2), (10, 1), (11, 2), (-60, 3)])
        expires = issued + self.weighted([(600, 90), (1, 2), (300, 3), (59, 2)])
        return issued, expires

    def statement(self, key):
        """What every statement says of itself."""
        issued, expires = self.times()
        challenge = self.world.challenge(key) if self.chance(3) else ""
        if challenge and self.chance(50):
            issued -= self.pick([10, 11, 1000])
        if self.world.statements and self.chance(1):
            challenge = self.pick(self.world.statements)["challenge"] or "AAAAAAAAAAAAAAAAAAAAAA"
        nonce = f"{self.number():021d}A"
        if self.world.statements and self.chance(2):
            nonce = self.pick(self.world.statements[-20:])["nonce"]
        return {"issued": issued, "expires": expires, "nonce": nonce, "challenge": challenge or ""}

    def carrier(self, key):
        """Whose session carries the statement: his own, sometimes another's."""
        if self.bank.keys[key].status != "active" or self.chance(8):
            key = self.any_key()
        return self.ready(key)

    def found_out(self):
        """What the bank hears of a payee."""
        return self.weighted([("", 4), ("RCVC", 2), ("RMVC", 2), ("RVNM", 2), ("RVNA", 2)])

    def say(self, order, verb, key=None, since=0):
        """SINCE: for how many seconds it is signed."""
        if order["type"] == "cash-deposit":
            return  # there is nothing to sign
        if "terminal" in order and verb == "submit":
            verb = "approve"
        key = self.signer(order) if key is None else key
        session = self.carrier(key)
        check = self.found_out()
        said = {**self.statement(key), "key": key, "session": session, "verb": verb,
                "policy": self.policy_to_sign(order), "check": check}
        self.world.decide({**said, "issued": said["issued"] - since}, order)

    def new_order(self):
        order = self.order()
        self.say(order, self.weighted([("approve", 60), ("submit", 36), ("reject", 2), ("cancel", 2)]))
        if (order["account"], order["id"]) in self.bank.orders and order not in self.live:
            self.live = self.live[-11:] + [order]

    def patience(self):
        """An order that waits for a clause, then for its day; and often somebody thinks better of it."""
        slow = [a for a in self.bank.accounts.values() if "afterDays" in a.policy.text]
        if not slow:
            return
        order = self.order(self.pick(slow))
        day = documents.day_of(self.bank.now) + datetime.timedelta(days=self.rng.randint(4, 20))
        order.update(date=str(day), created=documents.time_text(self.bank.now),
                     expires=documents.time_text(self.bank.now + 12 * DAY))
        self.say(order, "approve")
        if (order["account"], order["id"]) not in self.bank.orders:
            return
        self.live = self.live[-11:] + [order]
        self.world.later(self.pick([DAY - 1, DAY, 2 * DAY, 3 * DAY]))
        self.due()
        if self.chance(60):
            self.say(order, self.pick(["cancel", "cancel", "approve"]))

    def stranger(self):
        """All pay somebody whom the account never paid, often by a name that looks like one that it did."""
        able = [a for a in self.bank.accounts.values() if a.state == "open"]
        if not able:
            return
        account = self.pick([a for a in able if a.payees] or able)
        strange = [n for n, a in self.bank.accounts.items() if a.currency == account.currency and a is not account]
        strange += [n for n in documents.ELSEWHERE if self.bank.elsewhere(n)]
        strange = [n for n in strange if n not in account.payees]
        if not strange:
            return
        looks = sorted(set().union(*account.payees.values()))
        names = documents.NAMES[self.pick(looks)] if looks and self.chance(75) else self.pick(documents.NAMES)
        order = self.order(account)
        order.update(amount=documents.money(self.pick(AMOUNTS[:6]), account.currency),
                     creditor={"account": self.pick(strange), "name": self.pick(names)},
                     date=str(documents.day_of(self.bank.now)))
        self.approve_without(None, order)

    def vote(self):
        if not any(o.status in ("ACTC", "PATC", "ACCP", "PDNG") for o in self.bank.orders.values()) and self.chance(70):
            return self.new_order()
        if not self.live:
            return None
        status = {o["id"]: self.bank.orders[o["account"], o["id"]].status for o in self.live}
        wanted = self.weighted([(("ACTC", "PATC"), 83), (("ACCP", "PDNG"), 10), (status.values(), 7)])
        order = self.pick([o for o in self.live if status[o["id"]] in wanted] or self.live)
        verb = self.weighted([("approve", 76), ("reject", 14), ("cancel", 6), ("submit", 4)])
        if status[order["id"]] in ("ACCP", "PDNG") and self.chance(50):
            verb = "cancel"
        return self.say(order, verb)

    def again(self):
        formed = [s for s in self.world.statements[-60:] if s["formed"]]
        if not formed:
            return
        said = self.pick(formed)
        alike = [s for s in formed if s["do"] == said["do"]]
        other = self.pick(alike) if self.chance(15) else said
        session = said["key"] if self.chance(80) else self.any_key()
        if self.bank.keys[session].status == "retired":
            session = self.pick(self.good_keys([self.bank.keys[session].holder]) or [session])
        self.world.again(said["statement"], other["statement"], self.ready(session))

    # --- the rest ---
    def later(self):
        now = self.bank.now
        midnight = DAY - now % DAY
        if self.bank.cutoff and self.chance(20):  # the very moment, or just after it
            moment = self.pick(self.bank.cutoff.values()) * 60 + self.pick([0, 1])
            self.world.later((moment - now) % DAY or DAY)
            return
        self.world.later(self.weighted([(1, 3), (10, 3), (59, 2), (299, 2), (300, 1), (301, 2), (3600, 4),
                                        (midnight - 1, 2), (midnight, 3), (midnight + 9 * 3600, 6), (DAY, 3),
                                        (3 * DAY, 3), (9 * DAY, 1)]))
        if self.chance(60):
            self.due()

    def due(self):
        self.world.due(self.pick([1, 2, 100]))

    def disturb(self):
        """Something else becomes true between an acceptance, or a vote, and the order's end."""
        wanted = self.pick([("ACCP",), ("ACCP",), ("ACTC", "PATC"), ("PATC",)])
        waiting = [o for o in self.bank.orders.values() if o.status in wanted]
        if not waiting:
            return
        order = self.pick(waiting[-8:])
        kind = self.weighted([("key", 5), ("policy", 6), ("day", 2)])
        if kind == "key":
            decision = order.decisions[0] if self.chance(50) else self.pick(order.decisions)
            key = self.bank.keys.index(decision[2])
            if self.chance(30) and self.bank.keys[key].status == "active":
                self.rotate(key)
            else:
                self.lose_key(key)
            self.day_comes(order)
        elif kind == "policy":
            self.change_policy(order.account)
        elif order.day and documents.start_of(order.day) > self.bank.now:
            late = self.pick([0, 0, DAY, 2 * DAY + 20 * 3600])
            self.world.later(documents.start_of(order.day) - self.bank.now - self.pick([0, 1]) + late)
        if self.chance(50):
            self.due()

    def look(self):
        session = self.ready(self.any_key()) if self.chance(85) else None
        if self.live and self.chance(70):
            order = self.pick(self.live)
            number = order["account"] if self.chance(95) else self.pick(self.bank.accounts)
            self.world.see_order(session, number, order["id"])
        elif self.chance(50):
            see = self.pick([self.world.see_policy, self.world.see_delegations])
            see(session, self.pick(self.bank.accounts))
        else:
            self.world.see_account(session, self.pick([*self.bank.accounts, iban(77)]))

    def look_what_waits(self):
        self.world.see_waiting(self.ready(self.any_key()) if self.chance(95) else None)

    def evidence(self):
        """Of an order whose story the log tells whole: second keys are not in it."""
        whole = [o for o in map(lambda d: self.bank.orders[d["account"], d["id"]], self.live)
                 if all(key.in_log for key in [key for _, _, key in o.decisions] + o.account.words)]
        keys = self.good_keys(self.pick(whole).account.policy.holders) if whole else []
        if not keys:
            return
        key = self.pick(keys)
        mine = [o for o in whole if self.bank.keys[key].holder in o.account.policy.holders]
        self.world.login(key)
        order = self.pick(mine)
        self.world.see_order(key, order.account.number, order.id)
        self.world.evidence(key, order.account.number, order.id)

    def account(self):
        number = iban(2000 + self.number()) if self.chance(30) else \
            self.pick([*self.bank.accounts, documents.ELSEWHERE[0]] if self.bank.bank_codes else self.bank.accounts)
        currency = self.pick(["EUR", "USD"])
        if len(self.bank.accounts) < 10:
            self.world.open_account(number, currency, *self.drawn(currency))

    def step(self):
        if self.many and self.chance(25):
            self.weighted([(self.batch, 75), (self.hand_in_batch, 25)])()
            return
        if self.wide and self.chance(26):
            self.weighted([(self.arrive, 65), (self.look_what_waits, 12), (self.employed, 12), (self.keys_by_act, 3),
                           (self.application_by_act, 6), (self.keep_often, 2), (self.replace_root, 3)])()
            return
        self.weighted([(self.vote, 44), (self.new_order, 20), (self.cash, 6), (self.again, 5), (self.later, 9),
                       (self.due, 3), (self.fund, 4), (self.look, 5), (self.evidence, 4), (self.key_status, 4),
                       (self.change_policy, 2), (self.disturb, 6), (self.account, 1), (self.operate, 7),
                       (self.patience, 2), (self.stranger, 5), (self.world.restart, 2), (self.credit, 4),
                       (self.out_of_suspense, 2), (self.reverse, 3), (self.delegate, 4), (self.stand_in, 7), (self.rotate, 2),
                       (self.desk, 8), (self.apply, 4), (self.open_application, 3)])()
