# SPDX-License-Identifier: Apache-2.0
"""A delegation, written from docs/FORMAT.md 8.3 and 8.4."""
import time

from bank import canon, rfc3339, sha256, statement
from policy_change import grouped

TYP = "countersign-delegation+jws"


def display(said, policy):
    frame = [("Account", grouped(said["account"])), ("Bank", said["bank"])]
    if said["verb"] == "withdraw":
        lines, head = frame, "I withdraw my delegation.\n\n"
    else:
        head = "I let this person approve payments in my place.\n\n"
        lines = [("Deputy", said["deputy"]), ("Up to", "%(amount)s %(currency)s an order" % said),
                 ("From", said["from"]), ("Until", said["until"]), *frame,
                 ("Policy", "%s, version %d, %s" % (policy["title"], policy["version"], sha256(canon(policy))[:16]))]
    return head + "".join("%-14s%s\n" % line for line in lines)


def sign(key, account, policy, deputy=None, /, **members):
    """KEY lets DEPUTY stand for its holder under POLICY, or withdraws; what was shown is what is said."""
    said = statement(account=account, display="countersign-delegation-display/1;en",
                     verb="give" if deputy else "withdraw")
    if deputy:
        now = int(time.time())
        said.update({"amount": "100.00", "currency": "EUR", "deputy": deputy, "from": rfc3339(now),
                     "until": rfc3339(now + 86400), "policyDigest": sha256(canon(policy))})
    shown = {**said, **{k: v for k, v in members.items() if k != "displayDigest"}}
    shown["displayDigest"] = sha256(display(shown, policy).encode())
    return key.jws(TYP, {**shown, **members})


def send(session, account, jws):
    return session.post("/v1/accounts/%s/delegations" % account, {"delegation": jws})
