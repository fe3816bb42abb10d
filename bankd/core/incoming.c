/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes from other banks, and how the operator puts right where it went.
 */
#include "bankd/core/answer.h"
#include "bankd/core/claim.h"
#include "bankd/core/core.h"
#include "bankd/core/credits.h"
#include "bankd/core/entries.h"
#include "bankd/core/eyes.h"
#include "bankd/core/page.h"
#include "bankd/core/reading.h"
#include "bankd/core/session.h"
#include "bankd/core/view.h"
#include "base/text.h"
#include "order/amount.h"
#include "order/text.h"
#include <stdio.h>
#include <string.h>

#define REFERENCE_CHARS 35

/* What the operator does about money that came in. */
struct act {
    const char *type; /* of the entry */
    const struct core_caller *who;
    const char *note;
};

/* Books the whole of M, and writes an entry about A, one of its sides. */
static enum err book(struct core *c, const struct act *act, const struct ledger_move *m,
                     const char *reference, struct ledger_account *a)
{
    char object[LEDGER_OBJECT_MAX];
    struct doc body = {0};
    int64_t movement = 0;

    enum err e = ledger_move(c, m, &movement);
    if (e)
        return e;
    ledger_object(a->account, object);
    entries_body(&body, act->type, object, a->entry);
    doc_money(&body, "amount", m->amount, a->currency);
    doc_money(&body, "balance", a->booked, a->currency);
    doc_text(&body, "currency", a->currency);
    doc_int(&body, "movement", movement);
    doc_text(&body, "operator", act->who->operator_name);
    doc_text(&body, "note", act->note);
    doc_text_optional(&body, "reference", reference);
    if (m->reverses)
        doc_int(&body, "reverses", m->reverses);
    e = ledger_entry(c, a, &body);
    return e ? e : eyes_note(c, act->who, EYES_BOOKED, object);
}

/* --- a credit comes in --- */

static enum err copy_text(const char *text, size_t max_chars, char *out, size_t size)
{
    enum err e = utext_check(text, strlen(text), max_chars);

    snprintf(out, size, "%s", text);
    return e;
}

static enum err copy_account(const char *text, char out[static IBAN_MAX + 1])
{
    enum err e = iban_check(text, strlen(text));

    snprintf(out, IBAN_MAX + 1, "%s", text);
    return e;
}

static enum err read_credit(struct core *c, const struct core_credit *in, struct credit *out)
{
    *out = (struct credit){.received_us = c->now_us};
    enum err e = copy_text(in->reference, REFERENCE_CHARS, out->reference, sizeof out->reference);
    if (!e)
        e = copy_account(in->account, out->account);
    if (!e)
        e = amount_parse(in->amount, strlen(in->amount), in->currency, &out->amount);
    if (!e && out->amount == 0)
        e = ERR_AMOUNT_ZERO;
    if (!e)
        e = copy_text(in->debtor_name, ORDER_TEXT_CHARS, out->debtor_name, sizeof out->debtor_name);
    if (!e && in->debtor_account[0])
        e = copy_account(in->debtor_account, out->debtor_account);
    if (!e && in->description[0])
        e = copy_text(in->description, ORDER_TEXT_CHARS, out->description, sizeof out->description);
    snprintf(out->currency, sizeof out->currency, "%s", in->currency);
    return e;
}

/* Where it goes; WHY is the ISO reason for suspense, or "". */
static enum err find_place(struct core *c, struct credit *k, struct ledger_account *out,
                           const char **why)
{
    enum err e = ledger_find(c, k->account, out);

    if (e && e != ERR_ACCOUNT_UNKNOWN)
        return e;
    *why = e                                         ? "AC01"
           : out->state == LEDGER_CLOSED             ? "AC04"
           : strcmp(out->currency, k->currency) != 0 ? "AM03"
                                                     : "";
    k->state = **why ? CREDIT_SUSPENSE : CREDIT_BOOKED;
    return **why ? ledger_own(c, LEDGER_SUSPENSE, k->currency, out) : ERR_OK;
}

static enum err write_credit(struct core *c, const struct credit *k, const char *operator_name,
                             const char *why, int64_t movement, struct ledger_account *a)
{
    char object[LEDGER_OBJECT_MAX];
    struct doc body = {0};

    ledger_object(a->account, object);
    entries_body(&body, "credit", object, a->entry);
    doc_text(&body, "account", k->account);
    doc_money(&body, "amount", k->amount, k->currency);
    doc_money(&body, "balance", a->booked, k->currency);
    doc_text(&body, "currency", k->currency);
    doc_text_optional(&body, "debtorAccount", k->debtor_account);
    doc_text(&body, "debtorName", k->debtor_name);
    doc_text_optional(&body, "description", k->description);
    doc_int(&body, "movement", movement);
    doc_text(&body, "operator", operator_name);
    doc_text_optional(&body, "reason", why);
    doc_text(&body, "reference", k->reference);
    return ledger_entry(c, a, &body);
}

