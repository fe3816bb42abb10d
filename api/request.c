/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "order/amount.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/member.h"

#include <string.h>

/* Of the log; the first one is about no order. */
#define MEMBER_ENTRY(out)                                                                          \
    {                                                                                              \
        "entry", JS_INT, false, 1, JS_INT_MAX, out                                                 \
    }

/* Parses an object and checks it against TABLE; the caller frees *OUT, also after an error. */
static enum err open_body(const void *bytes, size_t len, const struct js_member *table,
                          size_t count, struct js **out)
{
    enum err e = js_parse(bytes, len, out);

    return e ? e : js_members(*out, table, count, NULL);
}

enum err request_challenge_read(const void *bytes, size_t len, struct request_challenge *out)
{
    const struct js *purpose, *thumbprint;
    const struct js_member table[] = {
        MEMBER_TEXT("for", true, &purpose),
        MEMBER_TEXT("thumbprint", true, &thumbprint),
    };
    struct js *body = NULL;

    *out = (struct request_challenge){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (e)
        goto out;
    e = member_text(thumbprint, forms_thumbprint, out->thumbprint, sizeof out->thumbprint);
    if (e)
        goto out;
    out->for_login = strcmp(js_text(purpose, NULL), "login") == 0;
    if (!out->for_login && strcmp(js_text(purpose, NULL), "decision") != 0)
        e = ERR_DOC_MEMBER_INVALID;
out:
    js_free(body);
    return e;
}

enum err request_statement_read(const void *bytes, size_t len, const char *member,
                                struct request_statement *out)
{
    const struct js *jws;
    const struct js_member table[] = {{member, JS_TEXT, true, 1, JWS_MAX, &jws}};

    *out = (struct request_statement){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &out->body);
    if (!e)
        out->jws = js_text(jws, &out->jws_len);
    else
        request_statement_free(out);
    return e;
}

void request_statement_free(struct request_statement *r)
{
    js_free(r->body);
    *r = (struct request_statement){0};
}

/* An order and what a key says of it, under NAME. INCLUSION gets its place in a batch, where there
 * may be one. */
static enum err read_about_order(const void *bytes, size_t len, const char *name,
                                 const struct js **inclusion, struct request_decide *out)
{
    const struct js *statement, *order;
    const struct js_member table[] = {
        {name, JS_TEXT, true, 1, JWS_MAX, &statement},
        MEMBER_OBJECT("order", true, &order),
        MEMBER_OBJECT("inclusion", false, inclusion),
    };
    size_t rows = MEMBER_ROWS(table) - (inclusion ? 0 : 1);

    *out = (struct request_decide){.order_bytes = BUF_INIT(ORDER_MAX)};
    enum err e = open_body(bytes, len, table, rows, &out->body);
    if (!e)
        e = order_from_js(order, &out->order, &out->order_bytes);
    if (!e)
        out->jws = js_text(statement, &out->jws_len);
    else
        request_decide_free(out);
    return e;
}

enum err request_decide_read(const void *bytes, size_t len, struct request_decide *out)
{
    const struct js *inclusion = NULL;
    enum err e = read_about_order(bytes, len, "decision", &inclusion, out);

    if (e || !inclusion)
        return e;
    out->by_batch = true;
    e = batch_inclusion_read(inclusion, &out->inclusion);
    if (e)
        request_decide_free(out);
    return e;
}

enum err request_cash_read(const void *bytes, size_t len, struct request_decide *out)
{
    return read_about_order(bytes, len, "statement", NULL, out);
}

void request_decide_drop_body(struct request_decide *r)
{
    js_free(r->body);
    r->body = NULL;
    r->jws = NULL;
    r->jws_len = 0;
}

void request_decide_free(struct request_decide *r)
{
    js_free(r->body);
    buf_free(&r->order_bytes);
    *r = (struct request_decide){0};
}

enum err request_policy_read(const void *bytes, size_t len, struct request_policy *out)
{
    const struct js *decision, *policy;
    const struct js_member table[] = {
        {"decision", JS_TEXT, true, 1, JWS_MAX, &decision},
        MEMBER_OBJECT("policy", true, &policy),
    };

    *out = (struct request_policy){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &out->body);
    if (!e)
        e = policy_from_js(policy, &out->to);
    if (!e)
        out->jws = js_text(decision, &out->jws_len);
    else
        request_policy_free(out);
    return e;
}

void request_policy_free(struct request_policy *r)
{
    js_free(r->body);
    policy_free(r->to);
    *r = (struct request_policy){0};
}

static enum err read_enrolment(const void *bytes, size_t len, const char *kind,
                               struct request_holder *out)
{
    const struct js *holder, *name, *spki;
    const struct js_member table[] = {
        MEMBER_TEXT(kind, true, &holder),
        MEMBER_TEXT("name", true, &name),
        MEMBER_TEXT("spki", true, &spki),
    };
    struct js *body = NULL;

