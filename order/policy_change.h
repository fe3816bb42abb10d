/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_change: a holder's signed word on a new policy of his account, and the text that he is
 * shown and signs (docs/FORMAT.md section 8.1 and 8.2), version 1, frozen.
 */
#ifndef ORDER_POLICY_CHANGE_H
#define ORDER_POLICY_CHANGE_H

#include "base/buf.h"
#include "base/err.h"
#include "order/decision.h"
#include "order/policy.h"
#include "order/statement.h"

#define POLICY_DISPLAY_VERSION "countersign-policy-display/1;en"
#define POLICY_DISPLAY_MAX 65536u /* bytes */

struct policy_change {
    struct statement head;
    char account[IBAN_MAX + 1];
    enum verb verb;               /* approve or reject */
    uint8_t policy[DIGEST_LEN];   /* the new one */
    uint8_t replaces[DIGEST_LEN]; /* the one in force */
    uint8_t display_digest[DIGEST_LEN];
};
/* Form only: verify_policy_change says whether it is about these policies. */
MUST_CHECK enum err policy_change_parse(const void *payload, size_t len, struct policy_change *out);

/* A proposal and what it replaces. */
struct policy_step {
    const struct policy *from, *to;
};
/* POLICY_VERSION unless TO is the next version for the same bank and account. */
MUST_CHECK enum err policy_step_check(const struct policy_step *step);
/* The payload of a statement; its bank and account are the policy's. */
MUST_CHECK enum err policy_change_make(const struct policy_step *step, enum verb verb,
                                       const struct statement *head, struct buf *out);

/* Appends the text: the whole new policy. TOO_LARGE when it cannot be shown whole. */
MUST_CHECK enum err policy_display_render(const struct policy_step *step, enum verb verb,
                                          struct buf *out);
MUST_CHECK enum err policy_display_digest(const struct policy_step *step, enum verb verb,
                                          uint8_t out[static DIGEST_LEN]);

#endif
