/* SPDX-License-Identifier: Apache-2.0
 *
 * radar: the kinds of what is seen coming (order/radar.def), and whom a policy needs among those
 * who can sign now.
 */
#ifndef ORDER_RADAR_H
#define ORDER_RADAR_H

#include "order/policy.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum radar {
#define X(id, name, grave) RADAR_##id,
#include "order/radar.def"
#undef X
    RADAR_COUNT
};
const char *radar_name(enum radar r);
bool radar_grave(enum radar r);
enum radar radar_from_name(const char *name); /* RADAR_COUNT if unknown */

/* Rules as a set: bit N for the rule with the number N, 1 is the first; bit 0 for a new policy
 * where no rule is for it and all must approve. */
struct policy_reach {
    uint64_t rules;                     /* all that there are */
    uint64_t out;                       /* those that people of ABLE cannot complete, whenever */
    uint64_t needs[POLICY_HOLDERS_MAX]; /* those that they cannot without the i-th holder alone */
};
/* ABLE: bit i is the i-th holder. Nobody stands for another: whoever is needed can be so himself.
 */
void policy_reach(const struct policy *p, uint64_t able, struct policy_reach *out);

#endif