    *out = (struct request_holder){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_text(holder, forms_holder, out->holder, sizeof out->holder);
    if (!e)
        e = member_line(name, ORDER_TEXT_CHARS, out->name, sizeof out->name);
    if (!e)
        e = member_bytes(spki, out->spki, sizeof out->spki, &out->spki_len);
    js_free(body);
    return e;
}

enum err request_holder_read(const void *bytes, size_t len, struct request_holder *out)
{
    return read_enrolment(bytes, len, "holder", out);
}

enum err request_terminal_read(const void *bytes, size_t len, struct request_holder *out)
{
    return read_enrolment(bytes, len, "terminal", out);
}

enum err request_operator_read(const void *bytes, size_t len, struct request_holder *out)
{
    return read_enrolment(bytes, len, "operator", out);
}

enum err request_admission_read(const void *bytes, size_t len, struct request_admission *out)
{
    const struct js *another, *holder, *name, *thumbprint;
    const struct js_member table[] = {
        {"another", JS_BOOL, false, 0, 0, &another},
        MEMBER_TEXT("holder", true, &holder),
        MEMBER_TEXT("name", true, &name),
        MEMBER_TEXT("thumbprint", true, &thumbprint),
    };
    struct js *body = NULL;

    *out = (struct request_admission){.holder = ""};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_text(holder, forms_holder, out->holder, sizeof out->holder);
    if (!e)
        e = member_line(name, ORDER_TEXT_CHARS, out->name, sizeof out->name);
    if (!e)
        e = member_text(thumbprint, forms_thumbprint, out->thumbprint, sizeof out->thumbprint);
    if (!e)
        out->another = js_bool(another);
    js_free(body);
    return e;
}

static enum err read_roles(const struct js *list, role_set *out)
{
    enum role role;
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < js_count(list); i++) {
        const char *name = js_text(js_at(list, i), NULL);
        e = name ? role_from_name(name, &role) : ERR_DOC_MEMBER_INVALID;
        if (!e && *out & ROLE_BIT(role))
            e = ERR_DOC_MEMBER_INVALID; /* twice */
        if (!e)
            *out |= ROLE_BIT(role);
    }
    return e;
}

enum err request_roles_read(const void *bytes, size_t len, struct request_roles *out)
{
    const struct js *note, *roles;
    const struct js_member table[] = {
        MEMBER_TEXT("note", true, &note),
        {"roles", JS_ARRAY, true, 0, ROLE_COUNT, &roles},
    };
    struct js *body = NULL;

    *out = (struct request_roles){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_line(note, ORDER_TEXT_CHARS, out->note, sizeof out->note);
    if (!e)
        e = read_roles(roles, &out->roles);
    js_free(body);
    return e;
}

enum err request_rollover_read(const void *bytes, size_t len, struct request_rollover *out)
{
    const struct js *days;
    const struct js_member table[] = {
        MEMBER_INT("overlapDays", 1, REQUEST_OVERLAP_DAYS_MAX, &days)};
    struct js *body = NULL;

    *out = (struct request_rollover){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        out->overlap_days = js_int(days);
    js_free(body);
    return e;
}

static enum err read_person(const struct js *value, struct policy_person *out)
{
    const struct js *class = NULL, *id = value;
    const struct js_member table[] = {MEMBER_TEXT("class", true, &class),
                                      MEMBER_TEXT("id", true, &id)};
    enum err e = ERR_OK;

    if (js_type(value) != JS_TEXT)
        e = js_members(value, table, MEMBER_ROWS(table), NULL);
    if (!e)
        e = member_text(id, forms_holder, out->id, sizeof out->id);
    if (e)
        return e;
    const char *name = class ? js_text(class, NULL) : "A";
    out->class = name[0];
    return strlen(name) == 1 ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}

static enum err read_people(const struct js *array, struct request_account *out)
{
    enum err e = ERR_OK;

