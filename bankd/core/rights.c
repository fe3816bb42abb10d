/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/rights.h"

enum err rights_check(const struct policy *p, const char *holder, enum verb verb)
{
    bool votes = verb == VERB_APPROVE || verb == VERB_REJECT;

    if (!policy_may_submit(p, holder))
        return ERR_NOT_A_HOLDER;
    return votes && !policy_may_approve(p, holder) ? ERR_MAY_NOT_APPROVE : ERR_OK;
}
