/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/audit.h"
#include "order/entry.h"
#include "order/json.h"
#include "order/member.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum err refuse(struct audit *a, enum err e, const char *why)
{
    (void)snprintf(a->where, sizeof a->where, "entry %" PRIu64 ": %s", a->tree.size, why);
    return e;
}

static enum err expect_root(struct audit *a, const struct checkpoint *expected, const char *whose)
{
    struct merkle_hash root;
    enum err e = merkle_frontier_root(&a->tree, &root);
    if (e != ERR_OK || memcmp(root.b, expected->root.b, sizeof root.b) == 0)
        return e;
    (void)snprintf(a->where, sizeof a->where, "the first %" PRIu64 " entries do not give %s root",
                   expected->size, whose);
    return ERR_PROOF_INVALID;
}

enum err audit_start(struct audit *a, const struct checkpoint *newest,
                     const struct checkpoint *kept)
{
    memset(a, 0, sizeof *a);
    a->newest = *newest;
    if (kept == NULL)
        return ERR_OK;
    a->kept = *kept;
    if (kept->size <= newest->size)
        return ERR_OK;
    (void)snprintf(a->where, sizeof a->where,
                   "the kept checkpoint covers %" PRIu64 " entries, the newest only %" PRIu64,
                   kept->size, newest->size);
    return ERR_PROOF_INVALID;
}

struct entry_parts {
    const struct js *body, *leaf;
    uint8_t salt[ENTRY_SALT_LEN];
    struct entry_leaf read;
};

static enum err read_entry(const struct js *entry, struct entry_parts *out)
{
    const struct js *salt;
    const struct js_member table[] = {
        MEMBER_OBJECT("body", true, &out->body),
        MEMBER_OBJECT("leaf", true, &out->leaf),
        MEMBER_TEXT("salt", true, &salt),
    };
    size_t salt_len = 0;
    enum err e = js_members(entry, table, MEMBER_ROWS(table), NULL);
    if (e == ERR_OK)
        e = member_bytes(salt, out->salt, sizeof out->salt, &salt_len);
    if (e == ERR_OK && salt_len != sizeof out->salt)
        e = ERR_DOC_MEMBER_INVALID;
    return e == ERR_OK ? entry_leaf_from_js(out->leaf, &out->read) : e;
}

/* An entry follows the newest one about the same thing, and only one follows that. */
static enum err check_previous(struct audit *a, const struct js *body, uint64_t index)
{
    const struct js *member = js_get(body, "previous");
    enum err e = ERR_OK;

    if (member == NULL)
        return ERR_OK;
    if (js_type(member) != JS_INT || js_int(member) < 0 || (uint64_t)js_int(member) >= index)
        return refuse(a, ERR_EVIDENCE_CONTRADICTION, "it follows none that is before it");
    size_t at = (size_t)js_int(member) / 8;
    uint8_t bit = (uint8_t)(1u << (js_int(member) % 8));
    while (e == ERR_OK && a->followed.len <= at)
        e = buf_add_byte(&a->followed, 0);
    if (e == ERR_OK && a->followed.data[at] & bit)
        return refuse(a, ERR_EVIDENCE_CONTRADICTION, "another one follows the same entry");
    if (e == ERR_OK)
        a->followed.data[at] |= bit;
    return e;
}

enum err audit_entry(struct audit *a, const struct js *entry)
{
    struct entry_parts parts;
    struct buf body = BUF_INIT(ENTRY_BODY_MAX);
    enum err e = read_entry(entry, &parts);
    if (e != ERR_OK) {
        e = refuse(a, e, "not of the documented form");
    } else if (parts.read.index != a->tree.size) {
        e = refuse(a, ERR_PROOF_INVALID, "another index stands in its place");
    } else {
        e = js_canon(parts.body, &body);
        if (e == ERR_OK)
            e = entry_check(&parts.read, parts.salt, body.data, body.len);
        if (e != ERR_OK)
            e = refuse(a, e, "its leaf does not commit to its body");
        if (e == ERR_OK)
            e = check_previous(a, parts.body, parts.read.index);
    }
    if (e == ERR_OK)
        e = merkle_frontier_add(&a->tree, &parts.read.hash, NULL, NULL);
    if (e == ERR_OK && a->tree.size == a->kept.size)
        e = expect_root(a, &a->kept, "the kept checkpoint's");
    buf_free(&body);
    return e;
}

enum err audit_finish(struct audit *a)
{
    if (a->tree.size != a->newest.size)
        return refuse(a, ERR_PROOF_INVALID, "missing, though the checkpoint covers it");
    return expect_root(a, &a->newest, "the newest checkpoint's");
}

void audit_free(struct audit *a)
{
    buf_free(&a->followed);
}

uint64_t audit_wanted(const struct audit *a)
{
    return a->tree.size < a->newest.size ? a->newest.size - a->tree.size : 0;
}
