/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/audit.h"
#include "base/buf.h"
#include "order/entry.h"
#include "order/json.h"
#include "order/key.h"
#include "order/member.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum err refuse(struct audit *a, enum err e, const char *why)
{
    (void)snprintf(a->where, sizeof a->where, "entry %" PRIu64 ": %s", a->tree.size, why);
    return e;
}

/* The first one counts. */
static void contradict(struct audit *a, const char *why)
{
    if (!a->contradiction[0])
        (void)snprintf(a->contradiction, sizeof a->contradiction, "entry %" PRIu64 ": %s",
                       a->tree.size, why);
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

/* --- objects --- */

#define NAME_LEN 16 /* of its SHA-256; two that share it are one line, and never two beginnings */
#define ROOM_LEAST 64u

struct audit_object {
    uint8_t name[NAME_LEN];
    uint64_t end; /* the index of its newest entry + 1; 0: a free place */
};

static struct audit_object *place_of(struct audit_object *objects, size_t room,
                                     const uint8_t name[static NAME_LEN])
{
    uint64_t start;

    memcpy(&start, name, sizeof start);
    size_t at = (size_t)start & (room - 1);
    while (objects[at].end && memcmp(objects[at].name, name, NAME_LEN) != 0)
        at = (at + 1) & (room - 1);
    return &objects[at];
}

/* A quarter stays free, so that searches are short. */
static enum err make_room(struct audit *a)
{
    size_t room = a->room ? a->room * 2 : ROOM_LEAST;

    if (a->object_count < a->room - a->room / 4)
        return ERR_OK;
    struct audit_object *objects = calloc(room, sizeof *objects);
    if (!objects)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < a->room; i++) {
        if (a->objects[i].end)
            *place_of(objects, room, a->objects[i].name) = a->objects[i];
    }
    free(a->objects);
    a->objects = objects;
    a->room = room;
    return ERR_OK;
}

static enum err find_object(struct audit *a, const struct js *body, struct audit_object **out)
{
    uint8_t digest[DIGEST_LEN];
    size_t len = 0;
    const char *object = js_text(js_get(body, "object"), &len);

    if (!object)
        return refuse(a, ERR_DOC_MEMBER_INVALID, "it is about nothing");
    enum err e = key_digest(object, len, digest);
    if (e == ERR_OK)
        e = make_room(a);
    if (e != ERR_OK)
        return refuse(a, e, "not judged");
    *out = place_of(a->objects, a->room, digest);
    if (!(*out)->end) {
        a->object_count++;
        memcpy((*out)->name, digest, NAME_LEN);
    }
    return ERR_OK;
}

/* An object begins once; each later entry follows the newest one about it. */
static enum err check_previous(struct audit *a, const struct js *body, uint64_t index)
{
    const struct js *previous = js_get(body, "previous");
    struct audit_object *object = NULL;
    enum err e = find_object(a, body, &object);

    if (e != ERR_OK)
        return e;
    if (!previous && object->end)
        contradict(a, "what it is about began before");
    if (previous && (js_type(previous) != JS_INT || js_int(previous) < 0 ||
                     (uint64_t)js_int(previous) + 1 != object->end))
        contradict(a, "it does not follow the newest entry about the same");
    object->end = index + 1;
    return ERR_OK;
}

/* Only an accepted clock takes the bank's time back. */
static void check_time(struct audit *a, const struct js *body, const struct entry_leaf *leaf)
{
    bool back = leaf->index > 0 && leaf->time_us < a->time_us;

    if (back && (strcmp(js_member_text(body, "type"), "clock-accepted") != 0 ||
                 strcmp(js_member_text(body, "object"), "bank") != 0))
        contradict(a, "its time is before the last entry's");
    else if (back) {
        a->put_back++;
        a->put_back_at = leaf->index;
    }
    a->time_us = leaf->time_us;
}

/* --- entries --- */

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
        check_time(a, parts.body, &parts.read);
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
    enum err e = expect_root(a, &a->newest, "the newest checkpoint's");
    if (e != ERR_OK || !a->contradiction[0])
        return e;
    memcpy(a->where, a->contradiction, sizeof a->where);
    return ERR_EVIDENCE_CONTRADICTION;
}

void audit_free(struct audit *a)
{
    free(a->objects);
    a->objects = NULL;
    a->object_count = a->room = 0;
}

uint64_t audit_wanted(const struct audit *a)
{
    return a->tree.size < a->newest.size ? a->newest.size - a->tree.size : 0;
}
