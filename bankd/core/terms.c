/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bank set for itself: lists in bankd.conf, an item between two commas.
 */
#include "bankd/core/terms.h"

#include "base/text.h"
#include "order/amount.h"
#include <string.h>

#define CLAIM_US (2 * 3600 * TEXT_SECOND_US)

/* --- reading --- */

typedef enum err (*item_fn)(const char *text, size_t len, struct core_terms *t);

static enum err read_items(const char *text, item_fn read, struct core_terms *t)
{
    enum err e = ERR_OK;

    while (!e && *text) {
        size_t len = strcspn(text, ",");
        e = read(text, len, t);
        text += len;
        text += strspn(text, ", ");
    }
    return e ? ERR_CONFIG_INVALID : ERR_OK;
}

/* "VALUE EUR": finds or makes the row of the currency. */
static struct core_currency_terms *row_of(const char *text, size_t len, size_t *value_len,
                                          struct core_terms *t)
{
    const char *space = memchr(text, ' ', len);
    unsigned decimals;
    size_t i = 0;

    if (!space || amount_decimals(space + 1, len - (size_t)(space + 1 - text), &decimals))
        return NULL;
    *value_len = (size_t)(space - text);
    while (i < t->count && memcmp(t->currency[i].code, space + 1, ORDER_CURRENCY_LEN) != 0)
        i++;
    if (i == CORE_TERMS_CURRENCIES_MAX)
        return NULL;
    if (i == t->count) {
        t->currency[t->count++] = (struct core_currency_terms){.hold_above = -1, .cutoff_min = -1};
        memcpy(t->currency[i].code, space + 1, ORDER_CURRENCY_LEN);
    }
    return &t->currency[i];
}

/* "10000.00 EUR" */
static enum err read_limit(const char *text, size_t len, struct core_terms *t)
{
    size_t value_len = 0;
    struct core_currency_terms *row = row_of(text, len, &value_len, t);

    if (!row || row->hold_above >= 0)
        return ERR_CONFIG_INVALID;
    return amount_parse(text, value_len, row->code, &row->hold_above);
}

/* "16:00 EUR", UTC */
static enum err read_cutoff(const char *text, size_t len, struct core_terms *t)
{
    size_t value_len = 0;
    struct core_currency_terms *row = row_of(text, len, &value_len, t);
    char time[] = "2026-01-01T00:00:00Z";
    int64_t us = 0;

    if (!row || row->cutoff_min >= 0 || value_len != 5)
        return ERR_CONFIG_INVALID;
    memcpy(time + 11, text, value_len);
    enum err e = text_parse_time(time, TEXT_TIME_LEN, &us);
    row->cutoff_min = (int)(us / (60 * TEXT_SECOND_US) % (24 * 60));
    return e;
}

/* "first-payment"; the bank's limit is a setting of its own, and what an
 * operator does is none. */
static enum err read_flag(const char *text, size_t len, struct core_terms *t)
{
    enum flag f = flag_from_name(text, len);

    if (f == FLAG_COUNT || f == FLAG_ABOVE_LIMIT || f == FLAG_OPERATOR ||
        (t->hold_on & FLAG_BIT(f)))
        return ERR_CONFIG_INVALID;
    t->hold_on |= FLAG_BIT(f);
    return ERR_OK;
}

/* "PT 0002": an IBAN has two check digits between them. */
static enum err read_code(const char *text, size_t len, struct core_terms *t)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char both[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    if (t->code_count == CORE_TERMS_CODES_MAX || len < 4 || len > IBAN_MAX - 2 || text[2] != ' ')
        return ERR_CONFIG_INVALID;
    char *code = t->bank_code[t->code_count];
    memcpy(code, text, 2);
    memcpy(code + 2, text + 3, len - 3);
    code[len - 1] = 0;
    t->code_count++;
    return strspn(code, letters) >= 2 && strspn(code, both) == len - 1 ? ERR_OK
                                                                       : ERR_CONFIG_INVALID;
}

enum err core_terms_console(const char *text, struct core_terms *t)
{
    t->console_open = strcmp(text, "open") == 0;
    return text[0] && !t->console_open ? ERR_CONFIG_INVALID : ERR_OK;
}

enum err core_terms_four_eyes(const char *text, struct core_terms *t)
{
    t->four_eyes = strcmp(text, "yes") == 0;
    return text[0] && !t->four_eyes ? ERR_CONFIG_INVALID : ERR_OK;
}

enum err core_terms_bank_codes(const char *text, struct core_terms *t)
{
    return read_items(text, read_code, t);
}

enum err core_terms_hold_above(const char *text, struct core_terms *t)
{
    return read_items(text, read_limit, t);
}

enum err core_terms_cutoff(const char *text, struct core_terms *t)
{
    return read_items(text, read_cutoff, t);
}

enum err core_terms_hold_on(const char *text, struct core_terms *t)
{
    return read_items(text, read_flag, t);
}

/* --- asking --- */

static const struct core_currency_terms *find(const struct core_terms *t, const char *currency)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strcmp(t->currency[i].code, currency) == 0)
            return &t->currency[i];
    }
    return NULL;
}

bool terms_above(const struct core_terms *t, const char *currency, int64_t amount)
{
    const struct core_currency_terms *row = find(t, currency);

    return row && row->hold_above >= 0 && amount > row->hold_above;
}

bool terms_elsewhere(const struct core_terms *t, const char *iban)
{
    for (size_t i = 0; i < t->code_count; i++) {
        const char *code = t->bank_code[i];
        if (memcmp(iban, code, 2) == 0 && strncmp(iban + 4, code + 2, strlen(code + 2)) == 0)
            return false;
    }
    return t->code_count > 0;
}

int64_t terms_claim_us(const struct core_terms *t)
{
    return t->claim_us ? t->claim_us : CLAIM_US;
}

struct calendar_terms terms_calendar(const struct core_terms *t, const char *currency)
{
    const struct core_currency_terms *row = find(t, currency);

    return (struct calendar_terms){calendar_of(currency), row ? row->cutoff_min : -1};
}
