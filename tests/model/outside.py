# SPDX-License-Identifier: Apache-2.0
"""What the model says of other banks (docs/FORMAT.md 11, 13): what is paid to them waits at ACSP in the
settlement account until they have it or send it back; what comes from them and is nobody's waits in
suspense; and a booking that was wrong is taken back. Movements and credits are numbered as they come."""

import re

from books import OPEN, Credit, Movement, Refused, answers, refuse_if
from documents import iban_form, minor_of, money


class Outside:
    def elsewhere(self, number):
        """Whether an account is another bank's, by country and bank code; none is where none is set."""
        ours = any(number[:2] == code[:2] and number[4:].startswith(code[3:]) for code in self.bank_codes)
        return bool(self.bank_codes) and not ours

    # --- the books ---
    def move(self, kind, source, to, amount, credit=None):
        """One movement between two accounts: a customer's, or (name, currency) of the bank's own."""
        for side, sign in ((source, -amount), (to, amount)):
            if isinstance(side, tuple):
                self.own[side] = self.own.get(side, 0) + sign
            else:
                side.booked += sign
        self.movements.append(Movement(kind, (source, to), amount, credit))

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
        return {"accounts": len(self.accounts), "movements": len(self.movements), "differences": [],
                "openOrders": sum(order.status in OPEN for order in self.orders.values()),
                "totals": [{"currency": c, "booked": money(sum(a.booked for a in of), c),
                            "reserved": money(sum(a.reserved for a in of), c)} for c, of in booked.items()],
                "outbox": waiting([(o.account.currency, o.amount) for o in self.at_acsp()]),
                "suspense": waiting([(k.currency, k.amount) for k in self.in_suspense()])}

    def own_wrong(self):
        """The bank's own accounts in which something waits have no more and no less."""
        told = dict.fromkeys(key for key in self.own if key[0] in ("settlement", "suspense"))
        for name, currency in told:
            told[name, currency] = sum(o.amount for o in self.at_acsp() if o.account.currency == currency) \
                if name == "settlement" else sum(k.amount for k in self.in_suspense() if k.currency == currency)
        return [key for key, amount in told.items() if self.own[key] != amount]

    # --- the other bank's word ---
    @answers
    def sent(self, session, number, order, reason=None):
        """It has the money of an order at ACSP, or sent it back for a REASON. What is wrong with the reason
        is said first."""
        if not self.operator(session):
            return {"err": "ROLE_REQUIRED"}
        if reason is not None and (not re.fullmatch("[A-Z0-9]{4}", reason) or
                                   reason in ("MS02", "DS02", "DS04", "DS24")):
            return {"err": "REASON_INVALID"}
        found = self.known_order(number, order)
        if found.status != "ACSP":
            raise Refused("ORDER_NOT_SENT")
        self.check_eyes("outcome", f"order:{number}/{order}", f"account:{number}")
        currency = found.account.currency
        self.move("return" if reason else "confirmation", ("settlement", currency),
                  found.account if reason else ("bank", currency), found.amount)
        found.enter("RJCT" if reason else "ACSC")
        found.reason = reason or ""
        if not reason:  # what came back made nobody known
            found.account.know(found)
        return {"err": "OK", **self.view(found)}

    # --- what comes from another bank ---
    def in_suspense(self):
        return [credit for credit in self.credits if credit.state == "suspense"]

    @answers
    def credit(self, session, reference, number, amount, currency):
        """The forms come first, the account's in front; then whether it came before."""
        if not self.operator(session):
            return {"err": "ROLE_REQUIRED"}
        minor = minor_of(amount, currency)
        account = self.accounts.get(number)
        refuse_if((iban_form(number), iban_form(number)), (isinstance(minor, str), minor),
                  (minor == 0, "AMOUNT_ZERO"),
                  (reference in {k.reference for k in self.credits}, "CREDIT_EXISTS"))
        self.check_room(currency, minor)
        lost = account is None or account.state == "closed" or account.currency != currency
        credit = Credit(len(self.credits) + 1, reference, number, minor, currency)
        credit.state = "suspense" if lost else "booked"
        self.credits.append(credit)
        self.move("credit", ("bank", currency), ("suspense", currency) if lost else account, minor, credit)
        self.did("credited" if lost else "booked", f"credit:{credit.id}" if lost else f"account:{number}")
        return {"err": "OK", "http": 201, **credit.view()}

    def suspended(self, session, number):
        if not self.operator(session):
            raise Refused("ROLE_REQUIRED")
        found = next((k for k in self.in_suspense() if k.id == number), None)
        if found is None:
            raise Refused("NOT_FOUND")
        self.check_claim(f"credit:{number}")
        self.check_eyes("dispose", f"credit:{number}")
        return found

    def see_suspense(self, session):
        if not self.operator(session):
            return {"err": "ROLE_REQUIRED"}
        return {"err": "OK", "credits": [credit.view() for credit in self.in_suspense()]}

    @answers
    def assign(self, session, credit, number):
        credit, account = self.suspended(session, credit), self.accounts.get(number)
        refuse_if((account is None, "ACCOUNT_UNKNOWN"),
                  (account and account.state == "closed", "ACCOUNT_CLOSED"),
                  (account and account.currency != credit.currency, "CURRENCY_MISMATCH"))
        self.move("assignment", ("suspense", credit.currency), account, credit.amount, credit)
        credit.state = "booked"
        self.did("booked", f"account:{number}")
        self.claims.pop(f"credit:{credit.id}", None)
        return {"err": "OK", **credit.view()}

    @answers
    def give_back(self, session, credit):
        credit = self.suspended(session, credit)
        self.move("given-back", ("suspense", credit.currency), ("bank", credit.currency), credit.amount, credit)
        credit.state = "returned"
        self.claims.pop(f"credit:{credit.id}", None)
        return {"err": "OK", **credit.view()}

    # --- what is taken back ---
    def reverse(self, session, number, movement):
        """Once, and only what came in without an order; what another bank sent is nobody's again."""
        if not self.operator(session):
            return {"err": "ROLE_REQUIRED"}
        account = self.accounts.get(number)
        if account:
            self.catch_up(account)
        found = self.movements[movement - 1] if 0 < movement <= len(self.movements) else None
        for wrong, name in ((account is None, "ACCOUNT_UNKNOWN"),
                            (found is None or account not in found.sides, "NOT_FOUND"),
                            (found and found.reversed, "MOVEMENT_REVERSED"),
                            (found and found.kind not in ("funding", "credit", "assignment"), "NOT_REVERSIBLE"),
                            (account and found and account.booked - account.reserved < found.amount,
                             "FUNDS_INSUFFICIENT")):
            if wrong:
                return {"err": name}
        found.reversed = True
        self.did("booked", f"account:{number}")
        place = ("suspense" if found.credit else "bank", account.currency)
        self.move("reversal", account, place, found.amount, found.credit)
        if found.credit:
            found.credit.state = "suspense"
        return {"err": "OK", "http": 201, **self.view_account(account)}


def waiting(amounts):
    """How many there are in a currency, and their sum."""
    return [{"currency": c, "count": sum(of == c for of, _ in amounts),
             "amount": money(sum(n for of, n in amounts if of == c), c)} for c in sorted({c for c, _ in amounts})]
