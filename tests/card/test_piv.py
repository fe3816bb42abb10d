# SPDX-License-Identifier: Apache-2.0
"""The virtual PIV card as middleware sees it."""
import hashlib
import os
import re
import unittest

from middleware import DIGEST, PIN, WRONG_PIN, Card, pkcs11, run


class PivTest(Card):
    def public_key(self, key_id):
        """The key from the card's certificate, as PEM."""
        certificate, key = self.path("certificate.der"), self.path(f"{key_id}.pem")
        self.succeeds(pkcs11("-r", "--type", "cert", "--id", key_id, "-o", certificate))
        self.succeeds(run("openssl", "x509", "-inform", "DER", "-in", certificate, "-pubkey",
                          "-noout", "-out", key))
        return key

    def test_lists(self):
        listing = self.succeeds(pkcs11("-O", "--login", "--pin", PIN)).stdout
        private = re.findall(r"Private Key Object.*?ID: +(\d+)", listing, re.S)
        self.assertEqual(private, ["01", "02", "03", "04"])
        always = re.findall(r"ID: +(\d+)\n[^\n]*\n[^\n]*always authenticate", listing)
        self.assertEqual(always, ["02"])

    def test_generates(self):
        """An empty card gets keys and certificates through ykcs11, from whoever has the management key."""
        key = "010203040506070801020304050607080102030405060708"
        made = ("--login", "--login-type", "so", "--keypairgen", "--id")
        listing = lambda: self.succeeds(pkcs11("-O", "--login", "--pin", PIN)).stdout  # noqa: E731
        self.assertNotIn("Private Key Object", listing())
        self.refused(pkcs11(*made, "01", "--so-pin", key[::-1], "--key-type", "EC:prime256v1"), "CKR_PIN_INCORRECT")
        self.assertNotIn("Private Key Object", listing())
        self.succeeds(pkcs11(*made, "01", "--so-pin", key, "--key-type", "EC:prime256v1"))
        self.succeeds(pkcs11(*made, "03", "--so-pin", key, "--key-type", "EC:secp384r1"))
        self.assertEqual(listing().count("Private Key Object"), 2)
        self.signs("01", DIGEST)

    def test_signs(self):
        for key_id in ("01", "02"):
            self.signs(key_id, DIGEST)
            self.is_on_curve(key_id, "prime256v1")

    def test_signs_p384(self):
        self.signs("01", hashlib.sha384(b"an order").digest())
        self.is_on_curve("01", "secp384r1")

    def test_derives(self):
        self.derives("03", "P-256")

    def test_pin_locks(self):
        """OpenSC asks a PIV card for the tries left, but never learns of how many: it has no
        "count low"."""
        for flags in (set(), {"final user PIN try"}, {"user PIN locked"}):
            self.wrong_pin()
            self.assertEqual(self.token_flags(), flags)
        self.refused(self.sign("01", DIGEST), "CKR_PIN_LOCKED")
        self.assertFalse(os.path.exists(self.path("signature")))

    def test_pin_recovers(self):
        self.wrong_pin()
        self.wrong_pin()
        self.succeeds(self.sign("01", DIGEST))
        self.assertEqual(self.token_flags(), set())

if __name__ == "__main__":
    unittest.main()
