/* SPDX-License-Identifier: Apache-2.0 */
#include "order/merkle.h"

#include <stdbool.h>
#include <string.h>

/* Every tree is a row of perfect subtrees, one for each set bit of its size, the largest first. A
 * "node" is the root of a perfect subtree: level l, the INDEX-th from the left, over the leaves
 * [index << l, (index + 1) << l). */

#define NODE_LEN (1 + 2 * DIGEST_LEN)

enum err merkle_leaf(const void *leaf, size_t len, struct merkle_hash *out)
{
    static const uint8_t prefix = 0x00;

    return key_digest_joined(&prefix, sizeof prefix, leaf, len, out->b);
}

enum err merkle_node(const struct merkle_hash *left, const struct merkle_hash *right,
                     struct merkle_hash *out)
{
    uint8_t bytes[NODE_LEN] = {0x01};

    memcpy(bytes + 1, left->b, DIGEST_LEN);
    memcpy(bytes + 1 + DIGEST_LEN, right->b, DIGEST_LEN);
    return key_digest(bytes, sizeof bytes, out->b);
}

/* --- growing --- */

enum err merkle_frontier_add(struct merkle_frontier *f, const struct merkle_hash *leaf,
                             merkle_store_fn store, void *ctx)
{
    struct merkle_hash node = *leaf;
    unsigned level = 0;
    enum err e = ERR_OK;

    if (f->size >= (UINT64_C(1) << MERKLE_LEVELS) - 1)
        return ERR_TOO_LARGE;
    if (store)
        e = store(ctx, level, f->size, &node);
    /* Like a carry: each subtree that stands to the left joins the new one. */
    for (; e == ERR_OK && (f->size >> level & 1); level++) {
        e = merkle_node(&f->node[level], &node, &node);
        if (e == ERR_OK && store)
            e = store(ctx, level + 1, f->size >> (level + 1), &node);
    }
    if (e != ERR_OK)
        return e;
    f->node[level] = node;
    f->size++;
    return ERR_OK;
}

/* RFC 6962 2.1: the smaller subtrees, further right, are joined first. */
enum err merkle_frontier_root(const struct merkle_frontier *f, struct merkle_hash *out)
{
    bool begun = false;
    enum err e = ERR_OK;

    if (f->size == 0)
        return key_digest("", 0, out->b);
    for (unsigned level = 0; e == ERR_OK && level < MERKLE_LEVELS; level++) {
        if (!(f->size >> level & 1))
            continue;
        if (begun)
            e = merkle_node(&f->node[level], out, out);
        else
            *out = f->node[level];
        begun = true;
    }
    return e;
}

/* --- proofs from stored nodes --- */

struct proof_writer {
    merkle_load_fn load;
    void *ctx;
    struct merkle_hash *hashes;
    size_t count;
};

/* The frontier of SIZE leaves from BEGIN on, which is a multiple of SIZE rounded up to a power of
 * two, as every subtree of RFC 6962's recursions begins. */
static enum err load_range(uint64_t begin, uint64_t size, merkle_load_fn load, void *ctx,
                           struct merkle_frontier *out)
{
    enum err e = ERR_OK;

    memset(out, 0, sizeof *out);
    if (size >> MERKLE_LEVELS)
        return ERR_TOO_LARGE;
    for (unsigned level = MERKLE_LEVELS; e == ERR_OK && level-- > 0;) {
        if (!(size >> level & 1))
            continue;
        e = load(ctx, level, begin >> level, &out->node[level]);
        begin += UINT64_C(1) << level;
    }
    out->size = size;
    return e;
}

enum err merkle_frontier_load(uint64_t size, merkle_load_fn load, void *ctx,
                              struct merkle_frontier *out)
{
    return load_range(0, size, load, ctx, out);
}

static enum err add_range(struct proof_writer *w, uint64_t begin, uint64_t end)
{
    struct merkle_frontier f;
    enum err e = load_range(begin, end - begin, w->load, w->ctx, &f);

    return e == ERR_OK ? merkle_frontier_root(&f, &w->hashes[w->count++]) : e;
}

/* The recursions are walked from the root down, the proof reads from the leaf up. */
static void reverse(struct merkle_hash *hashes, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct merkle_hash swap = hashes[i];

        hashes[i] = hashes[count - 1 - i];
        hashes[count - 1 - i] = swap;
    }
}

