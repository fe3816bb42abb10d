/* SPDX-License-Identifier: Apache-2.0
 *
 * What time does to orders that nobody touches: they expire, a waiting clause accepts them, their
 * day comes. And settlement, which is the same whoever brought the order there.
 */
#include "bankd/core/entries.h"
#include "bankd/core/hold.h"
#include "bankd/core/life.h"
#include "bankd/core/payees.h"
#include "bankd/core/rights.h"
#include "bankd/core/terms.h"
#include "base/text.h"
#include "order/calendar.h"
#include <string.h>

#define DAY_US (86400 * TEXT_SECOND_US)
/* One transaction keeps everybody waiting: an account has so many of its orders looked at in a
 * batch, however often it is touched, and all accounts together so many more. */
#define LOOKS_EACH 64
#define LOOKS_TOGETHER 1024

/* --- when --- */

static int64_t earlier_opening(const struct policy *p, const struct life_case *in, int64_t due_us)
{
    const struct policy_case what = life_policy_case(in);
    int64_t next = policy_next_opening(p, &what);
    int64_t at_us = policy_opens(in->decisions->made[0].received_us, next);

    return next >= 0 && at_us < due_us ? at_us : due_us;
}

int64_t life_due(const struct life_case *in)
{
    int64_t due_us = earlier_opening(in->pinned, in, in->row->expires_us + 1);

    due_us = earlier_opening(in->current, in, due_us);
    return in->delegations->begins_us < due_us ? in->delegations->begins_us : due_us;
}

enum err life_look_again(struct core *c, int64_t account)
{
    struct store_query *q = store_query(c->store, STORE_ORDER_LOOK);

    store_bind_int(q, ":account", account);
    store_bind_int(q, ":now", c->now_us);
    return store_run(q);
}

/* An order for the day on which it came in is executed as soon as it may, any other on the first
 * business day on or after its date; where the currency has a cut-off, each on a business day for
 * which it is in time (docs/FORMAT.md section 13). */
static int64_t execution_day(const struct core *c, const struct life_case *in, const char *currency,
                             enum life_since since)
{
    struct calendar_terms terms = terms_calendar(&c->terms, currency);
    int64_t entered_us = in->decisions->made[0].received_us;
    int64_t today = text_day_of(in->now_us);

    if (in->row->kind != LEDGER_PAYMENT) /* cash has no day but its own */
        return today;
    if (since == LIFE_SINCE_BEFORE)
        terms.cutoff_min = -1;
    if (terms.cutoff_min < 0 && in->row->date_days <= text_day_of(entered_us))
        return today > in->row->date_days ? today : in->row->date_days; /* the clock was ahead */
    return calendar_execution_day(&terms, in->now_us, in->row->date_days);
}

/* --- settlement --- */

static void list_considered(const struct life_decisions *all, struct doc *out)
{
    doc_array(out);
    for (size_t i = 0; i < all->count; i++) {
        const struct life_made *m = &all->made[i];
        struct doc one = {0};
        doc_object(&one);
        doc_text(&one, "decision", decision_verb_name(m->verb));
        doc_int(&one, "entry", m->entry);
        doc_text(&one, "holder", m->holder);
        doc_text(&one, "keyStatus", key_status_name(m->key_status));
        doc_text(&one, "thumbprint", m->thumbprint);
        doc_push(out, &one);
    }
}

/* From whom to whom. The terminal stands for the side that is no account; it came first. */
static void write_sides(struct doc *body, const struct ledger_account *a,
                        const struct life_decisions *all, const struct life_order *o)
{
    doc_text(body, o->kind == LEDGER_DEPOSIT ? "creditor" : "debtor", a->account);
    if (o->kind == LEDGER_PAYMENT)
        doc_text(body, "creditor", o->payee);
    else
        doc_text(body, "terminal", all->made[0].holder);
}

static enum err write_settlement(struct core *c, const struct ledger_account *a,
                                 const struct life_decisions *all, int64_t movement, bool elsewhere,
                                 struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    struct doc body = {0}, considered = {0}, status = {0};

    life_object(a->account, o->order_id, object);
    entries_body(&body, "settlement", object, o->entry);
    doc_money(&body, "amount", o->amount, a->currency);
    doc_text(&body, "currency", a->currency);
    write_sides(&body, a, all, o);
    doc_int(&body, "movement", movement);
    doc_digest(&body, "orderDigest", o->digest);
    doc_digest(&body, "policyDigest", o->policy_digest);
    list_considered(all, &considered);
    doc_put(&body, "considered", &considered);
    doc_array(&status);
    doc_push_text(&status, status_name(STATUS_ACSP));
    if (!elsewhere)
        doc_push_text(&status, status_name(STATUS_ACSC));
    doc_put(&body, "status", &status);
    return entries_add(c, &body, &o->entry);
}

