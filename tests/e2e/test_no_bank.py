# SPDX-License-Identifier: Apache-2.0
"""-DCOUNTERSIGN_BANKD=OFF builds the holder's program and the verifier where libevent and SQLite are
not installed: their pkg-config files are hidden from the build."""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def run(*args, env=None):
    done = subprocess.run(args, env=env, text=True, capture_output=True, check=False)
    assert done.returncode == 0, "%s\n%s\n%s" % (" ".join(args), done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


def visible_packages(directory):
    """Every .pc file of this machine but the bank's."""
    for path in run("pkg-config", "--variable", "pc_path", "pkg-config").strip().split(":"):
        for name in os.listdir(path) if os.path.isdir(path) else ():
            link = os.path.join(directory, name)
            if not name.startswith(("libevent", "sqlite")) and not os.path.lexists(link):
                os.symlink(os.path.join(path, name), link)


def main():
    with tempfile.TemporaryDirectory(prefix="countersign-no-bank-") as build:
        packages = os.path.join(build, "pkgconfig")
        os.mkdir(packages)
        visible_packages(packages)
        env = {**os.environ, "PKG_CONFIG_LIBDIR": packages}
        common = ["-G", "Ninja", "-DCOUNTERSIGN_TESTS=OFF", "-S", ROOT]
        with_bank = subprocess.run(["cmake", "-B", os.path.join(build, "bank"), *common], env=env, text=True,
                                   capture_output=True, check=False)
        assert with_bank.returncode != 0, "the bank's libraries were not hidden"
        run("cmake", "-B", os.path.join(build, "holder"), "-DCOUNTERSIGN_BANKD=OFF", *common, env=env)
        run("ninja", "-C", os.path.join(build, "holder"), env=env)
        programs = sorted(os.listdir(os.path.join(build, "holder", "bin")))
        assert programs == ["countersign", "countersign-verify"], programs


if __name__ == "__main__":
    sys.exit(main())
