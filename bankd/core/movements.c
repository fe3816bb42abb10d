/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/movements.h"

#include "bankd/core/answer.h"
#include "bankd/core/reading.h"
#include "base/text.h"
#include "order/json.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY_US (86400 * TEXT_SECOND_US)

/* --- periods --- */

/* The movement's number, or MISSING. */
static enum err find_number(struct core *c, enum store_statement which, int64_t time_us,
                            int64_t missing, int64_t *out)
{
    struct store_query *q = store_query(c->store, which);
    bool found = false;

    store_bind_int(q, ":time", time_us);
    enum err e = store_step(q, &found);
    *out = !e && found ? store_int(q, 0) : missing;
    store_done(q);
    return e;
}

enum err movements_range(struct core *c, const struct core_period *period,
                         struct movements_range *out)
{
    enum err e = ERR_OK;

    *out = (struct movements_range){0, INT64_MAX};
    if (period->from_day && period->to_day && period->to_day < period->from_day)
        return ERR_PERIOD_INVALID;
    if (period->from_day)
        e = find_number(c, STORE_MOVEMENT_FROM, period->from_day * DAY_US, INT64_MAX, &out->first);
    if (!e && period->to_day)
        e = find_number(c, STORE_MOVEMENT_BEFORE, (period->to_day + INT64_C(1)) * DAY_US, 0,
                        &out->last);
    return e;
}

enum err movements_resume(const struct core_page *asked, struct movements_range *range)
{
    const char *dash = strchr(asked->cursor, '-');
    uint64_t behind = 0, last = 0;

    if (!asked->cursor[0])
        return ERR_OK;
    if (!dash ||
        text_parse_u64(asked->cursor, (size_t)(dash - asked->cursor), INT64_MAX - 1, &behind) ||
        text_parse_u64(dash + 1, strlen(dash + 1), INT64_MAX, &last))
        return ERR_USAGE;
    /* A cursor that is not ours cannot widen the period. */
    if ((int64_t)behind >= range->first)
        range->first = (int64_t)behind + 1;
    if ((int64_t)last < range->last)
        range->last = (int64_t)last;
    return (int64_t)behind > range->last ? ERR_USAGE : ERR_OK;
}

void movements_next(int64_t behind, int64_t last, struct doc *out)
{
    char text[48];

    snprintf(text, sizeof text, "%" PRId64 "-%" PRId64, behind, last);
    doc_text(out, "next", text);
}

enum err movements_last(struct core *c, const struct ledger_account *a, int64_t up_to,
                        int64_t *movement, int64_t *balance)
{
    struct store_query *q = store_query(c->store, STORE_POSTING_LAST);
    bool found = false;

    store_bind_int(q, ":account", a->id);
    store_bind_int(q, ":last", up_to);
    enum err e = store_step(q, &found);
    *movement = !e && found ? store_int(q, 0) : 0;
    *balance = !e && found ? store_int(q, 1) : 0;
    store_done(q);
    return e;
}

/* --- one movement --- */

static void set_member(struct doc *out, const char *name, const struct js *object,
                       const char *member)
{
    const char *text = js_text(js_get(object, member), NULL);

    doc_text(out, name, text ? text : "");
}

/* The other side, from the order and, for who is paid, from the payer's policy. */
static enum err describe_payment(const struct store_query *q, bool pays, struct doc *out)
{
    struct js *order = NULL, *policy = NULL;
    size_t len = 0;

    const void *bytes = store_blob(q, 5, &len);
    enum err e = js_parse(bytes, len, &order);
    if (!e) {
        bytes = store_blob(q, 7, &len);
        e = js_parse(bytes, len, &policy);
    }
    if (!e && pays) {
        set_member(out, "counterparty", js_get(order, "creditor"), "account");
        set_member(out, "name", js_get(order, "creditor"), "name");
    } else if (!e) {
        set_member(out, "counterparty", order, "account");
        set_member(out, "name", policy, "title");
    }
    if (!e) {
        set_member(out, "description", order, "description");
        doc_text(out, "order", store_text(q, 4));
    }
    js_free(order);
    js_free(policy);
    return e && e != ERR_NO_MEMORY ? ERR_STORE_FAILED : e;
}

static const char *default_category(enum ledger_kind kind, int64_t amount)
{
    if (kind == LEDGER_RETURN)
        return MOVEMENTS_RETURNED;
    if (kind == LEDGER_REVERSAL)
        return MOVEMENTS_CORRECTION;
    if (kind == LEDGER_WITHDRAWAL)
        return MOVEMENTS_CASH;
    return amount < 0 ? MOVEMENTS_OTHER : MOVEMENTS_INCOME;
}

