# SPDX-License-Identifier: Apache-2.0
"""A throw-away bank for tests: real bankd, bankd-keeper and SoftHSM2 in a directory of their own,
and clients that can say anything to it, true or forged.

Software keys (Key) exist here only: an attacker signs what no honest program would. Holders of the
command line tests have SoftHSM2 tokens (Holder)."""
import base64
import hashlib
import http.client
import json
import os
import secrets
import select
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import time
import uuid

import in_memory

BIN = os.environ.get("COUNTERSIGN_BIN", "build/dev/bin")
SOFTHSM = os.environ.get("COUNTERSIGN_SOFTHSM", "/usr/lib/softhsm/libsofthsm2.so")
NAME = "demobank.example/test"
START_SECONDS = 60  # a deadline, not a delay
CURVES = {  # name: (openssl name, JWS alg, hash, bytes of a coordinate, JWK crv)
    "P-256": ("prime256v1", "ES256", "sha256", 32),
    "P-384": ("secp384r1", "ES384", "sha384", 48),
    "P-521": ("secp521r1", "ES512", "sha512", 66),
}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canon(value):
    """RFC 8785 for what tests write: ASCII names and no fractions."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, check=True, capture_output=True).stdout


def der_to_raw(der, size):
    """ECDSA-Sig-Value to R||S."""
    at = 3 if der[1] & 0x80 else 2
    numbers = []
    for _ in range(2):
        length = der[at + 1]
        numbers.append(int.from_bytes(der[at + 2 : at + 2 + length], "big"))
        at += 2 + length
    return b"".join(n.to_bytes(size, "big") for n in numbers)


class Key:
    """An ECDSA key in a file of the test's directory."""

    def __init__(self, directory, curve="P-256"):
        self.curve = curve
        name, self.alg, self.hash, self.size = CURVES[curve]
        self.path = os.path.join(directory, "key-%s.pem" % secrets.token_hex(8))
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + name,
                "-out", self.path)
        self.spki = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")
        point = self.spki[-2 * self.size :]
        jwk = {"crv": curve, "kty": "EC", "x": b64(point[: self.size]), "y": b64(point[self.size :])}
        self.thumbprint = b64(hashlib.sha256(canon(jwk)).digest())

    def sign(self, data, digest=None):
        der = openssl("dgst", "-" + (digest or self.hash), "-sign", self.path, data=data)
        return der_to_raw(der, self.size)

    def jws(self, typ, payload, /, **header):
        """A statement; HEADER members replace or add, None removes."""
        head = {"alg": self.alg, "kid": self.thumbprint, "typ": typ, **header}
        head = {k: v for k, v in head.items() if v is not None}
        payload = payload if isinstance(payload, bytes) else canon(payload)
        text = b64(canon(head)) + "." + b64(payload)
        return text + "." + b64(self.sign(text.encode()))


def display(order, policy, verb, reason=""):
    """docs/FORMAT.md 5.2, written from that page."""
    what = "cash withdrawal" if order["type"] == "cash-withdrawal" else "payment order"
    first = "I hand in this %s without approving it." if verb == "submit" else "I " + verb + " this %s."
    rows = [
        ("Amount", order["amount"] + " " + order["currency"]),
        *(shown_cash(order) if "terminal" in order else shown_payment(order)),
        ("Created", order["created"]),
        ("Expires", order["expires"]),
        ("Order", order["id"]),
        ("Bank", order["bank"]),
        ("Policy", "%s, version %d, %s" % (policy["title"], policy["version"], sha256(canon(policy))[:16])),
        ("Reason", reason),
    ]
    return first % what + "\n\n" + "".join("%-14s%s\n" % row for row in rows if row[1])


def grouped(iban):
    return " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))


def shown_cash(order):
    return [("From", grouped(order["account"])), ("Terminal", order["terminal"]), ("Description", order["description"])]


def shown_payment(order):
    creditor = order["creditor"]
    address = creditor.get("address", {})
    town = " ".join(x for x in (address.get("postcode"), address.get("town")) if x)
    return [
        ("To", creditor["name"]),
        ("Account", grouped(creditor["account"])),
        ("BIC", creditor.get("bic")),
        ("Street", address.get("street")),
        ("Town", town),
        ("Country", address.get("country")),
        ("From", grouped(order["account"])),
        ("Date", order["date"]),
        ("Description", order["description"]),
        ("Reference", order.get("reference")),
        ("Purpose", order.get("purpose")),
        ("End-to-end", order.get("endToEndId")),
    ]


def statement(bank=NAME, issued=None, lifetime=3600, **members):
    now = int(time.time()) if issued is None else issued
    return {"bank": bank, "expires": rfc3339(now + lifetime), "issued": rfc3339(now),
            "nonce": b64(secrets.token_bytes(16)), "version": 1, **members}


