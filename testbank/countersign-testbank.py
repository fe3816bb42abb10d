#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""countersign-testbank: a throw-away bank for somebody else's tests, see countersign-testbank(1).

It does nothing by itself: it runs the programs of Countersign as a bank, its operator and its
customers would run them, waits, and clears away. All waiting is in Watch.wait, so that a signal, the
end of the parent and the end of a daemon are noticed at any step, and between two of them nothing
interrupts."""
import argparse
import contextlib
import ctypes
import fcntl
import glob
import json
import os
import secrets
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

VERSION = "@PROJECT_VERSION@"
PROGRAM = "countersign-testbank"
BANK = "testbank.example/test"
JOINT, CREDITOR = "PT50000201231234567890154", "PT50003500010000004561245"
CURRENCY, FUNDS = "EUR", "1000.00"
PEOPLE = (  # short name, name, curve, the account in the settings
    ("alice", "Alice Example", "P-256", JOINT),
    ("bob", "Bob Example", "P-521", JOINT),
    ("shop", "EDP Comercial", "P-256", CREDITOR),
)
OPERATOR = ("olga", "Olga Ortiz", "P-256")
ROLES = ("viewer", "payments", "enrolment", "policy", "security", "auditor", "terminal")
ACCOUNTS = (  # number, title, holders, money
    (JOINT, "Alice and Bob", ("alice", "bob"), FUNDS),
    (CREDITOR, "EDP Comercial", ("shop",), None),
)
MODULES = (  # where systems have SoftHSM2's library
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/*/softhsm/libsofthsm2.so",
    "/usr/lib*/pkcs11/libsofthsm2.so",
    "/usr/lib*/softhsm/libsofthsm2.so",
    "/usr/lib*/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
FAULT_MODULE = "../@CMAKE_INSTALL_LIBDIR@/countersign/libcountersign-fault.so"  # from where this program is
PROGRAMS = ("bankd-keeper", "bankd", "bankctl", "countersign")
PIECES = ("bank", "tokens", "softhsm2.conf", "ready.json", OPERATOR[0], *(person[0] for person in PEOPLE))
TMPFS = "/dev/shm"
SOCKET_BYTES = 107  # sun_path of unix(7) without its NUL
STEP_SECONDS = 60  # a deadline, not a delay
STOP_SECONDS = 15
LOG_LINES = 5
EXITS = {"USAGE": 2, "IO": 4, "NOT_FOUND": 1, "TOKEN_MODULE": 3, "UNAVAILABLE": 4, "TIMEOUT": 4,
         "DIRECTORY_NOT_EMPTY": 1, "TESTBANK_RUNNING": 1}
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
STDOUT = 1


class Failure(Exception):
    """Told by NAME, which docs/ERRORS.md lists; a program's own failure keeps its exit code."""

    def __init__(self, name, text, code=None):
        super().__init__("%s: %s" % (name, text))
        self.code = code or EXITS[name]


class Ended(Exception):
    """A signal, or the end of the parent: the test bank ends as it should."""


# --- waiting and processes ---
class Watch:
    """What ends a test bank, and the one place where it waits for anything."""

    def __init__(self, parent):
        self.poll = select.poll()
        self.daemons = {}  # descriptor: name and log of a daemon that should be running
        self.signals, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(write)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, lambda *_: None)
        self.parent = self.open_parent(parent)
        for fd in (self.signals, self.parent):
            if fd is not None:
                self.poll.register(fd, select.POLLIN)

    @staticmethod
    def open_parent(parent):
        """A descriptor that is readable when the parent has ended; it stands for no later process.
        Process 0 is one outside of this container: only signals end the bank then."""
        if parent == 0:
            return None
        try:
            return os.pidfd_open(parent)
        except OSError as error:
            raise Failure("NOT_FOUND", "process %d, with which the bank is to end: %s"
                          % (parent, error.strerror)) from error

    def add_daemon(self, process, name, log):
        fd = os.pidfd_open(process.pid)
        self.daemons[fd] = name, log
        self.poll.register(fd, select.POLLIN)

    def wait(self, fd=None, what="", seconds=None):
        """Until FD is readable; without it, until the bank has to end, which is an exception."""
        if fd is not None:
            self.poll.register(fd, select.POLLIN)
        try:
            ready = {found for found, _ in self.poll.poll(seconds and seconds * 1000)}
        finally:
            if fd is not None:
                self.poll.unregister(fd)
        if ready & {self.signals, self.parent}:
            raise Ended()
        for daemon in ready & self.daemons.keys():
            name, log = self.daemons[daemon]
            raise Failure("UNAVAILABLE", "%s ended by itself\n%s" % (name, last_lines(read_file(log))))
        if not ready:
            raise Failure("TIMEOUT", "%s is not done after %d seconds" % (what, seconds))


