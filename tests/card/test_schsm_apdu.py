# SPDX-License-Identifier: Apache-2.0
"""The virtual SmartCard-HSM as a reader sees it: what OpenSC never tries. Usage: test_schsm_apdu.py HSMCARD"""

from reader import BASE_POINT, OFF_CURVE, Reader, command, main

PIN, SO_PIN, WRONG, NEW_PIN = b"123456", b"12345678", b"999999", b"87654321"
AID = bytes.fromhex("E82B0601040181C31F0201")
USER, OFFICER = 0x81, 0x88
SIGN, DERIVE = 0x70, 0x80
DIGEST = bytes(range(32))
# SEC 2 version 2, section 2.4.2: P-256's p, a, b, n.
P256 = [bytes.fromhex(text) for text in (
    "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
    "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC",
    "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
    "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")]


def tlv(tag, value):
    length = [len(value)] if len(value) < 0x80 else [0x81, len(value)] if len(value) < 0x100 else [0x82, *divmod(len(value), 256)]
    return tag.to_bytes(1 if tag < 0x100 else 2, "big") + bytes(length) + value


def extended(ins, p1, p2, data, cla=0x00):
    return bytes([cla, ins, p1, p2, 0]) + len(data).to_bytes(2, "big") + data + b"\0\0"


def key_request(prime=P256[0], point=BASE_POINT, holder=b"UTCS000000100001"):
    p, a, b, n = prime, *P256[1:]
    public = b"".join(tlv(tag, value) for tag, value in (
        (0x06, bytes.fromhex("04007F00070202020203")), (0x81, p), (0x82, a), (0x83, b), (0x84, point), (0x85, n),
        (0x87, b"\x01")))
    return tlv(0x5F29, b"\0") + tlv(0x42, b"UTCA00001") + tlv(0x7F49, public) + tlv(0x5F20, holder)


def write(fid, data, offset=0):
    return extended(0xD7, fid >> 8, fid & 0xFF, b"\x54\x02" + offset.to_bytes(2, "big") + tlv(0x53, data))


def read(fid, offset=0, at=b"\x54\x02"):
    return extended(0xB1, fid >> 8, fid & 0xFF, at + offset.to_bytes(2, "big"))


def delete(fid):
    return command(0xE4, 2, 0, fid.to_bytes(2, "big"))


def init(so_pin, pin=PIN, tries=3):
    return command(0x50, 0, 0, tlv(0x80, b"\0\1") + tlv(0x81, pin) + tlv(0x82, so_pin) + tlv(0x91, bytes([tries])), cla=0x80)


