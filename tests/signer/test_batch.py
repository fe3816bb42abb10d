# SPDX-License-Identifier: Apache-2.0
"""Many orders, one PIN, one signature: by files and by what waits at the bank; and one by one where the policy
wants it, going on after an interruption. Every call of the token is counted by the module before it."""
import concurrent.futures
import json
import os
import resource
import signal
import time
import unittest

from bank import Key, Session, iban, make_order
from counted import Counted
from desk import PAYEE, Desk

MANY = 40
AT_ONCE = 16  # hashes in a question to the token's helper
PIN_PROMPT = "PIN of token "


class Batch(Desk):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = Key(cls.bank.dir)
        cls.bank.add_holder("clerk", cls.clerk)
        cls.dora = Counted(cls.bank, "dora", "4321")
        cls.addClassCleanup(cls.dora.close)
        cls.dora.keys().enrol()

    NUMBER = 200

    def setUp(self):
        self.dora.rules()
        self.account = self.open()
        self.session = Session(self.bank, self.clerk)
        self.dora.settings(self.account)
        self.dora.run("login", check=True)
        self.policy = self.bank.path("policy.json")
        self.dora.run("policy", "--output", self.policy, check=True)
        self.out = self.bank.path("signed.ndjson")
        if os.path.exists(self.out):
            os.unlink(self.out)
        self.dora.signatures()

    def open(self, **members):
        Batch.NUMBER += 1
        account = iban(Batch.NUMBER)
        people = [{"class": "T", "id": "clerk"}, {"class": "A", "id": "dora"}]
        answer = self.bank.operator("POST", "/v1/accounts", {
            "account": account, "currency": "EUR", "holders": people, "title": "The firm",
            "rules": [{"anyOf": [{"signers": [{"class": "A", "count": 1}]}]}], **members})
        self.assertEqual(answer.status, 201, answer)
        answer = self.bank.operator("POST", "/v1/accounts/%s/funding" % account, {"amount": "500.00", "currency": "EUR"})
        self.assertEqual(answer.status, 201, answer)
        return account

    def orders(self, count=MANY, amount="1.00", account=None):
        return [make_order(account or self.account, PAYEE, amount, description="Bill %d" % i) for i in range(count)]

    def file(self, orders, name="orders.ndjson"):
        self.bank.write(name, "".join(json.dumps(order) + "\n" for order in orders))
        return self.bank.path(name)

    def sign(self, path, *more, **options):
        return self.dora.run("sign", "--batch", path, "--policy", self.policy, "-o", self.out, *more, **options)

    def lines(self):
        with open(self.out, encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def statuses(self, account=None):
        answer = self.bank.operator("GET", "/v1/accounts/%s/orders?limit=200" % (account or self.account))
        return sorted(order["status"] for order in answer.json["orders"])


class Files(Batch):
    def test_one_pin_one_signature(self):
        """At a terminal: the count, the total, the payees, what is signed; the PIN once."""
        path = self.file(self.orders(1000, "0.10"))
        with self.dora.terminal("sign", "--batch", path, "--policy", self.policy, "-o", self.out) as terminal:
            shown = terminal.expect(PIN_PROMPT)
            for text in ("1000 orders wait for your approval.", "Total       100.00 EUR in 1000 orders",
                         "100.00 EUR  to EDP Comercial, %s, 1000 orders" % PAYEE,
                         "I approve all payment orders of this batch.", "Orders        1000\r\n",
                         "Total         100.00 EUR"):
                self.assertIn(text, shown)
            self.assertNotIn("I approve this payment order", shown)
            self.assertIn("approve these 1000 orders", terminal.expect(": "))
            terminal.type("4321\n")
            code, rest = terminal.end()
        self.assertEqual((code, rest.count(PIN_PROMPT)), (0, 0), rest)
        self.assertEqual(self.dora.signatures(), 1)
        lines = self.lines()
        self.assertEqual((len(lines), len({line["decision"] for line in lines})), (1000, 1))
        self.assertEqual([line["inclusion"]["index"] for line in lines], list(range(1000)))
        some = self.file(lines[::25], "some.ndjson")
        done = self.dora.run("send", some, "--json", check=True)
        self.assertEqual([json.loads(line)["status"] for line in done.stdout.splitlines()], ["ACSC"] * 40)
        self.assertEqual(self.available(self.account), "496.00")
        self.assertEqual(self.dora.signatures(), 0)

    def test_evidence_stands_alone(self):
        orders = self.orders(3)
        self.sign(self.file(orders), check=True)
        self.dora.run("send", self.out, check=True)
        evidence = self.bank.path("evidence.json")
        self.dora.run("order", "evidence", orders[1]["id"], "-o", evidence, check=True)
        with open(evidence, encoding="utf-8") as f:
            text = f.read()
        for other in (orders[0], orders[2]):
            self.assertNotIn(other["id"], text)
        done = self.bank.tool(["countersign-verify", "evidence", "--bank-key", self.bank.pin, evidence])
        self.assertIn("by one signature for 3 orders with key", done.stdout)
        shown = self.bank.ctl("order", "show", orders[1]["id"], "--account", self.account).stdout
        self.assertIn("I approve all payment orders of this batch.", shown)
        self.assertIn("the signatures are good", shown)

    def test_each_line_alone(self):
        """In any order, each is taken or refused by itself, and the first answer stays the answer."""
        orders = self.orders(3, "200.00")
        self.sign(self.file(orders), check=True)
        lines = self.lines()
        self.bank.write("mixed.ndjson", "".join(json.dumps(line) + "\n" for line in (
            lines[2], lines[0], lines[1], lines[2], {**lines[0], "order": lines[1]["order"]},
            {**lines[0], "inclusion": lines[1]["inclusion"]})))
        done = self.dora.run("send", self.bank.path("mixed.ndjson"), "--json")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([t.get("status") or t["error"] for t in told], [
            "ACSC", "ACSC", "FUNDS_INSUFFICIENT", "ACSC", "BATCH_PROOF_INVALID", "BATCH_PROOF_INVALID",
            "FUNDS_INSUFFICIENT"], done.stdout)  # the last is of all together
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.available(self.account), "100.00")

    def test_a_directory(self):
        directory = self.bank.path("orders.d")
        os.makedirs(directory, exist_ok=True)
        orders = self.orders(3)
        for i, order in enumerate(orders):
            with open(os.path.join(directory, "%d.json" % i), "w", encoding="utf-8") as f:
                json.dump(order, f, indent=2)
        with open(os.path.join(directory, "notes.txt"), "w", encoding="utf-8") as f:
            f.write("no order\n")
        done = self.sign(directory, "--json", check=True)
        self.assertEqual(json.loads(done.stdout), {"before": 0, "orders": 3, "output": self.out, "signatures": 1})
        self.assertEqual([line["order"] for line in self.lines()], orders)

    def test_what_is_signed_already(self):
        """The same again signs nothing; more orders are one signature more, and the old lines stay."""
        orders = self.orders(5)
        self.sign(self.file(orders[:3]), check=True)
        first = self.lines()
        done = self.sign(self.file(orders[:3]), "--json", check=True)
        self.assertEqual(json.loads(done.stdout), {"before": 3, "orders": 0, "output": self.out, "signatures": 0})
        self.assertEqual((self.dora.signatures(), self.lines()), (1, first))
        self.sign(self.file(orders), check=True)
        self.assertEqual((self.dora.signatures(), self.lines()[:3], len(self.lines())), (1, first, 5))
        self.dora.run("send", self.out, check=True)
        self.assertEqual(self.statuses(), ["ACSC"] * 5)

    def test_what_sign_writes_send_reads(self):
        """A file of many long lines is larger than one would think."""
        self.sign(self.file(self.orders(2)), check=True)
        with open(self.out, "a", encoding="utf-8") as f:
            f.write("\n" * (32 << 20))
        self.dora.run("send", self.out, check=True)
        self.assertEqual(self.statuses(), ["ACSC"] * 2)

    def test_no_other_file_is_written_to(self):
        path = self.file(self.orders(2))
        for text, name in (("dear diary\n", "JSON_SYNTAX"), ("dear diary", "DOC_TYPE"),
                           (json.dumps(self.orders(1)[0]) + "\n", "DOC_MEMBER_UNKNOWN")):
            self.bank.write("signed.ndjson", text)
            self.refused(self.sign(path), name, 1)
            with open(self.out, encoding="utf-8") as f:
                self.assertEqual(f.read(), text)
        os.unlink(self.out)
        self.alice.settings(self.account)
        self.alice.run("sign", "--batch", path, "--policy", self.policy, "-o", self.out, check=True)
        more = self.file([*(line["order"] for line in self.lines()), *self.orders(1)])
        self.refused(self.sign(more), "KEY_UNKNOWN", 1, ":1")
        self.assertEqual(self.dora.signatures(), 0)

    def test_an_order_that_was_changed_after_it_was_signed(self):
        """Both would go to the bank, and the one that nobody wants any more comes first."""
        first, second = self.orders(2)
        self.sign(self.file([first, second]), check=True)
        before = self.lines()
        self.dora.signatures()
        changed = {**first, "amount": "0.10"}
        self.refused(self.sign(self.file([second, changed, *self.orders(1)])), "ORDER_ID_TAKEN", 1, first["id"])
        self.assertEqual((self.dora.signatures(), self.lines()), (0, before))
        os.unlink(self.out)
        self.sign(self.file([second, changed]), check=True)
        self.assertEqual([line["order"] for line in self.lines()], [second, changed])

    def test_nothing_left_is_verified_all_the_same(self):
        """Whoever writes the file cannot have it told that she signed."""
        orders = self.orders(3)
        path = self.file(orders)
        self.alice.settings(self.account)
        self.alice.run("sign", "--batch", path, "--policy", self.policy, "-o", self.out, check=True)
        self.refused(self.sign(path), "KEY_UNKNOWN", 1, ":1")
        for line in ("x", self.lines()[0]["decision"]):
            self.bank.write("signed.ndjson",
                            "".join(json.dumps({"decision": line, "order": order}) + "\n" for order in orders))
            self.assertNotEqual(self.sign(path).returncode, 0)
        self.assertEqual(self.dora.signatures(), 0)

    def test_refused_before_the_pin(self):
        orders = self.orders(2)
        dollars, = self.orders(1)
        old = make_order(self.account, PAYEE, "1.00", now=int(time.time()) - 7200, lifetime=3600)
        cases = ((orders + orders[:1], "ORDER_ID_TAKEN", orders[0]["id"]),
                 (self.orders(1, account=PAYEE), "ACCOUNT_MISMATCH", self.account),
                 ([{**orders[0], "amount": "1.0"}], "AMOUNT_INVALID", ":1"),
                 (orders + [{**dollars, "currency": "USD"}], "CURRENCY_MISMATCH", "order %s is in USD" % dollars["id"]),
                 ([old], "NOT_FOUND", "Order %s expired: it is left out." % old["id"]),
                 ([], "NOT_FOUND", "no order"))
        for wrong, name, word in cases:
            self.refused(self.sign(self.file(wrong)), name, 1, word)
        self.refused(self.sign(self.bank.path("nowhere")), "FILE_NOT_FOUND", 4, "nowhere")
        good = self.file(orders)
        for more in (("--decision", "reject"), ("--order", orders[0]["id"])):
            self.refused(self.sign(good, *more), "USAGE", 2)
        self.refused(self.dora.run("sign", "--batch", good), "USAGE", 2)
        self.assertFalse(os.path.exists(self.out))
        self.assertEqual(self.dora.signatures(), 0)

    def test_expired_orders_are_left_out(self):
        """Neither signed, nor counted, nor in the total."""
        orders = self.orders(2)
        old = make_order(self.account, PAYEE, "7.00", now=int(time.time()) - 7200, lifetime=3600)
        done = self.sign(self.file([old, *orders]), check=True)
        for text in ("Order %s expired: it is left out." % old["id"], "2 orders wait for your approval.",
                     "Total         2.00 EUR"):
            self.assertIn(text, done.stderr)
        self.assertEqual([line["order"] for line in self.lines()], orders)

    def test_a_directory_of_files_only(self):
        """What is no file is not waited for."""
        directory = self.bank.path("pipes.d")
        os.makedirs(directory)
        os.mkfifo(os.path.join(directory, "x.json"))
        self.refused(self.sign(directory), "DOC_TYPE", 1, "x.json is no file")

    def test_two_at_once(self):
        """While one is asked for the PIN another writes the file: what that wrote stays."""
        orders = self.orders(4)
        first, second = self.file(orders[:2], "first.ndjson"), self.file(orders[2:], "second.ndjson")
        with self.dora.terminal("sign", "--batch", first, "--policy", self.policy, "-o", self.out) as terminal:
            terminal.expect(PIN_PROMPT)
            self.sign(second, check=True)
            terminal.type("4321\n")
            code, rest = terminal.end()
        self.assertEqual(code, 4, rest)
        self.assertIn("was written to meanwhile", rest)
        self.assertEqual([line["order"] for line in self.lines()], orders[2:])
        self.sign(first, check=True)
        self.assertEqual([line["order"] for line in self.lines()], orders[2:] + orders[:2])

    def test_no_half_document(self):
        """The one signature fails: what was there stays as it was, and there is nothing new."""
        orders = self.orders(4)
        self.dora.rules("C_Sign 1 0x68")
        self.assertEqual(self.sign(self.file(orders)).returncode, 3)
        self.assertFalse(os.path.exists(self.out))
        self.dora.rules()
        self.sign(self.file(orders[:2]), check=True)
        before = self.lines()
        self.dora.rules("C_Sign 1 0x68")
        self.assertEqual(self.sign(self.file(orders)).returncode, 3)
        self.assertEqual(self.lines(), before)

    def test_long_before_sending(self):
        """With a challenge of the bank, as of a single order."""
        thumbprint = next(key["thumbprint"] for key in self.dora.json("token", "info") if "thumbprint" in key)
        challenge = self.dora.run("challenge", thumbprint, check=True).stdout.strip()
        self.dora.signatures()
        self.sign(self.file(self.orders(2)), "--challenge", challenge, check=True)
        self.assertEqual(self.dora.signatures(), 1)
        self.dora.run("send", self.out, check=True)
        self.assertEqual(self.statuses(), ["ACSC"] * 2)


