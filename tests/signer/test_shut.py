# SPDX-License-Identifier: Apache-2.0
"""What a token's module gets of the terminal and of the keyboard: nothing. And who else stays away from them. No bank."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from holder import BIN, SOFTHSM, Terminal, children

EVIL = os.environ["COUNTERSIGN_EVIL"]
PIN, SO_PIN = "canary-2718-shut", "87654321"

# A shell as far as jobs are concerned, which leaves the terminal as it finds it: the program begins in the background, and
# comes to the front once told to, or begins there.
SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    if sys.argv[1] == "front":
        os.tcsetpgrp(0, os.getpgrp())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.argv[2], sys.argv[2:])
def wait(word):
    _, status = os.waitpid(job, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        print(word, "stopped by", signal.Signals(os.WSTOPSIG(status)).name, flush=True)
    else:
        print(word, "ended with", os.waitstatus_to_exitcode(status), flush=True)
    return os.WIFSTOPPED(status)
def front():
    os.tcsetpgrp(0, job)
    os.killpg(job, signal.SIGCONT)
if sys.argv[1] == "back":
    wait("first")
    while sys.stdin.readline() == "bg\\n":
        os.killpg(job, signal.SIGCONT)
        wait("again")
    front()
while wait("then"):
    os.tcsetpgrp(0, os.getpgrp())
    sys.stdin.readline()
    front()
"""


