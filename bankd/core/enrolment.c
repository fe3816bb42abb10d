/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to be enrolled (docs/FORMAT.md section 8.6): anybody hands one in; an
 * operator ends it (admission.c) or time does.
 */
#include "bankd/core/enrolment.h"

#include "bankd/core/answer.h"
#include "bankd/core/claim.h"
#include "bankd/core/core.h"
#include "bankd/core/enrolment_row.h"
#include "bankd/core/entries.h"
#include "bankd/core/freshness.h"
#include "bankd/core/page.h"
#include "bankd/core/renewal.h"
#include "bankd/core/session.h"
#include "bankd/core/sponsor.h"
#include <stdio.h>
#include <string.h>

#define WAITING_MAX 1000 /* so that strangers cannot fill the disk */
#define NEAR_TIMES 5     /* as many may wait of a network of 48 bits as of one of 64 */

bool enrolment_row_waits(const struct enrolment_row *a)
{
    return strcmp(a->state, "waiting") == 0;
}

/* --- the store --- */

/* The row that Q stands on. */
static enum err read_row(const struct store_query *q, struct enrolment_row *out)
{
    const struct {
        int column;
        char *to;
        size_t cap;
    } texts[] = {
        {1, out->name, sizeof out->name},
        {4, out->state, sizeof out->state},
        {5, out->note, sizeof out->note},
        {6, out->holder, sizeof out->holder},
        {8, out->by, sizeof out->by},
        {9, out->person, sizeof out->person},
        {10, out->wanted, sizeof out->wanted},
        {11, out->key[KEY_USE_SIGN], sizeof out->key[0]},
        {12, out->key[KEY_USE_AUTHENTICATE], sizeof out->key[0]},
        {13, out->key[KEY_USE_DERIVE], sizeof out->key[0]},
    };
    enum err e = ERR_OK;

    *out = (struct enrolment_row){.id = store_int(q, 0),
                                  .received_us = store_int(q, 2),
                                  .expires_us = store_int(q, 3),
                                  .entry = store_int(q, 7)};
    for (size_t i = 0; !e && i < sizeof texts / sizeof *texts; i++) {
        if (!store_is_null(q, texts[i].column))
            e = store_copy_text(q, texts[i].column, texts[i].to, texts[i].cap);
    }
    return e;
}

/* Ends Q. */
static enum err read_one(struct store_query *q, bool *found, struct enrolment_row *out)
{
    *out = (struct enrolment_row){0};
    enum err e = store_step(q, found);
    if (!e && *found)
        e = read_row(q, out);
    store_done(q);
    return e;
}

/* NOT_FOUND. */
static enum err find(struct core *c, const char *name, struct enrolment_row *out)
{
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_FIND);
    bool found = false;

    store_bind_text(q, ":enrolment", name);
    enum err e = read_one(q, &found, out);
    return !e && !found ? ERR_NOT_FOUND : e;
}

/* Those that are over and wait for their end do not count. ADDRESS NULL: from everywhere. */
static enum err count_waiting(struct core *c, enum store_statement query, const char *address,
                              int64_t *out)
{
    struct store_query *q = store_query(c->store, query);
    bool found = false;

    store_bind_int(q, ":now", c->now_us);
    if (address)
        store_bind_text(q, ":address", address);
    enum err e = store_step(q, &found);
    *out = !e && found ? store_int(q, 0) : 0;
    store_done(q);
    return e;
}

/* --- the log --- */

void enrolment_object(const char *name, char out[static ENROLMENT_OBJECT_MAX])
{
    snprintf(out, ENROLMENT_OBJECT_MAX, "enrolment:%.*s", (int)ENROLMENT_ID_LEN, name);
}

static void begin_entry(struct doc *body, const char *type, const char *name, int64_t previous)
{
    char object[ENROLMENT_OBJECT_MAX];

    enrolment_object(name, object);
    entries_body(body, type, object, previous);
}

