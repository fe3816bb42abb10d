/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/report.h"
#include "app/app.h"
#include "base/text.h"
#include "order/amount.h"
#include "order/json.h"
#include "signer/commands.h"
#include "signer/csv.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *opt_from, *opt_to;
static bool opt_csv;

const struct args_option cmd_report_options[3] = {
    {"from", 0, ARGS_TEXT, "DATE", "first day, UTC; default: the account's first", &opt_from},
    {"to", 0, ARGS_TEXT, "DATE", "last day, UTC, included; default: today", &opt_to},
    {"csv", 0, ARGS_FLAG, NULL, "as CSV (RFC 4180) on standard output", &opt_csv},
};

bool report_csv(void)
{
    return opt_csv;
}

static enum err add_day(struct app *a, const char *name, const char *value, struct buf *out)
{
    int32_t days = 0;
    if (value == NULL)
        return ERR_OK;
    if (text_parse_date(value, strlen(value), &days) != ERR_OK)
        return app_fail(a, ERR_USAGE, "--%s %s is no date; write YYYY-MM-DD", name, value);
    return buf_addf(out, "%s%s=%s", out->len > 0 ? "&" : "", name, value);
}

enum err report_query(struct app *a, struct buf *out)
{
    if (opt_csv && a->json)
        return app_fail(a, ERR_USAGE, "choose --csv or --json");
    enum err e = add_day(a, "from", opt_from, out);
    return e == ERR_OK ? add_day(a, "to", opt_to, out) : e;
}

enum err report_about(struct app *a, const struct js *answer)
{
    if (a->account != NULL && strcmp(js_member_text(answer, "account"), a->account) == 0)
        return ERR_OK;
    return app_fail(a, ERR_UNAVAILABLE, "the bank's answer is about another account");
}

static bool is_day(const struct js *answer, const char *name, const char *asked)
{
    return strcmp(js_member_text(answer, name), asked != NULL ? asked : "") == 0;
}

enum err report_period(struct app *a, const struct js *answer)
{
    if (is_day(answer, "from", opt_from) && is_day(answer, "to", opt_to))
        return ERR_OK;
    return app_fail(a, ERR_UNAVAILABLE, "the bank's answer is about another period");
}

enum err report_minor(struct app *a, const struct js *object, const char *name,
                      const char *currency, int64_t *out)
{
    const char *text = js_member_text(object, name);
    bool negative = text[0] == '-';
    enum err e = amount_parse(text + negative, strlen(text + negative), currency, out);
    if (e != ERR_OK)
        return app_fail(a, ERR_UNAVAILABLE, "the bank's answer has an amount that is none: %s",
                        text);
    *out = negative ? -*out : *out;
    return ERR_OK;
}

enum err report_row(struct buf *out, const char *const *cells, size_t count)
{
    char *tame[REPORT_CELLS_MAX] = {NULL};
    enum err e = count <= REPORT_CELLS_MAX ? ERR_OK : ERR_INTERNAL;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        tame[i] = strdup(cells[i]);
        if (tame[i] == NULL)
            e = ERR_NO_MEMORY;
        else
            text_tame(tame[i]);
    }
    if (e == ERR_OK)
        e = csv_row(out, (const char *const *)tame, count);
    for (size_t i = 0; i < REPORT_CELLS_MAX; i++)
        free(tame[i]);
    return e;
}

enum err report_movement_title(struct buf *out)
{
    static const char *const names[] = {"movement",    "time",     "amount",       "currency",
                                        "balance",     "category", "counterparty", "name",
                                        "description", "order"};
    return report_row(out, names, sizeof names / sizeof *names);
}

/* The account, or of cash the terminal. */
static const char *other_side(const struct js *movement)
{
    const char *terminal = js_member_text(movement, "terminal");
    return terminal[0] != '\0' ? terminal : js_member_text(movement, "counterparty");
}

enum err report_movement(struct buf *out, const struct js *movement, const char *currency)
{
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRId64, js_int(js_get(movement, "id")));
    const char *const cells[] = {number,
                                 js_member_text(movement, "time"),
                                 js_member_text(movement, "amount"),
                                 currency,
                                 js_member_text(movement, "balance"),
                                 js_member_text(movement, "category"),
                                 other_side(movement),
                                 js_member_text(movement, "name"),
                                 js_member_text(movement, "description"),
                                 js_member_text(movement, "order")};
    return report_row(out, cells, sizeof cells / sizeof *cells);
}

enum err report_flush(struct buf *out)
{
    bool written = fwrite(out->data, 1, out->len, stdout) == out->len;
    buf_clear(out);
    return written ? ERR_OK : ERR_IO;
}
