# SPDX-License-Identifier: Apache-2.0
"""The golden decisions that must be refused, each with the name of the refusal."""
import hmac
import json

from golden_story import (ALICE, CREDITOR, DECISION, FULL, LOGIN, ORDER, POLICY, STRANGER,
                          decision, display, signed)
from golden_tools import b64u, canon, der_sig, hexdigest, jws, sha256


def raw(header, payload, signature):
    return b64u(header) + "." + b64u(payload) + "." + b64u(signature)


def forged_decisions():
    payload = canon(decision())
    good = {"alg": "ES256", "kid": ALICE.thumbprint, "typ": DECISION}

    def with_header(**changes):
        return jws(ALICE, DECISION, payload, canon(dict(good, **changes)))

    yield "OK", "good", jws(ALICE, DECISION, payload)
    yield "OK", "twin", twin(payload)
    # THREATS 2: what was signed for elsewhere
    test = dict(ORDER, bank="demobank.example/test")
    yield "BANK_MISMATCH", "02-other-system", signed(ALICE, order=test)
    yield "ACCOUNT_MISMATCH", "02-other-account", signed(ALICE, account=CREDITOR)
    yield "POLICY_MISMATCH", "02-other-policy", signed(
        ALICE, policy=dict(POLICY, version=2))
    yield "JWS_TYPE", "02-a-login", jws(ALICE, LOGIN, payload)
    yield "JWS_TYPE", "02-a-strangers-login", jws(STRANGER, LOGIN, payload)
    yield "JWS_TYPE", "02-a-batch-decision", jws(ALICE, "countersign-batch-decision+jws", payload)
    # THREATS 3: another document with the same id
    yield "ORDER_MISMATCH", "03-same-id", signed(ALICE, order=dict(ORDER, amount="99.99"))
    yield "ORDER_MISMATCH", "03-other-id", signed(ALICE, order=dict(ORDER, id=FULL["id"]))
    yield "ORDER_MISMATCH", "03-other-id-same-digest", jws(
        ALICE, DECISION, canon(dict(decision(), order=FULL["id"])))
    # THREATS 4: the algorithm is the key's
    for alg in ("none", "HS256", "RS256", "PS256", "ES256K", "EdDSA", "es256"):
        yield "JWS_ALGORITHM", "04-alg-" + alg, with_header(alg=alg)
    yield "JWS_ALGORITHM", "04-alg-mixed", with_header(alg="ES512")
    hs = b64u(canon(dict(good, alg="HS256"))) + "." + b64u(payload)
    mac = hmac.new(ALICE.spki, hs.encode(), "sha256").digest()
    yield "JWS_ALGORITHM", "04-hs256-with-the-public-key", hs + "." + b64u(mac)
    jwk = {"crv": "P-256", "kty": "EC", "x": "AA", "y": "AA"}
    for name, value in (("jwk", jwk), ("jku", "https://evil.example/"), ("x5c", ["AA"]),
                        ("x5u", "https://evil.example/"), ("x5t", "AA"), ("cty", "json")):
        yield "JWS_HEADER", "04-" + name, with_header(**{name: value})
    yield "SIGNATURE_INVALID", "04-other-key", jws(STRANGER, DECISION, payload, canon(good))
    yield "KEY_UNKNOWN", "04-unknown-key", jws(STRANGER, DECISION, payload)
    # THREATS 5: headers
    yield "JWS_HEADER", "05-b64", with_header(b64=False, crit=["b64"])
    yield "JWS_HEADER", "05-crit", with_header(crit=["exp"])
    for kid in ("../../etc/passwd", "x' OR '1'='1", "", ALICE.thumbprint + "A"):
        yield "JWS_HEADER", "05-kid-%d" % len(kid), with_header(kid=kid)
    header = canon(good)
    for error, name, h in (
            ("JWS_HEADER", "twice", header[:-1] + b',"typ":"' + DECISION.encode() + b'"}'),
            ("JWS_HEADER", "twice-escaped", header[:-1] + b',"\\u0074yp":"x"}'),
            ("JWS_HEADER", "spaced", header.replace(b",", b", ")),
            ("JWS_HEADER", "reordered", json.dumps(
                {k: good[k] for k in ("typ", "kid", "alg")}, separators=(",", ":")).encode()),
            ("JWS_HEADER", "without-typ", canon({k: good[k] for k in ("alg", "kid")}))):
        yield error, "05-" + name, jws(ALICE, DECISION, payload, h)
    yield from forged_signatures(payload, header)
    yield from forged_payloads()


