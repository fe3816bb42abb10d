/* SPDX-License-Identifier: Apache-2.0 */
#include "order/order.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/json.h"
#include "order/member.h"
#include <stdbool.h>
#include <string.h>

#define ROOM ((size_t)960) /* bytes at the start: most orders stay smaller */
#define LIFETIME_MAX_US (INT64_C(366) * 86400 * TEXT_SECOND_US)

/* --- forms that only an order has --- */

static bool only_of(const char *text, size_t len, const char *also)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!plain && (!c || !strchr(also, c)))
            return false;
    }
    return true;
}

static enum err check_purpose(const char *text, size_t len)
{
    return len >= 1 && len <= 4 && only_of(text, len, "") ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

static enum err check_end_to_end_id(const char *text, size_t len)
{
    static const char also[] = "abcdefghijklmnopqrstuvwxyz/-?:().,'+ ";

    return len >= 1 && len <= 35 && only_of(text, len, also) ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

static enum err check_country(const char *text, size_t len)
{
    bool letters = len == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';

    return letters ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

/* --- reading --- */

struct members {
    const struct js *account, *amount, *bank, *created, *creditor, *currency, *date, *description,
        *end_to_end_id, *expires, *id, *purpose, *reference, *terminal, *type, *version;
};

/* What every order has. */
#define ORDER_ROWS(m)                                                                              \
    MEMBER_TEXT("account", true, &(m)->account), MEMBER_TEXT("amount", true, &(m)->amount),        \
        MEMBER_TEXT("bank", true, &(m)->bank), MEMBER_TEXT("created", true, &(m)->created),        \
        MEMBER_TEXT("currency", true, &(m)->currency),                                             \
        MEMBER_TEXT("description", true, &(m)->description),                                       \
        MEMBER_TEXT("expires", true, &(m)->expires), MEMBER_TEXT("id", true, &(m)->id),            \
        MEMBER_TEXT("type", true, &(m)->type),                                                     \
        MEMBER_INT("version", -JS_INT_MAX, JS_INT_MAX, &(m)->version)

static enum err payment_members(const struct js *value, struct members *m)
{
    const struct js_member table[] = {
        ORDER_ROWS(m),
        MEMBER_OBJECT("creditor", true, &m->creditor),
        MEMBER_TEXT("date", true, &m->date),
        MEMBER_TEXT("endToEndId", false, &m->end_to_end_id),
        MEMBER_TEXT("purpose", false, &m->purpose),
        MEMBER_TEXT("reference", false, &m->reference),
    };

    return js_members(value, table, MEMBER_ROWS(table), NULL);
}

static enum err cash_members(const struct js *value, struct members *m)
{
    const struct js_member table[] = {ORDER_ROWS(m), MEMBER_TEXT("terminal", true, &m->terminal)};

    return js_members(value, table, MEMBER_ROWS(table), NULL);
}

static const struct order_row {
    const char *type;
    enum err (*members)(const struct js *value, struct members *m);
} rows[] = {
    [ORDER_PAYMENT] = {"payment-order", payment_members},
    [ORDER_DEPOSIT] = {"cash-deposit", cash_members},
    [ORDER_WITHDRAWAL] = {"cash-withdrawal", cash_members},
};

const char *order_type(enum order_kind kind)
{
    return rows[kind].type;
}

/* Whatever says nothing else is read as a payment. */
static enum order_kind kind_of(const struct js *value)
{
    const char *type = js_text(js_get(value, "type"), NULL);
    enum order_kind kind = ORDER_WITHDRAWAL;

    while (kind != ORDER_PAYMENT && (!type || strcmp(type, rows[kind].type) != 0))
        kind--;
    return kind;
}

static enum err read_members(const struct js *value, struct order *out, struct members *m)
{
    *m = (struct members){0};
    out->kind = kind_of(value);
    enum err e = rows[out->kind].members(value, m);

    return e == ERR_OK ? member_type(m->type, rows[out->kind].type, m->version) : e;
}

static enum err read_money(const struct members *m, struct order *out)
{
    const char *text;
    size_t len;
    enum err e =
        member_text(m->currency, amount_check_currency, out->currency, sizeof out->currency);

    if (e != ERR_OK)
        return e;
    text = js_text(m->amount, &len);
    e = amount_parse(text, len, out->currency, &out->amount_minor);
    if (e == ERR_OK && out->amount_minor == 0)
        e = ERR_AMOUNT_ZERO;
    return e == ERR_OK ? member_text(m->amount, NULL, out->amount, sizeof out->amount) : e;
}

static enum err read_times(const struct members *m, struct order *out)
{
    const char *text;
    size_t len;
    enum err e = member_time(m->created, &out->created_us);