class Singly(Batch):
    """Under a policy that wants it so."""

    def setUp(self):
        super().setUp()
        self.account = self.open(signatures="single")
        self.dora.settings(self.account)
        self.dora.run("policy", "--output", self.policy, check=True)
        self.dora.signatures()

    def test_one_by_one(self):
        done = self.sign(self.file(self.orders()), "--json", check=True)
        self.assertEqual(json.loads(done.stdout), {"before": 0, "orders": MANY, "output": self.out, "signatures": MANY})
        self.assertIn("%d signatures, one for each order: the policy wants it so." % MANY, done.stderr)
        self.assertNotIn("of this batch", done.stderr)
        self.assertEqual((self.dora.signatures(), len({line["decision"] for line in self.lines()})), (MANY, MANY))
        self.dora.run("send", self.out, check=True)
        self.assertEqual(self.statuses(), ["ACSC"] * MANY)

    def test_goes_on_after_a_failure(self):
        """The token fails in the middle of a handful; what was signed before is kept, the next run signs the rest,
        and no order twice."""
        path = self.file(self.orders())
        self.dora.rules(*("C_Sign %d 0x68" % i for i in range(11, 21)))
        failed = self.sign(path)
        self.assertEqual(failed.returncode, 3, failed.stderr)
        self.assertTrue(os.path.exists(self.out), failed.stderr)
        before = self.lines()
        self.assertEqual(len(before), 10)
        with open(self.out, "a", encoding="utf-8") as f:
            f.write('{"decision":"half a li')
        self.dora.rules()
        self.dora.signatures()
        done = self.sign(path, "--json", check=True)
        self.assertEqual(json.loads(done.stdout)["before"], len(before))
        self.assertEqual(self.dora.signatures(), MANY - len(before))
        lines = self.lines()
        self.assertEqual((lines[:len(before)], len({line["order"]["id"] for line in lines}), len(lines)),
                         (before, MANY, MANY))
        self.dora.run("send", self.out, check=True)
        self.assertEqual(self.statuses(), ["ACSC"] * MANY)

    def begun(self, path, *more):
        """At a terminal, with the PIN typed."""
        terminal = self.dora.terminal("sign", "--batch", path, "--policy", self.policy, "-o", self.out, *more)
        terminal.expect(PIN_PROMPT)
        terminal.expect(": ")
        terminal.type("4321\n")
        return terminal

    def whole(self, before):
        """What was there stays as it was; each order is there once."""
        lines = self.lines()
        self.assertEqual((lines[:len(before)], len({line["order"]["id"] for line in lines}), len(lines)),
                         (before, MANY, MANY))

    def test_pulled_in_the_middle(self):
        """While two threads sign: it says so once, asks for the PIN again, and what is left is signed, nothing twice."""
        path = self.file(self.orders())
        self.dora.rules(*("C_Sign %d 0x32" % call for call in range(11, 31)))  # removed
        with self.begun(path) as terminal:
            terminal.expect("The token was pulled; nothing was signed with it since. Insert your card again")
            before = self.lines_whole()
            self.assertEqual(len(before), self.dora.made())
            self.assertIn("approve these 40 orders", terminal.expect("It is there.") + terminal.expect(PIN_PROMPT) +
                          terminal.expect(": "))
            self.dora.rules()
            terminal.type("4321\n")
            code, rest = terminal.end()
        self.assertEqual((code, rest.count("Insert")), (0, 0), rest)
        self.assertEqual((len(before), self.dora.made()), (10, MANY))
        self.whole(before)
        self.dora.run("send", self.out, check=True)
        self.assertEqual(self.statuses(), ["ACSC"] * MANY)

    def test_says_pulled_and_is_there(self):
        """Whatever it says, one that nobody ever saw gone is waited for once; here, and where one signature is for all."""
        self.dora.rules("C_Sign * 0x32")
        for members in ({"signatures": "single"}, {}):
            self.account = self.open(**members)
            self.dora.settings(self.account).run("policy", "--output", self.policy, check=True)
            with self.subTest(members), self.begun(self.file(self.orders())) as terminal:
                for text in ("Insert your card again", "It is there.", PIN_PROMPT, ": "):
                    terminal.expect(text)
                terminal.type("4321\n")
                code, rest = terminal.end(never=PIN_PROMPT)
                self.assertEqual((code, rest.count("Insert"), self.dora.made()), (3, 0, 0), rest)
                self.assertIn("countersign: TOKEN_REMOVED: ", rest)

    def test_says_pulled_at_the_pin_and_is_there(self):
        """It may have taken that for a wrong one."""
        self.dora.rules("C_Login * 0x32")
        with self.begun(self.file(self.orders())) as terminal:
            code, rest = terminal.end(never=PIN_PROMPT)
        self.assertEqual((code, self.dora.calls("C_Login")), (3, 1), rest)
        self.assertIn("countersign: TOKEN_REMOVED: ", rest)

    def test_pulled_and_nobody_waits(self):
        path = self.file(self.orders())
        self.dora.rules(*("C_Sign %d 0x32" % call for call in range(11, 31)))
        failed = self.sign(path)
        self.refused(failed, "TOKEN_REMOVED", 3)
        self.assertNotIn("Insert your card", failed.stderr)
        before = self.lines_whole()
        self.assertEqual((len(before), self.dora.made()), (10, 10))
        self.dora.rules()
        done = self.sign(path, "--json", check=True)
        self.assertEqual((json.loads(done.stdout)["before"], self.dora.made()), (10, MANY))
        self.whole(before)

    def test_by_a_kept_token(self):
        self.dora.run("session", "start", check=True)
        self.addCleanup(self.dora.run, "session", "stop", check=True)
        self.dora.signatures()
        path = self.file(self.orders())
        done = self.bank.tool(self.dora.words("sign", "--batch", path, "--policy", self.policy, "-o", self.out, "--yes"),
                              check=False, env=self.dora.env)
        self.assertEqual((done.returncode, self.dora.calls("C_Login"), self.dora.made()), (0, 0, MANY), done.stderr)
        self.whole([])

    def test_crashes_in_the_middle(self):
        """What was answered before is written, and signed no second time. The other session may have made one by then
        that the helper took along."""
        path = self.file(self.orders())
        self.dora.rules("C_Sign 14 crash")
        self.refused(self.sign(path), "TOKEN_CRASHED", 3)
        before, made = self.lines_whole(), self.dora.made()
        self.assertIn(made - len(before), (0, 1))
        self.assertGreater(len(before), 10)
        self.dora.rules()
        self.sign(path, check=True)
        self.assertEqual(self.dora.made() - made, MANY - len(before))
        self.whole(before)

    def test_no_room_in_the_middle(self):
        """Of a line that is not written whole nothing comes behind it, and the next run goes on before it."""
        orders = self.orders()
        self.sign(self.file(orders[:1]), check=True)
        room = os.path.getsize(self.out) * 21 // 2
        path = self.file(orders)
        words = self.dora.words("sign", "--batch", path, "--policy", self.policy, "-o", self.out, "--pin-fd", "{4321}")
        failed = self.bank.tool(words, check=False, env=self.dora.env, restore_signals=False,  # without SIGXFSZ
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))
        self.refused(failed, "IO", 4, self.out)
        before = self.lines_whole()
        self.assertEqual((len(before), os.path.getsize(self.out)), (10, room))
        self.sign(path, check=True)
        self.whole(before)

    def test_no_room_and_no_token(self):
        """A token that is gone for one thread is not waited for when another has nowhere to write to."""
        orders = self.orders()
        self.sign(self.file(orders[:1]), check=True)
        self.dora.signatures()
        room = os.path.getsize(self.out) * 21 // 2
        words = self.dora.words("sign", "--batch", self.file(orders), "--policy", self.policy, "-o", self.out, "--pin-fd", "{4321}")
        self.dora.rules("C_Sign 1 hang", "C_Sign 2 0x03")  # one waits; for the other the token's slot is no more
        def run():
            return self.bank.tool(words, check=False, env=self.dora.env, restore_signals=False,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            running = pool.submit(run)
            deadline = time.monotonic() + 60
            while not self.dora.calls("C_Sign", "0x3"):
                self.assertLess(time.monotonic(), deadline)
            self.dora.rules()
            failed = running.result()
        self.refused(failed, "IO", 4, self.out)
        self.assertEqual((len(self.lines_whole()), self.dora.calls("C_Login")), (10, 1))

    def test_hangs_in_the_middle(self):
        """Both sessions do, each with a handful: the deadline ends it, under its own name."""
        path = self.file(self.orders())
        self.dora.settings(self.account, token_deadline=2)
        self.dora.rules("C_Sign 14 hang", "C_Sign 15 hang")
        self.refused(self.sign(path), "TOKEN_HANGS", 3)
        before = self.lines_whole()
        self.assertEqual((len(before), self.dora.made()), (13, 13))
        self.dora.rules()
        self.sign(path, check=True)
        self.assertEqual(self.dora.made(), MANY)
        self.whole(before)

    def test_killed_in_the_middle(self):
        """One signature hangs; the token's other session goes on meanwhile, and what is there by then is kept."""
        path = self.file(self.orders())
        self.dora.rules("C_Sign 15 hang")
        with self.begun(path) as terminal:
            deadline = time.monotonic() + 60
            while not os.path.exists(self.out) or len(self.lines_whole()) < MANY - AT_ONCE:
                self.assertLess(time.monotonic(), deadline, "one at a time")
            self.refused(self.sign(path), "IO", 4, "was written to meanwhile")  # no second run adds to it
            os.kill(terminal.pid, signal.SIGKILL)
            terminal.end()
        before = self.lines_whole()
        self.dora.rules()
        done = self.sign(path, "--json", check=True)
        self.assertEqual(json.loads(done.stdout)["before"], len(before))
        self.assertTrue(MANY - AT_ONCE <= len(before) < MANY, len(before))
        self.whole(before)

    def lines_whole(self):
        with open(self.out, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    def test_the_bank_takes_no_batch(self):
        """Whoever signs one all the same is refused: the verifier asks the policy."""
        with open(self.policy, encoding="utf-8") as f:
            policy = json.load(f)
        del policy["signatures"]
        self.bank.write("lenient.json", json.dumps(policy))
        self.dora.run("sign", "--batch", self.file(self.orders(2)), "--policy", self.bank.path("lenient.json"),
                      "-o", self.out, check=True)
        done = self.dora.run("send", self.out, "--json")
        self.assertEqual([json.loads(line)["error"] for line in done.stdout.splitlines()], ["POLICY_STALE"] * 3)  # and all in all


class Waiting(Batch):
    def hand_in(self, account=None, count=3, **members):
        account = account or self.account
        policy = self.session.get("/v1/accounts/%s/policy" % account).json["policy"]
        orders = [make_order(account, PAYEE, "2.00", **members) for _ in range(count)]
        for order in orders:
            self.assertEqual(self.session.decide(order, policy, "submit").json.get("status"), "ACTC")
        return orders

    def approve(self, *more, **options):
        return self.dora.run("approve", "--all-waiting", "--batch", *more, **options)

    def test_one_signature(self):
        orders = self.hand_in()
        done = self.approve("--json", check=True)
        self.assertEqual([(t["order"]["id"], t["status"]) for t in map(json.loads, done.stdout.splitlines())],
                         [(order["id"], "ACSC") for order in orders])
        self.assertEqual(self.dora.signatures(), 1)
        for text in ("3 orders wait for your approval.", "Total         6.00 EUR in 3 orders",
                     "I approve all payment orders of this batch.", "WARNING: the account never paid this payee before"):
            self.assertIn(text, done.stderr)
        view = self.bank.operator("GET", "/v1/accounts/%s/orders/%s" % (self.account, orders[0]["id"])).json
        self.assertIsInstance(view["decisions"][1]["batch"], int)
        self.assertNotIn("batch", view["decisions"][0])
        shown = self.dora.run("order", "status", orders[0]["id"], check=True).stdout
        self.assertEqual(shown.count(", in a batch\n"), 1, shown)

    def test_several_accounts(self):
        """One signature for each that lets it, and one an order where the policy wants it so."""
        other, single = self.open(), self.open(signatures="single")
        for account, count in ((self.account, 3), (other, 2), (single, 2)):
            self.hand_in(account, count)
        done = self.approve(check=True)
        self.assertEqual(self.dora.signatures(), 1 + 1 + 2)
        self.assertIn("2 orders are signed by themselves", done.stderr)
        for account, count in ((self.account, 3), (other, 2), (single, 2)):
            self.assertEqual(self.statuses(account), ["ACSC"] * count)
        self.assertIn("Nothing waits for your approval.", self.approve(check=True).stderr)

    def test_without_a_session(self):
        """One PIN for login and batch, and a question of its own for what was shown."""
        self.hand_in()
        self.dora.run("logout", check=True)
        self.dora.signatures()
        with self.dora.terminal("approve", "--all-waiting", "--batch", "--logout") as terminal:
            terminal.expect(PIN_PROMPT)
            terminal.type("4321\n")
            self.assertIn("of this batch", terminal.expect("[y/N]"))
            terminal.type("y\n")
            code, rest = terminal.end()
        self.assertEqual((code, rest.count(PIN_PROMPT)), (0, 0), rest)
        self.assertEqual(self.dora.signatures(), 2)  # the login's and the batch's
        self.assertEqual(self.statuses(), ["ACSC"] * 3)

    def test_one_is_gone_meanwhile(self):
        orders = self.hand_in()
        policy = self.session.get("/v1/accounts/%s/policy" % self.account).json["policy"]
        with self.dora.terminal("approve", "--all-waiting", "--batch") as terminal:
            terminal.expect(PIN_PROMPT)
            self.assertEqual(self.session.decide(orders[1], policy, "cancel").json["status"], "CANC")
            terminal.expect(": ")
            terminal.type("4321\n")
            code, rest = terminal.end()
        self.assertEqual(code, 1, rest)
        self.assertIn("the bank refused 1 of 3", rest)
        self.assertEqual(self.statuses(), ["ACSC", "ACSC", "CANC"])

    def test_usage(self):
        for words in (("approve", "--batch"), ("approve", "x.json", "--batch"),
                      ("sign", "x.json", "--show", "--policy", "y.json", "--decision", "approve")):
            self.refused(self.dora.run(*words), "USAGE", 2)


if __name__ == "__main__":
    unittest.main()
