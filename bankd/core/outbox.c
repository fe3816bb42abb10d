/* SPDX-License-Identifier: Apache-2.0
 *
 * What was paid to another bank: the money waits in the settlement account until that bank has it,
 * or sent it back.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/life.h"
#include "bankd/core/payees.h"
#include "bankd/core/session.h"
#include "bankd/core/view.h"
#include <stdio.h>
#include <string.h>

/* What the other bank did. */
struct word {
    const char *type; /* of the entry */
    enum ledger_kind kind;
    enum status status;
    const char *reason; /* "" for a confirmation */
    const char *operator_name, *note;
};

static enum err find(struct core *c, const char *account, const char *id, struct ledger_account *a,
                     struct life_order *o)
{
    enum err e = ledger_find(c, account, a);
    if (!e)
        e = life_find(c, a->id, id, o);
    return !e && o->status != STATUS_ACSP ? ERR_ORDER_NOT_SENT : e;
}

/* Out of the settlement account: to the bank outside, or back to the debtor. */
static enum err move(struct core *c, struct ledger_account *a, const struct word *w,
                     const struct life_order *o, int64_t *movement)
{
    struct ledger_account settlement, outside = {0};
    const struct ledger_move m = {.kind = w->kind,
                                  .from = &settlement,
                                  .to = w->kind == LEDGER_RETURN ? a : &outside,
                                  .amount = o->amount,
                                  .orders = o->id};

    enum err e = ledger_by_id(c, o->creditor, &settlement);
    if (!e)
        e = ledger_own(c, LEDGER_BANK, a->currency, &outside);
    if (!e)
        e = ledger_move(c, &m, movement);
    return e == ERR_AMOUNT_TOO_LARGE ? ERR_INTERNAL : e; /* it was in the books before */
}

static enum err write_entry(struct core *c, const struct ledger_account *a, const struct word *w,
                            int64_t movement, struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    struct doc body = {0}, status = {0};

    life_object(a->account, o->order_id, object);
    entries_body(&body, w->type, object, o->entry);
    doc_int(&body, "movement", movement);
    doc_text(&body, "operator", w->operator_name);
    doc_text(&body, "note", w->note);
    doc_text_optional(&body, "reason", w->reason);
    doc_array(&status);
    doc_push_text(&status, status_name(w->status));
    doc_put(&body, "status", &status);
    return entries_add(c, &body, &o->entry);
}

static enum err end(struct core *c, struct ledger_account *a, const struct word *w,
                    struct life_order *o)
{
    int64_t movement = 0;

    if (!status_may_follow(o->status, w->status))
        return ERR_INTERNAL;
    enum err e = move(c, a, w, o, &movement);
    if (!e)
        e = write_entry(c, a, w, movement, o);
    if (!e && w->status == STATUS_ACSC)
        e = payees_note(c, o); /* what came back made nobody known */
    o->status = w->status;
    o->ended_us = c->now_us;
    snprintf(o->reason, sizeof o->reason, "%s", w->reason);
    return e ? e : life_save(c, o);
}

static enum err take(struct core *c, const struct core_caller *who, const char *account,
                     const char *id, const struct word *w, struct core_answer *out)
{
    struct ledger_account a;
    struct life_order o;
    struct doc body = {0};

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator_note(who, w->note);
    if (!e && w->status == STATUS_RJCT && !status_reason_returns(w->reason, strlen(w->reason)))
        e = ERR_REASON_INVALID;
    if (!e)
        e = find(c, account, id, &a, &o);
    if (e)
        return answer_refuse(c, who, e, out);
    e = end(c, &a, w, &o);
    if (!e)
        e = view_stored_order(c, &a, &o, true, &body);
    return e ? e : answer_doc(c, 200, &body, out);
}

enum err core_order_confirm(struct core *c, const struct core_caller *who, const char *account,
                            const char *id, const char *note, struct core_answer *out)
{
    const struct word w = {"confirmed", LEDGER_CONFIRMATION, STATUS_ACSC,
                           "",          who->operator_name,  note};

    return take(c, who, account, id, &w, out);
}

enum err core_order_return(struct core *c, const struct core_caller *who, const char *account,
                           const char *id, const char *reason, const char *note,
                           struct core_answer *out)
{
    const struct word w = {"returned", LEDGER_RETURN,      STATUS_RJCT,
                           reason,     who->operator_name, note};

    return take(c, who, account, id, &w, out);
}
