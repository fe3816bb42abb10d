# SPDX-License-Identifier: Apache-2.0
"""Cash at a terminal: its statement, its stories, and their forgeries (docs/FORMAT.md 4.1, 5.3)."""
from golden_story import (ACCOUNT, ALICE, BANK, BOB, CREDITOR, ORDER, POLICY, STRANGER, TERMINAL,
                          Story, display, kid_of, signed, verb_of)
from golden_tools import Key, b64u, canon, hexdigest, jws, sha256

TILL = Key("P-256", int.from_bytes(sha256(b"till-1"), "big"))

WITHDRAWAL = {"account": ACCOUNT, "amount": "100.00", "bank": BANK, "created": "2026-11-22T10:00:00Z",
              "currency": "EUR", "description": "Market day", "expires": "2026-12-04T10:00:00Z",
              "id": ORDER["id"], "terminal": "till-1", "type": "cash-withdrawal", "version": 1}
DEPOSIT = dict(WITHDRAWAL, type="cash-deposit")
# One person for cash, both for everything else.
ONE = {"anyOf": [{"signers": [{"count": 1}]}]}
CASH = dict(POLICY, rules=[{"require": "all"}, dict(ONE, **{"for": "cash"})])


def statement(order=WITHDRAWAL, issued="2026-11-22T10:05:00Z", expires="2026-11-22T10:10:00Z", **changes):
    body = {"account": order["account"], "bank": order["bank"], "expires": expires, "issued": issued,
            "nonce": b64u(sha256(b"till")[:16]), "order": order["id"],
            "orderDigest": hexdigest(canon(order)), "terminal": order.get("terminal", "till-1"), "version": 1}
    body.update(changes)
    return {k: v for k, v in body.items() if v is not None}


def handed_in(key=TILL, typ=TERMINAL, **what):
    return jws(key, typ, canon(statement(**what)))


class CashStory(Story):
    def __init__(self, order, policy=CASH, till=(("till-1", TILL),), kind="terminal"):
        super().__init__(policy=policy)
        self.order, self.policy = order, policy
        for name, key in till:
            body = {"object": "holder:" + name, "type": "enrolment", "holder": name, "name": "Till",
                    "spki": b64u(key.spki), "thumbprint": key.thumbprint, "vouched": "bank"}
            self.put("enrolment", "09:04:00", dict(body, kind=kind) if kind else body)

    def cash(self, status=None, clock="10:05:02", jws=None, terminal="till-1", **what):
        if status is None:
            status = ["RCVD", "ACTC"] + ["ACCP"] * (self.order["type"] == "cash-deposit")
        what.setdefault("order", self.order)
        return self.of_order("told", clock, {
            "type": "cash", "terminal": terminal, "statement": jws or handed_in(**what),
            "document": self.order, "status": status})

    def alice(self, status=("ACCP",), **what):
        return self.decide("alice", ALICE, "10:06:02", list(status), order=self.order,
                           policy=self.policy, issued="2026-11-22T10:06:00Z",
                           expires="2026-11-22T10:11:00Z", **what)

    def bob(self, status, **what):
        return self.decide("bob", BOB, "10:07:01", list(status), order=self.order,
                           policy=self.policy, issued="2026-11-22T10:07:00Z",
                           expires="2026-11-22T10:12:00Z", **what)

    def settle(self, clock="10:06:02", **changes):
        entries = [(i, r[2]) for i, r in enumerate(self.rows) if r[2]["type"] in ("cash", "decision")]
        side = "creditor" if self.order["type"] == "cash-deposit" else "debtor"
        body = {"type": "settlement", "amount": self.order["amount"], "currency": "EUR", side: ACCOUNT,
                "terminal": "till-1", "movement": 2, "orderDigest": hexdigest(canon(self.order)),
                "policyDigest": hexdigest(canon(self.policy)), "status": ["ACSP", "ACSC"],
                "considered": [{"decision": "submit" if b["type"] == "cash" else verb_of(b["statement"]),
                                "entry": i, "holder": b.get("terminal") or b["holder"], "keyStatus": "active",
                                "thumbprint": kid_of(b["statement"])} for i, b in entries]}
        body.update(changes)
        return self.of_order("told", clock, {k: v for k, v in body.items() if v is not None})


def told(order, *steps, **options):
    """The evidence after some steps, each a name or a name with its arguments."""
    s = CashStory(order, **options)
    for step in steps:
        name, what = step if isinstance(step, tuple) else (step, {})
        getattr(s, name)(**what)
    return s.evidence()


def good_cash():
    yield "deposit", told(DEPOSIT, "cash", "settle")
    yield "withdrawal", told(WITHDRAWAL, "cash", "alice", "settle")
    yield "withdrawal-open", told(WITHDRAWAL, "cash")
    yield "withdrawal-rejected", told(
        WITHDRAWAL, "cash", ("alice", dict(status=[], verb="reject")),
        ("bob", dict(status=["RJCT"], verb="reject", reason="MS02")))
    late = dict(POLICY, validFrom="2026-11-23T00:00:00Z")
    yield "deposit-without-policy", told(DEPOSIT, "cash", "settle", policy=late)


