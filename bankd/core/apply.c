/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a holder's word on an application for an account is judged and entered: core_apply, at the
 * end.
 */
#include "bankd/core/answer.h"
#include "bankd/core/application_row.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/people.h"
#include "bankd/core/stated.h"
#include "base/text.h"
#include <string.h>

#define WAITING_MAX 1000 /* in all, so that nobody can fill the disk */
#define WAITING_OF_MAX 8 /* of one applicant */

struct applying {
    struct core *c;
    struct stated stated;
    enum application_verb verb;
    const struct application *said;
    struct application_row row; /* id 0: this is the first word on it */
};

/* --- checks --- */

/* The session is the same person's, with whichever of his keys. */
static enum err access(void *ctx, const struct session_viewer *viewer)
{
    struct applying *d = ctx;
    char name[APPLICATION_NAME_LEN + 1];

    if (d->stated.key.holder != viewer->holder)
        return ERR_KEY_MISMATCH;
    text_hex(d->said->digest, DIGEST_LEN, name);
    enum err e = application_find(d->c, name, &d->row);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err count(struct store_query *q, int64_t *out)
{
    bool found = false;
    enum err e = store_step(q, &found);

    *out = !e && found ? store_int(q, 0) : 0;
    store_done(q);
    return e;
}

/* Those that are over and wait for their end take none. */
static enum err check_room(struct applying *d)
{
    struct store_query *q = store_query(d->c->store, STORE_APPLICATION_COUNT);
    int64_t all = 0, own = 0;

    store_bind_int(q, ":now", d->c->now_us);
    enum err e = count(q, &all);
    if (e)
        return e;
    q = store_query(d->c->store, STORE_APPLICATION_COUNT_OF);
    store_bind_int(q, ":now", d->c->now_us);
    store_bind_int(q, ":applicant", d->stated.key.holder);
    e = count(q, &own);
    return !e && (all >= WAITING_MAX || own >= WAITING_OF_MAX) ? ERR_APPLICATIONS_FULL : e;
}

static enum err check_new(struct applying *d)
{
    const struct policy *policy = d->said->policy;
    enum err e = ERR_OK;

    if (d->verb != APPLICATION_APPLY)
        return ERR_NOT_FOUND;
    if (d->said->expires_us <= d->c->now_us)
        return ERR_APPLICATION_OVER;
    for (size_t i = 0; !e && i < policy_holder_count(policy); i++) {
        struct people_holder person;
        e = people_person_find(d->c, policy_holder(policy, i), &person);
    }
    return e ? e : check_room(d);
}

static enum err check_known(const struct applying *d)
{
    if (!application_row_waits(&d->row))
        return ERR_APPLICATION_OVER;
    if (d->verb == APPLICATION_WITHDRAW)
        return ERR_OK;
    if (application_row_signed(&d->row, d->stated.key.holder_name))
        return ERR_ALREADY_DECIDED;
    return d->row.word_count < APPLICATION_WORDS_MAX ? ERR_OK : ERR_APPLICATIONS_FULL;
}

static enum err judge(void *ctx)
{
    struct applying *d = ctx;

    if (!policy_may_submit(d->said->policy, d->stated.key.holder_name))
        return ERR_NOT_AN_APPLICANT;
    return d->row.id ? check_known(d) : check_new(d);
}

/* --- entering --- */

static enum err write_entry(struct applying *d, bool is_new, const char *status, int64_t *entry)
{
    char name[APPLICATION_NAME_LEN + 1], object[APPLICATION_OBJECT_MAX];
    struct doc body = {0};

    text_hex(d->said->digest, DIGEST_LEN, name);
    application_object(name, object);
    entries_body(&body, "application", object, is_new ? NO_ENTRY : d->row.entry);
    if (is_new)
        doc_canonical(&body, "application", d->said->bytes.data, d->said->bytes.len);
    doc_text(&body, "holder", d->stated.key.holder_name);
    doc_text(&body, "statement", verified_jws(d->stated.verified, NULL));
    doc_text(&body, "status", status);
    return entries_add(d->c, &body, entry);
}

/* The row, and whom it names. */
static enum err add(struct applying *d, int64_t entry)
{
    struct store_query *q = store_query(d->c->store, STORE_APPLICATION_ADD);
    struct application_row *a = &d->row;