    for (; !e && out->count < js_count(array); out->count++)
        e = read_person(js_at(array, out->count), &out->people[out->count]);
    return e;
}

void request_account_free(struct request_account *r)
{
    buf_free(&r->rules);
    buf_free(&r->limits);
    buf_free(&r->deputies);
}

enum err request_account_read(const void *bytes, size_t len, struct request_account *out)
{
    const struct js *account, *currency, *deputies, *holders, *limits, *rules, *signatures, *title;
    const struct js_member table[] = {
        MEMBER_TEXT("account", true, &account),
        MEMBER_TEXT("currency", true, &currency),
        {"deputies", JS_ARRAY, false, 1, JS_INT_MAX, &deputies},
        MEMBER_ARRAY("holders", 1, POLICY_HOLDERS_MAX, &holders),
        {"limits", JS_ARRAY, false, 1, JS_INT_MAX, &limits},
        {"rules", JS_ARRAY, false, 1, JS_INT_MAX, &rules},
        MEMBER_TEXT("signatures", false, &signatures),
        MEMBER_TEXT("title", true, &title),
    };
    struct js *body = NULL;

    *out = (struct request_account){.rules = BUF_INIT(POLICY_MAX),
                                    .limits = BUF_INIT(POLICY_MAX),
                                    .deputies = BUF_INIT(POLICY_MAX)};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_text(account, iban_check, out->account, sizeof out->account);
    if (!e)
        e = member_text(currency, amount_check_currency, out->currency, sizeof out->currency);
    if (!e)
        e = member_line(title, 70, out->title, sizeof out->title);
    if (!e)
        e = read_people(holders, out);
    if (!e && rules)
        e = js_canon(rules, &out->rules);
    if (!e && limits)
        e = js_canon(limits, &out->limits);
    if (!e && deputies)
        e = js_canon(deputies, &out->deputies);
    if (!e)
        e = policy_signatures_read(signatures, &out->single);
    js_free(body);
    return e;
}

enum err request_fund_read(const void *bytes, size_t len, struct request_fund *out)
{
    const struct js *amount, *currency;
    const struct js_member table[] = {
        MEMBER_TEXT("amount", true, &amount),
        MEMBER_TEXT("currency", true, &currency),
    };
    struct js *body = NULL;

    *out = (struct request_fund){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_text(currency, amount_check_currency, out->currency, sizeof out->currency);
    if (!e)
        e = member_text(amount, NULL, out->amount, sizeof out->amount);
    js_free(body);
    return e;
}

/* PAYEE may be NULL. */
static enum err read_category(const struct js *category, const struct js *payee,
                              struct request_category *out)
{
    enum err e = member_text(category, forms_category, out->category, sizeof out->category);
    return e ? e : member_text(payee, iban_check, out->payee, sizeof out->payee);
}

enum err request_category_rule_read(const void *bytes, size_t len, struct request_category *out)
{
    const struct js *category, *payee;
    const struct js_member table[] = {
        MEMBER_TEXT("category", false, &category),
        MEMBER_TEXT("payee", true, &payee),
    };
    struct js *body = NULL;

    *out = (struct request_category){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = read_category(category, payee, out);
    js_free(body);
    return e;
}

enum err request_movement_category_read(const void *bytes, size_t len, struct request_category *out)
{
    const struct js *category;
    const struct js_member table[] = {MEMBER_TEXT("category", false, &category)};
    struct js *body = NULL;

    *out = (struct request_category){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = read_category(category, NULL, out);
    js_free(body);
    return e;
}

enum err request_note_read(const void *bytes, size_t len, struct request_note *out)
{
    const struct js *note;
    const struct js_member table[] = {MEMBER_TEXT("note", true, &note)};
    struct js *body = NULL;

    *out = (struct request_note){0};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_line(note, ORDER_TEXT_CHARS, out->note, sizeof out->note);
    js_free(body);
    return e;
}

enum err request_word_read(const void *bytes, size_t len, struct request_word *out)
{
    const struct js *entry, *note;
    const struct js_member table[] = {
        MEMBER_ENTRY(&entry),
        MEMBER_TEXT("note", true, &note),
    };
    struct js *body = NULL;

    *out = (struct request_word){.note = ""};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_line(note, ORDER_TEXT_CHARS, out->note, sizeof out->note);
    if (!e && entry)
        out->entry = js_int(entry);
    js_free(body);
    return e;
}

static enum err check_item(const char *text, size_t len)
{
    static const char kind[] = "abcdefghijklmnopqrstuvwxyz-";
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    size_t colon = strspn(text, kind);

    return colon > 0 && text[colon] == ':' && colon + 1 < len &&
                   colon + 1 + strspn(text + colon + 1, name) == len
               ? ERR_OK
               : ERR_DOC_MEMBER_INVALID;
}

static enum err read_claim(const void *bytes, size_t len, bool names, struct request_claim *out)
{
    const struct js *item, *note, *operator_id = NULL;
    const struct js_member table[] = {
        MEMBER_TEXT("item", true, &item),
        MEMBER_TEXT("note", true, &note),
        MEMBER_TEXT("operator", false, &operator_id),
    };
    struct js *body = NULL;

