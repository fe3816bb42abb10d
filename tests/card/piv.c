/* SPDX-License-Identifier: Apache-2.0
 *
 * The PIV card application of NIST SP 800-73-4 part 2, as far as OpenSC, ykcs11 and a holder need
 * it: four keys with certificates, made and written by whoever has the management key; a PIN and a
 * PUK with counters, signing and key agreement. 9C wants the PIN before every single use.
 * Everything lives in memory and is new with each card.
 *
 * Not there: RSA, retired keys, another management key, secure messaging, contactless rules,
 * biometrics, the commands that only YubiKeys have.
 */
#include "tests/card/card.h"
#include "tests/card/ec.h"
#include "tests/card/piv_admin.h"
#include "tests/card/piv_object.h"
#include "tests/card/piv_slot.h"

#include <stdlib.h>
#include <string.h>

#define PIN_LEN_MIN 6
#define PIV_PIN_LEN 8
#define PIN_PAD 0xFF

#define REFERENCE_PIN 0x80
#define REFERENCE_PUK 0x81
#define REFERENCE_SIGNATURE 0x9C
#define REFERENCE_CARD 0x9E

static const uint8_t aid[] = {PIV_AID};

/* A PIN or PUK, padded to eight bytes. No tries left: blocked. */
struct reference {
    uint8_t value[PIV_PIN_LEN];
    unsigned tries_left;
};

struct piv {
    struct piv_slot slots[PIV_SLOT_COUNT];
    struct piv_objects objects;
    struct piv_admin admin;
    struct reference pin, puk;
    unsigned tries;
    bool verified; /* the PIN, since the last reset */
    bool fresh;    /* the PIN, since the last use of a key */
};

/* Section 2.4.3 of part 2: six to eight digits, then padding. */
static bool pin_well_formed(const uint8_t value[static PIV_PIN_LEN])
{
    size_t digits = 0;

    while (digits < PIV_PIN_LEN && value[digits] >= '0' && value[digits] <= '9')
        digits++;
    for (size_t i = digits; i < PIV_PIN_LEN; i++) {
        if (value[i] != PIN_PAD)
            return false;
    }
    return digits >= PIN_LEN_MIN;
}

static bool set_pin(struct piv *card, const char *pin)
{
    size_t len = strlen(pin);

    if (len > PIV_PIN_LEN)
        return false;
    memset(card->pin.value, PIN_PAD, PIV_PIN_LEN);
    memcpy(card->pin.value, pin, len);
    return pin_well_formed(card->pin.value);
}

static void piv_free(void *opaque)
{
    struct piv *card = opaque;

    for (size_t i = 0; card != NULL && i < PIV_SLOT_COUNT; i++)
        piv_slot_clear(&card->slots[i]);
    free(card);
}

/* A key in each slot, and its certificate. */
static bool make_keys(struct piv *card, enum piv_algorithm algorithm)
{
    for (size_t i = 0; i < PIV_SLOT_COUNT; i++) {
        const struct piv_profile *profile = &piv_profiles[i];
        struct reply content = {0};

        if (!piv_slot_generate(&card->slots[i], algorithm) ||
            !piv_slot_put_certificate(&card->slots[i], profile, &content) ||
            piv_objects_put(&card->objects, profile->object, sizeof profile->object, content.bytes,
                            content.len) != SW_OK)
            return false;
    }
    return true;
}

static void *piv_make(const struct card_options *options)
{
    const bool p256 = strcmp(options->curve, "P-256") == 0;
    struct piv *card = NULL;

    if ((!p256 && strcmp(options->curve, "P-384") != 0) || strlen(options->puk) != PIV_PIN_LEN)
        return NULL;
    card = calloc(1, sizeof *card);
    if (card == NULL)
        return NULL;
    piv_objects_begin(&card->objects, options->serial);
    if (!set_pin(card, options->pin) ||
        (!options->empty && !make_keys(card, p256 ? PIV_P256 : PIV_P384))) {
        piv_free(card);
        return NULL;
    }
    memcpy(card->puk.value, options->puk, PIV_PIN_LEN);
    card->tries = card->pin.tries_left = card->puk.tries_left = options->tries;
    return card;
}

static void forget_pin(struct piv *card)
{
    card->verified = false;
    card->fresh = false;
}

