# SPDX-License-Identifier: Apache-2.0
"""Rotations (docs/FORMAT.md 8.7): the statement, evidence with them, and every way to forge either."""
from golden_story import ALICE, BANK, BOB, DECISION, ORDER, SECOND, STRANGER, Story, grouped
from golden_tools import b64u, canon, hexdigest, jws, sha256

ROTATION, PROOF = "countersign-rotation+jws", "countersign-rotation-proof+jws"


def rotation_display(bank, replaces, new):
    return ("I replace my key. Only the new one signs for me from now on.\n\n"
            "New key       %s\nSigns by      %s\nOld key       %s\nBank          %s\n"
            % (grouped(new.thumbprint), new.alg, grouped(replaces), bank)).encode()


def offer(old=ALICE, new=SECOND, issued="2026-11-22T10:05:30Z", expires="2026-11-22T10:10:30Z", **changes):
    body = {"bank": BANK, "display": "countersign-rotation-display/1;en", "expires": expires, "issued": issued,
            "key": b64u(new.spki), "nonce": b64u(sha256(b"rotation" + issued.encode())[:16]),
            "replaces": old.thumbprint, "version": 1}
    body["displayDigest"] = hexdigest(rotation_display(changes.get("bank", BANK), old.thumbprint, new))
    body.update(changes)
    return body


def rotation(old=ALICE, new=SECOND, by=None, proof=None, **what):
    """PROOF: what the new key says instead of the same."""
    body = offer(old, new, **what)
    said = proof if proof is not None else jws(new, PROOF, canon(body))
    return jws(by or old, ROTATION, canon(dict(body, proof=said)))


def forged_rotations():
    same = offer()
    yield "OK", "good", rotation()
    yield "OK", "good-with-challenge", rotation(challenge=b64u(sha256(b"challenge")[:16]))
    yield "BANK_MISMATCH", "02-other-bank", rotation(bank="demobank.example/test")
    yield "JWS_TYPE", "02-a-decision", jws(ALICE, DECISION, canon(same))
    yield "JWS_TYPE", "02-a-proof", jws(ALICE, PROOF, canon(same))
    yield "KEY_UNKNOWN", "04-by-the-new-key", rotation(by=SECOND)
    yield "KEY_MISMATCH", "04-by-another-key", rotation(by=BOB)
    yield "KEY_MISMATCH", "04-for-another-key", rotation(by=ALICE, old=BOB)
    yield "KEY_NOT_NEW", "11-the-old-one", rotation(new=ALICE)
    # THREATS 15: keys that are none
    rsa = bytes.fromhex("302a300d06092a864886f70d0101010500031900") + b"\x30\x16" + b"\x02\x11" + b"\x00" + b"\xc1" * 16 + b"\x02\x01\x03"
    point = SECOND.spki
    head = point[:-65]
    k1 = bytes.fromhex("3056301006072a8648ce3d020106052b8104000a034200")
    for error, name, spki in (
            ("KEY_ALGORITHM", "15-rsa", rsa),
            ("KEY_CURVE", "15-other-curve", k1 + point[-65:]),
            ("KEY_COMPRESSED", "15-compressed",
             bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + b"\2" + point[-64:-32]),
            ("KEY_NOT_ON_CURVE", "15-off-the-curve", head + b"\4" + bytes([point[-64] ^ 1]) + point[-63:]),
            ("KEY_INVALID", "15-infinity", bytes.fromhex("3019301306072a8648ce3d020106082a8648ce3d030107030200") + b"\0"),
            ("KEY_INVALID", "15-trailing", point + b"\0")):
        yield error, name, rotation(key=b64u(spki))
    yield "DISPLAY_UNKNOWN", "form-display", rotation(display="countersign-display/1;en")
    yield "DISPLAY_MISMATCH", "form-shown-otherwise", rotation(displayDigest=hexdigest(b"I keep my key."))
    yield "DOC_MEMBER_UNKNOWN", "form-one-more", rotation(holder="alice")
    yield "DOC_MEMBER_INVALID", "form-no-proof", rotation(proof="A" * 3073)
    yield "DOC_MEMBER_INVALID", "18-replaces", rotation(replaces="x' OR '1'='1")
    # proofs of something else
    for name, proof in (
            ("empty", "."),
            ("by-the-old-key", jws(ALICE, PROOF, canon(same))),
            ("by-a-stranger", jws(STRANGER, PROOF, canon(same))),
            ("of-a-stranger", jws(STRANGER, PROOF, canon(offer(new=STRANGER)))),
            ("of-another-kind", jws(SECOND, ROTATION, canon(same))),
            ("of-a-decision", jws(SECOND, DECISION, canon(same))),
            ("for-another-bank", jws(SECOND, PROOF, canon(offer(bank="demobank.example/test")))),
            ("for-another-old-key", jws(SECOND, PROOF, canon(offer(old=BOB)))),
            ("of-another-nonce", jws(SECOND, PROOF, canon(dict(same, nonce=b64u(sha256(b"other")[:16]))))),
            ("of-another-time", jws(SECOND, PROOF, canon(offer(issued="2026-11-22T10:05:31Z")))),
            ("with-less", jws(SECOND, PROOF, canon({k: same[k] for k in same if k != "expires"}))),
            ("broken", jws(SECOND, PROOF, canon(same))[:-4] + "AAAA")):
        yield "KEY_UNPROVEN", "proof-" + name, rotation(proof=proof)


