# SPDX-License-Identifier: Apache-2.0
"""Orders and challenges carried to a machine without a network, signed there, and brought back: on a stick, and
as QR codes."""
import base64
import json
import os
import random
import re
import subprocess
import time
import unittest

from bank import grouped, make_order
from desk import JOINT, PAYEE
from holder import verify_evidence
from isolated import Stick, payload


class Carried(Stick):
    def test_there_and_back(self):
        """Each signs a copy of his own; merged in any order it is the same bundle, and the orders are paid once."""
        before = self.available(JOINT)
        first, second = self.orders("10.00", "2.50")
        mine, his = self.copy("mine.json"), self.copy("his.json")
        done = self.sign(self.alice, mine)
        for shown in (first["id"], second["id"], "I approve this payment order.", "2 orders wait for your approval.",
                      "Total        12.50 EUR in 2 orders", "all of these must approve: alice, bob"):
            self.assertIn(shown, done.stderr)
        self.assertIn("Signed 2 of 2 orders with the key " + self.keys["alice"], done.stderr)
        self.sign(self.bob, his)
        there, _ = self.merge(mine, his)
        back, _ = self.merge(his, mine, self.stick, mine, to="other.json")
        self.assertEqual(self.bytes(there), self.bytes(back))
        self.assertEqual(len(self.read(there)["decisions"]), 4)
        answers = self.send(there)
        self.assertEqual(sorted(a["status"] for a in answers), ["ACSC", "ACSC", "PATC", "PATC"])
        self.assertEqual(self.send(back, self.bob), answers)
        for order in (first, second):
            self.assertEqual((self.status(order), len(self.settlements(order))), ("ACSC", 1))
        self.assertAlmostEqual(float(before) - float(self.available(JOINT)), 12.5)
        evidence = self.bank.path("evidence.json")
        self.alice.run("order", "evidence", first["id"], "-o", evidence, check=True)
        verdict = verify_evidence(self.bank, evidence)
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)

    def test_no_network_there(self):
        """What is signed away is signed without a bank: there is none to be reached."""
        done = self.away(self.alice, "balance", "--url", "https://127.0.0.1:%d" % self.bank.port, "--bank-key", self.bank.pin,
                         "--account", JOINT, "--session-dir", self.alice.sessions)
        self.refused(done, "UNAVAILABLE", 4)

    def test_challenge_is_the_keys_own(self):
        self.orders("1.00")
        self.sign(self.bob, self.stick)
        bundle = self.read(self.stick)
        challenge, = [c["challenge"] for c in bundle["challenges"] if c["thumbprint"] == self.keys["bob"]]
        self.assertEqual(payload(bundle["decisions"][0]["decision"])["challenge"], challenge)

    def test_it_grows(self):
        """A second run signs what the first did not know; what is signed already is not signed again."""
        self.orders("1.00")
        self.sign(self.alice, self.stick)
        first = self.bytes(self.stick)
        self.assertIn("Signed 0 of 1 orders", self.sign(self.alice, self.stick).stderr)
        self.assertEqual(self.bytes(self.stick), first)
        path, order = self.new("2.00", "later.json")
        self.carry(path)
        self.assertIn("Signed 1 of 2 orders", self.sign(self.alice, self.stick).stderr)
        self.sign(self.bob, self.stick)
        bundle = self.read(self.stick)
        self.assertEqual((len(bundle["orders"]), len(bundle["decisions"]), len(bundle["keys"])), (2, 4, 2))
        for one in json.loads(first)["decisions"]:
            self.assertIn(one, bundle["decisions"])
        self.send(self.stick)
        self.assertEqual(self.status(order), "ACSC")

    def test_what_is_there_stays(self):
        """A file that is written to keeps what it had, whichever command writes; what is no bundle is left alone."""
        path, _ = self.new("1.00")
        self.carry(path)
        mine, both = self.copy("mine.json"), self.copy("both.json")
        self.sign(self.bob, both)
        self.sign(self.alice, mine, "-o", both)
        self.assertEqual((len(self.read(both)["decisions"]), len(self.read(mine)["decisions"])), (2, 0))
        self.merge(mine, to="both.json")
        self.assertEqual(len(self.read(both)["decisions"]), 2)
        before = self.bytes(path)
        for words in (("carry", path, "--for", self.keys["alice"]), ("merge", both), ("sign", both)):
            self.refused(self.alice.run(*words, "-o", path), "DOC_MEMBER_UNKNOWN", 1, path)
        self.assertEqual(self.bytes(path), before)

    def test_what_waits(self):
        """--all-waiting takes what the bank has, and the key of one's own where none is named."""
        path, order = self.new("3.00")
        self.bob.run("submit", path, check=True)
        done = self.alice.run("carry", "--all-waiting", "--account", grouped(JOINT), "-o", self.stick, check=True)
        self.assertIn("The key %s can sign until" % self.keys["alice"], done.stderr)
        bundle = self.read(self.stick)
        self.assertIn(order, [o["order"] for o in bundle["orders"]])
        self.assertEqual([c["thumbprint"] for c in bundle["challenges"]], [self.keys["alice"]])
        self.alice.run("cancel", order["id"], check=True)

    def test_one_of_them_and_other_verbs(self):
        first, second = self.orders("1.00", "2.00")
        self.sign(self.alice, self.stick, "--order", first["id"])
        self.sign(self.bob, self.stick, "--order", second["id"], "--decision", "reject")
        said = sorted((payload(d["decision"])["order"], payload(d["decision"])["decision"])
                      for d in self.read(self.stick)["decisions"])
        self.assertEqual(said, sorted([(first["id"], "approve"), (second["id"], "reject")]))
        for decision in self.read(self.stick)["decisions"]:
            made = base64.urlsafe_b64decode(payload(decision["decision"])["nonce"] + "==")
            self.assertLess(abs(int.from_bytes(made[:6], "big") / 1000 - time.time()), 600)
        self.refused(self.sign(self.alice, self.stick, "--order", "01936f2e-8f5b-7c3a-9d2e-5b1a2c3d4e5f", check=False),
                     "NOT_FOUND", 1)

    def test_a_decision_of_another_kind(self):
        """Of a person the bank takes one of a kind: a submit, a vote, a cancel. So each is signed beside the others, and
        not a vote against one's own."""
        order, = self.orders("1.00")
        said = lambda: sorted(payload(d["decision"])["decision"] for d in self.read(self.stick)["decisions"])
        for verb in ("submit", "approve", "cancel"):
            done = self.sign(self.alice, self.stick, "--decision", verb)
            self.assertIn("Signed 1 of 1 orders", done.stderr)
            self.assertIn("it had signed 1 before", self.sign(self.alice, self.stick, "--decision", verb).stderr)
        self.assertEqual(said(), ["approve", "cancel", "submit"])
        before = self.bytes(self.stick)
        self.refused(self.sign(self.alice, self.stick, "--decision", "reject", check=False), "ALREADY_DECIDED", 1, order["id"],
                     'this key has signed "approve"')
        self.assertEqual(self.bytes(self.stick), before)
        self.sign(self.bob, self.stick, "--decision", "reject")
        self.refused(self.sign(self.bob, self.stick, "--batch", check=False), "ALREADY_DECIDED", 1)
        self.sign(self.bob, self.stick, "--decision", "submit")
        self.assertEqual(said(), ["approve", "cancel", "reject", "submit", "submit"])

    def test_by_batch_after_a_submit(self):
        self.orders("1.00", "2.00")
        self.sign(self.alice, self.stick, "--decision", "submit")
        self.assertIn("Signed 2 of 2 orders", self.sign(self.alice, self.stick, "--batch").stderr)

    def test_a_no_goes_before_the_approvals(self):
        """Whoever cancels is heard as soon as the bank has the order, and before it is paid; whose key sorts first,
        and whether the bank has it already, makes no difference."""
        for canceller, other in ((self.alice, self.bob), (self.bob, self.alice)):
            for known in (False, True):
                order, = self.orders("10.00")
                if known:
                    canceller.run("approve", self.bank.path("order-0.json"), check=True)
                else:
                    self.sign(canceller, self.stick)
                self.sign(other, self.stick)
                self.sign(canceller, self.stick, "--decision", "cancel")
                done = self.alice.run("send", self.stick)
                self.assertEqual(done.returncode, 1 if known else 0, done.stderr)
                self.assertEqual("ORDER_FINAL" in done.stdout, known, done.stdout)
                self.assertEqual((self.status(order), len(self.settlements(order))), ("CANC", 0))
                again = self.alice.run("send", self.stick)
                self.assertEqual(sorted(again.stdout.splitlines()), sorted(done.stdout.splitlines()))
                os.unlink(self.stick)

    def test_a_submit_is_no_last_word(self):
        """Whoever hands it in as well has approved it all the same."""
        order, = self.orders("10.00")
        self.sign(self.alice, self.stick)
        self.sign(self.alice, self.stick, "--decision", "submit")
        self.assertEqual([a["status"] for a in self.send(self.stick)], ["ACTC", "PATC"])
        self.alice.run("cancel", order["id"], check=True)

    def test_a_reject_is_heard(self):
        for rejects, approves in ((self.alice, self.bob), (self.bob, self.alice)):
            order, = self.orders("11.00")
            self.sign(approves, self.stick)
            self.sign(rejects, self.stick, "--decision", "reject")
            self.send(self.stick)
            self.assertEqual(self.status(order), "RJCT")
            os.unlink(self.stick)

    def test_a_no_without_its_order(self):
        """The bank does not have it; once it does, the same bundle ends it."""
        order, = self.orders("12.00")
        self.sign(self.bob, self.stick, "--decision", "cancel")
        self.refused(self.alice.run("send", self.stick), "NOT_FOUND", 1)
        self.alice.run("approve", self.bank.path("order-0.json"), check=True)
        self.assertEqual([a["status"] for a in self.send(self.stick)], ["CANC"])
        self.assertEqual(self.status(order), "CANC")

    def test_two_at_once(self):
        """While one is asked for his PIN another signs: his stays, too."""
        self.orders("13.00")
        with self.alice.terminal("sign", self.stick) as terminal:
            terminal.expect("PIN of token ")
            self.sign(self.bob, self.stick)
            terminal.type(self.alice.pin + "\n")
            code, rest = terminal.end()
        self.assertEqual(code, 0, rest)
        bundle = self.read(self.stick)
        self.assertEqual((len(bundle["decisions"]), len(bundle["keys"])), (2, 2))

    def test_at_a_terminal(self):
        """All texts before the one question for the PIN, and nothing is asked after it."""
        first, second = self.orders("1.00", "2.00")
        self.alice.settings(JOINT)
        with self.alice.terminal("sign", self.stick) as terminal:
            shown = terminal.expect("PIN of token ")
            self.assertEqual(shown.count("I approve this payment order."), 2)
            for order in (first, second):
                self.assertIn(order["id"], shown)
            self.assertIn("approve these 2 orders", terminal.expect(": "))
            terminal.type(self.alice.pin + "\n")
            code, rest = terminal.end()
        self.assertEqual((code, "PIN of token" in rest, "[y/N]" in rest), (0, False, False), rest)
        self.assertEqual(len(self.read(self.stick)["decisions"]), 2)

    def test_expired_orders_are_left_out(self):
        good, = self.orders("1.00")
        old = make_order(JOINT, PAYEE, "2.00", now=int(time.time()) - 7200, lifetime=3600)
        self.carry(self.write(self.bank.path("old.json"), old))
        done = self.sign(self.alice, self.stick)
        self.assertIn("Order %s expired: it is left out." % old["id"], done.stderr)
        self.assertEqual([payload(d["decision"])["order"] for d in self.read(self.stick)["decisions"]], [good["id"]])

    def test_by_a_pipe(self):
        """What can be read only once, an order to be signed and a bundle to be sent."""
        path, order = self.new("1.00")
        self.alice.run("policy", "-o", self.bank.path("policy.json"), check=True)
        for name, words in ((path, ("sign", "PIPE", "--policy", self.bank.path("policy.json"), "--decision", "approve",
                                    "-o", self.bank.path("signed.json"))),
                            (self.stick, ("send", "PIPE"))):
            if name == self.stick:
                self.carry(path)
                self.sign(self.bob, self.stick)
            line = self.alice.words(*words) + ["--pin-fd", "{%s}" % self.alice.pin]
            with open(name, "rb") as file:
                pipe = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
            at = "/dev/stdin"
            self.bank.tool([at if word == "PIPE" else word for word in line], env=self.alice.env, stdin=pipe.stdout)
            pipe.stdout.close()
            self.assertEqual(pipe.wait(timeout=60), 0)
        self.assertEqual(self.status(order), "PATC")
        self.send(self.bank.path("signed.json"))
        self.assertEqual(self.status(order), "ACSC")

    def test_card_pulled_half_way(self):
        """What was signed until then is in the bundle, whole; the next run signs the rest, and nothing twice."""
        self.orders("1.00", "2.00", "3.00")
        self.bank.write("control", "".join("C_Sign %d 0x30\n" % call for call in range(3, 9)))
        away = self.alice.module
        self.alice.module = os.environ["COUNTERSIGN_FAULT"]
        try:
            done = self.sign(self.alice, self.stick, check=False, FAULT_MODULE=away, FAULT_CONTROL=self.bank.path("control"))
        finally:
            self.alice.module = away
        self.assertEqual(done.returncode, 3, done.stderr)
        first = self.read(self.stick)["decisions"]
        self.assertEqual(len(first), 2, done.stderr)
        self.assertIn("Signed 1 of 3 orders", self.sign(self.alice, self.stick).stderr)
        second = self.read(self.stick)["decisions"]
        self.assertEqual((len(second), [d for d in first if d not in second]), (3, []))

    def test_usage(self):
        self.orders("1.00")
        for words in (("sign", self.stick, "--challenge", "K9gGyX8OAK8aH8Myj6djqQ"), ("sign", self.stick, "--policy", "x"),
                      ("sign", self.stick, "--decision", "perhaps"),
                      ("sign", self.bank.path("order-0.json"), "--order", "x", "--policy", "x", "--decision", "approve")):
            self.refused(self.away(self.alice, *words), "USAGE", 2)
        self.refused(self.alice.run("carry", "-o", self.bank.path("none.json")), "NOT_FOUND", 1)
        self.refused(self.alice.run("carry", "--for", "me", "-o", self.stick), "USAGE", 2)
        self.send_refused(self.stick, "NOT_FOUND", "no decision yet")

    def test_never_half_a_document(self):
        """A wrong PIN, a place that cannot be written: what is on the stick stays as it was."""
        self.orders("1.00")
        before = self.bytes(self.stick)
        wrong = self.away(self.alice, "sign", self.stick, pin="0000")
        self.refused(wrong, "PIN_WRONG", 3)
        nowhere = self.sign(self.alice, self.stick, "-o", self.bank.path("no/such/place.json"), check=False)
        self.refused(nowhere, "IO", 4)
        self.assertEqual(self.bytes(self.stick), before)
        self.assertEqual([n for n in os.listdir(self.bank.dir) if "stick" in n], ["stick.json"])
        self.sign(self.alice, self.stick)