class SchsmApduTest(Reader):
    ATR = bytes.fromhex("3BDE18FF8191FE1FC38031815448534D317380214081071C")

    def verify(self, pin, which=USER):
        return self.status(command(0x20, 0, which, pin))

    def generate(self, number=1, request=None):
        return self.status(extended(0x46, number, 0, request or key_request()))

    def sign(self, number=1, digest=DIGEST, algorithm=SIGN):
        return self.status(command(0x68, number, algorithm, digest, cla=0x80))

    def derive(self, point):
        return self.status(command(0x62, 1, DERIVE, point, cla=0x80))

    def list(self):
        return self.exchange(command(0x58, 0, 0, cla=0x80)).hex()

    def test_unknown(self):
        self.assertEqual(self.status(command(0xF2, 0, 0)), "6D00")
        self.assertEqual(self.status(command(0x52, 0, 0, cla=0x80)), "6D00")
        self.assertEqual(self.status(command(0xA4, 4, 0, AID[:-1])), "6A82")
        self.assertEqual(self.status(command(0xA4, 0, 0, b"\0\0")), "6A82")
        self.assertEqual(self.status(command(0xA4, 4, 0, AID)), "9000")
        self.assertEqual([self.verify(PIN, which) for which in (0x80, 0x85, 0x86)], ["6A88"] * 3)
        self.assertEqual(self.status(command(0x20, 1, USER, PIN)), "6A86")

    def test_pins(self):
        """The PIN counts; it is gone when the card loses power, and when the application is selected."""
        self.assertEqual([self.verify(b""), self.verify(WRONG), self.verify(b""), self.verify(PIN), self.verify(b"")],
                         ["63C3", "63C2", "63C2", "9000", "9000"])
        for gone in (b"\x02", command(0xA4, 4, 0, AID)):
            self.verify(PIN)
            self.exchange(gone) if len(gone) > 1 else self.send(gone)
            self.assertEqual(self.verify(b""), "63C3")
        self.verify(PIN)
        self.assertEqual([self.verify(WRONG), self.generate()], ["63C2", "6982"])
        self.assertEqual([self.verify(WRONG), self.verify(WRONG), self.verify(PIN), self.verify(b"")],
                         ["63C1", "63C0", "6983", "6983"])

    def test_reset(self):
        reset = lambda data: self.status(command(0x2C, 0, USER, data))  # noqa: E731
        self.assertEqual([reset(SO_PIN), reset(SO_PIN + b"short"), reset(b""), reset(SO_PIN + bytes(17))], ["6700"] * 4)
        self.assertEqual([reset(SO_PIN[::-1] + NEW_PIN), self.verify(b"", OFFICER)], ["63CE", "63CE"])
        self.assertEqual([reset(SO_PIN + NEW_PIN), self.verify(b"", OFFICER)], ["9000", "63CF"])
        self.assertEqual([self.verify(PIN), self.verify(NEW_PIN)], ["63C2", "9000"])
        self.assertEqual([reset(SO_PIN[::-1] + NEW_PIN) for _ in range(16)], ["63C%X" % left for left in range(14, -1, -1)] + ["6983"])
        self.assertEqual([reset(SO_PIN + PIN), self.verify(b"", OFFICER), self.status(init(SO_PIN))], ["6983", "6983", "6985"])

    def test_change(self):
        change = lambda which, data: self.status(command(0x24, 0, which, data))  # noqa: E731
        self.assertEqual([change(0x82, PIN + NEW_PIN), change(USER, b"short"), change(USER, PIN + b"short")], ["6A88", "6700", "6700"])
        self.assertEqual([change(USER, WRONG + NEW_PIN), change(USER, PIN + NEW_PIN), self.verify(NEW_PIN)], ["63C2", "9000", "9000"])
        self.assertEqual([change(OFFICER, SO_PIN + SO_PIN[1:]), change(OFFICER, SO_PIN[::-1] + SO_PIN)], ["6700", "63CE"])
        self.assertEqual([change(OFFICER, SO_PIN + SO_PIN[::-1]), self.status(init(SO_PIN))], ["9000", "6985"])

    def test_initialize(self):
        self.verify(PIN)
        self.assertEqual([self.generate(), self.status(write(0xCF01, b"data"))], ["9000", "9000"])
        for bad in (init(SO_PIN[1:]), init(SO_PIN, b"short"), init(SO_PIN, bytes(17)), init(SO_PIN, tries=0), init(SO_PIN, tries=16)):
            self.assertEqual(self.status(bad), "6A80")
        self.assertEqual([self.status(init(SO_PIN[::-1])), self.list()], ["6985", "cc00cc012f02cf019000"])
        self.assertEqual([self.status(init(SO_PIN, NEW_PIN, 5)), self.list()], ["9000", "cc002f029000"])
        self.assertEqual([self.verify(b""), self.verify(PIN), self.verify(NEW_PIN)], ["63C5", "63C4", "9000"])

    def test_files(self):
        self.assertEqual([self.status(write(0xCF01, b"data")), self.status(delete(0xCF01))], ["6982", "6982"])
        self.verify(PIN)
        self.assertEqual([self.status(write(fid, b"")) for fid in (0x2F02, 0xCC01)], ["6985", "6985"])
        self.assertEqual(self.status(write(0xCF01, b"data", 1)), "6A80")
        self.assertEqual([self.status(write(0xCF01, b"data")), self.status(write(0xCF01, b"more", 4))], ["9000", "9000"])
        self.assertEqual([self.exchange(read(0xCF01)), self.exchange(read(0xCF01, 8))], [b"datamore\x62\x82", b"\x62\x82"])
        self.assertEqual(self.exchange(read(0xCF01, 2)[:-2] + b"\0\3"), b"tam\x90\0")
        self.assertEqual([self.status(read(0xCF01, 9)), self.status(read(0xCF01, at=b"\x55\x02")), self.status(read(0xCF02))],
                         ["6B00", "6A80", "6A82"])
        self.assertEqual([self.status(write(0xCF01, bytes(1536), offset)) for offset in (0, 1)], ["9000", "6A84"])
        self.assertEqual([self.status(write(0xCD01, b"mine")), self.exchange(read(0xCD01))], ["9000", b"mine\x62\x82"])
        self.send(b"\x02")
        self.assertEqual([self.status(read(0xCD01)), self.status(read(0))], ["6982", "6A82"])
        self.verify(PIN)
        self.assertEqual([self.status(delete(fid)) for fid in (0xCF01, 0xCF01, 0x2F02, 0)], ["9000", "6A82", "6A82", "6A82"])
        self.assertEqual({self.status(write(0xCF00 + i, b"")) for i in range(30)}, {"9000"})
        self.assertEqual(self.status(write(0xC401, b"")), "6A84")

    def test_keys(self):
        self.assertEqual([self.generate(), self.sign(), self.derive(BASE_POINT)], ["6982"] * 3)
        self.verify(PIN)
        self.assertEqual([self.sign(), self.sign(0), self.sign(200)], ["6A88"] * 3)
        for bad in (key_request(prime=P256[1]), key_request(prime=bytes(140)), key_request(point=bytes(134)), key_request(holder=bytes(21)),
                    key_request()[:-1], b"\x7f\x49\x00"):
            self.assertEqual(self.generate(request=bad), "6A80")
        self.assertEqual([self.generate(0), self.generate(16), self.generate(), self.generate()], ["6A86", "6A86", "9000", "6985"])
        self.assertEqual([self.sign(), self.sign(algorithm=DERIVE), self.sign(digest=bytes(33)), self.sign(digest=b"")],
                         ["9000", "6A86", "6A80", "6A80"])
        self.assertEqual([self.derive(point) for point in (BASE_POINT, OFF_CURVE, b"\0")], ["9000", "6A80", "6A80"])
        self.assertEqual([self.status(delete(fid)) for fid in (0xCC00, 0xCC20, 0xCC01)], ["6A82", "6A82", "9000"])
        self.assertEqual(self.sign(), "6A88")


if __name__ == "__main__":
    main()
