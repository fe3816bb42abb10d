/* SPDX-License-Identifier: Apache-2.0
 *
 * The PIV card application of NIST SP 800-73-4 part 2, as far as OpenSC and a holder need it:
 * four keys with certificates, a PIN and a PUK with counters, signing and key agreement. 9C wants
 * the PIN before every single use. Everything lives in memory and is new with each card.
 *
 * Not there: RSA, key generation and writing (the card is born with its keys), the 9B
 * administration key, secure messaging, contactless rules, biometrics.
 */
#include "tests/card/card.h"
#include "tests/card/ec.h"
#include "tests/card/slot.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_COUNT (sizeof profiles / sizeof profiles[0])
#define PIN_LEN_MIN 6
#define PIV_PIN_LEN 8
#define PIV_PUK "12345678"
#define PIN_PAD 0xFF

#define REFERENCE_PIN 0x80
#define REFERENCE_PUK 0x81
#define REFERENCE_SIGNATURE 0x9C
#define REFERENCE_CARD 0x9E

#define AID 0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00

static const uint8_t aid[] = {AID};

/* OpenSC numbers the keys 01 to 04 in this order. */
static const struct slot_profile profiles[] = {
    {0x9A, {0x5F, 0xC1, 0x05}, "PIV AUTH", "critical,digitalSignature"},
    {0x9C, {0x5F, 0xC1, 0x0A}, "PIV SIGN", "critical,digitalSignature,nonRepudiation"},
    {0x9D, {0x5F, 0xC1, 0x0B}, "PIV KEYM", "critical,keyAgreement"},
    {0x9E, {0x5F, 0xC1, 0x01}, "PIV CARD", "critical,digitalSignature"},
};

/* A PIN or PUK, padded to eight bytes. No tries left: blocked. */
struct reference {
    uint8_t value[PIV_PIN_LEN];
    unsigned tries_left;
};

struct piv {
    struct slot *slots[SLOT_COUNT];
    struct reference pin, puk;
    unsigned tries;
    uint8_t serial[CARD_SERIAL_LEN];
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

    if (card == NULL)
        return;
    for (size_t i = 0; i < SLOT_COUNT; i++)
        slot_free(card->slots[i]);
    free(card);
}

static bool make_slots(struct piv *card, const char *curve)
{
    const bool p256 = strcmp(curve, "P-256") == 0;

    if (!p256 && strcmp(curve, "P-384") != 0)
        return false;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        card->slots[i] = slot_new(&profiles[i], p256 ? SLOT_P256 : SLOT_P384);
        if (card->slots[i] == NULL)
            return false;
    }
    return true;
}

static void *piv_make(const struct card_options *options)
{
    struct piv *card = calloc(1, sizeof *card);

    if (card == NULL)
        return NULL;
    if (options->empty || !set_pin(card, options->pin) || !make_slots(card, options->curve)) {
        piv_free(card);
        return NULL;
    }
    memcpy(card->puk.value, PIV_PUK, PIV_PIN_LEN);
    memcpy(card->serial, options->serial, CARD_SERIAL_LEN);
    card->tries = card->pin.tries_left = card->puk.tries_left = options->tries;
    return card;
}

