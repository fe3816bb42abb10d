/* SPDX-License-Identifier: Apache-2.0
 *
 * What a case still needs, who can supply it, and who together could pay: answered by asking the
 * very functions that decide.
 */
#include "order/policy_inner.h"

#include "base/text.h"
#include <inttypes.h>
#include <string.h>

#define NAMES_MAX 400
#define DAY_US (86400 * TEXT_SECOND_US)
#define TRIES_MAX 200000u /* sets that a simulation looks at */

/* --- who helps --- */

/* A case with the votes on it. */
struct asked {
    const struct policy *p;
    const struct policy_case *c;
    const struct policy_rule *rule; /* NULL: none is for it */
    policy_set approved, rejected;
    struct policy_standins s;
};

static void ask(const struct policy *p, const struct policy_case *c,
                const struct policy_vote *votes, size_t count, struct asked *out)
{
    *out = (struct asked){.p = p, .c = c, .rule = policy_rule_for(p, c)};
    policy_count(p, votes, count, &out->approved, &out->rejected);
    policy_stand(p, c, out->rejected, &out->s);
}

static bool way_open(const struct policy_way *w, policy_set rejected)
{
    return policy_way_filled(w, NULL, ~rejected) == policy_way_size(w);
}

static bool helps(const struct asked *a, const struct policy_way *w,
                  const struct policy_standins *s, unsigned h)
{
    policy_set with = a->approved | (policy_set)1 << h;

    return policy_way_filled(w, s, with) > policy_way_filled(w, s, a->approved);
}

/* Who of those who did not vote fills one more place of the way. */
static policy_set helpers_of(const struct asked *a, const struct policy_way *w)
{
    policy_set voted = a->approved | a->rejected, set = 0;

    for (unsigned i = 0; i < a->p->holder_count; i++) {
        policy_set person = (policy_set)1 << i;

        if (!(voted & person) && helps(a, w, &a->s, i))
            set |= person;
    }
    return set;
}

/* Who helps with a way that can still lead to a quorum; nobody when one stands already. */
static policy_set helpers(const struct asked *a)
{
    policy_set set = 0;

    if (!a->rule || policy_rule_satisfied(a->rule, &a->s, a->approved, a->c->waited_us))
        return 0;
    for (size_t i = 0; i < a->rule->way_count; i++) {
        if (way_open(&a->rule->ways[i], a->rejected))
            set |= helpers_of(a, &a->rule->ways[i]);
    }
    return set;
}

uint64_t policy_helpers(const struct policy *p, const struct policy_case *c,
                        const struct policy_vote *votes, size_t count)
{
    struct asked a;

    ask(p, c, votes, count, &a);
    return helpers(&a);
}

/* --- for whom --- */

/* The same without those for whom H stands, but for KEPT. */
static struct policy_standins without(const struct policy_standins *s, unsigned h, policy_set kept)
{
    struct policy_standins out = *s;

    for (policy_set left = s->principals & ~kept; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);

        if (s->deputy[i] == h)
            out.principals &= ~((policy_set)1 << i);
    }
    return out;
}

/* For whom alone H could help with the way; empty when it takes him for himself. */
static policy_set helps_for(const struct asked *a, const struct policy_way *w, unsigned h)
{
    struct policy_standins s = without(&a->s, h, 0);
    policy_set set = 0;

    if (helps(a, w, &s, h))
        return 0;
    for (policy_set left = a->s.principals & ~s.principals; left; left &= left - 1) {
        policy_set one = left & -left;
        struct policy_standins with = without(&a->s, h, one);

        if (helps(a, w, &with, h))
            set |= one;
    }
    return set;
}

/* "carol, bob for alice or dora"; PRINCIPALS is of each holder. */
static enum err tell_people(const struct policy *p, policy_set set, const policy_set *principals,
                            struct buf *out)
{
    const char *between = "";
    enum err e = ERR_OK;

    for (; e == ERR_OK && set; set &= set - 1) {
        unsigned h = (unsigned)__builtin_ctzll(set);
        const char *for_whom = " for ";

        e = buf_addf(out, "%s%s", between, p->holders[h].id);
        for (policy_set left = principals[h]; e == ERR_OK && left; left &= left - 1) {
            e = buf_addf(out, "%s%s", for_whom, p->holders[__builtin_ctzll(left)].id);
            for_whom = " or ";
        }
        between = ", ";
    }
    return e;
}

