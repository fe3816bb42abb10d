/* SPDX-License-Identifier: Apache-2.0
 *
 * What moved: the list, the statement, and what a holder says a movement is.
 */
#include "api/request.h"
#include "app/app.h"
#include "order/amount.h"
#include "order/json.h"
#include "signer/commands.h"
#include "signer/list.h"
#include "signer/report.h"
#include "signer/view.h"
#include <string.h>

#define CSV_MAX ((size_t)256 << 20) /* bytes of a whole statement */

/* --- movements --- */

struct printing {
    struct app *app;
    size_t total; /* printed so far */
    struct buf csv;
};

static enum err print_movement(struct printing *p, const struct js *movement, const char *currency)
{
    if (p->app->json)
        return app_print_json(movement);
    if (report_csv())
        return report_movement(&p->csv, movement, currency);
    if (p->total == 0)
        fputs(VIEW_MOVEMENT_TITLE, stdout);
    view_movement(stdout, movement);
    return ERR_OK;
}

static enum err print_page(void *ctx, const struct js *answer)
{
    struct printing *p = ctx;
    const struct js *rows = js_get(answer, "movements");
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < js_count(rows); i++, p->total++)
        e = print_movement(p, js_at(rows, i), js_member_text(answer, "currency"));
    return e == ERR_OK && report_csv() ? report_flush(&p->csv) : e;
}

static enum err print_movements(struct app *a)
{
    struct buf query = BUF_INIT(64);
    struct printing p = {.app = a};
    enum err e = report_query(a, &query);
    const struct list_source source = {ROUTE_MOVEMENTS, true, "movements", buf_str(&query),
                                       LIST_LIMIT};
    if (e == ERR_OK && report_csv())
        e = report_movement_title(&p.csv);
    if (e == ERR_OK)
        e = list_pages(a, &source, print_page, &p);
    if (e == ERR_OK && p.total == 0 && !a->json && !report_csv())
        puts(query.len > 0 ? "Nothing moved then." : "Nothing moved yet.");
    buf_free(&p.csv);
    buf_free(&query);
    return e;
}

enum err cmd_movements(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? print_movements(a) : e;
}

/* --- statement: nothing is printed before all of it is there and adds up --- */

struct account_statement {
    struct app *app;
    struct js *head; /* all but the movements */
    struct js *rows;
    int64_t opening, closing, balance;
};

static const char *currency_of(const struct account_statement *s)
{
    return js_member_text(s->head, "currency");
}

static enum err begin(struct account_statement *s, const struct js *answer)
{
    static const char *const members[] = {"account", "currency", "from",
                                          "to",      "opening",  "closing"};
    enum err e = report_about(s->app, answer);
    if (e == ERR_OK)
        e = js_object_new(&s->head);
    for (size_t i = 0; e == ERR_OK && i < sizeof members / sizeof *members; i++) {
        const char *text = js_text(js_get(answer, members[i]), NULL);
        if (text != NULL)
            e = js_set_text(s->head, members[i], text);
    }
    if (e == ERR_OK)
        e = report_period(s->app, answer);
    if (e == ERR_OK)
        e = js_array_new(&s->rows);
    if (e == ERR_OK)
        e = report_minor(s->app, s->head, "opening", currency_of(s), &s->opening);
    s->balance = s->opening;
    return e == ERR_OK ? report_minor(s->app, s->head, "closing", currency_of(s), &s->closing) : e;
}

static enum err add_row(struct account_statement *s, const struct js *row)
{
    struct js *copy = NULL;
    int64_t amount = 0, balance = 0;
    enum err e = report_minor(s->app, row, "amount", currency_of(s), &amount);
    if (e == ERR_OK)
        e = report_minor(s->app, row, "balance", currency_of(s), &balance);
    if (e == ERR_OK && (amount_add(s->balance, amount, &s->balance) || s->balance != balance))
        e = app_fail(s->app, ERR_LEDGER_CONTRADICTION,
                     "a movement does not lead from one balance to the next");
    if (e == ERR_OK)
        e = js_copy(row, &copy);
    return e == ERR_OK ? js_push(s->rows, copy) : e;
}

static bool same(const struct account_statement *s, const struct js *answer, const char *name)
{
    return strcmp(js_member_text(s->head, name), js_member_text(answer, name)) == 0;
}

