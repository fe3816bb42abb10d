# SPDX-License-Identifier: Apache-2.0
"""Every example of docs/POLICY.md through the program: what it prints is what stands on the page.
"--write" puts what the program prints there."""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.path.abspath(os.environ.get("COUNTERSIGN_BIN", os.path.join(ROOT, "build/dev/bin")))
PAGE = os.path.join(ROOT, "docs", "POLICY.md")
EXAMPLE = re.compile(r"(<!-- test: policy -->\n```json\n)(.*?)(```\n```console\n)(.*?)(?=```\n)", re.S)


def page():
    with open(PAGE, encoding="utf-8") as f:
        return f.read()


def printed(rules, session):
    """The session as a terminal shows it: its commands, each with what it prints now."""
    script = ""
    for command in re.findall(r"^\$ (.*)$", session, re.M):
        script += "printf '$ %%s\\n' %s\n%s\n" % (shlex.quote(command), command)
    with tempfile.TemporaryDirectory(prefix="countersign-policy-") as home:
        with open(os.path.join(home, "rules.json"), "w", encoding="utf-8") as f:
            f.write(rules)
        env = {**os.environ, "PATH": BIN + ":" + os.environ["PATH"], "HOME": home, "XDG_CONFIG_HOME": home}
        done = subprocess.run(["bash", "-c", script], cwd=home, env=env, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    return done.stdout


class Page(unittest.TestCase):
    maxDiff = None

    def test_examples(self):
        examples = EXAMPLE.findall(page())
        self.assertEqual(len(examples), 11)
        self.assertEqual(page().count("```json"), 11)
        for number, (_, rules, _, session) in enumerate(examples, 1):
            with self.subTest(example=number):
                self.assertLessEqual(set(json.loads(rules)), {"deputies", "limits", "rules"})
                self.assertIn("\n$ countersign policy lint rules.json $who\n", session)
                self.assertIn("\nIt loads", session)
                self.assertIn("\n$ countersign policy simulate rules.json $who ", session)
                self.assertEqual(printed(rules, session), session)

    def test_links(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
            self.assertIn("(docs/POLICY.md)", f.read())


def write():
    text = EXAMPLE.sub(lambda m: m[1] + m[2] + m[3] + printed(m[2], m[4]), page())
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    sys.exit(write() if sys.argv[1:] == ["--write"] else unittest.main())
