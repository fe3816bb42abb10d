# SPDX-License-Identifier: Apache-2.0
"""Applications for accounts (docs/FORMAT.md 8.8): the document, the words on it, evidence of an account that came of
one, and every way to forge them."""
from golden_story import ACCOUNT, ALICE, BANK, BOB, CREDITOR, DECISION, ORDER, SECOND, STRANGER, Story
from golden_tools import b64u, canon, hexdigest, jws, sha256

APPLICATION = "countersign-application+jws"
SAYS = {"apply": "I apply for this account.", "withdraw": "I withdraw this application for an account."}
ASKED = {"deputies": ["bob"], "holders": [{"class": "A", "id": "alice"}, {"class": "A", "id": "bob"}],
         "limits": [{"amount": "5000.00", "per": "month"}],
         "rules": [{"anyOf": [{"signers": [{"count": 1}]}], "upTo": "50.00"}, {"require": "all"}],
         "title": "Household", "validUntil": "2030-01-01T00:00:00Z"}
WANTED = {"bank": BANK, "currency": "EUR", "expires": "2026-12-06T09:00:00Z", "nonce": b64u(sha256(b"wanted")[:16]),
          "policy": ASKED, "type": "application", "version": 1}
OWN = {"account": ACCOUNT, "bank": BANK, "currency": "EUR", "type": "policy", "validFrom": "2026-11-22T09:02:00Z",
       "version": 1}


def first_policy(application=WANTED):
    return {**application["policy"], **OWN}


def application_display(application=WANTED, verb="apply"):
    """Of an application with the terms of ASKED: title and people may be others."""
    asked = application["policy"]
    names = ", ".join(h["id"] for h in asked["holders"])
    rows = [("Bank", application["bank"]), ("Currency", application["currency"]), ("Title", asked["title"]),
            ("Application", hexdigest(canon(application))[:16]), ("Expires", application["expires"]),
            ("Valid until", asked["validUntil"]),
            ("Holders", ", ".join("%(id)s (%(class)s)" % h for h in asked["holders"])), ("Deputies", "bob"),
            ("Limit", "5000.00 EUR a month"), ("Rule 1", "payments up to 50.00 EUR"), ("", "1 of " + names),
            ("Rule 2", "payments"), ("", "%d of %s" % (len(asked["holders"]), names))]
    return (SAYS[verb] + "\n\n" + "".join("%-14s%s\n" % row for row in rows)).encode()


def word(application=WANTED, verb="apply", issued="2026-11-22T09:01:20Z", expires="2026-11-22T09:06:20Z", **changes):
    shown = application_display(application, verb)
    body = {"application": hexdigest(canon(application)), "bank": application["bank"], "decision": verb,
            "display": "countersign-application-display/1;en", "displayDigest": hexdigest(shown), "expires": expires,
            "issued": issued, "nonce": b64u(sha256(b"word" + issued.encode())[:16]), "version": 1}
    body.update(changes)
    return {k: v for k, v in body.items() if v is not None}


def signed(key=ALICE, typ=APPLICATION, **what):
    return jws(key, typ, canon(word(**what)))


OTHER = dict(WANTED, nonce=b64u(sha256(b"other")[:16]))
ELSEWHERE = dict(WANTED, bank="demobank.example/test")


