/* SPDX-License-Identifier: Apache-2.0 */
#include "order/event.h"

#include <string.h>

/* Who looks after people and their keys, and after the operators. */
#define KEEPERS (ROLE_BIT(ROLE_SECURITY) | ROLE_BIT(ROLE_AUDITOR))
#define PEOPLE (KEEPERS | ROLE_BIT(ROLE_VIEWER) | ROLE_BIT(ROLE_ENROLMENT))

static const struct event_kind kinds[] = {
#define X(name, type, word, roles) {name, type, word, roles},
#include "order/event.def"
#undef X
};
#define KINDS (sizeof kinds / sizeof *kinds)

const struct event_kind *event_of(const char *type, event_has_fn has, void *ctx)
{
    for (size_t i = 0; i < KINDS; i++) {
        const struct event_kind *k = &kinds[i];
        if (strcmp(k->type, type) == 0 && (!k->word[0] || has(ctx, k->word)))
            return k;
    }
    return NULL;
}

role_set event_roles(const char *name)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].roles;
    }
    return 0;
}
