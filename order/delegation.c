/* SPDX-License-Identifier: Apache-2.0 */
#include "order/delegation.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/policy.h"
#include "order/shown.h"
#include <string.h>

#define PERIOD_MAX_US (366 * 86400 * TEXT_SECOND_US)

static const char *const verbs[] = {
    [DELEGATION_NONE] = "", [DELEGATION_GIVE] = "give", [DELEGATION_WITHDRAW] = "withdraw"};

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

static void show_gift(struct shown *s, const struct delegation *d)
{
    shown_line(s, "Deputy", d->deputy);
    shown_label(s, "Up to");
    shown_money(s, d->amount_minor, d->currency);
    shown_text(s, " an order\n");
    shown_time(s, "From", d->from_us);
    shown_time(s, "Until", d->until_us);
}

enum err delegation_display_render(const struct delegation *d, const struct policy *policy,
                                   struct buf *out)
{
    bool gives = d->verb == DELEGATION_GIVE;
    struct shown s = {out, ERR_OK};

    if (d->verb == DELEGATION_NONE || gives != (policy != NULL))
        return ERR_DOC_MEMBER_INVALID;
    shown_text(&s, gives ? "I let this person approve payments in my place.\n\n"
                         : "I withdraw my delegation.\n\n");
    if (gives)
        show_gift(&s, d);
    shown_account(&s, "Account", d->account);
    shown_line(&s, "Bank", d->head.bank);
    if (gives)
        shown_policy(&s, policy);
    return s.err;
}

enum err delegation_display_digest(const struct delegation *d, const struct policy *policy,
                                   uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(DELEGATION_DISPLAY_MAX);

    return shown_digest(delegation_display_render(d, policy, &text), &text, out);
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
    doc_text(&doc, "verb", verbs[in->verb]);
    if (policy)
        write_gift(in, policy, &doc);
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}
