/* SPDX-License-Identifier: Apache-2.0
 *
 * seal: the key on a token that webhooks are signed with.
 */
#ifndef BANKD_COURIER_SEAL_H
#define BANKD_COURIER_SEAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "order/key.h"

struct seal;

/* What the courier is handed: from FD; -1: the credential of that name, else the terminal. */
MUST_CHECK enum err seal_read_secret(int fd, const char *credential, const char *prompt,
                                     struct secret *out);

/* Through MODULE, the key that URI names. The PIN is read from PIN_FD; -1: the credential "pin",
 * else the terminal. */
MUST_CHECK enum err seal_open(const char *module, const char *uri, int pin_fd, struct seal **out);
void seal_close(struct seal *s); /* NULL-safe */
const struct key *seal_key(const struct seal *s);
/* Appends PAYLOAD as a compact JWS. */
MUST_CHECK enum err seal_sign(struct seal *s, const struct buf *payload, struct buf *out);

#endif
