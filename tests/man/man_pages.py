#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each program has a man page that names exactly the commands, operands and options of its --help, with the
same arguments, and that mandoc finds nothing wrong with: man_pages.py PAGES PROGRAM..."""

import pathlib
import re
import shutil
import subprocess
import sys

EVERYWHERE = {("help", ""), ("version", "")}
HELP_OPTION = re.compile(r"^ {2,6}(?:-\w, )?--([a-z][a-z-]*)(?: ([A-Z]+))?(?:,|\s|$)")
HELP_COMMAND = re.compile(r"^  ([a-z][a-z-]*(?: [a-z][a-z-]*)?)  ")
PAGE_COMMAND = re.compile(r"^\.Ss ([a-z -]+?)((?: Fl \\-[a-z-]+ Ar [A-Z]+)*)((?: (?:Op |Oo )?Ar .*)?)$")
PAGE_OPTION = re.compile(r"^\.It .*?Fl \\?-([a-z][a-z-]*)(?: Ar (\S+))?")


def help_of(program, command=()):
    done = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    return done.stdout


def options_in(text):
    before_example = re.split(r"\n\s*example:", text, flags=re.I)[0]
    found = (HELP_OPTION.match(line) for line in before_example.splitlines())
    return {(m[1], m[2] or "") for m in found if m} - EVERYWHERE


def operands_in(text):
    """What stands behind [options] in the usage line: the options that must be given, then arguments; FILE... is two
    words in a page."""
    return text.partition("\n")[0].partition(" [options]")[2].replace("...", " ...").split()


def listed_in(text):
    return text.partition("\ncommands:\n")[2].partition("\n\n")[0].splitlines()


def from_help(program):
    """Command ("" for the program itself): its options and operands; an option that all have counts as the program's."""
    text = help_of(program)
    commands = [m[1] for m in map(HELP_COMMAND.match, listed_in(text)) if m]
    if not commands:
        return {"": options_in(text)}
    texts = {c: help_of(program, c.split()) for c in commands}
    options = {c: options_in(text) for c, text in texts.items()}
    shared = set.intersection(*options.values())
    return {"": shared, **{" ".join([c, *operands_in(texts[c])]): o - shared for c, o in options.items()}}


def from_page(text):
    options, section, command = {"": set()}, "", ""
    for line in text.splitlines():
        if line.startswith(".Sh "):
            section, command = line[4:], ""
        elif section == "COMMANDS" and (match := PAGE_COMMAND.match(line)):
            demanded = match[2].replace(" Fl \\-", " --").replace(" Ar ", " ")
            operands = re.sub(r"Op Ar (\w+)", r"[\1]", match[3]).replace("Oo Ar ", "[").replace(" Oc", "]").replace(" Ar ", " ")
            command = match[1] + demanded + operands
            options[command] = set()
        elif match := PAGE_OPTION.match(line):
            options[command].add((match[1], (match[2] or "").upper()))
    return {c: o - EVERYWHERE for c, o in options.items()}


def differences(program, page):
    helped, written = from_help(program), from_page(page.read_text(encoding="utf-8"))
    for line in listed_in(help_of(program)):
        if not HELP_COMMAND.match(line):
            yield f"\"{line}\" is no command, and stands in their list"
    for command in sorted(helped.keys() ^ written.keys()):
        yield f"command \"{command}\" is in {'--help' if command in helped else 'the page'} only"
    for command in sorted(helped.keys() & written.keys()):
        for option, argument in sorted(helped[command] ^ written[command]):
            where = "--help" if (option, argument) in helped[command] else "the page"
            yield f"{command or 'program'}: --{option} {argument} is in {where} only"


def lint(page):
    if shutil.which("mandoc") is None:
        return
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True,
                          check=False)
    yield from done.stdout.splitlines()


def main():
    pages, bad = pathlib.Path(sys.argv[1]), 0
    for program in sys.argv[2:]:
        found = list(pages.glob(pathlib.Path(program).name + ".[0-9]"))
        wrong = [f"{len(found)} pages instead of one"]
        if len(found) == 1:
            wrong = [*differences(program, found[0]), *lint(found[0])]
        for line in wrong:
            print(f"{pathlib.Path(program).name}: {line}")
        bad += len(wrong)
    sys.exit(1 if bad else 0)


main()
