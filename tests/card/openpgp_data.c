/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/openpgp.h"

#include <string.h>

static const uint8_t historical[] = {0x00, 0x31, 0xC5, 0x73, 0xC0, 0x01, 0x80, 0x05, 0x90, 0x00};

void openpgp_put_aid(const struct openpgp *card, struct reply *reply)
{
    /* RID, application, version 3.4, a manufacturer for tests; then the serial, two bytes RFU. */
    static const uint8_t head[] = {0xD2, 0x76, 0x00, 0x01, 0x24, 0x01, 0x03, 0x04, 0xFF, 0xFE};

    reply_put(reply, head, sizeof head);
    reply_put(reply, card->serial, sizeof card->serial);
    reply_put(reply, (uint8_t[2]){0}, 2);
}

static void put_historical(const struct openpgp *card, struct reply *reply)
{
    (void)card;
    reply_put(reply, historical, sizeof historical);
}

/* 4.4.3.9: algorithm, then the curve. */
static void put_attributes(unsigned tag, uint8_t algorithm, const struct openpgp_curve *curve,
                           struct reply *reply)
{
    struct reply value = {0};

    reply_put(&value, &algorithm, 1);
    reply_put(&value, curve->oid, curve->oid_len);
    reply_tlv(reply, tag, value.bytes, value.len);
}

/* C4: PW1 is good for several signatures; lengths; counters of PW1, the resetting code, PW3. */
static void put_password_status(const struct openpgp *card, struct reply *reply)
{
    const uint8_t status[] = {1,
                              OPENPGP_PASSWORD_MAX,
                              OPENPGP_PASSWORD_MAX,
                              OPENPGP_PASSWORD_MAX,
                              (uint8_t)card->pw1.tries_left,
                              (uint8_t)card->reset_code.tries_left,
                              (uint8_t)card->pw3.tries_left};

    reply_put(reply, status, sizeof status);
}

/* 73, the discretionary data objects. */
static void put_discretionary(const struct openpgp *card, struct reply *reply)
{
    /* GET CHALLENGE, changeable algorithm attributes; limits of challenge and certificate. */
    static const uint8_t capabilities[] = {0x44,
                                           0x00,
                                           0x00,
                                           OPENPGP_CHALLENGE_MAX,
                                           OPENPGP_CERTIFICATE_MAX >> 8,
                                           OPENPGP_CERTIFICATE_MAX & 0xFF,
                                           0x00,
                                           0xFF,
                                           0x00,
                                           0x00};
    struct reply fingerprints = {0}, made = {0}, status = {0};
    static const uint8_t none[3 * OPENPGP_FINGERPRINT_LEN];

    reply_tlv(reply, 0xC0, capabilities, sizeof capabilities);
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        put_attributes(0xC1 + i, openpgp_uses[i].algorithm, card->keys[i].curve, reply);
        reply_put(&fingerprints, card->keys[i].fingerprint, OPENPGP_FINGERPRINT_LEN);
        reply_put(&made, card->keys[i].made, OPENPGP_TIMESTAMP_LEN);
    }
    put_password_status(card, &status);
    reply_tlv(reply, 0xC4, status.bytes, status.len);
    reply_tlv(reply, 0xC5, fingerprints.bytes, fingerprints.len);
    reply_tlv(reply, 0xC6, none, sizeof none); /* of authorities: none */
    reply_tlv(reply, 0xCD, made.bytes, made.len);
}

/* 6E */
static void put_application_data(const struct openpgp *card, struct reply *reply)
{
    struct reply value = {0}, part = {0};

    openpgp_put_aid(card, &part);
    reply_tlv(&value, 0x4F, part.bytes, part.len);
    reply_tlv(&value, 0x5F52, historical, sizeof historical);
    part.len = 0;
    put_discretionary(card, &part);
    reply_tlv(&value, 0x73, part.bytes, part.len);
    reply_tlv(reply, 0x6E, value.bytes, value.len);
}

static void put_cardholder(const struct openpgp *card, struct reply *reply)
{
    struct reply value = {0};

    (void)card;
    reply_tlv(&value, 0x5B, "Test", 4);
    reply_tlv(&value, 0x5F2D, "en", 2);
    reply_tlv(&value, 0x5F35, "9", 1);
    reply_tlv(reply, 0x65, value.bytes, value.len);
}

