# SPDX-License-Identifier: Apache-2.0
"""The bank's root key is replaced (docs/FORMAT.md 7.1): chains that lead from pin to pin, and lies."""
from golden_story import BANK, LOG, ROOT, STRANGER, bank_keys, settled
from golden_tools import Key, b64u, canon, hexdigest, jws, sha256, unb64u

ROLLOVER = "countersign-rollover+jws"
SECOND_ROOT = Key("P-256", int.from_bytes(sha256(b"second root"), "big"))
THIRD_ROOT = Key("P-256", int.from_bytes(sha256(b"third root"), "big"))
FIRST_DAY = "2026-11-22T12:00:00Z"


def payload(old, new, previous=None, issued=FIRST_DAY, expires="2027-02-20T12:00:00Z", bank=BANK, log=LOG,
            **changes):
    body = {"bank": bank, "expires": expires, "issued": issued, "log": log.thumbprint, "new": b64u(new.spki),
            "nonce": b64u(sha256(new.thumbprint.encode())[:16]), "old": b64u(old.spki), "version": 1}
    if previous:
        body["previous"] = hexdigest(unb64u(previous["old"].split(".")[1]))
    return canon(dict(body, **changes))


def rollover(old, new, previous=None, words=None, **what):
    """Signed by both; the new root signs WORDS where they are others."""
    said = payload(old, new, previous, **what)
    return {"new": jws(new, ROLLOVER, words or said), "old": jws(old, ROLLOVER, said)}


ONE = rollover(ROOT, SECOND_ROOT)
TWO = rollover(SECOND_ROOT, THIRD_ROOT, ONE, issued="2027-03-01T00:00:00Z", expires="2027-04-01T00:00:00Z")


def rolled(chain, root=SECOND_ROOT, **changes):
    return settled().evidence(bankKeys=bank_keys(root=root), rollovers=list(chain), **changes)


def good_rollovers():
    yield "rolled", rolled([ONE])
    yield "rolled-twice", rolled([ONE, TWO], THIRD_ROOT)


def forged_rollovers():
    """For who pinned the first root."""
    other = rollover(ROOT, THIRD_ROOT)
    yield "ROLLOVER_FORK", "rollover-fork", rolled([ONE, other], THIRD_ROOT)
    yield "ROLLOVER_FORK", "rollover-twice", rolled([ONE, ONE])
    yield "ROLLOVER_LOOP", "rollover-loop", rolled([ONE, rollover(SECOND_ROOT, ROOT, ONE)], ROOT)
    yield "ROLLOVER_GAP", "rollover-gap", rolled([ONE, rollover(STRANGER, THIRD_ROOT, ONE)], THIRD_ROOT)
    yield "ROLLOVER_GAP", "rollover-of-another-past", rolled([ONE, rollover(SECOND_ROOT, THIRD_ROOT, other)],
                                                             THIRD_ROOT)
    yield "ROLLOVER_GAP", "rollover-without-past", rolled([ONE, rollover(SECOND_ROOT, THIRD_ROOT)], THIRD_ROOT)
    yield "ROLLOVER_GAP", "rollover-begins-late", rolled([TWO], THIRD_ROOT)
    yield "ROLLOVER_UNPROVEN", "rollover-other-words", rolled([rollover(
        ROOT, SECOND_ROOT, words=payload(ROOT, SECOND_ROOT, expires="2027-02-21T12:00:00Z"))])
    yield "KEY_MISMATCH", "rollover-unasked", rolled([dict(ONE, new=ONE["old"])])
    yield "KEY_MISMATCH", "rollover-by-a-stranger", rolled([dict(ONE, old=jws(STRANGER, ROLLOVER,
                                                                              payload(ROOT, SECOND_ROOT)))])
    yield "KEY_MISMATCH", "rollover-of-a-stranger", rolled([rollover(STRANGER, SECOND_ROOT)])
    yield "KEY_MISMATCH", "rollover-to-another", rolled([ONE], THIRD_ROOT)
    yield "KEY_MISMATCH", "rollover-from-here", rolled([ONE], ROOT)
    yield "SIGNATURE_INVALID", "rollover-forged", rolled([dict(ONE, new=ONE["new"][:-86] + TWO["new"][-86:])])
    yield "SIGNATURE_INVALID", "rollover-forged-by-old", rolled([dict(ONE, old=ONE["old"][:-86] + TWO["old"][-86:])])
    yield "BANK_MISMATCH", "rollover-of-another-bank", rolled([rollover(ROOT, SECOND_ROOT,
                                                                        bank="demobank.example/test")])
    yield "JWS_TYPE", "rollover-of-another-kind", rolled([dict(ONE, old=bank_keys())])
    yield "DOC_MEMBER_INVALID", "rollover-for-years", rolled([rollover(ROOT, SECOND_ROOT,
                                                                       expires="2027-11-24T12:00:00Z")])
    yield "DOC_MEMBER_INVALID", "rollover-to-itself", rolled([rollover(ROOT, ROOT)], ROOT)
    yield "DOC_MEMBER_UNKNOWN", "rollover-challenged", rolled([rollover(
        ROOT, SECOND_ROOT, challenge=b64u(sha256(b"challenge")[:16]))])
    yield "DOC_MEMBER_INVALID", "no-rollovers", rolled([])
    yield "DOC_MEMBER_INVALID", "too-many-rollovers", rolled([ONE] * 17)


def rollover_files():
    """What a reader has himself, and what a thief of the first root would show him."""
    def kept(*chain):
        return canon({"rollovers": list(chain)})

    yield "rollovers.json", kept(ONE, TWO)
    yield "rollovers-first.json", kept(ONE)
    yield "rollovers-early.json", kept(rollover(ROOT, SECOND_ROOT, issued="2026-11-21T00:00:00Z",
                                                expires="2026-11-22T10:07:00Z"))
    yield "rollovers-elsewhere.json", kept(rollover(ROOT, SECOND_ROOT, bank="demobank.example/test"))
    yield "rollovers-of-two-banks.json", kept(ONE, rollover(
        SECOND_ROOT, THIRD_ROOT, ONE, issued="2027-03-01T00:00:00Z", expires="2027-04-01T00:00:00Z",
        bank="demobank.example/test"))
    yield "stolen/another-log.json", settled().evidence(log_key=STRANGER, bankKeys=bank_keys(log=STRANGER))
    yield "stolen/fork.json", rolled([rollover(ROOT, STRANGER)], STRANGER)
    yield "roots.txt", "".join("%s %s\n" % (name, key.thumbprint) for name, key in (
        ("first", ROOT), ("second", SECOND_ROOT), ("third", THIRD_ROOT))).encode()
