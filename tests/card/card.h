/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_CARD_H
#define COUNTERSIGN_TESTS_CARD_CARD_H

/*
 * What a virtual card is to its reader. Each card program has one kind; it lives in memory and is
 * new each time the program starts.
 */

#include "tests/card/apdu.h"

#include <stdbool.h>
#include <stdint.h>

#define CARD_SERIAL_LEN 16
#define CARD_TRIES_MAX 15 /* one hex digit of the status word */

struct card_options {
    const char *curve; /* of all keys: P-256, P-384, P-521 */
    const char *pin;
    const char *puk; /* eight digits; an OpenPGP card's PW3 */
    unsigned tries;  /* of each PIN, 1 to CARD_TRIES_MAX */
    bool empty;      /* born without keys, or what comes before them */
    uint8_t serial[CARD_SERIAL_LEN];
};

struct card_kind {
    const char *name, *limits; /* what it says about options that it refuses */
    const uint8_t *atr;
    size_t atr_len;
    void *(*make)(const struct card_options *options); /* NULL: options out of range */
    void (*free)(void *card);                          /* NULL is allowed */
    void (*reset)(void *card); /* power on, off or reset: PINs must be verified again */
    apdu_handler *command;
};

extern const struct card_kind card_kind;

#endif
