/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_PIV_SLOT_H
#define COUNTERSIGN_TESTS_CARD_PIV_SLOT_H

/*
 * A PIV key slot: a key pair, and the certificate object through which middleware finds it. Knows
 * nothing of PINs: who may use the key is decided above.
 */

#include "tests/card/tlv.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#define PIV_SLOT_COUNT 4

/* Algorithm identifiers of SP 800-78-4, table 6-2. PIV has no P-521. */
enum piv_algorithm { PIV_NO_KEY = 0, PIV_P256 = 0x11, PIV_P384 = 0x14 };

struct piv_profile {
    uint8_t reference; /* key reference, SP 800-73-4 part 1, table 4b */
    uint8_t object[3]; /* tag of the certificate object */
    const char *name;  /* common name of the certificate: the label that a user sees */
    const char *usage; /* key usage, from which middleware tells signing from deriving */
};

/* OpenSC numbers the keys 01 to 04 in this order. */
extern const struct piv_profile piv_profiles[PIV_SLOT_COUNT];

/* Zeroed it is empty. */
struct piv_slot {
    enum piv_algorithm algorithm;
    EVP_PKEY *key;
};

/* A fresh key in the place of an older one; false, and an empty slot, when it cannot be made. */
bool piv_slot_generate(struct piv_slot *slot, enum piv_algorithm algorithm);
void piv_slot_clear(struct piv_slot *slot);

/* 7F49 { 86 point }, the answer to key generation. */
bool piv_slot_put_public(const struct piv_slot *slot, struct reply *reply);

/* What a certificate object holds (SP 800-73-4 part 1, table 10), here a self-signed one:
 * 70 71 FE. */
bool piv_slot_put_certificate(const struct piv_slot *slot, const struct piv_profile *profile,
                              struct reply *reply);

#endif
