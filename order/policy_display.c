/* SPDX-License-Identifier: Apache-2.0
 *
 * What a holder is shown of a new policy: all of it, in words. Frozen, like the display of an
 * order.
 */
#include "order/policy_change.h"
#include "order/policy_inner.h"

#include "base/text.h"
#include "order/amount.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 14
#define DIGEST_SHOWN 8 /* bytes: 16 digits */
#define DAY_US (86400 * TEXT_SECOND_US)

/* The text being written; the first failure sticks. */
struct page {
    const struct policy *p;
    struct buf *out;
    enum err err;
};

static void put(struct page *page, const char *text)
{
    if (page->err == ERR_OK)
        page->err = buf_add_str(page->out, text);
}

static void put_label(struct page *page, const char *label)
{
    if (page->err == ERR_OK)
        page->err = buf_addf(page->out, "%-*s", LABEL_WIDTH, label);
}

static void put_line(struct page *page, const char *label, const char *value)
{
    put_label(page, label);
    put(page, value);
    put(page, "\n");
}

static void put_time(struct page *page, const char *label, int64_t time_us)
{
    char text[TEXT_TIME_LEN + 1];

    if (!time_us)
        return;
    text_time(time_us, text);
    put_line(page, label, text);
}

static void put_digest(struct page *page, const uint8_t *digest)
{
    char text[2 * DIGEST_SHOWN + 1];

    text_hex(digest, DIGEST_SHOWN, text);
    put(page, text);
}

static void put_money(struct page *page, const char *before, int64_t minor)
{
    char text[AMOUNT_TEXT_MAX + 1];

    if (page->err == ERR_OK)
        page->err = amount_text(minor, page->p->currency, text);
    put(page, before);
    put(page, text);
    put(page, " ");
    put(page, page->p->currency);
}

static void put_account(struct page *page, const char *iban)
{
    char grouped[IBAN_GROUPED_MAX + 1];

    iban_grouped(iban, grouped);
    put(page, grouped);
}

/* --- people --- */

static void put_people(struct page *page, policy_set set, bool with_class)
{
    const char *between = "";

    for (size_t i = 0; i < page->p->holder_count; i++) {
        const char class[] = {' ', '(', page->p->holders[i].class, ')', 0};

        if (!(set >> i & 1))
            continue;
        put(page, between);
        put(page, page->p->holders[i].id);
        put(page, with_class ? class : "");
        between = ", ";
    }
}

static void put_holders(struct page *page)
{
    put_label(page, "Holders");
    put_people(page, ~(policy_set)0, true);
    put(page, "\n");
}

static void put_deputies(struct page *page)
{
    if (!page->p->deputies)
        return;
    put_label(page, "Deputies");
    put_people(page, page->p->deputies, false);
    put(page, "\n");
}

static void put_limits(struct page *page)
{
    static const char *const periods[] = {[POLICY_DAY] = " a day\n", [POLICY_MONTH] = " a month\n"};

    for (size_t i = 0; i < POLICY_LIMITS_MAX; i++) {
        if (page->p->limits[i] < 0)
            continue;
        put_label(page, "Limit");
        put_money(page, "", page->p->limits[i]);
        put(page, periods[i]);
    }
}

static void put_signatures(struct page *page)
{
    if (page->p->single)
        put_line(page, "Signatures", "one for each order");
}

/* --- rules --- */

static void put_scope(struct page *page, const struct policy_rule *r)
{
    static const char *const subjects[] = {
        [POLICY_PAYMENT] = "payments", [POLICY_CASH] = "cash", [POLICY_CHANGE] = "a new policy"};

    put(page, subjects[r->subject]);
    if (r->above > 0)
        put_money(page, " above ", r->above);
    if (r->up_to < INT64_MAX)
        put_money(page, " up to ", r->up_to);
    for (size_t i = 0; i < r->payee_count; i++) {
        put(page, i ? ", " : " to ");
        put_account(page, r->payees[i]);
    }
    put(page, "\n");
}

static void put_way(struct page *page, const struct policy_way *w, bool first)
{
    char text[64];

    put_label(page, "");
    put(page, first ? "" : "or ");
    if (w->after_us) {
        snprintf(text, sizeof text, "after %" PRId64 " days ", w->after_us / DAY_US);
        put(page, text);
    }
    for (size_t i = 0; i < w->count; i++) {
        snprintf(text, sizeof text, "%s%u of ", i ? " and " : "", w->terms[i].count);
        put(page, text);
        put_people(page, w->terms[i].who, false);
    }
    put(page, "\n");
}

static void put_rules(struct page *page)
{
    char label[32];

    for (size_t i = 0; i < page->p->rule_count; i++) {
        const struct policy_rule *r = &page->p->rules[i];

        snprintf(label, sizeof label, "Rule %zu", i + 1);
        put_label(page, label);
        put_scope(page, r);
        for (size_t k = 0; k < r->way_count; k++)
            put_way(page, &r->ways[k], k == 0);
    }
}

/* --- the whole --- */

static void put_frame(struct page *page, const struct policy *from)
{
    char version[48];

    put_label(page, "Account");
    put_account(page, page->p->account);
    put(page, "\n");
    put_line(page, "Bank", page->p->bank);
    put_line(page, "Title", page->p->title);
    snprintf(version, sizeof version, "%" PRId64 ", replacing ", page->p->version);
    put_label(page, "Version");
    put(page, version);
    put_digest(page, policy_digest(from));
    put(page, "\n");
    put_label(page, "Digest");
    put_digest(page, page->p->digest);
    put(page, "\n");
    put_time(page, "Valid from", page->p->valid_from_us);
    put_time(page, "Valid until", page->p->valid_until_us);
}

enum err policy_display_terms(const struct policy *p, struct buf *out)
{
    struct page page = {p, out, ERR_OK};

    put_holders(&page);
    put_deputies(&page);
    put_limits(&page);
    put_signatures(&page);
    put_rules(&page);
    return page.err;
}

enum err policy_display_render(const struct policy_step *step, enum verb verb, struct buf *out)
{
    struct page page = {step->to, out, ERR_OK};

    if (verb != VERB_APPROVE && verb != VERB_REJECT)
        return ERR_DOC_MEMBER_INVALID;
    put(&page,
        verb == VERB_APPROVE ? "I approve this new policy.\n\n" : "I reject this new policy.\n\n");
    put_frame(&page, step->from);
    if (page.err == ERR_OK)
        page.err = policy_display_terms(step->to, out);
    if (verb == VERB_REJECT)
        put_line(&page, "Reason", decision_reason_for(verb));
    return page.err;
}

enum err policy_display_digest(const struct policy_step *step, enum verb verb,
                               uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(POLICY_DISPLAY_MAX);
    enum err e;

    memset(out, 0, DIGEST_LEN);
    e = policy_display_render(step, verb, &text);
    if (e == ERR_OK)
        e = key_digest(text.data, text.len, out);
    buf_free(&text);
    return e;
}
