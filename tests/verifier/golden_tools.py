# SPDX-License-Identifier: Apache-2.0
"""ECDSA (FIPS 186-4, nonces by RFC 6979), DER, base64url, RFC 8785 and JWS, from the standard
library alone; the openssl program checks every signature."""
import base64
import functools
import hashlib
import hmac
import json
import os
import subprocess
import tempfile

CURVES = {
    "P-256": dict(
        alg="ES256", hash="sha256", size=32, oid="06082a8648ce3d030107",
        p=0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
        n=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        g=(0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
           0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)),
    "P-384": dict(
        alg="ES384", hash="sha384", size=48, oid="06052b81040022",
        p=2**384 - 2**128 - 2**96 + 2**32 - 1,
        n=int("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
                "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
        g=(int("AA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B98"
                "59F741E082542A385502F25DBF55296C3A545E3872760AB7", 16),
           int("3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147C"
                "E9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F", 16))),
    "P-521": dict(
        alg="ES512", hash="sha512", size=66, oid="06052b81040023",
        p=2**521 - 1,
        n=int("1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
                "FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16),
        g=(int("00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3D"
                "BAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66", 16),
           int("011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E66"
                "2C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650", 16))),
}


def add(c, P, Q):
    if P is None or Q is None:
        return P or Q
    p = c["p"]
    if P[0] == Q[0]:
        if (P[1] + Q[1]) % p == 0:
            return None
        m = (3 * P[0] * P[0] - 3) * pow(2 * P[1], -1, p)
    else:
        m = (Q[1] - P[1]) * pow(Q[0] - P[0], -1, p)
    x = (m * m - P[0] - Q[0]) % p
    return x, (m * (P[0] - x) - P[1]) % p


@functools.lru_cache(maxsize=None)
def multiples(curve):
    """Of the base point: 0 to 15 times 16^i, for each i."""
    c, rows = CURVES[curve], []
    P = c["g"]
    for _ in range(2 * c["size"]):
        row = [None]
        for _ in range(16):
            row.append(add(c, row[-1], P))
        P = row.pop()
        rows.append(row)
    return rows


def multiply(curve, k):
    """The base point, K times."""
    R = None
    for row in multiples(curve):
        R = add(CURVES[curve], R, row[k & 15])
        k >>= 4
    return R


def nonce_6979(c, d, digest):
    n, size = c["n"], c["size"]
    bits = n.bit_length()

    def to_int(b):
        v = int.from_bytes(b, "big")
        return v >> max(0, len(b) * 8 - bits)

    def mac(K, data):
        return hmac.new(K, data, c["hash"]).digest()

    seed = d.to_bytes(size, "big") + (to_int(digest) % n).to_bytes(size, "big")
    V, K = b"\1" * len(digest), b"\0" * len(digest)
    K = mac(K, V + b"\0" + seed)
    V = mac(K, V)
    K = mac(K, V + b"\1" + seed)
    V = mac(K, V)
    while True:
        T = b""
        while len(T) * 8 < bits:
            V = mac(K, V)
            T += V
        k = to_int(T[:(bits + 7) // 8])
        if 1 <= k < n:
            return k
        K = mac(K, V + b"\0")
        V = mac(K, V)


class Key:
    def __init__(self, curve, d):
        self.c = CURVES[curve]
        self.curve, self.d, self.alg = curve, d, self.c["alg"]
        size = self.c["size"]
        x, y = (v.to_bytes(size, "big") for v in multiply(curve, d))
        oids = bytes.fromhex("06072a8648ce3d0201" + self.c["oid"])
        self.spki = der(0x30, der(0x30, oids) + der(0x03, b"\0\4" + x + y))
        jwk = '{"crv":"%s","kty":"EC","x":"%s","y":"%s"}' % (curve, b64u(x), b64u(y))
        self.thumbprint = b64u(sha256(jwk.encode()))

    @functools.lru_cache(maxsize=None)
    def rs(self, message):
        c, n = self.c, self.c["n"]
        digest = hashlib.new(c["hash"], message).digest()
        z = int.from_bytes(digest, "big") >> max(0, len(digest) * 8 - n.bit_length())
        k = nonce_6979(c, self.d, digest)
        r = multiply(self.curve, k)[0] % n
        s = pow(k, -1, n) * (z + r * self.d) % n
        self.ask_openssl(message, r, s)
        return r, s

    def sign(self, message):
        r, s = self.rs(message)
        size = self.c["size"]
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    def ask_openssl(self, message, r, s):
        with tempfile.TemporaryDirectory() as d:
            for name, content in (("k", self.spki), ("m", message), ("s", der_sig(r, s))):
                with open(os.path.join(d, name), "wb") as f:
                    f.write(content)
            subprocess.run(["openssl", "dgst", "-" + self.c["hash"], "-keyform", "DER", "-verify",
                            d + "/k", "-signature", d + "/s", d + "/m"],
                           check=True, stdout=subprocess.DEVNULL)


def der(tag, content):
    n = len(content)
    size = bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256 else b"\x82" + n.to_bytes(2, "big")
    return bytes([tag]) + size + content


def der_sig(r, s):
    return der(0x30, b"".join(der(2, v.to_bytes(v.bit_length() // 8 + 1, "big")) for v in (r, s)))


# --- encodings -----------------------------------------------------------------------------------

def sha256(b):
    return hashlib.sha256(b).digest()


def hexdigest(b):
    return hashlib.sha256(b).hexdigest()


def b64u(b):
    return base64.urlsafe_b64encode(b).decode().rstrip("=")


def canon(value):
    """RFC 8785 for what our documents hold: the names are ASCII, the numbers integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def unb64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def iban(country, bban):
    text = "".join(str(int(ch, 36)) for ch in bban + country + "00")
    return "%s%02d%s" % (country, 98 - int(text) % 97, bban)


def jws(key, typ, payload, header=None):
    if header is None:
        header = canon({"alg": key.alg, "kid": key.thumbprint, "typ": typ})
    signing_input = b64u(header) + "." + b64u(payload)
    return signing_input + "." + b64u(key.sign(signing_input.encode()))
