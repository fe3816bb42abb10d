# SPDX-License-Identifier: Apache-2.0
"""What the model says of cash at a terminal (docs/FORMAT.md 4.1, 5.3, 13); the rest of a withdrawal's life
is a payment's, in model.py."""

from books import Order, Refused, answers, refuse_if


class Cash:
    @answers
    def see_own_order(self, session, number, order):
        """A terminal sees what it handed in, without the people; it looks at the account all the same."""
        who = self.caller(session)
        if number in self.accounts:
            self.catch_up(self.accounts[number])
        found = self.orders.get((number, order))
        if found is None or found.decisions[0][0] != who:
            return {"err": "ACCOUNT_UNKNOWN"}
        return {"err": "OK", **self.view(found, people=False)}

    @answers
    def cash(self, said, order):
        """The word of a terminal; SAID was signed about its own order, as in decide."""
        try:
            self.verify_about(said, order)
        except Refused as why:
            return self.unverified(said["session"], str(why))
        key, account = self.keys[said["key"]], self.accounts.get(order["account"])
        self.caller(said["session"])
        if not self.keys[said["session"]].terminal:
            raise Refused("NOT_A_TERMINAL")
        if account is None:
            raise Refused("ACCOUNT_UNKNOWN")
        self.catch_up_change(account)
        if self.came_before(said, key):
            return {"err": "AGAIN"}
        self.catch_up(account)
        self.check_fresh(said, key)
        if not key.terminal:
            raise Refused("NOT_A_TERMINAL")
        if key.holder != order["terminal"]:
            raise Refused("TERMINAL_MISMATCH")
        known = self.orders.get((account.number, order["id"]))
        (self.check_known if known else self.check_cash)(said, key, account, order)
        return self.take(said, key, account, order, people=False)

    def check_cash(self, _said, _key, account, doc):
        order, comes_in = Order(account, doc, self.now), doc["type"] == "cash-deposit"
        policy = account.policy
        refuse_if(
            (self.now > order.expires, "ORDER_EXPIRED"),
            (account.state == "closed" or not comes_in and account.state != "open",
             "ACCOUNT_" + account.state.upper()),
            (not comes_in and not policy.in_force(self.now), "POLICY_NOT_VALID"),
            (account.currency != doc["currency"], "CURRENCY_MISMATCH"),
            (not comes_in and policy.ways(order.case) is None, "POLICY_NO_RULE"),
            (not comes_in and not account.within_limits(order.amount, self.now), "LIMIT_EXCEEDED"),
            (not comes_in and account.booked - account.reserved < order.amount, "FUNDS_INSUFFICIENT"))
        if comes_in:
            self.check_room(account.currency, order.amount)
