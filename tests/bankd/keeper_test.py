# SPDX-License-Identifier: Apache-2.0
"""The real bankd-keeper on a real (software) token.
Usage: keeper_test.py BANKD-KEEPER KEEPER_ASK FAULT-MODULE [TEST...]"""

import base64
import json
import os
import pty
import random
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from keeper_bank import (BANK, BANK_KEYS, CERTIFY, CHECKPOINT, PIN, PLACE, ROLLOVERS, STATE, WAIT_S, Bank, Keeper,
                         b64url, consistency, der_signature, openssl, read_note, thumbprint,
                         tree_root, verifies)

LEAVES = [f"leaf {i}".encode() for i in range(40)]
OTHER = LEAVES[:3] + [b"another branch"] + LEAVES[4:]


class KeeperTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(dir=PLACE)
        self.addCleanup(directory.cleanup)
        self.bank = Bank(PROGRAM, FAULT, directory.name)

    def start(self, **changed):
        keeper = Keeper(self.bank, **changed)
        self.addCleanup(keeper.kill)
        return keeper

    def started(self):
        self.bank.init()
        return self.start()

    def refused(self, name, code, *arguments, **options):
        """The keeper ends with this error and has said nothing on standard output, or there, too, with --json."""
        got, out, errors = self.bank.run(*arguments, **options)
        said = json.loads(out)["error"] if "--json" in arguments else out
        self.assertEqual((got, said), (code, name if "--json" in arguments else ""), errors)
        self.assertIn(f"bankd-keeper: {name}: ", errors)

    def signs(self, keeper, size, leaves=None, start=0):
        leaves = LEAVES if leaves is None else leaves
        root = tree_root(leaves[:size])
        name, note = keeper.checkpoint(size, root, consistency(start, leaves[:size]))
        self.assertEqual(name, "OK")
        self.assertEqual(read_note(note, keeper.log_spki()), (size, root))

    def answers(self, keeper, name, size, root, proof=()):
        self.assertEqual(keeper.checkpoint(size, root, proof), (name, b""))


class Init(KeeperTest):
    def test_prints_the_pin_and_makes_private_files(self):
        result = self.bank.init()
        self.assertEqual(sorted(result), ["bank", "log", "pin", "state"])
        with open(self.bank.path("state", "root.der"), "rb") as file:
            root = file.read()
        spki = openssl("x509", "-inform", "DER", "-noout", "-pubkey", input=root).stdout
        spki = openssl("pkey", "-pubin", "-outform", "DER", input=spki).stdout
        self.assertEqual(result["pin"], thumbprint(spki))
        self.assertEqual(self.bank.state(), self.bank.head({
            "logKey": result["log"], "root": tree_root([]).hex(), "size": 0, "type": "keeper-state", "version": 1}))
        for name in ("root.der", "bank-keys.jws", "state"):
            mode = stat.S_IMODE(os.stat(self.bank.path("state", name)).st_mode)
            self.assertEqual(mode, 0o600, name)

    def test_refuses_a_second_time(self):
        self.bank.init()
        before = self.bank.state()
        self.refused("KEEPER_STATE", 4, "--init")
        self.assertEqual(self.bank.state(), before)

    def test_a_used_log_key_gets_no_second_state(self):
        first = self.bank.init()
        os.unlink(self.bank.path("state", "state"))
        self.refused("KEEPER_STATE", 4, "--init")
        self.assertFalse(os.path.exists(self.bank.path("state", "state")))
        self.assertEqual(self.bank.init("--unused-log-key"), first)

    def test_refuses_a_directory_that_others_may_read(self):
        os.mkdir(self.bank.path("state"))
        os.chmod(self.bank.path("state"), 0o755)
        self.refused("IO", 4, "--init")

    def test_a_wrong_pin_is_named(self):
        self.refused("PIN_WRONG", 3, "--init", pin="999999")
        self.refused("TOKEN_NOT_FOUND", 3, "--init", token="pkcs11:token=another")
        self.refused("TOKEN_MODULE", 3, "--init", module="/nonexistent.so")