def uuid7(now=None):
    ms = int((time.time() if now is None else now) * 1000)
    raw = bytearray(ms.to_bytes(6, "big") + secrets.token_bytes(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(raw)))


def make_order(account, creditor, amount="10.00", now=None, lifetime=86400, **members):
    now = int(time.time()) if now is None else now
    order = {"account": account, "amount": amount, "bank": NAME, "created": rfc3339(now),
             "creditor": {"account": creditor, "name": "EDP Comercial"}, "currency": "EUR",
             "date": time.strftime("%Y-%m-%d", time.gmtime(now)), "description": "Electricity bill",
             "expires": rfc3339(now + lifetime), "id": uuid7(now), "type": "payment-order",
             "version": 1, **members}
    return {k: v for k, v in order.items() if v is not None}


def make_decision(order, policy, verb="approve", **members):
    reason = {"reject": "MS02", "cancel": "DS02"}.get(verb)
    payload = statement(account=order["account"], decision=verb, display="countersign-display/1;en",
                        displayDigest=sha256(display(order, policy, verb, reason or "").encode()),
                        order=order["id"], orderDigest=sha256(canon(order)),
                        policyDigest=sha256(canon(policy)))
    if reason:
        payload["reason"] = reason
    payload.update(members)
    return {k: v for k, v in payload.items() if v is not None}


def iban(number):
    """A Portuguese account with right check digits."""
    bban = "0002" + "0123" + "%011d" % number
    bban += "%02d" % (98 - int(bban) * 100 % 97)
    return "PT%02d" % (98 - int(bban + "2529" + "00") % 97) + bban


class Answer:
    def __init__(self, status, body):
        self.status, self.body = status, body
        self.json = json.loads(body) if body.startswith(b"{") else {}
        self.name = self.json.get("name", "OK") if status >= 400 else "OK"

    def __repr__(self):
        return "%d %s" % (self.status, self.body[:400])


class Session:
    """An HTTPS client with a client key; LOGIN makes a session of it."""

    def __init__(self, bank, key=None):
        self.bank, self.key = bank, key
        self.session_key = Key(bank.dir)
        self.cert = self.session_key.path + ".crt"
        openssl("req", "-x509", "-key", self.session_key.path, "-subj", "/CN=session", "-out", self.cert)
        self.connection = None
        bank.sessions.append(self)
        if key is not None:
            answer = self.login()
            assert answer.status in (200, 201), answer

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(self.cert, self.session_key.path)
        return context

    def call(self, method, path, body=None, once=None):
        """ONCE: the value of an Idempotency-Key."""
        if self.connection is not None and self.is_over():
            self.close()
        if self.connection is None:
            self.connection = http.client.HTTPSConnection("127.0.0.1", self.bank.port, timeout=30,
                                                          context=self.context())
        data = body if body is None or isinstance(body, bytes) else canon(body)
        try:
            self.connection.request(method, path, data, {"Idempotency-Key": once} if once else {})
            answer = self.connection.getresponse()
            return Answer(answer.status, answer.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def is_over(self):
        """The bank says nothing that was not asked: it hung up, as it does on those who are silent for long."""
        return self.connection.sock is not None and bool(select.select([self.connection.sock], [], [], 0)[0])

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body):
        return self.call("POST", path, body)

    def challenge(self, use="login"):
        answer = self.post("/v1/challenges", {"for": use, "thumbprint": self.key.thumbprint})
        assert answer.status in (200, 201), answer
        return answer.json["challenge"]

    def login(self, issued=None):
        payload = statement(issued=issued, challenge=self.challenge(), session=self.session_key.thumbprint)
        return self.post("/v1/login", {"login": self.key.jws("countersign-login+jws", payload)})

    def decide(self, order, policy, verb="approve", key=None, **members):
        return self.send(order, self.sign(order, policy, verb, key, **members))

    def sign(self, order, policy, verb="approve", key=None, **members):
        return (key or self.key).jws("countersign-decision+jws", make_decision(order, policy, verb, **members))

    def send(self, order, jws):
        return self.post("/v1/decisions", {"decision": jws, "order": order})


