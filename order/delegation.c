/* SPDX-License-Identifier: Apache-2.0 */
#include "order/delegation.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/policy.h"
#include <string.h>

#define PERIOD_MAX_US (366 * 86400 * TEXT_SECOND_US)
#define POLICY_DIGEST_SHOWN 8 /* bytes: 16 digits */

static const char *const verbs[] = {
    [DELEGATION_NONE] = "", [DELEGATION_GIVE] = "give", [DELEGATION_WITHDRAW] = "withdraw"};

const char *delegation_verb_name(enum delegation_verb v)
{
    return verbs[v];
}

/* --- reading --- */

struct members {
    struct statement_members head;
    const struct js *account, *amount, *currency, *deputy, *display, *display_digest, *from,
        *policy_digest, *until, *verb;
};

static enum err read_members(const struct js *value, struct members *m)
{
    const struct js_member table[] = {
        STATEMENT_ROWS(m->head, false),
        MEMBER_TEXT("account", true, &m->account),
        MEMBER_TEXT("amount", false, &m->amount),
        MEMBER_TEXT("currency", false, &m->currency),
        MEMBER_TEXT("deputy", false, &m->deputy),
        MEMBER_TEXT("display", true, &m->display),
        MEMBER_TEXT("displayDigest", true, &m->display_digest),
        MEMBER_TEXT("from", false, &m->from),
        MEMBER_TEXT("policyDigest", false, &m->policy_digest),
        MEMBER_TEXT("until", false, &m->until),
        MEMBER_TEXT("verb", true, &m->verb),
    };

    return js_members(value, table, MEMBER_ROWS(table), NULL);
}

/* A withdrawal has none of the members that say what is given, a gift all of them. */
static enum err read_verb(const struct members *m, enum delegation_verb *out)
{
    const struct js *const given[] = {m->amount, m->currency,      m->deputy,
                                      m->from,   m->policy_digest, m->until};
    const char *name = js_text(m->verb, NULL);

    *out = DELEGATION_WITHDRAW;
    while (*out != DELEGATION_NONE && strcmp(name, verbs[*out]) != 0)
        *out = (enum delegation_verb)(*out - 1);
    if (*out == DELEGATION_NONE)
        return ERR_DOC_MEMBER_INVALID;
    for (size_t i = 0; i < MEMBER_ROWS(given); i++) {
        if ((*out == DELEGATION_GIVE) != (given[i] != NULL))
            return given[i] ? ERR_DOC_MEMBER_UNKNOWN : ERR_DOC_MEMBER_MISSING;
    }
    return ERR_OK;
}

static enum err check_period(const struct delegation *d)
{
    return d->until_us > d->from_us && d->until_us - d->from_us <= PERIOD_MAX_US
               ? ERR_OK
               : ERR_DOC_MEMBER_INVALID;
}

static enum err read_gift(const struct members *m, struct delegation *out)
{
    const char *amount;
    size_t len;
    enum err e = member_text(m->deputy, forms_holder, out->deputy, sizeof out->deputy);

    if (e == ERR_OK)
        e = member_text(m->currency, amount_check_currency, out->currency, sizeof out->currency);
    if (e == ERR_OK) {
        amount = js_text(m->amount, &len);
        e = amount_parse(amount, len, out->currency, &out->amount_minor);
    }
    if (e == ERR_OK && out->amount_minor == 0)
        e = ERR_AMOUNT_ZERO;
    if (e == ERR_OK)
        e = member_time(m->from, &out->from_us);
    if (e == ERR_OK)
        e = member_time(m->until, &out->until_us);
    if (e == ERR_OK)
        e = check_period(out);
    return e == ERR_OK ? member_digest(m->policy_digest, out->policy_digest) : e;
}

static enum err read_delegation(const struct js *value, void *into)
{
    struct delegation *out = into;
    struct members m = {0};
    enum err e = read_members(value, &m);