    *out = (struct request_claim){.note = ""};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table) - !names, &body);
    if (!e)
        e = member_text(item, check_item, out->item, sizeof out->item);
    if (!e)
        e = member_line(note, ORDER_TEXT_CHARS, out->note, sizeof out->note);
    if (!e)
        e = member_text(operator_id, forms_holder, out->operator_id, sizeof out->operator_id);
    js_free(body);
    return e;
}

enum err request_claim_read(const void *bytes, size_t len, struct request_claim *out)
{
    return read_claim(bytes, len, true, out);
}

enum err request_give_back_read(const void *bytes, size_t len, struct request_claim *out)
{
    return read_claim(bytes, len, false, out);
}

enum err request_comment_read(const void *bytes, size_t len, struct request_comment *out)
{
    const struct js *item, *text;
    const struct js_member table[] = {
        MEMBER_TEXT("item", true, &item),
        MEMBER_TEXT("text", true, &text),
    };
    struct js *body = NULL;

    *out = (struct request_comment){.text = ""};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_text(item, check_item, out->item, sizeof out->item);
    if (!e)
        e = member_line(text, ORDER_TEXT_CHARS, out->text, sizeof out->text);
    js_free(body);
    return e;
}

enum err request_return_read(const void *bytes, size_t len, struct request_return *out)
{
    const struct js *entry, *note, *reason;
    const struct js_member table[] = {
        MEMBER_ENTRY(&entry),
        MEMBER_TEXT("note", true, &note),
        MEMBER_TEXT("reason", true, &reason),
    };
    struct js *body = NULL;

    *out = (struct request_return){.note = ""};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_line(note, ORDER_TEXT_CHARS, out->note, sizeof out->note);
    if (!e && entry)
        out->entry = js_int(entry);
    if (!e && member_text(reason, NULL, out->reason, sizeof out->reason))
        e = ERR_REASON_INVALID; /* it is too long for one */
    js_free(body);
    return e;
}

enum err request_credit_read(const void *bytes, size_t len, struct request_credit *out)
{
    const struct js *account, *amount, *currency, *debtor_account, *debtor_name, *description,
        *reference;
    const struct js_member table[] = {
        MEMBER_TEXT("account", true, &account),
        MEMBER_TEXT("amount", true, &amount),
        MEMBER_TEXT("currency", true, &currency),
        MEMBER_TEXT("debtorAccount", false, &debtor_account),
        MEMBER_TEXT("debtorName", true, &debtor_name),
        MEMBER_TEXT("description", false, &description),
        MEMBER_TEXT("reference", true, &reference),
    };
    struct js *body = NULL;

    *out = (struct request_credit){.account = ""};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_text(account, iban_check, out->account, sizeof out->account);
    if (!e)
        e = member_text(currency, amount_check_currency, out->currency, sizeof out->currency);
    if (!e)
        e = member_text(amount, NULL, out->amount, sizeof out->amount);
    if (!e)
        e = member_text(debtor_account, iban_check, out->debtor_account,
                        sizeof out->debtor_account);
    if (!e)
        e = member_line(debtor_name, ORDER_TEXT_CHARS, out->debtor_name, sizeof out->debtor_name);
    if (!e && description)
        e = member_line(description, ORDER_TEXT_CHARS, out->description, sizeof out->description);
    if (!e)
        e = member_line(reference, REQUEST_REFERENCE_CHARS, out->reference, sizeof out->reference);
    js_free(body);
    return e;
}

enum err request_assign_read(const void *bytes, size_t len, struct request_assign *out)
{
    const struct js *account, *note;
    const struct js_member table[] = {
        MEMBER_TEXT("account", true, &account),
        MEMBER_TEXT("note", true, &note),
    };
    struct js *body = NULL;

    *out = (struct request_assign){.note = ""};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_text(account, iban_check, out->account, sizeof out->account);
    if (!e)
        e = member_line(note, ORDER_TEXT_CHARS, out->note, sizeof out->note);
    js_free(body);
    return e;
}

enum err request_key_read(const void *bytes, size_t len, struct request_key *out)
{
    const struct js *note, *status;
    const struct js_member table[] = {
        MEMBER_TEXT("note", true, &note),
        MEMBER_TEXT("status", true, &status),
    };
    struct js *body = NULL;

    *out = (struct request_key){.note = ""};
    enum err e = open_body(bytes, len, table, MEMBER_ROWS(table), &body);
    if (!e)
        e = member_line(note, ORDER_TEXT_CHARS, out->note, sizeof out->note);
    if (!e)
        e = member_text(status, NULL, out->status, sizeof out->status);
    js_free(body);
    return e;
}
