/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator suspends a key, lets it sign again, or revokes it for ever; whose it is may suspend
 * it himself. What took its place is suspended and revoked with it. What it signed counts while it
 * is active, so what waits for decisions is looked at again.
 */
#include "bankd/core/act.h"
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/eyes.h"
#include "bankd/core/freshness.h"
#include "bankd/core/people.h"
#include "bankd/core/session.h"
#include "order/text.h"
#include <stdio.h>
#include <string.h>

struct act {
    enum key_status status;
    const char *operator_name, *note; /* OPERATOR_NAME NULL: he whose it is */
};

static enum err write_entry(struct core *c, const char *thumbprint, const struct act *act,
                            struct people_key *key)
{
    char object[PEOPLE_OBJECT_MAX];
    struct doc body = {0};

    people_object(key->holder_name, object);
    entries_body(&body, "key-status", object, key->holder_entry);
    doc_time(&body, "floor", key->floor_us);
    doc_text(&body, "holder", key->holder_name);
    doc_text(&body, "note", act->note);
    if (act->operator_name)
        doc_text(&body, "operator", act->operator_name);
    doc_text(&body, "status", key_status_name(act->status));
    doc_text(&body, "thumbprint", thumbprint);
    enum err e = entries_add(c, &body, &key->holder_entry);
    return e ? e : people_set_entry(c, key->holder, key->holder_entry);
}

static enum err write_row(struct core *c, const struct act *act, const struct people_key *key)
{
    struct store_query *q = store_query(c->store, STORE_KEY_SET);

    store_bind_int(q, ":id", key->id);
    store_bind_text(q, ":status", key_status_name(act->status));
    store_bind_int(q, ":floor", key->floor_us);
    enum err e = store_run(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_KEY_CHANGE_ADD);
    store_bind_int(q, ":key", key->id);
    store_bind_int(q, ":entry", key->holder_entry);
    return store_run(q);
}

/* Sessions do not come back with their key. */
static enum err end_sessions(struct core *c, const struct people_key *key)
{
    struct store_query *q = store_query(c->store, STORE_SESSION_DROP_KEY);

    store_bind_int(q, ":key", key->id);
    return store_run(q);
}

static enum err look_again(struct core *c, const struct people_key *key)
{
    struct store_query *q = store_query(c->store, STORE_ORDER_LOOK_KEY);

    store_bind_int(q, ":key", key->id);
    store_bind_int(q, ":now", c->now_us);
    enum err e = store_run(q);
    if (e)
        return e;
    q = store_query(c->store, STORE_CHANGE_LOOK);
    store_bind_int(q, ":key", key->id);
    store_bind_int(q, ":now", c->now_us);
    return store_run(q);
}

/* What the table of eyes.h calls it. */
#define KEY_OBJECT_MAX (sizeof "key:" + KEY_THUMBPRINT_LEN)
static void key_object(const char *thumbprint, char out[static KEY_OBJECT_MAX])
{
    snprintf(out, KEY_OBJECT_MAX, "key:%s", thumbprint);
}

/* Whose hand it was, if an operator's: he does not resume it. What its person suspended no operator
 * did, whoever suspended it before; and what signs again nobody suspended. */
static enum err note_hand(struct core *c, const char *thumbprint, const struct act *act)
{
    const struct core_caller who = {.session = "", .operator_name = act->operator_name};
    char object[KEY_OBJECT_MAX];

    key_object(thumbprint, object);
    return act->operator_name && act->status == KEY_SUSPENDED
               ? eyes_note(c, &who, EYES_SUSPENDED, object)
               : eyes_forget(c, EYES_SUSPENDED, object);
}

/* Of a key that counts nothing is resumed. */
static enum err check_resumed(struct core *c, const struct core_caller *who, const char *thumbprint,
                              const struct people_key *key, enum key_status status)
{
    char object[KEY_OBJECT_MAX];

    if (!key_status_counts(status) || key_status_counts(key->status))
        return ERR_OK;
    key_object(thumbprint, object);
    return eyes_check(c, who, EYES_RESUMED, object);
}

