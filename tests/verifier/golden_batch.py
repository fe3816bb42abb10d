# SPDX-License-Identifier: Apache-2.0
"""Batch decisions (docs/FORMAT.md 5.1 and 5.4): what is sound, and every way to forge one."""
import json

from golden_story import (ACCOUNT, ALICE, BANK, BOB, CREDITOR, DECISION, FULL, LOGIN, ORDER, POLICY,
                          STRANGER, Story, b64, display, grouped, leaf_hash, path, root_of, signed)
from golden_tools import b64u, canon, hexdigest, jws, sha256

BATCH = "countersign-batch-decision+jws"
WATER = dict(ORDER, amount="12.50", description="Water bill", id="019aab1e-d900-7c3f-8a5b-0123456789ad")
GAS = dict(ORDER, amount="9.72", description="Gas bill", id="019aab1e-d900-7c3f-8a5b-0123456789ae")
ORDERS = [ORDER, WATER, GAS]
SINGLE = dict(POLICY, signatures="single", title="Household: one by one")


def leaf(order, policy=POLICY):
    return canon({"displayDigest": hexdigest(display(order, policy, "approve")),
                  "orderDigest": hexdigest(canon(order))})


def hashes(orders, policy=POLICY):
    return [leaf_hash(leaf(order, policy)) for order in orders]


def inclusion(index, orders=ORDERS, policy=POLICY):
    return {"index": index, "proof": [b64(h) for h in path(index, hashes(orders, policy))]}


def batch_display(said, policy):
    rows = [("Orders", str(said["batch"]["count"]))] + [
        ("Total", "%(amount)s %(currency)s" % t) for t in said["batch"]["totals"]] + [
        ("From", grouped(said["account"])), ("Root", said["batch"]["root"]), ("Bank", said["bank"]),
        ("Policy", "%s, version %d, %s" % (policy["title"], policy["version"], hexdigest(canon(policy))[:16]))]
    return ("I approve all payment orders of this batch.\n\n" + "".join("%-14s%s\n" % row for row in rows)).encode()


def batch(orders=ORDERS, policy=POLICY, issued="2026-11-22T10:05:00Z", expires="2026-11-22T11:10:00Z",
          seed="batch", shown=None, of=None, **changes):
    """SHOWN and OF: what the batch's member has beside the truth, in the display or without it."""
    cents = sum(int(order["amount"].replace(".", "")) for order in orders)
    said = {"account": ACCOUNT, "bank": BANK, "decision": "approve",
            "batch": {"count": len(orders), "root": root_of(hashes(orders, policy)).hex(),
                      "totals": [{"amount": "%d.%02d" % divmod(cents, 100), "currency": "EUR"}], **(shown or {})},
            "display": "countersign-batch-display/1;en", "expires": expires, "issued": issued,
            "nonce": b64u(sha256(seed.encode())[:16]), "policyDigest": hexdigest(canon(policy)), "version": 1}
    said["displayDigest"] = hexdigest(batch_display(said, policy))
    said["batch"].update(of or {})
    said.update(changes)
    return {k: v for k, v in said.items() if v is not None}


def signed_batch(key=ALICE, **what):
    return jws(key, BATCH, canon(batch(**what)))


def bundle(statement, index, order=None, place=None):
    return canon({"decision": statement, "inclusion": place or inclusion(index), "order": order or ORDERS[index]})


