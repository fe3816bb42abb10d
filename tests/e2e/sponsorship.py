# SPDX-License-Identifier: Apache-2.0
"""A sponsorship, written from docs/FORMAT.md 8.10."""
from bank import sha256, statement
from policy_change import grouped

TYP = "countersign-sponsorship+jws"


def display(said):
    return ("I know this person and sponsor the request to be enrolled.\n\n"
            "Name          %(name)s\n" % said
            + "".join("%-14s%s\n" % (label, grouped(said[member])) for label, member in
                      (("New key", "key"), ("Request", "enrolment"), ("My account", "account")))
            + "Bank          %(bank)s\n" % said)


def sign(key, account, newcomer, /, **members):
    """KEY's holder vouches for NEWCOMER (enrolment.Newcomer); MEMBERS replace or add what is said, and shown."""
    said = {**statement(account=account, display="countersign-sponsorship-display/1;en", enrolment=newcomer.enrolment,
                        key=newcomer.key.thumbprint, name=newcomer.name), **members}
    said.setdefault("displayDigest", sha256(display(said).encode()))
    return key.jws(TYP, said)


def send(session, newcomer, jws):
    return session.post("/v1/enrolments/%s/sponsorship" % newcomer.enrolment, {"sponsorship": jws})
