/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_SLOT_H
#define COUNTERSIGN_TESTS_CARD_SLOT_H

/*
 * A PIV key slot: a key pair made when the card is made, and the certificate object through which
 * middleware finds it. Knows nothing of PINs: who may use the key is decided above.
 */

#include "tests/card/tlv.h"

#include <openssl/evp.h>
#include <stdint.h>

/* Algorithm identifiers of SP 800-78-4, table 6-2. PIV has no P-521. */
enum slot_algorithm { SLOT_P256 = 0x11, SLOT_P384 = 0x14 };

struct slot_profile {
    uint8_t reference; /* key reference, SP 800-73-4 part 1, table 4b */
    uint8_t object[3]; /* tag of the certificate object */
    const char *name;  /* common name of the certificate: the label that a user sees */
    const char *usage; /* key usage, from which middleware tells signing from deriving */
};

struct slot;

/* A fresh key and its self-signed certificate; NULL when OpenSSL refuses. Profile is borrowed. */
struct slot *slot_new(const struct slot_profile *profile, enum slot_algorithm algorithm);
void slot_free(struct slot *slot);

const struct slot_profile *slot_profile(const struct slot *slot);
enum slot_algorithm slot_algorithm(const struct slot *slot);

/* The certificate as a PIV data object (SP 800-73-4 part 1, table 10): 53 { 70 71 FE }. */
void slot_put_certificate(const struct slot *slot, struct reply *reply);

/* For ec.h. */
EVP_PKEY *slot_key(const struct slot *slot);

#endif
