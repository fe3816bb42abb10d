/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a key gives its place to a new one: core_rotate, at the end.
 */
#include "bankd/core/core.h"

#include "bankd/core/answer.h"
#include "bankd/core/entries.h"
#include "bankd/core/people.h"
#include "bankd/core/stated.h"
#include <string.h>

/* Each order that the newest key decides on has all of them in its evidence. */
#define GENERATIONS_MAX 32

struct rotating {
    struct core *c;
    struct stated stated;
    const struct rotation *said;
    const char *session; /* over which it came */
};

/* The session is the same person's, with whichever of his keys. */
static enum err access(void *ctx, const struct session_viewer *viewer)
{
    const struct rotating *r = ctx;

    return r->stated.key.holder == viewer->holder ? ERR_OK : ERR_KEY_MISMATCH;
}

static enum err judge(void *ctx)
{
    struct rotating *r = ctx;
    struct people_key there;

    enum err e = people_key_find(r->c, r->said->thumbprint, &there);
    if (e != ERR_KEY_UNKNOWN)
        return e ? e : ERR_KEY_TAKEN;
    return r->stated.key.generation >= GENERATIONS_MAX ? ERR_ROTATIONS_TOO_MANY : ERR_OK;
}

static enum err write_entry(struct rotating *r)
{
    struct people_key *old = &r->stated.key;
    char object[PEOPLE_OBJECT_MAX];
    struct doc body = {0};

    people_object(old->holder_name, object);
    entries_body(&body, "rotation", object, old->holder_entry);
    doc_text(&body, "holder", old->holder_name);
    doc_text(&body, "statement", verified_jws(r->stated.verified, NULL));
    enum err e = entries_add(r->c, &body, &old->holder_entry);
    return e ? e : people_set_entry(r->c, old->holder, old->holder_entry);
}

static enum err retire(struct rotating *r)
{
    const struct people_key *old = &r->stated.key;
    struct store_query *q = store_query(r->c->store, STORE_KEY_RETIRE);

    store_bind_int(q, ":id", old->id);
    store_bind_int(q, ":entry", old->holder_entry);
    enum err e = store_run(q);
    if (e)
        return e;
    q = store_query(r->c->store, STORE_KEY_CHANGE_ADD);
    store_bind_int(q, ":key", old->id);
    store_bind_int(q, ":entry", old->holder_entry);
    return store_run(q);
}

/* Whoever sends it again, since the answer was lost, has his session still; any other that the old
 * key began may be with a card that was given away. */
static enum err move_session(struct rotating *r, int64_t to)
{
    struct store_query *q = store_query(r->c->store, STORE_SESSION_FOLLOW);

    store_bind_int(q, ":to", to);
    store_bind_int(q, ":from", r->stated.key.id);
    store_bind_text(q, ":session", r->session);
    enum err e = store_run(q);
    if (e)
        return e;
    q = store_query(r->c->store, STORE_SESSION_DROP_KEY);
    store_bind_int(q, ":key", r->stated.key.id);
    return store_run(q);
}

static enum err add_key(struct rotating *r)
{
    const struct people_key *old = &r->stated.key;
    const struct people_key as = {
        .holder = old->holder, .enrolment = old->holder_entry, .generation = old->generation + 1};
    struct key *key = NULL;

    enum err e = key_from_spki(r->said->spki, r->said->spki_len, &key);
    if (!e)
        e = people_key_add(r->c, key, KEY_USE_SIGN, &as);
    if (!e)
        e = move_session(r, store_last_id(r->c->store));
    key_free(key);
    return e;
}

static enum err take(void *ctx, struct core_answer *out)
{
    struct rotating *r = ctx;
    struct doc body = {0};

    enum err e = write_entry(r);
    if (!e)
        e = retire(r);
    if (!e)
        e = add_key(r);
    if (e)
        return e;
    doc_object(&body);
    doc_text(&body, "holder", r->stated.key.holder_name);
    doc_text(&body, "replaces", r->said->replaces);
    doc_text(&body, "status", key_status_name(KEY_ACTIVE));
    doc_text(&body, "thumbprint", r->said->thumbprint);
    e = people_put_keys(r->c, STORE_KEY_BESIDE, r->stated.key.id, "keys",
                        &body); /* that end with it */
    if (!e)
        return answer_doc(r->c, 201, &body, out);
    doc_free(&body);
    return e;
}

enum err core_rotate(struct core *c, const struct core_caller *who,
                     const struct verified *statement, struct core_answer *out)
{
    static const struct stated_steps steps = {
        .kind = STATEMENT_ROTATION, .access = access, .judge = judge, .take = take};
    struct rotating r = {.c = c,
                         .stated = {.c = c, .verified = statement},
                         .said = verified_rotation(statement),
                         .session = who->session};

    return stated_run(&r.stated, &steps, &r, who, out);
}
