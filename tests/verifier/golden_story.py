# SPDX-License-Identifier: Apache-2.0
"""Two people, their bank, an order, and the bank's log about it (docs/FORMAT.md 4 to 12)."""
import base64
import json

from golden_tools import Key, b64u, canon, der_sig, hexdigest, iban, jws, sha256, unb64u

# --- the people, the bank, the order -------------------------------------------------------------

ALICE = Key("P-256", int.from_bytes(unb64u("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X5fCE9-E9LI"), "big"))
BOB = Key("P-521", int.from_bytes(unb64u(  # RFC 7515 A.4; Alice's is A.3
    "AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C"),
    "big"))
ROOT = Key("P-256", 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721)
LOG = Key("P-256", int.from_bytes(sha256(b"log"), "big"))
LOG384 = Key("P-384", int(  # RFC 6979, as the root key
    "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
    "96D5724E4C70A825F872C9EA60D2EDF5", 16))
STRANGER = Key("P-256", int.from_bytes(sha256(b"stranger"), "big"))
SECOND = Key("P-256", int.from_bytes(sha256(b"alice's second card"), "big"))

BANK = "demobank.example/demo"
ACCOUNT = "PT50000201231234567890154"
CREDITOR = iban("PT", "001800034567890123449")
DECISION, DELEGATION, LOGIN, KEYS, TERMINAL = (
    "countersign-%s+jws" % s for s in ("decision", "delegation", "login", "bank-keys", "terminal"))

ORDER = {"account": ACCOUNT, "amount": "77.78", "bank": BANK, "created": "2026-11-22T10:00:00Z",
         "creditor": {"account": CREDITOR, "name": "EDP Comercial"}, "currency": "EUR",
         "date": "2026-11-22", "description": "Electricity bill",
         "expires": "2026-12-04T10:00:00Z", "id": "019aab1e-d900-7c3f-8a5b-0123456789ab",
         "type": "payment-order", "version": 1}
FULL = dict(ORDER, amount="1234567.89", id="019aab1e-d900-7c3f-8a5b-0123456789ac",
            creditor={"account": iban("DE", "370400440532013000"), "bic": "COBADEFFXXX",
                      "name": "Müller & Söhne <b>GmbH</b>",
                      "address": {"country": "DE", "postcode": "50667", "street": "Domkloster 4",
                                  "town": "Köln"}},
            reference="RF18539007547034", purpose="ELEC", endToEndId="INV-2026/11 (final)",
            description="Счёт № 7, café")
POLICY = {"account": ACCOUNT, "bank": BANK,
          "holders": [{"class": "A", "id": "alice"}, {"class": "A", "id": "bob"}],
          "rules": [{"require": "all"}], "title": "Household: both", "type": "policy",
          "validFrom": "2026-11-01T00:00:00Z", "version": 1}

SENTENCES = {"submit": "I hand in this payment order without approving it.",
             "approve": "I approve this payment order.",
             "reject": "I reject this payment order.",
             "cancel": "I cancel this payment order."}
REASONS = {"reject": "MS02", "cancel": "DS02"}


def grouped(text):
    return " ".join(text[i:i + 4] for i in range(0, len(text), 4))


def display(order, policy, verb):
    cash = order["type"] == "cash-withdrawal"
    rows = (of_cash if cash else of_payment)(order) + [
        ("Created", order["created"]), ("Expires", order["expires"]), ("Order", order["id"]),
        ("Bank", order["bank"]),
        ("Policy", "%s, version %d, %s" % (policy["title"], policy["version"],
                                           hexdigest(canon(policy))[:16])),
        ("Reason", REASONS.get(verb))]
    lines = ["%-14s%s\n" % row for row in rows if row[1]]
    sentence = "I %s this cash withdrawal." % verb if cash else SENTENCES[verb]
    return (sentence + "\n\n" + "".join(lines)).encode()


def of_cash(order):
    return [("Amount", order["amount"] + " " + order["currency"]), ("From", grouped(order["account"])),
            ("Terminal", order["terminal"]), ("Description", order["description"])]


