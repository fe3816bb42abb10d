/* SPDX-License-Identifier: Apache-2.0
 *
 * What went out of an account, by month and category. The sums are made here and not in the
 * database, where one that does not fit would be a failure for everybody. One answer looks at a
 * bounded number of movements, because every request waits for the one before.
 */
#include "bankd/core/answer.h"
#include "bankd/core/core.h"
#include "bankd/core/movements.h"
#include "bankd/core/reading.h"
#include "base/text.h"
#include "order/amount.h"
#include "order/forms.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOVEMENTS_MAX 2000 /* looked at for one answer */

struct sum {
    struct text_civil month;
    char category[CATEGORY_MAX + 1];
    int64_t count, minor;
};

struct sums {
    struct sum *item; /* room for MOVEMENTS_MAX */
    size_t count;
    size_t seen;     /* movements, also what came in */
    int64_t reached; /* the last of them */
};

static int compare(const struct sum *a, const struct text_civil *month, const char *category)
{
    if (a->month.year != month->year)
        return a->month.year < month->year ? -1 : 1;
    if (a->month.month != month->month)
        return a->month.month < month->month ? -1 : 1;
    return strcmp(a->category, category);
}

static int by_month(const void *a, const void *b)
{
    const struct sum *second = b;

    return compare(a, &second->month, second->category);
}

static enum err add_row(const struct store_query *q, struct sums *s)
{
    const struct text_civil month = text_civil(text_day_of(store_int(q, 1)));
    int64_t amount = store_int(q, 2);

    s->seen++;
    s->reached = store_int(q, 0);
    if (amount >= 0 || ledger_kind_from_name(store_text(q, 4)) == LEDGER_REVERSAL)
        return ERR_OK;
    struct sum *added = &s->item[s->count++];
    *added = (struct sum){.month = month, .count = 1, .minor = -amount};
    snprintf(added->category, sizeof added->category, "%s", movements_category(q, 3, 4, amount));
    return ERR_OK;
}

/* Puts the sums in order, those of one month and category together. */
static enum err add_up(struct sums *s)
{
    size_t count = 0;
    enum err e = ERR_OK;

    qsort(s->item, s->count, sizeof *s->item, by_month);
    for (size_t i = 0; !e && i < s->count; i++) {
        struct sum *last = count ? &s->item[count - 1] : NULL;
        if (!last || by_month(last, &s->item[i]) != 0) {
            s->item[count++] = s->item[i];
            continue;
        }
        last->count += s->item[i].count;
        e = amount_add(last->minor, s->item[i].minor, &last->minor);
    }
    s->count = count;
    return e;
}

static enum err add_rows(struct core *c, const struct ledger_account *a,
                         const struct movements_range *range, struct sums *s)
{
    struct store_query *q = store_query(c->store, STORE_EXPENSE_PAGE);
    bool row = false;

    store_bind_int(q, ":account", a->id);
    store_bind_int(q, ":first", range->first);
    store_bind_int(q, ":last", range->last);
    store_bind_int(q, ":limit", MOVEMENTS_MAX);
    enum err e = store_step(q, &row);
    while (!e && row && s->seen < MOVEMENTS_MAX) {
        e = add_row(q, s);
        if (!e)
            e = store_step(q, &row);
    }
    store_done(q);
    return e;
}

static void push_sum(const struct sum *sum, const char *currency, struct doc *list)
{
    char month[24];
    struct doc one = {0};

    snprintf(month, sizeof month, "%04d-%02d", sum->month.year, sum->month.month);
    doc_object(&one);
    doc_text(&one, "month", month);
    doc_text(&one, "category", sum->category);
    doc_int(&one, "count", sum->count);
    doc_money(&one, "amount", sum->minor, currency);
    doc_push(list, &one);
}

static enum err write_sums(struct core *c, const struct ledger_account *a,
                           struct movements_range range, struct doc *body)
{
    struct sums s = {.item = calloc(MOVEMENTS_MAX, sizeof *s.item)};
    struct doc list = {0};
    int64_t last = 0, balance = 0;

    if (!s.item)
        return ERR_NO_MEMORY;
    enum err e = movements_last(c, a, range.last, &last, &balance);
    if (!e)
        e = add_rows(c, a, &range, &s);
    if (!e)
        e = add_up(&s);
    doc_object(body);
    doc_array(&list);
    for (size_t i = 0; i < s.count; i++)
        push_sum(&s.item[i], a->currency, &list);
    doc_text(body, "account", a->account);
    doc_text(body, "currency", a->currency);
    doc_put(body, "expenses", &list);
    if (s.seen == MOVEMENTS_MAX && s.reached < last)
        movements_next(s.reached, last, body);
    free(s.item);
    return e;
}

enum err core_expenses(struct core *c, const struct core_caller *who, const char *account,
                       const struct core_period *period, const struct core_page *asked,
                       struct core_answer *out)
{
    struct ledger_account a;
    struct movements_range range;
    struct doc body = {0};

    *out = (struct core_answer){0};
    enum err e = reading_open(c, who, account, NULL, &a);
    if (!e)
        e = movements_range(c, period, &range);
    if (!e)
        e = movements_resume(asked, &range);
    if (!e)
        e = write_sums(c, &a, range, &body);
    return answer_finish(c, who, e, 200, &body, out);
}
