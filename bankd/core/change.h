/* SPDX-License-Identifier: Apache-2.0
 *
 * change: a new policy on its way into force. An account has at most one; it is in force when the
 * quorum of the policy in force and its own stand both, ends when either is out of reach, and
 * expires after thirty days. Private to bankd/core.
 */
#ifndef BANKD_CORE_CHANGE_H
#define BANKD_CORE_CHANGE_H

#include "bankd/core/ledger.h"
#include "bankd/core/state.h"
#include "order/doc.h"
#include "order/policy.h"

/* Ends the account's change when it has expired, or puts it in force when a waiting clause opened.
 * Updates A. */
MUST_CHECK enum err change_catch_up(struct core *c, struct ledger_account *a);
/* The account as it is now, and the policy in force. */
MUST_CHECK enum err change_account(struct core *c, const char *account, struct ledger_account *a,
                                   const struct policy **in_force);
/* The same as change_catch_up for one change of any account; *FOUND is false when none was due. */
MUST_CHECK enum err change_catch_up_one(struct core *c, bool *found);

/* Whether HOLDER stands in a new policy of the account that waits. */
MUST_CHECK enum err change_names(struct core *c, const struct ledger_account *a, const char *holder,
                                 bool *out);
/* Sets member `pending` of OUT when a new policy of the account waits. */
MUST_CHECK enum err change_describe(struct core *c, const struct ledger_account *a,
                                    struct doc *out);
/* What the new policy that waits is called and who said what: `id`, its digest, `decisions` and
 * `canDecide` of OUT. NOT_FOUND when none waits. */
MUST_CHECK enum err change_waits(struct core *c, const struct ledger_account *a, struct doc *out);

#endif
