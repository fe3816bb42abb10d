/* SPDX-License-Identifier: Apache-2.0
 *
 * deciding: one decision on its way through the checks (decide.c) and into the books (take.c).
 * Private to bankd/core.
 */
#ifndef BANKD_CORE_DECIDING_H
#define BANKD_CORE_DECIDING_H

#include "bankd/core/core.h"
#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "bankd/core/state.h"
#include "bankd/core/stated.h"

struct deciding {
    struct core *c;
    struct stated stated;
    const struct decision *said;
    const struct order *order;
    const struct core_document *document;

    struct ledger_account account;
    const struct policy *current; /* the account's */
    const struct policy *pinned;  /* the one the order entered under, or enters under now */
    struct life_order row;        /* id 0: the order is new */
    struct ledger_account creditor;
    struct life_decisions *decisions; /* large, so the caller's and not zeroed */
    struct delegates *delegates;      /* likewise; the account's */
};

/* Enters a decision that passed every check: the order, if it is new, with its reservation; the
 * decision; what the votes now amount to, execution included; the entries. Only failures, no
 * refusals. */
MUST_CHECK enum err take_decision(struct deciding *d, struct core_answer *out);

#endif
