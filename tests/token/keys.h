/* SPDX-License-Identifier: Apache-2.0
 *
 * keys: what tests do with a key on a token. OpenSSL judges every signature, apart from the
 * product's own check. Whatever goes wrong fails the running cmocka test.
 */
#ifndef TESTS_TOKEN_KEYS_H
#define TESTS_TOKEN_KEYS_H

#include "token/token.h"
#include <openssl/types.h>

void keys_generate(struct token *t, enum token_use use, enum token_curve curve, const char *label,
                   uint8_t id);
struct token_key *keys_find(struct token *t, const char *uri, enum token_use use);
/* The caller frees it. */
EVP_PKEY *keys_public(const struct token_key *k);
bool keys_verifies(const struct token_key *k, const uint8_t *hash, size_t hash_len,
                   const uint8_t *sig, size_t sig_len);
void keys_sign_once(struct token_key *k);
/* In eight threads, of P-256; MEANWHILE, if any, happens to T while they do. */
void keys_sign_in_parallel(struct token_key *k, void (*meanwhile)(struct token *t),
                           struct token *t);

#endif
