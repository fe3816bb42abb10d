# SPDX-License-Identifier: Apache-2.0
"""countersign-testbank as an integrator starts it: what it gives, how it ends, what it refuses. After each
case nothing of it runs and nothing of it is left."""
import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import in_memory
from bank import BIN, SOFTHSM

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PROGRAM = os.path.join(BIN, "countersign-testbank")
WAIT_S = 30  # a deadline, not a delay


def command_lines():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                yield int(pid), f.read().decode(errors="replace").split("\0")
        except OSError:  # it has ended
            pass


def running(directory, program=""):
    """The processes that have something in DIRECTORY among their arguments."""
    return [pid for pid, words in command_lines()
            if any(word.startswith(directory) for word in words[1:]) and words[0].endswith(program)]


def wait_readable(fd):
    ready, _, _ = select.select([fd], [], [], WAIT_S)
    if not ready:
        raise AssertionError("nothing within %d s" % WAIT_S)


def wait_ended(pids):
    """Of processes that need not be our children."""
    for fd in pids:
        wait_readable(fd)
        os.close(fd)


class Started:
    """The program, started with ARGS; PREFIX is a program that starts it."""

    def __init__(self, *args, prefix=(), stderr=subprocess.PIPE, program=PROGRAM, env=None):
        self.process = subprocess.Popen([*prefix, program, "--module", SOFTHSM, *args], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=stderr, env=env)
        self.bank = None

    def ready(self):
        line = b""
        while not line.endswith(b"\n"):
            wait_readable(self.process.stdout)
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                raise AssertionError("ended instead of READY: %r" % (self.end(),))
            line += chunk
        word, _, text = line.decode().partition(" ")
        assert word == "READY" and text.count("\n") == 1, line
        self.bank = json.loads(text)
        return self

    def end(self, sig=None):
        """Exit status and what it said, when all that have its output are gone."""
        if sig is not None:
            self.process.send_signal(sig)
        out, err = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, (out + (err or b"")).decode()


class Case(unittest.TestCase):
    def setUp(self):
        self.base = tempfile.mkdtemp(prefix="countersign-test-", dir=in_memory.place())
        self.addCleanup(shutil.rmtree, self.base)
        self.dir = os.path.join(self.base, "a bank")  # a blank is no trouble
        self.started = []
        self.addCleanup(self.nothing_left)

    def nothing_left(self):
        for started in self.started:
            if started.process.poll() is None:
                self.assertEqual(started.end(signal.SIGTERM)[0], 0)
            self.assertEqual(glob.glob("/dev/shm/countersign-testbank.%d.*" % started.process.pid), [])
        survivors = running(self.base)
        for pid in survivors:
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(survivors, [])

    def start(self, *args, **options):
        self.started.append(Started("--dir", self.dir, *args, **options))
        return self.started[-1]

    def refused(self, name, code, *args, **options):
        """Told in one line by NAME, without a READY, without a trace."""
        status, said = self.start(*args, **options).end()
        self.assertEqual(status, code, said)
        self.assertTrue(said.startswith("countersign-testbank: %s: " % name), said)
        self.assertNotIn("Traceback", said)
        return said

    def gone(self, bank):
        """Its processes, files and sessions."""
        self.assertEqual(running(self.base), [])
        self.assertEqual(os.listdir(self.base), [])
        self.assertFalse(os.path.exists(sessions(bank)))

    def daemons(self):
        """Descriptors that become readable when they end."""
        pids = [pid for name in ("/bankd", "/bankd-keeper") for pid in running(self.base, name)]
        self.assertEqual(len(pids), 2)
        return [os.pidfd_open(pid) for pid in pids]


def sessions(bank):
    return os.path.dirname(bank["holders"][0]["env"]["XDG_RUNTIME_DIR"])


