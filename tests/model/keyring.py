# SPDX-License-Identifier: Apache-2.0
"""What happens to keys next."""

import documents

KEYS_MAX = 48  # as driver.h has room for, and some


class Keyring:
    def lose_key(self, key, session=None):
        """Seldom for ever, so that keys stay in play; often by its holder himself, who has a session."""
        if session is None and self.chance(30):
            mine = self.good_keys([self.bank.keys[key].holder]) or [key]
            self.world.key_suspend(self.ready(self.pick(mine) if self.chance(80) else self.any_key()), key)
        else:
            self.world.key_set(session, key, self.bank.keys[key].holder,
                               "revoked" if self.chance(10) else "suspended")

    def any_key(self):
        """Of those who are no operators: their keys are not what is lost here."""
        return self.pick(i for i, key in enumerate(self.bank.keys) if not key.staff)

    def key_status(self):
        session = None if self.chance(95) else self.any_key()
        keys = {status: [i for i, key in enumerate(self.bank.keys) if key.status == status and not key.staff]
                for status in ("suspended", "retired", "revoked")}
        if keys["suspended"] and self.chance(65):
            self.resume(self.pick(keys["suspended"]), session)
        elif self.chance(60):
            self.lose_key(self.pick(keys["retired"]) if keys["retired"] and self.chance(30) else self.any_key(), session)
        else:  # of another, to something else, once more, or too late
            key = self.pick(keys["revoked"]) if keys["revoked"] and self.chance(70) else self.any_key()
            holder = self.bank.keys[key].holder if self.chance(80) else self.pick(self.people())
            self.world.key_set(session, key, holder, self.pick(["active", "active", "lost"]))

    def people(self):
        return sorted({key.holder for key in self.bank.keys if not key.staff})

    def resume(self, key, session):
        """Its old session and what it signed meanwhile are tried, too."""
        if self.chance(50):
            self.world.later(self.pick([1, 20, 60]))
        self.world.key_set(session, key, self.bank.keys[key].holder, "active")
        if self.chance(50):
            self.world.see_account(key, self.pick(self.bank.accounts))
        if self.live and self.chance(50):
            self.say(self.pick(self.live), "approve", key, since=self.pick([0, 1, 20]))
        if self.chance(50):
            self.due()

    def rotate(self, key=None):
        """A key gives its place, most of the time one that may; then the old one is tried, and what it said."""
        if len(self.bank.keys) >= KEYS_MAX:
            return
        if key is None:
            good = self.good_keys(self.people())
            key = self.pick(good) if good and self.chance(90) else self.any_key()
        taken = None
        if self.chance(6):
            taken = self.pick([i for i in range(len(self.bank.keys)) if i != key])
        path = key if self.chance(97) else self.any_key()
        before = len(self.bank.keys)
        self.world.rotate({**self.statement(key), "key": key, "session": self.carrier(key), "verb": "",
                           "taken": taken}, path, self.pick(["P-256", "P-384", "P-521"]))
        if len(self.bank.keys) == before:
            return
        if self.live and self.chance(40):
            self.say(self.pick(self.live), self.pick(["approve", "reject"]), key)
        if self.live and self.chance(30):
            self.say(self.pick(self.live), "approve", before)
        if self.chance(30):
            self.lose_key(key)
        if self.chance(40):
            self.due()

    def day_comes(self, order):
        if order.day and documents.start_of(order.day) > self.bank.now and self.chance(60):
            self.world.later(documents.start_of(order.day) - self.bank.now)
            self.due()
