# SPDX-License-Identifier: Apache-2.0
"""Where a PIN is while a holder or an operator signs, and where PINs and PUKs are while they are set: in one locked
page each of the helper that has the token's module, and nowhere else. The programs as installed: a sanitizer's shadow
would be in the way."""
import contextlib
import os
import re
import resource
import select
import signal
import sys
import time
import unittest

from desk import ALONE, JOINT, Desk
from holder import SOFTHSM, WAIT_S, Operator, children

CANARY, FRESH, OFFICER = "canary-2718-heron", "canary-1414-crane", "canary-3141-stork"
BYTES = CANARY.encode()
PAGE = resource.getpagesize()


def read(pid, name):
    with open("/proc/%d/%s" % (pid, name), "rb") as f:
        return f.read()


def traced(path):
    """What a module of faults wrote down so far."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="ascii") as f:
        return f.read()


def status(pid, name):
    return re.search(r"^%s:\s*(.*)$" % name, read(pid, "status").decode(), re.M)[1]


def mappings(pid):
    """First and last address, rights, and the flags that smaps gives, of each part of a process's memory."""
    current = None
    for line in read(pid, "smaps").decode().splitlines():
        begin = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) .*", line)
        if begin:
            current = (int(begin[1], 16), int(begin[2], 16), begin[3])
        elif line.startswith("VmFlags:"):
            yield (*current, line.split()[1:])


def found_in_memory(pid, secret=BYTES):
    """Address and flags of each place where the secret stands, in all that can be read."""
    places, seen = [], 0
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for begin, end, rights, flags in mappings(pid):
            if "r" not in rights or "io" in flags or "pf" in flags:
                continue
            try:
                memory.seek(begin)
                content = memory.read(end - begin)
            except (OSError, OverflowError, ValueError):  # [vvar], [vsyscall]
                continue
            seen += len(content)
            at = content.find(secret)
            while at >= 0:
                places.append((begin + at, flags))
                at = content.find(secret, at + 1)
    assert seen > 1 << 20, "nothing was read of process %d" % pid
    return places


@contextlib.contextmanager
def ended(pid):
    """Left when the process has ended: a signal reaches one thread first, and the others may answer until then."""
    end = os.pidfd_open(pid)
    try:
        yield
        assert select.select([end], [], [], 60)[0] == [end], "process %d still runs" % pid
    finally:
        os.close(end)


