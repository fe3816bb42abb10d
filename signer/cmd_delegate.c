/* SPDX-License-Identifier: Apache-2.0
 *
 * delegate: lets another holder of the account approve in one's place, or takes that back.
 */
#include "api/request.h"
#include "app/app.h"
#include "base/clock.h"
#include "base/text.h"
#include "order/amount.h"
#include "order/delegation.h"
#include "order/json.h"
#include "order/jws.h"
#include "signer/commands.h"
#include "signer/subject.h"
#include <string.h>

#define DAY_US (86400 * TEXT_SECOND_US)

static const char *opt_to, *opt_amount, *opt_from, *opt_until, *opt_output;
static bool opt_withdraw;

const struct args_option cmd_delegate_options[6] = {
    {"to", 0, ARGS_TEXT, "NAME", "who may approve in your place, a deputy of the policy", &opt_to},
    {"amount", 0, ARGS_TEXT, "AMOUNT", "the most an order, such as 500.00", &opt_amount},
    {"from", 0, ARGS_TEXT, "TIME", "a day, UTC, or a time; default: now", &opt_from},
    {"until", 0, ARGS_TEXT, "TIME", "the last day, UTC, or the time at which it ends", &opt_until},
    {"withdraw", 0, ARGS_FLAG, NULL, "take back what you have given", &opt_withdraw},
    {"output", 'o', ARGS_TEXT, "FILE", "write what was signed here and do not send it",
     &opt_output},
};

/* --- what is meant --- */

static enum err check_options(struct app *a)
{
    bool gives = opt_to != NULL || opt_amount != NULL || opt_from != NULL || opt_until != NULL;
    if (opt_withdraw && gives)
        return app_fail(a, ERR_USAGE, "--withdraw takes back all of it; leave the others out");
    if (!opt_withdraw && (opt_to == NULL || opt_amount == NULL || opt_until == NULL))
        return app_fail(a, ERR_USAGE, "give --to, --amount and --until, or --withdraw");
    return ERR_OK;
}

/* A day as it begins, or as it ends where the whole of it is meant; or a time. */
static enum err read_time(struct app *a, const char *option, const char *text, bool end,
                          int64_t *out_us)
{
    int32_t day = 0;
    enum err e = text_parse_time(text, strlen(text), out_us);
    if (e != ERR_OK) {
        e = text_parse_date(text, strlen(text), &day);
        *out_us = (day + (end ? 1 : 0)) * DAY_US;
    }
    return e == ERR_OK ? e : app_fail(a, e, "%s %s", option, text);
}

static enum err read_gift(struct app *a, struct delegation *d)
{
    size_t len = strlen(opt_to);
    enum err e = forms_holder(opt_to, len);
    if (e != ERR_OK)
        return app_fail(a, e, "--to %s", opt_to);
    memcpy(d->deputy, opt_to, len + 1);
    e = subject_currency(a, d->currency);
    if (e != ERR_OK)
        return e;
    e = amount_parse(opt_amount, strlen(opt_amount), d->currency, &d->amount_minor);
    if (e == ERR_OK && d->amount_minor == 0)
        e = ERR_AMOUNT_ZERO;
    if (e != ERR_OK)
        return app_fail(a, e, "--amount %s %s", opt_amount, d->currency);
    d->from_us = clock_now_us() / TEXT_SECOND_US * TEXT_SECOND_US;
    if (opt_from != NULL)
        e = read_time(a, "--from", opt_from, false, &d->from_us);
    if (e == ERR_OK)
        e = read_time(a, "--until", opt_until, true, &d->until_us);
    if (e == ERR_OK && d->until_us <= d->from_us)
        e = app_fail(a, ERR_PERIOD_INVALID, "until %s", opt_until);
    return e;
}

/* A deputy who can be nobody's is better found before the PIN. */
static enum err check_deputy(struct app *a, const struct policy *p)
{
    for (size_t i = 0; i < policy_holder_count(p); i++) {
        if (policy_lets_delegate(p, policy_holder(p, i), opt_to))
            return ERR_OK;
    }
    return app_fail(a, ERR_DEPUTY_NOT_ALLOWED, "%s", opt_to);
}

static enum err read_delegation(struct app *a, const struct policy *p, struct delegation *out)
{
    enum err e = app_head(NULL, &out->head);
    out->verb = opt_withdraw ? DELEGATION_WITHDRAW : DELEGATION_GIVE;
    (void)snprintf(out->account, sizeof out->account, "%s", policy_account(p));
    (void)snprintf(out->head.bank, sizeof out->head.bank, "%s", policy_bank(p));
    if (e == ERR_OK && !opt_withdraw)
        e = check_deputy(a, p);
    return e == ERR_OK && !opt_withdraw ? read_gift(a, out) : e;
}

/* --- saying it --- */

static enum err show(const struct delegation *d, const struct policy *p)
{
    struct buf text = BUF_INIT(DELEGATION_DISPLAY_MAX);
    return subject_print(delegation_display_render(d, p, &text), &text, stderr);
}

static enum err sign(struct app *a, const struct delegation *d, const struct policy *p,
                     struct buf *body)
{
    struct buf payload = BUF_INIT(4096), jws = BUF_INIT(JWS_MAX);
    enum err e = delegation_make(d, p, &payload);
    if (e == ERR_OK)
        e = app_sign_statement(a, STATEMENT_DELEGATION, &payload, &jws);
    if (e == ERR_OK)
        e = request_statement_make(REQUEST_DELEGATION, buf_str(&jws), body);
    buf_free(&payload);
    buf_free(&jws);
    return e;
}

static enum err print_status(const struct app *a, const struct js *answer)
{
    if (a->json)
        return app_print_json(answer);
    puts(opt_withdraw ? "Nobody may approve in your place any more." : "The delegation is given.");
    return ERR_OK;
}

static enum err send(struct app *a, const struct buf *body)
{
    struct client_call call = {
        .route = ROUTE_DELEGATE, .param = {a->account}, .body = body->data, .body_len = body->len};
    struct js *answer = NULL;
    enum err e = app_call(a, &call, &answer);
    if (e == ERR_OK)
        e = print_status(a, answer);
    js_free(answer);
    return e;
}

static enum err show_sign_send(struct app *a, const struct delegation *d, const struct policy *p)
{
    struct buf body = BUF_INIT(JWS_MAX + 256u);
    enum err e = show(d, p);
    if (e == ERR_OK)
        e = app_consent(a, opt_withdraw ? "withdraw the delegation" : "give this delegation");
    if (e == ERR_OK)
        e = sign(a, d, p, &body);
    if (e == ERR_OK)
        e = opt_output != NULL ? app_write_document(a, opt_output, &body) : send(a, &body);
    buf_free(&body);
    return e;
}

static enum err delegate(struct app *a)
{
    struct delegation d = {.verb = DELEGATION_NONE};
    struct policy *policy = NULL;
    const char *account;
    enum err e = check_options(a);
    if (e == ERR_OK)
        e = app_need(a, a->account, "account", &account);
    if (e == ERR_OK)
        e = subject_policy(a, account, &policy);
    if (e == ERR_OK)
        e = subject_check_policy(a, policy);
    if (e == ERR_OK)
        e = read_delegation(a, policy, &d);
    if (e == ERR_OK)
        e = show_sign_send(a, &d, opt_withdraw ? NULL : policy);
    policy_free(policy);
    return e;
}

enum err cmd_delegate(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? delegate(a) : e;
}
