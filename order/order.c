/* SPDX-License-Identifier: Apache-2.0 */
#include "order/order.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/json.h"
#include "order/member.h"
#include <stdbool.h>
#include <stdio.h>
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

/* What of E the member NAME of the object IN ("", "creditor.") has to answer for. */
static enum err blame(enum err e, const char *in, const char *name, struct order_fault *fault)
{
    if (e != ERR_OK && name[0] && fault)
        (void)snprintf(fault->member, sizeof fault->member, "%s%s", in, name);
    return e;
}

/* A text: one of MAX_CHARS characters, or what CHECK takes. */
struct field {
    const char *name;
    const struct js *value;
    size_t max_chars;
    member_check check;
    char *out;
    size_t cap;
};
#define FIELD(name, value, check, out)                                                             \
    {                                                                                              \
        name, value, 0, check, out, sizeof(out)                                                    \
    }
#define FIELD_LINE(name, value, max, out)                                                          \
    {                                                                                              \
        name, value, max, NULL, out, sizeof(out)                                                   \
    }

static enum err read_fields(const struct field *f, size_t count, const char *in,
                            struct order_fault *fault)
{
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        e = f[i].check ? member_text(f[i].value, f[i].check, f[i].out, f[i].cap)
                       : member_line(f[i].value, f[i].max_chars, f[i].out, f[i].cap);
        e = blame(e, in, f[i].name, fault);
    }
    return e;
}

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

static enum err payment_members(const struct js *value, struct members *m, const char **which)
{
    const struct js_member table[] = {
        ORDER_ROWS(m),
        MEMBER_OBJECT("creditor", true, &m->creditor),
        MEMBER_TEXT("date", true, &m->date),
        MEMBER_TEXT("endToEndId", false, &m->end_to_end_id),
        MEMBER_TEXT("purpose", false, &m->purpose),
        MEMBER_TEXT("reference", false, &m->reference),
    };

    return js_members(value, table, MEMBER_ROWS(table), which);
}

static enum err cash_members(const struct js *value, struct members *m, const char **which)
{
    const struct js_member table[] = {ORDER_ROWS(m), MEMBER_TEXT("terminal", true, &m->terminal)};

    return js_members(value, table, MEMBER_ROWS(table), which);
}

