# SPDX-License-Identifier: Apache-2.0
"""What the model says of the bank's keeper (docs/FORMAT.md 7.1, 8.5 and 8.6), where one operator's word is enough for it: whom
it believes, whatever the bank thinks of them."""

from books import Refused, refuse_if

CEREMONY = {"security", "enrolment"}  # what an operator may who was made known to it by hand


class Pin:
    def __init__(self, name, roles, changed):
        self.name, self.roles, self.changed = name, set(roles), changed
        self.status = "active"
        self.next = None  # the key that took its place


class Keeper:
    def __init__(self):
        self.pins = {}  # key: Pin
        self.taken = set()  # (key, nonce)
        self.floor = 0

    def pin(self, key, now):
        self.pins[key] = Pin(key.holder, CEREMONY, now)
        self.floor = now

    def take_away(self, key, status):
        """With the keys that took its place."""
        while key is not None:
            pin = self.pins[key]
            if pin.status != "revoked" and (pin.status != "retired" or status == "revoked"):
                pin.status = status
            key = pin.next

    def check_time(self, said, now):
        refuse_if((said["issued"] > now + 10, "ISSUED_IN_FUTURE"),
                  (said["issued"] < max(self.floor, now - 300), "ISSUED_TOO_OLD"),
                  (said["expires"] <= now, "STATEMENT_EXPIRED"))

    def judge(self, said, key, role, now):
        """Whether the act counts, and for the first time."""
        if not self.pins:
            raise Refused("KEEPER_UNPINNED")
        if key not in self.pins:
            raise Refused("OPERATOR_UNPINNED")
        self.check_time(said, now)
        if self.pins[key].status != "active":
            raise Refused("KEY_INACTIVE")
        if role not in self.pins[key].roles:
            raise Refused("ROLE_REQUIRED")
        return (key, said["nonce"]) not in self.taken

    # --- what it hears, after the bank did it; each answers with what it says of it, None: nothing ---
    def hear(self, what):
        try:
            what()
        except Refused as why:
            return None if str(why) == "KEEPER_UNPINNED" else str(why)
        return None

    def suspended(self, key):
        if key in self.pins:
            self.take_away(key, "suspended")

    def rotated(self, said, old, new, now):
        if old not in self.pins:
            return
        pin = self.pins[old]
        if pin.status == "retired" and pin.next is new:
            return
        if pin.status != "active":
            raise Refused("KEY_RETIRED" if pin.status == "retired" else "KEY_INACTIVE")
        self.check_time(said, now)
        self.pins[new] = Pin(pin.name, pin.roles, pin.changed)
        pin.status, pin.next = "retired", new

    def roles_given(self, said, key, name, now):
        if not self.judge(said, key, "security", now):
            return
        roles, changed, missed = set(said["request"]["roles"]), False, False
        for pin in self.pins.values():
            if pin.name != name:
                continue
            had, late = pin.roles, said["issued"] < pin.changed
            pin.roles = had & roles if late else roles
            changed, missed = changed or pin.roles != had, missed or pin.roles != roles
            pin.changed = max(pin.changed, said["issued"])
        if missed and not changed:
            raise Refused("ISSUED_TOO_OLD")
        self.taken.add((key, said["nonce"]))

    def key_set(self, said, key, about, now):
        """Of a key that is no operator's here nothing comes, whoever signed."""
        if not self.pins or about not in self.pins or not self.judge(said, key, "security", now):
            return
        pin, status = self.pins[about], said["request"]["status"]
        if pin.status == "revoked":
            raise Refused("KEY_REVOKED")
        if status == "active":
            if said["issued"] < pin.changed:
                raise Refused("ISSUED_TOO_OLD")
            if pin.status == "retired":
                raise Refused("KEY_RETIRED")
            pin.status = "active"
        else:
            self.take_away(about, status)
        pin.changed = max(pin.changed, said["issued"])
        self.taken.add((key, said["nonce"]))

    def rolls(self, said, key, now):
        if not self.judge(said, key, "security", now):
            raise Refused("NONCE_REUSED")
        self.taken.add((key, said["nonce"]))

    def admits(self, said, key, now):
        """Asked before the bank does it."""
        if self.judge(said, key, "enrolment", now):
            self.taken.add((key, said["nonce"]))


class Heard:
    """The bank with its keeper: what it is told, and what it says of it."""

    keeper_says = None  # on the newest of what it heard
    roots = 1  # that the bank has had

    def __init__(self, *args):
        super().__init__(*args)
        self.keeper, self.saying = Keeper(), None
        self.certified = set()  # the newcomers' keys that have a certificate

    def certify(self, request):
        """Those whom the console admits get no certificate, and keep the one that they have."""
        if self.acting != self.CONSOLE:
            self.keeper.admits(self.saying, self.keys[self.saying["key"]], self.now)
            self.certified.add(request.key)

    def roll(self):
        """Another root key for the bank; who pinned the one before finds the way."""
        self.keeper.rolls(self.saying, self.keys[self.saying["key"]], self.now)
        self.roots += 1
        return {"err": "OK", "missing": 0}

    def tell(self, said, answer, what):
        """Once the bank did it, and when that is asked for again; SAID remembers which."""
        self.keeper_says = None
        if answer["err"] == "OK":
            said["done"] = True
        if answer["err"] in ("OK", "AGAIN") and said.get("done"):
            self.keeper_says = self.keeper.hear(what)
        return {**answer, "keeper": self.keeper_says}

    def admit(self, number, letter):
        request = self.known_request(number)
        answer = super().admit(number, letter)
        return {**answer, "certificates": ["sign"] if request.key in self.certified else None}

    def act(self, said, path):
        self.saying, key = said, self.keys[said["key"]]
        answer, words = super().act(said, path), path.split("/")
        if words[-1] == "roles":
            return self.tell(said, answer, lambda: self.keeper.roles_given(said, key, words[-2], self.now))
        if words[-2] == "keys":
            about = self.keys[int(words[-1][1:])]
            return self.tell(said, answer, lambda: self.keeper.key_set(said, key, about, self.now))
        return self.tell(said, answer, lambda: None)

    def rotate(self, said, path):
        key, answer = self.keys[said["key"]], super().rotate(said, path)
        if answer["err"] == "OK":
            said["new"] = self.keys[-1]
        return self.tell(said, answer, lambda: self.keeper.rotated(said, key, said["new"], self.now))

    def key_set(self, session, key, holder, status):
        """The console's word only takes away."""
        answer = super().key_set(session, key, holder, status)
        if status == "active":
            return answer
        return self.tell({}, answer, lambda: self.keeper.suspended(self.keys[key]))

    def key_suspend(self, session, key):
        return self.tell({}, super().key_suspend(session, key), lambda: self.keeper.suspended(self.keys[key]))
