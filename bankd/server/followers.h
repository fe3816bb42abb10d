/* SPDX-License-Identifier: Apache-2.0
 *
 * followers: who follows the bank's events (GET /v1/events), and how often each. An eighth of the
 * places is the operators' alone, and once half of the others are taken, whoever has one gets no
 * second: so neither one person nor a crowd takes them all. From any thread.
 */
#ifndef BANKD_SERVER_FOLLOWERS_H
#define BANKD_SERVER_FOLLOWERS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct followers;

MUST_CHECK enum err followers_new(size_t max, size_t max_each, struct followers **out);
void followers_free(struct followers *f); /* NULL-safe */

/* NAME once more: TOO_MANY_STREAMS, or BUSY when the bank has enough. */
MUST_CHECK enum err followers_take(struct followers *f, const char *name, bool is_operator);
void followers_give(struct followers *f, const char *name);

size_t followers_count(struct followers *f);

#endif