class Batch(Stick):
    """One signature for all that is in the bundle, and each order with its place."""

    def test_one_signature(self):
        orders = self.orders("1.00", "2.00", "3.00", "4.00")
        self.bank.write("control", "trace\n")
        plain, self.alice.module = self.alice.module, os.environ["COUNTERSIGN_FAULT"]
        try:
            done = self.sign(self.alice, self.stick, "--batch", FAULT_MODULE=plain, FAULT_CONTROL=self.bank.path("control"))
        finally:
            self.alice.module = plain
        for shown in ("I approve all payment orders of this batch.", "Orders        4\n", "Total         10.00 EUR\n"):
            self.assertIn(shown, done.stderr)
        self.assertNotIn("I approve this payment order.", done.stderr)
        with open(self.bank.path("control.trace"), encoding="ascii") as f:
            self.assertEqual([line.split()[0] for line in f].count("C_SignInit"), 1)
        bundle = self.read(self.stick)
        self.assertEqual((len({d["decision"] for d in bundle["decisions"]}), len(bundle["decisions"])), (1, 4))
        challenge, = [c["challenge"] for c in bundle["challenges"] if c["thumbprint"] == self.keys["alice"]]
        self.assertEqual(payload(bundle["decisions"][0]["decision"])["challenge"], challenge)
        self.assertEqual(self.alice.run("bundle", "show", self.stick, check=True).stdout.count(": verified\n"), 4)
        self.sign(self.bob, self.stick)
        self.assertEqual(sorted(a["status"] for a in self.send(self.stick)), ["ACSC"] * 4 + ["PATC"] * 4)
        for order in orders:
            self.assertEqual((self.status(order), len(self.settlements(order))), ("ACSC", 1))

    def test_what_is_signed_is_left_out(self):
        """The second batch has only what the key has not decided on; two halves of a batch merge."""
        first, _ = self.orders("1.00", "2.00")
        self.sign(self.alice, self.stick, "--order", first["id"])
        shown = self.sign(self.alice, self.stick, "--batch", "--show").stderr
        self.assertIn("Orders        1\n", shown)
        self.assertIn("Signed 1 of 2 orders", shown)
        self.assertEqual(shown.count("I approve this payment order."), 1)
        before = self.bytes(self.stick)
        self.assertIn("Signed 0 of 2 orders", self.sign(self.alice, self.stick, "--batch").stderr)
        self.assertEqual(self.bytes(self.stick), before)
        self.refused(self.sign(self.alice, self.stick, "--batch", "--decision", "reject", check=False), "USAGE", 2)

    def test_another_place(self):
        """An order with the place of another one is carried, and nobody takes it."""
        self.orders("1.00", "2.00")
        self.sign(self.alice, self.stick, "--batch")
        bundle = self.read(self.stick)
        one, other = bundle["decisions"]
        one["inclusion"], other["inclusion"] = other["inclusion"], one["inclusion"]
        self.write(self.stick, bundle)
        self.assertIn("NOT VALID, BATCH_PROOF_INVALID", self.alice.run("bundle", "show", self.stick).stdout)
        self.send_refused(self.stick, "BATCH_PROOF_INVALID", "the bank refused 2 of 2")