class Bank:
    """with Bank() as bank: ... ; processes and directory are gone afterwards."""

    keeper_pin = "9999"

    def __init__(self, name=NAME, keeper_env=None, bankd_settings="", bankd_prefix=(), parent=None,
                 keeper_settings=""):
        self.name = name
        self.dir = tempfile.mkdtemp(prefix="countersign-test-", dir=parent or in_memory.place())
        self.keeper_env = keeper_env or {}
        self.bankd_settings, self.bankd_prefix = bankd_settings, tuple(bankd_prefix)
        self.keeper_settings = keeper_settings
        self.keeper = self.bankd = None
        self.port = self.pin = self.metrics_port = None
        self.module = self.keeper_env.get("MODULE", SOFTHSM)
        self.env = {**os.environ, "SOFTHSM2_CONF": os.path.join(self.dir, "softhsm2.conf")}
        self.policies = {}
        self.sessions = []
        self.left = {}  # the programs' exit codes, when they last ended

    def __enter__(self):
        try:
            self.make_token()
            self.init_keeper()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, value, trace):
        for session in self.sessions:
            session.close()
        self.stop()
        if kind is not None:
            for log in ("keeper.log", "bankd.log"):
                path = os.path.join(self.dir, log)
                if os.path.exists(path):
                    with open(path, errors="replace") as f:
                        print("--- %s\n%s" % (log, "".join(f.readlines()[-15:])))
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    # --- set-up ---
    def make_token(self):
        os.mkdir(self.path("tokens"))
        self.write("softhsm2.conf", "directories.tokendir = %s\nobjectstore.backend = file\n"
                                    "log.level = ERROR\n" % self.path("tokens"))
        self.token("bank", self.keeper_pin)

    def token(self, label, pin):
        self.tool(["countersign", "token", "init", "--module", SOFTHSM, "--label", label, "--so-pin-fd",
                   "{12345678}", "--pin-fd", "{%s}" % pin])

    def tool(self, words, check=True, env=None, **options):
        """Runs a program; a word {TEXT} becomes the number of a descriptor that holds TEXT."""
        fds, args = [], []
        for word in words:
            if word.startswith("{") and word.endswith("}"):
                read, write = os.pipe()
                os.write(write, word[1:-1].encode() + b"\n")
                os.close(write)
                fds.append(read)
                word = str(read)
            args.append(word)
        args[0] = os.path.join(BIN, args[0])
        try:
            done = subprocess.run(args, pass_fds=fds, env={**self.env, **(env or {})}, capture_output=True,
                                  text=True, timeout=120, check=False, **options)
        finally:
            for fd in fds:
                os.close(fd)
        if check and done.returncode != 0:
            raise AssertionError("%s: exit %d\n%s%s" % (words, done.returncode, done.stdout, done.stderr))
        return done

    def init_keeper(self):
        self.write("keeper.conf", "bank = %s\nmodule = %s\ntoken = pkcs11:token=bank\nsocket = %s\n"
                                  "state = %s\n%s" % (self.name, self.module, self.path("keeper.sock"),
                                                      self.path("keeper"), self.keeper_settings))
        self.write_settings()
        self.tool(["bankd-keeper", "--config", self.path("keeper.conf"), "--init", "--pin-fd", "{%s}" % self.keeper_pin],
                  env=self.keeper_env)

    def pin_operator(self, operator, key):
        """The ceremony at the keeper, which must not run meanwhile."""
        self.stop_keeper()
        with open(self.path("operator.spki"), "wb") as f:
            f.write(key.spki)
        self.tool(["bankd-keeper", "--config", self.path("keeper.conf"), "--pin-operator", self.path("operator.spki"),
                   "--id", operator], env=self.keeper_env)
        self.start_keeper()

    def write_settings(self):
        self.write("bankd.conf", "bank = %s\nlisten = 127.0.0.1:0\nsocket = %s\nstore = %s\n"
                                 "keeper_socket = %s\n%s" % (self.name, self.path("bankd.sock"),
                                                             self.path("bank.db"), self.path("keeper.sock"),
                                                             self.bankd_settings))

    # --- processes ---
    def spawn(self, args, log, env, fds=()):
        with open(self.path(log), "ab") as err:
            process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=err, env=env, pass_fds=fds)
        line = b""
        deadline = time.monotonic() + START_SECONDS
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(process.stdout.fileno(), 4096) if ready else b""
            if not chunk:
                process.kill()
                process.wait()
                process.stdout.close()
                raise StartFailed(args[-1], process.returncode, self.log_tail(log))
            line += chunk
        assert line.startswith(b"READY"), line
        return process, line

    def log_tail(self, log):
        with open(self.path(log), errors="replace") as f:
            return "".join(f.readlines()[-5:])

    def start_keeper(self):
        read, write = os.pipe()
        os.write(write, self.keeper_pin.encode() + b"\n")
        os.close(write)
        try:
            args = [os.path.join(BIN, "bankd-keeper"), "--config", self.path("keeper.conf"), "--pin-fd", str(read)]
            self.keeper, _ = self.spawn(args, "keeper.log", {**self.env, **self.keeper_env}, (read,))
        finally:
            os.close(read)

    def start_bankd(self, env=None):
        args = [*self.bankd_prefix, os.path.join(BIN, "bankd"), "--config", self.path("bankd.conf")]
        self.bankd, line = self.spawn(args, "bankd.log", {**self.env, **(env or {})})
        ready = json.loads(line.split(b" ", 1)[1])
        self.port, self.pin = ready["port"], ready["pin"]
        self.metrics_port = ready.get("metricsPort")

    def start(self):
        self.start_keeper()
        self.start_bankd()

    @staticmethod
    def end(process, sig=signal.SIGTERM):
        if process is not None and process.poll() is None:
            process.send_signal(sig)
        if process is not None:
            process.wait(timeout=60)
            process.stdout.close()
        return process and process.returncode

    def stop_bankd(self, sig=signal.SIGTERM):
        self.left["bankd"] = self.end(self.bankd, sig)
        self.bankd = None

    def stop_keeper(self, sig=signal.SIGTERM):
        self.left["keeper"] = self.end(self.keeper, sig)
        self.keeper = None

    def stop(self):
        self.stop_bankd()
        self.stop_keeper()

    # --- operator ---
    def operator(self, method, path, body=None, once=None, door="bankd.sock"):
        connection = http.client.HTTPConnection("localhost", timeout=30)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(30)
        connection.sock.connect(self.path(door))
        connection.request(method, path, body if body is None or isinstance(body, bytes) else canon(body),
                           {"Idempotency-Key": once} if once else {})
        answer = connection.getresponse()
        result = Answer(answer.status, answer.read())
        connection.close()
        return result

    def ctl(self, *words, check=True, **options):
        at = words.index("--") if "--" in words else len(words)
        words = ["bankctl", *words[:at], "--socket", self.path("bankd.sock"), *words[at:]]
        return self.tool(words, check=check, **options)

    def add_holder(self, holder, key):
        return self.operator("POST", "/v1/holders", {"holder": holder, "name": holder.title(), "spki": b64(key.spki)})

    def open_account(self, account, holders, funds=None, currency="EUR"):
        answer = self.operator("POST", "/v1/accounts", {"account": account, "currency": currency,
                                                        "holders": sorted(holders), "title": "All holders"})
        assert answer.status == 201, answer
        if funds is not None:
            paid = self.operator("POST", "/v1/accounts/%s/funding" % account, {"amount": funds, "currency": currency})
            assert paid.status == 201, paid
        self.policies[account] = self.operator("GET", "/v1/accounts/%s/policy" % account).json["policy"]
        return self.policies[account]

    def balance(self, account):
        return self.operator("GET", "/v1/accounts/" + account).json

    def pages(self, path, member):
        """A whole list, as the operator gets it."""
        found, cursor = [], ""
        while cursor is not None:
            page = self.operator("GET", path + "?limit=200" + cursor)
            assert page.status == 200, page
            found += page.json[member]
            cursor = "&cursor=" + page.json["next"] if "next" in page.json else None
        return found

    def accounts(self):
        return self.pages("/v1/accounts", "accounts")

    def counted(self, reason):
        """Refusals of this minute: counted in the database, in the log when the minute is over."""
        store = sqlite3.connect("file:%s?mode=ro" % self.path("bank.db"), uri=True)
        try:
            return store.execute("SELECT coalesce(sum(count), 0) FROM refused WHERE reason = ?", (reason,)).fetchone()[0]
        finally:
            store.close()

    def verify_log(self, *words):
        done = self.ctl("log", "verify", "--bank-key", self.pin, *words, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def log_from(self, start):
        """The log's entries from number START, oldest first."""
        entries = []
        while True:
            page = self.operator("GET", "/v1/log/entries?from=%d&limit=200" % start).json
            entries += page["entries"]
            if not page["entries"] or page.get("next") is None:
                return entries
            start = int(page["next"])

    def entries(self):
        """Every body in the log, oldest first."""
        return [entry["body"] for entry in self.log_from(0)]


class StartFailed(AssertionError):
    def __init__(self, what, code, log):
        super().__init__("%s did not start: exit %s\n%s" % (what, code, log))
        self.code, self.log = code, log


def joint(bank, funds="872.22", curves=("P-256", "P-521")):
    """Alice and Bob with software keys, their joint account, a creditor: the usual scene."""
    alice, bob, creditor = Key(bank.dir, curves[0]), Key(bank.dir, curves[1]), Key(bank.dir)
    for holder, key in (("alice", alice), ("bob", bob), ("edp", creditor)):
        answer = bank.add_holder(holder, key)
        assert answer.status == 201, answer
    account, payee = iban(1), iban(2)
    policy = bank.open_account(account, ["alice", "bob"], funds)
    bank.open_account(payee, ["edp"])
    return Session(bank, alice), Session(bank, bob), account, payee, policy
