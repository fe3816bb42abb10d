# SPDX-License-Identifier: Apache-2.0
"""A clock of the test's for running programs (libfaketime), kept in a file. The sanitizers do not
bear it, so the programs under test are those without. The monotonic clock stays the true one."""
import glob
import os
import time


def faketime():
    found = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))
    assert found, "package libfaketime is missing"
    return found[0]


class FalseClock:
    def __init__(self, path):
        self.path = path
        self.env = {"LD_PRELOAD": faketime(), "FAKETIME_TIMESTAMP_FILE": path, "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}

    def prefix(self):
        """The beginning of a command that is to live in this time."""
        return ("env", *("%s=%s" % pair for pair in self.env.items()))

    def shift(self, seconds):
        """It goes so many seconds beside the true one."""
        self._write("%+d" % seconds)

    def stop_at(self, seconds):
        """It stands still there."""
        self._write(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)))

    @staticmethod
    def killed(pid):
        """What libfaketime cannot clear away itself when its process is killed."""
        for name in ("faketime_shm_%d", "sem.faketime_sem_%d"):
            try:
                os.unlink("/dev/shm/" + name % pid)
            except FileNotFoundError:
                pass

    def _write(self, text):
        with open(self.path + ".new", "w", encoding="ascii") as f:
            f.write(text + "\n")
        os.rename(self.path + ".new", self.path)
