# SPDX-License-Identifier: Apache-2.0
"""Strangers who become holders next: they ask, holders vouch, operators admit or refuse."""

from keyring import KEYS_MAX

DAY = 86400


class Arrivals:
    def arrived(self):
        """Those who came by a request and were nobody before."""
        return {r.holder for r in self.bank.requests if r.state == "admitted"}

    def arrive(self):
        waiting = self.bank.still_waiting()
        if len(waiting) < 2 and self.chance(60) or not self.bank.requests:
            self.ask_in()
        else:
            self.weighted([(self.ask_in, 15), (self.vouch, 50), (self.decide_request, 35)])()

    def request(self):
        """One that waits, most of the time; its number."""
        waiting = [i for i, r in enumerate(self.bank.requests) if r in self.bank.still_waiting()]
        return self.pick(waiting) if waiting and self.chance(93) else self.rng.randrange(len(self.bank.requests))

    def people(self):
        return sorted({key.holder for key in self.bank.keys if not key.staff})

    def ask_in(self):
        """Somebody new, most of the time, or somebody with another key; for a day, so that some end by time."""
        number = len({r.key for r in self.bank.requests if r.taken is None})
        newcomer, name, wanted = number, f"new-{number}", ""
        taken = self.any_key() if self.chance(5) else None
        kind = self.weighted([("new", 55), ("wishes", 8), ("same", 22), ("twin", 8), ("renews", 7)])
        if kind == "same":
            wanted = self.pick([name for name in self.people() if name in self.bank.person_names] )
            name = self.bank.person_names[wanted] if self.chance(90) else name
        elif kind == "wishes":
            wanted = self.pick([name, "till-1", *self.people()])
        elif kind == "twin" and self.bank.requests:
            one = self.pick(self.bank.requests)
            newcomer, name, wanted, taken = one.key, one.name, one.wanted, one.taken
        elif kind == "renews":  # for a certificate
            taken = self.any_key()
            wanted = self.bank.keys[taken].holder
            name = self.bank.person_names.get(wanted, wanted) if self.chance(90) else name
        issued, _ = self.times()
        self.world.ask_in({"newcomer": newcomer, "name": name, "wanted": wanted, "issued": issued,
                           "expires": issued + self.weighted([(DAY, 50), (3 * DAY, 30), (30 * DAY, 20)]),
                           "nonce": f"{self.number():021d}A",
                           "taken": taken})

    def vouch(self):
        """Somebody who may for an account of his, most of the time; often those who are needed."""
        for _ in range(self.pick([1, 1, 2])):
            account = self.pick(self.bank.accounts.values())
            number, request = account.number, self.request()
            keys = self.good_keys(account.policy.approvers if self.chance(92) else account.policy.holders)
            wanted = self.bank.requests[request].wanted
            mine = [i for i in self.good_keys([wanted]) if self.bank.keys[i].holder in account.policy.approvers]
            key = self.pick(mine) if mine and self.chance(40) else self.pick(keys) if keys and self.chance(94) else self.any_key()
            if self.chance(4):
                number = self.pick(self.bank.accounts)
            path = request if self.chance(96) else self.request()
            self.world.sponsor({**self.statement(key), "key": key, "session": self.carrier(key), "account": number,
                                "about": request, "slip": self.weighted([("", 94), ("key", 3), ("name", 3)])}, path)
        if self.chance(20):  # and then something happens to whose word it was
            words = self.bank.requests[request].words
            if words:
                self.lose_key(self.bank.keys.index(self.pick(words)[2]))

    def decide_request(self):
        """At the console, or by an operator's act; as whom the request says, most of the time."""
        if len(self.bank.keys) >= KEYS_MAX:
            return
        number = self.request()
        request = self.bank.requests[number]
        session = None if self.chance(96) else self.any_key()
        if self.chance(15):
            if self.chance(50):
                self.say_act(self.staff(["enrolment"]), f"/v1/enrolments/{request.id}/refusal", {"note": "Asked"})
            else:
                self.world.refuse_request(session, number)
            return
        holder = request.wanted if request.wanted in self.bank.person_names and self.chance(92) else f"new-{request.key}"
        if self.chance(5):
            holder = self.pick([*self.people(), "till-1"])
        another = (holder in self.bank.person_names) == self.chance(96)
        wrong = self.weighted([("", 92), ("key", 4), ("name", 4)])
        if self.chance(50):
            self.world.admit(session, number, {"holder": holder, "another": another, "slip": wrong})
            return
        letter = {**({"another": True} if another else {}), "holder": holder, "name": "Somebody Else" if wrong == "name" else request.name,
                  "thumbprint": "A" * 43 if wrong == "key" else request.thumbprint}
        self.say_act(self.staff(["enrolment"]), f"/v1/enrolments/{request.id}/admission", letter)
