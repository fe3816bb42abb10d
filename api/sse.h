/* SPDX-License-Identifier: Apache-2.0
 *
 * sse: reads a stream of server-sent events (HTML standard, 9.2) as the bank writes it, however its
 * bytes arrive. Pure.
 */
#ifndef API_SSE_H
#define API_SSE_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

#define SSE_NAME_MAX 63u
#define SSE_MAX ((size_t)1 << 20) /* bytes that are not read yet */

struct sse {
    struct buf text; /* what came and is no whole event yet */
    size_t read;     /* bytes of TEXT that were */
    int64_t last_id; /* the newest that was read, -1: none */
};
struct sse_event {
    char name[SSE_NAME_MAX + 1];
    struct buf data;
};

void sse_start(struct sse *s);
void sse_free(struct sse *s);
MUST_CHECK enum err sse_feed(struct sse *s, const void *bytes, size_t len); /* TOO_LARGE */
bool sse_ready(const struct sse *s); /* sse_next would read on: a whole block is there */
/* The next event; *FOUND false: more has to come. OUT's data is replaced, and the caller's to free.
 * DOC_MEMBER_INVALID for what the bank does not write. */
MUST_CHECK enum err sse_next(struct sse *s, bool *found, struct sse_event *out);

#endif