# --- evidence ------------------------------------------------------------------------------------

def rotate(s, clock="10:05:30", holder="alice", told="rotation", body=None, **what):
    what.setdefault("issued", "2026-11-22T%sZ" % clock)
    before = [i for i, r in enumerate(s.rows) if r[2]["object"] == "holder:" + holder]
    return s.put(told, clock, dict({
        "object": "holder:" + holder, "previous": before[-1], "type": "rotation", "holder": holder,
        "statement": rotation(**what)}, **(body or {})))


def considered(s, **status):
    """A settlement that says of the first vote's key what STATUS says."""
    s.settle()
    s.rows[-1][2]["considered"][0].update(status)
    return s


def voted_before(alter=lambda s: None, keyStatus="retired", **what):
    """Alice approves, changes her key, Bob completes it."""
    s = Story()
    s.alice()
    rotate(s, **what)
    alter(s)
    s.bob()
    return considered(s, keyStatus=keyStatus)


def voted_after(clock="10:04:30", key=SECOND, **what):
    """Alice changes her key and approves by the new one."""
    s = Story()
    rotate(s, clock, **what)
    s.decide("alice", key, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER)
    s.bob()
    s.settle()
    return s


def revoked_line(s, clock="10:08:00"):
    """The first key, and with it the one that took its place."""
    for key in (ALICE, SECOND):
        s.key_status("alice", key, "revoked", clock)
    return s


def good_rotations():
    yield "rotated", voted_before().evidence()
    yield "rotated-before", voted_after().evidence()
    s = Story()
    rotate(s, "10:03:00")
    rotate(s, "10:04:00", old=SECOND, new=STRANGER)
    s.decide("alice", STRANGER, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER)
    yield "rotated-twice", s.evidence()
    yield "retired-again", voted_before(lambda s: [
        s.key_status("alice", ALICE, "suspended", "10:06:00", floor="10:05:30"),
        s.key_status("alice", ALICE, "retired", "10:06:30", floor="10:05:30")]).evidence()
    yield "rotated-revoked-since", revoked_line(voted_after()).evidence()


