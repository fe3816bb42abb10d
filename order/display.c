/* SPDX-License-Identifier: Apache-2.0 */
#include "order/display.h"

#include "base/text.h"
#include "order/order.h"
#include "order/shown.h"

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

static void show_optional(struct shown *s, const char *label, const char *value)
{
    if (value[0])
        shown_line(s, label, value);
}

static void show_town(struct shown *s, const struct order *o)
{
    if (!o->town[0])
        return;
    shown_label(s, "Town");
    shown_text(s, o->postcode);
    shown_text(s, o->postcode[0] ? " " : "");
    shown_text(s, o->town);
    shown_text(s, "\n");
}

static void show_payment(struct shown *s, const struct order *o)
{
    char date[TEXT_DATE_LEN + 1];

    shown_line(s, "To", o->creditor_name);
    shown_account(s, "Account", o->creditor_account);
    show_optional(s, "BIC", o->bic);
    show_optional(s, "Street", o->street);
    show_town(s, o);
    show_optional(s, "Country", o->country);
    shown_account(s, "From", o->account);
    text_date(o->date_days, date);
    shown_line(s, "Date", date);
    show_optional(s, "Description", o->description);
    show_optional(s, "Reference", o->reference);
    show_optional(s, "Purpose", o->purpose);
    show_optional(s, "End-to-end", o->end_to_end_id);
}

static void show_cash(struct shown *s, const struct order *o)
{
    shown_account(s, "From", o->account);
    shown_line(s, "Terminal", o->terminal);
    show_optional(s, "Description", o->description);
}

enum err display_render(const struct order *order, const struct policy *policy, enum verb verb,
                        struct buf *out)
{
    const char *sentence = sentences[order->kind][verb];
    struct shown s = {out, ERR_OK};

    if (verb == VERB_NONE)
        return ERR_DOC_MEMBER_INVALID;
    if (!sentence)
        return ERR_DECISION_NOT_OFFERED;
    shown_text(&s, sentence);
    shown_text(&s, "\n\n");
    shown_label(&s, "Amount");
    shown_text(&s, order->amount);
    shown_text(&s, " ");
    shown_text(&s, order->currency);
    shown_text(&s, "\n");
    if (order->kind == ORDER_PAYMENT)
        show_payment(&s, order);
    else
        show_cash(&s, order);
    shown_time(&s, "Created", order->created_us);
    shown_time(&s, "Expires", order->expires_us);
    shown_line(&s, "Order", order->id);
    shown_line(&s, "Bank", order->bank);
    shown_policy(&s, policy);
    show_optional(&s, "Reason", decision_reason_for(verb));
    return s.err;
}

enum err display_digest(const struct order *order, const struct policy *policy, enum verb verb,
                        uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(DISPLAY_MAX);
    enum err e = buf_reserve(&text, DISPLAY_MAX / 2);

    if (e == ERR_OK)
        e = display_render(order, policy, verb, &text);
    return shown_digest(e, &text, out);
}
