/* SPDX-License-Identifier: Apache-2.0
 *
 * The statement of an account. That the balance before, and the movements, make the balance after
 * is looked at row by row, each time, since that is what a statement is for.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/movements.h"
#include "bankd/core/reading.h"
#include "base/log.h"
#include "base/text.h"
#include "order/amount.h"
#include <inttypes.h>

struct extract {
    struct movements_range range; /* of the page */
    int64_t opening, closing;     /* of the period */
    int64_t last;                 /* the newest movement of the period, 0: none */
    int64_t reached, balance;     /* how far the page came */
    size_t count;
};

static enum err contradiction(const struct ledger_account *a, int64_t movement)
{
    return log_fail(ERR_LEDGER_CONTRADICTION, "core.statement", "account %s at movement %" PRId64,
                    a->account, movement);
}

/* Each balance is the one before and what moved. */
static enum err follow(void *ctx, const struct movements_row *row)
{
    struct extract *x = ctx;
    int64_t sum = 0;

    if (amount_add(x->balance, row->amount, &sum) || sum != row->balance)
        return ERR_LEDGER_CONTRADICTION;
    x->balance = row->balance;
    x->reached = row->movement;
    x->count++;
    return ERR_OK;
}

/* The newest balance is what the account has. */
static enum err check_booked(struct core *c, const struct ledger_account *a)
{
    int64_t movement = 0, balance = 0;

    enum err e = movements_last(c, a, INT64_MAX, &movement, &balance);
    return !e && balance != a->booked ? contradiction(a, movement) : e;
}

/* The balances at the ends of the period and before the page. */
static enum err frame(struct core *c, const struct ledger_account *a,
                      const struct core_period *period, const struct core_page *asked,
                      struct extract *x)
{
    int64_t before = 0;

    enum err e = movements_range(c, period, &x->range);
    if (!e)
        e = movements_last(c, a, x->range.first - 1, &before, &x->opening);
    if (!e)
        e = movements_resume(asked, &x->range);
    if (!e)
        e = movements_last(c, a, x->range.last, &x->last, &x->closing);
    if (!e)
        e = movements_last(c, a, x->range.first - 1, &x->reached, &x->balance);
    if (x->last <= before) { /* nothing in it */
        x->last = before;
        x->closing = x->opening;
    }
    return e;
}

static void set_day(struct doc *body, const char *name, int32_t day)
{
    char text[TEXT_DATE_LEN + 1];

    if (!day)
        return;
    text_date(day, text);
    doc_text(body, name, text);
}

static enum err write_page(struct core *c, const struct ledger_account *a, unsigned limit,
                           struct extract *x, struct doc *body)
{
    const struct movements_walk walk = {
        .range = x->range, .limit = limit, .forward = true, .each = follow, .ctx = x};
    struct doc list = {0};

    doc_array(&list);
    enum err e = movements_list(c, a, &walk, &list);
    /* Behind the last page stands the closing balance, and nothing was left out on the way. */
    bool ends = x->count < limit || x->reached >= x->last;
    if (!e && ends && (x->reached < x->last || x->balance != x->closing))
        e = ERR_LEDGER_CONTRADICTION;
    doc_text(body, "account", a->account);
    doc_text(body, "currency", a->currency);
    doc_money(body, "opening", x->opening, a->currency);
    doc_money(body, "closing", x->closing, a->currency);
    doc_put(body, "movements", &list);
    if (!ends)
        movements_next(x->reached, x->last, body);
    return e == ERR_LEDGER_CONTRADICTION ? contradiction(a, x->reached) : e;
}

enum err core_account_statement(struct core *c, const struct core_caller *who, const char *account,
                                const struct core_period *period, const struct core_page *asked,
                                struct core_answer *out)
{
    const struct core_page limit = {.cursor = "", .limit = asked->limit};
    struct ledger_account a;
    struct extract x = {0};
    struct page page;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = reading_open(c, who, account, NULL, &a);
    if (!e)
        e = page_read(&limit, 0, &page);
    if (!e)
        e = check_booked(c, &a);
    if (!e)
        e = frame(c, &a, period, asked, &x);
    if (!e) {
        doc_object(&body);
        set_day(&body, "from", period->from_day);
        set_day(&body, "to", period->to_day);
        e = write_page(c, &a, page.limit, &x, &body);
    }
    return answer_finish(c, who, e, 200, &body, out);
}
