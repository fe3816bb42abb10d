/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/application_row.h"

#include "bankd/core/answer.h"
#include "bankd/core/claim.h"
#include "bankd/core/entries.h"
#include <stdio.h>
#include <string.h>

/* --- rows --- */

void application_row_free(struct application_row *a)
{
    application_free(&a->said);
}

enum err application_read(const struct store_query *q, struct application_row *out)
{
    size_t len = 0;

    *out = (struct application_row){.id = store_int(q, 0),
                                    .received_us = store_int(q, 3),
                                    .expires_us = store_int(q, 4),
                                    .entry = store_int(q, 7)};
    enum err e = store_copy_text(q, 1, out->name, sizeof out->name);
    if (!e)
        e = store_copy_text(q, 5, out->state, sizeof out->state);
    if (!e)
        e = store_copy_text(q, 6, out->reason, sizeof out->reason);
    if (!e && !store_is_null(q, 8))
        e = store_copy_text(q, 8, out->account, sizeof out->account);
    if (e)
        return e;
    const void *document = store_blob(q, 2, &len);
    e = application_parse(document, len, &out->said);
    return e && e != ERR_NO_MEMORY ? ERR_STORE_FAILED : e;
}

enum err application_read_words(struct core *c, struct application_row *a)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_WORDS);
    bool row = false;

    store_bind_int(q, ":application", a->id);
    enum err e = store_step(q, &row);
    for (; !e && row; a->word_count++) {
        if (a->word_count == APPLICATION_WORDS_MAX) {
            e = ERR_STORE_FAILED;
            break;
        }
        a->words[a->word_count].counts = store_int(q, 1) != 0;
        a->words[a->word_count].received_us = store_int(q, 2);
        e = store_copy_text(q, 0, a->words[a->word_count].holder, sizeof a->words[0].holder);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

/* Ends Q. */
static enum err read_one(struct store_query *q, bool *found, struct application_row *out)
{
    *out = (struct application_row){.id = 0};
    enum err e = store_step(q, found);
    if (!e && *found)
        e = application_read(q, out);
    store_done(q);
    return e;
}

static enum err find(struct core *c, const char *name, struct application_row *out)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_FIND);
    bool found = false;

    store_bind_text(q, ":application", name);
    enum err e = read_one(q, &found, out);
    return !e && !found ? ERR_NOT_FOUND : e;
}

bool application_row_waits(const struct application_row *a)
{
    return strcmp(a->state, "waiting") == 0;
}

bool application_row_signed(const struct application_row *a, const char *holder)
{
    for (size_t i = 0; i < a->word_count; i++) {
        if (a->words[i].counts && strcmp(a->words[i].holder, holder) == 0)
            return true;
    }
    return false;
}

bool application_row_complete(const struct application_row *a)
{
    for (size_t i = 0; i < policy_holder_count(a->said.policy); i++) {
        if (!application_row_signed(a, policy_holder(a->said.policy, i)))
            return false;
    }
    return true;
}

/* --- its end --- */

void application_object(const char *name, char out[static APPLICATION_OBJECT_MAX])
{
    snprintf(out, APPLICATION_OBJECT_MAX, "application:%.*s", (int)APPLICATION_NAME_LEN, name);
}

static enum err write_end(struct core *c, struct application_row *a,
                          const struct application_end *how)
{
    char object[APPLICATION_OBJECT_MAX];
    struct doc body = {0};

    application_object(a->name, object);
    entries_body(&body, "application-end", object, a->entry);
    doc_text_optional(&body, "account", how->account);
    doc_text_optional(&body, "note", how->reason);
    if (how->who)
        doc_text(&body, "operator", how->who->operator_name);
    doc_text(&body, "status", how->state);
    return entries_add(c, &body, &a->entry);
}

enum err application_end(struct core *c, struct application_row *a,
                         const struct application_end *how)
{
    enum err e = strcmp(how->state, "withdrawn") == 0 ? ERR_OK : write_end(c, a, how);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_APPLICATION_END);
    store_bind_int(q, ":id", a->id);
    store_bind_text(q, ":state", how->state);
    store_bind_text(q, ":reason", how->reason);
    store_bind_text(q, ":account", how->account);
    store_bind_int(q, ":entry", a->entry);
    snprintf(a->state, sizeof a->state, "%s", how->state);
    snprintf(a->reason, sizeof a->reason, "%s", how->reason);
    snprintf(a->account, sizeof a->account, "%s", how->account);
    return store_run(q);
}

