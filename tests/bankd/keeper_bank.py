# SPDX-License-Identifier: Apache-2.0
"""A bank's token, state and keeper for tests, and the RFC 6962 tree and the certificates checked by
other means than the product's: Python's standard library and the openssl command."""

import base64
import glob
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import in_memory  # noqa: E402

PLACE = in_memory.place()
PIN, SO_PIN = "246802", "87654321"
BANK = "demobank.example/demo"
WAIT_S = 30
STATE, CHECKPOINT, BANK_KEYS, CERTIFY, ROLLOVERS = 1, 2, 3, 4, 7


def find_softhsm():
    if "COUNTERSIGN_SOFTHSM" in os.environ:
        return os.environ["COUNTERSIGN_SOFTHSM"]
    for pattern in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so",
                    "/usr/lib*/pkcs11/libsofthsm2.so"):
        for path in sorted(glob.glob(pattern)):
            return path
    raise AssertionError("no SoftHSM2 module (package softhsm2)")


# --- the tree ---

def leaf_hash(leaf):
    return hashlib.sha256(b"\0" + leaf).digest()


def split(count):
    """The largest power of two below COUNT."""
    return 1 << (count - 1).bit_length() - 1


def tree_root(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = split(len(leaves))
    return hashlib.sha256(b"\1" + tree_root(leaves[:k]) + tree_root(leaves[k:])).digest()


def subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [tree_root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return subproof(m, leaves[:k], whole) + [tree_root(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [tree_root(leaves[:k])]


def consistency(size, leaves):
    """RFC 6962 2.1.2: from the first SIZE leaves to all."""
    return subproof(size, leaves, True) if size else []


# --- signatures ---

def b64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def der_integer(raw):
    raw = raw.lstrip(b"\0") or b"\0"
    raw = b"\0" + raw if raw[0] & 0x80 else raw
    return b"\x02" + bytes([len(raw)]) + raw


def der_signature(raw):
    body = der_integer(raw[:32]) + der_integer(raw[32:])
    return b"\x30" + bytes([len(body)]) + body


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], capture_output=True, timeout=WAIT_S, **options)


def verifies(spki, message, der):
    """Whether DER is an ECDSA signature with SHA-256 by the key with this SPKI, says openssl."""
    with tempfile.TemporaryDirectory() as directory:
        for name, content in (("key", spki), ("sig", der)):
            with open(os.path.join(directory, name), "wb") as file:
                file.write(content)
        return openssl("dgst", "-sha256", "-keyform", "DER", "-verify",
                       os.path.join(directory, "key"), "-signature",
                       os.path.join(directory, "sig"), input=message).returncode == 0


def thumbprint(spki):
    """RFC 7638 of a P-256 key."""
    x, y = (base64.urlsafe_b64encode(c).rstrip(b"=").decode() for c in (spki[-64:-32], spki[-32:]))
    jwk = json.dumps({"crv": "P-256", "kty": "EC", "x": x, "y": y}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode()


def read_note(note, spki, bank=BANK):
    """Size and root of a signed C2SP tlog-checkpoint; AssertionError unless SPKI signed it."""
    text, signature = note.decode().split("\n\n")
    text += "\n"
    dash, name, blob = signature.rstrip("\n").split(" ")
    blob = base64.b64decode(blob, validate=True)
    origin, size, root = text.rstrip("\n").split("\n")
    assert (dash, name, origin) == ("\u2014", bank, bank), note
    assert blob[:4] == hashlib.sha256(spki).digest()[:4], note
    assert verifies(spki, text.encode(), blob[4:]), note
    return int(size), base64.b64decode(root, validate=True)


# --- the bank ---

class Bank:
    """A directory with a fresh SoftHSM token behind the fault module and a keeper's settings."""

    def __init__(self, program, fault, directory):
        self.program, self.directory = program, directory
        os.mkdir(self.path("tokens"))
        self.write("softhsm2.conf", f"directories.tokendir = {self.path('tokens')}\n"
                                    "objectstore.backend = file\n")
        self.environment = dict(os.environ, SOFTHSM2_CONF=self.path("softhsm2.conf"),
                                FAULT_MODULE=find_softhsm(), FAULT_CONTROL=self.path("control"))
        if os.geteuid() != 0:  # the keeper forbids tracing, and the leak checker traces
            self.environment["ASAN_OPTIONS"] = "detect_leaks=0"
        self.settings = {"bank": BANK, "module": fault, "token": "pkcs11:token=bank",
                         "socket": self.path("keeper.sock"), "state": self.path("state")}
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "bank", "--pin", PIN,
                        "--so-pin", SO_PIN], env=self.environment, check=True, capture_output=True,
                       timeout=WAIT_S)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, text):
        with open(self.path("new"), "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.path("new"), self.path(name))

    def fault(self, *lines):
        """See testbank/fault/control.h."""
        self.write("control", "".join(line + "\n" for line in lines))

    def write_settings(self, **changed):
        settings = {**self.settings, **changed}
        self.write("keeper.conf", "".join(f"{k} = {v}\n" for k, v in settings.items()))

    def popen(self, *arguments, pin=PIN, **changed):
        self.write_settings(**changed)
        reader, writer = os.pipe()
        os.write(writer, pin.encode() + b"\n")
        os.close(writer)
        try:
            return subprocess.Popen([self.program, "--config", self.path("keeper.conf"), "--pin-fd",
                                     str(reader), *arguments], pass_fds=[reader], text=True,
                                    env=self.environment, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)
        finally:
            os.close(reader)

    def run(self, *arguments, **options):
        """Exit code, standard output, standard error of a keeper that ends by itself."""
        process = self.popen(*arguments, **options)
        try:
            out, errors = process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process.returncode, out, errors

    def init(self, *arguments):
        code, out, errors = self.run("--init", "--json", *arguments)
        assert code == 0, errors
        return json.loads(out)

    def records(self):
        """The two records of the state file."""
        with open(self.path("state", "state"), "rb") as file:
            whole = file.read()
        assert len(whole) == 8192 and whole[4095:4096] == whole[8191:] == b"\n", len(whole)
        return [json.loads(r) for r in (whole[:4096], whole[4096:])]

    def state(self):
        return max(self.records(), key=lambda r: r["size"])

    @staticmethod
    def head(state, **members):
        """STATE with other members and the sum that belongs to them."""
        state = {**state, **members}
        return {**state, "sum": hashlib.sha256("{logKey} {root} {size}".format(**state).encode()).hexdigest()}

    def write_records(self, *documents):
        """Texts as they stand, anything else as the keeper would write it."""
        texts = [d if isinstance(d, str) else json.dumps(d, separators=(",", ":"), sort_keys=True) for d in documents]
        self.write("state/state", "".join(t.ljust(4095) + "\n" for t in texts))


class Keeper:
    """A serving keeper."""

    def __init__(self, bank, **changed):
        self.bank = bank
        self.process = bank.popen(**changed)
        line = self.process.stdout.readline()
        if not line.startswith("READY "):
            _, errors = self.process.communicate(timeout=WAIT_S)
            raise AssertionError(f"not ready: {errors}")
        self.ready = json.loads(line[len("READY "):])
        self.connection = self.connect()

    def connect(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(WAIT_S)
        connection.connect(self.bank.settings["socket"])
        return connection

    def packet(self, packet):
        """The name and payload that answer any bytes at all."""
        self.connection.send(packet)
        answer = self.connection.recv(1 << 17)
        return answer[1:1 + answer[0]].decode(), answer[1 + answer[0]:]

    def ask(self, kind, payload=b""):
        return self.packet(struct.pack(">H", kind) + payload)

    def state(self):
        name, payload = self.ask(STATE)
        assert name == "OK" and len(payload) == 40, (name, payload)
        return struct.unpack(">Q", payload[:8])[0], payload[8:]

    def checkpoint(self, size, root, proof=()):
        return self.ask(CHECKPOINT, struct.pack(">Q32sH", size, root, len(proof)) + b"".join(proof))

    def log_spki(self):
        """The log key as the bank-keys statement names it."""
        name, statement = self.ask(BANK_KEYS)
        assert name == "OK", name
        keys = json.loads(b64url(statement.decode().split(".")[1]))["keys"]
        return next(b64url(k["spki"]) for k in keys if k["use"] == "log")

    def stop(self):
        """Exit code after SIGTERM."""
        self.connection.close()
        self.process.terminate()
        return self.end()

    def kill(self):
        self.connection.close()
        self.process.kill()
        self.end()

    def end(self):
        try:
            self.process.communicate(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode
