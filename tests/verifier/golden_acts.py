# SPDX-License-Identifier: Apache-2.0
"""What the bank's operators sign (docs/FORMAT.md 8.5), evidence of it, and every way to forge that."""
from golden_story import ACCOUNT, ALICE, BANK, BOB, FULL, ORDER, STRANGER, Story
from golden_tools import Key, b64u, canon, jws, sha256

ACT = "countersign-operator-act+jws"
OLGA = Key("P-256", int.from_bytes(sha256(b"olga of the bank"), "big"))
OTTO = Key("P-256", int.from_bytes(sha256(b"otto of the bank"), "big"))
VERBS = {"held": "hold", "released": "release", "closed": "refusal", "confirmed": "confirmation",
         "returned": "return"}


def route(verb, account=ACCOUNT, order=ORDER["id"]):
    return "/v1/accounts/%s/orders/%s/%s" % (account, order, verb)


def act(path, key=OLGA, typ=ACT, request=None, issued="2026-11-22T10:06:00Z", expires="2026-11-22T10:11:00Z", **changes):
    body = {"bank": BANK, "expires": expires, "issued": issued, "nonce": b64u(sha256((path + issued).encode())[:16]),
            "path": path, "request": request or {"note": "called back"}, "version": 1}
    body.update(changes)
    return jws(key, typ, canon(body))


def staffed(**options):
    """A bank with two operators, whose keys it enrolled as theirs."""
    s = Story(**options)
    for name, key in (("olga", OLGA), ("otto", OTTO)):
        s.put("enrolment", "09:03:30", {
            "object": "holder:" + name, "type": "enrolment", "kind": "operator", "holder": name,
            "name": name.title() + " Operator", "spki": b64u(key.spki), "thumbprint": key.thumbprint, "vouched": "bank"})
    return s


def say(s, kind, clock, body=None, by="olga", told="act", entry=None, path=None, link=None, at=None, **what):
    """BY signs, and the entry that comes of it. What is given otherwise is a lie."""
    path = path or route(VERBS[kind])
    what.setdefault("key", {"olga": OLGA, "otto": OTTO}.get(by, OLGA))
    what.setdefault("issued", "2026-11-22T%sZ" % clock)
    before = [i for i, r in enumerate(s.rows) if r[2]["object"] == "holder:" + by]
    index = s.put(told, at or clock, dict({
        "object": "holder:" + by, "previous": before[-1] if before else 0, "type": "act", "holder": by, "path": path,
        "statement": act(path, **what)}, **(entry or {})))
    return effect(s, kind, clock, dict({"act": index if link is None else link, "operator": by}, **(body or {})))


def effect(s, kind, clock, body):
    told = dict({"type": kind, "note": "called back", "operator": "olga"}, **body)
    return s.of_order(kind, clock, {k: v for k, v in told.items() if v is not None})


def kept(s, clock, status=(), by="olga", flags=("operator",), **what):
    return say(s, "held", clock, {"flags": list(flags), "status": list(status)}, by=by, **what)


def paid(s):
    s.settle("10:09:30")
    return s


def waiting(**options):
    """The bank holds it for its limit."""
    s = staffed(**options)
    s.alice()
    s.bob()
    s.held()
    return s


def let_go(**what):
    s = waiting()
    say(s, "released", "10:09:00", **dict({"expires": "2026-11-22T10:14:00Z"}, **what))
    return s


def kept_early(release="10:06:40"):
    """While its holders decide, and let go before they have."""
    s = staffed()
    s.alice()
    kept(s, "10:06:00")
    if release:
        say(s, "released", release, by="otto", expires="2026-11-22T10:14:00Z")
    s.bob()
    return s


def kept_to_the_end():
    """Once they have, the bank waits for him by itself."""
    s = kept_early(release=None)
    s.held(flags=["operator", "above-limit"])
    return s


def kept_late():
    """They have already."""
    s = staffed()
    later = dict(ORDER, date="2026-11-23")
    s.alice(order=later, document=later)
    s.bob(order=later)
    kept(s, "10:08:00", ["PDNG"], expires="2026-11-22T10:13:00Z")
    return s


