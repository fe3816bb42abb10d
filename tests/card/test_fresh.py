# SPDX-License-Identifier: Apache-2.0
"""From an empty card to a payment: provision, enrol, approve. Runs under with-card; a PIV card gets its keys through
ykcs11 and is used through OpenSC."""
import os
import unittest

MODULE = os.environ["COUNTERSIGN_TEST_MODULE"]
os.environ["COUNTERSIGN_TEST_MODULE"] = os.path.join(os.path.dirname(MODULE), "opensc-pkcs11.so")
from test_pays import CardPays  # noqa: E402
from test_provision import MANAGEMENT_KEY, PW3  # noqa: E402


class FreshTest(CardPays):
    def provision(self, profile, secret):
        self.bank.write("asan", "interceptor_via_lib:libopensc.so\n")  # see test_list.py
        self.bank.env["ASAN_OPTIONS"] = "suppressions=" + self.bank.path("asan")
        self.bank.tool(["countersign", "token", "provision", "--profile", profile, "--so-pin-fd", "{%s}" % secret])

    def test_piv_card(self):
        self.provision("piv", MANAGEMENT_KEY)
        self.test_enrols()

    def test_openpgp_card(self):
        self.provision("openpgp", PW3)
        self.test_enrols_two_tokens()


if __name__ == "__main__":
    unittest.main()