class Shown(Stick):
    def show(self, *words, check=True):
        return self.alice.run("bundle", "show", self.stick, *words, check=check)

    def names(self):
        return [word for name, key in self.keys.items() for word in ("--holder", name + "=" + key)]

    def test_who_is_missing(self):
        order, = self.orders("4.00")
        self.assertIn("Missing       2 approvals, next from alice, bob\n", self.show(*self.names()).stdout)
        self.sign(self.alice, self.stick)
        shown = self.show(*self.names()).stdout
        self.assertIn("alice, " + self.keys["alice"], shown)
        self.assertRegex(shown, r"approve +alice, .*: verified\n")
        self.assertIn("Missing       1 approval, next from bob\n", shown)
        self.assertIn("1 of 2 approvals are here, whose is not said (--holder)\n", self.show().stdout)
        self.sign(self.bob, self.stick)
        self.assertIn("Missing       nothing, by what is here\n", self.show(*self.names()).stdout)
        told = json.loads(self.show(*self.names(), "--json").stdout)
        self.assertEqual([(o["order"], o["complete"], o["required"]) for o in told["orders"]], [(order["id"], True, 2)])
        self.assertEqual({(d["holder"], d["verdict"]) for d in told["orders"][0]["decisions"]},
                         {("alice", "OK"), ("bob", "OK")})
        self.refused(self.show("--holder", "alice", check=False), "USAGE", 2)

    def test_who_cancels(self):
        """Complete, but it is not going to be paid."""
        self.orders("4.00")
        for holder in (self.alice, self.bob):
            self.sign(holder, self.stick)
        self.sign(self.bob, self.stick, "--decision", "cancel")
        complete = lambda *words: [o["complete"] for o in json.loads(self.show(*words, "--json").stdout)["orders"]]
        self.assertIn("Missing       it does not matter, bob cancels it\n", self.show(*self.names()).stdout)
        self.assertEqual(complete(*self.names()), [False])
        alice, bob = ("=".join((name, self.keys[name])) for name in ("alice", "bob"))
        self.assertIn("Missing       it does not matter, somebody cancels it\n", self.show("--holder", alice).stdout)
        # Of one who is no holder of the account it does not count.
        nobody = ("--holder", alice, "--holder", bob.replace("bob", "eve"))
        self.assertIn("Missing       1 approval, next from bob\n", self.show(*nobody).stdout)

    def test_without_the_key(self):
        self.orders("4.00")
        self.sign(self.alice, self.stick)
        self.write(self.stick, {**self.read(self.stick), "keys": []})
        shown = self.show(*self.names()).stdout
        self.assertIn("not verified, the key is not in the bundle", shown)
        self.assertIn("Missing       2 approvals, next from alice, bob\n", shown)

    def test_not_valid(self):
        self.orders("4.00")
        self.sign(self.alice, self.stick)
        bundle = self.read(self.stick)
        head, body, _ = bundle["decisions"][0]["decision"].split(".")
        bundle["decisions"][0]["decision"] = ".".join((head, body, "A" * 86))
        self.write(self.stick, bundle)
        done = self.show(check=False)
        self.assertIn("NOT VALID, SIGNATURE_INVALID", done.stdout)
        self.assertIn("countersign: SIGNATURE_INVALID: ", done.stderr)
        self.assertEqual(done.returncode, 1)


