/* SPDX-License-Identifier: Apache-2.0
 *
 * batches: what the bank knows of a batch decision (docs/FORMAT.md section 5.1): that one of its
 * orders came, and how much it has taken of what the signer saw. Private to bankd/core.
 */
#ifndef BANKD_CORE_BATCHES_H
#define BANKD_CORE_BATCHES_H

#include "bankd/core/ledger.h"
#include "bankd/core/people.h"
#include "bankd/core/state.h"
#include "verifier/verifier.h"

struct batches_row {
    int64_t id;    /* 0: none of its orders came yet */
    int64_t entry; /* the batch's own */
    int64_t taken; /* orders */
    int64_t taken_amount;
};

/* By the very statement. */
MUST_CHECK enum err batches_find(struct core *c, const struct verified *v, struct batches_row *out);
/* Its first order is here, and it is fresh: enters it. */
MUST_CHECK enum err batches_enter(struct core *c, const struct verified *v,
                                  const struct people_key *signer, const struct ledger_account *a,
                                  struct batches_row *out);
/* Whether AMOUNT more, in the account's currency, is what its signer saw: CURRENCY_MISMATCH,
 * BATCH_EXCEEDED. */
MUST_CHECK enum err batches_fits(const struct batches_row *row, const struct batch *said,
                                 const struct ledger_account *a, int64_t amount);
/* One order of it was taken. */
MUST_CHECK enum err batches_count(struct core *c, struct batches_row *row, int64_t amount);

#endif
