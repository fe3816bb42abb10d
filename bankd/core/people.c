/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/people.h"

#include "bankd/core/freshness.h"
#include <stdio.h>
#include <string.h>

static const char *const kinds[PEOPLE_KINDS] = {
    [PEOPLE_PERSON] = "person", [PEOPLE_TERMINAL] = "terminal", [PEOPLE_OPERATOR] = "operator"};

const char *people_kind_name(enum people_kind k)
{
    return kinds[k];
}

enum people_kind people_kind_read(const struct store_query *q, int column)
{
    size_t k = 0;

    while (k < PEOPLE_KINDS && strcmp(store_text(q, column), kinds[k]) != 0)
        k++;
    return (enum people_kind)k;
}

static enum key_use use_read(const struct store_query *q, int column)
{
    size_t use = 0;

    while (use < KEY_USES && strcmp(store_text(q, column), key_use_name((enum key_use)use)) != 0)
        use++;
    return (enum key_use)use;
}

static enum key_status status_of(const struct store_query *q, int own, int signer)
{
    return key_status_beside(key_status_from_name(store_text(q, own)),
                             key_status_from_name(store_text(q, signer)));
}

static enum err read_key(struct core *c, const char *thumbprint, struct people_key *out)
{
    struct store_query *q = store_query(c->store, STORE_KEY_FIND);
    bool found = false;

    *out = (struct people_key){0};
    store_bind_text(q, ":thumbprint", thumbprint);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_KEY_UNKNOWN;
    if (!e) {
        out->id = store_int(q, 0);
        out->holder = store_int(q, 1);
        out->status = status_of(q, 3, 11);
        out->floor_us = store_int(q, 4);
        out->enrolment = store_int(q, 5);
        out->holder_entry = store_int(q, 6);
        out->kind = people_kind_read(q, 7);
        out->generation = store_int(q, 8);
        out->rotated = !store_is_null(q, 9);
        out->signer = store_int(q, 10);
        out->use = use_read(q, 12);
        e = store_copy_text(q, 2, out->holder_name, sizeof out->holder_name);
    }
    store_done(q);
    return e;
}

enum err people_key_find(struct core *c, const char *thumbprint, struct people_key *out)
{
    if (rows_find(c->rows, ROWS_KEY, thumbprint, out))
        return ERR_OK;
    enum err e = read_key(c, thumbprint, out);
    if (!e) {
        const struct rows_source sources[ROWS_SOURCES] = {
            {ROWS_OF_KEYS, out->id}, {ROWS_OF_KEYS, out->signer}, {ROWS_OF_HOLDERS, out->holder}};
        rows_keep(c->rows, ROWS_KEY, thumbprint, out, sources);
    }
    return e;
}

enum err people_key_signs(const struct people_key *key)
{
    if (key->status == KEY_RETIRED)
        return ERR_KEY_RETIRED;
    return key->status == KEY_ACTIVE ? ERR_OK : ERR_KEY_INACTIVE;
}

/* A key for another use verifies no statement. */
static enum err remember(struct core *c, const uint8_t *spki, size_t len)
{
    struct key *own = NULL;

    enum err e = key_from_spki(spki, len, &own);
    return e ? e : cache_put(c->keys, key_thumbprint(own), own);
}

enum err people_key_add(struct core *c, const struct key *key, enum key_use use,
                        const struct people_key *as)
{
    struct store_query *q = store_query(c->store, STORE_KEY_ADD);
    size_t len = 0;
    const uint8_t *spki = key_spki(key, &len);

    store_bind_text(q, ":thumbprint", key_thumbprint(key));
    store_bind_blob(q, ":spki", spki, len);
    store_bind_int(q, ":holder", as->holder);
    store_bind_int(q, ":floor", freshness_floor_at(c->now_us));
    store_bind_int(q, ":entry", as->enrolment);
    store_bind_text(q, ":use", key_use_name(use));
    if (use != KEY_USE_SIGN)
        store_bind_int(q, ":signer", as->signer);
    store_bind_int(q, ":generation", as->generation);
    enum err e = store_run(q);
    return !e && use == KEY_USE_SIGN ? remember(c, spki, len) : e;
}

enum err people_list_keys(struct core *c, enum store_statement query, int64_t of, struct doc *list)
{
    struct store_query *q = store_query(c->store, query);
    bool row = false;

    store_bind_int(q, ":of", of);
    enum err e = store_step(q, &row);
    while (!e && row) {
        struct doc one = {0};
        doc_object(&one);
        doc_text_optional(&one, "signer", store_text(q, 4));
        doc_text(&one, "status", key_status_name(status_of(q, 1, 3)));
        doc_text(&one, "thumbprint", store_text(q, 0));
        doc_text(&one, "use", store_text(q, 2));
        doc_push(list, &one);
        e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

enum err people_put_keys(struct core *c, enum store_statement query, int64_t of, const char *name,
                         struct doc *body)
{
    struct doc list = {0};

    doc_array(&list);
    enum err e = people_list_keys(c, query, of, &list);
    if (list.text.len)
        doc_put(body, name, &list);
    else
        doc_free(&list);
    return e;
}

enum err people_holder_find(struct core *c, const char *holder, struct people_holder *out)
{
    struct store_query *q = store_query(c->store, STORE_HOLDER_FIND);
    bool found = false;

    *out = (struct people_holder){0};
    store_bind_text(q, ":holder", holder);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_HOLDER_UNKNOWN;
    if (!e) {
        out->id = store_int(q, 0);
        out->entry = store_int(q, 2);
        out->kind = people_kind_read(q, 3);
        e = store_copy_text(q, 1, out->name, sizeof out->name);
    }
    store_done(q);
    return e;
}

enum err people_person_find(struct core *c, const char *holder, struct people_holder *out)
{
    enum err e = people_holder_find(c, holder, out);

    return !e && out->kind != PEOPLE_PERSON ? ERR_HOLDER_IS_NO_PERSON : e;
}

void people_object(const char *holder, char out[static PEOPLE_OBJECT_MAX])
{
    snprintf(out, PEOPLE_OBJECT_MAX, "holder:%s", holder);
}

enum err people_set_entry(struct core *c, int64_t holder, int64_t entry)
{
    struct store_query *q = store_query(c->store, STORE_HOLDER_ENTRY);

    store_bind_int(q, ":entry", entry);
    store_bind_int(q, ":id", holder);
    return store_run(q);
}