class Start(KeeperTest):
    def test_a_signal_ends_it_while_it_asks_for_the_pin(self):
        self.bank.init()
        for end in (lambda pid, terminal: os.write(terminal, b"\x03"),
                    lambda pid, terminal: os.kill(pid, signal.SIGTERM)):
            pid, terminal = pty.fork()
            if pid == 0:
                signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run in the background
                os.execve(PROGRAM, [PROGRAM, "--config", self.bank.path("keeper.conf")],
                          self.bank.environment)
            seen = b""
            while b"PIN of the bank's token: " not in seen:
                seen += os.read(terminal, 4096)
            end(pid, terminal)
            with self.assertRaises(OSError):  # EIO: nobody has the terminal any more
                while True:
                    self.assertNotIn(b"PIN", os.read(terminal, 4096))
            self.assertTrue(os.WIFSIGNALED(os.waitpid(pid, 0)[1]))
            os.close(terminal)

    def test_not_with_a_state_directory_that_others_may_use(self):
        self.bank.init()
        for mode in (0o770, 0o701, 0o755):
            os.chmod(self.bank.path("state"), mode)
            self.refused("KEEPER_STATE", 4)

    def test_not_without_its_state(self):
        self.refused("KEEPER_STATE", 4)
        self.bank.init()
        os.unlink(self.bank.path("state", "state"))
        self.refused("KEEPER_STATE", 4)

    def test_not_with_a_damaged_state(self):
        self.bank.init()
        good = self.bank.state()
        head = self.bank.head
        for change in ({"size": -1}, {"root": "00"}, {"type": "other"}, {"version": 2}, {"more": 1},
                       {"logKey": "A" * 43}, {"size": "1"}):
            bad = head(good, **change)
            self.bank.write_records(bad, bad)
            self.refused("KEEPER_STATE", 4)
        branch = [head(good, size=3, root=tree_root(leaves).hex()) for leaves in (LEAVES[:3], LEAVES[1:4])]
        for records in ((json.dumps(good),) * 2,  # not canonical
                        (good,), (good,) * 3, ("", ""), branch, (good, head(good, logKey="A" * 43)),
                        (good, {**good, "size": 3})):  # a sum of something else
            self.bank.write_records(*records)
            self.refused("KEEPER_STATE", 4)

    def test_threat_20_not_with_a_damaged_record(self):
        """It may be the newest head that was signed: the one before would allow another branch."""
        keeper = self.started()
        self.signs(keeper, 3)
        self.signs(keeper, 5, start=3)
        keeper.stop()
        with open(self.bank.path("state", "state"), "r+b") as file:
            whole = file.read()
            for at in (70, 4096 + 70):
                file.seek(0)
                file.write(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
                file.flush()
                self.refused("KEEPER_STATE", 4)

    def test_the_newer_head_counts(self):
        self.bank.init()
        old = self.bank.state()
        new = self.bank.head(old, size=3, root=tree_root(LEAVES[:3]).hex())
        for records in ((old, new), (new, old)):
            self.bank.write_records(*records)
            keeper = self.start()
            self.assertEqual(keeper.state()[0], 3)
            keeper.stop()

    def test_not_with_papers_of_another_bank_or_damaged_ones(self):
        self.bank.init()
        self.refused("BANK_MISMATCH", 1, bank="demobank.example/test")
        for name in ("root.der", "bank-keys.jws"):
            path = self.bank.path("state", name)
            with open(path, "r+b") as file:
                good = file.read()
                file.seek(len(good) - 3)
                file.write(bytes([good[-3] ^ 1]))
            self.refused("KEEPER_STATE", 4)
            with open(path, "wb") as file:
                file.write(good)
        keeper = self.start()
        request = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                          "-nodes", "-keyout", os.devnull, "-subj", "/CN=x", "-outform", "DER")
        answer = keeper.ask(CERTIFY, request.stdout)[1]
        self.assertEqual(keeper.stop(), 0)
        with open(self.bank.path("state", "root.der"), "wb") as file:
            file.write(answer[2:2 + struct.unpack(">H", answer[:2])[0]])  # signed by the root key
        self.refused("KEEPER_STATE", 4)

    def test_one_keeper_a_state(self):
        self.started()
        self.refused("KEEPER_STATE", 4, socket=self.bank.path("second.sock"))

    def test_settings_and_usage(self):
        self.assertEqual(self.bank.run("--check-config")[0], 0)
        self.refused("CONFIG_INVALID", 2, "--check-config", bank="No Bank")
        self.refused("CONFIG_INVALID", 2, "--check-config", token="pkcs11:pin-value=1")
        self.refused("CONFIG_INVALID", 2, "--check-config", surprise="1")
        self.refused("USAGE", 2, "--check-config", "--init")
        self.refused("USAGE", 2, "--json")
        self.assertEqual(self.bank.run("--no-such-option")[0], 2)
        self.assertIn("bankd-keeper --config", self.bank.run("--help")[1])

    def test_the_socket_is_for_its_owner(self):
        keeper = self.started()
        self.assertEqual(stat.S_IMODE(os.stat(keeper.ready["socket"]).st_mode), 0o600)
        self.assertEqual(keeper.stop(), 0)
        self.assertFalse(os.path.exists(keeper.ready["socket"]))
        if os.geteuid() == 0:
            keeper = self.start(peer_uid="65533")
            self.assertEqual(os.stat(keeper.ready["socket"]).st_uid, 65533)