static enum err add_page(void *ctx, const struct js *answer)
{
    struct account_statement *s = ctx;
    const struct js *rows = js_get(answer, "movements");
    enum err e = s->head == NULL ? begin(s, answer) : ERR_OK;
    if (e == ERR_OK)
        e = report_about(s->app, answer);
    if (e == ERR_OK && !same(s, answer, "currency"))
        e = app_fail(s->app, ERR_UNAVAILABLE, "the bank's pages have different currencies");
    if (e == ERR_OK && (!same(s, answer, "opening") || !same(s, answer, "closing")))
        e = app_fail(s->app, ERR_LEDGER_CONTRADICTION, "its pages have different balances");
    for (size_t i = 0; e == ERR_OK && i < js_count(rows); i++)
        e = add_row(s, js_at(rows, i));
    return e;
}

/* The bank looked, too; but a statement is what one holds against the bank. */
static enum err check(const struct account_statement *s)
{
    enum err e = ERR_OK;
    if (s->balance != s->closing)
        e = app_fail(s->app, ERR_LEDGER_CONTRADICTION,
                     "the opening balance and the movements do not make the closing balance");
    return e;
}

static void print_line(const char *label, const char *value, const char *more)
{
    printf("%-14s", label);
    app_print_safe(stdout, value);
    putchar(more[0] != '\0' ? ' ' : '\n');
    if (more[0] != '\0') {
        app_print_safe(stdout, more);
        putchar('\n');
    }
}

static enum err print_people(const struct account_statement *s)
{
    const char *from = js_member_text(s->head, "from"), *to = js_member_text(s->head, "to");
    size_t count = js_count(s->rows);
    print_line("Account", js_member_text(s->head, "account"), "");
    if (from[0] != '\0')
        print_line("From", from, "");
    if (to[0] != '\0')
        print_line("To", to, "");
    print_line("Opening", js_member_text(s->head, "opening"), currency_of(s));
    fputs(count > 0 ? "\n" VIEW_MOVEMENT_TITLE : "", stdout);
    for (size_t i = 0; i < count; i++)
        view_movement(stdout, js_at(s->rows, i));
    fputs(count > 0 ? "\n" : "", stdout);
    print_line("Closing", js_member_text(s->head, "closing"), currency_of(s));
    printf("%-14s%zu; with the opening balance they make the closing balance\n", "Movements",
           count);
    return ERR_OK;
}

static enum err add_balance(const struct account_statement *s, const char *name, const char *day,
                            const char *words, struct buf *csv)
{
    const char *const cells[] = {"", day, "", currency_of(s), js_member_text(s->head, name),
                                 "", "",  "", words,          ""};
    return report_row(csv, cells, sizeof cells / sizeof *cells);
}

static enum err print_csv(const struct account_statement *s)
{
    struct buf csv = BUF_INIT(CSV_MAX);
    enum err e = report_movement_title(&csv);
    if (e == ERR_OK)
        e = add_balance(s, "opening", js_member_text(s->head, "from"), "Opening balance", &csv);
    for (size_t i = 0; e == ERR_OK && i < js_count(s->rows); i++)
        e = report_movement(&csv, js_at(s->rows, i), currency_of(s));
    if (e == ERR_OK)
        e = add_balance(s, "closing", js_member_text(s->head, "to"), "Closing balance", &csv);
    if (e == ERR_OK)
        e = report_flush(&csv);
    buf_free(&csv);
    return e;
}

static enum err print_json(struct account_statement *s)
{
    enum err e = js_set(s->head, "movements", s->rows);
    s->rows = NULL;
    return e == ERR_OK ? app_print_json(s->head) : e;
}

static enum err print_statement(struct app *a)
{
    struct buf query = BUF_INIT(64);
    struct account_statement s = {.app = a};
    enum err e = report_query(a, &query);
    const struct list_source source = {ROUTE_ACCOUNT_STATEMENT, true, "movements", buf_str(&query),
                                       LIST_LIMIT};
    if (e == ERR_OK)
        e = list_pages(a, &source, add_page, &s);
    if (e == ERR_OK)
        e = check(&s);
    if (e == ERR_OK && a->json)
        e = print_json(&s);
    else if (e == ERR_OK)
        e = report_csv() ? print_csv(&s) : print_people(&s);
    js_free(s.head);
    js_free(s.rows);
    buf_free(&query);
    return e;
}

enum err cmd_statement(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? print_statement(a) : e;
}
