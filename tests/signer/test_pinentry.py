# SPDX-License-Identifier: Apache-2.0
"""A PIN by pinentry: the real programs at a terminal, and forged ones. No bank."""
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from holder import BIN, SOFTHSM, Terminal, children

PIN, SO_PIN = "canary-2718-green", "87654321"
FORGED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forged-pinentry")


class Pinentry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One token with a key, made once; each test works on a copy."""
        cls.made = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.made)
        cls.dir = cls.made
        cls.use(cls.made)
        os.mkdir(os.path.join(cls.made, "tokens"))
        cls.run_with(("--label", "alice"), "init", so_pin=SO_PIN)
        cls.run_with(("--token", "pkcs11:token=alice", "--use", "sign"), "generate")

    @classmethod
    def use(cls, directory):
        conf = os.path.join(directory, "softhsm2.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("directories.tokendir = %s/tokens\n" % directory)
        cls.env = {**os.environ, "SOFTHSM2_CONF": conf, "HOME": directory, "XDG_CONFIG_HOME": directory,
                   "FORGED_LOG": os.path.join(directory, "log")}
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            cls.env.pop(name, None)

    @classmethod
    def run_with(cls, words, command, so_pin=None):
        fds = []
        args = [os.path.join(BIN, "countersign"), "token", command, "--module", SOFTHSM, *words]
        for option, pin in (("--pin-fd", PIN), ("--so-pin-fd", so_pin)):
            if pin:
                read, write = os.pipe()
                os.write(write, pin.encode() + b"\n")
                os.close(write)
                fds.append(read)
                args += [option, str(read)]
        subprocess.run(args, env=cls.env, pass_fds=fds, check=True, capture_output=True, timeout=60)
        for fd in fds:
            os.close(fd)

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        shutil.copytree(os.path.join(self.made, "tokens"), os.path.join(self.dir, "tokens"))
        self.use(self.dir)

    def words(self, *more, command="info", token=("--token", "pkcs11:token=alice")):
        return ["countersign", "token", command, "--module", SOFTHSM, *token, *more]

    def terminal(self, *more, **options):
        return Terminal(self.words(*more, **options), self.env, columns=100)

    def forged(self, does, *more, program=FORGED, **options):
        """Without a terminal."""
        words = self.words("--pinentry", program, *more, **options)
        return subprocess.run([os.path.join(BIN, words[0]), *words[1:]], env={**self.env, "FORGED_DOES": does},
                              capture_output=True, text=True, timeout=60, check=False, start_new_session=True,
                              stdin=subprocess.DEVNULL)

    def log(self):
        with open(self.env["FORGED_LOG"], encoding="utf-8") as f:
            return f.read().splitlines()

    def starts(self):
        return [int(line.split()[1]) for line in self.log() if line.startswith("START")]

    def refused(self, done, name, *words):
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("countersign: %s: " % name, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_terminal_program(self):
        with self.terminal("--pinentry", "pinentry-tty") as terminal:
            shown = terminal.expect("PIN:")
            for text in ("PIN of token alice to list its keys", "Token: alice (", "Tries left: more than one"):
                self.assertIn(text, shown)
            terminal.hides()
            for path in glob.glob("/proc/[0-9]*/cmdline"):
                try:
                    with open(path, "rb") as f:
                        self.assertNotIn(PIN.encode(), f.read())
                except OSError:
                    continue
            terminal.type(PIN + "\n")
            code, seen = terminal.end()
            self.assertEqual(code, 0, seen)
            self.assertIn("P-256, signs", seen)
            self.assertNotIn(PIN, seen)
            self.assertTrue(terminal.echo())

    def test_whole_screen(self):
        with self.terminal("--pinentry", "/usr/bin/pinentry-curses") as terminal:
            terminal.expect("to list its keys")
            terminal.expect("Tries left: more than one")
            terminal.type(PIN + "\r")
            code, seen = terminal.end()
            self.assertEqual(code, 0, seen)
            self.assertIn("P-256, signs", seen)
            self.assertNotIn(PIN, seen)
            self.assertTrue(terminal.echo())

    def under_a_shell(self, program, **env):
        """Somebody else has the terminal, who stays when the program has ended."""
        shell = ("import subprocess, sys\nchild = subprocess.Popen(sys.argv[1:])\nprint('child', child.pid, flush=True)\n"
                 "print('ended with', child.wait(), flush=True)\nsys.stdin.readline()\n")
        args = [sys.executable, "-c", shell, os.path.join(BIN, "countersign"), *self.words("--pinentry", program)[1:]]
        return Terminal(args, {**self.env, **env}, columns=100)

    def await_gone(self, pid):
        deadline = time.monotonic() + 20
        try:
            while time.monotonic() < deadline:
                with open("/proc/%d/stat" % pid, encoding="ascii") as f:
                    if ") Z" in f.read():
                        return
        except OSError:
            return
        self.fail("process %d is still there" % pid)

    def test_ended_meanwhile(self):
        """By a signal: the terminal is as it was, and nobody is left who reads there."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            for program in ("pinentry-curses", "pinentry-tty", FORGED):
                with self.subTest((number, program)), self.under_a_shell(program, FORGED_DOES="waits") as terminal:
                    terminal.expect("child ")
                    pid = int(terminal.expect("\r\n"))
                    if program == FORGED:
                        self.await_log("GETPIN")
                    else:
                        terminal.expect("PIN:")
                        terminal.hides()
                    started = children(pid)
                    self.assertEqual(len(started), 2, started)
                    os.kill(pid, number)
                    terminal.expect("ended with %d" % -number)
                    self.assertTrue(terminal.echo())
                    for child in started:
                        self.await_gone(child)
                    terminal.type("\n")
                    terminal.end()
                if program == FORGED:
                    os.unlink(self.env["FORGED_LOG"])

    def await_log(self, line):
        deadline = time.monotonic() + 60
        while not os.path.exists(self.env["FORGED_LOG"]) or line not in self.log():
            self.assertLess(time.monotonic(), deadline)

    def press_again(self, terminal, key):
        """Where nothing happens: pinentry-tty loses a Ctrl-C that comes a moment before it reads."""
        try:
            while terminal.read(time.monotonic() + 5):
                pass
        except AssertionError:
            terminal.type(key)

    def test_cancelled(self):
        for program, keys in (("pinentry-tty", "\n"), ("pinentry-tty", "half\x03"), ("pinentry-curses", "\t\t\r")):
            with self.subTest((program, keys)), self.terminal("--pinentry", program) as terminal:
                terminal.expect("PIN:")
                terminal.hides()
                terminal.type(keys)
                self.press_again(terminal, keys[-1])
                code, seen = terminal.end()
                self.assertEqual(code, 3, seen)
                self.assertIn("PIN_CANCELLED", seen)
                self.assertTrue(terminal.echo())

    def test_wrong(self):
        """Asked once, told what it cost; the next one says so before."""
        done = self.forged("pin=0000")
        self.refused(done, "PIN_WRONG", "Tries left: fewer than usual")
        self.assertEqual(len(self.starts()), 1)
        done = self.forged("pin=" + PIN)
        self.assertEqual(done.returncode, 0, done.stderr)
        said = [line for line in self.log() if line.startswith("SETDESC")]
        self.assertIn("a wrong PIN was entered before", said[1])
        self.assertIn("Tries left: fewer than usual", said[1])

    def test_new_pin_of_a_pair(self):
        """The second one differs; the next pair is told so, and good."""
        done = self.forged("pin=%s,pin=2468,pin=2469,pin=1357,pin=1357" % PIN, command="change-pin")
        self.assertEqual(done.returncode, 0, done.stderr)
        log = self.log()
        self.assertEqual([line for line in log if line.startswith("SETERROR")], ["SETERROR the two PINs differ"])
        self.assertEqual([line.split("%0A")[0] for line in log if line.startswith("SETDESC")],
                         ["SETDESC PIN of token alice to change it", "SETDESC New PIN", "SETDESC The same again",
                          "SETDESC New PIN", "SETDESC The same again"])
        self.assertEqual(self.forged("pin=1357").returncode, 0)

    def test_a_pair_three_times(self):
        done = self.forged("pin=%s,pin=2468,pin=1,pin=2468,pin=1,pin=2468,pin=1" % PIN, command="change-pin")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("the two PINs differ", done.stderr)
        self.assertEqual(len(self.starts()), 7)
        self.assertEqual(self.forged("pin=" + PIN).returncode, 0)

    def test_answers_what_is_none(self):
        for does in ("nonsense", "ends", "breaks", "garbage", "line", "early"):
            with self.subTest(does):
                self.refused(self.forged(does), "PIN_PINENTRY", FORGED)
        with self.subTest("missing"):
            self.refused(self.forged("x", program="/nowhere/pinentry"), "PIN_PINENTRY", "/nowhere/pinentry")

    def test_answers_too_much(self):
        done = self.forged("much")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("countersign: TOO_LARGE: ", done.stderr)

    def test_cancels(self):
        self.refused(self.forged("cancels"), "PIN_CANCELLED")

    def test_does_not_end(self):
        """It is ended, and what it said before counts."""
        done = self.forged("stays=" + PIN)
        self.assertEqual(done.returncode, 0, done.stderr)
        (pid,) = self.starts()
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)

    def test_never_answers(self):
        """One that neither asks nor heeds its timeout is named at the deadline; Ctrl-C ends it before; it is ended, too."""
        config = os.path.join(self.dir, "config")
        with open(config, "w", encoding="utf-8") as f:
            f.write("token_deadline = 3\n")
        begun = time.monotonic()
        self.refused(self.forged("waits", "--config", config), "PIN_PINENTRY", FORGED)
        self.assertLess(time.monotonic() - begun, 30)
        self.env["FORGED_DOES"] = "waits"
        os.unlink(self.env["FORGED_LOG"])
        with self.terminal("--pinentry", FORGED) as terminal:
            self.await_log("GETPIN")
            begun = time.monotonic()
            terminal.type("\x03")
            code, seen = terminal.end()
            self.assertLess(time.monotonic() - begun, 20)  # of 96 that a person has
            self.assertEqual(code, 3, seen)
            self.assertRegex(seen, "countersign: (PIN_CANCELLED|PIN_PINENTRY): ")
        with self.assertRaises(ProcessLookupError):
            os.kill(self.starts()[-1], 0)

    def test_nothing_is_logged(self):
        self.env["ASSUAN_DEBUG"] = "255"
        done = self.forged("pin=" + PIN, "--debug")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("token.open", done.stderr)
        self.assertNotIn(PIN, done.stdout + done.stderr)

    def test_by_the_settings(self):
        """The descriptor goes before, an option before the settings, and those before the terminal."""
        os.mkdir(os.path.join(self.dir, "countersign"))
        with open(os.path.join(self.dir, "countersign", "config"), "w", encoding="utf-8") as f:
            f.write("pinentry = /nowhere/pinentry\n")
        self.run_with(("--token", "pkcs11:token=alice"), "info")
        self.assertEqual(self.forged("pin=" + PIN).returncode, 0)
        with self.terminal() as terminal:
            code, seen = terminal.end()
            self.assertEqual(code, 3)
            self.assertIn("/nowhere/pinentry", seen)

    def test_a_desktop_without_a_terminal(self):
        """The installed one; at a terminal nobody asks it."""
        os.symlink(FORGED, os.path.join(self.dir, "pinentry"))
        self.env.update(PATH=self.dir + ":" + self.env["PATH"], FORGED_DOES="pin=" + PIN)
        args = [os.path.join(BIN, "countersign"), *self.words()[1:]]
        run = lambda: subprocess.run(args, env=self.env, capture_output=True, text=True, timeout=60,  # noqa: E731
                                     check=False, start_new_session=True, stdin=subprocess.DEVNULL)
        self.refused(run(), "PIN_NO_TERMINAL", "--pin-fd")
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            self.env[name] = ":0"
            done = run()
            self.assertEqual(done.returncode, 0, done.stderr)
            del self.env[name]
        self.assertEqual(len(self.starts()), 2)
        self.env["DISPLAY"] = ":0"
        with self.terminal() as terminal:
            terminal.expect("PIN of token alice to list its keys: ")
            terminal.type(PIN + "\n")
            self.assertEqual(terminal.end()[0], 0)
        self.assertEqual(len(self.starts()), 2)


if __name__ == "__main__":
    unittest.main()
