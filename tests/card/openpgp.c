/* SPDX-License-Identifier: Apache-2.0
 *
 * The OpenPGP card application, version 3.4, as far as OpenSC and a holder need it: three keys to
 * sign (SIG), derive (DEC) and authenticate (AUT), made on the card when its administrator asks;
 * P-256, P-384, P-521; PW1 and PW3 with counters; a certificate. Everything lives in memory and is
 * new with each card. Clauses are of that specification.
 *
 * Not there: RSA, the curves of RFC 7748 and 8032, key import, the resetting code, secure
 * messaging, the cardholder's data, factory reset, AES.
 */
#include "tests/card/card.h"
#include "tests/card/ec.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD_MAX 32
#define PW1_LEN_MIN 6
#define PW3_LEN_MIN 8
#define PW3 "12345678"
#define FINGERPRINT_LEN 20
#define TIMESTAMP_LEN 4
#define CERTIFICATE_MAX 1536
#define CHALLENGE_MAX 255

/* Modes of VERIFY: PW1 for a signature, PW1 for all else, PW3. */
enum { MODE_SIGN, MODE_OTHER, MODE_ADMIN, MODE_COUNT };
#define FIRST_MODE 0x81

enum { SIG, DEC, AUT, KEY_COUNT };

static const struct curve {
    const char *name;
    uint8_t oid[8];
    size_t oid_len;
} curves[] = {
    {"P-256", {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}, 8},
    {"P-384", {0x2B, 0x81, 0x04, 0x00, 0x22}, 5},
    {"P-521", {0x2B, 0x81, 0x04, 0x00, 0x23}, 5},
};
#define CURVE_COUNT (sizeof curves / sizeof curves[0])

/* 4.4.1: what each key is for, as an algorithm and as a control reference template. */
static const struct {
    uint8_t algorithm, template;
} uses[KEY_COUNT] = {
    [SIG] = {0x13, 0xB6}, /* ECDSA */
    [DEC] = {0x12, 0xB8}, /* ECDH */
    [AUT] = {0x13, 0xA4},
};

struct password {
    uint8_t value[PASSWORD_MAX];
    size_t len;
    unsigned tries_left;
};

struct key {
    const struct curve *curve;
    EVP_PKEY *pair; /* NULL: none yet */
    uint8_t fingerprint[FINGERPRINT_LEN], made[TIMESTAMP_LEN];
};

struct openpgp {
    struct key keys[KEY_COUNT];
    struct password pw1, pw3;
    unsigned tries;
    bool verified[MODE_COUNT];
    uint32_t signatures;
    uint8_t serial[4];
    uint8_t certificate[CERTIFICATE_MAX];
    size_t certificate_len;
};

static const uint8_t historical[] = {0x00, 0x31, 0xC5, 0x73, 0xC0, 0x01, 0x80, 0x05, 0x90, 0x00};

/* --- birth --- */

static void set_password(struct password *p, const void *value, size_t len, unsigned tries)
{
    memcpy(p->value, value, len);
    p->len = len;
    p->tries_left = tries;
}

static const struct curve *find_curve(const char *name)
{
    for (size_t i = 0; i < CURVE_COUNT; i++) {
        if (strcmp(curves[i].name, name) == 0)
            return &curves[i];
    }
    return NULL;
}

static bool generate(struct key *key)
{
    EVP_PKEY_free(key->pair);
    key->pair = EVP_EC_gen(key->curve->name);
    return key->pair != NULL;
}

static void openpgp_free(void *opaque)
{
    struct openpgp *card = opaque;

    for (size_t i = 0; card != NULL && i < KEY_COUNT; i++)
        EVP_PKEY_free(card->keys[i].pair);
    free(card);
}

static bool make_keys(struct openpgp *card, const struct card_options *options)
{
    const struct curve *curve = find_curve(options->curve);

    for (size_t i = 0; curve != NULL && i < KEY_COUNT; i++) {
        struct key *key = &card->keys[i];

        key->curve = curve;
        if (options->empty)
            continue;
        memset(key->fingerprint, (int)i + 1, sizeof key->fingerprint);
        key->made[0] = 1;
        if (!generate(key))
            return false;
    }
    return curve != NULL;
}

static void *openpgp_make(const struct card_options *options)
{
    const size_t len = strlen(options->pin);
    struct openpgp *card = NULL;

    if (len < PW1_LEN_MIN || len > PASSWORD_MAX)
        return NULL;
    card = calloc(1, sizeof *card);
    if (card == NULL)
        return NULL;
    set_password(&card->pw1, options->pin, len, options->tries);
    set_password(&card->pw3, PW3, strlen(PW3), options->tries);
    memcpy(card->serial, options->serial, sizeof card->serial);
    card->tries = options->tries;
    if (!make_keys(card, options)) {
        openpgp_free(card);
        return NULL;
    }
    return card;
}