class Canary(Desk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
        cls.carol = cls.holder("carol", CANARY)
        cls.account = "PT50003500010000004561245"
        cls.bank.open_account(cls.account, ["carol"], "872.22")
        cls.carol.settings(cls.account)
        cls.olga = Operator(cls.bank, "olga", CANARY)
        cls.addClassCleanup(cls.olga.close)
        cls.olga.keys().enrol("operator")
        cls.bank.ctl("operator", "roles", "olga", "--role", "security", "--note", "the first")

    def setUp(self):
        self.path, _ = self.alice.new_order(
            account=self.account, amount="10.00", creditor={"account": ALONE, "name": "Alice Example"})
        self.carol.run("logout", check=True)

    def asked(self, terminal):
        """The PIN was typed, the token is logged in, and the program waits for a yes; the helper's process."""
        terminal.expect("PIN of token carol to log in: ")
        terminal.type(CANARY + "\n")
        shown = terminal.expect("Sign this? [y/N] ")
        self.assertNotIn(CANARY, shown)
        return self.helper(terminal)

    def helper(self, terminal):
        helper, = [p for p in children(terminal.pid) if status(p, "Name").startswith("countersign-tok")]
        return helper

    def in_one_locked_page(self, terminal, helper, *secrets):
        for secret in map(str.encode, secrets):
            place, = found_in_memory(helper, secret)
            address, flags = place
            self.assertIn("lo", flags, "not locked: it may be written to swap")
            self.assertIn("dd", flags, "it may be dumped")
            self.assertIn("wf", flags, "a forked child would have it")
            self.assertLessEqual(address % PAGE + len(secret), PAGE)
            self.assertEqual(found_in_memory(terminal.pid, secret), [], "the program itself has it")
        self.assertGreater(int(status(helper, "VmLck").split()[0]), 0, "nothing is locked in memory")

    def nowhere_in_files(self):
        """Nothing that was written: the bank's logs and database, the holder's settings and session."""
        looked = 0
        for place in (self.bank.dir, self.carol.sessions, self.olga.sessions):
            for directory, _, files in os.walk(place):
                for name in files:
                    path = os.path.join(directory, name)
                    if not os.path.isfile(path):
                        continue
                    with open(path, "rb") as f:
                        self.assertNotIn(BYTES, f.read(), path)
                    looked += 1
        self.assertGreater(looked, 10)

    def test_threat_22_the_pin_is_in_one_locked_page_of_the_helper(self):
        with self.carol.terminal("approve", self.path, "--debug") as terminal:
            helper = self.asked(terminal)
            self.in_one_locked_page(terminal, helper, CANARY)
            terminal.type("y\n")
            code, seen = terminal.end()
            self.assertEqual(code, 0, seen)
            self.assertNotIn(CANARY, seen)
            self.assertFalse(os.path.exists("/proc/%d" % helper))
        self.nowhere_in_files()

    def test_threat_22_an_operators_pin_is_there_alone(self):
        """While the token makes the signature: its module waits for these rules to change."""
        rules = self.bank.path("rules")
        self.bank.write("rules", "trace\nC_Sign 1 hang\n")
        self.olga.settings(None, module=os.environ["COUNTERSIGN_FAULT"])
        self.olga.env.update(FAULT_MODULE=SOFTHSM, FAULT_CONTROL=rules)
        with self.olga.terminal("account", "block", "--account", JOINT, "--note", "as a test", program="bankctl") as terminal:
            terminal.expect("PIN of token olga to sign this act: ")
            terminal.type(CANARY + "\n")
            deadline = time.monotonic() + WAIT_S
            while "C_Sign hang" not in traced(rules + ".trace"):
                self.assertLess(time.monotonic(), deadline)
            self.in_one_locked_page(terminal, self.helper(terminal), CANARY)
            self.bank.write("rules", "")
            code, seen = terminal.end()
            self.assertEqual(code, 0, seen)
            self.assertNotIn(CANARY, seen)
        self.nowhere_in_files()

    def test_threat_22_pins_that_are_set_are_there_alone(self):
        """Before the last time that something is typed all is there that was typed before, but what was a repetition."""
        officer, pin, again = "New security officer PIN: ", "New PIN: ", "The same again: "
        dora = ("--token", "pkcs11:token=dora")
        for words, typed, there in (
                (("init", "--label", "dora"), ((officer, OFFICER), (again, OFFICER), (pin, CANARY)), (OFFICER, CANARY)),
                (("change-pin", *dora), (("PIN of token dora to change it: ", CANARY), (pin, FRESH)), (CANARY, FRESH)),
                (("unblock", *dora), (("of token dora to unblock its PIN: ", OFFICER), (pin, CANARY)), (OFFICER, CANARY))):
            with self.subTest(words[0]), self.carol.terminal("token", *words) as terminal:
                for prompt, text in typed:
                    terminal.expect(prompt)
                    terminal.hides()
                    terminal.type(text + "\n")
                terminal.expect(again)
                terminal.hides()
                self.in_one_locked_page(terminal, self.helper(terminal), *there)
                terminal.type(typed[-1][1] + "\n")
                code, seen = terminal.end()
                self.assertEqual(code, 0, seen)
                for secret in there:
                    self.assertNotIn(secret, seen)

    def test_threat_22_proc_and_files_tell_nothing(self):
        with self.carol.terminal("approve", self.path, "--debug") as terminal:
            helper = self.asked(terminal)
            for pid in (terminal.pid, helper):
                for name in ("cmdline", "environ", "comm", "stat", "maps", "limits", "auxv"):
                    content = read(pid, name)
                    self.assertTrue(content)
                    self.assertNotIn(BYTES, content)
                core, = [line for line in read(pid, "limits").decode().splitlines() if line.startswith("Max core file size")]
                self.assertEqual(core.split()[4:6], ["0", "0"])
                self.assertEqual(read(pid, "environ").count(b"PIN="), 0)
            self.nowhere_in_files()
            terminal.type("n\n")
            terminal.end()

    def test_threat_22_no_core_is_dumped(self):
        for victim in ("program", "helper"):
            with self.subTest(victim), self.carol.terminal("approve", self.path) as terminal:
                helper = self.asked(terminal)
                pid = terminal.pid if victim == "program" else helper
                with ended(pid):
                    os.kill(pid, signal.SIGABRT)
                if victim == "helper":
                    terminal.type("y\n")
                code, seen = terminal.end()
                self.assertEqual(code, -signal.SIGABRT if victim == "program" else 3, seen)
                self.assertNotIn(CANARY, seen)
                self.assertEqual([n for n in os.listdir(".") if n.startswith("core")], [])
            self.carol.run("logout", check=True)
        self.nowhere_in_files()

    def test_threat_22_no_helper_outlives_the_program(self):
        """Even where that was killed and could say nothing: the PIN goes with it."""
        with self.carol.terminal("approve", self.path) as terminal:
            with ended(self.asked(terminal)):
                os.kill(terminal.pid, signal.SIGKILL)
            self.assertEqual(terminal.end()[0], -signal.SIGKILL)

    def test_threat_22_the_helper_is_shut_in(self):
        """No new rights, a list of system calls, and nothing open but its socket and where it writes."""
        with self.carol.terminal("approve", self.path) as terminal:
            helper = self.asked(terminal)
            self.assertEqual([b"softhsm" in read(p, "maps") for p in (helper, terminal.pid)], [True, False])
            self.assertEqual(status(helper, "NoNewPrivs"), "1")
            self.assertEqual(status(helper, "Seccomp"), "2")
            opened = {int(n): os.readlink("/proc/%d/fd/%s" % (helper, n)) for n in os.listdir("/proc/%d/fd" % helper)}
            self.assertEqual([opened[0], opened[1], opened[2]], ["/dev/null"] * 3)
            self.assertFalse([path for path in opened.values() if path.startswith(("/dev/tty", "/dev/pts"))], opened)
            self.assertEqual(os.getsid(helper), helper)
            self.assertFalse([path for path in opened.values() if self.carol.sessions in path or "session" in path], opened)
            terminal.type("n\n")
            terminal.end()


if __name__ == "__main__":
    sys.exit(unittest.main())
