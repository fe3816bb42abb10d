/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a holder's delegation is judged and entered: core_delegate, at the end. And what others
 * ask: who stands for whom now.
 */
#include "bankd/core/delegate.h"

#include "bankd/core/answer.h"
#include "bankd/core/change.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/life.h"
#include "bankd/core/reading.h"
#include "bankd/core/stated.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define STATEMENTS_MAX                                                                             \
    384 /* by all holders of an account in the longest time that an order waits */
#define STATEMENTS_US (400 * INT64_C(86400) * TEXT_SECOND_US)
#define OBJECT_MAX (sizeof "delegation:" + IBAN_MAX + 1 + HOLDER_MAX)

/* --- rows --- */

static enum err read_row(const struct store_query *q, struct delegation_row *out)
{
    out->holder = store_int(q, 0);
    out->amount = store_int(q, 3);
    out->from_us = store_int(q, 4);
    out->until_us = store_int(q, 5);
    out->key_counts = store_int(q, 6) != 0;
    enum err e = store_copy_text(q, 1, out->principal, sizeof out->principal);
    return e ? e : store_copy_text(q, 2, out->deputy, sizeof out->deputy);
}

static void sort_out(struct delegations *all, const struct delegation_row *d, int64_t now_us)
{
    if (d->from_us > now_us && d->from_us < all->begins_us)
        all->begins_us = d->from_us;
    if (d->from_us <= now_us && d->key_counts)
        all->in_force[all->in_force_count++] =
            (struct policy_delegation){d->principal, d->deputy, d->amount};
}

enum err delegate_load(struct core *c, int64_t account, struct delegations *out)
{
    bool row = false;

    out->count = out->in_force_count = 0;
    out->begins_us = INT64_MAX;
    if (rows_none(c->rows, ROWS_OF_DELEGATIONS, account, c->now_us))
        return ERR_OK;
    struct store_query *q = store_query(c->store, STORE_DELEGATION_OF);
    store_bind_int(q, ":account", account);
    store_bind_int(q, ":now", c->now_us);
    enum err e = store_step(q, &row);
    while (!e && row) {
        struct delegation_row *d = &out->at[out->count];
        e = out->count < POLICY_HOLDERS_MAX ? read_row(q, d) : ERR_STORE_FAILED;
        if (!e) {
            out->count++;
            sort_out(out, d, c->now_us);
            e = store_step(q, &row);
        }
    }
    store_done(q);
    if (!e && !out->count)
        rows_keep_none(c->rows, ROWS_OF_DELEGATIONS, account, c->now_us);
    return e;
}

/* The principal's, if he has one, be it over already. */
static enum err end(struct core *c, int64_t account, int64_t principal, int64_t entry)
{
    struct store_query *q = store_query(c->store, STORE_DELEGATION_END);

    store_bind_int(q, ":account", account);
    store_bind_int(q, ":principal", principal);
    store_bind_int(q, ":entry", entry);
    return store_run(q);
}

enum err delegate_follow_policy(struct core *c, int64_t account, const struct policy *policy,
                                int64_t entry)
{
    struct delegations all;

    enum err e = delegate_load(c, account, &all);
    for (size_t i = 0; !e && i < all.count; i++) {
        if (!policy_lets_delegate(policy, all.at[i].principal, all.at[i].deputy))
            e = end(c, account, all.at[i].holder, entry);
    }
    return e;
}

/* --- checks --- */

struct delegating {
    struct core *c;
    struct stated stated;
    const struct delegation *said;
    struct ledger_account account;
    const struct policy *policy; /* in force */
    int64_t previous;            /* the principal's newest entry, or NO_ENTRY */
    int64_t issued_us;           /* the newest of his statements so far; 0: none */
    bool open;                   /* his last one gave something that nobody took back */
};

static enum err check_access(void *ctx, const struct session_viewer *viewer)
{
    struct delegating *d = ctx;

    enum err e = change_account(d->c, d->said->account, &d->account, &d->policy);
    d->stated.policy = d->policy;
    return !e && !session_may_see(viewer, d->policy) ? ERR_ACCOUNT_UNKNOWN : e;
}

static enum err check_right(const struct delegating *d)
{
    const char *holder = d->stated.key.holder_name;

    if (!policy_may_submit(d->policy, holder))
        return ERR_NOT_A_HOLDER;
    return policy_may_approve(d->policy, holder) ? ERR_OK : ERR_MAY_NOT_APPROVE;
}

static enum err check_gift(const struct delegating *d)
{
    if (memcmp(d->said->policy_digest, d->account.policy_digest, DIGEST_LEN) != 0)
        return ERR_POLICY_STALE;
    if (!policy_lets_delegate(d->policy, d->stated.key.holder_name, d->said->deputy))
        return ERR_DEPUTY_NOT_ALLOWED;
    if (strcmp(d->said->currency, d->account.currency) != 0)
        return ERR_CURRENCY_MISMATCH;
    if (d->said->until_us <= d->c->now_us)
        return ERR_PERIOD_INVALID;
    return d->said->head.issued_us < d->issued_us ? ERR_DELEGATION_SUPERSEDED : ERR_OK;
}

static enum err find_last(struct delegating *d)
{
    struct store_query *q = store_query(d->c->store, STORE_DELEGATION_LAST);
    bool found = false;

    store_bind_int(q, ":account", d->account.id);
    store_bind_int(q, ":principal", d->stated.key.holder);
    enum err e = store_step(q, &found);
    d->previous = !e && found ? store_int(q, 0) : NO_ENTRY;
    d->issued_us = !e && found ? store_int(q, 1) : 0;
    d->open = !e && found && store_is_null(q, 2);
    store_done(q);
    return e;
}

/* Every order's evidence has all of them from its beginning on, and there is an end to what it may
 * have. Taking back what is given is always heard, so each may count twice. */
