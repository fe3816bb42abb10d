/* SPDX-License-Identifier: Apache-2.0
 *
 * movements: the ledger's movements as holders see them. Movements are numbered as they happen, so
 * a period is a range of numbers, found by the two movements at its ends; what an account has in it
 * is read along its own postings. Private to bankd/core.
 */
#ifndef BANKD_CORE_MOVEMENTS_H
#define BANKD_CORE_MOVEMENTS_H

#include "bankd/core/core.h"
#include "bankd/core/ledger.h"
#include "bankd/core/page.h"
#include "bankd/core/state.h"
#include "order/doc.h"

#define MOVEMENTS_OTHER "other"           /* what goes out, without a word of the holder */
#define MOVEMENTS_CASH "cash"             /* the same, at a terminal */
#define MOVEMENTS_INCOME "income"         /* what comes in */
#define MOVEMENTS_RETURNED "returned"     /* came back from another bank */
#define MOVEMENTS_CORRECTION "correction" /* the bank took a booking back */

/* The category of the present row: what the holder said of it (column CATEGORY, may be NULL), or
 * one of the above by its KIND (a column, too) and amount. */
const char *movements_category(const struct store_query *q, int category, int kind, int64_t amount);

/* Numbers of movements, both included; none when FIRST > LAST. */
struct movements_range {
    int64_t first, last;
};
/* PERIOD_INVALID. */
MUST_CHECK enum err movements_range(struct core *c, const struct core_period *period,
                                    struct movements_range *out);

/* For a walk from old to new. The cursor is "BEHIND-LAST": the movement behind which the page
 * begins, and the last one of the walk, so that what happens meanwhile does not come into it. Cuts
 * RANGE to what the page is left with; USAGE. */
MUST_CHECK enum err movements_resume(const struct core_page *asked, struct movements_range *range);
/* Sets "next". */
void movements_next(int64_t behind, int64_t last, struct doc *out);

/* The newest posting of the account up to number UP_TO; zeroes when there is none. */
MUST_CHECK enum err movements_last(struct core *c, const struct ledger_account *a, int64_t up_to,
                                   int64_t *movement, int64_t *balance);

/* Calls EACH for at most LIMIT of the account's movements in RANGE. */
struct movements_row {
    int64_t movement, time_us, amount, balance;
};
typedef enum err (*movements_fn)(void *ctx, const struct movements_row *row);
struct movements_walk {
    struct movements_range range;
    unsigned limit;
    bool forward; /* oldest first */
    movements_fn each;
    void *ctx;
};
/* Pushes each to LIST, also. */
MUST_CHECK enum err movements_list(struct core *c, const struct ledger_account *a,
                                   const struct movements_walk *walk, struct doc *list);

#endif
