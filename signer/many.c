/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/many.h"
#include "api/request.h"
#include "app/app.h"
#include "order/jws.h"
#include <stdlib.h>
#include <string.h>

bool many_takes(const struct subject *one)
{
    return one->order.kind == ORDER_PAYMENT && !policy_wants_single(one->policy);
}

static enum err make_tree(struct many *m)
{
    struct merkle_hash *leaves = calloc(m->count, sizeof *leaves);
    if (leaves == NULL)
        return ERR_NO_MEMORY;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < m->count; i++) {
        e = batch_add(&m->said, &m->orders[i]->order);
        if (e == ERR_OK)
            e = batch_leaf(&m->orders[i]->order, m->orders[i]->policy, &leaves[i]);
    }
    if (e == ERR_OK)
        e = batch_tree_make(leaves, m->count, &m->tree);
    if (e == ERR_OK)
        e = batch_tree_root(m->tree, m->said.root);
    free(leaves);
    return e;
}

enum err many_check(struct app *a, const struct waiting_list *l)
{
    for (size_t i = 0; i < l->policy_count; i++) {
        const char *currency = policy_currency(l->policies[i]);
        for (size_t j = 0; j < l->count; j++) {
            const struct subject *s = &l->orders[j].subject;
            if (s->policy != l->policies[i] || !many_takes(s))
                continue;
            currency = currency[0] != '\0' ? currency : s->order.currency;
            if (strcmp(s->order.currency, currency) != 0)
                return app_fail(a, ERR_CURRENCY_MISMATCH,
                                "order %s is in %s, and its batch in %s, one currency as its "
                                "account",
                                s->order.id, s->order.currency, currency);
        }
    }
    return ERR_OK;
}

enum err many_gather(const struct waiting_list *l, const struct policy *p, struct many *out)
{
    *out = (struct many){.orders = calloc(l->count + 1, sizeof *out->orders)};
    if (out->orders == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < l->count; i++) {
        const struct subject *s = &l->orders[i].subject;
        if (s->policy == p && many_takes(s))
            out->orders[out->count++] = s;
    }
    if (out->count == 0)
        return ERR_OK;
    (void)snprintf(out->said.head.bank, sizeof out->said.head.bank, "%s", policy_bank(p));
    (void)snprintf(out->said.account, sizeof out->said.account, "%s", policy_account(p));
    return make_tree(out);
}

void many_free(struct many *m)
{
    batch_tree_free(m->tree);
    free(m->orders);
    *m = (struct many){.count = 0};
}

enum err many_show(const struct many *m, FILE *f)
{
    struct buf text = BUF_INIT(BATCH_DISPLAY_MAX);
    return subject_print(batch_display_render(&m->said, m->orders[0]->policy, &text), &text, f);
}

static enum err sign_text(struct app *a, struct many *m, const char *challenge, struct buf *jws)
{
    struct buf payload = BUF_INIT(4096);
    char bank[sizeof m->said.head.bank];
    memcpy(bank, m->said.head.bank, sizeof bank);
    enum err e = app_head(challenge, &m->said.head);
    memcpy(m->said.head.bank, bank, sizeof bank);
    if (e == ERR_OK)
        e = batch_make(&m->said, m->orders[0]->policy, &payload);
    if (e == ERR_OK)
        e = app_sign_statement(a, STATEMENT_BATCH_DECISION, &payload, jws);
    buf_free(&payload);
    return e;
}

enum err many_sign(struct app *a, struct many *m, const char *challenge, subject_body_fn each,
                   void *ctx)
{
    struct buf jws = BUF_INIT(JWS_MAX);
    enum err e = sign_text(a, m, challenge, &jws);
    for (size_t i = 0; e == ERR_OK && i < m->count; i++) {
        struct buf line = BUF_INIT(MANY_LINE_MAX);
        struct batch_inclusion place;
        e = batch_tree_place(m->tree, i, &place);
        if (e == ERR_OK)
            e = request_batch_make(buf_str(&jws), &place, &m->orders[i]->bytes, &line);
        if (e == ERR_OK)
            e = each(ctx, m->orders[i], &line);
        buf_free(&line);
    }
    buf_free(&jws);
    return e;
}

/* --- what is signed at once --- */

void many_plan_free(struct many_plan *p)
{
    for (size_t i = 0; i < p->count; i++)
        many_free(&p->many[i]);
    free(p->many);
}

enum err many_plan_make(const struct waiting_list *l, bool batch, struct many_plan *out)
{
    out->signatures = l->count;
    if (!batch)
        return ERR_OK;
    out->many = calloc(l->policy_count, sizeof *out->many);
    enum err e = out->many != NULL ? ERR_OK : ERR_NO_MEMORY;
    for (; e == ERR_OK && out->count < l->policy_count; out->count++) {
        struct many *m = &out->many[out->count];
        e = many_gather(l, l->policies[out->count], m);
        out->signatures -= m->count > 0 ? m->count - 1 : 0;
    }
    return e;
}

enum err many_plan_show(const struct many_plan *p, const struct waiting_list *l, FILE *f)
{
    enum err e = ERR_OK;
    size_t together = 0;
    for (size_t i = 0; e == ERR_OK && i < p->count; i++) {
        if (p->many[i].count > 0)
            e = many_show(&p->many[i], f);
        together += p->many[i].count;
    }
    if (p->count > 0 && together < l->count)
        fprintf(f, "%zu order%s signed by %s: cash, or a policy that wants it so.\n",
                l->count - together, l->count - together == 1 ? " is" : "s are",
                l->count - together == 1 ? "itself" : "themselves");
    return e;
}
