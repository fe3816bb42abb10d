/* SPDX-License-Identifier: Apache-2.0
 *
 * amount: money as integer minor units; texts have exactly the currency's ISO 4217 decimals.
 */
#ifndef ORDER_AMOUNT_H
#define ORDER_AMOUNT_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define AMOUNT_TEXT_MAX 24                           /* characters, without NUL */
#define AMOUNT_MINOR_MAX INT64_C(999999999999999999) /* 18 digits, as pain.001 allows */

/* Number of decimals of an active ISO 4217 currency; CURRENCY_UNKNOWN also for codes without minor
 * units (XAU, XXX, XTS ...). */
MUST_CHECK enum err amount_decimals(const char *currency, size_t len, unsigned *out);
/* Only whether it is one: a member_check (order/member.h). */
MUST_CHECK enum err amount_check_currency(const char *currency, size_t len);

/* "77.78" EUR -> 7778. Digits, no sign, no leading zero but one, exactly the decimals, no point for
 * zero decimals: AMOUNT_INVALID, AMOUNT_TOO_LARGE, CURRENCY_UNKNOWN. Zero is accepted here. */
MUST_CHECK enum err amount_parse(const char *text, size_t len, const char *currency,
                                 int64_t *out_minor);

/* Minor units as text; a minus sign before negative ones (balances only). */
MUST_CHECK enum err amount_text(int64_t minor, const char *currency,
                                char out[static AMOUNT_TEXT_MAX + 1]);

/* Checked sum and difference: AMOUNT_TOO_LARGE when the result leaves +-AMOUNT_MINOR_MAX. */
MUST_CHECK enum err amount_add(int64_t a, int64_t b, int64_t *out);
MUST_CHECK enum err amount_sub(int64_t a, int64_t b, int64_t *out);

#endif
