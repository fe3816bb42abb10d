#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bash completes what --help of every program says, with the file that is installed: completion_test.py CMAKE BUILD
PROGRAM..."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

# A line of words, the last one the word that Tab is pressed on, becomes a line of what may stand there.
DRIVER = """
. "$1" || exit
while read -r -a COMP_WORDS; do
    [[ ${COMP_WORDS[-1]} != EMPTY ]] || COMP_WORDS[-1]=
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=(stale)
    IFS=: _countersign
    echo "${COMPREPLY[*]}"
done
"""
FILES = {"a.json", "b.json", "dir"}


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
                          timeout=60).stdout


def commands_of(program):
    listed = help_of(program).partition("\ncommands:\n")[2].partition("\n\n")[0]
    return [re.split("  +", line.strip())[0] for line in listed.splitlines()]


def options_of(program, command):
    """Each with what it takes."""
    text = help_of(program, *command.split()).partition("\nexample:")[0]
    return dict(re.findall(r"^  +(?:-\w, )?(--[a-z-]+)(?: ([A-Z]+))?(?:,| |$)", text, re.M))


class Completion(unittest.TestCase):
    cmake, build, programs = "", "", ()

    @classmethod
    def setUpClass(cls):
        cls.room = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.room.cleanup)
        subprocess.run([cls.cmake, "--install", cls.build, "--component", "completion", "--prefix", cls.room.name + "/usr"], check=True,
                       capture_output=True, timeout=60)
        (cls.installed,) = pathlib.Path(cls.room.name).glob("usr/**/bash-completion/completions")
        cls.here = pathlib.Path(cls.room.name) / "here"
        (cls.here / "dir").mkdir(parents=True)
        for name in FILES - {"dir"}:
            (cls.here / name).touch()

    def complete(self, program, *lines):
        """What each line becomes; its last word is the one that is not whole."""
        text = "".join("%s %s\n" % (program, line if line[-1:] not in (" ", "") else line + "EMPTY") for line in lines)
        file = self.installed / pathlib.Path(program).name
        done = subprocess.run(["bash", "--norc", "-c", DRIVER, "bash", str(file)], input=text, cwd=self.here, text=True, check=True,
                              capture_output=True, timeout=120)
        self.assertEqual(done.stderr, "")
        return [set(line.split()) for line in done.stdout.splitlines()]

    def test_installed_for_each(self):
        names = {pathlib.Path(program).name for program in self.programs}
        self.assertEqual({path.name for path in self.installed.iterdir()}, names)
        text = (self.installed / "countersign").read_text(encoding="utf-8")
        self.assertLessEqual(names, set(re.search(r"^complete -F _countersign (.*)$", text, re.M)[1].split()))

    def test_commands(self):
        for program in self.programs:
            commands = commands_of(program)
            firsts = sorted({command.split()[0] for command in commands})
            seconds = {first: {c.split()[1] for c in commands if c.startswith(first + " ")} for first in firsts}
            (first, *rest) = self.complete(program, " ", *(first + " " for first in firsts))
            if commands:
                self.assertEqual(first, set(firsts))
            for word, found in zip(firsts, rest):
                if seconds[word]:
                    self.assertEqual(found, seconds[word], word)

    def test_options(self):
        for program in self.programs:
            commands = commands_of(program) or [""]
            found = self.complete(program, *((command + " --").strip() for command in commands))
            for command, options in zip(commands, found):
                self.assertEqual(options, set(options_of(program, command)), command)

    def test_values(self):
        """Files where a file goes, nothing where nobody knows what goes there; also behind = and a letter."""
        order = options_of(self.programs[0], "order new")
        self.assertEqual((order["--output"], order["--days"]), ("FILE", "N"))
        found = self.complete(self.programs[0], "order new --output ", "order new -o a.", "order new --output = ", "order new --output = b",
                              "order new --days ", "order new ", "order new a", "order status ", "--", "ord", "balance ",
                              "order new --session-dir ", "token provision ")
        self.assertEqual(found, [FILES, {"a.json"}, FILES, {"b.json"}, set(), FILES, {"a.json"}, set(), {"--help", "--version"},
                                 {"order", "orders"}, set(), {"dir"}, set()])


if __name__ == "__main__":
    Completion.cmake, Completion.build, *Completion.programs = sys.argv[1:]
    os.environ.pop("BASH_ENV", None)
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # which takes most of the time of a --help
    unittest.main(argv=sys.argv[:1])
