/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to be enrolled (docs/FORMAT.md section 8.6): anybody hands one in, an operator who has
 * the person's letter before him admits or refuses it, time ends it.
 */
#include "bankd/core/enrolment.h"

#include "bankd/core/answer.h"
#include "bankd/core/claim.h"
#include "bankd/core/core.h"
#include "bankd/core/enrol.h"
#include "bankd/core/entries.h"
#include "bankd/core/freshness.h"
#include "bankd/core/newcomer.h"
#include "bankd/core/page.h"
#include "bankd/core/people.h"
#include "bankd/core/session.h"
#include <stdio.h>
#include <string.h>

#define WAITING_MAX 1000 /* so that strangers cannot fill the disk */
#define OBJECT_MAX (sizeof "enrolment:" + ENROLMENT_ID_LEN)

/* --- the log --- */

static void object_of(const char *name, char out[static OBJECT_MAX])
{
    snprintf(out, OBJECT_MAX, "enrolment:%.*s", (int)ENROLMENT_ID_LEN, name);
}

static void begin_entry(struct doc *body, const char *type, const char *name, int64_t previous)
{
    char object[OBJECT_MAX];

    object_of(name, object);
    entries_body(body, type, object, previous);
}

/* How a request ends. */
struct end {
    const char *state;         /* admitted, refused or expired */
    const char *operator_name; /* NULL: nobody, by its time */
    const char *reason;        /* why it was refused, or "" */
    const char *holder;        /* who he became, or "" */
    const struct buf *root;    /* of his certificates; NULL or empty: he has none */
};

static enum err end(struct core *c, struct newcomer *a, const struct end *how)
{
    struct doc body = {0};

    begin_entry(&body, "enrolment-end", a->name, a->entry);
    doc_text_optional(&body, "holder", how->holder);
    doc_text_optional(&body, "note", how->reason);
    if (how->operator_name)
        doc_text(&body, "operator", how->operator_name);
    doc_text(&body, "status", how->state);
    enum err e = entries_add(c, &body, &a->entry);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_END);
    store_bind_int(q, ":id", a->id);
    store_bind_text(q, ":state", how->state);
    store_bind_text(q, ":reason", how->reason);
    store_bind_text(q, ":holder", how->holder);
    store_bind_int(q, ":entry", a->entry);
    if (how->root && how->root->len)
        store_bind_blob(q, ":root", how->root->data, how->root->len);
    snprintf(a->state, sizeof a->state, "%s", how->state);
    snprintf(a->reason, sizeof a->reason, "%s", how->reason);
    snprintf(a->holder, sizeof a->holder, "%s", how->holder);
    return store_run(q);
}

static enum err expire(struct core *c, struct newcomer *a)
{
    static const struct end by_time = {.state = "expired", .reason = "", .holder = ""};

    return newcomer_waits(a) && c->now_us >= a->expires_us ? end(c, a, &by_time) : ERR_OK;
}

enum err enrolment_catch_up_one(struct core *c, bool *found)
{
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_DUE);
    struct newcomer a;

    store_bind_int(q, ":now", c->now_us);
    enum err e = newcomer_one(c, q, found, &a);
    if (!e && *found)
        e = expire(c, &a);
    newcomer_free(&a);
    return e;
}

/* --- answers --- */

static void put_keys(const struct enrolment *in, struct doc *out)
{
    struct doc keys = {0};

    doc_object(&keys);
    for (size_t use = 0; use < KEY_USES; use++) {
        if (in->key[use])
            doc_text(&keys, key_use_name((enum key_use)use), key_thumbprint(in->key[use]));
    }
    doc_put(out, "keys", &keys);
}

/* Who admitted him so far. */
static void put_admissions(const struct newcomer *a, struct doc *out)
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

static enum err put_certificates(struct core *c, const struct newcomer *a, struct doc *out)
{
    struct doc certificates = {0};
    enum err e = ERR_OK;

