# SPDX-License-Identifier: Apache-2.0
"""Who lost a card has his key suspended, by the session that he has."""
import unittest

from desk import ALONE, JOINT, Desk


class Suspend(Desk):
    def status_of(self, holder):
        told = self.bank.operator("GET", "/v1/holders").json["holders"]
        (status,) = [key["status"] for one in told if one["holder"] == holder.name for key in one["keys"]]
        return status

    def thumbprint(self, holder):
        told = self.bank.operator("GET", "/v1/holders").json["holders"]
        (thumbprint,) = [key["thumbprint"] for one in told if one["holder"] == holder.name for key in one["keys"]]
        return thumbprint

    def logged_in(self, name):
        holder = self.holder(name, "1357").settings(ALONE)
        holder.run("login", check=True)
        return holder, self.thumbprint(holder)

    def test_without_the_card(self):
        lea, key = self.logged_in("lea")
        self.bank.write("no-tokens.conf", "directories.tokendir = %s\n" % lea.sessions)
        gone = {"SOFTHSM2_CONF": self.bank.path("no-tokens.conf")}
        self.refused(lea.run("token", "info", env=gone), "TOKEN_NOT_FOUND", 3)
        done = lea.run("suspend", key, "--note", "my card is gone", env=gone, check=True)
        self.assertEqual(done.stdout, "The key is suspended: it signs nothing, and what it signed does not count.\n")
        self.assertEqual(self.status_of(lea), "suspended")
        self.refused(lea.run("login"), "KEY_INACTIVE", 1)

    def test_for_programs(self):
        max_, key = self.logged_in("max")
        answer = max_.json("suspend", key, "--note", "é" * 140)
        self.assertEqual(answer, {"holder": "max", "status": "suspended", "thumbprint": key})
        self.assertEqual(self.status_of(max_), "suspended")

    def test_only_after_a_yes(self):
        nora, key = self.logged_in("nora")
        with nora.terminal("suspend", key, "--note", "my card is gone") as t:
            t.expect("Suspend this key? Only the bank can let it sign again. [y/N] ")
            t.type("n\n")
            status, _ = t.end()
        self.assertEqual((status, self.status_of(nora)), (1, "active"))

    def test_what_it_refuses(self):
        alice = self.thumbprint(self.alice)
        for words, name, code, told in (
                ((alice, "--note", "é" * 141), "USAGE", 2, "at most 140 characters"),
                ((alice, "--note", "two\nlines"), "USAGE", 2, "one line"),
                (("alice", "--note", "lost"), "USAGE", 2, "alice is no thumbprint"),
                ((self.thumbprint(self.bob), "--note", "his"), "KEY_UNKNOWN", 1, "")):
            self.refused(self.alice.run("suspend", *words), name, code, told)
        self.assertEqual((self.status_of(self.alice), self.status_of(self.bob)), ("active", "active"))


if __name__ == "__main__":
    unittest.main()
