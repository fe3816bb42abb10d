# SPDX-License-Identifier: Apache-2.0
"""The bank's operators with keys of their own, written from docs/FORMAT.md 8.5."""
from bank import Key, Session, b64, statement

TYP = "countersign-operator-act+jws"


def act(key, path, request, /, typ=TYP, **members):
    """KEY signs that PATH is asked for with REQUEST."""
    return key.jws(typ, {**statement(path=path, request=request), **members})


class Operator(Session):
    """Over a session of his own; what he posts he signs, unless he is no operator's session at all."""

    def act(self, path, request, key=None, /, **members):
        return self.send_act(path, act(key or self.key, path, request, **members))

    def send_act(self, path, jws):
        return self.post(path, {"act": jws})


def enrol(bank, name, roles=(), by=None, key=None, also=()):
    """By the console, or by an operator with the right to it, and by those who say the same for the keeper's sake.
    Returns the operator, logged in."""
    key = key or Key(bank.dir)
    said = [("/v1/operators", {"operator": name, "name": name.title(), "spki": b64(key.spki)})]
    if roles:
        said.append(("/v1/operators/%s/roles" % name, {"roles": sorted(roles), "note": "as a test"}))
    for path, body in said:
        answer = by.act(path, body) if by else bank.operator("POST", path, body)
        assert answer.status == (201 if path == "/v1/operators" else 200), answer
        for another in also:
            answer = another.act(path, body)
            assert answer.status == 200, answer
    return Operator(bank, key)
