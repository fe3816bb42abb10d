/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "bankd/ctl/cmd.h"
#include "bankd/ctl/ctl.h"
#include "bankd/ctl/queue_watch.h"
#include "base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AMBER_DEFAULT "4h"
#define RED_DEFAULT "24h"

/* https://no-color.org */
static bool painted(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0') &&
           term != NULL && strcmp(term, "dumb") != 0;
}

static enum err read_age(struct ctl *ctl, const char *option, const char *value, int64_t *out_us)
{
    enum err e = queue_read_age(value, out_us);
    return e == ERR_OK ? e : ctl_fail(ctl, e, "--%s is an age such as 90m, 4h or 2d", option);
}

static enum err read_wish(struct ctl *ctl, struct queue_wish *out)
{
    *out = (struct queue_wish){.look = {.now_us = clock_now_us(), .painted = painted()}};
    enum err e = ctl->account != NULL ? ctl_check_account(ctl) : ERR_OK;
    if (e == ERR_OK)
        e = ctl_waiting(ctl, &out->waiting);
    if (e == ERR_OK && ctl->sort != NULL && queue_read_sort(ctl->sort, &out->sort) != ERR_OK)
        e = ctl_fail(ctl, ERR_USAGE, "--sort is age or amount");
    if (e == ERR_OK)
        e = read_age(ctl, "amber", ctl->amber != NULL ? ctl->amber : AMBER_DEFAULT,
                     &out->look.amber_us);
    if (e == ERR_OK)
        e = read_age(ctl, "red", ctl->red != NULL ? ctl->red : RED_DEFAULT, &out->look.red_us);
    return e;
}

static enum err print_table(const struct js *items, const struct queue_look *look)
{
    struct buf text = BUF_INIT(APP_PRINT_MAX);
    enum err e =
        js_count(items) > 0 ? queue_render(items, look, &text) : buf_add_str(&text, CTL_NONE);

    if (e == ERR_OK && fputs(buf_str(&text), stdout) < 0)
        e = ERR_IO;
    buf_free(&text);
    return e;
}

static enum err print_items(struct js *items)
{
    struct js *whole = NULL;
    enum err e = js_object_new(&whole);

    if (e == ERR_OK)
        e = js_set(whole, "items", items);
    else
        js_free(items);
    if (e == ERR_OK)
        e = app_print_json(whole);
    js_free(whole);
    return e;
}

enum err cmd_queue(void *ctx, const struct args_list *words)
{
    struct ctl *ctl = ctx;
    struct js *items = NULL;
    struct queue_wish wish;
    (void)words;
    enum err e = read_wish(ctl, &wish);
    if (e == ERR_OK && ctl->watch)
        return queue_watch(ctl, &wish);
    if (e == ERR_OK)
        e = queue_fetch(ctl, &wish, &items);
    if (e == ERR_OK && ctl->json) {
        e = print_items(items);
        items = NULL;
    } else if (e == ERR_OK) {
        e = print_table(items, &wish.look);
    }
    js_free(items);
    return e;
}
