/* SPDX-License-Identifier: Apache-2.0
 *
 * rights: what a policy lets a person do. Pure. Private to bankd/core.
 */
#ifndef BANKD_CORE_RIGHTS_H
#define BANKD_CORE_RIGHTS_H

#include "base/err.h"
#include "order/decision.h"
#include "order/policy.h"

/* NOT_A_HOLDER; MAY_NOT_APPROVE for a vote of one who may only hand in. */
MUST_CHECK enum err rights_check(const struct policy *p, const char *holder, enum verb verb);

#endif
