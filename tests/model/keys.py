# SPDX-License-Identifier: Apache-2.0
"""What the model says of keys: what the operator or their holder does to them, and rotations (docs/FORMAT.md
8.7 and 11)."""

import contextlib

from books import Key, Refused, answers, refuse_if


class Keys:
    def set_key(self, key, status):
        """Sessions do not come back with their key, nor counts what it signed before that; and what it
        spoke about and waits is looked at again."""
        key.status = "retired" if status == "active" and key.rotated else status
        key.session = None
        if key.status == "active":
            key.floor = self.now
        for order in self.orders.values():
            given = [d.key for d in self.to_come(order.account).values()]
            if order.status in ("ACTC", "PATC") and key in [k for _, _, k in order.decisions] + given:
                order.due = self.now * 1000000
        for account in self.changing:
            if key in [k for _, _, k in account.change.words]:
                account.change.due = self.now
        return {"err": "OK", "status": key.status, "holder": key.holder}

    def set_line(self, key, status):
        """With those that took its place, one after the other."""
        answer = self.set_key(key, status)
        self.set_later(key, status)
        return answer

    def set_later(self, key, status, own=False):
        while key.next is not None and status != "active":
            key = key.next
            if self.is_news(key, status, own):
                self.set_key(key, status)

    def is_news(self, key, status, own):
        """OWN: its person says so, for the first time what only operators said."""
        hands = own and self.done("suspended", f"key:{self.keys.index(key)}")
        return key.status != "revoked" and (key.counts or status == "revoked" or hands)

    def key_set(self, session, key, holder, status):
        return self.at_console(session, lambda: self.say_status(key, holder, status))

    def say_status(self, key, holder, status):
        """What an operator says, at the console or by an act."""
        key = self.keys[key]
        refuse_if((key.holder != holder, "KEY_UNKNOWN"),
                  (status not in ("active", "suspended", "revoked"), "DOC_MEMBER_INVALID"),
                  (key.status == "revoked", "KEY_REVOKED"),
                  (key.status == "retired" and status == "active", "KEY_RETIRED"))
        self.check_badge(key, status)
        if status == "active" and not key.counts:
            self.check_eyes("resume", f"key:{self.keys.index(key)}")
        before = [one.status for one in self.keys]
        answer = self.set_line(key, status)
        for i, one in enumerate(self.keys):
            if one is key or one.status != before[i]:
                (self.did if status == "suspended" else self.undo)("suspended", f"key:{i}")
        return answer

    @answers
    def key_suspend(self, session, key):
        """By whose it is."""
        key = self.keys[key]
        who = self.caller(session)
        refuse_if((key.holder != who, "KEY_UNKNOWN"), (key.status == "revoked", "KEY_REVOKED"))
        self.check_left(key)
        if self.is_news(key, "suspended", own=True):
            self.set_key(key, "suspended")
        self.set_later(key, "suspended", own=True)
        one = key
        while one is not None:
            self.undo("suspended", f"key:{self.keys.index(one)}")
            one = one.next
        return {"err": "OK", "status": "suspended", "holder": key.holder}

    @staticmethod
    def came_before(said, key):
        """Whether it gets its first answer; otherwise it takes its nonce, where that is free."""
        first = key.nonces.setdefault(said["nonce"], said["statement"])
        if first == said["statement"] and said.get("answered"):
            return True
        said["answered"] = first == said["statement"]
        return False

    @staticmethod
    @contextlib.contextmanager
    def may_come(said, key):
        """What is not found may come after what is said of it: then that is as if it had not been here."""
        try:
            yield
        except Refused as why:
            if str(why) == "NOT_FOUND":
                del key.nonces[said["nonce"]]
                said["answered"] = False
            raise

    @answers
    def rotate(self, said, path):
        """SAID names the key that gives its place and, if somebody has it already, the new one; PATH is the
        key by whose path it is handed in."""
        if said["key"] != path:
            return self.unverified(said["session"], "KEY_MISMATCH")
        key = self.keys[said["key"]]
        if self.caller(said["session"]) != key.holder:
            raise Refused("KEY_MISMATCH")
        if self.came_before(said, key):
            return {"err": "AGAIN"}
        self.check_fresh(said, key)
        if said["taken"] is not None:
            raise Refused("KEY_TAKEN")
        if key.generation == 32:
            raise Refused("ROTATIONS_TOO_MANY")
        return self.take_place(said, key)

    def take_place(self, said, key):
        """The session that it came over goes on as the new key's."""
        new = Key(key.holder, self.now, key.terminal, key.staff)
        new.in_log, new.generation = key.in_log, key.generation + 1
        if said["session"] == said["key"]:
            new.session = key.session
        key.status, key.rotated, key.session, key.next = "retired", True, None, new
        self.keys.append(new)
        return {"err": "OK", "http": 201, "holder": key.holder, "status": "active"}
