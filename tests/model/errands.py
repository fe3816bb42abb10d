# SPDX-License-Identifier: Apache-2.0
"""What the bank's operator does next, and sometimes somebody who is none."""

import documents
from documents import iban


class Errands:
    def fund(self):
        number = self.pick(self.bank.accounts) if self.chance(95) else iban(77)
        account = self.bank.accounts.get(number)
        currency = account.currency if account and self.chance(95) else "EUR"
        amount = documents.money(self.pick([1, 5000, 20000]), currency)
        if self.chance(5):
            amount = self.pick(["0.00", "0", "1.5", "9999999999999999.99", "99999999999999999.99", "-1.00"])
        session = None if self.chance(95) else self.any_key()
        self.world.fund(session, number, amount, currency)

    def operate(self):
        """The operator's word on what waits for it, and sometimes on what does not."""
        session = None if self.chance(96) else self.any_key()
        held = [o for o in self.bank.orders.values() if o.status == "PDNG"]
        if held and self.chance(75) or self.live and self.chance(10):
            order = self.pick(held) if held else self.bank.orders[self.live[-1]["account"], self.live[-1]["id"]]
            self.world.held(session, order.account.number, order.id, self.chance(70))
            return
        if self.bank.at_acsp() and self.chance(60) or self.live and self.chance(5):
            self.other_bank(session)
            return
        blocked = [n for n, a in self.bank.accounts.items() if a.state == "blocked"]
        empty = [n for n, a in self.bank.accounts.items() if not a.booked and a.state != "closed"]
        if blocked and self.chance(60):
            self.world.account_state(session, self.pick(blocked), self.pick(["unblock", "unblock", "block"]))
        elif empty and len(self.bank.accounts) > 3 and self.chance(50):
            self.world.account_state(session, self.pick(empty), "close")
        elif self.chance(40):
            number = self.pick([*self.bank.accounts, iban(77)])
            self.world.account_state(session, number, self.weighted([("block", 60), ("unblock", 20), ("close", 20)]))

    def other_bank(self, session):
        """What it says of the money of an order."""
        sent = self.bank.at_acsp()
        order = self.pick(sent) if sent and self.chance(95) else self.pick(self.bank.orders.values())
        number = order.account.number if self.chance(97) else self.pick([*self.bank.accounts, iban(77)])
        if self.chance(60):
            self.world.confirm(session, number, order.id)
        else:
            reason = self.pick(["AC01", "AC04", "MS03"]) if self.chance(85) else \
                self.pick(["MS02", "DS02", "DS04", "DS24", "AC1", "ac01", "AC011"])
            self.world.send_back(session, number, order.id, reason)

    def credit(self):
        """From another bank: most of the time for an account that is here."""
        session = None if self.chance(96) else self.any_key()
        number = self.pick([*self.bank.accounts, iban(77), documents.ELSEWHERE[0]])
        account = self.bank.accounts.get(number)
        currency = account.currency if account and self.chance(85) else self.pick(["EUR", "USD"])
        amount = documents.money(self.pick([1, 700, 5000]), currency)
        if self.chance(8):
            amount = self.pick(["0.00", "0", "1.5", "9999999999999999.99", "99999999999999999.99"])
        if self.chance(3):
            number = number[:2] + "00" + number[4:]
        if self.chance(2):
            currency = "XXX"
        known = self.bank.credits
        reference = self.pick(known).reference if known and self.chance(6) else f"E2E-{self.number()}"
        self.world.credit(session, reference=reference, number=number, amount=amount, currency=currency)

    def out_of_suspense(self):
        session = None if self.chance(96) else self.any_key()
        lost = self.bank.in_suspense()
        if self.chance(15) or not lost:
            self.world.see_suspense(session)
            return
        credit = self.pick(lost).id if self.chance(90) else self.rng.randint(0, len(self.bank.credits) + 1)
        if self.chance(30):
            self.world.give_back(session, credit)
        else:
            alike = [n for n, a in self.bank.accounts.items() if credit and credit <= len(self.bank.credits) and
                     a.currency == self.bank.credits[credit - 1].currency]
            number = self.pick(alike) if alike and self.chance(80) else self.pick([*self.bank.accounts, iban(77)])
            self.world.assign(session, credit, number)

    def reverse(self):
        """The newest bookings most of the time, whose money is still there."""
        session = None if self.chance(96) else self.any_key()
        moves = list(enumerate(self.bank.movements, 1))
        if self.chance(80):
            moves = [(i, m) for i, m in moves if m.kind in ("funding", "credit", "assignment")]
        movement, found = self.pick(moves[-4:] if self.chance(60) else moves)
        of = [side.number for side in found.sides if side in self.bank.accounts.values()]
        number = self.pick(of) if of and self.chance(92) else self.pick([*self.bank.accounts, iban(77)])
        self.world.reverse(session, number, movement if self.chance(97) else len(self.bank.movements) + 1)
