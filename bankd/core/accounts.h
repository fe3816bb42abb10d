/* SPDX-License-Identifier: Apache-2.0
 *
 * accounts: opening one, for the files that come to it: accounts.c, where an operator says all of
 * it, and opening.c, where its holders applied for it. Private to bankd/core.
 */
#ifndef BANKD_CORE_ACCOUNTS_H
#define BANKD_CORE_ACCOUNTS_H

#include "bankd/core/state.h"
#include "order/doc.h"

struct accounts_new {
    const char *account, *currency;
    struct policy *policy;   /* its first; taken over, also on failure */
    const char *application; /* that its holders signed, by its digest; "": they did not */
};
/* Whether such an account can be opened: ACCOUNT_EXISTS, ACCOUNT_ELSEWHERE and the forms. */
MUST_CHECK enum err accounts_check(struct core *c, const char *account, const char *currency);
/* By an operator, after that. OUT gets what the bank says of the account. HOLDER_UNKNOWN,
 * HOLDER_IS_NO_PERSON. */
MUST_CHECK enum err accounts_open(struct core *c, const struct core_caller *who,
                                  const struct accounts_new *in, struct doc *out);

#endif