def of_payment(order):
    creditor = order["creditor"]
    address = creditor.get("address", {})
    town = " ".join(address[k] for k in ("postcode", "town") if k in address)
    return [("Amount", order["amount"] + " " + order["currency"]), ("To", creditor["name"]),
            ("Account", grouped(creditor["account"])), ("BIC", creditor.get("bic")),
            ("Street", address.get("street")), ("Town", town), ("Country", address.get("country")),
            ("From", grouped(order["account"])), ("Date", order["date"]),
            ("Description", order["description"]), ("Reference", order.get("reference")),
            ("Purpose", order.get("purpose")), ("End-to-end", order.get("endToEndId"))]


def decision(verb="approve", order=ORDER, policy=POLICY, issued="2026-11-22T10:05:00Z",
             expires="2026-11-22T10:10:00Z", seed="alice", **changes):
    body = {"account": order["account"], "bank": order["bank"], "decision": verb,
            "display": "countersign-display/1;en",
            "displayDigest": hexdigest(display(order, policy, verb)), "expires": expires,
            "issued": issued, "nonce": b64u(sha256(seed.encode())[:16]), "order": order["id"],
            "orderDigest": hexdigest(canon(order)), "policyDigest": hexdigest(canon(policy)),
            "version": 1}
    if verb in REASONS:
        body["reason"] = REASONS[verb]
    body.update(changes)
    return {k: v for k, v in body.items() if v is not None}


def signed(key, **what):
    return jws(key, DECISION, canon(decision(**what)))


# --- delegations ---------------------------------------------------------------------------------

DORA = Key("P-256", int.from_bytes(sha256(b"dora"), "big"))
# Alice and Dora must both approve; Bob only hands in, but may be a deputy.
DEPUTIES = dict(POLICY, deputies=["bob"], title="Two and a deputy", holders=[
    {"class": "A", "id": "alice"}, {"class": "T", "id": "bob"}, {"class": "A", "id": "dora"}])


def delegation_display(d, policy):
    rows = [("Account", grouped(d["account"])), ("Bank", d["bank"])]
    if d["verb"] == "withdraw":
        sentence = "I withdraw my delegation."
    else:
        sentence = "I let this person approve payments in my place."
        rows = [("Deputy", d["deputy"]), ("Up to", "%s %s an order" % (d["amount"], d["currency"])),
                ("From", d["from"]), ("Until", d["until"])] + rows + [
                ("Policy", "%s, version %d, %s" % (policy["title"], policy["version"],
                                                   hexdigest(canon(policy))[:16]))]
    return (sentence + "\n\n" + "".join("%-14s%s\n" % row for row in rows)).encode()


def delegation(verb="give", policy=DEPUTIES, shown=None, issued="2026-11-22T09:30:00Z",
               expires="2026-11-22T23:00:00Z", **changes):
    body = {"account": ACCOUNT, "bank": BANK, "display": "countersign-delegation-display/1;en",
            "expires": expires, "issued": issued, "nonce": b64u(sha256(issued.encode())[:16]),
            "verb": verb, "version": 1}
    if verb == "give":
        body.update(amount="77.78", currency="EUR", deputy="bob", **{"from": "2026-11-22T09:00:00Z"},
                    policyDigest=hexdigest(canon(policy)), until="2026-11-23T00:00:00Z")
    body.update(changes)
    body["displayDigest"] = hexdigest(delegation_display(dict(body, **(shown or {})), policy))
    return body


def bank_keys(bank=BANK, root=ROOT, log=LOG):
    return jws(root, KEYS, canon({
        "bank": bank, "expires": "2046-11-22T00:00:00Z", "issued": "2026-11-01T00:00:00Z",
        "keys": [{"spki": b64u(log.spki), "thumbprint": log.thumbprint, "use": "log"}],
        "nonce": b64u(sha256(b"bank keys")[:16]), "root": b64u(root.spki), "version": 1}))