    if (e == ERR_OK)
        e = member_time(m->expires, &out->expires_us);
    if (e != ERR_OK)
        return e;
    if (out->expires_us <= out->created_us || out->expires_us - out->created_us > LIFETIME_MAX_US)
        return ERR_DOC_MEMBER_INVALID;
    if (!m->date)
        return ERR_OK;
    text = js_text(m->date, &len);
    return text_parse_date(text, len, &out->date_days);
}

static enum err read_address(const struct js *value, struct order *out)
{
    const struct js *country, *postcode, *street, *town;
    const struct js_member table[] = {
        MEMBER_TEXT("country", true, &country), MEMBER_TEXT("postcode", false, &postcode),
        MEMBER_TEXT("street", false, &street), MEMBER_TEXT("town", true, &town)};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_text(country, check_country, out->country, sizeof out->country);
    if (e == ERR_OK)
        e = member_line(postcode, 16, out->postcode, sizeof out->postcode);
    if (e == ERR_OK)
        e = member_line(street, 70, out->street, sizeof out->street);
    return e == ERR_OK ? member_line(town, 35, out->town, sizeof out->town) : e;
}

static enum err read_creditor(const struct js *value, struct order *out)
{
    const struct js *account, *address, *bic, *name;
    const struct js_member table[] = {
        MEMBER_TEXT("account", true, &account), MEMBER_OBJECT("address", false, &address),
        MEMBER_TEXT("bic", false, &bic), MEMBER_TEXT("name", true, &name)};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_text(account, iban_check, out->creditor_account, sizeof out->creditor_account);
    if (e == ERR_OK)
        e = member_line(name, 140, out->creditor_name, sizeof out->creditor_name);
    if (e == ERR_OK)
        e = member_text(bic, iban_check_bic, out->bic, sizeof out->bic);
    return e == ERR_OK && address ? read_address(address, out) : e;
}

static enum err read_texts(const struct members *m, struct order *out)
{
    enum err e = member_text(m->bank, forms_bank, out->bank, sizeof out->bank);

    if (e == ERR_OK)
        e = member_text(m->account, iban_check, out->account, sizeof out->account);
    if (e == ERR_OK)
        e = member_text(m->id, forms_order_id, out->id, sizeof out->id);
    if (e == ERR_OK)
        e = member_line(m->description, 140, out->description, sizeof out->description);
    if (e == ERR_OK)
        e = member_text(m->end_to_end_id, check_end_to_end_id, out->end_to_end_id,
                        sizeof out->end_to_end_id);
    if (e == ERR_OK)
        e = member_text(m->purpose, check_purpose, out->purpose, sizeof out->purpose);
    if (e == ERR_OK)
        e = member_text(m->reference, iban_check_reference, out->reference, sizeof out->reference);
    if (e == ERR_OK)
        e = member_text(m->terminal, forms_holder, out->terminal, sizeof out->terminal);
    return e;
}

/* BYTES are VALUE's canonical form. */
static enum err read_order(const struct js *value, const void *bytes, size_t len, struct order *out)
{
    struct members m;
    enum err e = read_members(value, out, &m);

    if (e == ERR_OK)
        e = read_texts(&m, out);
    if (e == ERR_OK)
        e = read_money(&m, out);
    if (e == ERR_OK)
        e = read_times(&m, out);
    if (e == ERR_OK && m.creditor)
        e = read_creditor(m.creditor, out);
    return e == ERR_OK ? key_digest(bytes, len, out->digest) : e;
}

enum err order_parse(const void *bytes, size_t len, struct order *out)
{
    struct js *value = NULL;
    enum err e;

    memset(out, 0, sizeof *out);
    if (len > ORDER_MAX)
        return ERR_TOO_LARGE;
    e = js_parse_canonical(bytes, len, &value);
    if (e == ERR_OK)
        e = read_order(value, bytes, len, out);
    js_free(value);
    if (e != ERR_OK)
        memset(out, 0, sizeof *out);
    return e;
}

enum err order_from_js(const struct js *value, struct order *out, struct buf *bytes)
{
    struct buf form = BUF_INIT(ORDER_MAX);
    enum err e;

    memset(out, 0, sizeof *out);
    if (!value)
        return ERR_DOC_MEMBER_MISSING;
    e = buf_reserve(&form, ROOM);
    if (e == ERR_OK)
        e = js_canon(value, &form);
    if (e == ERR_OK)
        e = read_order(value, form.data, form.len, out);
    if (e == ERR_OK && bytes)
        e = buf_add(bytes, form.data, form.len);
    buf_free(&form);
    if (e != ERR_OK)
        memset(out, 0, sizeof *out);
    return e;
}

/* --- completing a draft --- */

static enum err fill_text(struct js *draft, const char *name, const char *text)
{
    return text && !js_get(draft, name) ? js_set_text(draft, name, text) : ERR_OK;
}

static enum err fill_time(struct js *draft, const char *name, int64_t time_us)
{
    return js_get(draft, name) ? ERR_OK : member_set_time(draft, name, time_us);
}

static enum err fill_draft(struct js *draft, const struct order_fill *fill)
{
    char id[ORDER_ID_LEN + 1], date[TEXT_DATE_LEN + 1];
    enum order_kind kind = kind_of(draft);
    enum err e = fill_text(draft, "bank", fill->bank);

    forms_make_order_id(fill->now_us, fill->random, id);
    text_date(text_day_of(fill->now_us), date);
    if (e == ERR_OK)
        e = fill_text(draft, "account", fill->account);
    if (e == ERR_OK)
        e = fill_text(draft, "id", id);
    if (e == ERR_OK)
        e = fill_time(draft, "created", fill->now_us);
    if (e == ERR_OK)
        e = fill_time(draft, "expires", fill->now_us + fill->lifetime_us);
    if (e == ERR_OK && kind == ORDER_PAYMENT)
        e = fill_text(draft, "date", date);
    if (e == ERR_OK)
        e = fill_text(draft, "type", rows[kind].type);
    return e == ERR_OK && !js_get(draft, "version") ? js_set_int(draft, "version", 1) : e;
}

enum err order_complete(const void *draft, size_t len, const struct order_fill *fill,
                        struct buf *out)
{
    struct js *value = NULL;
    struct order order;
    enum err e;

    if (len > ORDER_MAX)
        return ERR_TOO_LARGE;
    e = js_parse(draft, len, &value);
    if (e == ERR_OK && js_type(value) != JS_OBJECT)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK)
        e = fill_draft(value, fill);
    if (e == ERR_OK)
        e = order_from_js(value, &order, out);
    js_free(value);
    return e;
}
