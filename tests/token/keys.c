/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/token/keys.h"

#include "tests/base/unit.h"
#include "tests/token/softhsm.h"
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <string.h>

void keys_generate(struct token *t, enum token_use use, enum token_curve curve, const char *label,
                   uint8_t id)
{
    assert_ok(token_generate(t, use, curve, label, &id, 1));
}

struct token_key *keys_find(struct token *t, const char *uri_text, enum token_use use)
{
    struct token_uri *uri = softhsm_uri(uri_text);
    struct token_key *k = NULL;

    assert_ok(token_key_find(t, uri, use, &k));
    token_uri_free(uri);
    return k;
}

EVP_PKEY *keys_public(const struct token_key *k)
{
    struct buf spki = BUF_INIT(0);

    assert_ok(token_key_spki(k, &spki));
    const unsigned char *at = spki.data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki.len);
    assert_non_null(key);
    assert_ptr_equal(at, spki.data + spki.len);
    buf_free(&spki);
    return key;
}

/* OpenSSL's own verdict over R||S, apart from the product's check. */
bool keys_verifies(const struct token_key *k, const uint8_t *hash, size_t hash_len,
                   const uint8_t *sig, size_t sig_len)
{
    EVP_PKEY *key = keys_public(k);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    unsigned char *der = NULL;

    ECDSA_SIG_set0(pair, BN_bin2bn(sig, (int)(sig_len / 2), NULL),
                   BN_bin2bn(sig + sig_len / 2, (int)(sig_len / 2), NULL));
    int der_len = i2d_ECDSA_SIG(pair, &der);
    assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
    bool good = EVP_PKEY_verify(ctx, der, (size_t)der_len, hash, hash_len) == 1;
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

void keys_sign_once(struct token_key *k)
{
    uint8_t hash[64], sig[TOKEN_SIG_MAX];
    size_t hash_len = token_hash_len(token_key_about(k)->curve), len = 0;

    memset(hash, 0xa5, sizeof hash);
    assert_ok(token_sign(k, hash, hash_len, sig, sizeof sig, &len));
    assert_int_equal(len, token_sig_len(token_key_about(k)->curve));
    assert_true(keys_verifies(k, hash, hash_len, sig, len));
    hash[0] ^= 1;
    assert_false(keys_verifies(k, hash, hash_len, sig, len));
}

#define THREADS 8
#define SIGNATURES 25

struct worker {
    struct token_key *key;
    uint8_t number;
    pthread_t thread;
    unsigned good;
};

static void *sign_many(void *arg)
{
    struct worker *w = arg;
    uint8_t hash[32], sig[TOKEN_SIG_MAX];
    size_t len = 0;

    for (uint8_t i = 0; i < SIGNATURES; i++) {
        memset(hash, w->number, sizeof hash);
        hash[0] = i;
        if (token_sign(w->key, hash, sizeof hash, sig, sizeof sig, &len) == ERR_OK &&
            keys_verifies(w->key, hash, sizeof hash, sig, len))
            w->good++;
    }
    return NULL;
}

void keys_sign_in_parallel(struct token_key *k, void (*meanwhile)(struct token *t), struct token *t)
{
    struct worker workers[THREADS];

    for (uint8_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.key = k, .number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, sign_many, &workers[i]), 0);
    }
    keys_sign_once(k);
    if (meanwhile)
        meanwhile(t);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(workers[i].good, SIGNATURES);
}