static enum err set(struct core *c, const char *thumbprint, const struct act *act,
                    struct people_key *key)
{
    int64_t now_us = freshness_floor_at(c->now_us);

    if (act->status == KEY_ACTIVE && key->floor_us < now_us)
        key->floor_us = now_us; /* nothing signed meanwhile */
    enum err e = write_entry(c, thumbprint, act, key);
    if (!e)
        e = write_row(c, act, key);
    if (!e)
        e = end_sessions(c, key);
    if (!e)
        e = note_hand(c, thumbprint, act);
    return e ? e : look_again(c, key);
}

/* As it is now, with the keys whose fate it is, too; and, when it may have been a thief's, with
 * those of the same person that it vouched for: nothing became of them. */
static enum err describe(struct core *c, const char *thumbprint, struct doc *body)
{
    struct people_key key;

    enum err e = people_key_find(c, thumbprint, &key);
    if (e)
        return e;
    doc_object(body);
    doc_text(body, "holder", key.holder_name);
    doc_text(body, "status", key_status_name(key.status));
    doc_text(body, "thumbprint", thumbprint);
    e = people_put_keys(c, STORE_KEY_WITH, key.id, "keys", body);
    if (e || key.status != KEY_REVOKED)
        return e;
    return people_put_keys(c, STORE_KEY_VOUCHED, key.id, "vouchedFor", body);
}

/* "" when nothing took its place. */
static enum err find_next(struct core *c, const struct people_key *key,
                          char out[static KEY_THUMBPRINT_LEN + 1])
{
    struct store_query *q = store_query(c->store, STORE_KEY_NEXT);
    bool found = false;

    out[0] = '\0';
    store_bind_int(q, ":id", key->id);
    enum err e = store_step(q, &found);
    if (!e && found)
        e = store_copy_text(q, 0, out, KEY_THUMBPRINT_LEN + 1);
    store_done(q);
    return e;
}

/* Whether ACT changes anything: the key counts, or it is revoked now, or its person says for the
 * first time what only operators said. */
static enum err is_news(struct core *c, const char *thumbprint, const struct act *act,
                        const struct people_key *key, bool *out)
{
    char object[KEY_OBJECT_MAX];
    int64_t hands = 0;

    *out = key_status_counts(key->status) ||
           (act->status == KEY_REVOKED && key->status != KEY_REVOKED);
    if (*out || act->operator_name)
        return ERR_OK;
    key_object(thumbprint, object);
    enum err e = eyes_count(c, EYES_SUSPENDED, object, &hands);
    *out = hands > 0;
    return e;
}

/* What is taken from a key is taken from those that took its place, one after the other: who stole
 * it may have made them. */
static enum err set_later(struct core *c, const struct act *act, const struct people_key *first)
{
    struct people_key key = *first;
    char next[KEY_THUMBPRINT_LEN + 1];
    bool news = false;

    enum err e = find_next(c, &key, next);
    while (!e && next[0]) {
        e = people_key_find(c, next, &key);
        if (!e)
            e = is_news(c, next, act, &key, &news);
        if (!e && news)
            e = set(c, next, act, &key);
        if (!e)
            e = find_next(c, &key, next);
    }
    return e;
}

/* Somebody must be left who makes operators. A key that signs nothing, nor one that took its place,
 * leaves nobody behind. */
static enum err check_left(struct core *c, const struct people_key *key)
{
    role_set roles = 0;
    int64_t others = 1;

    if (key->kind != PEOPLE_OPERATOR || (key->status != KEY_ACTIVE && !key->rotated))
        return ERR_OK;
    enum err e = act_roles(c, key->holder, &roles);
    if (!e && roles & ROLE_BIT(ROLE_SECURITY))
        e = act_count(c, ROLE_SECURITY, key->holder, &others);
    return !e && others == 0 ? ERR_LAST_OF_ROLE : e;
}

