/* SPDX-License-Identifier: Apache-2.0
 *
 * entries: the log (docs/FORMAT.md section 11): appending entries, the head, the tree's nodes.
 * Private to bankd/core.
 */
#ifndef BANKD_CORE_ENTRIES_H
#define BANKD_CORE_ENTRIES_H

#include "bankd/core/state.h"
#include "order/doc.h"
#include "order/merkle.h"

/* Starts a body about OBJECT; PREVIOUS is the object's newest entry or NO_ENTRY. */
void entries_body(struct doc *body, const char *type, const char *object, int64_t previous);

/* Who of the bank does it, and by which act, where he signed one. */
void entries_operator(struct doc *body, const struct core_caller *who);

/* Appends an entry in the transaction and frees BODY. INTERNAL while the log has no first
 * entry. After a failure the transaction must be rolled back. */
MUST_CHECK enum err entries_add(struct core *c, struct doc *body, int64_t *index);
/* The same for an entry about the bank itself; sets its previous member. */
MUST_CHECK enum err entries_add_bank(struct core *c, struct doc *body);

/* The head as the store has it, and the tree that belongs to it. */
MUST_CHECK enum err entries_load(struct core *c);
/* Writes the head if it moved. */
MUST_CHECK enum err entries_save(struct core *c);

/* A merkle_load_fn for trees no larger than the core's, which is CTX. */
MUST_CHECK enum err entries_node(void *ctx, unsigned level, uint64_t index,
                                 struct merkle_hash *out);

/* A document as the store has it; STORE_FAILED when it is none. */
void entries_stored(struct doc *d, const char *name, const void *bytes, size_t len);

/* Sets leaf, salt and body of the entry that Q stands at, whose columns are those of ENTRY_FIND;
 * OUT fails with STORE_FAILED where the row is damaged. Gives the body's length. */
size_t entries_put(const struct store_query *q, struct doc *out);
/* Sets these and the proof of entry INDEX in the tree of SIZE entries (section 12). */
void entries_describe(struct core *c, int64_t index, uint64_t size, struct doc *out);

#endif
