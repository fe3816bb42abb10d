# SPDX-License-Identifier: Apache-2.0
"""The virtual OpenPGP card as middleware sees it; see middleware.py. OpenSC makes two tokens of it, as it has two
PINs: one for the signature key, one for the other two keys. They share the tries."""
import hashlib
import os
import re
import unittest

from middleware import PIN, WRONG_PIN, Card, pkcs11, run

PW3 = os.environ["CARD_PUK"]
SIGNATURE, ENCRYPTION, AUTHENTICATION = "01", "02", "03"
TOKENS = {SIGNATURE: "OpenPGP card (User PIN (sig))", ENCRYPTION: "OpenPGP card (User PIN)",
          AUTHENTICATION: "OpenPGP card (User PIN)"}
CURVES = {"P-256": ("secp256r1", "sha256"), "P-384": ("secp384r1", "sha384"), "P-521": ("secp521r1", "sha512")}


EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")


def der(tag, value):
    """Up to 255 bytes."""
    return bytes([tag, *([0x81] if len(value) > 0x7f else []), len(value)]) + value


class OpenPgpTest(Card):
    def login(self, key_id, pin):
        return "--token-label", TOKENS[key_id], "--login", "--pin", pin

    def public_key(self, key_id):
        """From the listing: pkcs11-tool 0.23 writes no public key on P-384."""
        listing = self.succeeds(pkcs11("--token-label", TOKENS[key_id], "-O", "--type", "pubkey")).stdout
        ours, = (text for text in listing.split("Public Key Object") if re.search(f"ID: +{key_id}\n", text))
        point, parameters = (bytes.fromhex(re.search(name + r": +([0-9a-f]+)", ours)[1])
                             for name in ("EC_POINT", "EC_PARAMS"))
        point = point[2 if point[1] < 0x80 else 3:]  # out of its OCTET STRING
        spki = der(0x30, der(0x30, EC_PUBLIC_KEY + parameters) + der(0x03, b"\0" + point))
        key = self.path(f"{key_id}.pem")
        self.succeeds(run("openssl", "pkey", "-pubin", "-inform", "DER", "-in", self.write("spki.der", spki),
                          "-pubout", "-out", key))
        return key

    def keys(self, label):
        listing = self.succeeds(pkcs11("--token-label", label, "-O", "--login", "--pin", PIN)).stdout
        return re.findall(r"Private Key Object.*?ID: +(\d+)", listing, re.S)

    def test_lists(self):
        for label in sorted(set(TOKENS.values())):
            self.assertEqual(self.keys(label), [key for key, of in TOKENS.items() if of == label])

    def curve(self):
        """What the key says that it is on."""
        text = run("openssl", "pkey", "-pubin", "-in", self.public_key(SIGNATURE), "-noout", "-text").stdout
        return re.search(r"NIST CURVE: (P-\d+)", text)[1]

    def signs_on(self, curve):
        self.assertEqual(self.curve(), curve)
        for key_id in (SIGNATURE, AUTHENTICATION):
            self.signs(key_id, hashlib.new(CURVES[curve][1], b"an order").digest())

    def test_p256(self):
        self.signs_on("P-256")
        self.derives(ENCRYPTION, "P-256")

    def test_p384(self):
        self.signs_on("P-384")
        self.derives(ENCRYPTION, "P-384")

    def test_p521(self):
        self.signs_on("P-521")
        self.derives(ENCRYPTION, "P-521")

    def test_generates(self):
        """An empty card of P-256 becomes one of each curve in turn; the administrator's PIN makes keys."""
        for label in set(TOKENS.values()):
            self.assertEqual(self.keys(label), [])
        made = ("--login", "--login-type", "so", "--keypairgen", "--token-label", TOKENS[AUTHENTICATION])
        self.refused(pkcs11(*made, "--so-pin", "87654321", "--key-type", "EC:secp521r1", "--id", SIGNATURE),
                     "CKR_PIN_INCORRECT")
        self.assertEqual(self.keys(TOKENS[SIGNATURE]), [])
        for key_id in (SIGNATURE, ENCRYPTION, AUTHENTICATION):
            self.succeeds(pkcs11(*made, "--so-pin", PW3, "--key-type", "EC:secp521r1", "--id", key_id))
        self.signs_on("P-521")
        self.derives(ENCRYPTION, "P-521")

    def test_pin_locks(self):
        """Wrong for one token is a try less for the other."""
        for key_id in (SIGNATURE, AUTHENTICATION, SIGNATURE):
            self.refused(self.sign(key_id, hashlib.sha256(b"an order").digest(), WRONG_PIN), "CKR_PIN_INCORRECT")
        for key_id in (SIGNATURE, AUTHENTICATION):
            self.refused(self.sign(key_id, hashlib.sha256(b"an order").digest()), "CKR_PIN_LOCKED")
            self.assertFalse(os.path.exists(self.path("signature")))


if __name__ == "__main__":
    unittest.main()
