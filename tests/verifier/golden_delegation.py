# SPDX-License-Identifier: Apache-2.0
"""Evidence with delegations (docs/FORMAT.md 8.3 and 12): what is sound, and every way to forge it."""
from golden_story import ACCOUNT, ALICE, BOB, CREDITOR, DEPUTIES, DORA, ORDER, STRANGER, Story
from golden_tools import canon, hexdigest


def delegated(prepare, ends=True, settled_at="10:07:01", status=("ACCP",), policy=DEPUTIES):
    """Bob in Dora's place, after what PREPARE made of the account."""
    s = Story(policy=policy, enrolled=[("alice", ALICE), ("bob", BOB), ("dora", DORA)])
    prepare(s)
    s.alice(policy=policy)
    s.bob(list(status), policy=policy)
    if ends:
        s.settle(settled_at, policyDigest=hexdigest(canon(policy)))
    return s


def renewed(s):
    """Too little, taken back, and given again: what is told of a principal is told without gap."""
    s.delegate("09:10:00", amount="77.77")
    s.delegate("09:20:00", verb="withdraw")
    s.delegate("09:30:00")


def begun(accepted_at):
    """Bob hands in with his approval while Alice's delegation is there; Dora's is to come."""
    s = Story(policy=DEPUTIES, enrolled=[("alice", ALICE), ("bob", BOB), ("dora", DORA)])
    s.delegate(**{"from": "2026-11-22T10:30:00Z"})
    s.delegate("09:31:00", holder="alice", key=ALICE)
    s.decide("bob", BOB, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER, policy=DEPUTIES)
    s.alice([], policy=DEPUTIES, document=None)
    s.of_order("accepted", accepted_at, {"type": "accepted", "status": ["ACCP"]})
    s.settle(accepted_at, policyDigest=hexdigest(canon(DEPUTIES)))
    return s


def good_delegations():
    yield "delegated", delegated(lambda s: s.delegate()).evidence()
    yield "delegated-anew", delegated(renewed).evidence()
    s = delegated(lambda s: s.delegate(), ends=False)
    s.delegate("10:20:00", verb="withdraw")
    s.of_order("closed", "10:21:00", {"type": "closed", "reason": "DS0H", "status": ["RJCT"]})
    yield "withdrawn", s.evidence()
    yield "delegated-too-little", unused(amount="77.77").evidence()
    yield "delegation-began", begun("2026-11-22T10:30:00Z").evidence()


