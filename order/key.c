/* SPDX-License-Identifier: Apache-2.0 */
#include "order/key.h"

#include "base/text.h"
#include "order/spki.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_MAX 26
#define FIELD_MAX 66  /* bytes of a coordinate on P-521 */
#define POINT_MAX 133 /* bytes of an uncompressed point on P-521 */
/* Bytes of an ECDSA-Sig-Value whose r and s are any 66 bytes; a valid one has at most 139. */
#define DER_SIG_MAX (3 + 2 * (2 + 1 + FIELD_MAX))

/* One row an algorithm. The prefix is all of the DER before the point, RFC 5480: with it compared,
 * only the point is left to parse, and there is one encoding a key. */
struct algorithm {
    const char *name;
    const char *curve; /* JWK's and OpenSSL's name */
    const char *md;
    size_t field_len;
    size_t hash_len;
    size_t prefix_len;
    uint8_t prefix[PREFIX_MAX];
};

static const struct algorithm algorithms[] = {
    [KEY_ALG_NONE] = {.name = "none"},
    [KEY_ES256] = {"ES256", "P-256", "SHA256", 32, 32, 26, {0x30, 0x59, 0x30, 0x13, 0x06, 0x07,
                                                            0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                                            0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
                                                            0x42, 0x00}},
    [KEY_ES384] = {"ES384", "P-384", "SHA384", 48, 48, 23, {0x30, 0x76, 0x30, 0x10, 0x06, 0x07,
                                                            0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                                            0x01, 0x06, 0x05, 0x2b, 0x81, 0x04,
                                                            0x00, 0x22, 0x03, 0x62, 0x00}},
    [KEY_ES512] = {"ES512", "P-521", "SHA512", 66, 64, 25, {0x30, 0x81, 0x9b, 0x30, 0x10,
                                                            0x06, 0x07, 0x2a, 0x86, 0x48,
                                                            0xce, 0x3d, 0x02, 0x01, 0x06,
                                                            0x05, 0x2b, 0x81, 0x04, 0x00,
                                                            0x23, 0x03, 0x81, 0x86, 0x00}},
};

struct key {
    enum key_alg alg;
    EVP_MD_CTX *verifier; /* initialised with hash and key; copied for each verification */
    size_t spki_len;
    uint8_t spki[KEY_SPKI_MAX];
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
};

/* Empties OpenSSL's queue, so that no later caller takes our refusal for his own, and tells a want
 * of memory from everything else. */
static enum err drain_errors(enum err otherwise)
{
    unsigned long code;

    while ((code = ERR_get_error()) != 0) {
        if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
            otherwise = ERR_NO_MEMORY;
    }
    return otherwise;
}

/* --- algorithms and hashes --- */

const char *key_alg_name(enum key_alg alg)
{
    return algorithms[alg].name;
}

static bool is_name(const char *name, const char *text, size_t len)
{
    return strlen(name) == len && memcmp(name, text, len) == 0;
}

enum key_alg key_alg_from_name(const char *name, size_t len)
{
    for (enum key_alg alg = KEY_ES256; alg <= KEY_ES512; alg++) {
        if (is_name(algorithms[alg].name, name, len))
            return alg;
    }
    return KEY_ALG_NONE;
}

enum key_alg key_alg_from_curve(const char *name, size_t len)
{
    for (enum key_alg alg = KEY_ES256; alg <= KEY_ES512; alg++) {
        if (is_name(algorithms[alg].curve, name, len))
            return alg;
    }
    return KEY_ALG_NONE;
}

size_t key_alg_signature_len(enum key_alg alg)
{
    return 2 * algorithms[alg].field_len;
}

/* Fetched once a process, kept for ever: a fetch takes locks that all threads share. NULL when it
 * failed; the next caller tries again. */
