/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bank's own operator must look at: orders above a limit of the bank, or with a flag on
 * their payee, wait at PDNG until he releases or refuses them, and so do those that he keeps back.
 */
#include "bankd/core/hold.h"

#include "bankd/core/answer.h"
#include "bankd/core/change.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/payees.h"
#include "bankd/core/reading.h"
#include "bankd/core/session.h"
#include "bankd/core/terms.h"
#include "bankd/core/word.h"
#include <string.h>

#define HOLDS_MAX 32 /* of one order, by its operators; docs/FORMAT.md section 13 */

/* Of what was found out about the payee. */
static flag_set check_flag(const struct life_order *o)
{
    enum flag f = flag_from_name(o->payee_check, strlen(o->payee_check));

    return f == FLAG_COUNT ? 0 : FLAG_BIT(f); /* a match is none */
}

bool hold_kept(const struct life_order *o)
{
    return (o->held & FLAG_BIT(FLAG_OPERATOR)) && !o->released;
}

enum err hold_flags(struct core *c, const struct life_order *o, flag_set *out)
{
    *out = 0;
    if (o->kind != LEDGER_PAYMENT)
        return ERR_OK;
    enum err e = payees_flags(c, o, out);
    *out |= check_flag(o);
    return e;
}

enum err hold_needed(struct core *c, const char *currency, const struct life_order *o,
                     flag_set *out)
{
    const flag_set of_payees = FLAG_BIT(FLAG_FIRST_PAYMENT) | FLAG_BIT(FLAG_LOOK_ALIKE);
    flag_set payee = 0;
    enum err e = ERR_OK;

    *out = 0;
    if (o->released || o->kind != LEDGER_PAYMENT) /* cash waits at its terminal */
        return ERR_OK;
    if (c->terms.hold_on & of_payees)
        e = payees_flags(c, o, &payee);
    *out = (payee | check_flag(o)) & c->terms.hold_on;
    if (hold_kept(o))
        *out |= FLAG_BIT(FLAG_OPERATOR);
    if (terms_above(&c->terms, currency, o->amount))
        *out |= FLAG_BIT(FLAG_ABOVE_LIMIT);
    return e;
}

void hold_list(flag_set flags, struct doc *out)
{
    doc_array(out);
    for (enum flag f = 0; f < FLAG_COUNT; f++) {
        if (flags & FLAG_BIT(f))
            doc_push_text(out, flag_name(f));
    }
}

static void put_flags(flag_set why, struct doc *body)
{
    struct doc flags = {0};

    hold_list(why, &flags);
    doc_put(body, "flags", &flags);
}

/* Without one when it stays where it is. */
static void put_status(bool moves, struct doc *body)
{
    struct doc status = {0};

    doc_array(&status);
    if (moves)
        doc_push_text(&status, status_name(STATUS_PDNG));
    doc_put(body, "status", &status);
}

static void wait_for_operator(flag_set why, struct life_order *o)
{
    o->status = STATUS_PDNG;
    o->held = why;
    o->released = false;
    o->due_us = INT64_MAX; /* only the operator or a cancel moves it */
}

enum err hold(struct core *c, const struct ledger_account *a, flag_set why, struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    struct doc body = {0};

    if (!status_may_follow(o->status, STATUS_PDNG))
        return ERR_INTERNAL;
    life_object(a->account, o->order_id, object);
    entries_body(&body, "held", object, o->entry);
    put_flags(why, &body);
    put_status(true, &body);
    enum err e = entries_add(c, &body, &o->entry);
    wait_for_operator(why, o);
    return e ? e : life_save(c, o);
}

/* --- the operator's word --- */

/* What he may let go on, or end. */
static bool waits(const struct life_order *o)
{
    return o->status == STATUS_PDNG ? !o->released : status_open(o->status) && hold_kept(o);
}

/* What time demanded of the account before his word goes first: the order may be over, and it is
 * judged by the policy that is due by now. */
static enum err find(struct core *c, const struct word *w, struct ledger_account *a,
                     struct life_order *o)
{
    enum err e = session_operator_note(w->who, w->said->note);
    if (!e)
        e = ledger_find(c, w->said->account, a);
    if (!e)
        e = reading_catch_up(c, a);
    return e ? e : word_find(c, w, a, o);
}

