/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/queue.h"

#include "bankd/ctl/table.h"
#include "base/text.h"
#include "order/amount.h"
#include "order/application.h"
#include "order/decision.h"
#include "order/json.h"
#include "order/waits.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define AGE_NUMBER_MAX 9999u
#define ID_MAX 64
#define DIGEST_SHOWN 16

/* --- options --- */

enum err queue_read_sort(const char *name, enum queue_sort *out)
{
    *out = strcmp(name, "amount") == 0 ? QUEUE_BY_AMOUNT : QUEUE_BY_AGE;
    return *out == QUEUE_BY_AMOUNT || strcmp(name, "age") == 0 ? ERR_OK : ERR_USAGE;
}

/* Largest first. */
static const struct {
    char unit;
    int64_t us;
} units[] = {
    {'d', 86400 * SECOND_US}, {'h', 3600 * SECOND_US}, {'m', 60 * SECOND_US}, {'s', SECOND_US}};
#define UNITS (sizeof units / sizeof *units)

enum err queue_read_age(const char *text, int64_t *out_us)
{
    size_t len = strlen(text), u = 0;
    uint64_t number = 0;

    *out_us = 0;
    while (u < UNITS && (len == 0 || units[u].unit != text[len - 1]))
        u++;
    if (u == UNITS || text_parse_u64(text, len - 1, AGE_NUMBER_MAX, &number) != ERR_OK)
        return ERR_USAGE;
    *out_us = (int64_t)number * units[u].us;
    return ERR_OK;
}

void queue_age(int64_t age_us, char out[static QUEUE_AGE_MAX])
{
    size_t u = 0;

    if (age_us < 0) /* the bank's clock is ahead of this one */
        age_us = 0;
    while (u + 1 < UNITS && age_us < units[u].us)
        u++;
    (void)snprintf(out, QUEUE_AGE_MAX, "%" PRId64 "%c", age_us / units[u].us, units[u].unit);
}

/* --- which, and in which order --- */

struct ranked {
    const struct js *item;
    const char *currency; /* "" without an amount: last */
    int64_t minor;
    size_t place; /* qsort is not stable */
};

static struct ranked rank(const struct js *item, size_t place)
{
    struct ranked r = {.item = item, .currency = js_member_text(item, "currency"), .place = place};
    const char *amount = js_member_text(item, "amount");

    if (amount_parse(amount, strlen(amount), r.currency, &r.minor) != ERR_OK)
        r.currency = "";
    return r;
}

static int larger_first(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    int by_currency = strcmp(a->currency, b->currency);

    if ((a->currency[0] == '\0') != (b->currency[0] == '\0'))
        return a->currency[0] == '\0' ? 1 : -1;
    if (by_currency != 0)
        return by_currency;
    if (a->minor != b->minor)
        return a->minor < b->minor ? 1 : -1;
    return a->place < b->place ? -1 : 1;
}

static enum err copy_items(const struct ranked *ranked, size_t count, struct js **out)
{
    enum err e = js_array_new(out);

    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        struct js *copy = NULL;
        e = js_copy(ranked[i].item, &copy);
        if (e == ERR_OK)
            e = js_push(*out, copy);
    }
    if (e != ERR_OK) {
        js_free(*out);
        *out = NULL;
    }
    return e;
}

enum err queue_select(const struct js *items, const char *account, enum queue_sort sort,
                      struct js **out)
{
    struct ranked *ranked = calloc(js_count(items) + 1, sizeof *ranked);
    size_t count = 0;

    *out = NULL;
    if (ranked == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < js_count(items); i++) {
        const struct js *item = js_at(items, i);
        if (account == NULL || strcmp(js_member_text(item, "account"), account) == 0) {
            ranked[count] = rank(item, count);
            count++;
        }
    }
    if (sort == QUEUE_BY_AMOUNT)
        qsort(ranked, count, sizeof *ranked, larger_first);
    enum err e = copy_items(ranked, count, out);
    free(ranked);
    return e;
}

/* --- rows --- */

/* The whole list of members that a row takes over as they are. */
static const char *const same[] = {"waitsFor", "kind",      "account",       "amount",   "currency",
                                   "heldFor",  "canDecide", "executionDate", "claimedBy"};

static enum err copy_member(const struct js *item, const char *name, struct js *row)
{
    struct js *copy = NULL;

    if (js_get(item, name) == NULL)
        return ERR_OK;
    enum err e = js_copy(js_get(item, name), &copy);
    return e == ERR_OK ? js_set(row, name, copy) : e;
}

static bool read_since(const struct js *item, int64_t *out_us)
{
    const char *since = js_member_text(item, "since");
    return text_parse_time(since, strlen(since), out_us) == ERR_OK;
}

const char *queue_colour(const struct js *item, const struct queue_look *look)
{
    bool for_its_day = strcmp(js_member_text(item, "waitsFor"), waits_name(WAITS_TIME)) == 0;
    int64_t since_us = 0;

    if (for_its_day || !read_since(item, &since_us) || look->now_us - since_us < look->amber_us)
        return NULL;
    return look->now_us - since_us >= look->red_us ? "red" : "amber";
}

static enum err add_age(const struct js *item, const struct queue_look *look, struct js *row)
{
    const char *colour = look->painted ? queue_colour(item, look) : NULL;
    char age[QUEUE_AGE_MAX];
    int64_t since_us = 0;

    if (!read_since(item, &since_us))
        return ERR_OK; /* shown as absent */
    queue_age(look->now_us - since_us, age);
    enum err e = js_set_text(row, "age", age);
    return e == ERR_OK && colour != NULL ? js_set_text(row, "colour", colour) : e;
}