static const EVP_MD *fetch_hash(enum key_alg alg)
{
    static _Atomic(EVP_MD *) fetched[sizeof algorithms / sizeof algorithms[0]];
    EVP_MD *md = atomic_load(&fetched[alg]), *first = NULL;

    if (md)
        return md;
    md = EVP_MD_fetch(NULL, algorithms[alg].md, NULL);
    if (md && !atomic_compare_exchange_strong(&fetched[alg], &first, md)) {
        EVP_MD_free(md);
        md = first;
    }
    return md;
}

enum err key_hash(enum key_alg alg, const void *message, size_t len,
                  uint8_t out[static KEY_HASH_MAX], size_t *out_len)
{
    const EVP_MD *md;

    *out_len = 0;
    if (alg == KEY_ALG_NONE)
        return ERR_INTERNAL;
    md = fetch_hash(alg);
    if (!md || EVP_Digest(message, len, out, NULL, md, NULL) != 1)
        return drain_errors(ERR_NO_MEMORY);
    *out_len = algorithms[alg].hash_len;
    return ERR_OK;
}

enum err key_digest(const void *bytes, size_t len, uint8_t out[static DIGEST_LEN])
{
    return key_digest_joined("", 0, bytes, len, out);
}

enum err key_digest_joined(const void *head, size_t head_len, const void *bytes, size_t len,
                           uint8_t out[static DIGEST_LEN])
{
    const EVP_MD *md = fetch_hash(KEY_ES256);
    EVP_MD_CTX *ctx = md ? EVP_MD_CTX_new() : NULL;
    bool made = ctx && EVP_DigestInit_ex2(ctx, md, NULL) == 1 &&
                EVP_DigestUpdate(ctx, head, head_len) == 1 &&
                EVP_DigestUpdate(ctx, bytes, len) == 1 && EVP_DigestFinal_ex(ctx, out, NULL) == 1;

    EVP_MD_CTX_free(ctx);
    if (made)
        return ERR_OK;
    memset(out, 0, DIGEST_LEN);
    return drain_errors(ERR_NO_MEMORY);
}

/* --- keys --- */

static size_t point_len(enum key_alg alg)
{
    return 1 + 2 * algorithms[alg].field_len;
}

static enum key_alg match_spki(const uint8_t *der, size_t len)
{
    for (enum key_alg alg = KEY_ES256; alg <= KEY_ES512; alg++) {
        const struct algorithm *a = &algorithms[alg];

        if (len == a->prefix_len + point_len(alg) && memcmp(der, a->prefix, a->prefix_len) == 0 &&
            der[a->prefix_len] == 0x04)
            return alg;
    }
    return KEY_ALG_NONE;
}

