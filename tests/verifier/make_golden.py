#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the golden files of tests/verifier from the text of docs/FORMAT.md alone.

Nothing of the product runs here. The output never changes, because the nonces are RFC 6979's.

    make_golden.py DIRECTORY            write the files
    make_golden.py --check DIRECTORY    exit 1 if they differ from what would be written
"""
import json
import os
import sys

sys.dont_write_bytecode = True

from golden_acts import forged_acts, good_acts
from golden_batch import batch_files, forged_evidence_of_batches, good_batches
from golden_cash import cash_files, forged_cash, good_cash
from golden_decisions import forged_decisions
from golden_delegation import forged_delegations, good_delegations
from golden_application import application_files, forged_evidence_of_applications, good_applications
from golden_enrolment import enrolment_files, forged_evidence_of_enrolments, good_enrolments
from golden_rotation import forged_evidence_of_rotations, good_rotations, rotation_files
from golden_forged import forged_acceptance, forged_elsewhere, sent
from golden_rollover import forged_rollovers, good_rollovers, rollover_files
from golden_sponsorship import forged_evidence_of_sponsors, good_sponsored, sponsorship_files
from golden_story import (ACCOUNT, ALICE, BANK, BOB, CREDITOR, DELEGATION, DEPUTIES, DORA, FULL,
                          LOG, LOG384, LOGIN, ORDER, POLICY, ROOT, SECOND, SENTENCES, STRANGER,
                          TAIL, Story, bank_keys, decision, delegation, delegation_display,
                          display, settled, signed)
from golden_tools import b64u, canon, hexdigest, jws, sha256
from golden_votes import forged_votes

# --- the golden evidence -------------------------------------------------------------------------

def good_evidence():
    yield "settled", settled().evidence()
    s = Story()
    s.alice()
    yield "open", s.evidence()
    yield "clock-put-back", put_back(accepted=True).evidence()
    s = Story()
    s.alice()
    s.bob(["RJCT"], verb="reject", reason="MS02")
    yield "rejected", s.evidence()
    short = dict(ORDER, expires="2026-11-22T10:09:00Z")
    s = Story()
    s.alice(order=short, document=short)
    s.of_order("closed", "10:09:00", {"type": "closed", "reason": "DS24", "status": ["RJCT"]})
    yield "expired", s.evidence(log_key=LOG384, bankKeys=bank_keys(log=LOG384))
    s = Story()
    s.alice()
    s.decide("bob", BOB, "10:12:00", ["ACCP"], issued="2026-11-22T10:07:00Z",
             expires="2026-11-22T10:12:00Z")  # the edges: 300 seconds old, just not expired
    yield "unhurried", s.evidence()
    s = Story()
    s.alice()
    s.decide("bob", BOB, "13:00:00", ["ACCP"], issued="2026-11-22T10:07:00Z",
             expires="2026-11-22T14:00:00Z", challenge=b64u(sha256(b"challenge")[:16]))
    yield "challenged", s.evidence()
    s = Story()
    s.alice()
    s.decide("alice", ALICE, "10:06:00", ["CANC"], verb="cancel", reason="DS02",
             issued="2026-11-22T10:06:10Z")  # the edge: ten seconds ahead of the bank
    yield "cancelled", s.evidence()
    yield "dated", dated("2026-11-23T00:00:00Z").evidence()
    yield "dated-saturday", dated("2026-11-30T09:00:00Z", date="2026-11-28").evidence()
    yield "held", held(released=False, ends=False).evidence()
    yield "released", held().evidence()
    s = held(released=False, ends=False)
    s.of_order("closed", "10:10:00", {"type": "closed", "reason": "DS04", "status": ["RJCT"],
                                      "operator": "uid 0 (root)", "note": "the customer knows nothing of it"})
    yield "refused", s.evidence()
    s = Story()
    s.alice(payeeCheck="RVNM")
    s.bob()
    s.held(flags=["first-payment", "look-alike", "RVNM"])
    yield "flagged", s.evidence()
    yield "sent", sent().evidence()
    s = sent()
    s.elsewhere("confirmed", ["ACSC"])
    yield "confirmed", s.evidence()
    s = sent()
    s.elsewhere("returned", ["RJCT"], reason="AC01")
    yield "sent-back", s.evidence()
    s = Story()
    s.alice()
    s.key_status("alice", ALICE, "suspended")
    s.bob([])
    s.key_status("alice", ALICE, "active", clock="10:08:00")
    s.of_order("accepted", "10:08:00", {"type": "accepted", "status": ["ACCP"]})
    s.settle("10:08:00")
    yield "suspended-for-a-while", s.evidence()
    s = Story()
    s.key_status("alice", ALICE, "suspended", clock="10:03:00", himself=True)
    s.key_status("alice", ALICE, "active", clock="10:04:00")
    s.alice()
    s.bob()
    s.settle()
    yield "suspended-by-himself", s.evidence()
    yield "waited", waited("2026-11-24T10:05:02Z").evidence()
    yield from good_cash()
    yield from good_delegations()
    yield from good_rollovers()
    yield from good_rotations()
    yield from good_enrolments()
    yield from good_sponsored()
    yield from good_applications()
    yield from good_acts()
    yield from good_batches()


def put_back(accepted):
    """The bank's clock was a minute ahead when Alice approved."""
    s = Story()
    at = s.alice()
    s.rows[at][1] = "2026-11-22T10:08:00Z"
    if accepted:
        s.put("clock", "10:07:00", {"object": "bank", "previous": 0, "type": "clock-accepted", "floor": "2026-11-22T10:07:00Z",
                                    "operator": "uid 0 (root)", "note": "the time server is mended"})
    s.bob()
    return s