/* 7A: how many signatures the key made. */
static void put_counter(const struct openpgp *card, struct reply *reply)
{
    const uint8_t count[] = {(uint8_t)(card->signatures >> 16), (uint8_t)(card->signatures >> 8),
                             (uint8_t)card->signatures};
    struct reply value = {0};

    reply_tlv(&value, 0x93, count, sizeof count);
    reply_tlv(reply, 0x7A, value.bytes, value.len);
}

/* FA: every curve for every key. */
static void put_algorithms(const struct openpgp *card, struct reply *reply)
{
    struct reply value = {0};

    (void)card;
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        for (size_t c = 0; c < OPENPGP_CURVES; c++)
            put_attributes(0xC1 + i, openpgp_uses[i].algorithm, &openpgp_curves[c], &value);
    }
    reply_tlv(reply, 0xFA, value.bytes, value.len);
}

static void put_certificate(const struct openpgp *card, struct reply *reply)
{
    reply_put(reply, card->certificate, card->certificate_len);
}

static void put_nothing(const struct openpgp *card, struct reply *reply)
{
    (void)card;
    (void)reply;
}

static const struct {
    unsigned tag;
    void (*put)(const struct openpgp *, struct reply *);
} objects[] = {
    {0x004F, openpgp_put_aid}, {0x5F52, put_historical},  {0x006E, put_application_data},
    {0x0065, put_cardholder},  {0x007A, put_counter},     {0x00C4, put_password_status},
    {0x00FA, put_algorithms},  {0x7F21, put_certificate}, {0x005E, put_nothing},
    {0x5F50, put_nothing},     {0x0101, put_nothing},     {0x0102, put_nothing},
    {0x0103, put_nothing},     {0x0104, put_nothing},
};

unsigned openpgp_get_data(const struct openpgp *card, const struct apdu *command,
                          struct reply *reply)
{
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        if (objects[i].tag == openpgp_tag(command)) {
            objects[i].put(card, reply);
            return SW_OK;
        }
    }
    return SW_NO_REFERENCE;
}

/* Another curve takes the key away: 4.4.3.9. */
static unsigned set_attributes(struct openpgp_key *key, uint8_t algorithm,
                               const struct apdu *command)
{
    for (size_t c = 0; c < OPENPGP_CURVES; c++) {
        if (command->data_len != 1 + openpgp_curves[c].oid_len || command->data[0] != algorithm ||
            memcmp(command->data + 1, openpgp_curves[c].oid, openpgp_curves[c].oid_len) != 0)
            continue;
        if (key->curve != &openpgp_curves[c]) {
            EVP_PKEY_free(key->pair);
            key->pair = NULL;
        }
        key->curve = &openpgp_curves[c];
        return SW_OK;
    }
    return SW_BAD_DATA;
}

static unsigned set_bytes(uint8_t *to, size_t len, const struct apdu *command)
{
    if (command->data_len != len)
        return SW_BAD_DATA;
    memcpy(to, command->data, len);
    return SW_OK;
}

unsigned openpgp_put_data(struct openpgp *card, const struct apdu *command)
{
    const unsigned tag = openpgp_tag(command);

    if (!card->verified[MODE_ADMIN])
        return SW_SECURITY_STATUS;
    if (tag >= 0xC1 && tag <= 0xC3)
        return set_attributes(&card->keys[tag - 0xC1], openpgp_uses[tag - 0xC1].algorithm, command);
    if (tag >= 0xC7 && tag <= 0xC9)
        return set_bytes(card->keys[tag - 0xC7].fingerprint, OPENPGP_FINGERPRINT_LEN, command);
    if (tag >= 0xCE && tag <= 0xD0)
        return set_bytes(card->keys[tag - 0xCE].made, OPENPGP_TIMESTAMP_LEN, command);
    if (tag == 0xD3)
        return openpgp_set_reset_code(card, command);
    if (tag != 0x7F21)
        return SW_NO_REFERENCE;
    if (command->data_len > sizeof card->certificate)
        return SW_WRONG_LENGTH;
    if (command->data_len > 0)
        memcpy(card->certificate, command->data, command->data_len);
    card->certificate_len = command->data_len;
    return SW_OK;
}
