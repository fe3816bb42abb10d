# SPDX-License-Identifier: Apache-2.0
"""The table that ./run bench prints, and docs/BENCH.md around it."""

import os
import platform
import statistics
import time

WHAT = {
    "verify_p256": "countersign-verify decision, ES256",
    "verify_p521": "countersign-verify decision, ES512",
    "sign_p256": "decisions signed on SoftHSM, ES256",
}
HELPER = {
    "helper_p256": "two sessions, 16 hashes a message, ES256",
    "helper_one_p256": "two sessions, one hash a message, ES256",
}
ROW = "%-44s %7s %7s %7s   %s"


def row(what, figure, note):
    return ROW % (what, *("%.3f" % figure[k] for k in ("ratio", "min", "max")), note)


def rates(figure):
    product, raw = (statistics.median(r[k] for r in figure["rounds"])
                    for k in ("per_second", "raw_per_second"))
    return "%.0f/s of %.0f/s" % (product, raw)


def durable_rows(figure):
    for connections, f in figure["connections"].items():
        cpu, raw = (statistics.median(r[k] for r in f["rounds"])
                    for k in ("per_cpu_second", "raw_per_cpu_second"))
        note = "%.0f of %.0f a CPU-second; %.0f/s, p50 %.2f ms, p99 %.2f ms" % (
            cpu, raw, f["per_second"], f["p50_ms"], f["p99_ms"])
        yield row("durable decisions, %s connections" % connections, f, note)
    yield "fdatasync of one page on the store's disk: p50 %.3f ms" % figure["fdatasync_p50_ms"]


def core_rows(figure):
    policy, page = figure["policy"], figure["page"]
    few, many = (statistics.median(r[k] for r in page["rounds"]) for k in ("few_us", "many_us"))
    yield ROW % ("ratio to the simple case", "median", "min", "max", "medians")
    yield row("decisions under 20 rules, to the rule all", policy, rates(policy))
    yield row("first page, 100 open orders to %d" % page["orders"], page, "%.0f us to %.0f us" % (few, many))


def table(figures):
    lines = [ROW % ("ratio to the raw cryptography", "median", "min", "max", "medians")]
    lines += [row(what, figures[name], rates(figures[name])) for name, what in WHAT.items() if name in figures]
    if "durable_p256" in figures:
        lines += durable_rows(figures["durable_p256"])
    if HELPER.keys() & figures.keys():
        lines.append(ROW % ("helper process to module in process", "median", "min", "max", "medians"))
        lines += [row(what, figures[name], rates(figures[name])) for name, what in HELPER.items() if name in figures]
    if "core" in figures:
        lines += core_rows(figures["core"])
    return "\n".join(lines)


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        names = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return names[0] if names else platform.machine()


PAGE = """\
<!-- SPDX-License-Identifier: Apache-2.0 -->
# How far from the bare cryptography

`./run bench --write` printed this on %(date)s: %(cpu)s, %(cores)d cores, Linux %(kernel)s, OpenSSL %(openssl)s.

```
%(table)s
```

Ratios travel between machines better than rates do; that of durable decisions travels worst, because more than half of one is memory and the kernel, and on a machine that is slower at these it was a fifth lower. Each is the median of the rounds of one run, with the least and the most beside it.
*Raw* is one loop of `EVP_PKEY_verify` on all cores, keys, contexts, hashes and signatures prepared, run before and after each round.

- **countersign-verify**: the installed program on one NDJSON file of 20,000 decisions by 100 keys with their orders under 50 policies, start to end, by wall clock.
- **signed on SoftHSM**: an order's document is read, the display rendered, the decision built, signed by `C_Sign` and checked, 10,000 times, one thread a core; raw is `C_Sign` and `EVP_PKEY_verify` in the same sessions.
- **durable decisions**: installed `bankd` and `bankd-keeper` with default settings; each order gets two decisions over TLS keep-alive, the first carries it in, the second executes it; an answer counts when it is
  200 or 201, so on disk and under a signed checkpoint. Decisions per CPU-second (user and system) of both processes, against raw verifications per CPU-second. The load is one thread, and what it hands in was signed before, in that order; its own CPU time is on the same cores and is not counted, and an answer's time ends when it has read it.
- **helper process**: `token_sign_many` from two threads with a key on SoftHSM, each signature checked, through `countersign-token` as holders and operators have it, against the same with the module in
  the process, as the keeper has it.
- **20 rules**: verifier, core and store in process; two decisions an order, which the last of 20 rules (payees and amounts) is for and which asks for both, against the same under the rule `all` alone.
- **first page**: the first 50 orders of an account and of the whole bank, in turn, while all of them are open.
"""


def page(printed):
    import ssl

    return PAGE % {"date": time.strftime("%Y-%m-%d", time.gmtime()), "cpu": processor(),
                   "cores": os.cpu_count(), "kernel": platform.release(),
                   "openssl": ssl.OPENSSL_VERSION.split()[1], "table": printed}