def held(released=True, ends=True):
    """The bank's operator looks at it before it is executed."""
    s = Story()
    s.alice()
    s.bob()
    s.held()
    if released:
        s.of_order("released", "10:09:00", {"type": "released", "operator": "uid 0 (root)", "note": "called back"})
    if ends:
        s.settle("10:09:00")
    return s


def dated(settled_at, date="2026-11-23"):
    """For another day than that on which it came in, a Sunday."""
    later = dict(ORDER, date=date)
    s = Story()
    s.alice(order=later, document=later)
    s.bob(order=later)
    s.settle(settled_at, orderDigest=hexdigest(canon(later)))
    return s


PATIENT = dict(POLICY, rules=[{"anyOf": [{"signers": [{"count": 2}]}, {"afterDays": 2, "signers": [{"count": 1}]}]}])


def waited(accepted_at, expires="2026-12-04T10:00:00Z", approves=True):
    """Alice alone, once the clause has opened."""
    slow = dict(ORDER, expires=expires)
    s = Story(policy=PATIENT)
    verb, status = ("approve", ["RCVD", "ACTC", "PATC"]) if approves else ("submit", ["RCVD", "ACTC"])
    s.alice(status, order=slow, document=slow, policy=PATIENT, verb=verb)
    s.of_order("accepted", accepted_at, {"type": "accepted", "status": ["ACCP"]})
    s.settle(accepted_at, orderDigest=hexdigest(canon(slow)), policyDigest=hexdigest(canon(PATIENT)))
    return s


# --- the forgeries: a bank or a thief that lies, each with the name of the refusal ---------------

def forged_evidence():
    for row in forged_files():
        yield row
    for row in forged_books():
        yield row
    yield from forged_cash()
    yield from forged_rollovers()


