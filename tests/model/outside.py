# SPDX-License-Identifier: Apache-2.0
"""What the model says of other banks (docs/FORMAT.md 11, 13): what is paid to them waits at ACSP in the
settlement account until they have it or send it back."""

import re

from books import OPEN, Refused
from documents import money


class Outside:
    def elsewhere(self, number):
        """Whether an account is another bank's, by country and bank code; none is where none is set."""
        ours = any(number[:2] == code[:2] and number[4:].startswith(code[3:]) for code in self.bank_codes)
        return bool(self.bank_codes) and not ours

    # --- the books ---
    def move(self, source, to, amount):
        """One movement between two accounts: a customer's, or (name, currency) of the bank's own."""
        for side, sign in ((source, -amount), (to, amount)):
            if isinstance(side, tuple):
                self.own[side] = self.own.get(side, 0) + sign
            else:
                side.booked += sign
        self.movements += 1

    def check_room(self, currency, minor):
        """All that came in and did not leave, whoever brings more."""
        own = sum(n for (name, of), n in self.own.items() if of == currency and name in ("settlement", "suspense"))
        if sum(a.booked for a in self.accounts.values() if a.currency == currency) + own + minor > 10 ** 18 - 1:
            raise Refused("AMOUNT_TOO_LARGE")

    def at_acsp(self):
        return [order for order in self.orders.values() if order.status == "ACSP"]

    def report(self):
        """What the bank says of itself at the end of a day."""
        currencies = sorted({a.currency for a in self.accounts.values()})
        booked = {c: [a for a in self.accounts.values() if a.currency == c] for c in currencies}
        return {"accounts": len(self.accounts), "movements": self.movements, "differences": [],
                "openOrders": sum(order.status in OPEN for order in self.orders.values()),
                "totals": [{"currency": c, "booked": money(sum(a.booked for a in of), c),
                            "reserved": money(sum(a.reserved for a in of), c)} for c, of in booked.items()],
                "outbox": waiting([(o.account.currency, o.amount) for o in self.at_acsp()])}

    def own_wrong(self):
        """The bank's own accounts are no more than what waits in them, and all that there is sums to zero."""
        told = {("settlement", o.account.currency): 0 for o in self.orders.values()}
        for order in self.at_acsp():
            told["settlement", order.account.currency] += order.amount
        return [key for key, amount in told.items() if self.own.get(key, 0) != amount]

    # --- the other bank's word ---
    def sent(self, session, number, order, reason=None):
        """It has the money of an order at ACSP, or sent it back for a REASON. What is wrong with the reason
        is said first."""
        if not self.operator(session):
            return {"err": "ROLE_REQUIRED"}
        if reason is not None and (not re.fullmatch("[A-Z0-9]{4}", reason) or
                                   reason in ("MS02", "DS02", "DS04", "DS24")):
            return {"err": "REASON_INVALID"}
        if number not in self.accounts:
            return {"err": "ACCOUNT_UNKNOWN"}
        found = self.orders.get((number, order))
        if found is None or found.status != "ACSP":
            return {"err": "NOT_FOUND" if found is None else "ORDER_NOT_SENT"}
        currency = found.account.currency
        self.move(("settlement", currency), found.account if reason else ("bank", currency), found.amount)
        found.enter("RJCT" if reason else "ACSC")
        found.reason = reason or ""
        return {"err": "OK", **self.view(found)}


def waiting(amounts):
    """How many there are in a currency, and their sum."""
    return [{"currency": c, "count": sum(of == c for of, _ in amounts),
             "amount": money(sum(n for of, n in amounts if of == c), c)} for c in sorted({c for c, _ in amounts})]
