/* SPDX-License-Identifier: Apache-2.0
 *
 * tls: the bank's side of docs/FORMAT.md section 9. The key is fresh at each start and each
 * renewal, lives in this process only, and is certified by the keeper for 30 days.
 *
 * TLS 1.3 only, X25519, no tickets, no resumption, no early data. Any client certificate is
 * welcome: it counts by its key, of which the handshake proves possession; one of the bank's own
 * root counts for more.
 */
#ifndef BANKD_SERVER_TLS_H
#define BANKD_SERVER_TLS_H

#include "base/err.h"
#include "order/key.h"

struct tls;
struct ssl_st;

/* Makes a key and has it certified by the keeper at the socket. ROLLOVERS is a JSON array of all
 * those of the root key, which were verified; it says which one certifies. */
MUST_CHECK enum err tls_new(const char *keeper_socket, const char *rollovers, struct tls **out);
/* The same again, for the connections that come after; those that are open stay as they are.
 * ROLLOVERS NULL: those that were known. KEY_MISMATCH when another root key certified. From any
 * thread. */
MUST_CHECK enum err tls_renew(struct tls *t, const char *keeper_socket, const char *rollovers);
void tls_free(struct tls *t); /* NULL-safe */

/* Thumbprint of the bank's root key, as the keeper sent it: what holders pin. Before tls_renew is
 * called by others. */
const char *tls_pin(const struct tls *t);

/* When the newest certificate ends, in microseconds since 1970 UTC. From any thread. */
int64_t tls_ends_us(struct tls *t);

/* A server's connection over the socket FD, which stays the caller's. From any thread. SSL_free. */
MUST_CHECK enum err tls_accept(struct tls *t, int fd, struct ssl_st **out);

/* After the handshake: the thumbprint of the client's key, "" when it showed none of ours: of one
 * that nobody certified a P-256 key. *UNTIL_US: when a certificate of the bank's root for
 * TLS clients ends that is valid now, or, where it is of a replaced root key, the overlap when that
 * is sooner; 0 for any other. */
void tls_peer(const struct ssl_st *ssl, char out[static KEY_THUMBPRINT_LEN + 1], int64_t *until_us);

/* When a certificate ends, DER; 0 when there is none. */
int64_t tls_certificate_ends_us(const struct buf *der);

#endif
