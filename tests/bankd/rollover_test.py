# SPDX-License-Identifier: Apache-2.0
"""bankd-keeper --rollover on a real (software) token: another root key, which both sign.
Usage: rollover_test.py BANKD-KEEPER FAULT-MODULE [TEST...]"""

import collections
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from keeper_bank import (BANK, BANK_KEYS, CERTIFY, PIN, PLACE, ROLLOVERS, WAIT_S, Bank, Keeper, b64url, consistency,
                         der_signature, openssl, read_note, thumbprint, tree_root, verifies)

LEAVES = [f"leaf {i}".encode() for i in range(9)]
DAY_S = 86400
# What changes something outside the process; SoftHSM keeps its keys in files, too.
CALLS = ("rename", "renameat2", "fsync", "write", "openat", "unlink", "close", "fcntl")
POINTS = 20  # kills, spread over all such calls


def when(text):
    return int(subprocess.run(["date", "-u", "-d", text, "+%s"], check=True, capture_output=True).stdout)


class Rollover(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(dir=PLACE)
        self.addCleanup(directory.cleanup)
        self.bank = Bank(PROGRAM, FAULT, directory.name)
        self.first = self.bank.init()

    def start(self):
        keeper = Keeper(self.bank)
        self.addCleanup(keeper.kill)
        return keeper

    def roll(self, *words):
        code, out, errors = self.bank.run("--rollover", "--json", *words)
        self.assertEqual(code, 0, errors)
        return json.loads(out)

    def refused(self, name, code, *arguments, **options):
        got, out, errors = self.bank.run(*arguments, **options)
        self.assertEqual((got, out), (code, ""), errors)
        self.assertIn(f"bankd-keeper: {name}: ", errors)

    def chain(self, keeper):
        name, answer = keeper.ask(ROLLOVERS)
        self.assertEqual(name, "OK")
        return json.loads(answer)

    def read(self, link):
        """The payload, after openssl has found both signatures right."""
        payloads = set()
        for which in ("old", "new"):
            head, body, signature = link[which].split(".")
            payload = json.loads(b64url(body))
            spki = b64url(payload[which])
            self.assertEqual(json.loads(b64url(head)), {"alg": "ES256", "kid": thumbprint(spki),
                                                        "typ": "countersign-rollover+jws"})
            self.assertTrue(verifies(spki, f"{head}.{body}".encode(), der_signature(b64url(signature))))
            payloads.add(body)
        self.assertEqual(len(payloads), 1)
        return payload

    def leads(self, keeper, *pins):
        """The keeper's chain goes through these pins, each payload bound to the one before."""
        chain = self.chain(keeper)
        before = None
        for link, old, new in zip(chain, pins[:-1], pins[1:], strict=True):
            said = self.read(link)
            self.assertEqual((said["bank"], said["log"], said["version"]), (BANK, self.first["log"], 1))
            self.assertEqual([thumbprint(b64url(said[w])) for w in ("old", "new")], [old, new])
            self.assertEqual(said.get("previous"), before)
            before = hashlib.sha256(b64url(link["old"].split(".")[1])).hexdigest()
        self.assertEqual(keeper.ready["pin"], pins[-1])
        return chain

    def holds(self, keeper, pin):
        """Certificates and the bank-keys statement are by the root key with this PIN."""
        payload = json.loads(b64url(keeper.ask(BANK_KEYS)[1].decode().split(".")[1]))
        self.assertEqual(thumbprint(b64url(payload["root"])), pin)
        self.assertEqual(payload["keys"][0]["thumbprint"], self.first["log"])
        request = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                          "-keyout", os.devnull, "-subj", "/CN=x", "-outform", "DER").stdout
        name, answer = keeper.ask(CERTIFY, request)
        self.assertEqual(name, "OK")
        length = int.from_bytes(answer[:2], "big")
        for which, der in (("leaf.pem", answer[2:2 + length]), ("root.pem", answer[4 + length:])):
            self.bank.write(which, openssl("x509", "-inform", "DER", input=der).stdout.decode())
        self.assertEqual(openssl("verify", "-x509_strict", "-CAfile", self.bank.path("root.pem"),
                                 self.bank.path("leaf.pem")).returncode, 0)
        key = openssl("x509", "-in", self.bank.path("root.pem"), "-noout", "-pubkey").stdout
        self.assertEqual(thumbprint(openssl("pkey", "-pubin", "-outform", "DER", input=key).stdout), pin)

    def test_both_sign_and_the_log_goes_on(self):
        keeper = self.start()
        self.assertEqual(self.chain(keeper), [])
        self.assertEqual(keeper.checkpoint(3, tree_root(LEAVES[:3]))[0], "OK")
        self.assertEqual(keeper.stop(), 0)
        result = self.roll()
        self.assertEqual((result["oldPin"], result["bank"]), (self.first["pin"], BANK))
        keeper = self.start()
        said = self.read(self.leads(keeper, self.first["pin"], result["pin"])[0])
        self.assertEqual(when(said["expires"]) - when(said["issued"]), 90 * DAY_S)
        self.assertEqual(result["until"], said["expires"])
        self.holds(keeper, result["pin"])
        self.assertEqual(keeper.checkpoint(3, tree_root(OTHER[:3]))[0], "LOG_ROLLED_BACK")
        name, note = keeper.checkpoint(5, tree_root(LEAVES[:5]), consistency(3, LEAVES[:5]))
        self.assertEqual((name, read_note(note, keeper.log_spki())), ("OK", (5, tree_root(LEAVES[:5]))))

    def test_twice_and_the_chain_is_bound(self):
        pins = [self.first["pin"]]
        for days in ("1", "366"):
            pins.append(self.roll("--overlap-days", days)["pin"])
        self.assertEqual(len(set(pins)), 3)
        keeper = self.start()
        self.leads(keeper, *pins)
        self.holds(keeper, pins[-1])

    def test_for_people(self):
        code, out, _ = self.bank.run("--rollover")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^Bank {6}\S+\nPin {7}\S{43}\nOld pin {3}%s\nUntil {5}\S+Z\n" % self.first["pin"])

    def test_not_while_a_keeper_runs_nor_without_the_pin(self):
        keeper = self.start()
        self.refused("KEEPER_STATE", 4, "--rollover")
        keeper.stop()
        self.refused("PIN_WRONG", 3, "--rollover", pin="999999")
        self.refused("BANK_MISMATCH", 1, "--rollover", bank="demobank.example/test")
        for days in ("0", "367", "-1", "soon"):
            self.refused("USAGE", 2, "--rollover", "--overlap-days", days)
        self.refused("USAGE", 2, "--overlap-days", "9")
        self.refused("USAGE", 2, "--rollover", "--init")
        self.refused("USAGE", 2, "--rollover", "--unused-log-key")
        keeper = self.start()
        self.leads(keeper, self.first["pin"])
        self.assertEqual(sorted(os.listdir(self.bank.path("state"))), sorted(STATE_FILES))

    def test_not_with_other_papers(self):
        result = self.roll()
        path = self.bank.path("state", "rollovers.json")
        with open(path, encoding="ascii") as file:
            good = file.read()
        link = json.loads(good)[0]
        with tempfile.TemporaryDirectory() as elsewhere:
            other = Bank(PROGRAM, FAULT, elsewhere)
            other.init()
            self.assertEqual(other.run("--rollover")[0], 0)
            with open(other.path("state", "rollovers.json"), encoding="ascii") as file:
                strange = file.read()
        for text in ("", "{}", "[{}]", good + " ", good.replace('","', '", "'), strange,
                     json.dumps([link, link], separators=(",", ":"), sort_keys=True),
                     json.dumps([dict(link, new=link["old"])], separators=(",", ":"), sort_keys=True)):
            self.bank.write("state/rollovers.json", text)
            self.refused("KEEPER_STATE", 4)
            self.refused("KEEPER_STATE", 4, "--rollover")
        self.bank.write("state/rollovers.json", good)
        for name in ("root-2.der", "bank-keys-2.jws"):
            os.rename(self.bank.path("state", name), self.bank.path("kept"))
            self.refused("KEEPER_STATE", 4)
            shutil.copy(self.bank.path("state", name.replace("-2", "")), self.bank.path("state", name))
            self.refused("KEEPER_STATE", 4)
            os.rename(self.bank.path("kept"), self.bank.path("state", name))
        self.holds(self.start(), result["pin"])

    def test_no_more_than_a_reader_takes(self):
        pins = [self.first["pin"]] + [self.roll()["pin"] for _ in range(16)]
        self.refused("TOO_LARGE", 1, "--rollover")
        self.leads(self.start(), *pins)

    def traced(self, *strace):
        reader, writer = os.pipe()
        os.write(writer, PIN.encode() + b"\n")
        os.close(writer)
        self.bank.write_settings()
        try:
            return subprocess.run(["strace", "-f", "-qq", "-o", self.bank.path("calls"), "-e",
                                   "trace=" + ",".join(CALLS), *strace, PROGRAM, "--config",
                                   self.bank.path("keeper.conf"), "--pin-fd", str(reader), "--rollover"],
                                  pass_fds=[reader], capture_output=True, timeout=WAIT_S, check=False,
                                  env=dict(self.bank.environment, ASAN_OPTIONS="detect_leaks=0"))
        finally:
            os.close(reader)

    def calls(self):
        """How often it makes each of CALLS."""
        self.assertEqual(self.traced().returncode, 0)
        with open(self.bank.path("calls"), encoding="utf-8", errors="replace") as file:
            names = [line.split(None, 1)[1].split("(")[0] for line in file]
        return collections.Counter(name for name in names if name in CALLS)

    def again(self, pin):
        """Where the token was interrupted in making a pair, its half must be deleted first."""
        code, out, errors = self.bank.run("--rollover", "--json")
        if code != 0:
            self.assertIn("bankd-keeper: KEY_EXISTS: ", errors)
            self.assertRegex(errors, "delete its (one object|two objects)")
            for kind in ("pubkey", "privkey"):
                subprocess.run(["pkcs11-tool", "--module", self.bank.environment["FAULT_MODULE"], "--token-label",
                                "bank", "--login", "--pin", PIN, "--delete-object", "--type", kind, "--label",
                                "bank-root-2"], env=self.bank.environment, capture_output=True, timeout=WAIT_S,
                               check=False)
            code, out, errors = self.bank.run("--rollover", "--json")
        self.assertEqual(code, 0, errors)
        self.assertEqual(json.loads(out)["oldPin"], pin)

    def failing(self, *calls):
        """While a rollover is tried C_Sign fails at these calls: 1 is the old key's, 2 the new one's."""
        self.bank.fault(*(f"C_Sign {n} 0x6" for n in calls))
        try:
            return self.bank.run("--rollover", "--json")
        finally:
            self.bank.fault()

    def test_a_token_that_fails_is_no_half_pair(self):
        """It is named for what it is, nothing is to be deleted, and the next run goes on with the same pair."""
        code, out, errors = self.failing(2)
        self.assertEqual((code, json.loads(out)["error"]), (3, "TOKEN_FAILED"), errors)
        self.assertIn("bankd-keeper: TOKEN_FAILED: ", errors)
        self.assertIn("failed to sign with the next root key, which stays there", errors)
        self.assertNotIn("half a pair", errors)
        self.holds(self.start(), self.first["pin"])

    def test_a_pair_that_was_left(self):
        """Only where the old key signs and this one does not, again, is it called half a pair."""
        self.assertEqual(self.failing(2)[0], 3)
        for calls in ((1,), (2, 3)):
            code, _, errors = self.failing(*calls)
            self.assertEqual((code, "TOKEN_FAILED" in errors, "half a pair" in errors), (3, True, False), errors)
        code, _, errors = self.failing(2, 4)
        self.assertEqual((code, "KEY_EXISTS" in errors, "delete its two objects" in errors), (3, True, True), errors)
        code, out, errors = self.failing(2)
        self.assertEqual(code, 0, errors)
        self.leads(self.start(), self.first["pin"], json.loads(out)["pin"])

    @unittest.skipIf(os.geteuid() != 0, "SKIPPED: only root may trace the keeper")
    def test_killed_at_any_call_one_key_holds(self):
        """Never none and never both; and then it can be done again."""
        saved = self.bank.path("saved")
        for name in ("tokens", "state"):
            shutil.copytree(self.bank.path(name), os.path.join(saved, name))
        every = [(name, n) for name, count in sorted(self.calls().items()) for n in range(1, count + 1)]
        last = [(name, n) for name, n in every if name in ("rename", "fsync")][-8:]
        points = sorted(set(every[::max(1, len(every) // POINTS)] + last))
        ends = collections.Counter()
        for name, n in points:
            for which in ("tokens", "state"):
                shutil.rmtree(self.bank.path(which))
                shutil.copytree(os.path.join(saved, which), self.bank.path(which))
            done = self.traced("-e", f"inject={name}:signal=KILL:when={n}")
            self.assertNotEqual(done.returncode, 0, (name, n))
            with self.subTest(call=name, n=n):
                keeper = self.start()
                rolled = self.chain(keeper)
                pin = thumbprint(b64url(self.read(rolled[0])["new"])) if rolled else self.first["pin"]
                self.holds(keeper, pin)
                self.leads(keeper, self.first["pin"], *([pin] if rolled else []))
                keeper.kill()
                ends[len(rolled)] += 1
                self.again(pin)
        self.assertGreater(ends[0], 3, ends)
        self.assertGreater(ends[1], 0, ends)


STATE_FILES = ("bank-keys.jws", "root.der", "state")
OTHER = [b"another"] + LEAVES[1:]

if __name__ == "__main__":
    PROGRAM, FAULT = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