def forged_batches():
    good = signed_batch()
    proof = inclusion(1)["proof"]
    yield "OK", "good", bundle(good, 1)
    yield "OK", "alone", bundle(signed_batch(orders=[WATER]), 1, place={"index": 0, "proof": []})
    # an order that does not stand there
    for name, index, order in (("another-order", 0, WATER), ("another-place", 2, WATER)):
        yield "BATCH_PROOF_INVALID", name, bundle(good, index, order)
    yield "BATCH_PROOF_INVALID", "changed-order", bundle(good, 1, dict(WATER, amount="12.49"))
    yield "BATCH_PROOF_INVALID", "an-order-too-many", bundle(good, 1, dict(WATER, id=FULL["id"]))
    for name, place in (("index-past-the-end", {"index": 3, "proof": proof}),
                        ("no-proof", {"index": 1, "proof": []}),
                        ("proof-too-short", {"index": 1, "proof": proof[:1]}),
                        ("proof-too-long", {"index": 1, "proof": proof + proof[:1]}),
                        ("proof-reversed", {"index": 1, "proof": proof[::-1]}),
                        ("proof-of-another-tree", inclusion(1, [GAS, WATER, ORDER]))):
        yield "BATCH_PROOF_INVALID", name, bundle(good, 1, place=place)
    for name, place in (("index-negative", {"index": -1, "proof": proof}),
                        ("proof-of-seventeen", {"index": 1, "proof": proof[:1] * 17}),
                        ("proof-of-a-number", {"index": 1, "proof": [1]}),
                        ("proof-of-31-bytes", {"index": 1, "proof": [b64(b"x" * 31)]})):
        yield "DOC_MEMBER_INVALID", name, bundle(good, 1, place=place)
    yield "DOC_MEMBER_UNKNOWN", "place-with-more", bundle(good, 1, place=dict(inclusion(1), size=3))
    yield "DOC_MEMBER_MISSING", "place-without-index", bundle(good, 1, place={"proof": proof})
    # a node of the tree is no leaf, and another count is another tree
    yield "BATCH_PROOF_INVALID", "count-changed", bundle(signed_batch(shown={"count": 4}), 2)
    yield "BATCH_PROOF_INVALID", "leaves-of-another-display", bundle(signed_batch(
        shown={"root": root_of([leaf_hash(canon({"displayDigest": hexdigest(b""), "orderDigest": hexdigest(canon(o))}))
                                for o in ORDERS]).hex()}), 1)
    yield from forged_batch_payloads()


def forged_batch_payloads():
    def row(error, name, index=1, order=None, place=None, key=ALICE, **what):
        return error, name, bundle(signed_batch(key, **what), index, order, place)

    def money(*totals):
        return {"totals": [{"amount": a, "currency": c} for a, c in totals]}

    yield row("DISPLAY_MISMATCH", "count-not-shown", of={"count": 4})
    yield row("DISPLAY_MISMATCH", "root-not-shown", of={"root": hexdigest(b"")})
    yield row("DISPLAY_MISMATCH", "total-not-shown", of=money(("100000.00", "EUR")))
    yield row("DISPLAY_UNKNOWN", "display-of-one-order", display="countersign-display/1;en")
    yield row("DOC_MEMBER_INVALID", "no-orders", of={"count": 0})
    yield row("DOC_MEMBER_INVALID", "too-many-orders", of={"count": 65537})
    yield row("DOC_MEMBER_INVALID", "no-totals", of=money())
    yield row("DOC_MEMBER_INVALID", "total-twice", of=money(("50.00", "EUR"), ("50.00", "EUR")))
    yield row("DOC_MEMBER_INVALID", "totals-unsorted", of=money(("50.00", "USD"), ("50.00", "EUR")))
    yield row("DOC_MEMBER_INVALID", "nine-totals", of=money(*[("1.00", "EUR")] * 9))
    yield row("AMOUNT_ZERO", "total-zero", of=money(("0.00", "EUR")))
    yield row("AMOUNT_INVALID", "total-of-three-decimals", of=money(("1.000", "EUR")))
    yield row("CURRENCY_UNKNOWN", "total-of-no-currency", of=money(("1.00", "ZZZ")))
    yield row("BATCH_EXCEEDED", "total-below-one-order", shown=money(("12.49", "EUR")))
    yield row("BATCH_EXCEEDED", "total-in-another-currency", shown=money(("100.00", "USD")))
    for verb in ("submit", "reject", "cancel"):
        yield row("DOC_MEMBER_INVALID", verb, decision=verb)
    yield row("DOC_MEMBER_UNKNOWN", "with-a-reason", reason="MS02")
    yield row("DOC_MEMBER_UNKNOWN", "with-an-order", order=None, **{"orderDigest": hexdigest(canon(WATER))})
    yield row("DOC_MEMBER_MISSING", "without-a-policy", policyDigest=None)
    # THREATS 2: what was signed for elsewhere
    yield row("BANK_MISMATCH", "02-other-system", bank="demobank.example/test")
    yield row("ACCOUNT_MISMATCH", "02-other-account", account=CREDITOR)
    yield row("POLICY_MISMATCH", "02-other-policy", policy=dict(POLICY, version=2))
    payload = canon(batch())
    yield "JWS_TYPE", "02-a-decision", bundle(jws(ALICE, DECISION, payload), 1)
    yield "JWS_TYPE", "02-a-login", bundle(jws(ALICE, LOGIN, payload), 1)
    yield "JWS_TYPE", "02-one-orders-own", bundle(signed(ALICE, order=WATER), 1)
    yield row("KEY_UNKNOWN", "04-unknown-key", key=STRANGER)
    good = signed_batch()
    yield "SIGNATURE_INVALID", "04-flipped", bundle(good[:-8] + ("A" if good[-8] != "A" else "B") + good[-7:], 1)
    own = json.loads(bundle(good, 1))
    del own["inclusion"]
    yield "JWS_TYPE", "without-a-place", canon(own)


