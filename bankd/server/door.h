/* SPDX-License-Identifier: Apache-2.0
 *
 * door: accepts connections on one listening socket, a few at a time, and pauses while the system
 * has no room for one more.
 */
#ifndef BANKD_SERVER_DOOR_H
#define BANKD_SERVER_DOOR_H

#include "base/err.h"

struct event_base;
struct door;

/* WELCOME takes each new non-blocking socket over. FD is taken over, also on failure. */
MUST_CHECK enum err door_open(struct event_base *base, int fd,
                              void (*welcome)(void *ctx, int client), void *ctx, struct door **out);
void door_close(struct door *d); /* NULL-safe */

#endif