    if (!a->holder[0])
        return ERR_OK;
    doc_object(&certificates);
    for (size_t use = 0; !e && use < KEY_USES; use++) {
        struct store_query *q = store_query(c->store, STORE_KEY_CERTIFICATE);
        const struct key *key = newcomer_said(a)->key[use];
        store_bind_text(q, ":thumbprint", key ? key_thumbprint(key) : "");
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

enum err enrolment_waits(struct core *c, int64_t id, struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_BY_ID);
    char item[OBJECT_MAX];
    struct newcomer a;
    bool found = false;

    store_bind_int(q, ":id", id);
    enum err e = newcomer_one(c, q, &found, &a);
    if (!e && !found)
        e = ERR_STORE_FAILED;
    if (!e) {
        put_admissions(&a, out);
        doc_time(out, "expires", a.expires_us);
        doc_text(out, "id", a.name);
        doc_text(out, "name", newcomer_said(&a)->name);
        doc_text_optional(out, "wanted", newcomer_said(&a)->holder);
        object_of(a.name, item);
        e = claim_view(c, item, out);
    }
    newcomer_free(&a);
    return e;
}

static void describe(const struct newcomer *a, struct doc *out)
{
    doc_object(out);
    put_admissions(a, out);
    doc_text(out, "enrolment", a->name);
    doc_time(out, "expires", a->expires_us);
    doc_text_optional(out, "holder", a->holder);
    put_keys(newcomer_said(a), out);
    doc_text(out, "name", newcomer_said(a)->name);
    doc_text_optional(out, "reason", a->reason);
    doc_time(out, "received", a->received_us);
    doc_text(out, "status", a->state);
    doc_text(out, "thumbprint", verified_signer(a->statement));
    doc_text_optional(out, "wanted", newcomer_said(a)->holder);
}

/* Ends a public function about A, and releases it. */
static enum err answer(struct core *c, const struct core_caller *who, enum err e, int http,
                       struct newcomer *a, struct core_answer *out)
{
    char item[OBJECT_MAX];
    struct doc body = {0};

    if (!e) {
        describe(a, &body);
        e = put_certificates(c, a, &body);
    }
    newcomer_free(a);
    if (e != ERR_ITEM_CLAIMED)
        return answer_finish(c, who, e, http, &body, out);
    object_of(a->name, item);
    return claim_refuse(c, who, item, e, out);
}

/* --- handing one in --- */

/* Every key of it is nobody's. */
static enum err check_keys(struct core *c, const struct enrolment *in)
{
    struct people_key there;

    for (size_t use = 0; use < KEY_USES; use++) {
        if (!in->key[use])
            continue;
        enum err e = people_key_find(c, key_thumbprint(in->key[use]), &there);
        if (e != ERR_KEY_UNKNOWN)
            return e ? e : ERR_KEY_TAKEN;
    }
    return ERR_OK;
}

static enum err check_room(struct core *c)
{
    bool more = true;
    int64_t count = 0;
    enum err e = ERR_OK;

    while (!e && more)
        e = enrolment_catch_up_one(c, &more);
    if (!e)
        e = newcomer_count(c, &count);
    return !e && count >= WAITING_MAX ? ERR_ENROLMENTS_FULL : e;
}

static enum err check_new(struct core *c, const struct verified *statement)
{
    static const struct freshness_challenge none = {.named = false};
    const struct statement *head = verified_head(statement);

    if (strcmp(head->bank, c->bank) != 0)
        return ERR_BANK_MISMATCH;
    enum err e = freshness_issued(c->now_us, head->issued_us, &none);
    if (!e)
        e = freshness_expires(c->now_us, head->expires_us);
    if (!e)
        e = check_keys(c, verified_enrolment(statement));
    return e ? e : check_room(c);
}

static enum err add(struct core *c, const char *name, const struct verified *statement)
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
    store_bind_text(q, ":enrolment", name);
    store_bind_text(q, ":statement", verified_jws(statement, NULL));
    store_bind_int(q, ":received", c->now_us);
    store_bind_int(q, ":expires", verified_head(statement)->expires_us);
    store_bind_int(q, ":entry", entry);
    return store_run(q);
}

