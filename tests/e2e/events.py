# SPDX-License-Identifier: Apache-2.0
"""A stream of the bank's events, read by the HTML standard's section 9.2."""
import http.client
import json
import socket
import time

WAIT_SECONDS = 30  # a deadline, not a delay


class Stream:
    """Of SESSION, or of the console without one. STATUS is 200 while it goes on; otherwise ANSWER is the problem."""

    def __init__(self, bank, session=None, after=None, last=None, wait=WAIT_SECONDS):
        if session:
            self.connection = http.client.HTTPSConnection("127.0.0.1", bank.port, timeout=wait, context=session.context())
        else:
            self.connection = http.client.HTTPConnection("localhost")
            self.connection.sock = socket.socket(socket.AF_UNIX)
            self.connection.sock.settimeout(wait)
            self.connection.sock.connect(bank.path("bankd.sock"))
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        self.connection.request("GET", "/v1/events" + ("" if after is None else "?after=%s" % after), headers=headers)
        self.response = self.connection.getresponse()
        self.status, self.type = self.response.status, self.response.getheader("Content-Type")
        self.answer = json.loads(self.response.read()) if self.status >= 400 else None
        self.last, self.comments = None, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.response.close()
        self.connection.close()

    def block(self):
        """The fields of what comes before the next empty line; None at the end."""
        fields = {}
        while True:
            line = self.response.readline().decode()
            if not line:
                return None
            if line == "\n":
                return fields
            assert line.endswith("\n") and "\r" not in line, line
            name, _, value = line[:-1].partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            else:
                self.comments.append(value.strip())

    def next(self):
        """(name, data) of the next event; None at the end."""
        deadline = time.monotonic() + 2 * WAIT_SECONDS
        while (fields := self.block()) is not None:
            assert time.monotonic() < deadline, "only signs of life"
            self.last = int(fields.get("id", -1 if self.last is None else self.last))
            if "data" in fields:
                return fields["event"], json.loads(fields["data"])
        return None

    def until(self, name):
        """Everything up to an event of that name, which is the last one."""
        seen = []
        while not seen or seen[-1][0] != name:
            event = self.next()
            assert event, "the stream ended after %s" % seen
            seen.append(event)
        return seen

    def to_end(self):
        seen = []
        while event := self.next():
            seen.append(event)
        return seen