static const struct order_row {
    const char *type;
    enum err (*members)(const struct js *value, struct members *m, const char **which);
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

static enum err read_members(const struct js *value, struct order *out, struct members *m,
                             struct order_fault *fault)
{
    const char *which = "";

    *m = (struct members){0};
    out->kind = kind_of(value);
    enum err e = rows[out->kind].members(value, m, &which);

    return e == ERR_OK ? member_type(m->type, rows[out->kind].type, m->version)
                       : blame(e, "", which, fault);
}

static enum err read_amount(const struct members *m, struct order *out)
{
    const char *text;
    size_t len;
    enum err e;

    text = js_text(m->amount, &len);
    e = amount_parse(text, len, out->currency, &out->amount_minor);
    if (e == ERR_OK && out->amount_minor == 0)
        e = ERR_AMOUNT_ZERO;
    return e == ERR_OK ? member_text(m->amount, NULL, out->amount, sizeof out->amount) : e;
}

static enum err read_expires(const struct members *m, struct order *out)
{
    enum err e = member_time(m->expires, &out->expires_us);

    if (e != ERR_OK)
        return e;
    if (out->expires_us <= out->created_us || out->expires_us - out->created_us > LIFETIME_MAX_US)
        return ERR_DOC_MEMBER_INVALID;
    return ERR_OK;
}

static enum err read_times(const struct members *m, struct order *out, struct order_fault *fault)
{
    const char *text;
    size_t len;
    enum err e = blame(member_time(m->created, &out->created_us), "", "created", fault);

    if (e == ERR_OK)
        e = blame(read_expires(m, out), "", "expires", fault);
    if (e != ERR_OK || !m->date)
        return e;
    text = js_text(m->date, &len);
    return blame(text_parse_date(text, len, &out->date_days), "", "date", fault);
}

static enum err read_address(const struct js *value, struct order *out, struct order_fault *fault)
{
    static const char in[] = "creditor.address.";
    const struct js *country, *postcode, *street, *town;
    const struct js_member table[] = {
        MEMBER_TEXT("country", true, &country), MEMBER_TEXT("postcode", false, &postcode),
        MEMBER_TEXT("street", false, &street), MEMBER_TEXT("town", true, &town)};
    const char *which;
    enum err e = js_members(value, table, MEMBER_ROWS(table), &which);
    const struct field fields[] = {
        FIELD("country", country, check_country, out->country),
        FIELD_LINE("postcode", postcode, 16, out->postcode),
        FIELD_LINE("street", street, 70, out->street),
        FIELD_LINE("town", town, 35, out->town),
    };

    return e == ERR_OK ? read_fields(fields, MEMBER_ROWS(fields), in, fault)
                       : blame(e, in, which, fault);
}

static enum err read_creditor(const struct js *value, struct order *out, struct order_fault *fault)
{
    static const char in[] = "creditor.";
    const struct js *account, *address, *bic, *name;
    const struct js_member table[] = {
        MEMBER_TEXT("account", true, &account), MEMBER_OBJECT("address", false, &address),
        MEMBER_TEXT("bic", false, &bic), MEMBER_TEXT("name", true, &name)};
    const char *which;
    enum err e = js_members(value, table, MEMBER_ROWS(table), &which);
    const struct field fields[] = {
        FIELD("account", account, iban_check, out->creditor_account),
        FIELD_LINE("name", name, ORDER_TEXT_CHARS, out->creditor_name),
        FIELD("bic", bic, iban_check_bic, out->bic),
    };

    e = e == ERR_OK ? read_fields(fields, MEMBER_ROWS(fields), in, fault)
                    : blame(e, in, which, fault);
    return e == ERR_OK && address ? read_address(address, out, fault) : e;
}

static enum err read_texts(const struct members *m, struct order *out, struct order_fault *fault)
{
    const struct field fields[] = {
        FIELD("bank", m->bank, forms_bank, out->bank),
        FIELD("account", m->account, iban_check, out->account),
        FIELD("id", m->id, forms_order_id, out->id),
        FIELD_LINE("description", m->description, ORDER_TEXT_CHARS, out->description),
        FIELD("endToEndId", m->end_to_end_id, check_end_to_end_id, out->end_to_end_id),
        FIELD("purpose", m->purpose, check_purpose, out->purpose),
        FIELD("reference", m->reference, iban_check_reference, out->reference),
        FIELD("terminal", m->terminal, forms_holder, out->terminal),
        FIELD("currency", m->currency, amount_check_currency, out->currency),
    };
    enum err e = read_fields(fields, MEMBER_ROWS(fields), "", fault);

    return e == ERR_OK ? blame(read_amount(m, out), "", "amount", fault) : e;
}

/* BYTES are VALUE's canonical form. */
static enum err read_order(const struct js *value, const void *bytes, size_t len, struct order *out,
                           struct order_fault *fault)
{
    struct members m;
    enum err e = read_members(value, out, &m, fault);

    if (e == ERR_OK)
        e = read_texts(&m, out, fault);
    if (e == ERR_OK)
        e = read_times(&m, out, fault);
    if (e == ERR_OK && m.creditor)
        e = read_creditor(m.creditor, out, fault);
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
        e = read_order(value, bytes, len, out, NULL);
    js_free(value);
    if (e != ERR_OK)
        memset(out, 0, sizeof *out);
    return e;
}

enum err order_from_js(const struct js *value, struct order *out, struct buf *bytes)
{
    return order_read(value, out, bytes, NULL);
}

enum err order_read(const struct js *value, struct order *out, struct buf *bytes,
                    struct order_fault *fault)
{
    struct buf form = BUF_INIT(ORDER_MAX);
    enum err e;

    memset(out, 0, sizeof *out);
    if (fault)
        fault->member[0] = 0;
    if (!value)
        return ERR_DOC_MEMBER_MISSING;
    e = buf_reserve(&form, ROOM);
    if (e == ERR_OK)
        e = js_canon(value, &form);
    if (e == ERR_OK)
        e = read_order(value, form.data, form.len, out, fault);
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
                        struct buf *out, struct order_fault *fault)
{
    struct js *value = NULL;
    struct order order;
    enum err e;

    if (fault)
        fault->member[0] = 0;
    if (len > ORDER_MAX)
        return ERR_TOO_LARGE;
    e = js_parse(draft, len, &value);
    if (e == ERR_OK && js_type(value) != JS_OBJECT)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK)
        e = fill_draft(value, fill);
    if (e == ERR_OK)
        e = order_read(value, &order, out, fault);
    js_free(value);
    return e;
}