static void piv_reset(void *opaque)
{
    struct piv *card = opaque;

    forget_pin(card);
    card->admin = (struct piv_admin){0};
}

static unsigned select_application(const struct apdu *command, struct reply *reply)
{
    static const uint8_t properties[] = {0x61, 0x11, 0x4F, 0x06, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00,
                                         0x79, 0x07, 0x4F, 0x05, 0xA0, 0x00, 0x00, 0x03, 0x08};

    /* Right-truncated names are allowed (section 3.1.1), down to the five bytes of the RID. */
    if (command->p1 != 0x04 || command->data_len < 5 || command->data_len > sizeof aid ||
        memcmp(command->data, aid, command->data_len) != 0)
        return SW_NOT_FOUND;
    reply_put(reply, properties, sizeof properties);
    return SW_OK;
}

/* Compares and counts. The counter is full again after a match. */
static unsigned check(const struct piv *card, struct reference *reference,
                      const uint8_t value[static PIV_PIN_LEN])
{
    if (reference->tries_left == 0)
        return SW_BLOCKED;
    if (memcmp(reference->value, value, PIV_PIN_LEN) != 0) {
        reference->tries_left--;
        return SW_TRIES_LEFT | reference->tries_left;
    }
    reference->tries_left = card->tries;
    return SW_OK;
}

static unsigned check_pin(struct piv *card, const uint8_t value[static PIV_PIN_LEN])
{
    if (!pin_well_formed(value))
        return SW_BAD_DATA;
    unsigned sw = check(card, &card->pin, value);
    card->verified = card->fresh = sw == SW_OK;
    return sw;
}

/* VERIFY, section 3.2.1: without data it asks for the state, with P1 = FF it gives it up. */
static unsigned verify(struct piv *card, const struct apdu *command)
{
    if (command->p2 != REFERENCE_PIN)
        return SW_NO_REFERENCE;
    if (command->p1 == 0xFF && command->data_len == 0) {
        forget_pin(card);
        return SW_OK;
    }
    if (command->p1 != 0)
        return SW_BAD_P1P2;
    if (command->data_len == PIV_PIN_LEN)
        return check_pin(card, command->data);
    if (command->data_len != 0)
        return SW_BAD_DATA;
    if (card->verified)
        return SW_OK;
    return card->pin.tries_left == 0 ? (unsigned)SW_BLOCKED : SW_TRIES_LEFT | card->pin.tries_left;
}

/* CHANGE REFERENCE DATA, section 3.2.2: the old value, then the new one. */
static unsigned change_reference(struct piv *card, const struct apdu *command)
{
    struct reference *reference = NULL;
    unsigned sw = SW_OK;

    if (command->data_len != 2 * PIV_PIN_LEN)
        return SW_BAD_DATA;
    const uint8_t *new_value = command->data + PIV_PIN_LEN;
    if (command->p2 == REFERENCE_PIN) {
        reference = &card->pin;
        sw = pin_well_formed(new_value) ? check_pin(card, command->data) : SW_BAD_DATA;
    } else if (command->p2 == REFERENCE_PUK) {
        reference = &card->puk;
        sw = check(card, reference, command->data);
    } else {
        return SW_NO_REFERENCE;
    }
    if (sw == SW_OK)
        memcpy(reference->value, new_value, PIV_PIN_LEN);
    return sw;
}

/* RESET RETRY COUNTER, section 3.2.3: the PUK, then a new PIN. */
static unsigned reset_retry_counter(struct piv *card, const struct apdu *command)
{
    if (command->p2 != REFERENCE_PIN)
        return SW_NO_REFERENCE;
    if (command->data_len != 2 * PIV_PIN_LEN)
        return SW_BAD_DATA;
    const uint8_t *pin = command->data + PIV_PIN_LEN;
    if (!pin_well_formed(pin))
        return SW_BAD_DATA;
    unsigned sw = check(card, &card->puk, command->data);
    if (sw == SW_OK) {
        memcpy(card->pin.value, pin, PIV_PIN_LEN);
        card->pin.tries_left = card->tries;
    }
    return sw;
}

static struct piv_slot *find_slot(struct piv *card, uint8_t reference)
{
    for (size_t i = 0; i < PIV_SLOT_COUNT; i++) {
        if (piv_profiles[i].reference == reference)
            return &card->slots[i];
    }
    return NULL;
}

