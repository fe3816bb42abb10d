# SPDX-License-Identifier: Apache-2.0
"""Forms, the calendar and policies, from docs/FORMAT.md (1, 4, 8, 13) and none of our code. Times are
whole seconds since 1970 UTC, money is minor units."""

import datetime
import hashlib
import json

DAY = 86400
DECIMALS = {"EUR": 2, "USD": 2, "JPY": 0}
MONEY_MAX = 10 ** 18 - 1


# --- forms ----------------------------------------------------------------------------------------
def canonical(value):
    """RFC 8785 for what stands in our documents: plain names, integers, texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def money(minor, currency):
    decimals = DECIMALS[currency]
    if not decimals:
        return str(minor)
    return f"{minor // 10 ** decimals}.{minor % 10 ** decimals:0{decimals}d}"


def minor_of(text, currency):
    """Minor units, or the name of what is wrong."""
    if currency not in DECIMALS:
        return "CURRENCY_UNKNOWN"
    whole, point, part = text.partition(".")
    decimals = DECIMALS[currency]
    if not whole.isdigit() or (whole[0] == "0" and whole != "0"):
        return "AMOUNT_INVALID"
    if len(part) != decimals or bool(point) != bool(decimals) or (decimals and not part.isdigit()):
        return "AMOUNT_INVALID"
    return int(whole + part) if len(whole + part) <= 18 else "AMOUNT_TOO_LARGE"


def time_text(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text):
    at = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    return int(at.replace(tzinfo=datetime.timezone.utc).timestamp())


def day_of(seconds):
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=seconds // DAY)


def start_of(day):
    return (day - datetime.date(1970, 1, 1)).days * DAY


def iban(number, country="DE", digits=18):
    """DIGITS behind the check digits."""
    body = f"{number:0{digits}d}"
    letters = "".join(str(int(c, 36)) for c in country)
    return f"{country}{98 - int(body + letters + '00') % 97:02d}{body}"


# Accounts of other banks: by the bank's code, and by the country alone.
ELSEWHERE = [iban(370400440000000001), iban(370400440000000002), iban(3, "PT", 21)]


# Names of payees, those in a row beyond doubt alike: other case and punctuation, a Cyrillic o, I for l.
NAMES = [["Trim & Sons", "TRIM - SONS", "Trim, Sons.", "Trim & S\u043ens"],
         ["Paul Legal", "PAUL LEGAL", "PauI LegaI", "Paul-Legal"],
         ["Eugenius"], ["Slop the Chemist"]]


def look_of(name):
    """Which row it is in."""
    return next(i for i, alike in enumerate(NAMES) if name in alike)


# --- the calendar ---------------------------------------------------------------------------------
def easter(year):
    """Sunday, by the rule that J.-M. Oudin published in 1940."""
    century = year // 100
    golden = year % 19
    epact = (century - century // 4 - (century - (century - 17) // 25) // 3 + 19 * golden + 15) % 30
    epact -= (epact // 28) * (1 - (epact // 28) * (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + epact + 2 - century + century // 4) % 7
    after = epact - weekday
    month = 3 + (after + 40) // 44
    return datetime.date(year, month, after + 28 - 31 * (month // 4))


def business_day(day, currency):
    if day.weekday() >= 5:
        return False
    if currency != "EUR":
        return True
    one = datetime.timedelta(days=1)
    closed = {datetime.date(day.year, *fixed) for fixed in ((1, 1), (5, 1), (12, 25), (12, 26))}
    closed |= {easter(day.year) - 2 * one, easter(day.year) + one}
    return day not in closed


def execution_day(day, currency):
    while not business_day(day, currency):
        day += datetime.timedelta(days=1)
    return day


ALL = [{"require": "all"}, {"for": "cash", "require": "all"}]  # of an account without rules


# --- policies -------------------------------------------------------------------------------------
def can_fill(places, people, standing=()):
    """Whether each place can get a person of its own, who takes it himself or for one who lets him, by
    STANDING, (principal, deputy): by trying."""
    if not places:
        return True
    if len(places) > len(people):
        return False
    takes = places[0] | {deputy for principal, deputy in standing if principal in places[0]}
    return any(can_fill(places[1:], people - {one}, standing) for one in takes & people)


class Rule:
    def __init__(self, policy, rule):
        currency = policy.doc.get("currency", "EUR")
        self.subject = rule.get("for", "payment")
        self.above = minor_of(rule["above"], currency) if "above" in rule else 0
        self.up_to = minor_of(rule["upTo"], currency) if "upTo" in rule else None
        self.payees = rule.get("payees")
        people = policy.approvers
        in_class = {c: {h for h in people if policy.holders[h] == c} for c in "ABE"}
        self.broken = False
        if rule.get("require") == "all":
            self.ways = [(0, [people] * len(people))]
        elif rule.get("require") == "ebics":
            ways = [[in_class["E"]], [in_class["A"]] * 2, [in_class["A"], in_class["B"]]]
            self.ways = [(0, places) for places in ways if can_fill(places, people)]
        else:
            self.ways = []
            for way in rule["anyOf"]:
                places = []
                for term in way["signers"]:
                    named = set(term["of"]) if "of" in term else in_class.get(term.get("class"), set())
                    who = named if "of" in term or "class" in term else people
                    if not term["count"] or not who <= people or \
                            term.get("of", []) != sorted(set(term.get("of", []))):
                        self.broken = True
                    places += [who & people] * term["count"]
                self.ways.append((way.get("afterDays", 0) * DAY, places))
                self.broken = self.broken or not can_fill(places, people)
        self.broken = self.broken or not self.ways or \
            (self.up_to is not None and self.up_to <= self.above)

    def decides(self, subject, amount, payee):
        return self.subject == subject and (subject == "policy" or (
            self.above < amount and (self.up_to is None or amount <= self.up_to) and
            (self.payees is None or payee in self.payees)))


class Policy:
    def __init__(self, doc):
        self.doc = doc
        self.text = canonical(doc)
        self.digest = digest(self.text)
        self.holders = {h["id"]: h["class"] for h in doc["holders"]}
        self.approvers = {h for h, c in self.holders.items() if c != "T"}
        self.rules = [Rule(self, rule) for rule in doc["rules"]]
        self.limits = {limit["per"]: minor_of(limit["amount"], doc["currency"])
                       for limit in doc.get("limits", [])}

    def valid(self):
        """Whether it may be loaded at all (POLICY_INVALID)."""
        deputies = self.doc.get("deputies", [])
        return bool(self.approvers) and not any(r.broken for r in self.rules) and \
            deputies == sorted(set(deputies)) and set(deputies) <= set(self.holders) and \
            all(self.is_asked(i) for i in range(len(self.rules)))

    def is_asked(self, i):
        """Whether some case is left to the rule: tried just above each amount that any rule names
        and at it, for each of its payees or one that nobody names."""
        rule = self.rules[i]
        edges = {0} | {r.above for r in self.rules} | {r.up_to for r in self.rules if r.up_to is not None}
        cases = [(amount, payee) for edge in edges for amount in (edge, edge + 1)
                 for payee in rule.payees or ["nobody"] if amount > 0]
        return any(rule.decides(rule.subject, *case) and
                   not any(r.decides(rule.subject, *case) for r in self.rules[:i]) for case in cases)

    def in_force(self, now):
        until = self.doc.get("validUntil")
        return seconds_of(self.doc["validFrom"]) <= now and (until is None or now < seconds_of(until))

    def ways(self, case):
        """Those of the rule that decides the case, (subject, amount, payee); None without one. A new
        policy always has one: all."""
        for rule in self.rules:
            if rule.decides(*case):
                return rule.ways
        return [(0, [self.approvers] * len(self.approvers))] if case[0] == "policy" else None

    def quorum(self, case, waited, yes, standing=()):
        """STANDING: (principal, deputy) of people who did not vote themselves."""
        ways = self.ways(case)
        able = yes & (self.approvers | {deputy for _, deputy in standing})
        return ways is not None and any(waited >= after and can_fill(places, able, standing)
                                        for after, places in ways)

    def lets_delegate(self, principal, deputy):
        return principal in self.approvers and principal != deputy and deputy in self.doc.get("deputies", [])

    def out_of_reach(self, case, no):
        ways = self.ways(case)
        return ways is None or not any(can_fill(places, self.approvers - no) for _, places in ways)

    def next_opening(self, case, waited):
        return min((after for after, _ in self.ways(case) or [] if after > waited), default=None)


# --- what a document's form says ------------------------------------------------------------------
def iban_form(number):
    rest = int("".join(str(int(c, 36)) for c in number[4:] + number[:4])) % 97
    return None if rest == 1 and 2 <= int(number[2:4]) <= 98 else "IBAN_CHECK_DIGITS"


def order_form(doc):
    """The name for a document that is no order, or None; for what the test makes wrong."""
    for number in [doc["account"]] + ([doc["creditor"]["account"]] if "creditor" in doc else []):
        if iban_form(number):
            return iban_form(number)
    amount = minor_of(doc["amount"], doc["currency"])
    if isinstance(amount, str):
        return amount
    if amount == 0:
        return "AMOUNT_ZERO"
    if not 0 < seconds_of(doc["expires"]) - seconds_of(doc["created"]) <= 366 * DAY:
        return "DOC_MEMBER_INVALID"
    try:
        datetime.date.fromisoformat(doc.get("date", "2026-11-23"))  # cash has none
    except ValueError:
        return "DATE_INVALID"
    return None