def forged_evidence_of_rotations(wrong):
    def alone(name, error=wrong, **what):
        return error, "rotation-" + name, voted_after(**what).evidence()

    yield wrong, "rotation-told-as-active", voted_before(keyStatus="active").evidence()
    yield wrong, "rotation-told-as-revoked", voted_before(keyStatus="revoked").evidence()
    yield wrong, "rotation-revoked-since", voted_before(lambda s: s.key_status("alice", ALICE, "revoked")).evidence()
    yield wrong, "rotation-active-again", voted_before(
        lambda s: s.key_status("alice", ALICE, "active"), keyStatus="active").evidence()
    s = Story()
    s.alice()
    s.key_status("alice", ALICE, "retired", "10:06:00")
    s.bob()
    yield wrong, "rotation-retired-without-one", considered(s, keyStatus="retired").evidence()
    yield alone("signed-after-it", key=ALICE)
    yield alone("kept-back", issued="2026-11-22T09:59:29Z")
    yield alone("expired", issued="2026-11-22T10:03:00Z", expires="2026-11-22T10:04:29Z")
    yield alone("before-the-floor", clock="09:01:30", issued="2026-11-22T09:00:59Z")
    yield alone("to-a-known-key", new=BOB, key=BOB)
    yield alone("in-anothers-name", body={"holder": "bob"})
    yield alone("of-anothers-keys", holder="bob")
    yield alone("of-another-object", body={"object": "holder:bob"})
    yield alone("by-a-stranger", "KEY_UNKNOWN", old=STRANGER)
    yield alone("of-another-bank", "BANK_MISMATCH", bank="demobank.example/test")
    yield alone("unproved", "KEY_UNPROVEN", proof=jws(STRANGER, PROOF, canon(offer(issued="2026-11-22T10:04:30Z"))))
    yield alone("left-out", "KEY_UNKNOWN", told="start")
    s = Story()
    rotate(s, "10:04:30", new=BOB)
    s.decide("bob", BOB, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER)
    yield wrong, "rotation-to-anothers-key", s.evidence()
    # what took the place of a revoked key goes with it, whether the bank says so or not
    for name, keys in (("and-its-successor-votes", [ALICE]), ("and-so-is-its-successor", [ALICE, SECOND])):
        s = Story()
        rotate(s, "10:03:00")
        for key in keys:
            s.key_status("alice", key, "revoked", "10:04:00")
        s.decide("alice", SECOND, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER)
        yield wrong, "revoked-" + name, s.evidence()
    s = Story()
    rotate(s, "10:03:00")
    s.decide("alice", SECOND, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER)
    s.key_status("alice", ALICE, "revoked", "10:05:30")
    s.bob()
    yield wrong, "revoked-and-its-successors-vote-counts", considered(s).evidence()
    s = Story()
    rotate(s, "10:03:00")
    s.key_status("alice", ALICE, "revoked", "10:04:00")
    s.key_status("alice", SECOND, "active", "10:04:30")
    yield wrong, "revoked-and-its-successor-resumed", s.evidence()
    yield wrong, "revoked-twice-with-another", revoked_line(revoked_line(voted_after()), "10:09:00").evidence()
    s = revoked_line(voted_after())
    s.key_status("alice", SECOND, "revoked", "10:09:00")
    yield wrong, "revoked-once-more", s.evidence()
    s = Story()
    s.key_status("alice", ALICE, "suspended", "10:03:00")
    rotate(s, "10:04:30")
    s.decide("alice", SECOND, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER)
    yield wrong, "rotation-of-a-suspended-key", s.evidence()
    s = Story()
    rotate(s, "10:03:00")
    rotate(s, "10:04:00", new=STRANGER)
    s.decide("alice", STRANGER, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER)
    yield wrong, "rotation-of-a-retired-key", s.evidence()
    s = Story()
    s.alice()
    rotate(s)
    s.decide("alice", SECOND, "10:07:01", ["ACCP"], issued="2026-11-22T10:07:00Z", expires="2026-11-22T10:12:00Z")
    yield wrong, "rotation-to-vote-twice", s.evidence()


def rotation_files():
    yield "rotation.jws", rotation().encode()
    yield "rotation.txt", rotation_display(BANK, ALICE.thumbprint, SECOND)
    yield "rotations-forged.txt", "".join("%s %s %s\n" % row for row in forged_rotations()).encode()
