/* SPDX-License-Identifier: Apache-2.0
 *
 * What waits for one person's word: of all his accounts the orders on which he has not voted and
 * may, for himself or for whom he stands.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/ledger.h"
#include "bankd/core/life.h"
#include "bankd/core/page.h"
#include "bankd/core/reading.h"
#include "bankd/core/session.h"
#include "bankd/core/view.h"
#include <stdlib.h>

/* The cursor is the last one's account and order. */
static enum err read_rows(struct core *c, int64_t holder, const int64_t after[static 2],
                          unsigned limit, struct life_order *rows, size_t *count)
{
    struct store_query *q = store_query(c->store, STORE_ORDER_VOTELESS);

    store_bind_int(q, ":holder", holder);
    store_bind_int(q, ":account", after[0]);
    store_bind_int(q, ":after", after[1]);
    store_bind_int(q, ":limit", limit);
    return life_read_all(q, limit, rows, count);
}

/* What is due goes first: it may have ended the order, or accepted it. */
static enum err push(struct core *c, const char *holder, struct life_order *row, struct doc *list)
{
    const struct life_order before = *row;
    struct ledger_account a;
    struct doc one = {0};
    bool waits = false;

    enum err e = ledger_by_id(c, before.account, &a);
    if (!e)
        e = reading_catch_up(c, &a);
    if (!e)
        e = life_find(c, before.account, before.order_id, row);
    if (!e)
        e = view_order_for(c, &a, row, holder, &waits, &one);
    if (!e && waits)
        doc_push(list, &one);
    else
        doc_free(&one);
    return e;
}

static enum err list(struct core *c, const struct session_viewer *viewer,
                     const int64_t after[static 2], unsigned limit, struct doc *body)
{
    struct life_order *rows = malloc(limit * sizeof *rows);
    struct doc orders = {0};
    size_t count = 0;

    if (!rows)
        return ERR_NO_MEMORY;
    doc_object(body);
    doc_array(&orders);
    enum err e = read_rows(c, viewer->holder, after, limit, rows, &count);
    for (size_t i = 0; !e && i < count; i++)
        e = push(c, viewer->holder_name, &rows[i], &orders);
    if (!e && count == limit) {
        const int64_t last[2] = {rows[count - 1].account, rows[count - 1].id};
        page_next_numbers(last, 2, body);
    }
    doc_put(body, "orders", &orders);
    free(rows);
    return e;
}

enum err core_waiting_orders(struct core *c, const struct core_caller *who,
                             const struct core_page *asked, struct core_answer *out)
{
    const struct core_page limit_only = {.cursor = "", .limit = asked->limit};
    struct session_viewer viewer;
    struct page page;
    int64_t after[2];
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = who->operator_name ? ERR_SESSION_REQUIRED : session_viewer(c, who, &viewer);
    if (!e)
        e = page_read(&limit_only, 0, &page);
    if (!e)
        e = page_numbers(asked->cursor, after, 2);
    if (!e)
        e = list(c, &viewer, after, page.limit, &body);
    return answer_finish(c, who, e, 200, &body, out);
}