enum err core_enrol(struct core *c, const struct core_caller *who, const struct verified *statement,
                    struct core_answer *out)
{
    char name[ENROLMENT_ID_LEN + 1];
    struct newcomer a = {0};
    size_t len;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    if (!verified_enrolment(statement))
        return ERR_INTERNAL;
    const char *jws = verified_jws(statement, &len);
    enum err e = enrolment_id(jws, len, name);
    if (!e)
        e = newcomer_find(c, name, &a);
    if (e == ERR_NOT_FOUND) {
        e = check_new(c, statement);
        if (!e)
            e = add(c, name, statement);
        if (!e)
            e = newcomer_find(c, name, &a);
    } else if (!e) {
        e = expire(c, &a);
    }
    return answer(c, who, e, 202, &a, out);
}

/* --- looking --- */

/* With what time demands. */
static enum err find_now(struct core *c, const char *name, struct newcomer *out)
{
    enum err e = newcomer_find(c, name, out);

    return e ? e : expire(c, out);
}

enum err core_enrolment(struct core *c, const struct core_caller *who, const char *name,
                        struct core_answer *out)
{
    struct newcomer a = {0};

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    return answer(c, who, find_now(c, name, &a), 200, &a, out);
}

static enum err push(struct core *c, const struct store_query *q, struct doc *list, int64_t *last)
{
    struct doc one = {0};
    struct newcomer a;

    enum err e = newcomer_read(c, q, &a);
    if (!e) {
        describe(&a, &one);
        doc_push(list, &one);
        *last = a.id;
    }
    newcomer_free(&a);
    return e;
}

enum err core_enrolments(struct core *c, const struct core_caller *who,
                         const struct core_page *asked, struct core_answer *out)
{
    struct page page;
    struct doc body = {0}, list = {0};
    size_t count = 0;
    int64_t last = 0;
    bool row = false;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator(who);
    if (!e)
        e = page_read(asked, 0, &page);
    if (e)
        return answer_refuse(c, who, e, out);
    doc_object(&body);
    doc_array(&list);
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_PAGE);
    store_bind_int(q, ":after", page.cursor);
    store_bind_int(q, ":limit", page.limit);
    e = store_step(q, &row);
    for (; !e && row; count++) {
        e = push(c, q, &list, &last);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    page_next(&page, count, last, &body);
    doc_put(&body, "enrolments", &list);
    return answer_finish(c, who, e, 200, &body, out);
}

/* --- the operator's word --- */

/* Which no other operator works on. */
static enum err find_waiting(struct core *c, const struct core_caller *who, const char *name,
                             struct newcomer *out)
{
    char item[OBJECT_MAX];
    enum err e = find_now(c, name, out);

    if (!e && !newcomer_waits(out))
        e = ERR_ENROLMENT_OVER;
    if (e)
        return e;
    object_of(name, item);
    return claim_check(c, who, item);
}

/* Somebody new, or who the request says that he is already: nobody else's name is given to it. */
static enum err check_holder(struct core *c, const struct enrolment *in, const char *holder)
{
    struct people_holder there;

    enum err e = forms_holder(holder, strlen(holder));
    if (!e)
        e = people_holder_find(c, holder, &there);
    if (e)
        return e == ERR_HOLDER_UNKNOWN ? ERR_OK : e;
    if (there.kind != PEOPLE_PERSON)
        return ERR_HOLDER_IS_NO_PERSON;
    return strcmp(in->holder, holder) == 0 && strcmp(in->name, there.name) == 0
               ? ERR_OK
               : ERR_BANK_HOLDER_EXISTS;
}

