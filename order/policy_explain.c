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

static bool way_open(const struct policy_way *w, policy_set rejected)
{
    return policy_way_filled(w, ~rejected) == policy_way_size(w);
}

/* Who of CANDIDATES fills one more place of the way than APPROVED do. */
static policy_set helpers_of(const struct policy_way *w, policy_set approved, policy_set candidates)
{
    unsigned filled = policy_way_filled(w, approved);
    policy_set set = 0;

    for (unsigned i = 0; i < POLICY_HOLDERS_MAX; i++) {
        policy_set person = (policy_set)1 << i;

        if ((candidates & person) && policy_way_filled(w, approved | person) > filled)
            set |= person;
    }
    return set;
}

uint64_t policy_helpers(const struct policy *p, const struct policy_case *c,
                        const struct policy_vote *votes, size_t count)
{
    const struct policy_rule *r = policy_rule_for(p, c);
    policy_set approved, rejected, set = 0;

    policy_count(p, votes, count, &approved, &rejected);
    if (!r || policy_rule_satisfied(r, approved, c->waited_us))
        return 0;
    for (size_t i = 0; i < r->way_count; i++) {
        if (way_open(&r->ways[i], rejected))
            set |= helpers_of(&r->ways[i], approved, p->approvers & ~approved & ~rejected);
    }
    return set;
}

/* --- in words --- */

static enum err tell_term(const struct policy *p, const struct policy_term *t, bool first,
                          struct buf *out)
{
    char names[NAMES_MAX];

    policy_names(p, t->who, names, sizeof names);
    return buf_addf(out, "%s%u of %s", first ? "" : " and ", t->count, names);
}

static enum err tell_missing(const struct policy *p, const struct policy_way *w,
                             policy_set approved, policy_set rejected, struct buf *out)
{
    unsigned missing = policy_way_size(w) - policy_way_filled(w, approved);
    char names[NAMES_MAX];

    if (!way_open(w, rejected))
        return buf_add_str(out, "out of reach");
    if (missing == 0)
        return buf_add_str(out, "complete");
    policy_names(p, helpers_of(w, approved, p->approvers & ~approved & ~rejected), names,
                 sizeof names);
    return buf_addf(out, "%u missing, next from %s", missing, names);
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

static enum err tell_way(const struct policy *p, const struct policy_case *c,
                         const struct policy_way *w, policy_set approved, policy_set rejected,
                         struct buf *out)
{
    enum err e = tell_terms(p, w, out);

    if (e == ERR_OK)
        e = buf_add_str(out, ": ");
    if (e == ERR_OK)
        e = tell_missing(p, w, approved, rejected, out);
    if (e == ERR_OK)
        e = tell_wait(w, c->waited_us, out);
    return e == ERR_OK ? buf_add_byte(out, '\n') : e;
}

enum err policy_explain(const struct policy *p, const struct policy_case *c,
                        const struct policy_vote *votes, size_t count, struct buf *out)
{
    const struct policy_rule *r = policy_rule_for(p, c);
    policy_set approved, rejected;
    enum err e = ERR_OK;

    if (!r)
        return buf_add_str(out, "No rule of the policy is for this: nobody can approve it.\n");
    policy_count(p, votes, count, &approved, &rejected);
    for (size_t i = 0; e == ERR_OK && i < r->way_count; i++)
        e = tell_way(p, c, &r->ways[i], approved, rejected, out);
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
    if (holds_a_smaller_one(s->out, set) || !policy_rule_satisfied(s->rule, set, s->waited_us))
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
    struct search s = {policy_rule_for(p, c), p->approvers, c->waited_us, 0, out};
    unsigned everybody = (unsigned)__builtin_popcountll(p->approvers);

    *out = (struct policy_coalitions){.count = 0};
    for (unsigned size = 1; s.rule && size <= everybody && !out->more; size++)
        try_sets(&s, 0, size, 0);
}
