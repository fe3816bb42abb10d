/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with a policy, and what its owner may not have meant.
 */
#include "order/policy_inner.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/json.h"
#include <stdio.h>
#include <string.h>

/* --- findings --- */

static const struct {
    const char *name;
    bool fatal;
    const char *text;
} faults[] = {
#define X(name, fatal, text) [POLICY_##name] = {#name, fatal, text},
    POLICY_FAULTS(X)
#undef X
};

const char *policy_fault_name(enum policy_fault fault)
{
    return faults[fault].name;
}

bool policy_fault_fatal(enum policy_fault fault)
{
    return faults[fault].fatal;
}

void policy_note(struct policy *p, enum policy_fault fault, size_t rule, size_t way,
                 const char *what)
{
    struct policy_findings *found = p->found;

    found->fatal = found->fatal || faults[fault].fatal;
    if (found->count == POLICY_FINDINGS_MAX)
        return;
    struct policy_finding *f = &found->at[found->count++];
    *f = (struct policy_finding){.fault = fault, .rule = rule, .way = way};
    snprintf(f->what, sizeof f->what, "%s", what);
    for (size_t len = strlen(f->what); !text_is_utf8(f->what, len);)
        f->what[--len] = 0; /* cut in the middle of a character */
}

static enum err add_place(size_t rule, size_t way, struct buf *out)
{
    enum err e = ERR_OK;

    if (rule)
        e = buf_addf(out, "rule %zu", rule);
    if (e == ERR_OK && way)
        e = buf_addf(out, ", way %zu", way);
    return e;
}

void policy_note_form(struct policy *p, size_t rule, size_t way, const char *member)
{
    struct buf text = BUF_INIT(sizeof p->found->where - 1);

    if (p->found->where[0])
        return;
    enum err e = add_place(rule, way, &text);
    if (e == ERR_OK && member[0])
        e = buf_addf(&text, "%s%s", rule ? ": " : "", member);
    if (e == ERR_OK) /* otherwise the error is told without its place */
        memcpy(p->found->where, buf_str(&text), text.len + 1);
    buf_free(&text);
}

enum err policy_members(struct policy *p, size_t rule, size_t way, const struct js *value,
                        const struct js_member *table, size_t count)
{
    const char *which;
    enum err e = js_members(value, table, count, &which);

    if (e != ERR_OK)
        policy_note_form(p, rule, way, which);
    return e;
}

enum err policy_finding_text(const struct policy_finding *f, struct buf *out)
{
    enum err e = add_place(f->rule, f->way, out);

    if (e == ERR_OK)
        e = buf_addf(out, "%s%s", f->rule ? ": " : "", faults[f->fault].text);
    if (e == ERR_OK && f->what[0])
        e = buf_addf(out, ": %s", f->what);
    return e;
}

/* --- ways that nobody can go --- */

/* A new policy that has waited too long is over before such a way opens. */
static bool opens_too_late(const struct policy_rule *r, const struct policy_way *w)
{
    return r->subject == POLICY_CHANGE && w->after_us > POLICY_CHANGE_LIFE_US;
}

static void check_way(struct policy *p, size_t rule, size_t way, const struct policy_way *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->terms[i].count == 0) {
            policy_note(p, POLICY_ZERO, rule, way, "");
            return;
        }
    }
    if (policy_way_filled(w, NULL, p->approvers) < policy_way_size(w) ||
        opens_too_late(&p->rules[rule - 1], w))
        policy_note(p, POLICY_UNREACHABLE, rule, way, "");
}

static void check_ways(struct policy *p)
{
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct policy_rule *r = &p->rules[i];

        if (r->way_count == 0)
            policy_note(p, POLICY_UNREACHABLE, i + 1, 0, "");
        for (size_t k = 0; k < r->way_count; k++)
            check_way(p, i + 1, k + 1, &r->ways[k]);
    }
}

/* --- rules that decide nothing, amounts that nothing decides --- */

/* True when RULE is asked about every payee of the other's. */
static bool takes_payees_of(const struct policy_rule *rule, const struct policy_rule *other)
{
    size_t k = 0;

    if (rule->payee_count == 0)
        return true;
    for (size_t i = 0; i < other->payee_count; i++) { /* both are sorted */
        while (k < rule->payee_count && strcmp(rule->payees[k], other->payees[i]) < 0)
            k++;
        if (k == rule->payee_count || strcmp(rule->payees[k], other->payees[i]) != 0)
            return false;
    }
    return other->payee_count > 0;
}

/* How far up from LOW the first COUNT rules decide everything that OTHER is for: LOW when they do
 * not decide the amounts just above it. */
