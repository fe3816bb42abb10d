/* SPDX-License-Identifier: Apache-2.0
 *
 * many: payments of one account, under one policy, approved by one signature (docs/FORMAT.md
 * section 5.1).
 */
#ifndef SIGNER_MANY_H
#define SIGNER_MANY_H

#include "order/batch.h"
#include "signer/waiting.h"

struct many {
    const struct subject **orders; /* the list's */
    size_t count;                  /* 0: none of the policy's is to be signed so */
    struct batch said;
    struct batch_tree *tree;
};

/* Those of the list that P lets approve by batch: no cash, and none where it wants single
 * signatures. */
MUST_CHECK enum err many_gather(const struct waiting_list *l, const struct policy *p,
                                struct many *out);
void many_free(struct many *m);
/* The orders under one policy that many_gather would find are of one currency, the policy's where
 * it names one: CURRENCY_MISMATCH, as the bank would say of each. */
MUST_CHECK enum err many_check(struct app *a, const struct waiting_list *l);
/* Whether ONE of the list is among what many_gather finds. */
bool many_takes(const struct subject *one);

/* The text that is signed. */
MUST_CHECK enum err many_show(const struct many *m, FILE *f);
/* Signs once, and gives each order with its place to EACH, in the form that send and
 * countersign-verify take. CHALLENGE may be NULL. */
#define MANY_LINE_MAX (DECISION_BODY_MAX + BATCH_PROOF_MAX * 48u)
MUST_CHECK enum err many_sign(struct app *a, struct many *m, const char *challenge,
                              subject_body_fn each, void *ctx);

/* What is signed at once: one a policy, which may be of nothing; without BATCH none. */
struct many_plan {
    struct many *many;
    size_t count;      /* 0: each order is signed by itself */
    size_t signatures; /* in all, those of single orders included */
};
MUST_CHECK enum err many_plan_make(const struct waiting_list *l, bool batch, struct many_plan *out);
/* The texts that are signed so, and how many orders are not. */
MUST_CHECK enum err many_plan_show(const struct many_plan *p, const struct waiting_list *l,
                                   FILE *f);
void many_plan_free(struct many_plan *p);

#endif
