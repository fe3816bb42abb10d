/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/life.h"

#include "bankd/core/entries.h"
#include <stdio.h>
#include <string.h>

/* --- rows --- */

/* The present row of an ORDER_* query. */
static enum err read_row(const struct store_query *q, struct life_order *out)
{
    const char *status = store_text(q, 8);

    *out = (struct life_order){.id = store_int(q, 0),
                               .account = store_int(q, 1),
                               .policy = store_int(q, 4),
                               .creditor = store_int(q, 6),
                               .amount = store_int(q, 7),
                               .status = status_from_name(status, strlen(status)),
                               .ended_us = store_int(q, 10),
                               .entry = store_int(q, 11),
                               .expires_us = store_int(q, 12)};
    enum err e = store_copy_text(q, 2, out->order_id, sizeof out->order_id);
    if (!e)
        e = store_copy_blob(q, 3, out->digest, DIGEST_LEN);
    if (!e)
        e = store_copy_blob(q, 5, out->policy_digest, DIGEST_LEN);
    if (!e)
        e = store_copy_text(q, 9, out->reason, sizeof out->reason);
    if (!e)
        e = store_copy_text(q, 13, out->payee, sizeof out->payee);
    out->date_days = (int32_t)store_int(q, 14);
    out->due_us = store_int(q, 15);
    out->matured_us = store_int(q, 16);
    out->released = store_int(q, 17) != 0;
    if (!e)
        e = store_copy_text(q, 18, out->payee_name, sizeof out->payee_name);
    if (!e)
        e = store_copy_text(q, 19, out->payee_check, sizeof out->payee_check);
    out->held = (flag_set)store_int(q, 20);
    out->executed_us = store_int(q, 21);
    out->kind = ledger_kind_from_name(store_text(q, 22));
    if (!e && (out->status == STATUS_NONE || out->kind == LEDGER_KINDS))
        e = ERR_STORE_FAILED;
    return e;
}

enum err life_read_one(struct store_query *q, bool *found, struct life_order *out)
{
    enum err e = store_step(q, found);

    if (!e && *found)
        e = read_row(q, out);
    store_done(q);
    return e;
}

enum err life_read_all(struct store_query *q, size_t max, struct life_order *rows, size_t *count)
{
    bool row = false;
    enum err e = store_step(q, &row);

    *count = 0;
    while (!e && row && *count < max) {
        e = read_row(q, &rows[(*count)++]);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

enum err life_find(struct core *c, int64_t account, const char *order_id, struct life_order *out)
{
    struct store_query *q = store_query(c->store, STORE_ORDER_FIND);
    bool found = false;

    *out = (struct life_order){.entry = NO_ENTRY};
    store_bind_int(q, ":account", account);
    store_bind_text(q, ":order_id", order_id);
    enum err e = life_read_one(q, &found, out);
    return !e && !found ? ERR_NOT_FOUND : e;
}

enum err life_write(struct core *c, struct store_query *q, const struct life_order *o)
{
    int64_t due_us = rows_due(c->rows);

    enum err e = store_run(q);
    if (!e)
        rows_keep_due(c->rows, o->due_us < due_us ? o->due_us : due_us);
    return e;
}

enum err life_save(struct core *c, const struct life_order *o)
{
    struct store_query *q = store_query(c->store, STORE_ORDER_STATUS);

    store_bind_text(q, ":status", status_name(o->status));
    store_bind_text(q, ":reason", o->reason);
    store_bind_int(q, ":open", life_reserves(o->status));
    store_bind_int(q, ":due", o->due_us);
    store_bind_int(q, ":matured", o->matured_us);
    store_bind_int(q, ":held", (int64_t)o->held);
    store_bind_int(q, ":released", o->released);
    store_bind_int(q, ":executed", o->executed_us);
    store_bind_int(q, ":ended", o->ended_us);
    store_bind_int(q, ":entry", o->entry);
    store_bind_int(q, ":id", o->id);
    return life_write(c, q, o);
}

bool life_reserves(enum status s)
{
    return !status_final(s) && !status_paid(s);
}

void life_object(const char *account, const char *order_id, char out[static LIFE_OBJECT_MAX])
{
    snprintf(out, LIFE_OBJECT_MAX, "order:%s/%s", account, order_id);
}

/* --- decisions --- */

static enum err read_made(const struct store_query *q, struct life_made *out)
{
    const char *verb = store_text(q, 2);

    out->verb = decision_verb_from_name(verb, strlen(verb));
    out->key_status = key_status_from_name(store_text(q, 4));
    out->key_counts = store_int(q, 10) != 0;
    out->issued_us = store_int(q, 5);
    out->received_us = store_int(q, 6);
    out->entry = store_int(q, 8);
    out->batch = store_is_null(q, 11) ? NO_ENTRY : store_int(q, 11);
    enum err e = store_copy_text(q, 0, out->holder, sizeof out->holder);
    if (!e)
        e = store_copy_text(q, 3, out->thumbprint, sizeof out->thumbprint);
    if (!e)
        e = store_copy_text(q, 7, out->passed, sizeof out->passed);
    return !e && out->verb == VERB_NONE ? ERR_STORE_FAILED : e;
}

/* In the order in which they came: the store would make a table to sort so few. */
static void place(struct life_decisions *all, const struct life_made *m)
{
    size_t i = all->count++;

    for (; i > 0 && all->made[i - 1].entry > m->entry; i--)
        all->made[i] = all->made[i - 1];
    all->made[i] = *m;
}

enum err life_decisions(struct core *c, int64_t orders, struct life_decisions *out)
{
    struct store_query *q = store_query(c->store, STORE_DECISION_OF_ORDER);
    struct life_made m = {0};
    bool row = false;

    out->count = 0;
    store_bind_int(q, ":orders", orders);
    store_bind_int(q, ":limit", LIFE_DECISIONS_MAX + 1);
    enum err e = store_step(q, &row);
    while (!e && row) {
        if (out->count == LIFE_DECISIONS_MAX)
            e = ERR_STORE_FAILED;
        if (!e)
            e = read_made(q, &m);
        if (!e)
            place(out, &m);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

bool life_decided(const struct life_decisions *all, const char *holder, enum verb v)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->made[i].holder, holder) == 0 &&
            strcmp(decision_kind(all->made[i].verb), decision_kind(v)) == 0)
            return true;
    return false;
}

/* --- the way through the table --- */

/* The votes whose keys are still good; false when any decision's key is not. */
static bool good_votes(const struct life_decisions *all, struct policy_vote *votes, size_t *count)
{
    bool all_count = true;

    *count = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct life_made *m = &all->made[i];
        all_count = all_count && m->key_counts;
        if (m->key_counts && (m->verb == VERB_APPROVE || m->verb == VERB_REJECT))
            votes[(*count)++] = (struct policy_vote){m->holder, m->verb == VERB_APPROVE};
    }
    return all_count;
}

