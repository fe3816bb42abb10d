# SPDX-License-Identifier: Apache-2.0
"""./run bench in small: every figure comes out, in one JSON object, and none is nothing."""

import json
import pathlib
import subprocess
import sys

FIGURES = ["verify_p256", "verify_p521", "sign_p256", "helper_p256", "helper_one_p256", "durable_p256", "core"]


def main(build):
    command = [pathlib.Path(__file__).with_name("run"), "--quick", "--json", "--build", build]
    figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    assert list(figures) == FIGURES, list(figures)
    figures.update(figures.pop("core"))
    for name, figure in figures.items():
        assert 0 < figure["min"] <= figure["ratio"] <= figure["max"], (name, figure)
    connections = figures["durable_p256"]["connections"]
    assert list(connections) == ["1", "8", "64"], list(connections)
    for figure in connections.values():
        assert 0 < figure["ratio"] and 0 < figure["p50_ms"] <= figure["p99_ms"], figure
    assert figures["durable_p256"]["fdatasync_p50_ms"] > 0


main(sys.argv[1])