enum err enrolment_set_entry(struct core *c, const struct enrolment_row *a)
{
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_ENTRY);

    store_bind_int(q, ":id", a->id);
    store_bind_int(q, ":entry", a->entry);
    return store_run(q);
}

enum err enrolment_end(struct core *c, struct enrolment_row *a, const struct enrolment_end *how)
{
    struct doc body = {0};

    begin_entry(&body, "enrolment-end", a->name, a->entry);
    doc_text_optional(&body, "holder", how->holder);
    doc_text_optional(&body, "note", how->note);
    if (how->operator_name)
        doc_text(&body, "operator", how->operator_name);
    if (how->by)
        sponsor_entries(how->by, &body);
    doc_text(&body, "status", how->state);
    enum err e = entries_add(c, &body, &a->entry);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_END);
    store_bind_int(q, ":id", a->id);
    store_bind_text(q, ":state", how->state);
    store_bind_text(q, ":note", how->note);
    store_bind_text(q, ":holder", how->holder);
    store_bind_int(q, ":entry", a->entry);
    if (how->root && how->root->len)
        store_bind_blob(q, ":root", how->root->data, how->root->len);
    snprintf(a->state, sizeof a->state, "%s", how->state);
    snprintf(a->note, sizeof a->note, "%s", how->note);
    snprintf(a->holder, sizeof a->holder, "%s", how->holder);
    return store_run(q);
}

static enum err expire(struct core *c, struct enrolment_row *a)
{
    static const struct enrolment_end by_time = {.state = "expired", .note = "", .holder = ""};

    if (!enrolment_row_waits(a) || c->now_us < a->expires_us)
        return ERR_OK;
    return enrolment_end(c, a, &by_time);
}

enum err enrolment_catch_up_one(struct core *c, bool *found)
{
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_DUE);
    struct enrolment_row a;

    store_bind_int(q, ":now", c->now_us);
    enum err e = read_one(q, found, &a);
    if (!e && *found)
        e = expire(c, &a);
    return e;
}

enum err enrolment_check_waiting(struct core *c, const char *name)
{
    struct enrolment_row a = {0};

    enum err e = find(c, name, &a);
    if (!e && (!enrolment_row_waits(&a) || a.expires_us <= c->now_us))
        e = ERR_NOT_FOUND;
    return e;
}

/* --- answers --- */

static void put_keys(const struct enrolment_row *a, struct doc *out)
{
    struct doc keys = {0};

    doc_object(&keys);
    for (size_t use = 0; use < KEY_USES; use++)
        doc_text_optional(&keys, key_use_name((enum key_use)use), a->key[use]);
    doc_put(out, "keys", &keys);
}

/* Who admitted him so far. */
static void put_admissions(const struct enrolment_row *a, struct doc *out)
{
    struct doc list = {0};
    char names[sizeof a->by], *rest = names;

    if (!a->by[0])
        return;
    memcpy(names, a->by, sizeof names);
    doc_array(&list);
    for (char *name = strsep(&rest, " "); name; name = strsep(&rest, " "))
        doc_push_text(&list, name);
    doc_put(out, "admittedBy", &list);
}

/* One blob of one row, unless it is NULL. Ends Q. */
static enum err put_blob(struct store_query *q, const char *name, struct doc *out)
{
    bool found = false;
    size_t len = 0;

    enum err e = store_step(q, &found);
    if (!e && found && !store_is_null(q, 0)) {
        const void *bytes = store_blob(q, 0, &len);
        doc_bytes(out, name, bytes, len);
    }
    store_done(q);
    return e;
}

static enum err put_certificates(struct core *c, const struct enrolment_row *a, struct doc *out)
{
    struct doc certificates = {0};
    enum err e = ERR_OK;

