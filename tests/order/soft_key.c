/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/order/soft_key.h"

#include "tests/base/unit.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

struct soft_key {
    EVP_PKEY *private;
    struct key *public;
};

static const char *const curves[] = {
    [KEY_ES256] = "P-256", [KEY_ES384] = "P-384", [KEY_ES512] = "P-521"};

struct soft_key *soft_key_new(enum key_alg alg)
{
    struct soft_key *k = calloc(1, sizeof *k);
    uint8_t *der = NULL;
    int len;

    assert_non_null(k);
    k->private = EVP_EC_gen(curves[alg]);
    assert_non_null(k->private);
    len = i2d_PUBKEY(k->private, &der);
    assert_true(len > 0);
    assert_ok(key_from_spki(der, (size_t)len, &k->public));
    OPENSSL_free(der);
    return k;
}

void soft_key_free(struct soft_key *k)
{
    if (!k)
        return;
    EVP_PKEY_free(k->private);
    key_free(k->public);
    free(k);
}

const struct key *soft_key_public(const struct soft_key *k)
{
    return k->public;
}

enum err soft_key_sign(void *soft_key, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                       size_t sig_cap, size_t *sig_len)
{
    const struct soft_key *k = soft_key;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->private, NULL);
    uint8_t der[160];
    size_t der_len = sizeof der;

    assert_true(sig_cap >= KEY_SIGNATURE_MAX);
    assert_non_null(ctx);
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, der, &der_len, hash, hash_len), 1);
    EVP_PKEY_CTX_free(ctx);
    return key_sig_from_der(key_algorithm(k->public), der, der_len, sig, sig_len);
}
