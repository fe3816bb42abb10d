#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the public suites in COUNTERSIGN_TEST_DATA through `vectors`.

usage: run_suites.py VECTORS SOURCE_DIR
"""
import csv
import json
import os
import pathlib
import re
import subprocess
import sys


class Suite:
    """Questions to one operation with the answers they must get."""

    def __init__(self, program, op):
        self.program, self.op = program, op
        self.lines, self.wanted = [], []

    def ask(self, label, line, reason="OK", **extra):
        self.lines.append(json.dumps(line))
        self.wanted.append((label, {"valid": reason == "OK", "reason": reason, **extra}))

    def run(self):
        """The number of wrong answers."""
        run = subprocess.run([self.program, self.op], input="\n".join(self.lines) + "\n",
                             capture_output=True, text=True, check=True)
        answers = [json.loads(line) for line in run.stdout.splitlines()]
        wrong = abs(len(answers) - len(self.wanted))
        for (label, want), got in zip(self.wanted, answers):
            if got != want:
                wrong += 1
                print(f"{self.op}: {label}: wanted {want}, got {got}")
        print(f"{self.op}: {len(self.wanted)} questions, {wrong} wrong")
        return wrong


def jcs(program, data):
    canon, strict = Suite(program, "canon"), Suite(program, "json")
    for source in sorted((data / "jcs/input").glob("*.json")):
        hexed = {"hex": source.read_bytes().hex()}
        # I-JSON narrowed to integers: these two have fractions and are refused by that name.
        if source.stem in ("structures", "values"):
            canon.ask(source.stem, hexed, "JSON_NUMBER")
            strict.ask(source.stem, hexed, "JSON_NUMBER")
            continue
        golden = (data / "jcs/outhex" / f"{source.stem}.txt").read_text()
        canon.ask(source.stem, hexed, hex="".join(golden.split()))
        strict.ask(source.stem, hexed)
    return [canon, strict]


# The first fault that each example has for a key on P-521, by the order of checks of docs/FORMAT.md.
COOKBOOK = {
    "4_1": ["JWS_ALGORITHM"] * 3,  # RS256
    "4_2": ["JWS_ALGORITHM"] * 3,  # PS384
    "4_3": ["OK"] * 3,
    "4_4": ["JWS_ALGORITHM"] * 3,  # HS256
    "4_5": ["JWS_ALGORITHM", "JWS_MALFORMED", "JWS_MALFORMED"],  # no payload
    "4_6": ["JWS_HEADER"] * 2,  # a header that is not protected
    "4_7": ["JWS_HEADER"] * 2,
    "4_8": ["JWS_MALFORMED"],  # three signatures
    "b64": ["BASE64_INVALID"] * 3,  # RFC 7797
}


def jose(program, data):
    suite = Suite(program, "jws")
    book = data / "jose-cookbook"
    bilbo = json.loads((book / "jwk/3_1.ec_public_key.json").read_text())
    for path in sorted((book / "jws").glob("*.json")):
        example = json.loads(path.read_text())
        payload = example["input"]["payload"]
        forms = [f for f in ("compact", "json", "json_flat") if f in example["output"]]
        reasons = COOKBOOK[path.name[:3]]
        assert len(forms) == len(reasons), path
        for form, reason in zip(forms, reasons):
            extra = {"payload": payload.encode().hex()} if reason == "OK" else {}
            suite.ask(f"{path.stem} {form}", {"jws": example["output"][form], "jwk": bilbo}, reason,
                      **extra)
    example = json.loads((book / "jws/4_3.ecdsa_signature.json").read_text())
    good, payload_of_4_3 = example["output"], example["input"]["payload"].encode()
    for name in ("3_3", "3_4", "3_5", "3_6"):
        path = next((book / "jwk").glob(name + "*"))
        suite.ask(path.stem, {"jws": good["compact"], "jwk": json.loads(path.read_text())},
                  "KEY_ALGORITHM")
    private = json.loads((book / "jwk/3_2.ec_private_key.json").read_text())
    for label, key in (("private", private), ("ES512", dict(bilbo, alg="ES512")),
                       ("ES521", dict(bilbo, alg="ES521"))):
        suite.ask(label, {"jws": good["compact"], "jwk": key}, payload=payload_of_4_3.hex())
    for path in sorted((book / "rfc7797").glob("*.json")):
        example = json.loads(path.read_text())
        for form, jws in example["output"].items():
            suite.ask(f"{path.stem} {form}", {"jws": jws, "jwk": bilbo}, "BASE64_INVALID")
    return [suite]


def iban(program, data):
    suite = Suite(program, "iban")
    with open(data / "iban/registry.txt", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="|", quoting=csv.QUOTE_NONE):
            text, country = row["iban_example"], row["country_code"]
            letters_end = re.search(r"\[A-Z\]\{\d+\}\)\$$", row["bban_format_regex"])
            other = str((int(text[-1], 36) + 1) % 10)
            suite.ask(country, {"text": text})
            suite.ask(country + " check", {"text": text[:2] + "00" + text[4:]}, "IBAN_CHECK_DIGITS")
            suite.ask(country + " last", {"text": text[:-1] + other},
                      "IBAN_INVALID" if letters_end else "IBAN_CHECK_DIGITS")
            suite.ask(country + " short", {"text": text[:-1]}, "IBAN_INVALID")
            suite.ask(country + " long", {"text": text + "0"}, "IBAN_INVALID")
            suite.ask(country + " lower", {"text": text.lower()}, "IBAN_INVALID")
            suite.ask(country + " spaced", {"text": text[:4] + " " + text[4:]}, "IBAN_INVALID")
    return [suite]


def currencies(program, data):
    suite = Suite(program, "amount")
    with open(next((data / "iso4217").glob("minor-units-*.csv")), encoding="utf-8") as file:
        for row in csv.DictReader(file):
            code, digits = row["alpha3"], row["minor_units"]
            if not digits.isdigit():
                suite.ask(code, {"text": "1.00", "currency": code}, "CURRENCY_UNKNOWN")
                continue
            tail = "." + "7" * int(digits) if int(digits) else ""
            suite.ask(code, {"text": "12" + tail, "currency": code},
                      minor=int("12" + tail.replace(".", "")))
            more = "12" + (tail or ".") + "7"
            suite.ask(code + " finer", {"text": more, "currency": code}, "AMOUNT_INVALID")
    return [suite]


def main():
    program, source = sys.argv[1:]
    data = pathlib.Path(os.environ.get("COUNTERSIGN_TEST_DATA") or f"{source}/../shared/data")
    if not data.is_dir():
        print(f"SKIPPED: no test data at {data}; set COUNTERSIGN_TEST_DATA")
        return 1 if os.environ.get("CI") == "true" else 77
    suites = [s for make in (jcs, jose, iban, currencies) for s in make(program, data)]
    return 1 if sum(suite.run() for suite in suites) else 0


if __name__ == "__main__":
    sys.exit(main())