/* The largest power of two below N, for N > 1. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

enum err merkle_inclusion_proof(uint64_t index, uint64_t size, merkle_load_fn load, void *ctx,
                                struct merkle_hash *proof, size_t *count)
{
    struct proof_writer w = {load, ctx, proof, 0};
    uint64_t begin = 0, end = size;
    enum err e = ERR_OK;

    *count = 0;
    if (index >= size)
        return ERR_PROOF_INVALID;
    while (e == ERR_OK && end - begin > 1) {
        uint64_t middle = begin + split(end - begin);

        if (index < middle) {
            e = add_range(&w, middle, end);
            end = middle;
        } else {
            e = add_range(&w, begin, middle);
            begin = middle;
        }
    }
    if (e != ERR_OK)
        return e;
    reverse(proof, w.count);
    *count = w.count;
    return ERR_OK;
}

enum err merkle_consistency_proof(uint64_t size1, uint64_t size2, merkle_load_fn load, void *ctx,
                                  struct merkle_hash *proof, size_t *count)
{
    struct proof_writer w = {load, ctx, proof, 0};
    uint64_t begin = 0, end = size2;
    enum err e = ERR_OK;

    *count = 0;
    if (size1 == 0 || size1 > size2)
        return ERR_PROOF_INVALID;
    while (e == ERR_OK && end != size1) {
        uint64_t middle = begin + split(end - begin);

        if (size1 <= middle) {
            e = add_range(&w, middle, end);
            end = middle;
        } else {
            e = add_range(&w, begin, middle);
            begin = middle;
        }
    }
    /* The old tree's last subtree; left out when it is the old tree, whose root is known. */
    if (e == ERR_OK && begin > 0)
        e = add_range(&w, begin, end);
    if (e != ERR_OK)
        return e;
    reverse(proof, w.count);
    *count = w.count;
    return ERR_OK;
}

/* --- checking, by the algorithms of RFC 9162 2.1.3.2 and 2.1.4.2 --- */

static bool same(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->b, b->b, DIGEST_LEN) == 0;
}

/* Where a climb stands at its level: the node's own index and the last one's. */
struct climb {
    uint64_t node, last;
};

/* True when the next hash of the proof stands to the left. */
static bool sibling_is_left(const struct climb *c)
{
    return c->node & 1 || c->node == c->last;
}

static void up(struct climb *c)
{
    c->node >>= 1;
    c->last >>= 1;
}

/* After a hash from the left: skips the levels at which the right border has no sibling. */
static void up_border(struct climb *c)
{
    while (!(c->node & 1) && c->node)
        up(c);
    up(c);
}

enum err merkle_check_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
                                const struct merkle_hash *proof, size_t count,
                                const struct merkle_hash *root)
{
    struct merkle_hash hash = *leaf;
    enum err e = ERR_OK;

    if (index >= size)
        return ERR_PROOF_INVALID;
    struct climb c = {index, size - 1};
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (c.last == 0)
            return ERR_PROOF_INVALID;
        if (sibling_is_left(&c)) {
            e = merkle_node(&proof[i], &hash, &hash);
            up_border(&c);
        } else {
            e = merkle_node(&hash, &proof[i], &hash);
            up(&c);
        }
    }
    if (e != ERR_OK)
        return e;
    return c.last == 0 && same(&hash, root) ? ERR_OK : ERR_PROOF_INVALID;
}

/* Climbs from the node where both trees part; HASH1 and HASH2 end as the two roots. */
static enum err climb_both(struct climb c, const struct merkle_hash *proof, size_t count,
                           struct merkle_hash *hash1, struct merkle_hash *hash2)
{
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (c.last == 0)
            return ERR_PROOF_INVALID;
        if (sibling_is_left(&c)) {
            e = merkle_node(&proof[i], hash1, hash1);
            if (e == ERR_OK)
                e = merkle_node(&proof[i], hash2, hash2);
            up_border(&c);
        } else {
            e = merkle_node(hash2, &proof[i], hash2);
            up(&c);
        }
    }
    if (e != ERR_OK)
        return e;
    return c.last == 0 ? ERR_OK : ERR_PROOF_INVALID;
}

enum err merkle_check_consistency(uint64_t size1, uint64_t size2, const struct merkle_hash *root1,
                                  const struct merkle_hash *root2, const struct merkle_hash *proof,
                                  size_t count)
{
    struct merkle_hash hash1, hash2;
    enum err e;

    if (size1 == 0 || size1 > size2)
        return ERR_PROOF_INVALID;
    if (size1 == size2)
        return count == 0 && same(root1, root2) ? ERR_OK : ERR_PROOF_INVALID;
    struct climb c = {size1 - 1, size2 - 1};
    while (c.node & 1)
        up(&c);
    hash1 = *root1; /* a perfect old tree is itself the node to start from */
    if (size1 & (size1 - 1)) {
        if (count == 0)
            return ERR_PROOF_INVALID;
        hash1 = proof[0];
        proof++;
        count--;
    }
    hash2 = hash1;
    e = climb_both(c, proof, count, &hash1, &hash2);
    if (e != ERR_OK)
        return e;
    return same(&hash1, root1) && same(&hash2, root2) ? ERR_OK : ERR_PROOF_INVALID;
}
