/* SPDX-License-Identifier: Apache-2.0
 *
 * How an operator comes to do what he asks for: at the console while nobody else can, or by a
 * session of his own and, for everything that changes something, a statement signed by his key.
 */
#include "bankd/core/act.h"

#include "bankd/core/answer.h"
#include "bankd/core/entries.h"
#include "bankd/core/session.h"
#include "bankd/core/stated.h"
#include <stdio.h>
#include <string.h>

/* --- roles --- */

enum err act_roles(struct core *c, int64_t operator_id, role_set *out)
{
    struct store_query *q = store_query(c->store, STORE_ROLE_OF);
    enum role role;
    bool row = false;

    *out = 0;
    store_bind_int(q, ":holder", operator_id);
    enum err e = store_step(q, &row);
    while (!e && row) {
        e = role_from_name(store_text(q, 0), &role) ? ERR_STORE_FAILED : ERR_OK;
        if (!e) {
            *out |= ROLE_BIT(role);
            e = store_step(q, &row);
        }
    }
    store_done(q);
    return e;
}

enum err act_count(struct core *c, enum role role, int64_t other_than, int64_t *out)
{
    struct store_query *q = store_query(c->store, STORE_ROLE_COUNT);
    bool row = false;

    store_bind_text(q, ":role", role_name(role));
    store_bind_int(q, ":holder", other_than);
    enum err e = store_step(q, &row);
    *out = !e && row ? store_int(q, 0) : 0;
    store_done(q);
    return e;
}

enum err act_ceremony(struct core *c, bool *out)
{
    bool over = true;
    struct store_query *q = store_query(c->store, STORE_CEREMONY_OVER);

    enum err e = store_step(q, &over);
    store_done(q);
    *out = !over;
    return e;
}

void act_list_roles(role_set roles, struct doc *out)
{
    doc_array(out);
    for (size_t r = 0; r < ROLE_COUNT; r++) {
        if (roles & ROLE_BIT(r))
            doc_push_text(out, role_name((enum role)r));
    }
}

/* --- who may --- */

static void become(const struct session_viewer *viewer, role_set roles, struct core_operator *as)
{
    snprintf(as->name, sizeof as->name, "%s", viewer->holder_name);
    as->roles = roles;
}

static enum err check_roles(struct core *c, const struct session_viewer *viewer, role_set needed,
                            role_set *roles)
{
    enum err e = act_roles(c, viewer->holder, roles); /* none but operators have any */
    return e ? e : *roles & needed ? ERR_OK : ERR_ROLE_REQUIRED;
}

enum err core_operator(struct core *c, const struct core_caller *who, role_set needed, bool others,
                       struct core_operator *as, struct core_answer *out)
{
    struct session_viewer viewer;
    role_set roles = 0;

    *as = (struct core_operator){.name = ""};
    *out = (struct core_answer){0};
    enum err e = session_viewer(c, who, &viewer);
    if (!e && viewer.kind != PEOPLE_OPERATOR && others)
        return ERR_OK;
    if (!e)
        e = check_roles(c, &viewer, needed, &roles);
    if (e)
        return answer_refuse(c, who, e, out);
    become(&viewer, roles, as);
    return ERR_OK;
}

enum err core_is_operators(struct core *c, const struct core_caller *who, bool *out)
{
    struct session_viewer viewer;

    enum err e = session_viewer(c, who, &viewer);
    *out = !e && viewer.kind == PEOPLE_OPERATOR;
    return e == ERR_SESSION_REQUIRED ? ERR_OK : e;
}

enum err core_console(struct core *c, const struct core_caller *who, struct core_answer *out)
{
    bool ceremony = false;

    *out = (struct core_answer){0};
    if (c->insane || c->terms.console_open)
        return ERR_OK;
    enum err e = act_ceremony(c, &ceremony);
    return !e && !ceremony ? answer_refuse(c, who, ERR_CONSOLE_CLOSED, out) : e;
}

/* --- acts --- */

struct acting {
    struct core *c;
    struct stated stated;
    role_set needed;
    struct core_operator as;
    core_run_fn run;
    void *ctx;
};

/* The session is the signer's own. */
static enum err access(void *ctx, const struct session_viewer *viewer)
{
    struct acting *a = ctx;
    role_set roles = 0;

    enum err e = check_roles(a->c, viewer, a->needed, &roles);
    if (!e && a->stated.key.holder != viewer->holder)
        e = ERR_KEY_MISMATCH;
    become(viewer, roles, &a->as);
    return e;
}

static enum err judge(void *ctx)
{
    (void)ctx; /* what it asks for is judged where it is done */
    return ERR_OK;
}

static enum err write_entry(struct acting *a)
{
    const struct operator_act *said = verified_act(a->stated.verified);
    struct people_key *key = &a->stated.key;
    char object[PEOPLE_OBJECT_MAX];
    struct doc body = {0};

    people_object(key->holder_name, object);
    entries_body(&body, "act", object, key->holder_entry);
    doc_text(&body, "holder", key->holder_name);
    doc_text(&body, "path", said->path);
    doc_text(&body, "statement", verified_jws(a->stated.verified, NULL));
    enum err e = entries_add(a->c, &body, &key->holder_entry);
    a->as.act = key->holder_entry;
    return e ? e : people_set_entry(a->c, key->holder, key->holder_entry);
}

/* First the word, then what comes of it, which may be a refusal. */
static enum err take(void *ctx, struct core_answer *out)
{
    struct acting *a = ctx;

    enum err e = write_entry(a);
    return e ? e : a->run(a->ctx, &a->as, out);
}

enum err core_act(struct core *c, const struct core_caller *who, const struct verified *act,
                  role_set needed, core_run_fn run, void *ctx, struct core_answer *out)
{
    static const struct stated_steps steps = {
        .kind = STATEMENT_OPERATOR_ACT, .access = access, .judge = judge, .take = take};
    struct acting a = {
        .c = c, .stated = {.c = c, .verified = act}, .needed = needed, .run = run, .ctx = ctx};

    return stated_run(&a.stated, &steps, &a, who, out);
}
