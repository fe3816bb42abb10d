/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/list.h"
#include "app/app.h"
#include "order/json.h"
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX 100000u /* twenty million rows */

static enum err make_query(const struct list_source *source, const char *cursor, struct buf *out)
{
    buf_clear(out);
    enum err e = buf_add_str(out, source->query);
    if (e == ERR_OK && source->limit > 0)
        e = buf_addf(out, "%slimit=%u", out->len > 0 ? "&" : "", source->limit);
    if (e == ERR_OK && cursor[0] != '\0')
        e = buf_addf(out, "%scursor=%s", out->len > 0 ? "&" : "", cursor);
    return e;
}

/* Cursors of numbers with points between. */
static bool is_behind(const char *next, const char *from)
{
    for (;;) {
        char *next_end = NULL, *from_end = NULL;
        unsigned long long a = strtoull(next, &next_end, 10), b = strtoull(from, &from_end, 10);
        if (a != b || *next_end != '.')
            return a > b;
        next = next_end + 1;
        from = *from_end == '.' ? from_end + 1 : "";
    }
}

/* Pages without a limit of rows may be empty, but each begins behind a greater number. */
static bool leads_on(const struct list_source *source, const struct js *answer, const char *from,
                     const char *next)
{
    if (source->limit > 0)
        return js_count(js_get(answer, source->member)) > 0 && strcmp(next, from) != 0;
    return is_behind(next, from);
}

/* The next cursor into CURSOR, "" behind the last page. */
static enum err go_on(struct app *a, const struct list_source *source, const struct js *answer,
                      struct buf *cursor)
{
    const char *next = js_text(js_get(answer, "next"), NULL);
    if (next != NULL && !leads_on(source, answer, buf_str(cursor), next))
        return app_fail(a, ERR_UNAVAILABLE, "the bank's list has an empty page and no end");
    buf_clear(cursor);
    return next != NULL ? buf_add_str(cursor, next) : ERR_OK;
}

enum err list_pages(struct app *a, const struct list_source *source, list_page_fn each, void *ctx)
{
    struct client_call call = {.route = source->route};
    struct buf query = BUF_INIT(1024), cursor = BUF_INIT(512);
    bool more = true;
    unsigned pages = 0;
    enum err e = ERR_OK;
    if (source->of_account)
        e = app_need(a, a->account, "account", &call.param[0]);
    while (e == ERR_OK && more) {
        struct js *answer = NULL;
        e = ++pages > PAGES_MAX ? app_fail(a, ERR_UNAVAILABLE, "the bank's list has no end")
                                : make_query(source, buf_str(&cursor), &query);
        call.query = query.len > 0 ? buf_str(&query) : NULL;
        if (e == ERR_OK)
            e = app_call(a, &call, &answer);
        if (e == ERR_OK)
            e = each(ctx, answer);
        if (e == ERR_OK)
            e = go_on(a, source, answer, &cursor);
        more = cursor.len > 0;
        js_free(answer);
    }
    buf_free(&query);
    buf_free(&cursor);
    return e;
}
