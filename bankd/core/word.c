/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/word.h"

#include "bankd/core/answer.h"
#include "bankd/core/entries.h"
#include "bankd/core/view.h"

enum err word_find(struct core *c, const struct word *w, enum status status, enum err otherwise,
                   struct ledger_account *a, struct life_order *o)
{
    enum err e = ledger_find(c, w->account, a);
    if (!e)
        e = life_find(c, a->id, w->id, o);
    return !e && o->status != status ? otherwise : e;
}

void word_entry(const struct word *w, const char *type, const struct ledger_account *a,
                const struct life_order *o, struct doc *body)
{
    char object[LIFE_OBJECT_MAX];

    life_object(a->account, o->order_id, object);
    entries_body(body, type, object, o->entry);
    doc_text(body, "operator", w->who->operator_name);
    doc_text(body, "note", w->note);
}

enum err word_answer(struct core *c, const struct ledger_account *a, const struct life_order *o,
                     struct core_answer *out)
{
    struct doc body = {0};

    enum err e = view_stored_order(c, a, o, true, &body);
    return e ? e : answer_doc(c, 200, &body, out);
}
