# SPDX-License-Identifier: Apache-2.0
"""examples/ci: each command that the files for the two CI systems name, as named, with the programs as
installed and nothing else in the environment. Only lines that install Debian packages are left out."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import yaml

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ["COUNTERSIGN_BUILD"]
EXAMPLES = os.path.join(ROOT, "examples", "ci")
PACKAGES = re.compile(r"apt-get update && apt-get install -y --no-install-recommends ([a-z0-9.+ -]+)")


def load(name):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as f:
        return yaml.safe_load(f)


def github():
    """What each step runs; the checkout is made by the test."""
    for job in load("github.yml")["jobs"].values():
        for step in job["steps"]:
            if not step.get("uses", "").startswith("actions/checkout@"):
                assert set(step) == {"run"}, step
                yield step["run"]


def gitlab():
    for job in load("gitlab.yml").values():
        assert set(job) == {"image", "before_script", "script"}, job
        yield from job["before_script"] + job["script"]


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp(prefix="countersign-test-")
        cls.addClassCleanup(shutil.rmtree, cls.base)
        cls.prefix = os.path.join(cls.base, "prefix")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.prefix], check=True, capture_output=True)
        cls.checkout = os.path.join(cls.base, "checkout")
        shutil.copytree(EXAMPLES, os.path.join(cls.checkout, "examples", "ci"))

    def run_line(self, line):
        """As both systems do it: sh that stops at the first failure, at the top of the checkout. Leaves nothing."""
        home = tempfile.mkdtemp(dir=self.base)
        env = {"PATH": self.prefix + "/bin:/usr/bin:/bin", "HOME": home, "TMPDIR": home}
        done = subprocess.run(["sh", "-e", "-c", line], cwd=self.checkout, env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(os.listdir(home), [], done.stdout + done.stderr)
        return done

    def pays(self, lines):
        known = subprocess.run([ROOT + "/run", "install-deps", "--print"], check=True, capture_output=True,
                               text=True).stdout.split()
        installs = [match for match in map(PACKAGES.fullmatch, lines) if match]
        self.assertEqual(len(installs), 1)
        self.assertLessEqual(set(installs[0][1].split()), set(known))
        runs = [self.run_line(line) for line in lines if not PACKAGES.fullmatch(line)]
        for run in runs:
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertRegex("".join(run.stdout for run in runs), r"(?m)^OK \S+ \S+ 77\.78 EUR ACSC ")

    def test_github(self):
        self.pays(list(github()))

    def test_gitlab(self):
        self.pays(list(gitlab()))

    def test_a_payment_that_fails_fails_the_job(self):
        """The job's exit status is the script's, and its bank is gone all the same."""
        script = os.path.join(self.checkout, "examples", "ci", "pay.sh")
        with open(script, encoding="utf-8") as f:
            text = f.read()
        self.assertIn("as bob approve", text)
        broken = os.path.join(self.checkout, "broken.sh")
        with open(broken, "w", encoding="utf-8") as f:
            f.write(text.replace("as bob approve", "as bob reject"))
        run = self.run_line("sh broken.sh")
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertIn("RJCT", run.stdout)

    def test_a_token_that_does_not_lock_fails_the_job(self):
        script = os.path.join(self.checkout, "examples", "ci", "locked.sh")
        with open(script, encoding="utf-8") as f:
            text = f.read()
        self.assertIn("token_does 'tries 3' trace", text)
        broken = os.path.join(self.checkout, "broken.sh")
        with open(broken, "w", encoding="utf-8") as f:
            f.write(text.replace("tries 3", "tries 9"))
        run = self.run_line("sh broken.sh")
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertEqual(run.stdout.count("PIN_WRONG"), 2)

    def test_what_is_installed(self):
        for path in ("bin/countersign-testbank", "share/man/man1/countersign-testbank.1"):
            self.assertTrue(os.path.isfile(os.path.join(self.prefix, path)), path)
        done = subprocess.run([self.prefix + "/bin/countersign-testbank", "--version"], check=True,
                              env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
        with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as f:
            version = re.search(r"project\(countersign VERSION (\S+)", f.read())[1]
        self.assertEqual(done.stdout, "countersign-testbank %s\n" % version)


if __name__ == "__main__":
    unittest.main()
