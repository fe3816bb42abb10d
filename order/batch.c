/* SPDX-License-Identifier: Apache-2.0 */
#include "order/batch.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/decision.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/order.h"
#include "order/policy.h"
#include "order/shown.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- reading --- */

static enum err read_total(const struct js *value, struct batch_total *out)
{
    const struct js *amount, *currency;
    const struct js_member table[] = {MEMBER_TEXT("amount", true, &amount),
                                      MEMBER_TEXT("currency", true, &currency)};
    const char *text;
    size_t len;
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_text(currency, amount_check_currency, out->currency, sizeof out->currency);
    if (e != ERR_OK)
        return e;
    text = js_text(amount, &len);
    e = amount_parse(text, len, out->currency, &out->amount_minor);
    return e == ERR_OK && out->amount_minor == 0 ? ERR_AMOUNT_ZERO : e;
}

/* Distinct and sorted is one comparison. */
static enum err read_totals(const struct js *array, struct batch *out)
{
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < js_count(array); i++) {
        struct batch_total *t = &out->totals[i];

        e = read_total(js_at(array, i), t);
        if (e == ERR_OK && i > 0 && strcmp(t[-1].currency, t->currency) >= 0)
            e = ERR_DOC_MEMBER_INVALID;
        out->total_count++;
    }
    return e;
}

static enum err read_orders(const struct js *value, struct batch *out)
{
    const struct js *count, *root, *totals;
    const struct js_member table[] = {MEMBER_INT("count", 1, BATCH_ORDERS_MAX, &count),
                                      MEMBER_TEXT("root", true, &root),
                                      MEMBER_ARRAY("totals", 1, BATCH_TOTALS_MAX, &totals)};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = member_digest(root, out->root);
    if (e != ERR_OK)
        return e;
    out->count = js_int(count);
    return read_totals(totals, out);
}

static enum err read_batch(const struct js *value, void *into)
{
    struct batch *out = into;
    struct statement_members head;
    const struct js *account, *batch, *decision, *display, *display_digest, *policy_digest;
    const struct js_member table[] = {
        STATEMENT_ROWS(head, false),
        MEMBER_TEXT("account", true, &account),
        MEMBER_OBJECT("batch", true, &batch),
        MEMBER_TEXT("decision", true, &decision),
        MEMBER_TEXT("display", true, &display),
        MEMBER_TEXT("displayDigest", true, &display_digest),
        MEMBER_TEXT("policyDigest", true, &policy_digest),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    if (e == ERR_OK && strcmp(js_text(decision, NULL), decision_verb_name(VERB_APPROVE)) != 0)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK && strcmp(js_text(display, NULL), BATCH_DISPLAY_VERSION) != 0)
        e = ERR_DISPLAY_UNKNOWN;
    if (e == ERR_OK)
        e = member_text(account, iban_check, out->account, sizeof out->account);
    if (e == ERR_OK)
        e = read_orders(batch, out);
    if (e == ERR_OK)
        e = member_digest(policy_digest, out->policy_digest);
    return e == ERR_OK ? member_digest(display_digest, out->display_digest) : e;
}

enum err batch_parse(const void *payload, size_t len, struct batch *out)
{
    return statement_parse(payload, len, read_batch, out, sizeof *out);
}

/* --- what it says --- */

const struct batch_total *batch_total_in(const struct batch *b, const char *currency)
{
    for (size_t i = 0; i < b->total_count; i++) {
        if (strcmp(b->totals[i].currency, currency) == 0)
            return &b->totals[i];
    }
    return NULL;
}

/* Where the currency's total is, or is made. */
static struct batch_total *place_total(struct batch *b, const char *currency)
{
    size_t i = 0, len = strlen(currency);

    while (i < b->total_count && strcmp(b->totals[i].currency, currency) < 0)
        i++;
    if (i < b->total_count && strcmp(b->totals[i].currency, currency) == 0)
        return &b->totals[i];
    if (b->total_count == BATCH_TOTALS_MAX || len >= sizeof b->totals[i].currency)
        return NULL;
    memmove(&b->totals[i + 1], &b->totals[i], (b->total_count - i) * sizeof b->totals[i]);
    b->totals[i] = (struct batch_total){.amount_minor = 0};
    memcpy(b->totals[i].currency, currency, len + 1);
    b->total_count++;
    return &b->totals[i];
}

enum err batch_add(struct batch *b, const struct order *o)
{
    struct batch_total *t =
        b->count < (int64_t)BATCH_ORDERS_MAX ? place_total(b, o->currency) : NULL;

    if (!t)
        return ERR_TOO_LARGE;
    b->count++;
    return amount_add(t->amount_minor, o->amount_minor, &t->amount_minor);
}

/* --- what is shown; frozen, like the display of an order --- */

enum err batch_display_render(const struct batch *b, const struct policy *policy, struct buf *out)
{
    char count[24], root[2 * DIGEST_LEN + 1];
    struct shown s = {out, ERR_OK};

    snprintf(count, sizeof count, "%" PRId64, b->count);
    text_hex(b->root, DIGEST_LEN, root);
    shown_text(&s, "I approve all payment orders of this batch.\n\n");
    shown_line(&s, "Orders", count);
    for (size_t i = 0; i < b->total_count; i++) {
        shown_label(&s, "Total");
        shown_money(&s, b->totals[i].amount_minor, b->totals[i].currency);
        shown_text(&s, "\n");
    }
    shown_account(&s, "From", b->account);
    shown_line(&s, "Root", root);
    shown_line(&s, "Bank", b->head.bank);
    shown_policy(&s, policy);
    return s.err;
}

enum err batch_display_digest(const struct batch *b, const struct policy *policy,
                              uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(BATCH_DISPLAY_MAX);

    return shown_digest(batch_display_render(b, policy, &text), &text, out);
}

/* --- writing --- */

static void write_orders(const struct batch *in, struct doc *out)
{
    struct doc totals = {0};

    doc_array(&totals);
    for (size_t i = 0; i < in->total_count; i++) {
        struct doc one = {0};

        doc_object(&one);
        doc_money(&one, "amount", in->totals[i].amount_minor, in->totals[i].currency);
        doc_text(&one, "currency", in->totals[i].currency);
        doc_push(&totals, &one);
    }
    doc_object(out);
    doc_int(out, "count", in->count);
    doc_digest(out, "root", in->root);
    doc_put(out, "totals", &totals);
}

enum err batch_make(const struct batch *in, const struct policy *policy, struct buf *out)
{
    uint8_t digest[DIGEST_LEN];
    struct doc doc = {0}, orders = {0};
    enum err e = batch_display_digest(in, policy, digest);

    if (e != ERR_OK)
        return e;
    write_orders(in, &orders);
    doc_object(&doc);
    statement_head_write(&in->head, &doc);
    doc_text(&doc, "account", in->account);
    doc_put(&doc, "batch", &orders);
    doc_text(&doc, "decision", decision_verb_name(VERB_APPROVE));
    doc_text(&doc, "display", BATCH_DISPLAY_VERSION);
    doc_digest(&doc, "displayDigest", digest);
    doc_digest(&doc, "policyDigest", policy_digest(policy));
    e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}