def twin(payload):
    """The (r, n-s) of a signature: it verifies, and is still the same person's one approval."""
    header = canon({"alg": "ES256", "kid": ALICE.thumbprint, "typ": DECISION})
    text = b64u(header) + "." + b64u(payload)
    r, s = ALICE.rs(text.encode())
    n = ALICE.c["n"]
    return text + "." + b64u(r.to_bytes(32, "big") + (n - s).to_bytes(32, "big"))


def forged_signatures(payload, header):
    text = b64u(header) + "." + b64u(payload)
    r, s = ALICE.rs(text.encode())
    n = ALICE.c["n"]
    sig = ALICE.sign(text.encode())

    def rs(a, b):
        return text + "." + b64u(a.to_bytes(32, "big") + b.to_bytes(32, "big"))

    yield "SIGNATURE_INVALID", "r-zero", rs(0, s)
    yield "SIGNATURE_INVALID", "s-zero", rs(r, 0)
    yield "SIGNATURE_INVALID", "both-zero", rs(0, 0)
    yield "SIGNATURE_INVALID", "s-is-n", rs(r, n)
    yield "SIGNATURE_INVALID", "both-n", rs(n, n)
    yield "SIGNATURE_INVALID", "flipped", text + "." + b64u(sig[:-1] + bytes([sig[-1] ^ 1]))
    yield "SIGNATURE_INVALID", "der", text + "." + b64u(der_sig(r, s))
    yield "SIGNATURE_INVALID", "short", text + "." + b64u(sig[:-1])
    yield "BASE64_INVALID", "padded", text + "." + b64u(sig) + "=="
    yield "JWS_MALFORMED", "two-parts", text
    yield "JWS_MALFORMED", "four-parts", text + "." + b64u(sig) + "."
    yield "SIGNATURE_INVALID", "other-payload", raw(header, canon(decision(verb="submit")), sig)


def forged_payloads():
    def payload(error, name, **changes):
        return error, name, signed(ALICE, **changes)

    yield payload("DISPLAY_MISMATCH", "display-digest", displayDigest="0" * 64)
    yield payload("DISPLAY_MISMATCH", "display-of-another-verb", decision="submit")
    yield payload("DISPLAY_UNKNOWN", "display-version", display="countersign-display/2;en")
    yield payload("DOC_MEMBER_INVALID", "verb-unknown", decision="adore")
    yield payload("DOC_MEMBER_INVALID", "reason-on-approve", reason="MS02")
    yield payload("DOC_MEMBER_INVALID", "reject-without-reason", verb="reject", reason=None)
    yield payload("DOC_MEMBER_INVALID", "reject-for-another-reason", verb="reject", reason="DS02")
    yield payload("DOC_MEMBER_INVALID", "nonce-long", nonce="A" * 23)
    yield payload("DOC_MEMBER_INVALID", "nonce-bits", nonce="A" * 21 + "B")
    yield payload("DOC_MEMBER_INVALID", "digest-upper", orderDigest=hexdigest(canon(ORDER)).upper())
    yield payload("DOC_MEMBER_INVALID", "expires-first", expires="2026-11-22T10:05:00Z")
    yield payload("TIME_INVALID", "time-with-zone", issued="2026-11-22T10:05:00+00:00")
    yield payload("DOC_MEMBER_MISSING", "without-policy", policyDigest=None)
    yield payload("DOC_MEMBER_UNKNOWN", "more", comment="hello")
    yield payload("DOC_TYPE", "version", version=2)
    text = canon(decision())
    yield "DOC_NOT_CANONICAL", "payload-spaced", jws(ALICE, DECISION, text.replace(b",", b", ", 1))
    yield "JSON_SYNTAX", "payload-empty", jws(ALICE, DECISION, b"")
    yield "JSON_SYNTAX", "payload-bom", jws(ALICE, DECISION, b"\xef\xbb\xbf" + text)
    yield "JSON_SYNTAX", "payload-trailing", jws(ALICE, DECISION, text + b"x")
