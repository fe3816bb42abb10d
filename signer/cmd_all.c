/* SPDX-License-Identifier: Apache-2.0
 *
 * approve --all-waiting: one summary, one question, one PIN; each order is then signed as it was
 * shown, whatever the bank has by then: each by itself, or those of a policy by one signature.
 */
#include "app/app.h"
#include "signer/commands.h"
#include "signer/many.h"
#include "signer/sending.h"
#include "signer/waiting.h"

static enum err send_line(void *ctx, const struct subject *s, const struct buf *line)
{
    return sending_one(ctx, buf_str(line), line->len, s->order.id, NULL);
}

static enum err sign_and_send(struct sending *s, const struct subject *subject)
{
    struct buf body = BUF_INIT(DECISION_BODY_MAX);
    enum err e = subject_sign(s->app, subject, VERB_APPROVE, NULL, &body);
    if (e == ERR_OK)
        e = send_line(s, subject, &body);
    buf_free(&body);
    return e;
}

/* Each is handed in as soon as it is signed: what an interruption leaves waits at the bank, and
 * nothing else is signed by the next run. */
static enum err carry_out(struct sending *s, const struct waiting_list *l,
                          const struct many_plan *p)
{
    enum err e = ERR_OK;
    sending_start(s, "Signing");
    for (size_t i = 0; e == ERR_OK && i < p->count; i++) {
        if (p->many[i].count > 0)
            e = many_sign(s->app, &p->many[i], NULL, send_line, s);
    }
    for (size_t i = 0; e == ERR_OK && i < l->count; i++) {
        if (p->count == 0 || !many_takes(&l->orders[i].subject))
            e = sign_and_send(s, &l->orders[i].subject);
    }
    return sending_end(s, e);
}

static enum err approve(struct app *a, const struct waiting_list *l,
                        const struct approve_wish *wish)
{
    struct sending s = {.app = a, .total = l->count};
    struct many_plan p = {.count = 0};
    enum err e = many_plan_make(l, wish->batch, &p);
    if (e == ERR_OK && wish->texts)
        e = waiting_show(l, VERB_APPROVE, stderr);
    if (e == ERR_OK)
        e = waiting_print(l, wish->batch, stderr);
    if (e == ERR_OK)
        e = many_plan_show(&p, l, stderr);
    if (e == ERR_OK)
        e = waiting_consent(a, l, VERB_APPROVE, p.signatures);
    if (e == ERR_OK)
        e = carry_out(&s, l, &p);
    many_plan_free(&p);
    return e;
}

enum err approve_all(struct app *a, const struct approve_wish *wish)
{
    struct waiting_list l = {.account = wish->account};
    enum err e = waiting_ask(a, &l);
    if (e == ERR_OK && l.count == 0)
        fputs("Nothing waits for your approval.\n", stderr);
    else if (e == ERR_OK)
        e = approve(a, &l, wish);
    waiting_free(&l);
    return e;
}
