# SPDX-License-Identifier: Apache-2.0
"""A virtual card as middleware sees it: OpenSC's tools over a real pcscd. What every card is asked stands here;
runs under with-card, one test a card; OpenSSL's command line checks what the card computes."""

import ctypes
import hashlib
import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
import unittest

MODULE = os.environ["COUNTERSIGN_TEST_MODULE"]
PIN = os.environ["CARD_PIN"]
WRONG_PIN = "999999"
DIGEST = hashlib.sha256(b"an order").digest()
WAIT_S = 30  # a deadline, not a delay
TOOL_S = 30
LIBC = ctypes.CDLL(None, use_errno=True)
EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")


def hashed(curve):
    """The order, by the hash that fits the curve."""
    return hashlib.new({"P-256": "sha256", "P-384": "sha384", "P-521": "sha512"}[curve], b"an order").digest()


def der(tag, value):
    """Up to 255 bytes."""
    return bytes([tag, *([0x81] if len(value) > 0x7f else []), len(value)]) + value


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=TOOL_S, check=False)


def pkcs11(*arguments):
    return run("pkcs11-tool", "--module", MODULE, *arguments)


def await_log(word, count):
    """Until the card has printed the word so many times."""
    deadline = time.monotonic() + WAIT_S
    while True:
        with open(os.environ["CARD_LOG"], encoding="utf-8") as log:
            if log.read().split("\n").count(word) >= count:
                return
        if time.monotonic() > deadline:
            raise AssertionError(f"no {word} from the card within {WAIT_S} s")
        time.sleep(0.01)


def await_noticed():
    """Until pcscd knows, too, that the card was pulled; one that is back before that is never powered anew."""
    deadline = time.monotonic() + WAIT_S
    while not re.search(r"^0 +No ", run("opensc-tool", "--list-readers").stdout, re.M):
        if time.monotonic() > deadline:
            raise AssertionError(f"pcscd has not noticed within {WAIT_S} s")


def pcscd_pid():
    """Of the one in this namespace."""
    with open("/run/pcscd/pcscd.pid", encoding="ascii") as pid:
        return int(pid.read().rstrip("\0\n"))


def hang_pcscd(test):
    """It takes connections and answers nothing, until the function that this returns was called."""
    pcscd = pcscd_pid()

    def go_on():
        os.kill(pcscd, signal.SIGCONT)

    test.addCleanup(go_on)
    os.kill(pcscd, signal.SIGSTOP)
    return go_on


def kill_pcscd():
    """Without a chance to tell anybody. It leaves its socket, as under systemd; that is taken away, or none would start."""
    pid = os.pidfd_open(pcscd_pid())
    signal.pidfd_send_signal(pid, signal.SIGKILL)
    select.select([pid], [], [], WAIT_S)
    os.close(pid)
    for name in ("comm", "pid"):
        os.unlink("/run/pcscd/pcscd." + name)


def start_pcscd(test, readers=None):
    """Another one, in place of one that has ended, until the test ends. Cards that are in come to it by themselves."""
    readers = readers or os.environ["CARD_READERS"]
    daemon = subprocess.Popen(["/usr/sbin/pcscd", "-f", "-c", readers], stdout=subprocess.DEVNULL)
    test.addCleanup(daemon.wait, WAIT_S)
    test.addCleanup(daemon.terminate)
    deadline = time.monotonic() + WAIT_S
    while not pcscd_listens() or (os.listdir(readers) and run("opensc-tool", "--list-readers").returncode != 0):
        test.assertIsNone(daemon.poll())
        test.assertLess(time.monotonic(), deadline)


def pcscd_listens():
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex("/run/pcscd/pcscd.comm") == 0


def pull_in(apdus, number=signal.SIGRTMIN):
    """The card pulls itself so many APDUs from now."""
    if LIBC.sigqueue(int(os.environ["CARD_PID"]), number, ctypes.c_void_p(apdus)) != 0:
        raise OSError(ctypes.get_errno(), "sigqueue")


def stop_in(apdus):
    """The card stops there, and answers when it is told to go on by SIGCONT."""
    pull_in(apdus, signal.SIGRTMIN + 1)


def await_stopped():
    deadline = time.monotonic() + WAIT_S
    while True:
        with open("/proc/%s/stat" % os.environ["CARD_PID"], encoding="ascii") as stat:
            if stat.read().rpartition(")")[2].split()[0] == "T":
                return
        if time.monotonic() > deadline:
            raise AssertionError(f"the card has not stopped within {WAIT_S} s")


