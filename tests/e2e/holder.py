# SPDX-License-Identifier: Apache-2.0
"""A holder at the command line: a token, settings, a session directory, and a terminal."""
import fcntl
import json
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time

from bank import BIN, SOFTHSM

DRAFT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "electricity-bill.json")
WAIT_S = 30  # a deadline, not a delay
TMPFS = "/dev/shm"


class Holder:
    """NAME at BANK; by default with a SoftHSM2 token of his own, which keys() fills."""

    def __init__(self, bank, name, pin="1234", module=SOFTHSM, token=None):
        self.bank, self.name, self.pin, self.module = bank, name, pin, module
        self.token = token or "pkcs11:token=" + name
        self.sessions = tempfile.mkdtemp(prefix="countersign-test-", dir=TMPFS)
        self.conf = bank.path(name + ".conf")
        self.env = {"XDG_RUNTIME_DIR": self.sessions}

    def close(self):
        shutil.rmtree(self.sessions, ignore_errors=True)

    def keys(self, curve="P-256"):
        self.bank.token(self.name, self.pin)
        self.run("token", "generate", "--module", self.module, "--token", self.token, "--curve", curve,
                 "--use", "sign", settings=False, check=True)
        return self

    def enrol(self, kind="holder"):
        """The public half goes from the token through a file to the bank; KIND may be terminal."""
        spki = self.bank.path(self.name + ".spki")
        self.run("token", "info", "--module", self.module, "--token", self.token, "--spki", spki, settings=False,
                 check=True)
        self.bank.ctl(kind, "add", "--id", self.name, "--name", self.name.title(), "--spki", spki)
        return self

    def settings(self, account, **others):
        """Writes the settings; others=None leaves one out."""
        values = {"bank": self.bank.name, "bank_key": self.bank.pin,
                  "url": "https://127.0.0.1:%d" % self.bank.port, "module": self.module, "token": self.token,
                  "account": account, **others}
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write("".join("%s = %s\n" % pair for pair in values.items() if pair[1] is not None))
        return self

    def words(self, *words, settings=True, program="countersign"):
        return [program, *words, *(["--config", self.conf] if settings else [])]

    def run(self, *words, pin=None, settings=True, check=False, env=None, program="countersign"):
        """With the PIN by descriptor; a word {TEXT} becomes a descriptor, too (see Bank.tool)."""
        args = self.words(*words, settings=settings, program=program) + ["--pin-fd", "{%s}" % (pin or self.pin)]
        return self.bank.tool(args, check=check, env={**self.env, **(env or {})})

    def json(self, *words, **options):
        return json.loads(self.run(*words, "--json", check=True, **options).stdout)

    def new_order(self, name="order.json", draft=DRAFT, **members):
        """The demo's draft with MEMBERS changed, None removes, made an order by the program itself."""
        with open(draft, encoding="utf-8") as f:
            document = {**json.load(f), **members}
        self.bank.write(name + ".draft", json.dumps({k: v for k, v in document.items() if v is not None}))
        path = self.bank.path(name)
        if os.path.exists(path):
            os.unlink(path)
        self.run("order", "new", self.bank.path(name + ".draft"), "--output", path, check=True)
        with open(path, encoding="utf-8") as f:
            return path, json.load(f)

    def terminal(self, *words, program="countersign"):
        return Terminal(self.words(*words, program=program), {**self.bank.env, **self.env})

    def session_files(self):
        found = []
        for directory, _, files in os.walk(self.sessions):
            found += [os.path.join(directory, name) for name in files]
        return found


class Operator(Holder):
    """Has a token and settings as a holder has, and another program."""

    def ctl(self, *words, **options):
        return self.run(*words, program="bankctl", **options)


class Terminal:
    """A program at a terminal of its own, where it finds nothing but that for all three streams."""

    def __init__(self, args, env, columns=0):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                for number in (signal.SIGINT, signal.SIGHUP):  # ignored where the tests run in the background
                    signal.signal(number, signal.SIG_DFL)
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
                os.execve(os.path.join(BIN, args[0]), args, {**env, "TERM": "xterm"})
            finally:
                os._exit(127)
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self, deadline):
        """More of what the program writes; False at its end."""
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError("nothing more within %d s after:\n%s" % (WAIT_S, self.seen))
        try:
            data = os.read(self.fd, 4096)
        except OSError:  # EIO: the program closed the terminal
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)

    def expect(self, text):
        """Waits for TEXT and returns what stood before it; the rest stays for the next call."""
        deadline = time.monotonic() + WAIT_S
        while text not in self.seen:
            if not self.read(deadline):
                raise AssertionError("the program ended without %r:\n%s" % (text, self.seen))
        before, self.seen = self.seen.split(text, 1)
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def echo(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def hides(self):
        """Waits until what is typed is not shown: some ask for a PIN a moment before they take it."""
        deadline = time.monotonic() + WAIT_S
        while self.echo():
            if time.monotonic() > deadline:
                raise AssertionError("what is typed is shown:\n%s" % self.seen)

    def end(self, never=None):
        """Waits for the end; the exit status, negative for a signal, and the rest of the output. Fails as soon as it has
        NEVER in it, a question that nobody would answer."""
        deadline = time.monotonic() + WAIT_S
        while self.read(deadline):
            if never is not None and never in self.seen:
                raise AssertionError("%r is asked:\n%s" % (never, self.seen))
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status, self.seen


def children(pid):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name, encoding="ascii", errors="replace") as f:
                parent = int(f.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(name))
    return found


def verify_evidence(bank, path, *words):
    """The verdict of countersign-verify, which knows nothing but the pin."""
    return subprocess.run([os.path.join(BIN, "countersign-verify"), "evidence", "--bank-key", bank.pin, *words, path],
                          capture_output=True, text=True, timeout=60, check=False)