def forged_delegations(wrong):
    """Somebody in another's place who may not stand there, or not any more."""
    def case(name, error=wrong, **what):
        return error, "delegation-" + name, delegated(lambda s: s.delegate(**what)).evidence()

    yield wrong, "delegation-missing", delegated(lambda s: None).evidence()
    yield case("too-small", amount="77.77")
    yield case("to-another", deputy="alice")
    yield case("to-come", **{"from": "2026-11-22T10:07:02Z"})
    yield case("over", until="2026-11-22T10:07:01Z")
    yield wrong, "delegation-over-at-settlement", delegated(
        lambda s: s.delegate(until="2026-11-22T10:08:00Z"), settled_at="10:08:00").evidence()
    yield case("ended-before-it-was-given", until="2026-11-22T09:30:00Z")
    yield case("kept-back", issued="2026-11-22T09:24:59Z")
    yield case("expired-statement", expires="2026-11-22T09:29:59Z", issued="2026-11-22T09:29:00Z")
    yield case("another-currency", currency="USD")
    yield case("by-a-stranger", "KEY_UNKNOWN", key=STRANGER)
    yield case("in-anothers-name", holder="alice")
    yield case("by-one-who-only-hands-in", holder="bob", key=BOB)
    yield wrong, "delegation-by-a-terminal", delegated(lambda s: [
        s.rows[3][2].update(kind="terminal"), s.delegate()]).evidence()
    yield case("to-himself", holder="bob", key=BOB, deputy="bob")
    yield case("of-another-account", "ACCOUNT_MISMATCH", account=CREDITOR)
    yield case("of-another-bank", "BANK_MISMATCH", bank="demobank.example/test")
    yield case("under-another-policy", "POLICY_MISMATCH", policy=dict(DEPUTIES, version=2))
    yield case("shown-otherwise", "DISPLAY_MISMATCH", shown={"deputy": "dora"})
    plain = dict(DEPUTIES, deputies=["dora"])
    yield wrong, "delegation-not-allowed", delegated(
        lambda s: s.delegate(policy=plain), policy=plain).evidence()

    yield wrong, "delegation-kept-until-withdrawn", delegated(lambda s: [
        s.delegate("09:29:00", verb="withdraw"), s.delegate("09:30:00", issued="2026-11-22T09:28:59Z")]).evidence()

    def withdrawn(s):
        s.delegate()
        s.delegate("09:40:00", verb="withdraw")
    yield wrong, "delegation-withdrawn", delegated(withdrawn).evidence()
    s = delegated(lambda s: s.delegate(), ends=False)
    s.delegate("10:20:00", verb="withdraw")
    s.settle("10:21:00", policyDigest=hexdigest(canon(DEPUTIES)))
    yield wrong, "delegation-withdrawn-before-settlement", s.evidence()

    def revoked(s):
        s.delegate()
        s.key_status("dora", DORA, "revoked", clock="09:40:00")
    yield wrong, "delegation-of-a-revoked-key", delegated(revoked).evidence()
    s = delegated(renewed)
    gap = [r for r in s.rows if r[0] == "delegation"][1]
    told = ("enrolment", "account", "delegation", "decision", "settlement")
    yield "EVIDENCE_INCOMPLETE", "delegation-left-out", s.evidence(
        keep=lambda r: r is not gap and r[0] in told)
    s = delegated(lambda s: [s.delegate("09:20:00"), s.delegate(link=False)])
    yield "EVIDENCE_INCOMPLETE", "delegation-not-linked", s.evidence()
    yield wrong, "delegation-began-early", begun("2026-11-22T10:29:59Z").evidence()
    # Dora said no herself: nobody stands for her.
    s = Story(policy=DEPUTIES, enrolled=[("alice", ALICE), ("bob", BOB), ("dora", DORA)])
    s.delegate()
    s.decide("dora", DORA, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER, policy=DEPUTIES)
    s.bob(policy=DEPUTIES)
    yield wrong, "delegation-of-one-who-voted", s.evidence()
    s = Story(policy=DEPUTIES, enrolled=[("alice", ALICE), ("bob", BOB), ("dora", DORA)])
    s.delegate()
    s.alice(policy=DEPUTIES)
    s.bob(["RJCT"], policy=DEPUTIES, verb="reject", reason="MS02")
    yield wrong, "delegation-to-say-no", s.evidence()
    yield from forged_and_unused(wrong)


def unused(plan=DEPUTIES, change=None, **what):
    """Nobody decides in another's place; CHANGE is of the entry."""
    s = Story(policy=plan, enrolled=[("alice", ALICE), ("bob", BOB), ("dora", DORA)])
    s.delegate(policy=plan, **what)
    s.rows[-1][2].update(change or {})
    s.alice(policy=plan)
    return s


def forged_and_unused(wrong):
    """What the bank may not have taken, whatever comes of it."""
    def case(name, *args, **what):
        return wrong, "delegation-unused-" + name, unused(*args, **what).evidence()

    yield case("not-allowed", dict(DEPUTIES, deputies=["dora"]))
    yield case("over", until="2026-11-22T09:30:00Z")
    yield case("in-another-currency", currency="USD")
    yield case("in-anothers-name", change={"holder": "alice"})
    yield case("of-another-object", change={"object": "delegation:%s/alice" % ACCOUNT})
    yield case("withdrawn-by-one-who-only-hands-in", holder="bob", key=BOB, verb="withdraw")
    s = Story(policy=DEPUTIES, enrolled=[("alice", ALICE), ("bob", BOB), ("dora", DORA)])
    s.key_status("dora", DORA, "suspended", clock="09:20:00")
    s.delegate()
    s.key_status("dora", DORA, "active", clock="09:40:00")
    s.alice(policy=DEPUTIES)
    yield wrong, "delegation-unused-by-a-suspended-key", s.evidence()
