/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_PIV_H
#define COUNTERSIGN_TESTS_CARD_PIV_H

/*
 * The PIV card application of NIST SP 800-73-4 part 2, as far as OpenSC and a holder need it:
 * four keys with certificates, a PIN and a PUK with counters, signing and key agreement. 9C wants
 * the PIN before every single use. Everything lives in memory and is new with each card.
 *
 * Not there: RSA, key generation and writing (the card is born with its keys), the 9B
 * administration key, secure messaging, contactless rules, biometrics.
 */

#include "tests/card/apdu.h"
#include "tests/card/slot.h"

#include <stdbool.h>
#include <stdint.h>

#define PIV_PIN_LEN 8
#define PIV_SERIAL_LEN 16
#define PIV_TRIES_MAX 15 /* one hex digit of the status word */
#define PIV_PUK "12345678"

struct piv_options {
    enum slot_algorithm algorithm; /* of all four keys */
    const char *pin;               /* 6 to 8 digits */
    unsigned tries;                /* of the PIN and of the PUK, 1 to PIV_TRIES_MAX */
    uint8_t serial[PIV_SERIAL_LEN];
};

struct piv;

/* NULL when the options are out of range or OpenSSL refuses. piv_free(NULL) is allowed. */
struct piv *piv_new(const struct piv_options *options);
void piv_free(struct piv *card);

/* Power on, power off or reset: the PIN must be verified again. Counters stay. */
void piv_reset(struct piv *card);

/* An apdu_handler; card is a struct piv. */
unsigned piv_command(void *card, const struct apdu *command, struct reply *reply);

#endif
