# SPDX-License-Identifier: Apache-2.0
"""Sponsorships (docs/FORMAT.md 8.10): the statement, and every way to forge it."""
from golden_story import ACCOUNT, ALICE, BANK, BOB, DECISION, SECOND, STRANGER, grouped
from golden_tools import b64u, canon, hexdigest, jws, sha256

SPONSORSHIP = "countersign-sponsorship+jws"
REQUEST = b64u(sha256(b"a request to be enrolled"))
NAME = "Carol Exampl\u00e9"


def sponsorship_display(said):
    return ("I know this person and sponsor the request to be enrolled.\n\n"
            "Name          %s\nNew key       %s\nRequest       %s\nMy account    %s\nBank          %s\n"
            % (said["name"], grouped(said["key"]), grouped(said["enrolment"]), grouped(said["account"]), said["bank"])).encode()


def sponsorship(by=ALICE, typ=SPONSORSHIP, **changes):
    said = {"account": ACCOUNT, "bank": BANK, "display": "countersign-sponsorship-display/1;en", "enrolment": REQUEST,
            "expires": "2026-11-22T10:10:00Z", "issued": "2026-11-22T10:05:00Z", "key": SECOND.thumbprint, "name": NAME,
            "nonce": b64u(sha256(b"sponsorship")[:16]), "version": 1}
    said.update(changes)
    said = {name: value for name, value in said.items() if value is not None}
    shown = {**said, "name": said.get("name", NAME), "key": said.get("key", SECOND.thumbprint)}
    said.setdefault("displayDigest", hexdigest(sponsorship_display(shown)))
    return jws(by, typ, canon(said))


def forged_sponsorships():
    yield "OK", "good", sponsorship()
    yield "OK", "good-p521", sponsorship(BOB)
    yield "OK", "good-with-challenge", sponsorship(challenge=b64u(sha256(b"challenge")[:16]))
    yield "OK", "08-html", sponsorship(name="<b>Carol</b>")
    yield "BANK_MISMATCH", "02-other-bank", sponsorship(bank="demobank.example/prod")
    yield "SPONSORSHIP_MISMATCH", "02-other-request", sponsorship(enrolment=b64u(sha256(b"another")))
    yield "JWS_TYPE", "02-a-decision", sponsorship(typ=DECISION)
    yield "JWS_TYPE", "02-a-delegation", sponsorship(typ="countersign-delegation+jws")
    yield "KEY_UNKNOWN", "04-by-a-stranger", sponsorship(STRANGER)
    yield "KEY_UNKNOWN", "11-by-the-new-key", sponsorship(SECOND)
    yield "TEXT_INVALID", "08-bidi", sponsorship(name="Carol \u202eelpmaxE")
    yield "TEXT_INVALID", "08-line", sponsorship(name="Carol\nBank          other")
    yield "DISPLAY_UNKNOWN", "form-display", sponsorship(display="countersign-display/1;en")
    yield "DISPLAY_MISMATCH", "form-shown-otherwise", sponsorship(displayDigest=hexdigest(b"I know nobody."))
    yield "DISPLAY_MISMATCH", "form-shown-another-name", sponsorship(
        displayDigest=hexdigest(sponsorship_display({"name": "Bob", "key": SECOND.thumbprint, "enrolment": REQUEST, "account": ACCOUNT, "bank": BANK})))
    yield "DOC_MEMBER_MISSING", "form-no-key", sponsorship(key=None)
    yield "DOC_MEMBER_MISSING", "form-no-name", sponsorship(name=None)
    yield "DOC_MEMBER_UNKNOWN", "form-one-more", sponsorship(holder="alice")
    yield "DOC_MEMBER_INVALID", "18-key", sponsorship(key="x' OR '1'='1" + "A" * 31)
    yield "DOC_MEMBER_INVALID", "18-request", sponsorship(enrolment="../../v1/holders/alice" + "A" * 21)
    yield "IBAN_CHECK_DIGITS", "18-account", sponsorship(account="PT50000201231234567890155")
    yield "SIGNATURE_INVALID", "broken", sponsorship()[:-4] + "AAAA"


def sponsorship_files():
    yield "sponsorship.jws", sponsorship().encode()
    yield "sponsorship.txt", sponsorship_display({"name": NAME, "key": SECOND.thumbprint, "enrolment": REQUEST, "account": ACCOUNT, "bank": BANK})
    yield "sponsorships-forged.txt", "".join("%s %s %s\n" % row for row in forged_sponsorships()).encode()
