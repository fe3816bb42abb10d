/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator's acts on people and their keys.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/freshness.h"
#include "bankd/core/page.h"
#include "bankd/core/people.h"
#include "bankd/core/session.h"
#include "order/key.h"
#include "order/text.h"
#include <string.h>

#define NAME_CHARS 140

static enum err list_keys(struct core *c, int64_t holder, struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_KEY_OF_HOLDER);
    bool row = false;

    doc_array(out);
    store_bind_int(q, ":holder", holder);
    enum err e = store_step(q, &row);
    while (!e && row) {
        struct doc one = {0};
        doc_object(&one);
        doc_text(&one, "thumbprint", store_text(q, 0));
        doc_text(&one, "status", store_text(q, 1));
        doc_push(out, &one);
        e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static enum err describe_holder(struct core *c, int64_t id, const char *holder, const char *name,
                                struct doc *out)
{
    struct doc keys = {0};

    doc_object(out);
    doc_text(out, "holder", holder);
    doc_text(out, "name", name);
    enum err e = list_keys(c, id, &keys);
    doc_put(out, "keys", &keys);
    return e;
}

static enum err add_enrolment(struct core *c, const char *holder, const char *name,
                              const struct key *key, int64_t *entry)
{
    char object[PEOPLE_OBJECT_MAX];
    struct doc body = {0};
    size_t len = 0;
    const uint8_t *spki = key_spki(key, &len);

    people_object(holder, object);
    entries_body(&body, "enrolment", object, NO_ENTRY);
    doc_text(&body, "holder", holder);
    doc_text(&body, "name", name);
    doc_bytes(&body, "spki", spki, len);
    doc_text(&body, "thumbprint", key_thumbprint(key));
    doc_text(&body, "vouched", "bank");
    return entries_add(c, &body, entry);
}

static enum err add_holder(struct core *c, const char *holder, const char *name,
                           const struct key *key)
{
    int64_t entry = NO_ENTRY;
    size_t len = 0;
    const uint8_t *spki = key_spki(key, &len);

    enum err e = add_enrolment(c, holder, name, key, &entry);
    if (e)
        return e;
    struct store_query *q = store_query(c->store, STORE_HOLDER_ADD);
    store_bind_text(q, ":holder", holder);
    store_bind_text(q, ":name", name);
    store_bind_int(q, ":entry", entry);
    e = store_run(q);
    if (e)
        return e;
    int64_t id = store_last_id(c->store);
    q = store_query(c->store, STORE_KEY_ADD);
    store_bind_text(q, ":thumbprint", key_thumbprint(key));
    store_bind_blob(q, ":spki", spki, len);
    store_bind_int(q, ":holder", id);
    store_bind_int(q, ":floor", freshness_floor_at(c->now_us));
    store_bind_int(q, ":entry", entry);
    return store_run(q);
}

/* KNOWN: the same act was done before, and its answer is given again. */
static enum err check_holder(struct core *c, const char *holder, const char *name,
                             const struct key *key, bool *known)
{
    struct people_key owner;
    struct people_holder person;

    *known = false;
    enum err by_key = people_key_find(c, key_thumbprint(key), &owner);
    if (by_key && by_key != ERR_KEY_UNKNOWN)
        return by_key;
    if (!by_key && strcmp(owner.holder_name, holder) != 0)
        return ERR_KEY_TAKEN;
    enum err e = people_holder_find(c, holder, &person);
    if (e)
        return e == ERR_HOLDER_UNKNOWN ? ERR_OK : e;
    *known = !by_key && strcmp(person.name, name) == 0;
    return *known ? ERR_OK : ERR_BANK_HOLDER_EXISTS;
}

enum err core_holder_add(struct core *c, const struct core_caller *who, const char *holder,
                         const char *name, const uint8_t *spki, size_t spki_len,
                         struct core_answer *out)
{
    struct key *key = NULL;
    struct people_holder person;
    struct doc body = {0};
    bool known = false;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator(who);
    if (!e)
        e = forms_holder(holder, strlen(holder));
    if (!e)
        e = utext_check(name, strlen(name), NAME_CHARS);
    if (!e)
        e = key_from_spki(spki, spki_len, &key);
    if (!e)
        e = check_holder(c, holder, name, key, &known);
    if (!e && !known) {
        e = add_holder(c, holder, name, key);
        if (!e) {
            e = cache_put(c->keys, key_thumbprint(key), key);
            key = NULL; /* the cache's, whatever happened */
        }
    }
    if (!e)
        e = people_holder_find(c, holder, &person);
    if (!e)
        e = describe_holder(c, person.id, holder, name, &body);
    key_free(key);
    return answer_finish(c, who, e, known ? 200 : 201, &body, out);
}

enum err core_holders(struct core *c, const struct core_caller *who, const struct core_page *asked,
                      struct core_answer *out)
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
    struct store_query *q = store_query(c->store, STORE_HOLDER_PAGE);
    store_bind_int(q, ":after", page.cursor);
    store_bind_int(q, ":limit", page.limit);
    e = store_step(q, &row);
    while (!e && row) {
        struct doc one = {0};
        last = store_int(q, 0);
        count++;
        e = describe_holder(c, last, store_text(q, 1), store_text(q, 2), &one);
        doc_push(&list, &one);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    page_next(&page, count, last, &body);
    doc_put(&body, "holders", &list);
    return answer_finish(c, who, e, 200, &body, out);
}
