/* SPDX-License-Identifier: Apache-2.0
 *
 * jws: JSON Web Signature (RFC 7515) with ES256, ES384, ES512, two layers.
 *
 * The lower layer takes compact, flattened and general JSON form with one signature and the
 * header members alg, kid, typ and cty, all of them protected. Everything else is refused,
 * always: JWS_HEADER. The statement layer demands compact form and exactly alg, kid, typ.
 * The caller's key fixes the algorithm; nothing in the text chooses a key.
 */
#ifndef ORDER_JWS_H
#define ORDER_JWS_H

#include "base/buf.h"
#include "base/err.h"
#include "order/key.h"
#include <stddef.h>

#define JWS_MAX ((size_t)64 << 10) /* bytes of a JWS text */
#define JWS_HEADER_TEXT_MAX 128    /* bytes of kid, typ, cty */

struct jws_header {
    enum key_alg alg;
    char kid[JWS_HEADER_TEXT_MAX + 1]; /* "" when absent */
    char typ[JWS_HEADER_TEXT_MAX + 1];
    char cty[JWS_HEADER_TEXT_MAX + 1];
};

/* Lower layer. Verifies TEXT with KEY and appends the payload's bytes to PAYLOAD; nothing is
 * appended unless the signature is valid. JWS_MALFORMED, JWS_HEADER, JWS_ALGORITHM,
 * SIGNATURE_INVALID, BASE64_INVALID, TOO_LARGE above JWS_MAX, the js_parse errors. */
MUST_CHECK enum err jws_verify(const char *text, size_t len, const struct key *key,
                               struct buf *payload);

/* Statement layer, first half: takes a compact JWS apart WITHOUT verifying it, so that the caller
 * can look its key up by header.kid (a thumbprint). The header must be canonical JSON with exactly
 * alg, kid, typ; kid must look like a thumbprint (43 base64url characters). Errors as
 * jws_verify, but every fault of the header is JWS_HEADER. OUT borrows from TEXT. */
struct jws_parts {
    struct jws_header header;
    const char *signing_input; /* borrowed from TEXT */
    size_t signing_input_len;
    const char *payload_b64; /* borrowed */
    size_t payload_b64_len;
    uint8_t sig[KEY_SIGNATURE_MAX];
    size_t sig_len;
};
MUST_CHECK enum err jws_split(const char *text, size_t len, struct jws_parts *out);

/* Second half: header.typ is TYP (JWS_TYPE), header.kid is the key's thumbprint (KEY_MISMATCH),
 * header.alg is the key's (JWS_ALGORITHM), the signature is valid. Then the payload is appended. */
MUST_CHECK enum err jws_verify_statement(const struct jws_parts *parts, const char *typ,
                                         const struct key *key, struct buf *payload);

/* Gets the hash and returns R||S. It is token_sign's in every program, and like that one it has
 * verified what it returns: a check costs as much as a signature, so there is one, not two. */
typedef enum err (*jws_sign_fn)(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                                size_t sig_cap, size_t *sig_len);

/* Has MESSAGE signed. The hash is that of KEY, whose private half SIGN uses; SIGNATURE_INVALID when
 * the answer has not the length for it. */
MUST_CHECK enum err jws_sign(const struct key *key, const void *message, size_t len,
                             jws_sign_fn sign, void *ctx, uint8_t sig[static KEY_SIGNATURE_MAX],
                             size_t *sig_len);

/* A statement in two steps, for those that have several signed at once: what is to be signed, as
 * text and as the hash of it, then the statement with the signature, compact. jws_begin sets TEXT,
 * for buf_free, also when it fails; SIGNATURE_INVALID as jws_sign. */
struct jws_draft {
    struct buf text;
    uint8_t hash[KEY_HASH_MAX];
    size_t hash_len;
};
MUST_CHECK enum err jws_begin(const struct key *key, const char *typ, const void *payload,
                              size_t payload_len, struct jws_draft *out);
MUST_CHECK enum err jws_end(const struct key *key, const struct jws_draft *draft,
                            const uint8_t *sig, size_t sig_len, struct buf *out);

/* Makes a statement, compact: both steps with a signature between. */
MUST_CHECK enum err jws_make(const struct key *key, const char *typ, const void *payload,
                             size_t payload_len, jws_sign_fn sign, void *ctx, struct buf *out);

#endif
