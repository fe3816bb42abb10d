/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/answer.h"
#include "bankd/core/deciding.h"
#include "bankd/core/entries.h"
#include "bankd/core/view.h"
#include <stdio.h>
#include <string.h>

static struct life_case case_of(const struct deciding *d)
{
    return (struct life_case){.row = &d->row,
                              .decisions = d->decisions,
                              .pinned = d->pinned,
                              .current = d->current,
                              .delegations = d->delegations,
                              .now_us = d->c->now_us};
}

static void note_passed(const struct life_path *path, struct life_made *m)
{
    size_t used = 0;

    for (size_t i = 0; i < path->count && used + 6 <= sizeof m->passed; i++) {
        if (i)
            m->passed[used++] = ' ';
        memcpy(m->passed + used, status_name(path->step[i]), 4);
        used += 4;
    }
    m->passed[used] = 0;
}

/* What was signed: the statement, or where it stands and this order's place in it. */
static void say_statement(const struct deciding *d, struct doc *body)
{
    const struct batch_inclusion *place = verified_inclusion(d->stated.verified);
    struct doc inclusion = {0};

    if (!place) {
        doc_text(body, "statement", verified_jws(d->stated.verified, NULL));
        return;
    }
    doc_int(body, "batch", d->batch.entry);
    batch_inclusion_write(place, &inclusion);
    doc_put(body, "inclusion", &inclusion);
}

static enum err add_entry(struct deciding *d, const struct life_path *path, int64_t *entry)
{
    char object[LIFE_OBJECT_MAX];
    struct doc body = {0}, status = {0};

    bool cash = d->stated.key.kind == PEOPLE_TERMINAL;

    life_object(d->account.account, d->order->id, object);
    entries_body(&body, cash ? "cash" : "decision", object, d->row.id ? d->row.entry : NO_ENTRY);
    doc_text(&body, cash ? "terminal" : "holder", d->stated.key.holder_name);
    say_statement(d, &body);
    if (!d->row.id)
        doc_canonical(&body, "document", d->document->bytes, d->document->len);
    doc_text_optional(&body, "payeeCheck", d->row.id ? "" : d->row.payee_check);
    doc_text_optional(&body, "reason", d->row.reason);
    doc_array(&status);
    for (size_t i = 0; i < path->count; i++)
        doc_push_text(&status, status_name(path->step[i]));
    doc_put(&body, "status", &status);
    return entries_add(d->c, &body, entry);
}

static const enum ledger_kind movements[] = {[ORDER_PAYMENT] = LEDGER_PAYMENT,
                                             [ORDER_DEPOSIT] = LEDGER_DEPOSIT,
                                             [ORDER_WITHDRAWAL] = LEDGER_WITHDRAWAL};

/* What a new order's row says from the first moment. */
static enum err begin_order(struct deciding *d)
{
    struct life_order *row = &d->row;

    enum err e = ledger_make_own(d->c, &d->creditor);
    if (e)
        return e;
    row->kind = movements[d->order->kind];
    row->account = d->account.id;
    row->policy = d->account.policy;
    row->creditor = d->creditor.id;
    row->amount = d->order->amount_minor;
    row->date_days = d->order->date_days;
    row->expires_us = d->order->expires_us;
    memcpy(row->payee, d->order->creditor_account, sizeof row->payee);
    memcpy(row->digest, d->order->digest, DIGEST_LEN);
    memcpy(row->policy_digest, d->account.policy_digest, DIGEST_LEN);
    memcpy(row->order_id, d->order->id, sizeof row->order_id);
    snprintf(row->payee_check, sizeof row->payee_check, "%s", d->document->payee_check);
    memcpy(row->payee_name, d->order->creditor_name, sizeof row->payee_name);
    return ERR_OK;
}

static enum err add_order(struct deciding *d)
{
    struct life_order *row = &d->row;
    struct store_query *q = store_query(d->c->store, STORE_ORDER_ADD);

    store_bind_int(q, ":account", row->account);
    store_bind_text(q, ":order_id", row->order_id);
    store_bind_text(q, ":kind", ledger_kind_name(row->kind));
    store_bind_blob(q, ":digest", row->digest, DIGEST_LEN);
    store_bind_int(q, ":policy", row->policy);
    store_bind_int(q, ":creditor", row->creditor);
    store_bind_text(q, ":payee", row->payee);
    store_bind_text(q, ":payee_name", row->payee_name);
    store_bind_text(q, ":payee_check", row->payee_check);
    store_bind_int(q, ":amount", row->amount);
    store_bind_text(q, ":currency", d->account.currency);
    store_bind_int(q, ":date", row->date_days);
    store_bind_int(q, ":expires", row->expires_us);
    store_bind_int(q, ":due", row->due_us);
    store_bind_text(q, ":status", status_name(row->status));
    store_bind_int(q, ":entry", row->entry);
    enum err e = life_write(d->c, q, row);
    if (e)
        return e;
    row->id = store_last_id(d->c->store);
    q = store_query(d->c->store, STORE_DOCUMENT_ADD);
    store_bind_int(q, ":orders", row->id);
    store_bind_blob(q, ":document", d->document->bytes, d->document->len);
    e = store_run(q);
    if (e || row->kind == LEDGER_DEPOSIT)
        return e;
    return ledger_reserve(d->c, &d->account, row->amount);
}

