/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_PIV_ADMIN_H
#define COUNTERSIGN_TESTS_CARD_PIV_ADMIN_H

/*
 * Who may write to a PIV card: whoever has the card management key, 9B. Here it is one of triple
 * DES and has the value that new YubiKeys have.
 */

#include "tests/card/apdu.h"

#include <stdbool.h>

#define PIV_ADMIN_REFERENCE 0x9B
#define PIV_ADMIN_BLOCK 8

/* Zeroed: nobody has proved anything. */
struct piv_admin {
    bool authenticated;
    bool asked; /* the witness below was given and not yet returned */
    uint8_t witness[PIV_ADMIN_BLOCK];
};

/* GENERAL AUTHENTICATE with 9B, as mutual authentication (part 2, appendix A.1). */
unsigned piv_admin_authenticate(struct piv_admin *admin, const struct apdu *command,
                                struct reply *reply);

#endif