/* Part 1, table 4b: 9E is free, 9C wants the PIN each time, the others once. Uses freshness up. */
static bool may_use(struct piv *card, uint8_t reference)
{
    bool fresh = card->fresh;

    card->fresh = false;
    if (reference == REFERENCE_CARD)
        return true;
    return reference == REFERENCE_SIGNATURE ? fresh : card->verified;
}

/* GENERAL AUTHENTICATE, section 3.2.4: with a key of the holder, 7C { 82 00, 81 digest } signs, 7C
 * { 82 00, 85 point } derives. */
static unsigned general_authenticate(struct piv *card, const struct apdu *command,
                                     struct reply *reply)
{
    struct piv_slot *slot = find_slot(card, command->p2);
    struct ec_result result;
    size_t template_len, input_len;
    struct reply inner = {0};
    bool done = false;

    if (command->p2 == PIV_ADMIN_REFERENCE)
        return piv_admin_authenticate(&card->admin, command, reply);
    if (slot == NULL || slot->key == NULL)
        return SW_NO_REFERENCE;
    if (command->p1 != slot->algorithm)
        return SW_BAD_P1P2;
    if (!may_use(card, command->p2))
        return SW_SECURITY_STATUS;
    const uint8_t *template = tlv_find(command->data, command->data_len, 0x7C, &template_len);
    const uint8_t *input = tlv_find(template, template_len, 0x81, &input_len);
    if (input != NULL) {
        done = ec_sign_der(slot->key, input, input_len, &result);
    } else {
        input = tlv_find(template, template_len, 0x85, &input_len);
        done = input != NULL && ec_derive(slot->key, input, input_len, &result);
    }
    if (!done)
        return SW_BAD_DATA;
    reply_tlv(&inner, 0x82, result.bytes, result.len);
    reply_tlv(reply, 0x7C, inner.bytes, inner.len);
    return SW_OK;
}

/* GENERATE ASYMMETRIC KEY PAIR, section 3.3.2: AC { 80 algorithm }. Policies of PIN and touch,
 * which YubiKeys take with it, are not looked at. */
static unsigned generate_key(struct piv *card, const struct apdu *command, struct reply *reply)
{
    struct piv_slot *slot = find_slot(card, command->p2);
    size_t template_len, len;
    const uint8_t *template = tlv_find(command->data, command->data_len, 0xAC, &template_len);
    const uint8_t *algorithm = tlv_find(template, template_len, 0x80, &len);

    if (!card->admin.authenticated)
        return SW_SECURITY_STATUS;
    if (command->p1 != 0 || slot == NULL)
        return SW_BAD_P1P2;
    if (algorithm == NULL || len != 1 || (*algorithm != PIV_P256 && *algorithm != PIV_P384))
        return SW_BAD_DATA;
    return piv_slot_generate(slot, *algorithm) && piv_slot_put_public(slot, reply) ? SW_OK
                                                                                   : SW_NO_MEMORY;
}

static unsigned put_data(struct piv *card, const struct apdu *command)
{
    if (!card->admin.authenticated)
        return SW_SECURITY_STATUS;
    return piv_objects_write(&card->objects, command);
}

static unsigned piv_command(void *opaque, const struct apdu *command, struct reply *reply)
{
    struct piv *card = opaque;

    switch (command->ins) {
    case 0xA4:
        return select_application(command, reply);
    case 0xCB:
        return piv_objects_get(&card->objects, command, card->verified, reply);
    case 0xDB:
        return put_data(card, command);
    case 0x47:
        return generate_key(card, command, reply);
    case 0x20:
        return verify(card, command);
    case 0x24:
        return change_reference(card, command);
    case 0x2C:
        return reset_retry_counter(card, command);
    case 0x87:
        return general_authenticate(card, command, reply);
    default:
        return SW_BAD_INS;
    }
}

/* T=0 and T=1, the PIV application's identifier in the historical bytes, check byte. */
static const uint8_t atr[] = {0x3B, 0x8B, 0x80, 0x01, 0x80, 0xF9, 0xA0, 0x00,
                              0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0xC8};

const struct card_kind card_kind = {
    .name = "pivcard",
    .limits = "P-256 or P-384, and a PIN of 6 to 8 digits",
    .atr = atr,
    .atr_len = sizeof atr,
    .make = piv_make,
    .free = piv_free,
    .reset = piv_reset,
    .command = piv_command,
};
