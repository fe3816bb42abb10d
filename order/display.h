/* SPDX-License-Identifier: Apache-2.0
 *
 * display: the text that a person is shown and signs (docs/FORMAT.md 5.2), version 1, frozen.
 * A pure function of order, policy, verb and its reason: no clock, no bank state, no warning.
 */
#ifndef ORDER_DISPLAY_H
#define ORDER_DISPLAY_H

#include "base/buf.h"
#include "base/err.h"
#include "order/decision.h"

#define DISPLAY_VERSION "countersign-display/1;en"
#define DISPLAY_MAX 4096u /* bytes */

/* Appends the text. DOC_MEMBER_INVALID for VERB_NONE, DECISION_NOT_OFFERED for another verb that
 * the order's type does not take. */
MUST_CHECK enum err display_render(const struct order *order, const struct policy *policy,
                                   enum verb verb, struct buf *out);

/* SHA-256 of that text: a decision's displayDigest. */
MUST_CHECK enum err display_digest(const struct order *order, const struct policy *policy,
                                   enum verb verb, uint8_t out[static DIGEST_LEN]);

#endif
