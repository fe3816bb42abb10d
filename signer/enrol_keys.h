/* SPDX-License-Identifier: Apache-2.0
 *
 * enrol_keys: the keys of a holder on his token, each in the place that PIV has for it, so that
 * cards come with them: 9C signs (id 02), 9A authenticates (id 01), 9D derives (id 03).
 */
#ifndef SIGNER_ENROL_KEYS_H
#define SIGNER_ENROL_KEYS_H

#include "app/app.h"
#include "order/enrolment.h"
#include "token/token.h"
#include <stdbool.h>

struct enrol_keys {
    struct token_key *key[KEY_USES]; /* NULL: the token has none and makes none */
    struct key *public[KEY_USES];
    bool made[KEY_USES]; /* just now */
    struct app beside; /* the card's other token, where it has two and a key is there; it borrows */
};

/* Finds the keys, or makes them where they are missing, with the signing key on CURVE; A's token is
 * open and logged in. The signing key is the one that A's token URI names, else the one in its
 * place, else the only one that the token has, and becomes A's. The other two may be absent: a card
 * may have RSA there, and make nothing. They may be on another token with the same serial, as on an
 * OpenPGP card, which is two: then its PIN is asked for as well, since it may be another one, and
 * whoever gives none does without these keys. */
MUST_CHECK enum err enrol_keys_open(struct app *a, enum token_curve curve, struct enrol_keys *out);
/* The same without making any. */
MUST_CHECK enum err enrol_keys_find(struct app *a, struct enrol_keys *out);
/* Of those only the ones that get certificates. */
MUST_CHECK enum err enrol_keys_certified(struct app *a, struct enrol_keys *out);
/* What the statement has of each: the PKCS#10 requests for NAME and the SPKI; empty for an absent
 * key. */
MUST_CHECK enum err enrol_keys_requests(const struct enrol_keys *k, const char *name,
                                        struct buf request[static KEY_USES]);
/* NULL-safe. A keeps the signing key. */
void enrol_keys_free(struct enrol_keys *k);
/* The same, and A has none, as before: its token can be waited for, and the keys opened anew. */
void enrol_keys_close(struct app *a, struct enrol_keys *k);

#endif
