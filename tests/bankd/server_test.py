#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bankd's front: framing, deadlines, roles, TLS, and what happens when the keeper or the database
is not there. Real bankd, real keeper, SoftHSM2; raw sockets say what no honest client would.

usage: server_test.py [TestClass[.test] ...]; COUNTERSIGN_BIN names the directory of the programs."""
import concurrent.futures
import contextlib
import os
import pathlib
import re
import resource
import select
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import bank as b  # noqa: E402
import operators  # noqa: E402
import rotation  # noqa: E402

CUT_SECONDS = 10  # a deadline for the test; the limits under test are far shorter
SHORT = ("event_threads = 1\nhandshake_ms = 400\nhead_ms = 400\nbody_ms = 400\nwrite_ms = 400\n"
         "idle_ms = 400\nmax_connections = 8\n")
HOST = "Host: bank\r\n"


def raw_tls(bank, cert=None, **options):
    """A TLS socket without a client key unless CERT is (certificate, key)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in options.items():
        setattr(context, name, value)
    if cert:
        context.load_cert_chain(*cert)
    plain = socket.create_connection(("127.0.0.1", bank.port), timeout=CUT_SECONDS)
    return context.wrap_socket(plain)


def raw_unix(bank):
    plain = socket.socket(socket.AF_UNIX)
    plain.settimeout(CUT_SECONDS)
    plain.connect(bank.path("bankd.sock"))
    return plain


def read_to_end(sock):
    """Everything until the server closes; a reset counts as closing."""
    data = b""
    try:
        while chunk := sock.recv(65536):
            data += chunk
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError) as error:
        if isinstance(error, TimeoutError):
            raise
    return data


def answers(data):
    """Status codes of the answers in DATA, which must hold nothing else."""
    codes = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        codes.append(int(head.split(b" ")[1]))
        length = re.search(rb"Content-Length: (\d+)", head)
        data = rest[int(length[1]) if length else 0:]
    return codes


class OneBank(unittest.TestCase):
    settings = ""

    @classmethod
    def setUpClass(cls):
        cls.bank = b.Bank(bankd_settings=cls.settings)
        cls.bank.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.bank.__exit__(None, None, None)

    def assert_serves(self):
        self.assertEqual(self.bank.operator("GET", "/v1/health").status, 200)