class Card(unittest.TestCase):
    """What every card is asked."""

    def login(self, key_id, pin):
        """The words that log in to the key's token."""
        del key_id
        return "--login", "--pin", pin

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def succeeds(self, result):
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result

    def refused(self, result, name):
        self.assertNotEqual(result.returncode, 0, result.stdout)
        self.assertIn(name, result.stdout + result.stderr)

    def listed_public_key(self, key_id, *token):
        """As PEM, from the listing: pkcs11-tool 0.23 writes no public key on P-384."""
        listing = self.succeeds(pkcs11(*token, "-O", "--type", "pubkey")).stdout
        ours, = (text for text in listing.split("Public Key Object") if re.search(f"ID: +{key_id}\n", text))
        point, parameters = (bytes.fromhex(re.search(name + r": +([0-9a-f]+)", ours)[1])
                             for name in ("EC_POINT", "EC_PARAMS"))
        point = point[2 if point[1] < 0x80 else 3:]  # out of its OCTET STRING
        spki = der(0x30, der(0x30, EC_PUBLIC_KEY + parameters) + der(0x03, b"\0" + point))
        key = self.path(f"{key_id}.pem")
        self.succeeds(run("openssl", "pkey", "-pubin", "-inform", "DER", "-in", self.write("spki.der", spki),
                          "-pubout", "-out", key))
        return key

    def curve(self, key_id):
        """What the key says that it is on."""
        text = run("openssl", "pkey", "-pubin", "-in", self.public_key(key_id), "-noout", "-text").stdout
        return re.search(r"NIST CURVE: (P-\d+)", text)[1]

    def token_flags(self):
        return set(re.findall(r"final user PIN try|user PIN locked|user PIN count low", self.succeeds(pkcs11("-L")).stdout))

    def sign(self, key_id, digest, pin=PIN):
        """Any older signature is gone, so that a refusal leaves none."""
        if os.path.exists(self.path("signature")):
            os.unlink(self.path("signature"))
        return pkcs11("--sign", "-m", "ECDSA", "--id", key_id, *self.login(key_id, pin), "-i",
                      self.write("digest", digest), "-o", self.path("signature"),
                      "--signature-format", "openssl")

    def signs(self, key_id, digest):
        """The signature is good for the digest and for no other."""
        key = self.public_key(key_id)
        self.succeeds(self.sign(key_id, digest))
        verify = ("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-sigfile",
                  self.path("signature"), "-in")
        self.succeeds(run(*verify, self.path("digest")))
        self.write("digest", bytes([digest[0] ^ 1]) + digest[1:])
        self.assertNotEqual(run(*verify, self.path("digest")).returncode, 0)

    def is_on_curve(self, key_id, name):
        """By OpenSSL's name."""
        shown = self.succeeds(run("openssl", "pkey", "-pubin", "-in", self.public_key(key_id), "-noout", "-text")).stdout
        self.assertIn("ASN1 OID: %s\n" % name, shown)

    def derives(self, key_id, curve):
        """Both sides of the agreement: the card's key and a key of OpenSSL's."""
        card = self.public_key(key_id)
        peer, public, secret = (self.path(name) for name in ("peer.pem", "peer.der", "secret"))
        self.succeeds(run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                          "ec_paramgen_curve:" + curve, "-out", peer))
        self.succeeds(run("openssl", "pkey", "-in", peer, "-pubout", "-outform", "DER", "-out",
                          public))
        self.succeeds(pkcs11("--derive", "-m", "ECDH1-DERIVE", "--id", key_id, *self.login(key_id, PIN),
                             "-i", public, "-o", secret))
        self.succeeds(run("openssl", "pkeyutl", "-derive", "-inkey", peer, "-peerkey", card,
                          "-out", self.path("expected")))
        self.assertEqual(self.read("secret"), self.read("expected"))

    def wrong_pin(self):
        self.refused(self.sign("01", DIGEST, WRONG_PIN), "CKR_PIN_INCORRECT")
        self.assertFalse(os.path.exists(self.path("signature")))

    def test_pulled(self):
        card = int(os.environ["CARD_PID"])
        os.kill(card, signal.SIGUSR1)
        await_log("REMOVED", 1)
        self.assertNotEqual(self.sign("01", DIGEST).returncode, 0)
        self.assertFalse(os.path.exists(self.path("signature")))
        await_noticed()
        os.kill(card, signal.SIGUSR2)
        await_log("READY", 2)
        self.signs("01", DIGEST)