class Checkpoints(KeeperTest):
    def test_signs_a_growing_tree(self):
        keeper = self.started()
        self.assertEqual(keeper.state(), (0, tree_root([])))
        self.signs(keeper, 0)
        before = 0
        for size in (1, 2, 3, 4, 7, 8, 21, 40):
            self.signs(keeper, size, start=before)
            self.signs(keeper, size)  # again, without a proof
            self.assertEqual(keeper.state(), (size, tree_root(LEAVES[:size])))
            self.assertEqual(sorted(r["size"] for r in self.bank.records()), [before, size])
            before = size

    def test_refuses_another_history(self):
        keeper = self.started()
        self.answers(keeper, "LOG_ROLLED_BACK", 0, b"\1" * 32)
        self.signs(keeper, 7)
        self.answers(keeper, "LOG_ROLLED_BACK", 6, tree_root(LEAVES[:6]))
        self.answers(keeper, "LOG_ROLLED_BACK", 0, tree_root([]))
        self.answers(keeper, "LOG_ROLLED_BACK", 7, tree_root(OTHER[:7]))
        proof = consistency(7, LEAVES[:12])
        root = tree_root(LEAVES[:12])
        for wrong in ([], proof[:-1], proof + [bytes(32)], proof[::-1], [bytes(32)] * len(proof),
                      consistency(6, LEAVES[:12]), consistency(7, OTHER[:12])):
            self.answers(keeper, "PROOF_INVALID", 12, root, wrong)
        self.answers(keeper, "PROOF_INVALID", 12, tree_root(OTHER[:12]),
                     consistency(7, OTHER[:12]))
        self.answers(keeper, "PROOF_INVALID", 20, root, proof)
        self.assertEqual(keeper.state(), (7, tree_root(LEAVES[:7])))
        self.assertEqual(self.bank.state()["size"], 7)
        self.signs(keeper, 12, start=7)

    def test_a_size_past_the_files_range_is_not_recorded(self):
        keeper = self.started()
        for size in (1 << 53, 1 << 63, (1 << 64) - 1):
            name, note = keeper.checkpoint(size, bytes(32))
            self.assertEqual((name, note), ("TOO_LARGE", b""))
        self.assertEqual(keeper.state()[0], 0)

    def test_threat_01_an_older_database_after_a_restart(self):
        keeper = self.started()
        self.signs(keeper, 9)
        for end in (Keeper.stop, Keeper.kill):
            end(keeper)
            keeper = self.start()
            self.assertEqual(keeper.ready["size"], 9)
            self.answers(keeper, "LOG_ROLLED_BACK", 5, tree_root(LEAVES[:5]))
            self.answers(keeper, "PROOF_INVALID", 20, tree_root(OTHER[:20]),
                         consistency(9, OTHER[:20]))
            self.signs(keeper, 9)

    def test_threat_20_a_head_is_recorded_before_it_is_signed(self):
        keeper = self.started()
        self.bank.fault("C_Sign * 0x30")
        self.answers(keeper, "TOKEN_FAILED", 4, tree_root(LEAVES[:4]))
        self.assertEqual(self.bank.state()["size"], 4)
        self.bank.fault("C_Sign 1 flip")
        self.answers(keeper, "TOKEN_BAD_SIGNATURE", 4, tree_root(LEAVES[:4]))
        self.bank.fault("# sound")
        self.answers(keeper, "LOG_ROLLED_BACK", 4, tree_root(OTHER[:4]))
        self.signs(keeper, 4)

    def test_threat_21_nothing_is_signed_that_cannot_be_recorded(self):
        keeper = self.started()
        self.signs(keeper, 2)
        os.rename(self.bank.path("state"), self.bank.path("away"))
        self.answers(keeper, "IO", 5, tree_root(LEAVES[:5]), consistency(2, LEAVES[:5]))
        self.assertEqual(keeper.state()[0], 2)
        os.rename(self.bank.path("away"), self.bank.path("state"))
        self.assertEqual(self.bank.state()["size"], 2)
        self.signs(keeper, 5, start=2)

    def test_goes_on_after_the_token_was_pulled(self):
        keeper = self.started()
        self.bank.fault("C_Sign 1 0x32")
        self.signs(keeper, 3)

    def test_ends_when_the_module_cannot_be_started_again(self):
        keeper = self.started()
        self.bank.fault("C_Sign * 0x30", "C_OpenSession * 0x30", "C_Initialize * 0x5")
        self.answers(keeper, "TOKEN_MODULE", 3, tree_root(LEAVES[:3]))
        self.assertEqual(keeper.end(), 3)
        self.assertFalse(os.path.exists(keeper.ready["socket"]))
        self.bank.fault("# sound")
        self.signs(self.start(), 3)

    def test_a_crashed_module_takes_the_keeper_with_it_and_nothing_else(self):
        keeper = self.started()
        self.bank.fault("C_Sign 1 crash")
        keeper.connection.send(struct.pack(">HQ32sH", CHECKPOINT, 3, tree_root(LEAVES[:3]), 0))
        self.assertEqual(keeper.connection.recv(100), b"")
        self.assertNotEqual(keeper.end(), 0)
        self.bank.fault("# sound")
        self.signs(self.start(), 3)


