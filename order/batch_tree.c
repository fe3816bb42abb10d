/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree of a batch: an order's leaf, its place, and that the place is in the tree.
 */
#include "order/batch.h"

#include "order/display.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/order.h"
#include <stdlib.h>
#include <string.h>

/* --- a leaf --- */

enum err batch_leaf(const struct order *o, const struct policy *policy, struct merkle_hash *out)
{
    uint8_t display[DIGEST_LEN];
    struct buf bytes = {0};
    struct doc doc = {0};
    enum err e = display_digest(o, policy, VERB_APPROVE, display);

    if (e != ERR_OK)
        return e;
    doc_object(&doc);
    doc_digest(&doc, "displayDigest", display);
    doc_digest(&doc, "orderDigest", o->digest);
    e = doc_canon(&doc, &bytes);
    if (e == ERR_OK)
        e = merkle_leaf(bytes.data, bytes.len, out);
    doc_free(&doc);
    buf_free(&bytes);
    return e;
}

/* --- its place --- */

enum err batch_inclusion_read(const struct js *value, struct batch_inclusion *out)
{
    const struct js *index, *proof;
    const struct js_member table[] = {MEMBER_INT("index", 0, JS_INT_MAX, &index),
                                      MEMBER_ARRAY("proof", 0, BATCH_PROOF_MAX, &proof)};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    memset(out, 0, sizeof *out);
    if (e != ERR_OK)
        return e;
    out->index = (uint64_t)js_int(index);
    for (; e == ERR_OK && out->count < js_count(proof); out->count++)
        e = member_hash(js_at(proof, out->count), out->proof[out->count].b);
    return e;
}

void batch_inclusion_write(const struct batch_inclusion *in, struct doc *out)
{
    struct doc proof = {0};

    doc_array(&proof);
    for (size_t i = 0; i < in->count; i++)
        doc_push_base64(&proof, in->proof[i].b, DIGEST_LEN);
    doc_object(out);
    doc_int(out, "index", (int64_t)in->index);
    doc_put(out, "proof", &proof);
}

enum err batch_check(const struct batch *b, const struct batch_inclusion *place,
                     const struct merkle_hash *leaf)
{
    struct merkle_hash root;
    enum err e;

    memcpy(root.b, b->root, DIGEST_LEN);
    e = merkle_check_inclusion(place->index, (uint64_t)b->count, leaf, place->proof, place->count,
                               &root);
    return e == ERR_PROOF_INVALID ? ERR_BATCH_PROOF_INVALID : e;
}

/* --- the whole tree --- */

/* Node (level, index) of the perfect subtrees is at nodes[first[level] + index]. */
struct batch_tree {
    size_t count, first[BATCH_PROOF_MAX + 1];
    struct merkle_frontier frontier;
    struct merkle_hash nodes[];
};

static enum err store(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash)
{
    struct batch_tree *t = ctx;

    t->nodes[t->first[level] + index] = *hash;
    return ERR_OK;
}

static enum err load(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out)
{
    const struct batch_tree *t = ctx;

    *out = t->nodes[t->first[level] + index];
    return ERR_OK;
}

enum err batch_tree_make(const struct merkle_hash *leaves, size_t count, struct batch_tree **out)
{
    struct batch_tree *t = NULL;
    size_t nodes = 0;
    enum err e = ERR_OK;

    *out = NULL;
    if (count > BATCH_ORDERS_MAX)
        return ERR_TOO_LARGE;
    t = calloc(1, sizeof *t + 2 * count * sizeof t->nodes[0]);
    if (!t)
        return ERR_NO_MEMORY;
    t->count = count;
    for (unsigned level = 0; level <= BATCH_PROOF_MAX; level++) {
        t->first[level] = nodes;
        nodes += count >> level;
    }
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = merkle_frontier_add(&t->frontier, &leaves[i], store, t);
    if (e != ERR_OK) {
        batch_tree_free(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

enum err batch_tree_root(const struct batch_tree *t, uint8_t out[static DIGEST_LEN])
{
    struct merkle_hash root;
    enum err e = merkle_frontier_root(&t->frontier, &root);

    if (e == ERR_OK)
        memcpy(out, root.b, DIGEST_LEN);
    return e;
}

enum err batch_tree_place(const struct batch_tree *t, size_t index, struct batch_inclusion *out)
{
    struct merkle_hash proof[MERKLE_PROOF_MAX];
    enum err e =
        merkle_inclusion_proof(index, t->count, load, (void *)(uintptr_t)t, proof, &out->count);

    if (e == ERR_OK && out->count > BATCH_PROOF_MAX)
        e = ERR_INTERNAL;
    if (e != ERR_OK)
        return e;
    out->index = index;
    memcpy(out->proof, proof, out->count * sizeof proof[0]);
    return ERR_OK;
}

void batch_tree_free(struct batch_tree *t)
{
    free(t);
}
