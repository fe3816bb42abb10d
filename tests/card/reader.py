# SPDX-License-Identifier: Apache-2.0
"""A reader for a card program: this is the vpcd driver, without pcscd, OpenSC or root."""

import socket
import subprocess
import sys
import unittest

WAIT_S = 10
# P-256's base point (SEC 2 version 2, section 2.4.2), and one beside the curve.
BASE_POINT = bytes.fromhex("04"
                           "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
                           "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5")
OFF_CURVE = BASE_POINT[:-1] + b"\xf6"


def command(ins, p1, p2, data=b"", cla=0x00):
    """A short APDU; an answer of any length is asked for."""
    return bytes([cla, ins, p1, p2]) + (bytes([len(data)]) + data if data else b"") + b"\x00"


class Reader(unittest.TestCase):
    """A card that is new for each case, powered, and what may be said to it."""

    ATR = None
    PROGRAM = None

    def setUp(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        listener.settimeout(WAIT_S)
        self.card = subprocess.Popen([self.PROGRAM, "--port", str(listener.getsockname()[1])],
                                     stdout=subprocess.PIPE)
        self.addCleanup(self.stop)
        self.reader = listener.accept()[0]
        self.addCleanup(self.reader.close)
        self.reader.settimeout(WAIT_S)
        self.send(b"\x01")
        self.assertEqual(self.exchange(b"\x04"), self.ATR)
        self.assertEqual(self.card.stdout.readline(), b"READY\n")

    def stop(self):
        """A sanitizer's finding shows in the exit status."""
        self.card.terminate()
        self.assertEqual(self.card.wait(WAIT_S), 0)
        self.card.stdout.close()

    def send(self, message):
        self.reader.sendall(len(message).to_bytes(2, "big") + message)

    def receive(self, length):
        data = b""
        while len(data) < length:
            part = self.reader.recv(length - len(data))
            self.assertTrue(part, "the card hung up")
            data += part
        return data

    def exchange(self, message):
        self.send(message)
        return self.receive(int.from_bytes(self.receive(2), "big"))

    def status(self, message):
        answer = self.exchange(message)
        self.assertGreaterEqual(len(answer), 2)
        return answer[-2:].hex().upper()

    def whole_answer(self, message):
        """Follows 61xx with GET RESPONSE."""
        data, answer = b"", self.exchange(message)
        while answer[-2] == 0x61:
            data, answer = data + answer[:-2], self.exchange(command(0xC0, 0, 0))
        self.assertEqual(answer[-2:], b"\x90\x00")
        return data + answer[:-2]


def main():
    """With the card's program as the only argument."""
    Reader.PROGRAM = sys.argv.pop(1)
    unittest.main(module="__main__")
