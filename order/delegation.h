/* SPDX-License-Identifier: Apache-2.0
 *
 * delegation: the statement by which a holder lets another one stand for him, or takes that back,
 * and the text that he is shown and signs (docs/FORMAT.md section 8.3 and 8.4), version 1, frozen.
 */
#ifndef ORDER_DELEGATION_H
#define ORDER_DELEGATION_H

#include "base/buf.h"
#include "base/err.h"
#include "order/statement.h"

struct policy;

#define DELEGATION_DISPLAY_VERSION "countersign-delegation-display/1;en"
#define DELEGATION_DISPLAY_MAX 4096u /* bytes */

enum delegation_verb { DELEGATION_NONE = 0, DELEGATION_GIVE, DELEGATION_WITHDRAW };

struct delegation {
    struct statement head;
    enum delegation_verb verb;
    char account[IBAN_MAX + 1];
    uint8_t display_digest[DIGEST_LEN];

    /* Of one that is given; zeroed in a withdrawal. */
    char deputy[HOLDER_MAX + 1];
    char currency[4];
    int64_t amount_minor;      /* the most an order */
    int64_t from_us, until_us; /* UNTIL itself is out */
    uint8_t policy_digest[DIGEST_LEN];
};

/* Form only: verify_delegation says whether it is about this policy. */
MUST_CHECK enum err delegation_parse(const void *payload, size_t len, struct delegation *out);

/* The payload of a statement that says what IN does; the digests are computed. POLICY is the
 * account's, NULL for a withdrawal. DOC_MEMBER_INVALID when the period is none. */
MUST_CHECK enum err delegation_make(const struct delegation *in, const struct policy *policy,
                                    struct buf *out);

/* Appends the text. POLICY as above. */
MUST_CHECK enum err delegation_display_render(const struct delegation *d,
                                              const struct policy *policy, struct buf *out);
MUST_CHECK enum err delegation_display_digest(const struct delegation *d,
                                              const struct policy *policy,
                                              uint8_t out[static DIGEST_LEN]);

#endif
