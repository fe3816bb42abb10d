#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds in tests/fuzz/corpus: small files near the edges of each format, from the
standards' own examples and the golden files of tests/verifier. Uses none of our programs.

    make_corpus.py            write them
    make_corpus.py --check    exit 1 and name those that differ from what would be written
"""

import base64
import hashlib
import json
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
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


# --- the helper's wire: token/wire.def, token/wire.c ---

# RFC 6979 A.2.5: a key on P-256, and its signature of "sample".
POINT = bytes.fromhex("0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                      "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299")
SIGNATURE = bytes.fromhex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                          "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")


def number(value, size=4):
    return value.to_bytes(size, "big")


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return number(len(value), 2) + value


def token_info(flags=0b01011):
    return b"".join(map(text, ("alice", "SoftHSM project", "SoftHSM v2", "0123", "reader"))) + bytes(
        [flags, 1, 1]) + number(4, 2) + number(255, 2)


def key_info():
    return text("sign") + text(b"\2") + bytes([0b0011, 1])


def source():
    return text("/usr/lib/softhsm/libsofthsm2.so") + text("")


def wire_answers_seeds():
    """Calls of fuzz_wire_answers.c by their place, each with the packets that come back."""
    sources, tokens, init, opens, info, login, pins, generate, keys, look, find, sign, derive, store, many, join, readers = range(17)
    more, raw = 0x8000, 0x4000

    def call(which, *packets, flags=0):
        heads = [(more if i + 1 < len(packets) else 0) | flags | len(p) for i, p in enumerate(packets)]
        return bytes([which]) + b"".join(number(h, 2) + p for h, p in zip(heads, packets))

    sight = bytes([0b00011, 1]) + key_info() + bytes([0b11]) + number(1 << 62, 8)
    yield call(sources, number(2, 2) + source() * 2) + call(tokens, number(2, 2) + token_info() * 2) + call(tokens, number(0, 2))
    yield call(init, token_info()) + call(opens, number(1) + token_info(), b"") + call(info, token_info(0b11111))
    yield call(login, b"", b"", b"", b"") + call(pins, number(3), b"\1", b"") + call(generate, b"")
    yield call(keys, number(2, 2) + key_info() * 2) + call(keys, number(0, 2)) + call(look, sight)
    yield call(find, number(9) + key_info() + text(POINT), b"") + call(sign, text(SIGNATURE)) + call(store, b"")
    yield call(many, *[text(SIGNATURE)] * 3) + call(many, text(SIGNATURE), text(SIGNATURE[:-1] + b"\0"), text(SIGNATURE))
    yield call(derive, text(POINT[1:33])) + call(derive, text(POINT)) + call(join, number(1) + token_info() + number(600))
    for name in (b"PIN_LOCKED", b"TOKEN_REMOVED", b"TIMEOUT", b"UNAVAILABLE", b"x" * 255, b""):
        yield b"".join(call(which, bytes([len(name)]) + name, flags=raw) for which in (tokens, info, find, sign, many, join, pins))
    seen = text("A reader 00 00") + bytes([1]) + text("3b00") + number(2)
    yield call(readers, bytes([2]) + seen * 2) + call(readers, bytes([1]) + seen + b"\0") + call(readers, bytes([255]) + seen)
    for cut in (256, 512, 1024):  # as much as has room, and more is promised
        whole = number(200, 2) + key_info() * ((cut - 20) // len(key_info())) + number(128, 2)
        yield call(keys, whole.ljust(cut, b"x"))
    for bad in (key_info()[:-1] + b"\4", text("x" * 129) + key_info()[6:], text("a\0b") + key_info()[6:], key_info() + b"\0",
                text("sign") + text(bytes(65)) + bytes([3, 1]), text("sign") + text(b"\2") + bytes([16, 1])):
        yield call(keys, number(1, 2) + bad) + call(find, number(9) + bad + text(POINT)) + call(look, bytes([3, 1]) + bad + bytes(9))
    yield call(info, token_info(0b100000)) + call(look, bytes([3, 33]) + key_info() * 33) + call(tokens, number(65, 2) + token_info() * 65)
    yield call(sign, flags=raw) + call(find) + call(keys, number(65535, 2)) + call(tokens, number(64, 2) + token_info())


def wire_questions_seeds():
    """Questions of fuzz_wire_questions.c: things get the numbers 1, 2 ... in the order in which they are made."""
    with open(HERE.parents[1] / "token" / "wire.def", encoding="utf-8") as f:
        types = {name: n for n, name in enumerate(re.findall(r"^X\((\w+),", f.read(), flags=re.M), 1)}
    visitor, given = 0x8000, 0x4000

    def ask(name, payload=b"", flags=0):
        packet = number(types[name], 2) + payload
        return number(flags | len(packet), 2) + packet

    begin = ask("LOAD", source()) + ask("OPEN", text("pkcs11:token=alice")) + ask("PIN_READ", flags=given)
    token, pin, key = number(1), number(2), number(3)
    wish = bytes([1, 1]) + text("sign") + text(b"\2")
    found = ask("FIND", token + b"\1" + text("pkcs11:object=sign"))
    yield ask("PAGE", flags=given) + begin + ask("LIST") + ask("LOGIN", token + pin + b"\0") + found + ask(
        "SIGN", key + text(bytes(64))) + ask("KEY_FREE", key) + ask("CLOSE", token) + ask("PIN_FREE", pin) + ask("UNLOAD")
    yield begin + ask("PIN_READ", flags=given) + ask("INIT", text("label") + pin + number(3)) + ask("PIN_SAME", pin + number(3)) + ask(
        "CHANGE_PIN", token + pin + number(3) + b"\1") + ask("UNBLOCK", token + b"\2" + pin + number(3) + b"\0")
    yield begin + ask("GENERATE", token + wish) + ask("OFFICER_GENERATE", token + pin + b"\0" + wish) + ask("KEYS", token) + ask(
        "LOOK", token) + ask("INFO", token) + ask("LOGOUT", token)
    yield begin + found + ask("STORE", key + text(b"0\0")) + ask("DERIVE", key + text(POINT)) + ask("SIGN", key + text(bytes(512)))
    yield begin + ask("PIN_ASK", text("about") + text("PIN:") + text("") + number(1, 2), flags=given) + ask("LIST")
    keep = begin + ask("KEEP", token + number(600) + number(300) + number(30) + number(0) + text("/run/x"), flags=given)
    visit = [("JOIN", b""), ("INFO", token), ("KEYS", token), ("FIND", token + b"\1" + text("")), ("SIGN", key + text(bytes(32)))]
    yield keep + b"".join(ask(name, payload, visitor) for name, payload in visit)
    yield keep + b"".join(ask(name, token, visitor) for name in ("LOGIN", "CLOSE", "KEEP", "UNLOAD", "END")) + ask("END", b"", visitor)
    uses = [token + bytes([use]) + text("pkcs11:object=sign") for use in (0, 1, 2, 3)]
    kinds = [token + bytes([use, curve]) + text("sign") + text(b"\2") for use, curve in ((1, 0), (1, 3), (1, 4), (0, 1), (2, 1), (3, 1))]
    yield begin + b"".join(ask("FIND", use) for use in uses) + b"".join(ask("GENERATE", kind) for kind in kinds)


def seeds():
    """Each file of the corpus, by its path."""
    for make in (json_seeds, jws_seeds, order_seeds, decision_seeds, base64url_seeds, uri_seeds,
                 http_seeds, evidence_seeds, bundle_seeds, parts_seeds, wire_answers_seeds, wire_questions_seeds):
        folder = CORPUS / make.__name__.removesuffix("_seeds")
        for place, seed in enumerate(make(), 1):
            yield folder / f"{place:02d}", seed


def main(arguments):
    if arguments not in ([], ["--check"]):
        return "usage: make_corpus.py [--check]"
    made = dict(seeds())
    if arguments:
        there = {path: path.read_bytes() for path in CORPUS.rglob("*") if path.is_file()}
        differ = sorted(str(path.relative_to(CORPUS)) for path in made.keys() | there.keys()
                        if made.get(path) != there.get(path))
        return "\n".join(differ) or None
    shutil.rmtree(CORPUS, ignore_errors=True)
    for path, seed in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(seed)
    return None


sys.exit(main(sys.argv[1:]))
