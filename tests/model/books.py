# SPDX-License-Identifier: Apache-2.0
"""What the model keeps of keys, accounts, orders and new policies."""

import datetime
import functools

from documents import DAY, canonical, day_of, digest, look_of, minor_of, money, seconds_of


OPEN = {"RCVD", "ACTC", "PATC", "ACCP", "PDNG"}  # their money is reserved
ENDS = {"ACSC", "RJCT", "CANC"}
NEVER = 1 << 62  # microseconds


class Key:
    def __init__(self, holder, floor, terminal=False, staff=False):
        self.holder, self.floor, self.terminal, self.staff = holder, floor, terminal, staff
        self.status, self.rotated, self.generation = "active", False, 0
        self.next = None  # the key that took its place
        self.in_log = True  # its enrolment
        self.nonces = {}  # nonce: the statement that took it
        self.session = None  # [begun, seen]

    @property
    def counts(self):
        """Whether what it signed stands."""
        return self.status in ("active", "retired")


class Account:
    def __init__(self, number, currency, policy):
        self.number, self.currency, self.policies = number, currency, [policy]
        self.booked = self.reserved = 0
        self.paid = []  # (time, amount) of what left
        self.payees = {}  # who ever got something: the looks of his names
        self.state = "open"
        self.change = None  # the new policy that waits
        self.delegations, self.spoke = {}, {}  # by principal; when he said his newest word about one
        self.words = []  # keys that ever spoke about a policy or a delegation

    @property
    def policy(self):
        return self.policies[-1]

    def know(self, order):
        self.payees.setdefault(order.payee, set()).add(look_of(order.name))

    def within_limits(self, amount, now):
        """What left in the calendar day and month (UTC), with this, against the current policy."""
        today = day_of(now)
        same = {"day": lambda day: day == today,
                "month": lambda day: (day.year, day.month) == (today.year, today.month)}
        return all(sum(a for t, a in self.paid if same[per](day_of(t))) + amount <= most
                   for per, most in self.policy.limits.items())


class Order:
    def __init__(self, account, doc, now):
        self.account, self.doc, self.digest = account, doc, digest(canonical(doc))
        self.id, self.kind = doc["id"], doc["type"].rpartition("-")[2]  # order, deposit or withdrawal
        self.payee = doc["creditor"]["account"] if self.kind == "order" else None
        self.name = doc["creditor"]["name"] if self.payee else None
        self.check = ""  # what was found out about the payee
        self.amount = minor_of(doc["amount"], doc["currency"])
        self.date = datetime.date.fromisoformat(doc["date"]) if self.kind == "order" else day_of(now)
        self.expires = seconds_of(doc["expires"])
        self.case = ("payment" if self.payee else "cash", self.amount, self.payee)
        self.pinned, self.entered = account.policy, now
        self.status, self.reason = "", ""
        self.passed = []  # codes
        self.decisions = []  # (holder, verb, key)
        self.due = 0  # microseconds
        self.held = []  # for which flags
        self.released = False  # by the operator, after it was held
        self.kept = 0  # how often operators kept it back
        self.judged = []  # when it was executed: (policy, waited, who stands for whom)
        self.leaves = False  # for another bank
        self.day = None  # on which it will be executed

    def enter(self, *codes):
        self.passed += codes
        self.status = codes[-1]

    def decided(self, holder, kind):
        return any(h == holder and kind_of(v) == kind for h, v, _ in self.decisions)


class Change:
    """A new policy of an account, waiting for both quorums (8.1)."""

    LIFE = 30 * DAY

    def __init__(self, policy, now):
        self.policy, self.proposed, self.due = policy, now, now
        self.over = now + self.LIFE
        if "validUntil" in policy.doc:
            self.over = min(self.over, seconds_of(policy.doc["validUntil"]))
        self.words = []  # (holder, verb, key)


class Movement:
    def __init__(self, kind, sides, amount, credit):
        self.kind, self.sides, self.amount, self.credit = kind, sides, amount, credit
        self.reversed = False


class Credit:
    """What came from another bank."""

    def __init__(self, number, reference, account, amount, currency):
        self.id, self.reference, self.account, self.amount, self.currency = number, reference, account, amount, currency
        self.state = ""  # booked, suspense or returned

    def view(self):
        return {"id": self.id, "account": self.account, "amount": money(self.amount, self.currency),
                "currency": self.currency, "reference": self.reference, "state": self.state}


def kind_of(verb):
    return "vote" if verb in ("approve", "reject") else verb


class Refused(Exception):
    pass


def refuse_if(*rows):
    """ROWS: (whether it is so, the name of the refusal); the first counts."""
    for wrong, name in rows:
        if wrong:
            raise Refused(name)


def answers(act):
    """ACT, whose refusal is its answer."""
    @functools.wraps(act)
    def answer(*words, **named):
        try:
            return act(*words, **named)
        except Refused as why:
            return {"err": str(why)}
    return answer
