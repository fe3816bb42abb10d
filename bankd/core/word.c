/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/word.h"

#include "bankd/core/answer.h"
#include "bankd/core/claim.h"
#include "bankd/core/entries.h"
#include "bankd/core/view.h"

/* Newer entries than he saw may have changed what he decides about. */
static enum err check_seen(const struct word *w, const struct life_order *o)
{
    return w->said->entry && w->said->entry != o->entry ? ERR_ITEM_CHANGED : ERR_OK;
}

enum err word_find(struct core *c, const struct word *w, struct ledger_account *a,
                   struct life_order *o)
{
    char object[LIFE_OBJECT_MAX];

    enum err e = ledger_find(c, w->said->account, a);
    if (!e)
        e = life_find(c, a->id, w->said->id, o);
    if (e)
        return e;
    life_object(a->account, o->order_id, object);
    e = claim_check(c, w->who, object);
    return e ? e : check_seen(w, o);
}

enum err word_may(struct core *c, const struct word *w, enum eyes_act act,
                  const struct ledger_account *a, const struct life_order *o)
{
    char order[LIFE_OBJECT_MAX], account[LEDGER_OBJECT_MAX];

    life_object(a->account, o->order_id, order);
    ledger_object(a->account, account);
    enum err e = eyes_check(c, w->who, act, order);
    return e ? e : eyes_check(c, w->who, act, account);
}

enum err word_note(struct core *c, const struct word *w, enum eyes_act act,
                   const struct ledger_account *a, const struct life_order *o)
{
    char order[LIFE_OBJECT_MAX];

    life_object(a->account, o->order_id, order);
    return eyes_note(c, w->who, act, order);
}

void word_entry(const struct word *w, const char *type, const struct ledger_account *a,
                const struct life_order *o, struct doc *body)
{
    char object[LIFE_OBJECT_MAX];

    life_object(a->account, o->order_id, object);
    entries_body(body, type, object, o->entry);
    entries_operator(body, w->who);
    doc_text(body, "note", w->said->note);
}

enum err word_refuse(struct core *c, const struct word *w, enum err e, struct core_answer *out)
{
    char object[LIFE_OBJECT_MAX];

    life_object(w->said->account, w->said->id, object);
    return claim_refuse(c, w->who, object, e, out);
}

enum err word_answer(struct core *c, const struct ledger_account *a, const struct life_order *o,
                     struct core_answer *out)
{
    struct doc body = {0};

    enum err e = view_operator_order(c, a, o, &body);
    if (!e)
        return answer_doc(c, 200, &body, out);
    doc_free(&body);
    return e;
}
