/* SPDX-License-Identifier: Apache-2.0
 *
 * stated: what the bank does with any correctly signed statement before it looks at what it says:
 * who carries it, whether it came before, whether it is fresh; and afterwards remembers its answer.
 * The rules of freshness 1 and 3 to 5 (docs/FORMAT.md section 10). Private to bankd/core.
 */
#ifndef BANKD_CORE_STATED_H
#define BANKD_CORE_STATED_H

#include "bankd/core/people.h"
#include "bankd/core/session.h"
#include "bankd/core/state.h"
#include "verifier/verifier.h"

struct stated {
    struct core *c;
    const struct verified *verified;
    const uint8_t *subject; /* digest of the document that it is about */
    struct people_key key;  /* the signer's */
    bool nonce_taken;       /* by another statement */
};

/* Finds signer and carrier: statements come from holders' sessions. SESSION_REQUIRED,
 * KEY_UNKNOWN. */
MUST_CHECK enum err stated_session(struct stated *s, const struct core_caller *who,
                                   struct session_viewer *viewer);
/* Rule 1: sets *REPLAYED and the first answer when these very bytes came before; otherwise notes
 * whether their nonce is taken. The twin of an ECDSA signature is another statement. */
MUST_CHECK enum err stated_replay(struct stated *s, struct core_answer *out, bool *replayed);
/* Rules 3 to 5. */
MUST_CHECK enum err stated_fresh(const struct stated *s);
/* Keeps the answer for rule 1. */
MUST_CHECK enum err stated_remember(struct stated *s, const struct core_answer *a);
/* A refusal with an entry about the signer; POLICY, the one to sign under, or NULL. */
MUST_CHECK enum err stated_refuse(struct stated *s, enum err e, const struct policy *policy,
                                  struct core_answer *out);

#endif
