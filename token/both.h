/* SPDX-License-Identifier: Apache-2.0
 *
 * both: what the two kinds of token.h share, the one in the module's process and the one in front
 * of the helper's: keys with their public half, and the check of every signature before it is
 * handed out. Private to token/.
 */
#ifndef TOKEN_BOTH_H
#define TOKEN_BOTH_H

#include "token/token.h"
#include <pthread.h>

/* As <openssl/types.h> has them. */
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_pkey_ctx_st EVP_PKEY_CTX;

#define TOKEN_SESSIONS_MAX 16 /* in the pool of one token */
#define TOKEN_Z_MAX 66        /* bytes of the longest x coordinate */
#define TOKEN_MODULES_MAX 64

struct token_key {
    struct token *token;
    enum token_use use;
    struct token_key_info info;
    EVP_PKEY *public;
    pthread_mutex_t lock;
    unsigned long handle; /* the module's, or the helper's number for the key */
    uint64_t generation;  /* the token's, or the helper's, for which HANDLE is valid */
    pthread_mutex_t checks_lock;
    EVP_PKEY_CTX *checks[TOKEN_SESSIONS_MAX]; /* ready to verify, not in use */
    size_t check_count;
};

/* --- what differs between the two --- */

/* A signature as the module made it, to be checked. */
typedef enum err token_made(void *ctx, const uint8_t *sig, size_t len);
/* Gives each of the COUNT hashes at HASHES, at most TOKEN_AT_ONCE, its signature to MADE, as soon
 * as there is one, until one fails, or MADE. */
MUST_CHECK enum err token_sign_raw(struct token_key *k, const uint8_t *hashes, size_t count,
                                   token_made *made, void *ctx);
/* The x coordinate, of TOKEN_Z_MAX bytes. To be checked. */
MUST_CHECK enum err token_derive_raw(struct token_key *k, const uint8_t *peer, size_t peer_len,
                                     uint8_t *z, size_t *z_len);
/* Where a module is, and what p11-kit's configuration wants it to hear as it starts. */
struct token_source {
    char path[256], reserved[1024]; /* RESERVED "": nothing */
    char file[256];                 /* of the configuration, without its folder; "": none */
};
/* Those that p11-kit is configured to use, but for stores of trusted certificates. */
MUST_CHECK enum err token_module_sources(struct token_source out[static TOKEN_MODULES_MAX],
                                         size_t *count);
MUST_CHECK enum err token_module_load_from(const struct token_source *source,
                                           struct token_module **out);
/* The same for one of several. Where it does not start, *OUT is NULL, or says so when it is asked.
 */
MUST_CHECK enum err token_module_load_one_of(const struct token_source *source,
                                             struct token_module **out);

/* --- which one it is --- */

/* Whether A and B are about one token: label, serial, manufacturer and model. */
bool token_info_same(const struct token_info *a, const struct token_info *b);
/* Whether URI names this token; NULL: none. One that is not initialized has no name. */
bool token_info_matches(const struct token_info *info, const struct token_uri *uri);
/* Whether URI's id and object, where it has them, are the key's; NULL has neither. */
bool token_key_info_matches(const struct token_key_info *key, const struct token_uri *uri);

/* --- public.c: the part of OpenSSL --- */

/* A key without a public half yet. */
MUST_CHECK enum err token_public_new(struct token *t, enum token_use use, struct token_key **out);
/* The reverse, with what the checks left. NULL-safe. */
void token_public_free(struct token_key *k);

/* Bytes of a coordinate: 32, 48 or 66. */
size_t token_public_field_len(enum token_curve curve);
/* Bits: 256, 384 or 521. */
unsigned token_public_bits(enum token_curve curve);
/* The DER of the curve's OBJECT IDENTIFIER, as CKA_EC_PARAMS has it. */
const uint8_t *token_public_params(enum token_curve curve, size_t *len);
/* 0 where it is none of the three. */
enum token_curve token_public_curve_of_params(const uint8_t *der, size_t len);
/* ERR_KEY_COMPRESSED, ERR_KEY_NOT_ON_CURVE, ERR_KEY_INVALID. */
MUST_CHECK enum err token_public_from_point(enum token_curve curve, const uint8_t *point,
                                            size_t len, EVP_PKEY **out);
/* CKA_EC_POINT: the point, wrapped in an OCTET STRING or, with some tokens, bare. */
MUST_CHECK enum err token_public_from_ec_point(enum token_curve curve, const uint8_t *value,
                                               size_t len, EVP_PKEY **out);
/* The key of an X.509 certificate, and its curve. */
MUST_CHECK enum err token_public_from_certificate(const uint8_t *der, size_t len,
                                                  enum token_curve *curve, EVP_PKEY **out);
/* ERR_TOKEN_BAD_SIGNATURE unless the R||S at SIG verifies. */
MUST_CHECK enum err token_public_check(struct token_key *k, const uint8_t *hash, size_t hash_len,
                                       const uint8_t *sig, size_t sig_len);
/* The uncompressed point of a key that one of these made. */
MUST_CHECK enum err token_public_point(const EVP_PKEY *key, uint8_t out[static TOKEN_POINT_MAX],
                                       size_t *len);

#endif