    if (e == ERR_OK)
        e = statement_head_read(&m.head, &out->head);
    if (e == ERR_OK)
        e = read_verb(&m, &out->verb);
    if (e == ERR_OK && strcmp(js_text(m.display, NULL), DELEGATION_DISPLAY_VERSION) != 0)
        e = ERR_DISPLAY_UNKNOWN;
    if (e == ERR_OK)
        e = member_text(m.account, iban_check, out->account, sizeof out->account);
    if (e == ERR_OK && out->verb == DELEGATION_GIVE)
        e = read_gift(&m, out);
    return e == ERR_OK ? member_digest(m.display_digest, out->display_digest) : e;
}

enum err delegation_parse(const void *payload, size_t len, struct delegation *out)
{
    return statement_parse(payload, len, read_delegation, out, sizeof *out);
}

/* --- what is shown; frozen, like the display of an order --- */

static enum err add_time(struct buf *out, const char *label, int64_t time_us)
{
    char text[TEXT_TIME_LEN + 1];

    text_time(time_us, text);
    return buf_addf(out, "%-14s%s\n", label, text);
}

static enum err add_gift(struct buf *out, const struct delegation *d)
{
    char amount[AMOUNT_TEXT_MAX + 1];
    enum err e = amount_text(d->amount_minor, d->currency, amount);

    if (e == ERR_OK)
        e = buf_addf(out, "%-14s%s\n%-14s%s %s an order\n", "Deputy", d->deputy, "Up to", amount,
                     d->currency);
    if (e == ERR_OK)
        e = add_time(out, "From", d->from_us);
    return e == ERR_OK ? add_time(out, "Until", d->until_us) : e;
}

static enum err add_policy(struct buf *out, const struct policy *p)
{
    char digest[2 * POLICY_DIGEST_SHOWN + 1];

    text_hex(policy_digest(p), POLICY_DIGEST_SHOWN, digest);
    return buf_addf(out, "%-14s%s, version %lld, %s\n", "Policy", policy_title(p),
                    (long long)policy_version(p), digest);
}

enum err delegation_display_render(const struct delegation *d, const struct policy *policy,
                                   struct buf *out)
{
    bool gives = d->verb == DELEGATION_GIVE;
    char account[IBAN_GROUPED_MAX + 1];
    enum err e;

    if (d->verb == DELEGATION_NONE || gives != (policy != NULL))
        return ERR_DOC_MEMBER_INVALID;
    e = buf_add_str(out, gives ? "I let this person approve payments in my place.\n\n"
                               : "I withdraw my delegation.\n\n");
    if (e == ERR_OK && gives)
        e = add_gift(out, d);
    iban_grouped(d->account, account);
    if (e == ERR_OK)
        e = buf_addf(out, "%-14s%s\n%-14s%s\n", "Account", account, "Bank", d->head.bank);
    return e == ERR_OK && gives ? add_policy(out, policy) : e;
}

enum err delegation_display_digest(const struct delegation *d, const struct policy *policy,
                                   uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(DELEGATION_DISPLAY_MAX);
    enum err e;

    memset(out, 0, DIGEST_LEN);
    e = delegation_display_render(d, policy, &text);
    if (e == ERR_OK)
        e = key_digest(text.data, text.len, out);
    buf_free(&text);
    return e;
}

/* --- writing --- */

static void write_gift(const struct delegation *in, const struct policy *policy, struct doc *out)
{
    doc_money(out, "amount", in->amount_minor, in->currency);
    doc_text(out, "currency", in->currency);
    doc_text(out, "deputy", in->deputy);
    doc_time(out, "from", in->from_us);
    doc_digest(out, "policyDigest", policy_digest(policy));
    doc_time(out, "until", in->until_us);
}

enum err delegation_make(const struct delegation *in, const struct policy *policy, struct buf *out)
{
    uint8_t digest[DIGEST_LEN];
    struct doc doc = {0};
    enum err e = delegation_display_digest(in, policy, digest);

    if (e == ERR_OK && policy)
        e = check_period(in);
    if (e != ERR_OK)
        return e;
    doc_object(&doc);
    statement_head_write(&in->head, &doc);
    doc_text(&doc, "account", in->account);
    doc_text(&doc, "display", DELEGATION_DISPLAY_VERSION);
    doc_digest(&doc, "displayDigest", digest);
    doc_text(&doc, "verb", delegation_verb_name(in->verb));
    if (policy)
        write_gift(in, policy, &doc);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}
