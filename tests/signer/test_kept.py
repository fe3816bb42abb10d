# SPDX-License-Identifier: Apache-2.0
"""countersign session: a token that stays logged in for other commands, and for nobody and nothing else."""
import concurrent.futures
import contextlib
import json
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
import unittest

from desk import ALONE, Desk
from holder import BIN, SOFTHSM, WAIT_S

WIRE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "token", "wire.def")
CANARY = "canary-1618-blue"
NOBODY = 65534


def wire_types():
    """Name: number, as the C preprocessor counts them."""
    with open(WIRE, encoding="utf-8") as f:
        names = re.findall(r"^X\((\w+),", f.read(), flags=re.M)
    return {name: number for number, name in enumerate(names, 1)}


def ask(connection, kind, payload=b""):
    """The name in the answer, and the rest; None: it was closed."""
    try:
        connection.send(struct.pack(">H", kind) + payload)
        answer = connection.recv(1 << 17)
    except OSError:
        return None, b""
    return (answer[1:1 + answer[0]].decode(), answer[1 + answer[0]:]) if answer else (None, b"")


@contextlib.contextmanager
def as_a_helper(path, answers):
    """Listens at PATH for one connection, gives each of ANSWERS once, and then has no token any more. What it is asked."""
    asked, left = [], dict(answers)

    def answer_all():
        with listener.accept()[0] as connection:
            connection.settimeout(WAIT_S)
            while message := connection.recv(1 << 17):
                (kind,) = struct.unpack(">H", message[:2])
                asked.append(kind)
                name, rest = left.pop(kind, ("TOKEN_REMOVED", b""))
                connection.send(bytes([len(name)]) + name.encode() + rest)

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener, concurrent.futures.ThreadPoolExecutor(1) as pool:
        listener.settimeout(WAIT_S)
        listener.bind(path)
        listener.listen(1)
        try:
            answering = pool.submit(answer_all)
            yield asked
            answering.result()
        finally:
            os.unlink(path)


