/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/queue_watch.h"

#include "app/watch.h"
#include "bankd/ctl/lines.h"
#include "bankd/ctl/remote.h"
#include "base/clock.h"
#include <stdio.h>
#include <string.h>

struct shown {
    struct ctl *ctl;
    struct queue_wish wish;
    struct js *items;
    char name[160];
};

enum err queue_fetch(struct ctl *ctl, const struct queue_wish *wish, struct js **items)
{
    struct client_call call = {.route = ROUTE_QUEUE};
    struct js *list = NULL;
    char query[40];

    *items = NULL;
    (void)snprintf(query, sizeof query, "waiting=%s", waits_name(wish->waiting));
    call.query = wish->waiting != WAITS_ANY ? query : NULL;
    enum err e = ctl_list(ctl, &call, "items", &list);
    if (e == ERR_OK)
        e = queue_select(js_get(list, "items"), ctl->account, wish->sort, items);
    js_free(list);
    return e;
}

static enum err connect_beside(void *ctx, struct client **out)
{
    struct shown *s = ctx;
    return ctl_connect_beside(s->ctl, out);
}

static enum err refused(void *ctx, struct client *client)
{
    struct shown *s = ctx;
    return remote_refused(s->ctl, client);
}

static enum err read_items(void *ctx)
{
    struct shown *s = ctx;
    struct js *fresh = NULL;
    enum err e = queue_fetch(s->ctl, &s->wish, &fresh);

    if (e != ERR_OK)
        return e;
    js_free(s->items);
    s->items = fresh;
    return ERR_OK;
}

static enum err render(void *ctx, struct buf *out)
{
    struct shown *s = ctx;

    s->wish.look.now_us = clock_now_us();
    return queue_render(s->items, &s->wish.look, out);
}

static enum screen_colour colour(void *ctx, size_t item)
{
    const struct shown *s = ctx;
    const char *name = queue_colour(js_at(s->items, item), &s->wish.look);

    if (name == NULL)
        return SCREEN_PLAIN;
    return strcmp(name, "red") == 0 ? SCREEN_RED : SCREEN_AMBER;
}

static const char *name(void *ctx, size_t item)
{
    struct shown *s = ctx;
    const struct js *one = js_at(s->items, item);

    (void)snprintf(s->name, sizeof s->name, "%s %s %s", js_member_text(one, "kind"),
                   js_member_text(one, "account"), js_member_text(one, "id"));
    return s->name;
}

/* What the queue says of it and, of an order, what the bank has. */
static enum err show(void *ctx, size_t item, struct buf *out)
{
    const struct shown *s = ctx;
    const struct js *one = js_at(s->items, item);
    struct client_call call = {.route = ROUTE_ORDER};
    struct js *order = NULL;

    enum err e = lines_of(one, out);
    if (e != ERR_OK || js_get(one, "requiredApprovals") == NULL)
        return e;
    call.param[0] = js_member_text(one, "account");
    call.param[1] = js_member_text(one, "id");
    e = ctl_call(s->ctl, &call, &order);
    if (e == ERR_OK)
        e = buf_add_byte(out, '\n');
    if (e == ERR_OK)
        e = lines_of(order, out);
    js_free(order);
    return e;
}

static bool key(void *ctx, int key)
{
    struct shown *s = ctx;

    if (key == 's')
        s->wish.sort = s->wish.sort == QUEUE_BY_AGE ? QUEUE_BY_AMOUNT : QUEUE_BY_AGE;
    else if (key == 'w')
        s->wish.waiting = s->wish.waiting + 1 < WAITS_COUNT ? s->wish.waiting + 1 : WAITS_ANY;
    else
        return false;
    return true;
}

enum err queue_watch(struct ctl *ctl, const struct queue_wish *wish)
{
    struct shown s = {.ctl = ctl, .wish = *wish};
    const struct watch w = {.ctx = &s,
                            .title = "What waits in the bank",
                            .keys = "s: age or amount  w: for whom  r: again",
                            .connect = connect_beside,
                            .refused = refused,
                            .read = read_items,
                            .render = render,
                            .colour = colour,
                            .name = name,
                            .show = show,
                            .key = key};

    s.wish.look.painted = false; /* the screen paints whole lines */
    enum err e = read_items(&s);
    if (e == ERR_OK)
        e = watch_run(&w);
    if (e == ERR_USAGE && ctl->detail[0] == '\0')
        e = ctl_fail(ctl, e, "--watch needs a terminal on standard input and output");
    js_free(s.items);
    return e;
}
