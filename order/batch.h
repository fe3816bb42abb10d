/* SPDX-License-Identifier: Apache-2.0
 *
 * batch: the statement by which a holder approves many payments with one signature, the text that
 * he is shown and signs, frozen, and an order's place in it (docs/FORMAT.md sections 5.1 and 5.4).
 */
#ifndef ORDER_BATCH_H
#define ORDER_BATCH_H

#include "base/buf.h"
#include "base/err.h"
#include "order/merkle.h"
#include "order/statement.h"
#include <stddef.h>
#include <stdint.h>

struct doc;
struct js;
struct order;
struct policy;

#define BATCH_DISPLAY_VERSION "countersign-batch-display/1;en"
#define BATCH_DISPLAY_MAX 2048u /* bytes */
#define BATCH_ORDERS_MAX 65536u
#define BATCH_PROOF_MAX 16u /* hashes in a proof: the height of so many orders */
#define BATCH_TOTALS_MAX 8u /* currencies */

struct batch_total {
    char currency[4];
    int64_t amount_minor;
};
struct batch {
    struct statement head;
    char account[IBAN_MAX + 1];
    uint8_t policy_digest[DIGEST_LEN];
    uint8_t display_digest[DIGEST_LEN];
    uint8_t root[DIGEST_LEN];
    int64_t count;
    struct batch_total totals[BATCH_TOTALS_MAX]; /* sorted by currency */
    size_t total_count;
};

/* Form only: verify_decision says whether it is about this policy and has this order. */
MUST_CHECK enum err batch_parse(const void *payload, size_t len, struct batch *out);
/* Counts one order more and its amount. TOO_LARGE for too many, or of too many currencies. */
MUST_CHECK enum err batch_add(struct batch *b, const struct order *o);
/* The payload that says what IN does; display digest and policy digest are computed. */
MUST_CHECK enum err batch_make(const struct batch *in, const struct policy *policy,
                               struct buf *out);
/* NULL: none of that currency. */
const struct batch_total *batch_total_in(const struct batch *b, const char *currency);

/* Appends the text. */
MUST_CHECK enum err batch_display_render(const struct batch *b, const struct policy *policy,
                                         struct buf *out);
MUST_CHECK enum err batch_display_digest(const struct batch *b, const struct policy *policy,
                                         uint8_t out[static DIGEST_LEN]);

/* --- an order's place --- */
struct batch_inclusion {
    uint64_t index;
    struct merkle_hash proof[BATCH_PROOF_MAX];
    size_t count;
};
MUST_CHECK enum err batch_inclusion_read(const struct js *value, struct batch_inclusion *out);
void batch_inclusion_write(const struct batch_inclusion *in, struct doc *out);
/* The leaf's hash: what approves the order, were it alone. */
MUST_CHECK enum err batch_leaf(const struct order *o, const struct policy *policy,
                               struct merkle_hash *out);
/* BATCH_PROOF_INVALID. */
MUST_CHECK enum err batch_check(const struct batch *b, const struct batch_inclusion *place,
                                const struct merkle_hash *leaf);

/* The tree, for whoever signs. */
struct batch_tree;
MUST_CHECK enum err batch_tree_make(const struct merkle_hash *leaves, size_t count,
                                    struct batch_tree **out);
MUST_CHECK enum err batch_tree_root(const struct batch_tree *t, uint8_t out[static DIGEST_LEN]);
MUST_CHECK enum err batch_tree_place(const struct batch_tree *t, size_t index,
                                     struct batch_inclusion *out);
void batch_tree_free(struct batch_tree *t); /* NULL-safe */

#endif