/* One key after the other: each is the person's from its entry on. */
static enum err enrol_all(struct core *c, const struct core_caller *who, const struct newcomer *a,
                          const char *holder, const struct core_certificates *certificates)
{
    const struct buf *const of_use[KEY_USES] = {
        [KEY_USE_SIGN] = &certificates->sign, [KEY_USE_AUTHENTICATE] = &certificates->authenticate};
    enum err e = ERR_OK;

    for (size_t use = 0; !e && use < KEY_USES; use++) {
        const struct enrol one = {.kind = PEOPLE_PERSON,
                                  .holder = holder,
                                  .name = newcomer_said(a)->name,
                                  .key = newcomer_said(a)->key[use],
                                  .use = (enum key_use)use,
                                  .operator_name = who->operator_name,
                                  .statement = verified_jws(a->statement, NULL),
                                  .certificate = of_use[use]};
        if (one.key)
            e = enrol_key(c, &one);
    }
    return e;
}

/* Notes who admitted the request, each once. */
static enum err add_operator(struct core *c, struct newcomer *a, const char *name)
{
    char padded[sizeof a->by + 2], wanted[HOLDER_MAX + 3];

    snprintf(padded, sizeof padded, " %s ", a->by);
    snprintf(wanted, sizeof wanted, " %s ", name);
    if (strstr(padded, wanted) || strlen(a->by) + 1 + strlen(name) >= sizeof a->by)
        return ERR_OK;
    size_t len = strlen(a->by);
    snprintf(a->by + len, sizeof a->by - len, "%s%s", len ? " " : "", name);
    struct store_query *q = store_query(c->store, STORE_ENROLMENT_ADMITTED);
    store_bind_int(q, ":id", a->id);
    store_bind_text(q, ":by", a->by);
    return store_run(q);
}

static enum err check_admission(struct core *c, const struct newcomer *a,
                                const struct core_admission *in)
{
    if (strcmp(in->thumbprint, verified_signer(a->statement)) != 0)
        return ERR_LETTER_MISMATCH;
    enum err e = check_holder(c, newcomer_said(a), in->holder);
    return e ? e : check_keys(c, newcomer_said(a));
}

/* The keeper is asked last, when nothing of the bank's own is in the way. */
static enum err admit(struct core *c, const struct core_caller *who, struct newcomer *a,
                      const struct core_admission *in)
{
    struct core_certificates certificates = {.missing = 0};
    const struct end how = {.state = "admitted",
                            .operator_name = who->operator_name,
                            .reason = "",
                            .holder = in->holder,
                            .root = &certificates.root};

    enum err e = check_admission(c, a, in);
    if (!e && in->by.act)
        e = in->by.certify(in->by.ctx, verified_jws(a->statement, NULL), in->by.act, &certificates);
    if (!e && in->by.act)
        e = add_operator(c, a, who->operator_name);
    if (!e && !certificates.missing) {
        e = enrol_all(c, who, a, in->holder, &certificates);
        if (!e)
            e = end(c, a, &how);
    }
    core_certificates_free(&certificates);
    return e;
}

void core_certificates_free(struct core_certificates *c)
{
    buf_free(&c->sign);
    buf_free(&c->authenticate);
    buf_free(&c->root);
    *c = (struct core_certificates){0};
}

enum err core_enrolment_admit(struct core *c, const struct core_caller *who, const char *name,
                              const struct core_admission *in, struct core_answer *out)
{
    struct newcomer a = {0};

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator(who);
    if (!e)
        e = find_waiting(c, who, name, &a);
    if (!e)
        e = admit(c, who, &a, in);
    return answer(c, who, e, 200, &a, out);
}

enum err core_enrolment_refuse(struct core *c, const struct core_caller *who, const char *name,
                               const char *reason, struct core_answer *out)
{
    const struct end how = {
        .state = "refused", .operator_name = who->operator_name, .reason = reason, .holder = ""};
    struct newcomer a = {0};

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator_note(who, reason);
    if (!e)
        e = find_waiting(c, who, name, &a);
    if (!e)
        e = end(c, &a, &how);
    return answer(c, who, e, 200, &a, out);
}