# --- evidence ------------------------------------------------------------------------------------

def enter(s, holder, key, clock="10:05:01", statement=None, **what):
    """The bank enters the batch; its index."""
    statement = statement or signed_batch(key, **what)
    return s.put("batch", clock, {"holder": holder, "object": "batch:" + hexdigest(statement.encode()),
                                  "statement": statement, "type": "batch"})


def place(s, holder, index, clock, status, document=None, where=None, **more):
    """A decision on the story's order, by the batch whose entry is INDEX."""
    body = {"batch": index, "holder": holder, "inclusion": where or inclusion(0), "status": status, "type": "decision"}
    if document:
        body["document"] = document
    body.update(more)
    return s.of_order("decision", clock, body)


def batched(prepare=None, ends=True, first="10:05:02", bob="10:07:01", policy=POLICY, alice=None, **what):
    """Alice by a batch, Bob by a decision of his own."""
    s = Story(policy=policy)
    index = enter(s, "alice", ALICE, policy=policy, **what)
    place(s, "alice", index, first, ["RCVD", "ACTC", "PATC"], ORDER, **(alice or {}))
    if prepare:
        prepare(s)
    s.decide("bob", BOB, bob, ["ACCP"], issued="2026-11-22T%sZ" % bob, expires="2026-11-22T12:00:00Z", policy=policy)
    if ends:
        s.settle(bob, policyDigest=hexdigest(canon(policy)))
    return s


def good_batches():
    yield "batched", batched().evidence()
    yield "batched-unhurried", batched(first="11:10:00", bob="11:12:00").evidence()  # not expired, by a second
    s = Story()
    first, second = enter(s, "alice", ALICE), enter(s, "bob", BOB, "10:05:01", seed="bob's")
    place(s, "alice", first, "10:05:02", ["RCVD", "ACTC", "PATC"], ORDER)
    place(s, "bob", second, "10:07:01", ["ACCP"])
    s.settle()
    yield "batched-both", s.evidence()


