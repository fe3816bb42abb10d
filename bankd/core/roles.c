/* SPDX-License-Identifier: Apache-2.0
 *
 * The roles of the bank's operators, given and taken by one of them or at the console.
 */
#include "bankd/core/act.h"

#include "bankd/core/answer.h"
#include "bankd/core/entries.h"
#include "bankd/core/eyes.h"
#include "bankd/core/people.h"
#include "bankd/core/session.h"

/* Somebody must be left who has what is taken, if there was anybody: who has no good key leaves
 * nobody behind. */
static enum err check_left(struct core *c, int64_t holder, role_set taken)
{
    enum err e = ERR_OK;

    for (size_t r = 0; !e && r < ROLE_COUNT; r++) {
        int64_t all = 0, others = 0;
        if (taken & ROLE_BIT(r))
            e = act_count(c, (enum role)r, 0, &all);
        if (!e && all > 0)
            e = act_count(c, (enum role)r, holder, &others);
        if (!e && all > 0 && others == 0)
            e = ERR_LAST_OF_ROLE;
    }
    return e;
}

/* From then on the console is closed. */
static enum err end_ceremony(struct core *c)
{
    struct store_query *q = store_query(c->store, STORE_CEREMONY_END);

    store_bind_int(q, ":now", c->now_us);
    return store_run(q);
}

static enum err write_rows(struct core *c, int64_t holder, role_set roles)
{
    struct store_query *q = store_query(c->store, STORE_ROLE_DROP);

    store_bind_int(q, ":holder", holder);
    enum err e = store_run(q);
    for (size_t r = 0; !e && r < ROLE_COUNT; r++) {
        if (!(roles & ROLE_BIT(r)))
            continue;
        q = store_query(c->store, STORE_ROLE_ADD);
        store_bind_int(q, ":holder", holder);
        store_bind_text(q, ":role", role_name((enum role)r));
        e = store_run(q);
    }
    return !e && roles & ROLE_BIT(ROLE_SECURITY) ? end_ceremony(c) : e;
}

static enum err write_entry(struct core *c, const struct core_caller *who, const char *operator_id,
                            const char *note, role_set roles, struct people_holder *person)
{
    char object[PEOPLE_OBJECT_MAX];
    struct doc body = {0}, list = {0};

    people_object(operator_id, object);
    entries_body(&body, "operator-roles", object, person->entry);
    doc_text(&body, "holder", operator_id);
    doc_text(&body, "note", note);
    doc_text(&body, "operator", who->operator_name);
    act_list_roles(roles, &list);
    doc_put(&body, "roles", &list);
    enum err e = entries_add(c, &body, &person->entry);
    return e ? e : people_set_entry(c, person->id, person->entry);
}

static enum err set(struct core *c, const struct core_caller *who, const char *operator_id,
                    const char *note, role_set roles)
{
    char object[PEOPLE_OBJECT_MAX];
    struct people_holder person;
    role_set had = 0;

    enum err e = people_holder_find(c, operator_id, &person);
    if (!e && person.kind != PEOPLE_OPERATOR)
        e = ERR_HOLDER_UNKNOWN;
    people_object(operator_id, object);
    if (!e)
        e = eyes_check(c, who, EYES_ROLES, object);
    if (!e)
        e = act_roles(c, person.id, &had);
    if (!e)
        e = check_left(c, person.id, had & ~roles);
    if (!e)
        e = write_entry(c, who, operator_id, note, roles, &person);
    return e ? e : write_rows(c, person.id, roles);
}

enum err core_operator_roles(struct core *c, const struct core_caller *who, const char *operator_id,
                             role_set roles, const char *note, struct core_answer *out)
{
    struct doc body = {0}, list = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator_note(who, note);
    if (!e)
        e = set(c, who, operator_id, note, roles);
    doc_object(&body);
    doc_text(&body, "operator", operator_id);
    act_list_roles(roles, &list);
    doc_put(&body, "roles", &list);
    return answer_finish(c, who, e, 200, &body, out);
}