static enum err add_decision(struct deciding *d, const struct life_made *m)
{
    struct store_query *q = store_query(d->c->store, STORE_DECISION_ADD);

    store_bind_int(q, ":orders", d->row.id);
    store_bind_int(q, ":holder", d->stated.key.holder);
    store_bind_text(q, ":kind", decision_kind(m->verb));
    store_bind_text(q, ":verb", decision_verb_name(m->verb));
    store_bind_int(q, ":key", d->stated.key.id);
    store_bind_int(q, ":issued", m->issued_us);
    store_bind_int(q, ":received", m->received_us);
    store_bind_text(q, ":passed", m->passed);
    store_bind_int(q, ":entry", m->entry);
    if (m->batch != NO_ENTRY)
        store_bind_int(q, ":batch", m->batch);
    return store_run(q);
}

/* The decision joins the others, and all of them are judged anew: keys, both policies. */
static enum err join(struct deciding *d, struct policy_verdict *verdict, struct life_path *path,
                     struct life_made **out)
{
    if (d->decisions->count == LIFE_DECISIONS_MAX)
        return ERR_INTERNAL;
    struct life_made *m = &d->decisions->made[d->decisions->count++];
    *m =
        (struct life_made){.verb = d->verb,
                           .key_status = d->stated.key.status,
                           .key_counts = true,
                           .issued_us = verified_head(d->stated.verified)->issued_us,
                           .received_us = d->c->now_us,
                           .batch = verified_batch(d->stated.verified) ? d->batch.entry : NO_ENTRY};
    memcpy(m->holder, d->stated.key.holder_name, sizeof m->holder);
    memcpy(m->thumbprint, verified_signer(d->stated.verified), sizeof m->thumbprint);
    const struct life_case now = case_of(d);
    life_judge(&now, verdict);
    enum err e = life_path_after(d->row.status, m->verb, verdict, path);
    if (!e)
        note_passed(path, m);
    *out = m;
    return e;
}

/* What the new status brings with it, in the ledger and in the order's row. */
static enum err follow(struct deciding *d, const struct life_case *now)
{
    struct life_order *row = &d->row;
    enum err e = ERR_OK;

    if (row->status == STATUS_ACCP)
        return life_execute(d->c, &d->account, now, LIFE_SINCE_NOW, row);
    if (status_final(row->status)) {
        e = ledger_release(d->c, &d->account, row->amount);
        row->ended_us = d->c->now_us;
    }
    return e ? e : life_save(d->c, row);
}

/* Where there is a rule, only a no puts a quorum out of reach. */
static const char *reason_for(enum status s, const struct policy_verdict *verdict)
{
    if (s == STATUS_CANC)
        return decision_reason_for(VERB_CANCEL);
    if (s != STATUS_RJCT)
        return "";
    return verdict->covered ? decision_reason_for(VERB_REJECT) : "AM21";
}

enum err take_decision(void *deciding, struct core_answer *out)
{
    struct deciding *d = deciding;
    bool is_new = d->row.id == 0;
    struct policy_verdict verdict;
    struct life_path path;
    struct life_made *made = NULL;

    enum err e = is_new ? begin_order(d) : ERR_OK;
    if (!e)
        e = join(d, &verdict, &path, &made);
    if (e)
        return e;
    d->row.status = life_path_end(&path, d->row.status);
    const struct life_case now = case_of(d);
    snprintf(d->row.reason, sizeof d->row.reason, "%s", reason_for(d->row.status, &verdict));
    d->row.due_us = life_due(&now);
    e = add_entry(d, &path, &made->entry);
    d->row.entry = made->entry;
    if (!e && is_new)
        e = add_order(d);
    if (!e)
        e = add_decision(d, made);
    if (!e && !(is_new && status_open(d->row.status))) /* such a one was written whole */
        e = follow(d, &now);
    if (e)
        return e;
    struct doc body = {0};
    view_order(d->c, &now, d->account.currency, d->stated.key.kind == PEOPLE_PERSON, &body);
    doc_canonical(&body, "order", d->document->bytes, d->document->len);
    return answer_doc(d->c, is_new ? 201 : 200, &body, out);
}
