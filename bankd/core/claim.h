/* SPDX-License-Identifier: Apache-2.0
 *
 * claim: whose work an item of the queue is, and what operators note about it. An item is named
 * like what it is about: "order:IBAN/ID", "credit:17", "policy:DIGEST", "enrolment:ENROLMENT",
 * "application:DIGEST". A claim ends with its item, after the bank's time for it, when it is handed
 * over or given back, and when its operator has lost his key or his roles. Private to bankd/core.
 */
#ifndef BANKD_CORE_CLAIM_H
#define BANKD_CORE_CLAIM_H

#include "bankd/core/state.h"
#include "order/doc.h"

void claim_credit(int64_t id, char out[static CORE_ITEM_MAX + 1]);
void claim_policy(const uint8_t digest[static DIGEST_LEN], char out[static CORE_ITEM_MAX + 1]);

/* ITEM_CLAIMED when the item is another operator's. */
MUST_CHECK enum err claim_check(struct core *c, const struct core_caller *who, const char *item);
/* A refusal about the item: after ITEM_CLAIMED the problem document says whose it is. */
MUST_CHECK enum err claim_refuse(struct core *c, const struct core_caller *who, const char *item,
                                 enum err e, struct core_answer *out);
/* The item is over; should it wait again, it is nobody's. */
MUST_CHECK enum err claim_end(struct core *c, const char *item);
/* Sets `item`, `claimedBy` and `claimedUntil`, and `comments`, the newest first. */
MUST_CHECK enum err claim_view(struct core *c, const char *item, struct doc *out);

#endif
