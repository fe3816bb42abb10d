# SPDX-License-Identifier: Apache-2.0
"""Alice and Bob with a stick: what they carry to a machine that has no network, no settings and no session,
and back."""
import base64
import hashlib
import json
import os
import shutil

from bank import BIN, NAME, b64, canon
from desk import JOINT, PAYEE, Desk

CURVES = {64: ("P-256", 32), 96: ("P-384", 48), 132: ("P-521", 66)}
# Root needs no user namespace for it, and may be where there are none.
UNSHARE = [shutil.which("unshare") or "/usr/bin/unshare", "-n", *([] if os.geteuid() == 0 else ["--map-current-user"])]


def thumbprint(spki):
    """RFC 7638, written from there."""
    for length, (curve, size) in CURVES.items():
        if len(spki) in (length + 27, length + 24, length + 26):
            point = spki[-length:]
            jwk = {"crv": curve, "kty": "EC", "x": b64(point[:size]), "y": b64(point[size:])}
            return b64(hashlib.sha256(canon(jwk)).digest())
    raise AssertionError("a key of %d bytes" % len(spki))


class Stick(Desk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.alice.settings(JOINT)
        cls.keys = {}
        for holder in (cls.alice, cls.bob):
            with open(cls.bank.path(holder.name + ".spki"), "rb") as f:
                cls.keys[holder.name] = thumbprint(f.read())

    def setUp(self):
        self.stick = self.bank.path("stick.json")
        for name in os.listdir(self.bank.dir):
            if name.endswith(".json"):
                os.unlink(self.bank.path(name))

    # --- at home ---
    def new(self, amount="10.00", name="order.json"):
        return self.alice.new_order(name, account=JOINT, amount=amount,
                                    creditor={"account": PAYEE, "name": "EDP Comercial"})

    def carry(self, *words, to=None, who=("alice", "bob"), check=True):
        keys = [word for name in who for word in ("--for", self.keys[name])]
        return self.alice.run("carry", *words, *keys, "-o", to or self.stick, check=check)

    def orders(self, *amounts):
        """Fresh ones, in the stick."""
        made = [self.new(amount, "order-%d.json" % i) for i, amount in enumerate(amounts)]
        self.carry(*(path for path, _ in made))
        return [order for _, order in made]

    def copy(self, name, stick=None):
        path = self.bank.path(name)
        shutil.copy(stick or self.stick, path)
        return path

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as f:
            return json.load(f)

    @staticmethod
    def bytes(path):
        with open(path, "rb") as f:
            return f.read()

    @staticmethod
    def write(path, value):
        with open(path, "wb") as f:
            f.write(canon(value) + b"\n")
        return path

    def merge(self, *paths, to="merged.json", check=True):
        out = self.bank.path(to)
        return out, self.alice.run("merge", *paths, "-o", out, check=check)

    def send(self, path, who=None):
        done = (who or self.alice).run("send", path, "--json", check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def send_refused(self, path, name, *words):
        """Some or all of it, by NAME; what the bank takes of the rest stands."""
        done = self.alice.run("send", path)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for word in ("countersign: %s: " % name, *words):
            self.assertIn(word, done.stderr)

    def status(self, order):
        answer = self.bank.operator("GET", "/v1/accounts/%s/orders/%s" % (order["account"], order["id"]))
        return answer.json.get("status")

    def settlements(self, order):
        at = "order:%s/%s" % (order["account"], order["id"])
        return [e for e in self.bank.entries() if e["type"] == "settlement" and e["object"] == at]

    # --- without a network ---
    def away(self, holder, *words, check=False, bank=NAME, pin=None, **env):
        """Nothing but the bank's name and the token; where no packet gets out."""
        nowhere = self.bank.path("nowhere")
        args = [*UNSHARE, os.path.join(BIN, "countersign"), *words, "--bank", bank, "--module", holder.module,
                "--token", holder.token, "--pin-fd", "{%s}" % (pin or holder.pin)]
        return self.bank.tool(args, check=check, env={"XDG_CONFIG_HOME": nowhere, "XDG_RUNTIME_DIR": nowhere, "HOME": nowhere, **env})

    def sign(self, holder, path, *words, check=True, **env):
        return self.away(holder, "sign", path, *words, check=check, **env)


def payload(jws):
    middle = jws.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
