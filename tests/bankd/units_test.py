#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The unit files in examples/systemd: systemd takes them, what they name exists, and what they forbid the programs do
not need: the system calls of a real bank and its keeper, from start to end, against the unit's filter.

usage: units_test.py [TestClass[.test] ...]; COUNTERSIGN_BIN names the directory of the programs."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
import bank as b  # noqa: E402

UNITS = ("bankd", "bankd-keeper", "bankd-courier")
CONFIGURATION = {"bankd": "bankd.conf", "bankd-keeper": "keeper.conf", "bankd-courier": "courier.conf"}
EXPOSURE_MAX = 20  # systemd's own tenths: 20 is 2.0 of 10


def settings(path):
    """Name: list of values."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name.strip(), []).append(value.strip())
    return found


def unit(name):
    return settings(ROOT / "examples/systemd" / (name + ".service"))


def conf(name):
    return {key: values[0] for key, values in settings(ROOT / "examples" / CONFIGURATION[name]).items()}


def calls_of(name):
    """The system calls of a set of systemd's, with those of the sets in it."""
    done = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", name], capture_output=True, text=True, check=True)
    words = re.findall(r"^    (@?[\w-]+)$", done.stdout, re.M)
    assert words, done.stdout
    return set().union(*(calls_of(word) if word[0] == "@" else {word} for word in words))


def allowed(name):
    calls = set()
    for line in unit(name)["SystemCallFilter"]:
        for word in line.removeprefix("~").split():
            calls = calls - calls_of(word) if line[0] == "~" else calls | calls_of(word)
    return calls