def forged_files():
    """The bank's log is sound; the file was changed."""
    def no(name, nth=0):
        def keep_all_but(s):
            victims = [r for r in s.rows if r[0] == name]
            told = ("enrolment", "account", "decision", "settlement")
            return s.evidence(keep=lambda r: r is not victims[nth] and r[0] in told)
        return keep_all_but(settled())

    yield "EVIDENCE_INCOMPLETE", "dropped-first-decision", no("decision", 0)
    yield "EVIDENCE_INCOMPLETE", "dropped-second-decision", no("decision", 1)
    yield "EVIDENCE_INCOMPLETE", "dropped-account", no("account")
    yield "KEY_UNKNOWN", "dropped-enrolment", no("enrolment", 1)
    yield "EVIDENCE_INCOMPLETE", "no-order-entries", settled().evidence(
        keep=lambda r: r[0] in ("enrolment", "account"))
    yield "EVIDENCE_CONTRADICTION", "swapped-entries", settled().evidence(
        edit=lambda d: d["entries"].insert(0, d["entries"].pop(1)))
    s = Story(after_account=lambda s: s.key_status("bob", BOB, "active", clock="09:02:30"))
    s.alice()
    yield "EVIDENCE_CONTRADICTION", "key-status-twice", s.evidence(
        edit=lambda d: d["entries"].insert(3, d["entries"][3]))
    yield "EVIDENCE_CONTRADICTION", "entry-twice", settled().evidence(
        edit=lambda d: d["entries"].insert(1, d["entries"][0]))
    yield "EVIDENCE_CONTRADICTION", "entry-of-something-else", settled().evidence(
        keep=lambda r: r[0] != "start")

    branch = settled()
    branch.rows[-1][2] = dict(TAIL, count=4)
    other = json.loads(branch.evidence())
    yield "PROOF_INVALID", "other-branch", settled().evidence(
        edit=lambda d: d["entries"].__setitem__(3, other["entries"][3]))
    yield "PROOF_INVALID", "other-checkpoint", settled().evidence(
        checkpoint=other["checkpoint"])
    yield "PROOF_INVALID", "changed-time", settled().evidence(
        edit=lambda d: d["entries"][3]["leaf"].update(time="2026-11-22T10:05:03Z"))
    yield "CHECKPOINT_INVALID", "foreign-log-key", settled().evidence(log_key=STRANGER)
    yield "KEY_MISMATCH", "foreign-root", settled().evidence(bankKeys=bank_keys(root=STRANGER))
    yield "SIGNATURE_INVALID", "forged-bank-keys", settled().evidence(
        bankKeys=bank_keys()[:-86] + bank_keys(log=STRANGER)[-86:])
    yield "BANK_MISMATCH", "foreign-bank", settled().evidence(bank="demobank.example/test")
    yield "BANK_MISMATCH", "foreign-bank-keys", settled().evidence(
        bankKeys=bank_keys(bank="demobank.example/test"))
    yield "EVIDENCE_CONTRADICTION", "another-account", settled().evidence(account=CREDITOR)
    yield "EVIDENCE_CONTRADICTION", "another-order", settled().evidence(order=FULL["id"])
    yield "DOC_MEMBER_UNKNOWN", "unknown-member", settled().evidence(note="please believe me")
    yield "DOC_TYPE", "version-2", settled().evidence(version=2)
    yield "DOC_NOT_CANONICAL", "trailing-space", settled().evidence() + b" "


