# SPDX-License-Identifier: Apache-2.0
"""What the model says of the bank's operators (docs/FORMAT.md 8.5): signed acts, their roles, whose work an item of the
queue is, what they keep back, and what one of them alone may not do."""

import re

from books import ENDS, NEVER, Key, Refused, answers
from documents import DAY

CLAIM_LIVES = 2 * 3600
HOLDS_MAX = 32  # of one order, by its operators
ROLES = ["viewer", "payments", "enrolment", "policy", "security", "auditor", "terminal"]
DESK = {"payments", "enrolment", "policy", "security"}  # those who work the queue
ROUTES = [  # path, what is done, for whom
    (r"/v1/queue/(claims)", DESK),
    (r"/v1/queue/(give-backs)", DESK),
    (r"/v1/queue/(comments)", DESK),
    (r"/v1/accounts/(\w+)/orders/([\w-]+)/(hold)", {"payments"}),
    (r"/v1/accounts/(\w+)/orders/([\w-]+)/(release)", {"payments"}),
    (r"/v1/accounts/(\w+)/orders/([\w-]+)/(refusal)", {"payments"}),
    (r"/v1/accounts/(\w+)/(block)", {"payments", "security"}),
    (r"/v1/accounts/(\w+)/(unblock)", {"security"}),
    (r"/v1/operators/([\w-]+)/(roles)", {"security"}),
    (r"/v1/bank-keys/(rollover)", {"security"}),
    (r"/v1/enrolments/([\w-]+)/(admission)", {"enrolment"}),
    (r"/v1/enrolments/([\w-]+)/(refusal)", {"enrolment"}),
    (r"/v1/(applications)/([\w-]+)/(admission)", {"policy"}),
    (r"/v1/(applications)/([\w-]+)/(refusal)", {"policy"}),
    (r"/v1/holders/([\w-]+)/(keys)/@(\d+)", {"enrolment", "security"}),  # @: the key of this number
]
# Who entered it so lately may not do it; an account's count for its orders.
EYES = {"release": [("opened", None), ("booked", 30 * DAY), ("held", None)], "outcome": [("released", None)],
        "dispose": [("credited", None)], "unblock": [("blocked", None)], "roles": [],
        "admit": [("admitted", None)], "resume": [("suspended", None)]}
# Who decides about what may claim it.
DECIDES = {"order": {"payments"}, "credit": {"payments"}, "policy": DESK, "enrolment": {"enrolment"}, "application": {"policy"}}


