/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of a policy, read from its document, and which of them covers a case.
 */
#include "order/policy_inner.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/json.h"
#include "order/member.h"
#include <stdlib.h>
#include <string.h>

#define DAY_US (86400 * TEXT_SECOND_US)

static policy_set class_set(const struct policy *p, char class)
{
    policy_set set = 0;

    for (size_t i = 0; i < p->holder_count; i++)
        set |= p->holders[i].class == class ? (policy_set)1 << i : 0;
    return set;
}

static unsigned set_size(policy_set set)
{
    return (unsigned)__builtin_popcountll(set);
}

/* --- ways --- */

/* Where in the document something stands. */
struct place {
    struct policy *p;
    size_t rule, way; /* 1 is the first */
};

static void note(const struct place *at, enum policy_fault fault, const char *what)
{
    policy_note(at->p, fault, at->rule, at->way, what);
}

static policy_set read_class(const struct place *at, const struct js *value)
{
    const char *name = js_text(value, NULL);

    if (strlen(name) == 1 && strchr("ABE", name[0]))
        return class_set(at->p, name[0]);
    note(at, POLICY_UNKNOWN, name);
    return 0;
}

/* Distinct and sorted, and every one of them may approve. */
static enum err read_names(const struct place *at, const struct js *array, policy_set *out)
{
    *out = 0;
    for (size_t i = 0; i < js_count(array); i++) {
        const char *name = js_text(js_at(array, i), NULL);

        if (!name)
            return ERR_DOC_MEMBER_INVALID;
        size_t h = policy_find(at->p, name);
        policy_set person = h < at->p->holder_count ? (policy_set)1 << h : 0;
        if (!(person & at->p->approvers) || person <= *out)
            note(at, POLICY_UNKNOWN, name);
        *out |= person & at->p->approvers;
    }
    return ERR_OK;
}

static enum err read_term(const struct place *at, const struct js *value, struct policy_term *out)
{
    const struct js *class, *count, *of;
    const struct js_member table[] = {
        MEMBER_TEXT("class", false, &class),
        MEMBER_INT("count", 0, POLICY_SIGNERS_MAX, &count),
        {"of", JS_ARRAY, false, 1, POLICY_HOLDERS_MAX, &of},
    };
    enum err e = policy_members(at->p, at->rule, at->way, value, table, MEMBER_ROWS(table));

    if (e != ERR_OK)
        return e;
    if (class && of)
        return ERR_DOC_MEMBER_INVALID;
    out->count = (unsigned)js_int(count);
    out->who = class ? read_class(at, class) : at->p->approvers;
    return of ? read_names(at, of, &out->who) : ERR_OK;
}

static enum err read_way(const struct place *at, const struct js *value, struct policy_way *out)
{
    const struct js *after, *signers;
    const struct js_member table[] = {
        {"afterDays", JS_INT, false, 1, POLICY_AFTER_DAYS_MAX, &after},
        MEMBER_ARRAY("signers", 1, POLICY_TERMS_MAX, &signers),
    };
    enum err e = policy_members(at->p, at->rule, at->way, value, table, MEMBER_ROWS(table));

    if (e != ERR_OK)
        return e;
    out->after_us = after ? js_int(after) * DAY_US : 0;
    for (size_t i = 0; e == ERR_OK && i < js_count(signers); i++)
        e = read_term(at, js_at(signers, i), &out->terms[out->count++]);
    return e;
}

static enum err new_ways(struct policy_rule *r, size_t count)
{
    r->ways = calloc(count, sizeof *r->ways);
    return r->ways ? ERR_OK : ERR_NO_MEMORY;
}

static enum err read_ways(const struct place *rule, const struct js *array, struct policy_rule *r)
{
    enum err e = new_ways(r, js_count(array));

    for (size_t i = 0; e == ERR_OK && i < js_count(array); i++) {
        const struct place at = {rule->p, rule->rule, i + 1};

        e = read_way(&at, js_at(array, i), &r->ways[r->way_count++]);
    }
    return e;
}

/* --- the two named requirements --- */

static void add_way(struct policy_rule *r, const struct policy_term *terms, size_t count)
{
    struct policy_way *w = &r->ways[r->way_count++];

    memcpy(w->terms, terms, count * sizeof *terms);
    w->count = count;
}

static void add_all(struct policy_rule *r, policy_set everybody)
{
    struct policy_term term = {set_size(everybody), everybody};

    add_way(r, &term, 1);
}

/* EBICS: an E alone, two A, or an A with a B, as far as there are such people. */
static void add_ebics(struct policy_rule *r, const struct policy *p)
{
    policy_set a = class_set(p, 'A'), b = class_set(p, 'B'), e = class_set(p, 'E');

    if (e)
        add_way(r, &(struct policy_term){1, e}, 1);
    if (set_size(a) > 1)
        add_way(r, &(struct policy_term){2, a}, 1);
    if (a && b)
        add_way(r, (struct policy_term[]){{1, a}, {1, b}}, 2);
}

static enum err read_named(const struct place *at, const struct js *name, struct policy_rule *r)
{
    const char *text = js_text(name, NULL);
    enum err e = new_ways(r, 3);

    if (e != ERR_OK)
        return e;
    if (strcmp(text, "all") == 0)
        add_all(r, at->p->approvers);
    else if (strcmp(text, "ebics") == 0)
        add_ebics(r, at->p);
    else
        note(at, POLICY_UNKNOWN, text);
    return ERR_OK;
}

/* --- what a rule is for --- */

enum err policy_read_amount(struct policy *p, const struct js *value, int64_t *out)
{
    const char *text;
    size_t len;

