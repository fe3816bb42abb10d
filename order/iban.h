/* SPDX-License-Identifier: Apache-2.0
 *
 * iban: ISO 13616 account numbers in electronic form (upper case, no spaces), BICs (ISO 9362) and
 * creditor references (ISO 11649).
 */
#ifndef ORDER_IBAN_H
#define ORDER_IBAN_H

#include "base/err.h"
#include <stddef.h>

#define IBAN_MAX 34
#define IBAN_GROUPED_MAX 42 /* with a space after every four characters */

/* Country in the registry, its length, its structure, check digits 02..98, mod 97 = 1:
 * IBAN_INVALID, IBAN_CHECK_DIGITS. */
MUST_CHECK enum err iban_check(const char *text, size_t len);

/* Groups of four, for people. TEXT is a checked IBAN. */
void iban_grouped(const char *text, char out[static IBAN_GROUPED_MAX + 1]);

MUST_CHECK enum err iban_check_bic(const char *text, size_t len);       /* BIC_INVALID */
MUST_CHECK enum err iban_check_reference(const char *text, size_t len); /* REFERENCE_INVALID */

#endif
