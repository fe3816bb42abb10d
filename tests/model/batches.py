# SPDX-License-Identifier: Apache-2.0
"""One signature on many orders (FORMAT.md 5.1): what the bank must say of each, and the steps."""
import documents
from books import Refused, answers, refuse_if
from documents import canonical, money


class Batches:
    """Of the bank."""

    @answers
    def by_batch(self, said, i, place, carried):
        """Order number I of what was signed, handed in at the place of order number PLACE. CARRIED: by whose session,
        and what was found out about the payee."""
        order, one = said["orders"][i], {**said, **carried}
        session = one["session"]
        try:
            self.verify_batch(said, order, i == place)
        except Refused as why:
            return self.unverified(session, str(why), order["account"])
        key = self.keys[said["key"]]
        account = self.own_account(session, order["account"])
        mine = key.nonces.setdefault(said["nonce"], said["statement"]) == said["statement"]
        if mine and i in said["answers"]:
            return {"err": "AGAIN"}
        if mine:
            said["answers"][i] = None  # what the bank will say
        self.catch_up(account)
        one["answered"] = mine
        self.check_batch_fresh(said, one, key)
        known = self.orders.get((account.number, order["id"]))
        self.check_signer(one, key, account, order)
        if account.state != "open":
            raise Refused("ACCOUNT_" + account.state.upper())
        (self.check_known if known else self.check_new)(one, key, account, order)
        self.check_batch(said, account, order)
        said["taken"].append(self.minor(order))
        return self.take(one, key, account, order)

    @staticmethod
    def minor(order):
        return int(order["amount"].replace(".", ""))

    def verify_batch(self, said, order, in_place):
        policy = self.policies.get(said["policy"].digest)
        refuse_if((order["bank"] != self.name, "BANK_MISMATCH"),
                  (order["account"] != said["orders"][0]["account"], "ACCOUNT_MISMATCH"),
                  ("terminal" in order, "DECISION_NOT_OFFERED"),
                  (policy is None, "POLICY_MISMATCH"),
                  (policy and policy.doc["account"] != order["account"], "ACCOUNT_MISMATCH"),
                  (policy and "signatures" in policy.doc, "BATCH_NOT_ALLOWED"),
                  (not in_place, "BATCH_PROOF_INVALID"),
                  (self.minor(order) > said["totals"][order["currency"]], "BATCH_EXCEEDED"))

    def check_batch_fresh(self, said, one, key):
        """The age is judged with the first order; the bank then knows the batch, whatever becomes of that one."""
        if said["entered"]:
            if said["issued"] < key.floor:
                raise Refused("KEY_FLOOR")
            one = {**one, "challenge": "", "issued": self.now}
        self.check_fresh(one, key)
        said["entered"] = True

    @staticmethod
    def check_batch(said, account, order):
        if "signatures" in account.policy.doc:
            raise Refused("BATCH_NOT_ALLOWED")
        if set(said["totals"]) != {account.currency}:
            raise Refused("CURRENCY_MISMATCH")
        if sum(said["taken"]) + Batches.minor(order) > said["totals"][account.currency]:
            raise Refused("BATCH_EXCEEDED")


class Handing:
    """Of the world that compares."""

    def batch(self, said, lie):
        """Signs the orders of SAID; LIE: a total in minor units instead of the true one."""
        totals = {}
        for order in said["orders"]:
            totals[order["currency"]] = totals.get(order["currency"], 0) + Batches.minor(order)
        if lie:
            totals = dict.fromkeys(totals, lie)
        said.update(do="batch", formed=False, statement=len(self.statements), totals=totals, answers={}, taken=[],
                    entered=False)
        self.statements.append(said)
        first = said["orders"][0]
        answer = self.ask("batch", orders=[canonical(order) for order in said["orders"]], policy=said["policy"].text,
                          total=money(lie, first["currency"]) if lie else "",
                          **{name: said[name] for name in ("key", "issued", "expires", "nonce", "challenge")})
        self.answers.append(answer)
        self.compare("batch", {"err": "OK"}, answer)

    def one_of(self, said, i, place, carried):
        expected = self.bank.by_batch(said, i, place, carried)
        answer = self.ask("one-of", statement=said["statement"], order=i, place=place, session=carried["session"],
                          payee_check=carried["check"])
        if expected["err"] == "AGAIN":
            self.note("one-of", "AGAIN")
            self.same("the first answer", said["answers"][i], answer)
            return
        self.compare("one-of", expected, answer)
        if said["answers"].get(i, answer) is None:
            said["answers"][i] = answer


class Signing:
    """Of the steps."""

    def batch(self):
        able = [a for a in self.bank.accounts.values() if a.policy.approvers]
        if not able:
            return
        account = self.pick(able)
        orders = [self.order(account) for _ in range(self.pick([1, 2, 2, 3, 4]))]
        orders += [o for o in self.live if o["account"] == account.number and o["type"] != "cash-deposit"][-2:]
        orders = [o for o in orders if documents.order_form(o) is None and sum(x["id"] == o["id"] for x in orders) == 1]
        if not orders:
            return
        self.rng.shuffle(orders)
        key = self.signer(orders[0])
        same = len({order["currency"] for order in orders}) == 1
        lie = sum(map(self.bank.minor, orders)) - self.pick([1, 1, self.bank.minor(orders[0])]) if same and self.chance(12) else 0
        said = {**self.statement(key), "key": key, "orders": orders, "verb": "approve",
                "policy": self.policy_to_sign(orders[0]), "check": ""}
        self.world.batch(said, max(lie, 0))
        self.batches = [*self.batches[-3:], said]
        self.hand_in_batch(said)

    def hand_in_batch(self, said=None):
        """Most of its orders, one after the other; some twice, at another's place or much later."""
        said = said or (self.pick(self.batches) if self.batches else None)
        if said is None:
            return
        for i, order in enumerate(said["orders"]):
            if self.chance(12):
                continue
            place = self.rng.randrange(len(said["orders"])) if self.chance(4) else i
            for _ in range(2 if self.chance(8) else 1):
                self.world.one_of(said, i, place, {"session": self.carrier(said["key"]), "check": self.found_out()})
            known = self.bank.orders.get((order["account"], order["id"]))
            if known and order not in self.live:
                self.live = self.live[-11:] + [order]
            if self.chance(6):
                self.world.later(self.pick([1, 60, 299, 300, 301, 3600]))