def dies_with_us():
    """For a new process: it is killed when this program is, whatever kills it."""
    ours = os.getpid()

    def prepare():
        if LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0 or os.getppid() != ours:
            os._exit(127)

    return prepare


def pin_pipe(pin):
    read, write = os.pipe()
    os.write(write, pin.encode() + b"\n")
    os.close(write)
    return read


class Runner:
    """Starts programs, with PINs by descriptors, in the environment of the bank's tokens."""

    def __init__(self, watch, env):
        self.watch, self.env = watch, env
        self.paths = {name: self.find(name) for name in PROGRAMS}

    @staticmethod
    def find(name):
        """Beside this program, as built or installed together; else on the PATH."""
        beside = os.path.join(os.path.dirname(os.path.realpath(__file__)), name)
        path = beside if os.access(beside, os.X_OK) else shutil.which(name)
        if path is None:
            raise Failure("UNAVAILABLE", "%s is neither beside this program nor on the PATH; install it" % name)
        return path

    def spawn(self, words, pins, stdout, stderr):
        """PINS: option and PIN; the option gets the number of a descriptor."""
        fds = [pin_pipe(pin) for pin in pins.values()]
        args = [self.paths[words[0]], *words[1:]]
        for option, fd in zip(pins, fds):
            args += [option, str(fd)]
        try:
            return subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=self.env,
                                    pass_fds=fds, start_new_session=True, preexec_fn=dies_with_us())
        finally:
            for fd in fds:
                os.close(fd)

    def run(self, *words, pins=None, answer="--json"):
        """To its end; what it printed as JSON, or nothing where it has no such ANSWER."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = self.spawn((*words, *answer.split()), pins or {}, out, err)
            end = os.pidfd_open(process.pid)
            try:
                self.watch.wait(end, words[0], STEP_SECONDS)
            finally:
                os.close(end)
                process.kill()  # for when it was not waited for
                process.wait()
            out.seek(0)
            err.seek(0)
            if process.returncode != 0:
                raise self.failed(" ".join(words[:3]), process.returncode, err.read())
            return json.loads(out.read()) if answer else None

    def start(self, *words, log, pins=None):
        """A daemon; with what its READY line says."""
        with open(log, "ab") as err:
            process = self.spawn(words, pins or {}, subprocess.PIPE, err)
        try:
            line = b""
            while not line.endswith(b"\n"):
                self.watch.wait(process.stdout, words[0], STEP_SECONDS)
                chunk = os.read(process.stdout.fileno(), 4096)
                if not chunk:
                    process.wait(STOP_SECONDS)
                    raise self.failed(words[0], process.returncode, read_file(log))
                line += chunk
        except BaseException:
            stop(process)
            raise
        self.watch.add_daemon(process, words[0], log)
        return process, line.partition(b" ")[2]

    @staticmethod
    def failed(what, code, said):
        return Failure("UNAVAILABLE", "%s ended with exit %d\n%s" % (what, code, last_lines(said)),
                       code if code in (1, 2, 3, 4) else None)


def stop(process):
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


# --- files ---
def read_file(path):
    with open(path, "rb") as f:
        return f.read()


def last_lines(said):
    return "\n".join(said.decode(errors="replace").splitlines()[-LOG_LINES:])


def write_file(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "x", encoding="utf-8") as f:
        f.write(text)


def settings(**values):
    return "".join("%s = %s\n" % pair for pair in values.items())


def find_module(given):
    found = [given] if given else [path for pattern in MODULES for path in sorted(glob.glob(pattern))]
    if not found or not os.path.exists(found[0]):
        raise Failure("TOKEN_MODULE", "SoftHSM2's library is not at %s; install softhsm2, or say --module PATH"
                      % (given or "any usual place"))
    return os.path.abspath(found[0])


def find_fault_module():
    path = os.path.join(os.path.dirname(os.path.realpath(__file__)), FAULT_MODULE)
    if not os.path.exists(path):
        raise Failure("TOKEN_MODULE", "the module that --faults wants is not at %s; install it with this program" % path)
    return os.path.realpath(path)


class Place:
    """The bank's directory: locked, so that one bank at a time lives in it, and cleared at the end."""

    def __init__(self, directory, keep):
        self.path, self.keep = os.path.abspath(directory), keep
        if not self.path.isprintable():
            raise Failure("USAGE", "the directory's name has characters that do not go into settings")
        if len(os.fsencode(self.at("bank", "keeper.sock"))) > SOCKET_BYTES:
            raise Failure("USAGE", "%s is too long for the sockets in it; name a shorter one" % self.path)
        self.sessions = tempfile.mkdtemp(prefix="%s.%d." % (PROGRAM, os.getpid()), dir=TMPFS)
        try:
            self.made = self.make()
            self.lock = self.take()
        except BaseException:
            os.rmdir(self.sessions)
            raise

    def make(self):
        try:
            os.mkdir(self.path, 0o700)
        except FileExistsError:
            return False
        return True

    def take(self):
        lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Failure("TESTBANK_RUNNING", "in %s; end it, or name another directory" % self.path) from error
        left = sorted(os.listdir(self.path))
        if left:
            raise Failure("DIRECTORY_NOT_EMPTY", "%s has %s, such as from a bank that ended with --keep; "
                          "remove the directory, or name another" % (self.path, left[0]))
        return lock

    def at(self, *names):
        return os.path.join(self.path, *names)

    def clear(self):
        """What this program made and nothing else; with --keep all but the sessions stays."""
        shutil.rmtree(self.sessions, ignore_errors=True)
        if self.keep:
            return
        for name in PIECES:
            if os.path.isdir(self.at(name)):
                shutil.rmtree(self.at(name), ignore_errors=True)
            elif os.path.exists(self.at(name)):
                os.unlink(self.at(name))
        if self.made:
            with contextlib.suppress(OSError):  # there is more in it, or it is gone already
                os.rmdir(self.path)


