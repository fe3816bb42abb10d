# SPDX-License-Identifier: Apache-2.0
"""What countersign says of readers, cards and tokens: real pcscd, real OpenSC, a virtual card. Runs under
with-card, one test a card."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import bank as b  # noqa: E402
from holder import Terminal  # noqa: E402
from middleware import MODULE, await_log, hang_pcscd  # noqa: E402

READER, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"
PROGRAM = os.path.join(b.BIN, "countersign")
WAIT_S = 30


class Plugged(unittest.TestCase):
    program = PROGRAM

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="countersign-test-")
        self.addCleanup(shutil.rmtree, self.directory)
        with open(self.path("lsan"), "w", encoding="ascii") as known:
            known.write("leak:opensc-pkcs11\n")  # OpenSC keeps a little for itself
        self.env = dict(os.environ, XDG_CONFIG_HOME=self.path("none"),
                        LSAN_OPTIONS="print_suppressions=0:suppressions=" + self.path("lsan"))
        with open(self.path("asan"), "w", encoding="ascii") as known:
            known.write("interceptor_via_lib:libopensc.so\n")  # 0.23 copies what it freed when it makes an OpenPGP key
        self.env["ASAN_OPTIONS"] = "suppressions=" + self.path("asan")
        self.pulls = self.plugs = 0

    def path(self, name):
        return os.path.join(self.directory, name)

    def run_tool(self, *words, module=MODULE, code=0, env=None):
        words = [*words, "--module", module] if module else words
        done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=WAIT_S,
                              env={**self.env, **(env or {})}, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def listing(self, **options):
        return json.loads(self.run_tool("token", "list", "--json", **options))

    def start(self, *words):
        tool = subprocess.Popen([PROGRAM, *words, "--module", MODULE], stdout=subprocess.PIPE, text=True, env=self.env,
                                stdin=subprocess.DEVNULL)
        self.addCleanup(tool.stdout.close)
        self.addCleanup(tool.wait, WAIT_S)
        self.addCleanup(tool.kill)
        return tool

    def pull(self):
        os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR1)
        self.pulls += 1
        await_log("REMOVED", self.pulls)

    def plug_in(self):
        os.kill(int(os.environ["CARD_PID"]), signal.SIGUSR2)
        self.plugs += 1
        await_log("READY", self.plugs + 1)

    def wrong_pin(self):
        read, write = os.pipe()
        os.write(write, b"999999\n")
        os.close(write)
        self.addCleanup(os.close, read)
        done = subprocess.run([PROGRAM, "token", "info", "--last-try", "--module", MODULE, "--pin-fd", str(read)],
                              env=self.env, pass_fds=(read,), capture_output=True, text=True, timeout=WAIT_S, check=False)
        self.assertRegex(done.stderr, "countersign: PIN_(WRONG|LOCKED): ")

    def softhsm(self):
        """A module that knows no reader, with one token."""
        path = self.path("softhsm2.conf")
        with open(path, "w", encoding="ascii") as conf:
            conf.write("directories.tokendir = %s\n" % self.directory)
        env = {**self.env, "SOFTHSM2_CONF": path}
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "soft", "--pin", "1234", "--so-pin",
                        "12345678"], env=env, check=True, capture_output=True, timeout=WAIT_S)
        return {"SOFTHSM2_CONF": path}


class ListTest(Plugged):
    def test_piv(self):
        """Readers with and without a card, and the token's keys without its PIN."""
        told = self.listing()
        self.assertTrue(told["pcscd"])
        self.assertEqual([(r["name"], r["card"]) for r in told["readers"]], [(READER, True), (SECOND, False)])
        self.assertEqual((told["readers"][0]["atr"][:4], told["readers"][0]["known"]), ("3b8b", True))
        token, = told["tokens"]
        self.assertEqual((token["reader"], token["curves"], token["derive"], token["tries"], token["keypad"]),
                         (READER, ["P-256", "P-384"], True, "ok", False))
        self.assertEqual([(k["id"], k["curve"], k["sign"], k["derive"]) for k in token["keys"]],
                         [("01", "P-384", True, False), ("02", "P-384", True, False), ("03", "P-384", False, True),
                          ("04", "P-384", True, False)])
        self.assertNotIn("alwaysAuthenticate", token["keys"][1])  # it is hidden, and nothing is guessed
        self.assertTrue(all(key["certificateEnds"].startswith("20") for key in token["keys"]))
        words = self.run_tool("token", "list")
        for line in ("reader  %s: a card\n" % READER, "reader  %s: no card\n" % SECOND,
                     "  curves     P-256, P-384\n", "  can        sign, derive\n",
                     "  key        03 KEY MAN pubkey: P-384, derives\n", "  tries left more than one"):
            self.assertIn(line, words)

    def test_openpgp(self):
        tokens = self.listing()["tokens"]
        self.assertEqual({(t["label"], key["id"], key["sign"], key["derive"]) for t in tokens for key in t["keys"]},
                         {("OpenPGP card (User PIN (sig))", "01", True, False),
                          ("OpenPGP card (User PIN)", "02", False, True),
                          ("OpenPGP card (User PIN)", "03", True, False)})
        self.assertEqual({(tuple(t["curves"]), t["generate"]) for t in tokens}, {(("P-256", "P-384", "P-521"), True)})

    def test_empty(self):
        self.assertEqual([t["keys"] for t in self.listing()["tokens"]], [[], []])
        self.assertIn("none is seen without the PIN", self.run_tool("token", "list"))

    def test_schsm(self):
        """It warns from the first wrong PIN on, and whoever has the PIN makes keys on it."""
        token, = self.listing()["tokens"]
        self.assertEqual((token["label"], token["curves"], token["derive"], token["generate"], token["tries"], token["keys"]),
                         ("SmartCard-HSM (UserPIN)", ["P-256", "P-384", "P-521"], True, True, "ok", []))
        self.assertRegex(token["serial"], r"^UTCS\d{7}$")
        for tries in ("low", "final", "locked"):
            self.wrong_pin()
            self.assertEqual(self.listing()["tokens"][0]["tries"], tries)

    def test_mute(self):
        told = self.listing()
        self.assertEqual((told["readers"][0]["card"], told["readers"][0]["answers"]), (True, False))
        self.assertIn("%s: a card that does not answer" % READER, self.run_tool("token", "list"))
        watch = self.start("token", "list", "--watch")
        self.assertEqual([watch.stdout.readline().split()[0] for _ in range(3)], ["pcscd-here", "reader-here", "card-mute"])

    def test_unknown(self):
        """A card that no module here takes, beside a token that needs no reader."""
        soft = self.softhsm()
        told = self.listing(module=b.SOFTHSM, env=soft)
        self.assertEqual([r.get("known") for r in told["readers"]], [False, None])
        self.assertEqual([t["label"] for t in told["tokens"] if t["initialized"]], ["soft"])
        self.assertIn("a card that no module here knows", self.run_tool("token", "list", module=b.SOFTHSM, env=soft))

    def test_no_pcscd(self):
        """Said once, and no error where there is a token all the same."""
        gone = {"PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm"}
        soft = {**self.softhsm(), **gone}
        told = self.listing(module=b.SOFTHSM, env=soft)
        self.assertEqual((told["pcscd"], told["readers"]), (False, []))
        words = self.run_tool("token", "list", module=b.SOFTHSM, env=soft)
        self.assertEqual(words.count("pcscd does not answer"), 1)
        self.assertIn("soft\n", words)
        refused = json.loads(self.run_tool("token", "list", "--json", code=3, env=gone))
        self.assertEqual(refused["error"], "TOKEN_NO_PCSCD")

    def test_pcscd_hangs(self):
        """Said in a line, and the tokens that need no reader are there; a module that waits for it is said to."""
        hang_pcscd(self)
        soft = self.softhsm()
        told = self.listing(module=b.SOFTHSM, env=soft)
        self.assertEqual((told["pcscd"], told["readers"]), (False, []))
        self.assertEqual([t["label"] for t in told["tokens"] if t["initialized"]], ["soft"])
        words = self.run_tool("token", "list", module=b.SOFTHSM, env=soft)
        self.assertEqual(words.count("pcscd hangs"), 1)
        self.assertIn("\n  systemctl restart pcscd.service ", words)
        self.assertIn("soft\n", words)
        refused = json.loads(self.run_tool("token", "list", "--json", code=3))
        self.assertEqual(refused["error"], "TOKEN_PCSCD_HANGS")

    def test_watch_hangs(self):
        """What was there is gone, and there again when it answers; Ctrl-C ends it at once."""
        watch = self.start("token", "list", "--watch")
        before = [watch.stdout.readline() for _ in range(5)]
        go_on = hang_pcscd(self)
        gone = [watch.stdout.readline().split()[0] for _ in range(4)]
        self.assertEqual(gone, ["pcscd-hangs", "reader-gone", "reader-gone", "token-gone"])
        go_on()
        again = [watch.stdout.readline() for _ in range(5)]
        self.assertEqual(sorted(again), sorted(before))
        hang_pcscd(self)
        self.assertEqual(watch.stdout.readline(), "pcscd-hangs   \n")
        begun = time.monotonic()
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(WAIT_S), 0)
        self.assertLess(time.monotonic() - begun, 4)

    def test_watch(self):
        """A line an event, as it happens."""
        watch = self.start("token", "list", "--watch")
        self.assertEqual([watch.stdout.readline().split()[0] for _ in range(5)],
                         ["pcscd-here", "reader-here", "card-here", "reader-here", "token-here"])
        self.pull()
        for line in ("card-gone     " + READER, "token-gone    PIV AUTH, serial "):
            self.assertIn(line, watch.stdout.readline())
        self.plug_in()
        for line in ("card-here     " + READER, "token-here    PIV AUTH, serial "):
            self.assertIn(line, watch.stdout.readline())
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(WAIT_S), 0)
        self.assertEqual(watch.stdout.read(), "")

    def test_watch_json(self):
        watch = self.start("token", "list", "--watch", "--json")
        first = [json.loads(watch.stdout.readline()) for _ in range(5)]
        self.assertEqual(first[2], {"event": "card-here", "reader": READER})
        self.assertEqual((first[4]["event"], first[4]["token"], first[4]["slot"]), ("token-here", "PIV AUTH", READER))
        self.pull()
        self.assertEqual([json.loads(watch.stdout.readline())["event"] for _ in range(2)], ["card-gone", "token-gone"])
        watch.terminate()
        self.assertEqual(watch.wait(WAIT_S), 0)

    def test_watch_page(self):
        """On a terminal the whole list, which changes in place."""
        with Terminal(["countersign", "token", "list", "--watch", "--module", MODULE], self.env, columns=80) as page:
            page.expect("Readers and tokens")
            page.expect("PIV AUTH")
            self.pull()
            page.expect("No token is plugged in.")
            self.plug_in()
            page.expect("PIV AUTH")
            page.type("q")
            self.assertEqual(page.end()[0], 0)

    def test_watch_page_quits(self):
        """Whatever it waits for: a pcscd that hangs, and a module that hangs with it."""
        for key in ("q", "\x03"):
            with Terminal(["countersign", "token", "list", "--watch", "--module", MODULE], self.env, columns=80) as page:
                page.expect("PIV AUTH")
                go_on = hang_pcscd(self)
                page.expect("pcscd hangs")
                begun = time.monotonic()
                page.type(key)
                self.assertEqual(page.end()[0], 0)
                self.assertLess(time.monotonic() - begun, 4)
                go_on()

    def test_change_pin_waits(self):
        """Pulled while both PINs are asked for, the card is waited for, and they are asked for again; sent once."""
        pin, soft = os.environ["CARD_PIN"], self.softhsm()
        with Terminal(["countersign", "token", "change-pin", "--module", MODULE], self.env) as terminal:
            for text in (pin, "654321"):
                terminal.expect(": ")
                terminal.type(text + "\n")
            terminal.expect("The same again")
            terminal.expect(": ")
            self.pull()
            while self.listing(module=b.SOFTHSM, env=soft)["readers"][0]["card"]:  # OpenSC 0.23 hangs on one that went a moment ago
                pass
            terminal.type("654321\n")
            terminal.expect("Insert your card again")
            self.plug_in()
            terminal.expect("It is there.")
            for text in (pin, "654321", "654321"):
                terminal.expect(": ")
                terminal.type(text + "\n")
            self.assertEqual(terminal.end()[0], 0)
        self.assertEqual(self.listing()["tokens"][0]["tries"], "ok")
        with Terminal(["countersign", "token", "info", "--module", MODULE], self.env) as terminal:
            terminal.expect(": ")
            terminal.type("654321\n")
            self.assertEqual(terminal.end()[0], 0)

    def test_pin(self):
        """Looking costs no try: with two wrong ones the last is still there, and said."""
        self.wrong_pin()
        self.wrong_pin()
        for _ in range(3):
            self.assertEqual(self.listing()["tokens"][0]["tries"], "final")
        self.assertIn("  tries left one; another wrong PIN locks the token\n", self.run_tool("token", "list"))


if __name__ == "__main__":
    unittest.main()