def forged_books():
    """The bank itself wrote and signed a log that contradicts itself."""
    wrong = "EVIDENCE_CONTRADICTION"

    def enrolment(s, i, **changes):
        s.rows[1 + i][2].update(changes)
        return s.evidence()

    yield wrong, "forged-enrolment", enrolment(settled(), 1, spki=b64u(STRANGER.spki))
    yield "KEY_UNKNOWN", "decision-by-stranger", settled(
        bob_key=STRANGER, enrolled=[("alice", ALICE), ("bob", BOB)]).evidence()
    yield wrong, "second-person-same-key", settled(
        enrolled=[("alice", ALICE), ("bob", BOB), ("bob2", ALICE)]).evidence()
    yield wrong, "not-the-object", enrolment(settled(), 0, object="holder:bob")
    yield "DOC_MEMBER_INVALID", "vouched-by-another", enrolment(settled(), 0, vouched="alice")
    for name, change in {"key-status-of-another-object": {"object": "holder:bob"},
                         "key-status-in-anothers-name": {"holder": "bob"}}.items():
        s = Story()
        s.alice()
        s.key_status("alice", ALICE, "active")
        s.rows[-1][2].update(change)
        yield wrong, name, s.evidence()

    def two_cards(holder):
        s = Story(enrolled=[("alice", ALICE), ("alice", SECOND), ("bob", BOB)])
        s.alice()
        s.decide(holder, SECOND, "10:07:01", ["ACCP"], issued="2026-11-22T10:07:00Z",
                 expires="2026-11-22T10:12:00Z")
        s.settle()
        return s.evidence()

    yield wrong, "one-person-two-keys", two_cards("alice")
    yield wrong, "one-person-two-keys-called-bob", two_cards("bob")
    yield wrong, "policy-twice", add_account_again()
    first = {"object": "account:" + ACCOUNT, "type": "account", "account": ACCOUNT, "currency": "EUR", "policy": DEPUTIES}
    s = Story(before_account=lambda s: s.put("unsaid", "09:01:30", first), opened={"previous": 3})
    s.alice()
    yield wrong, "policy-not-the-first", s.evidence()

    for name, changes in {
            "amount-changed": dict(amount="78.77"), "creditor-changed": dict(creditor=ACCOUNT),
            "debtor-changed": dict(debtor=CREDITOR), "currency-changed": dict(currency="USD"),
            "settled-other-order": dict(orderDigest=hexdigest(canon(FULL))),
            "settled-other-policy": dict(policyDigest=hexdigest(b"")),
            "settled-backwards": dict(status=["ACSC", "ACSP"])}.items():
        s = Story()
        s.alice()
        s.bob()
        s.settle(**changes)
        yield wrong, name, s.evidence()
    for name, change in {"considered-one": lambda c: c.pop(),
                         "considered-three": lambda c: c.append(dict(c[1])),
                         "considered-swapped": lambda c: c.reverse(),
                         "considered-revoked": lambda c: c[0].update(keyStatus="revoked"),
                         "considered-other-entry": lambda c: c[0].update(entry=2)}.items():
        s = settled()
        change(next(r for r in s.rows if r[0] == "settlement")[2]["considered"])
        yield wrong, name, s.evidence()
    yield from forged_decisions_in_log(wrong)


def add_account_again():
    s = Story()
    account = next(r for r in s.rows if r[0] == "account")
    s.put("account", "09:04:00", dict(account[2], previous=s.rows.index(account)))
    s.alice()
    return s.evidence()


