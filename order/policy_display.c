/* SPDX-License-Identifier: Apache-2.0
 *
 * What a holder is shown of a new policy: all of it, in words. Frozen, like the display of an
 * order.
 */
#include "order/policy_change.h"
#include "order/policy_inner.h"

#include "base/text.h"
#include "order/shown.h"
#include <inttypes.h>
#include <stdio.h>

#define DAY_US (86400 * TEXT_SECOND_US)

/* --- people --- */

static void show_people(struct shown *s, const struct policy *p, policy_set set, bool with_class)
{
    const char *between = "";

    for (size_t i = 0; i < p->holder_count; i++) {
        const char class[] = {' ', '(', p->holders[i].class, ')', 0};

        if (!(set >> i & 1))
            continue;
        shown_text(s, between);
        shown_text(s, p->holders[i].id);
        shown_text(s, with_class ? class : "");
        between = ", ";
    }
}

static void show_holders(struct shown *s, const struct policy *p)
{
    shown_label(s, "Holders");
    show_people(s, p, ~(policy_set)0, true);
    shown_text(s, "\n");
}

static void show_deputies(struct shown *s, const struct policy *p)
{
    if (!p->deputies)
        return;
    shown_label(s, "Deputies");
    show_people(s, p, p->deputies, false);
    shown_text(s, "\n");
}

static void show_limits(struct shown *s, const struct policy *p)
{
    static const char *const periods[] = {[POLICY_DAY] = " a day\n", [POLICY_MONTH] = " a month\n"};

    for (size_t i = 0; i < POLICY_LIMITS_MAX; i++) {
        if (p->limits[i] < 0)
            continue;
        shown_label(s, "Limit");
        shown_money(s, p->limits[i], p->currency);
        shown_text(s, periods[i]);
    }
}

/* --- rules --- */

static void show_scope(struct shown *s, const struct policy *p, const struct policy_rule *r)
{
    static const char *const subjects[] = {
        [POLICY_PAYMENT] = "payments", [POLICY_CASH] = "cash", [POLICY_CHANGE] = "a new policy"};

    shown_text(s, subjects[r->subject]);
    if (r->above > 0) {
        shown_text(s, " above ");
        shown_money(s, r->above, p->currency);
    }
    if (r->up_to < INT64_MAX) {
        shown_text(s, " up to ");
        shown_money(s, r->up_to, p->currency);
    }
    for (size_t i = 0; i < r->payee_count; i++) {
        shown_text(s, i ? ", " : " to ");
        shown_iban(s, r->payees[i]);
    }
    shown_text(s, "\n");
}

static void show_way(struct shown *s, const struct policy *p, const struct policy_way *w,
                     bool first)
{
    char text[64];

    shown_label(s, "");
    shown_text(s, first ? "" : "or ");
    if (w->after_us) {
        snprintf(text, sizeof text, "after %" PRId64 " days ", w->after_us / DAY_US);
        shown_text(s, text);
    }
    for (size_t i = 0; i < w->count; i++) {
        snprintf(text, sizeof text, "%s%u of ", i ? " and " : "", w->terms[i].count);
        shown_text(s, text);
        show_people(s, p, w->terms[i].who, false);
    }
    shown_text(s, "\n");
}

static void show_rule(struct shown *s, const struct policy *p, size_t i)
{
    const struct policy_rule *r = &p->rules[i];
    char label[32];

    snprintf(label, sizeof label, "Rule %zu", i + 1);
    shown_label(s, label);
    show_scope(s, p, r);
    for (size_t k = 0; k < r->way_count; k++)
        show_way(s, p, &r->ways[k], k == 0);
}

/* --- the whole --- */

static void show_frame(struct shown *s, const struct policy_step *step)
{
    const struct policy *p = step->to;
    char version[48];

    shown_account(s, "Account", p->account);
    shown_line(s, "Bank", p->bank);
    shown_line(s, "Title", p->title);
    snprintf(version, sizeof version, "%" PRId64 ", replacing ", p->version);
    shown_label(s, "Version");
    shown_text(s, version);
    shown_digest_start(s, policy_digest(step->from));
    shown_text(s, "\n");
    shown_label(s, "Digest");
    shown_digest_start(s, p->digest);
    shown_text(s, "\n");
    if (p->valid_from_us)
        shown_time(s, "Valid from", p->valid_from_us);
    if (p->valid_until_us)
        shown_time(s, "Valid until", p->valid_until_us);
}

enum err policy_display_terms(const struct policy *p, struct buf *out)
{
    struct shown s = {out, ERR_OK};

    show_holders(&s, p);
    show_deputies(&s, p);
    show_limits(&s, p);
    if (p->single)
        shown_line(&s, "Signatures", "one for each order");
    for (size_t i = 0; i < p->rule_count; i++)
        show_rule(&s, p, i);
    return s.err;
}

enum err policy_display_render(const struct policy_step *step, enum verb verb, struct buf *out)
{
    struct shown s = {out, ERR_OK};

    if (verb != VERB_APPROVE && verb != VERB_REJECT)
        return ERR_DOC_MEMBER_INVALID;
    shown_text(&s, verb == VERB_APPROVE ? "I approve this new policy.\n\n"
                                        : "I reject this new policy.\n\n");
    show_frame(&s, step);
    if (s.err == ERR_OK)
        s.err = policy_display_terms(step->to, out);
    if (verb == VERB_REJECT)
        shown_line(&s, "Reason", decision_reason_for(verb));
    return s.err;
}

enum err policy_display_digest(const struct policy_step *step, enum verb verb,
                               uint8_t out[static DIGEST_LEN])
{
    struct buf text = BUF_INIT(POLICY_DISPLAY_MAX);

    return shown_digest(policy_display_render(step, verb, &text), &text, out);
}
