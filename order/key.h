/* SPDX-License-Identifier: Apache-2.0
 *
 * key: a public ECDSA key, parsed once, immutable, shared between threads. The only place that
 * verifies an ECDSA signature. Digests go through here as well.
 */
#ifndef ORDER_KEY_H
#define ORDER_KEY_H

#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

#define KEY_THUMBPRINT_LEN 43 /* base64url of SHA-256, RFC 7638 */
#define KEY_SPKI_MAX 158      /* bytes of the DER form on P-521 */
#define KEY_SIGNATURE_MAX 132 /* bytes of R||S on P-521 */
#define KEY_HASH_MAX 64
#define DIGEST_LEN 32 /* SHA-256 */

/* The key alone decides: curve, hash and JWS name belong together (RFC 7518 3.4). */
enum key_alg { KEY_ALG_NONE = 0, KEY_ES256, KEY_ES384, KEY_ES512 };

const char *key_alg_name(enum key_alg alg);                   /* "ES256"; "none" for 0 */
enum key_alg key_alg_from_name(const char *name, size_t len); /* KEY_ALG_NONE if unknown */
/* By JWK's name of the curve, "P-256" (RFC 7518 6.2.1.1); KEY_ALG_NONE if unknown. */
enum key_alg key_alg_from_curve(const char *name, size_t len);
size_t key_alg_signature_len(enum key_alg alg); /* 64, 96, 132; R||S */

struct key;

/* DER SubjectPublicKeyInfo, exactly the form with a named curve and an uncompressed point that
 * lies on it: KEY_INVALID, KEY_ALGORITHM, KEY_CURVE, KEY_COMPRESSED, KEY_NOT_ON_CURVE.
 * Accepts no trailing bytes and no other encoding of the same key. */
MUST_CHECK enum err key_from_spki(const uint8_t *der, size_t len, struct key **out);

/* From the affine coordinates, each exactly the curve's field size (32, 48, 66 bytes). */
MUST_CHECK enum err key_from_xy(enum key_alg alg, const uint8_t *x, const uint8_t *y,
                                struct key **out);

void key_free(struct key *k); /* NULL-safe */

enum key_alg key_algorithm(const struct key *k);
const char *key_thumbprint(const struct key *k); /* RFC 7638, NUL-terminated */
const uint8_t *key_spki(const struct key *k, size_t *len);

/* SIG is R||S of the algorithm's exact length, both in 1..n-1. The hash is the algorithm's own.
 * ERR_OK only for a valid signature; everything else is SIGNATURE_INVALID or NO_MEMORY. Both
 * members of an (r, s), (r, n-s) pair verify; who must count once counts people. */
MUST_CHECK enum err key_verify(const struct key *k, const void *message, size_t len,
                               const uint8_t *sig, size_t sig_len);

/* The hash that ALG signs over: OUT has KEY_HASH_MAX bytes, *OUT_LEN is set. */
MUST_CHECK enum err key_hash(enum key_alg alg, const void *message, size_t len,
                             uint8_t out[static KEY_HASH_MAX], size_t *out_len);

/* R||S to DER ECDSA-Sig-Value and back, strict both ways (signed notes carry DER). */
MUST_CHECK enum err key_sig_to_der(enum key_alg alg, const uint8_t *sig, size_t len,
                                   struct buf *der);
MUST_CHECK enum err key_sig_from_der(enum key_alg alg, const uint8_t *der, size_t len,
                                     uint8_t sig[static KEY_SIGNATURE_MAX], size_t *sig_len);

/* SHA-256. */
MUST_CHECK enum err key_digest(const void *bytes, size_t len, uint8_t out[static DIGEST_LEN]);
/* Of HEAD with BYTES behind it, which nobody has to join. */
MUST_CHECK enum err key_digest_joined(const void *head, size_t head_len, const void *bytes,
                                      size_t len, uint8_t out[static DIGEST_LEN]);

#endif
