# SPDX-License-Identifier: Apache-2.0
"""One signature on many orders, made from docs/FORMAT.md 5.1 and 5.4 alone."""
import base64
import hashlib

import bank as fixture

TYP = "countersign-batch-decision+jws"


def h(data):
    return hashlib.sha256(data).digest()


def leaf(order, policy):
    shown = fixture.display(order, policy, "approve")
    return h(b"\0" + fixture.canon({"displayDigest": fixture.sha256(shown.encode()),
                                    "orderDigest": fixture.sha256(fixture.canon(order))}))


def half(leaves):
    return 1 << ((len(leaves) - 1).bit_length() - 1)


def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = half(leaves)
    return h(b"\1" + root(leaves[:k]) + root(leaves[k:]))


def path(i, leaves):
    if len(leaves) == 1:
        return []
    k = half(leaves)
    return path(i, leaves[:k]) + [root(leaves[k:])] if i < k else path(i - k, leaves[k:]) + [root(leaves[:k])]


def inclusion(i, orders, policy):
    proof = path(i, [leaf(order, policy) for order in orders])
    return {"index": i, "proof": [base64.b64encode(one).decode() for one in proof]}


def display(said, policy):
    rows = [("Orders", str(said["batch"]["count"]))]
    rows += [("Total", "%(amount)s %(currency)s" % total) for total in said["batch"]["totals"]]
    rows += [("From", fixture.grouped(said["account"])), ("Root", said["batch"]["root"]), ("Bank", said["bank"]),
             ("Policy", "%s, version %d, %s" % (policy["title"], policy["version"],
                                                fixture.sha256(fixture.canon(policy))[:16]))]
    return "I approve all payment orders of this batch.\n\n" + "".join("%-14s%s\n" % row for row in rows)


def decision(key, orders, policy, totals, **members):
    """TOTALS: (currency, amount), sorted."""
    said = fixture.statement(
        account=orders[0]["account"], decision="approve", display="countersign-batch-display/1;en",
        policyDigest=fixture.sha256(fixture.canon(policy)),
        batch={"count": len(orders), "root": root([leaf(order, policy) for order in orders]).hex(),
               "totals": [{"amount": amount, "currency": currency} for currency, amount in totals]})
    said.update(members)
    said["displayDigest"] = fixture.sha256(display(said, policy).encode())
    return key.jws(TYP, said)
