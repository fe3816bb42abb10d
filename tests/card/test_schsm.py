# SPDX-License-Identifier: Apache-2.0
"""The virtual SmartCard-HSM as middleware sees it; see middleware.py. It comes without keys, as a real one does; with
--empty without PINs as well."""
import os
import re
import unittest

from middleware import DIGEST, PIN, Card, hashed, pkcs11, run

SO_PIN, OTHER_SO_PIN = os.environ["CARD_PUK"], "0123456789abcdef"
CURVES = {"P-256": "secp256r1", "P-384": "secp384r1", "P-521": "secp521r1"}


def hsm_tool(*arguments):
    return run("sc-hsm-tool", *arguments)


class SchsmTest(Card):
    def public_key(self, key_id):
        return self.listed_public_key(key_id)

    def generate(self, key_id, curve="P-256", use="sign", pin=PIN):
        return pkcs11("--login", "--pin", pin, "--keypairgen", "--key-type", "EC:" + CURVES[curve], "--id", key_id,
                      "--usage-" + use)

    def keys(self):
        listing = self.succeeds(pkcs11("-O", "--login", "--pin", PIN)).stdout
        return re.findall(r"Private Key Object.*?ID: +(\d+)\n +Usage: +(\w+)", listing, re.S)

    def test_lists(self):
        listing = self.succeeds(pkcs11("-L")).stdout
        self.assertRegex(listing, r"token label +: SmartCard-HSM \(UserPIN\)")
        self.assertRegex(listing, r"serial num +: UTCS\d{7}\n")
        self.assertEqual(self.keys(), [])
        self.succeeds(self.generate("01"))
        self.succeeds(self.generate("03", use="derive"))
        self.assertEqual(self.keys(), [("01", "sign"), ("03", "derive")])

    def test_initializes(self):
        """OpenSC's tool makes a new card usable, and erases a used one for whoever has its SO-PIN."""
        init = ("--initialize", "--label", "desk", "--pin", PIN, "--so-pin")
        self.assertIn("never been initialized", self.succeeds(hsm_tool()).stdout)
        self.assertNotEqual(self.generate("01").returncode, 0)
        self.succeeds(hsm_tool(*init, SO_PIN))
        self.assertIn("desk (UserPIN)", self.succeeds(pkcs11("-L")).stdout)
        self.succeeds(self.generate("01"))
        self.assertIn("PIN code or key incorrect", hsm_tool(*init, OTHER_SO_PIN).stderr)
        self.assertEqual(self.keys(), [("01", "sign")])
        self.assertIn("SO-PIN tries left    : 14\n", hsm_tool().stdout)
        self.succeeds(hsm_tool(*init, SO_PIN))
        self.assertEqual(self.keys(), [])
        self.assertIn("SO-PIN tries left    : 15\n", hsm_tool().stdout)

    def test_generates(self):
        self.refused(self.generate("01", pin="999999"), "CKR_PIN_INCORRECT")
        self.assertEqual(self.keys(), [])
        for key_id, curve in (("01", "P-256"), ("02", "P-384"), ("03", "P-521")):
            self.succeeds(self.generate(key_id, curve))
            self.assertEqual(self.curve(key_id), curve)
        self.succeeds(pkcs11("--login", "--pin", PIN, "--delete-object", "--type", "privkey", "--id", "02"))
        self.assertEqual(self.keys(), [("01", "sign"), ("03", "sign")])

    def test_p256(self):
        self.signs_on("P-256")

    def test_p384(self):
        self.signs_on("P-384")

    def signs_on(self, curve):
        self.succeeds(self.generate("01", curve))
        self.signs("01", hashed(curve))

    def test_p521(self):
        """OpenSC 0.23 takes one in sixteen signatures for one on a curve of 512 bits, tries once more and then gives up;
        the others are good."""
        self.succeeds(self.generate("01", "P-521"))
        key, good = self.public_key("01"), 0
        for _ in range(8):
            done = self.sign("01", hashed("P-521"))
            if done.returncode:
                self.refused(done, "CKR_DATA_INVALID")
                continue
            self.succeeds(run("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-sigfile", self.path("signature"),
                              "-in", self.path("digest")))
            good += 1
        self.assertGreater(good, 0)

    def test_derives(self):
        for key_id, curve in (("01", "P-256"), ("02", "P-384"), ("03", "P-521")):
            self.succeeds(self.generate(key_id, curve, "derive"))
            self.derives(key_id, curve)

    def test_pin_locks(self):
        self.succeeds(self.generate("01"))
        for flags in ({"user PIN count low"}, {"final user PIN try"}, {"user PIN locked"}):
            self.wrong_pin()
            self.assertEqual(self.token_flags(), flags)
        self.refused(self.sign("01", DIGEST), "CKR_PIN_LOCKED")
        self.assertFalse(os.path.exists(self.path("signature")))

    def test_unblocks(self):
        """A wrong SO-PIN shows only when the new PIN is set, and counts."""
        self.succeeds(self.generate("01"))
        for _ in range(3):
            self.wrong_pin()
        anew = lambda so_pin: pkcs11("--login", "--login-type", "so", "--so-pin", so_pin, "--init-pin", "--new-pin",  # noqa: E731
                                     PIN[::-1])
        self.assertNotEqual(anew(OTHER_SO_PIN).returncode, 0)
        self.assertIn("SO-PIN tries left    : 14\n", hsm_tool().stdout)
        self.refused(self.sign("01", DIGEST, PIN[::-1]), "CKR_PIN_LOCKED")
        self.succeeds(anew(SO_PIN))
        self.succeeds(self.sign("01", DIGEST, PIN[::-1]))
        self.refused(self.sign("01", DIGEST), "CKR_PIN_INCORRECT")

    def test_pulled(self):
        self.succeeds(self.generate("01"))
        super().test_pulled()


if __name__ == "__main__":
    unittest.main()