def forged_words():
    yield "OK", "good", signed()
    yield "OK", "withdrawn", signed(verb="withdraw")
    yield "OK", "good-with-challenge", signed(challenge=b64u(sha256(b"challenge")[:16]))
    yield "BANK_MISMATCH", "02-other-bank", signed(bank="demobank.example/test")
    yield "APPLICATION_MISMATCH", "02-another-application", signed(application=OTHER)
    yield "BANK_MISMATCH", "02-another-banks", signed(application=ELSEWHERE)
    yield "JWS_TYPE", "02-a-decision", signed(typ=DECISION)
    yield "KEY_UNKNOWN", "04-by-a-stranger", signed(STRANGER)
    yield "SIGNATURE_INVALID", "04-broken", signed()[:-4] + "AAAA"
    yield "JWS_ALGORITHM", "04-none", jws(ALICE, APPLICATION, canon(word()), header=canon({
        "alg": "none", "kid": ALICE.thumbprint, "typ": APPLICATION}))
    yield "APPLICATION_PERIOD", "09-after-it-is-over", signed(issued="2026-12-06T09:00:00Z", expires="2026-12-06T09:05:00Z")
    yield "APPLICATION_PERIOD", "09-long-before", signed(issued="2026-11-06T08:59:59Z", expires="2026-11-06T09:05:00Z")
    yield "OK", "09-thirty-days-before", signed(issued="2026-11-06T09:00:00Z", expires="2026-11-06T09:05:00Z")
    yield "DISPLAY_UNKNOWN", "03-display", signed(display="countersign-policy-display/1;en")
    yield "DISPLAY_MISMATCH", "03-the-other-verb", signed(displayDigest=hexdigest(application_display(verb="withdraw")))
    yield "DISPLAY_MISMATCH", "03-something-harmless", signed(displayDigest=hexdigest(application_display(OTHER)))
    yield "DOC_MEMBER_UNKNOWN", "form-one-more", signed(account=ACCOUNT)
    yield "DOC_MEMBER_MISSING", "form-one-less", signed(decision=None)
    yield "DOC_MEMBER_INVALID", "form-verb", signed(decision="approve")
    yield "DOC_MEMBER_INVALID", "18-application", jws(ALICE, APPLICATION, canon(dict(word(), application="x' OR '1'='1")))
    yield "DOC_NOT_CANONICAL", "form-white-space", jws(ALICE, APPLICATION, canon(word()) + b" ")


def forged_documents():
    def asks(**changes):
        return dict(WANTED, policy={k: v for k, v in {**ASKED, **changes}.items() if v is not None})

    yield "OK", "good", WANTED
    for name, value in OWN.items():
        yield "DOC_MEMBER_UNKNOWN", "the-banks-" + name.lower(), asks(**{name: value})
    yield "APPLICATION_PERIOD", "over-before-it-begins", asks(validUntil=WANTED["expires"])
    yield "OK", "for-ever", asks(validUntil=None)
    yield "POLICY_INVALID", "nobody-approves", asks(holders=[{"class": "T", "id": "alice"}, {"class": "T", "id": "bob"}])
    yield "POLICY_INVALID", "too-many-needed", asks(rules=[{"anyOf": [{"signers": [{"count": 3}]}]}])
    yield "POLICY_INVALID", "deputy-who-is-none", asks(deputies=["carol"])
    yield "AMOUNT_INVALID", "amount-of-another-currency", dict(asks(), currency="JPY")
    yield "CURRENCY_UNKNOWN", "currency", dict(WANTED, currency="XXX")
    yield "DOC_TYPE", "type", dict(WANTED, type="policy")
    yield "DOC_TYPE", "version", dict(WANTED, version=2)
    yield "TIME_INVALID", "time", dict(WANTED, expires="tomorrow")
    yield "DOC_MEMBER_INVALID", "nonce", dict(WANTED, nonce="x")
    yield "DOC_MEMBER_INVALID", "bank", dict(WANTED, bank="o'bank--")
    yield "DOC_MEMBER_UNKNOWN", "one-more", dict(WANTED, account=ACCOUNT)
    yield "DOC_MEMBER_MISSING", "one-less", {k: v for k, v in WANTED.items() if k != "nonce"}
    yield "TOO_LARGE", "large", asks(title="x" * 16000)


# --- evidence ------------------------------------------------------------------------------------

def apply(s, holder, key, clock="09:01:30", status="waiting", application=WANTED, document=None, link=True, told="application",
          body=None, **what):
    name = "application:" + hexdigest(canon(application))
    said = {"object": name, "type": "application", "holder": holder, "status": status,
            "statement": signed(key, **{"application": application, "issued": "2026-11-22T%sZ" % clock, **what})}
    before = [i for i, r in enumerate(s.rows) if r[2]["object"] == name]
    if before and link:
        said["previous"] = before[-1]
    if document:
        said["application"] = document
    return s.put(told, clock, {**said, **(body or {})})


def both(s):
    apply(s, "alice", ALICE, document=WANTED)
    apply(s, "bob", BOB, "09:01:40", "signed")


def end(clock="09:02:00", told="application-end", **changes):
    """How it ends: with the account, and after its last word."""
    def after(s):
        of_it = [(i, r[2]["object"]) for i, r in enumerate(s.rows) if r[2]["object"].startswith("application:")]
        if of_it:
            s.put(told, clock, {"object": of_it[-1][1], "previous": of_it[-1][0], "type": "application-end", "account": ACCOUNT,
                                "operator": "uid 0 (root)", "status": "admitted", **changes})
    return after


