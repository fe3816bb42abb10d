#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds in tests/fuzz/corpus: small files near the edges of each format, from the
standards' own examples and the golden files of tests/verifier. Uses none of our programs."""

import base64
import hashlib
import json
import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "verifier" / "golden"

# RFC 7515 A.3
A3_HEADER = "eyJhbGciOiJFUzI1NiJ9"
A3_PAYLOAD = ("eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
              "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ")
A3_SIGNATURE = ("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
                "pmWQxfKTUJqPP3-Kg6NU1Q")


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def payload_of(jws):
    middle = jws.split(b".")[1]
    return base64.urlsafe_b64decode(middle + b"=" * (-len(middle) % 4))


def golden(name):
    return (GOLDEN / name).read_bytes().rstrip(b"\n")


def json_seeds():
    yield b'{"\\u20ac":"Euro","\\r":1,"1":[true,false,null],"\\ud83d\\ude02":{},"\xc3\xb6":-7}'
    yield b"[0,-0,1,-1,9007199254740991,-9007199254740991]"
    yield b'"\\b\\f\\n\\r\\t\\"\\\\\\/\\u001f\\u007f\\u0080"'
    yield b'{"a":1,"\\u0061":2}'
    yield b"[1.0,1e2,01,9007199254740992]"
    yield b"\xef\xbb\xbf{}"
    yield b'["\\ud800","\\ufdd0","\\u0000"]'
    yield b"[" * 33 + b"]" * 33
    yield b"[" * 32 + b"]" * 32
    yield b' { "b" : [ ] , "a" : "x" } \n'
    yield b'{"\xef\xac\xb3":1,"\xf0\x9f\x98\x80":2}'


def jws_seeds():
    yield ".".join((A3_HEADER, A3_PAYLOAD, A3_SIGNATURE)).encode()
    flattened = {"protected": A3_HEADER, "payload": A3_PAYLOAD, "signature": A3_SIGNATURE}
    yield canonical(flattened)
    yield canonical({"payload": A3_PAYLOAD,
                     "signatures": [{"protected": A3_HEADER, "signature": A3_SIGNATURE}]})
    yield canonical(dict(flattened, header={"kid": "x"}))
    yield golden("decision.jws")
    yield golden("login.jws")
    for header in (b'{"alg":"none"}', b'{"alg":"HS256"}', b'{"alg":"ES256","crit":["b64"],"b64":false}',
                   b'{"alg":"ES256","alg":"ES256"}', b'{"alg": "ES256"}'):
        yield b".".join((b64url(header), A3_PAYLOAD.encode(), A3_SIGNATURE.encode()))


def order_seeds():
    order = json.loads(golden("order.json"))
    yield golden("order.json")
    yield golden("order-full.json")
    yield golden("policy.json")
    draft = {k: v for k, v in order.items()
             if k not in ("bank", "id", "created", "expires", "date", "type", "version")}
    yield json.dumps(draft, indent=1).encode()
    for changes in ({"amount": "0.00"}, {"amount": "077.78"}, {"currency": "JPY", "amount": "100"},
                    {"currency": "BHD", "amount": "1.000"}, {"description": "a\u200bb"},
                    {"reference": "RF18539007547034"}, {"amount": "9999999999999999.99"},
                    {"date": "2028-02-29"}, {"purpose": "SALA"}):
        yield canonical(dict(order, **changes))


def decision_seeds():
    payload = json.loads(golden("decision-payload.json"))
    yield canonical(payload)
    for verb, reason in (("submit", None), ("reject", "MS02"), ("cancel", "DS02"), ("reject", None)):
        changed = dict(payload, decision=verb)
        yield canonical(dict(changed, reason=reason) if reason else changed)
    yield canonical(dict(payload, challenge=payload["nonce"]))
    yield payload_of(golden("login.jws"))
    yield payload_of(golden("bank-keys.jws"))
    batch = json.loads(golden("batch-payload.json"))
    yield canonical(batch)
    yield canonical(dict(batch, batch=dict(batch["batch"], totals=[{"amount": "1.00", "currency": "EUR"},
                                                                   {"amount": "1", "currency": "JPY"}])))


def base64url_seeds():
    yield from (b"", b"A", b"AA", b"AB", b"AAA", b"AAB", b"AAAA", b"AA==", b"-_-_", b"+/+/", b"A A",
                b"\x00\xff\xfe", b"Zm9vYmFy", b"00fFa5")