def good_acts():
    yield "act-released", paid(let_go()).evidence()
    yield "act-released-seen", paid(let_go(request={"note": "called back", "entry": len(waiting().rows) - 1})).evidence()
    s = waiting()
    say(s, "closed", "10:09:00", {"reason": "DS04", "status": ["RJCT"]}, expires="2026-11-22T10:14:00Z")
    yield "act-refused", s.evidence()
    yield "act-held", paid(kept_early()).evidence()
    yield "act-held-on", kept_to_the_end().evidence()
    s = kept_late()
    say(s, "released", "10:09:00", by="otto", expires="2026-11-22T10:14:00Z")
    kept(s, "10:10:00", expires="2026-11-22T10:15:00Z")  # it waits for its day
    yield "act-held-late", s.evidence()
    for kind, status, more in (("confirmed", "ACSC", {}), ("returned", "RJCT", {"reason": "AC01"})):
        s = away()
        say(s, kind, "10:08:00", dict({"movement": 3, "status": [status]}, **more), expires="2026-11-22T10:13:00Z",
            request=dict({"note": "called back"}, **more))
        yield "act-" + kind, s.evidence()
    s = let_go()
    s.key_status("olga", OLGA, "revoked", "10:09:20")  # his word stands
    yield "act-revoked-since", paid(s).evidence()
    s = waiting()
    effect(s, "released", "10:08:00", {"operator": "uid 0 (root)"})
    yield "act-at-the-console", paid(s).evidence()


def away():
    """To another bank."""
    s = staffed()
    s.alice()
    s.bob()
    s.settle(status=["ACSP"])
    return s


def forged_acts(wrong):
    """Whose word it was, told otherwise than he signed it."""
    def no(name, error=wrong, **what):
        return error, "act-" + name, let_go(**what).evidence()

    yield no("left-out", "EVIDENCE_INCOMPLETE", told="refusals")
    yield no("of-another-entry", "EVIDENCE_INCOMPLETE", link=4)
    yield no("to-come", link=99)
    yield no("of-another-order", "ACT_MISMATCH", path=route("release", order=FULL["id"]))
    yield no("of-another-account", "ACT_MISMATCH", path=route("release", account=ORDER["creditor"]["account"]))
    yield no("for-something-else", "ACT_MISMATCH", path=route("refusal"))
    yield no("path-told-otherwise", "ACT_MISMATCH", path=route("refusal"), entry={"path": route("release")})
    yield no("of-another-note", "ACT_MISMATCH", request={"note": "never seen"})
    yield no("with-a-reason", "DOC_MEMBER_UNKNOWN", request={"note": "called back", "because": "AC01"})
    yield no("that-saw-less", "ACT_MISMATCH", request={"note": "called back", "entry": 3})
    yield no("by-a-stranger", "KEY_UNKNOWN", key=STRANGER)
    yield no("by-a-holder", key=ALICE, entry={"holder": "alice", "object": "holder:alice"}, body={"operator": "alice"})
    yield no("by-another-operator", key=OTTO)
    yield no("named-for-another", body={"operator": "otto"})
    yield no("of-another-object", entry={"object": "holder:otto"})
    yield no("of-another-bank", "BANK_MISMATCH", bank="demobank.example/test")
    yield no("of-another-kind", "JWS_TYPE", typ="countersign-decision+jws")
    yield no("kept-back", issued="2026-11-22T10:03:59Z")
    yield no("ahead", issued="2026-11-22T10:09:11Z")
    yield no("expired", issued="2026-11-22T10:05:00Z", expires="2026-11-22T10:08:59Z")
    yield no("before-it-came", at="10:08:59", issued="2026-11-22T10:08:00Z")
    yield no("without-a-note", "DOC_MEMBER_MISSING", body={"note": None})
    yield no("without-a-name", "DOC_MEMBER_MISSING", body={"operator": None})
    yield no("that-served-for-nothing", body={"act": None})
    for status in ("suspended", "revoked"):
        s = waiting()
        s.key_status("olga", OLGA, status, "10:08:00")
        say(s, "released", "10:09:00", expires="2026-11-22T10:14:00Z")
        yield wrong, "act-by-a-%s-key" % status, s.evidence()
    s = waiting()
    effect(s, "released", "10:09:00", {"act": len(s.rows) + 1})
    s.put("act", "10:09:00", {"object": "holder:olga", "type": "act", "holder": "olga", "path": route("release"),
                              "statement": act(route("release"), issued="2026-11-22T10:09:00Z", expires="2026-11-22T10:14:00Z")})
    yield wrong, "act-after-the-effect", s.evidence()
    yield from forged_uses(wrong)
    yield from forged_holds(wrong)