class Kept(Desk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.carol = cls.holder("carol", CANARY)
        cls.account = "PT50003500010000004561245"
        cls.bank.open_account(cls.account, ["carol"], "872.22")
        cls.carol.settings(cls.account)

    def setUp(self):
        self.addCleanup(self.carol.run, "logout")

    def start(self, *words):
        done = self.carol.run("session", "start", *words, check=True)
        self.assertNotIn(CANARY, done.stdout + done.stderr)
        return done

    def plain(self, *words, **options):
        """Without a PIN and without a terminal."""
        return self.bank.tool(self.carol.words(*words), check=False, env=self.carol.env, start_new_session=True,
                              stdin=subprocess.DEVNULL, **options)

    def order(self):
        return self.carol.new_order(account=self.account, amount="1.00",
                                    creditor={"account": ALONE, "name": "Alice Example"})[0]

    def socket_path(self):
        found = [path for path in self.carol.session_files() if path.endswith(".token")]
        return found[0] if found else None

    def helper(self):
        """The process that listens there."""
        with open("/proc/net/unix", encoding="ascii", errors="replace") as f:
            listening = "00010000"  # and not one of its connections, which have the same path
            (inode,) = {line.split()[6] for line in f
                        if line.rstrip().endswith(" " + self.socket_path()) and line.split()[3] == listening}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                links = [os.readlink("/proc/%s/fd/%s" % (name, fd)) for fd in os.listdir("/proc/%s/fd" % name)]
            except OSError:
                continue
            if "socket:[%s]" % inode in links:
                return int(name)
        raise AssertionError("nobody listens")

    def helpers(self):
        """All processes of modules that carol's commands started."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/comm" % name, encoding="ascii") as comm, open("/proc/%s/environ" % name, "rb") as environ:
                    if comm.read().startswith("countersign-tok") and self.carol.sessions.encode() in environ.read():
                        found.append(int(name))
            except OSError:
                continue
        return found

    def await_end(self, path=None, why=""):
        """Until nobody keeps the token any more; the next command says so, and why."""
        deadline = time.monotonic() + WAIT_S
        while '"kept":true' in (status := self.plain("session", "status", "--json")).stdout:
            self.assertLess(time.monotonic(), deadline)
        self.assertIn(why, status.stderr)
        self.assertEqual(self.plain("session", "status").stderr, "")  # said once
        self.assertFalse(path and os.path.exists(path))
        self.refused(self.plain("approve", self.order(), "--yes"), "PIN_NO_TERMINAL", 3)

    def connect(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(WAIT_S)
        connection.connect(self.socket_path())
        return connection

    def test_asks_once(self):
        """A script pays twice and logs in anew, and no PIN is asked for; a yes is."""
        self.assertIn("No token is kept", self.plain("session", "status").stdout)
        self.assertIn("10 more minutes", self.start().stdout)
        for _ in range(2):
            done = self.plain("approve", self.order(), "--yes")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("ACSC, settled", done.stdout)
        self.refused(self.plain("approve", self.order()), "NOT_CONFIRMED", 1, "--yes")
        (session,) = [path for path in self.carol.session_files() if path.endswith(".session")]
        os.unlink(session)
        self.assertEqual(self.plain("balance").returncode, 0)
        status = json.loads(self.plain("session", "status", "--json").stdout)
        self.assertEqual((status["kept"], status["token"]), (True, "carol"))
        self.assertLess(status["secondsLeft"], 601)
        self.assertGreater(status["secondsLeft"], 300)

    def test_is_asked_once(self):
        """One that is pulled behind its answer was there; one that is pulled before is kept no longer."""
        self.start()
        path, types = self.socket_path(), wire_types()
        with self.connect() as connection:
            joined = ask(connection, types["JOIN"])
            answers = {types["JOIN"]: joined, types["INFO"]: ask(connection, types["INFO"], joined[1][:4])}
        self.assertEqual([name for name, _ in answers.values()], ["OK", "OK"])
        self.plain("session", "stop")
        for there, kept in (("JOIN", "INFO"), True), (("JOIN",), False):
            with self.subTest(there), as_a_helper(path, {types[kind]: answers[types[kind]] for kind in there}) as asked:
                done = self.plain("session", "status", "--json")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(done.stdout)["kept"], kept)
                self.assertEqual(asked, [types["JOIN"], types["INFO"]])

    def test_shows_and_asks_for_a_yes(self):
        self.start()
        for answer, code in (("n", 1), ("y", 0)):
            with self.carol.terminal("approve", self.order()) as terminal:
                self.assertIn("I approve this payment order.", terminal.expect("Sign this? [y/N] "))
                terminal.type(answer + "\n")
                self.assertEqual(terminal.end()[0], code)

    def test_minutes(self):
        for minutes in ("0", "61", "-1", "x"):
            self.refused(self.carol.run("session", "start", "--minutes=" + minutes), "USAGE", 2, "1 to 60")
        self.assertIsNone(self.socket_path())
        self.assertIn("60 more minutes", self.start("--minutes", "60").stdout)
        self.assertIn("60 more minutes", self.start("--minutes", "5").stdout)  # the one that there is

    def test_wrong_pin_keeps_nothing(self):
        self.refused(self.carol.run("session", "start", pin="0000"), "PIN_WRONG", 3)
        self.assertIsNone(self.socket_path())
        self.assertEqual(self.carol.run("token", "info", check=True).returncode, 0)

    def test_a_given_pin_is_looked_at(self):
        """Whoever hands a PIN over wants to know whether it is right; an operator is asked each time."""
        self.start()
        act = self.carol.words("account", "block", "--account", ALONE, "--note", "as a test", program="bankctl")
        done = self.bank.tool(act, check=False, env=self.carol.env, start_new_session=True, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, "PIN_NO_TERMINAL" in done.stderr), (3, True), done.stderr)
        self.refused(self.carol.run("approve", self.order(), pin="0000"), "PIN_WRONG", 3)
        self.assertEqual(self.carol.run("approve", self.order()).returncode, 0)

    def test_makes_keys_itself(self):
        """What the kept token does not do, another helper does, with the PIN."""
        self.start()
        self.refused(self.plain("token", "generate"), "PIN_NO_TERMINAL", 3)
        self.refused(self.plain("token", "change-pin"), "PIN_NO_TERMINAL", 3)
        done = self.plain("token", "info")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("P-256, signs", done.stdout)

    def test_place(self):
        self.start()
        path = self.socket_path()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode), 0o700)
        self.assertEqual(path[:-len(".token")], [p for p in self.carol.session_files() if p.endswith(".session")][0][:-len(".session")])

    def test_threat_19_a_kept_token_does_nothing_else(self):
        """Every message that the helper knows, but the six; none of them changes anything."""
        self.start()
        types = wire_types()
        with self.connect() as connection:
            name, answer = ask(connection, types["JOIN"])
            self.assertEqual(name, "OK")
            token = answer[:4]
            allowed = {"JOIN", "END", "INFO", "KEYS", "FIND", "SIGN"}
            for kind, number in types.items():
                if kind in allowed:
                    continue
                for payload in (b"", token, token + b"\0\0\0\0", token + b"\0\0\0\1\0", token + b"\1\1\0\1x\0\1\x09"):
                    self.assertEqual(ask(connection, number, payload)[0] in ("USAGE", "TOO_LARGE"), True, kind)
            for number in (0, max(types.values()) + 1, 0xffff):
                self.assertEqual(ask(connection, number)[0], "USAGE")
            self.assertEqual(ask(connection, types["INFO"], token)[0], "OK")
            self.assertEqual(ask(connection, types["FIND"], token + b"\2\0\0")[0], "USAGE")  # to derive
            for other in (b"\0\0\0\0", b"\0\0\0\7", b"\xff\xff\xff\xff"):
                self.assertEqual(ask(connection, types["FIND"], other + b"\1\0\0")[0], "USAGE")
                self.assertEqual(ask(connection, types["SIGN"], other + b"\0\x20" + bytes(32))[0], "USAGE")
        self.assertEqual(self.plain("approve", self.order(), "--yes").returncode, 0)

    def test_leaves_no_key_behind(self):
        """However often somebody comes and goes in the middle."""
        self.start()
        types = wire_types()
        numbers = set()
        for _ in range(400):
            with self.connect() as connection:
                token = ask(connection, types["JOIN"])[1][:4]
                name, answer = ask(connection, types["FIND"], token + b"\1\0\0")
                self.assertEqual(name, "OK")
                numbers.add(answer[:4])
        self.assertEqual(len(numbers), 1)

    @unittest.skipIf(os.geteuid() != 0, "SKIPPED: only root is two users")
    def test_threat_19_another_user_at_a_kept_token(self):
        """Neither by the socket's mode nor, were it open, by its peer's name; and nobody trusts another's socket."""
        self.start()
        path = self.socket_path()
        visit = ("import os, socket, struct, sys\n"
                 "os.setgid(65534); os.setuid(65534)\n"
                 "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.settimeout(30)\n"
                 "try:\n    s.connect(sys.argv[1]); s.send(struct.pack('>H', int(sys.argv[2]))); print(len(s.recv(9)))\n"
                 "except PermissionError: print('closed')\n"
                 "except OSError: print(0)\n")
        go = lambda: subprocess.run([sys.executable, "-c", visit, path, str(wire_types()["JOIN"])],  # noqa: E731
                                    capture_output=True, text=True, check=True, timeout=60).stdout
        self.assertEqual(go(), "closed\n")
        for place, mode in ((path, 0o777), (os.path.dirname(path), 0o755), (self.carol.sessions, 0o755)):
            os.chmod(place, mode)
        self.assertEqual(go(), "0\n")
        os.chmod(os.path.dirname(path), 0o700)
        self.assertEqual(self.plain("approve", self.order(), "--yes").returncode, 0)

        os.kill(self.helper(), signal.SIGKILL)
        os.unlink(path)
        os.chmod(os.path.dirname(path), 0o777)
        trap = ("import os, socket, sys\n"
                "os.setgid(65534); os.setuid(65534)\n"
                "s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.bind(sys.argv[1]); s.listen(9)\n"
                "print('ready', flush=True)\n"
                "while True:\n    c = s.accept()[0]; print(len(c.recv(99)), flush=True)\n")
        with subprocess.Popen([sys.executable, "-c", trap, path], stdout=subprocess.PIPE, text=True) as listener:
            try:
                self.assertEqual(listener.stdout.readline(), "ready\n")
                os.chmod(os.path.dirname(path), 0o700)
                self.refused(self.plain("approve", self.order(), "--yes"), "PIN_NO_TERMINAL", 3)
                self.assertEqual(listener.stdout.readline(), "0\n")  # it went away without a word
            finally:
                listener.kill()
        os.unlink(path)

    def test_stops(self):
        for words in (("session", "stop"), ("logout",)):
            self.start()
            path, helper = self.socket_path(), self.helper()
            done = self.plain(*words)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("The token that was kept is logged out.", done.stdout)
            self.await_end(path)
            self.gone(helper)
        self.assertNotIn("kept", self.plain("logout").stdout)

    @contextlib.contextmanager
    def faults(self):
        """A function that gives carol's module rules to go by, and one that waits for so many lines in its trace."""
        rules = self.bank.path("rules")

        def go_by(text):
            self.bank.write("rules.new", text)
            os.rename(rules + ".new", rules)

        def wait_for(line, times):
            deadline = time.monotonic() + WAIT_S
            while not os.path.exists(rules + ".trace") or self.traced(rules).count(line) < times:
                self.assertLess(time.monotonic(), deadline, line)

        self.carol.env.update(FAULT_MODULE=SOFTHSM, FAULT_CONTROL=rules)
        self.carol.settings(self.account, module=os.environ["COUNTERSIGN_FAULT"])
        try:
            yield go_by, wait_for
        finally:
            self.carol.settings(self.account)
            for path in filter(os.path.exists, (rules, rules + ".trace")):
                os.unlink(path)

    @staticmethod
    def traced(rules):
        with open(rules + ".trace", encoding="ascii") as f:
            return f.read().splitlines()

    def test_threat_14_logs_out_while_the_module_hangs(self):
        """The PIN is in a process that answers nobody any more: it is killed, and the session is over."""
        with self.faults() as (go_by, wait_for):
            self.start()
            path, helper = self.socket_path(), self.helper()
            go_by("trace\nC_GetSlotInfo * hang\n")
            wait_for("C_GetSlotInfo hang", 1)  # it is asked whether the token is there
            done = self.plain("logout")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("The token that was kept is logged out.", done.stdout)
            self.gone(helper)
            self.assertEqual(self.carol.session_files(), [])
            self.assertFalse(os.path.exists(path))
        self.assertIn("No token is kept", self.plain("session", "status").stdout)

    def test_starts_twice_at_once(self):
        """Both say that it is kept, and one process keeps it: nobody waits for the other's idle minutes. They log in
        one after the other, since SoftHSM2 reads its files while others write them, and go on when the bank does."""
        with self.faults() as (go_by, wait_for), concurrent.futures.ThreadPoolExecutor(2) as pool:
            go_by("trace\n")
            for race in range(3):
                both = []
                self.bank.bankd.send_signal(signal.SIGSTOP)
                try:
                    for before in range(2):
                        both.append(pool.submit(self.start))
                        wait_for("C_Login 0x0", 2 * race + before + 1)
                finally:
                    self.bank.bankd.send_signal(signal.SIGCONT)
                for one in both:
                    self.assertIn("10 more minutes", one.result().stdout)
                self.assertEqual(self.helpers(), [self.helper()])
                self.plain("logout")

    def test_logs_out_where_no_socket_can_be(self):
        """A directory whose name is too long for a socket's, where a session can be all the same."""
        place = os.path.join(self.carol.sessions, "x" * 100)
        self.carol.run("login", "--session-dir", place, check=True)
        self.assertEqual([name[-8:] for name in os.listdir(place)], [".session"])
        done = self.plain("logout", "--session-dir", place)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(place), [])

    def gone(self, pid):
        deadline = time.monotonic() + WAIT_S
        while os.path.exists("/proc/%d" % pid):
            with open("/proc/%d/stat" % pid, encoding="ascii") as f:
                if ") Z" in f.read():
                    return
            self.assertLess(time.monotonic(), deadline)

    def test_threat_22_a_kept_token_killed(self):
        """Nothing of the PIN is left, and neither a dump of the memory; the next command asks anew."""
        self.start()
        helper = self.helper()
        with open("/proc/%d/limits" % helper, encoding="ascii") as f:
            (core,) = [line for line in f if line.startswith("Max core file size")]
        self.assertEqual(core.split()[4:6], ["0", "0"])
        for name in ("cmdline", "environ"):
            with open("/proc/%d/%s" % (helper, name), "rb") as f:
                self.assertNotIn(CANARY.encode(), f.read())
        with open("/proc/%d/status" % helper, encoding="ascii") as f:
            locked = int(re.search(r"VmLck:\s*(\d+)", f.read())[1])
        self.assertGreaterEqual(locked, 4)
        os.kill(helper, signal.SIGABRT)
        self.gone(helper)
        for path in self.carol.session_files():
            if not stat.S_ISSOCK(os.stat(path).st_mode):
                with open(path, "rb") as f:
                    self.assertNotIn(CANARY.encode(), f.read())
        self.await_end()
        self.start()
        self.assertEqual(self.plain("approve", self.order(), "--yes").returncode, 0)

    def test_terminal_hangs_up(self):
        """It ends with its terminal, unless it is detached."""
        for words, stays in (((), False), (("--detach",), True)):
            pid, terminal = os.forkpty()
            if pid == 0:
                command = [os.path.join(BIN, "countersign"), *self.carol.words("session", "start", *words)[1:]]
                code = subprocess.call(command, env={**self.bank.env, **self.carol.env})
                os.write(1, b"STARTED %d\n" % code)
                signal.pause()
            seen = b""
            while b"to keep it logged in for 10 minutes: " not in seen:
                seen += os.read(terminal, 4096)
            os.write(terminal, CANARY.encode() + b"\n")
            while b"STARTED" not in seen:
                seen += os.read(terminal, 4096)
            self.assertIn(b"STARTED 0", seen)
            path = self.socket_path()
            self.assertEqual(self.plain("approve", self.order(), "--yes").returncode, 0)
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)
            if stays:
                self.assertEqual(self.plain("approve", self.order(), "--yes").returncode, 0)
                self.plain("logout")
            self.await_end(path, "" if stays else "The token is kept logged in no longer (KEPT_HANGUP): the terminal")

    def test_goes_on_when_it_ended(self):
        """Whatever ended it in the middle of a command but the token itself, that is said, and the PIN asked for."""
        def stop(path):
            self.assertEqual(self.plain("session", "stop").returncode, 0)
            self.assertFalse(os.path.exists(path + ".ended"))

        def be_over(path):
            helper = self.helper()
            os.kill(helper, signal.SIGKILL)
            self.gone(helper)
            with open(path + ".ended", "x", encoding="ascii") as f:
                f.write("KEPT_OVER")

        for end, words in ((stop, "its session was stopped, or its process ended."),
                           (be_over, "(KEPT_OVER): its minutes are over.")):
            self.start()
            with self.carol.terminal("approve", self.order()) as terminal:
                terminal.expect("Sign this? [y/N] ")
                end(self.socket_path())
                terminal.type("y\n")
                seen = terminal.expect("PIN of token ")
                self.assertIn("The token is kept logged in no longer", seen)
                self.assertIn(words, seen)
                self.assertNotIn("pulled", seen)
                terminal.type(CANARY + "\n")
                terminal.expect("ACSC")
                self.assertEqual(terminal.end()[0], 0)
        self.assertIn(words, self.plain("session", "status").stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
