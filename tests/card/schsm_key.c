/* SPDX-License-Identifier: Apache-2.0
 * Keys, and the card verifiable certificates (BSI TR-03110 part 3, appendix C) in which their
 * public halves leave the card. */
#include "tests/card/schsm.h"

#include "tests/card/ec.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define ALGORITHM_ECDSA 0x70
#define ALGORITHM_ECDH 0x80
#define HOLDER_MAX 20 /* of a certificate's holder */
#define SIGNER "UTCA00001"

static const char *const curves[] = {"P-256", "P-384", "P-521"};

/* ecdsa-with-SHA256 of TR-03110: 0.4.0.127.0.7.2.2.2.2.3 */
static const uint8_t ecdsa_sha256[] = {0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x02, 0x02, 0x03};

void schsm_keys_free(struct schsm *card)
{
    for (size_t i = 0; i < SCHSM_KEYS; i++) {
        EVP_PKEY_free(card->keys[i]);
        card->keys[i] = NULL;
    }
}

bool schsm_keys_begin(struct schsm *card)
{
    schsm_keys_free(card);
    card->keys[0] = EVP_EC_gen("P-256");
    return card->keys[0] != NULL;
}

unsigned schsm_key_delete(struct schsm *card, unsigned number)
{
    if (number == 0 || number >= SCHSM_KEYS || card->keys[number] == NULL)
        return SW_NOT_FOUND;
    EVP_PKEY_free(card->keys[number]);
    card->keys[number] = NULL;
    return SW_OK;
}

/* --- certificates --- */

static bool point_of(const EVP_PKEY *key, uint8_t point[static EC_POINT_MAX], size_t *len)
{
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, EC_POINT_MAX,
                                           len) == 1;
}

/* 5F37: of everything that is in SIGNED_PART. */
static bool put_signature(EVP_PKEY *key, const struct reply *signed_part, struct reply *out)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct ec_result signature;

    if (EVP_Digest(signed_part->bytes, signed_part->len, digest, &len, EVP_sha256(), NULL) != 1 ||
        !ec_sign_raw(key, digest, len, &signature))
        return false;
    reply_tlv(out, 0x5F37, signature.bytes, signature.len);
    return true;
}

/* 7F21 { 7F4E { profile, signer, PUBLIC, holder }, signature }. The holder's name has HOLDER_MAX
 * characters at most. */
static bool put_certificate(EVP_PKEY *key, const struct reply *public, const void *holder,
                            size_t holder_len, struct reply *out)
{
    struct reply fields = {0}, body = {0};

    reply_tlv(&fields, 0x5F29, (uint8_t[]){0}, 1);
    reply_tlv(&fields, 0x42, SIGNER, strlen(SIGNER));
    reply_tlv(&fields, 0x7F49, public->bytes, public->len);
    reply_tlv(&fields, 0x5F20, holder, holder_len);
    reply_tlv(&body, 0x7F4E, fields.bytes, fields.len);
    if (!put_signature(key, &body, &body))
        return false;
    reply_tlv(out, 0x7F21, body.bytes, body.len);
    return true;
}

bool schsm_device_certificate(const struct schsm *card, struct reply *reply)
{
    const unsigned serial =
        (unsigned)card->serial[0] << 16 | (unsigned)card->serial[1] << 8 | card->serial[2];
    uint8_t point[EC_POINT_MAX];
    size_t len = 0;
    char holder[HOLDER_MAX + 1];
    struct reply public = {0};

    /* OpenSC takes the last five digits for a sequence number, and the rest for the serial. */
    snprintf(holder, sizeof holder, "UTCS%07u00000", serial % 10000000);
    if (!point_of(card->keys[0], point, &len))
        return false;
    reply_tlv(&public, 0x06, ecdsa_sha256, sizeof ecdsa_sha256);
    reply_tlv(&public, 0x86, point, len);
    return put_certificate(card->keys[0], &public, holder, strlen(holder), reply);
}

/* --- GENERATE ASYMMETRIC KEY PAIR --- */

/* By the prime that was asked for. */
static EVP_PKEY *make_key(const uint8_t *prime, size_t len)
{
    uint8_t own[EC_POINT_MAX];

    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++) {
        EVP_PKEY *key = EVP_EC_gen(curves[i]);
        BIGNUM *p = NULL;
        bool same = key != NULL && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_P, &p) == 1 &&
                    (size_t)BN_num_bytes(p) == len && BN_bn2bin(p, own) == (int)len &&
                    memcmp(own, prime, len) == 0;
        BN_free(p);
        if (same)
            return key;
        EVP_PKEY_free(key);
    }
    return NULL;
}

