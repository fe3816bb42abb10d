/* SPDX-License-Identifier: Apache-2.0
 *
 * told: what a bank's answers say of an order's votes, as the judge of policies takes it, so that
 * programs can say what the bank will.
 */
#ifndef APP_TOLD_H
#define APP_TOLD_H

#include "base/err.h"
#include "order/order.h"
#include "order/policy.h"

struct js;

struct told {
    struct policy_case what; /* borrows from the order and from IN_FORCE: told_case */
    int64_t entered_us;      /* an order waits from its first decision on */
    struct policy_vote votes[POLICY_HOLDERS_MAX]; /* the names live in the answers */
    size_t count;
    struct policy_delegation in_force[POLICY_HOLDERS_MAX];
    size_t in_force_count;
    const char *wrong; /* what an answer lacks, in words, after UNAVAILABLE */
};

/* The array `decisions` of an order; UNAVAILABLE when it makes no sense. */
MUST_CHECK enum err told_decisions(const struct js *decisions, struct told *out);
/* The array `delegations` of an account in CURRENCY, likewise. */
MUST_CHECK enum err told_delegations(const struct js *delegations, const char *currency,
                                     struct told *out);
/* What a policy is asked about the order, now. */
void told_case(const struct order *o, int64_t now_us, struct told *out);
/* What a policy is asked about an order that nobody decided on yet. */
struct policy_case told_new_case(const struct order *o);

#endif
