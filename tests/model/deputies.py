# SPDX-License-Identifier: Apache-2.0
"""What the model says of delegations (docs/FORMAT.md 8.3): who gives one, and for whom a deputy counts."""

from books import answers, refuse_if
from documents import money


class Delegation:
    def __init__(self, doc, key, amount, begins, ends):
        self.deputy, self.key = doc["deputy"], key
        self.amount, self.begins, self.ends = amount, begins, ends


class Deputies:
    def to_come(self, account):
        """Those that are not over, by their principals."""
        return {principal: d for principal, d in account.delegations.items() if self.now < d.ends}

    def standing(self, account, policy, case):
        """(principal, deputy) of those in force that are for the case under the policy."""
        subject, amount, _ = case
        return [(principal, d.deputy) for principal, d in self.to_come(account).items()
                if d.begins <= self.now and d.key.counts and subject == "payment" and
                amount <= d.amount and policy.lets_delegate(principal, d.deputy)]

    def may_vote(self, account, policy, case, holder, verb):
        return holder in policy.approvers or \
            verb == "approve" and holder in {deputy for _, deputy in self.standing(account, policy, case)}

    def next_beginning(self, account):
        return min((d.begins for d in account.delegations.values() if self.now < d.begins), default=None)

    def look_at_waiting(self, account):
        """There is a new reason to look at what waits for decisions."""
        for order in self.orders.values():
            if order.account is account and order.status in ("ACTC", "PATC"):
                order.due = self.now * 1000000

    @answers
    def delegate(self, said, number):
        """SAID was signed about its own account; NUMBER is that with which it is handed in."""
        gives = said["verb"] == "give"
        policy = self.policies.get(said["policy"].digest) if gives else None
        for wrong, name in ((said["account"] != number, "ACCOUNT_MISMATCH"),
                            (gives and policy is None, "POLICY_MISMATCH"),
                            (policy and policy.doc["account"] != number, "ACCOUNT_MISMATCH")):
            if wrong:
                return self.unverified(said["session"], name)
        key, account = self.keys[said["key"]], self.own_account(said["session"], number)
        if self.came_before(said, key):
            return {"err": "AGAIN"}
        self.catch_up(account)
        self.check_fresh(said, key)
        self.check_delegation(said, key, account)
        return self.take_delegation(said, key, account)

    def check_delegation(self, said, key, account):
        policy, gives = account.policy, said["verb"] == "give"
        refuse_if(
            (account.state == "closed", "ACCOUNT_CLOSED"),
            (key.holder not in policy.holders, "NOT_A_HOLDER"),
            (key.holder not in policy.approvers, "MAY_NOT_APPROVE"),
            (gives and said["policy"].digest != policy.digest, "POLICY_STALE"),
            (gives and not policy.lets_delegate(key.holder, said["deputy"]), "DEPUTY_NOT_ALLOWED"),
            (gives and said["currency"] != account.currency, "CURRENCY_MISMATCH"),
            (gives and said["until"] <= self.now, "PERIOD_INVALID"),
            (gives and said["issued"] < account.spoke.get(key.holder, 0), "DELEGATION_SUPERSEDED"))

    def take_delegation(self, said, key, account):
        gives = said["verb"] == "give"
        account.spoke[key.holder] = max(said["issued"], account.spoke.get(key.holder, 0))
        account.delegations.pop(key.holder, None)
        account.words.append(key)
        if gives:
            account.delegations[key.holder] = Delegation(said, key, said["amount"], said["from"], said["until"])
        self.look_at_waiting(account)
        return {"err": "OK", "http": 201 if gives else 200, "principal": key.holder,
                "status": "given" if gives else "withdrawn"}

    def end_delegations(self, account):
        """With a policy that comes into force end those that it would not let be given."""
        for principal, delegation in list(account.delegations.items()):
            if not account.policy.lets_delegate(principal, delegation.deputy):
                del account.delegations[principal]

    @answers
    def see_delegations(self, session, number):
        account = self.visible(session, number)
        return {"err": "OK", "delegations": [
            (principal, d.deputy, money(d.amount, account.currency), d.begins <= self.now and d.key.counts)
            for principal, d in sorted(self.to_come(account).items())]}