static int64_t decided_to(const struct policy *p, size_t count, const struct policy_rule *other,
                          int64_t low)
{
    for (size_t i = 0; i < count; i++) {
        const struct policy_rule *r = &p->rules[i];

        if (r->subject == other->subject && takes_payees_of(r, other) && r->above <= low &&
            r->up_to > low)
            return decided_to(p, count, other, r->up_to); /* depth: one a rule at the most */
    }
    return low;
}

/* True when the first COUNT rules decide every case of R. Several may share its payees out among
 * them, so each one is asked about by itself. */
static bool is_never_asked(const struct policy *p, size_t count, const struct policy_rule *r)
{
    struct policy_rule one = *r;

    if (r->payee_count == 0)
        return decided_to(p, count, r, r->above) >= r->up_to;
    one.payee_count = 1;
    for (size_t i = 0; i < r->payee_count; i++) {
        one.payees = &r->payees[i];
        if (decided_to(p, count, &one, r->above) < r->up_to)
            return false;
    }
    return true;
}

static void check_never(struct policy *p)
{
    for (size_t i = 0; i < p->rule_count; i++) {
        const struct policy_rule *r = &p->rules[i];

        if (r->above < r->up_to && is_never_asked(p, i, r))
            policy_note(p, POLICY_NEVER, i + 1, 0, "");
    }
}

static void note_gap(struct policy *p, int64_t above, int64_t up_to)
{
    char from[AMOUNT_TEXT_MAX + 1], to[AMOUNT_TEXT_MAX + 1], what[80];

    if (amount_text(above, p->currency, from) != ERR_OK)
        return;
    if (up_to == INT64_MAX)
        snprintf(what, sizeof what, "above %s %s", from, p->currency);
    else if (amount_text(up_to, p->currency, to) == ERR_OK)
        snprintf(what, sizeof what, "above %s up to %s %s", from, to, p->currency);
    else
        return;
    policy_note(p, POLICY_GAP, 0, 0, what);
}

/* The least amount above LOW from which some rule for everybody's payments decides. */
static int64_t next_band(const struct policy *p, int64_t low)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < p->rule_count; i++) {
        const struct policy_rule *r = &p->rules[i];

        if (r->subject == POLICY_PAYMENT && r->payee_count == 0 && r->above > low &&
            r->above < next)
            next = r->above;
    }
    return next;
}

static void check_gaps(struct policy *p)
{
    static const struct policy_rule anything = {.subject = POLICY_PAYMENT};
    int64_t low = decided_to(p, p->rule_count, &anything, 0);

    while (low < INT64_MAX) {
        int64_t next = next_band(p, low);

        note_gap(p, low, next);
        low = next == INT64_MAX ? next : decided_to(p, p->rule_count, &anything, next);
    }
}

/* --- people without whom nothing goes --- */

static policy_set indispensable(const struct policy *p, const struct policy_rule *r)
{
    policy_set set = 0;

    for (size_t i = 0; i < p->holder_count; i++) {
        policy_set person = (policy_set)1 << i;

        if ((p->approvers & person) &&
            !policy_rule_satisfied(r, NULL, p->approvers & ~person, INT64_MAX))
            set |= person;
    }
    return set;
}

static void check_single_points(struct policy *p)
{
    char names[POLICY_TITLE_BYTES + 1];

    for (size_t i = 0; i < p->rule_count; i++) {
        policy_set set = indispensable(p, &p->rules[i]);

        if (!set)
            continue;
        policy_names(p, set, names, sizeof names);
        policy_note(p, set & (set - 1) ? POLICY_EVERYBODY : POLICY_SINGLE_POINT, i + 1, 0, names);
    }
}

/* --- all --- */

void policy_check(struct policy *p)
{
    if (!p->approvers)
        policy_note(p, POLICY_NO_APPROVER, 0, 0, "");
    check_ways(p);
    check_never(p);
}

/* What its owner may not have meant. It takes a look at every person and every way, so it is not
 * for each reader of a policy. */
static void advise(struct policy *p, struct policy_findings *found)
{
    p->found = found;
    check_gaps(p);
    check_single_points(p);
    p->found = NULL;
}

enum err policy_lint(const void *bytes, size_t len, struct policy_findings *out)
{
    struct js *value = NULL;
    struct policy *p = NULL;
    enum err e;

    memset(out, 0, sizeof *out);
    if (len > POLICY_MAX)
        return ERR_TOO_LARGE;
    e = js_parse(bytes, len, &value);
    if (e == ERR_OK)
        e = policy_read(value, out, &p);
    if (e == ERR_OK && !out->fatal)
        advise(p, out); /* otherwise it would only say the same in other words */
    if (e == ERR_OK && out->fatal)
        e = ERR_POLICY_INVALID;
    policy_free(p);
    js_free(value);
    return e;
}
