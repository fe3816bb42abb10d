/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/view.h"

#include "bankd/core/claim.h"
#include "bankd/core/entries.h"
#include "bankd/core/hold.h"
#include "bankd/core/rights.h"
#include "bankd/core/terms.h"
#include "base/text.h"
#include <string.h>

/* --- orders --- */

static void list_decisions(const struct life_decisions *all, struct doc *out)
{
    doc_array(out);
    for (size_t i = 0; i < all->count; i++) {
        const struct life_made *m = &all->made[i];
        struct doc one = {0};
        doc_object(&one);
        doc_text(&one, "holder", m->holder);
        doc_text(&one, "decision", decision_verb_name(m->verb));
        doc_time(&one, "issued", m->issued_us);
        doc_time(&one, "received", m->received_us);
        doc_text(&one, "thumbprint", m->thumbprint);
        if (m->batch != NO_ENTRY)
            doc_int(&one, "batch", m->batch);
        doc_push(out, &one);
    }
}

static void add_step(struct doc *list, const char *status, int64_t time_us)
{
    struct doc one = {0};

    doc_object(&one);
    doc_text(&one, "status", status);
    doc_time(&one, "time", time_us);
    doc_push(list, &one);
}

static void add_passed(struct doc *list, const struct life_made *m, char code[static 5])
{
    for (const char *at = m->passed; strlen(at) >= 4; at += at[4] ? 5 : 4) {
        memcpy(code, at, 4);
        add_step(list, code, m->received_us);
    }
}

/* Decisions carry the codes that they led through. What the bank did by itself comes behind them,
 * but for a cancel: no other decision is taken after time accepted the order. When one was held is
 * not kept. */
static void list_history(const struct life_order *row, const struct life_decisions *all,
                         struct doc *out)
{
    bool matured = row->matured_us != 0;
    char code[5] = "";

    doc_array(out);
    for (size_t i = 0; i <= all->count; i++) {
        const struct life_made *m = i < all->count ? &all->made[i] : NULL;
        if (matured && (!m || m->verb == VERB_CANCEL)) {
            memcpy(code, status_name(STATUS_ACCP), 4);
            add_step(out, code, row->matured_us);
            matured = false;
        }
        if (m)
            add_passed(out, m, code);
    }
    if (row->executed_us)
        add_step(out, status_name(STATUS_ACSP), row->executed_us);
    if (row->ended_us && strcmp(code, status_name(row->status)) != 0)
        add_step(out, status_name(row->status), row->ended_us);
}

/* Whether the order waits for HOLDER's word, his own or that of one for whom he stands. */
static bool can_decide(const struct life_case *in, const char *holder)
{
    const struct policy_case what = life_policy_case(in);

    return status_open(in->row->status) && !rights_check(in->pinned, &what, holder, VERB_APPROVE) &&
           !rights_check(in->current, &what, holder, VERB_APPROVE) &&
           !life_decided(in->decisions, holder, VERB_APPROVE);
}

static void find_people(const struct life_case *in, struct view_people *out)
{
    out->count = 0;
    for (size_t i = 0; i < policy_holder_count(in->pinned); i++) {
        if (can_decide(in, policy_holder(in->pinned, i)))
            out->holder[out->count++] = policy_holder(in->pinned, i);
    }
}

static void list_can_decide(const struct life_case *in, struct doc *out)
{
    struct view_people people;

    doc_array(out);
    find_people(in, &people);
    for (size_t i = 0; i < people.count; i++)
        doc_push_text(out, people.holder[i]);
}

static bool accepted(enum status s)
{
    return s == STATUS_ACCP || s == STATUS_PDNG || status_paid(s);
}

/* The last moment at which what becomes complete is executed on the same day. */
static void add_cutoff(const struct core *c, const char *currency, struct doc *out)
{
    const struct calendar_terms terms = terms_calendar(&c->terms, currency);
    int64_t next_us = calendar_next_cutoff(&terms, c->now_us);

    if (next_us != CALENDAR_NEVER)
        doc_time(out, "nextCutoff", next_us);
}

/* What the bank found out about the payee, and what for it waits for its operator. */
static void add_flags(const struct life_order *row, struct doc *out)
{
    struct doc flags = {0};

    doc_text_optional(out, "payeeCheck", row->payee_check);
    if (row->released ||
        (row->status != STATUS_PDNG && !(status_open(row->status) && hold_kept(row))))
        return;
    hold_list(row->held, &flags);
    doc_put(out, "heldFor", &flags);
}

static void put_people(const struct life_case *in, struct doc *out)
{
    struct doc decisions = {0}, can_decide = {0};

    list_decisions(in->decisions, &decisions);
    doc_put(out, "decisions", &decisions);
    list_can_decide(in, &can_decide);
    doc_put(out, "canDecide", &can_decide);
}

/* Where it is and what it waits for. */
static void put_state(const struct life_case *in, bool people, struct doc *out)
{
    char date[TEXT_DATE_LEN + 1];
    struct policy_verdict verdict;

    life_judge(in, &verdict);
    if (status_paid(in->row->status)) /* was complete, whatever became of keys and deputies since */
        verdict.given = verdict.required;
    doc_text(out, "status", status_name(in->row->status));
    doc_int(out, "requiredApprovals", verdict.required);
    doc_int(out, "givenApprovals", verdict.given);
    if (in->row->status == STATUS_ACCP || (in->row->status == STATUS_PDNG && in->row->released)) {
        text_date(text_day_of(in->row->due_us), date);
        doc_text(out, "executionDate", date);
    }
    add_flags(in->row, out);
    if (people)
        put_people(in, out);
}

