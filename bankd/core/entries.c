/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/entries.h"

#include "bankd/core/events.h"
#include "order/entry.h"
#include "order/json.h"
#include <string.h>

/* The hashes that a leaf completes, level by level, as the store keeps them. */
struct nodes {
    uint8_t bytes[MERKLE_LEVELS * DIGEST_LEN];
    size_t len;
};

static enum err collect(void *ctx, unsigned level, uint64_t index, const struct merkle_hash *hash)
{
    struct nodes *nodes = ctx;

    (void)index;
    if (level >= MERKLE_LEVELS || nodes->len != (size_t)level * DIGEST_LEN)
        return ERR_INTERNAL;
    memcpy(nodes->bytes + nodes->len, hash->b, DIGEST_LEN);
    nodes->len += DIGEST_LEN;
    return ERR_OK;
}

static void keep(struct core *c, uint64_t index, const struct nodes *nodes)
{
    struct newest_nodes *n = &c->newest[index % NEWEST];

    n->end = index + 1;
    memcpy(n->level, nodes->bytes, nodes->len < sizeof n->level ? nodes->len : sizeof n->level);
}

/* That one head follows from another is proved after every batch, by nodes at the tree's right
 * border and hardly any others. NULL: the store has to be asked. A start compares the two. */
static const struct merkle_hash *find_newest(const struct core *c, unsigned level, uint64_t index)
{
    const uint64_t end = (index + 1) << level, subtrees = c->tree.size >> level;
    const struct newest_nodes *n = &c->newest[(end - 1) % NEWEST];

    if (level < NEWEST_LEVELS && n->end == end)
        return &n->level[level];
    return subtrees & 1 && index == subtrees - 1 ? &c->tree.node[level] : NULL;
}

enum err entries_node(void *ctx, unsigned level, uint64_t index, struct merkle_hash *out)
{
    struct core *c = ctx;
    const struct merkle_hash *newest = find_newest(c, level, index);
    bool found = false;
    size_t len = 0;

    if (newest) {
        *out = *newest;
        return ERR_OK;
    }
    struct store_query *q = store_query(c->store, STORE_ENTRY_NODES);
    store_bind_int(q, ":id", (int64_t)(((index + 1) << level) - 1));
    enum err e = store_step(q, &found);
    if (e)
        return e;
    const uint8_t *bytes = found ? store_blob(q, 0, &len) : NULL;
    if (len < ((size_t)level + 1) * DIGEST_LEN)
        e = ERR_STORE_FAILED;
    else
        memcpy(out->b, bytes + (size_t)level * DIGEST_LEN, DIGEST_LEN);
    store_done(q);
    return e;
}

void entries_body(struct doc *body, const char *type, const char *object, int64_t previous)
{
    doc_object(body);
    doc_text(body, "type", type);
    doc_text(body, "object", object);
    if (previous != NO_ENTRY)
        doc_int(body, "previous", previous);
}

void entries_operator(struct doc *body, const struct core_caller *who)
{
    if (who->act)
        doc_int(body, "act", who->act);
    doc_text(body, "operator", who->operator_name);
}

/* An entry as the store has it. */
struct row {
    struct events_row event;
    struct nodes nodes;
    struct entry_leaf leaf;
    struct buf body;
    uint8_t salt[ENTRY_SALT_LEN];
};

static enum err insert(struct core *c, const struct row *row)
{
    struct store_query *q = store_query(c->store, STORE_ENTRY_ADD);

    store_bind_int(q, ":id", (int64_t)row->leaf.index);
    store_bind_int(q, ":time", row->leaf.time_us);
    store_bind_text(q, ":kind", row->event.kind);
    store_bind_text(q, ":account", row->event.account);
    store_bind_text(q, ":object", row->event.object);
    store_bind_text(q, ":holder", row->event.holder);
    store_bind_text(q, ":status", row->event.status);
    store_bind_text(q, ":reason", row->event.reason);
    store_bind_blob(q, ":nodes", row->nodes.bytes, row->nodes.len);
    store_bind_blob(q, ":commitment", row->leaf.commitment, DIGEST_LEN);
    store_bind_blob(q, ":salt", row->salt, ENTRY_SALT_LEN);
    store_bind_blob(q, ":body", row->body.data, row->body.len);
    return store_run(q);
}

/* Many at a time: asking costs more than what is drawn. Each is used once, whatever becomes of its
 * entry. */
static enum err draw_salt(struct core *c, uint8_t out[static ENTRY_SALT_LEN])
{
    enum err e = c->salt_count ? ERR_OK : c->random(c->random_ctx, c->salts[0], sizeof c->salts);

    if (e)
        return e;
    if (!c->salt_count)
        c->salt_count = SALTS;
    memcpy(out, c->salts[--c->salt_count], ENTRY_SALT_LEN);
    return ERR_OK;
}

/* An entry's text may be too large for the log: that is the bank's failure, not a refusal. */
static enum err make(struct core *c, const struct doc *doc, int64_t *index)
{
    struct row row;

