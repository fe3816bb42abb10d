# SPDX-License-Identifier: Apache-2.0
"""For tests of countersign token: runs it without a terminal, with PINs by descriptor. No bank."""
import os
import subprocess

COUNTERSIGN = os.path.join(os.environ["COUNTERSIGN_BIN"], "countersign")


class TokenCommands:
    """Of a TestCase with ENV and TOKEN, the options that name module and token."""

    def run_it(self, command, *words, token=None, **pins):
        """PINS: option=pin, as in pin_fd="1234"."""
        fds, args = [], [COUNTERSIGN, "token", command, *(token or self.TOKEN), *words]
        for option, pin in pins.items():
            read, write = os.pipe()
            os.write(write, pin.encode() + b"\n")
            os.close(write)
            fds.append(read)
            args += ["--" + option.replace("_", "-"), str(read)]
        try:
            return subprocess.run(args, env=self.env, pass_fds=fds, capture_output=True, text=True, timeout=60,
                                  check=False, start_new_session=True)
        finally:
            for fd in fds:
                os.close(fd)

    def refused(self, done, name, *words):
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("countersign: %s: " % name, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
