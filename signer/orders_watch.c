/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/orders_watch.h"

#include "app/app.h"
#include "app/repin.h"
#include "app/watch.h"
#include "order/flag.h"
#include "order/json.h"
#include "signer/list.h"
#include "signer/subject.h"
#include "signer/view.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shown {
    struct app *app;
    bool waiting;
    struct js *items;
};

static enum err connect_beside(void *ctx, struct client **out)
{
    const struct shown *s = ctx;
    return app_connect_beside(s->app, out);
}

static enum err refused(void *ctx, struct client *client)
{
    const struct shown *s = ctx;
    return repin_follow(s->app, client);
}

static enum err take_page(void *ctx, const struct js *answer)
{
    struct js *all = ctx;
    const struct js *orders = js_get(answer, "orders");
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < js_count(orders); i++) {
        struct js *copy = NULL;
        e = js_copy(js_at(orders, i), &copy);
        if (e == ERR_OK)
            e = js_push(all, copy);
    }
    return e;
}

static enum err read_items(void *ctx)
{
    static const struct list_source list = {ROUTE_ORDERS, true, "orders", "", LIST_LIMIT};
    static const struct list_source waiting = {ROUTE_WAITING_ORDERS, false, "orders", "limit=200",
                                               0};
    struct shown *s = ctx;
    struct js *fresh = NULL;
    enum err e = js_array_new(&fresh);
    if (e == ERR_OK)
        e = list_pages(s->app, s->waiting ? &waiting : &list, take_page, fresh);
    if (e != ERR_OK) {
        js_free(fresh);
        return e;
    }
    js_free(s->items);
    s->items = fresh;
    return ERR_OK;
}

static void write_lines(const struct shown *s, FILE *f)
{
    fputs(s->waiting ? VIEW_WAITING_TITLE : VIEW_ORDER_TITLE, f);
    for (size_t i = 0; i < js_count(s->items); i++) {
        const struct js *one = js_at(s->items, i);
        if (s->waiting) {
            app_print_safe(f, js_member_text(js_get(one, "order"), "account"));
            fputs("  ", f);
        }
        view_order_cells(f, one);
        fputs(js_count(js_get(one, "flags")) > 0 ? "  WARNING\n" : "\n", f);
    }
}

static enum err render(void *ctx, struct buf *out)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL)
        return ERR_NO_MEMORY;
    write_lines(ctx, f);
    enum err e = fclose(f) == 0 ? buf_add(out, text, len) : ERR_NO_MEMORY;
    free(text);
    return e;
}

/* What has a warning. */
static enum screen_colour colour(void *ctx, size_t item)
{
    const struct shown *s = ctx;
    return js_count(js_get(js_at(s->items, item), "flags")) > 0 ? SCREEN_AMBER : SCREEN_PLAIN;
}

static const char *name(void *ctx, size_t item)
{
    const struct shown *s = ctx;
    return js_member_text(js_get(js_at(s->items, item), "order"), "id");
}

/* What the list knows of the payee. */
static void write_flags(const struct js *flags, FILE *f)
{
    for (size_t i = 0; i < js_count(flags); i++) {
        const char *word = js_text(js_at(flags, i), NULL);
        enum flag flag = word != NULL ? flag_from_name(word, strlen(word)) : FLAG_COUNT;
        fprintf(f, "%-14s%s\n", "WARNING",
                flag == FLAG_COUNT ? "a flag unknown here" : flag_words(flag));
    }
}

static enum err write_order(const struct shown *s, const struct js *one, FILE *f)
{
    const struct js *document = js_get(one, "order");
    struct subject subject;
    struct js *told = NULL;
    enum err e = subject_ask(s->app, js_member_text(document, "account"),
                             js_member_text(document, "id"), &subject, &told);
    if (e == ERR_OK) {
        view_order_on(f, told);
        write_flags(js_get(one, "flags"), f);
        e = subject_show(&subject, VERB_APPROVE, f);
    }
    if (e == ERR_DECISION_NOT_OFFERED) /* on a deposit: there is no text to sign */
        e = ERR_OK;
    subject_free(&subject);
    js_free(told);
    return e;
}

/* Where it stands, and its text as it is approved: what the bank has now, as order status and order
 * show have it. */
static enum err show(void *ctx, size_t item, struct buf *out)
{
    const struct shown *s = ctx;
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL)
        return ERR_NO_MEMORY;
    enum err e = write_order(s, js_at(s->items, item), f);
    if (fclose(f) != 0 && e == ERR_OK)
        e = ERR_NO_MEMORY;
    if (e == ERR_OK)
        e = buf_add(out, text, len);
    s->app->message[0] = '\0'; /* the list goes on */
    free(text);
    return e;
}

static bool key(void *ctx, int key)
{
    (void)ctx;
    (void)key;
    return false;
}

enum err orders_watch(struct app *a, bool waiting)
{
    struct shown s = {.app = a, .waiting = waiting};
    const struct watch w = {.ctx = &s,
                            .title = waiting ? "What waits for your word" : "The account's orders",
                            .keys = "r: again",
                            .connect = connect_beside,
                            .refused = refused,
                            .read = read_items,
                            .render = render,
                            .colour = colour,
                            .name = name,
                            .show = show,
                            .key = key};
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = read_items(&s);
    a->no_login = true; /* nobody types a PIN into the list */
    if (e == ERR_OK) {
        e = watch_run(&w);
        if (e == ERR_USAGE && a->message[0] == '\0')
            e = app_fail(a, e, "--watch needs a terminal on standard input and output");
    }
    js_free(s.items);
    return e;
}
