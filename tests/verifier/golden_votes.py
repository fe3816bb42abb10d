# SPDX-License-Identifier: Apache-2.0
"""Forgeries about decisions that change nothing by themselves: whatever the votes come to, the bank may
not have taken them, and not have told them so. Each is refused for one reason alone."""
from golden_story import ACCOUNT, ALICE, BOB, CREDITOR, DEPUTIES, DORA, ORDER, POLICY, SECOND, Story, settled
from golden_tools import b64u, sha256

LATER = {"issued": "2026-11-22T10:06:00Z", "expires": "2026-11-22T10:12:00Z"}


def two_cards():
    s = Story(enrolled=[("alice", ALICE), ("alice", SECOND), ("bob", BOB)])
    s.alice()
    return s


def lost_vote():
    """Two of three; the key of one who said no is revoked, so that the two others may still say yes."""
    three = dict(POLICY, holders=[{"class": "A", "id": h} for h in ("alice", "bob", "dora")],
                 rules=[{"anyOf": [{"signers": [{"count": 2}]}]}])
    s = Story(policy=three, enrolled=[("alice", ALICE), ("bob", BOB), ("dora", DORA)])
    s.alice(policy=three)
    s.bob([], policy=three, verb="reject")
    s.key_status("bob", BOB, "revoked", clock="10:08:00")
    s.decide("dora", DORA, "10:09:00", ["RJCT"], policy=three, verb="reject", reason="MS02",
             issued="2026-11-22T10:09:00Z", expires="2026-11-22T10:12:00Z")
    return s


def forged_votes(wrong):
    s = two_cards()
    s.decide("alice", SECOND, "10:06:00", [], **LATER)
    yield wrong, "approved-twice-by-one", s.evidence()
    s = two_cards()
    s.decide("alice", SECOND, "10:06:00", [], verb="reject", **LATER)
    yield wrong, "approved-and-rejected-by-one", s.evidence()
    s = Story()
    s.alice()
    s.key_status("bob", BOB, "suspended")
    s.bob([])
    s.key_status("bob", BOB, "active", clock="10:08:00")
    s.of_order("accepted", "10:08:00", {"type": "accepted", "status": ["ACCP"]})
    s.settle("10:08:00")
    yield wrong, "approved-with-a-suspended-key", s.evidence()
    s = Story()
    s.decide("bob", ALICE, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER)
    yield wrong, "approved-in-anothers-name", s.evidence()
    s = Story()
    s.alice(["RCVD", "ACTC"])
    yield wrong, "approval-not-counted", s.evidence()
    s = Story()
    s.alice(reason="AM04")
    yield wrong, "reason-for-no-end", s.evidence()
    s = Story()
    s.alice()
    s.decide("alice", ALICE, "10:06:00", [], verb="cancel", **LATER)
    yield wrong, "cancel-ignored", s.evidence()
    s = Story(policy=DEPUTIES, enrolled=[("alice", ALICE), ("bob", BOB), ("dora", DORA)])
    s.delegate()
    s.alice(policy=DEPUTIES)
    s.bob([], policy=DEPUTIES, verb="reject")
    yield wrong, "delegation-to-say-no-in-vain", s.evidence()
    s = Story()
    s.alice()
    s.bob()
    s.of_order("held", "10:07:01", {"type": "held", "status": [], "flags": ["above-limit"]})
    s.settle()
    yield wrong, "held-in-vain", s.evidence()
    yield wrong, "rejected-with-a-revoked-vote", lost_vote().evidence()
    over = dict(POLICY, validUntil="2026-11-22T10:07:01Z")
    s = Story(policy=over)
    s.alice(policy=over)
    s.bob(policy=over)
    yield wrong, "accepted-under-a-policy-that-is-over", s.evidence()
    yield from forged_documents(wrong)
    yield from forged_considered(wrong)
    yield "DOC_MEMBER_INVALID", "salt-too-short", settled().evidence(
        edit=lambda d: d["entries"][1].update(salt=b64u(sha256(b"salt 1")[:31])))


def forged_documents(wrong):
    """An order that people signed stands in the place of this one."""
    there = dict(POLICY, account=CREDITOR)
    for name, order, policy in (
            ("of-another-id", dict(ORDER, id="019aab1e-d900-7c3f-8a5b-0123456789ac"), POLICY),
            ("of-another-account", dict(ORDER, account=CREDITOR, creditor=dict(ORDER["creditor"], account=ACCOUNT)),
             there),
            ("in-another-currency", dict(ORDER, currency="USD"), POLICY)):
        s = Story(policy=policy)
        s.alice(order=order, document=order, policy=policy)
        yield wrong, "document-" + name, s.evidence()


def forged_considered(wrong):
    """What the settlement says of a decision is what its entry says."""
    for name, change in {"considered-as-handed-in": {"decision": "submit"},
                         "considered-in-anothers-name": {"holder": "bob"},
                         "considered-under-another-key": {"thumbprint": BOB.thumbprint}}.items():
        s = settled()
        next(r for r in s.rows if r[0] == "settlement")[2]["considered"][0].update(change)
        yield wrong, name, s.evidence()
