/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/page.h"

#include "bankd/core/answer.h"
#include "bankd/core/session.h"
#include "bankd/core/state.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 50u

enum err page_read(const struct core_page *asked, int64_t first, struct page *out)
{
    uint64_t cursor = 0;

    *out = (struct page){.cursor = first, .limit = asked->limit ? asked->limit : LIMIT_DEFAULT};
    if (out->limit > PAGE_MAX)
        return ERR_USAGE;
    if (!asked->cursor[0])
        return ERR_OK;
    enum err e = text_parse_u64(asked->cursor, strlen(asked->cursor), INT64_MAX, &cursor);
    out->cursor = (int64_t)cursor;
    return e;
}

enum err page_numbers(const char *cursor, int64_t *out, size_t count)
{
    const char *at = cursor;

    for (size_t i = 0; i < count; i++) {
        size_t len = strcspn(at, ".");
        uint64_t number = 0;
        enum err e = *cursor ? text_parse_u64(at, len, INT64_MAX, &number) : ERR_OK;
        if (e || (*cursor && (at[len] == '\0') != (i + 1 == count)))
            return ERR_USAGE;
        out[i] = (int64_t)number;
        at += *cursor ? len + 1 : 0;
    }
    return ERR_OK;
}

void page_next_numbers(const int64_t *last, size_t count, struct doc *out)
{
    char text[4 * 24] = "";
    size_t used = 0;

    for (size_t i = 0; i < count && used < sizeof text; i++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId64, i ? "." : "", last[i]);
    doc_text(out, "next", text);
}

void page_next(const struct page *p, size_t count, int64_t last, struct doc *out)
{
    char text[24];

    if (count < p->limit)
        return;
    snprintf(text, sizeof text, "%" PRId64, last);
    doc_text(out, "next", text);
}

enum err page_rows(struct core *c, const struct page *p, struct store_query *q, page_push_fn push,
                   const char *name, struct doc *body)
{
    struct doc list = {0};
    size_t count = 0;
    int64_t last = 0;
    bool row = false;

    doc_object(body);
    doc_array(&list);
    enum err e = store_step(q, &row);
    for (; !e && row; count++) {
        last = store_int(q, 0);
        e = push(c, q, &list);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    page_next(p, count, last, body);
    doc_put(body, name, &list);
    return e;
}

enum err page_for_operators(struct core *c, const struct core_caller *who,
                            const struct core_page *asked, const struct page_list *list,
                            struct core_answer *out)
{
    struct page page;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = session_operator(who);
    if (!e)
        e = page_read(asked, 0, &page);
    if (!e) {
        struct store_query *q = store_query(c->store, list->which);
        if (list->kind)
            store_bind_text(q, ":kind", list->kind);
        store_bind_int(q, ":after", page.cursor);
        store_bind_int(q, ":limit", page.limit);
        e = page_rows(c, &page, q, list->push, list->name, &body);
    }
    return answer_finish(c, who, e, 200, &body, out);
}
