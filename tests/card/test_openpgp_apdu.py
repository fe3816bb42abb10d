# SPDX-License-Identifier: Apache-2.0
"""The virtual OpenPGP card as a reader sees it: what OpenSC never tries. Usage: test_openpgp_apdu.py PGPCARD"""

from reader import BASE_POINT, OFF_CURVE, Reader, command, main

PIN, PW3, WRONG, NEW_PIN = b"123456", b"12345678", b"999999", b"87654321"
SIGN, OTHER, ADMIN = 0x81, 0x82, 0x83
P256, P384 = b"\x13\x2a\x86\x48\xce\x3d\x03\x01\x07", b"\x13\x2b\x81\x04\x00\x22"
DIGEST = bytes(range(32))


def cipher(point):
    inner = b"\x7f\x49" + bytes([len(point) + 2]) + b"\x86" + bytes([len(point)]) + point
    return command(0x2A, 0x80, 0x86, b"\xa6" + bytes([len(inner)]) + inner)


class OpenPgpApduTest(Reader):
    ATR = bytes.fromhex("3B8A80010031C573C0018005900058")

    def verify(self, mode, pin):
        return self.status(command(0x20, 0, mode, pin))

    def sign(self, ins=(0x2A, 0x9E, 0x9A), digest=DIGEST):
        return self.status(command(*ins, digest))

    def test_unknown(self):
        self.assertEqual(self.status(command(0xF2, 0, 0)), "6D00")
        self.assertEqual(self.status(command(0xA4, 4, 0, bytes.fromhex("D27600012402"))), "6A82")
        self.assertEqual(self.status(command(0xCA, 0x7F, 0x66)), "6A88")
        self.assertEqual(self.status(command(0x2A, 0x80, 0x80, DIGEST)), "6A86")
        self.assertEqual(self.status(command(0x47, 0x81, 0, b"\xb7\x00")), "6A80")
        self.assertEqual(self.status(command(0x20, 0, 0x84, PIN)), "6A88")

    def test_passwords(self):
        """PW1 has two modes and one counter; PW3 has its own."""
        self.assertEqual([self.verify(SIGN, b""), self.verify(ADMIN, b"")], ["63C3", "63C3"])
        self.assertEqual([self.verify(SIGN, WRONG), self.verify(OTHER, b"")], ["63C2", "63C2"])
        self.assertEqual([self.verify(OTHER, PIN), self.verify(SIGN, b"")], ["9000", "63C3"])
        for left in ("63C2", "63C1", "63C0", "6983"):
            self.assertEqual(self.verify(SIGN, WRONG), left)
        self.assertEqual([self.verify(SIGN, PIN), self.verify(OTHER, PIN)], ["6983", "6983"])
        self.assertEqual(self.status(command(0x2C, 2, SIGN, NEW_PIN)), "6982")
        self.assertEqual(self.verify(ADMIN, PW3), "9000")
        self.assertEqual(self.status(command(0x2C, 2, SIGN, b"short")), "6A80")
        self.assertEqual(self.status(command(0x2C, 2, SIGN, NEW_PIN)), "9000")
        self.assertEqual([self.verify(SIGN, PIN), self.verify(SIGN, NEW_PIN)], ["63C2", "9000"])

    def test_change(self):
        self.assertEqual(self.status(command(0x24, 0, SIGN, WRONG + NEW_PIN)), "63C2")
        self.assertEqual(self.status(command(0x24, 0, SIGN, PIN + b"short")), "6A80")
        self.assertEqual(self.status(command(0x24, 0, SIGN, PIN + NEW_PIN)), "9000")
        self.assertEqual(self.verify(OTHER, NEW_PIN), "9000")

    def test_reset_code(self):
        """None at first; set by the administrator it has a counter, and lets its holder choose a new PW1."""
        code, reset = b"87654321", lambda code: self.status(command(0x2C, 0, SIGN, code + NEW_PIN))
        counters = lambda: [*self.exchange(command(0xCA, 0, 0xC4))[4:7]]  # noqa: E731
        self.assertEqual([reset(b""), reset(code), counters()], ["6983", "6983", [3, 0, 3]])
        self.assertEqual(self.status(command(0xDA, 0, 0xD3, code)), "6982")
        self.verify(ADMIN, PW3)
        self.assertEqual([self.status(command(0xDA, 0, 0xD3, bad)) for bad in (b"short", bytes(33))], ["6A80", "6A80"])
        self.assertEqual(self.status(command(0xDA, 0, 0xD3, code)), "9000")
        self.send(b"\x02")
        self.verify(SIGN, WRONG)
        self.assertEqual([reset(code[::-1]), counters()], ["63C2", [2, 2, 3]])
        self.assertEqual([reset(code), counters(), self.verify(SIGN, NEW_PIN)], ["9000", [3, 3, 3], "9000"])
        self.assertEqual([reset(code[::-1]) for _ in range(4)], ["63C2", "63C1", "63C0", "6983"])
        self.assertEqual(reset(code), "6983")
        self.verify(ADMIN, PW3)
        self.assertEqual([self.status(command(0xDA, 0, 0xD3)), reset(b"")], ["9000", "6983"])

    def test_administrator_locks(self):
        for left in ("63C2", "63C1", "63C0", "6983"):
            self.assertEqual(self.verify(ADMIN, WRONG), left)
        self.assertEqual(self.verify(ADMIN, PW3), "6983")

    def test_who_may_use_a_key(self):
        authenticate = (0x88, 0, 0)
        for mode, allowed in ((SIGN, ("9000", "6982")), (OTHER, ("9000", "9000"))):
            self.assertEqual(self.verify(mode, PIN), "9000")
            self.assertEqual((self.sign(), self.sign(authenticate)), allowed)
        self.assertEqual(self.status(command(0x20, 0xFF, SIGN)), "9000")
        self.assertEqual((self.sign(), self.sign(authenticate)), ("6982", "9000"))
        self.send(b"\x02")
        self.assertEqual((self.sign(), self.sign(authenticate)), ("6982", "6982"))
        self.assertEqual(self.status(cipher(BASE_POINT)), "6982")

    def test_bad_key_use(self):
        self.verify(SIGN, PIN)
        self.verify(OTHER, PIN)
        self.assertEqual([self.sign(digest=bytes(33)), self.sign(digest=b"")], ["6A80", "6A80"])
        self.assertEqual(self.status(cipher(OFF_CURVE)), "6A80")
        self.assertEqual(self.status(cipher(b"\x00")), "6A80")
        self.assertEqual(self.status(cipher(BASE_POINT)), "9000")

    def test_counts_signatures(self):
        self.verify(SIGN, PIN)
        for count in range(3):
            self.assertEqual(self.exchange(command(0xCA, 0, 0x7A)), bytes([0x7A, 5, 0x93, 3, 0, 0, count]) + b"\x90\x00")
            self.sign()

    def test_another_curve_takes_the_key_away(self):
        self.verify(SIGN, PIN)
        put = lambda attributes: self.status(command(0xDA, 0, 0xC1, attributes))  # noqa: E731
        self.assertEqual(put(P384), "6982")
        self.verify(ADMIN, PW3)
        self.assertEqual([put(P256), self.sign()], ["9000", "9000"])
        self.assertEqual([put(b"\x12" + P384[1:]), put(P384[:-1]), self.sign()], ["6A80", "6A80", "9000"])
        self.assertEqual([put(P384), self.sign()], ["9000", "6A88"])
        self.assertEqual(self.status(command(0x47, 0x81, 0, b"\xb6\x00")), "6A88")
        self.assertEqual(self.status(command(0x47, 0x80, 0, b"\xb6\x00")), "9000")
        self.assertEqual(self.sign(digest=bytes(48)), "9000")

    def test_certificate(self):
        certificate = bytes(range(200))
        self.assertEqual(self.status(command(0xDA, 0x7F, 0x21, certificate)), "6982")
        self.verify(ADMIN, PW3)
        self.assertEqual(self.status(command(0xDA, 0x7F, 0x21, certificate)), "9000")
        self.assertEqual(self.whole_answer(command(0xCA, 0x7F, 0x21)), certificate)


if __name__ == "__main__":
    main()
