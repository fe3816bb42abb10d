/* SPDX-License-Identifier: Apache-2.0
 *
 * What went out, by month and category. The bank's pages are added up here.
 */
#include "app/app.h"
#include "order/amount.h"
#include "order/doc.h"
#include "order/forms.h"
#include "order/json.h"
#include "signer/chart.h"
#include "signer/commands.h"
#include "signer/list.h"
#include "signer/report.h"
#include "signer/view.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MAX (1u << 17) /* months and categories; no account has half as many */
#define MONTH_LEN 7
#define BAR_MIN 8u /* columns; less tells nothing */
#define BAR_MAX 60u

struct row {
    char month[MONTH_LEN + 1], category[CATEGORY_MAX + 1];
    int64_t count, minor;
};

struct expenses {
    struct app *app;
    char currency[8];
    struct row *row;
    size_t count, room;
    int64_t payments; /* of all rows: the bound of every count */
};

static int by_month(const void *a, const void *b)
{
    const struct row *first = a, *second = b;
    int order = strcmp(first->month, second->month);
    return order != 0 ? order : strcmp(first->category, second->category);
}

/* In order, and each month's categories once. */
static enum err merge_rows(struct expenses *x)
{
    size_t kept = 0;
    enum err e = ERR_OK;
    if (x->count > 0)
        qsort(x->row, x->count, sizeof *x->row, by_month);
    for (size_t i = 0; e == ERR_OK && i < x->count; i++) {
        struct row *last = &x->row[kept > 0 ? kept - 1 : 0];
        if (kept == 0 || by_month(last, &x->row[i]) != 0) {
            x->row[kept++] = x->row[i];
            continue;
        }
        last->count += x->row[i].count;
        e = amount_add(last->minor, x->row[i].minor, &last->minor);
    }
    x->count = kept;
    return e;
}

/* More only when it is more than half full still: many pages of the same need little. */
static enum err make_room(struct expenses *x)
{
    if (x->count < x->room)
        return ERR_OK;
    enum err e = merge_rows(x);
    if (e != ERR_OK || x->count < x->room / 2)
        return e;
    if (x->room == ROOM_MAX)
        return ERR_TOO_LARGE;
    size_t room = x->room > 0 ? 2 * x->room : 64; /* comes to ROOM_MAX */
    struct row *more = realloc(x->row, room * sizeof *more);
    if (more == NULL)
        return ERR_NO_MEMORY;
    x->row = more;
    x->room = room;
    return ERR_OK;
}

static bool copy(char *out, size_t size, const char *text)
{
    return text[0] != '\0' && (size_t)snprintf(out, size, "%s", text) < size;
}

static enum err add_row(struct expenses *x, const struct js *item)
{
    struct row row = {.count = js_int(js_get(item, "count"))};
    if (!copy(row.month, sizeof row.month, js_member_text(item, "month")) ||
        !copy(row.category, sizeof row.category, js_member_text(item, "category")) ||
        row.count < 1 || __builtin_add_overflow(x->payments, row.count, &x->payments))
        return app_fail(x->app, ERR_UNAVAILABLE, "the bank's sums are malformed");
    enum err e = report_minor(x->app, item, "amount", x->currency, &row.minor);
    if (e == ERR_OK)
        e = make_room(x);
    if (e == ERR_OK)
        x->row[x->count++] = row;
    return e;
}

static enum err add_page(void *ctx, const struct js *answer)
{
    struct expenses *x = ctx;
    const struct js *items = js_get(answer, "expenses");
    enum err e = report_about(x->app, answer);
    if (e == ERR_OK && x->currency[0] != '\0' &&
        strcmp(x->currency, js_member_text(answer, "currency")) != 0)
        e = app_fail(x->app, ERR_UNAVAILABLE, "the bank's pages have different currencies");
    if (e == ERR_OK && !copy(x->currency, sizeof x->currency, js_member_text(answer, "currency")))
        e = app_fail(x->app, ERR_UNAVAILABLE, "the bank's sums are malformed");
    for (size_t i = 0; e == ERR_OK && i < js_count(items); i++)
        e = add_row(x, js_at(items, i));
    return e;
}

/* --- for programs --- */

static void push_row(const struct row *row, const char *currency, struct doc *list)
{
    struct doc one = {0};
    doc_object(&one);
    doc_text(&one, "month", row->month);
    doc_text(&one, "category", row->category);
    doc_int(&one, "count", row->count);
    doc_money(&one, "amount", row->minor, currency);
    doc_push(list, &one);
}

static enum err print_json(const struct expenses *x)
{
    struct doc body = {0}, list = {0};
    doc_array(&list);
    for (size_t i = 0; i < x->count; i++)
        push_row(&x->row[i], x->currency, &list);
    doc_object(&body);
    doc_text(&body, "account", x->app->account);
    doc_text(&body, "currency", x->currency);
    doc_put(&body, "expenses", &list);
    enum err e = app_print_doc(&body);
    doc_free(&body);
    return e;
}

