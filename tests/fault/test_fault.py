# SPDX-License-Identifier: Apache-2.0
"""The fault module before SoftHSM2, driven by pkcs11-tool and, where calls are counted within one
process, through ctypes. Usage: test_fault.py MODULE"""

import ctypes
import glob
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

PIN, WRONG_PIN, SO_PIN = "123456", "999999", "87654321"
DIGEST = hashlib.sha256(b"an order").digest()
TOOL_S = 30
CKR_DEVICE_ERROR = 0x30


def find_softhsm():
    for pattern in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so",
                    "/usr/lib*/pkcs11/libsofthsm2.so"):
        for path in sorted(glob.glob(pattern)):
            return path
    raise AssertionError("no SoftHSM2 module (package softhsm2)")


class FunctionList(ctypes.Structure):
    """The first three of CK_FUNCTION_LIST: C_Initialize, C_Finalize, C_GetInfo."""
    _fields_ = [("version", ctypes.c_ubyte * 2),
                ("function", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p) * 3)]


class FaultTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One key, made once; each test works on a copy of the token."""
        cls.made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.made.cleanup)
        tokens = os.path.join(cls.made.name, "tokens")
        os.mkdir(tokens)
        environment = cls.environment_for(cls.made.name)
        for command in (
                ["softhsm2-util", "--init-token", "--free", "--label", "t", "--pin", PIN,
                 "--so-pin", SO_PIN],
                ["pkcs11-tool", "--module", find_softhsm(), "--login", "--pin", PIN,
                 "--keypairgen", "--key-type", "EC:prime256v1", "--id", "01"],
                ["pkcs11-tool", "--module", find_softhsm(), "-r", "--type", "pubkey", "--id", "01",
                 "-o", os.path.join(cls.made.name, "public.der")]):
            subprocess.run(command, env=environment, check=True, capture_output=True,
                           timeout=TOOL_S)

    @staticmethod
    def environment_for(directory):
        configuration = os.path.join(directory, "softhsm2.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(f"directories.tokendir = {directory}/tokens\nobjectstore.backend = file\n")
        return dict(os.environ, SOFTHSM2_CONF=configuration, FAULT_MODULE=find_softhsm(),
                    FAULT_CONTROL=os.path.join(directory, "control"))

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        shutil.copytree(os.path.join(self.made.name, "tokens"), self.path("tokens"))
        self.environment = self.environment_for(self.directory)
        with open(self.path("digest"), "wb") as file:
            file.write(DIGEST)

    def path(self, name):
        return os.path.join(self.directory, name)

    def control(self, *lines):
        with open(self.path("new"), "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))
        os.rename(self.path("new"), self.path("control"))

    def start(self, *arguments):
        return subprocess.Popen(["pkcs11-tool", "--module", MODULE, *arguments],
                                env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def pkcs11(self, *arguments):
        """Exit status and everything printed."""
        with self.start(*arguments) as tool:
            output = tool.communicate(timeout=TOOL_S)[0]
        return tool.returncode, output

    def sign_arguments(self, *login):
        return ("--sign", "-m", "ECDSA", "--id", "01", "--login", *login, "-i",
                self.path("digest"), "-o", self.path("signature"), "--signature-format", "openssl")

    def sign(self, pin=PIN):
        return self.pkcs11(*self.sign_arguments("--pin", pin))

    def signature_is_good(self):
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey",
             os.path.join(self.made.name, "public.der"), "-sigfile", self.path("signature"),
             "-in", self.path("digest")], capture_output=True, timeout=TOOL_S).returncode == 0

    def refused(self, result, name):
        self.assertNotEqual(result[0], 0, result[1])
        self.assertIn(name, result[1])

    def signs(self):
        status, output = self.sign()
        self.assertEqual(status, 0, output)
        self.assertTrue(self.signature_is_good())

    def test_without_rules(self):
        self.signs()
        self.control("# nothing", "")
        self.signs()

    def test_error(self):
        self.control("C_SignInit * 0x32")
        self.refused(self.sign(), "CKR_DEVICE_REMOVED")
        self.control("C_SignInit 2 0x32", "C_OpenSession 1 0xe0 # no token")
        self.refused(self.sign(), "CKR_TOKEN_NOT_PRESENT")
        self.assertFalse(os.path.exists(self.path("signature")))

    def test_failed_sign_ends_operation(self):
        """pkcs11-tool begins anew in parts when C_Sign fails, and may."""
        self.control("C_Sign 1 0x30", "C_SignUpdate 1 0x32")
        self.refused(self.sign(), "C_SignUpdate failed: rv = CKR_DEVICE_REMOVED")

    def test_flip(self):
        self.control("C_Sign * flip")
        status, output = self.sign()
        self.assertEqual(status, 0, output)
        self.assertFalse(self.signature_is_good())

    def test_hang(self):
        self.control("C_Sign 1 hang")
        with self.start(*self.sign_arguments("--pin", PIN)) as tool:
            self.addCleanup(tool.kill)
            for line in tool.stdout:
                if line == "fault module: C_Sign hangs\n":
                    break
            self.assertIsNone(tool.poll())
            self.control("# go on")
            tool.communicate(timeout=TOOL_S)
        self.assertEqual(tool.returncode, 0)
        self.assertTrue(self.signature_is_good())

    def test_crash(self):
        self.control("C_Sign 1 crash")
        self.assertEqual(self.sign()[0], -signal.SIGABRT)

    def test_rule_not_understood(self):
        for rule in ("C_Sing 1 hang", "C_Sign 0 hang", "C_Sign 1 0", "C_Sign 1 0x32x", "C_Sign -1 5",
                     "C_Sign 1 stop", "C_Sign 1", "C_Sign 1 hang now", "C_Login 1 flip", "tries",
                     "tries 0", "tries 3 4", "pinpad 1", "trace 1"):
            self.control(rule)
            status, output = self.pkcs11("-L")
            self.assertEqual(status, -signal.SIGABRT, rule)
            self.assertIn("fault module: ", output)

    def test_trace(self):
        """Of every process, also of a call that ends one."""
        self.control("C_Sign 1 crash", "trace")
        self.sign(WRONG_PIN)
        self.sign()
        with open(self.path("control.trace"), encoding="ascii") as file:
            calls = file.read().split("\n")
        self.assertEqual([call for call in calls if call.startswith(("C_Login ", "C_Sign "))],
                         ["C_Login 0xa0", "C_Login 0x0", "C_Sign crash"])
        self.control()
        self.signs()
        with open(self.path("control.trace"), encoding="ascii") as file:
            self.assertEqual(file.read().split("\n"), calls)

    def token_flags(self):
        listing = self.pkcs11("-L")[1]
        names = ("user PIN count low", "final user PIN try", "user PIN locked", "PIN pad present")
        return [name for name in names if name in listing]

    def test_tries(self):
        low, final, locked = "user PIN count low", "final user PIN try", "user PIN locked"
        self.control("tries 3")
        self.assertEqual(self.token_flags(), [])
        self.refused(self.sign(WRONG_PIN), "CKR_PIN_INCORRECT")
        self.assertEqual(self.token_flags(), [low])
        self.signs()
        self.assertEqual(self.token_flags(), [])
        for flags in ([low], [low, final], [low, locked]):
            self.refused(self.sign(WRONG_PIN), "CKR_PIN_INCORRECT")
            self.assertEqual(self.token_flags(), flags)
        self.refused(self.sign(), "CKR_PIN_LOCKED")
        os.unlink(self.path("control.failures"))
        self.signs()

    def test_keypad(self):
        self.control("keypad " + PIN)
        self.assertEqual(self.token_flags(), ["PIN pad present"])
        status, output = self.pkcs11(*self.sign_arguments())
        self.assertEqual(status, 0, output)
        self.assertTrue(self.signature_is_good())
        self.control("keypad " + WRONG_PIN)
        self.refused(self.pkcs11(*self.sign_arguments()), "CKR_PIN_INCORRECT")
        self.control("keypad cancel")
        self.refused(self.pkcs11(*self.sign_arguments()), "CKR_FUNCTION_CANCELED")

    def test_counts_calls(self):
        """The n-th call alone fails, and a changed file starts the count anew."""
        os.environ.update(self.environment)
        module = ctypes.CDLL(MODULE)
        functions = ctypes.POINTER(FunctionList)()
        self.assertEqual(module.C_GetFunctionList(ctypes.byref(functions)), 0)
        initialize, finalize, get_info = functions.contents.function
        information = ctypes.create_string_buffer(512)

        def call(times):
            return [get_info(information) for _ in range(times)]

        self.assertEqual(initialize(None), 0)
        self.addCleanup(finalize, None)
        self.control("C_GetInfo 2 0x30")
        self.assertEqual(call(4), [0, CKR_DEVICE_ERROR, 0, 0])
        self.control("C_GetInfo 2 0x30 # again")
        self.assertEqual(call(3), [0, CKR_DEVICE_ERROR, 0])
        self.control("C_GetInfo * 0x30")
        self.assertEqual(call(2), [CKR_DEVICE_ERROR] * 2)
        os.unlink(self.path("control"))
        self.assertEqual(call(2), [0, 0])


if __name__ == "__main__":
    MODULE = sys.argv.pop(1)
    unittest.main()
