/* SPDX-License-Identifier: Apache-2.0
 *
 * rights: what a policy lets a person do, and an account pay. Private to bankd/core.
 */
#ifndef BANKD_CORE_RIGHTS_H
#define BANKD_CORE_RIGHTS_H

#include "bankd/core/ledger.h"
#include "bankd/core/state.h"
#include "base/err.h"
#include "order/decision.h"
#include "order/policy.h"

/* NOT_A_HOLDER; MAY_NOT_APPROVE for a vote of one who may only hand in, unless it is an approval
 * and he is a deputy in the case. */
MUST_CHECK enum err rights_check(const struct policy *p, const struct policy_case *what,
                                 const char *holder, enum verb verb);

/* POLICY_NO_RULE when no rule is for such a payment; LIMIT_EXCEEDED when the policy never lets so
 * much go or, where it is for TODAY, when it and what left the account in this day and month (UTC)
 * are more than that. */
MUST_CHECK enum err rights_check_payment(struct core *c, const struct ledger_account *a,
                                         const struct policy *p, const struct policy_case *what,
                                         bool today);
/* Only the second, for an order that is about to be executed. */
MUST_CHECK enum err rights_within_limits(struct core *c, const struct ledger_account *a,
                                         const struct policy *p, int64_t amount, bool *within);

#endif
