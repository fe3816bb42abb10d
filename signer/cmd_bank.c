/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "app/kept.h"
#include "app/session.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/jws.h"
#include "signer/commands.h"
#include "signer/list.h"
#include "signer/orders_watch.h"
#include "signer/view.h"
#include <string.h>

static const char *opt_policy_output, *opt_certificate, *opt_login_output;
static bool opt_waiting;

const struct args_option cmd_login_options[2] = {
    {"certificate", 0, ARGS_TEXT, "FILE", "for another program: the certificate (PEM) of its key",
     &opt_certificate},
    {"output", 'o', ARGS_TEXT, "FILE", "where it finds the login; default: standard output",
     &opt_login_output},
};

const struct args_option cmd_policy_options[1] = {
    {"output", 'o', ARGS_TEXT, "FILE", "where to write it; default: standard output",
     &opt_policy_output},
};

static bool opt_watch;

const struct args_option cmd_orders_options[2] = {
    {"waiting-for-me", 0, ARGS_FLAG, NULL, "of all your accounts, what waits for your word",
     &opt_waiting},
    {"watch", 0, ARGS_FLAG, NULL, "on the whole terminal, as they change", &opt_watch},
};

static enum err login(struct app *a)
{
    struct js *session = NULL;
    if (opt_login_output != NULL)
        return app_fail(a, ERR_USAGE, "--output goes with --certificate");
    enum err e = app_login(a, &session);
    if (e == ERR_OK && a->json)
        e = app_print_json(session);
    else if (e == ERR_OK)
        view_session(a->bank, session);
    js_free(session);
    return e;
}

/* What is signed names the key only, so this says whom it serves. */
static enum err login_for(struct app *a)
{
    struct buf body = BUF_INIT(JWS_MAX + 64);
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    enum err e = session_certified(opt_certificate, thumbprint);
    if (e != ERR_OK)
        return app_fail(a, e, "%s must be the certificate of a P-256 key", opt_certificate);
    fprintf(stderr, "Whoever has the session key %s will see your accounts.\n", thumbprint);
    e = app_login_for(a, thumbprint, &body);
    if (e == ERR_OK)
        e = app_write_document(opt_login_output, &body);
    buf_free(&body);
    return e;
}

int cmd_login(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = opt_certificate != NULL ? login_for(a) : login(a);
    return app_finish(a, e);
}

static enum err report_logout(const struct app *a, bool had, enum err told)
{
    struct doc report = {0};
    if (!a->json) {
        puts(had ? "Logged out; the session key is destroyed." : "There was no session to end.");
        if (told != ERR_OK)
            fprintf(stderr, "The bank could not be told (%s); it ends the session by itself.\n",
                    err_name(told));
        return ERR_OK;
    }
    doc_object(&report);
    doc_bool(&report, "destroyed", had);
    doc_text(&report, "bank", err_name(told));
    enum err e = app_print_doc(&report);
    doc_free(&report);
    return e;
}

int cmd_logout(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    bool had = false, kept = false;
    enum err told = ERR_OK;
    (void)words;
    enum err ended = ERR_OK, e = app_configure(a);
    if (e == ERR_OK) { /* whatever becomes of the token, the session ends */
        ended = kept_end(a, &kept);
        e = app_logout(a, &had, &told);
    }
    if (e == ERR_OK && kept && !a->json)
        puts("The token that was kept is logged out.");
    if (e == ERR_OK)
        e = report_logout(a, had, told);
    return app_finish(a, ended != ERR_OK ? ended : e);
}

/* --- lists --- */

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

static int run_list(struct app *a, const struct list *list)
{
    enum err e = app_configure(a);
    return app_finish(a, e == ERR_OK ? print_list(a, list) : e);
}

int cmd_orders(void *ctx, const struct args_list *words)
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
        return app_finish(ctx, orders_watch(ctx, opt_waiting));
    return run_list(ctx, opt_waiting ? &waiting : &list);
}

int cmd_accounts(void *ctx, const struct args_list *words)
{
    static const struct list list = {{ROUTE_ACCOUNTS, false, "accounts", "", LIST_LIMIT},
                                     view_account,
                                     "\n",
                                     "",
                                     "You have no account here."};
    (void)words;
    return run_list(ctx, &list);
}

int cmd_categories(void *ctx, const struct args_list *words)
{
    static const struct list list = {{ROUTE_CATEGORIES, true, "categories", "", LIST_LIMIT},
                                     view_category_rule,
                                     "",
                                     VIEW_CATEGORY_TITLE,
                                     "There are no rules."};
    (void)words;
    return run_list(ctx, &list);
}

int cmd_delegations(void *ctx, const struct args_list *words)
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

int cmd_balance(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return app_finish(a, e == ERR_OK ? print_balance(a) : e);
}

static enum err fetch_policy(struct app *a)
{
    struct client_call call = {.route = ROUTE_POLICY};
    struct js *answer = NULL;
    struct buf document = BUF_INIT(CLIENT_ANSWER_MAX);
    enum err e = app_need(a, a->account, "account", &call.param[0]);
    if (e == ERR_OK)
        e = app_call(a, &call, &answer);
    if (e == ERR_OK && js_get(answer, "policy") == NULL)
        e = app_fail(a, ERR_UNAVAILABLE, "the bank's answer has no policy");
    if (e == ERR_OK)
        e = js_canon(js_get(answer, "policy"), &document);
    if (e == ERR_OK)
        e = app_write_document(opt_policy_output, &document);
    js_free(answer);
    buf_free(&document);
    return e;
}

int cmd_policy(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return app_finish(a, e == ERR_OK ? fetch_policy(a) : e);
}