/* What was asked for, with the point in its place; false where something is absent or too long. */
static bool put_public(const uint8_t *asked, size_t asked_len, const EVP_PKEY *key,
                       struct reply *out)
{
    static const uint8_t tags[] = {0x06, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87};
    uint8_t point[EC_POINT_MAX];
    size_t point_len = 0;

    if (!point_of(key, point, &point_len))
        return false;
    for (size_t i = 0; i < sizeof tags; i++) {
        size_t len = 0;
        const uint8_t *value = tlv_find(asked, asked_len, tags[i], &len);
        if (tags[i] == 0x86)
            reply_tlv(out, 0x86, point, point_len);
        else if (value == NULL || len > EC_POINT_MAX)
            return false;
        else
            reply_tlv(out, tags[i], value, len);
    }
    return true;
}

/* 67 { certificate, signer's name, signature of the device's key }. */
static bool put_request(EVP_PKEY *device, EVP_PKEY *key, const struct apdu *command,
                        const uint8_t *asked, size_t asked_len, struct reply *reply)
{
    size_t holder_len = 0;
    const uint8_t *holder = tlv_find(command->data, command->data_len, 0x5F20, &holder_len);
    struct reply public = {0}, request = {0};

    if (holder == NULL || holder_len > HOLDER_MAX || !put_public(asked, asked_len, key, &public) ||
        !put_certificate(key, &public, holder, holder_len, &request))
        return false;
    reply_tlv(&request, 0x42, SIGNER, strlen(SIGNER));
    if (!put_signature(device, &request, &request))
        return false;
    reply_tlv(reply, 0x67, request.bytes, request.len);
    return true;
}

unsigned schsm_generate(struct schsm *card, const struct apdu *command, struct reply *reply)
{
    size_t asked_len = 0, prime_len = 0;
    const uint8_t *asked = tlv_find(command->data, command->data_len, 0x7F49, &asked_len);
    const uint8_t *prime = tlv_find(asked, asked_len, 0x81, &prime_len);
    const unsigned number = command->p1;

    if (!card->verified)
        return SW_SECURITY_STATUS;
    if (number == 0 || number >= SCHSM_KEYS)
        return SW_BAD_P1P2;
    if (card->keys[number] != NULL)
        return SW_NOT_NOW;
    EVP_PKEY *key = prime != NULL ? make_key(prime, prime_len) : NULL;
    if (key == NULL || !put_request(card->keys[0], key, command, asked, asked_len, reply)) {
        EVP_PKEY_free(key);
        return SW_BAD_DATA;
    }
    card->keys[number] = key;
    return SW_OK;
}

/* --- use --- */

static unsigned find_key(const struct schsm *card, const struct apdu *command, unsigned algorithm,
                         EVP_PKEY **key)
{
    *key = NULL;
    if (!card->verified)
        return SW_SECURITY_STATUS;
    if (command->p1 == 0 || command->p1 >= SCHSM_KEYS || card->keys[command->p1] == NULL)
        return SW_NO_REFERENCE;
    if (command->p2 != algorithm)
        return SW_BAD_P1P2;
    *key = card->keys[command->p1];
    return SW_OK;
}

unsigned schsm_sign(const struct schsm *card, const struct apdu *command, struct reply *reply)
{
    EVP_PKEY *key = NULL;
    struct ec_result result;

    unsigned sw = find_key(card, command, ALGORITHM_ECDSA, &key);
    if (sw == SW_OK && !ec_sign_der(key, command->data, command->data_len, &result))
        sw = SW_BAD_DATA;
    if (sw == SW_OK)
        reply_put(reply, result.bytes, result.len);
    return sw;
}

/* The whole point is the answer. Its first half is what ECDH is of; the second is the root that no
 * caller takes, and here is zero. */
unsigned schsm_agree(const struct schsm *card, const struct apdu *command, struct reply *reply)
{
    static const uint8_t second[EC_POINT_MAX];
    EVP_PKEY *key = NULL;
    struct ec_result x;

    unsigned sw = find_key(card, command, ALGORITHM_ECDH, &key);
    if (sw == SW_OK && !ec_derive(key, command->data, command->data_len, &x))
        sw = SW_BAD_DATA;
    if (sw == SW_OK) {
        reply_put(reply, (uint8_t[]){0x04}, 1);
        reply_put(reply, x.bytes, x.len);
        reply_put(reply, second, x.len);
    }
    return sw;
}
