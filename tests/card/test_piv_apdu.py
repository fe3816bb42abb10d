# SPDX-License-Identifier: Apache-2.0
"""The virtual PIV card as a reader sees it. Usage: test_piv_apdu.py PIVCARD"""

import os
import subprocess

from reader import BASE_POINT, OFF_CURVE, Reader, command, main

PIN, PUK, WRONG = b"123456\xff\xff", b"12345678", b"999999\xff\xff"
NEW_PIN = b"87654321"
MANAGEMENT_KEY = bytes(range(1, 9)) * 3
SMALL_OBJECT = b"\x5c\x03\x5f\xc1\x0c\x53\x06object"
SIGN, DERIVE = 0x81, 0x85


def authenticate(slot, what, data, algorithm=0x11):
    inner = b"\x82\x00" + bytes([what, len(data)]) + data
    return command(0x87, algorithm, slot, b"\x7c" + bytes([len(inner)]) + inner)


def manage(inner):
    """GENERAL AUTHENTICATE with the management key, which is one of triple DES."""
    return command(0x87, 0x03, 0x9B, b"\x7c" + bytes([len(inner)]) + inner)


def triple_des(direction, block, key):
    return subprocess.run(["openssl", "enc", "-des-ede3-ecb", "-nopad", direction, "-K", key.hex()], input=block,
                          capture_output=True, check=True).stdout


class PivApduTest(Reader):
    ATR = bytes.fromhex("3B8B800180F9A00000030800001000C8")

    def verify(self, pin):
        return self.status(command(0x20, 0, 0x80, pin))

    def test_malformed(self):
        """Too short for a header, data shorter or longer than Lc, short and extended."""
        for message in ("", "0020", "00A404", "0020008008313233", "00200080083132333435363738000000",
                        "00200080000008313233", "002000800000083132333435363738000000"):
            self.assertEqual(self.status(bytes.fromhex(message)), "6700", message)

    def test_unknown(self):
        self.assertEqual(self.status(command(0xFD, 0, 0)), "6D00")
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

    def test_change_puk(self):
        new_puk = b"00000000"
        self.assertEqual(self.status(command(0x24, 0, 0x81, WRONG + new_puk)), "63C2")
        self.assertEqual(self.status(command(0x24, 0, 0x81, PUK + new_puk)), "9000")
        self.assertEqual([self.status(command(0x2C, 0, 0x80, puk + NEW_PIN)) for puk in (PUK, new_puk)], ["63C2", "9000"])
        self.assertEqual(self.verify(NEW_PIN), "9000")

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
        self.assertEqual(self.status(authenticate(0x9F, SIGN, bytes(32))), "6A88")
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

    def administrate(self, key=MANAGEMENT_KEY):
        """Mutual authentication; the status of the card's verdict on us."""
        encrypted = self.whole_answer(manage(b"\x80\x00"))
        self.assertEqual(encrypted[:4], b"\x7c\x0a\x80\x08")
        challenge = os.urandom(8)
        answer = self.exchange(manage(b"\x80\x08" + triple_des("-d", encrypted[4:], key) + b"\x81\x08" + challenge))
        if answer[-2:] == b"\x90\x00":
            self.assertEqual(answer[:-2], b"\x7c\x0a\x82\x08" + triple_des("-e", challenge, key))
        return answer[-2:].hex().upper()

    def test_who_may_write(self):
        """Whoever has the management key: not with the PIN, nor with an answer that was not asked for."""
        generate, put = command(0x47, 0, 0x9A, b"\xac\x03\x80\x01\x11"), command(0xDB, 0x3F, 0xFF, SMALL_OBJECT)
        answer = b"\x80\x08" + bytes(8) + b"\x81\x08" + bytes(8)
        self.verify(PIN)
        self.assertEqual([self.status(manage(answer)), self.status(manage(b"\x81\x00"))], ["6982", "6A80"])
        self.assertEqual(self.administrate(MANAGEMENT_KEY[::-1]), "6982")
        self.assertEqual(self.status(manage(answer)), "6982")
        self.assertEqual([self.status(generate), self.status(put)], ["6982", "6982"])
        self.assertEqual(self.administrate(), "9000")
        self.assertEqual([self.status(generate), self.status(put)], ["9000", "9000"])
        self.send(b"\x02")
        self.assertEqual([self.status(generate), self.status(put)], ["6982", "6982"])

    def test_generates(self):
        """The new key signs on its curve; the old one is gone."""
        self.administrate()
        self.verify(PIN)
        public = self.whole_answer(command(0x47, 0, 0x9A, b"\xac\x03\x80\x01\x14"))
        self.assertEqual(public[:5], b"\x7f\x49\x63\x86\x61")
        self.assertEqual([self.status(authenticate(0x9A, SIGN, bytes(32), curve)) for curve in (0x11, 0x14)], ["6A86", "9000"])
        self.assertEqual(self.status(command(0x47, 0, 0x9A, b"\xac\x03\x80\x01\x07")), "6A80")
        self.assertEqual(self.status(command(0x47, 0, 0x9B, b"\xac\x03\x80\x01\x11")), "6A86")

    def test_writes(self):
        """An object, another in its place, none."""
        get = command(0xCB, 0x3F, 0xFF, SMALL_OBJECT[:5])
        self.administrate()
        self.assertEqual(self.status(get), "6A82")
        for text in (b"object", b"another"):
            data = SMALL_OBJECT[:5] + b"\x53" + bytes([len(text)]) + text
            self.assertEqual(self.status(command(0xDB, 0x3F, 0xFF, data)), "9000")
            self.assertEqual(self.exchange(get), data[5:] + b"\x90\x00")
        self.assertEqual(self.status(command(0xDB, 0x3F, 0xFF, SMALL_OBJECT[:5] + b"\x53\x00")), "9000")
        self.assertEqual(self.status(get), "6A82")
        self.assertEqual(self.status(command(0xDB, 0x3F, 0xFF, SMALL_OBJECT[:5])), "6A80")


if __name__ == "__main__":
    main()