static enum err release(struct core *c, struct ledger_account *a, const struct word *w,
                        struct life_order *o)
{
    struct doc body = {0};

    word_entry(w, "released", a, o, &body);
    enum err e = entries_add(c, &body, &o->entry);
    if (!e)
        e = word_note(c, w, EYES_RELEASED, a, o);
    if (status_open(o->status)) { /* the holders go on; what else it waits for, is not looked at */
        o->held = 0;
        return e ? e : life_save(c, o);
    }
    o->released = true;
    return e ? e : life_execute_stored(c, a, o);
}

enum err core_order_release(struct core *c, const struct core_caller *who,
                            const struct core_word *said, struct core_answer *out)
{
    const struct word w = {who, said};
    struct ledger_account a;
    struct life_order o;

    *out = (struct core_answer){0};
    enum err e = find(c, &w, &a, &o);
    if (!e && !waits(&o)) /* it may be one that waits for a business day */
        e = ERR_ORDER_NOT_HELD;
    if (!e)
        e = word_may(c, &w, EYES_RELEASED, &a, &o);
    if (e)
        return word_refuse(c, &w, e, out);
    e = release(c, &a, &w, &o);
    return e ? e : word_answer(c, &a, &o, out);
}

enum err core_order_refuse(struct core *c, const struct core_caller *who,
                           const struct core_word *said, struct core_answer *out)
{
    const struct life_end end = {"DS04", who, said->note};
    const struct word w = {who, said};
    struct ledger_account a;
    struct life_order o;

    *out = (struct core_answer){0};
    enum err e = find(c, &w, &a, &o);
    if (!e && o.status != STATUS_PDNG && !waits(&o))
        e = ERR_ORDER_NOT_HELD;
    if (e)
        return word_refuse(c, &w, e, out);
    e = life_end(c, &a, &end, &o);
    return e ? e : word_answer(c, &a, &o, out);
}

/* --- kept back by him --- */

static bool may_keep(const struct life_order *o)
{
    if (o->kind != LEDGER_PAYMENT || hold_kept(o))
        return false;
    return status_open(o->status) || o->status == STATUS_ACCP ||
           (o->status == STATUS_PDNG && o->released);
}

/* Evidence has to tell every time. */
static enum err may_keep_again(struct core *c, const struct ledger_account *a,
                               const struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    int64_t times = 0;

    life_object(a->account, o->order_id, object);
    enum err e = eyes_count(c, EYES_HELD, object, &times);
    return !e && times >= HOLDS_MAX ? ERR_HOLDS_TOO_MANY : e;
}

/* While its holders decide it goes on: once it is accepted, hold takes it. */
static enum err keep(struct core *c, const struct ledger_account *a, const struct word *w,
                     struct life_order *o)
{
    flag_set why = FLAG_BIT(FLAG_OPERATOR), more = 0;
    bool moves = o->status == STATUS_ACCP;
    struct doc body = {0};

    enum err e = moves ? hold_needed(c, a->currency, o, &more) : ERR_OK;
    if (e)
        return e;
    word_entry(w, "held", a, o, &body);
    put_flags(why | more, &body);
    put_status(moves, &body);
    e = entries_add(c, &body, &o->entry);
    if (!e)
        e = word_note(c, w, EYES_HELD, a, o);
    if (status_open(o->status))
        o->held = why;
    else
        wait_for_operator(why | more, o);
    return e ? e : life_save(c, o);
}

enum err core_order_hold(struct core *c, const struct core_caller *who,
                         const struct core_word *said, struct core_answer *out)
{
    const struct word w = {who, said};
    struct ledger_account a;
    struct life_order o;

    *out = (struct core_answer){0};
    enum err e = find(c, &w, &a, &o);
    if (!e && !may_keep(&o))
        e = ERR_NOT_HOLDABLE;
    if (!e)
        e = may_keep_again(c, &a, &o);
    if (e)
        return word_refuse(c, &w, e, out);
    e = keep(c, &a, &w, &o);
    return e ? e : word_answer(c, &a, &o, out);
}
