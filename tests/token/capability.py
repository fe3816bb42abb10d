# SPDX-License-Identifier: Apache-2.0
"""Tries what a token can do and compares that with docs/TOKENS.md: capability.py PROGRAM RECORDS ROW PART"""
import os
import pathlib
import subprocess
import sys

GEN_TOKENS = pathlib.Path(__file__).resolve().parents[2] / "docs/gen-tokens"


def main():
    program, records, row, part = sys.argv[1:]
    os.makedirs(records, exist_ok=True)
    record = os.path.join(records, "%s.%s" % (row, part))
    if subprocess.run([program, record], check=False).returncode != 0:
        os.unlink(record)
        return 1
    with open(record, encoding="utf-8") as f:
        print(f.read())
    return subprocess.run([GEN_TOKENS, "--check", record], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
