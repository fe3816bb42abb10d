# SPDX-License-Identifier: Apache-2.0
"""A new key takes the place of the old one, on the same token or another."""
import os
import re
import shlex
import subprocess
import unittest

import bank as b
from counted import Counted
from desk import ALONE, JOINT, PAYEE, Desk
from holder import Holder, Operator, verify_evidence

FORGED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forged-pinentry")


class Rotate(Desk):
    def keys_of(self, holder):
        told = self.bank.operator("GET", "/v1/holders").json["holders"]
        return [key["status"] for one in told if one["holder"] == holder for key in one["keys"]]

    def held(self, name, pin):
        return self.holder(name, pin).settings(JOINT)

    def pay(self, holder, status):
        path, document = holder.new_order("order-%s.json" % holder.name, account=JOINT, amount="1.00",
                                           creditor={"account": PAYEE, "name": "EDP Comercial"})
        holder.run("approve", path, check=True)
        self.assertEqual(holder.json("order", "status", document["id"])["status"], status)
        return document["id"]

    def new_uri(self, done):
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("token = ")]
        return line.removeprefix("token = ")

    def test_on_the_same_token(self):
        """One PIN entry; the vote by the old key stands, the evidence names it, the new one goes on."""
        bob = self.bob
        bob.settings(JOINT)
        order = self.pay(bob, "PATC")
        bob.run("logout", check=True)
        with bob.terminal("rotate", "--make", "--curve", "P-521") as t:
            t.expect("PIN of token bob")
            t.type("5678\n")
            t.expect("Make a new key on the token, to take the place of yours? [y/N] ")
            t.type("y\n")
            shown = t.expect("Sign this? [y/N] ")
            self.assertIn("I replace my key. Only the new one signs for me from now on.", shown)
            self.assertIn("Signs by      ES512", shown)
            t.type("y\n")
            t.expect("token = ")
            status, rest = t.end()
        self.assertEqual(status, 0, rest)
        token, old = rest.strip(), bob.token
        self.assertEqual(self.keys_of("bob"), ["retired", "active"])
        listed = self.bank.ctl("holder", "list").stdout
        self.assertIn("retired", listed)
        # Two keys are on the token: it must be said which.
        self.refused(bob.run("login"), "KEY_AMBIGUOUS", 3)
        bob.settings(JOINT, token=old + ";id=%02")
        self.refused(bob.run("login"), "KEY_RETIRED", 1)
        bob.settings(JOINT, token=token)
        self.refused(bob.run("approve", order), "ALREADY_DECIDED", 1)
        self.alice.run("approve", order, "--account", JOINT, check=True)
        self.assertEqual(bob.json("order", "status", order)["status"], "ACSC")
        path = self.bank.path("evidence.json")
        bob.run("order", "evidence", order, "--output", path, check=True)
        verdict = verify_evidence(self.bank, path)
        self.assertEqual(verdict.returncode, 0, verdict.stdout)
        self.assertIn("retired since", verdict.stdout)
        self.pay(bob, "PATC")

    def test_on_another_token(self):
        """Each has its PIN; a key that is there already is taken."""
        carol = self.held("carol", "2468")
        spare = Holder(self.bank, "carol-2", "1357")
        self.addCleanup(spare.close)
        spare.keys("P-384")
        done = carol.run("rotate", "--new-token", spare.token, "--new-pin-fd", "{1357}", check=True)
        self.assertEqual(self.keys_of("carol"), ["retired", "active"])
        self.refused(carol.run("login"), "KEY_RETIRED", 1)
        spare.settings(JOINT, token=self.new_uri(done))
        self.assertIn("as carol until", spare.run("login", check=True).stdout)

    def test_on_another_token_by_a_pinentry(self):
        """The program that asks for every PIN asks for that one, too."""
        erin = self.held("erin", "2469")
        spare = Holder(self.bank, "erin-2", "1358")
        self.addCleanup(spare.close)
        spare.keys()
        log = self.bank.path("pinentry.log")
        erin.run("rotate", "--new-token", spare.token, "--pinentry", FORGED, check=True,
                 env={"FORGED_DOES": "pin=1358", "FORGED_LOG": log})
        self.assertEqual(self.keys_of("erin"), ["retired", "active"])
        with open(log, encoding="utf-8") as f:
            self.assertRegex(f.read(), r"(?s)SETDESC PIN of token erin-2 to prove the new key.*GETPIN")

    def test_refused(self):
        dave = self.held("dave", "1111")
        self.refused(dave.run("rotate"), "USAGE", 2, "--make")
        self.refused(dave.run("rotate", "--new-token", dave.token), "KEY_NOT_NEW", 1)
        self.refused(dave.run("rotate", "--new-token", self.alice.token, "--new-pin-fd", "{1234}"), "KEY_TAKEN", 1)
        self.refused(dave.run("rotate", "--new-token", "pkcs11:token=nobody", "--new-pin-fd", "{1}"), "TOKEN_NOT_FOUND", 3)
        self.refused(dave.run("rotate", "--make", "--curve", "P-192"), "USAGE", 2, "P-192")
        self.assertEqual(self.keys_of("dave"), ["active"])
        with dave.terminal("rotate", "--make") as t:
            t.expect("PIN of token dave")
            t.type("1111\n")
            t.expect("[y/N] ")
            t.type("n\n")
            self.assertNotEqual(t.end()[0], 0)
        self.assertEqual(len(dave.json("token", "info")), 1)
        self.assertEqual(self.keys_of("dave"), ["active"])

    def test_a_no_to_a_key_that_is_made(self):
        """It stays on the token, where his is found by its id alone; all that he needs is said."""
        gus = self.held("gus", "1112")
        with gus.terminal("rotate", "--make") as t:
            t.expect("PIN of token gus")
            t.type("1112\n")
            t.expect("Make a new key on the token, to take the place of yours? [y/N] ")
            t.type("y\n")
            t.expect("Sign this? [y/N] ")
            t.type("n\n")
            status, seen = t.end()
        self.assertEqual(status, 1, seen)
        seen = seen.replace("\r", "")
        self.assertEqual(self.keys_of("gus"), ["active"])
        new, old = re.search(r"stays on the token: (\S+)", seen)[1], re.search(r"(?m)^token = (\S+)", seen)[1]
        self.assertIn("Put this into %s:\ntoken = " % gus.conf, seen)
        keys = gus.json("token", "info")
        self.assertEqual(sorted(key["uri"].rpartition("id=")[2] for key in keys),
                         sorted(uri.rpartition("id=")[2] for uri in (new, old)))
        self.assertEqual(len({key["thumbprint"] for key in keys}), 2)
        self.assertEqual(gus.run("token", "info", check=True).stdout.count("thumbprint "), 2)
        for words in ("login",), ("rotate", "--make"):
            done = gus.run(*words)
            self.refused(done, "KEY_AMBIGUOUS", 3)
            self.assertEqual(sorted(re.findall(r"--token '(\S+)'", done.stderr)), sorted(key["uri"] for key in keys))
        gus.settings(JOINT, token=old)
        gus.run("login", check=True)
        words = shlex.split(re.search(r"Go on with: countersign (.*)", seen)[1])
        done = self.bank.tool(["countersign", *words, "--pin-fd", "{1112}"], env=gus.env)
        self.assertEqual(self.keys_of("gus"), ["retired", "active"])
        self.assertIn("Put this into %s:\n" % gus.conf, done.stdout)
        gus.settings(JOINT, token=self.new_uri(done))
        gus.run("login", check=True)

    def test_a_list_of_keys_is_whole(self):
        """Where the token fails, at whatever look, a key is not shown as if the bank had no name for it."""
        ivy = self.counted("ivy")
        words = ("token", "info", "--json")
        os.unlink(self.bank.path("calls.trace"))
        whole = ivy.json(*words[:-1])
        looks = ivy.calls("C_FindObjectsInit")
        self.assertIn("thumbprint", whole[0])
        for look in range(1, looks + 1):
            for code in ("0x32", "0x5"):  # device removed, general error; what fails once is asked again
                ivy.rules(*("C_FindObjectsInit %d %s" % (at, code) for at in (look, look + 1)))
                self.refused(ivy.run(*words), "TOKEN_REMOVED" if code == "0x32" else "TOKEN_FAILED", 3)

    def test_an_answer_that_is_lost(self):
        """The new key has its place: nobody is told that the old one still signs."""
        hal = self.held("hal", "1113")
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        os.write(write, b"1113\n")
        os.close(write)
        words = ["stdbuf", "-o0", os.path.join(b.BIN, "countersign"), *hal.words("rotate", "--make", "--json")[1:]]
        env = {**self.bank.env, **hal.env, "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([*words, "--pin-fd", str(read)], env=env, pass_fds=[read], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(self.keys_of("hal"), ["retired", "active"])
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("what was to be done is done", done.stderr)
        self.assertNotIn("stays on the token", done.stderr)

    def counted(self, name):
        """Her settings name the token, which has one key."""
        holder = Counted(self.bank, name, "4321")
        self.addCleanup(holder.close)
        return holder.keys().enrol().settings(JOINT)

    def test_pulled_at_the_signature(self):
        """The old key is the one that it was, though another is beside it now."""
        gina = self.counted("gina")
        with gina.terminal("rotate", "--make") as t:
            t.expect("PIN of token gina")
            t.type("4321\n")
            t.expect("Make a new key on the token, to take the place of yours? [y/N] ")
            t.type("y\n")
            t.expect("Sign this? [y/N] ")
            gina.rules("C_Sign * 0x32")  # removed
            t.type("y\n")
            for text in ("Insert your card again", "It is there.", "PIN of token gina"):
                t.expect(text)
            gina.rules()
            t.type("4321\n")
            status, rest = t.end()
        self.assertEqual(status, 0, rest)
        self.assertEqual(self.keys_of("gina"), ["retired", "active"])

    def searches(self):
        """Of objects on the token, until the key was made."""
        with open(self.bank.path("calls.trace"), encoding="utf-8") as f:
            calls = [line.split()[0] for line in f]
        return calls[:calls.index("C_GenerateKeyPair")].count("C_FindObjectsInit")

    def test_goes_on_where_nobody_waited(self):
        """By the command that it says, whether the key was made or not; it has all that was said before."""
        searches = 0
        for name in ("hana", "ines"):
            holder = self.counted(name)
            said = ("--token", holder.token, "--module", holder.module)
            faults = ["C_FindObjectsInit %d 0x32" % (searches + 1 + i) for i in range(20)] if searches else ["C_GenerateKeyPair * 0x32"]
            holder.settings(JOINT, token=None, module=None).rules(*faults)  # removed
            os.unlink(self.bank.path("calls.trace"))
            done = holder.run("rotate", "--make", "--label", "it's new", "--curve", "P-384", *said)
            self.refused(done, "TOKEN_REMOVED", 3, "The new key may be made, or not.")
            holder.rules()
            made = len(holder.json("token", "info", *said)) - 1
            self.assertEqual(made, searches > 0)
            searches = searches or self.searches()
            words = shlex.split(re.search(r"Go on with: countersign (.*)", done.stderr)[1])
            self.assertIn(holder.conf, words)
            done = self.bank.tool(["countersign", *words, "--pin-fd", "{%s}" % holder.pin], env=holder.env)
            self.assertEqual("The new key was made before." in done.stderr, made == 1)
            self.assertEqual(self.keys_of(name), ["retired", "active"])
            keys = {key["label"]: key["curve"] for key in holder.json("token", "info", *said)}
            self.assertEqual(keys, {"countersign": "P-256", "it's new": "P-384"})

    def test_an_operators_roles_follow(self):
        """The same command, and what he may do stays what it was."""
        otto = Operator(self.bank, "otto", "4321")
        self.addCleanup(otto.close)
        otto.keys().enrol("operator").settings(ALONE)
        self.bank.operator("POST", "/v1/operators/otto/roles", {"roles": ["enrolment", "viewer"], "note": "as a test"})
        otto.settings(ALONE, token=self.new_uri(otto.run("rotate", "--make", check=True)))
        told = self.bank.operator("GET", "/v1/operators").json["operators"]
        self.assertEqual([(one["roles"], [k["status"] for k in one["keys"]]) for one in told],
                         [(["viewer", "enrolment"], ["retired", "active"])])
        spki = self.bank.path("erna.spki")
        with open(spki, "wb") as f:
            f.write(b.Key(self.bank.dir).spki)
        otto.ctl("holder", "add", "--id", "erna", "--name", "Erna", "--spki", spki, check=True)


if __name__ == "__main__":
    unittest.main()
