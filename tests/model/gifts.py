# SPDX-License-Identifier: Apache-2.0
"""Who lets whom stand for him next, and takes that back."""

import documents
from documents import DAY, iban


class Gifts:
    def delegate(self, account=None, principal=None, verb=None):
        """Where the policy lists deputies, most of the time, and by one who may."""
        some = [account] if account else [a for a in self.bank.accounts.values() if "deputies" in a.policy.doc and
                                          (a.state != "closed" or self.chance(10))]
        account = self.pick(some if some and self.chance(95) else self.bank.accounts.values())
        keys = self.good_keys([principal] if principal else
                              account.policy.approvers if self.chance(93) else account.policy.holders)
        key = self.pick(keys) if keys and self.chance(97) else self.any_key()
        said = {**self.statement(key), "key": key, "session": self.carrier(key), "account": account.number,
                "verb": verb or ("give" if self.chance(80) else "withdraw")}
        if self.chance(5):
            said["issued"] -= 30  # before what he said meanwhile
        if said["verb"] == "give":
            said.update(self.gift(account, self.bank.keys[key].holder))
        number = account.number if self.chance(97) else self.pick([*self.bank.accounts, iban(77)])
        self.world.delegate(said, number)

    def gift(self, account, principal):
        others = [h for h in account.policy.doc.get("deputies", []) if h != principal]
        deputy = self.pick(others) if others and self.chance(95) else self.pick([*account.policy.holders, "nobody"])
        begins = self.bank.now + self.weighted([(0, 50), (-3600, 10), (1, 10), (60, 10), (3600, 10), (DAY, 10)])
        ends = begins + self.weighted([(1, 5), (61, 10), (3600, 15), (DAY, 20), (5 * DAY, 20), (30 * DAY, 30)])
        policy = account.policy if self.chance(94) else self.pick([
            *account.policies, self.pick(self.bank.accounts.values()).policy,
            documents.Policy({**account.policy.doc, "title": "Never seen"})])
        other = {"EUR": "USD", "USD": "EUR"}.get(account.currency, "USD")
        return {"deputy": deputy, "amount": self.pick([1000, 2500, 5000, 9000, 10 ** 6]), "from": begins,
                "until": ends, "currency": account.currency if self.chance(97) else other, "policy": policy}

    def needed(self, account):
        """Principals without whom, or a deputy, there is no quorum."""
        policy, case = account.policy, ("payment", 1000, None)
        for principal in sorted(policy.approvers):
            others = set(policy.holders) - {principal}
            standing = [(principal, d) for d in others if policy.lets_delegate(principal, d)]
            if policy.quorum(case, 0, others, standing) and not policy.quorum(case, 0, others):
                yield principal

    def stand_in(self):
        """Everybody approves but the principal, for whom his deputy does. And sometimes that ends, or only
        begins, before the day comes."""
        able = [(a, p) for a in self.bank.accounts.values() if a.state == "open" for p in self.needed(a)]
        if not able:
            return None
        account, principal = self.pick(able)
        if principal not in self.bank.to_come(account):
            self.delegate(account, principal, "give")
        gift = self.bank.to_come(account).get(principal)
        if gift is None:
            return None
        order = self.order(account)
        order["amount"] = documents.money(min(self.pick([100, 1000, 2500]), gift.amount + 1), account.currency)
        order["expires"] = documents.time_text(self.bank.now + 5 * DAY)
        order["created"] = documents.time_text(self.bank.now)
        if self.chance(50):
            order["date"] = str(documents.day_of(self.bank.now))
        if not self.approve_without(principal, order):
            return None
        kind = self.weighted([("nothing", 4), ("begins", 3), ("ends", 2), ("withdraw", 2), ("key", 1)])
        if kind == "begins" and gift.begins > self.bank.now or kind == "ends":
            moment = gift.ends if kind == "ends" else gift.begins
            self.world.later(moment - self.bank.now - (1 if self.chance(30) else 0) or 1)
        elif kind == "withdraw":
            self.delegate(account, principal, "withdraw" if self.chance(60) else "give")
        elif kind == "key":
            self.lose_key(self.bank.keys.index(gift.key))
        return self.due()

    def approve_without(self, principal, order):
        """Whether the order is there and still wants something."""
        keys = self.good_keys(set(self.bank.accounts[order["account"]].policy.holders) - {principal})
        self.rng.shuffle(keys)
        for key in keys:
            found = self.bank.orders.get((order["account"], order["id"]))
            if found and found.status not in ("ACTC", "PATC"):
                break
            self.say(order, "approve", key)
        found = self.bank.orders.get((order["account"], order["id"]))
        if found and order not in self.live:
            self.live = self.live[-11:] + [order]
        return found and found.status in ("ACTC", "PATC", "ACCP")
