/* SPDX-License-Identifier: Apache-2.0 */
#include "order/radar.h"

#include "order/policy_inner.h"
#include <string.h>

static const struct {
    const char *name;
    bool grave;
} kinds[RADAR_COUNT] = {
#define X(id, name, grave) [RADAR_##id] = {(name), (grave)},
#include "order/radar.def"
#undef X
};

const char *radar_name(enum radar r)
{
    return kinds[r].name;
}

bool radar_grave(enum radar r)
{
    return kinds[r].grave;
}

enum radar radar_from_name(const char *name)
{
    size_t r = 0;

    while (r < RADAR_COUNT && strcmp(kinds[r].name, name) != 0)
        r++;
    return (enum radar)r;
}

static void look(const struct policy *p, const struct policy_rule *r, uint64_t bit, policy_set able,
                 struct policy_reach *out)
{
    out->rules |= bit;
    if (!policy_rule_satisfied(r, NULL, able, INT64_MAX)) {
        out->out |= bit;
        return;
    }
    for (size_t i = 0; i < p->holder_count; i++) {
        policy_set person = (policy_set)1 << i;

        if ((able & person) && !policy_rule_satisfied(r, NULL, able & ~person, INT64_MAX))
            out->needs[i] |= bit;
    }
}

void policy_reach(const struct policy *p, uint64_t able, struct policy_reach *out)
{
    bool changes = false;

    *out = (struct policy_reach){.rules = 0};
    able &= p->approvers;
    for (size_t i = 0; i < p->rule_count; i++) {
        look(p, &p->rules[i], (uint64_t)2 << i, able, out);
        changes = changes || p->rules[i].subject == POLICY_CHANGE;
    }
    if (!changes)
        look(p, &p->change, 1, able, out);
}
