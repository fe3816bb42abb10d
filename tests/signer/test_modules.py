# SPDX-License-Identifier: Apache-2.0
"""Modules that hang, that do not start, or that the kernel does not shut in: each is named, costs a command its time
once, and the doctor says what to do. Several modules, as p11-kit is configured to use them. No bank."""
import ctypes
import json
import os
import shlex
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

from holder import BIN, SOFTHSM, WAIT_S, Terminal

FAULT = os.environ["COUNTERSIGN_FAULT"]
PIN, SO_PIN = "canary-3141-blue", "87654321"
DEADLINE_S = 3
SYSCALLS = {"x86_64": (0xc000003e, 444, 446), "aarch64": (0xc00000b7, 444, 446)}  # create_ruleset, restrict_self
ENOSYS, EPERM = 38, 1


def without(call, error):
    """For a process to come: this system call fails, as in a kernel that does not have it."""
    arch, *numbers = SYSCALLS[os.uname().machine]
    program = b"".join(struct.pack("HBBI", *line) for line in (
        (0x20, 0, 0, 4), (0x15, 0, 3, arch), (0x20, 0, 0, 0), (0x15, 0, 1, numbers[call]), (0x06, 0, 0, 0x00050000 | error),
        (0x06, 0, 0, 0x7fff0000)))
    code = ctypes.create_string_buffer(program)
    libc = ctypes.CDLL(None, use_errno=True)

    class Filter(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    def enter():
        given = Filter(len(program) // 8, ctypes.addressof(code))
        if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.byref(given)) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    return enter


class Modules(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        for name in ("tokens", "pkcs11/modules", "system/modules"):
            os.makedirs(self.path(name))
        self.write("softhsm2.conf", "directories.tokendir = %s\n" % self.path("tokens"))
        self.write("rules", "")
        self.write("config", "token_deadline = %d\n" % DEADLINE_S)
        self.write("system/pkcs11.conf", "user-config: only\n")
        self.env = {**os.environ, "SOFTHSM2_CONF": self.path("softhsm2.conf"), "HOME": self.dir, "XDG_CONFIG_HOME": self.dir,
                    "FAULT_MODULE": SOFTHSM, "FAULT_CONTROL": self.path("rules"),
                    "PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm"}
        self.run_it("token", "init", "--module", SOFTHSM, "--label", "alice", pins={"pin-fd": PIN, "so-pin-fd": SO_PIN})

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def configure(self, **modules):
        for name, path in modules.items():
            self.write("pkcs11/modules/%s.module" % name, "module: %s\n" % path)

    def inside(self, args):
        """With these modules and no others; p11-kit takes no user's configuration from root."""
        if os.geteuid() != 0:
            self.write("pkcs11/pkcs11.conf", "user-config: only\n")
            return args
        mounts = "mount --bind %s /usr/share/p11-kit/modules && mount --bind %s /etc/pkcs11 && exec \"$@\"" % (
            shlex.quote(self.path("pkcs11/modules")), shlex.quote(self.path("system")))
        return ["/usr/bin/unshare", "-m", "sh", "-c", mounts, "sh", *args]

    def run_it(self, *words, pins=None, code=0, preexec=None):
        """PINS: option: pin."""
        fds, args = [], [os.path.join(BIN, "countersign"), *words, "--config", self.path("config")]
        for option, pin in (pins or {}).items():
            read, write = os.pipe()
            os.write(write, pin.encode() + b"\n")
            os.close(write)
            fds.append(read)
            args += ["--" + option, str(read)]
        done = subprocess.run(self.inside(args), env=self.env, pass_fds=fds, capture_output=True, text=True, timeout=100,
                              check=False, stdin=subprocess.DEVNULL, preexec_fn=preexec)
        for fd in fds:
            os.close(fd)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def hang(self, rule):
        self.configure(good=SOFTHSM, hangs=FAULT)
        self.write("rules", rule)


class Hanging(Modules):
    def test_costs_its_deadline_once(self):
        """Whether it hangs as it starts or when it is first asked; the other module's token is there, and used."""
        for rule in ("C_Initialize * hang\n", "C_GetSlotList * hang\n"):
            with self.subTest(rule):
                self.hang(rule)
                begun = time.monotonic()
                done = self.run_it("token", "info", "--token", "pkcs11:token=alice", pins={"pin-fd": PIN}, code=0)
                took = time.monotonic() - begun
                self.assertGreaterEqual(took, DEADLINE_S)
                self.assertLess(took, 2 * DEADLINE_S)
                line, = [line for line in done.stderr.splitlines() if FAULT in line]
                self.assertIn("did not answer (TOKEN_HANGS)", line)
                self.assertIn("countersign token doctor", line)

    def test_once_for_all_of_a_command(self):
        """One that opens its modules again, for a token of its own: each finds the one that hung by then."""
        self.hang("trace\nC_Initialize * hang\n")
        self.run_it("token", "provision", "--profile", "softhsm", "--token", "pkcs11:token=alice", "--module", SOFTHSM,
                    pins={"pin-fd": PIN})
        self.run_it("token", "info", "--token", "pkcs11:token=nobody", "--wait", "2", code=3)
        with open(self.path("rules.trace"), encoding="ascii") as trace:
            self.assertEqual(trace.read().count("C_Initialize hang"), 1)

    def test_list_and_doctor(self):
        """The list is without its tokens, says so, and fails; the doctor's command leaves it out from then on."""
        self.hang("C_Initialize * hang\n")
        told = json.loads(self.run_it("token", "list", "--json", code=3).stdout)
        self.assertEqual(told["failed"], [{"error": "TOKEN_HANGS", "module": FAULT}])
        self.assertEqual([token["label"] for token in told["tokens"] if token["initialized"]], ["alice"])
        done = self.run_it("token", "list", code=3)
        self.assertIn("alice\n", done.stdout)
        self.assertIn("countersign: TOKEN_HANGS: ", done.stderr)
        self.assertIn("Module %s did not answer" % FAULT, done.stderr)
        found = {f["finding"]: f for f in json.loads(self.run_it("token", "doctor", "--json", code=3).stdout)["findings"]}
        self.assertEqual(found["MODULE_HANGS"]["about"], FAULT)
        subprocess.run(self.inside(["sh", "-c", found["MODULE_HANGS"]["remedy"]]), env=self.env, check=True, timeout=60)
        self.write("system/pkcs11.conf", "")  # the two folders count
        begun = time.monotonic()
        told = json.loads(self.run_it("token", "list", "--json").stdout)
        self.assertLess(time.monotonic() - begun, DEADLINE_S)
        self.assertEqual((told["failed"], [token["label"] for token in told["tokens"] if token["initialized"]]), ([], ["alice"]))


    def test_watch_ends_while_a_module_hangs(self):
        """By q and by Ctrl-C, at once, and not at the module's deadline."""
        self.write("config", "token_deadline = 60\n")
        for key in ("q", "\x03"):
            self.write("rules", "")
            with Terminal(["countersign", "token", "list", "--watch", "--module", FAULT, "--config", self.path("config")], self.env,
                          columns=80) as page:
                page.expect("alice")
                self.write("rules.new", "trace\nC_GetSlotList * hang\n")
                os.rename(self.path("rules.new"), self.path("rules"))
                self.await_trace("C_GetSlotList hang")
                begun = time.monotonic()
                page.type(key)
                self.assertEqual(page.end()[0], 0)
                self.assertLess(time.monotonic() - begun, 5)
            os.unlink(self.path("rules.trace"))

    def await_trace(self, line):
        deadline = time.monotonic() + WAIT_S
        while True:
            if os.path.exists(self.path("rules.trace")):
                with open(self.path("rules.trace"), encoding="ascii") as trace:
                    if line in trace.read():
                        return
            self.assertLess(time.monotonic(), deadline)


class NotStarting(Modules):
    def test_list(self):
        """Beside one that does."""
        self.configure(good=SOFTHSM, gone="/nowhere/gone.so")
        done = self.run_it("token", "list", "--json", code=3)
        told = json.loads(done.stdout)
        self.assertEqual(told["failed"], [{"error": "TOKEN_MODULE", "module": "/nowhere/gone.so"}])
        self.assertEqual([token["label"] for token in told["tokens"] if token["initialized"]], ["alice"])
        self.assertIn("Module /nowhere/gone.so did not start (TOKEN_MODULE)", done.stderr)
        self.assertIn("alice\n", self.run_it("token", "list", code=3).stdout)
        self.run_it("token", "info", "--token", "pkcs11:token=alice", pins={"pin-fd": PIN})  # is no matter of its

    def test_list_of_one_that_fails_later(self):
        self.configure(good=SOFTHSM, fails=FAULT)
        self.write("rules", "C_GetSlotList * 0x30\n")
        done = self.run_it("token", "list", "--json", code=3)
        self.assertEqual(json.loads(done.stdout)["failed"], [{"error": "TOKEN_FAILED", "module": FAULT}])
        self.assertIn("Module %s did not say which tokens it has (TOKEN_FAILED)." % FAULT, done.stderr)


class Pulled(Modules):
    """A module whose device goes as keys are made; it is there again at once, and its PIN is asked for."""

    def generate(self, *words):
        return Terminal(["countersign", "token", "generate", "--module", FAULT, "--token", "pkcs11:token=alice", "--config",
                         self.path("config"), *words], self.env, columns=200)

    def rules(self, text):
        self.write("rules.new", text)
        os.rename(self.path("rules.new"), self.path("rules"))

    def ids(self):
        done = subprocess.run(["pkcs11-tool", "--module", SOFTHSM, "--login", "--pin", PIN, "--list-objects", "--type", "privkey"],
                              env=self.env, check=True, capture_output=True, text=True, timeout=60)
        return sorted(line.split()[-1] for line in done.stdout.splitlines() if line.strip().startswith("ID:"))

    def test_goes_on(self):
        """The first is made and stays, the second is made when the token is back."""
        self.rules("C_GenerateKeyPair 2 0x32\nC_GenerateKeyPair 3 0x32\n")
        with self.generate() as terminal:
            terminal.expect("to make keys: ")
            terminal.type(PIN + "\n")
            terminal.expect("Insert your card again")
            terminal.expect("It is there.")
            terminal.expect("to make keys: ")
            self.rules("")
            terminal.type(PIN + "\n")
            code, seen = terminal.end()
        self.assertEqual(code, 0, seen)
        self.assertEqual(self.ids(), ["02", "03"])

    def test_made_before_it_was_pulled(self):
        """What the answer did not say is looked for: no key is made twice, and none is missing."""
        self.rules("C_GenerateKeyPair 1 0x32\nC_GenerateKeyPair 2 0x32\n")
        with self.generate("--use", "sign") as terminal:
            terminal.expect("to make keys: ")
            terminal.type(PIN + "\n")
            terminal.expect("It is there.")
            terminal.expect("to make keys: ")
            self.rules("")
            self.make("02")
            terminal.type(PIN + "\n")
            code, seen = terminal.end()
        self.assertEqual(code, 0, seen)
        self.assertIn("The key to sign was made before the token was pulled.", seen)
        self.assertEqual(self.ids(), ["02"])

    def make(self, number):
        subprocess.run(["pkcs11-tool", "--module", SOFTHSM, "--login", "--pin", PIN, "--keypairgen", "--key-type", "EC:prime256v1",
                        "--id", number, "--usage-sign"], env=self.env, check=True, capture_output=True, timeout=60)

    def test_a_key_of_before_is_no_new_one(self):
        self.make("02")
        self.rules("C_GenerateKeyPair * 0x32\n")
        with self.generate() as terminal:
            terminal.expect("to make keys: ")
            terminal.type(PIN + "\n")
            code, seen = terminal.end()
        self.assertEqual(code, 3, seen)
        self.assertIn("countersign: KEY_EXISTS: ", seen)

    def test_says_what_to_do(self):
        """Where nobody waits, or asks for the PIN again."""
        self.rules("C_GenerateKeyPair 2 0x32\nC_GenerateKeyPair 3 0x32\n")
        done = self.run_it("token", "generate", "--module", FAULT, "--token", "pkcs11:token=alice", pins={"pin-fd": PIN}, code=3)
        self.assertIn("countersign: TOKEN_REMOVED: ", done.stderr)
        self.assertIn("the key to sign is made, the key to derive may be made: token info shows it; if not, token generate --use "
                      "makes it", done.stderr)
        self.assertEqual(self.ids(), ["02"])
        self.rules("")
        self.run_it("token", "generate", "--use", "derive", "--module", FAULT, "--token", "pkcs11:token=alice", pins={"pin-fd": PIN})
        self.assertEqual(self.ids(), ["02", "03"])


class Kernel(Modules):
    def test_no_landlock(self):
        """The doctor has a finding, and who is asked for a PIN gets a line; it works all the same."""
        found = json.loads(self.run_it("token", "doctor", "--module", SOFTHSM, "--json", code=3,
                                       preexec=without(0, ENOSYS)).stdout)["findings"]
        self.assertIn("NO_FENCE", [f["finding"] for f in found])
        found = json.loads(self.run_it("token", "doctor", "--module", SOFTHSM, "--json", code=3).stdout)["findings"]
        self.assertNotIn("NO_FENCE", [f["finding"] for f in found])
        for lacks in (True, False):
            runner = ["/usr/bin/env", "python3", "-c", "import os, sys; sys.path.insert(0, %r); import test_modules as t\n"
                      "if %r: t.without(0, t.ENOSYS)()\nos.execv(sys.argv[1], sys.argv[1:])" % (os.path.dirname(__file__), lacks)]
            with Terminal([*runner, os.path.join(BIN, "countersign"), "token", "info", "--module", SOFTHSM, "--token",
                           "pkcs11:token=alice"], self.env, columns=200) as terminal:
                shown = terminal.expect("PIN of token alice to list its keys: ")
                terminal.type(PIN + "\n")
                self.assertEqual(terminal.end()[0], 0)
            self.assertEqual("This kernel has no Landlock" in shown, lacks, shown)

    def test_a_helper_that_cannot_shut_itself_in(self):
        """No module of anybody's is to blame, nor does one start."""
        done = self.run_it("token", "list", "--module", SOFTHSM, code=4, preexec=without(1, EPERM))
        self.assertIn("countersign: TOKEN_HELPER: ", done.stderr)
        self.assertIn("--debug", done.stderr)

    def test_started_where_nobody_waits_for_children(self):
        """As by a shell after trap '' CHLD: how the helper ended is known all the same."""
        def ignore():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            without(1, EPERM)()

        # Not inside(): its shell would mend the signal.
        done = subprocess.run([os.path.join(BIN, "countersign"), "token", "list", "--module", SOFTHSM], env=self.env,
                              capture_output=True, text=True, timeout=100, check=False, preexec_fn=ignore)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("countersign: TOKEN_HELPER: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
