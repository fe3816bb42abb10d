/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/piv_admin.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#define ALGORITHM_3DES 0x03
#define TAG_WITNESS 0x80
#define TAG_CHALLENGE 0x81
#define TAG_RESPONSE 0x82

static const uint8_t management_key[24] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4,
                                           5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8};

static bool encrypt(const uint8_t in[static PIV_ADMIN_BLOCK], uint8_t out[static PIV_ADMIN_BLOCK])
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int len = 0;
    bool ok = context != NULL &&
              EVP_EncryptInit_ex(context, EVP_des_ede3_ecb(), NULL, management_key, NULL) == 1 &&
              EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
              EVP_EncryptUpdate(context, out, &len, in, PIV_ADMIN_BLOCK) == 1 &&
              len == PIV_ADMIN_BLOCK;

    EVP_CIPHER_CTX_free(context);
    return ok;
}

static unsigned put_block(unsigned tag, const uint8_t block[static PIV_ADMIN_BLOCK],
                          struct reply *reply)
{
    uint8_t encrypted[PIV_ADMIN_BLOCK];
    struct reply inner = {0};

    if (!encrypt(block, encrypted))
        return SW_NO_MEMORY;
    reply_tlv(&inner, tag, encrypted, sizeof encrypted);
    reply_tlv(reply, 0x7C, inner.bytes, inner.len);
    return SW_OK;
}

unsigned piv_admin_authenticate(struct piv_admin *admin, const struct apdu *command,
                                struct reply *reply)
{
    size_t len, witness_len, challenge_len;
    const bool asked = admin->asked;

    admin->asked = admin->authenticated = false;
    if (command->p1 != ALGORITHM_3DES)
        return SW_BAD_P1P2;
    const uint8_t *template = tlv_find(command->data, command->data_len, 0x7C, &len);
    const uint8_t *witness = tlv_find(template, len, TAG_WITNESS, &witness_len);
    const uint8_t *challenge = tlv_find(template, len, TAG_CHALLENGE, &challenge_len);
    if (witness != NULL && witness_len == 0 && challenge == NULL) {
        admin->asked = RAND_bytes(admin->witness, PIV_ADMIN_BLOCK) == 1;
        return admin->asked ? put_block(TAG_WITNESS, admin->witness, reply) : SW_NO_MEMORY;
    }
    if (witness == NULL || witness_len != PIV_ADMIN_BLOCK || challenge == NULL ||
        challenge_len != PIV_ADMIN_BLOCK)
        return SW_BAD_DATA;
    if (!asked || CRYPTO_memcmp(witness, admin->witness, PIV_ADMIN_BLOCK) != 0)
        return SW_SECURITY_STATUS;
    admin->authenticated = true;
    return put_block(TAG_RESPONSE, challenge, reply);
}
