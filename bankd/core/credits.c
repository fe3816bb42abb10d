/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/credits.h"

#include <string.h>

static const char *const states[] = {
    [CREDIT_BOOKED] = "booked", [CREDIT_SUSPENSE] = "suspense", [CREDIT_RETURNED] = "returned"};

/* What is not known is nobody's to give away. */
static enum credit_state read_state(const char *name)
{
    if (strcmp(name, states[CREDIT_SUSPENSE]) == 0)
        return CREDIT_SUSPENSE;
    return strcmp(name, states[CREDIT_BOOKED]) == 0 ? CREDIT_BOOKED : CREDIT_RETURNED;
}

static enum err read_row(const struct store_query *q, struct credit *out)
{
    const struct {
        int column;
        char *to;
        size_t size;
    } texts[] = {
        {1, out->reference, sizeof out->reference},
        {2, out->account, sizeof out->account},
        {3, out->currency, sizeof out->currency},
        {5, out->debtor_account, sizeof out->debtor_account},
        {6, out->debtor_name, sizeof out->debtor_name},
        {7, out->description, sizeof out->description},
    };
    enum err e = ERR_OK;

    out->id = store_int(q, 0);
    out->amount = store_int(q, 4);
    out->received_us = store_int(q, 8);
    out->state = read_state(store_text(q, 9));
    for (size_t i = 0; !e && i < sizeof texts / sizeof *texts; i++)
        e = store_copy_text(q, texts[i].column, texts[i].to, texts[i].size);
    return e;
}

enum err credits_find(struct core *c, int64_t id, struct credit *out)
{
    struct store_query *q = store_query(c->store, STORE_CREDIT_FIND);
    bool found = false;

    *out = (struct credit){0};
    store_bind_int(q, ":id", id);
    enum err e = store_step(q, &found);
    if (!e)
        e = found ? read_row(q, out) : ERR_NOT_FOUND;
    store_done(q);
    return e;
}

enum err credits_known(struct core *c, const char *reference, bool *out)
{
    struct store_query *q = store_query(c->store, STORE_CREDIT_KNOWN);

    store_bind_text(q, ":reference", reference);
    enum err e = store_step(q, out);
    store_done(q);
    return e;
}

enum err credits_add(struct core *c, struct credit *k)
{
    struct store_query *q = store_query(c->store, STORE_CREDIT_ADD);

    store_bind_text(q, ":reference", k->reference);
    store_bind_text(q, ":account", k->account);
    store_bind_text(q, ":currency", k->currency);
    store_bind_int(q, ":amount", k->amount);
    store_bind_text(q, ":debtor_account", k->debtor_account);
    store_bind_text(q, ":debtor_name", k->debtor_name);
    store_bind_text(q, ":description", k->description);
    store_bind_int(q, ":received", k->received_us);
    store_bind_text(q, ":state", states[k->state]);
    enum err e = store_run(q);
    k->id = store_last_id(c->store);
    return e;
}

enum err credits_set(struct core *c, struct credit *k, enum credit_state state)
{
    struct store_query *q = store_query(c->store, STORE_CREDIT_SET);

    k->state = state;
    store_bind_int(q, ":id", k->id);
    store_bind_text(q, ":state", states[state]);
    return store_run(q);
}

enum err credits_push(struct core *c, const struct store_query *q, struct doc *list)
{
    struct credit k;
    struct doc one = {0};

    (void)c;
    enum err e = read_row(q, &k);
    if (e)
        return e;
    credits_view(&k, &one);
    doc_push(list, &one);
    return ERR_OK;
}

void credits_view(const struct credit *k, struct doc *out)
{
    doc_object(out);
    doc_int(out, "id", k->id);
    doc_text(out, "account", k->account);
    doc_money(out, "amount", k->amount, k->currency);
    doc_text(out, "currency", k->currency);
    doc_text_optional(out, "debtorAccount", k->debtor_account);
    doc_text(out, "debtorName", k->debtor_name);
    doc_text_optional(out, "description", k->description);
    doc_text(out, "reference", k->reference);
    doc_time(out, "received", k->received_us);
    doc_text(out, "state", states[k->state]);
}
