/* SPDX-License-Identifier: Apache-2.0
 *
 * stated: the one way of every signed statement through the bank, whatever it says. Who carries it,
 * whether it came before, whether it is fresh and its key counts are asked here, with the rules of
 * freshness 1 and 3 to 5 (docs/FORMAT.md section 10); what it says is judged and entered by the
 * file of its kind: decide.c, batch.c, cash.c, change.c, delegate.c, rotate.c, sponsor.c. Private
 * to bankd/core.
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
    const uint8_t *subject;      /* digest of the document that it is about, for the log; or NULL */
    const struct policy *policy; /* set by the steps: what to sign under, told with POLICY_STALE */
    struct people_key key;       /* the signer's */
    bool nonce_taken;            /* by another statement */
    bool aged; /* set by the steps: its age was judged when another order came by it (rule 3) */
};

/* What one kind of statement adds to the way, in the order of the calls. CTX is what the kind knows
 * of the statement, its struct stated included. */
struct stated_steps {
    enum statement_kind kind;
    /* Whether the caller may know of what it is about. Its refusal is not remembered. */
    enum err (*access)(void *ctx, const struct session_viewer *viewer);
    /* What time demanded before the statement came; NULL: nothing. */
    enum err (*due)(void *ctx);
    /* Enters what it is part of, once it is fresh, whatever becomes of it; NULL: nothing. */
    enum err (*enter)(void *ctx);
    /* What it says. */
    enum err (*judge)(void *ctx);
    /* Enters it: only failures, no refusals. */
    enum err (*take)(void *ctx, struct core_answer *out);
};

/* A core_* function in whole: the answer is what TAKE says, a refusal, or the first answer again.
 */
MUST_CHECK enum err stated_run(struct stated *s, const struct stated_steps *steps, void *ctx,
                               const struct core_caller *who, struct core_answer *out);

#endif