# --- the log, RFC 6962 ---------------------------------------------------------------------------

def leaf_hash(leaf):
    return sha256(b"\0" + leaf)


def split(n):
    return 1 << ((n - 1).bit_length() - 1)


def root_of(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:]))


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [root_of(leaves[k:])]
    return path(m - k, leaves[k:]) + [root_of(leaves[:k])]


def b64(b):
    return base64.b64encode(b).decode()


def note(bank, leaves, key):
    text = "%s\n%d\n%s\n" % (bank, len(leaves), b64(root_of(leaves)))
    key_id = sha256(key.spki)[:4]
    return "%s\n— %s %s\n" % (text, bank, b64(key_id + der_sig(*key.rs(text.encode()))))


class Story:
    """A bank's log as a list of [name, time, body]; what the tests change before it is sealed."""

    def __init__(self, **options):
        self.rows = []
        self.options = options
        key = options.get("bob_key", BOB)
        enrolled = options.get("enrolled", [("alice", ALICE), ("bob", key)])
        policy = options.get("policy", POLICY)
        self.put("start", "09:00:00", {"object": "bank", "type": "log-start", "bank": BANK,
                                       "statement": bank_keys()})
        for holder, k in enrolled:
            self.put("enrolment", "09:01:00", {
                "object": "holder:" + holder, "type": "enrolment", "holder": holder,
                "name": holder.title() + " Example", "spki": b64u(k.spki),
                "thumbprint": k.thumbprint, "vouched": "bank"})
        options.get("before_account", lambda s: None)(self)
        self.put("account", "09:02:00", {"object": "account:" + ACCOUNT, "type": "account", "account": ACCOUNT,
                                         "currency": "EUR", "policy": policy, **options.get("opened", {})})
        options.get("after_account", lambda s: None)(self)
        self.put("funding", "09:03:00", {
            "object": "account:" + ACCOUNT, "previous": len(self.rows) - 1, "type": "funding",
            "account": ACCOUNT, "amount": "872.22", "currency": "EUR", "balance": "872.22",
            "movement": 1})

    def put(self, name, clock, body):
        self.rows.append([name, clock if "T" in clock else "2026-11-22T%sZ" % clock, body])
        return len(self.rows) - 1

    def of_order(self, name, clock, body, link=True):
        body = dict(body, object="order:%s/%s" % (ACCOUNT, ORDER["id"]))
        before = [i for i, r in enumerate(self.rows) if r[2]["object"] == body["object"]]
        if before and link:
            body["previous"] = before[-1]
        return self.put(name, clock, body)

    def key_status(self, holder, key, status, clock="10:06:00", floor=None, himself=False):
        before = [i for i, r in enumerate(self.rows) if r[2]["object"] == "holder:" + holder]
        return self.put("key-status", clock, {
            "object": "holder:" + holder, "previous": before[-1], "type": "key-status", "holder": holder,
            "thumbprint": key.thumbprint, "status": status, "floor": "2026-11-22T%sZ" % (floor or clock),
            "note": "lost", **({} if himself else {"operator": "uid 0 (root)"})})

    def elsewhere(self, kind, status, reason=None):
        body = {"type": kind, "movement": 3, "operator": "uid 0 (root)", "note": "pacs.002 of today", "status": status}
        if reason:
            body["reason"] = reason
        return self.of_order(kind, "10:08:00", body)

    def held(self, flags=("above-limit",)):
        return self.of_order("held", "10:07:01", {"type": "held", "status": ["PDNG"], "flags": list(flags)})

    def decide(self, holder, key, clock, status, link=True, document=None, reason=None,
               payeeCheck=None, **what):
        body = {"type": "decision", "holder": holder, "status": status,
                "statement": signed(key, seed=holder + clock, **what)}
        if document:
            body["document"] = document
        if reason:
            body["reason"] = reason
        if payeeCheck:
            body["payeeCheck"] = payeeCheck
        return self.of_order("decision", clock, body, link)

    def delegate(self, clock="09:30:00", holder="dora", key=DORA, link=True, **what):
        what.setdefault("issued", clock if "T" in clock else "2026-11-22T%sZ" % clock)
        name = "delegation:%s/%s" % (ACCOUNT, holder)
        body = {"object": name, "type": "delegation", "holder": holder,
                "statement": jws(key, DELEGATION, canon(delegation(**what)))}
        before = [i for i, r in enumerate(self.rows) if r[2]["object"] == name]
        if before and link:
            body["previous"] = before[-1]
        return self.put("delegation", clock, body)

    def said(self, body):
        """The statement of a decision's entry, or of the batch that it came by."""
        return body["statement"] if "statement" in body else self.rows[min(body["batch"], len(self.rows) - 1)][2]["statement"]

    def settle(self, clock="10:07:01", **changes):
        considered = [{"decision": verb_of(self.said(r[2])), "entry": i,
                       "holder": r[2]["holder"], "keyStatus": "active",
                       "thumbprint": kid_of(self.said(r[2]))}
                      for i, r in enumerate(self.rows) if r[0] == "decision"]
        body = {"type": "settlement", "amount": "77.78", "currency": "EUR", "creditor": CREDITOR,
                "debtor": ACCOUNT, "movement": 2, "orderDigest": hexdigest(canon(ORDER)),
                "policyDigest": hexdigest(canon(POLICY)), "status": ["ACSP", "ACSC"],
                "considered": considered}
        body.update(changes)
        return self.of_order("settlement", clock, body)

    def alice(self, status=("RCVD", "ACTC", "PATC"), **what):
        what.setdefault("document", ORDER)
        return self.decide("alice", ALICE, "10:05:02", list(status), **what)

    def bob(self, status=("ACCP",), **what):
        what.setdefault("issued", "2026-11-22T10:07:00Z")
        return self.decide("bob", self.options.get("bob_key", BOB), "10:07:01", list(status),
                           expires="2026-11-22T10:12:00Z", **what)

    def seal(self):
        """Leaves, hashes, and the evidence entry of each row."""
        salts = [sha256(b"salt %d" % i) for i in range(len(self.rows))]
        leaves = []
        for i, (_, time, body) in enumerate(self.rows):
            commitment = hexdigest(salts[i] + canon(body))
            leaves.append({"commitment": commitment, "index": i, "sealed": commitment,
                           "storage": "clear", "time": time, "version": 1})
        self.hashes = [leaf_hash(canon(leaf)) for leaf in leaves]
        return [{"body": row[2], "leaf": leaves[i], "salt": b64u(salts[i]),
                 "proof": [b64(h) for h in path(i, self.hashes)]}
                for i, row in enumerate(self.rows)]

    def evidence(self, keep=None, edit=None, log_key=LOG, **changes):
        entries = self.seal()
        told = ("act", "batch", "application", "application-end", "enrolment", "key-status", "rotation", "account", "delegation", "decision", "accepted", "held", "released", "settlement",
                "closed", "confirmed", "returned", "told")
        kept = [e for e, row in zip(entries, self.rows)
                if (keep(row) if keep else row[0] in told)]
        document = {"account": ACCOUNT, "bank": BANK, "bankKeys": bank_keys(),
                    "checkpoint": note(BANK, self.hashes, log_key), "entries": kept,
                    "order": ORDER["id"], "type": "evidence", "version": 1}
        document.update(changes)
        if edit:
            edit(document)
        return canon(document)


def part(statement, i):
    return json.loads(unb64u(statement.split(".")[i]))


def kid_of(statement):
    return part(statement, 0)["kid"]


def verb_of(statement):
    return part(statement, 1)["decision"]


TAIL = {"object": "bank", "type": "refusals", "count": 3, "minute": "2026-11-22T10:08:00Z",
        "reason": "JWS_MALFORMED"}


def settled(**options):
    s = Story(**options)
    s.alice()
    s.put("refusals", "10:06:00", TAIL)
    s.bob()
    s.settle()
    s.put("refusals", "10:08:00", TAIL)
    return s