static enum err check_count(const struct delegating *d)
{
    struct store_query *q = store_query(d->c->store, STORE_DELEGATION_COUNT);
    int64_t most = STATEMENTS_MAX / (int64_t)policy_holder_count(d->policy), count = 0;
    bool found = false;

    if (d->said->verb == DELEGATION_WITHDRAW && d->open)
        return ERR_OK;
    store_bind_int(q, ":account", d->account.id);
    store_bind_int(q, ":principal", d->stated.key.holder);
    store_bind_int(q, ":since", d->c->now_us - STATEMENTS_US);
    enum err e = store_step(q, &found);
    count = !e && found ? store_int(q, 0) : 0;
    store_done(q);
    return !e && count >= most ? ERR_DELEGATIONS_TOO_MANY : e;
}

static enum err due(void *ctx)
{
    struct delegating *d = ctx;

    return life_catch_up(d->c, &d->account);
}

static enum err judge(void *ctx)
{
    struct delegating *d = ctx;

    enum err e = find_last(d);
    if (!e && d->account.state == LEDGER_CLOSED)
        e = ERR_ACCOUNT_CLOSED;
    if (!e)
        e = check_right(d);
    if (!e && d->said->verb == DELEGATION_GIVE)
        e = check_gift(d);
    return e ? e : check_count(d);
}

/* --- entering --- */

static enum err add_entry(const struct delegating *d, int64_t *entry)
{
    char object[OBJECT_MAX];
    struct doc body = {0};

    snprintf(object, sizeof object, "delegation:%s/%s", d->account.account,
             d->stated.key.holder_name);
    entries_body(&body, "delegation", object, d->previous);
    doc_text(&body, "holder", d->stated.key.holder_name);
    doc_text(&body, "statement", verified_jws(d->stated.verified, NULL));
    return entries_add(d->c, &body, entry);
}

/* A withdrawal is a row, too, ended from the start: the evidence has to find it. */
static enum err add_row(const struct delegating *d, int64_t entry)
{
    struct people_holder deputy = {.id = d->stated.key.holder};
    bool gives = d->said->verb == DELEGATION_GIVE;
    int64_t issued_us = d->said->head.issued_us;

    enum err e = gives ? people_holder_find(d->c, d->said->deputy, &deputy) : ERR_OK;
    if (e)
        return e;
    struct store_query *q = store_query(d->c->store, STORE_DELEGATION_ADD);
    store_bind_int(q, ":account", d->account.id);
    store_bind_int(q, ":principal", d->stated.key.holder);
    store_bind_int(q, ":deputy", deputy.id);
    store_bind_int(q, ":key", d->stated.key.id);
    store_bind_int(q, ":amount", d->said->amount_minor);
    store_bind_int(q, ":from", d->said->from_us);
    store_bind_int(q, ":until", d->said->until_us);
    store_bind_int(q, ":issued", issued_us > d->issued_us ? issued_us : d->issued_us);
    store_bind_int(q, ":entry", entry);
    if (!gives)
        store_bind_int(q, ":ended", entry);
    return store_run(q);
}

/* The old one is over when the new one comes, even where the new one only begins later. */
static enum err take(void *ctx, struct core_answer *out)
{
    struct delegating *d = ctx;
    bool gives = d->said->verb == DELEGATION_GIVE;
    struct doc body = {0};
    int64_t entry = NO_ENTRY;

    enum err e = add_entry(d, &entry);
    if (!e)
        e = end(d->c, d->account.id, d->stated.key.holder, entry);
    if (!e)
        e = add_row(d, entry);
    if (!e)
        e = life_look_again(d->c, d->account.id);
    if (e)
        return e;
    doc_object(&body);
    doc_text(&body, "principal", d->stated.key.holder_name);
    doc_text(&body, "status", gives ? "given" : "withdrawn");
    return answer_doc(d->c, gives ? 201 : 200, &body, out);
}

enum err core_delegate(struct core *c, const struct core_caller *who,
                       const struct verified *statement, struct core_answer *out)
{
    static const struct stated_steps steps = {
        .kind = STATEMENT_DELEGATION,
        .access = check_access,
        .due = due,
        .judge = judge,
        .take = take,
    };
    const struct delegation *said = verified_delegation(statement);
    struct delegating d = {
        .c = c,
        .stated = {.c = c, .verified = statement, .subject = said ? said->display_digest : NULL},
        .said = said};

    return stated_run(&d.stated, &steps, &d, who, out);
}

/* --- reading --- */

static void describe(const struct core *c, const struct ledger_account *a,
                     const struct delegation_row *d, struct doc *out)
{
    doc_object(out);
    doc_text(out, "principal", d->principal);
    doc_text(out, "deputy", d->deputy);
    doc_money(out, "amount", d->amount, a->currency);
    doc_text(out, "currency", a->currency);
    doc_time(out, "from", d->from_us);
    doc_time(out, "until", d->until_us);
    doc_bool(out, "inForce", d->from_us <= c->now_us && d->key_counts);
}

enum err core_delegations(struct core *c, const struct core_caller *who, const char *account,
                          struct core_answer *out)
{
    struct ledger_account a;
    struct delegations all;
    struct doc body = {0}, list = {0};

    *out = (struct core_answer){0};
    enum err e = reading_open(c, who, account, NULL, &a);
    if (!e)
        e = delegate_load(c, a.id, &all);
    doc_object(&body);
    doc_array(&list);
    for (size_t i = 0; !e && i < all.count; i++) {
        struct doc one = {0};
        describe(c, &a, &all.at[i], &one);
        doc_push(&list, &one);
    }
    doc_put(&body, "delegations", &list);
    return answer_finish(c, who, e, 200, &body, out);
}
