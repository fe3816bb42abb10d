# SPDX-License-Identifier: Apache-2.0
"""Who applies for which account next, who signs or withdraws, and what the operator says."""

import documents
from applications import first_policy
from documents import DAY, iban

ACCOUNTS_MAX = 10


class Applying:
    def application(self):
        currency = self.pick(["EUR", "EUR", "USD"])
        holders, terms = self.drawn(currency)
        if self.chance(3):
            holders["nobody"] = "A"
        lasts = self.weighted([(14 * DAY, 50), (DAY, 20), (3600, 15), (60, 5), (30 * DAY, 5), (30 * DAY + 1, 3), (0, 2)])
        asked = {"holders": [{"class": c, "id": h} for h, c in sorted(holders.items())], "rules": documents.ALL,
                 "title": f"Wanted {self.number()}", **terms}
        return {"bank": self.bank.name, "currency": currency, "expires": documents.time_text(self.bank.now + lasts),
                "nonce": f"{self.number():021d}A", "policy": asked, "type": "application", "version": 1}

    def say_application(self, doc, key, verb="apply", about=None):
        wrong = None if first_policy(doc, iban(1), self.bank.now).valid() else "POLICY_INVALID"
        self.world.apply({**self.statement(key), "key": key, "session": self.carrier(key), "verb": verb,
                          "about": about or doc}, doc, wrong)

    def waiting_applications(self):
        return [a for a in self.bank.applications.values() if a.state == "waiting"]

    def apply(self):
        """A new one by one of its holders, most of the time; then the others sign."""
        waiting = self.waiting_applications()
        if waiting and self.chance(60):
            doc = self.pick(waiting).doc
        else:
            doc = self.application()
            waiting = [a for a in waiting if a.doc is not doc]
        named = [h["id"] for h in doc["policy"]["holders"]]
        found = [a for a in waiting if a.doc is doc]
        keys = self.good_keys(found[0].missing if found and self.chance(90) else named) or self.good_keys(self.people())
        self.rng.shuffle(keys)
        for key in keys if self.chance(75) else keys[:1]:
            self.say_application(doc, key)
        if self.chance(12):
            self.say_application(doc, self.any_key(), self.pick(["apply", "withdraw", "withdraw"]))
        if waiting and self.chance(5) and first_policy(doc, iban(1), self.bank.now).valid():  # signed for another one
            self.say_application(self.pick(waiting).doc, self.any_key(), about=doc)

    def open_application(self):
        """By one that all have signed, most of the time; sometimes a key is lost just before."""
        some = list(self.bank.applications.values())
        if not some:
            return self.apply()
        ready = [a for a in some if a.state == "waiting" and not a.missing]
        found = self.pick(ready) if ready and self.chance(85) else self.pick(some)
        session = None if self.chance(95) else self.ready(self.any_key())
        if found.words and self.chance(20):
            self.lose_key(self.bank.keys.index(self.pick(found.words)[1]))
        name = found.digest if self.chance(97) else "0" * 64
        fresh = len(self.bank.accounts) < ACCOUNTS_MAX and self.chance(90)
        number = iban(3000 + self.number()) if fresh else self.pick([*self.bank.accounts, documents.ELSEWHERE[0]]
                                                                   if self.bank.bank_codes else self.bank.accounts)
        if self.chance(15):
            self.world.refuse_application(session, name)
        else:
            self.world.admit_application(session, name, number)
        viewer = None if self.chance(30) else self.ready(self.any_key())
        return self.world.see_application(viewer, found.digest)
