/* SPDX-License-Identifier: Apache-2.0
 *
 * streams: how many follow the bank's events (GET /v1/events), in all and of each person. From any
 * thread.
 */
#ifndef BANKD_SERVER_STREAMS_H
#define BANKD_SERVER_STREAMS_H

#include "base/err.h"
#include <stddef.h>

struct streams;

MUST_CHECK enum err streams_new(size_t max, size_t max_each, struct streams **out);
void streams_free(struct streams *s); /* NULL-safe */

/* One more of NAME's: TOO_MANY_STREAMS, or BUSY when the bank has enough. */
MUST_CHECK enum err streams_take(struct streams *s, const char *name);
void streams_give(struct streams *s, const char *name);

size_t streams_count(struct streams *s);

#endif