class Codes(Stick):
    """The same through a gap of air."""

    def scan(self, *images):
        return subprocess.run(["zbarimg", "--nodbus", "--quiet", "--raw", *images], capture_output=True, text=True, check=True,
                              timeout=120).stdout.splitlines()

    def images(self, path, *words):
        out = self.bank.path("codes-%d" % random.randrange(10**9))
        os.mkdir(out)
        self.alice.run("qr", "show", path, "-o", out, *words, check=True)
        return [os.path.join(out, name) for name in os.listdir(out)]

    def lines(self, path, *words):
        return self.alice.json("qr", "show", path, *words)["parts"]

    def assemble(self, lines, to, check=True):
        text = self.bank.path("lines.txt")
        with open(text, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        return self.away(self.alice, "qr", "read", text, "-o", to, check=check)

    def test_there_and_back_by_camera(self):
        """Scanned in any order and twice, signed, shown as codes, scanned at home, sent: paid once."""
        order, = self.orders("6.00")
        images = self.images(self.stick)
        self.assertGreater(len(images), 2)
        random.shuffle(images)
        away = self.bank.path("away.json")
        self.assemble(self.scan(*images, images[0]), away)
        self.assertEqual(self.bytes(away), self.bytes(self.stick))
        self.sign(self.alice, away)
        self.sign(self.bob, away)
        signed = self.bytes(away)
        self.assemble(self.scan(*self.images(away, "--bytes", "900")), self.stick)
        self.assertEqual(self.bytes(self.stick), signed)
        self.send(self.stick)
        self.assertEqual((self.status(order), len(self.settlements(order))), ("ACSC", 1))

    def test_on_a_terminal(self):
        """What is printed is a code that a camera reads."""
        self.orders("6.00")
        shown = self.alice.run("qr", "show", self.stick, "--bytes", "400", check=True).stdout
        codes = re.split(r"\d+ of \d+\n", shown)[:-1]
        read = [self.scan(self.picture(code, i))[0] for i, code in enumerate(codes)]
        self.assertEqual(read, self.lines(self.stick, "--bytes", "400"))

    def picture(self, code, number, scale=4):
        """The characters as a grey image: what a terminal shows of them."""
        rows = []
        for line in code.splitlines():
            self.assertTrue(line.startswith("\033[38;5;16;48;5;231m") and line.endswith("\033[0m"), line)
            cells = line[len("\033[38;5;16;48;5;231m"):-len("\033[0m")]
            rows += [[c in "\u2580\u2588" for c in cells], [c in "\u2584\u2588" for c in cells]]
        pixels = b"".join(bytes(0 if dark else 255 for dark in row for _ in range(scale)) for row in rows for _ in range(scale))
        path = self.bank.path("code-%d.pgm" % number)
        with open(path, "wb") as f:
            f.write(b"P5\n%d %d\n255\n" % (scale * len(rows[0]), scale * len(rows)) + pixels)
        return path

    def test_what_is_not_whole(self):
        first, = self.orders("6.00")
        lines = self.lines(self.stick)
        with_another = self.copy("another.json")
        path, _ = self.new("7.00", "another-order.json")
        self.carry(path, to=with_another)
        other = self.lines(with_another)
        away = self.bank.path("away.json")
        flipped = lines[1][:-1] + ("A" if lines[1][-1] != "A" else "B")
        for given, name, words in (
                (lines[:1] + lines[2:], "PARTS_MISSING", ("missing: 2",)), ([], "PARTS_MISSING", ("there is none",)),
                (lines[:2] + other[2:], "PARTS_MIXED", ()), (lines + self.lines(self.stick, "--bytes", "300"), "PARTS_MIXED", ()),
                (lines[:2] + ["https://example.org"], "PART_MALFORMED", (":3",)), ([lines[0][:-1], *lines[1:]], None, ()),
                (lines + [flipped], None, ()), ([lines[0], flipped, *lines[2:]], None, ())):
            done = self.assemble(given, away, check=False)
            self.assertNotEqual(done.returncode, 0, given)
            self.refused(done, name or re.search(r"countersign: (PARTS_DAMAGED|PART_MALFORMED): ", done.stderr)[1], 1, *words)
            self.assertFalse(os.path.exists(away))
        self.assemble(lines, away)
        self.assertEqual([o["order"]["id"] for o in self.read(away)["orders"]], [first["id"]])

    def test_limits(self):
        self.orders("6.00")
        for size in ("49", "1801", "x", "0450"):
            self.refused(self.alice.run("qr", "show", self.stick, "--bytes", size), "USAGE", 2)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