def forged_decisions_in_log(wrong):
    s = Story()
    s.alice()
    s.settle()
    yield wrong, "settled-before-quorum", s.evidence()
    s = Story()
    s.alice(["RCVD", "ACTC", "ACCP"])
    s.settle()
    yield wrong, "quorum-claimed", s.evidence()
    s = Story()
    s.alice(["RCVD", "PATC"])
    yield wrong, "status-skipped", s.evidence()
    s = Story()
    s.alice()
    s.bob([], verb="reject")
    yield wrong, "reject-ignored", s.evidence()
    s = Story()
    s.alice()
    s.bob(["ACCP"], verb="reject")
    yield wrong, "reject-counted-as-approval", s.evidence()
    s = Story()
    s.alice()
    s.bob([])
    yield wrong, "quorum-ignored", s.evidence()
    s = Story()
    s.alice()
    s.bob(link=False)
    yield wrong, "two-first-entries", s.evidence()
    s = Story()
    s.alice()
    s.bob(document=ORDER)
    yield wrong, "document-twice", s.evidence()
    s = Story()
    s.alice(document=None)
    yield "EVIDENCE_INCOMPLETE", "no-document", s.evidence()
    s = settled()
    s.settle("10:09:00", movement=3)
    yield wrong, "settled-twice", s.evidence()
    s = Story()
    s.alice()
    s.bob(issued="2026-11-22T10:07:12Z")
    yield wrong, "issued-eleven-seconds-ahead", s.evidence()
    s = Story()
    s.alice(document=dict(ORDER, amount="78.77"))
    yield "ORDER_MISMATCH", "document-changed", s.evidence()
    s = Story()
    s.alice(displayDigest=hexdigest(display(FULL, POLICY, "approve")))
    yield "DISPLAY_MISMATCH", "display-changed", s.evidence()
    lenient = dict(POLICY, holders=POLICY["holders"][:1])
    s = Story(policy=lenient)
    s.alice(["RCVD", "ACTC", "ACCP"])
    yield "POLICY_MISMATCH", "policy-swapped", s.evidence()
    late = dict(POLICY, validFrom="2026-11-23T00:00:00Z")
    s = Story(policy=late)
    s.alice(policy=late)
    yield wrong, "policy-not-yet-valid", s.evidence()
    only_bob = dict(POLICY, holders=POLICY["holders"][1:])
    s = Story(policy=only_bob)
    s.alice(["RCVD", "ACTC"], policy=only_bob)
    yield wrong, "signer-not-in-policy", s.evidence()
    teller = dict(POLICY, holders=[{"class": "T", "id": "alice"}, {"class": "A", "id": "bob"}])
    s = Story(policy=teller)
    s.alice(["RCVD", "ACTC"], policy=teller)
    yield wrong, "approved-without-right", s.evidence()
    s = Story()
    s.alice(["RCVD", "RJCT"], verb="reject", reason="MS02")
    yield wrong, "begun-with-a-rejection", s.evidence()
    s = Story()
    s.alice()
    s.key_status("bob", BOB, "revoked", floor="10:06:00")
    s.bob()
    yield wrong, "key-revoked-before", s.evidence()
    s = Story()
    s.alice()
    s.key_status("alice", ALICE, "revoked", floor="10:06:00")
    s.bob()
    s.settle()
    yield wrong, "key-revoked-before-settlement", s.evidence()
    s = Story()
    s.alice()
    s.key_status("bob", BOB, "active", floor="10:07:01")
    s.bob()
    yield wrong, "issued-before-floor", s.evidence()
    s = Story()
    s.key_status("bob", BOB, "revoked", clock="10:03:00")
    s.key_status("bob", BOB, "active", clock="10:04:00")
    s.alice()
    s.bob()
    yield wrong, "active-after-revoked", s.evidence()
    for status in ("active", "revoked"):
        s = Story()
        s.key_status("bob", BOB, status, clock="10:03:00", himself=True)
        s.alice()
        s.bob()
        yield wrong, "made-%s-by-himself" % status, s.evidence()
    s = Story()
    s.key_status("bob", BOB, "active", clock="10:04:00", floor="09:00:00")
    s.alice()
    s.bob()
    yield wrong, "a-floor-that-falls", s.evidence()
    s = Story()
    s.alice()
    s.key_status("alice", ALICE, "suspended")
    s.bob(["ACCP"])
    yield wrong, "accepted-with-a-suspended-vote", s.evidence()
    one = dict(POLICY, rules=[{"anyOf": [{"signers": [{"count": 1}]}]}])
    s = Story(policy=one)
    s.alice(["RCVD", "ACTC"], verb="submit", policy=one)
    s.key_status("alice", ALICE, "revoked")
    s.bob(["ACCP"], policy=one)
    yield wrong, "accepted-from-a-revoked-submitter", s.evidence()
    late = dict(ORDER, expires="2026-11-22T10:06:00Z")
    s = Story()
    s.alice(order=late, document=late)
    s.bob(order=late)
    yield wrong, "approved-after-expiry", s.evidence()
    s = Story()
    s.alice()
    s.of_order("closed", "10:09:00", {"type": "closed", "reason": "DS24", "status": ["CANC"]})
    yield wrong, "closed-as-cancelled", s.evidence()
    yield from forged_times(wrong)
    yield from forged_reasons(wrong)
    yield from forged_elsewhere(wrong)
    yield from forged_delegations(wrong)
    yield from forged_evidence_of_rotations(wrong)
    yield from forged_evidence_of_enrolments(wrong)
    yield from forged_evidence_of_sponsors(wrong)
    yield from forged_evidence_of_applications(wrong)
    yield from forged_acceptance(wrong)
    yield from forged_acts(wrong)
    yield from forged_evidence_of_batches(wrong)
    yield from forged_votes(wrong)


