# SPDX-License-Identifier: Apache-2.0
"""What operators with keys of their own do next: mostly what they may, about what waits."""

from acts import ROLES
from documents import iban

STAFF = {"olga": {"payments"}, "otto": {"payments", "viewer"}, "emma": {"enrolment", "viewer"}, "vera": {"viewer"},
         "sven": {"security"}, "sara": {"security", "policy"}}


class Desk:
    def employ(self):
        for name, roles in STAFF.items():
            self.world.employ(name, roles)

    def staff(self, roles=()):
        """An operator's key; one with a role of ROLES most of the time."""
        keys = self.badges("active") or self.badges("suspended", "retired", "revoked")
        able = [i for i in keys if self.bank.roles[self.bank.keys[i].holder] & set(roles)]
        return self.pick(able if able and self.chance(90) else keys)

    def say_act(self, key, path, request):
        """By his own session most of the time, and for the path that he signed."""
        session, signed = self.ready(key), path
        if self.chance(4):
            session = self.ready(self.staff()) if self.chance(60) else self.any_key()
        elif self.chance(4):
            key = self.any_key() if self.chance(50) else self.staff()
        if self.chance(3):
            signed = self.pick(["/v1/queue/claims", "/v1/queue/give-backs", f"/v1/accounts/{iban(77)}/block"])
        self.world.act({**self.statement(key), "key": key, "session": session, "path": signed, "request": request}, path)

    # --- whose work something is ---
    def item(self):
        """Something that waits, most of the time."""
        orders = [f"order:{n}/{i}" for (n, i), o in self.bank.orders.items() if o.status not in ("ACSC", "RJCT", "CANC")]
        rest = [f"credit:{k.id}" for k in self.bank.in_suspense()] + \
            [f"policy:{a.change.policy.digest}" for a in self.bank.changing]
        rest += [f"enrolment:{r.id}" for r in self.bank.still_waiting()]
        if self.wide:
            rest += [f"application:{a.digest}" for a in self.waiting_applications()]
        over = [f"order:{n}/{i}" for n, i in self.bank.orders] + ["credit:0", "credit:x", "policy:00", "bank:1",
                                                                 f"order:{iban(77)}/x"]
        claimed = [one for one in orders + rest if self.bank.claimed_by(one)]
        if claimed and self.chance(50):
            return self.pick(claimed)
        those = self.weighted([(orders[-12:], 70), (rest, 20), (over, 10)])
        return self.pick(those or over)

    def claim(self):
        item, key = self.item(), self.staff(["payments", "enrolment", "policy", "security"])
        request = {"item": item, "note": "Asked"}
        by = self.bank.claimed_by(item)
        if by and self.chance(35):  # who has it gives it away, or back
            key = self.badge(by)
        if self.chance(25):
            self.say_act(key, "/v1/queue/give-backs", request)
            return
        if self.chance(20):
            request["operator"] = self.pick([*STAFF, "alice", "nobody"])
        self.say_act(key, "/v1/queue/claims", request)
        if self.chance(30):  # another wants it, too
            self.say_act(self.staff(["payments"]), "/v1/queue/claims", {"item": item, "note": "Asked"})

    def comment(self):
        self.say_act(self.staff(["payments", "enrolment", "policy", "security"]), "/v1/queue/comments",
                     {"item": self.item(), "text": f"Comment {self.number()}"})

    # --- what happens to an order ---
    def word(self):
        """On one that waits, or one that does not."""
        waits = {"hold": ("ACTC", "PATC", "ACCP", "PDNG"), "release": ("PDNG", "ACTC", "PATC"), "refusal": ("PDNG", "ACTC", "PATC")}
        kept = [o for o in self.bank.orders.values() if o.status in ("ACTC", "PATC", "PDNG") and o.held and not o.released]
        deed = self.weighted([("hold", 40), ("release", 45), ("refusal", 15)]) if kept else "hold"
        able = kept if deed != "hold" and self.chance(85) else \
            [o for o in self.bank.orders.values() if o.status in waits[deed]][-12:]
        order = self.pick(able) if able and self.chance(95) else self.pick(self.bank.orders.values())
        number = order.account.number if self.chance(97) else self.pick([*self.bank.accounts, iban(77)])
        key = self.staff(["payments"])
        by = self.bank.claimed_by(f"order:{number}/{order.id}")
        if by and self.chance(60):
            key = self.badge(by)
        self.say_act(key, f"/v1/accounts/{number}/orders/{order.id}/{deed}", {"note": "Asked"})

    def block(self):
        """Mostly what is undone again, so that there is something left to do."""
        blocked = [n for n, a in self.bank.accounts.items() if a.state == "blocked"]
        deed = "unblock" if blocked and self.chance(75) else "block"
        number = self.pick(blocked) if deed == "unblock" else self.pick([*self.bank.accounts, iban(77)])
        self.say_act(self.staff(["security"]), f"/v1/accounts/{number}/{deed}", {"note": "Asked"})

    def give_roles(self):
        """Something else for a while, or what he had."""
        name = self.pick(STAFF) if self.chance(95) else self.pick(["alice", "nobody"])
        had = STAFF.get(name, {"viewer"})
        roles = had if self.bank.roles.get(name) != had and self.chance(80) else self.rng.sample(ROLES, self.pick([0, 1, 2]))
        self.say_act(self.staff(["security"]), f"/v1/operators/{name}/roles", {"note": "Asked", "roles": sorted(roles)})

    def desk(self):
        """Several at a time: what is whose work, and who held what, is soon over."""
        for _ in range(self.pick([1, 2, 3]) if self.bank.orders else 0):
            self.weighted([(self.claim, 32), (self.comment, 8), (self.word, 42), (self.block, 8), (self.give_roles, 10)])()
