# SPDX-License-Identifier: Apache-2.0
"""What the programs that judge and keep the books do not carry: PKCS#11, smartcards, an HTTP client. And
how bankd runs."""
import os
import re
import subprocess
import unittest

from bank import BIN, SOFTHSM, Bank, Key

FORBIDDEN = ("p11", "pcsc", "curl")  # libp11, libp11-kit, libpcsclite, libcurl


def needed(program):
    out = subprocess.run(["readelf", "--dynamic", os.path.join(BIN, program)], check=True, capture_output=True,
                         text=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*?)\]", out)


def mapped(process):
    with open("/proc/%d/maps" % process.pid, encoding="utf-8") as f:
        return {line.split(None, 5)[5].rstrip("\n") for line in f if "/" in line}


class Needed(unittest.TestCase):
    def test_no_direct_entry(self):
        for program in ("bankd", "countersign-verify"):
            libraries = needed(program)
            self.assertTrue([name for name in libraries if name.startswith("libcrypto.")], program)
            self.assertFalse([name for name in libraries if any(word in name for word in FORBIDDEN)], program)

    def test_the_words_find_what_others_need(self):
        self.assertTrue([name for name in needed("bankd-keeper") if "p11" in name])
        self.assertTrue([name for name in needed("bankctl") if "curl" in name])

    @unittest.skipIf(os.geteuid() != 0, "SKIPPED: only root may look into these programs")
    def test_a_running_bankd_maps_no_module(self):
        """After it talked to its keeper, which does."""
        with Bank() as bank:
            self.assertEqual(bank.add_holder("alice", Key(bank.dir)).status, 201)
            module = os.path.basename(SOFTHSM)
            self.assertTrue([path for path in mapped(bank.keeper) if path.endswith("/" + module)])
            files = [os.path.basename(path) for path in mapped(bank.bankd)]
            self.assertIn("bankd", files)
            self.assertFalse([name for name in files if name == module or any(word in name for word in FORBIDDEN)])

    @unittest.skipIf(os.geteuid() != 0, "SKIPPED: only root may look into these programs")
    def test_a_running_bankd_asked_for_huge_pages(self):
        with Bank() as bank, open("/proc/%d/environ" % bank.bankd.pid, encoding="utf-8") as f:
            self.assertIn("glibc.malloc.hugetlb=1", f.read())
            with open("/proc/%d/comm" % bank.bankd.pid, encoding="utf-8") as name:
                self.assertEqual(name.read(), "bankd\n")


if __name__ == "__main__":
    unittest.main()
