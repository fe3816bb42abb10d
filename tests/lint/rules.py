#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house rules that can be seen in the text of a file: licence line, sizes, words that must not
stand there, calls that have one home, assertions that assert nothing."""

import pathlib
import re
import subprocess
import sys

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70

CODE = re.compile(r".*\.(c|h|def|sh|py|cmake|sql|ya?ml)|(.*/)?CMakeLists\.txt|.*\.[158]")
MEASURED = re.compile(r".*\.(c|h|sh|py)")

# Where in the file names: what must not stand in a line, and why.
FORBIDDEN = [
    (r".*", r"\b(TODO|FIXME)\b", "unfinished work belongs in no file"),
    (r".*", r"(^|[^\w.}\])$*-])/(work|home|Users)/\w", "a path of one machine"),
    (r".*", r"\bshared/[A-Z]+\.md\b|\bissue[ #]+\d", "a paper that readers do not have"),
    (r".*\.sh|(.*/)?run", r"^\s*!\s+\S", "`! command` asserts nothing under set -e"),
    (r"(?!base/clock\.c|tests/|examples/).*\.[ch]",
     r"\b(clock_gettime|gettimeofday|timespec_get)\s*\(|\btime\s*\(\s*(NULL|&)",
     "base/clock.c alone reads a clock"),
    (r"(token|app|signer)/.*\.[ch]",
     r"\b(\w+_timed(wait|lock|rdlock|wrlock)|clock_nanosleep)\b",
     "a wait by a clock that people set; poll() has another"),
    (r"(?!bankd/store/|tests/).*\.[ch]", r"\b(sqlite3_|PQ)\w+\s*\(", "bankd/store alone uses SQL"),
    (r".*\.[ch]", r"\b(EC_KEY|ECDSA_(do_)?(sign|verify)|RSA_new)\b", "deprecated; use EVP"),
    (r"(?!tests/).*\.[ch]", r"\b(gets|strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|rand)\s*\(",
     "no bound, no error or hidden state"),
    (r"(order|bankd/core)/.*\.[ch]", r"\b(float|double)\b(?!-)", "no floating point near money"),
]


def listed():
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted({name for name in names if name and pathlib.Path(name).is_file()})


def without_comments(text):
    """C comments blanked out, line numbers kept."""
    return re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def long_functions(lines):
    """A function's braces stand alone in the first column; nothing else's do."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > FUNCTION_LINES_MAX:
                yield start, f"a function of {number - start - 1} lines (at most {FUNCTION_LINES_MAX})"
            start = None


def judge(path, text):
    lines = text.splitlines()
    script = text.startswith("#!")
    if path.startswith("-"):
        yield 1, "a name that commands take for an option"
    if (CODE.fullmatch(path) or script) and "SPDX-License-Identifier: Apache-2.0" not in "\n".join(lines[:5]):
        yield 1, "no SPDX-License-Identifier: Apache-2.0"
    if (MEASURED.fullmatch(path) or script) and len(lines) > FILE_LINES_MAX:
        yield len(lines), f"more than {FILE_LINES_MAX} lines"
    if path.endswith(".c"):
        yield from long_functions(lines)
    is_c = path.endswith((".c", ".h"))
    code_lines = without_comments(text).splitlines() if is_c else lines
    for where, what, why in FORBIDDEN:
        if not re.fullmatch(where, path):
            continue
        for number, line in enumerate(lines if where == ".*" else code_lines, 1):
            if re.search(what, line):
                yield number, why


def main():
    bad = 0
    for path in listed():
        if path == "tests/lint/rules.py":
            continue  # it names what it forbids
        try:
            text = pathlib.Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # binary test data
        for number, why in judge(path, text):
            print(f"{path}:{number}: {why}")
            bad += 1
    sys.exit(1 if bad else 0)


main()
