# SPDX-License-Identifier: Apache-2.0
"""Somebody who asks to be enrolled, with software keys: docs/FORMAT.md 8.6, written from that page. The requests
come from the openssl program."""
import hashlib

import bank as b

DAY = 86400
TYP = "countersign-enrolment+jws"


def request(key, name, *options):
    """A PKCS#10 request; OPTIONS are the openssl program's and go before the ordinary ones."""
    return b.openssl("req", "-new", "-key", key.path, "-subj", "/CN=" + name, "-utf8", "-outform", "DER",
                     *(options or ("-" + key.hash,)))


class Newcomer:
    """With a key to sign with and, unless it is None, one for TLS."""

    def __init__(self, bank, name, curve="P-256", wanted=None, tls="P-256", lifetime=14 * DAY, key=None):
        self.bank, self.name, self.wanted, self.lifetime = bank, name, wanted, lifetime
        self.key = key or b.Key(bank.dir, curve)
        self.tls = tls and b.Key(bank.dir, tls)
        self.enrolment = None

    def requests(self):
        made = {"sign": b.b64(request(self.key, self.name))}
        if self.tls:
            made["authenticate"] = b.b64(request(self.tls, self.name))
        return made

    def payload(self, **members):
        said = b.statement(lifetime=self.lifetime,
                           **{"bank": self.bank.name, "holder": self.wanted, "name": self.name, "requests": self.requests(), **members})
        return {name: value for name, value in said.items() if value is not None}

    def jws(self, **members):
        return self.key.jws(TYP, self.payload(**members))

    def send(self, jws=None, session=None):
        """Remembers what the bank will call it."""
        jws = jws or self.jws()
        self.enrolment = b.b64(hashlib.sha256(jws.encode()).digest())
        return (session or b.Session(self.bank)).post("/v1/enrolments", {"enrolment": jws})

    def ask(self):
        answer = self.send()
        assert answer.json.get("enrolment") == self.enrolment, answer
        return self.enrolment

    def look(self):
        return b.Session(self.bank).get("/v1/enrolments/" + self.enrolment)

    def admit(self, holder, thumbprint=None, name=None, another=False):
        """At the console."""
        return self.bank.operator("POST", "/v1/enrolments/%s/admission" % self.enrolment,
                                  self.letter(holder, name=name, thumbprint=thumbprint, another=another))

    def letter(self, holder, name=None, thumbprint=None, another=False):
        """What an operator takes from it into the admission; ANOTHER: he is there, and this is another key of his."""
        said = {"holder": holder, "name": name or self.name, "thumbprint": thumbprint or self.key.thumbprint}
        return {**said, "another": True} if another else said

    def refuse(self, note):
        return self.bank.operator("POST", "/v1/enrolments/%s/refusal" % self.enrolment, {"note": note})
