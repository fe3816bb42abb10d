# SPDX-License-Identifier: Apache-2.0
"""Durable decisions: real bankd and bankd-keeper on SoftHSM, TLS keep-alive, CPU time by the
kernel's clocks of the two processes."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import single

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

# Connections, and decisions in a round: a few seconds each.
LOADS = {1: 1000, 8: 6000, 64: 20000}
ACCOUNTS = max(LOADS)
SYNCS = 300


class Load:
    """The conversation with bench_load; see load.c."""

    def __init__(self, lab):
        command = [lab.dir / "bench_load", "--accounts", str(ACCOUNTS)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.keys = self.answer()

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("bench_load ended: exit %s" % self.process.wait())
        return json.loads(line)

    def run(self, bank, connections, count):
        self.tell("run %d %s %d %d %d %d" % (bank.port, bank.pin, connections, count, bank.bankd.pid,
                                              bank.keeper.pid))
        line = self.answer()
        if line["accepted"] != line["sent"]:
            raise RuntimeError("the bank accepted %(accepted)d of %(sent)d" % line)
        return line

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def enrol(bank, load):
    """Two holders an account, its policy told to the load."""
    for number in range(ACCOUNTS):
        pair = load.keys[2 * number : 2 * number + 2]
        holders = ["h%d-%s" % (number, letter) for letter in "ab"]
        for holder, key in zip(holders, pair):
            answer = bank.operator("POST", "/v1/holders", {"holder": holder, "name": holder, "spki": key["spki"]})
            if answer.status != 201:
                raise RuntimeError("holder: %r" % answer)
        policy = bank.open_account(pair[0]["account"], holders, "1000000.00")
        load.tell("policy %d %s" % (number, json.dumps(policy, sort_keys=True, separators=(",", ":"))))


def fdatasync_ms(directory):
    """Half of the disk's syncs of one appended page take less."""
    times = []
    path = os.path.join(directory, "sync")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    for _ in range(SYNCS):
        os.write(fd, bytes(4096))
        begin = time.monotonic()
        os.fdatasync(fd)
        times.append(time.monotonic() - begin)
    os.close(fd)
    os.unlink(path)
    return statistics.median(times) * 1e3


def measure(lab, bank, load):
    rounds = {connections: [] for connections in LOADS}
    syncs, raw = [], lab.raw()
    for number in range(lab.rounds):
        syncs.append(fdatasync_ms(bank.dir))
        for connections, count in LOADS.items():
            lab.say("deciding over %d connections, round %d of %d" % (connections, number + 1, lab.rounds))
            line = load.run(bank, connections, lab.count(count))
            before, raw = raw, lab.raw()
            bare = (before["per_cpu_second"] + raw["per_cpu_second"]) / 2
            rounds[connections].append({"ratio": line["per_cpu_second"] / bare, **line,
                                        "raw_per_cpu_second": bare})
    return rounds, statistics.median(syncs)


def middle(rounds, name):
    return statistics.median(r[name] for r in rounds)


def decide(lab):
    os.environ["COUNTERSIGN_BIN"] = str(lab.bin)
    os.environ["TMPDIR"] = str(lab.dir)  # the store stands on the disk of the build
    from bank import Bank  # reads the environment when imported

    lab.say("opening a bank with %d accounts" % ACCOUNTS)
    load = Load(lab)
    with Bank(name=single.BANK) as bank:
        enrol(bank, load)
        rounds, sync_ms = measure(lab, bank, load)
        load.close()
    by_connections = {
        str(c): single.summary(r, p50_ms=middle(r, "p50_ms"), p99_ms=middle(r, "p99_ms"),
                               per_second=middle(r, "per_second"))
        for c, r in rounds.items()
    }
    most = by_connections[str(max(LOADS))]
    return {**{k: most[k] for k in ("ratio", "min", "max")}, "fdatasync_p50_ms": round(sync_ms, 3),
            "connections": by_connections}