static void piv_reset(void *opaque)
{
    struct piv *card = opaque;

    card->verified = false;
    card->fresh = false;
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

/* Table 18 of part 1: the application's AID, and that it has a PIN of its own and no other. */
static unsigned put_discovery(const struct piv *card, struct reply *reply)
{
    static const uint8_t object[] = {0x7E, 0x12, 0x4F, 0x0B, AID, 0x5F, 0x2F, 0x02, 0x40, 0x00};

    (void)card;
    reply_put(reply, object, sizeof object);
    return SW_OK;
}

/* Card holder unique identifier, table 9 of part 1; its GUID is the token's serial number. */
static unsigned put_chuid(const struct piv *card, struct reply *reply)
{
    static const uint8_t fascn[] = {0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE,
                                    0x73, 0x9D, 0x83, 0x68, 0x58, 0x21, 0x08, 0x42, 0x10,
                                    0x84, 0x21, 0xC8, 0x42, 0x10, 0xC3, 0xEB};
    struct reply object = {0};

    reply_tlv(&object, 0x30, fascn, sizeof fascn);
    reply_tlv(&object, 0x34, card->serial, CARD_SERIAL_LEN);
    reply_tlv(&object, 0x35, "20991231", 8);
    reply_tlv(&object, 0x3E, NULL, 0); /* unsigned */
    reply_tlv(&object, 0xFE, NULL, 0);
    reply_tlv(reply, 0x53, object.bytes, object.len);
    return SW_OK;
}

/* Card capability container, table 8 of part 1. */
static unsigned put_capabilities(const struct piv *card, struct reply *reply)
{
    static const uint8_t empty[] = {0xF6, 0xF7, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE};
    uint8_t identifier[21] = {0xA0, 0x00, 0x00, 0x01, 0x16, 0xFF, 0x02};
    struct reply object = {0};

    memcpy(identifier + 7, card->serial, sizeof identifier - 7);
    reply_tlv(&object, 0xF0, identifier, sizeof identifier);
    reply_tlv(&object, 0xF1, (uint8_t[]){0x21}, 1);
    reply_tlv(&object, 0xF2, (uint8_t[]){0x21}, 1);
    reply_tlv(&object, 0xF3, NULL, 0);
    reply_tlv(&object, 0xF4, (uint8_t[]){0x00}, 1);
    reply_tlv(&object, 0xF5, (uint8_t[]){0x10}, 1);
    for (size_t i = 0; i < sizeof empty; i++)
        reply_tlv(&object, empty[i], NULL, 0);
    reply_tlv(reply, 0x53, object.bytes, object.len);
    return SW_OK;
}

/* An object that only the PIN opens, and that this card then turns out not to have. */
static unsigned put_protected(const struct piv *card, struct reply *reply)
{
    (void)reply;
    return card->verified ? SW_NOT_FOUND : SW_SECURITY_STATUS;
}

/* Data objects other than certificates (part 1, table 3). */
static const struct {
    uint8_t tag[3];
    uint8_t tag_len;
    unsigned (*put)(const struct piv *, struct reply *);
} objects[] = {
    {{0x7E}, 1, put_discovery},
    {{0x5F, 0xC1, 0x02}, 3, put_chuid},
    {{0x5F, 0xC1, 0x07}, 3, put_capabilities},
    {{0x5F, 0xC1, 0x03}, 3, put_protected}, /* fingerprints */
    {{0x5F, 0xC1, 0x08}, 3, put_protected}, /* facial image */
    {{0x5F, 0xC1, 0x09}, 3, put_protected}, /* printed information */
    {{0x5F, 0xC1, 0x21}, 3, put_protected}, /* iris images */
};

static unsigned get_data(const struct piv *card, const struct apdu *command, struct reply *reply)
{
    size_t len;
    const uint8_t *tag = tlv_find(command->data, command->data_len, 0x5C, &len);

    if (tag == NULL)
        return SW_BAD_DATA;
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        if (len == objects[i].tag_len && memcmp(tag, objects[i].tag, len) == 0)
            return objects[i].put(card, reply);
    }
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (len == 3 && memcmp(tag, profiles[i].object, 3) == 0) {
            slot_put_certificate(card->slots[i], reply);
            return SW_OK;
        }
    }
    return SW_NOT_FOUND;
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
        piv_reset(card);
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

static struct slot *find_slot(const struct piv *card, uint8_t reference)
{
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (profiles[i].reference == reference)
            return card->slots[i];
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

/* GENERAL AUTHENTICATE, section 3.2.4: 7C { 82 00, 81 digest } signs, 7C { 82 00, 85 point }
 * derives. */
static unsigned general_authenticate(struct piv *card, const struct apdu *command,
                                     struct reply *reply)
{
    struct slot *slot = find_slot(card, command->p2);
    struct ec_result result;
    size_t template_len, input_len;
    struct reply inner = {0};
    bool done = false;

    if (slot == NULL)
        return SW_NO_REFERENCE;
    if (command->p1 != slot_algorithm(slot))
        return SW_BAD_P1P2;
    if (!may_use(card, command->p2))
        return SW_SECURITY_STATUS;
    const uint8_t *template = tlv_find(command->data, command->data_len, 0x7C, &template_len);
    const uint8_t *input = tlv_find(template, template_len, 0x81, &input_len);
    if (input != NULL) {
        done = ec_sign_der(slot_key(slot), input, input_len, &result);
    } else {
        input = tlv_find(template, template_len, 0x85, &input_len);
        done = input != NULL && ec_derive(slot_key(slot), input, input_len, &result);
    }
    if (!done)
        return SW_BAD_DATA;
    reply_tlv(&inner, 0x82, result.bytes, result.len);
    reply_tlv(reply, 0x7C, inner.bytes, inner.len);
    return SW_OK;
}

static unsigned piv_command(void *opaque, const struct apdu *command, struct reply *reply)
{
    struct piv *card = opaque;

    switch (command->ins) {
    case 0xA4:
        return select_application(command, reply);
    case 0xCB:
        return get_data(card, command, reply);
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
    .limits = "P-256 or P-384, a PIN of 6 to 8 digits, and always keys",
    .atr = atr,
    .atr_len = sizeof atr,
    .make = piv_make,
    .free = piv_free,
    .reset = piv_reset,
    .command = piv_command,
};
