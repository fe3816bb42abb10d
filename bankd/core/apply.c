/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a holder's word on an application for an account is judged and entered: core_apply, at the
 * end.
 */
#include "bankd/core/answer.h"
#include "bankd/core/application_view.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/people.h"
#include "bankd/core/stated.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

/* So that nobody can fill the disk, nor the others' room. */
#define WAITING_MAX 1000 /* in all, handed in within a week */
#define WAITING_OF_MAX 8 /* of one applicant */
#define HANDED_IN_MAX 32 /* of one applicant in a day, whatever became of them */
#define DAY_US (86400 * TEXT_SECOND_US)

struct applying {
    struct core *c;
    struct stated stated;
    enum application_verb verb;
    const struct application *said;
    struct application_row row;         /* id 0: this is the first word on it */
    int64_t people[POLICY_HOLDERS_MAX]; /* of a first one: whom it names */
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
    enum err e = application_row_find(d->c, name, &d->row);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* Those that are over and wait for their end take none. */
static enum err check_room(struct applying *d)
{
    static const int64_t most[] = {WAITING_MAX, WAITING_OF_MAX, HANDED_IN_MAX};
    struct store_query *q = store_query(d->c->store, STORE_APPLICATION_COUNTS);
    bool found = false;

    store_bind_int(q, ":now", d->c->now_us);
    store_bind_int(q, ":day", d->c->now_us - DAY_US);
    store_bind_int(q, ":week", d->c->now_us - 7 * DAY_US);
    store_bind_int(q, ":applicant", d->stated.key.holder);
    enum err e = store_step(q, &found);
    for (int i = 0; !e && i < 3; i++)
        e = store_int(q, i) >= most[i] ? ERR_APPLICATIONS_FULL : ERR_OK;
    store_done(q);
    return e;
}

/* Notes whom it names; each is a person here. */
static enum err find_people(struct applying *d)
{
    struct application_row *a = &d->row;
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < policy_holder_count(d->said->policy); i++) {
        const char *name = policy_holder(d->said->policy, i);
        struct people_holder person;
        e = people_person_find(d->c, name, &person);
        d->people[i] = person.id;
        snprintf(a->people[a->people_count++], sizeof a->people[0], "%s", name);
    }
    return e;
}

static enum err check_new(struct applying *d)
{
    if (d->verb != APPLICATION_APPLY)
        return ERR_NOT_FOUND;
    if (d->said->expires_us <= d->c->now_us)
        return ERR_APPLICATION_OVER;
    enum err e = find_people(d);
    return e ? e : check_room(d);
}

static bool is_missing(const struct application_row *a, const char *holder)
{
    const char *missing[POLICY_HOLDERS_MAX];
    size_t count = application_row_missing(a, missing);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(missing[i], holder) == 0)
            return true;
    }
    return false;
}

static enum err check_known(const struct applying *d)
{
    if (!application_row_waits(&d->row))
        return ERR_APPLICATION_OVER;
    if (d->verb == APPLICATION_WITHDRAW)
        return ERR_OK;
    if (!is_missing(&d->row, d->stated.key.holder_name))
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
    application_row_object(name, object);
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
    store_bind_text(q, ":title", policy_title(d->said->policy));
    store_bind_text(q, ":currency", d->said->currency);
    store_bind_int(q, ":applicant", d->stated.key.holder);
    store_bind_int(q, ":received", d->c->now_us);
    store_bind_int(q, ":expires", d->said->expires_us);
    store_bind_int(q, ":entry", entry);
    enum err e = store_run(q);
    a->id = store_last_id(d->c->store);
    for (size_t i = 0; !e && i < a->people_count; i++) {
        q = store_query(d->c->store, STORE_APPLICATION_HOLDER_ADD);
        store_bind_int(q, ":application", a->id);
        store_bind_int(q, ":holder", d->people[i]);
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
    static const struct application_row_end by_holder = {
        .state = "withdrawn", .reason = "", .account = ""};

    enum err e = write_entry(d, false, "withdrawn", &d->row.entry);
    return e ? e : application_row_end(d->c, &d->row, &by_holder);
}

/* What the entry says is so with this word. */
static bool completes(const struct applying *d)
{
    const char *missing[POLICY_HOLDERS_MAX];

    return application_row_missing(&d->row, missing) == 1; /* himself */
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
        e = application_row_find(d->c, d->row.name, &now);
    if (!e)
        e = application_view_describe(d->c, &now, &body);
    if (!e)
        return answer_doc(d->c, is_new ? 201 : 200, &body, out);
    doc_free(&body);
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

    return stated_run(&d.stated, &steps, &d, who, out);
}
