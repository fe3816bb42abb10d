/* SPDX-License-Identifier: Apache-2.0 */
#include "order/amount.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CODE_LEN 3

struct currency {
    char code[CODE_LEN + 1];
    unsigned decimals;
};

static const struct currency currencies[] = {
#define X(code, decimals) {code, decimals},
#include "order/currency.def"
#undef X
};

static int compare_code(const void *code, const void *row)
{
    return memcmp(code, ((const struct currency *)row)->code, CODE_LEN);
}

enum err amount_decimals(const char *currency, size_t len, unsigned *out)
{
    const struct currency *row = NULL;

    *out = 0;
    if (len == CODE_LEN)
        row = bsearch(currency, currencies, sizeof currencies / sizeof currencies[0],
                      sizeof currencies[0], compare_code);
    if (!row)
        return ERR_CURRENCY_UNKNOWN;
    *out = row->decimals;
    return ERR_OK;
}

enum err amount_check_currency(const char *currency, size_t len)
{
    unsigned decimals;

    return amount_decimals(currency, len, &decimals);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One spelling only: "0" or digits without a leading zero, then the point and exactly DECIMALS. */
static bool has_form(const char *text, size_t len, unsigned decimals)
{
    size_t tail = decimals ? decimals + 1 : 0; /* with the point */
    size_t whole;

    if (len <= tail)
        return false;
    whole = len - tail;
    if (whole > 1 && text[0] == '0')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (i == whole ? text[i] != '.' : !is_digit(text[i]))
            return false;
    }
    return true;
}

enum err amount_parse(const char *text, size_t len, const char *currency, int64_t *out_minor)
{
    unsigned decimals;
    int64_t minor = 0;
    enum err e;

    *out_minor = 0;
    e = amount_decimals(currency, strlen(currency), &decimals);
    if (e != ERR_OK)
        return e;
    if (!has_form(text, len, decimals))
        return ERR_AMOUNT_INVALID;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.')
            continue;
        int digit = text[i] - '0';
        if (minor > (AMOUNT_MINOR_MAX - digit) / 10)
            return ERR_AMOUNT_TOO_LARGE;
        minor = minor * 10 + digit;
    }
    *out_minor = minor;
    return ERR_OK;
}

enum err amount_text(int64_t minor, const char *currency, char out[static AMOUNT_TEXT_MAX + 1])
{
    /* INT64_MIN has no positive counterpart */
    uint64_t magnitude = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    const char *sign = minor < 0 ? "-" : "";
    uint64_t unit = 1;
    unsigned decimals;
    enum err e;

    out[0] = '\0';
    e = amount_decimals(currency, strlen(currency), &decimals);
    if (e != ERR_OK)
        return e;
    for (unsigned i = 0; i < decimals; i++)
        unit *= 10;
    if (decimals == 0)
        snprintf(out, AMOUNT_TEXT_MAX + 1, "%s%" PRIu64, sign, magnitude);
    else
        snprintf(out, AMOUNT_TEXT_MAX + 1, "%s%" PRIu64 ".%0*" PRIu64, sign, magnitude / unit,
                 (int)decimals, magnitude % unit);
    return ERR_OK;
}

static enum err in_range(bool overflow, int64_t value, int64_t *out)
{
    *out = 0;
    if (overflow || value > AMOUNT_MINOR_MAX || value < -AMOUNT_MINOR_MAX)
        return ERR_AMOUNT_TOO_LARGE;
    *out = value;
    return ERR_OK;
}

enum err amount_add(int64_t a, int64_t b, int64_t *out)
{
    int64_t sum;
    bool overflow = __builtin_add_overflow(a, b, &sum);

    return in_range(overflow, sum, out);
}

enum err amount_sub(int64_t a, int64_t b, int64_t *out)
{
    int64_t difference;
    bool overflow = __builtin_sub_overflow(a, b, &difference);

    return in_range(overflow, difference, out);
}
