# SPDX-License-Identifier: Apache-2.0
"""The virtual PIV card as a reader sees it. Usage: test_apdu.py PIVCARD"""

from reader import Reader, command, main

PIN, PUK, WRONG = b"123456\xff\xff", b"12345678", b"999999\xff\xff"
NEW_PIN = b"87654321"
SIGN, DERIVE = 0x81, 0x85
# P-256's base point (SEC 2 version 2, section 2.4.2), and one beside the curve.
BASE_POINT = bytes.fromhex("04"
                           "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
                           "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5")
OFF_CURVE = BASE_POINT[:-1] + b"\xf6"


def authenticate(slot, what, data, algorithm=0x11):
    inner = b"\x82\x00" + bytes([what, len(data)]) + data
    return command(0x87, algorithm, slot, b"\x7c" + bytes([len(inner)]) + inner)


class ApduTest(Reader):
    ATR = bytes.fromhex("3B8B800180F9A00000030800001000C8")

    def verify(self, pin):
        return self.status(command(0x20, 0, 0x80, pin))

    def test_malformed(self):
        """Too short for a header, data shorter or longer than Lc, short and extended."""
        for message in ("", "0020", "00A404", "0020008008313233", "00200080083132333435363738000000",
                        "00200080000008313233", "002000800000083132333435363738000000"):
            self.assertEqual(self.status(bytes.fromhex(message)), "6700", message)

    def test_unknown(self):
        self.assertEqual(self.status(command(0x47, 0, 0x9A)), "6D00")
        self.assertEqual(self.status(command(0xA4, 4, 0, bytes.fromhex("A000000001"))), "6A82")
        self.assertEqual(self.status(command(0xCB, 0x3F, 0xFF, b"\x5c\x03\x5f\xc1\x0c")), "6A82")
        self.assertEqual(self.status(command(0xCB, 0x3F, 0xFF, b"\x5c\x09\x5f")), "6A80")
        self.assertEqual(self.status(command(0xCB, 0x3F, 0xFF, b"\x5c\x82\xff")), "6A80")
        self.assertEqual(self.status(command(0xC0, 0, 0)), "6985")

    def test_certificate_in_parts(self):
        request = command(0xCB, 0x3F, 0xFF, b"\x5c\x03\x5f\xc1\x05")
        whole = self.whole_answer(request)
        self.assertEqual(whole[:2], b"\x53\x82")
        self.assertEqual(len(whole), 4 + int.from_bytes(whole[2:4], "big"))
        extended = request[:4] + b"\x00\x00\x05" + request[5:10] + b"\x00\x00"
        self.assertEqual(self.exchange(extended), whole + b"\x90\x00")

    def test_pin(self):
        self.assertEqual(self.verify(b""), "63C3")
        self.assertEqual(self.verify(b"12345\xff\xff\xff"), "6A80")
        self.assertEqual(self.verify(b"123456"), "6A80")
        self.assertEqual([self.verify(WRONG), self.verify(WRONG)], ["63C2", "63C1"])
        self.assertEqual([self.verify(PIN), self.verify(b"")], ["9000", "9000"])
        self.assertEqual(self.verify(WRONG), "63C2")
        self.assertEqual(self.verify(b""), "63C2")
        self.assertEqual([self.verify(WRONG), self.verify(WRONG)], ["63C1", "63C0"])
        self.assertEqual([self.verify(PIN), self.verify(b"")], ["6983", "6983"])

    def test_change_pin(self):
        self.assertEqual(self.status(command(0x24, 0, 0x80, WRONG + NEW_PIN)), "63C2")
        self.assertEqual(self.status(command(0x24, 0, 0x80, PIN + b"short\xff\xff\xff")), "6A80")
        self.assertEqual(self.status(command(0x24, 0, 0x80, PIN + NEW_PIN)), "9000")
        self.assertEqual([self.verify(PIN), self.verify(NEW_PIN)], ["63C2", "9000"])

    def test_puk(self):
        for _ in range(3):
            self.verify(WRONG)
        self.assertEqual(self.status(command(0x2C, 0, 0x80, WRONG + NEW_PIN)), "63C2")
        self.assertEqual(self.status(command(0x2C, 0, 0x80, PUK + NEW_PIN)), "9000")
        self.assertEqual(self.verify(NEW_PIN), "9000")
        for left in ("63C2", "63C1", "63C0", "6983"):
            self.assertEqual(self.status(command(0x2C, 0, 0x80, WRONG + PIN)), left)
        self.assertEqual(self.status(command(0x2C, 0, 0x80, PUK + PIN)), "6983")

    def test_who_may_sign(self):
        digest = bytes(32)
        self.assertEqual(self.status(authenticate(0x9E, SIGN, digest)), "9000")
        for slot in (0x9A, 0x9C, 0x9D):
            self.assertEqual(self.status(authenticate(slot, SIGN, digest)), "6982")
        self.verify(PIN)
        self.assertEqual([self.status(authenticate(0x9C, SIGN, digest)) for _ in range(2)],
                         ["9000", "6982"])
        self.assertEqual([self.status(authenticate(0x9A, SIGN, digest)) for _ in range(2)],
                         ["9000", "9000"])
        self.verify(PIN)
        self.send(b"\x02")
        self.assertEqual(self.status(authenticate(0x9A, SIGN, digest)), "6982")

    def test_bad_key_use(self):
        self.verify(PIN)
        self.assertEqual(self.status(authenticate(0x9A, SIGN, bytes(33))), "6A80")
        self.assertEqual(self.status(authenticate(0x9A, SIGN, b"")), "6A80")
        self.assertEqual(self.status(authenticate(0x9A, SIGN, bytes(32), 0x14)), "6A86")
        self.assertEqual(self.status(authenticate(0x9B, SIGN, bytes(32))), "6A88")
        self.assertEqual(self.status(authenticate(0x9D, DERIVE, OFF_CURVE)), "6A80")
        self.assertEqual(self.status(authenticate(0x9D, DERIVE, b"\x00")), "6A80")

    def test_chain(self):
        """Two links make one command; a link of another command ends the chain."""
        self.verify(PIN)
        whole = authenticate(0x9D, DERIVE, BASE_POINT)
        data, head = whole[5:-1], (0x87, 0x11, 0x9D)
        self.assertEqual(self.status(command(*head, data[:40], 0x10)), "9000")
        secret = self.exchange(command(*head, data[40:]))
        self.assertEqual(secret, self.exchange(whole))
        self.assertEqual(secret[:4] + secret[-2:], b"\x7c\x22\x82\x20\x90\x00")
        self.assertEqual(self.status(command(*head, data[:40], 0x10)), "9000")
        self.assertEqual(self.verify(PIN), "6883")
        self.assertEqual(self.verify(PIN), "9000")
        link = bytes(255)
        answers = [self.status(command(*head, link, 0x10)) for _ in range(17)]
        self.assertEqual(answers, ["9000"] * 16 + ["6A84"])


if __name__ == "__main__":
    main()