class Shut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        for name in ("tokens", "pkcs11/modules"):
            os.makedirs(os.path.join(cls.dir, name))
        cls.write("softhsm2.conf", "directories.tokendir = %s/tokens\n" % cls.dir)
        cls.env = {**os.environ, "SOFTHSM2_CONF": os.path.join(cls.dir, "softhsm2.conf"), "HOME": cls.dir,
                   "XDG_CONFIG_HOME": cls.dir, "EVIL_MODULE": SOFTHSM, "EVIL_MARK": os.path.join(cls.dir, "mark")}
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "EVIL"):
            cls.env.pop(name, None)
        fds = []
        for pin in (PIN, SO_PIN):
            read, write = os.pipe()
            os.write(write, pin.encode() + b"\n")
            os.close(write)
            fds.append(read)
        subprocess.run([os.path.join(BIN, "countersign"), "token", "init", "--module", SOFTHSM, "--label", "alice", "--pin-fd",
                        str(fds[0]), "--so-pin-fd", str(fds[1])], env=cls.env, pass_fds=fds, check=True, capture_output=True, timeout=60)
        for fd in fds:
            os.close(fd)

    @classmethod
    def write(cls, name, text):
        path = os.path.join(cls.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def setUp(self):
        self.mark = self.env["EVIL_MARK"]
        if os.path.exists(self.mark):
            os.unlink(self.mark)

    def marks(self):
        with open(self.mark, encoding="utf-8", errors="replace") as f:
            return f.read()

    def words(self, *more):
        return ["countersign", "token", "info", "--token", "pkcs11:token=alice", *more]

    def types(self, terminal, prompt="PIN of token alice to list its keys: "):
        shown = terminal.expect(prompt)
        self.assertFalse(terminal.echo())
        terminal.type(PIN + "\n")
        return shown

    def good_end(self, terminal):
        code, seen = terminal.end()
        self.assertEqual(code, 0, seen)
        self.assertTrue(terminal.echo())
        self.assertNotIn(PIN, seen)
        return seen

    def configured(self, program, *words, **modules):
        """How PROGRAM finds these modules by p11-kit, which takes no user's configuration from root."""
        shutil.rmtree(os.path.join(self.dir, "pkcs11"))
        os.makedirs(os.path.join(self.dir, "pkcs11/modules"))
        self.write("pkcs11/pkcs11.conf", "user-config: only\n")
        for name, path in modules.items():
            self.write("pkcs11/modules/%s.module" % name, "module: %s\n" % path)
        args = [os.path.join(BIN, program), *words]
        if os.geteuid() == 0:
            mount = 'mount --bind "$0" /usr/share/p11-kit/modules && exec "$@"'
            args = ["/usr/bin/unshare", "-m", "sh", "-c", mount, os.path.join(self.dir, "pkcs11/modules"), *args]
        return args

    # --- modules ---
    def test_threat_22_another_module_reads_no_key(self):
        """With a thread for each terminal that it can open, by whatever name, before the PIN is asked for."""
        with Terminal(self.configured(*self.words(), owner=SOFTHSM, thief=EVIL), {**self.env, "EVIL": "thief"}, columns=100) as terminal:
            self.types(terminal)
            self.good_end(terminal)
        self.assertIn("looked", self.marks())
        self.assertNotIn("opened", self.marks())
        self.assertNotIn("typed", self.marks())

    def test_threat_22_the_tokens_own_module_has_no_terminal(self):
        """Neither while the PIN is read, which it gets, nor for what is typed later."""
        with Terminal(self.words("--module", EVIL), {**self.env, "EVIL": "paint"}, columns=100) as terminal:
            shown = terminal.expect("PIN of token alice to list its keys: ")
            helper, = children(terminal.pid)
            self.assertEqual(os.getsid(helper), helper)
            terminal.type(PIN + "\n")
            self.assertIn("looked", self.marks())
            shown += self.good_end(terminal)
        self.assertNotIn("Pay 1.00", shown)
        self.assertNotIn("\x1b", shown)

    def test_threat_08_a_module_types_nothing(self):
        """By TIOCSTI, what a shell would run when the program has ended: that ends the helper, and the line is the user's."""
        shell = '"$0" "$@"; echo "ended with $?"; IFS= read -r line; echo "line was [$line]"'
        args = ["/bin/sh", "-c", shell, os.path.join(BIN, "countersign"), *self.words("--module", EVIL)[1:]]
        with Terminal(args, {**self.env, "EVIL": "type"}, columns=100) as terminal:
            shown = terminal.expect("ended with 3")
            self.assertIn("TOKEN_CRASHED", shown)
            terminal.type("mine\n")
            code, seen = terminal.end()
            self.assertEqual(code, 0)
            self.assertIn("line was [mine]", seen)
        self.assertIn("looked", self.marks())
        self.assertIn("typing descriptor", self.marks())
        self.assertNotIn("typed", self.marks())
        self.assertNotIn("\x1b", shown + seen)

    def test_what_a_module_says_is_logged_tamed(self):
        with Terminal(self.words("--module", EVIL, "--debug"), {**self.env, "EVIL": "paint"}, columns=100) as terminal:
            shown = self.types(terminal) + self.good_end(terminal)
        said = [line for line in shown.splitlines() if "helper.says" in line]
        self.assertTrue([line for line in said if "\\x1b[2J\\x1b[HPay 1.00 EUR to The Shop" in line], shown)
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\a", shown)

    def test_a_talkative_module_holds_up_nobody(self):
        """Neither at its own end nor at another's, whichever is first."""
        read, write = os.pipe()
        os.write(write, PIN.encode() + b"\n")
        os.close(write)
        args = self.configured(*self.words("--debug", "--pin-fd", str(read)), a=self.copy_of_evil("talks-first"), m=SOFTHSM,
                               z=self.copy_of_evil("talks-last"))
        log = os.path.join(self.dir, "talk")
        with open(log, "w", encoding="utf-8") as stderr:
            done = subprocess.run(args, env={**self.env, "EVIL": "by-name"}, pass_fds=[read], stdout=subprocess.DEVNULL, stderr=stderr,
                                  text=True, timeout=60, check=False)
        os.close(read)
        self.assertEqual(done.returncode, 0)
        with open(log, encoding="utf-8") as f:
            self.assertIn("helper.says x\n", f.read())

    def test_bad_modules_are_a_line(self):
        """Each configured module starts by itself, and is looked for by p11-kit's rules."""
        bad = {name: self.copy_of_evil(name) for name in ("abort-on-load", "hang-on-load")}
        args = self.configured("countersign", "token", "info", "--token", "pkcs11:token=alice", "--config",
                               self.write("config", "token_deadline = 1\n"), **bad, gone="/nowhere/gone.so", owner=SOFTHSM,
                               twice=SOFTHSM, off=self.copy_of_evil("exec-on-load") + "\ndisable-in: other, countersign-token",
                               only=EVIL + "\nenable-in: p11-kit-proxy", trust=EVIL + "\ntrust-policy: yes")
        with Terminal(args, {**self.env, "EVIL": "by-name"}, columns=300) as terminal:
            shown = self.types(terminal)
            self.good_end(terminal)
        for name, did in ((bad["abort-on-load"], "TOKEN_CRASHED"), (bad["hang-on-load"], "TOKEN_HANGS"), ("/nowhere/gone.so", "TOKEN_MODULE")):
            line, = [line for line in shown.splitlines() if name in line]
            self.assertIn(did, line)
        for name in (EVIL, "exec-on-load"):
            self.assertNotIn(name, shown)
        self.assertFalse(os.path.exists(self.mark))

    def copy_of_evil(self, name):
        return shutil.copy(EVIL, os.path.join(self.dir, name + ".so"))

    # --- jobs ---
    def shell(self, *more, begins="back", **env):
        args = [sys.executable, "-c", SHELL, begins, os.path.join(BIN, "countersign"), *self.words("--module", SOFTHSM, *more)[1:]]
        return Terminal(args, {**self.env, **env}, columns=100)

    def test_threat_22_no_pin_is_asked_for_in_the_background(self):
        """What is typed meanwhile is the shell's, which would run it and remember it."""
        with self.shell() as terminal:
            shown = terminal.expect("first stopped by SIGTTOU")
            self.assertTrue(terminal.echo())
            terminal.type("bg\n")
            shown += terminal.expect("again stopped by SIGTTOU")
            self.assertTrue(terminal.echo())
            self.assertNotIn("PIN of", shown)
            terminal.type("fg\n")
            self.types(terminal)
            self.assertIn("then ended with 0", self.good_end(terminal))

    def test_stopped_at_the_prompt(self):
        """Ctrl-Z: the echo is back for the shell; in the front again, it is asked anew."""
        with self.shell() as terminal:
            terminal.expect("first stopped by SIGTTOU")
            terminal.type("fg\n")
            terminal.expect("PIN of token alice to list its keys: ")
            self.assertFalse(terminal.echo())
            terminal.type("half\x1a")
            terminal.expect("then stopped by SIGTSTP")
            self.assertTrue(terminal.echo())
            terminal.type("fg\n")
            self.types(terminal)
            self.assertIn("then ended with 0", self.good_end(terminal))

    def test_stopped_at_a_pinentry(self):
        """Ctrl-Z: the shell has its terminal back, with echo; in the front again, the program goes on, without."""
        for program, prompt in (("pinentry-tty", "PIN:"), ("pinentry-curses", "Tries left")):
            with self.subTest(program), self.shell("--pinentry", program, begins="front") as terminal:
                terminal.expect(prompt)
                terminal.hides()
                terminal.type("half\x1a")
                terminal.expect("then stopped by SIGTSTP")
                self.assertTrue(terminal.echo())
                terminal.type("fg\n")
                terminal.hides()
                if program == "pinentry-curses":
                    terminal.expect("Tries left")
                    terminal.type("\b" * 4)
                terminal.type(PIN + "\r")
                terminal.expect("then ended with 0")
                self.assertTrue(terminal.echo())
                self.assertNotIn(PIN, terminal.end()[1])

    def test_stopped_at_a_window(self):
        """That of a program with no use for the terminal."""
        gate, log = os.path.join(self.dir, "gate"), os.path.join(self.dir, "log")
        os.mkfifo(gate)
        forged = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forged-pinentry")
        env = {"FORGED_DOES": "waits=" + PIN, "FORGED_GATE": gate, "FORGED_LOG": log}
        with self.shell("--pinentry", forged, begins="front", **env) as terminal:
            with open(gate, "wb"):  # once somebody reads there, it was asked
                terminal.type("\x1a")
                terminal.expect("then stopped by SIGTSTP")
                self.assertTrue(terminal.echo())
                terminal.type("fg\n")
            terminal.expect("then ended with 0")
            terminal.end()

    def test_interrupted_at_the_prompt(self):
        with Terminal(self.words("--module", SOFTHSM), self.env, columns=100) as terminal:
            terminal.expect("PIN of token alice to list its keys: ")
            terminal.type("half\x03")
            self.assertEqual(terminal.end()[0], -signal.SIGINT)
            self.assertTrue(terminal.echo())

    # --- descriptors ---
    def run_with_fd(self, number):
        """Nothing is open but the three streams."""
        return subprocess.run([os.path.join(BIN, "countersign"), *self.words("--module", SOFTHSM, "--pin-fd", number)[1:]], env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False, start_new_session=True)

    def test_a_descriptor_that_is_not_open(self):
        """Whatever the program itself opens later under that number."""
        for number in (*map(str, range(3, 24)), "77", "1023", "1024", "x", ""):
            with self.subTest(number):
                done = self.run_with_fd(number)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("countersign: USAGE: not the number of an open descriptor: %s\n" % number, done.stderr)

    def test_a_descriptor_that_is_the_terminal(self):
        with Terminal(self.words("--module", EVIL, "--pin-fd", "0"), {**self.env, "EVIL": "paint"}, columns=100) as terminal:
            terminal.type(PIN + "\n")
            code, seen = terminal.end()
            self.assertEqual(code, 0, seen)
            self.assertNotIn("\x1b", seen)


if __name__ == "__main__":
    unittest.main()
