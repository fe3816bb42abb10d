/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "base/text.h"
#include "order/json.h"

#include <string.h>

static enum err read_cursor(const char *value, size_t len, struct request_query *out)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789._-";

    if (!len || len > REQUEST_CURSOR_MAX)
        return ERR_USAGE;
    memcpy(out->cursor, value, len);
    return strspn(out->cursor, alphabet) == len ? ERR_OK : ERR_USAGE;
}

static enum err read_limit(const char *value, size_t len, struct request_query *out)
{
    uint64_t limit;

    if (text_parse_u64(value, len, REQUEST_LIMIT_MAX, &limit) || limit == 0)
        return ERR_USAGE;
    out->limit = (unsigned)limit;
    return ERR_OK;
}

static enum err read_from(const char *value, size_t len, struct request_query *out)
{
    return text_parse_u64(value, len, JS_INT_MAX, &out->from);
}

enum err request_after_read(const char *value, size_t len, struct request_query *out)
{
    out->has_after = true;
    return text_parse_u64(value, len, JS_INT_MAX, &out->after);
}

static enum err read_from_day(const char *value, size_t len, struct request_query *out)
{
    return text_parse_date(value, len, &out->from_day);
}

static enum err read_to_day(const char *value, size_t len, struct request_query *out)
{
    return text_parse_date(value, len, &out->to_day);
}

static enum err read_waiting(const char *value, size_t len, struct request_query *out)
{
    return waits_from_name(value, len, &out->waiting);
}

static const struct {
    const char *name;
    enum request_query_name bit;
    enum err (*read)(const char *value, size_t len, struct request_query *out);
} query_names[] = {
    {"cursor=", REQUEST_CURSOR, read_cursor},
    {"limit=", REQUEST_LIMIT, read_limit},
    {"from=", REQUEST_FROM, read_from},
    {"from=", REQUEST_FROM_DAY, read_from_day},
    {"after=", REQUEST_AFTER, request_after_read},
    {"to=", REQUEST_TO_DAY, read_to_day},
    {"waiting=", REQUEST_WAITING, read_waiting},
};

/* One "name=value"; ALLOWED loses the name, so that it cannot come twice. */
static enum err read_pair(const char *pair, size_t len, unsigned *allowed,
                          struct request_query *out)
{
    for (size_t i = 0; i < sizeof query_names / sizeof *query_names; i++) {
        size_t name_len = strlen(query_names[i].name);
        if (!(*allowed & query_names[i].bit) || len < name_len ||
            memcmp(pair, query_names[i].name, name_len) != 0)
            continue;
        *allowed &= ~(unsigned)query_names[i].bit;
        return query_names[i].read(pair + name_len, len - name_len, out);
    }
    return ERR_USAGE;
}

enum err request_query_read(const char *query, size_t len, unsigned allowed,
                            struct request_query *out)
{
    enum err e = ERR_OK;

    *out = (struct request_query){0};
    while (len && !e) {
        const char *end = memchr(query, '&', len);
        size_t pair_len = end ? (size_t)(end - query) : len;
        e = read_pair(query, pair_len, &allowed, out);
        pair_len += end ? 1 : 0;
        query += pair_len;
        len -= pair_len;
    }
    return e;
}

enum err request_once_read(const char *value, size_t len, char out[static REQUEST_ONCE_MAX + 1])
{
    if (len < 3 || len > REQUEST_ONCE_MAX + 2 || value[0] != '"' || value[len - 1] != '"')
        return ERR_IDEMPOTENCY_KEY_INVALID;
    for (size_t i = 1; i + 1 < len; i++) {
        if (value[i] < 0x20 || value[i] > 0x7e || value[i] == '"' || value[i] == '\\')
            return ERR_IDEMPOTENCY_KEY_INVALID;
    }
    memcpy(out, value + 1, len - 2);
    out[len - 2] = '\0';
    return ERR_OK;
}