/* Whose money it is, or of what nobody knows it yet. */
static enum err note_credit(struct core *c, const struct core_caller *who, const struct credit *k,
                            const struct ledger_account *place)
{
    char object[LEDGER_OBJECT_MAX], item[CORE_ITEM_MAX + 1];

    ledger_object(place->account, object);
    claim_credit(k->id, item);
    return k->state == CREDIT_SUSPENSE ? eyes_note(c, who, EYES_CREDITED, item)
                                       : eyes_note(c, who, EYES_BOOKED, object);
}

static enum err take_credit(struct core *c, struct credit *k, const struct core_caller *who)
{
    struct ledger_account outside, place;
    const char *why = "";
    int64_t movement = 0;

    enum err e = ledger_own(c, LEDGER_BANK, k->currency, &outside);
    if (!e)
        e = find_place(c, k, &place, &why);
    struct ledger_move m = {
        .kind = LEDGER_CREDIT, .from = &outside, .to = &place, .amount = k->amount};
    if (!e)
        e = ledger_may_move(c, &m);
    if (!e)
        e = credits_add(c, k);
    m.credit = k->id;
    if (!e)
        e = ledger_move(c, &m, &movement);
    if (!e)
        e = write_credit(c, k, who->operator_name, why, movement, &place);
    return e ? e : note_credit(c, who, k, &place);
}

enum err core_credit(struct core *c, const struct core_caller *who, const struct core_credit *in,
                     struct core_answer *out)
{
    struct credit k;
    struct doc body = {0};
    bool known = false;

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = read_credit(c, in, &k);
    if (!e)
        e = credits_known(c, k.reference, &known);
    if (!e && known)
        e = ERR_CREDIT_EXISTS;
    if (!e)
        e = take_credit(c, &k, who);
    if (!e)
        credits_view(&k, &body);
    return answer_finish(c, who, e, 201, &body, out);
}

/* --- suspense --- */

enum err core_suspense(struct core *c, const struct core_caller *who, const struct core_page *asked,
                       struct core_answer *out)
{
    static const struct page_list list = {STORE_CREDIT_SUSPENSE, credits_push, "credits", NULL};

    return page_for_operators(c, who, asked, &list, out);
}

static enum err find_suspended(struct core *c, const char *credit, struct credit *out)
{
    uint64_t id = 0;

    if (text_parse_u64(credit, strlen(credit), INT64_MAX, &id))
        return ERR_NOT_FOUND;
    enum err e = credits_find(c, (int64_t)id, out);
    return !e && out->state != CREDIT_SUSPENSE ? ERR_NOT_FOUND : e;
}

static enum err find_receiver(struct core *c, const struct credit *k, const char *account,
                              struct ledger_account *out)
{
    enum err e = ledger_find(c, account, out);

    if (!e && out->state == LEDGER_CLOSED)
        e = ERR_ACCOUNT_CLOSED;
    return !e && strcmp(out->currency, k->currency) != 0 ? ERR_CURRENCY_MISMATCH : e;
}

static const char *item_of(const struct credit *k, char item[static CORE_ITEM_MAX + 1])
{
    claim_credit(k->id, item);
    return item;
}

/* ACCOUNT NULL: back to where it came from. The entry is about who gets it, or else about suspense.
 */
static enum err out_of_suspense(struct core *c, const struct core_caller *who, const char *credit,
                                const char *account, const char *note, struct core_answer *out)
{
    const struct act act = {account ? "assigned" : "given-back", who, note};
    char item[CORE_ITEM_MAX + 1] = "";
    struct ledger_account suspense, to;
    struct credit k;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator_note(who, note);
    if (!e)
        e = find_suspended(c, credit, &k);
    if (!e)
        e = claim_check(c, who, item_of(&k, item));
    if (!e)
        e = eyes_check(c, who, EYES_DISPOSED, item);
    if (!e)
        e = ledger_own(c, LEDGER_SUSPENSE, k.currency, &suspense);
    if (!e)
        e = account ? find_receiver(c, &k, account, &to)
                    : ledger_own(c, LEDGER_BANK, k.currency, &to);
    const struct ledger_move m = {.kind = account ? LEDGER_ASSIGNMENT : LEDGER_GIVEN_BACK,
                                  .from = &suspense,
                                  .to = &to,
                                  .amount = e ? 0 : k.amount,
                                  .credit = e ? 0 : k.id};
    if (!e)
        e = book(c, &act, &m, k.reference, account ? &to : &suspense);
    if (!e)
        e = credits_set(c, &k, account ? CREDIT_BOOKED : CREDIT_RETURNED);
    if (!e)
        e = claim_end(c, item);
    if (!e)
        credits_view(&k, &body);
    return e == ERR_ITEM_CLAIMED ? claim_refuse(c, who, item, e, out)
                                 : answer_finish(c, who, e, 200, &body, out);
}

