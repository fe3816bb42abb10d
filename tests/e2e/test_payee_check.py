# SPDX-License-Identifier: Apache-2.0
"""The bank asks its payee checker, a service behind a Unix socket; whatever that one does, the bank
serves, and the answer is in the order's view."""
import os
import tempfile
import time
import unittest

from bank import Bank, joint, make_order
from payee_checker import Checker

WAIT_MS = 300
SETTINGS = "hold_on = RVNM, RVNA, first-payment\ncutoff = 00:00 USD\npayee_check_socket = %s\npayee_check_ms = %d\n"


class PayeeCheck(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "checker.sock")
        self.checker = Checker(self.path)
        self.bank = Bank(bankd_settings=SETTINGS % (self.path, WAIT_MS))
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice, self.bob, self.account, self.payee, self.policy = joint(self.bank)

    def paid(self, payee_check, status, flags=None):
        order = make_order(self.account, self.payee, amount="1.00")
        answer = self.alice.decide(order, self.policy)
        self.assertEqual((answer.status, answer.json["payeeCheck"]), (201, payee_check), answer)
        answer = self.bob.decide(order, self.policy)
        self.assertEqual((answer.json["status"], answer.json.get("heldFor")), (status, flags), answer)
        return order

    def test_what_the_checker_says(self):
        self.checker.answer = b'{"result":"RVNM"}\n'
        order = self.paid("RVNM", "PDNG", ["first-payment", "RVNM"])
        self.assertEqual(self.checker.questions[0],
                         {"account": self.payee, "name": order["creditor"]["name"]})
        listed = self.bank.ctl("order", "list").stdout
        self.assertIn(" first-payment RVNM ", listed)
        self.bank.ctl("order", "release", order["id"], "--account", self.account, "--note", "asked him")
        self.checker.answer = b'{"result":"RCVC"}\n'
        self.paid("RCVC", "ACSC")
        self.checker.answer = b'{"result":"RMVC"}\n'
        self.paid("RMVC", "ACSC")
        asked = len(self.checker.questions)
        order = make_order(self.account, self.payee, amount="1.00")
        self.alice.decide(order, self.policy)
        self.bob.decide(order, self.policy, "reject")
        self.assertEqual(len(self.checker.questions), asked + 1)  # a no needs no check
        for nonsense in (b"RCVC\n", b"{}\n", b'{"result":"RVNX"}\n', b'{"result":1}\n', b"", b"x" * 5000):
            self.checker.answer = nonsense
            self.paid("RVNA", "PDNG", ["RVNA"])
        self.checker.close()
        self.paid("RVNA", "PDNG", ["RVNA"])

    def test_one_that_hangs_holds_up_one_request(self):
        self.addCleanup(self.checker.close)
        order = make_order(self.account, self.payee, amount="1.00")
        before = time.monotonic()
        answer = self.alice.decide(order, self.policy)
        self.assertEqual(answer.json["payeeCheck"], "RVNA")
        self.assertGreaterEqual(time.monotonic() - before, WAIT_MS / 1000)
        self.assertEqual(self.bob.decide(order, self.policy).json["heldFor"], ["first-payment", "RVNA"])
        self.assertEqual(len(self.checker.questions), 1)  # it is left alone for a while
        self.bank.verify_log()


if __name__ == "__main__":
    unittest.main(verbosity=2)
