# SPDX-License-Identifier: Apache-2.0
"""Runs the blocks of one name, of the README or another page, line by line as printed, with the programs just
built."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.path.abspath(os.environ.get("COUNTERSIGN_BIN", os.path.join(ROOT, "build/dev/bin")))


EXPECTED = {  # name: the page, the fewest blocks, and what their output has
    "first-payment": ("README.md", 8, ("ACSC, settled", "22.22", "vouched for by the bank only")),
    "testbank": ("README.md", 1, ("1000.00",)),
    "offline": ("docs/OFFLINE.md", 7, ("Missing       nothing, by what is here", "ACSC", "PATC")),
}


def main(name):
    page, fewest, expected = EXPECTED[name]
    with open(os.path.join(ROOT, page), encoding="utf-8") as f:
        blocks = re.findall(r"<!-- test: %s -->\n```sh\n(.*?)```" % name, f.read(), re.S)
    assert len(blocks) >= fewest, page + " lost its blocks " + name
    script = "".join(blocks).replace("$PWD/build/release/bin", BIN)
    assert BIN in script
    with tempfile.TemporaryDirectory(prefix="countersign-readme-") as home:
        env = {**os.environ, "HOME": home, "TMPDIR": home}
        done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", script], cwd=ROOT, env=env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0, "the lines of %s end with exit %d" % (page, done.returncode)
    for text in expected:
        assert text in done.stdout, "not in the output: " + text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
