# SPDX-License-Identifier: Apache-2.0
"""What the model says of requests to be enrolled (docs/FORMAT.md 8.6) and of those who vouch for them (8.10)."""

from books import Key, Refused, answers, refuse_if

WAITING_MAX, SPONSORS_MAX, WORDS_MAX = 1000, 8, 32


class Request:
    def __init__(self, name, wanted, key, expires):
        self.name, self.wanted, self.expires = name, wanted, expires
        self.key = key  # the newcomer's, by its number among newcomers; two requests may have the same
        self.taken = None  # the number among keys of one that was there
        self.state, self.holder = "waiting", None
        self.words = []  # (holder, account, key, when it was entered), the first first
        self.id = self.thumbprint = None  # what the bank calls it, and its key


class Newcomers:
    sponsors = 0  # who must vouch for somebody new
    each = None  # requests of one address that may wait

    def __init__(self):
        super().__init__()
        self.requests = []
        self.enrolled = {}  # number of a newcomer's key: its number among keys

    def request_called(self, name):
        return next((i for i, r in enumerate(self.requests) if r.id == name), None)

    def other_letter(self, name, letter):
        """Whether it says another name or key than the request; the key's thumbprint is the bank's to make."""
        request = self.requests[self.request_called(name)] if self.request_called(name) is not None else None
        return request is not None and (letter["name"], letter["thumbprint"]) != (request.name, request.thumbprint)

    # --- what time does ---
    def request_due(self):
        return next((r for r in sorted(self.requests, key=lambda r: r.expires) if r.state == "waiting" and r.expires <= self.now), None)

    def look_at_request(self, request):
        if request.state == "waiting" and request.expires <= self.now:
            request.state = "expired"

    def still_waiting(self):
        return [r for r in self.requests if r.state == "waiting" and r.expires > self.now]

    # --- asking ---
    def ask_in(self, said):
        """TAKEN: the request is of a key that somebody has, as one of a newcomer who was admitted is: for a certificate."""
        waiting = len(self.still_waiting())
        taken = self.enrolled.get(said["newcomer"]) if said["taken"] is None else said["taken"]
        wrong_key = self.renewal_error(taken, said["name"], said["wanted"])
        for wrong, name in ((said["issued"] > self.now + 10, "ISSUED_IN_FUTURE"),
                            (said["issued"] < self.now - 300, "ISSUED_TOO_OLD"),
                            (self.now > said["expires"], "STATEMENT_EXPIRED"),
                            (wrong_key, wrong_key),
                            (waiting >= WAITING_MAX, "ENROLMENTS_FULL"),
                            (self.each is not None and waiting >= self.each, "ENROLMENTS_TOO_MANY")):
            if wrong:
                return {"err": name}
        self.requests.append(Request(said["name"], said["wanted"], said["newcomer"], said["expires"]))
        self.requests[-1].taken = said["taken"]
        return {"err": "OK", "http": 202, "status": "waiting", "name": said["name"], "wanted": said["wanted"] or None}

    def renewal_error(self, taken, name, wanted):
        """Whether the key is nobody's, or of him who asks for another certificate for it."""
        if taken is None:
            return None
        key = self.keys[taken]
        if key.terminal or key.staff or (key.holder, self.person_names[key.holder]) != (wanted, name):
            return "KEY_TAKEN"
        return self.key_error(key)

    def there(self, request):
        """The number among keys of the one that it is of; None: nobody's."""
        return self.enrolled.get(request.key) if request.taken is None else request.taken

    # --- vouching ---
    def counts(self, word):
        """Judged again whenever it matters: the key, the right, the account."""
        holder, account, key, _ = word
        self.catch_up_change(account)
        return key.counts and account.state != "closed" and holder in account.policy.approvers

    def vouching(self, request):
        """A person counts once."""
        return {holder for holder, *_ in filter(self.counts, request.words)}

    def vouches_for_himself(self, request, holder):
        """By a key that he has now."""
        return any(word[0] == holder and word[2].status == "active" and self.counts(word) for word in request.words)

    @answers
    def sponsor(self, said, path):
        """SAID was signed about its own request; PATH is the one by whose path it is handed in."""
        if said["about"] != path:
            return self.unverified(said["session"], "SPONSORSHIP_MISMATCH")
        key, account = self.keys[said["key"]], self.own_account(said["session"], said["account"])
        if self.came_before(said, key):
            return {"err": "AGAIN"}
        request = self.requests[path]
        self.look_at_request(request)
        self.check_fresh(said, key)
        refuse_if((account.state == "closed", "ACCOUNT_CLOSED"),
                  (key.holder not in account.policy.holders, "NOT_A_HOLDER"),
                  (key.holder not in account.policy.approvers, "MAY_NOT_APPROVE"),
                  (request.state != "waiting", "ENROLMENT_OVER"),
                  (said["slip"], "SPONSORSHIP_MISMATCH"))
        vouching = self.vouching(request)
        if key.holder in vouching:
            raise Refused("ALREADY_SPONSORED")
        if len(request.words) == WORDS_MAX or len(vouching) == SPONSORS_MAX:
            raise Refused("SPONSORS_TOO_MANY")
        request.words.append((key.holder, account, key, self.now))
        return {"err": "OK", "http": 201, "holder": key.holder, "name": request.name, "status": "sponsored"}

    # --- the operator's word ---
    def known_request(self, number):
        if number is None:
            raise Refused("NOT_FOUND")
        request = self.requests[number]
        self.look_at_request(request)
        if request.state != "waiting":
            raise Refused("ENROLMENT_OVER")
        self.check_claim(f"enrolment:{request.id}")
        return request

    def admit(self, number, letter):
        """LETTER: as whom, whether that is ANOTHER key of his, and what the operator read: SLIP where that is not what
        the request says."""
        request, holder = self.known_request(number), letter["holder"]
        vouching = self.vouching(request)
        if letter["slip"]:
            raise Refused("LETTER_MISMATCH")
        kinds = {key.holder: "person" if not key.terminal and not key.staff else "none" for key in self.keys}
        if holder not in kinds:
            if letter["another"]:
                raise Refused("HOLDER_UNKNOWN")
            if kinds.get(request.wanted) == "person":
                raise Refused("HOLDER_MISMATCH")
            if len(vouching) < self.sponsors:
                raise Refused("SPONSORS_MISSING")
        else:
            self.check_same(request, letter, kinds[holder])
        wrong_key = self.renewal_error(self.there(request), request.name, request.wanted)
        if wrong_key:
            raise Refused(wrong_key)
        self.certify(request)
        request.state, request.holder = "admitted", holder
        if self.there(request) is not None:  # nothing changes but its certificate
            return {"err": "OK", "status": "admitted", "holder": holder}
        self.keys.append(Key(holder, self.now))
        self.enrolled[request.key] = len(self.keys) - 1
        self.person_names.setdefault(holder, request.name)
        self.did("admitted", f"holder:{holder}")
        return {"err": "OK", "status": "admitted", "holder": holder}

    def check_same(self, request, letter, kind):
        """Another key for who is there: said to be that, for nobody else, and by another operator, or by his own word."""
        holder = letter["holder"]
        if kind != "person":
            raise Refused("HOLDER_IS_NO_PERSON")
        if not letter["another"] or request.wanted != holder or request.name != self.person_names[holder]:
            raise Refused("BANK_HOLDER_EXISTS")
        renews = self.there(request) is not None and not self.renewal_error(self.there(request), request.name, request.wanted)
        if not renews and not self.vouches_for_himself(request, holder):
            self.check_eyes("admit", f"holder:{holder}")

    def certify(self, request):
        """The keeper's part, where there is one."""

    def refuse_request(self, number):
        request = self.known_request(number)
        request.state = "refused"
        return {"err": "OK", "status": "refused", "note": "Asked"}

    @answers
    def at_console(self, session, act):
        if not self.operator(session):
            return {"err": "ROLE_REQUIRED"}
        return act()
