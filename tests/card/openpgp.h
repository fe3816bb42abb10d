/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_OPENPGP_H
#define COUNTERSIGN_TESTS_CARD_OPENPGP_H

/*
 * What the parts of the virtual OpenPGP card share: its memory, its data objects
 * (openpgp_data.c) and its passwords (openpgp_password.c). Clauses are those of the specification,
 * version 3.4.
 */

#include "tests/card/card.h"

#include <openssl/evp.h>

#define OPENPGP_PASSWORD_MAX 32
#define OPENPGP_FINGERPRINT_LEN 20
#define OPENPGP_TIMESTAMP_LEN 4
#define OPENPGP_CERTIFICATE_MAX 1536
#define OPENPGP_CHALLENGE_MAX 255
#define OPENPGP_CURVES 3

/* Modes of VERIFY: PW1 for a signature, PW1 for all else, PW3. */
enum { MODE_SIGN, MODE_OTHER, MODE_ADMIN, MODE_COUNT };

enum { SIG, DEC, AUT, KEY_COUNT };

struct openpgp_curve {
    const char *name;
    uint8_t oid[8];
    size_t oid_len;
};
extern const struct openpgp_curve openpgp_curves[OPENPGP_CURVES];

/* 4.4.1: what each key is for, as an algorithm and as a control reference template. */
struct openpgp_use {
    uint8_t algorithm, template;
};
extern const struct openpgp_use openpgp_uses[KEY_COUNT];

/* Without a value it has not been set, and nothing matches it. */
struct openpgp_password {
    uint8_t value[OPENPGP_PASSWORD_MAX];
    size_t len;
    unsigned tries_left;
};

struct openpgp_key {
    const struct openpgp_curve *curve;
    EVP_PKEY *pair; /* NULL: none yet */
    uint8_t fingerprint[OPENPGP_FINGERPRINT_LEN], made[OPENPGP_TIMESTAMP_LEN];
};

struct openpgp {
    struct openpgp_key keys[KEY_COUNT];
    struct openpgp_password pw1, reset_code, pw3;
    unsigned tries;
    bool verified[MODE_COUNT];
    uint32_t signatures;
    uint8_t serial[4];
    uint8_t certificate[OPENPGP_CERTIFICATE_MAX];
    size_t certificate_len;
};

/* P1 and P2 as one number. */
unsigned openpgp_tag(const struct apdu *command);

/* --- openpgp_data.c (4.4) --- */

void openpgp_put_aid(const struct openpgp *card, struct reply *reply);
unsigned openpgp_get_data(const struct openpgp *card, const struct apdu *command,
                          struct reply *reply);
unsigned openpgp_put_data(struct openpgp *card, const struct apdu *command);

/* --- openpgp_password.c (7.2.2 to 7.2.4) --- */

/* PW1 and PW3 as given; false where one is too short or too long. */
bool openpgp_passwords_begin(struct openpgp *card, const char *pw1, const char *pw3);
unsigned openpgp_verify(struct openpgp *card, const struct apdu *command);
unsigned openpgp_change_reference(struct openpgp *card, const struct apdu *command);
unsigned openpgp_reset_retry_counter(struct openpgp *card, const struct apdu *command);
/* The resetting code (4.3.4), as PUT DATA writes it: empty takes it away. */
unsigned openpgp_set_reset_code(struct openpgp *card, const struct apdu *command);

#endif
