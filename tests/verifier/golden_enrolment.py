# SPDX-License-Identifier: Apache-2.0
"""Requests to be enrolled (docs/FORMAT.md 8.6) with PKCS#10 written by hand, evidence with them, and ways to forge
either."""
from golden_story import ALICE, BANK, BOB, SECOND, STRANGER, Story
from golden_tools import CURVES, b64u, canon, der, der_sig, jws, sha256

ENROLMENT = "countersign-enrolment+jws"
SIGNATURE = {"P-256": "06082a8648ce3d040302", "P-384": "06082a8648ce3d040303", "P-521": "06082a8648ce3d040304"}
CN, UTF8, PRINTABLE = "0603550403", 0x0C, 0x13


def curve_of(key):
    return next(name for name, c in CURVES.items() if c["alg"] == key.alg)


def common_name(text, kind=UTF8):
    return der(0x31, der(0x30, bytes.fromhex(CN) + der(kind, text.encode())))


def request(key, name="Alice Example", by=None, subject=None, version=0, spki=None, hash_of=None, attributes=b""):
    info = der(0x30, der(0x02, bytes([version])) + der(0x30, common_name(name) if subject is None else subject)
               + (spki or key.spki) + der(0xA0, attributes))
    rs = (by or key).rs(info)
    return der(0x30, info + der(0x30, bytes.fromhex(hash_of or SIGNATURE[curve_of(by or key)]))
               + der(0x03, b"\0" + der_sig(*rs)))


def enrolment(key=ALICE, by=None, requests=None, issued="2026-11-22T09:00:30Z", expires="2026-12-06T09:00:30Z", **changes):
    made = requests or {"sign": request(key)}
    body = {"bank": BANK, "expires": expires, "issued": issued, "name": "Alice Example",
            "nonce": b64u(sha256(b"enrolment" + issued.encode())[:16]),
            "requests": {use: b64u(what) for use, what in made.items()}, "version": 1}
    body.update(changes)
    return jws(by or key, ENROLMENT, canon({k: v for k, v in body.items() if v is not None}))


def forged_enrolments():
    one = request(ALICE)
    yield "OK", "good", enrolment()
    yield "OK", "good-p521", enrolment(BOB)
    yield "OK", "good-with-all", enrolment(holder="alice", requests={"sign": one, "authenticate": request(SECOND), "derive": STRANGER.spki})
    yield "BANK_MISMATCH", "02-other-bank", enrolment(bank="demobank.example/test")
    yield "JWS_TYPE", "02-a-login", jws(ALICE, "countersign-login+jws", canon({}))
    yield "KEY_MISMATCH", "04-by-another-key", enrolment(by=SECOND)
    yield "KEY_REPEATED", "11-twice", enrolment(requests={"sign": one, "authenticate": request(ALICE)})
    yield "KEY_REPEATED", "11-derived", enrolment(requests={"sign": one, "derive": ALICE.spki})
    point = ALICE.spki
    k1 = bytes.fromhex("3056301006072a8648ce3d020106052b8104000a034200")
    rsa = der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + der(0x03, b"\0" + der(0x30, der(0x02, b"\0" + b"\xc1" * 16) + der(0x02, b"\3"))))
    explicit = der(0x30, der(0x30, bytes.fromhex("06072a8648ce3d0201") + der(0x30, b"\2\1\1")) + der(0x03, b"\0" + point[-65:]))
    for error, name, spki in (
            ("KEY_ALGORITHM", "rsa", rsa), ("KEY_CURVE", "other-curve", k1 + point[-65:]), ("KEY_CURVE", "explicit", explicit),
            ("KEY_COMPRESSED", "compressed", bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + b"\2" + point[-64:-32]),
            ("KEY_NOT_ON_CURVE", "off-the-curve", point[:-64] + bytes([point[-64] ^ 1]) + point[-63:]),
            ("KEY_INVALID", "infinity", bytes.fromhex("3019301306072a8648ce3d020106082a8648ce3d030107030200") + b"\0")):
        yield error, "15-" + name, enrolment(requests={"sign": request(ALICE, spki=spki)})
        yield error, "15-tls-" + name, enrolment(requests={"sign": one, "authenticate": request(SECOND, spki=spki)})
    for name, made in (("by-another", request(ALICE, by=SECOND)), ("other-hash", request(ALICE, hash_of=SIGNATURE["P-384"])),
                       ("other-key", request(ALICE, spki=SECOND.spki))):
        yield "POSSESSION_UNPROVEN", "proof-" + name, enrolment(requests={"sign": made})
    for name, subject in (("other", common_name("Eve Example")), ("two", common_name("Alice Example") * 2), ("none", b""),
                          ("printable", common_name("Alice Example", PRINTABLE)),
                          ("organisation", der(0x31, der(0x30, bytes.fromhex("060355040a") + der(UTF8, b"Alice Example"))))):
        yield "REQUEST_SUBJECT", "subject-" + name, enrolment(requests={"sign": request(ALICE, subject=subject)})
    for name, made in (("trailing", one + b"\0"), ("version", request(ALICE, version=1)), ("a-key", ALICE.spki), ("half", one[:-9])):
        yield "REQUEST_INVALID", "form-" + name, enrolment(requests={"sign": made})
    for name, expires in (("too-short", "2026-11-23T09:00:29Z"), ("too-long", "2026-12-22T09:00:31Z")):
        yield "DOC_MEMBER_INVALID", "form-" + name, enrolment(expires=expires)
    yield "DOC_MEMBER_UNKNOWN", "form-challenge", enrolment(challenge=b64u(sha256(b"challenge")[:16]))
    yield "DOC_MEMBER_INVALID", "18-holder", enrolment(holder="x' OR '1'='1")
    yield "TEXT_INVALID", "08-name", enrolment(name="Alice\u202eExample")
    yield "SIGNATURE_INVALID", "broken", enrolment()[:-4] + "AAAA"