def forged_times(wrong):
    """A signature that the bank kept back, or money that moved too soon."""
    for name, clock, issued, expires in (
            ("approval-expired", "10:08:01", "10:07:00", "10:08:00"),
            ("approval-kept-back", "10:12:01", "10:07:00", "10:30:00"),
            ("approval-before-enrolment", "09:03:30", "09:00:59", "09:10:00")):
        s = Story()
        if clock > "10:05:02":
            s.alice()
        s.decide("bob", BOB, clock, ["ACCP"] if clock > "10:05:02" else ["RCVD", "ACTC", "PATC"],
                 issued="2026-11-22T%sZ" % issued, expires="2026-11-22T%sZ" % expires,
                 document=None if clock > "10:05:02" else ORDER)
        yield wrong, name, s.evidence()
    later = dict(ORDER, date="2026-11-23")
    s = Story()
    s.alice(order=later, document=later)
    s.bob(order=later)
    s.settle(orderDigest=hexdigest(canon(later)))
    yield wrong, "settled-before-its-date", s.evidence()
    yield wrong, "dated-back", put_back(accepted=False).evidence()
    yield wrong, "settled-while-held", held(released=False).evidence()
    s = Story()
    s.alice()
    s.bob()
    s.of_order("released", "10:09:00", {"type": "released", "operator": "uid 0 (root)", "note": "called back"})
    yield wrong, "released-without-a-hold", s.evidence()
    s = Story()
    s.alice()
    s.held()
    yield wrong, "held-before-the-quorum", s.evidence()
    for name, flags in (("held-for-nothing", []), ("held-for-the-unknown", ["full-moon"]),
                        ("held-for-one-twice", ["RVNM", "RVNM"]), ("held-for-a-number", [1])):
        s = Story()
        s.alice()
        s.bob()
        s.held(flags=flags)
        yield "DOC_MEMBER_INVALID", name, s.evidence()
    s = Story()
    s.alice()
    s.decide("bob", BOB, "10:07:01", ["ACCP"], payeeCheck="RCVC")
    yield wrong, "payee-checked-twice", s.evidence()
    s = Story()
    s.alice(payeeCheck="RXXX")
    yield "DOC_MEMBER_INVALID", "payee-check-unknown", s.evidence()
    yield wrong, "dated-settled-a-second-early", dated("2026-11-24T23:59:59Z", date="2026-11-25").evidence()
    yield wrong, "dated-settled-on-a-saturday", dated("2026-11-28T10:00:00Z", date="2026-11-28").evidence()
    yield wrong, "dated-settled-on-a-holiday", dated("2026-12-25T10:00:00Z", date="2026-12-25").evidence()
    yield wrong, "accepted-before-the-wait", waited("2026-11-24T10:05:01Z").evidence()
    yield wrong, "accepted-after-expiry", waited("2026-11-24T10:05:02Z", expires="2026-11-24T10:05:01Z").evidence()
    yield wrong, "accepted-without-approval", waited("2026-11-24T10:05:02Z", approves=False).evidence()


def forged_reasons(wrong):
    """The bank ends an order and says that a holder or the clock did."""
    for name, reason in (("closed-as-rejected", "MS02"), ("closed-as-withdrawn", "DS02"),
                         ("closed-before-expiry", "DS24")):
        s = Story()
        s.alice()
        s.of_order("closed", "10:09:00", {"type": "closed", "reason": reason, "status": ["RJCT"]})
        yield wrong, name, s.evidence()
    for name, reason in (("reason-with-escapes", "\x1b[2J"), ("reason-in-words", "no!!")):
        s = Story()
        s.alice()
        s.of_order("closed", "10:09:00", {"type": "closed", "reason": reason, "status": ["RJCT"]})
        yield "DOC_MEMBER_INVALID", name, s.evidence()
    s = Story()
    s.alice()
    s.decide("alice", ALICE, "10:06:00", ["CANC"], verb="cancel", reason="AM04",
             issued="2026-11-22T10:06:00Z")
    yield wrong, "cancelled-for-funds", s.evidence()
    s = Story()
    s.put("told", "09:04:00", {"object": "bank", "type": "\u20ac" * 11})  # byte 32 is inside one
    yield wrong, "type-of-no-word", s.evidence()
    s = Story()
    s.alice(["RCVD", "RJCT"], reason="DS02")
    yield wrong, "rejected-as-withdrawn", s.evidence()


