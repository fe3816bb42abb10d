/* SPDX-License-Identifier: Apache-2.0
 *
 * event: which entries of the log are events that people and programs follow (order/event.def).
 */
#ifndef ORDER_EVENT_H
#define ORDER_EVENT_H

#include "order/role.h"
#include <stdbool.h>
#include <stddef.h>

struct event_kind {
    const char *name, *type, *word;
    role_set roles; /* of the operators who see it */
};

/* The event that an entry of TYPE is, NULL for none. HAS tells whether a word is one of it. */
typedef bool (*event_has_fn)(void *ctx, const char *word);
const struct event_kind *event_of(const char *type, event_has_fn has, void *ctx);

/* The operators who see events of that name; 0 when there are none. */
role_set event_roles(const char *name);

#endif