const char *movements_category(const struct store_query *q, int category, int kind, int64_t amount)
{
    if (!store_is_null(q, category))
        return store_text(q, category);
    return default_category(ledger_kind_from_name(store_text(q, kind)), amount);
}

/* Cash has a terminal instead of an other side. */
static enum err describe_cash(const struct store_query *q, struct doc *out)
{
    struct js *order = NULL;
    size_t len = 0;
    const void *bytes = store_blob(q, 5, &len);

    if (js_parse(bytes, len, &order))
        return ERR_STORE_FAILED;
    set_member(out, "terminal", order, "terminal");
    set_member(out, "description", order, "description");
    doc_text(out, "order", store_text(q, 4));
    js_free(order);
    return ERR_OK;
}

/* What no order made. */
static void describe_other(const struct store_query *q, enum ledger_kind kind, struct doc *out)
{
    bool from_outside = !store_is_null(q, 12);

    if (from_outside) {
        doc_text_optional(out, "counterparty", store_text(q, 11));
        doc_text(out, "name", store_text(q, 12));
    }
    if (kind == LEDGER_REVERSAL) {
        doc_text(out, "description", "Reversal");
        doc_int(out, "reverses", store_int(q, 10));
    } else {
        doc_text(out, "description", from_outside ? store_text(q, 13) : "Funding");
    }
}

static enum err push_movement(const struct store_query *q, const struct ledger_account *a,
                              struct doc *list)
{
    struct doc one = {0};
    enum ledger_kind kind = ledger_kind_from_name(store_text(q, 9));
    int64_t amount = store_int(q, 2);
    enum err e = kind == LEDGER_KINDS ? ERR_STORE_FAILED : ERR_OK;

    if (e)
        return e;

    doc_object(&one);
    doc_int(&one, "id", store_int(q, 0));
    doc_time(&one, "time", store_int(q, 1));
    doc_money(&one, "amount", amount, a->currency);
    doc_money(&one, "balance", store_int(q, 3), a->currency);
    doc_text(&one, "kind", ledger_kind_name(kind));
    doc_text(&one, "category", movements_category(q, 8, 9, amount));
    if (kind == LEDGER_DEPOSIT || kind == LEDGER_WITHDRAWAL)
        e = describe_cash(q, &one);
    else if (!store_is_null(q, 4))
        e = describe_payment(q, strcmp(store_text(q, 6), a->account) == 0, &one);
    else
        describe_other(q, kind, &one);
    doc_push(list, &one);
    return e;
}

enum err movements_list(struct core *c, const struct ledger_account *a,
                        const struct movements_walk *walk, struct doc *list)
{
    struct store_query *q =
        store_query(c->store, walk->forward ? STORE_POSTING_PAGE_FORWARD : STORE_POSTING_PAGE);
    bool row = false;

    store_bind_int(q, ":account", a->id);
    store_bind_int(q, ":first", walk->range.first);
    store_bind_int(q, ":last", walk->range.last);
    store_bind_int(q, ":limit", walk->limit);
    enum err e = store_step(q, &row);
    while (!e && row) {
        const struct movements_row one = {store_int(q, 0), store_int(q, 1), store_int(q, 2),
                                          store_int(q, 3)};
        e = walk->each(walk->ctx, &one);
        if (!e)
            e = push_movement(q, a, list);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

/* --- the list --- */

struct seen {
    size_t count;
    int64_t last;
};

static enum err see(void *ctx, const struct movements_row *row)
{
    struct seen *seen = ctx;

    seen->count++;
    seen->last = row->movement;
    return ERR_OK;
}

static enum err list_page(struct core *c, const struct ledger_account *a,
                          const struct movements_range *range, const struct page *page,
                          struct doc *body)
{
    struct seen seen = {0};
    struct movements_walk walk = {.range = *range, .limit = page->limit, .each = see, .ctx = &seen};
    struct doc list = {0};

    if (walk.range.last >= page->cursor)
        walk.range.last = page->cursor - 1;
    doc_object(body);
    doc_array(&list);
    enum err e = movements_list(c, a, &walk, &list);
    doc_text(body, "currency", a->currency);
    page_next(page, seen.count, seen.last, body);
    doc_put(body, "movements", &list);
    return e;
}

enum err core_movements(struct core *c, const struct core_caller *who, const char *account,
                        const struct core_period *period, const struct core_page *asked,
                        struct core_answer *out)
{
    struct ledger_account a;
    struct movements_range range;
    struct page page;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = reading_open(c, who, account, NULL, &a);
    if (!e)
        e = page_read(asked, INT64_MAX, &page);
    if (!e)
        e = movements_range(c, period, &range);
    if (!e)
        e = list_page(c, &a, &range, &page, &body);
    return answer_finish(c, who, e, 200, &body, out);
}
