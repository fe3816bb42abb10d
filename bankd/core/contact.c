/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a holder wants to be told of news. A changed address is told to the one before, too:
 * whoever took a session over cannot silence its holder unnoticed.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/session.h"
#include <string.h>

/* Addresses stay out of the log, which keeps them for ever. */
static enum err write_entry(struct core *c, const struct session_viewer *viewer, int64_t *entry)
{
    char object[PEOPLE_OBJECT_MAX];
    struct people_holder person;
    struct doc body = {0};

    enum err e = people_holder_find(c, viewer->holder_name, &person);
    if (e)
        return e;
    people_object(viewer->holder_name, object);
    entries_body(&body, "contact", object, person.entry);
    doc_text(&body, "holder", viewer->holder_name);
    e = entries_add(c, &body, entry);
    return e ? e : people_set_entry(c, viewer->holder, *entry);
}

/* To every address that there is now. WHEN makes the notices' names differ. */
static enum err tell(struct core *c, const struct session_viewer *viewer, int64_t entry,
                     const char *when)
{
    struct store_query *q = store_query(c->store, STORE_NOTICE_CONTACT);

    store_bind_int(q, ":entry", entry);
    store_bind_int(q, ":holder", viewer->holder);
    store_bind_int(q, ":now", c->now_us);
    store_bind_text(q, ":when", when);
    return store_run(q);
}

static enum err replace(struct core *c, const struct session_viewer *viewer,
                        const struct core_contact *to)
{
    struct store_query *q = store_query(c->store, STORE_CONTACT_DROP);

    store_bind_int(q, ":holder", viewer->holder);
    enum err e = store_run(q);
    for (int i = 0; !e && i < 2; i++) {
        const char *address = i ? to->webhook : to->email;
        if (!address[0])
            continue;
        q = store_query(c->store, STORE_CONTACT_ADD);
        store_bind_int(q, ":holder", viewer->holder);
        store_bind_text(q, ":channel", i ? "webhook" : "email");
        store_bind_text(q, ":address", address);
        store_bind_text(q, ":language", to->language);
        e = store_run(q);
    }
    return e;
}

enum err core_contact_set(struct core *c, const struct core_caller *who,
                          const struct core_contact *to, struct core_answer *out)
{
    struct session_viewer viewer;
    struct doc body = {0};
    int64_t entry = NO_ENTRY;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_viewer(c, who, &viewer);
    if (!e && (viewer.is_operator || viewer.kind != PEOPLE_PERSON))
        e = ERR_ROLE_REQUIRED;
    if (!e)
        e = write_entry(c, &viewer, &entry);
    if (!e)
        e = tell(c, &viewer, entry, "before");
    if (!e)
        e = replace(c, &viewer, to);
    if (!e)
        e = tell(c, &viewer, entry, "after");
    doc_object(&body);
    doc_text_optional(&body, "email", to->email);
    doc_text_optional(&body, "webhook", to->webhook);
    doc_text(&body, "language", to->language);
    return answer_finish(c, who, e, 200, &body, out);
}
