# SPDX-License-Identifier: Apache-2.0
"""bankd-courier with a real mail server and a real web server: what is told to whom, once at least, and what becomes
of what nobody takes."""
import email
import email.policy
import http.client
import http.server
import json
import os
import pathlib
import queue
import re
import socket
import sqlite3
import subprocess
import threading
import time
import unittest

import application as ap
import rotation
from bank import BIN, SOFTHSM, Bank, Key, iban, joint, make_order, openssl, unb64
from holder import Holder

ROOT = pathlib.Path(__file__).resolve().parents[2]
WAIT_SECONDS = 60  # a deadline, not a delay
SYSTEM_PYTHON = "/usr/bin/python3"  # where Debian's aiosmtpd is
NOTE = {"note": "as a test"}


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class MailServer:
    def __init__(self, port=0, *certificate):
        port = port or free_port()  # aiosmtpd connects to the number that it was given
        self.process = subprocess.Popen([SYSTEM_PYTHON, str(ROOT / "tests/e2e/mail_server.py"), str(port), *certificate],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.mails = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.mails.put(json.loads(line))

    def next(self):
        got = self.mails.get(timeout=WAIT_SECONDS)
        message = email.message_from_bytes(got["data"].encode("latin-1"), policy=email.policy.SMTP)
        return got, message

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=WAIT_SECONDS)
        self.reader.join()
        self.process.stdout.close()


class WebServer:
    """STATUSES are its answers, the last one for ever; none before `answers` is set."""

    def __init__(self, *statuses):
        self.got, statuses = queue.Queue(), list(statuses)
        self.answers = threading.Event()
        self.answers.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.put((self.path, self.headers["Content-Type"], body.decode()))
                outer.answers.wait(WAIT_SECONDS)
                self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/told" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.answers.set()
        self.server.shutdown()
        self.server.server_close()


class Scene(unittest.TestCase):
    SETTINGS = ""

    def setUp(self):
        self.bank = Bank()
        self.bank.bankd_settings = ("courier_socket = %s\nnotice_wait_ms = 1\nnotice_attempts = 3\nremind_minutes = 0\n%s"
                                    % (self.bank.path("courier.sock"), self.SETTINGS))
        self.bank.__enter__()
        self.addCleanup(self.bank.__exit__, None, None, None)
        self.alice, self.bob, self.account, self.payee, self.policy = joint(self.bank, "872.22")

    def mail_server(self, *options):
        server = MailServer(*options)
        self.addCleanup(server.stop)
        return server

    def configure(self, port=None, **more):
        values = {"socket": self.bank.path("courier.sock"), "templates": str(ROOT / "examples/courier"),
                  "poll_ms": "50", "send_ms": "5000", "from": "bank@bank.example"}
        if port:
            values |= {"smtp": "smtp://127.0.0.1:%d" % port, "smtp_tls": "off"}
        self.bank.write("courier.conf", "".join("%s = %s\n" % one for one in (values | more).items()))

    def command(self, *words):
        return ["bankd-courier", "--config", self.bank.path("courier.conf"), *words]

    def carry(self, *words):
        """Until nothing is due at once."""
        return self.bank.tool(self.command("--once", "--jitter", "0", *words)).stderr

    def ask_for(self, session, **where):
        answer = session.post("/v1/contact", where)
        self.assertEqual(answer.status, 200, answer)

    def contact(self, session, **where):
        """With the code that the new address would get, which is carried no more."""
        self.ask_for(session, **where)
        store = sqlite3.connect(self.bank.path("bank.db"))
        codes = store.execute("SELECT code FROM contact WHERE confirmed = 0").fetchall()
        store.close()
        for (code,) in codes:
            self.assertEqual(session.post("/v1/contact/confirmation", {"code": code}).status, 200)
        for one in self.notices():
            if one["kind"] == "contact-confirm":
                self.forget(one["id"])

    def forget(self, number):
        store = sqlite3.connect(self.bank.path("bank.db"))
        store.execute("DELETE FROM notice WHERE id = ?", (number,))
        store.commit()
        store.close()

    def forget_contact_news(self):
        for one in self.notices():
            self.assertEqual(one["kind"], "contact-changed")
        store = sqlite3.connect(self.bank.path("bank.db"))
        store.execute("DELETE FROM notice")
        store.commit()
        store.close()

    def notices(self):
        answer = self.bank.operator("GET", "/v1/notices")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["notices"]

    def enter(self, amount="10.00", **members):
        order = make_order(self.account, self.payee, amount, **members)
        self.assertLess(self.alice.decide(order, self.policy).status, 300)
        return order