def uri_seeds():
    yield from (
        b"pkcs11:", b"pkcs11:token=alice;object=sign", b"pkcs11:id=%00%01%FF;type=private",
        b"pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;serial=;model=1.0",
        b"pkcs11:manufacturer=Snake%20Oil,%20Inc.;object=my-sign-key?module-path=/usr/lib/x.so",
        b"pkcs11:slot-id=327", b"pkcs11:object=a?pin-value=1234", b"pkcs11:token=a;token=b",
        b"pkcs11:slot-description=Reader%20%5B1%5D;serial=0001", b"PKCS11:token=a",
        b"pkcs11:token=Z\xc3\xbcrich", b"pkcs11:token=%c3%bc", b"pkcs11:id=%0", b"pkcs11:token=%00")


def http_seeds():
    host = b"Host: localhost\r\n"
    yield b"GET /v1/health HTTP/1.1\r\n" + host + b"\r\n"
    yield b"POST /v1/login HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n"
    yield b"POST /v1/x HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"
    yield (b"POST /v1/x HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n"
           b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    yield b"GET /v1/log/entries?from=0&limit=2 HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n"
    yield b"GET /a HTTP/1.1\r\n" + host + b"X-Folded: a\r\n b\r\n\r\n"
    yield b"GET /a HTTP/1.1\n" + host + b"\r\n"
    yield b"POST /a HTTP/1.1\r\n" + host + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    yield b"GET http://localhost/ HTTP/1.1\r\n" + host + b"\r\n"
    yield b"PUT /a HTTP/1.1\r\n" + host + b"\r\n"
    yield b"GET /a HTTP/1.1\r\n" + host * 2 + b"\r\n"
    yield b"POST /a HTTP/1.1\r\n" + host + b"Content-Length: 513\r\n\r\n"
    yield b"POST /a HTTP/1.1\r\n" + host + b"content-length : 1\r\n\r\n1"


def evidence_seeds():
    """All but "expired", whose log key is not the one that reseal.c has."""
    for name in ("settled", "open", "rejected", "cancelled"):
        yield golden(f"evidence/{name}.json")


def a_bundle(**members):
    order, policy = json.loads(golden("order.json")), json.loads(golden("policy.json"))
    digest = hashlib.sha256(golden("order.json")).hexdigest()
    key = json.loads(golden("keys.ndjson").splitlines()[0])
    challenge = {"challenge": "AAECAwQFBgcICQoLDA0ODw", "expires": "2026-11-22T22:00:00Z", "issued": "2026-11-22T10:00:00Z",
                 "thumbprint": "1cOKsbxizakCeypbrX0aN3xB7oWT4ZBtY5OaOWgEGDE"}
    return {"bank": order["bank"], "challenges": [challenge],
            "decisions": [{"decision": golden("decision.jws").decode(), "order": digest}],
            "keys": [key["spki"]] if "spki" in key else [],
            "orders": [{"order": order, "policy": hashlib.sha256(golden("policy.json")).hexdigest()}],
            "policies": [policy], "type": "bundle", "version": 1, **members}


def bundle_seeds():
    whole = a_bundle()
    yield canonical(whole)
    for name in ("challenges", "decisions", "keys"):
        yield canonical(a_bundle(**{name: []}))
        yield canonical(a_bundle(**{name: whole[name] * 2}))
    yield canonical(a_bundle(orders=[], decisions=[]))
    yield canonical(a_bundle(bank="other.example/demo"))


def parts_seeds():
    document = canonical(a_bundle())
    for each in (450, 1800):
        cut = [document[i:i + each] for i in range(0, len(document), each)]
        digest = hashlib.sha256(document).hexdigest().upper()
        lines = ["CSQ1/%d/%d/%s/%s" % (i, len(cut), digest, base64.b32encode(part).decode().rstrip("="))
                 for i, part in enumerate(cut, 1)]
        yield "\n".join(lines[::-1] + lines[:1]).encode()
        yield "\n".join(lines[1:]).encode()
    yield b"CSQ1/1/1/C3AB8FF13720E8AD9047DD39466B3C8974E592C2FA383D4A3960714CAEF0C4F2/MZXW6YTBOI"


def main():
    shutil.rmtree(HERE / "corpus", ignore_errors=True)
    for make in (json_seeds, jws_seeds, order_seeds, decision_seeds, base64url_seeds, uri_seeds,
                 http_seeds, evidence_seeds, bundle_seeds, parts_seeds):
        folder = HERE / "corpus" / make.__name__.removesuffix("_seeds")
        folder.mkdir(parents=True)
        for number, seed in enumerate(make(), 1):
            (folder / f"{number:02d}").write_bytes(seed)


main()
