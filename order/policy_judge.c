/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether votes are a quorum. A way to it is a list of places, each with the set of people who may
 * take it; one person takes one place. Places are given to people by augmenting paths (Kuhn), so
 * that nobody who is needed elsewhere blocks a place.
 *
 * A deputy may take the place of a principal, who takes none himself. A principal has one deputy,
 * so two people never act as the same one, and the search stays one between places and people.
 */
#include "order/policy_inner.h"

#include <stdio.h>
#include <string.h>

struct seating {
    policy_set places[POLICY_SIGNERS_MAX]; /* who may take it, among those who are there */
    unsigned count;
    policy_set seated;                  /* who has a place */
    unsigned taken[POLICY_HOLDERS_MAX]; /* which one */
    policy_set asked;                   /* in this search */
};

size_t policy_find(const struct policy *p, const char *id)
{
    size_t i = 0;

    while (i < p->holder_count && strcmp(p->holders[i].id, id) != 0)
        i++;
    return i;
}

void policy_names(const struct policy *p, policy_set set, char *out, size_t cap)
{
    size_t used = 0;

    out[0] = 0;
    for (size_t i = 0; i < p->holder_count && used + sizeof ", ..." < cap; i++) {
        if (!(set >> i & 1))
            continue;
        bool fits = used + strlen(p->holders[i].id) + sizeof ", , ..." < cap;
        used += (size_t)snprintf(out + used, cap - used, "%s%s", used ? ", " : "",
                                 fits ? p->holders[i].id : "...");
        if (!fits)
            return;
    }
}

unsigned policy_way_size(const struct policy_way *w)
{
    unsigned size = 0;

    for (size_t i = 0; i < w->count; i++)
        size += w->terms[i].count;
    return size;
}

/* Finds somebody for the place, moving others on where that helps. Depth: the number of places. */
static bool seat(struct seating *s, unsigned place)
{
    policy_set free = s->places[place] & ~s->seated, ask;

    if (free) {
        unsigned h = (unsigned)__builtin_ctzll(free);

        s->seated |= (policy_set)1 << h;
        s->taken[h] = place;
        return true;
    }
    while ((ask = s->places[place] & ~s->asked) != 0) {
        unsigned h = (unsigned)__builtin_ctzll(ask);

        s->asked |= (policy_set)1 << h;
        if (seat(s, s->taken[h])) {
            s->taken[h] = place;
            return true;
        }
    }
    return false;
}

void policy_stand(const struct policy *p, const struct policy_case *c, policy_set rejected,
                  struct policy_standins *out)
{
    out->principals = 0;
    for (size_t i = 0; c->subject == POLICY_PAYMENT && i < c->delegation_count; i++) {
        const struct policy_delegation *d = &c->delegations[i];

        if (c->amount_minor > d->amount_minor || !policy_lets_delegate(p, d->principal, d->deputy))
            continue;
        size_t principal = policy_find(p, d->principal);
        out->principals |= (policy_set)1 << principal;
        out->deputy[principal] = (unsigned char)policy_find(p, d->deputy);
    }
    out->principals &= ~rejected;
}

bool policy_is_deputy(const struct policy *p, const struct policy_case *c, const char *holder)
{
    struct policy_standins s;

    policy_stand(p, c, 0, &s);
    for (; s.principals; s.principals &= s.principals - 1) {
        size_t deputy = s.deputy[__builtin_ctzll(s.principals)];

        if (strcmp(p->holders[deputy].id, holder) == 0)
            return true;
    }
    return false;
}

/* Who in SET can take a place that is for WHO. */
static policy_set takers(const struct policy_standins *s, policy_set who, policy_set set)
{
    policy_set absent = s ? who & s->principals & ~set : 0, out = who;

    for (; absent; absent &= absent - 1)
        out |= (policy_set)1 << s->deputy[__builtin_ctzll(absent)];
    return out & set;
}

unsigned policy_way_filled(const struct policy_way *w, const struct policy_standins *s,
                           policy_set set)
{
    struct seating all; /* large, and not set whole: a seat's place is read of who is seated */
    unsigned filled = 0;

    all.count = 0;
    all.seated = 0;
    for (size_t i = 0; i < w->count; i++) {
        policy_set who = takers(s, w->terms[i].who, set);

        for (unsigned n = 0; n < w->terms[i].count && all.count < POLICY_SIGNERS_MAX; n++)
            all.places[all.count++] = who;
    }
    for (unsigned place = 0; place < all.count; place++) {
        all.asked = 0;
        filled += seat(&all, place);
    }
    return filled;
}

/* A way that takes nobody is no way. */
static bool way_full(const struct policy_way *w, const struct policy_standins *s, policy_set set)
{
    unsigned size = policy_way_size(w);

    return size > 0 && policy_way_filled(w, s, set) == size;
}

bool policy_rule_satisfied(const struct policy_rule *r, const struct policy_standins *s,
                           policy_set set, int64_t waited_us)
{
    for (size_t i = 0; i < r->way_count; i++) {
        if (waited_us >= r->ways[i].after_us && way_full(&r->ways[i], s, set))
            return true;
    }
    return false;
}

/* Who is named twice is a contradiction and counts for nothing. */
void policy_count(const struct policy *p, const struct policy_vote *votes, size_t count,
                  policy_set *approved, policy_set *rejected)
{
    policy_set once = 0, twice = 0, yes = 0;

    for (size_t i = 0; i < count; i++) {
        size_t h = policy_find(p, votes[i].holder);
        policy_set person = h < p->holder_count ? (policy_set)1 << h : 0;

        twice |= once & person;
        once |= person;
        yes |= votes[i].approves ? person : 0;
    }
    once &= ~twice;
    *approved = once & yes;
    *rejected = once & ~yes;
}

/* The way that the fewest more approvals complete, of those that can still be completed: by
 * everybody for himself, since for whom another could stand can come, too. Says how far it is;
 * false when there is none. */
static bool nearest(const struct policy_rule *r, const struct policy_standins *s,
                    policy_set approved, policy_set rejected, struct policy_verdict *out)
{
    bool found = false;

    for (size_t i = 0; i < r->way_count; i++) {
        const struct policy_way *w = &r->ways[i];
        unsigned size = policy_way_size(w), filled = policy_way_filled(w, s, approved);

        if (way_full(w, NULL, ~rejected) &&
            (!found || size - filled < out->required - out->given)) {
            out->required = size;
            out->given = filled;
            found = true;
        }
    }
    return found;
}

void policy_judge(const struct policy *p, const struct policy_case *c,
                  const struct policy_vote *votes, size_t count, struct policy_verdict *out)
{
    const struct policy_rule *r = policy_rule_for(p, c);
    struct policy_standins s;
    policy_set approved, rejected;

    *out = (struct policy_verdict){.covered = r != NULL, .unreachable = true};
    if (!r)
        return;
    policy_count(p, votes, count, &approved, &rejected);
    policy_stand(p, c, rejected, &s);
    out->unreachable = !nearest(r, &s, approved, rejected, out);
    if (out->unreachable)
        (void)nearest(r, &s, approved, 0, out);
    out->approved = approved != 0;
    out->reached = policy_rule_satisfied(r, &s, approved, c->waited_us);
}
