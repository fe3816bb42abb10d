/* SPDX-License-Identifier: Apache-2.0
 *
 * waiting: what waits for this person's word, as one summary and as what is signed.
 */
#ifndef SIGNER_WAITING_H
#define SIGNER_WAITING_H

#include "order/flag.h"
#include "order/order.h"
#include "signer/subject.h"

struct app;

struct waiting_order {
    struct subject subject; /* its policy is the list's */
    flag_set flags;         /* what the bank knows of the payee */
    bool suspicious;        /* the payee's name imitates other letters */
};

#define WAITING_MAX 5000u

/* Whether a decision has no challenge, and arrives too late at NOW_US, unless it arrived before: as
 * the bank has it, docs/FORMAT.md section 10. */
bool waiting_too_old(const struct statement *head, int64_t now_us);

struct waiting_list {
    struct waiting_order *orders; /* those with warnings first */
    size_t count, room;
    struct policy **policies; /* each once */
    size_t policy_count;
    const char *account; /* only of this one; NULL: of all */
};

/* All that waits, with the policies under which it is decided. */
MUST_CHECK enum err waiting_ask(struct app *a, struct waiting_list *out);
/* One more, wherever it comes from: takes S over, also on failure. */
MUST_CHECK enum err waiting_add(struct app *a, struct waiting_list *l, struct subject *s,
                                flag_set flags);
/* Says that S has expired, and frees it. */
void waiting_leave_out(struct subject *s);
/* Those with warnings first; otherwise as they were added. */
MUST_CHECK enum err waiting_sort(struct waiting_list *l);
void waiting_free(struct waiting_list *l);

/* The totals, each order with its warnings, each policy once with who must approve; IO when it
 * cannot be read. BY_PAYEE: instead of the orders without warnings what each payee gets. */
MUST_CHECK enum err waiting_print(const struct waiting_list *l, bool by_payee, FILE *f);
/* The whole text of each, as VERB signs it. */
MUST_CHECK enum err waiting_show(const struct waiting_list *l, enum verb verb, FILE *f);
/* The PIN, or a yes, to VERB all of them, by so many SIGNATURES. */
MUST_CHECK enum err waiting_consent(struct app *a, const struct waiting_list *l, enum verb verb,
                                    size_t signatures);

#endif
