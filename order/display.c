/* SPDX-License-Identifier: Apache-2.0 */
#include "order/display.h"

#include "base/text.h"
#include "order/order.h"
#include "order/policy.h"
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 14
#define POLICY_DIGEST_SHOWN 8 /* bytes: 16 digits */

/* Frozen: a word changed here makes every signature ever given fail. */
static const char *const sentences[][VERB_CANCEL + 1] = {
    [ORDER_PAYMENT] =
        {
            [VERB_SUBMIT] = "I hand in this payment order without approving it.",
            [VERB_APPROVE] = "I approve this payment order.",
            [VERB_REJECT] = "I reject this payment order.",
            [VERB_CANCEL] = "I cancel this payment order.",
        },
    [ORDER_DEPOSIT] = {NULL}, /* nobody decides on one */
    [ORDER_WITHDRAWAL] =
        {
            /* its terminal hands it in */
            [VERB_APPROVE] = "I approve this cash withdrawal.",
            [VERB_REJECT] = "I reject this cash withdrawal.",
            [VERB_CANCEL] = "I cancel this cash withdrawal.",
        },
};

static enum err add_label(struct buf *out, const char *label)
{
    static const char spaces[] = "              ";
    size_t len = strlen(label);
    enum err e = buf_add(out, label, len);

    return e == ERR_OK ? buf_add(out, spaces, LABEL_WIDTH - len) : e;
}

/* A line of two texts; nothing at all when VALUE is "". */
static enum err add_line2(struct buf *out, const char *label, const char *before, const char *space,
                          const char *value)
{
    enum err e;

    if (!value[0])
        return ERR_OK;
    e = add_label(out, label);
    if (e == ERR_OK && before[0])
        e = buf_add_str(out, before);
    if (e == ERR_OK && before[0])
        e = buf_add_str(out, space);
    if (e == ERR_OK)
        e = buf_add_str(out, value);
    return e == ERR_OK ? buf_add_byte(out, '\n') : e;
}

static enum err add_line(struct buf *out, const char *label, const char *value)
{
    return add_line2(out, label, "", "", value);
}

static enum err add_time(struct buf *out, const char *label, int64_t time_us)
{
    char text[TEXT_TIME_LEN + 1];

    text_time(time_us, text);
    return add_line(out, label, text);
}

static enum err add_account(struct buf *out, const char *label, const char *iban)
{
    char grouped[IBAN_GROUPED_MAX + 1];

    iban_grouped(iban, grouped);
    return add_line(out, label, grouped);
}

static enum err add_creditor(struct buf *out, const struct order *o)
{
    enum err e = add_line(out, "To", o->creditor_name);

    if (e == ERR_OK)
        e = add_account(out, "Account", o->creditor_account);
    if (e == ERR_OK)
        e = add_line(out, "BIC", o->bic);
    if (e == ERR_OK)
        e = add_line(out, "Street", o->street);
    if (e == ERR_OK)
        e = add_line2(out, "Town", o->postcode, " ", o->town);
    return e == ERR_OK ? add_line(out, "Country", o->country) : e;
}

static enum err add_payment(struct buf *out, const struct order *o)
{
    char date[TEXT_DATE_LEN + 1];
    enum err e = add_creditor(out, o);

    text_date(o->date_days, date);
    if (e == ERR_OK)
        e = add_account(out, "From", o->account);
    if (e == ERR_OK)
        e = add_line(out, "Date", date);
    if (e == ERR_OK)
        e = add_line(out, "Description", o->description);
    if (e == ERR_OK)
        e = add_line(out, "Reference", o->reference);
    if (e == ERR_OK)
        e = add_line(out, "Purpose", o->purpose);
    return e == ERR_OK ? add_line(out, "End-to-end", o->end_to_end_id) : e;
}

static enum err add_cash(struct buf *out, const struct order *o)
{
    enum err e = add_account(out, "From", o->account);

    if (e == ERR_OK)
        e = add_line(out, "Terminal", o->terminal);
    return e == ERR_OK ? add_line(out, "Description", o->description) : e;
}

static enum err add_frame(struct buf *out, const struct order *o)
{
    enum err e = add_time(out, "Created", o->created_us);

    if (e == ERR_OK)
        e = add_time(out, "Expires", o->expires_us);
    if (e == ERR_OK)
        e = add_line(out, "Order", o->id);
    return e == ERR_OK ? add_line(out, "Bank", o->bank) : e;
}

static enum err add_policy(struct buf *out, const struct policy *policy)
{
    char digest[2 * POLICY_DIGEST_SHOWN + 1], tail[64];

    text_hex(policy_digest(policy), POLICY_DIGEST_SHOWN, digest);
    snprintf(tail, sizeof tail, "version %lld, %s", (long long)policy_version(policy), digest);
    return add_line2(out, "Policy", policy_title(policy), ", ", tail);
}

enum err display_render(const struct order *order, const struct policy *policy, enum verb verb,
                        struct buf *out)
{
    const char *sentence = sentences[order->kind][verb];
    enum err e;

    if (verb == VERB_NONE)
        return ERR_DOC_MEMBER_INVALID;
    if (!sentence)
        return ERR_DECISION_NOT_OFFERED;
    e = buf_add_str(out, sentence);
    if (e == ERR_OK)
        e = buf_add(out, "\n\n", 2);
    if (e == ERR_OK)
        e = add_line2(out, "Amount", order->amount, " ", order->currency);
    if (e == ERR_OK)
        e = order->kind == ORDER_PAYMENT ? add_payment(out, order) : add_cash(out, order);
    if (e == ERR_OK)
        e = add_frame(out, order);
    if (e == ERR_OK)
        e = add_policy(out, policy);
    return e == ERR_OK ? add_line(out, "Reason", decision_reason_for(verb)) : e;
}

enum err display_digest(const struct order *order, const struct policy *policy, enum verb verb,
                        uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(DISPLAY_MAX);
    enum err e;

    memset(out, 0, DIGEST_LEN);
    e = buf_reserve(&text, DISPLAY_MAX / 2);
    if (e == ERR_OK)
        e = display_render(order, policy, verb, &text);
    if (e == ERR_OK)
        e = key_digest(text.data, text.len, out);
    buf_free(&text);
    return e;
}