/* The EVP form of a point; the import itself and the public check refuse one off the curve. */
static enum err import_point(enum key_alg alg, const uint8_t *point, EVP_PKEY **out)
{
    char group[8];
    uint8_t bytes[POINT_MAX];
    EVP_PKEY_CTX *import = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL), *check = NULL;
    EVP_PKEY *pkey = NULL;
    enum err e = ERR_NO_MEMORY;

    *out = NULL;
    memcpy(bytes, point, point_len(alg));
    snprintf(group, sizeof group, "%s", algorithms[alg].curve);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes, point_len(alg)),
        OSSL_PARAM_construct_end(),
    };
    if (!import || EVP_PKEY_fromdata_init(import) != 1)
        goto out;
    e = ERR_KEY_NOT_ON_CURVE;
    if (EVP_PKEY_fromdata(import, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        goto out;
    check = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (!check || EVP_PKEY_public_check(check) != 1)
        goto out;
    *out = pkey;
    pkey = NULL;
    e = ERR_OK;
out:
    /* Where it is not the arithmetic that complains, there was no memory to do it. */
    if (e != ERR_OK)
        e = drain_errors(ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_EC ? e : ERR_NO_MEMORY);
    EVP_PKEY_CTX_free(import);
    EVP_PKEY_CTX_free(check);
    EVP_PKEY_free(pkey);
    return e;
}

/* RFC 7638 3: the required members in order, no white space. */
static enum err set_thumbprint(struct key *k, const uint8_t *xy)
{
    const struct algorithm *a = &algorithms[k->alg];
    char x[TEXT_B64_LEN(FIELD_MAX) + 1], y[TEXT_B64_LEN(FIELD_MAX) + 1];
    char json[2 * sizeof x + 64];
    uint8_t digest[DIGEST_LEN];
    int len;
    enum err e;

    text_b64url(xy, a->field_len, x);
    text_b64url(xy + a->field_len, a->field_len, y);
    len = snprintf(json, sizeof json, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
                   a->curve, x, y);
    e = key_digest(json, (size_t)len, digest);
    if (e == ERR_OK)
        text_b64url(digest, sizeof digest, k->thumbprint);
    return e;
}

static enum err set_verifier(struct key *k, EVP_PKEY *pkey)
{
    k->verifier = EVP_MD_CTX_new();
    if (!k->verifier || EVP_DigestVerifyInit_ex(k->verifier, NULL, algorithms[k->alg].md, NULL,
                                                NULL, pkey, NULL) != 1)
        return drain_errors(ERR_NO_MEMORY);
    /* Each copy verifies once. Without this OpenSSL copies it again, and calls it a bad signature
     * when there is no memory for that. */
    EVP_MD_CTX_set_flags(k->verifier, EVP_MD_CTX_FLAG_FINALISE);
    return ERR_OK;
}

enum err key_from_spki(const uint8_t *der, size_t len, struct key **out)
{
    enum key_alg alg = match_spki(der, len);
    const uint8_t *point;
    EVP_PKEY *pkey = NULL;
    struct key *k = NULL;
    enum err e;

    *out = NULL;
    if (alg == KEY_ALG_NONE)
        return spki_refusal(der, len);
    point = der + algorithms[alg].prefix_len;
    e = import_point(alg, point, &pkey);
    if (e != ERR_OK)
        goto out;
    e = ERR_NO_MEMORY;
    k = calloc(1, sizeof *k);
    if (!k)
        goto out;
    k->alg = alg;
    k->spki_len = len;
    memcpy(k->spki, der, len);
    e = set_thumbprint(k, point + 1);
    if (e == ERR_OK)
        e = set_verifier(k, pkey);
    if (e != ERR_OK)
        goto out;
    *out = k;
    k = NULL;
out:
    EVP_PKEY_free(pkey);
    key_free(k);
    return e;
}

enum err key_from_xy(enum key_alg alg, const uint8_t *x, const uint8_t *y, struct key **out)
{
    const struct algorithm *a = &algorithms[alg];
    uint8_t spki[KEY_SPKI_MAX];
    uint8_t *point = spki + a->prefix_len;

    *out = NULL;
    if (alg == KEY_ALG_NONE)
        return ERR_KEY_ALGORITHM;
    memcpy(spki, a->prefix, a->prefix_len);
    point[0] = 0x04;
    memcpy(point + 1, x, a->field_len);
    memcpy(point + 1 + a->field_len, y, a->field_len);
    return key_from_spki(spki, a->prefix_len + point_len(alg), out);
}

void key_free(struct key *k)
{
    if (!k)
        return;
    EVP_MD_CTX_free(k->verifier);
    free(k);
}

enum key_alg key_algorithm(const struct key *k)
{
    return k->alg;
}

const char *key_thumbprint(const struct key *k)
{
    return k->thumbprint;
}

const uint8_t *key_spki(const struct key *k, size_t *len)
{
    *len = k->spki_len;
    return k->spki;
}

/* --- signatures --- */

/* R||S of the right length to an ECDSA-Sig-Value. */
static enum err encode_sig(enum key_alg alg, const uint8_t *sig, uint8_t der[static DER_SIG_MAX],
                           size_t *der_len)
{
    int field_len = (int)algorithms[alg].field_len, len;
    BIGNUM *r = BN_bin2bn(sig, field_len, NULL);
    BIGNUM *s = BN_bin2bn(sig + field_len, field_len, NULL);
    ECDSA_SIG *value = ECDSA_SIG_new();
    uint8_t *end = der;

    *der_len = 0;
    if (!r || !s || !value || ECDSA_SIG_set0(value, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(value);
        return drain_errors(ERR_NO_MEMORY);
    }
    len = i2d_ECDSA_SIG(value, &end); /* value owns r and s now */
    ECDSA_SIG_free(value);
    if (len <= 0)
        return drain_errors(ERR_NO_MEMORY);
    *der_len = (size_t)len;
    return ERR_OK;
}

enum err key_verify(const struct key *k, const void *message, size_t len, const uint8_t *sig,
                    size_t sig_len)
{
    uint8_t der[DER_SIG_MAX];
    size_t der_len;
    EVP_MD_CTX *ctx = NULL;
    enum err e;

    if (sig_len != key_alg_signature_len(k->alg))
        return ERR_SIGNATURE_INVALID;
    e = encode_sig(k->alg, sig, der, &der_len);
    if (e != ERR_OK)
        return e;
    ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_MD_CTX_copy_ex(ctx, k->verifier) != 1)
        e = drain_errors(ERR_NO_MEMORY);
    else if (EVP_DigestVerify(ctx, der, der_len, message, len) != 1)
        e = drain_errors(ERR_SIGNATURE_INVALID);
    EVP_MD_CTX_free(ctx);
    return e;
}

enum err key_sig_to_der(enum key_alg alg, const uint8_t *sig, size_t len, struct buf *der)
{
    uint8_t bytes[DER_SIG_MAX];
    size_t der_len;
    enum err e;

    if (alg == KEY_ALG_NONE || len != key_alg_signature_len(alg))
        return ERR_SIGNATURE_INVALID;
    e = encode_sig(alg, sig, bytes, &der_len);
    return e == ERR_OK ? buf_add(der, bytes, der_len) : e;
}

/* Integers as long as the field, or shorter and padded; never negative. */
static bool write_fields(const ECDSA_SIG *value, int field_len, uint8_t *sig)
{
    const BIGNUM *r = ECDSA_SIG_get0_r(value), *s = ECDSA_SIG_get0_s(value);

    return !BN_is_negative(r) && !BN_is_negative(s) &&
           BN_bn2binpad(r, sig, field_len) == field_len &&
           BN_bn2binpad(s, sig + field_len, field_len) == field_len;
}

enum err key_sig_from_der(enum key_alg alg, const uint8_t *der, size_t len,
                          uint8_t sig[static KEY_SIGNATURE_MAX], size_t *sig_len)
{
    uint8_t again[DER_SIG_MAX];
    const uint8_t *end = der;
    size_t again_len;
    ECDSA_SIG *value;
    enum err e = ERR_SIGNATURE_INVALID;

    *sig_len = 0;
    if (alg == KEY_ALG_NONE || len == 0 || len > DER_SIG_MAX)
        return ERR_SIGNATURE_INVALID;
    value = d2i_ECDSA_SIG(NULL, &end, (long)len);
    if (!value || !write_fields(value, (int)algorithms[alg].field_len, sig)) {
        e = drain_errors(ERR_SIGNATURE_INVALID);
        goto out;
    }
    /* OpenSSL reads BER and leaves trailing bytes; only what it would write is accepted. */
    e = encode_sig(alg, sig, again, &again_len);
    if (e == ERR_OK && (again_len != len || memcmp(again, der, len) != 0))
        e = ERR_SIGNATURE_INVALID;
    if (e == ERR_OK)
        *sig_len = key_alg_signature_len(alg);
out:
    ECDSA_SIG_free(value);
    return e;
}
