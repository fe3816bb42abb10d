#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`vectors` answers every line of any input with one line, and says no by name.

usage: any_input.py VECTORS [OP...]        the operations that this build has
"""
import base64
import json
import subprocess
import sys

KEY = ("3059301306072a8648ce3d020106082a8648ce3d030107034200047fcdce2770f6c45d4183cbee6fdb4b7b5807"
       "33357be9ef13bacf6e3c7bd15445c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad")
HASH = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
JWK = {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
       "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
JWS = {  # RFC 7515 A.3
    "protected": "eyJhbGciOiJFUzI1NiJ9",
    "payload": "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
               "Ijp0cnVlfQ",
    "signature": "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU"
                 "1Q"}
COMPACT = ".".join((JWS["protected"], JWS["payload"], JWS["signature"]))
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

# One sound question an operation, with the answer beside valid and reason.
SOUND = {
    "json": ({"hex": "7b7d"}, {}),
    "canon": ({"hex": "7b2262223a312c2261223a2d307d"}, {"hex": "7b2261223a302c2262223a317d"}),
    "spki": ({"hex": KEY}, {"alg": "ES256"}),
    "ecdsa": ({"alg": "ES256", "spki": KEY, "msg": COMPACT.rsplit(".", 1)[0].encode().hex(),
               "sig": base64.urlsafe_b64decode(JWS["signature"] + "==").hex()}, {}),
    "jws": ({"jws": JWS, "jwk": JWK},
            {"payload": base64.urlsafe_b64decode(JWS["payload"] + "==").hex()}),
    "iban": ({"text": "PT50000201231234567890154"}, {}),
    "amount": ({"text": "77.78", "currency": "EUR"}, {"minor": 7778}),
    "inclusion": ({"leafIdx": 0, "treeSize": 1, "root": HASH, "leafHash": HASH, "proof": None}, {}),
    "consistency": ({"size1": 1, "size2": 1, "root1": HASH, "root2": HASH, "proof": []}, {}),
    "http": ({"hex": (REQUEST * 2 + REQUEST[:9]).hex()}, {"requests": 2}),
}

RUBBISH = (b"", b" ", b"\r", b"{", b"[]", b"null", b"1", b'"hex"', b"{}", b"\xff\xfe", b"\0",
           b'{"hex":"0"}', b'{"hex":"0g"}', b'{"hex":"7b7d","hex":"7b7d"}', b'{"hex":7}',
           b'{"hex":null}', b'{"text":1}', b'{"proof":{}}', b"[" * 100000, b'{"a":' * 100000,
           b'{"text":"' + b"a" * 100000 + b'"}', b'{"hex":"' + b"5b" * 100000 + b'"}')
TOO_LONG = b"x" * (17 << 20)


def ask(program, op, lines):
    run = subprocess.run([program, op], input=b"\n".join(lines) + b"\n", capture_output=True,
                         check=False)
    assert run.returncode == 0, (op, run.returncode, run.stderr[-2000:])
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(lines), (op, len(answers), len(lines))
    return answers


def variants(sound):
    """The sound question with each member left out, and with one of each wrong type."""
    for name in sound:
        yield {k: v for k, v in sound.items() if k != name}
        for wrong in (None, True, -1, 2**53 - 1, "", "zz", "\u20ac", [], [1], [None], {}, {"a": 1}):
            yield dict(sound, **{name: wrong})


def check(program, op):
    question, extra = SOUND[op]
    [answer] = ask(program, op, [json.dumps(dict(question, comment="ignored")).encode()])
    assert answer == {"valid": True, "reason": "OK", **extra}, (op, answer)
    lines = [json.dumps(q).encode() for q in variants(question)]
    for line, answer in zip(lines, ask(program, op, lines)):
        # An empty proof may be written as null, as [] or not at all; no bytes are no bad request.
        asked = {"proof": None, **json.loads(line)}
        same = asked["proof"] in (None, []) and dict(asked, proof=None) == dict(question, proof=None)
        assert answer["valid"] is False or same or (op == "http" and asked["hex"] == ""), (
            op, line, answer)
    for line, answer in zip(RUBBISH, ask(program, op, RUBBISH)):
        assert answer["valid"] is False and set(answer) == {"valid", "reason"}, (op, line[:40], answer)
        assert answer["reason"].replace("_", "").isupper(), answer


def check_long_line(program):
    got = [a["reason"] for a in ask(program, "json", [b"{}", TOO_LONG, b'{"hex":"7b7d"}'])]
    assert got == ["DOC_MEMBER_MISSING", "TOO_LARGE", "OK"], got


def check_roots(program):
    """Suites compare equal trees by roots that are no hashes; nothing is proved by such a root."""
    odd = {"size1": 1, "size2": 1, "root1": "ZG9uJ3QgY2FyZQ==", "root2": "ZG9uJ3QgY2FyZQ=="}
    other = dict(odd, root2="ZG9uJ3QgY2FyZSAy")
    later = dict(odd, size2=2, proof=[HASH])
    got = [a["valid"] for a in ask(program, "consistency",
                                   [json.dumps(q).encode() for q in (odd, other, later)])]
    assert got == [True, False, False], got


def main():
    program, ops = sys.argv[1], sys.argv[2:]
    for op in ops:
        check(program, op)
    check_long_line(program)
    check_roots(program)
    for arguments in ([], ["nonsense"], ["json", "iban"], [""]):
        run = subprocess.run([program, *arguments], input=b"{}\n", capture_output=True, check=False)
        assert run.returncode == 2 and not run.stdout and b"usage" in run.stderr, (arguments, run)
    print(f"{len(ops)} operations")


if __name__ == "__main__":
    main()
