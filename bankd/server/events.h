/* SPDX-License-Identifier: Apache-2.0
 *
 * events: what a stream of events is told (ROUTE_EVENTS); conn.c has its connection.
 */
#ifndef BANKD_SERVER_EVENTS_H
#define BANKD_SERVER_EVENTS_H

#include "bankd/server/handler.h"

/* The first look of a stream, or one more; see struct handler. */
MUST_CHECK enum err events_apply(const struct bank *b, struct job *j);

#endif
