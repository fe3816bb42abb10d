/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/application_row.h"

#include "bankd/core/entries.h"
#include <stdio.h>
#include <string.h>

/* --- rows --- */

/* Without people and words. */
static enum err read_row(const struct store_query *q, struct application_row *out)
{
    *out = (struct application_row){.id = store_int(q, 0),
                                    .received_us = store_int(q, 4),
                                    .expires_us = store_int(q, 5),
                                    .entry = store_int(q, 8)};
    enum err e = store_copy_text(q, 1, out->name, sizeof out->name);
    if (!e)
        e = store_copy_text(q, 2, out->title, sizeof out->title);
    if (!e)
        e = store_copy_text(q, 3, out->currency, sizeof out->currency);
    if (!e)
        e = store_copy_text(q, 6, out->state, sizeof out->state);
    if (!e)
        e = store_copy_text(q, 7, out->reason, sizeof out->reason);
    if (!e && !store_is_null(q, 9))
        e = store_copy_text(q, 9, out->account, sizeof out->account);
    return e;
}

static enum err read_people(struct core *c, struct application_row *a)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_PEOPLE);
    bool row = false;

    store_bind_int(q, ":application", a->id);
    enum err e = store_step(q, &row);
    for (; !e && row; a->people_count++) {
        if (a->people_count == POLICY_HOLDERS_MAX) {
            e = ERR_STORE_FAILED;
            break;
        }
        e = store_copy_text(q, 0, a->people[a->people_count], sizeof a->people[0]);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static enum err read_words(struct core *c, struct application_row *a)
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
        e = store_copy_text(q, 0, a->words[a->word_count].holder, sizeof a->words[0].holder);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static enum err read_rest(struct core *c, struct application_row *a)
{
    enum err e = read_people(c, a);

    return e ? e : read_words(c, a);
}

enum err application_row_read(struct core *c, const struct store_query *q,
                              struct application_row *out)
{
    enum err e = read_row(q, out);

    return e ? e : read_rest(c, out);
}

/* Ends Q. */
static enum err read_one(struct store_query *q, bool *found, struct application_row *out)
{
    *out = (struct application_row){.id = 0};
    enum err e = store_step(q, found);
    if (!e && *found)
        e = read_row(q, out);
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

enum err application_row_by_id(struct core *c, int64_t id, struct application_row *out)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_BY_ID);
    bool found = false;

    store_bind_int(q, ":id", id);
    enum err e = read_one(q, &found, out);
    if (!e && !found)
        e = ERR_STORE_FAILED;
    return e ? e : read_rest(c, out);
}

enum err application_row_document(struct core *c, const struct application_row *a,
                                  struct application *out)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_DOCUMENT);
    bool found = false;
    size_t len = 0;

    *out = (struct application){.policy = NULL};
    store_bind_int(q, ":id", a->id);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_STORE_FAILED;
    if (!e) {
        const void *bytes = store_blob(q, 0, &len);
        e = application_parse(bytes, len, out);
    }
    store_done(q);
    return e && e != ERR_NO_MEMORY ? ERR_STORE_FAILED : e;
}

bool application_row_waits(const struct application_row *a)
{
    return strcmp(a->state, "waiting") == 0;
}

bool application_row_names(const struct application_row *a, const char *holder)
{
    for (size_t i = 0; i < a->people_count; i++) {
        if (strcmp(a->people[i], holder) == 0)
            return true;
    }
    return false;
}

static bool has_signed(const struct application_row *a, const char *holder)
{
    for (size_t i = 0; i < a->word_count; i++) {
        if (a->words[i].counts && strcmp(a->words[i].holder, holder) == 0)
            return true;
    }
    return false;
}

size_t application_row_missing(const struct application_row *a,
                               const char *out[static POLICY_HOLDERS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < a->people_count; i++) {
        if (!has_signed(a, a->people[i]))
            out[count++] = a->people[i];
    }
    return count;
}

/* --- its end --- */

void application_row_object(const char *name, char out[static APPLICATION_OBJECT_MAX])
{
    snprintf(out, APPLICATION_OBJECT_MAX, "application:%.*s", (int)APPLICATION_NAME_LEN, name);
}

static enum err write_end(struct core *c, struct application_row *a,
                          const struct application_row_end *how)
{
    char object[APPLICATION_OBJECT_MAX];
    struct doc body = {0};

    application_row_object(a->name, object);
    entries_body(&body, "application-end", object, a->entry);
    doc_text_optional(&body, "account", how->account);
    doc_text_optional(&body, "note", how->reason);
    if (how->who)
        doc_text(&body, "operator", how->who->operator_name);
    doc_text(&body, "status", how->state);
    return entries_add(c, &body, &a->entry);
}

enum err application_row_end(struct core *c, struct application_row *a,
                             const struct application_row_end *how)
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
    static const struct application_row_end by_time = {
        .state = "expired", .reason = "", .account = ""};

    if (!application_row_waits(a) || c->now_us < a->expires_us)
        return ERR_OK;
    return application_row_end(c, a, &by_time);
}

enum err application_row_find(struct core *c, const char *name, struct application_row *out)
{
    enum err e = find(c, name, out);

    if (!e)
        e = expire(c, out);
    return e ? e : read_rest(c, out);
}

enum err application_row_catch_up(struct core *c, bool *found)
{
    struct store_query *q = store_query(c->store, STORE_APPLICATION_DUE);
    struct application_row a;

    store_bind_int(q, ":now", c->now_us);
    enum err e = read_one(q, found, &a);
    return !e && *found ? expire(c, &a) : e;
}

enum err application_row_check_waiting(struct core *c, const char *name)
{
    struct application_row a;

    enum err e = find(c, name, &a);
    return !e && (!application_row_waits(&a) || a.expires_us <= c->now_us) ? ERR_NOT_FOUND : e;
}
