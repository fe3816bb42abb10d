/* SPDX-License-Identifier: Apache-2.0
 *
 * cash: what a terminal does with its own token. It makes the order, shows it, signs it and hands
 * it in; whether a withdrawal may be paid out, the status says.
 */
#include "api/request.h"
#include "app/app.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/display.h"
#include "order/doc.h"
#include "order/iban.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/terminal.h"
#include "signer/commands.h"
#include "signer/subject.h"
#include "signer/view.h"
#include <string.h>

#define DRAFT_MAX 4096u
#define LIFETIME_US (INT64_C(24) * 3600 * TEXT_SECOND_US) /* whoever waits at a counter */

static const char *opt_amount, *opt_currency, *opt_terminal, *opt_description, *opt_output;

const struct args_option cmd_cash_options[5] = {
    {"amount", 0, ARGS_MUST, "AMOUNT", "such as 100.00", &opt_amount},
    {"currency", 0, ARGS_MUST, "CODE", "ISO 4217, such as EUR", &opt_currency},
    {"terminal", 0, ARGS_MUST, "NAME", "this terminal's name at the bank", &opt_terminal},
    {"description", 0, ARGS_TEXT, "TEXT", "what the account's holders read; default: Cash",
     &opt_description},
    {"output", 'o', ARGS_TEXT, "FILE", "write it there for another program, and hand nothing in",
     &opt_output},
};

static const char *type_word(enum order_kind kind)
{
    return kind == ORDER_DEPOSIT ? "deposit" : "withdrawal";
}

static enum err write_draft(enum order_kind kind, struct buf *out)
{
    struct doc draft = {0};
    doc_object(&draft);
    doc_text(&draft, "amount", opt_amount);
    doc_text(&draft, "currency", opt_currency);
    doc_text(&draft, "description", opt_description != NULL ? opt_description : "Cash");
    doc_text(&draft, "terminal", opt_terminal);
    doc_text(&draft, "type", order_type(kind));
    enum err e = doc_canon(&draft, out);
    doc_free(&draft);
    return e;
}

static enum err make_order(struct app *a, enum order_kind kind, struct subject *out)
{
    struct buf draft = BUF_INIT(DRAFT_MAX);
    uint8_t random[10];
    struct order_fill fill = {
        .now_us = clock_now_us(), .lifetime_us = LIFETIME_US, .random = random};
    enum err e = app_random(random, sizeof random);
    if (e == ERR_OK)
        e = app_need(a, a->bank, "bank", &fill.bank);
    if (e == ERR_OK)
        e = app_need(a, a->account, "account", &fill.account);
    if (e == ERR_OK)
        e = write_draft(kind, &draft);
    if (e == ERR_OK)
        e = order_complete(draft.data, draft.len, &fill, &out->bytes, NULL);
    if (e == ERR_OK)
        e = order_parse(out->bytes.data, out->bytes.len, &out->order);
    buf_free(&draft);
    return e;
}

static enum err show(const struct order *o)
{
    struct buf text = BUF_INIT(DISPLAY_MAX);
    char account[IBAN_GROUPED_MAX + 1];
    iban_grouped(o->account, account);
    enum err e =
        buf_addf(&text, "Cash %s\n\n%-14s%s %s\n%-14s%s\n%-14s%s\n%-14s%s\n%-14s%s\n%-14s%s\n",
                 type_word(o->kind), "Amount", o->amount, o->currency,
                 o->kind == ORDER_DEPOSIT ? "To" : "From", account, "Terminal", o->terminal,
                 "Description", o->description, "Order", o->id, "Bank", o->bank);
    return subject_print(e, &text, stderr);
}

static enum err sign(struct app *a, const struct subject *s, struct buf *body)
{
    struct buf payload = BUF_INIT(4096), jws = BUF_INIT(JWS_MAX);
    struct statement head = {.issued_us = 0};
    enum err e = app_head(NULL, &head);
    if (e == ERR_OK)
        e = terminal_make(&s->order, &head, &payload);
    if (e == ERR_OK)
        e = app_sign_statement(a, STATEMENT_TERMINAL, &payload, &jws);
    if (e == ERR_OK)
        e = request_cash_make(buf_str(&jws), s->bytes.data, s->bytes.len, body);
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

static enum err show_and_sign(struct app *a, const struct subject *s, struct buf *body)
{
    enum err e = show(&s->order);
    if (e == ERR_OK)
        e = app_consent(a, "hand this order in");
    return e == ERR_OK ? sign(a, s, body) : e;
}

static void tell(const struct app *a, const struct order *o, const struct js *answer)
{
    const char *status = js_text(js_get(answer, "status"), NULL);
    view_order(answer);
    if (o->kind == ORDER_WITHDRAWAL && (status == NULL || strcmp(status, "ACSC") != 0))
        fprintf(stderr,
                "\nPay nothing out before the holders have approved it and it is settled (ACSC):\n"
                "  countersign order status %s --account %s\n",
                o->id, a->account);
}

/* Whoever does it again makes another order. */
static void warn_if_unknown(const struct app *a, const struct order *o)
{
    if (a->unknown)
        fprintf(stderr,
                "\nWhether the bank took it is not known. Ask, before you hand in another one:\n"
                "  countersign order status %s --account %s\n",
                o->id, a->account);
}

static enum err hand_in(struct app *a, const struct subject *s, const struct buf *body)
{
    const struct client_call call = {
        .route = ROUTE_CASH, .body = body->data, .body_len = body->len, .once = true};
    struct js *answer = NULL;
    enum err e = app_call(a, &call, &answer);
    warn_if_unknown(a, &s->order);
    if (e == ERR_OK && a->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        tell(a, &s->order, answer);
    js_free(answer);
    return e;
}

static enum err cash(struct app *a, enum order_kind kind)
{
    struct subject s = {.policy = NULL};
    struct buf body = BUF_INIT(DECISION_BODY_MAX);
    enum err e = make_order(a, kind, &s);
    if (e == ERR_OK)
        e = show_and_sign(a, &s, &body);
    if (e == ERR_OK)
        e = opt_output != NULL ? app_write_document(a, opt_output, &body) : hand_in(a, &s, &body);
    subject_free(&s);
    buf_free(&body);
    return e;
}

static enum err run_cash(struct app *a, enum order_kind kind)
{
    enum err e = app_configure(a);
    return e == ERR_OK ? cash(a, kind) : e;
}

enum err cmd_cash_deposit(void *ctx, const struct args_list *words)
{
    (void)words;
    return run_cash(ctx, ORDER_DEPOSIT);
}

enum err cmd_cash_withdraw(void *ctx, const struct args_list *words)
{
    (void)words;
    return run_cash(ctx, ORDER_WITHDRAWAL);
}