void view_order(const struct core *c, const struct life_case *in, const char *currency, bool people,
                struct doc *out)
{
    struct doc history = {0}, receipt = {0};

    doc_object(out);
    put_state(in, people, out);
    doc_text_optional(out, "reason", in->row->reason);
    doc_bool(out, "accepted", accepted(in->row->status));
    if (status_open(in->row->status) && in->row->kind == LEDGER_PAYMENT)
        add_cutoff(c, currency, out);
    list_history(in->row, in->decisions, &history);
    doc_put(out, "history", &history);
    doc_object(&receipt);
    doc_int(&receipt, "index", in->row->entry);
    doc_put(out, "receipt", &receipt);
}

/* --- orders of the store --- */

struct stored {
    struct life_decisions decisions;
    struct delegations delegations;
    struct life_case in; /* borrows from both */
};

static enum err load(struct core *c, const struct ledger_account *a, const struct life_order *row,
                     struct stored *out)
{
    out->in = (struct life_case){.row = row,
                                 .decisions = &out->decisions,
                                 .delegations = &out->delegations,
                                 .now_us = c->now_us};
    enum err e = life_decisions(c, row->id, &out->decisions);
    if (!e)
        e = delegate_load(c, a->id, &out->delegations);
    if (!e)
        e = state_policy(c, row->policy_digest, &out->in.pinned);
    return e ? e : state_policy(c, a->policy_digest, &out->in.current);
}

enum err view_order_waits(struct core *c, const struct ledger_account *a,
                          const struct life_order *row, struct doc *out)
{
    struct stored stored;
    enum err e = load(c, a, row, &stored);

    if (!e)
        put_state(&stored.in, true, out);
    return e;
}

enum err view_can_decide(struct core *c, const struct ledger_account *a,
                         const struct life_order *row, struct view_people *out)
{
    struct stored stored;
    enum err e = load(c, a, row, &stored);

    out->count = 0;
    if (!e)
        find_people(&stored.in, out);
    return e;
}

/* With its document. */
static enum err show(struct core *c, const struct ledger_account *a, const struct stored *stored,
                     bool people, struct doc *out)
{
    struct store_query *q = store_query(c->store, STORE_DOCUMENT_FIND);
    bool found = false;

    store_bind_int(q, ":orders", stored->in.row->id);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_STORE_FAILED;
    if (!e) {
        size_t len = 0;
        const void *document = store_blob(q, 0, &len);
        view_order(c, &stored->in, a->currency, people, out);
        entries_stored(out, "order", document, len);
    }
    store_done(q);
    return e;
}

enum err view_stored_order(struct core *c, const struct ledger_account *a,
                           const struct life_order *row, bool people, struct doc *out)
{
    struct stored stored;

    *out = (struct doc){0};
    enum err e = load(c, a, row, &stored);
    return e ? e : show(c, a, &stored, people, out);
}

enum err view_order_for(struct core *c, const struct ledger_account *a,
                        const struct life_order *row, const char *holder, bool *waits,
                        struct doc *out)
{
    struct stored stored;
    struct doc flags = {0};
    flag_set found = 0;
    size_t len = 0;

    *out = (struct doc){0};
    enum err e = load(c, a, row, &stored);
    *waits = !e && can_decide(&stored.in, holder);
    if (!*waits)
        return e;
    e = show(c, a, &stored, true, out);
    if (!e)
        e = hold_flags(c, row, &found);
    hold_list(found, &flags);
    doc_put(out, "flags", &flags);
    const char *bytes = policy_bytes(stored.in.pinned, &len);
    doc_canonical(out, "policy", bytes, len);
    return e;
}

enum err view_operator_order(struct core *c, const struct ledger_account *a,
                             const struct life_order *row, struct doc *out)
{
    char item[LIFE_OBJECT_MAX];
    enum err e = view_stored_order(c, a, row, true, out);

    life_object(a->account, row->order_id, item);
    return e ? e : claim_view(c, item, out);
}

/* --- accounts --- */

enum err view_account(struct core *c, const struct ledger_account *a, struct doc *out)
{
    const struct policy *p = NULL;
    struct doc policy = {0}, holders = {0};

    *out = (struct doc){0};
    enum err e = state_policy(c, a->policy_digest, &p);
    if (e)
        return e;
    doc_object(out);
    doc_text(out, "account", a->account);
    doc_text(out, "currency", a->currency);
    doc_text(out, "state", ledger_state_name(a->state));
    doc_money(out, "booked", a->booked, a->currency);
    doc_money(out, "reserved", a->reserved, a->currency);
    doc_money(out, "available", ledger_available(a), a->currency);
    add_cutoff(c, a->currency, out);
    doc_object(&policy);
    doc_text(&policy, "title", policy_title(p));
    doc_int(&policy, "version", policy_version(p));
    doc_digest(&policy, "digest", policy_digest(p));
    doc_put(out, "policy", &policy);
    doc_array(&holders);
    for (size_t i = 0; i < policy_holder_count(p); i++)
        doc_push_text(&holders, policy_holder(p, i));
    doc_put(out, "holders", &holders);
    return ERR_OK;
}
