/* SPDX-License-Identifier: Apache-2.0
 *
 * rootkey: has the keeper replace the bank's root key, in a thread of its own: a token may need
 * long for a new key, and whoever is served meanwhile must not wait for it.
 */
#ifndef BANKD_SERVER_ROOTKEY_H
#define BANKD_SERVER_ROOTKEY_H

#include "base/err.h"
#include <stddef.h>

struct rootkey;

MUST_CHECK enum err rootkey_new(const char *keeper_socket, struct rootkey **out);
/* Waits for a keeper that is at work. NULL-safe. */
void rootkey_free(struct rootkey *r);

/* An operator's act, for the keeper to judge. *MISSING: operators who must ask besides, 0: it was
 * replaced. TIMEOUT: it is at work still, and the same act asked for again gets what came of it;
 * BUSY: with another one. By one thread at a time. */
MUST_CHECK enum err rootkey_ask(struct rootkey *r, const char *act, size_t len, unsigned *missing);

#endif
