# SPDX-License-Identifier: Apache-2.0
"""A word on a new policy, written from docs/FORMAT.md 8.1 and 8.2."""
from bank import canon, sha256, statement

TYP = "countersign-policy+jws"


def grouped(account):
    return " ".join(account[i : i + 4] for i in range(0, len(account), 4))


def ways(rule, policy):
    """What a rule takes, `require` as the ways that it stands for."""
    people = {c: [h["id"] for h in policy["holders"] if h["class"] == c] for c in "ABE"}
    everybody = [h["id"] for h in policy["holders"] if h["class"] != "T"]
    if rule.get("require") == "all":
        return [(0, [(len(everybody), everybody)])]
    if rule.get("require") == "ebics":
        found = [(0, [(1, people["E"])])] if people["E"] else []
        found += [(0, [(2, people["A"])])] if len(people["A"]) > 1 else []
        return found + ([(0, [(1, people["A"]), (1, people["B"])])] if people["A"] and people["B"] else [])
    return [(way.get("afterDays", 0), [(t["count"], t.get("of") or people.get(t.get("class"), everybody))
                                       for t in way["signers"]]) for way in rule["anyOf"]]


def rule_lines(number, rule, policy):
    money = lambda name: "%s %s" % (rule[name], policy["currency"])
    scope = {"cash": "cash", "policy": "a new policy"}.get(rule.get("for"), "payments")
    scope += " above " + money("above") if "above" in rule else ""
    scope += " up to " + money("upTo") if "upTo" in rule else ""
    scope += " to " + ", ".join(map(grouped, rule["payees"])) if "payees" in rule else ""
    lines = [("Rule %d" % number, scope)]
    for i, (after, terms) in enumerate(ways(rule, policy)):
        text = "or " if i else ""
        text += "after %d days " % after if after else ""
        lines.append(("", text + " and ".join("%d of %s" % (n, ", ".join(who)) for n, who in terms)))
    return lines


def display(policy, replaces, verb):
    lines = [("Account", grouped(policy["account"])), ("Bank", policy["bank"]), ("Title", policy["title"]),
             ("Version", "%d, replacing %s" % (policy["version"], replaces[:16])),
             ("Digest", sha256(canon(policy))[:16]), ("Valid from", policy["validFrom"])]
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
    if verb == "reject":
        lines.append(("Reason", "MS02"))
    head = "I %s this new policy.\n\n" % verb
    return head + "".join("%-14s%s\n" % line for line in lines)


def word(key, policy, replaced, verb="approve", /, **members):
    """KEY's statement on POLICY, which would replace the document REPLACED."""
    replaces = sha256(canon(replaced))
    payload = statement(account=policy["account"], decision=verb, display="countersign-policy-display/1;en",
                        displayDigest=sha256(display(policy, replaces, verb).encode()), policy=sha256(canon(policy)),
                        replaces=replaces, **({"reason": "MS02"} if verb == "reject" else {}))
    return key.jws(TYP, {**payload, **members})


def send(session, policy, jws):
    return session.post("/v1/accounts/%s/policy" % policy["account"], {"decision": jws, "policy": policy})