# --- evidence ------------------------------------------------------------------------------------

def asked(entry=None, **what):
    """Alice came by ceremony, Bob was enrolled by hand."""
    s = Story()
    mine = next(r[2] for r in s.rows if r[2].get("holder") == "alice")
    mine.update({"operator": "olga", "statement": enrolment(**what)}, **(entry or {}))
    for name in [n for n, value in mine.items() if value is None]:
        del mine[name]
    s.alice()
    s.bob()
    s.settle()
    return s.evidence()


def good_enrolments():
    yield "ceremony", asked()
    yield "ceremony-late", asked(issued="2026-10-24T09:00:30Z", expires="2026-11-22T09:01:01Z")


def forged_evidence_of_enrolments(wrong):
    yield wrong, "ceremony-of-another-name", asked(name="Eve Example", requests={"sign": request(ALICE, "Eve Example")})
    yield wrong, "ceremony-of-another-key", asked(key=SECOND)
    yield wrong, "ceremony-after-its-time", asked(issued="2026-10-24T09:00:30Z", expires="2026-11-22T09:01:00Z")
    yield wrong, "ceremony-before-its-time", asked(issued="2026-11-22T09:01:11Z")
    yield "BANK_MISMATCH", "ceremony-at-another-bank", asked(bank="demobank.example/test")
    yield "POSSESSION_UNPROVEN", "ceremony-unproven", asked(requests={"sign": request(ALICE, by=SECOND)})
    yield "KEY_MISMATCH", "ceremony-signed-by-another", asked(by=SECOND)
    yield "DOC_MEMBER_INVALID", "ceremony-without-operator", asked({"operator": None})
    yield "DOC_MEMBER_INVALID", "ceremony-without-statement", asked({"statement": None})
    yield "DOC_MEMBER_INVALID", "ceremony-of-a-terminal", asked({"kind": "terminal"})
    yield "DOC_MEMBER_UNKNOWN", "ceremony-of-a-key-for-tls", asked({"use": "authenticate"})


def enrolment_files():
    yield "enrolment.jws", enrolment(holder="alice").encode()
    yield "enrolments-forged.txt", "".join("%s %s %s\n" % row for row in forged_enrolments()).encode()