    if (!a->holder[0])
        return ERR_OK;
    doc_object(&certificates);
    for (size_t use = 0; !e && use < KEY_USES; use++) {
        struct store_query *q = store_query(c->store, STORE_KEY_CERTIFICATE);
        store_bind_text(q, ":thumbprint", a->key[use]);
        e = put_blob(q, key_use_name((enum key_use)use), &certificates);
    }
    if (!e && certificates.count) {
        struct store_query *q = store_query(c->store, STORE_ENROLMENT_ROOT);
        doc_put(out, "certificates", &certificates);
        store_bind_int(q, ":id", a->id);
        return put_blob(q, "root", out);
    }
    doc_free(&certificates);
    return e;
}

enum err enrolment_put_wanted(struct core *c, const struct enrolment_row *a, struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_PERSON_KEYS);
    bool found = false;

    store_bind_text(q, ":holder", a->wanted);
    enum err e = store_step(q, &found);
    if (!e && found)
        doc_int(out, "wantedKeys", store_int(q, 0));
    store_done(q);
    return e;
}

/* Whose word on it counts: for operators only. */
static enum err put_sponsors(struct core *c, const struct enrolment_row *a, struct doc *out)
{
    struct sponsors all;

    enum err e = sponsor_load(c, a->id, &all);
    if (!e)
        sponsor_names(&all, out);
    return e;
}

enum err enrolment_waits(struct core *c, int64_t id, struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_BY_ID);
    char item[ENROLMENT_OBJECT_MAX];
    struct enrolment_row a;
    bool found = false;

    store_bind_int(q, ":id", id);
    enum err e = read_one(q, &found, &a);
    if (!e && !found)
        e = ERR_STORE_FAILED;
    if (!e)
        e = put_sponsors(c, &a, out);
    if (!e) {
        put_admissions(&a, out);
        doc_time(out, "expires", a.expires_us);
        doc_text(out, "id", a.name);
        doc_text(out, "name", a.person);
        doc_text_optional(out, "wanted", a.wanted);
        enrolment_object(a.name, item);
        e = claim_view(c, item, out);
    }
    return e;
}

static void describe(const struct enrolment_row *a, struct doc *out)
{
    doc_object(out);
    put_admissions(a, out);
    doc_text(out, "enrolment", a->name);
    doc_time(out, "expires", a->expires_us);
    doc_text_optional(out, "holder", a->holder);
    put_keys(a, out);
    doc_text(out, "name", a->person);
    doc_text_optional(out, "note", a->note);
    doc_time(out, "received", a->received_us);
    doc_text(out, "status", a->state);
    doc_text(out, "thumbprint", a->key[KEY_USE_SIGN]);
    doc_text_optional(out, "wanted", a->wanted);
}

enum err enrolment_answer(struct core *c, const struct core_caller *who, enum err e, int http,
                          struct enrolment_row *a, struct core_answer *out)
{
    char item[ENROLMENT_OBJECT_MAX];
    struct doc body = {0};

    if (!e) {
        describe(a, &body);
        e = put_certificates(c, a, &body);
    }
    if (e != ERR_ITEM_CLAIMED)
        return answer_finish(c, who, e, http, &body, out);
    enrolment_object(a->name, item);
    return claim_refuse(c, who, item, e, out);
}

/* --- handing one in --- */

/* One stranger does not take the room of all, nor one whose line has many networks. */
static enum err check_room(struct core *c, const char *address)
{
    int64_t count = 0, each = c->terms.enrolments_each;
    enum err e = count_waiting(c, STORE_ENROLMENT_COUNT, NULL, &count);

    if (!e && count >= WAITING_MAX)
        return ERR_ENROLMENTS_FULL;
    if (e || !address[0] || !each)
        return e;
    e = count_waiting(c, STORE_ENROLMENT_COUNT_FROM, address, &count);
    if (!e && count < each) {
        each *= NEAR_TIMES;
        e = count_waiting(c, STORE_ENROLMENT_COUNT_NEAR, address, &count);
    }
    return !e && count >= each ? ERR_ENROLMENTS_TOO_MANY : e;
}

static enum err check_new(struct core *c, const char *address, const struct verified *statement)
{
    static const struct freshness_challenge none = {.named = false};
    const struct statement *head = verified_head(statement);
    bool renews;

