# SPDX-License-Identifier: Apache-2.0
"""Sponsorships (docs/FORMAT.md 8.10): the statement, evidence with them, and every way to forge either."""
from golden_application import opened
from golden_delegation import delegated
from golden_enrolment import enrolment, request
from golden_story import ACCOUNT, ALICE, BANK, BOB, DECISION, DORA, SECOND, STRANGER, Story, grouped, settled
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


# --- evidence ------------------------------------------------------------------------------------

ASKED = {"alice": enrolment(), "dora": enrolment(DORA, requests={"sign": request(DORA, "Dora Example")}, name="Dora Example")}
NEW = {"alice": ALICE, "dora": DORA}


def word(holder, signer, who="alice", spki=None, **changes):
    """As the newcomer's enrolment has it."""
    said = {"enrolment": b64u(sha256(ASKED[who].encode())), "expires": "2026-11-22T09:05:40Z", "issued": "2026-11-22T09:00:40Z",
            "key": NEW[who].thumbprint, "name": who.title() + " Example"}
    return {"holder": holder, "spki": b64u(spki or signer.spki), "statement": sponsorship(signer, **{**said, **changes})}


def enrolled(s, *words, who="alice", **entry):
    mine = next(r[2] for r in s.rows if r[0] == "enrolment" and r[2]["holder"] == who)
    mine.update({"operator": "olga", "statement": ASKED[who], "sponsors": list(words)}, **entry)
    for name in [n for n, value in mine.items() if value is None]:
        del mine[name]
    return s


def paid(*words, **entry):
    """Alice came by ceremony and by these words; Bob was enrolled by hand, and before her."""
    s = enrolled(Story(enrolled=[("bob", BOB), ("alice", ALICE)]), *words, **entry)
    s.alice()
    s.bob()
    s.settle()
    return s.evidence()


def good_sponsored():
    yield "sponsored", paid(word("carol", SECOND), word("bob", BOB))
    # by whom the first policy, and by whom a deputy came to be one
    yield "sponsored-applied", opened(prepare=lambda s: enrolled(s, word("carol", SECOND))).evidence()
    yield "sponsored-delegated", enrolled(delegated(lambda s: s.delegate()), word("carol", SECOND, "dora"), who="dora").evidence()


def forged_evidence_of_sponsors(wrong):
    def row(error, name, *words, **entry):
        return error, "sponsored-" + name, paid(*words, **entry)

    good = word("carol", SECOND)
    broken = {**good, "statement": good["statement"][:-4] + "AAAA"}
    yield row("SIGNATURE_INVALID", "broken", broken)
    yield row("SIGNATURE_INVALID", "broken-behind-a-good-one", word("bob", BOB), broken)
    yield row("KEY_UNKNOWN", "under-another-key", word("carol", SECOND, spki=STRANGER.spki))
    yield row("BANK_MISMATCH", "at-another-bank", word("carol", SECOND, bank="demobank.example/prod"))
    yield row("SPONSORSHIP_MISMATCH", "for-another-request", word("carol", SECOND, enrolment=b64u(sha256(b"another"))))
    yield row("SPONSORSHIP_MISMATCH", "for-another-key", word("carol", SECOND, key=STRANGER.thumbprint))
    yield row("SPONSORSHIP_MISMATCH", "for-another-name", word("carol", SECOND, name="Alicia Example"))
    yield row("DISPLAY_MISMATCH", "shown-otherwise", word("carol", SECOND, displayDigest=hexdigest(b"I know nobody.")))
    yield row("JWS_TYPE", "by-a-decision", word("carol", SECOND, typ=DECISION))
    yield row("DOC_MEMBER_MISSING", "without-a-holder", {n: v for n, v in good.items() if n != "holder"})
    yield row("DOC_MEMBER_UNKNOWN", "with-more", dict(good, account=ACCOUNT))
    yield row("KEY_INVALID", "by-no-key", dict(good, spki=b64u(b"no key")))
    yield row(wrong, "after-the-enrolment", word("carol", SECOND, issued="2026-11-22T09:01:11Z"))
    yield row(wrong, "twice-by-one", good, word("carol", STRANGER))
    yield row(wrong, "twice-by-one-key", good, word("dora", SECOND))
    yield row(wrong, "by-himself", word("carol", ALICE))
    yield row(wrong, "by-a-key-of-somebody-else", word("carol", BOB))
    yield wrong, "sponsored-by-one-who-comes-later", enrolled(settled(), word("bob", BOB)).evidence()
    yield row("DOC_MEMBER_INVALID", "by-nobody")
    yield row("DOC_MEMBER_INVALID", "by-nine", *[word("carol-%d" % i, SECOND) for i in range(9)])
    yield row("DOC_MEMBER_INVALID", "by-hand", good, operator=None, statement=None)


def sponsorship_files():
    yield "sponsorship.jws", sponsorship().encode()
    yield "sponsorship.txt", sponsorship_display({"name": NAME, "key": SECOND.thumbprint, "enrolment": REQUEST, "account": ACCOUNT, "bank": BANK})
    yield "sponsorships-forged.txt", "".join("%s %s %s\n" % row for row in forged_sponsorships()).encode()
