/* SPDX-License-Identifier: Apache-2.0
 *
 * The SmartCard-HSM, firmware 3.5, as far as OpenSC and a holder need it: keys to sign and to
 * derive on P-256, P-384 and P-521, made on the card by whoever has its PIN; files with what is to
 * be known about them; a PIN, and an officer's PIN that initializes the card and unlocks the first.
 * Everything lives in memory and is new with each card. What it looks like was learnt from OpenSC's
 * driver, not from its maker's papers.
 *
 * Not there: RSA, AES, key import and export (DKEK), public key authentication, secure messaging.
 */
#include "tests/card/schsm.h"

#include <stdlib.h>
#include <string.h>

#define CLA_OWN 0x80U /* of commands that ISO 7816 does not have */

static const uint8_t aid[] = {0xE8, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xC3, 0x1F, 0x02, 0x01};

unsigned schsm_p1p2(const struct apdu *command)
{
    return (unsigned)command->p1 << 8 | command->p2;
}

static void schsm_free(void *opaque)
{
    struct schsm *card = opaque;

    if (card != NULL)
        schsm_keys_free(card);
    free(card);
}

static void *schsm_make(const struct card_options *options)
{
    struct schsm *card = calloc(1, sizeof *card);

    if (card == NULL)
        return NULL;
    memcpy(card->serial, options->serial, sizeof card->serial);
    card->tries = options->tries;
    if (!schsm_erase(card) || (!options->empty && !schsm_begin(card, options->pin))) {
        schsm_free(card);
        return NULL;
    }
    return card;
}

static void schsm_reset(void *opaque)
{
    struct schsm *card = opaque;

    card->verified = false;
    card->current = 0;
}

/* The application, which takes the PIN back, or a file in it. */
static unsigned select_any(struct schsm *card, const struct apdu *command, struct reply *reply)
{
    /* The PIN may be reset by the officer; any type; firmware 3.5. */
    static const uint8_t version[] = {0x00, 0x01, 0xFF, 0x03, 0x05};
    struct reply value = {0};

    if (command->p1 == 0x00 && command->data_len == 2)
        return schsm_select_file(card, (unsigned)command->data[0] << 8 | command->data[1], reply);
    if (command->p1 != 0x04 || command->data_len != sizeof aid ||
        memcmp(command->data, aid, sizeof aid) != 0)
        return SW_NOT_FOUND;
    schsm_reset(card);
    reply_tlv(&value, 0x82, (uint8_t[]){0x78}, 1);
    reply_tlv(&value, 0x84, aid, sizeof aid);
    reply_tlv(&value, 0x85, version, sizeof version);
    reply_tlv(reply, 0x6F, value.bytes, value.len);
    return SW_OK;
}

static unsigned own_command(struct schsm *card, const struct apdu *command, struct reply *reply)
{
    switch (command->ins) {
    case 0x50:
        return schsm_initialize(card, command);
    case 0x58:
        schsm_enumerate(card, reply);
        return SW_OK;
    case 0x62:
        return schsm_agree(card, command, reply);
    case 0x68:
        return schsm_sign(card, command, reply);
    default:
        return SW_BAD_INS;
    }
}

static unsigned schsm_command(void *opaque, const struct apdu *command, struct reply *reply)
{
    struct schsm *card = opaque;

    if ((command->cla & CLA_OWN) != 0)
        return own_command(card, command, reply);
    switch (command->ins) {
    case 0xA4:
        return select_any(card, command, reply);
    case 0x20:
        return schsm_verify(card, command);
    case 0x24:
        return schsm_change_reference(card, command);
    case 0x2C:
        return schsm_reset_retry_counter(card, command);
    case 0x46:
        return schsm_generate(card, command, reply);
    case 0xB1:
        return schsm_read(card, command, reply);
    case 0xD7:
        return schsm_update(card, command);
    case 0xE4:
        return schsm_delete(card, command);
    default:
        return SW_BAD_INS;
    }
}

/* One of the four that OpenSC has on its list. */
static const uint8_t atr[] = {0x3B, 0xDE, 0x18, 0xFF, 0x81, 0x91, 0xFE, 0x1F,
                              0xC3, 0x80, 0x31, 0x81, 0x54, 0x48, 0x53, 0x4D,
                              0x31, 0x73, 0x80, 0x21, 0x40, 0x81, 0x07, 0x1C};

const struct card_kind card_kind = {
    .name = "hsmcard",
    .limits = "a PIN of 6 to 16 characters",
    .atr = atr,
    .atr_len = sizeof atr,
    .make = schsm_make,
    .free = schsm_free,
    .reset = schsm_reset,
    .command = schsm_command,
};