static enum err print_csv(const struct expenses *x)
{
    static const char *const names[] = {"month", "category", "count", "amount", "currency"};
    struct buf csv = {0};
    enum err e = report_row(&csv, names, sizeof names / sizeof *names);
    for (size_t i = 0; e == ERR_OK && i < x->count; i++) {
        char amount[AMOUNT_TEXT_MAX + 1], count[24];
        (void)snprintf(count, sizeof count, "%" PRId64, x->row[i].count);
        e = amount_text(x->row[i].minor, x->currency, amount);
        const char *const cells[] = {x->row[i].month, x->row[i].category, count, amount,
                                     x->currency};
        if (e == ERR_OK)
            e = report_row(&csv, cells, sizeof cells / sizeof *cells);
    }
    if (e == ERR_OK)
        e = report_flush(&csv);
    buf_free(&csv);
    return e;
}

/* --- for people --- */

struct table {
    size_t category, amount; /* widths */
    unsigned bar;            /* columns for the longest bar; 0: no bars */
    bool utf8;
    int64_t most, total;
};

static enum err measure(const struct expenses *x, struct table *t)
{
    char text[AMOUNT_TEXT_MAX + 1];
    enum err e = ERR_OK;
    *t = (struct table){.category = sizeof "CATEGORY" - 1, .amount = sizeof "AMOUNT" - 1};
    for (size_t i = 0; e == ERR_OK && i < x->count; i++) {
        size_t len = strlen(x->row[i].category);
        t->category = len > t->category ? len : t->category;
        t->most = x->row[i].minor > t->most ? x->row[i].minor : t->most;
        e = amount_add(t->total, x->row[i].minor, &t->total);
    }
    if (e == ERR_OK)
        e = amount_text(t->total, x->currency, text);
    if (e != ERR_OK)
        return e;
    t->amount = strlen(text) > t->amount ? strlen(text) : t->amount;
    size_t left = MONTH_LEN + 2 + t->category + 2 + sizeof "PAYMENTS" + 1 + t->amount + 4 + 2;
    unsigned columns = chart_columns();
    if (columns > left && columns - left >= BAR_MIN)
        t->bar = columns - left < BAR_MAX ? columns - (unsigned)left : BAR_MAX;
    t->utf8 = chart_utf8();
    return ERR_OK;
}

static enum err print_row(const struct expenses *x, const struct row *row, const struct table *t)
{
    char text[AMOUNT_TEXT_MAX + 1];
    enum err e = amount_text(row->minor, x->currency, text);
    if (e != ERR_OK)
        return e;
    view_padded(stdout, row->month, MONTH_LEN);
    fputs("  ", stdout);
    view_padded(stdout, row->category, t->category);
    printf("  %8" PRId64 "  %*s ", row->count, (int)t->amount, text);
    app_print_safe(stdout, x->currency);
    if (t->bar > 0) {
        fputs("  ", stdout);
        chart_bar(stdout, row->minor, t->most, t->bar, t->utf8);
    }
    putchar('\n');
    return ERR_OK;
}

static enum err print_people(const struct expenses *x)
{
    struct table t;
    struct row total = {.month = "Total"};
    if (x->count == 0) {
        puts("Nothing went out.");
        return ERR_OK;
    }
    enum err e = measure(x, &t);
    if (e == ERR_OK)
        printf("%-*s  %-*s  PAYMENTS  %*s\n", MONTH_LEN, "MONTH", (int)t.category, "CATEGORY",
               (int)t.amount, "AMOUNT");
    for (size_t i = 0; e == ERR_OK && i < x->count; i++) {
        total.count += x->row[i].count;
        e = print_row(x, &x->row[i], &t);
    }
    total.minor = t.total;
    t.bar = 0;
    return e == ERR_OK ? print_row(x, &total, &t) : e;
}

static enum err print_expenses(struct app *a)
{
    struct buf query = BUF_INIT(64);
    struct expenses x = {.app = a};
    enum err e = report_query(a, &query);
    const struct list_source source = {ROUTE_EXPENSES, true, "expenses", buf_str(&query), 0};
    if (e == ERR_OK)
        e = list_pages(a, &source, add_page, &x);
    if (e == ERR_OK)
        e = merge_rows(&x);
    if (e == ERR_OK && a->json)
        e = print_json(&x);
    else if (e == ERR_OK)
        e = report_csv() ? print_csv(&x) : print_people(&x);
    free(x.row);
    buf_free(&query);
    return e;
}

enum err cmd_expenses(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? print_expenses(a) : e;
}