static void openpgp_reset(void *opaque)
{
    struct openpgp *card = opaque;

    memset(card->verified, 0, sizeof card->verified);
}

/* --- data objects (4.4) --- */

static void put_aid(const struct openpgp *card, struct reply *reply)
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
static void put_attributes(unsigned tag, uint8_t algorithm, const struct curve *curve,
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
    const uint8_t pw1 = (uint8_t)card->pw1.tries_left, pw3 = (uint8_t)card->pw3.tries_left;
    const uint8_t status[] = {1, PASSWORD_MAX, PASSWORD_MAX, PASSWORD_MAX, pw1, 0, pw3};

    reply_put(reply, status, sizeof status);
}

/* 73, the discretionary data objects. */
static void put_discretionary(const struct openpgp *card, struct reply *reply)
{
    /* GET CHALLENGE, changeable algorithm attributes; limits of challenge and certificate. */
    static const uint8_t capabilities[] = {
        0x44, 0x00, 0x00, CHALLENGE_MAX, CERTIFICATE_MAX >> 8, CERTIFICATE_MAX & 0xFF,
        0x00, 0xFF, 0x00, 0x00};
    struct reply fingerprints = {0}, made = {0}, status = {0};
    static const uint8_t none[3 * FINGERPRINT_LEN];

    reply_tlv(reply, 0xC0, capabilities, sizeof capabilities);
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        put_attributes(0xC1 + i, uses[i].algorithm, card->keys[i].curve, reply);
        reply_put(&fingerprints, card->keys[i].fingerprint, FINGERPRINT_LEN);
        reply_put(&made, card->keys[i].made, TIMESTAMP_LEN);
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

    put_aid(card, &part);
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
        for (size_t c = 0; c < CURVE_COUNT; c++)
            put_attributes(0xC1 + i, uses[i].algorithm, &curves[c], &value);
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
    {0x004F, put_aid},        {0x5F52, put_historical},  {0x006E, put_application_data},
    {0x0065, put_cardholder}, {0x007A, put_counter},     {0x00C4, put_password_status},
    {0x00FA, put_algorithms}, {0x7F21, put_certificate}, {0x005E, put_nothing},
    {0x5F50, put_nothing},    {0x0101, put_nothing},     {0x0102, put_nothing},
    {0x0103, put_nothing},    {0x0104, put_nothing},
};

static unsigned tag_of(const struct apdu *command)
{
    return (unsigned)command->p1 << 8 | command->p2;
}

static unsigned get_data(const struct openpgp *card, const struct apdu *command,
                         struct reply *reply)
{
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        if (objects[i].tag == tag_of(command)) {
            objects[i].put(card, reply);
            return SW_OK;
        }
    }
    return SW_NO_REFERENCE;
}

