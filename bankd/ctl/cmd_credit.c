/* SPDX-License-Identifier: Apache-2.0
 *
 * What came from other banks, and bookings that are taken back.
 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/table.h"
#include "order/json.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct table_column columns[] = {
    {"CREDIT", "id", true},
    {"RECEIVED", "received", false},
    {"AMOUNT", "amount", true},
    {"CURRENCY", "currency", false},
    {"FOR", "account", false},
    {"FROM", "debtorName", false},
    {"REFERENCE", "reference", false},
    {"DESCRIPTION", "description", false},
};

static void print_state(const struct js *credit)
{
    const char *state = js_member_text(credit, "state");

    app_say(stdout, "Credit %" PRId64 " is %s%s", js_int(js_get(credit, "id")),
            strcmp(state, "suspense") == 0 ? "in " : "", state);
}

/* Sends BODY and tells where the credit is then. */
static enum err tell_bank(struct ctl *ctl, enum route route, const char *number,
                          const struct buf *body)
{
    struct js *answer = NULL;
    enum err e = ctl_post(ctl, route, number, body, &answer);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        print_state(answer);
    js_free(answer);
    return e;
}

/* An option that may be absent. */
static enum err take_optional(struct ctl *ctl, const char *option, const char *value, char *out,
                              size_t cap)
{
    return value ? ctl_take(ctl, option, value, out, cap) : ERR_OK;
}

enum err cmd_credit_add(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_credit r = {.account = ""};
    struct buf body = BUF_INIT(0);
    (void)words;
    enum err e = ctl_take(ctl, "account", ctl->account, r.account, sizeof r.account);
    if (e == ERR_OK)
        e = ctl_take(ctl, "amount", ctl->amount, r.amount, sizeof r.amount);
    if (e == ERR_OK)
        e = ctl_take(ctl, "currency", ctl->currency, r.currency, sizeof r.currency);
    if (e == ERR_OK)
        e = ctl_take(ctl, "from", ctl->from, r.debtor_name, sizeof r.debtor_name);
    if (e == ERR_OK)
        e = take_optional(ctl, "from-account", ctl->from_account, r.debtor_account,
                          sizeof r.debtor_account);
    if (e == ERR_OK)
        e = take_optional(ctl, "description", ctl->description, r.description,
                          sizeof r.description);
    if (e == ERR_OK)
        e = ctl_take(ctl, "reference", ctl->reference, r.reference, sizeof r.reference);
    if (e == ERR_OK)
        e = request_credit_make(&r, &body);
    if (e == ERR_OK)
        e = tell_bank(ctl, ROUTE_CREDIT, NULL, &body);
    buf_free(&body);
    return e;
}

enum err cmd_credit_list(void *ctx, const struct args_list *words)
{
    const struct client_call call = {.route = ROUTE_SUSPENSE};
    (void)words;
    return ctl_show_list(ctx, &call, "credits", columns, sizeof columns / sizeof columns[0]);
}

/* A number, as it stands in a list: nothing else may stand in a path. */
static enum err take_number(struct ctl *ctl, const struct args_list *words, const char **out)
{
    *out = words->item[0];
    if (strspn(*out, "0123456789") != strlen(*out) || !route_is_param(*out, strlen(*out)))
        return ctl_fail(ctl, ERR_USAGE, "%s is no number of the list", *out);
    return ERR_OK;
}

enum err cmd_credit_assign(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_assign r = {.note = ""};
    struct buf body = BUF_INIT(0);
    const char *number = NULL;
    enum err e = take_number(ctl, words, &number);
    if (e == ERR_OK)
        e = ctl_take(ctl, "account", ctl->account, r.account, sizeof r.account);
    if (e == ERR_OK)
        e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK)
        e = request_assign_make(&r, &body);
    if (e == ERR_OK)
        e = tell_bank(ctl, ROUTE_ASSIGN, number, &body);
    buf_free(&body);
    return e;
}

static enum err make_note(struct ctl *ctl, struct buf *out)
{
    struct request_note r = {.note = ""};
    enum err e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    return e == ERR_OK ? request_note_make(&r, out) : e;
}

enum err cmd_credit_return(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct buf body = BUF_INIT(0);
    const char *number = NULL;
    enum err e = take_number(ctl, words, &number);
    if (e == ERR_OK)
        e = make_note(ctl, &body);
    if (e == ERR_OK)
        e = tell_bank(ctl, ROUTE_CREDIT_RETURN, number, &body);
    buf_free(&body);
    return e;
}

enum err cmd_account_reverse(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct client_call call = {.route = ROUTE_REVERSE};
    struct buf body = BUF_INIT(0);
    struct js *answer = NULL;
    enum err e = ctl_check_account(ctl);
    if (e == ERR_OK)
        e = take_number(ctl, words, &call.param[1]);
    if (e == ERR_OK)
        e = make_note(ctl, &body);
    call.param[0] = ctl->account;
    call.body = body.data;
    call.body_len = body.len;
    if (e == ERR_OK)
        e = ctl_call(ctl, &call, &answer);
    if (e == ERR_OK && ctl->json)
        e = app_print_json(answer);
    else if (e == ERR_OK)
        app_say(stdout, "Movement %s is taken back; booked is %s %s", call.param[1],
                js_member_text(answer, "booked"), js_member_text(answer, "currency"));
    js_free(answer);
    buf_free(&body);
    return e;
}
