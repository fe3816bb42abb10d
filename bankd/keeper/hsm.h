/* SPDX-License-Identifier: Apache-2.0
 *
 * hsm: the bank's token as the keeper sees it: opened, logged in, one P-256 key per purpose, each
 * with a fixed id and label. Signing goes through hsm_sign with one of these keys, never another.
 */
#ifndef BANKD_KEEPER_HSM_H
#define BANKD_KEEPER_HSM_H

#include "base/err.h"
#include "order/jws.h"
#include "order/key.h"
#include <stdbool.h>
#include <stddef.h>

enum hsm_use {
    HSM_ROOT,      /* "bank-root": certificates and the bank-keys statement */
    HSM_NEXT_ROOT, /* "bank-root-2": the one that a rollover puts in its place */
    HSM_LOG,       /* "bank-log": checkpoints */
    HSM_USES
};

struct hsm;
struct hsm_key; /* belongs to its hsm */

struct hsm_options {
    const char *module; /* path of the PKCS#11 module */
    const char *token;  /* RFC 7512 URI of the token */
    int pin_fd;         /* the PIN's line is read there; -1: the credential "pin", where there is
                           none the reader's keypad, where it has none the terminal */
};

/* Loads the module, finds the one token, logs in; never with the last try. */
MUST_CHECK enum err hsm_open(const struct hsm_options *options, struct hsm **out);
void hsm_close(struct hsm *h); /* NULL-safe */

/* How often the root key was replaced: with each rollover the next number becomes the root. 0
 * before the first call. Another number ends the root keys that hsm_find gave. */
void hsm_set_rollovers(struct hsm *h, size_t count);

/* The key for USE. KEY_NOT_FOUND, KEY_AMBIGUOUS; KEY_CURVE when it is not on P-256. *OUT lives as
 * long as H. */
MUST_CHECK enum err hsm_find(struct hsm *h, enum hsm_use use, struct hsm_key **out);

/* Makes the key on the token. KEY_EXISTS when its id is taken. */
MUST_CHECK enum err hsm_generate(struct hsm *h, enum hsm_use use);

const struct key *hsm_public(const struct hsm_key *k);

/* A jws_sign_fn whose CTX is a struct hsm_key: R||S over a SHA-256 hash. */
MUST_CHECK enum err hsm_sign(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                             size_t sig_cap, size_t *sig_len);

#endif
