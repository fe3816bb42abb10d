# SPDX-License-Identifier: Apache-2.0
"""A card pulled while many orders are signed one by one, by several threads where its key lets them: the program says
so once, waits, asks for the PIN again and goes on with what is left. Real pcscd, real OpenSC, a real bank; runs under
with-card --trace."""
import json
import os
import re
import unittest

from middleware import PIN, await_log, await_noticed, pull_in
from test_pays import CREDITOR, CardPays
from bank import iban, make_order  # noqa: E402: test_pays finds it

MANY = 24
APDUS = 30  # from the PIN's prompt: in the middle
PINS = re.compile(r"^> 0020\w{4}\w{4}", re.M)  # VERIFY, with data
SIGNS = re.compile(r"^> .087", re.M)  # GENERAL AUTHENTICATE; in a chain 1087, then 0087


class ManyTest(CardPays):
    def setUp(self):
        super().setUp()
        self.holder = getattr(self, os.environ["HOLDER"])
        self.holder.enrol()
        self.account = iban(7)
        made = self.bank.operator("POST", "/v1/accounts", {
            "account": self.account, "currency": "EUR", "holders": [self.holder.name], "signatures": "single",
            "title": "Singly"})
        self.assertEqual(made.status, 201, made)
        self.holder.settings(self.account, token_deadline=3)
        policy, orders = self.bank.path("policy.json"), self.bank.path("orders.ndjson")
        self.holder.run("policy", "--output", policy, check=True)
        self.bank.write("orders.ndjson", "".join(json.dumps(make_order(self.account, CREDITOR)) + "\n"
                                                 for _ in range(MANY)))
        self.out = self.bank.path("signed.ndjson")
        self.sign = ("sign", "--batch", orders, "--policy", policy, "--output", self.out)

    def log(self):
        with open(os.environ["CARD_LOG"], encoding="utf-8") as f:
            return f.read()

    def lines(self):
        with open(self.out, encoding="utf-8") as f:
            return f.read().splitlines()

    def goes_on_after(self, interrupt, mend):
        """INTERRUPT answers the PIN's prompt and has the card gone in the middle, MEND has it back: that is said once,
        and what was signed before it is kept and not signed again."""
        prompt = "to approve these %d orders: " % MANY
        with self.holder.terminal(*self.sign) as terminal:
            terminal.expect(prompt)
            begun = len(self.log())
            interrupt(terminal)
            seen = terminal.expect("Insert your card again")
            before = self.lines()
            mend()
            seen += terminal.expect("It is there.")
            terminal.expect(prompt)
            terminal.type(PIN + "\n")
            code, rest = terminal.end()
        self.assertEqual((code, (seen + rest).count("Insert your card again")), (0, 0), seen + rest)
        signed, pins = (len(what.findall(self.log()[begun:])) for what in (SIGNS, PINS))
        self.assertIn(signed - MANY, (0, 1))  # the one that it happened at
        self.assertLessEqual(pins, 2 + (MANY + 1 if self.holder is self.bob else 0))
        self.assertTrue(0 < len(before) < MANY, len(before))
        self.assertEqual((self.lines()[:len(before)], len(set(self.lines()))), (before, MANY))
        for line in self.lines():
            self.assertIn("decision", json.loads(line))
        self.assertEqual(self.holder.json(*self.sign)["before"], MANY)  # each verifies

    def test_threat_14_pulled_in_the_middle(self):
        def pull(terminal):
            pull_in(APDUS)
            terminal.type(PIN + "\n")

        def put_back():
            await_log("REMOVED", 1)
            await_noticed()
            self.plug_in(2)

        self.goes_on_after(pull, put_back)


# The cases of test_pays.py are not run again here.
for case in [name for name in dir(CardPays) if name.startswith("test_")]:
    setattr(ManyTest, case, None)

if __name__ == "__main__":
    unittest.main()
