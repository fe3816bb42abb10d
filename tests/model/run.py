#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random steps against the bank and against the model of its rules; every answer is compared.

    run.py --driver build/dev/tests/model_driver --seed 7 --steps 1000
    COUNTERSIGN_BIN=build/release/bin run.py --api --seed 7 --steps 250

After every step balances, orders, the books' laws and the log are checked as well. The steps are
divided among banks of --bank-steps each; bank N of seed S is seed S + N. All choices come from the
seed: what failed is done again by the seed that is printed.
"""

import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

from steps import Steps
from world import Differs, World

PROGRAMS = [f"COUNTERSIGN_BIN={os.environ['COUNTERSIGN_BIN']}"] if "COUNTERSIGN_BIN" in os.environ else []


class Driver:
    """The bank in a process, without its doors."""

    def __init__(self, program, directory):
        self.process = subprocess.Popen([program, directory], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, do, **members):
        try:
            self.process.stdin.write(json.dumps({"do": do, **members}) + "\n")
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer.endswith("\n"):
            raise Differs(f"the driver ended with {self.process.wait()}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        if self.process.wait():
            raise Differs(f"the driver ended with {self.process.returncode}")

    def abandon(self, _why):
        self.process.kill()
        self.process.wait()


def open_world(options, directory, seed):
    if options.api:
        import api  # the fixtures behind it want the programs
        return api.ApiWorld(api.Api(directory), seed)
    return World(Driver(options.driver, directory), seed)


def run_bank(options, directory, seed, steps, counts):
    world = open_world(options, directory, seed)
    chooser = Steps(world, options.wide, options.batches)
    step = 0
    try:
        chooser.begin()
        world.check()
        for step in range(1, steps + 1):
            chooser.step()
            world.check()
        world.finish()
        world.driver.close()
    except Exception as why:
        world.driver.abandon(why)
        say_failure(options, world.lines, seed, step, steps, why)
        raise
    for name, count in world.counts.items():
        counts[name] = counts.get(name, 0) + count


def say_failure(options, lines, seed, step, steps, why):
    path = pathlib.Path(tempfile.gettempdir()) / f"countersign-model-{seed}.jsonl"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    bank = ["--api"] if options.api else ["--driver", options.driver]
    again = shlex.join([*PROGRAMS, sys.argv[0], *bank, "--seed", str(seed), "--steps", str(steps),
                        "--bank-steps", str(options.bank_steps), *(["--wide"] if options.wide else []), *(["--batches"] if options.batches else [])])
    print(f"FAILED at step {step} of seed {seed}: {why}\nAgain: {again}\n"
          f"The last of {len(lines)} commands, all of which are in {path}:")
    print("\n".join(lines[-8:]), flush=True)


def options_of():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    bank = parser.add_mutually_exclusive_group(required=True)
    bank.add_argument("--driver", metavar="PROGRAM", help="the bank in this process")
    bank.add_argument("--api", action="store_true", help="real daemons, by their API")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--bank-steps", type=int, default=300, metavar="N")
    parser.add_argument("--wide", action="store_true", help="strangers ask to be enrolled, and people what waits for them")
    parser.add_argument("--batches", action="store_true", help="people sign many orders at once, and policies want them signed singly")
    parser.add_argument("--counts", action="store_true", help="say what was answered how often")
    options = parser.parse_args()
    if options.api and not PROGRAMS:
        parser.error("--api needs COUNTERSIGN_BIN, the directory of programs without sanitizers")
    return options


def main():
    options = options_of()
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    began, counts, left, seed = time.monotonic(), {}, options.steps, options.seed
    with tempfile.TemporaryDirectory(prefix="model-", dir=parent) as directory:
        while left > 0:
            try:
                run_bank(options, directory, seed, min(left, options.bank_steps), counts)
            except Differs:
                return 1
            left -= options.bank_steps
            seed += 1
    if options.counts:
        for name, count in sorted(counts.items()):
            print(f"{count:8} {name}")
    spent = time.monotonic() - began
    print(f"{options.steps} steps from seed {options.seed}: model and bank agree"
          f" ({options.steps / spent:.0f} steps a second)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