class Progress:
    """One line on a terminal; nothing anywhere else."""

    def __init__(self):
        self.terminal = sys.stderr is not None and sys.stderr.isatty()

    def say(self, text=""):
        if self.terminal:
            print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


# --- the bank ---
class Bank:
    """Tokens, daemons, holders, accounts and settings, a function for each step."""

    def __init__(self, place, watch, module, fault_module, port):
        self.place, self.module, self.fault_module, self.port = place, module, fault_module, port
        self.env = {**os.environ, "SOFTHSM2_CONF": place.at("softhsm2.conf")}
        self.runner = Runner(watch, self.env)
        self.pins = {name: "%06d" % secrets.randbelow(10**6) for name in ("bank", OPERATOR[0], *(p[0] for p in PEOPLE))}
        self.thumbprints, self.daemons, self.keys, self.ready = {}, [], {}, {}

    def open(self, progress):
        for what, step in (("making tokens", self.make_tokens), ("making the bank's keys", self.make_keys),
                           ("starting the bank", self.start), ("enrolling holders", self.enrol),
                           ("opening accounts", self.open_accounts), ("appointing the operator", self.appoint),
                           ("writing settings", self.write_settings)):
            progress.say("%s ..." % what)
            step()
        progress.say()

    def make_tokens(self):
        os.mkdir(self.place.at("tokens"))
        os.mkdir(self.place.at("bank"))
        write_file(self.env["SOFTHSM2_CONF"], "directories.tokendir = %s\nobjectstore.backend = file\n"
                   "log.level = ERROR\n" % self.place.at("tokens"))
        for name, pin in self.pins.items():
            self.runner.run("countersign", "token", "init", "--module", self.module, "--label", name,
                            pins={"--so-pin-fd": secrets.token_hex(8), "--pin-fd": pin})
        for name, _, curve, *_ in (*PEOPLE, OPERATOR):
            self.token("generate", name, "--curve", curve, "--use", "sign")
            key, = self.token("info", name, "--spki", self.place.at("bank", name + ".spki"))
            self.thumbprints[name] = key["thumbprint"]

    def token(self, command, name, *words):
        return self.runner.run("countersign", "token", command, "--module", self.module, "--token",
                               "pkcs11:token=" + name, *words, pins={"--pin-fd": self.pins[name]})

    def make_keys(self):
        at = self.place.at
        write_file(at("bank", "keeper.conf"), settings(
            bank=BANK, module=self.module, token="pkcs11:token=bank", socket=at("bank", "keeper.sock"),
            state=at("bank", "keeper")))
        write_file(at("bank", "bankd.conf"), settings(
            bank=BANK, listen="127.0.0.1:%d" % self.port, socket=at("bank", "bankd.sock"),
            store=at("bank", "bank.db"), keeper_socket=at("bank", "keeper.sock")))
        self.keys = self.runner.run("bankd-keeper", "--config", at("bank", "keeper.conf"), "--init",
                                    pins={"--pin-fd": self.pins["bank"]})
        self.runner.run("bankd-keeper", "--config", at("bank", "keeper.conf"), "--pin-operator",
                        at("bank", OPERATOR[0] + ".spki"), "--id", OPERATOR[0], answer="")

    def start(self):
        for name, config, pins in (("bankd-keeper", "keeper.conf", {"--pin-fd": self.pins["bank"]}),
                                   ("bankd", "bankd.conf", {})):
            daemon, said = self.runner.start(name, "--config", self.place.at("bank", config),
                                             log=self.place.at("bank", name + ".log"), pins=pins)
            self.daemons.insert(0, daemon)
        self.ready = json.loads(said)

    def console(self, *words):
        """Acts like an operator until there is one: root, and the user who started this."""
        return self.runner.run("bankctl", *words, "--socket", self.ready["socket"])

    def enrol(self):
        for name, full_name, _, _ in PEOPLE:
            self.console("holder", "add", "--id", name, "--name", full_name,
                          "--spki", self.place.at("bank", name + ".spki"))

    def open_accounts(self):
        for number, title, holders, money in ACCOUNTS:
            named = [word for holder in holders for word in ("--holder", holder)]
            self.console("account", "open", "--account", number, "--currency", CURRENCY, "--title", title, *named)
            if money is not None:
                self.console("account", "fund", "--account", number, "--amount", money, "--currency", CURRENCY)

    def appoint(self):
        """From then on the bank does what the operator's token signed, and the console only looks."""
        name, full_name, _ = OPERATOR
        self.console("operator", "add", "--id", name, "--name", full_name,
                     "--spki", self.place.at("bank", name + ".spki"))
        self.console("operator", "roles", name, *(word for role in ROLES for word in ("--role", role)),
                     "--note", "the test bank's operator")

    def token_env(self, name):
        """With this, countersign and bankctl find settings, token and a place for sessions without options."""
        faults = {"FAULT_CONTROL": self.place.at(name, "faults"), "FAULT_MODULE": self.module} if self.fault_module else {}
        return {**faults, "SOFTHSM2_CONF": self.env["SOFTHSM2_CONF"], "XDG_CONFIG_HOME": self.place.at(name),
                "XDG_RUNTIME_DIR": os.path.join(self.place.sessions, name)}

    def write_settings(self):
        for name, account in (*((p[0], p[3]) for p in PEOPLE), (OPERATOR[0], None)):
            os.mkdir(os.path.join(self.place.sessions, name))
            values = {"bank": BANK, "bank_key": self.ready["pin"], "url": self.url(),
                      "module": self.fault_module or self.module, "token": "pkcs11:token=" + name}
            if account is not None:
                values["account"] = account
            write_file(self.place.at(name, "countersign", "config"), settings(**values))
            write_file(self.place.at(name, "env"), "".join(
                "export %s=%s\n" % (key, shlex.quote(value)) for key, value in self.token_env(name).items()))
            write_file(self.place.at(name, "pin"), self.pins[name] + "\n")

    def url(self):
        return "https://127.0.0.1:%d" % self.ready["port"]

    def person(self, name):
        """What somebody needs who has a token."""
        at = self.place.at
        faults = {"faultsFile": at(name, "faults")} if self.fault_module else {}
        return {**faults, "config": at(name, "countersign", "config"), "env": self.token_env(name), "envFile": at(name, "env"),
                "pinFile": at(name, "pin"), "thumbprint": self.thumbprints[name], "token": "pkcs11:token=" + name,
                "tokenPin": self.pins[name]}

    def report(self):
        """All that a program needs to use this bank."""
        people = [{"holder": name, "account": account, **self.person(name)} for name, _, _, account in PEOPLE]
        balances = {found["account"]: found["booked"] for found in self.console("account", "list")["accounts"]}
        return {
            "accounts": [{"account": number, "booked": balances[number], "currency": CURRENCY,
                          "holders": list(holders), "title": title} for number, title, holders, _ in ACCOUNTS],
            "bank": BANK, "creditor": people[2], "directory": self.place.path, "holders": people[:2],
            "logKey": self.keys["log"], "module": self.module,
            "operator": {"operator": OPERATOR[0], "roles": list(ROLES), "socket": self.ready["socket"],
                         **self.person(OPERATOR[0])},
            "pid": os.getpid(), "pin": self.ready["pin"], "port": self.ready["port"], "url": self.url(),
            "version": VERSION,
        }

    def close(self):
        for daemon in self.daemons:
            stop(daemon)


