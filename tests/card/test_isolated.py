# SPDX-License-Identifier: Apache-2.0
"""Two tests with a card at the same time: each has a pcscd, a network and a reader of its own, and sees its own card
alone, and the machine sees none. With with-card's options as the arguments."""
import os
import subprocess
import sys
import unittest

WITH_CARD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "with-card")
OPTIONS = []
SKIPPED, WAIT_S = 77, 50
LOOK = """
import os, subprocess, sys
def look():
    print(*(os.readlink("/proc/self/ns/" + kind) for kind in ("mnt", "net")), flush=True)
    listing = subprocess.run(["pkcs11-tool", "--module", os.environ["COUNTERSIGN_TEST_MODULE"], "-L"], capture_output=True, text=True,
                             check=True).stdout
    print(*(line.split()[-1] for line in listing.splitlines() if "serial num" in line), flush=True)
look()
sys.stdin.readline()
look()
"""


def spaces():
    return [os.readlink("/proc/self/ns/" + kind) for kind in ("mnt", "net")]


class IsolatedTest(unittest.TestCase):
    def start(self):
        one = subprocess.Popen([sys.executable, WITH_CARD, *OPTIONS, "--", sys.executable, "-c", LOOK], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
        self.addCleanup(one.communicate, timeout=WAIT_S)
        return one

    def sees(self, one):
        first = one.stdout.readline()
        if first.startswith("SKIPPED"):
            print(first, end="")
            sys.exit(SKIPPED)
        return first.split(), one.stdout.readline().split()

    def test_two(self):
        pcscd = "/run/pcscd/pcscd.comm"
        before = os.path.exists(pcscd)
        both = [self.start(), self.start()]
        seen = [self.sees(one) for one in both]  # both are there now
        for (own, serials), other in zip(seen, reversed(seen)):
            self.assertEqual(len(serials), 1)
            self.assertRegex(serials[0], "^[0-9a-f]{16}$")
            self.assertNotEqual(serials, other[1])
            for mine, theirs, machine in zip(own, other[0], spaces()):
                self.assertEqual(len({mine, theirs, machine}), 3)
        self.assertEqual(os.path.exists(pcscd), before)
        for one, was in zip(both, seen):
            one.stdin.write("\n")
            one.stdin.flush()
            self.assertEqual(self.sees(one), was)
            self.assertEqual(one.wait(WAIT_S), 0)


if __name__ == "__main__":
    OPTIONS, sys.argv = sys.argv[1:], sys.argv[:1]
    unittest.main()
