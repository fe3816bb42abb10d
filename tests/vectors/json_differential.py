#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutated JSON texts, judged by `vectors json` and `vectors canon` and by Python's json under the
rules of docs/FORMAT.md section 1: the same verdict on each, and the same canonical bytes.

usage: json_differential.py VECTORS
"""
import json
import random
import re
import subprocess
import sys

SEED = 8785
TEXTS = 24000
DEPTH_MAX = 32
INT_MAX = 2**53 - 1

# --- the other reader ----------------------------------------------------------------------------


class Refused(Exception):
    pass


def no_number(text):
    raise Refused(text)


def read_int(text):
    if len(text) > 17 or abs(int(text)) > INT_MAX:
        raise Refused(text)
    return int(text)


def check_text(text):
    """No NUL, lone surrogate or noncharacter (RFC 7493 2.1)."""
    for c in map(ord, text):
        if c == 0 or 0xD800 <= c <= 0xDFFF or 0xFDD0 <= c <= 0xFDEF or c & 0xFFFE == 0xFFFE:
            raise Refused(hex(c))


def read_members(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise Refused("duplicate")
    return dict(pairs)


def check_value(value, depth=0):
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, (list, dict)):
        if depth == DEPTH_MAX:
            raise Refused("depth")
        for item in value:
            check_value(item, depth + 1)
        if isinstance(value, dict):
            check_value(list(value.values()), depth)


def strict(text):
    """The value; an exception for what section 1 refuses. int() alone reads -0 as 0, too."""
    value = json.loads(text.decode("utf-8"), object_pairs_hook=read_members, parse_int=read_int,
                       parse_float=no_number, parse_constant=no_number)
    check_value(value)
    return value


# RFC 8785 3.2.2.2, written out here so that nothing of json.dumps is taken on trust.
ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def quoted(text):
    return '"%s"' % "".join(
        ESCAPES.get(ord(c)) or (c if c >= " " else "\\u%04x" % ord(c)) for c in text)


def canon(value):
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[%s]" % ",".join(map(canon, value))
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{%s}" % ",".join(quoted(name) + ":" + canon(value[name]) for name in names)
    return {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(
        value, bool) else str(value)


def judge(text):
    """The canonical bytes, or None."""
    try:
        return canon(strict(text)).encode()
    except (Refused, ValueError, RecursionError):
        return None


# --- texts ---------------------------------------------------------------------------------------

NUMBERS = ("0", "-0", "1", "-1", "00", "01", "-01", "1.0", "1e2", "1E-2", "0e0", "-", "+1", ".5",
           "1.", "1.e1", "9007199254740991", "9007199254740992", "-9007199254740991",
           "-9007199254740992", "90071992547409910", "99999999999999999999999", "1e999999999",
           "0x10", "1_0", "NaN", "Infinity", "-Infinity", "\u0661")
STRINGS = ("", "a", "b", "eightish", "a plain line of text", "\u20ac", "\u00e9", "e\u0301", "\ufb33", "\ue000", "\uffee", "\U00010000",
           "\U0001f600", "\U0010fffd", "\x7f", "\u0080", "\u2028", "</script>", "\\", '"', "/")
ESCAPED = ("\\u0000", "\\u0061", "\\u0041", "\\u00e9", "\\uD83D\\uDE00", "\\ud83d\\ude00", "\\ud83d",
           "\\ude00", "\\ude00\\ud83d", "\\ud83d\\u0061", "\\ud83d\\\\ude00", "\\uFFFE", "\\ufdd0",
           "\\ufdef", "\\ufdf0", "\\ud83f\\udfff", "\\udbff\\udffd", "\\ue000", "\\b", "\\f", "\\n",
           "\\r", "\\t", "\\/", "\\\\", '\\"', "\\u001f", "\\u000A", "\\u007f", "\\x41", "\\a",
           "\\U0041", "\\u 061", "\\u00g1", "\\u00", "\\")
BYTES = (b"\0", b"\x1f", b"\t", b"\n", b"\r", b"\x0b", b" ", b"\xc2\xa0", b"\xef\xbb\xbf", b"\xff",
         b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xb0\x80",
         b"\xef\xbf\xbe", b"\xef\xb7\x90", b"\xf0\x80\x80\x80", b"\xf0\x9f\xbf\xbf",
         b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\x80",
         b"//", b"/**/", b",", b":", b"[", b"]", b"{", b"}", b'"', b"'", b"\\", b"-", b"0", b"e",
         b".", b"null", b"true", b"nul", b"True", b"undefined")


def text_of(r):
    return '"%s"' % "".join(r.choice(ESCAPED if r.random() < 0.2 else STRINGS)
                            for _ in range(r.choice((0, 1, 1, 2, 3, 16))))


def value_of(r, depth=0):
    """A value's text, mostly sound: every list may repeat a name, every leaf be a bad one."""
    kind = r.random()
    gap = r.choice(("", "", "", " ", "\n\t", "\r"))
    if depth < 5 and kind < 0.35:
        return "{%s}" % ("," + gap).join(text_of(r) + gap + ":" + gap + value_of(r, depth + 1)
                                         for _ in range(r.randrange(6)))
    if depth < 5 and kind < 0.55:
        return "[%s]" % (gap + ",").join(value_of(r, depth + 1) for _ in range(r.randrange(5)))
    if kind < 0.75:
        return text_of(r)
    if kind < 0.95:
        return r.choice(NUMBERS) if r.random() < 0.1 else str(r.randint(-INT_MAX, INT_MAX)
                                                              >> r.randrange(53))
    return r.choice(("null", "true", "false"))