def opened(before=both, policy=None, paid=True, application=WANTED, after=end(), prepare=lambda s: None, **account):
    """An account that its holders applied for, and a payment from it."""
    policy = policy or first_policy(application)
    s = Story(policy=policy, before_account=before, after_account=after,
              opened={"application": hexdigest(canon(application)), **account})
    prepare(s)
    s.alice(policy=policy)
    s.bob(policy=policy)
    if paid:
        s.settle(policyDigest=hexdigest(canon(policy)))
    return s


def good_applications():
    yield "applied", opened().evidence()

    def again(s):
        """Bob's first card is lost: he signs by another."""
        apply(s, "alice", ALICE, document=WANTED)
        apply(s, "bob", SECOND, "09:01:35", "signed")
        s.key_status("bob", SECOND, "revoked", "09:01:45")
        apply(s, "bob", BOB, "09:01:50", "signed")

    def two_cards(s):
        s.put("enrolment", "09:01:10", {"object": "holder:bob", "type": "enrolment", "holder": "bob", "name": "Bob Example",
                                        "spki": b64u(SECOND.spki), "thumbprint": SECOND.thumbprint, "vouched": "bank"})
        again(s)

    yield "applied-again", opened(two_cards).evidence()


def forged_evidence_of_applications(wrong):
    def row(error, name, before=both, **what):
        return error, "application-" + name, opened(before, **what).evidence()

    changed = first_policy()
    for name, value in (("title", {"title": "Mine"}), ("rules", {"rules": [{"anyOf": [{"signers": [{"count": 1}]}]}]}),
                        ("holders", {"holders": ASKED["holders"] + [{"class": "A", "id": "mallory"}]}),
                        ("limits", {"limits": [{"amount": "9000.00", "per": "month"}]}), ("version", {"version": 2}),
                        ("from", {"validFrom": "2026-11-22T09:01:59Z"}), ("until", {"validUntil": "2031-01-01T00:00:00Z"})):
        yield row("APPLICATION_MISMATCH", "other-" + name, policy={**changed, **value}, paid=False)
    lenient = {k: v for k, v in changed.items() if k != "limits"}
    yield row("APPLICATION_MISMATCH", "without-limits", policy=lenient, paid=False)
    yield "APPLICATION_MISMATCH", "application-other-digest", digest_of(OTHER)
    yield "APPLICATION_MISMATCH", "application-other-currency", in_dollars()
    yield row("APPLICATION_UNSIGNED", "one-missing", lambda s: apply(s, "alice", ALICE, document=WANTED))

    def lapsed(status):
        def before(s):
            both(s)
            s.key_status("bob", BOB, status, "09:01:50")
        return before

    yield row("APPLICATION_UNSIGNED", "of-a-suspended-key", lapsed("suspended"), paid=False)
    yield row("APPLICATION_UNSIGNED", "of-a-revoked-key", lapsed("revoked"), paid=False)
    yield row("EVIDENCE_INCOMPLETE", "left-out", lambda s: None)

    def twice(s):
        apply(s, "alice", ALICE, document=WANTED)
        apply(s, "alice", ALICE, "09:01:40", "waiting")
        apply(s, "bob", BOB, "09:01:50", "signed")

    yield row(wrong, "twice", twice)
    yield row(wrong, "told-too-early", lambda s: [apply(s, "alice", ALICE, status="signed", document=WANTED),
                                                  apply(s, "bob", BOB, "09:01:40", "signed")])
    yield row(wrong, "told-too-late", lambda s: [apply(s, "alice", ALICE, document=WANTED), apply(s, "bob", BOB, "09:01:40")])
    yield row(wrong, "withdrawn", lambda s: [both(s), apply(s, "bob", BOB, "09:01:50", "withdrawn", verb="withdraw")])
    yield row(wrong, "withdrawn-told-as-signed", lambda s: [apply(s, "alice", ALICE, document=WANTED),
                                                            apply(s, "bob", BOB, "09:01:40", "signed", verb="withdraw")])
    yield row(wrong, "in-anothers-name", lambda s: [apply(s, "alice", ALICE, document=WANTED),
                                                    apply(s, "alice", BOB, "09:01:40", "signed")])
    yield row("KEY_UNKNOWN", "by-a-stranger", lambda s: [apply(s, "alice", ALICE, document=WANTED),
                                                         apply(s, "bob", STRANGER, "09:01:40", "signed")])
    yield row("EVIDENCE_INCOMPLETE", "unlinked", lambda s: [apply(s, "alice", ALICE, document=WANTED),
                                                            apply(s, "bob", BOB, "09:01:40", "signed", link=False)])
    yield row("EVIDENCE_INCOMPLETE", "first-one-left-out", lambda s: [
        apply(s, "alice", ALICE, document=WANTED, told="start"), apply(s, "bob", BOB, "09:01:40", "signed")])
    yield row(wrong, "document-twice", lambda s: [apply(s, "alice", ALICE, document=WANTED),
                                                  apply(s, "bob", BOB, "09:01:40", "signed", document=WANTED)])
    yield row("APPLICATION_MISMATCH", "words-on-another", lambda s: [
        apply(s, "alice", ALICE, document=WANTED),
        apply(s, "bob", BOB, "09:01:40", "signed", body={"statement": signed(BOB, application=OTHER)})])
    yield row(wrong, "kept-back", lambda s: [apply(s, "alice", ALICE, document=WANTED),
                                             apply(s, "bob", BOB, "09:01:40", "signed", issued="2026-11-22T08:56:39Z")])
    yield row("APPLICATION_PERIOD", "for-too-long", *for_too_long())
    yield from forged_ends(row, wrong)
    yield "EVIDENCE_CONTRADICTION", "application-not-said", not_said()
    yield "EVIDENCE_CONTRADICTION", "application-afterwards", afterwards()


