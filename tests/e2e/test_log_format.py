# SPDX-License-Identifier: Apache-2.0
"""What the daemons log, as JSON: every line an object, and nothing in it that is secret."""
import json
import signal
import unittest

from bank import Bank, joint, make_order
from holder import Holder

CANARY = "canary-5e7d31"
MEMBERS = {"error", "event", "fields", "level", "program", "text", "time"}


class Json(unittest.TestCase):
    def read(self, bank, name):
        with open(bank.path(name), encoding="utf-8") as f:
            return f.read()

    def test_every_line_and_no_secret(self):
        bank = Bank(bankd_settings="log_format = json\n", keeper_settings="log_format = json\n")
        bank.keeper_pin = CANARY + "-pin"
        bank.make_token()
        self.addCleanup(bank.__exit__, None, None, None)
        bank.init_keeper()
        bank.start()
        alice, bob, account, payee, policy = joint(bank, "100.00")
        order = make_order(account, payee, description=CANARY)
        alice.decide(order, policy)
        alice.call("POST", "/v1/accounts/%s/categories" % account, {"category": "x", "payee": payee}, once='"%s"' % CANARY)
        bob.post("/v1/decisions", {"decision": CANARY, "order": order})
        holder = Holder(bank, "carol", pin=CANARY[:16])
        self.addCleanup(holder.close)
        holder.keys().enrol().settings(account)
        holder.run("login", check=True)
        bank.keeper.send_signal(signal.SIGKILL)
        bank.keeper.wait()
        self.assertEqual(alice.decide(make_order(account, payee), policy).status, 503)
        bank.start_keeper()
        bank.stop_bankd()
        logs = {name: self.read(bank, name) for name in ("bankd.log", "keeper.log")}
        secrets = [CANARY, alice.session_key.thumbprint]
        events = set()
        for name, text in logs.items():
            for line in text.splitlines():
                said = json.loads(line)
                self.assertLessEqual({"event", "level", "program", "time"}, set(said))
                self.assertLessEqual(set(said), MEMBERS)
                self.assertEqual(sorted(said), list(said))
                events.add(said["event"])
            for secret in secrets:
                self.assertNotIn(secret, text, name)
        self.assertLessEqual({"bankd.ready", "bankd.unsigned", "bankd.stop"}, events)
        ready = next(json.loads(line) for line in logs["bankd.log"].splitlines() if "bankd.ready" in line)
        self.assertEqual(ready["fields"], {"bank": bank.name, "port": str(bank.port)})

    def test_why_it_ends(self):
        """Said in one of those lines, too."""
        bank = Bank(bankd_settings="log_format = json\n")
        self.addCleanup(bank.__exit__, None, None, None)
        bank.make_token()
        bank.init_keeper()
        done = bank.tool(["bankd", "--config", bank.path("bankd.conf")], check=False)
        said = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual((done.returncode, said[-1]["event"], said[-1]["error"]), (4, "program.end", "KEEPER_GONE"), said)

    def test_another_word(self):
        bank = Bank(bankd_settings="log_format = xml\n")
        self.addCleanup(bank.__exit__, None, None, None)
        bank.make_token()
        bank.init_keeper()
        done = bank.tool(["bankd", "--config", bank.path("bankd.conf"), "--check-config"], check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("log_format is neither text nor json", done.stderr)


if __name__ == "__main__":
    unittest.main(warnings="ignore")