/* What goes out was reserved; what comes in is booked as it comes. */
static enum err move(struct core *c, struct ledger_account *a, struct ledger_account *other,
                     const struct life_order *o, int64_t *movement)
{
    struct ledger_move m = {
        .kind = o->kind, .from = a, .to = other, .amount = o->amount, .orders = o->id};

    if (o->kind != LEDGER_DEPOSIT)
        return ledger_settle(c, &m, movement);
    m.from = other;
    m.to = a;
    return ledger_move(c, &m, movement);
}

/* What goes to another bank is in the outbox from then on. */
static enum err settle(struct core *c, struct ledger_account *a, const struct life_decisions *all,
                       struct life_order *o)
{
    struct ledger_account other = {0};
    int64_t movement = 0;

    if (!status_may_follow(o->status, STATUS_ACSP))
        return ERR_INTERNAL;
    enum err e = ledger_by_id(c, o->creditor, &other);
    if (!e && other.state == LEDGER_CLOSED)
        return life_close(c, a, "AC04", o);
    if (!e)
        e = move(c, a, &other, o, &movement);
    bool elsewhere = o->kind == LEDGER_PAYMENT && ledger_is_own(&other);
    if (!e && o->kind == LEDGER_PAYMENT && !elsewhere)
        e = payees_note(c, o);
    if (!e)
        e = write_settlement(c, a, all, movement, elsewhere, o);
    o->executed_us = c->now_us;
    o->status = elsewhere ? STATUS_ACSP : STATUS_ACSC;
    o->ended_us = status_final(o->status) ? c->now_us : 0;
    return e ? e : life_save(c, o);
}

/* --- execution --- */

static enum err hold_now(struct core *c, const struct ledger_account *a, struct life_order *o)
{
    flag_set flags = 0;
    enum err e = hold_needed(c, a->currency, o, &flags);

    return e ? e : hold(c, a, flags, o);
}

static bool all_count(const struct life_decisions *all)
{
    for (size_t i = 0; i < all->count; i++) {
        if (!all->made[i].key_counts)
            return false;
    }
    return true;
}

/* The ISO code of an order that was accepted and may not be executed. */
static const char *why_not(const struct life_decisions *all, const struct policy_verdict *verdict)
{
    if (!all_count(all))
        return "DS0C";
    return verdict->covered ? "DS0H" : "AM21";
}

enum err life_execute(struct core *c, struct ledger_account *a, const struct life_case *in,
                      enum life_since since, struct life_order *o)
{
    int64_t day = execution_day(c, in, a->currency, since);
    struct policy_verdict verdict;
    flag_set flags = 0;
    bool fits = false;

    if (o->status == STATUS_ACCP && hold_kept(o)) /* his word came before its day */
        return hold_now(c, a, o);
    if (day > text_day_of(c->now_us)) {
        o->due_us = day * DAY_US;
        return life_save(c, o);
    }
    if (o->kind == LEDGER_DEPOSIT)
        return settle(c, a, in->decisions, o);
    if (a->state != LEDGER_OPEN)
        return life_close(c, a, "AC06", o);
    life_judge(in, &verdict);
    if (!verdict.reached)
        return life_close(c, a, why_not(in->decisions, &verdict), o);
    enum err e = rights_within_limits(c, a, in->current, o->amount, &fits);
    if (e || !fits)
        return e ? e : life_close(c, a, "AM21", o);
    e = hold_needed(c, a->currency, o, &flags);
    if (e || flags)
        return e ? e : hold(c, a, flags, o);
    return settle(c, a, in->decisions, o);
}

/* --- what is due --- */

static enum err write_accepted(struct core *c, const struct ledger_account *a, struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    struct doc body = {0}, status = {0};

    life_object(a->account, o->order_id, object);
    entries_body(&body, "accepted", object, o->entry);
    doc_array(&status);
    doc_push_text(&status, status_name(STATUS_ACCP));
    doc_put(&body, "status", &status);
    return entries_add(c, &body, &o->entry);
}

/* An order that still waits for decisions: it expires, or a clause that has opened accepts it. */
static enum err look_at_open(struct core *c, struct ledger_account *a, const struct life_case *in,
                             struct life_order *o)
{
    struct policy_verdict verdict;

