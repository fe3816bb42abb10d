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
        session = None if self.chance(95) else self.rng.randrange(len(self.bank.keys))
        self.world.fund(session, number, amount, currency)

    def operate(self):
        """The operator's word on what waits for it, and sometimes on what does not."""
        session = None if self.chance(96) else self.rng.randrange(len(self.bank.keys))
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