class BankKeys(KeeperTest):
    def test_the_statement_is_the_roots_and_names_the_log_key(self):
        result = self.bank.init()
        keeper = self.start()
        name, statement = keeper.ask(BANK_KEYS)
        self.assertEqual(name, "OK")
        head, body, signature = statement.decode().split(".")
        payload = json.loads(b64url(body))
        root = b64url(payload["root"])
        self.assertEqual(b64url(head).decode(), '{"alg":"ES256","kid":"%s",'
                         '"typ":"countersign-bank-keys+jws"}' % result["pin"])
        self.assertEqual(thumbprint(root), result["pin"])
        self.assertTrue(verifies(root, f"{head}.{body}".encode(), der_signature(b64url(signature))))
        log = keeper.log_spki()
        self.assertEqual(payload["bank"], BANK)
        self.assertEqual(payload["keys"], [{
            "spki": base64.urlsafe_b64encode(log).rstrip(b"=").decode(),
            "thumbprint": result["log"], "use": "log"}])
        self.assertEqual(thumbprint(log), result["log"])
        self.assertEqual((keeper.ready["pin"], keeper.ready["log"]), (result["pin"], result["log"]))


class Certificates(KeeperTest):
    def request(self, *key, subject="/CN=evil.example", more=()):
        """DER PKCS#10 by openssl for a fresh key."""
        made = openssl("req", "-new", "-newkey", *key, "-nodes", "-keyout", os.devnull, "-subj",
                       subject, "-outform", "DER", *more)
        self.assertEqual(made.returncode, 0, made.stderr)
        return made.stdout

    def p256(self, **options):
        return self.request("ec", "-pkeyopt", "ec_paramgen_curve:P-256", **options)

    def certified(self, keeper, request):
        """Leaf and root as PEM files."""
        name, payload = keeper.ask(CERTIFY, request)
        self.assertEqual(name, "OK")
        paths = []
        for which in ("leaf.pem", "root.pem"):
            length = struct.unpack(">H", payload[:2])[0]
            der, payload = payload[2:2 + length], payload[2 + length:]
            pem = openssl("x509", "-inform", "DER", input=der).stdout.decode()
            self.bank.write(which, pem)
            paths.append(self.bank.path(which))
        self.assertEqual(payload, b"")
        return paths

    def show(self, path, *what):
        return openssl("x509", "-in", path, "-noout", *what).stdout.decode()

    def test_the_chain_verifies_and_names_the_bank(self):
        keeper = self.started()
        request = self.p256(more=("-addext", "basicConstraints=CA:TRUE", "-addext",
                                  "subjectAltName=URI:countersign:another.example/x"))
        leaf, root = self.certified(keeper, request)
        checked = openssl("verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root, leaf)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        text = self.show(leaf, "-text")
        self.assertEqual(re.findall(r"URI:(\S+)", text), [f"countersign:{BANK}"])
        self.assertIn("CA:FALSE", text)
        self.assertIn("Digital Signature", text)
        self.assertNotIn("evil", text)
        asked = openssl("req", "-inform", "DER", "-noout", "-pubkey", input=request).stdout.decode()
        self.assertEqual(self.show(leaf, "-pubkey"), asked)
        pin = openssl("pkey", "-pubin", "-outform", "DER",
                      input=self.show(root, "-pubkey").encode()).stdout
        self.assertEqual(thumbprint(pin), keeper.ready["pin"])

    def test_the_leaf_lives_for_thirty_days(self):
        leaf, root = self.certified(self.started(), self.p256())
        day = 24 * 60 * 60
        for after, good in ((30 * day - 600, True), (30 * day + 600, False)):
            checked = openssl("verify", "-attime", str(int(time.time()) + after), "-CAfile", root,
                              leaf)
            self.assertEqual(checked.returncode == 0, good)

    def test_serial_numbers_differ(self):
        keeper = self.started()
        request = self.p256()
        serials = {self.show(self.certified(keeper, request)[0], "-serial") for _ in range(3)}
        self.assertEqual(len(serials), 3)

    def test_refuses_what_is_no_request_for_a_p256_key(self):
        keeper = self.started()
        good = self.p256()
        forged = good[:-1] + bytes([good[-1] ^ 1])
        table = [
            ("USAGE", b""), ("USAGE", b"\0"), ("USAGE", good[:-1]), ("USAGE", good + b"\0"),
            ("SIGNATURE_INVALID", forged),
            ("SIGNATURE_INVALID", good.replace(b"evil", b"good")),
            ("KEY_CURVE", self.request("ec", "-pkeyopt", "ec_paramgen_curve:P-384")),
            ("KEY_CURVE", self.request("ec", "-pkeyopt", "ec_paramgen_curve:secp256k1")),
            ("KEY_CURVE", self.request("ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt",
                                       "ec_param_enc:explicit")),
            ("KEY_ALGORITHM", self.request("rsa:2048")),
            ("KEY_ALGORITHM", self.request("ed25519")),
            ("TOO_LARGE", good + bytes(4097 - len(good))),
        ]
        for name, request in table:
            self.assertEqual(keeper.ask(CERTIFY, request), (name, b""))
        self.certified(keeper, good)

    def test_a_token_error_is_answered(self):
        keeper = self.started()
        self.bank.fault("C_Sign 1 flip")
        self.assertEqual(keeper.ask(CERTIFY, self.p256()), ("TOKEN_BAD_SIGNATURE", b""))


class Malformed(KeeperTest):
    def test_is_refused_by_name(self):
        keeper = self.started()
        whole = struct.pack(">Q32sH", 3, tree_root(LEAVES[:3]), 0)
        table = [("USAGE", kind, bytes(32)) for kind in (0, 10, 11, 255, 256, 65535)]
        table += [("KEEPER_UNPINNED", 5, bytes(32)), ("KEEPER_UNPINNED", 8, bytes(32)), ("JWS_MALFORMED", 9, bytes(32)), ("USAGE", 6, bytes(32)), ("TOO_LARGE", 5, bytes(16385))]
        table += [("USAGE", CHECKPOINT, whole[:n]) for n in range(len(whole))]
        table += [
            ("USAGE", CHECKPOINT, bytes(32)),  # no question carries a hash to be signed
            ("USAGE", CHECKPOINT, whole + b"\0"),
            ("USAGE", CHECKPOINT, whole + bytes(32)),
            ("USAGE", CHECKPOINT, whole[:-2] + b"\0\1" + bytes(31)),
            ("USAGE", CHECKPOINT, whole[:-2] + b"\0\x7f" + bytes(126 * 32)),
            ("TOO_LARGE", CHECKPOINT, whole[:-2] + b"\0\x7f" + bytes(127 * 32)),
            ("TOO_LARGE", STATE, b"\0"),
            ("TOO_LARGE", BANK_KEYS, b"\0"),
            ("TOO_LARGE", ROLLOVERS, b"\0"),
            ("TOO_LARGE", CHECKPOINT, bytes(60000)),
        ]
        for name, kind, payload in table:
            self.assertEqual(keeper.ask(kind, payload), (name, b""), (kind, len(payload)))
        self.assertEqual(keeper.packet(b"\1"), ("USAGE", b""))
        self.assertEqual(keeper.state()[0], 0)

    def test_random_bytes_change_nothing_and_kill_nobody(self):
        keeper = self.started()
        self.signs(keeper, 5)
        rng = random.Random(20261123)
        for i in range(3000):
            payload = rng.randbytes(rng.choice((1, 2, 40, 42, 74, 300, 4000)))
            packet = payload if i % 3 else struct.pack(">H", rng.randrange(8)) + payload
            name, answer = keeper.packet(packet)
            self.assertIn(name, ("USAGE", "TOO_LARGE", "LOG_ROLLED_BACK", "PROOF_INVALID", "KEEPER_UNPINNED"))
            self.assertEqual(answer, b"")
        self.assertEqual(keeper.state(), (5, tree_root(LEAVES[:5])))
        self.signs(keeper, 6, start=5)


class Client(KeeperTest):
    """The calls that bankd makes, by keeper_ask."""

    def connect(self):
        client = subprocess.Popen([ASK, self.bank.settings["socket"]], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(client.communicate)
        return client, client.stdout.readline().rstrip("\n")

    def call(self, client, *words):
        print(*words, file=client.stdin, flush=True)
        return client.stdout.readline().rstrip("\n").split(" ")

    def test_all_calls(self):
        keeper = self.started()
        client, connected = self.connect()
        self.assertEqual(connected, "OK")
        root = tree_root(LEAVES[:3])
        note = self.call(client, "checkpoint", 5000, 3, root.hex(), "-")
        self.assertEqual(note[0], "OK")
        self.assertEqual(read_note(bytes.fromhex(note[1]), keeper.log_spki()), (3, root))
        root = tree_root(LEAVES[:8])
        proof = b"".join(consistency(3, LEAVES[:8])).hex()
        self.assertEqual(self.call(client, "checkpoint", 5000, 8, root.hex(), "-"),
                         ["PROOF_INVALID"])
        self.assertEqual(self.call(client, "checkpoint", 5000, 8, root.hex(), proof)[0], "OK")
        self.assertEqual(self.call(client, "state", 5000), ["OK", "8", root.hex()])
        statement = self.call(client, "bank-keys", 5000)
        self.assertEqual(("OK", bytes.fromhex(statement[1])), keeper.ask(BANK_KEYS))
        request = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                          "-nodes", "-keyout", os.devnull, "-subj", "/CN=x", "-outform", "DER")
        answer = self.call(client, "certify", 5000, request.stdout.hex())
        self.assertEqual(answer[0], "OK")
        with open(self.bank.path("state", "root.der"), "rb") as file:
            self.assertEqual(bytes.fromhex(answer[2]), file.read())
        self.assertEqual(self.call(client, "certify", 5000, "00"), ["USAGE"])

    def test_keeper_gone_when_nobody_listens(self):
        _, connected = self.connect()
        self.assertEqual(connected, "KEEPER_GONE")

    def test_threat_21_keeper_gone_when_it_was_killed(self):
        keeper = self.started()
        client, _ = self.connect()
        self.assertEqual(self.call(client, "state", 5000)[0], "OK")
        keeper.kill()
        started = time.monotonic()
        for _ in range(2):
            self.assertEqual(self.call(client, "state", 5000)[0], "KEEPER_GONE")
        self.assertLess(time.monotonic() - started, 2)

    def test_threat_21_keeper_gone_within_the_deadline_when_the_module_hangs(self):
        keeper = self.started()
        client, _ = self.connect()
        self.bank.fault("C_Sign 1 hang")
        root = tree_root(LEAVES[:3]).hex()
        started = time.monotonic()
        self.assertEqual(self.call(client, "checkpoint", 300, 3, root, "-"), ["KEEPER_GONE"])
        self.assertGreater(time.monotonic() - started, 0.25)
        self.assertEqual(self.call(client, "state", 5000)[0], "KEEPER_GONE")  # without waiting
        self.assertLess(time.monotonic() - started, 2)
        self.bank.fault("# sound")
        client, connected = self.connect()
        self.assertEqual(connected, "OK")
        self.assertEqual(self.call(client, "state", 5000)[:2], ["OK", "3"])
        self.assertEqual(self.call(client, "checkpoint", 5000, 3, root, "-")[0], "OK")
        self.assertIsNone(keeper.process.poll())

    def test_threat_21_keeper_gone_at_once_when_a_stopped_keeper_accepts_no_more(self):
        keeper = self.started()
        keeper.process.send_signal(signal.SIGSTOP)
        self.addCleanup(keeper.process.send_signal, signal.SIGCONT)
        waiting = []
        with self.assertRaises(BlockingIOError):
            for _ in range(1000):
                waiting.append(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
                self.addCleanup(waiting[-1].close)
                waiting[-1].setblocking(False)
                waiting[-1].connect(keeper.ready["socket"])
        self.assertEqual(self.connect()[1], "KEEPER_GONE")


if __name__ == "__main__":
    PROGRAM, ASK, FAULT = (os.path.abspath(path) for path in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
