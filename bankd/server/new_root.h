/* SPDX-License-Identifier: Apache-2.0
 *
 * new_root: has the keeper replace the bank's root key, in a thread of its own: a token may need
 * long for a new key, and whoever is served meanwhile must not wait for it.
 */
#ifndef BANKD_SERVER_NEW_ROOT_H
#define BANKD_SERVER_NEW_ROOT_H

#include "base/err.h"
#include <stddef.h>

struct new_root;

MUST_CHECK enum err new_root_new(const char *keeper_socket, struct new_root **out);
/* Waits for a keeper that is at work. NULL-safe. */
void new_root_free(struct new_root *r);

/* An operator's act, for the keeper to judge. *MISSING: operators who must ask besides, 0: it was
 * replaced. TIMEOUT: it is at work still, and the same act asked for again gets what came of it;
 * BUSY: with another one. By one thread at a time. */
MUST_CHECK enum err new_root_ask(struct new_root *r, const char *act, size_t len,
                                 unsigned *missing);

#endif
