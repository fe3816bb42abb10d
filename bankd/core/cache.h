/* SPDX-License-Identifier: Apache-2.0
 *
 * cache: things by a key of fixed length, looked up by many threads while one adds. What one put in
 * is its own until it settles: then it is everybody's and stays until the cache is freed, or it is
 * gone. Private to bankd/core.
 */
#ifndef BANKD_CORE_CACHE_H
#define BANKD_CORE_CACHE_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct cache;

/* FREE_VALUE is called for every value at the end. */
MUST_CHECK enum err cache_new(size_t key_len, void (*free_value)(void *value), struct cache **out);
void cache_free(struct cache *c); /* NULL-safe */

/* Takes VALUE over, also on failure. A key that is there already keeps its first value: what is
 * cached never changes. */
MUST_CHECK enum err cache_put(struct cache *c, const void *key, void *value);
/* What was put in since it settled last: KEEP, or forget. */
void cache_settle(struct cache *c, bool keep);
/* NULL if there is none. */
void *cache_find(struct cache *c, const void *key);
/* Also what has not settled yet; for the thread that puts. */
void *cache_find_own(struct cache *c, const void *key);

#endif
