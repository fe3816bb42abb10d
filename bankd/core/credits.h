/* SPDX-License-Identifier: Apache-2.0
 *
 * credits: the rows of what came from other banks. Private to bankd/core.
 */
#ifndef BANKD_CORE_CREDITS_H
#define BANKD_CORE_CREDITS_H

#include "bankd/core/ledger.h"
#include "order/doc.h"

#define CREDIT_REFERENCE_BYTES (35 * 4)

enum credit_state { CREDIT_BOOKED, CREDIT_SUSPENSE, CREDIT_RETURNED };

struct credit {
    int64_t id; /* row; 0: not in the store */
    char reference[CREDIT_REFERENCE_BYTES + 1];
    char account[IBAN_MAX + 1]; /* as the sender named it */
    char currency[ORDER_CURRENCY_LEN + 1];
    int64_t amount;
    char debtor_account[IBAN_MAX + 1];
    char debtor_name[ORDER_TEXT_BYTES + 1];
    char description[ORDER_TEXT_BYTES + 1];
    int64_t received_us;
    enum credit_state state;
};

/* NOT_FOUND. */
MUST_CHECK enum err credits_find(struct core *c, int64_t id, struct credit *out);
MUST_CHECK enum err credits_known(struct core *c, const char *reference, bool *out);
/* Sets ID. */
MUST_CHECK enum err credits_add(struct core *c, struct credit *k);
MUST_CHECK enum err credits_set(struct core *c, struct credit *k, enum credit_state state);
/* For page_rows, of STORE_CREDIT_SUSPENSE. */
MUST_CHECK enum err credits_push(struct core *c, const struct store_query *q, struct doc *list);
void credits_view(const struct credit *k, struct doc *out);

#endif
