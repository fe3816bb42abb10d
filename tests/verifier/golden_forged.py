# SPDX-License-Identifier: Apache-2.0
"""Forgeries about what comes behind the votes: acceptance, hold, and the way to another bank."""
from golden_story import ALICE, BOB, POLICY, SECOND, Story, settled
from golden_tools import canon, hexdigest


def sent():
    """To another bank."""
    s = Story()
    s.alice()
    s.bob()
    s.settle(status=["ACSP"])
    return s


def forged_elsewhere(wrong):
    """What another bank did with the money."""
    for name, kind, status, reason in (
            ("confirmed-as-returned", "confirmed", ["RJCT"], None), ("returned-as-confirmed", "returned", ["ACSC"], "AC01"),
            ("returned-by-a-holder", "returned", ["RJCT"], "MS02"), ("returned-as-expired", "returned", ["RJCT"], "DS24"),
            ("returned-by-cancel", "returned", ["RJCT"], "DS02"), ("returned-as-refused", "returned", ["RJCT"], "DS04"),
            ("confirmed-with-a-reason", "confirmed", ["ACSC"], "AC01"), ("confirmed-to-nothing", "confirmed", ["CANC"], None)):
        s = sent()
        s.elsewhere(kind, status, reason=reason)
        yield wrong, name, s.evidence()
    s = sent()
    s.elsewhere("confirmed", [])
    yield "DOC_MEMBER_INVALID", "confirmed-without-a-status", s.evidence()
    s = sent()
    s.elsewhere("returned", ["RJCT"])
    yield "DOC_MEMBER_MISSING", "returned-without-a-reason", s.evidence()
    for name, kind in (("confirmed-before-the-payment", "confirmed"), ("returned-before-the-payment", "returned")):
        s = Story()
        s.alice()
        s.bob()
        s.elsewhere(kind, ["ACSC"] if kind == "confirmed" else ["RJCT"], reason="AC01" if kind == "returned" else None)
        yield wrong, name, s.evidence()
    s = settled()
    s.elsewhere("returned", ["RJCT"], reason="AC01")
    yield wrong, "returned-after-the-end", s.evidence()
    s = sent()
    s.settle("10:09:00", status=["ACSC"])
    yield wrong, "settled-in-two-parts", s.evidence()
    s = sent()
    s.settle("10:09:00", status=[])
    yield wrong, "settled-twice-silently", s.evidence()
    s = sent()
    s.of_order("closed", "10:09:00", {"type": "closed", "reason": "AC06", "status": ["RJCT"]})
    yield wrong, "closed-after-the-payment", s.evidence()
    s = sent()
    s.decide("alice", ALICE, "10:09:00", ["CANC"], verb="cancel", reason="DS02", issued="2026-11-22T10:09:00Z")
    yield wrong, "cancelled-after-the-payment", s.evidence()
    s = sent()
    s.of_order("confirmed", "10:08:00", {"type": "confirmed", "movement": 2, "operator": "uid 0 (root)",
                                         "note": "the payment itself", "status": ["ACSC"]})
    yield wrong, "confirmed-by-the-payment", s.evidence()


TWO_OF_THREE = dict(POLICY, holders=[{"class": "A", "id": holder} for holder in ("alice", "bob", "carol")],
                    rules=[{"anyOf": [{"signers": [{"count": 2}]}]}])


def forged_acceptance(wrong):
    """A bank that ends, holds or counts as no bank does."""
    s = Story()
    s.alice(["RCVD", "ACTC", "RJCT"], reason="AM04")
    yield wrong, "rejected-within-reach", s.evidence()
    s = Story()
    s.alice()
    s.bob(["RJCT"], reason="DS04")
    yield wrong, "rejected-with-the-quorum", s.evidence()
    s = Story()
    s.alice()
    s.bob(["ACCP", "PDNG"])
    yield wrong, "held-without-a-word", s.evidence()
    for name, check in (("held-for-a-check-that-matched", "RCVC"), ("held-for-no-check", None)):
        s = Story()
        s.alice(payeeCheck=check)
        s.bob()
        s.held(flags=["RVNM"])
        yield wrong, name, s.evidence()
    s = Story(policy=TWO_OF_THREE, enrolled=[("alice", ALICE), ("bob", BOB), ("carol", SECOND)])
    s.alice(policy=TWO_OF_THREE)
    s.bob(policy=TWO_OF_THREE)
    s.decide("carol", SECOND, "10:07:01", [], policy=TWO_OF_THREE, issued="2026-11-22T10:07:00Z",
             expires="2026-11-22T10:12:00Z")
    s.settle(policyDigest=hexdigest(canon(TWO_OF_THREE)))
    yield wrong, "voted-on-once-accepted", s.evidence()