class Units(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.place = pathlib.Path(directory.name)
        for name in UNITS:
            text = (ROOT / "examples/systemd" / (name + ".service")).read_text(encoding="utf-8")
            programs = text.replace("/usr/bin/bankd", os.path.abspath(b.BIN) + "/bankd")
            (self.place / (name + ".service")).write_text(programs, encoding="utf-8")

    def analyze(self, *words):
        return subprocess.run(["systemd-analyze", *words], cwd=self.place, capture_output=True, text=True, timeout=60, check=False)

    def test_systemd_takes_them(self):
        done = self.analyze("verify", "--man=no", *("./%s.service" % name for name in UNITS))
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        broken = self.place / "bankd.service"
        broken.write_text(broken.read_text(encoding="utf-8").replace("ProtectHome", "ProtectHouse"), encoding="utf-8")
        self.assertIn("ProtectHouse", self.analyze("verify", "--man=no", "./bankd.service").stderr)

    def test_systemd_finds_them_hardened(self):
        for name in UNITS:
            done = self.analyze("security", "--no-pager", "--offline=yes", "--threshold=%d" % EXPOSURE_MAX, "./%s.service" % name)
            self.assertEqual(done.returncode, 0, done.stdout[-400:] + done.stderr)
            self.assertIn("Overall exposure level", done.stdout)

    def test_what_they_run_exists(self):
        for name in UNITS:
            found = unit(name)
            lines = [line for key in ("ExecStart", "ExecReload") for line in found.get(key, [])]
            help_text = subprocess.run([os.path.join(b.BIN, name), "--help"], capture_output=True, text=True, check=True).stdout
            for program, *words in (line.split() for line in lines):
                if program == "/bin/kill":
                    continue
                self.assertEqual(program, "/usr/bin/" + name)
                self.assertEqual(words[:2], ["--config", "/etc/countersign/" + CONFIGURATION[name]])
                for word in words[2:]:
                    self.assertRegex(help_text, r"(?m)^ +%s\b" % word)
        found = unit("bankd")
        self.assertEqual(found["ExecReload"], [found["ExecStart"][0] + " --check-config", "/bin/kill -HUP $MAINPID"])
        self.assertNotIn("ExecReload", unit("bankd-keeper"))

    def test_a_wrong_pin_is_not_tried_again(self):
        """Exit code 3 is token or PIN: systemd must not start it once more by itself."""
        self.assertIn("3", unit("bankd-keeper")["RestartPreventExitStatus"][0].split())
        (credential,) = unit("bankd-keeper")["LoadCredentialEncrypted"]
        self.assertEqual(credential.split(":")[0], "pin")
        self.assertIn('pin_read_handed(pin_fd, "pin"', (ROOT / "bankd/keeper/hsm.c").read_text(encoding="utf-8"))

    def test_wrong_settings_are_final(self):
        """systemd looks at the exit status of the main process alone, so nothing may fail before that."""
        wrong = self.place / "wrong.conf"
        wrong.write_text("colour = red\n", encoding="utf-8")
        for name in UNITS:
            found = unit(name)
            self.assertFalse({"ExecCondition", "ExecStartPre"} & set(found), name)
            for path in (wrong, self.place / "none.conf", self.place):
                words = [str(path) if word.startswith("/etc/") else word for word in found["ExecStart"][0].split()]
                done = subprocess.run([os.path.join(b.BIN, name), *words[1:]], stdin=subprocess.DEVNULL,
                                      capture_output=True, text=True, timeout=60, check=False)
                self.assertIn(str(done.returncode), found["RestartPreventExitStatus"][0].split(), done.stderr)
                self.assertIn("CONFIG_INVALID", done.stderr)

    def test_the_configurations_fit(self):
        """What they make is where the units make directories; both speak of the same socket and bank."""
        bankd, keeper = conf("bankd"), conf("bankd-keeper")
        self.assertEqual((bankd["bank"], bankd["keeper_socket"]), (keeper["bank"], keeper["socket"]))
        for found, path, key in ((bankd, "socket", "RuntimeDirectory"), (bankd, "store", "StateDirectory"),
                                 (keeper, "socket", "RuntimeDirectory"), (keeper, "state", "StateDirectory")):
            name = "bankd" if found is bankd else "bankd-keeper"
            root = {"RuntimeDirectory": "/run/", "StateDirectory": "/var/lib/"}[key]
            self.assertEqual(os.path.dirname(found[path]), root + unit(name)[key][0], path)
        with tempfile.TemporaryDirectory() as folder:
            for name in UNITS:
                text = (ROOT / "examples" / CONFIGURATION[name]).read_text(encoding="utf-8")
                path = os.path.join(folder, CONFIGURATION[name])
                with open(path, "w", encoding="utf-8") as f:  # the templates, before anybody installed them
                    f.write(text.replace("/etc/countersign/courier", str(ROOT / "examples/courier")))
                done = subprocess.run([os.path.join(b.BIN, name), "--config", path, "--check-config"],
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)


class Traced(b.Bank):
    def spawn(self, args, log, env, fds=()):
        env = {**env, "ASAN_OPTIONS": "detect_leaks=0"}
        return super().spawn(["strace", "-f", "-qq", "-o", self.path(log + ".trace"), *args], log, env, fds)

    def end(self, process, sig=15):
        """To the program, not to strace, which passes nothing on."""
        if process is not None and process.poll() is None:
            with open("/proc/%d/task/%d/children" % (process.pid, process.pid), encoding="ascii") as f:
                os.kill(int(f.read().split()[0]), sig)
        return super().end(process, 0)


class Calls(unittest.TestCase):
    def test_the_filters_let_through_what_is_needed(self):
        with Traced() as bank:
            alice, bob, account, payee, policy = b.joint(bank)
            order = b.make_order(account, payee)
            alice.decide(order, policy)
            self.assertEqual(bob.decide(order, policy).json["status"], "ACSC")
            self.assertEqual(bank.operator("GET", "/metrics").status, 200)
            traces = {"bankd": bank.path("bankd.log.trace"), "bankd-keeper": bank.path("keeper.log.trace")}
            bank.stop()
            self.assertEqual(bank.left, {"bankd": 0, "keeper": 0})
            for name, path in traces.items():
                with open(path, encoding="utf-8", errors="replace") as f:
                    used = set(re.findall(r"^\d+ +(\w+)\(", f.read(), re.M))
                self.assertGreater(len(used), 20)
                self.assertIn("accept4", used)
                self.assertEqual(used - allowed(name), set(), name)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
