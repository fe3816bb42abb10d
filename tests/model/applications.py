# SPDX-License-Identifier: Apache-2.0
"""What the model says of applications for accounts (docs/FORMAT.md 8.8)."""

import documents
from books import Account, Refused, answers, refuse_if
from documents import DAY, canonical, digest, seconds_of

MOST, MOST_OF_ONE, MOST_A_DAY = 1000, 8, 32


class Application:
    def __init__(self, doc, applicant, now):
        self.received = now
        self.doc, self.digest, self.applicant = doc, digest(canonical(doc)), applicant
        self.holders = [h["id"] for h in doc["policy"]["holders"]]
        self.expires = seconds_of(doc["expires"])
        self.state, self.account = "waiting", None
        self.words = []  # (holder, key)

    @property
    def missing(self):
        return [h for h in self.holders if not any(h == who and key.counts for who, key in self.words)]

    def view(self):
        return {"status": self.state, "application": self.digest, "missing": self.missing, "account": self.account}


def first_policy(doc, number, now):
    """What the holders signed, and the bank's own members."""
    return documents.Policy({**doc["policy"], "account": number, "bank": doc["bank"], "currency": doc["currency"],
                             "type": "policy", "validFrom": documents.time_text(now), "version": 1})


class Applications:
    def find_application(self, name):
        """With what time demands."""
        found = self.applications.get(name)
        if found and found.state == "waiting" and self.now >= found.expires:
            found.state = "expired"
        return found

    def application_waits(self, name):
        """Whoever asks only this does not end the one whose time is over."""
        found = self.applications.get(name)
        return found is not None and found.state == "waiting" and self.now < found.expires

    def end_one_application(self):
        """Whether there was one whose time is over."""
        due = [a for a in self.applications.values() if a.state == "waiting" and self.now >= a.expires]
        for found in due[:1]:
            found.state = "expired"
        return bool(due)

    @answers
    def apply(self, said, doc):
        """SAID was signed about its own application; DOC is the one that it is handed in with."""
        lasts = seconds_of(doc["expires"]) - said["issued"]
        for wrong, name in ((canonical(said["about"]) != canonical(doc), "APPLICATION_MISMATCH"),
                            (not 0 < lasts <= 30 * DAY, "APPLICATION_PERIOD")):
            if wrong:
                return self.unverified(said["session"], name)
        key = self.keys[said["key"]]
        if self.caller(said["session"]) != key.holder:
            raise Refused("KEY_MISMATCH")
        found = self.find_application(digest(canonical(doc)))
        if self.came_before(said, key):
            return {"err": "AGAIN"}
        with self.may_come(said, key):
            self.check_fresh(said, key)
            self.check_application(said["verb"], key, found, doc)
        return self.take_application(said["verb"], key, found, doc)

    def check_application(self, verb, key, found, doc):
        named = [h["id"] for h in doc["policy"]["holders"]]
        if key.holder not in named:
            raise Refused("NOT_AN_APPLICANT")
        if found:
            if found.state != "waiting":
                raise Refused("APPLICATION_OVER")
            if verb == "apply" and key.holder not in found.missing:
                raise Refused("ALREADY_DECIDED")
            return
        waiting = [a for a in self.applications.values() if a.state == "waiting" and self.now < a.expires]
        own = [a for a in waiting if a.applicant == key.holder]
        lately = [a for a in waiting if a.received > self.now - 7 * DAY]
        today = [a for a in self.applications.values() if a.applicant == key.holder and a.received > self.now - DAY]
        refuse_if((verb != "apply", "NOT_FOUND"), (self.now >= seconds_of(doc["expires"]), "APPLICATION_OVER"),
                  (any(h not in {k.holder for k in self.keys} for h in named), "HOLDER_UNKNOWN"),
                  (len(lately) >= MOST or len(own) >= MOST_OF_ONE or len(today) >= MOST_A_DAY, "APPLICATIONS_FULL"))

    def take_application(self, verb, key, found, doc):
        is_new = found is None
        if is_new:
            found = Application(doc, key.holder, self.now)
            self.applications[found.digest] = found
        if verb == "apply":
            found.words.append((key.holder, key))
        else:
            found.state = "withdrawn"
        return {"err": "OK", "http": 201 if is_new else 200, **found.view()}

    # --- the operator ---
    def admit_application(self, session, name, number):
        return self.at_console(session, lambda: self.open_account_applied(name, number))

    def refuse_application(self, session, name):
        return self.at_console(session, lambda: self.end_application(name))

    def known_application(self, name):
        """On which no other operator works."""
        found = self.find_application(name)
        if found is None or found.state != "waiting":
            raise Refused("APPLICATION_OVER" if found else "NOT_FOUND")
        self.check_claim(f"application:{name}")
        return found

    def open_account_applied(self, name, number):
        found = self.known_application(name)
        refuse_if((found.missing, "APPLICATION_UNSIGNED"), (self.elsewhere(number), "ACCOUNT_ELSEWHERE"),
                  (number in self.accounts, "ACCOUNT_EXISTS"))
        policy = first_policy(found.doc, number, self.now)
        account = self.accounts[number] = Account(number, found.doc["currency"], policy)
        account.words += [key for _, key in found.words]
        self.policies[policy.digest] = policy
        found.state, found.account = "admitted", number
        self.did("opened", f"account:{number}")
        return {"err": "OK", "http": 201, **found.view()}

    def end_application(self, name):
        found = self.known_application(name)
        found.state = "refused"
        return {"err": "OK", **found.view()}

    @answers
    def see_application(self, session, name):
        who = self.caller(session)
        found = self.find_application(name)
        if found is None or (who is not None and who not in found.holders):
            return {"err": "NOT_FOUND"}
        return {"err": "OK", **found.view()}