# --- files ---------------------------------------------------------------------------------------

def files():
    yield "order.json", canon(ORDER)
    yield "order-full.json", canon(FULL)
    yield "policy.json", canon(POLICY)
    for verb in SENTENCES:
        yield "display-%s.txt" % verb, display(ORDER, POLICY, verb)
    yield "display-full.txt", display(FULL, POLICY, "approve")
    yield "decision-payload.json", canon(decision())
    yield "decision.jws", signed(ALICE).encode()
    for verb in ("give", "withdraw"):
        yield "delegation-%s.txt" % verb, delegation_display(delegation(verb), DEPUTIES)
        yield "delegation-%s.jws" % verb, jws(ALICE, DELEGATION, canon(delegation(verb))).encode()
    yield "policy-deputies.json", canon(DEPUTIES)
    yield "bank-keys.jws", bank_keys().encode()
    yield "login.jws", login().encode()
    yield "digests.txt", "".join("%s %s\n" % row for row in (
        ("order", hexdigest(canon(ORDER))), ("policy", hexdigest(canon(POLICY))),
        ("display", hexdigest(display(ORDER, POLICY, "approve"))), ("root", ROOT.thumbprint),
        ("log", LOG.thumbprint), ("alice", ALICE.thumbprint), ("bob", BOB.thumbprint), ("dora", DORA.thumbprint),
        ("second", SECOND.thumbprint), ("stranger", STRANGER.thumbprint))).encode()
    yield "keys.ndjson", b"".join(canon({"spki": b64u(k.spki)}) + b"\n" for k in (ALICE, BOB))
    lines = [(ALICE, ORDER, "approve"), (BOB, ORDER, "approve"), (ALICE, FULL, "submit"),
             (BOB, FULL, "reject")]
    yield "decisions.ndjson", b"".join(
        canon({"decision": signed(k, order=o, verb=v), "order": o}) + b"\n" for k, o, v in lines)
    yield "decisions-forged.txt", "".join(
        "%s %s %s\n" % row for row in forged_decisions()).encode()
    yield from cash_files()
    yield from batch_files()
    yield from rollover_files()
    yield from rotation_files()
    yield from sponsorship_files()
    yield from enrolment_files()
    yield from application_files()
    for name, content in good_evidence():
        yield "evidence/%s.json" % name, content
    rows = list(forged_evidence())
    yield "forged/list.txt", "".join("%s %s\n" % row[:2] for row in rows).encode()
    for _, name, content in rows:
        yield "forged/%s.json" % name, content


def login():
    return jws(BOB, LOGIN, canon({
        "bank": BANK, "challenge": b64u(sha256(b"challenge")[:16]),
        "expires": "2026-11-22T10:10:00Z", "issued": "2026-11-22T10:05:00Z",
        "nonce": b64u(sha256(b"login")[:16]), "session": STRANGER.thumbprint, "version": 1}))


def main(argv):
    check = argv[1:2] == ["--check"]
    directory = argv[-1]
    if len(argv) != 2 + check or directory.startswith("-"):
        return "usage: make_golden.py [--check] DIRECTORY"
    different = []
    for name, content in files():
        where = os.path.join(directory, name)
        if check:
            try:
                with open(where, "rb") as f:
                    same = f.read() == content
            except FileNotFoundError:
                same = False
            if not same:
                different.append(name)
            continue
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "wb") as f:
            f.write(content)
    for name in different:
        print("differs:", name, file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
