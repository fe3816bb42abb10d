/* SPDX-License-Identifier: Apache-2.0 */
#include "token/both.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define DER_SIG_MAX 160 /* bytes; the longest of the three has 139 */

/* SEC 1 and RFC 5480 section 2.1.1.1; the hash by RFC 7518 section 3.4. */
static const struct curve {
    const char *group;
    unsigned bits;
    size_t field, hash; /* bytes */
    uint8_t params[10];
    size_t params_len;
} CURVES[] = {
    [TOKEN_P256] = {"prime256v1",
                    256,
                    32,
                    32,
                    {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07},
                    10},
    [TOKEN_P384] = {"secp384r1", 384, 48, 48, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22}, 7},
    [TOKEN_P521] = {"secp521r1", 521, 66, 64, {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23}, 7},
};

size_t token_public_field_len(enum token_curve curve)
{
    return CURVES[curve].field;
}

unsigned token_public_bits(enum token_curve curve)
{
    return CURVES[curve].bits;
}

size_t token_hash_len(enum token_curve curve)
{
    return CURVES[curve].hash;
}

size_t token_sig_len(enum token_curve curve)
{
    return 2 * CURVES[curve].field;
}

const uint8_t *token_public_params(enum token_curve curve, size_t *len)
{
    *len = CURVES[curve].params_len;
    return CURVES[curve].params;
}

enum token_curve token_public_curve_of_params(const uint8_t *der, size_t len)
{
    for (unsigned i = TOKEN_P256; i <= TOKEN_P521; i++)
        if (len == CURVES[i].params_len && memcmp(der, CURVES[i].params, len) == 0)
            return (enum token_curve)i;
    return 0;
}

static enum err key_from_data(OSSL_PARAM *params, EVP_PKEY **out)
{
    enum err e = ERR_NO_MEMORY;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

    /* The decoder of the point checks that it lies on the curve. */
    if (ctx && EVP_PKEY_fromdata_init(ctx) == 1)
        e = EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) == 1 ? ERR_OK
                                                                          : ERR_KEY_NOT_ON_CURVE;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return e;
}

enum err token_public_from_point(enum token_curve curve, const uint8_t *point, size_t len,
                                 EVP_PKEY **out)
{
    const struct curve *c = &CURVES[curve];
    /* OpenSSL takes these as non-const and only reads them. */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)c->group,
                                         0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)point, len),
        OSSL_PARAM_construct_end(),
    };

    *out = NULL;
    if (len == 1 + c->field && (point[0] == 0x02 || point[0] == 0x03))
        return ERR_KEY_COMPRESSED;
    if (len != 1 + 2 * c->field || point[0] != 0x04)
        return ERR_KEY_INVALID;
    return key_from_data(params, out);
}

enum err token_public_from_ec_point(enum token_curve curve, const uint8_t *value, size_t len,
                                    EVP_PKEY **out)
{
    size_t point_len = 1 + 2 * CURVES[curve].field;

    *out = NULL;
    if (len == point_len)
        return token_public_from_point(curve, value, len, out);
    const unsigned char *at = value;
    ASN1_OCTET_STRING *octets = d2i_ASN1_OCTET_STRING(NULL, &at, (long)len);
    enum err e = ERR_KEY_INVALID;
    if (octets && at == value + len)
        e = token_public_from_point(curve, ASN1_STRING_get0_data(octets),
                                    (size_t)ASN1_STRING_length(octets), out);
    ASN1_OCTET_STRING_free(octets);
    ERR_clear_error();
    return e;
}

static enum token_curve curve_of_key(const EVP_PKEY *key)
{
    char group[32];
    size_t len = 0;

    if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) != 1)
        return 0;
    for (unsigned i = TOKEN_P256; i <= TOKEN_P521; i++)
        if (strcmp(group, CURVES[i].group) == 0)
            return (enum token_curve)i;
    return 0;
}

/* Taken apart and built anew from curve and point, so that explicit parameters cannot come along.
 */
