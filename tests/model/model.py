# SPDX-License-Identifier: Apache-2.0
"""The bank once more, from docs/FORMAT.md and none of our code: freshness (10), the life of an order
(13), accounts; policies and the calendar are in documents.py. Plain objects in memory; it shares no
table, no statement and no function with the bank.

What FORMAT.md leaves open is said where it is decided: in which order a request is judged (the
bank names one reason), and when the bank looks at an order that nobody touches.
"""

import datetime

from documents import MONEY_MAX, canonical, day_of, digest, execution_day, minor_of, money, seconds_of, start_of

ENDS = {"ACSC", "RJCT", "CANC"}


# --- the books ------------------------------------------------------------------------------------
class Key:
    def __init__(self, holder, floor):
        self.holder, self.floor = holder, floor
        self.status, self.changed = "active", False
        self.nonces = {}  # nonce: the statement that took it
        self.session = None  # [begun, seen]


class Account:
    def __init__(self, number, currency, policy):
        self.number, self.currency, self.policies = number, currency, [policy]
        self.booked = self.reserved = 0
        self.paid = []  # (time, amount) of what left

    @property
    def policy(self):
        return self.policies[-1]

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
        self.id, self.payee = doc["id"], doc["creditor"]["account"]
        self.amount = minor_of(doc["amount"], doc["currency"])
        self.date = datetime.date.fromisoformat(doc["date"])
        self.expires = seconds_of(doc["expires"])
        self.pinned, self.entered = account.policy, now
        self.status, self.reason = "", ""
        self.passed = []  # codes
        self.decisions = []  # (holder, verb, key)
        self.due = 0  # microseconds
        self.day = None  # on which it will be executed

    def enter(self, *codes):
        self.passed += codes
        self.status = codes[-1]

    def decided(self, holder, kind):
        return any(h == holder and kind_of(v) == kind for h, v, _ in self.decisions)


def kind_of(verb):
    return "vote" if verb in ("approve", "reject") else verb


class Refused(Exception):
    pass


