# SPDX-License-Identifier: Apache-2.0
"""The bank once more, from docs/FORMAT.md and none of our code: freshness (10), the life of an order
(13), accounts; policies and the calendar are in documents.py, the other topics in files of their own.
Plain objects in memory; it shares no table, no statement and no function with the bank.

What FORMAT.md leaves open is said where it is decided: in which order a request is judged (the
bank names one reason), and when the bank looks at an order that nobody touches.
"""

import datetime

from acts import Acts
from applications import Applications
from badges import Badges
from batches import Batches
from books import ENDS, NEVER, OPEN, Account, Key, Order, Refused, answers, kind_of, refuse_if
from changes import Changes
from deputies import Deputies
from documents import (MONEY_MAX, business_day, canonical, day_of, digest, execution_day, look_of, minor_of,
                       money, seconds_of, start_of, time_text)
from keys import Keys
from newcomers import Newcomers
from outside import Outside
from tills import Cash

FLAGS = ["first-payment", "look-alike", "RMVC", "RVNM", "RVNA"]  # of a payee


class Bank(Newcomers, Acts, Applications, Badges, Batches, Cash, Changes, Deputies, Keys, Outside):
    """Every act returns what the bank must answer: {"err": NAME} and, when it is OK, what to find."""

    IDLE, LONGEST = 300, 12 * 3600  # of a session

    def __init__(self, name, now):
        super().__init__()
        self.name, self.now = name, now
        self.keys, self.accounts, self.orders, self.policies = [], {}, {}, {}
        self.person_names = {}  # of holders: what they are called
        self.hold = {}  # currency: the amount above which the operator is asked
        self.hold_on = []  # flags of the payee for which it is, too
        self.cutoff = {}  # currency: minutes of a day until which it takes what becomes complete
        self.changing = []  # accounts with a new policy that waits, the first proposed first
        self.challenges = {}
        self.applications = {}  # for accounts, by digest
        self.bank_codes = []  # "DE 00000000": country and bank code of the accounts that are here
        self.own = {}  # what the bank's own accounts have, (name, currency)
        self.movements, self.credits = [], []

    # --- people ---
    def enrol(self, holder, terminal=False):
        self.keys.append(Key(holder, self.now, terminal))
        self.person_names[holder] = holder
        if not terminal:
            self.did("admitted", f"holder:{holder}")

    def second_key(self, holder):
        self.keys.append(Key(holder, 0))
        self.keys[-1].in_log = False

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

    def unread(self, _session, name):
        """A document whose form is wrong; only the parser hears of it."""
        return {"err": name}

    def unverified(self, session, name, _account=None):
        """What the verifier refuses; ACCOUNT: an order's."""
        if self.has_session(session):
            self.caller(session)
        return {"err": name}

    def challenge(self, key):
        return {"err": self.key_error(self.keys[key]) or "OK"}

    @staticmethod
    def key_error(key):
        return {"active": None, "retired": "KEY_RETIRED"}.get(key.status, "KEY_INACTIVE")

    def challenge_given(self, key, body):
        issued, expires = seconds_of(body["issued"]), seconds_of(body["expires"])
        self.challenges[body["challenge"]] = (key, issued, expires)
        return issued <= self.now < expires and body["use"] == "decision"

    # --- accounts ---
    def open_account(self, number, currency, policy):
        if self.elsewhere(number) or number in self.accounts:
            return {"err": "ACCOUNT_ELSEWHERE" if self.elsewhere(number) else "ACCOUNT_EXISTS"}
        if not policy.valid():
            return {"err": "POLICY_INVALID"}
        if any(h not in {k.holder for k in self.keys} for h in policy.holders):
            return {"err": "HOLDER_UNKNOWN"}
        self.accounts[number] = Account(number, currency, policy)
        self.policies[policy.digest] = policy
        self.did("opened", f"account:{number}")
        return {"err": "OK"}

    @answers
    def fund(self, session, number, amount, currency):
        if not self.operator(session):
            return {"err": "ROLE_REQUIRED"}
        account = self.accounts.get(number)
        if account is None:
            raise Refused("ACCOUNT_UNKNOWN")
        if account.state == "closed":
            raise Refused("ACCOUNT_CLOSED")
        if account.currency != currency:
            raise Refused("CURRENCY_MISMATCH")
        minor = minor_of(amount, currency)
        if isinstance(minor, str):
            raise Refused(minor)
        if minor == 0:
            raise Refused("AMOUNT_ZERO")
        self.check_room(currency, minor)
        self.move("funding", ("bank", currency), account, minor)
        self.did("booked", f"account:{number}")
        return {"err": "OK", **self.view_account(account)}

    def visible(self, session, number, pending=False):
        """The account, looked at; PENDING: also for who comes in by the policy that waits."""
        who = self.caller(session)
        account = self.accounts.get(number)
        if account is None:
            raise Refused("ACCOUNT_UNKNOWN")
        self.catch_up(account)
        comes_in = pending and account.change and who in account.change.policy.holders
        if who is not None and who not in account.policy.holders and not comes_in:
            raise Refused("ACCOUNT_UNKNOWN")
        return account

    def view_account(self, account):
        return {"booked": money(account.booked, account.currency),
                "reserved": money(account.reserved, account.currency),
                "available": money(account.booked - account.reserved, account.currency),
                "holders": sorted(account.policy.holders), "state": account.state,
                "nextCutoff": self.next_cutoff(account.currency)}

    @answers
    def see_account(self, session, number):
        account = self.visible(session, number)
        return {"err": "OK", **self.view_account(account)}

    @answers
    def see_order(self, session, number, order):
        if session is not None and self.keys[session].terminal:
            return self.see_own_order(session, number, order)
        account = self.visible(session, number)
        found = self.orders.get((number, order))
        return {"err": "OK", **self.view(found)} if found else {"err": "NOT_FOUND"}

    @answers
    def see_waiting(self, session):
        """What waits for one's own word; of whose accounts there is something is looked at."""
        if session is None:
            return {"err": "SESSION_REQUIRED"}
        who = self.caller(session)
        waits = [o for o in self.orders.values() if o.status in ("ACTC", "PATC") and who in o.account.policy.holders and
                 not o.decided(who, "vote")]
        for order in waits:
            self.catch_up(order.account)
        return {"err": "OK", "orders": sorted(f"{o.account.number}/{o.id}" for o in waits
                                              if o.status in ("ACTC", "PATC") and who in self.view(o)["canDecide"])}

    @answers
    def see_policy(self, session, number):
        account = self.visible(session, number, pending=True)
        waits = account.change and {"digest": account.change.policy.digest,
                                    "decisions": [(h, v) for h, v, _ in account.change.words]}
        return {"err": "OK", "digest": account.policy.digest, "pending": waits}

    # --- what is judged ---
    def judge(self, order):
        """Whether the quorum stands, and whether it is out of reach: under both policies."""
        good = [(h, v) for h, v, key in order.decisions if key.counts]
        yes = {h for h, v in good if v == "approve"}
        no = {h for h, v in good if v == "reject"}
        voted = {h for h, v, _ in order.decisions if kind_of(v) == "vote"}
        waited, stands, both = self.now - order.entered, True, (order.pinned, order.account.policy)
        for policy in both:
            standing = [(p, d) for p, d in self.standing(order.account, policy, order.case) if p not in voted]
            stands = stands and policy.quorum(order.case, waited, yes, standing)
        stands = stands and order.account.policy.in_force(self.now) and self.keys_good(order)
        return stands, any(p.out_of_reach(order.case, no) for p in both)

    @staticmethod
    def keys_good(order):
        return all(key.counts for _, _, key in order.decisions)

    def look_again(self, order):
        """When, in microseconds: just after it expires, when a clause of either policy opens or when a
        delegation begins."""
        moments = [order.expires * 1000000 + 1]
        for policy in (order.pinned, order.account.policy):
            opening = policy.next_opening(order.case, self.now - order.entered)
            if opening is not None:
                moments.append((order.entered + opening) * 1000000)
        begins = self.next_beginning(order.account)
        return min(moments if begins is None else moments + [begins * 1000000])

    @staticmethod
    def has_rule(order):
        return order.account.policy.ways(order.case) is not None

    # --- what happens ---
    def end(self, order, status, reason):
        order.account.reserved -= order.amount
        order.enter(status)
        order.reason = reason

    def execute(self, order, late=False):
        """It is at ACCP; LATE: it was accepted before now, or held, and what was in time stays so."""
        account = order.account
        if order.kind == "deposit":
            self.move("deposit", ("cash", account.currency), account, order.amount)
            order.enter("ACSP", "ACSC")
            return None
        day = self.day_for(order, late)
        if order.status == "ACCP" and "operator" in order.held:  # his word came before its day
            return self.hold_for_operator(order)
        if day > day_of(self.now):
            order.day, order.due = day, start_of(day) * 1000000
            return None
        if account.state != "open":
            return self.end(order, "RJCT", "AC06")
        stands, _ = self.judge(order)
        if not self.keys_good(order):
            self.end(order, "RJCT", "DS0C")
        elif not stands:
            self.end(order, "RJCT", "DS0H" if self.has_rule(order) else "AM21")
        elif not account.within_limits(order.amount, self.now):
            self.end(order, "RJCT", "AM21")
        elif self.flags(order):
            self.hold_for_operator(order)
        elif order.payee and not order.leaves and self.accounts[order.payee].state == "closed":
            self.end(order, "RJCT", "AC04")
        else:
            self.pay(order)
        return None

    def hold_for_operator(self, order):
        order.held = self.flags(order)
        order.enter("PDNG")
        order.due = NEVER

    def day_for(self, order, late):
        """Today's is executed at once, a dated one on the first business day on or after its date and this
        day; where there is a cut-off, each on a business day for which it is in time."""
        today, currency = day_of(self.now), order.account.currency
        minutes = None if late else self.cutoff.get(currency)
        if not order.payee or minutes is None and order.date <= day_of(order.entered):
            return today
        missed = minutes is not None and self.now - start_of(today) > minutes * 60
        return execution_day(max(order.date, today + datetime.timedelta(days=missed)), currency)

    def for_today(self, order):
        """Whether it would be executed today, were it complete now; the limits of another day are not known."""
        minutes, today = self.cutoff.get(order.account.currency), day_of(self.now)
        in_time = minutes is None or business_day(today, order.account.currency) and \
            self.now - start_of(today) <= minutes * 60
        return order.date == today and in_time

    def next_cutoff(self, currency):
        """The first after now."""
        minutes, day = self.cutoff.get(currency), day_of(self.now)
        if minutes is None:
            return None
        while not business_day(day, currency) or start_of(day) + minutes * 60 <= self.now:
            day += datetime.timedelta(days=1)
        return time_text(start_of(day) + minutes * 60)

    def flags(self, order):
        """What the bank's operator must look at it for."""
        if not order.payee or order.released:
            return []
        known = order.account.payees
        first = order.payee not in known
        alike = first and any(look_of(order.name) in looks for looks in known.values())
        found = {"first-payment": first, "look-alike": alike, order.check: True}
        above = order.amount > self.hold.get(order.account.currency, MONEY_MAX)
        kept = ["operator"] * ("operator" in order.held)
        return ["above-limit"] * above + kept + [flag for flag in FLAGS if flag in self.hold_on and found.get(flag)]

    def pay(self, order):
        account, currency = order.account, order.account.currency
        order.judged = [(p, self.now - order.entered, self.standing(account, p, order.case))
                        for p in (order.pinned, account.policy)]
        account.reserved -= order.amount
        account.paid.append((self.now, order.amount))
        if order.leaves:
            self.move("payment", account, ("settlement", currency), order.amount)
            order.enter("ACSP")
        else:
            if order.payee:
                account.know(order)
            self.move("payment" if order.payee else "withdrawal", account,
                      self.accounts[order.payee] if order.payee else ("cash", currency), order.amount)
            order.enter("ACSP", "ACSC")

    def look_at(self, order):
        if order.status in ("ACCP", "PDNG"):
            self.execute(order, late=True)
        elif self.now > order.expires:
            self.end(order, "RJCT", "DS24")
        elif self.judge(order)[0]:
            order.enter("ACCP")
            self.execute(order)
        else:
            order.due = self.look_again(order)

    def first_due(self, account=None):
        """The one that is due longest; of several, the one that came first."""
        due = [o for o in self.orders.values() if o.status not in ENDS | {"ACSP"} and
               o.due <= self.now * 1000000 and account in (None, o.account)]
        return min(due, key=lambda o: o.due, default=None)

    def is_due(self, account):
        return self.change_due(account) or self.first_due(account) is not None

    def change_due(self, account):
        return account.change is not None and account.change.due <= self.now

    def catch_up_change(self, account):
        if self.change_due(account):
            self.look_at_change(account)

    def catch_up(self, account):
        self.catch_up_change(account)
        while (order := self.first_due(account)) is not None:
            self.look_at(order)

    def due(self, most):
        found = None
        for _ in range(most):
            due = [a for a in self.changing if self.change_due(a)]
            found = min(due, key=lambda a: a.change.due, default=None)
            if found is not None:
                self.look_at_change(found)
                continue
            found = self.first_due()
            if found is not None:
                self.look_at(found)
            elif (request := self.request_due()) is not None:
                self.look_at_request(request)
                found = request
            elif self.end_one_application():
                found = True
            else:
                break
        return {"err": "OK", "more": found is not None}

    # --- the operator's word ---
    def operator(self, session):
        if session is None:
            return True
        if self.has_session(session):
            self.caller(session)
        return False

    @answers
    def held(self, session, number, order, releases):
        """Lets a held order go on, judged once more, or ends it."""
        if not self.operator(session):
            return {"err": "ROLE_REQUIRED"}
        found = self.due_order(number, order)
        kept = found.status in ("ACTC", "PATC") and "operator" in found.held
        if not kept and (found.status != "PDNG" or releases and found.released):
            raise Refused("ORDER_NOT_HELD")
        if releases:
            self.check_eyes("release", f"order:{number}/{order}", f"account:{number}")
        if not releases:
            self.end(found, "RJCT", "DS04")
            return {"err": "OK", **self.view(found)}
        self.did("released", f"order:{number}/{order}")
        if kept:  # its holders go on
            found.held = []
        else:
            found.released = True
            self.execute(found, late=True)
        return {"err": "OK", **self.view(found)}

    @answers
    def account_state(self, session, number, act):
        if not self.operator(session):
            return {"err": "ROLE_REQUIRED"}
        account = self.accounts.get(number)
        if account is None:
            return {"err": "ACCOUNT_UNKNOWN"}
        self.catch_up(account)
        if account.state == "closed":
            return {"err": "ACCOUNT_CLOSED"}
        on_its_way = any(order.account is account for order in self.at_acsp())
        if act == "close" and (account.booked or account.reserved or on_its_way):
            return {"err": "ACCOUNT_NOT_EMPTY"}
        if act == "unblock":
            self.check_eyes("unblock", f"account:{number}")
        if act == "block":
            self.did("blocked", f"account:{number}")
        account.state = {"block": "blocked", "unblock": "open", "close": "closed"}[act]
        return {"err": "OK", **self.view_account(account)}

    # --- decisions ---
    @answers
    def decide(self, said, order):
        """SAID was signed about its own order; ORDER is the one that it is handed in with."""
        try:
            self.verify(said, order)
        except Refused as why:
            return self.unverified(said["session"], str(why), order["account"])
        key = self.keys[said["key"]]
        account = self.own_account(said["session"], order["account"])
        if self.came_before(said, key):
            return {"err": "AGAIN"}
        self.catch_up(account)
        with self.may_come(said, key):
            self.check_fresh(said, key)
            known = self.orders.get((account.number, order["id"]))
            self.check_signer(said, key, account, order)
            if said["verb"] in ("submit", "approve") and account.state != "open":
                raise Refused("ACCOUNT_" + account.state.upper())
            (self.check_known if known else self.check_new)(said, key, account, order)
        return self.take(said, key, account, order)

    def own_account(self, session, number):
        """Of one of its holders, by the policy that is in force."""
        who, account = self.caller(session), self.accounts.get(number)
        if account:
            self.catch_up_change(account)
        if account is None or who not in account.policy.holders:
            raise Refused("ACCOUNT_UNKNOWN")
        return account

    def verify_about(self, said, order):
        about = said["order"]
        refuse_if((about["bank"] != order["bank"] or order["bank"] != self.name, "BANK_MISMATCH"),
                  (about["account"] != order["account"], "ACCOUNT_MISMATCH"),
                  (canonical(about) != canonical(order), "ORDER_MISMATCH"))

    def verify(self, said, order):
        self.verify_about(said, order)
        policy = self.policies.get(said["policy"].digest)
        refuse_if((policy is None, "POLICY_MISMATCH"),
                  (policy and policy.doc["account"] != order["account"], "ACCOUNT_MISMATCH"))

    def check_fresh(self, said, key):
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
        if not said["answered"]:  # another statement took it
            raise Refused("NONCE_REUSED")
        if now > said["expires"]:
            raise Refused("STATEMENT_EXPIRED")
        if self.key_error(key):
            raise Refused(self.key_error(key))

    def check_signer(self, said, key, account, doc):
        known = self.orders.get((account.number, doc["id"]))
        pinned = known.pinned if known else account.policy
        case = Order(account, doc, self.now).case
        for policy in (pinned, account.policy):
            if key.holder not in policy.holders:
                raise Refused("NOT_A_HOLDER")
            if kind_of(said["verb"]) == "vote" and \
                    not self.may_vote(account, policy, case, key.holder, said["verb"]):
                raise Refused("MAY_NOT_APPROVE")
        if said["policy"].digest != pinned.digest:
            raise Refused("POLICY_STALE")
        if said["verb"] in ("submit", "approve") and not account.policy.in_force(self.now):
            raise Refused("POLICY_NOT_VALID")

    def check_known(self, said, key, account, doc):
        order, verb = self.orders[account.number, doc["id"]], said["verb"]
        if order.digest != digest(canonical(doc)):
            raise Refused("ORDER_ID_TAKEN")
        if order.status in ENDS | {"ACSP"}:
            raise Refused("ORDER_FINAL")
        if order.status in ("ACCP", "PDNG") and verb != "cancel":
            raise Refused("ORDER_ACCEPTED")
        if order.decided(key.holder, kind_of(verb)):
            raise Refused("ALREADY_DECIDED")
        if verb == "submit":
            raise Refused("ORDER_EXISTS")

    def check_new(self, said, _key, account, doc):
        if said["verb"] in ("submit", "approve") and "terminal" in doc:
            raise Refused("TERMINAL_REQUIRED")
        order, today = Order(account, doc, self.now), day_of(self.now)
        creditor = self.accounts.get(order.payee)
        unknown = creditor is None and not self.elsewhere(order.payee)
        available = account.booked - account.reserved
        refuse_if(
            (said["verb"] in ("reject", "cancel"), "NOT_FOUND"),
            (self.now > order.expires, "ORDER_EXPIRED"),
            (order.date < today, "DATE_PASSED"),
            (order.date > today + datetime.timedelta(days=366), "DATE_TOO_FAR"),
            (unknown, "CREDITOR_UNKNOWN"),
            (creditor is account, "CREDITOR_IS_DEBTOR"),
            (creditor and creditor.state == "closed", "ACCOUNT_CLOSED"),
            (creditor and creditor.currency != doc["currency"], "CURRENCY_MISMATCH"),
            (account.currency != doc["currency"], "CURRENCY_MISMATCH"),
            (account.policy.ways(order.case) is None, "POLICY_NO_RULE"),
            (any(order.amount > most for most in account.policy.limits.values()), "LIMIT_EXCEEDED"),
            (self.for_today(order) and not account.within_limits(order.amount, self.now), "LIMIT_EXCEEDED"),
            (available < order.amount, "FUNDS_INSUFFICIENT"))

    def take(self, said, key, account, doc, people=True):
        order, verb = self.orders.get((account.number, doc["id"])), said["verb"]
        is_new = order is None
        if is_new:
            order = self.orders[account.number, doc["id"]] = Order(account, doc, self.now)
            account.reserved += order.amount if order.kind != "deposit" else 0
            order.check = said.get("check", "")
            order.leaves = order.payee is not None and order.payee not in self.accounts
            order.enter("RCVD", "ACTC")
        order.decisions.append((key.holder, verb, key))
        stands, unreachable = self.judge(order)
        order.due = self.look_again(order)
        if order.kind == "deposit":
            order.enter("ACCP")
            self.execute(order)
        elif verb == "cancel":
            self.end(order, "CANC", "DS02")
        elif verb != "submit" and unreachable:
            self.end(order, "RJCT", "MS02" if self.has_rule(order) else "AM21")
        elif verb != "submit" and stands:
            order.enter("ACCP")
            self.execute(order)
        elif verb == "approve" and order.status == "ACTC":
            order.enter("PATC")
        return {"err": "OK", "http": 201 if is_new else 200, **self.view(order, people)}

    def view(self, order, people=True):
        both = (order.pinned, order.account.policy)
        can = [h for h in sorted(order.pinned.holders) if not order.decided(h, "vote") and
               all(h in p.holders and self.may_vote(order.account, p, order.case, h, "approve") for p in both)]
        undecided = order.status in OPEN - {"ACCP", "PDNG"}
        return {"status": order.status, "reason": order.reason or None,
                "accepted": order.status in ("ACCP", "PDNG", "ACSP", "ACSC"),
                "heldFor": order.held or None if order.status in ("ACTC", "PATC", "PDNG") and not order.released else None,
                "nextCutoff": self.next_cutoff(order.account.currency) if undecided and order.payee else None,
                "executionDate": str(order.day) if order.status == "ACCP" or
                order.status == "PDNG" and order.released else None,
                "payeeCheck": order.check or None,
                "decisions": [(h, v) for h, v, _ in order.decisions] if people else None,
                "canDecide": (can if undecided else []) if people else None,
                "history": [code for code in order.passed if code != "PDNG"]}  # its time is not kept
