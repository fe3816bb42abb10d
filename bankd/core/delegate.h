/* SPDX-License-Identifier: Apache-2.0
 *
 * delegate: who stands for whom in an account (docs/FORMAT.md section 8.3). Private to bankd/core.
 */
#ifndef BANKD_CORE_DELEGATE_H
#define BANKD_CORE_DELEGATE_H

#include "bankd/core/state.h"
#include "order/policy.h"

struct delegation_row {
    int64_t holder; /* row of the principal */
    char principal[HOLDER_MAX + 1];
    char deputy[HOLDER_MAX + 1];
    bool key_counts; /* what the key signed stands, now */
    int64_t amount, from_us, until_us;
};
/* An account's, in force or to come, one a principal. */
struct delegations {
    struct delegation_row at[POLICY_HOLDERS_MAX];
    size_t count;
    struct policy_delegation in_force[POLICY_HOLDERS_MAX]; /* now; borrows from AT */
    size_t in_force_count;
    int64_t begins_us; /* when the next one comes into force; INT64_MAX: none */
};
/* As of the batch's time. */
MUST_CHECK enum err delegate_load(struct core *c, int64_t account, struct delegations *out);

/* ENTRY put POLICY in force: ends those that it would not let be given. */
MUST_CHECK enum err delegate_follow_policy(struct core *c, int64_t account,
                                           const struct policy *policy, int64_t entry);

#endif