# --- the bank -------------------------------------------------------------------------------------
class Bank:
    """Every act returns what the bank must answer: {"err": NAME} and, when it is OK, what to find."""

    IDLE, LONGEST = 300, 12 * 3600  # of a session

    def __init__(self, name, now):
        self.name, self.now = name, now
        self.keys, self.accounts, self.orders, self.policies = [], {}, {}, {}
        self.funded = {}  # all that ever came into a currency
        self.challenges = {}

    # --- people ---
    def enrol(self, holder):
        self.keys.append(Key(holder, self.now))

    def second_key(self, holder):
        self.keys.append(Key(holder, 0))

    def key_status(self, key, status):
        self.keys[key].status, self.keys[key].changed = status, True

    def login(self, key):
        self.keys[key].session = [self.now, self.now]

    def has_session(self, key):
        key = self.keys[key]
        return key.status == "active" and key.session is not None and \
            self.now <= key.session[0] + self.LONGEST and self.now <= key.session[1] + self.IDLE

    def caller(self, key):
        """The holder of a session, None for the operator."""
        if key is None:
            return None
        if not self.has_session(key):
            raise Refused("SESSION_REQUIRED")
        self.keys[key].session[1] = self.now
        return self.keys[key].holder

    def challenge(self, key):
        return {"err": "OK" if self.keys[key].status == "active" else "KEY_INACTIVE"}

    def challenge_given(self, key, body):
        issued, expires = seconds_of(body["issued"]), seconds_of(body["expires"])
        self.challenges[body["challenge"]] = (key, issued, expires)
        return issued <= self.now < expires and body["use"] == "decision"

    # --- accounts ---
    def open_account(self, number, currency, policy):
        if number in self.accounts:
            return {"err": "ACCOUNT_EXISTS"}
        if not policy.valid():
            return {"err": "POLICY_INVALID"}
        if any(h not in {k.holder for k in self.keys} for h in policy.holders):
            return {"err": "HOLDER_UNKNOWN"}
        self.accounts[number] = Account(number, currency, policy)
        self.policies[policy.digest] = policy
        return {"err": "OK"}

    def change_policy(self, number, policy):
        if not policy.valid():
            return {"err": "POLICY_INVALID"}
        self.accounts[number].policies.append(policy)
        self.policies[policy.digest] = policy
        return {"err": "OK"}

    def fund(self, session, number, amount, currency):
        if session is not None:
            if self.has_session(session):
                self.caller(session)
            return {"err": "ROLE_REQUIRED"}
        try:
            account = self.accounts.get(number)
            if account is None:
                raise Refused("ACCOUNT_UNKNOWN")
            if account.currency != currency:
                raise Refused("CURRENCY_MISMATCH")
            minor = minor_of(amount, currency)
            if isinstance(minor, str):
                raise Refused(minor)
            if minor == 0:
                raise Refused("AMOUNT_ZERO")
            if self.funded.get(currency, 0) + minor > MONEY_MAX:
                raise Refused("AMOUNT_TOO_LARGE")
        except Refused as why:
            return {"err": str(why)}
        self.funded[currency] = self.funded.get(currency, 0) + minor
        account.booked += minor
        return {"err": "OK", **self.view_account(account)}

    def visible(self, session, number):
        who = self.caller(session)
        account = self.accounts.get(number)
        if account is None or (who is not None and who not in account.policy.holders):
            raise Refused("ACCOUNT_UNKNOWN")
        return account

    @staticmethod
    def view_account(account):
        return {"booked": money(account.booked, account.currency),
                "reserved": money(account.reserved, account.currency),
                "available": money(account.booked - account.reserved, account.currency),
                "holders": sorted(account.policy.holders)}

    def see_account(self, session, number):
        try:
            account = self.visible(session, number)
        except Refused as why:
            return {"err": str(why)}
        self.catch_up(account)
        return {"err": "OK", **self.view_account(account)}

    def see_order(self, session, number, order):
        try:
            account = self.visible(session, number)
        except Refused as why:
            return {"err": str(why)}
        self.catch_up(account)
        found = self.orders.get((number, order))
        return {"err": "OK", **self.view(found)} if found else {"err": "NOT_FOUND"}

    # --- what is judged ---
    def judge(self, order):
        """Whether the quorum stands, and whether it is out of reach: under both policies."""
        good = [(h, v) for h, v, key in order.decisions if key.status == "active"]
        yes = {h for h, v in good if v == "approve"}
        no = {h for h, v in good if v == "reject"}
        both = (order.pinned, order.account.policy)
        case = (order.amount, order.payee)
        stands = all(p.quorum(*case, self.now - order.entered, yes) for p in both)
        return stands and self.keys_good(order), any(p.out_of_reach(*case, no) for p in both), no

    @staticmethod
    def keys_good(order):
        return all(key.status == "active" for _, _, key in order.decisions)

    def look_again(self, order):
        """When, in microseconds: just after it expires or when a clause of either policy opens. A
        new policy does not make the bank look sooner."""
        moments = [order.expires * 1000000 + 1]
        for policy in (order.pinned, order.account.policy):
            opening = policy.next_opening(order.amount, order.payee, self.now - order.entered)
            if opening is not None:
                moments.append((order.entered + opening) * 1000000)
        return min(moments)

    def why_out_of_reach(self, order, no):
        """A holder said no, by the policy that was signed; otherwise the current one is why."""
        case = (order.amount, order.payee)
        if order.pinned.out_of_reach(*case, no):
            return "MS02"
        return "AM21" if order.account.policy.ways(*case) is None else "DS0H"

    # --- what happens ---
    def end(self, order, status, reason):
        order.account.reserved -= order.amount
        order.enter(status)
        order.reason = reason

    def execute(self, order):
        """It is at ACCP: today's is executed, a dated one on the first business day on or after its
        date and this day."""
        account, today = order.account, day_of(self.now)
        if order.date > day_of(order.entered):
            day = execution_day(max(order.date, today), account.currency)
            if day > today:
                order.day, order.due = day, start_of(day) * 1000000
                return
        stands, _, no = self.judge(order)
        if not self.keys_good(order):
            self.end(order, "RJCT", "DS0C")
        elif not stands:
            self.end(order, "RJCT", self.why_out_of_reach(order, no))
        elif not account.within_limits(order.amount, self.now):
            self.end(order, "RJCT", "AM21")
        else:
            account.reserved -= order.amount
            account.booked -= order.amount
            account.paid.append((self.now, order.amount))
            self.accounts[order.payee].booked += order.amount
            order.enter("ACSP", "ACSC")

    def look_at(self, order):
        if order.status == "ACCP":
            self.execute(order)
        elif self.now > order.expires:
            self.end(order, "RJCT", "DS24")
        elif self.judge(order)[0]:
            order.enter("ACCP")
            self.execute(order)
        else:
            order.due = self.look_again(order)

    def first_due(self, account=None):
        """The one that is due longest; of several, the one that came first."""
        due = [o for o in self.orders.values() if o.status not in ENDS and
               o.due <= self.now * 1000000 and account in (None, o.account)]
        return min(due, key=lambda o: o.due, default=None)

    def catch_up(self, account):
        while (order := self.first_due(account)) is not None:
            self.look_at(order)

    def due(self, most):
        order = None
        for _ in range(most):
            order = self.first_due()
            if order is None:
                break
            self.look_at(order)
        return {"err": "OK", "more": order is not None}

    # --- decisions ---
    def decide(self, said, order):
        """SAID was signed about its own order; ORDER is the one that it is handed in with."""
        try:
            self.verify(said, order)
        except Refused as why:
            if self.has_session(said["session"]):
                self.caller(said["session"])
            return {"err": str(why)}
        key = self.keys[said["key"]]
        try:
            account = self.visible(said["session"], order["account"])
        except Refused as why:
            return {"err": str(why)}
        first = key.nonces.setdefault(said["nonce"], said["statement"])
        if first == said["statement"] and said.get("answered"):
            return {"err": "AGAIN"}
        self.catch_up(account)
        said["answered"] = first == said["statement"]
        try:
            self.check_fresh(said, key, first != said["statement"])
            known = self.orders.get((account.number, order["id"]))
            self.check_signer(said, key, account, known)
            (self.check_known if known else self.check_new)(said, key, account, order)
        except Refused as why:
            return {"err": str(why)}
        return self.take(said, key, account, order)

    def verify(self, said, order):
        about = said["order"]
        policy = self.policies.get(said["policy"].digest)
        for wrong, name in ((about["bank"] != order["bank"] or order["bank"] != self.name, "BANK_MISMATCH"),
                            (about["account"] != order["account"], "ACCOUNT_MISMATCH"),
                            (canonical(about) != canonical(order), "ORDER_MISMATCH"),
                            (policy is None, "POLICY_MISMATCH"),
                            (policy and policy.doc["account"] != order["account"], "ACCOUNT_MISMATCH")):
            if wrong:
                raise Refused(name)

    def check_fresh(self, said, key, nonce_taken):
        now, issued = self.now, said["issued"]
        if issued > now + 10:
            raise Refused("ISSUED_IN_FUTURE")
        if said["challenge"]:
            bound, begun, expires = self.challenges.get(said["challenge"], (None, 0, 0))
            if bound != said["key"] or now > expires:
                raise Refused("CHALLENGE_INVALID")
            if issued < begun - 10:
                raise Refused("ISSUED_TOO_OLD")
        elif issued < now - 300:
            raise Refused("ISSUED_TOO_OLD")
        if issued < key.floor:
            raise Refused("KEY_FLOOR")
        if nonce_taken:
            raise Refused("NONCE_REUSED")
        if now > said["expires"]:
            raise Refused("STATEMENT_EXPIRED")
        if key.status != "active":
            raise Refused("KEY_INACTIVE")

    def check_signer(self, said, key, account, known):
        pinned = known.pinned if known else account.policy
        for policy in (pinned, account.policy):
            if key.holder not in policy.holders:
                raise Refused("NOT_A_HOLDER")
            if kind_of(said["verb"]) == "vote" and key.holder not in policy.approvers:
                raise Refused("MAY_NOT_APPROVE")
        if said["policy"].digest != pinned.digest:
            raise Refused("POLICY_STALE")
        if not account.policy.in_force(self.now):
            raise Refused("POLICY_NOT_VALID")

    def check_known(self, said, key, account, doc):
        order, verb = self.orders[account.number, doc["id"]], said["verb"]
        if order.digest != digest(canonical(doc)):
            raise Refused("ORDER_ID_TAKEN")
        if order.status in ENDS:
            raise Refused("ORDER_FINAL")
        if order.status == "ACCP" and verb != "cancel":
            raise Refused("ORDER_ACCEPTED")
        if order.decided(key.holder, kind_of(verb)):
            raise Refused("ALREADY_DECIDED")
        if verb == "submit":
            raise Refused("ORDER_EXISTS")

    def check_new(self, said, _key, account, doc):
        order, today = Order(account, doc, self.now), day_of(self.now)
        creditor = self.accounts.get(order.payee)
        available = account.booked - account.reserved
        for wrong, name in (
                (said["verb"] in ("reject", "cancel"), "NOT_FOUND"),
                (self.now > order.expires, "ORDER_EXPIRED"),
                (order.date < today, "DATE_PASSED"),
                (order.date > today + datetime.timedelta(days=366), "DATE_TOO_FAR"),
                (creditor is None, "CREDITOR_UNKNOWN"),
                (creditor is account, "CREDITOR_IS_DEBTOR"),
                (not creditor or creditor.currency != doc["currency"], "CURRENCY_MISMATCH"),
                (account.currency != doc["currency"], "CURRENCY_MISMATCH"),
                (account.policy.ways(order.amount, order.payee) is None, "POLICY_NO_RULE"),
                (not account.within_limits(order.amount, self.now), "LIMIT_EXCEEDED"),
                (available < order.amount, "FUNDS_INSUFFICIENT")):
            if wrong:
                raise Refused(name)

    def take(self, said, key, account, doc):
        order, verb = self.orders.get((account.number, doc["id"])), said["verb"]
        is_new = order is None
        if is_new:
            order = self.orders[account.number, doc["id"]] = Order(account, doc, self.now)
            account.reserved += order.amount
            order.enter("RCVD", "ACTC")
        order.decisions.append((key.holder, verb, key))
        stands, unreachable, no = self.judge(order)
        order.due = self.look_again(order)
        if verb == "cancel":
            self.end(order, "CANC", "DS02")
        elif verb != "submit" and unreachable:
            self.end(order, "RJCT", self.why_out_of_reach(order, no))
        elif verb != "submit" and stands:
            order.enter("ACCP")
            self.execute(order)
        elif verb == "approve" and order.status == "ACTC":
            order.enter("PATC")
        return {"err": "OK", "http": 201 if is_new else 200, **self.view(order)}

    @staticmethod
    def view(order):
        can = [h for h in sorted(order.pinned.approvers & order.account.policy.approvers)
               if not order.decided(h, "vote")]
        return {"status": order.status, "reason": order.reason or None,
                "accepted": order.status in ("ACCP", "ACSC"),
                "executionDate": str(order.day) if order.status == "ACCP" else None,
                "decisions": [(h, v) for h, v, _ in order.decisions],
                "canDecide": [] if order.status in ENDS | {"ACCP"} else can,
                "history": order.passed}
