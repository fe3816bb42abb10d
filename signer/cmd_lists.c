/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "order/json.h"
#include "signer/commands.h"
#include "signer/list.h"
#include "signer/orders_watch.h"
#include "signer/view.h"
#include <stdio.h>

static bool opt_waiting, opt_watch;

const struct args_option cmd_orders_options[2] = {
    {"waiting-for-me", 0, ARGS_FLAG, NULL, "of all your accounts, what waits for your word",
     &opt_waiting},
    {"watch", 0, ARGS_FLAG, NULL, "on the whole terminal, as they change", &opt_watch},
};

struct list {
    struct list_source source;
    void (*view)(const struct js *item);
    const char *between; /* printed between two items */
    const char *title;   /* the columns' names, or "" */
    const char *none;    /* what to say of an empty list */
};

struct printing {
    const struct app *app;
    const struct list *list;
    size_t total; /* printed so far */
};

static enum err print_page(void *ctx, const struct js *answer)
{
    struct printing *p = ctx;
    const struct js *items = js_get(answer, p->list->source.member);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < js_count(items); i++, p->total++) {
        if (p->app->json) {
            e = app_print_json(js_at(items, i));
            continue;
        }
        fputs(p->total == 0 ? p->list->title : p->list->between, stdout);
        p->list->view(js_at(items, i));
    }
    return e;
}

static enum err print_list(struct app *a, const struct list *list)
{
    struct printing p = {.app = a, .list = list};
    enum err e = list_pages(a, &list->source, print_page, &p);
    if (e == ERR_OK && p.total == 0 && !a->json)
        puts(list->none);
    return e;
}

static enum err run_list(struct app *a, const struct list *list)
{
    enum err e = app_configure(a);
    return e == ERR_OK ? print_list(a, list) : e;
}

enum err cmd_orders(void *ctx, const struct args_list *words)
{
    static const struct list list = {{ROUTE_ORDERS, true, "orders", "", LIST_LIMIT},
                                     view_order_line,
                                     "",
                                     VIEW_ORDER_TITLE,
                                     "There are no orders."};
    static const struct list waiting = {{ROUTE_WAITING_ORDERS, false, "orders", "limit=200", 0},
                                        view_waiting_line,
                                        "",
                                        VIEW_WAITING_TITLE,
                                        "Nothing waits for your word."};
    (void)words;
    if (opt_watch)
        return orders_watch(ctx, opt_waiting);
    return run_list(ctx, opt_waiting ? &waiting : &list);
}

enum err cmd_accounts(void *ctx, const struct args_list *words)
{
    static const struct list list = {{ROUTE_ACCOUNTS, false, "accounts", "", LIST_LIMIT},
                                     view_account,
                                     "\n",
                                     "",
                                     "You have no account here."};
    (void)words;
    return run_list(ctx, &list);
}

enum err cmd_categories(void *ctx, const struct args_list *words)
{
    static const struct list list = {{ROUTE_CATEGORIES, true, "categories", "", LIST_LIMIT},
                                     view_category_rule,
                                     "",
                                     VIEW_CATEGORY_TITLE,
                                     "There are no rules."};
    (void)words;
    return run_list(ctx, &list);
}

enum err cmd_delegations(void *ctx, const struct args_list *words)
{
    static const struct list list = {{ROUTE_DELEGATIONS, true, "delegations", "", 0},
                                     view_delegation,
                                     "",
                                     VIEW_DELEGATION_TITLE,
                                     "Nobody may approve in another's place."};
    (void)words;
    return run_list(ctx, &list);
}

static enum err print_balance(struct app *a)
{
    struct client_call call = {.route = ROUTE_ACCOUNT};
    enum err e = app_need(a, a->account, "account", &call.param[0]);
    if (e == ERR_OK)
        e = app_call_view(a, &call, view_account);
    return e;
}

enum err cmd_balance(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? print_balance(a) : e;
}