    text_hex(d->said->digest, DIGEST_LEN, a->name);
    store_bind_text(q, ":application", a->name);
    store_bind_blob(q, ":document", d->said->bytes.data, d->said->bytes.len);
    store_bind_int(q, ":applicant", d->stated.key.holder);
    store_bind_int(q, ":received", d->c->now_us);
    store_bind_int(q, ":expires", d->said->expires_us);
    store_bind_int(q, ":entry", entry);
    enum err e = store_run(q);
    a->id = store_last_id(d->c->store);
    for (size_t i = 0; !e && i < policy_holder_count(d->said->policy); i++) {
        struct people_holder person;
        e = people_person_find(d->c, policy_holder(d->said->policy, i), &person);
        if (e)
            return e;
        q = store_query(d->c->store, STORE_APPLICATION_HOLDER_ADD);
        store_bind_int(q, ":application", a->id);
        store_bind_int(q, ":holder", person.id);
        e = store_run(q);
    }
    return e;
}

static enum err add_word(struct applying *d, int64_t entry)
{
    struct store_query *q = store_query(d->c->store, STORE_APPLICATION_WORD_ADD);

    store_bind_int(q, ":application", d->row.id);
    store_bind_int(q, ":holder", d->stated.key.holder);
    store_bind_int(q, ":key", d->stated.key.id);
    store_bind_text(q, ":statement", verified_jws(d->stated.verified, NULL));
    store_bind_int(q, ":received", d->c->now_us);
    store_bind_int(q, ":entry", entry);
    return store_run(q);
}

static enum err set_entry(struct applying *d, int64_t entry)
{
    struct store_query *q = store_query(d->c->store, STORE_APPLICATION_ENTRY);

    d->row.entry = entry;
    store_bind_int(q, ":id", d->row.id);
    store_bind_int(q, ":entry", entry);
    return store_run(q);
}

static enum err withdraw(struct applying *d)
{
    static const struct application_end by_holder = {
        .state = "withdrawn", .reason = "", .account = ""};

    enum err e = write_entry(d, false, "withdrawn", &d->row.entry);
    return e ? e : application_end(d->c, &d->row, &by_holder);
}

/* What the entry says is so with this word. */
static bool completes(const struct applying *d)
{
    const struct policy *policy = d->said->policy;
    size_t missing = 0;

    for (size_t i = 0; i < policy_holder_count(policy); i++)
        missing += !application_row_signed(&d->row, policy_holder(policy, i));
    return missing == 1; /* himself */
}

static enum err apply(struct applying *d, bool is_new)
{
    int64_t entry = NO_ENTRY;

    enum err e = write_entry(d, is_new, completes(d) ? "signed" : "waiting", &entry);
    if (!e && is_new)
        e = add(d, entry);
    if (!e)
        e = add_word(d, entry);
    return e ? e : set_entry(d, entry);
}

static enum err take(void *ctx, struct core_answer *out)
{
    struct applying *d = ctx;
    struct application_row now = {.id = 0};
    bool is_new = d->row.id == 0;
    struct doc body = {0};

    enum err e = d->verb == APPLICATION_WITHDRAW ? withdraw(d) : apply(d, is_new);
    if (!e)
        e = application_find(d->c, d->row.name, &now);
    if (!e) {
        application_describe(&now, &body);
        e = answer_doc(d->c, is_new ? 201 : 200, &body, out);
    }
    application_row_free(&now);
    return e;
}

enum err core_apply(struct core *c, const struct core_caller *who, const struct verified *statement,
                    const struct application *said, struct core_answer *out)
{
    static const struct stated_steps steps = {
        .kind = STATEMENT_APPLICATION,
        .access = access, /* and what is due */
        .judge = judge,
        .take = take,
    };
    const struct application_word *word = verified_application(statement);
    struct applying d = {.c = c,
                         .stated = {.c = c, .verified = statement, .subject = said->digest},
                         .verb = word ? word->verb : APPLICATION_NONE,
                         .said = said};

    enum err e = stated_run(&d.stated, &steps, &d, who, out);
    application_row_free(&d.row);
    return e;
}
