# SPDX-License-Identifier: Apache-2.0
"""Prometheus' text format 0.0.4, read strictly: each family's HELP and TYPE before its samples and nowhere else, no
sample twice, histograms that add up."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(r"(%s)(\{[^}]*(?:\{\w+\}[^}]*)*\})? (-?[0-9]+(?:\.[0-9]+)?)" % NAME)
LABEL = re.compile(r'(%s)="((?:[^"\\\n]|\\[\\n"])*)"' % NAME)


class Malformed(AssertionError):
    pass


def need(condition, what):
    if not condition:
        raise Malformed(what)


def labels_of(text):
    """{a="b",c="d"} as a dict."""
    inside, found, at = (text or "{}")[1:-1], {}, 0
    while at < len(inside):
        match = LABEL.match(inside, at)
        need(match and match[1] not in found, text)
        found[match[1]], at = match[2], match.end()
        need(at == len(inside) or inside[at] == ",", text)
        at += 1
    return found


class Family:
    def __init__(self, name, text):
        self.name, self.help, self.type = name, text, None
        self.samples = {}  # (name, ((label, value), ...)): number

    def value(self, **labels):
        return self.samples[self.name, tuple(sorted(labels.items()))]

    def add(self, name, labels, value):
        suffixes = ("_bucket", "_sum", "_count") if self.type == "histogram" else ("",)
        need(name in [self.name + suffix for suffix in suffixes], name)
        key = name, tuple(sorted(labels.items()))
        need(key not in self.samples, "twice: %s" % (key,))
        self.samples[key] = value

    def check_histogram(self):
        buckets = [(float(dict(key[1])["le"].replace("+Inf", "inf")), value)
                   for key, value in self.samples.items() if key[0].endswith("_bucket")]
        need(buckets == sorted(buckets) and buckets[-1][0] == float("inf"), self.name)
        counts = [count for _, count in buckets]
        need(counts == sorted(counts), self.name)
        need(counts[-1] == self.samples[self.name + "_count", ()], self.name)
        need(self.samples[self.name + "_sum", ()] >= 0, self.name)


def parse(text):
    """Name: Family."""
    need(text.endswith("\n"), "the last line has no end")
    found, now = {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, said = line[7:].partition(" ")
            need(said and name not in found, line)
            now = found[name] = Family(name, said)
        elif line.startswith("# TYPE "):
            need(now and line[7:].split(" ")[0] == now.name and now.type is None and not now.samples, line)
            now.type = line.rsplit(" ", 1)[1]
            need(now.type in ("counter", "gauge", "histogram"), line)
        else:
            match = SAMPLE.fullmatch(line)
            need(match and now and now.type, line)
            now.add(match[1], labels_of(match[2]), float(match[3]))
    for family in found.values():
        need((family.type == "counter") == family.name.endswith("_total"), family.name)
        if family.type == "histogram":
            family.check_histogram()
    return found