def forged_cash():
    wrong = "EVIDENCE_CONTRADICTION"

    def no(name, *steps, error=wrong, order=WITHDRAWAL, **options):
        return error, "cash-" + name, told(order, *steps, **options)

    approval = signed(ALICE, order=WITHDRAWAL, policy=CASH, seed="alice")
    yield no("begun-by-a-holder", ("alice", dict(status=["RCVD", "ACTC", "ACCP"], document=WITHDRAWAL)), "settle")
    yield no("deposit-by-a-holder", ("cash", dict(key=ALICE)), "settle", order=DEPOSIT)
    yield no("signed-by-a-holder", ("cash", dict(key=ALICE)))
    yield no("a-decision-as-statement", ("cash", dict(jws=approval)), error="JWS_TYPE")
    yield no("of-a-stranger", ("cash", dict(key=STRANGER)), error="KEY_UNKNOWN")
    yield no("not-enrolled", "cash", till=(), error="KEY_UNKNOWN")
    yield no("enrolled-as-a-person", "cash", kind=None)
    yield no("enrolled-as-something", "cash", kind="person", error="DOC_MEMBER_INVALID")
    yield no("at-another-terminal", "cash", till=(("till-2", TILL),))
    yield no("in-another-name", ("cash", dict(terminal="till-2")))
    yield no("twice", "cash", "cash")
    yield no("after-a-decision", "cash", ("alice", dict(status=["PATC"])), "cash")
    yield no("order-changed", ("cash", dict(order=dict(WITHDRAWAL, amount="1.00"))), error="ORDER_MISMATCH")
    yield no("payment", ("cash", dict(order=WITHDRAWAL)), order=ORDER)
    yield no("kept-back", ("cash", dict(clock="10:10:01", expires="2026-11-22T11:00:00Z")))
    yield no("after-its-expiry", "cash", order=dict(WITHDRAWAL, expires="2026-11-22T10:05:01Z"))
    yield no("deposit-waits", ("cash", dict(status=["RCVD", "ACTC"])), order=DEPOSIT)
    yield no("accepted-by-the-terminal", ("cash", dict(status=["RCVD", "ACTC", "ACCP"])), "settle")
    yield no("settled-before-the-quorum", "cash", "settle")
    s = CashStory(DEPOSIT)
    s.cash()
    s.settle()
    yield "EVIDENCE_INCOMPLETE", "cash-settled-without-its-beginning", s.evidence(
        keep=lambda r: r[2]["type"] in ("enrolment", "account", "settlement"))
    # Payments need one here, cash both.
    swapped = dict(POLICY, rules=[ONE, {"for": "cash", "require": "all"}])
    yield no("by-the-rule-for-payments", "cash", "alice", "settle", policy=swapped)
    with_till = dict(CASH, holders=CASH["holders"] + [{"class": "A", "id": "till-1"}])
    yield no("approved-by-the-terminal", "cash", ("decide", dict(
        holder="till-1", key=TILL, clock="10:06:02", status=["ACCP"], order=WITHDRAWAL, policy=with_till,
        issued="2026-11-22T10:06:00Z", expires="2026-11-22T10:11:00Z")), policy=with_till)
    for name, changes in {"paid-to-somebody": dict(creditor=CREDITOR, terminal=None),
                          "paid-to-both": dict(creditor=CREDITOR), "paid-nowhere": dict(terminal=None),
                          "paid-elsewhere": dict(terminal="till-2"), "paid-in": dict(creditor=ACCOUNT, debtor=None),
                          "paid-more": dict(amount="101.00")}.items():
        yield no(name, "cash", "alice", ("settle", changes))
    yield no("sent-to-another-bank", "cash", "alice", ("settle", dict(status=["ACSP"])))
    yield no("deposit-out", "cash", ("settle", dict(debtor=ACCOUNT, creditor=None)), order=DEPOSIT)
    yield no("held", "cash", "alice", ("of_order", dict(
        name="told", clock="10:06:02", body={"type": "held", "flags": ["above-limit"], "status": ["PDNG"]})))


def forged_statements():
    """Each about the withdrawal, by a terminal whose key is known."""
    yield "BANK_MISMATCH", "bank", handed_in(bank="demobank.example/test")
    yield "ACCOUNT_MISMATCH", "account", handed_in(account=CREDITOR)
    yield "ORDER_MISMATCH", "order", handed_in(**{"order": WITHDRAWAL, "orderDigest": hexdigest(canon(DEPOSIT))})
    yield "TERMINAL_MISMATCH", "terminal", handed_in(terminal="till-2")
    yield "JWS_TYPE", "typ", handed_in(typ="countersign-decision+jws")
    yield "KEY_UNKNOWN", "stranger", handed_in(key=STRANGER)
    good = handed_in()
    yield "SIGNATURE_INVALID", "signature", good[:-86] + handed_in(terminal="till-2")[-86:]
    yield "DOC_MEMBER_UNKNOWN", "decision", handed_in(decision="approve")
    yield "DOC_MEMBER_MISSING", "no-terminal", handed_in(terminal=None)
    yield "DOC_MEMBER_INVALID", "terminal-form", handed_in(terminal="Till 1")
    yield "DOC_MEMBER_INVALID", "expires-first", handed_in(expires="2026-11-22T10:05:00Z")
    yield "DOC_TYPE", "version", handed_in(version=2)


def cash_files():
    yield "cash-withdrawal.json", canon(WITHDRAWAL)
    yield "cash-deposit.json", canon(DEPOSIT)
    for verb in ("approve", "reject", "cancel"):
        yield "cash-display-%s.txt" % verb, display(WITHDRAWAL, POLICY, verb)
    yield "till.spki", TILL.spki
    yield "terminal.jws", handed_in().encode()
    yield "terminal-payload.json", canon(statement())
    yield "terminals-forged.txt", "".join("%s %s %s\n" % row for row in forged_statements()).encode()
