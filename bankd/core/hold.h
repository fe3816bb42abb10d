/* SPDX-License-Identifier: Apache-2.0
 *
 * hold: orders that wait for the bank's operator. Private to bankd/core.
 */
#ifndef BANKD_CORE_HOLD_H
#define BANKD_CORE_HOLD_H

#include "bankd/core/life.h"

/* Whether the operator must release an order of an account in CURRENCY before it is executed. */
bool hold_needed(const struct core *c, const char *currency, const struct life_order *o);
/* ACCP -> PDNG. Saves O. */
MUST_CHECK enum err hold(struct core *c, const struct ledger_account *a, struct life_order *o);

#endif
