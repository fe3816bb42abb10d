# SPDX-License-Identifier: Apache-2.0
"""What becomes of operators' keys next, and what they do that only some of them may: their own keys, applications, and one
order kept back again and again."""

from documents import iban
from keyring import KEYS_MAX


class Staffing:
    def badge(self, name):
        """His key that signs, or one that did."""
        keys = [i for i, key in enumerate(self.bank.keys) if key.holder == name]
        return next((i for i in keys if self.bank.keys[i].status == "active"), keys[-1])

    def badges(self, *statuses):
        return [i for i, key in enumerate(self.bank.keys) if key.staff and key.status in statuses]

    def employed(self):
        """Mostly what is undone again, so that there is somebody left."""
        lost = self.badges("suspended")
        if lost and self.chance(60):
            return self.set_badge(self.pick(lost), "active")
        kind = self.weighted([(self.replace_badge, 45), (self.lose_badge, 20), (self.take_badge, 25), (self.late_badge, 10)])
        return kind()

    def replace_badge(self):
        """A new key takes its place; then both are tried."""
        if len(self.bank.keys) >= KEYS_MAX:
            return
        key, before = self.pick(self.badges("active") or self.badges("retired", "suspended")), len(self.bank.keys)
        path = key if self.chance(95) else self.staff()
        taken = self.any_key() if self.chance(5) else None
        self.world.rotate({**self.statement(key), "key": key, "session": self.carrier(key), "verb": "", "taken": taken},
                          path, self.pick(["P-256", "P-384", "P-521"]))
        if len(self.bank.keys) > before:
            self.comment_by(key if self.chance(30) else before)

    def lose_badge(self):
        """By himself: with a good key of his own, most of the time."""
        key = self.pick(self.badges("active", "active", "retired", "revoked"))
        mine = self.badge(self.bank.keys[key].holder)
        self.world.key_suspend(self.ready(mine) if self.chance(85) else self.ready(self.staff()), key)

    def take_badge(self):
        """By another, for ever only where a key is there besides."""
        key = self.pick(self.badges("active", "retired", "suspended", "revoked"))
        spare = self.bank.keys[key].status == "retired" or self.chance(8)
        self.set_badge(key, "revoked" if spare and self.chance(60) else "suspended")

    def late_badge(self):
        self.set_badge(self.pick(self.badges("retired", "revoked") or self.badges("active")), self.pick(["active", "lost"]))

    def set_badge(self, key, status):
        """At the console or by an operator's act; sometimes as somebody else's key."""
        name = self.bank.keys[key].holder if self.chance(92) else self.pick(self.people())
        if self.chance(25):
            self.world.key_set(None if self.chance(90) else self.any_key(), key, name, status)
            return
        self.say_act(self.staff(["security"]) if self.chance(85) else self.staff(["enrolment"]),
                     f"/v1/holders/{name}/keys/@{key}", {"note": "Asked", "status": status})

    def replace_root(self):
        """Only where there is a keeper, which makes it; each takes it a while."""
        if self.world.has_keeper and self.bank.roots < 3:
            self.say_act(self.staff(["security"]), "/v1/bank-keys/rollover", {"overlapDays": 30})

    def comment_by(self, key):
        self.say_act(key, "/v1/queue/comments", {"item": self.item(), "text": f"Comment {self.number()}"})

    def keys_by_act(self):
        """Of a holder."""
        lost = [i for i, key in enumerate(self.bank.keys) if key.status == "suspended" and not key.staff]
        key = self.pick(lost) if lost and self.chance(60) else self.any_key()
        status = "active" if self.bank.keys[key].status == "suspended" else "suspended"
        self.say_act(self.staff(["enrolment", "security"]), f"/v1/holders/{self.bank.keys[key].holder}/keys/@{key}",
                     {"note": "Asked", "status": status})

    def application_by_act(self):
        """One that all have signed, most of the time."""
        some = [a for a in self.bank.applications.values() if a.state == "waiting"] or [*self.bank.applications.values()]
        if not some:
            self.apply()
            return
        found = self.pick([a for a in some if not a.missing] or some)
        deed = "admission" if self.chance(80) else "refusal"
        body = {"account": iban(4000 + self.number())} if deed == "admission" else {"note": "Asked"}
        if len(self.bank.accounts) < 14 or deed == "refusal":
            self.say_act(self.staff(["policy"]), f"/v1/applications/{found.digest}/{deed}", body)

    def keep_often(self):
        """One order, until no operator may keep it back again."""
        waiting = [o for o in self.bank.orders.values() if o.payee and o.status in ("ACTC", "PATC")]
        key = self.staff(["payments"])
        by = self.bank.keys[key].holder
        if self.bank.four_eyes or not waiting or "payments" not in self.bank.roles[by]:
            return
        order = self.pick(waiting)
        path, kept = f"/v1/accounts/{order.account.number}/orders/{order.id}/", order.kept
        for _ in range(2 * (34 - kept)):
            deed = "release" if "operator" in order.held and not order.released else "hold"
            session = self.ready(key)
            self.world.act({"issued": self.bank.now, "expires": self.bank.now + 600, "nonce": f"{self.number():021d}A",
                            "challenge": "", "key": key, "session": session, "path": path + deed,
                            "request": {"note": "Asked"}}, path + deed)
            if order.kept == kept and deed == "hold":
                break  # it may not be kept back, or no more
            kept = order.kept
