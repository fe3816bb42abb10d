/* SPDX-License-Identifier: Apache-2.0
 *
 * answer: successes and refusals as core_answer, and the record that every refusal leaves: an entry
 * of its own when the session or the operator's socket says who asked, or when a login is correctly
 * signed; otherwise a count for its reason and minute. Private to bankd/core.
 */
#ifndef BANKD_CORE_ANSWER_H
#define BANKD_CORE_ANSWER_H

#include "bankd/core/people.h"
#include "bankd/core/state.h"
#include "order/doc.h"
#include "verifier/verifier.h"
#include <stdbool.h>

struct policy;

/* A refusal is what base/err.def answers with 4xx, and BUSY and LOG_UNSIGNED, which take nothing
 * either, and LEDGER_CONTRADICTION, which one account's reader is told and the log keeps;
 * everything else is a failure, after which the transaction is rolled back. */
bool answer_is_refusal(enum err e);

/* BODY as the answer; frees BODY. It may go out when a checkpoint covers the log as it is now. */
MUST_CHECK enum err answer_doc(struct core *c, int http, struct doc *body, struct core_answer *out);

/* A refusal with an entry about WHO, as far as he is known, or a count. While the clock is insane
 * it leaves nothing. A failure E comes back as it is. */
MUST_CHECK enum err answer_refuse(struct core *c, const struct core_caller *who, enum err e,
                                  struct core_answer *out);

/* Ends a public function: BODY as the answer, or E as answer_refuse says. Frees BODY. */
MUST_CHECK enum err answer_finish(struct core *c, const struct core_caller *who, enum err e,
                                  int http, struct doc *body, struct core_answer *out);

/* A refused statement: who signed it, and what it was about. */
struct answer_signed {
    const struct verified *verified;
    const struct people_key *key;
    const uint8_t *order_digest; /* NULL for a login */
    const struct policy *policy; /* the one to sign under, after POLICY_STALE; or NULL */
};
/* A refusal with an entry of its own, about its signer. A failure E comes back as it is. */
MUST_CHECK enum err answer_refuse_signed(struct core *c, const struct answer_signed *what,
                                         enum err e, struct core_answer *out);

/* POLICY_STALE; the problem document has the policy as its member. */
MUST_CHECK enum err answer_refuse_stale(struct core *c, const struct core_caller *who,
                                        const struct policy *policy, struct core_answer *out);

/* ITEM_CLAIMED; the problem document says BY whom, as its member claimedBy. */
MUST_CHECK enum err answer_refuse_claimed(struct core *c, const struct core_caller *who,
                                          const char *by, struct core_answer *out);

/* Writes the entries for the counts of the minutes that are over. */
MUST_CHECK enum err answer_flush_counts(struct core *c);

/* An answer that was given before, from the row that Q stands on: column 1 is the reason, then
 * http, size and body. */
MUST_CHECK enum err answer_repeat(const struct store_query *q, struct core_answer *out);

#endif
