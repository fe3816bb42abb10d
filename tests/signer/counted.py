# SPDX-License-Identifier: Apache-2.0
"""A holder whose token's calls are counted."""
import os

from bank import SOFTHSM
from holder import Holder

FAULT = os.environ["COUNTERSIGN_FAULT"]


class Counted(Holder):
    """Her token behind the module that writes every call down."""

    def __init__(self, bank, name, pin):
        super().__init__(bank, name, pin)
        self.module = FAULT
        self.env.update(FAULT_MODULE=SOFTHSM, FAULT_CONTROL=bank.path("calls"))
        self.rules()

    def rules(self, *more):
        self.bank.write("calls", "".join(line + "\n" for line in ("trace", *more)))

    def calls(self, function, outcome=None):
        """What of it was written down so far."""
        path = self.bank.path("calls.trace")
        if not os.path.exists(path):
            return 0
        with open(path, encoding="utf-8") as f:
            return sum(words[0] == function and outcome in (None, words[1]) for words in map(str.split, f))

    def signatures(self):
        """How often the token was asked to sign since it was asked last."""
        count = self.calls("C_Sign")
        if count:
            os.unlink(self.bank.path("calls.trace"))
        return count

    def made(self):
        """How many signatures it made."""
        return self.calls("C_Sign", "0x0")
