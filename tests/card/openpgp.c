/* SPDX-License-Identifier: Apache-2.0
 *
 * The OpenPGP card application, version 3.4, as far as OpenSC and a holder need it: three keys to
 * sign (SIG), derive (DEC) and authenticate (AUT), made on the card when its administrator asks;
 * P-256, P-384, P-521; PW1, PW3 and the resetting code with counters; a certificate. Everything
 * lives in memory and is new with each card. Clauses are of that specification.
 *
 * Not there: RSA, the curves of RFC 7748 and 8032, key import, secure messaging, the cardholder's
 * data, factory reset, AES.
 */
#include "tests/card/openpgp.h"

#include "tests/card/ec.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

const struct openpgp_curve openpgp_curves[OPENPGP_CURVES] = {
    {"P-256", {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07}, 8},
    {"P-384", {0x2B, 0x81, 0x04, 0x00, 0x22}, 5},
    {"P-521", {0x2B, 0x81, 0x04, 0x00, 0x23}, 5},
};

const struct openpgp_use openpgp_uses[KEY_COUNT] = {
    [SIG] = {0x13, 0xB6}, /* ECDSA */
    [DEC] = {0x12, 0xB8}, /* ECDH */
    [AUT] = {0x13, 0xA4},
};

unsigned openpgp_tag(const struct apdu *command)
{
    return (unsigned)command->p1 << 8 | command->p2;
}

static const struct openpgp_curve *find_curve(const char *name)
{
    for (size_t i = 0; i < OPENPGP_CURVES; i++) {
        if (strcmp(openpgp_curves[i].name, name) == 0)
            return &openpgp_curves[i];
    }
    return NULL;
}

static bool generate(struct openpgp_key *key)
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
    const struct openpgp_curve *curve = find_curve(options->curve);

    for (size_t i = 0; curve != NULL && i < KEY_COUNT; i++) {
        struct openpgp_key *key = &card->keys[i];

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
    struct openpgp *card = calloc(1, sizeof *card);

    if (card == NULL)
        return NULL;
    memcpy(card->serial, options->serial, sizeof card->serial);
    card->tries = options->tries;
    if (!openpgp_passwords_begin(card, options->pin, options->puk) || !make_keys(card, options)) {
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

/* --- keys (7.2.10 to 7.2.14) --- */

static unsigned put_public_key(const struct openpgp_key *key, struct reply *reply)
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

    while (i < KEY_COUNT &&
           (command->data_len == 0 || openpgp_uses[i].template != command->data[0]))
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

static unsigned sign(const struct openpgp_key *key, bool allowed, const struct apdu *command,
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
    const struct openpgp_key *key = &card->keys[DEC];
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
    if (openpgp_tag(command) == 0x9E9A)
        return compute_signature(card, command, reply);
    return openpgp_tag(command) == 0x8086 ? decipher(card, command, reply) : SW_BAD_P1P2;
}

/* --- the rest --- */

static unsigned select_application(const struct openpgp *card, const struct apdu *command,
                                   struct reply *reply)
{
    struct reply aid = {0}, value = {0};

    openpgp_put_aid(card, &aid);
    if (command->p1 != 0x04 || command->data_len < 6 || command->data_len > aid.len ||
        memcmp(command->data, aid.bytes, command->data_len) != 0)
        return SW_NOT_FOUND;
    reply_tlv(&value, 0x84, aid.bytes, aid.len);
    reply_tlv(reply, 0x6F, value.bytes, value.len);
    return SW_OK;
}

static unsigned get_challenge(const struct apdu *command, struct reply *reply)
{
    uint8_t random[OPENPGP_CHALLENGE_MAX];

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
        return openpgp_get_data(card, command, reply);
    case 0xDA:
        return openpgp_put_data(card, command);
    case 0x20:
        return openpgp_verify(card, command);
    case 0x24:
        return openpgp_change_reference(card, command);
    case 0x2C:
        return openpgp_reset_retry_counter(card, command);
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