class Framing(OneBank):
    GOOD = "GET /v1/health HTTP/1.1\r\n" + HOST + "\r\n"

    def exchange(self, text):
        with raw_tls(self.bank) as sock:
            sock.sendall(text.encode())
            return answers(read_to_end(sock))

    def test_threat_17_smuggling_ends_the_connection(self):
        post = "POST /v1/challenges HTTP/1.1\r\n" + HOST
        for text in (
            post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
            post + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            post + "Transfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n",
            post + "Transfer-Encoding : chunked\r\n\r\n",
            post + "Content-Length: +4\r\n\r\nabcd",
            post + "X: a\r\n folded\r\n\r\n",
            "GET /v1/health HTTP/1.1\nHost: bank\n\n",
            "GET /v1/health HTTP/1.1\r\n\r\n",
            "GET http://bank/v1/health HTTP/1.1\r\n" + HOST + "\r\n",
        ):
            with self.subTest(text=text):
                self.assertEqual(self.exchange(text + self.GOOD * 3), [400])
        self.assert_serves()

    def test_threat_17_long_lines(self):
        self.assertEqual(self.exchange("GET /" + "a" * 9000), [431])
        self.assertEqual(self.exchange("GET / HTTP/1.1\r\nX: " + "a" * 9000), [431])

    def test_errors_before_the_core_are_problems(self):
        with raw_tls(self.bank) as sock:
            sock.sendall(b"BREW /v1/health HTTP/1.1\r\n" + HOST.encode() + b"\r\n")
            data = read_to_end(sock)
        self.assertEqual(answers(data), [405])
        self.assertIn(b"application/problem+json", data)
        self.assertIn(b'"name":"METHOD_NOT_ALLOWED"', data)
        self.assertIn(b"Connection: close", data)

    def test_body_too_large(self):
        text = "POST /v1/decisions HTTP/1.1\r\n" + HOST + "Content-Length: 131073\r\n\r\n"
        self.assertEqual(self.exchange(text), [413])
        text = "POST /v1/challenges HTTP/1.1\r\n" + HOST + "Connection: close\r\nContent-Length: 513\r\n\r\n"
        self.assertEqual(self.exchange(text + "x" * 513), [413])

    def test_pipelined_requests_are_answered_in_order(self):
        last = "GET /nothing HTTP/1.1\r\n" + HOST + "Connection: close\r\n\r\n"
        self.assertEqual(self.exchange(self.GOOD * 5 + last + self.GOOD), [200] * 5 + [404])

    def test_byte_by_byte(self):
        with raw_tls(self.bank) as sock:
            for byte in self.GOOD.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").encode():
                sock.sendall(bytes([byte]))
            self.assertEqual(answers(read_to_end(sock)), [200])

    def test_expect_continue(self):
        with raw_tls(self.bank) as sock:
            sock.sendall(("POST /v1/challenges HTTP/1.1\r\n" + HOST + "Expect: 100-continue\r\n"
                          "Connection: close\r\nContent-Length: 2\r\n\r\n").encode())
            self.assertEqual(sock.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
            sock.sendall(b"{}")
            self.assertEqual(answers(read_to_end(sock)), [400])

    def test_queries(self):
        for path in ("/v1/health?x=1", "/v1/accounts?limit=0", "/v1/accounts?cursor=%27", "/v1/holders?from=1"):
            self.assertEqual(self.bank.operator("GET", path).name, "USAGE", path)


class Deadlines(OneBank):
    settings = SHORT

    def cut(self, sock):
        """The server closes by itself, without an answer."""
        with sock:
            self.assertEqual(read_to_end(sock), b"")

    def test_threat_16_silent_handshake(self):
        self.cut(socket.create_connection(("127.0.0.1", self.bank.port), timeout=CUT_SECONDS))

    def test_threat_16_idle(self):
        self.cut(raw_tls(self.bank))
        self.cut(raw_unix(self.bank))

    def test_threat_16_slow_head(self):
        sock = raw_tls(self.bank)
        sock.sendall(b"GET /v1/health HT")
        self.cut(sock)

    def test_threat_16_trickling_head(self):
        """Each byte comes in time, all of them together do not."""
        with raw_tls(self.bank) as sock:
            started = time.monotonic()
            with self.assertRaises(OSError):
                while time.monotonic() - started < CUT_SECONDS:
                    sock.sendall(b"G")
                    if select.select([sock], [], [], 0.02)[0] and not sock.recv(1):
                        raise ConnectionResetError
            self.assertLess(time.monotonic() - started, CUT_SECONDS)

    def test_threat_16_slow_body(self):
        sock = raw_tls(self.bank)
        sock.sendall(b"POST /v1/challenges HTTP/1.1\r\nHost: bank\r\nContent-Length: 9\r\n\r\n{")
        self.cut(sock)

    def test_threat_16_slow_reading(self):
        """Asks on and on and takes no answer: cut while others are served. On the Unix socket, whose
        buffers are small; the code is the same."""
        asked = 20000
        with raw_unix(self.bank) as sock:
            try:
                sock.sendall(Framing.GOOD.encode() * asked)
            except OSError:
                pass  # cut while it was still asking
            self.assert_serves()
            self.assertLess(len(answers_whole(read_to_end(sock))), asked)


class Crowd(OneBank):
    settings = "event_threads = 1\nmax_connections = 8\n"

    def test_threat_16_idle_crowd_keeps_nobody_out(self):
        """Who has waited longest makes room, long before a deadline."""
        crowd = [socket.create_connection(("127.0.0.1", self.bank.port), timeout=CUT_SECONDS) for _ in range(40)]
        try:
            for sock in crowd[:32]:
                self.assertEqual(read_to_end(sock), b"")
            self.assert_serves()
            with raw_tls(self.bank) as honest:
                honest.sendall(Framing.GOOD.encode())
                self.assertTrue(honest.recv(1000).startswith(b"HTTP/1.1 200"))
            self.assertEqual(read_to_end(crowd[32]), b"")
        finally:
            for sock in crowd:
                sock.close()


def answers_whole(data):
    """Like answers, but the last one may be cut off."""
    return re.findall(rb"HTTP/1.1 \d+", data)


class Strangers(OneBank):
    """Who has a TLS key of his own making, and no more; or one that the bank knows, but is no operator."""

    def batches(self):
        return int(re.search(rb"^countersign_batch_requests_count (\d+)$", self.bank.operator("GET", "/metrics").body, re.M)[1])

    def assert_served_together(self, session, path, body, code):  # or others wait for as many commits
        request = ("POST %s HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                   % (path, HOST, len(body))).encode() + body
        many, before = [raw_tls(self.bank, (session.cert, session.session_key.path)) for _ in range(40)], self.batches()
        self.bank.bankd.send_signal(signal.SIGSTOP)
        for one in many:
            one.sendall(request)
        self.bank.bankd.send_signal(signal.SIGCONT)
        self.assertEqual({said for one in many for said in answers(read_to_end(one))}, {code})
        self.assertLess(self.batches() - before, len(many))

    def test_threat_16_none_is_served_alone(self):
        self.assert_served_together(b.Session(self.bank), "/v1/keys/%s/suspension" % ("A" * 43), b'{"note":"x"}', 401)

    def test_threat_16_no_holder_is_served_alone(self):
        """What the keeper hears of comes from operators, but anybody may sign it, and send it for ever."""
        self.bank.add_holder("zoe", key := b.Key(self.bank.dir))
        zoe, path = b.Session(self.bank, key), "/v1/bank-keys/rollover"
        self.assert_served_together(zoe, path, b.canon({"act": operators.act(key, path, {"overlapDays": 90})}), 403)
        path, signed = "/v1/keys/%s/rotation" % key.thumbprint, rotation.sign(key, b.Key(self.bank.dir))
        for session, code in (b.Session(self.bank), 401), (zoe, 201):
            self.assert_served_together(session, path, b.canon({"rotation": signed}), code)


class Tls(OneBank):
    def s_client(self, *args, data=b""):
        command = ["openssl", "s_client", "-connect", "127.0.0.1:%d" % self.bank.port, *args]
        return subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)

    def test_only_tls_1_3(self):
        with self.assertRaises(ssl.SSLError):
            raw_tls(self.bank, maximum_version=ssl.TLSVersion.TLSv1_2)

    def test_only_x25519(self):
        self.assertEqual(self.s_client("-groups", "X25519").returncode, 0)
        self.assertNotEqual(self.s_client("-groups", "P-256").returncode, 0)

    def test_no_tickets(self):
        out = self.s_client("-ign_eof", data=Framing.GOOD.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").encode())
        self.assertIn(b"200 OK", out.stdout)
        self.assertNotIn(b"Post-Handshake New Session Ticket", out.stdout)

    def test_leaf_and_root_lead_to_the_pin(self):
        out = self.s_client("-showcerts").stdout.decode()
        pems = re.findall("-----BEGIN.*?-----END CERTIFICATE-----\n", out, re.S)
        self.assertEqual(len(pems), 2)
        self.bank.write("leaf.pem", pems[0])
        self.bank.write("root.pem", pems[1])
        b.openssl("verify", "-CAfile", self.bank.path("root.pem"), self.bank.path("leaf.pem"))
        text = b.openssl("x509", "-in", self.bank.path("leaf.pem"), "-noout", "-text").decode()
        self.assertIn("URI:countersign:" + self.bank.name, text)
        spki = b.openssl("pkey", "-pubin", "-outform", "DER",
                         data=b.openssl("x509", "-in", self.bank.path("root.pem"), "-noout", "-pubkey"))
        jwk = {"crv": "P-256", "kty": "EC", "x": b.b64(spki[-64:-32]), "y": b.b64(spki[-32:])}
        self.assertEqual(b.b64(b.hashlib.sha256(b.canon(jwk)).digest()), self.bank.pin)

    def ask_with(self, *openssl_key):
        """GET /v1/accounts with a self-signed certificate over such a key."""
        key, cert = self.bank.path("k.pem"), self.bank.path("c.pem")
        b.openssl("genpkey", *openssl_key, "-out", key)
        b.openssl("req", "-x509", "-key", key, "-subj", "/CN=anybody", "-days", "1", "-out", cert)
        with raw_tls(self.bank, cert=(cert, key)) as sock:
            sock.sendall(b"GET /v1/accounts HTTP/1.1\r\nHost: bank\r\nConnection: close\r\n\r\n")
            return read_to_end(sock)

    def test_a_key_alone_is_no_session(self):
        for key in (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                    ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp384r1"),
                    ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), ("-algorithm", "ED25519")):
            self.assertIn(b'"name":"SESSION_REQUIRED"', self.ask_with(*key), key)

    def test_roles(self):
        """Every route of the table, asked by a stranger and by an operator, with and without a body."""
        table = pathlib.Path(__file__).resolve().parents[2] / "api" / "route.def"
        rows = re.findall(r'^X\(\w+, "(\w+)", "([^"]+)", ([^,]+), ([^,]+), (\d+)\)', table.read_text(), re.M)
        self.assertGreater(len(rows), 20)
        stranger = b.Session(self.bank)
        for method, path, callers, roles, body_max in rows:
            for name, value in (("{account}", b.iban(1)), ("{id}", b.uuid7()), ("{movement}", "1"), ("{credit}", "1"), ("{notice}", "1"), ("{enrolment}", "A" * 43), ("{application}", "a" * 64), ("{holder}", "nobody"), ("{operator}", "nobody"),
                                ("{thumbprint}", "A" * 43)):
                path = path.replace(name, value)
            path += "?after=99999" if path == "/v1/events" else ""  # an answer that ends
            body = b"{}" if int(body_max) else None
            with self.subTest(method=method, path=path):
                by_stranger = stranger.call(method, path, body).name
                by_operator = self.bank.operator(method, path, body).name
                if "CALLER_OPEN" in callers:
                    none = "NOT_FOUND" if "A" * 43 in path else "OK"
                    allowed = none if body is None else "DOC_MEMBER_MISSING"
                    self.assertEqual((by_stranger, by_operator), (allowed, allowed))
                    continue
                somebody = "CALLER_HOLDER" in callers or roles != "0"
                self.assertEqual(by_stranger, "SESSION_REQUIRED" if somebody else "ROLE_REQUIRED")
                if "CALLER_CONSOLE" in callers:
                    self.assertIn(by_operator, ("OK", "ACCOUNT_UNKNOWN", "DOC_MEMBER_MISSING", "EVENTS_GONE", "NOT_FOUND"))
                else:
                    self.assertEqual(by_operator, "ROLE_REQUIRED")

    def test_renewal_brings_a_fresh_key_under_the_same_root(self):
        helper = os.path.join(b.BIN, "../tests/tls_renew")
        done = subprocess.run([helper, self.bank.path("keeper.sock")], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "OK %s\n" % self.bank.pin), done.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another user")
    def test_another_local_user_is_no_operator(self):
        """The socket's mode keeps them out; were it ever wider, they would still be nobody."""
        path = self.bank.path("bankd.sock")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        before = os.stat(self.bank.dir).st_mode
        os.chmod(self.bank.dir, before | 0o011)
        os.chmod(path, 0o666)
        os.seteuid(65534)
        try:
            sock = raw_unix(self.bank)
        finally:
            os.seteuid(0)
            os.chmod(self.bank.dir, before)
            os.chmod(path, 0o600)
        with sock:
            sock.sendall(b"GET /v1/holders HTTP/1.1\r\nHost: bank\r\nConnection: close\r\n\r\n")
            self.assertIn(b'"name":"ROLE_REQUIRED"', read_to_end(sock))

    def test_plain_text_on_the_tls_port(self):
        with socket.create_connection(("127.0.0.1", self.bank.port), timeout=CUT_SECONDS) as sock:
            sock.sendall(Framing.GOOD.encode())
            self.assertNotIn(b"HTTP/1.1", read_to_end(sock))
        self.assert_serves()


class Serving(unittest.TestCase):
    def test_ten_at_once_pay_and_read(self):
        with b.Bank() as bank:
            alice, bob, account, payee, policy = b.joint(bank, funds="1000.00")
            sessions = [b.Session(bank, bob.key) for _ in range(10)]

            def pay(session):
                outcomes = []
                for _ in range(3):
                    order = b.make_order(account, payee, "1.00")
                    first = session.send(order, alice.sign(order, policy))
                    second = session.decide(order, policy)
                    seen = session.get("/v1/accounts/%s/orders/%s" % (account, order["id"]))
                    outcomes.append((first.status, second.json.get("status"), seen.json["status"]))
                return outcomes

            with concurrent.futures.ThreadPoolExecutor(10) as pool:
                for outcomes in pool.map(pay, sessions):
                    self.assertEqual(outcomes, [(201, "ACSC", "ACSC")] * 3)
            self.assertEqual(bank.balance(account)["booked"], "970.00")
            bank.verify_log()

    def test_the_checkpoint_before_is_stored(self):
        """With what is written next, whoever reads in between."""
        with b.Bank() as bank:
            alice = b.Key(bank.dir)
            bank.add_holder("alice", alice)
            account = b.iban(1)
            bank.open_account(account, ["alice"])
            reader = b.Session(bank, alice)
            for _ in range(3):
                size = reader.get("/v1/log/checkpoint").json["size"]
                self.assertEqual(bank.operator("POST", "/v1/accounts/%s/funding" % account, {"amount": "1.00", "currency": "EUR"}).status, 201)
                with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % bank.path("bank.db"), uri=True)) as db:
                    self.assertEqual(db.execute("SELECT size FROM checkpoint").fetchall(), [(size,)])

    def test_sigterm_answers_what_was_taken(self):
        with b.Bank() as bank:
            alice, _, account, payee, policy = b.joint(bank)
            order = b.make_order(account, payee)
            jws = alice.sign(order, policy)
            bank.keeper.send_signal(signal.SIGSTOP)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(alice.send, order, jws)
                self.wait_for_entry(bank, account)
                bank.bankd.send_signal(signal.SIGTERM)
                self.assertEqual(waiting.result(30).name, "LOG_UNSIGNED")
            self.assertEqual(bank.bankd.wait(30), 0)
            bank.keeper.send_signal(signal.SIGCONT)
            bank.stop_bankd()
            bank.start_bankd()
            alice.close()
            self.assertEqual(alice.send(order, jws).status, 201)

    @staticmethod
    def wait_for_entry(bank, account):
        """Until the batch is committed: the database file says so."""
        with sqlite3.connect("file:%s?mode=ro" % bank.path("bank.db"), uri=True) as db:
            deadline = time.monotonic() + CUT_SECONDS
            while time.monotonic() < deadline:
                if db.execute("SELECT count(*) FROM orders").fetchone()[0]:
                    return
        raise AssertionError("no order of %s was committed" % account)


