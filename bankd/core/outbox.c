/* SPDX-License-Identifier: Apache-2.0
 *
 * What was paid to another bank: the money waits in the settlement account until that bank has it,
 * or sent it back.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/payees.h"
#include "bankd/core/session.h"
#include "bankd/core/word.h"
#include <stdio.h>
#include <string.h>

/* What the other bank did. */
struct outcome {
    const char *type; /* of the entry */
    enum ledger_kind kind;
    enum status status;
    const char *reason; /* "" for a confirmation */
};

/* Out of the settlement account: to the bank outside, or back to the debtor. */
static enum err move(struct core *c, struct ledger_account *a, enum ledger_kind kind,
                     const struct life_order *o, int64_t *movement)
{
    struct ledger_account settlement, outside = {0};
    const struct ledger_move m = {.kind = kind,
                                  .from = &settlement,
                                  .to = kind == LEDGER_RETURN ? a : &outside,
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
                            const struct outcome *what, int64_t movement, struct life_order *o)
{
    struct doc body = {0}, status = {0};

    word_entry(w, what->type, a, o, &body);
    doc_int(&body, "movement", movement);
    doc_text_optional(&body, "reason", what->reason);
    doc_array(&status);
    doc_push_text(&status, status_name(what->status));
    doc_put(&body, "status", &status);
    return entries_add(c, &body, &o->entry);
}

static enum err end(struct core *c, struct ledger_account *a, const struct word *w,
                    const struct outcome *what, struct life_order *o)
{
    int64_t movement = 0;

    if (!status_may_follow(o->status, what->status))
        return ERR_INTERNAL;
    enum err e = move(c, a, what->kind, o, &movement);
    if (!e)
        e = write_entry(c, a, w, what, movement, o);
    if (!e && what->status == STATUS_ACSC)
        e = payees_note(c, o); /* what came back made nobody known */
    o->status = what->status;
    o->ended_us = c->now_us;
    snprintf(o->reason, sizeof o->reason, "%s", what->reason);
    return e ? e : life_save(c, o);
}

static enum err take(struct core *c, const struct word *w, const struct outcome *what,
                     struct core_answer *out)
{
    struct ledger_account a;
    struct life_order o;

    *out = (struct core_answer){0};
    enum err e = session_operator_note(w->who, w->said->note);
    if (!e && what->status == STATUS_RJCT &&
        !status_reason_returns(what->reason, strlen(what->reason)))
        e = ERR_REASON_INVALID;
    if (!e)
        e = word_find(c, w, &a, &o);
    if (!e && o.status != STATUS_ACSP)
        e = ERR_ORDER_NOT_SENT;
    if (!e)
        e = word_may(c, w, EYES_OUTCOME, &a, &o);
    if (e)
        return word_refuse(c, w, e, out);
    e = end(c, &a, w, what, &o);
    return e ? e : word_answer(c, &a, &o, out);
}

enum err core_order_confirm(struct core *c, const struct core_caller *who,
                            const struct core_word *said, struct core_answer *out)
{
    static const struct outcome arrived = {"confirmed", LEDGER_CONFIRMATION, STATUS_ACSC, ""};

    return take(c, &(struct word){who, said}, &arrived, out);
}

enum err core_order_return(struct core *c, const struct core_caller *who,
                           const struct core_word *said, const char *reason,
                           struct core_answer *out)
{
    const struct outcome sent_back = {"returned", LEDGER_RETURN, STATUS_RJCT, reason};

    return take(c, &(struct word){who, said}, &sent_back, out);
}