def nest(r, text):
    depth = r.randint(DEPTH_MAX - 7, DEPTH_MAX + 2)
    opening = [r.choice(("[", '{"a":')) for _ in range(depth)]
    return "".join(opening) + text + "".join("]" if o == "[" else "}" for o in reversed(opening))


def mutate(r, text):
    at = r.randrange(len(text) + 1)
    end = min(len(text), at + r.randrange(1, 6))
    how = r.randrange(6)
    if how == 0:
        return text[:at] + r.choice(BYTES) + text[at:]
    if how == 1:
        return text[:at] + text[end:]
    if how == 2 and at < len(text):
        return text[:at] + bytes([text[at] ^ 1 << r.randrange(8)]) + text[at + 1:]
    if how == 3:
        other = r.randrange(len(text) + 1)
        return text[:other] + text[at:end] + text[other:]
    if how == 4:
        return text[:at] + r.choice(NUMBERS).encode() + text[at:]
    return re.sub(rb'"[^"\\]*"', lambda m: r.choice(STRINGS[:5]).join('""').encode(), text, count=2)


def texts():
    r = random.Random(SEED)
    for i in range(TEXTS):
        text = value_of(r)
        if i % 16 == 0:
            text = nest(r, text)
        text = text.encode("utf-8")
        for _ in range(r.choice((0, 0, 1, 1, 2, 3))):
            text = mutate(r, text)
        yield text


# --- both ----------------------------------------------------------------------------------------

def answers(program, op, lines):
    run = subprocess.run([program, op], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def main():
    program = sys.argv[1]
    asked = list(texts())
    lines = "".join('{"hex":"%s"}\n' % text.hex() for text in asked)
    wanted = [judge(text) for text in asked]
    read, written = answers(program, "json", lines), answers(program, "canon", lines)
    if not len(read) == len(written) == len(asked):
        print(f"{len(asked)} texts, {len(read)} and {len(written)} answers")
        return 1
    wrong = 0
    for text, form, verdict, canonical in zip(asked, wanted, read, written):
        if verdict["valid"] != (form is not None) or canonical["valid"] != verdict["valid"] or (
                form is not None and bytes.fromhex(canonical["hex"]) != form):
            wrong += 1
            print(f"{text!r}: Python {form!r}, json {verdict}, canon {canonical}")
    sound = sum(form is not None for form in wanted)
    print(f"seed {SEED}: {len(asked)} texts, {sound} sound, {wrong} judged differently")
    # A generator that makes only rubbish, or only sound texts, would compare nothing.
    return 1 if wrong or not len(asked) // 4 < sound < len(asked) * 3 // 4 else 0


if __name__ == "__main__":
    sys.exit(main())