/* Another curve takes the key away: 4.4.3.9. */
static unsigned set_attributes(struct key *key, uint8_t algorithm, const struct apdu *command)
{
    for (size_t c = 0; c < CURVE_COUNT; c++) {
        if (command->data_len != 1 + curves[c].oid_len || command->data[0] != algorithm ||
            memcmp(command->data + 1, curves[c].oid, curves[c].oid_len) != 0)
            continue;
        if (key->curve != &curves[c]) {
            EVP_PKEY_free(key->pair);
            key->pair = NULL;
        }
        key->curve = &curves[c];
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

static unsigned put_data(struct openpgp *card, const struct apdu *command)
{
    const unsigned tag = tag_of(command);

    if (!card->verified[MODE_ADMIN])
        return SW_SECURITY_STATUS;
    if (tag >= 0xC1 && tag <= 0xC3)
        return set_attributes(&card->keys[tag - 0xC1], uses[tag - 0xC1].algorithm, command);
    if (tag >= 0xC7 && tag <= 0xC9)
        return set_bytes(card->keys[tag - 0xC7].fingerprint, FINGERPRINT_LEN, command);
    if (tag >= 0xCE && tag <= 0xD0)
        return set_bytes(card->keys[tag - 0xCE].made, TIMESTAMP_LEN, command);
    if (tag != 0x7F21)
        return SW_NO_REFERENCE;
    if (command->data_len > sizeof card->certificate)
        return SW_WRONG_LENGTH;
    if (command->data_len > 0)
        memcpy(card->certificate, command->data, command->data_len);
    card->certificate_len = command->data_len;
    return SW_OK;
}

/* --- passwords (7.2.2 to 7.2.4) --- */

static struct password *password_of(struct openpgp *card, unsigned mode)
{
    return mode == MODE_ADMIN ? &card->pw3 : &card->pw1;
}

/* Compares and counts. The counter is full again after a match. */
static unsigned check(const struct openpgp *card, struct password *p, const uint8_t *value,
                      size_t len)
{
    if (p->tries_left == 0)
        return SW_BLOCKED;
    if (len != p->len || CRYPTO_memcmp(p->value, value, len) != 0) {
        p->tries_left--;
        return SW_TRIES_LEFT | p->tries_left;
    }
    p->tries_left = card->tries;
    return SW_OK;
}

/* VERIFY: without data it asks for the state, with P1 = FF it gives it up. */
static unsigned verify(struct openpgp *card, const struct apdu *command)
{
    const unsigned mode = command->p2 - (unsigned)FIRST_MODE;

    if (mode >= MODE_COUNT)
        return SW_NO_REFERENCE;
    struct password *p = password_of(card, mode);
    if (command->p1 == 0xFF && command->data_len == 0) {
        card->verified[mode] = false;
        return SW_OK;
    }
    if (command->p1 != 0)
        return SW_BAD_P1P2;
    if (command->data_len > 0) {
        unsigned sw = check(card, p, command->data, command->data_len);
        card->verified[mode] = sw == SW_OK;
        return sw;
    }
    if (card->verified[mode])
        return SW_OK;
    return p->tries_left == 0 ? (unsigned)SW_BLOCKED : SW_TRIES_LEFT | p->tries_left;
}

/* CHANGE REFERENCE DATA: the old value, then the new one. */
static unsigned change_reference(struct openpgp *card, const struct apdu *command)
{
    const unsigned mode = command->p2 - (unsigned)FIRST_MODE;

    if (mode != MODE_SIGN && mode != MODE_ADMIN)
        return SW_NO_REFERENCE;
    struct password *p = password_of(card, mode);
    const size_t least = mode == MODE_ADMIN ? PW3_LEN_MIN : PW1_LEN_MIN;
    if (command->data_len < p->len + least || command->data_len > p->len + PASSWORD_MAX)
        return SW_BAD_DATA;
    unsigned sw = check(card, p, command->data, p->len);
    if (sw == SW_OK)
        set_password(p, command->data + p->len, command->data_len - p->len, card->tries);
    return sw;
}

/* RESET RETRY COUNTER by the administrator, who has said PW3: a new PW1. */
static unsigned reset_retry_counter(struct openpgp *card, const struct apdu *command)
{
    if (command->p1 != 0x02 || command->p2 != FIRST_MODE)
        return SW_BAD_P1P2;
    if (!card->verified[MODE_ADMIN])
        return SW_SECURITY_STATUS;
    if (command->data_len < PW1_LEN_MIN || command->data_len > PASSWORD_MAX)
        return SW_BAD_DATA;
    set_password(&card->pw1, command->data, command->data_len, card->tries);
    return SW_OK;
}

/* --- keys (7.2.10 to 7.2.14) --- */

static unsigned put_public_key(const struct key *key, struct reply *reply)
{
    uint8_t point[EC_POINT_MAX];
    size_t len = 0;
    struct reply value = {0};

    if (key->pair == NULL || EVP_PKEY_get_octet_string_param(key->pair, OSSL_PKEY_PARAM_PUB_KEY,
                                                             point, sizeof point, &len) != 1)
        return SW_NO_REFERENCE;
    reply_tlv(&value, 0x86, point, len);
    reply_tlv(reply, 0x7F49, value.bytes, value.len);
    return SW_OK;
}

/* GENERATE ASYMMETRIC KEY PAIR: with P1 = 80 a new one, with 81 the public key of the old. */
static unsigned generate_key(struct openpgp *card, const struct apdu *command, struct reply *reply)
{
    unsigned i = 0;

    while (i < KEY_COUNT && (command->data_len == 0 || uses[i].template != command->data[0]))
        i++;
    if (i == KEY_COUNT)
        return SW_BAD_DATA;
    if (command->p1 == 0x80) {
        if (!card->verified[MODE_ADMIN])
            return SW_SECURITY_STATUS;
        if (!generate(&card->keys[i]))
            return SW_NO_MEMORY;
        if (i == SIG)
            card->signatures = 0;
    } else if (command->p1 != 0x81) {
        return SW_BAD_P1P2;
    }
    return put_public_key(&card->keys[i], reply);
}

static unsigned put_result(bool done, const struct ec_result *result, struct reply *reply)
{
    if (!done)
        return SW_BAD_DATA;
    reply_put(reply, result->bytes, result->len);
    return SW_OK;
}

static unsigned sign(const struct key *key, bool allowed, const struct apdu *command,
                     struct reply *reply)
{
    struct ec_result result;

    if (!allowed)
        return SW_SECURITY_STATUS;
    if (key->pair == NULL)
        return SW_NO_REFERENCE;
    return put_result(ec_sign_raw(key->pair, command->data, command->data_len, &result), &result,
                      reply);
}

static unsigned compute_signature(struct openpgp *card, const struct apdu *command,
                                  struct reply *reply)
{
    unsigned sw = sign(&card->keys[SIG], card->verified[MODE_SIGN], command, reply);

    card->signatures += sw == SW_OK;
    return sw;
}

/* DECIPHER with ECDH: A6 { 7F49 { 86 point } }. */
static unsigned decipher(const struct openpgp *card, const struct apdu *command,
                         struct reply *reply)
{
    const struct key *key = &card->keys[DEC];
    size_t outer_len = 0, inner_len = 0, len = 0;
    struct ec_result result;

    if (!card->verified[MODE_OTHER])
        return SW_SECURITY_STATUS;
    if (key->pair == NULL)
        return SW_NO_REFERENCE;
    const uint8_t *outer = tlv_find(command->data, command->data_len, 0xA6, &outer_len);
    const uint8_t *inner = tlv_find(outer, outer_len, 0x7F49, &inner_len);
    const uint8_t *point = tlv_find(inner, inner_len, 0x86, &len);
    bool done = point != NULL && ec_derive(key->pair, point, len, &result);
    return put_result(done, &result, reply);
}

static unsigned perform_operation(struct openpgp *card, const struct apdu *command,
                                  struct reply *reply)
{
    if (tag_of(command) == 0x9E9A)
        return compute_signature(card, command, reply);
    return tag_of(command) == 0x8086 ? decipher(card, command, reply) : SW_BAD_P1P2;
}

/* --- the rest --- */

static unsigned select_application(const struct openpgp *card, const struct apdu *command,
                                   struct reply *reply)
{
    struct reply aid = {0}, value = {0};

    put_aid(card, &aid);
    if (command->p1 != 0x04 || command->data_len < 6 || command->data_len > aid.len ||
        memcmp(command->data, aid.bytes, command->data_len) != 0)
        return SW_NOT_FOUND;
    reply_tlv(&value, 0x84, aid.bytes, aid.len);
    reply_tlv(reply, 0x6F, value.bytes, value.len);
    return SW_OK;
}

static unsigned get_challenge(const struct apdu *command, struct reply *reply)
{
    uint8_t random[CHALLENGE_MAX];

    if (command->answer_max > sizeof random)
        return SW_WRONG_LENGTH;
    if (RAND_bytes(random, (int)command->answer_max) != 1)
        return SW_NO_MEMORY;
    reply_put(reply, random, command->answer_max);
    return SW_OK;
}

static unsigned openpgp_command(void *opaque, const struct apdu *command, struct reply *reply)
{
    struct openpgp *card = opaque;

    switch (command->ins) {
    case 0xA4:
        return select_application(card, command, reply);
    case 0xA5: /* SELECT DATA: there is one certificate */
        return SW_OK;
    case 0xCA:
        return get_data(card, command, reply);
    case 0xDA:
        return put_data(card, command);
    case 0x20:
        return verify(card, command);
    case 0x24:
        return change_reference(card, command);
    case 0x2C:
        return reset_retry_counter(card, command);
    case 0x47:
        return generate_key(card, command, reply);
    case 0x2A:
        return perform_operation(card, command, reply);
    case 0x88: /* INTERNAL AUTHENTICATE */
        return sign(&card->keys[AUT], card->verified[MODE_OTHER], command, reply);
    case 0x84:
        return get_challenge(command, reply);
    default:
        return SW_BAD_INS;
    }
}

/* T=1, the historical bytes, check byte. */
static const uint8_t atr[] = {0x3B, 0x8A, 0x80, 0x01, 0x00, 0x31, 0xC5, 0x73,
                              0xC0, 0x01, 0x80, 0x05, 0x90, 0x00, 0x58};

const struct card_kind card_kind = {
    .name = "pgpcard",
    .limits = "P-256, P-384 or P-521, and a PIN of 6 to 32 characters",
    .atr = atr,
    .atr_len = sizeof atr,
    .make = openpgp_make,
    .free = openpgp_free,
    .reset = openpgp_reset,
    .command = openpgp_command,
};
