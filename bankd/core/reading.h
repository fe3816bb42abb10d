/* SPDX-License-Identifier: Apache-2.0
 *
 * reading: the account that a caller asks about. Private to bankd/core.
 */
#ifndef BANKD_CORE_READING_H
#define BANKD_CORE_READING_H

#include "bankd/core/core.h"
#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "bankd/core/page.h"
#include "bankd/core/session.h"

/* What time demands of the account: first of its new policy, by which its orders are judged then.
 */
MUST_CHECK enum err reading_catch_up(struct core *c, struct ledger_account *a);
/* The account if the caller may see it: otherwise ACCOUNT_UNKNOWN, as if it were not. Reading
 * touches: an order past its time ends now. VIEWER may be NULL. */
MUST_CHECK enum err reading_open(struct core *c, const struct core_caller *who, const char *account,
                                 struct session_viewer *viewer, struct ledger_account *out);
/* The same, also for who would come in by the policy that waits. */
MUST_CHECK enum err reading_open_policy(struct core *c, const struct core_caller *who,
                                        const char *account, struct ledger_account *out);
/* An order of such an account, or the terminal's own that asks; otherwise ACCOUNT_UNKNOWN, or
 * NOT_FOUND to who may see the account. *STANDS: it is not a terminal that asks. */
MUST_CHECK enum err reading_open_order(struct core *c, const struct core_caller *who,
                                       const char *account, const char *id,
                                       struct ledger_account *a, struct life_order *out,
                                       bool *stands);
/* The ids of a page of the viewer's accounts, read before any account is touched. */
MUST_CHECK enum err reading_page(struct core *c, const struct session_viewer *viewer,
                                 const struct page *page, int64_t ids[static PAGE_MAX],
                                 size_t *count);

#endif