class Acts:
    CONSOLE = "console"
    four_eyes = False

    def __init__(self):
        self.roles = {}  # of operators
        self.claims = {}  # item: (by, since)
        self.comments = {}  # item: texts, the newest first
        self.hands = {}  # (object, what was done, by whom): when last
        self.acting = self.CONSOLE

    def employ(self, name, roles):
        self.keys.append(Key(name, self.now, staff=True))
        self.roles[name] = set(roles)
        self.login(len(self.keys) - 1)

    # --- four eyes ---
    def did(self, what, thing):
        self.hands[thing, what, self.acting] = self.now

    def done(self, what, thing):
        return any(hand[:2] == (thing, what) for hand in self.hands)

    def undo(self, what, thing):
        self.hands = {hand: when for hand, when in self.hands.items() if hand[:2] != (thing, what)}

    def check_eyes(self, does, *things):
        """THINGS: it, and what it is of."""
        for what, within in EYES[does]:
            for thing in things:
                when = self.hands.get((thing, what, self.acting))
                if self.four_eyes and when is not None and (within is None or self.now - when <= within):
                    raise Refused("FOUR_EYES")
        if self.four_eyes and does == "resume" and not self.done("suspended", things[0]):
            raise Refused("FOUR_EYES")

    # --- claims ---
    def claimed_by(self, item):
        by, since = self.claims.get(item, ("", 0))
        return by if by and since > self.now - CLAIM_LIVES and self.works(by) else ""

    def works(self, name):
        return self.roles.get(name, set()) & DESK and self.signs(name)

    def check_claim(self, item):
        if self.claimed_by(item) not in ("", self.acting):
            raise Refused("ITEM_CLAIMED")

    def waits(self, item):
        kind, _, name = item.partition(":")
        if kind == "order":
            number, _, order = name.partition("/")
            if number in self.accounts:
                self.catch_up(self.accounts[number])  # it may be over since nobody looked
            found = self.orders.get((number, order))
            return found is not None and found.status not in ENDS
        if kind == "credit":
            return any(str(k.id) == name for k in self.in_suspense())
        if kind == "enrolment":
            return any(r.id == name for r in self.still_waiting())
        if kind == "application":
            return self.application_waits(name)
        return kind == "policy" and any(a.change.policy.digest == name for a in self.changing)

    def view_item(self, item):
        return {"err": "OK", "item": item, "claimedBy": self.claimed_by(item) or None,
                "comments": self.comments.get(item, [])[:20]}

    def claim(self, item, operator):
        """OPERATOR "": nobody."""
        if not self.waits(item):
            raise Refused("NOT_FOUND")
        by, mine = self.claimed_by(item), self.acting
        if "security" in self.roles[mine]:
            if not by and not operator:
                raise Refused("ITEM_NOT_CLAIMED")
        elif operator and not DECIDES[item.partition(":")[0]] & self.roles[mine]:
            raise Refused("ROLE_REQUIRED")
        elif by:
            if by != mine:
                raise Refused("ITEM_CLAIMED")
        elif operator != mine:
            raise Refused("ITEM_NOT_CLAIMED")
        if operator and not self.works(operator):
            raise Refused("HOLDER_UNKNOWN")
        self.claims[item] = (operator, self.now)
        return self.view_item(item)

    def comment(self, item, text):
        if not self.waits(item):
            raise Refused("NOT_FOUND")
        self.comments.setdefault(item, []).insert(0, text)
        return {"http": 201, **self.view_item(item)}

    # --- what is kept back ---
    def hold_order(self, number, order):
        found = self.due_order(number, order)
        kept = "operator" in found.held and not found.released
        able = found.status in ("ACTC", "PATC", "ACCP") or found.status == "PDNG" and found.released
        if not found.payee or kept or not able:
            raise Refused("NOT_HOLDABLE")
        if found.kept == HOLDS_MAX:
            raise Refused("HOLDS_TOO_MANY")
        found.kept += 1
        more = self.flags(found) if found.status == "ACCP" else []
        found.held = [flag for flag in more if flag == "above-limit"] + ["operator"] + \
            [flag for flag in more if flag != "above-limit"]
        self.did("held", f"order:{number}/{order}")
        if found.status not in ("ACTC", "PATC"):
            if found.status == "ACCP":
                found.enter("PDNG")
            found.released, found.due = False, NEVER
        return {"err": "OK", **self.view(found)}

    def due_order(self, number, order):
        """What time demanded of its account goes before a word on it."""
        if number in self.accounts:
            self.catch_up(self.accounts[number])
        return self.known_order(number, order)

    def known_order(self, number, order):
        """On which no other operator works."""
        if number not in self.accounts:
            raise Refused("ACCOUNT_UNKNOWN")
        if (number, order) not in self.orders:
            raise Refused("NOT_FOUND")
        self.check_claim(f"order:{number}/{order}")
        return self.orders[number, order]

    # --- roles ---
    def give_roles(self, operator, roles):
        """Nobody has a say in his own, and somebody must be left who has what is taken."""
        if operator not in self.roles:
            raise Refused("HOLDER_UNKNOWN")
        if self.four_eyes and operator == self.acting:
            raise Refused("FOUR_EYES")
        for role in self.roles[operator] - set(roles):
            if self.able(role) and not self.able(role) - {operator}:
                raise Refused("LAST_OF_ROLE")
        self.roles[operator] = set(roles)
        return {"err": "OK", "operator": operator, "roles": [role for role in ROLES if role in roles]}

    # --- the act itself ---
    @answers
    def act(self, said, path):
        """SAID was signed for a path of its own; PATH is the one that is asked for."""
        what, needed = next((m.groups(), roles) for route, roles in ROUTES if (m := re.fullmatch(route, path)))
        key = self.keys[said["key"]]
        who = self.caller(said["session"])
        if not self.roles.get(who, set()) & needed:
            raise Refused("ROLE_REQUIRED")
        if said["path"] != path:
            raise Refused("ACT_MISMATCH")
        if key.holder != who:
            raise Refused("KEY_MISMATCH")
        if self.came_before(said, key):
            return {"err": "AGAIN"}
        self.check_fresh(said, key)
        return self.as_operator(who, what, said["request"])

    def as_operator(self, who, what, request):
        self.acting = who
        try:
            return self.do_act(what, request)
        finally:
            self.acting = self.CONSOLE

    def do_act(self, what, request):
        *about, deed = what
        if "keys" in what:
            holder, _, key = what
            return self.say_status(int(key), holder, request["status"])
        if deed == "claims":
            return self.claim(request["item"], request.get("operator", self.acting))
        if deed == "give-backs":
            return self.claim(request["item"], "")
        if deed == "comments":
            return self.comment(request["item"], request["text"])
        if deed == "rollover":
            return self.roll()
        if deed == "hold":
            return self.hold_order(*about)
        if "applications" in what:
            return self.open_account_applied(about[1], request["account"]) if deed == "admission" else \
                self.end_application(about[1])
        if deed == "admission":
            return self.admit(self.request_called(*about), {"holder": request["holder"], "another": request.get("another", False),
                                                            "slip": self.other_letter(*about, request)})
        if deed == "refusal" and len(about) == 1:
            return self.refuse_request(self.request_called(*about))
        if deed in ("release", "refusal"):
            return self.held(None, *about, deed == "release")
        if deed == "roles":
            return self.give_roles(*about, request["roles"])
        return self.account_state(None, *about, deed)
