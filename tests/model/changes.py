# SPDX-License-Identifier: Apache-2.0
"""What the model says of new policies (docs/FORMAT.md 8.1); how the documents themselves are judged is in
documents.py."""

from books import Change, Refused, answers, refuse_if


class Changes:
    def judge_change(self, account):
        change, case = account.change, ("policy", 0, None)
        good = [(h, v) for h, v, key in change.words if key.counts]
        yes, no = ({h for h, v in good if v == verb} for verb in ("approve", "reject"))
        both, waited = (account.policy, change.policy), self.now - change.proposed
        moments = [policy.next_opening(case, waited) for policy in both]
        due = min([change.over] + [change.proposed + m for m in moments if m is not None])
        return all(p.quorum(case, waited, yes) for p in both), any(p.out_of_reach(case, no) for p in both), due

    def end_change(self, account, in_force):
        """A policy in force is a new reason to look at what waits for decisions."""
        if in_force:
            account.policies.append(account.change.policy)
            self.policies[account.policy.digest] = account.policy
            self.end_delegations(account)
            self.look_at_waiting(account)
        account.change = None
        self.changing.remove(account)

    def look_at_change(self, account):
        stands, _, due = self.judge_change(account)
        if stands or due <= self.now:
            self.end_change(account, stands and self.now < account.change.over)
        else:
            account.change.due = due

    @answers
    def word(self, said, to):
        """SAID was signed about its own policy; TO is the one that it is handed in with."""
        about, replaced = said["to"], self.policies.get(said["from"].digest)
        for wrong, name in ((about.doc["account"] != to.doc["account"], "ACCOUNT_MISMATCH"),
                            (about.digest != to.digest or replaced is None, "POLICY_MISMATCH")):
            if wrong:
                return self.unverified(said["session"], name)
        key = self.keys[said["key"]]
        who = self.caller(said["session"])
        account = self.accounts[to.doc["account"]]
        self.catch_up_change(account)
        comes_in = account.change and account.change.policy.digest == to.digest and who in to.holders
        if who not in account.policy.holders and not comes_in:
            raise Refused("ACCOUNT_UNKNOWN")
        if self.came_before(said, key):
            return {"err": "AGAIN"}
        with self.may_come(said, key):
            self.check_fresh(said, key)
            self.check_word(said, key, account, to)
        return self.take_word(said, key, account, to)

    def check_word(self, said, key, account, to):
        change, first = account.change, account.change is None
        both = (account.policy,) if first else (account.policy, to)  # who comes in joins the others
        unknown = any(h not in {k.holder for k in self.keys} for h in to.holders)
        refuse_if(
            (account.state == "closed", "ACCOUNT_CLOSED"),
            (not any(key.holder in p.holders for p in both), "NOT_A_HOLDER"),
            (not any(key.holder in p.approvers for p in both), "MAY_NOT_APPROVE"),
            (said["from"].digest != account.policy.digest, "POLICY_STALE"),
            (not first and change.policy.digest != to.digest, "POLICY_PENDING"),
            (not first and key.holder in {h for h, _, _ in change.words}, "ALREADY_DECIDED"),
            (first and said["verb"] != "approve", "NOT_FOUND"),
            (first and to.doc.get("currency", account.currency) != account.currency, "CURRENCY_MISMATCH"),
            (first and not to.in_force(self.now), "POLICY_NOT_VALID"),
            (first and unknown, "HOLDER_UNKNOWN"))

    def take_word(self, said, key, account, to):
        is_new = account.change is None
        if is_new:
            account.change = Change(to, self.now)
            self.changing.append(account)
        account.change.words.append((key.holder, said["verb"], key))
        account.words.append(key)
        stands, unreachable, account.change.due = self.judge_change(account)
        if stands or unreachable:
            self.end_change(account, stands)
        said_of_it = "in-force" if stands else "rejected" if unreachable else "pending"
        return {"err": "OK", "http": 201 if is_new else 200, "status": said_of_it, "digest": to.digest}