struct policy_case life_policy_case(const struct life_case *in)
{
    const struct life_decisions *all = in->decisions;

    return (struct policy_case){
        .subject = in->row->kind == LEDGER_PAYMENT ? POLICY_PAYMENT : POLICY_CASH,
        .amount_minor = in->row->amount,
        .payee = in->row->payee,
        .waited_us = all->count ? policy_waited(all->made[0].received_us, in->now_us) : 0,
        .delegations = in->delegations->in_force,
        .delegation_count = in->delegations->in_force_count};
}

/* Money that comes in is nobody's to approve. */
static const struct policy_verdict nobody_asked = {.covered = true, .reached = true};

void life_judge(const struct life_case *in, struct policy_verdict *out)
{
    const struct policy_case what = life_policy_case(in);
    struct policy_vote votes[LIFE_DECISIONS_MAX];
    struct policy_verdict now;
    size_t count;

    if (in->row->kind == LEDGER_DEPOSIT) {
        *out = nobody_asked;
        return;
    }
    bool all_active = good_votes(in->decisions, votes, &count);
    policy_judge(in->pinned, &what, votes, count, out);
    now = *out;
    if (in->current != in->pinned)
        policy_judge(in->current, &what, votes, count, &now);
    out->covered = out->covered && now.covered;
    out->reached =
        out->reached && now.reached && all_active && policy_valid_at(in->current, in->now_us);
    out->unreachable = out->unreachable || now.unreachable;
}

enum status life_path_end(const struct life_path *path, enum status from)
{
    return path->count ? path->step[path->count - 1] : from;
}

static enum err go(struct life_path *path, enum status from, enum status to)
{
    if (path->count == LIFE_STEPS_MAX || !status_may_follow(life_path_end(path, from), to))
        return ERR_INTERNAL;
    path->step[path->count++] = to;
    return ERR_OK;
}

enum err life_path_after(enum status from, enum verb verb, const struct policy_verdict *verdict,
                         struct life_path *out)
{
    enum err e = ERR_OK;

    out->count = 0;
    if (from == STATUS_NONE) {
        e = go(out, from, STATUS_RCVD);
        if (!e)
            e = go(out, from, STATUS_ACTC);
    }
    if (e || (verb == VERB_SUBMIT && !verdict->reached))
        return e;
    if (verb == VERB_CANCEL)
        return go(out, from, STATUS_CANC);
    if (verdict->unreachable)
        return go(out, from, STATUS_RJCT);
    if (verdict->reached)
        return go(out, from, STATUS_ACCP);
    if (!verdict->approved) /* a no that leaves the quorum within reach is no approval */
        return ERR_OK;
    return life_path_end(out, from) == STATUS_ACTC ? go(out, from, STATUS_PATC) : ERR_OK;
}

/* --- ends --- */

enum err life_end(struct core *c, struct ledger_account *a, const struct life_end *end,
                  struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    struct doc body = {0}, status = {0};

    if (!life_reserves(o->status) || !status_may_follow(o->status, STATUS_RJCT))
        return ERR_INTERNAL;
    life_object(a->account, o->order_id, object);
    entries_body(&body, "closed", object, o->entry);
    doc_text(&body, "reason", end->reason);
    if (end->by) {
        entries_operator(&body, end->by);
        doc_text(&body, "note", end->note);
    }
    doc_array(&status);
    doc_push_text(&status, status_name(STATUS_RJCT));
    doc_put(&body, "status", &status);
    enum err e = entries_add(c, &body, &o->entry);
    if (!e)
        e = ledger_release(c, a, o->amount);
    o->status = STATUS_RJCT;
    o->ended_us = c->now_us;
    snprintf(o->reason, sizeof o->reason, "%s", end->reason);
    return e ? e : life_save(c, o);
}

enum err life_close(struct core *c, struct ledger_account *a, const char *reason,
                    struct life_order *o)
{
    return life_end(c, a, &(struct life_end){reason, NULL, NULL}, o);
}