    if (strcmp(head->bank, c->bank) != 0)
        return ERR_BANK_MISMATCH;
    enum err e = freshness_issued(c->now_us, head->issued_us, &none);
    if (!e)
        e = freshness_expires(c->now_us, head->expires_us);
    if (!e)
        e = renewal_check(c, verified_enrolment(statement), &renews);
    return e ? e : check_room(c, address);
}

static void bind_said(struct store_query *q, const struct enrolment *said)
{
    static const char *const names[KEY_USES] = {":sign", ":authenticate", ":derive"};

    store_bind_text(q, ":name", said->name);
    store_bind_text(q, ":wanted", said->holder);
    for (size_t use = 0; use < KEY_USES; use++)
        store_bind_text(q, names[use], said->key[use] ? key_thumbprint(said->key[use]) : "");
}

static enum err add(struct core *c, const char *address, const char *name,
                    const struct verified *statement)
{
    struct doc body = {0};
    int64_t entry = NO_ENTRY;

    begin_entry(&body, "enrolment-request", name, NO_ENTRY);
    doc_text(&body, "name", verified_enrolment(statement)->name);
    doc_text(&body, "thumbprint", verified_signer(statement));
    enum err e = entries_add(c, &body, &entry);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_ADD);
    bind_said(q, verified_enrolment(statement));
    store_bind_text(q, ":enrolment", name);
    store_bind_text(q, ":address", address);
    store_bind_text(q, ":statement", verified_jws(statement, NULL));
    store_bind_int(q, ":received", c->now_us);
    store_bind_int(q, ":expires", verified_head(statement)->expires_us);
    store_bind_int(q, ":entry", entry);
    return store_run(q);
}

enum err core_enrol(struct core *c, const struct core_caller *who, const struct verified *statement,
                    struct core_answer *out)
{
    const char *address = who->address ? who->address : "";
    char name[ENROLMENT_ID_LEN + 1];
    struct enrolment_row a = {0};
    size_t len;

    *out = (struct core_answer){0};
    if (c->insane) /* docs/FORMAT.md section 10, rule 2 */
        return ERR_CLOCK_INSANE;
    if (!verified_enrolment(statement))
        return ERR_INTERNAL;
    const char *jws = verified_jws(statement, &len);
    enum err e = enrolment_id(jws, len, name);
    if (!e)
        e = find(c, name, &a);
    if (e == ERR_NOT_FOUND) {
        e = check_new(c, address, statement);
        if (!e)
            e = add(c, address, name, statement);
        if (!e)
            e = find(c, name, &a);
    } else if (!e) {
        e = expire(c, &a);
    }
    return enrolment_answer(c, who, e, 202, &a, out);
}

/* --- looking --- */

enum err enrolment_find(struct core *c, const char *name, struct enrolment_row *out)
{
    enum err e = find(c, name, out);

    return e ? e : expire(c, out);
}

enum err core_enrolment(struct core *c, const struct core_caller *who, const char *name,
                        struct core_answer *out)
{
    struct enrolment_row a = {0};

    *out = (struct core_answer){0};
    return enrolment_answer(c, who, enrolment_find(c, name, &a), 200, &a, out);
}

static enum err push(struct core *c, const struct store_query *q, struct doc *list)
{
    struct doc one = {0};
    struct enrolment_row a;

    enum err e = read_row(q, &a);
    if (e)
        return e;
    describe(&a, &one);
    e = put_sponsors(c, &a, &one);
    if (!e)
        e = enrolment_put_wanted(c, &a, &one);
    doc_push(list, &one);
    return e;
}

enum err core_enrolments(struct core *c, const struct core_caller *who,
                         const struct core_page *asked, struct core_answer *out)
{
    static const struct page_list list = {STORE_ENROLMENT_PAGE, push, "enrolments", NULL};

    return page_for_operators(c, who, asked, &list, out);
}
