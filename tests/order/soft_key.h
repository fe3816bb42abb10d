/* SPDX-License-Identifier: Apache-2.0
 *
 * soft_key: a private key in memory, so that tests can sign without a token. No program links it.
 */
#ifndef TESTS_ORDER_SOFT_KEY_H
#define TESTS_ORDER_SOFT_KEY_H

#include "order/jws.h"
#include "order/key.h"

struct soft_key;

/* A fresh key. The test that cannot have one fails at once. */
struct soft_key *soft_key_new(enum key_alg alg);

void soft_key_free(struct soft_key *k); /* NULL-safe */

/* Borrowed. */
const struct key *soft_key_public(const struct soft_key *k);

/* A jws_sign_fn whose context is the soft_key. */
enum err soft_key_sign(void *soft_key, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                       size_t sig_cap, size_t *sig_len);

#endif