def forged_evidence_of_batches(wrong):
    def entry(name, error=wrong, **changes):
        s = batched()
        next(r for r in s.rows if r[0] == "batch")[2].update(changes)
        return error, "batch-" + name, s.evidence()

    told = ("enrolment", "account", "decision", "settlement")
    yield "EVIDENCE_INCOMPLETE", "batch-left-out", batched().evidence(keep=lambda r: r[0] in told)
    yield entry("of-another-object", object="batch:" + hexdigest(b""))
    yield entry("in-anothers-name", holder="bob")
    yield wrong, "batch-of-two-currencies", batched(shown={"totals": [
        {"amount": "100.00", "currency": "EUR"}, {"amount": "1.00", "currency": "USD"}]}).evidence()
    yield entry("with-a-previous", previous=1)
    yield entry("by-a-stranger", "KEY_UNKNOWN", statement=signed_batch(STRANGER))
    yield entry("of-another-bank", "BANK_MISMATCH", statement=signed_batch(bank="demobank.example/test"))
    yield entry("of-another-account", "ACCOUNT_MISMATCH", statement=signed_batch(account=CREDITOR))
    yield entry("that-is-a-decision", "JWS_TYPE", statement=signed(ALICE))
    yield wrong, "batch-kept-back", batched(issued="2026-11-22T10:00:00Z").evidence()
    yield wrong, "batch-ahead", batched(issued="2026-11-22T10:05:12Z").evidence()
    yield wrong, "batch-expired", batched(first="11:10:01", bob="11:12:00").evidence()
    yield wrong, "batch-before-enrolment", batched(issued="2026-11-22T09:00:59Z",
                                                   challenge=b64u(sha256(b"challenge")[:16])).evidence()
    yield "BATCH_PROOF_INVALID", "batch-at-another-place", batched(alice={"where": inclusion(1)}).evidence()
    yield "BATCH_PROOF_INVALID", "batch-without-this-order", batched(orders=[WATER, GAS, FULL]).evidence()
    yield "BATCH_NOT_ALLOWED", "batch-under-single-signatures", batched(policy=SINGLE).evidence()
    yield "DOC_MEMBER_INVALID", "batch-and-a-statement", batched(alice={"statement": signed(ALICE)}).evidence()
    s = batched()
    del next(r for r in s.rows if r[0] == "decision")[2]["inclusion"]
    yield "DOC_MEMBER_INVALID", "batch-without-a-place", s.evidence()
    yield wrong, "batch-that-is-to-come", batched(alice={"batch": 9}).evidence()
    s = Story()
    enter(s, "bob", BOB)
    s.alice()
    yield wrong, "batch-for-nothing", s.evidence()
    s = Story()
    index = enter(s, "alice", ALICE)
    s.key_status("alice", ALICE, "suspended", clock="10:05:01")
    place(s, "alice", index, "10:05:02", ["RCVD", "ACTC", "PATC"], ORDER)
    yield wrong, "batch-of-a-suspended-key", s.evidence()
    s = Story()
    index = enter(s, "alice", ALICE)
    s.key_status("alice", ALICE, "active", clock="10:05:01")
    place(s, "alice", index, "10:05:02", ["RCVD", "ACTC", "PATC"], ORDER)
    yield wrong, "batch-issued-before-a-new-floor", s.evidence()
    s = batched(ends=False)
    index = enter(s, "alice", ALICE, "10:08:00", seed="again", issued="2026-11-22T10:08:00Z")
    place(s, "alice", index, "10:08:01", [])
    yield wrong, "batch-of-one-who-voted", s.evidence()
    yield wrong, "batch-quorum-of-one", quorum_of_one()


def quorum_of_one():
    """Two orders of one batch are one person's word each, not two words on one order."""
    s = Story()
    index = enter(s, "alice", ALICE)
    place(s, "alice", index, "10:05:02", ["RCVD", "ACTC", "ACCP"], ORDER)
    return s.evidence()


def batch_files():
    yield "batch-payload.json", canon(batch())
    yield "batch.jws", signed_batch().encode()
    yield "batch-display.txt", batch_display(batch(), POLICY)
    yield "batch-leaf.json", leaf(WATER)
    yield "batch-bundle.json", bundle(signed_batch(), 1)
    yield "batch.ndjson", b"".join(bundle(signed_batch(), i) + b"\n" for i in range(3))
    yield "batch-forged.txt", b"".join(
        ("%s %s " % (error, name)).encode() + line + b"\n" for error, name, line in forged_batches())
    yield "policy-single.json", canon(SINGLE)
    yield "batch-digests.txt", "".join("%s %s\n" % row for row in (
        ("root", root_of(hashes(ORDERS)).hex()), ("leaf", hashes(ORDERS)[1].hex()),
        ("display", hexdigest(batch_display(batch(), POLICY))))).encode()
