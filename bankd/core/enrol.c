/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/enrol.h"

#include "bankd/core/entries.h"

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
    if (in->sponsors)
        doc_put(&body, "sponsors", in->sponsors);
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

enum err enrol_certify(struct core *c, const struct enrol *in)
{
    if (!in->certificate || !in->certificate->len)
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_KEY_CERTIFY);
    store_bind_text(q, ":thumbprint", key_thumbprint(in->key));
    store_bind_blob(q, ":certificate", in->certificate->data, in->certificate->len);
    store_bind_int(q, ":until", in->certificate_until_us);
    return store_run(q);
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
    const struct people_key as = {.holder = there.id, .enrolment = entry, .signer = in->signer};
    if (!e)
        e = people_key_add(c, in->key, in->use, &as);
    return e ? e : enrol_certify(c, in);
}
