# SPDX-License-Identifier: Apache-2.0
"""A bank that has the pinned root key and says what it is told to say."""
import http.server
import os
import shutil
import socketserver
import ssl
import tempfile
import threading

from bank import Bank, Key, b64, canon, iban, openssl

NAME = "demobank.example/test"
MINE, OTHER, PAYEE = iban(1), iban(3), iban(2)
CHALLENGE = b64(bytes(16))


def policy(account, holders=("alice", "bob"), **members):
    return {"account": account, "bank": NAME, "holders": [{"class": "A", "id": name} for name in holders],
            "rules": [{"require": "all"}], "title": "Household: both", "type": "policy",
            "validFrom": "2026-01-01T00:00:00Z", "version": 1, **members}


class Liar:
    """Serves what `answers` says, {(method, path): value, bytes, (status, value) or a function that
    gives one of these}, and notes what it is told in `asked`."""

    keeper_pin = Bank.keeper_pin

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="countersign-test-")
        self.name, self.answers, self.asked = NAME, {}, []
        self.env = {**os.environ, "SOFTHSM2_CONF": self.path("softhsm2.conf")}
        self.root = Key(self.dir)
        self.pin = self.root.thumbprint
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.server.socket = self.context().wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        Bank.make_token(self)

    # What a Bank has, and Holder uses.
    path, write, tool, token = Bank.path, Bank.write, Bank.tool, Bank.token

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def context(self):
        root, leaf = self.path("root.crt"), Key(self.dir)
        self.write("leaf.ext", "subjectAltName=URI:countersign:%s\n" % NAME)
        openssl("req", "-x509", "-key", self.root.path, "-subj", "/CN=root", "-out", root)
        request = openssl("req", "-new", "-key", leaf.path, "-subj", "/CN=leaf")
        chain = openssl("x509", "-req", "-CA", root, "-CAkey", self.root.path, "-CAcreateserial", "-extfile",
                        self.path("leaf.ext"), data=request)
        with open(root, "rb") as f:
            self.write("chain.crt", (chain + f.read()).decode())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("chain.crt"), leaf.path)
        return context

    def handler(self):
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.split("?")[0]
                liar.asked.append((self.command, path, body))
                value = liar.answers.get((self.command, path), (404, {"name": "NOT_FOUND"}))
                value = value() if callable(value) else value
                status, value = value if isinstance(value, tuple) else (200, value)
                data = value if isinstance(value, bytes) else canon(value)
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = answer

            def log_message(self, *args):
                pass

        return Handler


class OnSocket(socketserver.ThreadingUnixStreamServer):
    """Serves operators on a socket, where no pin is asked for, until the test ends: `answer`, (status, value), to all, or what
    it gives for a path."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def tell(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = self.server.answer
            status, value = answer(self.path) if callable(answer) else answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(canon(value))

        do_GET = do_POST = tell

        def address_string(self):
            return "here"

        def log_message(self, *args):
            pass

    def __init__(self, test):
        directory = tempfile.TemporaryDirectory()
        test.addCleanup(directory.cleanup)
        super().__init__(os.path.join(directory.name, "socket"), self.Handler)
        self.answer = None
        test.addCleanup(self.server_close)
        test.addCleanup(self.shutdown)
        threading.Thread(target=self.serve_forever, daemon=True).start()
