# SPDX-License-Identifier: Apache-2.0
"""Cash orders and the statement of a terminal, as clients say them (docs/FORMAT.md 4.1, 5.3)."""
import bank as b


def add_terminal(bank, terminal, key):
    return bank.operator("POST", "/v1/terminals", {"terminal": terminal, "name": terminal.title(),
                                                   "spki": b.b64(key.spki)})


def order(account, kind, amount, terminal="till-1", **members):
    """KIND is deposit or withdrawal."""
    made = b.make_order(account, None, amount, type="cash-" + kind, terminal=terminal, **members)
    return {k: v for k, v in made.items() if k not in ("creditor", "date")}


def statement(key, cash, **members):
    said = b.statement(account=cash["account"], order=cash["id"], orderDigest=b.sha256(b.canon(cash)),
                       terminal=cash.get("terminal", "till-1"))
    return key.jws("countersign-terminal+jws", {**said, **members})


def hand_in(session, cash, jws=None, **members):
    return session.post("/v1/cash", {"order": cash, "statement": jws or statement(session.key, cash, **members)})
