/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_SCHSM_H
#define COUNTERSIGN_TESTS_CARD_SCHSM_H

/*
 * What the parts of the virtual SmartCard-HSM share: its memory, its PINs (schsm_pin.c), its files
 * (schsm_file.c) and its keys (schsm_key.c).
 */

#include "tests/card/card.h"

#include <openssl/evp.h>

#define SCHSM_PIN_MIN 6
#define SCHSM_PIN_MAX 16
#define SCHSM_CODE_LEN 8 /* the officer's PIN: 16 hexadecimal digits */
#define SCHSM_FILES 32
#define SCHSM_FILE_MAX 1536
#define SCHSM_KEYS 16 /* the first is the device's own and signs nothing else */

/* First bytes of file identifiers (the second is the number), and whole ones. */
enum {
    FID_KEY = 0xCC,
    FID_PROTECTED = 0xCD, /* read with the PIN only */
    FID_DEVICE_CERTIFICATE = 0x2F02,
};

struct schsm_file {
    unsigned fid; /* 0: free */
    uint8_t bytes[SCHSM_FILE_MAX];
    size_t len;
};

struct schsm {
    uint8_t serial[CARD_SERIAL_LEN];
    uint8_t code[SCHSM_CODE_LEN];
    uint8_t pin[SCHSM_PIN_MAX];
    size_t pin_len; /* 0: never initialized, and there is no code either */
    unsigned tries, tries_left, code_tries_left;
    bool verified;
    struct schsm_file files[SCHSM_FILES];
    unsigned current; /* the selected file's identifier; 0: none */
    EVP_PKEY *keys[SCHSM_KEYS];
};

/* P1 and P2 as one number. */
unsigned schsm_p1p2(const struct apdu *command);

/* --- schsm_pin.c --- */

/* A PIN, and the code 3132333435363738; false where it is too short or too long. */
bool schsm_begin(struct schsm *card, const char *pin);
unsigned schsm_verify(struct schsm *card, const struct apdu *command);
unsigned schsm_change_reference(struct schsm *card, const struct apdu *command);
unsigned schsm_reset_retry_counter(struct schsm *card, const struct apdu *command);
/* Everything on it is gone afterwards; one that was initialized before wants its code. */
unsigned schsm_initialize(struct schsm *card, const struct apdu *command);

/* --- schsm_file.c --- */

/* Keys and files are gone, but for the device's own. */
bool schsm_erase(struct schsm *card);
unsigned schsm_select_file(struct schsm *card, unsigned fid, struct reply *reply);
unsigned schsm_read(struct schsm *card, const struct apdu *command, struct reply *reply);
unsigned schsm_update(struct schsm *card, const struct apdu *command);
unsigned schsm_delete(struct schsm *card, const struct apdu *command);
/* Identifiers of all keys and files. */
void schsm_enumerate(const struct schsm *card, struct reply *reply);

/* --- schsm_key.c --- */

/* The device's own key; all others are gone. */
bool schsm_keys_begin(struct schsm *card);
void schsm_keys_free(struct schsm *card);
unsigned schsm_key_delete(struct schsm *card, unsigned number);
/* Of the device's key, with the card's serial number in its holder's name. */
bool schsm_device_certificate(const struct schsm *card, struct reply *reply);
unsigned schsm_generate(struct schsm *card, const struct apdu *command, struct reply *reply);
unsigned schsm_sign(const struct schsm *card, const struct apdu *command, struct reply *reply);
unsigned schsm_agree(const struct schsm *card, const struct apdu *command, struct reply *reply);

#endif
