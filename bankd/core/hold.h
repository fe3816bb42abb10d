/* SPDX-License-Identifier: Apache-2.0
 *
 * hold: orders that wait for the bank's operator. Private to bankd/core.
 */
#ifndef BANKD_CORE_HOLD_H
#define BANKD_CORE_HOLD_H

#include "bankd/core/life.h"
#include "order/doc.h"

/* Why the operator must release an order of an account in CURRENCY before it is executed; 0: he
 * need not. */
MUST_CHECK enum err hold_needed(struct core *c, const char *currency, const struct life_order *o,
                                flag_set *out);
/* Whether an operator keeps it back. */
bool hold_kept(const struct life_order *o);
/* ACCP -> PDNG. Saves O. */
MUST_CHECK enum err hold(struct core *c, const struct ledger_account *a, flag_set why,
                         struct life_order *o);
/* What is known of a payment's payee, whether or not the bank holds orders for it. */
MUST_CHECK enum err hold_flags(struct core *c, const struct life_order *o, flag_set *out);
/* The flags' names. */
void hold_list(flag_set flags, struct doc *out);

#endif