    row.nodes.len = 0;
    row.body = (struct buf)BUF_INIT(ENTRY_BODY_MAX);
    events_read(doc, &row.event);
    enum err e = doc_canon(doc, &row.body);
    if (!e)
        e = draw_salt(c, row.salt);
    if (!e)
        e = entry_make(c->tree.size, c->now_us, row.salt, row.body.data, row.body.len, &row.leaf);
    if (!e)
        e = merkle_frontier_add(&c->tree, &row.leaf.hash, collect, &row.nodes);
    if (!e)
        e = insert(c, &row);
    if (!e) {
        keep(c, row.leaf.index, &row.nodes);
        c->newest_us = c->now_us;
        *index = (int64_t)row.leaf.index;
    }
    buf_free(&row.body);
    return e == ERR_TOO_LARGE ? ERR_INTERNAL : e;
}

enum err entries_add(struct core *c, struct doc *body, int64_t *index)
{
    enum err e = c->tree.size == 0 ? ERR_INTERNAL : make(c, body, index);

    doc_free(body);
    return e;
}

enum err entries_add_bank(struct core *c, struct doc *body)
{
    if (c->bank_entry != NO_ENTRY)
        doc_int(body, "previous", c->bank_entry);
    enum err e = make(c, body, &c->bank_entry);
    doc_free(body);
    return e;
}

enum err entries_load(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_HEAD_LOAD);
    bool found = false;

    enum err e = store_step(q, &found);
    if (e)
        return e;
    uint64_t size = found ? (uint64_t)store_int(q, 0) : 0;
    c->newest_us = found ? store_int(q, 1) : 0;
    c->bank_entry = found && !store_is_null(q, 2) ? store_int(q, 2) : NO_ENTRY;
    store_done(q);
    if (!found)
        return ERR_STORE_FAILED;
    if (c->tree_current && c->tree.size == size)
        return ERR_OK;
    struct merkle_frontier tree;
    memset(c->newest, 0, sizeof c->newest); /* find_newest reads both */
    memset(&c->tree, 0, sizeof c->tree);
    e = merkle_frontier_load(size, entries_node, c, &tree);
    if (!e) {
        c->tree = tree;
        e = merkle_frontier_root(&tree, &c->durable.root);
    }
    if (!e)
        c->durable.size = size;
    c->tree_current = !e;
    return e;
}

enum err entries_save(struct core *c)
{
    if (c->tree.size == c->durable.size)
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_HEAD_SAVE);
    store_bind_int(q, ":size", (int64_t)c->tree.size);
    store_bind_int(q, ":time", c->newest_us);
    if (c->bank_entry != NO_ENTRY)
        store_bind_int(q, ":bank_entry", c->bank_entry);
    return store_run(q);
}

void entries_stored(struct doc *d, const char *name, const void *bytes, size_t len)
{
    struct js *value = NULL;
    enum err e = js_parse_canonical(bytes, len, &value);

    js_free(value);
    if (e)
        doc_fail(d, e == ERR_NO_MEMORY ? e : ERR_STORE_FAILED);
    doc_canonical(d, name, bytes, len);
}

static void describe_proof(struct core *c, int64_t index, uint64_t size, struct doc *out)
{
    struct merkle_hash proof[MERKLE_PROOF_MAX];
    size_t count = 0;
    struct doc list = {0};

    doc_array(&list);
    if (!list.err)
        list.err = merkle_inclusion_proof((uint64_t)index, size, entries_node, c, proof, &count);
    for (size_t i = 0; i < count; i++)
        doc_push_base64(&list, proof[i].b, DIGEST_LEN);
    doc_put(out, "proof", &list);
}

static void put_leaf(const struct store_query *q, struct doc *out)
{
    struct buf leaf = {0};
    uint8_t commitment[DIGEST_LEN];

    enum err e = store_copy_blob(q, 2, commitment, sizeof commitment);
    if (!e)
        e = entry_leaf_write((uint64_t)store_int(q, 0), store_int(q, 1), commitment, &leaf);
    if (e)
        doc_fail(out, e == ERR_NO_MEMORY ? e : ERR_STORE_FAILED);
    doc_canonical(out, "leaf", leaf.data, leaf.len);
    buf_free(&leaf);
}

size_t entries_put(const struct store_query *q, struct doc *out)
{
    size_t len = 0;

    put_leaf(q, out);
    const void *salt = store_blob(q, 3, &len);
    doc_bytes(out, "salt", salt, len);
    const void *body = store_blob(q, 4, &len);
    entries_stored(out, "body", body, len);
    return len;
}

void entries_describe(struct core *c, int64_t index, uint64_t size, struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_ENTRY_FIND);
    bool found = false;

    store_bind_int(q, ":id", index);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_STORE_FAILED;
    if (e)
        doc_fail(out, e);
    else
        entries_put(q, out);
    store_done(q);
    describe_proof(c, index, size, out);
}
