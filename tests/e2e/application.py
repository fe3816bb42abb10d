# SPDX-License-Identifier: Apache-2.0
"""An application for an account and the words on it, written from docs/FORMAT.md 8.8 and 8.9."""
import secrets
import time

from bank import NAME, b64, canon, rfc3339, sha256, statement
from policy_change import rule_lines

DAY = 86400
TYP = "countersign-application+jws"
ALL = [{"require": "all"}, {"for": "cash", "require": "all"}]
SAYS = {"apply": "I apply for this account.", "withdraw": "I withdraw this application for an account."}


def people(*names):
    """"bob" of class A, or "bob:B"."""
    split = (name.partition(":") for name in sorted(names))
    return [{"class": kind or "A", "id": name} for name, _, kind in split]


def make(*names, rules=None, lifetime=14 * DAY, now=None, policy=None, **members):
    now = int(time.time()) if now is None else now
    asked = {"holders": people(*names), "rules": rules or ALL, "title": "Household", **(policy or {})}
    return {"bank": NAME, "currency": "EUR", "expires": rfc3339(now + lifetime), "nonce": b64(secrets.token_bytes(16)),
            "policy": asked, "type": "application", "version": 1, **members}


def name(application):
    return sha256(canon(application))


def display(application, verb):
    policy = {**application["policy"], "currency": application["currency"]}
    lines = [("Bank", application["bank"]), ("Currency", application["currency"]), ("Title", policy["title"]),
             ("Application", name(application)[:16]), ("Expires", application["expires"])]
    if "validUntil" in policy:
        lines.append(("Valid until", policy["validUntil"]))
    lines.append(("Holders", ", ".join("%(id)s (%(class)s)" % h for h in policy["holders"])))
    if "deputies" in policy:
        lines.append(("Deputies", ", ".join(policy["deputies"])))
    for period in ("day", "month"):
        lines += [("Limit", "%s %s a %s" % (limit["amount"], policy["currency"], period))
                  for limit in policy.get("limits", []) if limit["per"] == period]
    if "signatures" in policy:
        lines.append(("Signatures", "one for each order"))
    for number, rule in enumerate(policy["rules"], 1):
        lines += rule_lines(number, rule, policy)
    return SAYS[verb] + "\n\n" + "".join("%-14s%s\n" % line for line in lines)


def word(key, application, verb="apply", /, typ=TYP, **members):
    payload = statement(application=name(application), decision=verb, display="countersign-application-display/1;en",
                        displayDigest=sha256(display(application, verb).encode()), **{"bank": application["bank"]})
    return key.jws(typ, {k: v for k, v in {**payload, **members}.items() if v is not None})


def send(session, application, jws):
    return session.post("/v1/applications", {"application": application, "statement": jws})


def policy_of(application, account, at):
    """The account's first policy: what was signed, and the bank's own members. AT: the time of the entry."""
    return {**application["policy"], "account": account, "bank": application["bank"],
            "currency": application["currency"], "type": "policy", "validFrom": rfc3339(at), "version": 1}
