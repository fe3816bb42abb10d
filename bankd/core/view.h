/* SPDX-License-Identifier: Apache-2.0
 *
 * view: what the bank says about orders and accounts, as JSON (docs/openapi.yaml). Unsigned: the
 * signed truth is the documents and the log. Private to bankd/core.
 */
#ifndef BANKD_CORE_VIEW_H
#define BANKD_CORE_VIEW_H

#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "bankd/core/state.h"
#include "order/doc.h"
#include "order/policy.h"

/* All but the order's document, member `order`, which the caller adds. PEOPLE: also who decided and
 * who can. */
void view_order(const struct core *c, const struct life_case *in, const char *currency, bool people,
                struct doc *out);

/* The same for an order of the store. */
MUST_CHECK enum err view_stored_order(struct core *c, const struct ledger_account *a,
                                      const struct life_order *row, bool people, struct doc *out);

/* The same, and whose work it is among operators. */
MUST_CHECK enum err view_operator_order(struct core *c, const struct ledger_account *a,
                                        const struct life_order *row, struct doc *out);
/* The same for a holder of the account, with the flags on its payee and the policy to
 * decide under, if it waits for his word; OUT is empty if not. */
MUST_CHECK enum err view_order_for(struct core *c, const struct ledger_account *a,
                                   const struct life_order *row, const char *holder, bool *waits,
                                   struct doc *out);

/* Those for whose word the order waits now; the names live as long as its policy. */
struct view_people {
    const char *holder[POLICY_HOLDERS_MAX];
    size_t count;
};
MUST_CHECK enum err view_can_decide(struct core *c, const struct ledger_account *a,
                                    const struct life_order *row, struct view_people *out);

/* What the order waits for, as members of OUT: status, approvals, flags, its day, people. */
MUST_CHECK enum err view_order_waits(struct core *c, const struct ledger_account *a,
                                     const struct life_order *row, struct doc *out);

MUST_CHECK enum err view_account(struct core *c, const struct ledger_account *a, struct doc *out);

#endif
