# SPDX-License-Identifier: Apache-2.0
"""A real SMTP server (aiosmtpd): prints its port, then each message that it took as a line of JSON. It answers RCPT
for tempNNN@ with 451 the first NNN times, for never@ always with 550; to
hold@ it says nothing once. With a certificate it offers STARTTLS, and with a user and a password it demands both."""
import asyncio
import json
import re
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Handler:
    seen = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("never@"):
            return "550 5.1.1 nobody of that name"
        temporary = re.match(r"temp(\d+)@", address)
        if temporary:
            self.seen[address] = self.seen.get(address, 0) + 1
            if self.seen[address] <= int(temporary[1]):
                return "451 4.3.0 another time"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
                          "user": session.auth_data and session.auth_data.login.decode(),
                          "data": envelope.content.decode("latin-1")}), flush=True)
        if envelope.rcpt_tos[0].startswith("hold@") and not self.seen.get("hold"):
            self.seen["hold"] = 1
            await asyncio.sleep(3600)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = [data.login.decode(), data.password.decode()] == sys.argv[4:6]
    return AuthResult(success=right, handled=False, auth_data=data)


context = None
if len(sys.argv) > 2:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
controller = Controller(Handler(), hostname="127.0.0.1", port=int(sys.argv[1]), tls_context=context,
                        require_starttls=False, decode_data=False,
                        authenticator=authenticate if len(sys.argv) > 5 else None, auth_required=len(sys.argv) > 5)
controller.start()
print(controller.server.sockets[0].getsockname()[1], flush=True)
sys.stdin.read()
controller.stop()