static enum err expire(struct core *c, struct application_row *a)
{
    static const struct application_end by_time = {.state = "expired", .reason = "", .account = ""};

    if (!application_row_waits(a) || c->now_us < a->expires_us)
        return ERR_OK;
    return application_end(c, a, &by_time);
}

enum err application_find(struct core *c, const char *name, struct application_row *out)
{
    enum err e = find(c, name, out);
    if (!e)
        e = expire(c, out);
    return e ? e : application_read_words(c, out);
}

enum err application_catch_up_one(struct core *c, bool *found)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_DUE);
    struct application_row a;

    store_bind_int(q, ":now", c->now_us);
    enum err e = read_one(q, found, &a);
    if (!e && *found)
        e = expire(c, &a);
    application_row_free(&a);
    return e;
}

enum err application_check_waiting(struct core *c, const char *name)
{
    struct application_row a;

    enum err e = find(c, name, &a);
    if (!e && (!application_row_waits(&a) || a.expires_us <= c->now_us))
        e = ERR_NOT_FOUND;
    application_row_free(&a);
    return e;
}

/* --- what the bank says of it --- */

static void put_words(const struct application_row *a, struct doc *out)
{
    struct doc list = {0};

    doc_array(&list);
    for (size_t i = 0; i < a->word_count; i++) {
        struct doc one = {0};
        doc_object(&one);
        doc_bool(&one, "counts", a->words[i].counts);
        doc_text(&one, "decision", application_verb_name(APPLICATION_APPLY));
        doc_text(&one, "holder", a->words[i].holder);
        doc_time(&one, "received", a->words[i].received_us);
        doc_push(&list, &one);
    }
    doc_put(out, "decisions", &list);
}

static void put_missing(const struct application_row *a, const char *name, struct doc *out)
{
    struct doc list = {0};

    doc_array(&list);
    for (size_t i = 0; i < policy_holder_count(a->said.policy); i++) {
        const char *holder = policy_holder(a->said.policy, i);
        if (!application_row_signed(a, holder))
            doc_push_text(&list, holder);
    }
    doc_put(out, name, &list);
}

void application_describe(const struct application_row *a, struct doc *out)
{
    doc_object(out);
    doc_text_optional(out, "account", a->account);
    doc_text(out, "application", a->name);
    doc_text(out, "currency", a->said.currency);
    doc_time(out, "expires", a->expires_us);
    put_missing(a, "missing", out);
    doc_text_optional(out, "note", a->reason);
    doc_time(out, "received", a->received_us);
    put_words(a, out);
    doc_text(out, "status", a->state);
    doc_text(out, "title", policy_title(a->said.policy));
}

enum err application_answer(struct core *c, const struct core_caller *who, enum err e, int http,
                            struct application_row *a, struct core_answer *out)
{
    char item[APPLICATION_OBJECT_MAX];
    struct doc body = {0};

    if (!e) {
        application_describe(a, &body);
        doc_canonical(&body, "document", a->said.bytes.data, a->said.bytes.len);
    }
    application_object(a->name, item);
    return e == ERR_ITEM_CLAIMED ? claim_refuse(c, who, item, e, out)
                                 : answer_finish(c, who, e, http, &body, out);
}

enum err application_waits(struct core *c, int64_t id, struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_BY_ID);
    char item[APPLICATION_OBJECT_MAX];
    struct application_row a;
    bool found = false;

    store_bind_int(q, ":id", id);
    enum err e = read_one(q, &found, &a);
    if (!e && !found)
        e = ERR_STORE_FAILED;
    if (!e)
        e = application_read_words(c, &a);
    if (!e) {
        put_missing(&a, "canDecide", out);
        doc_text(out, "currency", a.said.currency);
        doc_time(out, "expires", a.expires_us);
        doc_text(out, "id", a.name);
        put_words(&a, out);
        doc_text(out, "title", policy_title(a.said.policy));
        application_object(a.name, item);
        e = claim_view(c, item, out);
    }
    application_row_free(&a);
    return e;
}
