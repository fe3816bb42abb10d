# SPDX-License-Identifier: Apache-2.0
"""What is measured without a bank: the installed verifier, and signing on SoftHSM."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time

KEYS = 100
DECISIONS, SIGNATURES = 20000, 10000
CORE_ORDERS, OPEN_ORDERS = 2000, 100000
QUICK_DECISIONS = 400
RAW_SECONDS = 2
BANK = "demobank.example/bench"


class Lab:
    """Where things are, how long to measure, and the progress line."""

    def __init__(self, build, rounds, is_quick):
        self.build, self.rounds, self.is_quick = build, rounds, is_quick
        self.dir = build / "bench"
        self.prefix = self.dir / "prefix"
        self.bin = self.prefix / "bin"

    def install(self):
        self.say("installing")
        shutil.rmtree(self.prefix, ignore_errors=True)
        subprocess.run(["cmake", "--install", self.build, "--prefix", self.prefix], check=True,
                       stdout=subprocess.DEVNULL)

    def count(self, whole):
        return QUICK_DECISIONS if self.is_quick else whole

    def run(self, program, *words):
        """A bench program's JSON lines."""
        command = [self.dir / program, *map(str, words)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def raw(self, alg="ES256"):
        return self.run("bench_raw", "--alg", alg, "--keys", KEYS,
                        "--seconds", 1 if self.is_quick else RAW_SECONDS)[0]

    @staticmethod
    def say(text):
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K%s" % text)
            sys.stderr.flush()

    def quiet(self):
        self.say("")


def summary(rounds, **more):
    """Median, least and most of the rounds' ratios, and the rounds themselves."""
    ratios = [r["ratio"] for r in rounds]
    return {"ratio": round(statistics.median(ratios), 3), "min": round(min(ratios), 3),
            "max": round(max(ratios), 3), **more, "rounds": rounds}


def verify_data(lab, alg):
    """Made once and kept: a decision's age does not matter offline."""
    where = lab.dir / ("data-%s-%d" % (alg, lab.count(DECISIONS)))
    if not (where / "decisions.ndjson").exists():
        lab.say("making decisions to verify, %s" % alg)
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir(parents=True)
        lab.run("bench_data", "--alg", alg, "--keys", KEYS, "--count", lab.count(DECISIONS),
                "--dir", where)
    return where


def verify(lab, alg):
    where = verify_data(lab, alg)
    command = [lab.bin / "countersign-verify", "decision", "--quiet", "--bank", BANK,
               "--keys", where / "keys.ndjson"]
    for policy in sorted(where.glob("policy-*.json")):
        command += ["--policy", policy]
    command.append(where / "decisions.ndjson")
    rounds, raw = [], lab.raw(alg)
    for number in range(lab.rounds):
        lab.say("verifying, %s, round %d of %d" % (alg, number + 1, lab.rounds))
        begin = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rate = lab.count(DECISIONS) / (time.monotonic() - begin)
        before, raw = raw, lab.raw(alg)
        bare = (before["per_second"] + raw["per_second"]) / 2
        rounds.append({"ratio": rate / bare, "per_second": rate, "raw_per_second": bare})
    return summary(rounds)


def core(lab):
    """Rules against the rule all, and pages of a long list against those of a short one."""
    lab.say("the core in process, %d rounds" % lab.rounds)
    line, = lab.run("bench_core", "--count", lab.count(CORE_ORDERS), "--rounds", lab.rounds,
                    "--orders", lab.count(OPEN_ORDERS))
    policy = [{"ratio": r["per_second"] / r["raw_per_second"], **r} for r in line["policy"]]
    page = [{"ratio": r["few_us"] / r["many_us"], **r} for r in line["page"]]
    return {"policy": summary(policy), "page": summary(page, orders=lab.count(OPEN_ORDERS))}


def sign(lab):
    lab.say("signing on SoftHSM, %d rounds" % lab.rounds)
    lines = lab.run("bench_sign", "--count", lab.count(SIGNATURES), "--rounds", lab.rounds)
    rounds = [{"ratio": line["per_second"] / line["raw_per_second"], **line} for line in lines]
    return summary(rounds, sessions=os.cpu_count())


def helper(lab, at_once):
    """Two sessions through the helper process, against two with the module in the process itself, in turns."""
    def rate(program):
        return lab.run(program, "--count", lab.count(SIGNATURES), "--at-once", at_once)[0]["per_second"]

    rounds, raw = [], rate("bench_token")
    for number in range(lab.rounds):
        lab.say("signing through the helper, %d at once, round %d of %d" % (at_once, number + 1, lab.rounds))
        product = rate("bench_token_remote")
        before, raw = raw, rate("bench_token")
        bare = (before + raw) / 2
        rounds.append({"ratio": product / bare, "per_second": product, "raw_per_second": bare})
    return summary(rounds, sessions=2)
