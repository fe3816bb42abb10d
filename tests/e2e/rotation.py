# SPDX-License-Identifier: Apache-2.0
"""A rotation, written from docs/FORMAT.md 8.7."""
from bank import b64, sha256, statement
from policy_change import grouped

TYP, PROOF = "countersign-rotation+jws", "countersign-rotation-proof+jws"


def display(said, new):
    return ("I replace my key. Only the new one signs for me from now on.\n\n"
            "New key       %s\nSigns by      %s\nOld key       %s\nBank          %s\n"
            % (grouped(new.thumbprint), new.alg, grouped(said["replaces"]), said["bank"]))


def sign(old, new, /, **members):
    """OLD gives its place to NEW; MEMBERS replace or add, in what both sign."""
    said = {**statement(display="countersign-rotation-display/1;en", key=b64(new.spki), replaces=old.thumbprint),
            **members}
    said.setdefault("displayDigest", sha256(display(said, new).encode()))
    return old.jws(TYP, {**said, "proof": new.jws(PROOF, said)})


def send(session, old, jws):
    return session.post("/v1/keys/%s/rotation" % old.thumbprint, {"rotation": jws})