    if (c->now_us > o->expires_us)
        return life_close(c, a, "DS24", o);
    life_judge(in, &verdict);
    if (!verdict.reached) {
        o->due_us = life_due(in);
        return o->due_us > c->now_us ? life_save(c, o) : ERR_INTERNAL;
    }
    if (!status_may_follow(o->status, STATUS_ACCP))
        return ERR_INTERNAL;
    enum err e = write_accepted(c, a, o);
    o->status = STATUS_ACCP;
    o->matured_us = c->now_us;
    return e ? e : life_execute(c, a, in, LIFE_SINCE_NOW, o);
}

/* What a row of the store is judged by: a case and what it borrows. */
struct loaded {
    struct life_decisions decisions;
    struct delegations delegations;
    struct life_case in;
};

static enum err load_case(struct core *c, const struct ledger_account *a,
                          const struct life_order *o, struct loaded *out)
{
    struct life_case *in = &out->in;

    *in = (struct life_case){.row = o,
                             .decisions = &out->decisions,
                             .delegations = &out->delegations,
                             .now_us = c->now_us};
    enum err e = life_decisions(c, o->id, &out->decisions);
    if (!e && out->decisions.count == 0)
        e = ERR_STORE_FAILED;
    if (!e)
        e = delegate_load(c, a->id, &out->delegations);
    if (!e)
        e = state_policy(c, o->policy_digest, &in->pinned);
    return e ? e : state_policy(c, a->policy_digest, &in->current);
}

enum err life_execute_stored(struct core *c, struct ledger_account *a, struct life_order *o)
{
    struct loaded l;

    enum err e = load_case(c, a, o, &l);
    return e ? e : life_execute(c, a, &l.in, LIFE_SINCE_BEFORE, o);
}

static enum err look_at(struct core *c, struct ledger_account *a, struct life_order *o)
{
    struct loaded l;

    enum err e = load_case(c, a, o, &l);
    if (e)
        return e;
    /* Accepted, or released on a day that was none of business. */
    return status_open(o->status) ? look_at_open(c, a, &l.in, o)
                                  : life_execute(c, a, &l.in, LIFE_SINCE_BEFORE, o);
}

/* Asked for every decision, and hardly ever so. */
static enum err any_due(struct core *c, bool *out)
{
    int64_t due_us = rows_due(c->rows);
    bool found = false;
    enum err e = ERR_OK;

    if (due_us <= c->now_us) { /* or not known; what was the first may be over meanwhile */
        struct store_query *q = store_query(c->store, STORE_ORDER_DUE_FIRST);
        e = store_step(q, &found);
        due_us = found ? store_int(q, 0) : INT64_MAX;
        store_done(q);
        if (!e)
            rows_keep_due(c->rows, due_us);
    }
    *out = due_us <= c->now_us;
    return e;
}

/* Beyond LOOKED accounts none has first ones. */
static bool may_look(struct core *c, int64_t account)
{
    unsigned i = 0;

    while (i < c->looked_count && c->looked[i].account != account)
        i++;
    if (i == c->looked_count && i < LOOKED)
        c->looked[c->looked_count++] = (struct looked){.account = account};
    if (i < c->looked_count && c->looked[i].count < LOOKS_EACH) {
        c->looked[i].count++;
        return true;
    }
    return c->looks++ < LOOKS_TOGETHER;
}

enum err life_catch_up(struct core *c, struct ledger_account *a)
{
    bool found = false;
    enum err e = any_due(c, &found);

    while (!e && found) {
        struct store_query *q = store_query(c->store, STORE_ORDER_DUE_OF);
        struct life_order o;
        store_bind_int(q, ":account", a->id);
        store_bind_int(q, ":now", c->now_us);
        e = life_read_one(q, &found, &o);
        if (!e && found && !may_look(c, a->id))
            return ERR_BUSY;
        if (!e && found)
            e = look_at(c, a, &o);
    }
    return e;
}

enum err life_catch_up_one(struct core *c, bool *found)
{
    struct store_query *q = store_query(c->store, STORE_ORDER_DUE);
    struct ledger_account a;
    struct life_order o;

    store_bind_int(q, ":now", c->now_us);
    enum err e = life_read_one(q, found, &o);
    if (e || !*found)
        return e;
    e = ledger_by_id(c, o.account, &a);
    return e ? e : look_at(c, &a, &o);
}
