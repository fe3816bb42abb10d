/* SPDX-License-Identifier: Apache-2.0 */
#include "order/pkcs10.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

/* The algorithm of a signature over the key's own hash, RFC 5758 3.2. */
static const int signature_nids[] = {[KEY_ES256] = NID_ecdsa_with_SHA256,
                                     [KEY_ES384] = NID_ecdsa_with_SHA384,
                                     [KEY_ES512] = NID_ecdsa_with_SHA512};

/* OpenSSL's answer becomes ours, and its error queue is left empty. */
static enum err judge(bool good, enum err otherwise)
{
    ERR_clear_error();
    return good ? ERR_OK : otherwise;
}

/* --- reading --- */

/* DER in its one encoding, of version 0. */
static enum err parse(const uint8_t *der, size_t len, X509_REQ **out)
{
    const uint8_t *at = der;
    uint8_t *again = NULL;
    int again_len = -1;

    *out = NULL;
    if (!len || len > PKCS10_MAX)
        return ERR_REQUEST_INVALID;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)len);
    if (request && X509_REQ_get_version(request) == X509_REQ_VERSION_1)
        again_len = i2d_X509_REQ(request, &again);
    bool same = again_len == (int)len && memcmp(again, der, len) == 0;
    OPENSSL_free(again);
    enum err e = judge(same, ERR_REQUEST_INVALID);
    if (e)
        X509_REQ_free(request);
    else
        *out = request;
    return e;
}

/* The key is judged by its own bytes, whatever OpenSSL made of them. */
static enum err read_key(X509_REQ *request, struct key **out)
{
    uint8_t *spki = NULL;
    int len = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), &spki);

    *out = NULL;
    enum err e = judge(len > 0, ERR_REQUEST_INVALID);
    if (!e)
        e = key_from_spki(spki, (size_t)len, out);
    OPENSSL_free(spki);
    return e;
}

/* One CN and nothing else. */
static enum err check_subject(const X509_REQ *request, const char *name)
{
    X509_NAME *subject = X509_REQ_get_subject_name(request);
    if (X509_NAME_entry_count(subject) != 1)
        return ERR_REQUEST_SUBJECT;
    const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, 0);
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
    size_t len = (size_t)ASN1_STRING_length(value);

    return OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName &&
                   ASN1_STRING_type(value) == V_ASN1_UTF8STRING && len == strlen(name) &&
                   memcmp(ASN1_STRING_get0_data(value), name, len) == 0
               ? ERR_OK
               : ERR_REQUEST_SUBJECT;
}

/* What is signed, as DER. */
static enum err signed_bytes(X509_REQ *request, struct buf *out)
{
    uint8_t *der = NULL;
    int len = i2d_re_X509_REQ_tbs(request, &der);

    enum err e = judge(len > 0, ERR_NO_MEMORY);
    if (!e)
        e = buf_add(out, der, (size_t)len);
    OPENSSL_free(der);
    return e;
}

static enum err check_signature(X509_REQ *request, const struct key *key)
{
    struct buf bytes = {0};
    const ASN1_BIT_STRING *bits;
    const X509_ALGOR *algorithm;
    const ASN1_OBJECT *oid;
    uint8_t sig[KEY_SIGNATURE_MAX];
    size_t sig_len;

    X509_REQ_get0_signature(request, &bits, &algorithm);
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    if (OBJ_obj2nid(oid) != signature_nids[key_algorithm(key)])
        return ERR_POSSESSION_UNPROVEN;
    enum err e = key_sig_from_der(key_algorithm(key), ASN1_STRING_get0_data(bits),
                                  (size_t)ASN1_STRING_length(bits), sig, &sig_len);
    if (!e)
        e = signed_bytes(request, &bytes);
    if (!e)
        e = key_verify(key, bytes.data, bytes.len, sig, sig_len);
    buf_free(&bytes);
    return e == ERR_SIGNATURE_INVALID ? ERR_POSSESSION_UNPROVEN : e;
}

enum err pkcs10_read(const uint8_t *der, size_t len, const char *name, struct key **out)
{
    X509_REQ *request = NULL;
    struct key *key = NULL;

    *out = NULL;
    enum err e = parse(der, len, &request);
    if (!e)
        e = read_key(request, &key);
    if (!e)
        e = check_subject(request, name);
    if (!e)
        e = check_signature(request, key);
    X509_REQ_free(request);
    if (e)
        key_free(key);
    else
        *out = key;
    return e;
}

/* --- making --- */

static bool set_key(X509_REQ *request, const struct key *key)
{
    size_t len;
    const uint8_t *spki = key_spki(key, &len);
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &spki, (long)len);
    bool good = pkey && X509_REQ_set_pubkey(request, pkey) == 1;

    EVP_PKEY_free(pkey);
    return good;
}

static bool set_name(X509_REQ *request, const char *name)
{
    X509_NAME *subject = X509_NAME_new();
    bool good = subject &&
                X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING,
                                           (const unsigned char *)name, -1, -1, 0) == 1 &&
                X509_REQ_set_subject_name(request, subject) == 1;

    X509_NAME_free(subject);
    return good;
}

/* Puts the signature, R||S, into the request. */
static enum err set_signature(X509_REQ *request, enum key_alg alg, const uint8_t *sig, size_t len)
{
    X509_ALGOR *algorithm = X509_ALGOR_new();
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    struct buf der = {0};

    enum err e = algorithm && bits ? key_sig_to_der(alg, sig, len, &der) : ERR_NO_MEMORY;
    if (!e) {
        /* A signature has whole bytes: the flag says that no last bits are to be cut off. */
        bits->flags = (bits->flags & ~(long)0x07) | ASN1_STRING_FLAG_BITS_LEFT;
        bool good =
            ASN1_BIT_STRING_set(bits, der.data, (int)der.len) == 1 &&
            X509_ALGOR_set0(algorithm, OBJ_nid2obj(signature_nids[alg]), V_ASN1_UNDEF, NULL) == 1 &&
            X509_REQ_set1_signature_algo(request, algorithm) == 1;
        e = judge(good, ERR_NO_MEMORY);
    }
    if (!e) {
        X509_REQ_set0_signature(request, bits);
        bits = NULL; /* the request's now */
    }
    X509_ALGOR_free(algorithm);
    ASN1_BIT_STRING_free(bits);
    buf_free(&der);
    return e;
}

static enum err add_signature(X509_REQ *request, const struct key *key, jws_sign_fn sign, void *ctx)
{
    struct buf bytes = {0};
    uint8_t sig[KEY_SIGNATURE_MAX];
    size_t sig_len;

    enum err e = signed_bytes(request, &bytes);
    if (!e)
        e = jws_sign(key, bytes.data, bytes.len, sign, ctx, sig, &sig_len);
    if (!e)
        e = set_signature(request, key_algorithm(key), sig, sig_len);
    buf_free(&bytes);
    return e;
}

enum err pkcs10_make(const struct key *key, const char *name, jws_sign_fn sign, void *ctx,
                     struct buf *out)
{
    X509_REQ *request = X509_REQ_new();
    uint8_t *der = NULL;
    int len = -1;

    bool good = request && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
                set_name(request, name) && set_key(request, key);
    enum err e = judge(good, ERR_NO_MEMORY);
    if (!e)
        e = add_signature(request, key, sign, ctx);
    if (!e) {
        len = i2d_X509_REQ(request, &der);
        e = judge(len > 0, ERR_NO_MEMORY);
    }
    if (!e)
        e = buf_add(out, der, (size_t)len);
    OPENSSL_free(der);
    X509_REQ_free(request);
    return e;
}
