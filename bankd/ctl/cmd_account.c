/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/table.h"
#include "order/json.h"
#include <stdio.h>
#include <string.h>

/* As the bank answers; also one line of the list. */
static const struct table_column columns[] = {
    {"ACCOUNT", "account", false},    {"CURRENCY", "currency", false},  {"BOOKED", "booked", true},
    {"RESERVED", "reserved", true},   {"AVAILABLE", "available", true}, {"STATE", "state", false},
    {"TITLE", "policy.title", false}, {"HOLDERS", "holders", false},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static enum err take_person(struct ctl *ctl, const char *text, struct policy_person *out)
{
    enum err e = policy_person_read(text, out);

    if (e != ERR_OK)
        return ctl_fail(ctl, e, "--holder %s: a holder's name, or NAME:CLASS", text);
    return ERR_OK;
}

static enum err take_people(struct ctl *ctl, struct request_account *r)
{
    if (ctl->holders.count > POLICY_HOLDERS_MAX)
        return ctl_fail(ctl, ERR_USAGE, "more than %u holders", POLICY_HOLDERS_MAX);
    enum err e = ERR_OK;
    for (; e == ERR_OK && r->count < ctl->holders.count; r->count++)
        e = take_person(ctl, ctl->holders.item[r->count], &r->people[r->count]);
    return e;
}

/* The rules, limits, deputies and signatures of --rules FILE. */
static enum err take_rules(struct ctl *ctl, struct request_account *r)
{
    struct js *value = NULL;

    if (!ctl->rules)
        return ERR_OK;
    enum err e = app_read_json(ctl->rules, POLICY_MAX, &value);
    if (e == ERR_OK)
        e = policy_terms_read(value, &r->rules, &r->limits, &r->deputies, &r->single);
    js_free(value);
    return e == ERR_OK ? e : ctl_fail(ctl, e, "%s", ctl->rules);
}

/* One account as a table of one line. */
static enum err show_account(struct ctl *ctl, struct js *account)
{
    struct js *rows = NULL;
    enum err e = ctl->json ? app_print_json(account) : js_array_new(&rows);
    if (e == ERR_OK && !ctl->json) {
        struct js *copy = NULL;
        e = js_copy(account, &copy);
        if (e == ERR_OK)
            e = js_push(rows, copy);
        if (e == ERR_OK)
            e = ctl_print_table(rows, columns, COLUMNS);
    }
    js_free(rows);
    return e;
}

enum err cmd_account_open(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_account r = {.count = 0};
    struct buf body = BUF_INIT(0);
    struct js *answer = NULL;
    (void)words;
    enum err e = ctl_take(ctl, "account", ctl->account, r.account, sizeof r.account);
    if (e == ERR_OK)
        e = ctl_take(ctl, "currency", ctl->currency, r.currency, sizeof r.currency);
    if (e == ERR_OK)
        e = ctl_take(ctl, "title", ctl->title, r.title, sizeof r.title);
    if (e == ERR_OK)
        e = take_people(ctl, &r);
    if (e == ERR_OK)
        e = take_rules(ctl, &r);
    if (e == ERR_OK)
        e = request_account_make(&r, &body);
    if (e == ERR_OK)
        e = ctl_post(ctl, ROUTE_ACCOUNT_OPEN, NULL, &body, &answer);
    if (e == ERR_OK)
        e = show_account(ctl, answer);
    js_free(answer);
    buf_free(&body);
    request_account_free(&r);
    return e;
}

enum err cmd_account_fund(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct request_fund r = {.amount = ""};
    struct buf body = BUF_INIT(0);
    struct js *answer = NULL;
    (void)words;
    enum err e = ctl_check_account(ctl);
    if (e == ERR_OK)
        e = ctl_take(ctl, "amount", ctl->amount, r.amount, sizeof r.amount);
    if (e == ERR_OK)
        e = ctl_take(ctl, "currency", ctl->currency, r.currency, sizeof r.currency);
    if (e == ERR_OK)
        e = request_fund_make(&r, &body);
    if (e == ERR_OK)
        e = ctl_post(ctl, ROUTE_FUND, ctl->account, &body, &answer);
    if (e == ERR_OK)
        e = show_account(ctl, answer);
    js_free(answer);
    buf_free(&body);
    return e;
}

enum err cmd_account_list(void *ctx, const struct args_list *words)
{
    const struct client_call call = {.route = ROUTE_ACCOUNTS};
    (void)words;
    return ctl_show_list(ctx, &call, "accounts", columns, COLUMNS);
}

enum err cmd_account_movements(void *ctx, const struct args_list *words)
{
    static const struct table_column moved[] = {
        {"NUMBER", "id", true},
        {"TIME", "time", false},
        {"KIND", "kind", false},
        {"AMOUNT", "amount", true},
        {"BALANCE", "balance", true},
        {"NAME", "name", false},
        {"DESCRIPTION", "description", false},
    };
    struct ctl *ctl = ctx;
    struct client_call call = {.route = ROUTE_MOVEMENTS};
    enum err e = ctl_check_account(ctl);
    (void)words;
    call.param[0] = ctl->account;
    if (e == ERR_OK)
        e = ctl_show_list(ctl, &call, "movements", moved, sizeof moved / sizeof moved[0]);
    return e;
}

static enum err set_state(struct ctl *ctl, enum route route)
{
    struct request_note r = {.note = ""};
    struct buf body = BUF_INIT(0);
    struct js *answer = NULL;
    enum err e = ctl_check_account(ctl);
    if (e == ERR_OK)
        e = ctl_take(ctl, "note", ctl->note, r.note, sizeof r.note);
    if (e == ERR_OK)
        e = request_note_make(&r, &body);
    if (e == ERR_OK)
        e = ctl_post(ctl, route, ctl->account, &body, &answer);
    if (e == ERR_OK)
        e = show_account(ctl, answer);
    js_free(answer);
    buf_free(&body);
    return e;
}

enum err cmd_account_block(void *ctx, const struct args_list *words)
{
    (void)words;
    return set_state(ctx, ROUTE_BLOCK);
}

enum err cmd_account_unblock(void *ctx, const struct args_list *words)
{
    (void)words;
    return set_state(ctx, ROUTE_UNBLOCK);
}

enum err cmd_account_close(void *ctx, const struct args_list *words)
{
    (void)words;
    return set_state(ctx, ROUTE_CLOSE);
}