    if (!value)
        return ERR_OK;
    if (!p->currency[0])
        return ERR_CURRENCY_UNKNOWN;
    text = js_text(value, &len);
    return amount_parse(text, len, p->currency, out);
}

/* Distinct and sorted. */
static enum err read_payees(const struct place *at, const struct js *array, struct policy_rule *r)
{
    enum err e = ERR_OK;

    if (!array)
        return ERR_OK;
    r->payees = calloc(js_count(array), sizeof *r->payees);
    if (!r->payees)
        return ERR_NO_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < js_count(array); i++) {
        const struct js *one = js_at(array, i);

        if (js_type(one) != JS_TEXT)
            return ERR_DOC_MEMBER_INVALID;
        e = member_text(one, iban_check, r->payees[i], sizeof r->payees[i]);
        if (e == ERR_OK && i > 0 && strcmp(r->payees[i - 1], r->payees[i]) >= 0)
            note(at, POLICY_UNKNOWN, r->payees[i]);
        r->payee_count++;
    }
    return e;
}

static enum policy_subject read_subject(const struct place *at, const struct js *value)
{
    const char *name = value ? js_text(value, NULL) : "";

    if (strcmp(name, "cash") == 0)
        return POLICY_CASH;
    if (strcmp(name, "policy") == 0)
        return POLICY_CHANGE;
    if (value)
        note(at, POLICY_UNKNOWN, name);
    return POLICY_PAYMENT;
}

struct members {
    const struct js *above, *any_of, *subject, *payees, *require, *up_to;
};

static enum err read_scope(const struct place *at, const struct members *m, struct policy_rule *r)
{
    enum err e;

    r->subject = read_subject(at, m->subject);
    r->up_to = INT64_MAX;
    e = policy_read_amount(at->p, m->above, &r->above);
    if (e == ERR_OK)
        e = policy_read_amount(at->p, m->up_to, &r->up_to);
    if (e == ERR_OK)
        e = read_payees(at, m->payees, r);
    if (e != ERR_OK)
        return e;
    if (r->above >= r->up_to || (m->payees && r->subject != POLICY_PAYMENT) ||
        ((m->above || m->up_to) && r->subject == POLICY_CHANGE))
        note(at, POLICY_RANGE, "");
    return ERR_OK;
}

static enum err read_rule(const struct place *at, const struct js *value, struct policy_rule *r)
{
    struct members m;
    const struct js_member table[] = {
        MEMBER_TEXT("above", false, &m.above),
        {"anyOf", JS_ARRAY, false, 1, POLICY_WAYS_MAX, &m.any_of},
        MEMBER_TEXT("for", false, &m.subject),
        {"payees", JS_ARRAY, false, 1, POLICY_PAYEES_MAX, &m.payees},
        MEMBER_TEXT("require", false, &m.require),
        MEMBER_TEXT("upTo", false, &m.up_to),
    };
    enum err e = policy_members(at->p, at->rule, at->way, value, table, MEMBER_ROWS(table));

    if (e != ERR_OK)
        return e;
    if (!m.any_of == !m.require)
        return ERR_DOC_MEMBER_INVALID;
    e = read_scope(at, &m, r);
    if (e != ERR_OK)
        return e;
    return m.require ? read_named(at, m.require, r) : read_ways(at, m.any_of, r);
}

enum err policy_rules_read(struct policy *p, const struct js *array)
{
    enum err e;

    if (js_count(array) == 0 || js_count(array) > POLICY_RULES_MAX) {
        policy_note_form(p, 0, 0, "rules");
        return ERR_POLICY_INVALID;
    }
    p->rules = calloc(js_count(array), sizeof *p->rules);
    if (!p->rules)
        return ERR_NO_MEMORY;
    p->change = (struct policy_rule){.subject = POLICY_CHANGE, .up_to = INT64_MAX};
    e = new_ways(&p->change, 1);
    if (e == ERR_OK)
        add_all(&p->change, p->approvers);
    for (size_t i = 0; e == ERR_OK && i < js_count(array); i++) {
        const struct place at = {p, i + 1, 0};

        e = read_rule(&at, js_at(array, i), &p->rules[p->rule_count++]);
        if (e != ERR_OK)
            policy_note_form(p, at.rule, 0, "");
    }
    return e;
}

void policy_rule_free(struct policy_rule *r)
{
    free(r->payees);
    free(r->ways);
}

/* --- which one --- */

static bool has_payee(const struct policy_rule *r, const char *payee)
{
    for (size_t i = 0; i < r->payee_count; i++) {
        if (payee && strcmp(r->payees[i], payee) == 0)
            return true;
    }
    return r->payee_count == 0;
}

static bool covers(const struct policy_rule *r, const struct policy_case *c)
{
    if (r->subject != c->subject)
        return false;
    return c->subject == POLICY_CHANGE ||
           (c->amount_minor > r->above && c->amount_minor <= r->up_to && has_payee(r, c->payee));
}

const struct policy_rule *policy_rule_for(const struct policy *p, const struct policy_case *c)
{
    for (size_t i = 0; i < p->rule_count; i++) {
        if (covers(&p->rules[i], c))
            return &p->rules[i];
    }
    return c->subject == POLICY_CHANGE ? &p->change : NULL;
}

int64_t policy_next_opening(const struct policy *p, const struct policy_case *c)
{
    const struct policy_rule *r = policy_rule_for(p, c);
    int64_t next = -1;

    for (size_t i = 0; r && i < r->way_count; i++) {
        int64_t after_us = r->ways[i].after_us;

        if (after_us > c->waited_us && (next < 0 || after_us < next))
            next = after_us;
    }
    return next;
}
