/* SPDX-License-Identifier: Apache-2.0
 *
 * deciding: one decision, or a terminal's word on cash, on its way through the checks (decide.c,
 * cash.c) and into the books (take.c). Private to bankd/core.
 */
#ifndef BANKD_CORE_DECIDING_H
#define BANKD_CORE_DECIDING_H

#include "bankd/core/batches.h"
#include "bankd/core/core.h"
#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "bankd/core/state.h"
#include "bankd/core/stated.h"

struct deciding {
    struct core *c;
    struct stated stated;
    enum verb verb; /* SUBMIT for a terminal's word */
    const struct order *order;
    const struct core_document *document;

    struct ledger_account account;
    const struct policy *current; /* the account's */
    const struct policy *pinned;  /* the one the order entered under, or enters under now */
    struct life_order row;        /* id 0: the order is new */
    struct ledger_account creditor;
    struct batches_row batch;         /* of what came by one */
    struct life_decisions *decisions; /* large, so the caller's and not zeroed */
    struct delegations *delegations;  /* likewise; the account's */
};

/* --- decide.c: what holds for whatever is said about an order --- */
/* Of a decision of its own, and of one by batch. */
MUST_CHECK enum err deciding_access(void *deciding, const struct session_viewer *viewer);
MUST_CHECK enum err deciding_judge(void *deciding);
/* Ends what is past its time, so that its money is free again. */
MUST_CHECK enum err deciding_due(void *deciding);
/* The order's row, if there is one, and the account's delegations. */
MUST_CHECK enum err deciding_find(struct deciding *d);
/* Of an order that the bank knows. */
MUST_CHECK enum err deciding_known(struct deciding *d);
/* ACCOUNT_BLOCKED, ACCOUNT_CLOSED. */
MUST_CHECK enum err deciding_pays(const struct deciding *d);
/* Whether a new order fits its account: the currency, a rule, the limits, the funds. */
MUST_CHECK enum err deciding_fits(struct deciding *d, const struct policy_case *what, bool today);

/* batch.c: of an approval that came by a batch. */
extern const struct stated_steps deciding_batch;

/* The way of STATEMENT, with a struct deciding for the steps. */
MUST_CHECK enum err deciding_run(struct core *c, const struct core_caller *who,
                                 const struct verified *statement,
                                 const struct core_document *document,
                                 const struct stated_steps *steps, struct core_answer *out);

/* Enters a decision that passed every check: the order, if it is new, with its reservation; the
 * decision; what the votes now amount to, execution included; the entries. Only failures, no
 * refusals. */
MUST_CHECK enum err take_decision(void *deciding, struct core_answer *out);

#endif
