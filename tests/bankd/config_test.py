#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The settings of bankd and bankd-keeper: what --check-config says of them, and that it does nothing else; and what
SIGHUP changes of those of a bankd that serves, over connections that stay.

usage: config_test.py [TestClass[.test] ...]; COUNTERSIGN_BIN names the directory of the programs."""
import concurrent.futures
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
import bank as b  # noqa: E402

BANKD = ("# the bank\nbank = demobank.example/test\nlisten = 127.0.0.1:0\nsocket = /nonexistent/s\n"
         "store = /nonexistent/d\nkeeper_socket = /nonexistent/k\n")
KEEPER = ("# the keeper\nbank = demobank.example/test\nmodule = /nonexistent/m.so\ntoken = pkcs11:token=bank\n"
          "socket = /nonexistent/s\nstate = /nonexistent/state\n")
COURIER = "socket = /nonexistent/s\ntemplates = /nonexistent/t\nmodule = /nonexistent/m.so\ntoken = pkcs11:token=bank\n"
CUT_SECONDS = 20  # a deadline for the test
REMEDY = "Mend what the message names; a daemon's --check-config says whether it is right now.\n"


class Check(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "a.conf")

    def check(self, program, text, before=()):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(text)
        return subprocess.run([*before, os.path.join(b.BIN, program), "--config", self.path, "--check-config"],
                              capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0" if before else ""})

    def refused(self, program, text, line, why):
        """LINE is None for what belongs to no line."""
        done = self.check(program, text)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        place = self.path if line is None else "%s:%d" % (self.path, line)
        self.assertIn("CONFIG_INVALID %s: %s" % (place, why), done.stderr)
        self.assertIn("%s: CONFIG_INVALID: " % program, done.stderr)
        self.assertTrue(done.stderr.endswith(REMEDY), done.stderr)

    def test_right(self):
        for program, text in (("bankd", BANKD), ("bankd-keeper", KEEPER)):
            done = self.check(program, text)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, self.path + " is right\n", ""))

    def test_the_example_is_right(self):
        done = self.check("bankd", (ROOT / "examples/bankd.conf").read_text(encoding="utf-8"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_wrong_names_place_and_setting(self):
        for more, why in (
            ("colour = red", "there is no setting \"colour\""), ("bank = other", "bank is set a second time"),
            ("workers", "this is not a \"name = value\" line"),
            ("workers = 0", "workers must be a whole number from 1 to 64"),
            ("keeper_ms = 1501", "keeper_ms must be a whole number from 1 to 1500"),
            ("hold_on = RVNM", "hold_on waits for a payee check; set payee_check_socket, too"),
            ("hold_on = full-moon", "hold_on is not of the form first-payment, look-alike"),
            ("cutoff = 16 EUR", "cutoff is not of the form 16:00 EUR"),
            ("bank_codes = PT", "bank_codes is not of the form PT 0002"),
            ("hold_above = 1", "hold_above is not of the form 10000.00 EUR"),
        ):
            with self.subTest(more):
                self.refused("bankd", BANKD + "\n" + more + "\n", 8, why)
        self.refused("bankd", "", None, "bank is missing")
        self.refused("bankd", BANKD.replace("demobank.example/test", "Demo Bank"), 2, "bank is no bank's name")
        for address in ("localhost:1", "127.0.0.1", "127.0.0.1:65536", "0.0.0.0.0:1"):
            self.refused("bankd", BANKD.replace("127.0.0.1:0", address), 3, "listen is no numeric address and port")

    def test_metrics_are_for_this_machine(self):
        for address in ("127.0.0.1:0", "127.8.0.1:9464", "[::1]:9464"):
            done = self.check("bankd", BANKD + "metrics_listen = " + address + "\n")
            self.assertEqual(done.returncode, 0, done.stderr)
        for address in ("0.0.0.0:9464", "10.0.0.1:9464", "[::]:9464", "[::ffff:10.0.0.1]:9464", "128.0.0.1:1", "localhost:1"):
            self.refused("bankd", BANKD + "metrics_listen = " + address + "\n", 7, "metrics_listen is no loopback address")

    def test_wrong_for_the_keeper(self):
        self.refused("bankd-keeper", "", None, "bank is missing")
        self.refused("bankd-keeper", KEEPER.replace("demobank.example/test", "B B"), 2, "bank is no bank's name")
        self.refused("bankd-keeper", KEEPER.replace("token=bank", "pin-value=1"), 4, "token is no RFC 7512 URI")
        self.refused("bankd-keeper", KEEPER + "peer_uid = nobody\n", 7, "peer_uid must be a whole number")

    def test_more_connections_than_files(self):
        done = self.check("bankd", BANKD + "max_connections = 100000\n", before=("prlimit", "--nofile=1000:1000"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(self.path + ":7: max_connections needs 100128 open files, the limit is 1000", done.stderr)

    def test_no_file(self):
        for program in ("bankd", "bankd-keeper", "bankd-courier"):
            for path, why in (("/nonexistent/c", "There is no such file."), ("/", "A file or socket could not be read")):
                done = subprocess.run([os.path.join(b.BIN, program), "--config", path, "--check-config"],
                                      capture_output=True, text=True, timeout=60, check=False)
                self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                self.assertIn("CONFIG_INVALID %s: %s" % (path, why), done.stderr)

    def test_nobody_hears_it(self):
        """Standard output is closed."""
        for program, text in (("bankd", BANKD), ("bankd-keeper", KEEPER), ("bankd-courier", COURIER)):
            done = self.check(program, text, before=("sh", "-c", 'exec "$@" >&-', "sh"))
            self.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)
            self.assertIn(program + ": IO: ", done.stderr)
            with open(self.path, encoding="utf-8") as f:
                self.assertEqual(f.read(), text)

    def test_touches_nothing(self):
        """By the system calls: no socket, and no file but the settings that was not there before main."""
        for program, text in (("bankd", BANKD), ("bankd-keeper", KEEPER)):
            trace = self.path + ".trace"
            done = self.check(program, text, before=("strace", "-f", "-o", trace, "-e", "trace=file,network,desc"))
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(trace, encoding="utf-8", errors="replace") as f:
                calls = f.read()
            self.assertIn(self.path, calls)
            self.assertNotIn("/nonexistent", calls)
            self.assertFalse(re.search(r"\b(socket|bind|listen|connect|clone|fork|unlink|mkdir)\(", calls), calls)
            _, found, after = calls.partition('"%s", O_RDONLY' % self.path)
            self.assertTrue(found, calls)
            opened = re.findall(r"\bopen(?:at)?\((?:AT_FDCWD, )?\"([^\"]*)\"", after)
            system = ("/proc/", "/sys/", "/etc/", "/usr/lib/", "/lib/")
            self.assertEqual([name for name in opened if not name.startswith(system)], [])


class Reload(unittest.TestCase):
    def setUp(self):
        self.bank = b.Bank()
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice, self.bob, self.account, self.payee, self.policy = b.joint(self.bank, funds="90000.00")

    def log(self):
        with open(self.bank.path("bankd.log"), encoding="utf-8") as f:
            return f.read()

    def reload(self, settings, outcome="are in force"):
        """What the log says of it. SETTINGS is what stands behind those of every bank, or the whole file."""
        before = len(self.log())
        self.bank.bankd_settings = settings
        if settings.startswith("bank ="):
            self.bank.write("bankd.conf", settings)
        else:
            self.bank.write_settings()
        self.bank.bankd.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + CUT_SECONDS
        while True:
            said = self.log()[before:]
            if re.search(r"bankd\.reload .*(are in force|stay in force, all of them)\n", said):
                break
            self.assertLess(time.monotonic(), deadline, said)
        self.assertIn(outcome, said)
        self.assertEqual(self.metric("countersign_reload_refused"), int("stay" in outcome))
        return said

    def metric(self, name):
        text = self.bank.operator("GET", "/metrics").body.decode()
        return int(re.search("^%s (\\d+)$" % re.escape(name), text, re.M)[1])

    def logins(self):
        return self.metric('countersign_requests_total{route="POST /v1/login",status="2xx"}')

    def pay(self, amount="500.00", creditor=None):
        """Both approve; the status that it leads to."""
        order = b.make_order(self.account, creditor or self.payee, amount)
        self.assertEqual(self.alice.decide(order, self.policy).json["status"], "PATC")
        return self.bob.decide(order, self.policy)

    def connections(self):
        return [session.connection.sock.getsockname() for session in (self.alice, self.bob)]

    def test_new_terms_for_the_next_order_on_the_same_connection(self):
        self.assertEqual(self.pay().json["status"], "ACSC")
        before = self.connections()
        logins = self.logins()
        said = self.reload("hold_above = 400.00 EUR\n")
        self.assertIn('hold_above was "", in the file it is "400.00 EUR"', said)
        self.assertEqual(said.count("in the file it is"), 1)
        self.assertEqual(self.pay("400.01").json["status"], "PDNG")
        self.assertEqual(self.pay("400.00").json["status"], "ACSC")
        said = self.reload("hold_above = 600.00 EUR\nhold_on = first-payment\nbank_codes = PT 0002\n")
        self.assertEqual(said.count("in the file it is"), 3)
        self.assertEqual(self.pay().json["status"], "ACSC")
        self.assertEqual(self.pay("1.00", "NL91ABNA0417164300").json["status"], "PDNG")
        self.reload("bank_codes = PT 0002\n")
        self.assertEqual(self.pay("1.00", "NL91ABNA0417164300").json["status"], "ACSP")
        self.reload("")
        self.assertNotEqual(self.pay_refused("NL91ABNA0417164300"), "OK")
        self.assertEqual(self.connections(), before)
        self.assertEqual(self.logins(), logins)
        self.bank.verify_log()
        self.assertEqual(self.bank.operator("GET", "/v1/reconciliation").json["differences"], [])

    def pay_refused(self, creditor):
        return self.alice.decide(b.make_order(self.account, creditor, "1.00"), self.policy).name

    def test_a_payee_checker_comes_and_goes(self):
        self.assertEqual(self.pay("1.00").json["status"], "ACSC")
        nobody = self.bank.path("nobody.sock")
        self.reload("hold_on = RVNA\npayee_check_socket = %s\n" % nobody)
        self.assertEqual(self.pay("1.00").json["status"], "PDNG")
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.bank.path("checker.sock"))
        listener.listen(8)
        listener.settimeout(CUT_SECONDS)

        def check():
            for _ in range(2):  # both hand the order in
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(b'{"result":"RCVC"}\n')

        self.reload("hold_on = RVNA\npayee_check_socket = %s\npayee_check_ms = 5000\n" % self.bank.path("checker.sock"))
        thread = threading.Thread(target=check)
        thread.start()
        status = self.pay("1.00").json["status"]
        thread.join()
        self.assertEqual(status, "ACSC")
        self.reload("")
        self.assertEqual(self.pay("1.00").json["status"], "ACSC")

    def test_a_deadline_for_those_who_are_there(self):
        with socket.socket(socket.AF_UNIX) as idle:
            idle.settimeout(CUT_SECONDS)
            idle.connect(self.bank.path("bankd.sock"))
            idle.sendall(b"GET /v1/health HTTP/1.1\r\nHost: bank\r\n\r\n")
            self.assertIn(b"200 OK", idle.recv(4096))
            self.reload("idle_ms = 100\n")
            started = time.monotonic()
            self.assertEqual(idle.recv(4096), b"")
            self.assertLess(time.monotonic() - started, CUT_SECONDS)

    def test_a_broken_file_changes_nothing(self):
        self.reload("hold_above = 400.00 EUR\n")
        for settings, why in (("hold_above = 9000.00 EUR\nhold_on = full-moon\n", "bankd.conf:7: hold_on is not of the form"),
                              ("hold_above = 9000.00 EUR\ncolour = red\n", 'bankd.conf:7: there is no setting "colour"'),
                              ("hold_above = 9000.00 EUR\nhold_on = RVNM\n", "bankd.conf:7: hold_on waits for a payee check"),
                              ("bank = x\n", "bankd.conf: listen is missing")):
            with self.subTest(settings):
                said = self.reload(settings, "stay in force, all of them")
                self.assertIn(why, said)
                self.assertNotIn("was", said)
                self.assertEqual(self.pay().json["status"], "PDNG")
        os.unlink(self.bank.path("bankd.conf"))
        os.mkdir(self.bank.path("bankd.conf"))
        self.bank.bankd.send_signal(signal.SIGHUP)
        self.bank.write_settings = lambda: None
        self.reload("", "stay in force, all of them")
        self.assertEqual(self.pay().json["status"], "PDNG")
        self.assertEqual(self.pay("400.00").json["status"], "ACSC")

    def test_what_needs_a_restart_is_refused_with_all_the_rest(self):
        with open(self.bank.path("bankd.conf"), encoding="utf-8") as f:
            whole = f.read()
        lines = dict(line.split(" = ", 1) for line in whole.splitlines())
        wrong = {"bank": "other.example/demo", "listen": "127.0.0.1:1", "metrics_listen": "127.0.0.1:0",
                 "socket": "/nonexistent/s", "store": "/nonexistent/d", "keeper_socket": "/nonexistent/k", "event_threads": "3",
                 "workers": "3", "max_connections": "7", "courier_socket": "/nonexistent/c", "courier_uid": "7", "max_streams": "7", "max_streams_each": "7", "queue_max": "7", "batch_max": "7",
                 "log_format": "json"}
        for name, value in wrong.items():
            with self.subTest(name):
                changed = {**lines, name: value, "hold_above": "1.00 EUR"}
                said = self.reload("".join("%s = %s\n" % item for item in changed.items()), "stay in force, all of them")
                self.assertRegex(said, r"ERROR bankd bankd\.reload %s is .*: that needs a restart" % name)
        self.assertEqual(self.pay("2.00").json["status"], "ACSC")
        self.reload(whole + "hold_above = 1.00 EUR\n")
        self.assertEqual(self.pay("2.00").json["status"], "PDNG")

    def test_the_page_says_which_may_change(self):
        """bankd(8) and the table of the program."""
        table = (ROOT / "bankd/server/settings.c").read_text(encoding="utf-8")
        rows = re.findall(r'\{"(\w+)", CONF_.*?(AT_START|WHILE_RUNNING)\}', table, re.S)
        self.assertGreater(len(rows), 20)
        page = (ROOT / "docs/man/bankd.8").read_text(encoding="utf-8")
        section = page.partition(".Sh SIGNALS\n")[2].partition(".Sh ")[0]
        listed = section.partition("may change:")[2].partition(".\n")[0]
        self.assertEqual(re.findall(r"\w{4,}", listed), [name for name, when in rows if when == "WHILE_RUNNING"])

    def test_nobody_notices_in_the_middle_of_payments(self):
        """Reloads come while both approve one order after another on connections that stay."""
        over = threading.Event()

        def change():
            settings = ("hold_above = 10.00 EUR\nidle_ms = 50000\n", "cutoff = 23:59 EUR\nkeeper_ms = 900\n", "")
            count = 0
            while not over.is_set():
                self.reload(settings[count % 3])
                count += 1
            return count

        with concurrent.futures.ThreadPoolExecutor(1) as other:
            changes = other.submit(change)
            try:
                before = self.connections()
                statuses = [self.pay("5.00").json["status"] for _ in range(40)]
            finally:
                over.set()
            self.assertGreater(changes.result(), 3)
        self.assertEqual(set(statuses), {"ACSC"})
        self.assertEqual(self.connections(), before)
        self.bank.verify_log()


if __name__ == "__main__":
    unittest.main(warnings="ignore")