/* Of a digest, a new policy's or an application's, as much as holders see when they sign. */
static enum err add_id(const struct js *item, struct js *row)
{
    const char *kind = js_member_text(item, "kind");
    bool digest = strcmp(kind, "policy") == 0 || strcmp(kind, "application") == 0;
    struct buf words = BUF_INIT(0);

    enum err e =
        buf_addf(&words, "%.*s", digest ? DIGEST_SHOWN : ID_MAX, js_member_text(item, "id"));
    if (e == ERR_OK)
        e = js_set_text(row, "id", buf_str(&words));
    buf_free(&words);
    return e;
}

/* The other side: whom an order pays, or "from" whom a credit came; who wants to be enrolled; what
 * an account is to be called that somebody applies for. */
static enum err add_party(const struct js *item, struct js *row)
{
    const char *const words[] = {js_member_text(js_get(item, "payee"), "name"),
                                 js_member_text(js_get(item, "debtor"), "name"),
                                 js_member_text(item, "name"), js_member_text(item, "title")};
    bool came = words[1][0] != '\0';
    struct buf party = BUF_INIT(0);

    enum err e = came ? buf_add_str(&party, "from ") : ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < sizeof words / sizeof *words; i++)
        e = buf_add_str(&party, words[i]);
    if (e == ERR_OK)
        e = js_set_text(row, "party", buf_str(&party));
    buf_free(&party);
    return e;
}

/* "alice:sponsors": who vouches for a person. */
static enum err add_sponsors(const struct js *item, struct js *list)
{
    const struct js *sponsors = js_get(item, "sponsors");
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < js_count(sponsors); i++) {
        struct buf words = BUF_INIT(0);
        e = buf_addf(&words, "%s:sponsors", js_text(js_at(sponsors, i), NULL));
        if (e == ERR_OK)
            e = js_push_text(list, buf_str(&words));
        buf_free(&words);
    }
    return e;
}

/* "alice", but "bob:reject": who only agreed needs no word; nor does who admitted a person. */
static enum err add_signed(const struct js *item, struct js *row)
{
    const struct js *decisions = js_get(item, "decisions"), *admitted = js_get(item, "admittedBy");
    struct js *list = NULL;

    enum err e = js_array_new(&list);
    if (e == ERR_OK)
        e = add_sponsors(item, list);
    for (size_t i = 0; e == ERR_OK && i < js_count(admitted); i++)
        e = js_push_text(list, js_text(js_at(admitted, i), NULL));
    for (size_t i = 0; e == ERR_OK && i < js_count(decisions); i++) {
        const char *verb = js_member_text(js_at(decisions, i), "decision");
        bool agreed = strcmp(verb, decision_verb_name(VERB_APPROVE)) == 0 ||
                      strcmp(verb, application_verb_name(APPLICATION_APPLY)) == 0;
        struct buf words = BUF_INIT(0);
        e = buf_addf(&words, "%s%s%s", js_member_text(js_at(decisions, i), "holder"),
                     agreed ? "" : ":", agreed ? "" : verb);
        if (e == ERR_OK)
            e = js_push_text(list, buf_str(&words));
        buf_free(&words);
    }
    if (e == ERR_OK) {
        e = js_set(row, "signed", list);
        list = NULL; /* taken over, also on failure */
    }
    js_free(list);
    return e;
}

/* The newest one, with who wrote it. */
static enum err add_comment(const struct js *item, struct js *row)
{
    const struct js *newest = js_at(js_get(item, "comments"), 0);
    struct buf words = BUF_INIT(0);

    if (newest == NULL)
        return ERR_OK;
    enum err e = buf_addf(&words, "%s: %s", js_member_text(newest, "operator"),
                          js_member_text(newest, "text"));
    if (e == ERR_OK)
        e = js_set_text(row, "comment", buf_str(&words));
    buf_free(&words);
    return e;
}

static enum err make_row(const struct js *item, const struct queue_look *look, struct js *rows)
{
    struct js *row = NULL;
    enum err e = js_object_new(&row);

    for (size_t i = 0; e == ERR_OK && i < sizeof same / sizeof *same; i++)
        e = copy_member(item, same[i], row);
    if (e == ERR_OK)
        e = add_id(item, row);
    if (e == ERR_OK)
        e = add_age(item, look, row);
    if (e == ERR_OK)
        e = add_party(item, row);
    if (e == ERR_OK)
        e = add_signed(item, row);
    if (e == ERR_OK)
        e = add_comment(item, row);
    if (e == ERR_OK)
        return js_push(rows, row);
    js_free(row);
    return e;
}

enum err queue_render(const struct js *items, const struct queue_look *look, struct buf *out)
{
    static const struct table_column columns[] = {
        {"AGE", "age", true},           {"WAITS-FOR", "waitsFor", false},
        {"AMOUNT", "amount", true},     {"CURRENCY", "currency", false},
        {"PAYEE", "party", false},      {"FLAGS", "heldFor", false},
        {"SIGNED", "signed", false},    {"MISSING", "canDecide", false},
        {"DAY", "executionDate", true}, {"CLAIMED", "claimedBy", false},
        {"KIND", "kind", false},        {"ID", "id", false},
        {"ACCOUNT", "account", false},  {"COMMENT", "comment", false},
    };
    static const struct table_paint paint = {.column = 0, .path = "colour"};
    struct js *rows = NULL;

    enum err e = js_array_new(&rows);
    for (size_t i = 0; e == ERR_OK && i < js_count(items); i++)
        e = make_row(js_at(items, i), look, rows);
    if (e == ERR_OK)
        e = table_render_painted(rows, columns, sizeof columns / sizeof *columns, &paint, out);
    js_free(rows);
    return e;
}
