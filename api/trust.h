/* SPDX-License-Identifier: Apache-2.0
 *
 * trust: whom a client believes and who it says it is, in one SSL_CTX (docs/FORMAT.md section 9).
 */
#ifndef API_TRUST_H
#define API_TRUST_H

#include "base/err.h"
#include "base/secret.h"

struct trust;
struct ssl_ctx_st;

/* BANK, BANK_KEY as in client.h; SESSION_KEY may be NULL. The texts are copied.
 * ERR_SESSION_REQUIRED: SESSION_KEY is no private key. */
MUST_CHECK enum err trust_new(const char *bank, const char *bank_key,
                              const struct secret *session_key, struct trust **out);
void trust_free(struct trust *t); /* NULL-safe */

/* Another pin, for the next connection. */
MUST_CHECK enum err trust_set_pin(struct trust *t, const char *bank_key);
/* The root key that a bank of the right name showed instead of the pinned one, the last time; "":
 * none. Nobody vouches for it. */
const char *trust_other_root(const struct trust *t);

/* Sets an SSL_CTX up: TLS 1.3 only, the pin's verification, the self-signed client certificate.
 * TRUST must live as long as the context. */
MUST_CHECK enum err trust_apply(struct trust *t, struct ssl_ctx_st *ctx);

#endif