def forged_ends(row, wrong):
    """What came after its last word is kept from the reader, or the words served before."""
    def withdrawn(s):
        both(s)
        apply(s, "bob", BOB, "09:01:50", "withdrawn", verb="withdraw", told="start")

    def something_between(s):
        s.put("refusals", "09:02:00", {"object": "bank", "type": "refusals", "count": 1, "minute": "2026-11-22T09:02:00Z",
                                       "reason": "JWS_MALFORMED"})
        end()(s)

    yield row("EVIDENCE_INCOMPLETE", "withdrawal-left-out", withdrawn)
    yield row("EVIDENCE_INCOMPLETE", "end-left-out", after=end(told="start"))
    yield row("EVIDENCE_INCOMPLETE", "end-unlinked", after=end(previous=0))
    yield row(wrong, "of-another-account", after=end(account=CREDITOR))
    yield row(wrong, "refused", after=end(status="refused"))
    yield row(wrong, "ended-later", after=end("09:02:01"))
    yield row(wrong, "ended-elsewhere", after=something_between)
    yield row(wrong, "ended-twice", after=lambda s: [end()(s), end()(s)])
    yield row("DOC_MEMBER_UNKNOWN", "ended-with-more", after=end(note="as a test"))


def digest_of(other):
    s = Story(policy=first_policy(), before_account=both, opened={"application": hexdigest(canon(other))})
    return s.alice(policy=first_policy()) and s.evidence()


def in_dollars():
    s = Story(policy=first_policy(), before_account=both,
              opened={"application": hexdigest(canon(WANTED)), "currency": "USD"})
    return s.alice(policy=first_policy()) and s.evidence()


def for_too_long():
    long = dict(WANTED, expires="2026-12-22T09:01:21Z")
    return (lambda s: apply(s, "alice", ALICE, application=long, document=long, issued="2026-11-22T09:01:20Z"),)


def not_said():
    """Its entry does not name what its holders signed."""
    s = Story(policy=first_policy(), before_account=both)
    return s.alice(policy=first_policy()) and s.evidence()


def afterwards():
    s = Story(policy=first_policy())
    apply(s, "alice", ALICE, "09:04:00", document=WANTED)
    return s.alice(policy=first_policy()) and s.evidence()


def application_files():
    yield "application.json", canon(WANTED)
    yield "application-policy.json", canon(first_policy())
    for verb in SAYS:
        yield "application-%s.txt" % verb, application_display(verb=verb)
    yield "application.jws", signed().encode()
    yield "applications-forged.txt", "".join("%s %s %s\n" % row for row in forged_words()).encode()
    yield "application-documents.txt", "".join(
        "%s %s %s\n" % (error, name, canon(document).decode()) for error, name, document in forged_documents()).encode()