static enum err tell_helpers_of(const struct asked *a, const struct policy_way *w, struct buf *out)
{
    policy_set set = helpers_of(a, w), principals[POLICY_HOLDERS_MAX] = {0};

    for (policy_set left = set; left; left &= left - 1) {
        unsigned h = (unsigned)__builtin_ctzll(left);

        principals[h] = helps_for(a, w, h);
    }
    return tell_people(a->p, set, principals, out);
}

/* Who helps one way for himself is told so, whatever the others take him for. */
enum err policy_tell_helpers(const struct policy *p, const struct policy_case *c,
                             const struct policy_vote *votes, size_t count, struct buf *out)
{
    policy_set principals[POLICY_HOLDERS_MAX] = {0}, himself = 0;
    struct asked a;

    ask(p, c, votes, count, &a);
    policy_set set = helpers(&a);
    for (size_t i = 0; set && i < a.rule->way_count; i++) {
        const struct policy_way *w = &a.rule->ways[i];

        for (policy_set left = way_open(w, a.rejected) ? helpers_of(&a, w) : 0; left;
             left &= left - 1) {
            unsigned h = (unsigned)__builtin_ctzll(left);
            policy_set for_whom = helps_for(&a, w, h);

            himself |= for_whom ? 0 : (policy_set)1 << h;
            principals[h] |= for_whom;
        }
    }
    for (; himself; himself &= himself - 1)
        principals[__builtin_ctzll(himself)] = 0;
    return tell_people(p, set, principals, out);
}

/* Each in turn is himself where the group can do with that, and otherwise one of his principals:
 * what the earlier ones are is kept, so that all of it holds together. */
enum err policy_tell_group(const struct policy *p, const struct policy_case *c, uint64_t group,
                           struct buf *out)
{
    policy_set principals[POLICY_HOLDERS_MAX] = {0};
    struct asked a;

    ask(p, c, NULL, 0, &a);
    for (policy_set left = a.rule ? group : 0; left; left &= left - 1) {
        unsigned h = (unsigned)__builtin_ctzll(left);
        struct policy_standins s = without(&a.s, h, 0);
        policy_set his = a.s.principals & ~s.principals;

        while (his && !policy_rule_satisfied(a.rule, &s, group, c->waited_us)) {
            principals[h] = his & -his;
            s = without(&a.s, h, principals[h]);
            his &= his - 1;
        }
        a.s = s;
    }
    return tell_people(p, group, principals, out);
}

/* --- in words --- */

static enum err tell_term(const struct policy *p, const struct policy_term *t, bool first,
                          struct buf *out)
{
    char names[NAMES_MAX];

    policy_names(p, t->who, names, sizeof names);
    return buf_addf(out, "%s%u of %s", first ? "" : " and ", t->count, names);
}

static enum err tell_missing(const struct asked *a, const struct policy_way *w, struct buf *out)
{
    unsigned missing = policy_way_size(w) - policy_way_filled(w, &a->s, a->approved);
    enum err e;

    if (!way_open(w, a->rejected))
        return buf_add_str(out, "out of reach");
    if (missing == 0)
        return buf_add_str(out, "complete");
    e = buf_addf(out, "%u missing, next from ", missing);
    return e == ERR_OK ? tell_helpers_of(a, w, out) : e;
}

static enum err tell_wait(const struct policy_way *w, int64_t waited_us, struct buf *out)
{
    if (waited_us >= w->after_us)
        return ERR_OK;
    int64_t days = (w->after_us - waited_us + DAY_US - 1) / DAY_US;
    return buf_addf(out, ", open in %" PRId64 " day%s", days, days == 1 ? "" : "s");
}

static enum err tell_terms(const struct policy *p, const struct policy_way *w, struct buf *out)
{
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < w->count; i++)
        e = tell_term(p, &w->terms[i], i == 0, out);
    return e;
}

static enum err tell_way(const struct asked *a, const struct policy_way *w, struct buf *out)
{
    enum err e = tell_terms(a->p, w, out);