class Unsigned(OneBank):
    """THREATS row 21: the keeper is gone, or hangs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice, cls.bob, cls.account, cls.payee, cls.policy = b.joint(cls.bank)

    def in_time(self, call):
        started = time.monotonic()
        answer = call()
        self.assertLess(time.monotonic() - started, 2.0)
        return answer

    def until_serving(self):
        deadline = time.monotonic() + CUT_SECONDS
        while self.bank.operator("GET", "/v1/health").status != 200:
            self.assertLess(time.monotonic(), deadline)

    def check(self, end_keeper, restore_keeper):
        before = self.bank.balance(self.account)
        order = b.make_order(self.account, self.payee)
        jws = self.alice.sign(order, self.policy)
        other = b.make_order(self.account, self.payee, "2.00")
        other_jws = self.alice.sign(other, self.policy)
        end_keeper()
        # The first one is committed and cannot be answered; whatever comes later does not get in.
        self.assertEqual(self.in_time(lambda: self.alice.send(order, jws)).name, "LOG_UNSIGNED")
        for _ in range(3):
            self.assertEqual(self.in_time(lambda: self.alice.send(order, jws)).name, "LOG_UNSIGNED")
            self.assertEqual(self.in_time(lambda: self.bob.send(other, other_jws)).name, "LOG_UNSIGNED")
            answer = self.in_time(lambda: self.bank.operator("GET", "/v1/accounts/" + self.account))
            self.assertIn(answer.status, (200, 503))
        self.assertEqual(self.bank.operator("GET", "/v1/health").name, "LOG_UNSIGNED")
        challenge = {"for": "login", "thumbprint": self.bob.key.thumbprint}
        self.assertEqual(self.bob.post("/v1/challenges", challenge).name, "LOG_UNSIGNED")
        restore_keeper()
        self.until_serving()
        first = self.alice.send(order, jws)
        self.assertEqual(first.status, 201)
        self.assertEqual(self.alice.send(order, jws).body, first.body)
        missing = self.bob.get("/v1/accounts/%s/orders/%s" % (self.account, other["id"]))
        self.assertEqual(missing.name, "NOT_FOUND")
        after = self.bank.balance(self.account)
        self.assertEqual(before["booked"], after["booked"])
        self.assertEqual(cents(after["reserved"]) - cents(before["reserved"]), 1000)
        self.bank.verify_log()

    def test_threat_21_keeper_gone(self):
        self.check(self.bank.stop_keeper, self.bank.start_keeper)

    def test_threat_21_keeper_killed(self):
        self.check(lambda: self.bank.stop_keeper(signal.SIGKILL), self.bank.start_keeper)

    def test_threat_21_keeper_hangs(self):
        keeper = self.bank.keeper
        self.check(lambda: keeper.send_signal(signal.SIGSTOP), lambda: keeper.send_signal(signal.SIGCONT))


class Full(unittest.TestCase):
    def test_threat_21_no_room_for_the_database(self):
        """A limit on the size of files stands for a full disk."""
        with b.Bank() as bank:
            alice, bob, account, payee, policy = b.joint(bank)
            before = bank.balance(account)
            order = b.make_order(account, payee)
            jws = alice.sign(order, policy)
            resource.prlimit(bank.bankd.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            for _ in range(3):
                started = time.monotonic()
                self.assertEqual(alice.send(order, jws).name, "STORE_FAILED")
                self.assertLess(time.monotonic() - started, 2.0)
            resource.prlimit(bank.bankd.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            self.assertEqual(bank.balance(account), before)
            self.assertEqual(alice.send(order, jws).status, 201)
            self.assertEqual(bob.decide(order, policy).json["status"], "ACSC")
            self.assertEqual(bank.balance(account)["booked"], "862.22")
            bank.verify_log()


def cents(amount):
    return int(amount.replace(".", ""))


class Start(unittest.TestCase):
    def test_threat_01_older_database_does_not_start(self):
        with b.Bank() as bank:
            alice, _, account, payee, policy = b.joint(bank)
            bank.stop_bankd()
            shutil.copytree(bank.dir, bank.dir + ".old", ignore=lambda d, names: [n for n in names if "sock" in n])
            try:
                bank.start_bankd()
                alice.close()
                self.assertEqual(alice.decide(b.make_order(account, payee), policy).status, 201)
                bank.stop_bankd()
                for name in os.listdir(bank.dir):
                    if name.startswith("bank.db"):
                        os.unlink(bank.path(name))
                for name in os.listdir(bank.dir + ".old"):
                    if name.startswith("bank.db"):
                        shutil.copy(os.path.join(bank.dir + ".old", name), bank.path(name))
                with self.assertRaises(b.StartFailed) as failed:
                    bank.start_bankd()
            finally:
                shutil.rmtree(bank.dir + ".old")
            self.assertEqual(failed.exception.code, 4)
            self.assertIn("LOG_ROLLED_BACK", failed.exception.log)
            self.assertIn("restore the newer database", failed.exception.log)

    def test_without_a_keeper_it_does_not_start(self):
        with b.Bank() as bank:
            bank.stop()
            with self.assertRaises(b.StartFailed) as failed:
                bank.start_bankd()
            self.assertEqual(failed.exception.code, 4)
            self.assertIn("KEEPER_GONE", failed.exception.log)

    def test_a_second_one_does_not_start(self):
        with b.Bank() as bank:
            done = bank.tool(["bankd", "--config", bank.path("bankd.conf")], check=False)
            self.assertEqual(done.returncode, 4)
            self.assertIn("another process listens", done.stderr)
            self.assertEqual(bank.operator("GET", "/v1/health").status, 200)

    def test_closed_streams_are_nobody_elses(self):
        """READY and the log reach no file that has got their number meanwhile; a start that cannot be told fails."""
        with b.Bank() as bank:
            bank.stop_bankd()
            self.assertIn('write(1, "READY ', self.unheard(bank, "bankd", "bankd.conf"))
            bank.stop_keeper()
            self.assertIn('write(2, "', self.unheard(bank, "bankd-keeper", "keeper.conf", "--pin-fd", "{%s}" % bank.keeper_pin))

    def unheard(self, bank, program, settings, *words):
        """What PROGRAM writes to its two streams, by the system calls, when it starts with both closed."""
        trace = bank.path(program + ".trace")
        run = ["timeout", "60", "sh", "-c", 'exec "$@" >&- 2>&-', "sh", os.path.join(b.BIN, program)]
        done = bank.tool([shutil.which("strace"), "-f", "-o", trace, "-e", "trace=openat,write,writev,sendto,sendmsg", *run,
                          "--config", bank.path(settings), *words], check=False,
                         env={**bank.keeper_env, "ASAN_OPTIONS": "detect_leaks=0"})
        with open(trace, encoding="utf-8", errors="replace") as f:
            calls = f.read()
        said = re.findall(r"(?:write|send)\w*\([12], .*", calls)
        self.assertEqual((done.returncode, [call for call in said if "= -1 EBADF" not in call]), (4, []))
        self.assertRegex(calls, r'"%s", O_RDONLY.* = [3-9]\n' % re.escape(bank.path(settings)))
        return "\n".join(said)


class Program(unittest.TestCase):
    def run_bankd(self, *args):
        return subprocess.run([os.path.join(b.BIN, "bankd"), *args], capture_output=True, text=True, check=False)

    def test_words(self):
        self.assertIn("example:", self.run_bankd("--help").stdout)
        self.assertTrue(self.run_bankd("--version").stdout.startswith("bankd "))
        for args in ((), ("--config",), ("--wrong",), ("--config", "x", "y")):
            self.assertEqual(self.run_bankd(*args).returncode, 2, args)

    def test_needs_no_token_and_no_curl(self):
        out = subprocess.run(["readelf", "-d", os.path.join(b.BIN, "bankd")], capture_output=True, text=True, check=True)
        needed = re.findall(r"NEEDED.*\[(.*?)\]", out.stdout)
        self.assertTrue(any("libevent" in n for n in needed))
        for name in ("p11", "pcsc", "curl"):
            self.assertFalse([n for n in needed if name in n], name)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