def forged_uses(wrong):
    """An act serves once, an operator's key for nothing else, and a console signs nothing."""
    s = kept_late()
    again = s.rows[-2][2]["statement"]
    say(s, "released", "10:08:30", by="otto", expires="2026-11-22T10:14:00Z")
    kept(s, "10:09:00", entry={"statement": again})
    yield wrong, "act-twice", s.evidence()
    s = let_go()
    s.put("act", "10:09:00", s.rows[-2][2])
    yield wrong, "act-for-nothing-at-the-end", s.evidence()
    s = waiting()
    s.put("act", "10:08:00", let_go().rows[-2][2])
    say(s, "released", "10:09:00", expires="2026-11-22T10:14:00Z")
    yield wrong, "act-for-nothing", s.evidence()
    s = waiting()
    say(s, "closed", "10:09:00", {"reason": "AM04", "status": ["RJCT"], "operator": None, "note": None},
        expires="2026-11-22T10:14:00Z")
    yield wrong, "act-of-the-bank-itself", s.evidence()
    s = staffed()
    s.decide("olga", OLGA, "10:05:02", ["RCVD", "ACTC", "PATC"], document=ORDER)
    yield wrong, "act-operator-as-holder", s.evidence()
    s = staffed(enrolled=[("alice", ALICE), ("bob", BOB)])
    s.rows[1][2]["kind"] = "operator"
    s.alice()
    yield wrong, "act-holder-enrolled-as-operator", s.evidence()
    s = away()
    say(s, "returned", "10:08:00", {"movement": 3, "status": ["RJCT"], "reason": "AC01"},
        expires="2026-11-22T10:13:00Z", request={"note": "called back", "reason": "AC04"})
    yield "ACT_MISMATCH", "act-of-another-reason", s.evidence()


def forged_holds(wrong):
    """An operator keeps it back, or does not."""
    s = kept_early(release=None)
    s.settle("10:09:30")
    yield wrong, "settled-while-kept-back", s.evidence()
    s = staffed()
    s.alice()
    kept(s, "10:06:00")
    kept(s, "10:06:30", by="otto")
    yield wrong, "kept-back-twice", s.evidence()
    s = kept_early(release=None)
    s.held(flags=["above-limit"])
    yield wrong, "kept-back-and-not-said", s.evidence()
    s = staffed()
    s.alice()
    s.bob()
    s.held(flags=["operator", "above-limit"])
    yield wrong, "said-to-be-kept-back", s.evidence()
    s = staffed()
    s.alice()
    kept(s, "10:06:00", flags=["above-limit"])
    yield wrong, "kept-back-for-another-flag", s.evidence()
    s = staffed()
    s.alice()
    kept(s, "10:06:00", ["PDNG"])
    yield wrong, "kept-back-too-far", s.evidence()
    s = staffed()
    s.alice()
    s.bob()
    kept(s, "10:08:00", expires="2026-11-22T10:13:00Z")
    yield wrong, "kept-back-not-far-enough", s.evidence()
    s = kept_early()
    say(s, "released", "10:08:00", by="otto", expires="2026-11-22T10:13:00Z")
    yield wrong, "let-go-twice", s.evidence()
    s = kept_late()
    s.settle("2026-11-23T00:00:00Z")
    yield wrong, "settled-while-kept-back-late", s.evidence()