    if (e == ERR_OK)
        e = buf_add_str(out, ": ");
    if (e == ERR_OK)
        e = tell_missing(a, w, out);
    if (e == ERR_OK)
        e = tell_wait(w, a->c->waited_us, out);
    return e == ERR_OK ? buf_add_byte(out, '\n') : e;
}

enum err policy_explain(const struct policy *p, const struct policy_case *c,
                        const struct policy_vote *votes, size_t count, struct buf *out)
{
    struct asked a;
    enum err e = ERR_OK;

    ask(p, c, votes, count, &a);
    if (!a.rule)
        return buf_add_str(out, "No rule of the policy is for this: nobody can approve it.\n");
    for (size_t i = 0; e == ERR_OK && i < a.rule->way_count; i++)
        e = tell_way(&a, &a.rule->ways[i], out);
    return e;
}

enum err policy_tell(const struct policy *p, const struct policy_case *c, struct buf *out)
{
    const struct policy_rule *r = policy_rule_for(p, c);
    enum err e = ERR_OK;

    for (size_t i = 0; r && e == ERR_OK && i < r->way_count; i++) {
        int64_t days = r->ways[i].after_us / DAY_US;

        e = tell_terms(p, &r->ways[i], out);
        if (e == ERR_OK && days > 0)
            e = buf_addf(out, ", after %" PRId64 " day%s", days, days == 1 ? "" : "s");
        if (e == ERR_OK)
            e = buf_add_byte(out, '\n');
    }
    return e;
}

size_t policy_rule_number(const struct policy *p, const struct policy_case *c)
{
    const struct policy_rule *r = policy_rule_for(p, c);

    return r && r != &p->change ? (size_t)(r - p->rules) + 1 : 0;
}

unsigned policy_opens_after(const struct policy *p, const struct policy_case *c)
{
    const struct policy_rule *r = policy_rule_for(p, c);
    int64_t next = 0;

    for (size_t i = 0; r && i < r->way_count; i++) {
        int64_t after = r->ways[i].after_us;

        if (after > c->waited_us && (next == 0 || after < next))
            next = after;
    }
    return (unsigned)(next / DAY_US);
}

/* --- who together --- */

struct search {
    const struct policy_rule *rule;
    struct policy_standins s;
    policy_set people; /* to choose from */
    int64_t waited_us;
    unsigned tries;
    struct policy_coalitions *out;
};

static bool holds_a_smaller_one(const struct policy_coalitions *found, policy_set set)
{
    for (size_t i = 0; i < found->count; i++) {
        if ((found->at[i] & ~set) == 0)
            return true;
    }
    return false;
}

static void try_set(struct search *s, policy_set set)
{
    if (s->tries++ >= TRIES_MAX) {
        s->out->more = true;
        return;
    }
    if (holds_a_smaller_one(s->out, set) ||
        !policy_rule_satisfied(s->rule, &s->s, set, s->waited_us))
        return;
    if (s->out->count == POLICY_COALITIONS_MAX)
        s->out->more = true;
    else
        s->out->at[s->out->count++] = set;
}

/* Every set that adds SIZE people from FROM on to SET. Depth: the number of people. */
static void try_sets(struct search *s, policy_set set, unsigned size, unsigned from)
{
    if (size == 0) {
        try_set(s, set);
        return;
    }
    for (unsigned i = from; i < POLICY_HOLDERS_MAX && !s->out->more; i++) {
        if (s->people >> i & 1)
            try_sets(s, set | (policy_set)1 << i, size - 1, i + 1);
    }
}

void policy_simulate(const struct policy *p, const struct policy_case *c,
                     struct policy_coalitions *out)
{
    struct search s = {.rule = policy_rule_for(p, c),
                       .people = p->approvers,
                       .waited_us = c->waited_us,
                       .out = out};

    policy_stand(p, c, 0, &s.s);
    for (policy_set left = s.s.principals; left; left &= left - 1)
        s.people |= (policy_set)1 << s.s.deputy[__builtin_ctzll(left)];
    unsigned everybody = (unsigned)__builtin_popcountll(s.people);
    *out = (struct policy_coalitions){.count = 0};
    for (unsigned size = 1; s.rule && size <= everybody && !out->more; size++)
        try_sets(&s, 0, size, 0);
}