/* His own. Whoever comes by a certificate has that card only: he takes no other away. */
static enum err check_own(const struct session_viewer *viewer, const struct people_key *key)
{
    if (viewer->is_operator || key->holder != viewer->holder)
        return ERR_KEY_UNKNOWN;
    return viewer->card && viewer->card != key->signer ? ERR_LOGIN_REQUIRED : ERR_OK;
}

/* A session is enough: it takes away, and whoever lost his card has nothing to sign with. */
enum err core_key_suspend(struct core *c, const struct core_caller *who, const char *thumbprint,
                          const char *note, struct core_answer *out)
{
    const struct act act = {KEY_SUSPENDED, NULL, note};
    struct session_viewer viewer;
    struct people_key key;
    struct doc body = {0};
    bool news = false;

    *out = (struct core_answer){0};
    if (c->insane) /* the keeper would hear of it before it is undone */
        return ERR_CLOCK_INSANE;
    enum err e = session_viewer(c, who, &viewer);
    if (!e)
        e = utext_check(note, strlen(note), ORDER_TEXT_CHARS);
    if (!e)
        e = people_key_find(c, thumbprint, &key);
    if (!e)
        e = check_own(&viewer, &key);
    if (!e && key.status == KEY_REVOKED)
        e = ERR_KEY_REVOKED;
    if (!e)
        e = check_left(c, &key);
    if (!e)
        e = is_news(c, thumbprint, &act, &key, &news);
    if (!e && news)
        e = set(c, thumbprint, &act, &key);
    if (!e)
        e = set_later(c, &act, &key);
    if (!e)
        e = describe(c, thumbprint, &body);
    return answer_finish(c, who, e, 200, &body, out);
}

/* Whoever is to have operators' keys must be able to make operators; and one of those must be left,
 * but for the console, which takes a stolen key away. */
static enum err check_operator(struct core *c, const struct core_caller *who,
                               const struct people_key *key, enum key_status status)
{
    if (!(who->roles & ROLE_BIT(ROLE_SECURITY)))
        return ERR_ROLE_REQUIRED;
    return key_status_counts(status) || who->console ? ERR_OK : check_left(c, key);
}

/* What the operator may say; one that was retired is at most that again. */
static enum err read_status(const struct people_key *key, const char *text, enum key_status *out)
{
    *out = key_status_from_name(text);
    if (*out == KEY_STATUS_COUNT || *out == KEY_RETIRED)
        return ERR_DOC_MEMBER_INVALID;
    if (key->status == KEY_REVOKED)
        return ERR_KEY_REVOKED;
    if (*out == KEY_ACTIVE && key->status == KEY_RETIRED)
        return ERR_KEY_RETIRED;
    if (*out == KEY_ACTIVE && key->rotated)
        *out = KEY_RETIRED;
    return ERR_OK;
}

enum err core_key_set(struct core *c, const struct core_caller *who, const char *holder,
                      const char *thumbprint, const char *status, const char *note,
                      struct core_answer *out)
{
    struct act act = {KEY_STATUS_COUNT, who->operator_name, note};
    struct people_key key;
    struct doc body = {0};

    *out = (struct core_answer){0};
    if (c->insane) /* as above */
        return ERR_CLOCK_INSANE;
    enum err e = session_operator_note(who, note);
    if (!e)
        e = people_key_find(c, thumbprint, &key);
    if (!e && strcmp(key.holder_name, holder) != 0)
        e = ERR_KEY_UNKNOWN;
    if (!e)
        e = read_status(&key, status, &act.status);
    if (!e && key.kind == PEOPLE_OPERATOR)
        e = check_operator(c, who, &key, act.status);
    if (!e)
        e = check_resumed(c, who, thumbprint, &key, act.status);
    if (!e)
        e = set(c, thumbprint, &act, &key);
    if (!e && !key_status_counts(act.status))
        e = set_later(c, &act, &key);
    if (!e)
        e = describe(c, thumbprint, &body);
    return answer_finish(c, who, e, 200, &body, out);
}
