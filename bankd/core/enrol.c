/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/enrol.h"

#include "bankd/core/entries.h"
#include "bankd/core/freshness.h"

static enum err write_entry(struct core *c, const struct enrol *in, int64_t previous,
                            int64_t *entry)
{
    char object[PEOPLE_OBJECT_MAX];
    struct doc body = {0};
    size_t len;
    const uint8_t *spki = key_spki(in->key, &len);

    people_object(in->holder, object);
    entries_body(&body, "enrolment", object, previous);
    doc_text(&body, "holder", in->holder);
    if (in->kind != PEOPLE_PERSON)
        doc_text(&body, "kind", people_kind_name(in->kind));
    doc_text(&body, "name", in->name);
    if (in->statement) {
        doc_text(&body, "operator", in->operator_name);
        doc_text(&body, "statement", in->statement);
    }
    doc_bytes(&body, "spki", spki, len);
    doc_text(&body, "thumbprint", key_thumbprint(in->key));
    if (in->use != KEY_USE_SIGN)
        doc_text(&body, "use", key_use_name(in->use));
    doc_text(&body, "vouched", "bank");
    return entries_add(c, &body, entry);
}

static enum err add_holder(struct core *c, const struct enrol *in, int64_t entry, int64_t *id)
{
    struct store_query *q = store_query(c->store, STORE_HOLDER_ADD);

    store_bind_text(q, ":holder", in->holder);
    store_bind_text(q, ":kind", people_kind_name(in->kind));
    store_bind_text(q, ":name", in->name);
    store_bind_int(q, ":entry", entry);
    enum err e = store_run(q);
    *id = store_last_id(c->store);
    return e;
}

static enum err add_key(struct core *c, const struct enrol *in, int64_t holder, int64_t entry)
{
    struct store_query *q = store_query(c->store, STORE_KEY_ADD);
    size_t len;
    const uint8_t *spki = key_spki(in->key, &len);

    store_bind_text(q, ":thumbprint", key_thumbprint(in->key));
    store_bind_blob(q, ":spki", spki, len);
    store_bind_int(q, ":holder", holder);
    store_bind_text(q, ":use", key_use_name(in->use));
    if (in->certificate && in->certificate->len)
        store_bind_blob(q, ":certificate", in->certificate->data, in->certificate->len);
    store_bind_int(q, ":floor", freshness_floor_at(c->now_us));
    store_bind_int(q, ":entry", entry);
    return store_run(q);
}

/* A key for another use verifies no statement. */
static enum err remember(struct core *c, const struct enrol *in)
{
    struct key *own = NULL;
    size_t len;
    const uint8_t *spki = key_spki(in->key, &len);

    if (in->use != KEY_USE_SIGN)
        return ERR_OK;
    enum err e = key_from_spki(spki, len, &own);
    return e ? e : cache_put(c->keys, key_thumbprint(in->key), own);
}

enum err enrol_key(struct core *c, const struct enrol *in)
{
    struct people_holder there;
    int64_t entry = NO_ENTRY;

    enum err e = people_holder_find(c, in->holder, &there);
    bool is_new = e == ERR_HOLDER_UNKNOWN;
    if (e && !is_new)
        return e;
    e = write_entry(c, in, is_new ? NO_ENTRY : there.entry, &entry);
    if (!e)
        e = is_new ? add_holder(c, in, entry, &there.id) : people_set_entry(c, there.id, entry);
    if (!e)
        e = add_key(c, in, there.id, entry);
    return e ? e : remember(c, in);
}