def countersign(person, *words):
    """As an integrator's program would: with what READY says and no other settings."""
    with open(person["pinFile"], encoding="utf-8") as pin:
        done = subprocess.run([os.path.join(BIN, "countersign"), *words, "--json", "--pin-fd", str(pin.fileno())],
                              env={**os.environ, **person["env"]}, pass_fds=[pin.fileno()], capture_output=True,
                              text=True, timeout=WAIT_S, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return json.loads(done.stdout) if done.stdout else None  # what went to a file


def bankctl(bank, *words):
    out = subprocess.run([os.path.join(BIN, "bankctl"), *words, "--json", "--socket", bank["operator"]["socket"]],
                         check=True, capture_output=True, timeout=WAIT_S).stdout
    return json.loads(out)


def operator(bank, *words):
    """As bankctl anywhere: with the operator's settings, token and PIN."""
    olga = bank["operator"]
    with open(olga["pinFile"], encoding="utf-8") as pin:
        out = subprocess.run([os.path.join(BIN, "bankctl"), *words, "--json", "--config", olga["config"], "--pin-fd",
                              str(pin.fileno())], env={**os.environ, **olga["env"]}, pass_fds=[pin.fileno()],
                             check=True, capture_output=True, timeout=WAIT_S).stdout
    return json.loads(out)


class Gives(Case):
    def test_a_bank_that_READY_describes(self):
        started = self.start("--port", "0").ready()
        bank = started.bank
        self.assertEqual((bank["pid"], bank["directory"]), (started.process.pid, self.dir))
        version = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True).stdout
        self.assertEqual(version, "countersign-testbank %s\n" % bank["version"])
        keys = bankctl(bank, "key", "show", "--bank-key", bank["pin"])
        self.assertIn(bank["logKey"], json.dumps(keys))
        listed = {found["account"]: found["booked"] for found in bankctl(bank, "account", "list")["accounts"]}
        self.assertEqual(listed, {account["account"]: account["booked"] for account in bank["accounts"]})
        self.assertEqual([account["holders"] for account in bank["accounts"]], [["alice", "bob"], ["shop"]])
        with open(os.path.join(self.dir, "ready.json"), encoding="utf-8") as f:
            self.assertEqual(json.load(f), bank)
        with open(os.path.join(self.dir, "alice", "pin"), encoding="utf-8") as f:
            self.assertEqual(f.read(), bank["holders"][0]["tokenPin"] + "\n")
        self.assertEqual(bank["url"], "https://127.0.0.1:%d" % bank["port"])
        self.assertEqual(started.end(signal.SIGTERM), (0, ""))
        self.gone(bank)

    def test_a_payment_that_two_people_sign(self):
        bank = self.start().ready().bank
        alice, bob, shop = *bank["holders"], bank["creditor"]
        for person, curve in ((alice, "P-256"), (bob, "P-521"), (shop, "P-256")):
            countersign(person, "login")
            key, = [key for key in countersign(person, "token", "info") if key.get("sign")]
            self.assertEqual((key["curve"], key["thumbprint"]), (curve, person["thumbprint"]))
        draft, order = os.path.join(self.base, "draft.json"), os.path.join(self.base, "order.json")
        with open(draft, "w", encoding="utf-8") as f:
            json.dump({"account": alice["account"], "amount": "12.34", "currency": "EUR", "description": "A test",
                       "creditor": {"account": shop["account"], "name": "EDP Comercial"}}, f)
        countersign(alice, "order", "new", draft, "--output", order)
        countersign(alice, "approve", order, "--yes")
        self.assertEqual(countersign(shop, "balance")["booked"], "0.00")
        countersign(bob, "approve", order, "--yes")
        self.assertEqual(countersign(shop, "balance")["booked"], "12.34")

    def test_tokens_that_fail_as_told(self):
        """Of each person by a file of his own; what the module sees is written down beside it."""
        bank = self.start("--faults").ready().bank
        alice, bob = bank["holders"]
        for person in (alice, bob, bank["creditor"], bank["operator"]):
            self.assertFalse(os.path.exists(person["faultsFile"]))
        with open(alice["faultsFile"], "w", encoding="ascii") as f:
            f.write("C_Sign * flip\ntrace\n")
        with self.assertRaisesRegex(AssertionError, "TOKEN_BAD_SIGNATURE"):
            countersign(alice, "login")
        with open(alice["faultsFile"] + ".trace", encoding="ascii") as f:
            self.assertEqual(f.read().split("\n").count("C_Sign 0x0"), 1)
        countersign(bob, "login")
        os.unlink(alice["faultsFile"])
        countersign(alice, "login")

    def test_an_operator_whose_token_signs(self):
        bank = self.start().ready().bank
        olga, account = bank["operator"], bank["accounts"][0]["account"]
        money = ["account", "fund", "--account", account, "--amount", "50.00", "--currency", "EUR"]
        listed, = operator(bank, "operator", "list")["operators"]
        self.assertEqual((listed["operator"], sorted(listed["roles"])), (olga["operator"], sorted(olga["roles"])))
        self.assertEqual([key["thumbprint"] for key in listed["keys"]], [olga["thumbprint"]])
        self.assertEqual(operator(bank, *money)["booked"], "1050.00")
        with self.assertRaises(subprocess.CalledProcessError) as closed:
            bankctl(bank, *money)
        self.assertIn(b"CONSOLE_CLOSED", closed.exception.stderr)
        self.assertEqual(bankctl(bank, "account", "list")["accounts"][0]["booked"], "1050.00")

    def test_files_for_nobody_else_and_no_private_key_in_them(self):
        self.start().ready()
        self.assertEqual(os.stat(self.dir).st_mode & 0o777, 0o700)
        looked_at = 0
        for where, _, names in os.walk(self.dir):
            self.assertEqual(os.stat(where).st_mode & 0o077, 0, where)
            for path in (os.path.join(where, name) for name in names):
                if os.path.isfile(path) and not path.startswith(os.path.join(self.dir, "tokens")):
                    with open(path, "rb") as f:
                        text = f.read()
                    self.assertNotIn(b"PRIVATE KEY", text, path)
                    self.assertNotIn(b"\x02\x01\x01\x04\x20", text, path)  # a P-256 key of RFC 5915
                    self.assertNotIn(b"\x02\x01\x01\x04\x42", text, path)  # of P-521
                    looked_at += 1
        self.assertGreater(looked_at, 15)

    def test_the_port_that_was_asked_for(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.assertEqual(self.start("--port", str(port)).ready().bank["port"], port)

    def test_programs_on_the_path(self):
        alone = shutil.copy(PROGRAM, self.base)
        env = {**os.environ, "PATH": os.path.abspath(BIN) + ":" + os.environ["PATH"]}
        bank = self.start(program=alone, env=env).ready().bank
        self.assertEqual(len(bankctl(bank, "holder", "list")["holders"]), 3)

    def test_progress_on_a_terminal(self):
        ours, theirs = pty.openpty()
        started = self.start(stderr=theirs).ready()
        os.close(theirs)
        wait_readable(ours)
        shown = os.read(ours, 65536).decode()
        self.assertIn("making tokens ...", shown)
        self.assertTrue(shown.endswith("\r\033[K"), shown)
        self.assertEqual(started.end(signal.SIGTERM)[0], 0)
        os.close(ours)


class Ends(Case):
    def test_by_a_signal(self):
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            started = self.start().ready()
            self.assertEqual(started.end(sig), (0, ""))
            self.gone(started.bank)

    def test_by_a_signal_while_it_starts(self):
        ours, theirs = pty.openpty()
        started = self.start(stderr=theirs)
        os.close(theirs)
        shown, deadline = "", time.monotonic() + WAIT_S
        while "starting the bank" not in shown and time.monotonic() < deadline:
            wait_readable(ours)
            shown += os.read(ours, 65536).decode()
        self.assertEqual(started.end(signal.SIGTERM), (0, ""))
        os.close(ours)
        self.assertEqual(running(self.base) + os.listdir(self.base), [])

    def test_when_its_parent_is_killed(self):
        """The parent is a shell; what has its output is the bank, so that the output's end is the bank's."""
        started = self.start(prefix=("sh", "-c", '"$@" & wait', "sh")).ready()
        self.assertNotEqual(started.process.pid, started.bank["pid"])
        daemons = self.daemons()
        self.assertEqual(started.end(signal.SIGKILL), (-signal.SIGKILL, ""))
        wait_ended(daemons)
        self.gone(started.bank)

    def test_with_the_parent_that_was_named(self):
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
            started = self.start("--parent", str(other.pid)).ready()
        self.assertEqual(started.end(), (0, ""))
        self.gone(started.bank)

    def test_killed_itself_its_daemons_die(self):
        started = self.start().ready()
        daemons = self.daemons()
        started.end(signal.SIGKILL)
        wait_ended(daemons)
        self.assertEqual(running(self.base), [])
        shutil.rmtree(sessions(started.bank))
        self.assertIn("DIRECTORY_NOT_EMPTY", self.refused("DIRECTORY_NOT_EMPTY", 1))

    def test_when_a_daemon_does(self):
        for name in ("bankd", "bankd-keeper"):
            started = self.start().ready()
            pid, = running(self.base, "/" + name)
            os.kill(pid, signal.SIGKILL)
            status, said = started.end()
            self.assertEqual(status, 4)
            self.assertTrue(said.startswith("countersign-testbank: UNAVAILABLE: %s ended by itself\n" % name), said)
            self.gone(started.bank)

    def test_and_keeps_the_files_when_asked(self):
        started = self.start("--keep").ready()
        self.assertEqual(started.end(signal.SIGTERM), (0, ""))
        self.assertEqual(running(self.base), [])
        self.assertFalse(os.path.exists(sessions(started.bank)))
        self.assertTrue({"alice", "bank", "ready.json", "tokens"} <= set(os.listdir(self.dir)))
        self.refused("DIRECTORY_NOT_EMPTY", 1)

    def test_and_leaves_what_is_not_its_own(self):
        os.mkdir(self.dir)
        started = self.start().ready()
        mine = os.path.join(self.dir, "evidence.json")
        with open(mine, "w", encoding="utf-8") as f:
            f.write("{}")
        self.assertEqual(started.end(signal.SIGTERM), (0, ""))
        self.assertEqual(os.listdir(self.dir), ["evidence.json"])
        os.unlink(mine)
        started = self.start().ready()
        self.assertEqual(started.end(signal.SIGTERM), (0, ""))
        self.assertEqual(os.listdir(self.base), ["a bank"])

    def test_though_its_files_are_gone_already(self):
        started = self.start().ready()
        shutil.rmtree(self.dir)
        self.assertEqual(started.end(signal.SIGTERM), (0, ""))
        self.gone(started.bank)


class Refuses(Case):
    def test_a_directory_that_is_not_empty(self):
        os.mkdir(self.dir)
        mine = os.path.join(self.dir, "ready.json")
        with open(mine, "w", encoding="utf-8") as f:
            f.write("mine")
        self.assertIn("name another", self.refused("DIRECTORY_NOT_EMPTY", 1))
        with open(mine, encoding="utf-8") as f:
            self.assertEqual(f.read(), "mine")
        self.assertEqual(os.listdir(self.dir), ["ready.json"])

    def test_a_second_bank_in_one_directory(self):
        bank = self.start().ready().bank
        self.assertIn(self.dir, self.refused("TESTBANK_RUNNING", 1))
        self.assertEqual(len(bankctl(bank, "holder", "list")["holders"]), 3)

    def test_a_port_that_is_taken(self):
        """bankd says so and its exit status is passed on; the keeper, which ran already, is stopped."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            said = self.refused("UNAVAILABLE", 4, "--port", str(s.getsockname()[1]))
        self.assertIn("bankd ended with exit 4", said)
        self.assertIn("Address already in use", said)
        self.assertEqual(running(self.base) + os.listdir(self.base), [])

    def test_what_is_not_there(self):
        ended = subprocess.Popen(["true"])
        ended.wait()
        self.refused("NOT_FOUND", 1, "--parent", str(ended.pid))
        status, said = Started("--dir", os.path.join(self.base, "no", "dir")).end()
        self.assertEqual(status, 4, said)
        self.assertIn("countersign-testbank: IO: ", said)
        alone = shutil.copy(PROGRAM, self.base)
        self.assertIn("bankd-keeper", self.refused("UNAVAILABLE", 4, program=alone))
        os.unlink(alone)
        done = subprocess.run([PROGRAM, "--dir", self.dir, "--module", "no.so"], capture_output=True, text=True,
                              timeout=WAIT_S, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("TOKEN_MODULE: ", done.stderr)
        self.assertEqual(os.listdir(self.base), [])

    def test_a_module_that_is_none(self):
        """The exit status of countersign: 3."""
        done = subprocess.run([PROGRAM, "--dir", self.dir, "--module", __file__], capture_output=True, text=True,
                              timeout=WAIT_S, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("TOKEN_MODULE", done.stderr)
        self.assertEqual(os.listdir(self.base), [])

    def test_an_output_that_nobody_reads(self):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([PROGRAM, "--dir", self.dir], stdout=write, stderr=subprocess.PIPE, text=True,
                              timeout=WAIT_S, check=False)
        os.close(write)
        self.assertEqual((done.returncode, done.stderr), (4, "countersign-testbank: IO: [Errno 32] Broken pipe\n"))
        self.assertEqual(running(self.base) + os.listdir(self.base), [])

    def test_usage(self):
        for args in ((), ("--dir",), ("--dir", self.dir, "--port", "65536"), ("--dir", self.dir, "--port", "x"),
                     ("--dir", self.dir, "--parent", "0"), ("--dir", self.dir, "more"), ("--di", self.dir),
                     ("--dir", self.dir + "\n"), ("--dir", self.dir + "x" * 100)):
            done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=WAIT_S, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""), (args, done.stderr))
            self.assertTrue(done.stderr.startswith("countersign-testbank: USAGE: "), done.stderr)
        self.assertEqual(os.listdir(self.base), [])

    def test_by_names_that_docs_explain(self):
        with open(PROGRAM, encoding="utf-8") as f:
            text = f.read()
        exits = dict(re.findall(r'"([A-Z_]+)": (\d)', text[text.index("\nEXITS = "):text.index("\nPR_SET")]))
        self.assertGreaterEqual(exits.keys(), set(re.findall(r'Failure\("(\w+)"', text)))
        with open(os.path.join(ROOT, "docs", "ERRORS.md"), encoding="utf-8") as f:
            explained = dict(re.findall(r"^\| `(\w+)` \| (\d) \|", f.read(), re.M))
        self.assertEqual({name: explained.get(name) for name in exits}, exits)


if __name__ == "__main__":
    unittest.main()
