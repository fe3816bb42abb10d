/* SPDX-License-Identifier: Apache-2.0
 *
 * story: what the entries of one evidence file say together (docs/FORMAT.md section 12, the last
 * step). It is fed entry by entry in order of index, each one already proved to stand in the log,
 * so what an entry needs must have come before it. Private to this folder.
 */
#ifndef VERIFIER_STORY_H
#define VERIFIER_STORY_H

#include "order/entry.h"
#include "verifier/verifier.h"

struct js;
struct story;

/* The texts and the pins are borrowed for the story's life. */
struct story_subject {
    const char *bank, *account, *order;
    const char *const *holder_keys; /* thumbprints that the reader vouches for */
    size_t holder_key_count;
};
MUST_CHECK enum err story_new(const struct story_subject *subject, struct story **out);

/* Refusals: EVIDENCE_INCOMPLETE, EVIDENCE_CONTRADICTION, what verify_decision says, the forms. */
MUST_CHECK enum err story_add(struct story *s, const struct entry_leaf *leaf,
                              const struct js *body);

/* Fills what the report says of the story; the rest is zeroed. */
MUST_CHECK enum err story_report(const struct story *s, struct verify_report *out);

void story_free(struct story *s); /* NULL-safe */

#endif
