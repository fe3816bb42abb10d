# SPDX-License-Identifier: Apache-2.0
"""The virtual OpenPGP card as middleware sees it; see middleware.py. OpenSC makes two tokens of it, as it has two
PINs: one for the signature key, one for the other two keys. They share the tries."""
import os
import re
import unittest

from middleware import DIGEST, PIN, WRONG_PIN, Card, hashed, pkcs11

PW3 = os.environ["CARD_PUK"]
SIGNATURE, ENCRYPTION, AUTHENTICATION = "01", "02", "03"
TOKENS = {SIGNATURE: "OpenPGP card (User PIN (sig))", ENCRYPTION: "OpenPGP card (User PIN)",
          AUTHENTICATION: "OpenPGP card (User PIN)"}


class OpenPgpTest(Card):
    def login(self, key_id, pin):
        return "--token-label", TOKENS[key_id], "--login", "--pin", pin

    def public_key(self, key_id):
        return self.listed_public_key(key_id, "--token-label", TOKENS[key_id])

    def keys(self, label):
        listing = self.succeeds(pkcs11("--token-label", label, "-O", "--login", "--pin", PIN)).stdout
        return re.findall(r"Private Key Object.*?ID: +(\d+)", listing, re.S)

    def test_lists(self):
        for label in sorted(set(TOKENS.values())):
            self.assertEqual(self.keys(label), [key for key, of in TOKENS.items() if of == label])

    def signs_on(self, curve):
        self.assertEqual(self.curve(SIGNATURE), curve)
        for key_id in (SIGNATURE, AUTHENTICATION):
            self.signs(key_id, hashed(curve))

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
            self.refused(self.sign(key_id, DIGEST, WRONG_PIN), "CKR_PIN_INCORRECT")
        for key_id in (SIGNATURE, AUTHENTICATION):
            self.refused(self.sign(key_id, DIGEST), "CKR_PIN_LOCKED")
            self.assertFalse(os.path.exists(self.path("signature")))


if __name__ == "__main__":
    unittest.main()