enum err core_credit_assign(struct core *c, const struct core_caller *who, const char *credit,
                            const char *account, const char *note, struct core_answer *out)
{
    return out_of_suspense(c, who, credit, account, note, out);
}

enum err core_credit_return(struct core *c, const struct core_caller *who, const char *credit,
                            const char *note, struct core_answer *out)
{
    return out_of_suspense(c, who, credit, NULL, note, out);
}

/* --- reversal --- */

/* A movement of the account, as far as a reversal must know it. */
struct booked {
    enum ledger_kind kind;
    int64_t id, credit, amount;
};

static enum err find_movement(struct core *c, const struct ledger_account *a, const char *movement,
                              struct booked *out)
{
    uint64_t id = 0;
    bool found = false;

    if (text_parse_u64(movement, strlen(movement), INT64_MAX, &id))
        return ERR_NOT_FOUND;
    struct store_query *q = store_query(c->store, STORE_MOVEMENT_FIND);
    store_bind_int(q, ":account", a->id);
    store_bind_int(q, ":movement", (int64_t)id);
    enum err e = store_step(q, &found);
    if (!e && !found)
        e = ERR_NOT_FOUND;
    if (!e)
        *out = (struct booked){.kind = ledger_kind_from_name(store_text(q, 0)),
                               .id = (int64_t)id,
                               .credit = store_is_null(q, 1) ? 0 : store_int(q, 1),
                               .amount = store_int(q, 2)};
    store_done(q);
    return e;
}

/* Only what brought money in, without an order. */
static enum err check_reversible(struct core *c, const struct booked *b)
{
    struct store_query *q = store_query(c->store, STORE_MOVEMENT_REVERSED);
    bool reversed = false;

    store_bind_int(q, ":movement", b->id);
    enum err e = store_step(q, &reversed);
    store_done(q);
    if (!e && reversed)
        e = ERR_MOVEMENT_REVERSED;
    if (!e && b->kind != LEDGER_FUNDING && b->kind != LEDGER_CREDIT && b->kind != LEDGER_ASSIGNMENT)
        e = ERR_NOT_REVERSIBLE;
    return e;
}

/* A funding goes back outside; what another bank sent is in suspense again, for somebody else. */
static enum err reverse(struct core *c, const struct act *act, const struct booked *b,
                        struct ledger_account *a)
{
    enum ledger_own place = b->credit ? LEDGER_SUSPENSE : LEDGER_BANK;
    struct ledger_account to;
    struct credit k = {.reference = ""};

    enum err e = ledger_own(c, place, a->currency, &to);
    if (!e && b->credit)
        e = credits_find(c, b->credit, &k);
    const struct ledger_move m = {.kind = LEDGER_REVERSAL,
                                  .from = a,
                                  .to = &to,
                                  .amount = b->amount,
                                  .credit = b->credit,
                                  .reverses = b->id};
    if (!e)
        e = book(c, act, &m, k.reference, a);
    return !e && b->credit ? credits_set(c, &k, CREDIT_SUSPENSE) : e;
}

enum err core_reverse(struct core *c, const struct core_caller *who, const char *account,
                      const char *movement, const char *note, struct core_answer *out)
{
    const struct act act = {"reversal", who, note};
    struct ledger_account a;
    struct booked b;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator_note(who, note);
    if (!e)
        e = ledger_find(c, account, &a);
    if (!e)
        e = reading_catch_up(c, &a);
    if (!e)
        e = find_movement(c, &a, movement, &b);
    if (!e)
        e = check_reversible(c, &b);
    if (!e)
        e = reverse(c, &act, &b, &a);
    if (!e)
        e = view_account(c, &a, &body);
    return answer_finish(c, who, e, 201, &body, out);
}