class Mail(Scene):
    def test_an_application_is_told_to_whom_it_names(self):
        server = self.mail_server()
        self.configure(server.port)
        for name, session in (("alice", self.alice), ("bob", self.bob)):
            self.contact(session, email=name + "@example.org")
        self.forget_contact_news()
        application = ap.make("alice", "bob")
        for session, to, verb, subject in (
                (self.alice, "bob", "apply", "An application for an account waits for your signature"),
                (self.bob, "alice", "withdraw", "An application for an account: withdrawn")):
            self.assertLess(ap.send(session, application, ap.word(session.key, application, verb)).status, 300)
            self.carry()
            got, message = server.next()
            self.assertEqual((got["to"], message["Subject"]), ([to + "@example.org"], subject))
        self.assertEqual(self.notices(), [])

    def test_what_happens_is_told_to_whom_it_concerns(self):
        server = self.mail_server()
        self.configure(server.port)
        self.contact(self.alice, email="alice@example.org")
        self.contact(self.bob, email="bob@example.org", language="de")
        self.forget_contact_news()
        order = self.enter()
        self.carry()
        got, message = server.next()
        self.assertEqual((got["from"], got["to"]), ("bank@bank.example", ["bob@example.org"]))
        self.assertEqual(message["Subject"], "Ein Auftrag wartet auf Ihre Zustimmung")
        self.assertIn("Prüfen Sie ihn", message.get_content())
        self.assertIn(order["id"], message.get_content())
        self.assertRegex(message["Message-ID"], r"^<\d+\.email\.bob\.test@demobank\.example>$")
        self.bob.decide(order, self.policy)
        self.carry()
        subjects = {got["to"][0]: message["Subject"] for got, message in (server.next(), server.next())}
        self.assertEqual(subjects, {"alice@example.org": "An order has ended: ACSC ",
                                    "bob@example.org": "Überweisung abgeschlossen: ACSC "})
        self.assertEqual(self.notices(), [])
        self.assertTrue(server.mails.empty())

    def test_no_address_no_notice(self):
        self.enter()
        self.assertEqual(self.notices(), [])

    def test_the_address_before_is_told_of_another_one(self):
        server = self.mail_server()
        self.configure(server.port)
        self.ask_for(self.alice, email="old@example.org")
        self.carry()
        got, message = server.next()
        self.assertEqual(got["to"], ["old@example.org"])
        self.confirm(self.alice, message)
        self.ask_for(self.alice, email="new@example.org", language="de")
        self.carry()
        told = {got["to"][0]: message for got, message in (server.next(), server.next())}
        self.assertEqual({to: one["Subject"] for to, one in told.items()}, {
            "old@example.org": "Where demobank.example/test tells you of news was changed",
            "new@example.org": "Bestätigen Sie diese Adresse für Nachrichten von demobank.example/test"})
        self.confirm(self.alice, told["new@example.org"])
        self.carry()
        self.assertEqual(server.next()[0]["to"], ["old@example.org"])
        self.assertEqual(self.alice.get("/v1/contact").json, {"email": "new@example.org", "language": "de"})
        log = json.dumps(self.bank.entries())
        self.assertIn('"contact"', log)
        self.assertNotIn("example.org", log)

    def confirm(self, session, message):
        (code,) = re.findall(r"(?m)^    (\d{8})$", message.get_content())
        answer = session.post("/v1/contact/confirmation", {"code": code})
        self.assertEqual(answer.status, 200, answer)

    def test_another_key_is_told(self):
        server = self.mail_server()
        self.configure(server.port)
        self.contact(self.alice, email="alice@example.org")
        self.forget_contact_news()
        old, new = self.alice.key, Key(self.bank.dir)
        self.assertEqual(rotation.send(self.alice, old, rotation.sign(old, new)).status, 201)
        self.bank.operator("POST", "/v1/holders/alice/keys/" + old.thumbprint, {"note": "x", "status": "revoked"})
        self.carry()
        subjects = [server.next()[1]["Subject"] for _ in range(3)]
        self.assertEqual(sorted(subjects), ["A key of yours was revoked"] * 2 + ["Another key signs for you now"])

    def test_tried_again_and_given_up(self):
        server = self.mail_server()
        self.configure(server.port)
        for session, address in ((self.alice, "temp2@example.org"), (self.bob, "never@example.org")):
            self.ask_for(session, email=address)
        deadline = time.monotonic() + WAIT_SECONDS
        while [one["state"] for one in self.notices()] != ["dead"] and time.monotonic() < deadline:
            self.carry()
        self.assertEqual(server.next()[0]["to"], ["temp2@example.org"])
        (dead,) = self.notices()
        self.assertEqual((dead["state"], dead["attempts"], dead["address"]), ("dead", 1, "never@example.org"))
        self.assertIn("550", dead["error"])
        listed = self.bank.ctl("notice", "list").stdout
        self.assertRegex(listed, r"(?m)^ *%d +dead +1 .* bob +contact-confirm +email +never@example\.org" % dead["id"])
        self.bank.ctl("notice", "retry", str(dead["id"]), "--note", "as a test")
        self.assertEqual([one["state"] for one in self.notices()], ["due"])

    def test_nobody_listens(self):
        """Refused connections count as tries; what is dead stays for the operator."""
        self.configure(free_port(), log_format="json")
        self.ask_for(self.alice, email="alice@example.org")
        deadline, said = time.monotonic() + WAIT_SECONDS, ""
        while self.notices()[0]["state"] != "dead" and time.monotonic() < deadline:
            said += self.carry()
        self.assertEqual({json.loads(line)["program"] for line in said.splitlines()}, {"bankd-courier"})
        self.assertNotIn("alice@example.org", said)
        self.assertEqual(self.notices()[0]["attempts"], 3)
        text = self.bank.operator("GET", "/metrics").body.decode()
        self.assertIn("\ncountersign_notices_dead 1\n", text)

    def test_a_courier_that_dies_tells_it_again_under_the_same_name(self):
        """Killed when the mail server has the mail and has not said so yet."""
        server = self.mail_server()
        self.configure(server.port)
        self.ask_for(self.alice, email="hold@example.org")
        process, _ = self.bank.spawn([os.path.join(BIN, "bankd-courier"), *self.command()[1:]], "courier.log", self.bank.env)
        first = server.next()[1]["Message-ID"]
        process.kill()
        self.bank.end(process)
        self.assertEqual(len(self.notices()), 1)
        self.carry()
        self.assertEqual(server.next()[1]["Message-ID"], first)
        self.assertEqual(self.notices(), [])

    def test_the_bank_goes_and_comes_back(self):
        server = self.mail_server()
        self.configure(server.port)
        process, _ = self.bank.spawn([os.path.join(BIN, "bankd-courier"), *self.command()[1:]], "courier.log", self.bank.env)
        self.addCleanup(self.bank.end, process)
        self.bank.stop_bankd()
        deadline = time.monotonic() + WAIT_SECONDS
        while "it is asked again" not in self.bank.log_tail("courier.log") and time.monotonic() < deadline:
            time.sleep(0.05)
        self.bank.start_bankd()
        for session in (self.alice, self.bob):
            session.close()
        self.ask_for(self.alice, email="alice@example.org")
        self.assertEqual(server.next()[0]["to"], ["alice@example.org"])
        self.bank.end(process)
        self.assertEqual(process.returncode, 0)

    def certify(self):
        key, cert = self.bank.path("smtp.key"), self.bank.path("smtp.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", key, "-out",
                cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        return cert, key

    def test_tls_with_an_authority(self):
        cert, key = self.certify()
        server = self.mail_server(0, cert, key)
        self.ask_for(self.alice, email="alice@example.org")
        smtp = "smtp://localhost:%d" % server.port
        self.configure(smtp=smtp, smtp_tls="required")
        self.assertIn("failed", self.carry())  # certified by nobody
        self.assertTrue(server.mails.empty())
        self.configure(smtp=smtp, smtp_tls="required", smtp_ca=cert)
        self.bank.ctl("notice", "retry", str(self.notices()[0]["id"]), "--note", "as a test")
        self.carry()
        self.assertTrue(server.next()[0]["tls"])
        plain = self.mail_server()
        smtp = "smtp://127.0.0.1:%d" % plain.port
        self.configure(smtp=smtp, smtp_tls="required")
        self.ask_for(self.bob, email="bob@example.org")
        self.assertIn("failed", self.carry())
        self.assertTrue(plain.mails.empty())

    def test_login_over_tls_alone(self):
        certificate = self.certify()
        server = self.mail_server(0, *certificate, "bank", "geheim 4711")
        smtp = "smtp://localhost:%d" % server.port
        self.configure(smtp=smtp, smtp_ca=certificate[0], smtp_user="bank")
        self.ask_for(self.alice, email="alice@example.org")
        self.carry("--smtp-password-fd", "{wrong}")
        (waits,) = self.notices()
        self.assertIn("535", waits["error"])
        self.assertEqual(waits["state"], "due")  # the courier is unwanted, not the news
        self.carry("--smtp-password-fd", "{geheim 4711}")
        self.assertEqual((server.next()[0]["user"], self.notices()), ("bank", []))
        os.mkdir(self.bank.path("credentials"), 0o700)
        self.bank.write("credentials/smtp-password", "geheim 4711\n")
        self.ask_for(self.bob, email="bob@example.org")
        self.bank.tool(self.command("--once"), env={**self.bank.env, "CREDENTIALS_DIRECTORY": self.bank.path("credentials")})
        self.assertEqual(server.next()[0]["to"], ["bob@example.org"])
        for tls in ("off", "tried"):
            self.configure(smtp=smtp, smtp_ca=certificate[0], smtp_user="bank", smtp_tls=tls)
            done = self.bank.tool(self.command("--check-config"), check=False)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn("over TLS alone", done.stderr)

    def test_from_the_command_line(self):
        server = self.mail_server()
        self.configure(server.port)
        holder = Holder(self.bank, "carol")
        self.addCleanup(holder.close)
        holder.keys().settings(self.account).enrol()
        holder.run("login")
        self.assertEqual(holder.run("notify").stdout, "The bank tells you of news nowhere.\n")
        told = holder.run("notify", "--email", "carol@example.org").stdout
        self.assertRegex(told, r"(?s)^The bank tells you of news nowhere\.\nOnce you .* --confirm CODE\):\nMail +carol@example\.org\n$")
        self.carry()
        (code,) = re.findall(r"(?m)^    (\d{8})$", server.next()[1].get_content())
        wrong = holder.run("notify", "--confirm", "%08d" % ((int(code) + 1) % 10 ** 8), check=False)
        self.assertIn("CONTACT_CODE_WRONG", wrong.stderr)
        self.assertRegex(holder.run("notify", "--confirm", code).stdout, r"^The bank tells you of news:\nMail +carol@example\.org\n")
        self.assertEqual(holder.json("notify"), {"email": "carol@example.org", "language": "en"})
        told = holder.json("notify", "--email", "carol@example.org", "--webhook", "https://a.example/", "--language", "de")
        self.assertEqual((told["language"], told["unconfirmed"]), ("de", {"webhook": "https://a.example/"}))
        self.assertEqual(holder.run("notify", "--off").stdout, "The bank tells you of news nowhere.\n")

    def test_no_address_ends_a_line(self):
        for wrong in ("a@b\r\nRCPT TO:<c@d>", "a b@c.d", "a@b>", "<a@b", "a@", "@b", "a@b@c", "a@.b", "a..b@c.d", "a@b\n", "é@b.c"):
            answer = self.alice.post("/v1/contact", {"email": wrong})
            self.assertEqual(answer.status, 400, (wrong, answer))
        for wrong in ("ftp://a.b/", "https://", "https:///x", "http://a b", "https://u@h/", "https://h/#x", "javascript:x"):
            self.assertEqual(self.alice.post("/v1/contact", {"webhook": wrong}).status, 400, wrong)
        self.assertEqual(self.alice.post("/v1/contact", {"language": "../"}).status, 400)
        self.assertEqual(self.notices(), [])


class Reminders(Scene):
    SETTINGS = "cutoff = 23:59 EUR\n"

    def test_before_expiry_and_cutoff_each_once(self):
        self.bank.bankd_settings = self.bank.bankd_settings.replace("remind_minutes = 0", "remind_minutes = 20000")
        self.contact(self.bob, email="bob@example.org")
        self.contact(self.alice, email="alice@example.org")
        self.forget_contact_news()
        order = self.enter(lifetime=7200)
        self.bank.stop_bankd()
        self.bank.write_settings()
        self.bank.start_bankd()
        wanted = {"order-waiting", "order-expiry", "order-cutoff"}
        deadline = time.monotonic() + WAIT_SECONDS
        while {one["kind"] for one in self.notices()} != wanted and time.monotonic() < deadline:
            time.sleep(0.1)
        seen = self.notices()
        self.assertEqual(sorted(one["kind"] for one in seen), sorted(wanted))
        self.assertEqual({(one["holder"], one["order"]) for one in seen}, {("bob", order["id"])})

    def test_one_id_in_two_accounts(self):
        """Ids are the clients' choice, and each account has its own."""
        self.bank.bankd_settings = self.bank.bankd_settings.replace("remind_minutes = 0", "remind_minutes = 20000")
        self.contact(self.bob, email="bob@example.org")
        self.forget_contact_news()
        second = iban(5)
        policies = {self.account: self.policy, second: self.bank.open_account(second, ["alice", "bob"], "100.00")}
        first = make_order(self.account, self.payee, lifetime=7200)
        for account, policy in policies.items():
            order = {**first, "account": account}
            self.assertLess(self.alice.decide(order, policy).status, 300)
        self.bank.stop_bankd()
        self.bank.write_settings()
        self.bank.start_bankd()
        wanted = sorted((kind, account) for kind in ("order-cutoff", "order-expiry", "order-waiting") for account in policies)
        deadline = time.monotonic() + WAIT_SECONDS
        while (seen := sorted((one["kind"], one["account"]) for one in self.notices())) != wanted \
                and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(seen, wanted)


class Webhook(Scene):
    def setUp(self):
        super().setUp()
        self.bank.token("courier", "4711")
        self.bank.tool(["countersign", "token", "generate", "--module", SOFTHSM, "--token", "pkcs11:token=courier",
                        "--curve", "P-256", "--use", "sign", "--pin-fd", "{4711}"])
        self.spki = self.bank.path("courier.spki")
        self.bank.tool(["countersign", "token", "info", "--module", SOFTHSM, "--token", "pkcs11:token=courier", "--spki", self.spki, "--pin-fd", "{4711}"])

    def configure(self, port=None, **more):
        super().configure(port, module=SOFTHSM, token="pkcs11:token=courier", **more)

    def carry(self, *words):
        return super().carry("--pin-fd", "{4711}", *words)

    def web_server(self, *statuses):
        server = WebServer(*statuses)
        self.addCleanup(server.stop)
        return server

    def verify(self, jws):
        """As FORMAT.md 16 tells the receiver to."""
        head, payload, signature = jws.split(".")
        raw = unb64(signature)
        numbers = []
        for half in (raw[:32], raw[32:]):
            half = half.lstrip(b"\0") or b"\0"
            half = b"\0" + half if half[0] & 0x80 else half
            numbers.append(b"\x02" + bytes([len(half)]) + half)
        der = b"\x30" + bytes([len(b"".join(numbers))]) + b"".join(numbers)
        with open(self.bank.path("sig.der"), "wb") as f:
            f.write(der)
        with open(self.spki, "rb") as f:
            kind = "PEM" if f.read(1) == b"-" else "DER"
        openssl("dgst", "-sha256", "-verify", self.spki, "-keyform", kind, "-signature", self.bank.path("sig.der"),
                data=(head + "." + payload).encode())
        header = json.loads(unb64(head))
        self.assertEqual((header["alg"], header["typ"]), ("ES256", "countersign-notice+jws"))
        return json.loads(unb64(payload))

    def test_it_is_signed_and_tried_again(self):
        server = self.web_server(503, 200)
        self.configure(webhooks_inside="yes")
        self.contact(self.bob, webhook=server.url)
        self.forget_contact_news()
        order = self.enter()
        for _ in range(2):
            self.carry()
        if self.notices():
            self.carry()
        told = []
        for _ in range(2):
            path, kind, jws = server.got.get(timeout=WAIT_SECONDS)
            self.assertEqual((path, kind), ("/told", "application/jose"))
            told.append(self.verify(jws))
        self.assertEqual(told[0], told[1])
        self.assertEqual({name: told[0][name] for name in ("account", "bank", "holder", "kind", "order", "version")},
                         {"account": self.account, "bank": self.bank.name, "holder": "bob", "kind": "order-waiting",
                          "order": order["id"], "version": 1})
        self.assertEqual(self.notices(), [])

    def test_who_does_not_answer_delays_only_himself(self):
        """While a webhook hangs, mail and other webhooks arrive, and its own next notice waits."""
        hangs, quick, mail = self.web_server(200), self.web_server(200), self.mail_server()
        hangs.answers.clear()
        self.configure(mail.port, webhooks_inside="yes", send_ms="60000")
        self.contact(self.bob, webhook=hangs.url)
        self.contact(self.alice, webhook=quick.url, email="alice@example.org")
        self.forget_contact_news()
        for _ in range(2):
            self.enter()
        pin, write = os.pipe()
        os.write(write, b"4711\n")
        os.close(write)
        self.addCleanup(os.close, pin)
        process, _ = self.bank.spawn([os.path.join(BIN, "bankd-courier"), *self.command("--pin-fd", str(pin))[1:]],
                                     "courier.log", self.bank.env, (pin,))
        self.addCleanup(self.bank.end, process)
        first = self.verify(hangs.got.get(timeout=WAIT_SECONDS)[2])["order"]
        for _ in range(2):
            order = make_order(self.account, self.payee, "1.00")
            self.bob.decide(order, self.policy)
            self.assertEqual(self.verify(quick.got.get(timeout=WAIT_SECONDS)[2])["order"], order["id"])
            self.assertIn(order["id"], mail.next()[1].get_content())
        self.assertTrue(hangs.got.empty())
        hangs.answers.set()
        self.assertNotEqual(self.verify(hangs.got.get(timeout=WAIT_SECONDS)[2])["order"], first)

    def test_a_new_one_is_confirmed(self):
        server = self.web_server(200)
        self.configure(webhooks_inside="yes")
        self.ask_for(self.bob, webhook=server.url)
        self.enter()
        self.carry()
        told = self.verify(server.got.get(timeout=WAIT_SECONDS)[2])
        self.assertEqual((told["kind"], told["holder"]), ("contact-confirm", "bob"))
        self.assertTrue(server.got.empty())
        answer = self.bob.post("/v1/contact/confirmation", {"code": told["code"]})
        self.assertEqual(answer.json, {"language": "en", "webhook": server.url})
        order = self.enter()
        self.carry()
        self.assertEqual(self.verify(server.got.get(timeout=WAIT_SECONDS)[2])["order"], order["id"])

    def test_gone_is_gone_and_nothing_inside_is_reached(self):
        server = self.web_server(410)
        self.configure(webhooks_inside="yes")
        self.ask_for(self.bob, webhook=server.url)
        self.carry()
        server.got.get(timeout=WAIT_SECONDS)
        self.assertEqual(self.notices()[0]["state"], "dead")
        self.configure()
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        listener.setblocking(False)
        inside = "https://%s:%d/" % ("%s", listener.getsockname()[1])
        for url in (server.url, inside % "127.0.0.1", inside % "localhost", inside % "[::ffff:127.0.0.1]", "https://[::1]:1/"):
            self.ask_for(self.bob, webhook=url)
            self.assertIn("failed", self.carry())
        self.assertTrue(server.got.empty())
        with self.assertRaises(BlockingIOError):  # nobody even knocked
            listener.accept()


class Door(Scene):
    def test_only_couriers_and_only_that(self):
        answers = {}
        for path, method in (("/v1/courier", "POST"), ("/v1/holders", "GET"), ("/v1/contact", "POST")):
            connection = http.client.HTTPConnection("localhost")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(self.bank.path("courier.sock"))
            connection.request(method, path, b'{"carried":[]}' if method == "POST" else None)
            answers[path] = connection.getresponse().status
            connection.close()
        self.assertEqual(answers, {"/v1/courier": 200, "/v1/holders": 403, "/v1/contact": 403})
        self.assertEqual(self.bank.operator("POST", "/v1/courier", {"carried": []}).name, "ROLE_REQUIRED")
        self.assertEqual(self.alice.post("/v1/courier", {"carried": []}).name, "ROLE_REQUIRED")

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root can be another user")
    def test_another_user_is_shut_out(self):
        before = os.stat(self.bank.dir).st_mode
        os.chmod(self.bank.dir, before | 0o011)
        os.seteuid(65534)
        try:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(self.bank.path("courier.sock"))
        finally:
            os.seteuid(0)
            os.chmod(self.bank.dir, before)
        sock.settimeout(WAIT_SECONDS)
        with sock:
            try:
                sock.sendall(b"POST /v1/courier HTTP/1.1\r\nHost: bank\r\nContent-Length: 14\r\n\r\n{\"carried\":[]}")
                self.assertEqual(sock.recv(100), b"")
            except (BrokenPipeError, ConnectionResetError):
                pass


class Config(Scene):
    def test_what_is_wrong_is_said(self):
        for change, why in (({"smtp": "http://x"}, "smtp is no URL"), ({"from": "a b@c"}, "from is no address"),
                            ({"smtp_tls": "maybe"}, "smtp_tls is"), ({"token": "pkcs11:token=x"}, "belong together"),
                            ({"templates": self.bank.dir}, "is not there"), ({"webhooks_inside": "on"}, "is yes or no"),
                            ({"log_format": "xml"}, "log_format is neither text nor json")):
            self.configure(25, **change)
            done = self.bank.tool(self.command("--check-config"), check=False)
            self.assertEqual(done.returncode, 2, change)
            self.assertIn(why, done.stderr)
        self.configure(25)
        self.assertIn("is right", self.bank.tool(self.command("--check-config")).stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
