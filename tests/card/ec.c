/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/ec.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

size_t ec_len(const EVP_PKEY *key)
{
    return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

bool ec_sign_der(EVP_PKEY *key, const uint8_t *digest, size_t len, struct ec_result *out)
{
    EVP_PKEY_CTX *context = NULL;
    bool ok = false;

    out->len = sizeof out->bytes;
    if (len == 0 || len > ec_len(key))
        return false;
    context = EVP_PKEY_CTX_new(key, NULL);
    ok = context != NULL && EVP_PKEY_sign_init(context) == 1 &&
         EVP_PKEY_sign(context, out->bytes, &out->len, digest, len) == 1;
    EVP_PKEY_CTX_free(context);
    return ok;
}

bool ec_sign_raw(EVP_PKEY *key, const uint8_t *digest, size_t len, struct ec_result *out)
{
    const int half = (int)ec_len(key);
    struct ec_result der;
    ECDSA_SIG *pair = NULL;
    const unsigned char *at = der.bytes;

    if (!ec_sign_der(key, digest, len, &der))
        return false;
    pair = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    bool ok = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out->bytes, half) == half &&
              BN_bn2binpad(ECDSA_SIG_get0_s(pair), out->bytes + half, half) == half;
    ECDSA_SIG_free(pair);
    out->len = 2 * (size_t)half;
    return ok;
}

bool ec_derive(EVP_PKEY *key, const uint8_t *point, size_t len, struct ec_result *out)
{
    EVP_PKEY *peer = EVP_PKEY_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool ok = peer != NULL && context != NULL;

    out->len = sizeof out->bytes;
    ok = ok && EVP_PKEY_copy_parameters(peer, key) == 1 &&
         EVP_PKEY_set1_encoded_public_key(peer, point, len) == 1 &&
         EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1 &&
         EVP_PKEY_derive(context, out->bytes, &out->len) == 1;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    return ok;
}
