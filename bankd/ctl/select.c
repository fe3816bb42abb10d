/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/select.h"

#include "base/buf.h"
#include "base/text.h"
#include "order/amount.h"
#include "order/flag.h"
#include "order/json.h"
#include "order/order.h"
#include <stdio.h>
#include <string.h>

#define CURRENCIES_MAX 64

/* --- which --- */

/* An order's id is its account's alone: one that fits several items names none of them. */
static bool is_one(const struct js *items, const char *id)
{
    size_t count = 0;
    for (size_t i = 0; i < js_count(items); i++)
        count += strcmp(js_member_text(js_at(items, i), "id"), id) == 0;
    return count == 1;
}

static bool is_named(const struct js *items, const struct js *item, const char *name)
{
    return strcmp(js_member_text(item, "item"), name) == 0 ||
           (strcmp(js_member_text(item, "id"), name) == 0 && is_one(items, name));
}

static bool has_flag(const struct js *item, const char *flag)
{
    const struct js *list = js_get(item, "heldFor");
    bool found = false;
    for (size_t i = 0; i < js_count(list) && !found; i++) {
        const char *one = js_text(js_at(list, i), NULL);
        found = one != NULL && strcmp(one, flag) == 0;
    }
    return found;
}

bool select_is_order(const struct js *item)
{
    return strncmp(js_member_text(item, "item"), "order:", 6) == 0;
}

static bool fits(const struct js *item, const struct select_wish *wish)
{
    return (wish->account == NULL || strcmp(js_member_text(item, "account"), wish->account) == 0) &&
           (wish->flag == NULL || has_flag(item, wish->flag)) &&
           (wish->by == NULL || strcmp(js_member_text(item, "claimedBy"), wish->by) == 0) &&
           (!wish->orders || select_is_order(item));
}

static bool is_chosen(const struct js *items, const struct js *item, const struct select_wish *wish)
{
    bool chosen = wish->names->count == 0 && fits(item, wish);
    for (size_t i = 0; i < wish->names->count && !chosen; i++)
        chosen = is_named(items, item, wish->names->item[i]);
    return chosen;
}

static void find_missing(const struct js *items, const struct args_list *names,
                         struct args_list *missing)
{
    missing->count = 0;
    for (size_t n = 0; n < names->count; n++) {
        bool found = false;
        for (size_t i = 0; i < js_count(items) && !found; i++)
            found = is_named(items, js_at(items, i), names->item[n]);
        if (!found)
            missing->item[missing->count++] = names->item[n];
    }
}

enum err select_items(const struct js *items, const struct select_wish *wish, struct js **out,
                      struct args_list *missing)
{
    enum err e = js_array_new(out);
    find_missing(items, wish->names, missing);
    for (size_t i = 0; e == ERR_OK && i < js_count(items); i++) {
        struct js *copy = NULL;
        if (!is_chosen(items, js_at(items, i), wish))
            continue;
        e = js_copy(js_at(items, i), &copy);
        if (e == ERR_OK)
            e = js_push(*out, copy);
    }
    if (e != ERR_OK) {
        js_free(*out);
        *out = NULL;
    }
    return e;
}

/* --- what it comes to --- */

struct sum {
    char currency[ORDER_CURRENCY_LEN + 1];
    int64_t minor;
    size_t count;
    bool too_large; /* for a number that anybody books */
};

/* NULL when there are too many, or it is none. */
static struct sum *sum_of(struct sum *sums, size_t *count, const char *currency)
{
    size_t i = 0;
    while (i < *count && strcmp(sums[i].currency, currency) != 0)
        i++;
    if (i == CURRENCIES_MAX || strlen(currency) != ORDER_CURRENCY_LEN)
        return NULL;
    if (i == *count)
        snprintf(sums[(*count)++].currency, ORDER_CURRENCY_LEN + 1, "%s", currency);
    return &sums[i];
}

static void add(const struct js *item, struct sum *sums, size_t *count)
{
    const char *amount = js_member_text(item, "amount"),
               *currency = js_member_text(item, "currency");
    int64_t minor = 0;
    if (amount_parse(amount, strlen(amount), currency, &minor) != ERR_OK)
        return;
    struct sum *s = sum_of(sums, count, currency);
    if (s == NULL)
        return;
    s->too_large = s->too_large || minor > AMOUNT_MINOR_MAX - s->minor;
    s->minor += s->too_large ? 0 : minor;
    s->count++;
}

static enum err add_sums(const struct js *items, struct buf *out)
{
    struct sum sums[CURRENCIES_MAX] = {0};
    size_t count = 0;
    enum err e = ERR_OK;
    for (size_t i = 0; i < js_count(items); i++)
        add(js_at(items, i), sums, &count);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        char amount[AMOUNT_TEXT_MAX + 1] = "too much to sum up,";
        e = sums[i].too_large ? ERR_OK : amount_text(sums[i].minor, sums[i].currency, amount);
        if (e == ERR_OK)
            e = buf_addf(out, "  %s %s in %zu\n", amount, sums[i].currency, sums[i].count);
    }
    return e;
}

static enum err add_flags(const struct js *items, struct buf *out)
{
    enum err e = ERR_OK;
    for (enum flag f = 0; e == ERR_OK && f < FLAG_COUNT; f++) {
        size_t count = 0;
        for (size_t i = 0; i < js_count(items); i++)
            count += has_flag(js_at(items, i), flag_name(f));
        if (count > 0)
            e = buf_addf(out, "  %s: %zu (%s)\n", flag_name(f), count, flag_words(f));
    }
    return e;
}

enum err select_total(const struct js *items, struct buf *out)
{
    size_t count = js_count(items);
    enum err e = buf_addf(out, "%zu %s\n", count, count == 1 ? "item" : "items");
    if (e == ERR_OK)
        e = add_sums(items, out);
    return e == ERR_OK ? add_flags(items, out) : e;
}