enum err token_public_from_certificate(const uint8_t *der, size_t len, enum token_curve *curve,
                                       EVP_PKEY **out)
{
    uint8_t point[TOKEN_POINT_MAX];
    size_t point_len = 0;
    const unsigned char *at = der;

    *out = NULL;
    X509 *cert = d2i_X509(NULL, &at, (long)len);
    EVP_PKEY *key = cert ? X509_get0_pubkey(cert) : NULL;
    enum err e = key ? ERR_OK : ERR_KEY_INVALID;
    *curve = key ? curve_of_key(key) : 0;
    if (key && !*curve)
        e = EVP_PKEY_is_a(key, "EC") ? ERR_KEY_CURVE : ERR_KEY_ALGORITHM;
    if (!e)
        e = token_public_point(key, point, &point_len);
    if (!e)
        e = token_public_from_point(*curve, point, point_len, out);
    X509_free(cert);
    ERR_clear_error();
    return e;
}

enum err token_public_point(const EVP_PKEY *key, uint8_t out[static TOKEN_POINT_MAX], size_t *len)
{
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out, TOKEN_POINT_MAX,
                                           len) == 1
               ? ERR_OK
               : ERR_KEY_INVALID;
}

enum err token_key_spki(const struct token_key *k, struct buf *out)
{
    unsigned char *der = NULL;

    int len = i2d_PUBKEY(k->public, &der);
    enum err e = len > 0 ? buf_add(out, der, (size_t)len) : ERR_NO_MEMORY;
    OPENSSL_free(der);
    return e;
}

/* R||S to the DER that OpenSSL verifies; 0 on failure. */
static size_t sig_to_der(const uint8_t *sig, size_t len, uint8_t out[static DER_SIG_MAX])
{
    int der_len = 0;
    size_t half = len / 2;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(sig + half, (int)half, NULL);

    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        unsigned char *at = out;
        der_len = i2d_ECDSA_SIG(pair, &at);
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return der_len > 0 ? (size_t)der_len : 0;
}

static EVP_PKEY_CTX *borrow_check(struct token_key *k)
{
    pthread_mutex_lock(&k->checks_lock);
    EVP_PKEY_CTX *ctx = k->check_count ? k->checks[--k->check_count] : NULL;
    pthread_mutex_unlock(&k->checks_lock);
    if (ctx)
        return ctx;
    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, k->public, NULL);
    if (ctx && EVP_PKEY_verify_init(ctx) != 1) {
        EVP_PKEY_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

static void return_check(struct token_key *k, EVP_PKEY_CTX *ctx)
{
    pthread_mutex_lock(&k->checks_lock);
    if (k->check_count < TOKEN_SESSIONS_MAX) {
        k->checks[k->check_count++] = ctx;
        ctx = NULL;
    }
    pthread_mutex_unlock(&k->checks_lock);
    EVP_PKEY_CTX_free(ctx);
}

enum err token_public_check(struct token_key *k, const uint8_t *hash, size_t hash_len,
                            const uint8_t *sig, size_t sig_len)
{
    uint8_t der[DER_SIG_MAX];

    if (sig_len != token_sig_len(k->info.curve))
        return ERR_TOKEN_BAD_SIGNATURE;
    size_t der_len = sig_to_der(sig, sig_len, der);
    EVP_PKEY_CTX *ctx = borrow_check(k);
    if (der_len == 0 || !ctx) {
        EVP_PKEY_CTX_free(ctx);
        return ERR_NO_MEMORY;
    }
    bool good = EVP_PKEY_verify(ctx, der, der_len, hash, hash_len) == 1;
    return_check(k, ctx);
    if (!good)
        ERR_clear_error();
    return good ? ERR_OK : ERR_TOKEN_BAD_SIGNATURE;
}

enum err token_public_new(struct token *t, enum token_use use, struct token_key **out)
{
    struct token_key *k = calloc(1, sizeof *k);

    *out = k;
    if (!k)
        return ERR_NO_MEMORY;
    k->token = t;
    k->use = use;
    pthread_mutex_init(&k->lock, NULL);
    pthread_mutex_init(&k->checks_lock, NULL);
    return ERR_OK;
}

void token_public_free(struct token_key *k)
{
    if (!k)
        return;
    while (k->check_count)
        EVP_PKEY_CTX_free(k->checks[--k->check_count]);
    EVP_PKEY_free(k->public);
    pthread_mutex_destroy(&k->checks_lock);
    pthread_mutex_destroy(&k->lock);
    free(k);
}
