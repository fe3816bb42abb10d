/* SPDX-License-Identifier: Apache-2.0
 *
 * terms: what the bank set for itself, as its rules ask for it. Private to bankd/core; the settings
 * are read through core.h.
 */
#ifndef BANKD_CORE_TERMS_H
#define BANKD_CORE_TERMS_H

#include "bankd/core/core.h"
#include "order/calendar.h"

/* Whether an order of so much is above the bank's limit. */
bool terms_above(const struct core_terms *t, const char *currency, int64_t amount);
/* Whether an account is another bank's, and orders may go there. */
bool terms_elsewhere(const struct core_terms *t, const char *iban);
/* How long an item of the queue stays claimed. */
int64_t terms_claim_us(const struct core_terms *t);
/* When the bank takes payments in a currency. */
struct calendar_terms terms_calendar(const struct core_terms *t, const char *currency);

#endif
