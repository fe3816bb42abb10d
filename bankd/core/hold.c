/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bank's own operator must look at: orders above a limit of the bank, or with a flag on
 * their payee, wait at PDNG until he releases or refuses them.
 */
#include "bankd/core/hold.h"

#include "bankd/core/answer.h"
#include "bankd/core/change.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/payees.h"
#include "bankd/core/session.h"
#include "bankd/core/terms.h"
#include "bankd/core/word.h"
#include <string.h>

/* Of what was found out about the payee. */
static flag_set check_flag(const struct life_order *o)
{
    enum flag f = flag_from_name(o->payee_check, strlen(o->payee_check));

    return f == FLAG_COUNT ? 0 : FLAG_BIT(f); /* a match is none */
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

enum err hold(struct core *c, const struct ledger_account *a, flag_set why, struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    struct doc body = {0}, flags = {0}, status = {0};

    if (!status_may_follow(o->status, STATUS_PDNG))
        return ERR_INTERNAL;
    life_object(a->account, o->order_id, object);
    entries_body(&body, "held", object, o->entry);
    hold_list(why, &flags);
    doc_put(&body, "flags", &flags);
    doc_array(&status);
    doc_push_text(&status, status_name(STATUS_PDNG));
    doc_put(&body, "status", &status);
    enum err e = entries_add(c, &body, &o->entry);
    o->status = STATUS_PDNG;
    o->held = why;
    o->due_us = INT64_MAX; /* only the operator or a cancel moves it */
    return e ? e : life_save(c, o);
}

/* --- the operator's word --- */

static enum err release(struct core *c, struct ledger_account *a, const struct word *w,
                        struct life_order *o)
{
    struct doc body = {0};

    enum err e = change_catch_up(c, a); /* it is judged by the policy that is due by now */
    if (e)
        return e;
    word_entry(w, "released", a, o, &body);
    e = entries_add(c, &body, &o->entry);
    o->released = true;
    return e ? e : life_execute_stored(c, a, o);
}

static enum err decide(struct core *c, const struct word *w, bool releases, struct core_answer *out)
{
    const struct life_end end = {"DS04", w->who->operator_name, w->note};
    struct ledger_account a;
    struct life_order o;

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator_note(w->who, w->note);
    if (!e)
        e = word_find(c, w, STATUS_PDNG, ERR_ORDER_NOT_HELD, &a, &o);
    if (!e && releases && o.released) /* it waits for a business day */
        e = ERR_ORDER_NOT_HELD;
    if (e)
        return answer_refuse(c, w->who, e, out);
    e = releases ? release(c, &a, w, &o) : life_end(c, &a, &end, &o);
    return e ? e : word_answer(c, &a, &o, out);
}

enum err core_order_release(struct core *c, const struct core_caller *who, const char *account,
                            const char *id, const char *note, struct core_answer *out)
{
    const struct word w = {who, account, id, note};

    return decide(c, &w, true, out);
}

enum err core_order_refuse(struct core *c, const struct core_caller *who, const char *account,
                           const char *id, const char *note, struct core_answer *out)
{
    const struct word w = {who, account, id, note};

    return decide(c, &w, false, out);
}
