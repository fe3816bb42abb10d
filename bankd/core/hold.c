/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bank's own operator must look at: orders above a limit of the bank wait at PDNG until he
 * releases or refuses them.
 */
#include "bankd/core/hold.h"

#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/entries.h"
#include "bankd/core/session.h"
#include "bankd/core/view.h"
#include "order/amount.h"
#include "order/text.h"
#include <string.h>

#define NOTE_CHARS 140
#define CURRENCY_LEN 3

/* --- the setting --- */

/* "10000.00 EUR" */
static enum err read_limit(const char *text, size_t len, struct core_hold *out)
{
    const char *space = memchr(text, ' ', len);
    size_t amount_len = space ? (size_t)(space - text) : 0;
    struct core_hold_limit *l = &out->limit[out->count];

    if (!space || len != amount_len + 1 + CURRENCY_LEN || out->count == CORE_HOLD_MAX)
        return ERR_CONFIG_INVALID;
    memcpy(l->currency, space + 1, CURRENCY_LEN);
    l->currency[CURRENCY_LEN] = 0;
    for (size_t i = 0; i < out->count; i++) {
        if (strcmp(out->limit[i].currency, l->currency) == 0)
            return ERR_CONFIG_INVALID;
    }
    out->count++;
    return amount_parse(text, amount_len, l->currency, &l->above) ? ERR_CONFIG_INVALID : ERR_OK;
}

enum err core_hold_parse(const char *text, struct core_hold *out)
{
    enum err e = ERR_OK;

    *out = (struct core_hold){.count = 0};
    while (!e && *text) {
        size_t len = strcspn(text, ",");
        e = read_limit(text, len, out);
        text += len;
        text += strspn(text, ", ");
    }
    return e;
}

bool hold_needed(const struct core *c, const char *currency, const struct life_order *o)
{
    for (size_t i = 0; i < c->hold.count && !o->released; i++) {
        if (strcmp(c->hold.limit[i].currency, currency) == 0)
            return o->amount > c->hold.limit[i].above;
    }
    return false;
}

enum err hold(struct core *c, const struct ledger_account *a, struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    struct doc body = {0}, status = {0};

    if (!status_may_follow(o->status, STATUS_PDNG))
        return ERR_INTERNAL;
    life_object(a->account, o->order_id, object);
    entries_body(&body, "held", object, o->entry);
    doc_array(&status);
    doc_push_text(&status, status_name(STATUS_PDNG));
    doc_put(&body, "status", &status);
    enum err e = entries_add(c, &body, &o->entry);
    o->status = STATUS_PDNG;
    o->due_us = INT64_MAX; /* only the operator or a cancel moves it */
    return e ? e : life_save(c, o);
}

/* --- the operator's word --- */

struct word {
    const char *operator_name, *note;
};

static enum err find(struct core *c, const char *account, const char *id, struct ledger_account *a,
                     struct life_order *o)
{
    enum err e = ledger_find(c, account, a);
    if (!e)
        e = life_find(c, a->id, id, o);
    return !e && o->status != STATUS_PDNG ? ERR_ORDER_NOT_HELD : e;
}

static enum err release(struct core *c, struct ledger_account *a, const struct word *w,
                        struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];
    struct doc body = {0};

    life_object(a->account, o->order_id, object);
    entries_body(&body, "released", object, o->entry);
    doc_text(&body, "operator", w->operator_name);
    doc_text(&body, "note", w->note);
    enum err e = entries_add(c, &body, &o->entry);
    o->released = true;
    return e ? e : life_execute_stored(c, a, o);
}

static enum err decide(struct core *c, const struct core_caller *who, bool releases,
                       const char *account, const char *id, const char *note,
                       struct core_answer *out)
{
    const struct word w = {who->operator_name, note};
    struct ledger_account a;
    struct life_order o;
    struct doc body = {0};

    *out = (struct core_answer){0};
    if (c->insane)
        return ERR_CLOCK_INSANE;
    enum err e = session_operator(who);
    if (!e)
        e = utext_check(note, strlen(note), NOTE_CHARS);
    if (!e)
        e = find(c, account, id, &a, &o);
    if (e)
        return answer_refuse(c, who, e, out);
    const struct life_end end = {"DS04", w.operator_name, w.note};
    e = releases ? release(c, &a, &w, &o) : life_end(c, &a, &end, &o);
    if (!e)
        e = view_stored_order(c, &a, &o, &body);
    return e ? e : answer_doc(c, 200, &body, out);
}

enum err core_order_release(struct core *c, const struct core_caller *who, const char *account,
                            const char *id, const char *note, struct core_answer *out)
{
    return decide(c, who, true, account, id, note, out);
}

enum err core_order_refuse(struct core *c, const struct core_caller *who, const char *account,
                           const char *id, const char *note, struct core_answer *out)
{
    return decide(c, who, false, account, id, note, out);
}
