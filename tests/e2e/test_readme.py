# SPDX-License-Identifier: Apache-2.0
"""Runs the README's first payment, line by line as printed, with the programs just built."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.path.abspath(os.environ.get("COUNTERSIGN_BIN", os.path.join(ROOT, "build/dev/bin")))


def main():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        blocks = re.findall(r"<!-- test: first-payment -->\n```sh\n(.*?)```", f.read(), re.S)
    assert len(blocks) >= 7, "the README lost its first payment"
    script = "".join(blocks).replace("$PWD/build/release/bin", BIN)
    assert BIN in script
    with tempfile.TemporaryDirectory(prefix="countersign-readme-") as home:
        env = {**os.environ, "HOME": home, "TMPDIR": home}
        done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", script], cwd=ROOT, env=env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, "the README's lines end with exit %d" % done.returncode
    for expected in ("ACSC, settled", "22.22", "vouched for by the bank only"):
        assert expected in done.stdout, "not in the output: " + expected


if __name__ == "__main__":
    sys.exit(main())
