/* SPDX-License-Identifier: Apache-2.0
 *
 * merkle: the RFC 6962 hash tree (SHA-256, leaf prefix 0x00, node prefix 0x01): growing a tree by
 * its frontier, making proofs from stored nodes, checking proofs. Pure; indexes count from 0.
 */
#ifndef ORDER_MERKLE_H
#define ORDER_MERKLE_H

#include "base/err.h"
#include "order/key.h"
#include <stddef.h>
#include <stdint.h>

#define MERKLE_LEVELS 63u                     /* sizes stay below 2^63 */
#define MERKLE_PROOF_MAX (2u * MERKLE_LEVELS) /* hashes in any proof */

struct merkle_hash {
    uint8_t b[DIGEST_LEN];
};

MUST_CHECK enum err merkle_leaf(const void *leaf, size_t len, struct merkle_hash *out);
MUST_CHECK enum err merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
                                struct merkle_hash *out);

/* The roots of the perfect subtrees whose sizes sum to SIZE. Zeroed memory is the empty tree. */
struct merkle_frontier {
    uint64_t size;
    struct merkle_hash node[MERKLE_LEVELS]; /* node[l] is meaningful when bit l of size is set */
};

/* Called for every perfect subtree that the new leaf completes, level 0 (the leaf) first:
 * INDEX counts subtrees of that level from the left. May be NULL. */
typedef enum err (*merkle_store_fn)(void *ctx, unsigned level, uint64_t index,
                                    const struct merkle_hash *hash);
MUST_CHECK enum err merkle_frontier_add(struct merkle_frontier *f, const struct merkle_hash *leaf,
                                        merkle_store_fn store, void *ctx);
/* The root; of the empty tree SHA-256 of nothing. */
MUST_CHECK enum err merkle_frontier_root(const struct merkle_frontier *f, struct merkle_hash *out);

/* Reads a stored node of a perfect subtree. */
typedef enum err (*merkle_load_fn)(void *ctx, unsigned level, uint64_t index,
                                   struct merkle_hash *out);

/* The frontier of the tree's first SIZE leaves. */
MUST_CHECK enum err merkle_frontier_load(uint64_t size, merkle_load_fn load, void *ctx,
                                         struct merkle_frontier *out);

/* RFC 6962 2.1.1 and 2.1.2. PROOF has room for MERKLE_PROOF_MAX hashes; *COUNT is set. */
MUST_CHECK enum err merkle_inclusion_proof(uint64_t index, uint64_t size, merkle_load_fn load,
                                           void *ctx, struct merkle_hash *proof, size_t *count);
MUST_CHECK enum err merkle_consistency_proof(uint64_t size1, uint64_t size2, merkle_load_fn load,
                                             void *ctx, struct merkle_hash *proof, size_t *count);

/* PROOF_INVALID unless the proof, used up exactly, leads to the root. Size 0 and an index past the
 * end are PROOF_INVALID; consistency of equal sizes wants equal roots and an empty proof, size1 = 0
 * is PROOF_INVALID (nothing is proved). */
MUST_CHECK enum err merkle_check_inclusion(uint64_t index, uint64_t size,
                                           const struct merkle_hash *leaf,
                                           const struct merkle_hash *proof, size_t count,
                                           const struct merkle_hash *root);
MUST_CHECK enum err merkle_check_consistency(uint64_t size1, uint64_t size2,
                                             const struct merkle_hash *root1,
                                             const struct merkle_hash *root2,
                                             const struct merkle_hash *proof, size_t count);

#endif
