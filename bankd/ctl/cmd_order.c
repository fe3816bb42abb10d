/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/remote.h"
#include "bankd/ctl/table.h"
#include "order/forms.h"
#include "order/json.h"
#include <stdio.h>
#include <string.h>

enum err cmd_order_list(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"ORDER", "order.id", false},          {"FROM", "order.account", false},
        {"STATUS", "status", false},           {"REASON", "reason", false},
        {"AMOUNT", "order.amount", true},      {"CURRENCY", "order.currency", false},
        {"GIVEN", "givenApprovals", true},     {"REQUIRED", "requiredApprovals", true},
        {"MISSING", "canDecide", false},       {"HELD", "heldFor", false},
        {"TERMINAL", "order.terminal", false}, {"TO", "order.creditor.name", false},
    };
    struct ctl *ctl = ctx;
    struct client_call call = {.route = ROUTE_ALL_ORDERS};
    enum err e = ERR_OK;
    (void)words;
    if (ctl->account != NULL) {
        e = ctl_check_account(ctl);
        call.route = ROUTE_ORDERS;
        call.param[0] = ctl->account;
    }
    if (e == ERR_OK)
        e = ctl_show_list(ctl, &call, "orders", columns, sizeof columns / sizeof columns[0]);
    return e;
}

static enum err take_id(struct ctl *ctl, const struct args_list *words, const char **out)
{
    *out = words->item[0];
    if (forms_order_id(*out, strlen(*out)) != ERR_OK)
        return ctl_fail(ctl, ERR_USAGE, "%s is no order id", *out);
    return ERR_OK;
}

/* The order that a word is about, as the operator sees it: what changes after that, the bank
 * refuses. */
struct seen {
    const char *param[2]; /* its account and id */
    int64_t entry;
};

/* What the PIN is asked for; beside what scripts read, so on standard error. */
static void show(const struct js *order)
{
    const struct js *document = js_get(order, "order");
    app_say(stderr, "%s  %s  %s  %s  %s", js_member_text(document, "id"),
            js_member_text(order, "status"), js_member_text(document, "amount"),
            js_member_text(document, "currency"),
            js_member_text(js_get(document, "creditor"), "name"));
}

static enum err look(struct ctl *ctl, const struct args_list *words, struct seen *out)
{
    struct js *order = NULL;
    enum err e = ctl_check_account(ctl);
    out->param[0] = ctl->account;
    if (e == ERR_OK)
        e = take_id(ctl, words, &out->param[1]);
    const struct client_call call = {.route = ROUTE_ORDER, .param = {out->param[0], out->param[1]}};
    if (e == ERR_OK)
        e = ctl_call(ctl, &call, &order);
    if (e == ERR_OK) {
        out->entry = js_int(js_get(js_get(order, "receipt"), "index"));
        if (remote_wanted())
            show(order);
    }
    js_free(order);
    return e;
}

/* Sends BODY about the order and tells where it is then. */
static enum err tell_bank(struct ctl *ctl, const struct seen *seen, enum route route,
                          const struct buf *body)
{
    const struct client_call call = {.route = route,
                                     .param = {seen->param[0], seen->param[1]},
                                     .body = body->data,
                                     .body_len = body->len};
    struct js *answer = NULL;
    enum err e = ctl_call(ctl, &call, &answer);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        app_say(stdout, "%s is at %s", seen->param[1], js_member_text(answer, "status"));
    js_free(answer);
    return e;
}

/* The operator's word on an order, with no more than a note. */
static enum err decide(struct ctl *ctl, const struct args_list *words, enum route route)
{
    struct request_word r = {.note = ""};
    struct buf body = BUF_INIT(0);
    struct seen seen = {.entry = 0};
    enum err e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK)
        e = look(ctl, words, &seen);
    r.entry = seen.entry;
    if (e == ERR_OK)
        e = request_word_make(&r, &body);
    if (e == ERR_OK)
        e = tell_bank(ctl, &seen, route, &body);
    buf_free(&body);
    return e;
}

enum err cmd_order_release(void *ctx, const struct args_list *words)
{
    return decide(ctx, words, ROUTE_RELEASE);
}

enum err cmd_order_reject(void *ctx, const struct args_list *words)
{
    return decide(ctx, words, ROUTE_REFUSE);
}

enum err cmd_order_hold(void *ctx, const struct args_list *words)
{
    return decide(ctx, words, ROUTE_HOLD);
}

enum err cmd_order_confirm(void *ctx, const struct args_list *words)
{
    return decide(ctx, words, ROUTE_CONFIRM);
}

enum err cmd_order_return(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_return r = {.note = ""};
    struct buf body = BUF_INIT(0);
    struct seen seen = {.entry = 0};
    enum err e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK)
        e = ctl_take(ctl, "reason", ctl->reason, r.reason, sizeof r.reason);
    if (e == ERR_OK)
        e = look(ctl, words, &seen);
    r.entry = seen.entry;
    if (e == ERR_OK)
        e = request_return_make(&r, &body);
    if (e == ERR_OK)
        e = tell_bank(ctl, &seen, ROUTE_RETURN, &body);
    buf_free(&body);
    return e;
}

enum err cmd_outbox(void *ctx, const struct args_list *words)
{
    static const struct table_column columns[] = {
        {"ORDER", "order.id", false},
        {"FROM", "order.account", false},
        {"AMOUNT", "order.amount", true},
        {"CURRENCY", "order.currency", false},
        {"TO", "order.creditor.account", false},
        {"NAME", "order.creditor.name", false},
        {"BIC", "order.creditor.bic", false},
    };
    const struct client_call call = {.route = ROUTE_OUTBOX};
    (void)words;
    return ctl_show_list(ctx, &call, "orders", columns, sizeof columns / sizeof columns[0]);
}