def say_ready(place, report):
    line = json.dumps(report, sort_keys=True, separators=(",", ":"))
    write_file(place.at("ready.json"), line + "\n")
    data = ("READY %s\n" % line).encode()
    while data:  # not by print, whose buffer Python would try once more at the end
        data = data[os.write(STDOUT, data):]


def serve(options):
    watch = Watch(os.getppid() if options.parent is None else options.parent)
    module = find_module(options.module)
    fault_module = find_fault_module() if options.faults else None
    place = Place(options.dir, options.keep)
    progress, bank = Progress(), None
    try:
        bank = Bank(place, watch, module, fault_module, options.port)
        bank.open(progress)
        say_ready(place, bank.report())
        watch.wait()
    finally:
        progress.say()
        if bank is not None:
            bank.close()
        place.clear()


# --- the command line ---
class Parser(argparse.ArgumentParser):
    def error(self, message):
        print("%s: USAGE: %s\nTry %s --help" % (PROGRAM, message, PROGRAM), file=sys.stderr)
        sys.exit(EXITS["USAGE"])


def number(text, least, most):
    if not text.isascii() or not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError("a number from %d to %d is wanted" % (least, most))
    return int(text)


def arguments():
    parser = Parser(
        prog=PROGRAM, usage="%(prog)s --dir DIR [options]", add_help=False, allow_abbrev=False,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, width=110), description=(
            "Starts a throw-away bank for tests: bankd and bankd-keeper, SoftHSM2 tokens for the bank, its operator,\n"
            "two holders with a joint account, and a creditor; money, and settings for countersign and bankctl. When\n"
            "it serves it prints one line to standard output: READY and a JSON object with addresses, pins and PINs.\n"
            "The bank ends with the process that started it, or by SIGTERM, and its files with it."), epilog=(
                "example:\n"
                "  countersign-testbank --dir bank --port 0 > ready &\n"
                "  countersign-testbank --dir bank --parent $$ --keep > ready &\n"
                "\n"
                "Exit status: 0 ended as asked, 1 refused, 2 usage, 3 token, 4 environment."))
    add = parser.add_argument
    add("--dir", required=True, metavar="DIR",
        help="where its files go: made when it is not there, refused when it is not empty")
    add("--port", default=0, type=lambda text: number(text, 0, 65535), metavar="N",
        help="the port on 127.0.0.1; 0, the default, is any free one")
    add("--module", metavar="PATH", help="SoftHSM2's library, where it is in no usual place")
    add("--parent", type=lambda text: number(text, 1, 2**31 - 1), metavar="PID",
        help="end with this process instead of the one that started it")
    add("--faults", action="store_true", help="holders and operator get tokens that fail as their file says")
    add("--keep", action="store_true", help="leave tokens, database and logs in DIR at the end")
    add("--help", action="help", help="print this")
    add("--version", action="version", version="%s %s" % (PROGRAM, VERSION), help="print the version")
    return parser.parse_args()


def main():
    options = arguments()
    os.umask(0o077)
    try:
        serve(options)
    except Ended:
        return 0
    except Failure as failure:
        print("%s: %s" % (PROGRAM, failure), file=sys.stderr)
        return failure.code
    except OSError as error:
        print("%s: IO: %s" % (PROGRAM, error), file=sys.stderr)
        return EXITS["IO"]


if __name__ == "__main__":
    sys.exit(main())
