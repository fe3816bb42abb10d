/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CERTIFICATE_MAX 8192 /* bytes of DER */
#define SECOND_US INT64_C(1000000)

/* --- what the token says that it can --- */

static bool has(struct token *t, CK_MECHANISM_TYPE mechanism, CK_MECHANISM_INFO *info)
{
    return t->module->f->C_GetMechanismInfo(t->slot, mechanism, info) == CKR_OK;
}

static void read_mechanisms(struct token *t, struct token_sight *out)
{
    CK_MECHANISM_INFO info;
    bool ecdsa = has(t, CKM_ECDSA, &info);

    for (enum token_curve c = TOKEN_P256; ecdsa && c <= TOKEN_P521; c++) {
        unsigned bits = token_public_bits(c);
        bool known = info.ulMaxKeySize != 0;
        out->curve[c] = !known || (bits >= info.ulMinKeySize && bits <= info.ulMaxKeySize);
    }
    out->derive = has(t, CKM_ECDH1_DERIVE, &info);
    out->generate = has(t, CKM_EC_KEY_PAIR_GEN, &info);
}

/* --- its objects --- */

/* NULL when there is no room, or the object has no id. */
static struct token_seen_key *place(struct token_sight *sight, const struct token_key_info *info)
{
    struct token_seen_key *k = sight->keys;

    if (info->id_len == 0)
        return NULL;
    for (size_t i = 0; i < sight->count; i++, k++)
        if (k->key.id_len == info->id_len && memcmp(k->key.id, info->id, info->id_len) == 0)
            return k;
    if (sight->count == TOKEN_SEEN_MAX)
        return NULL;
    sight->count++;
    k->key.id_len = info->id_len;
    memcpy(k->key.id, info->id, info->id_len);
    return k;
}

static CK_RV see_private(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
                         struct token_sight *sight)
{
    struct token_key_info info;

    CK_RV rv = token_object_key_info(f, s, object, &info);
    struct token_seen_key *k = rv == CKR_OK ? place(sight, &info) : NULL;
    if (k) {
        k->key = info;
        k->private = true;
    }
    return rv;
}

/* The curve, of a private key, too; the rest only where the private half is hidden. */
static CK_RV see_public(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
                        struct token_sight *sight)
{
    struct token_key_info info;
    uint8_t params[16];
    size_t len = 0;
    bool verify = false;

    CK_RV rv = token_object_key_info(f, s, object, &info);
    if (rv == CKR_OK)
        rv = token_object_flag(f, s, object, CKA_VERIFY, &verify);
    if (rv == CKR_OK && info.ec)
        rv = token_object_bytes(f, s, object, CKA_EC_PARAMS, params, sizeof params, &len);
    struct token_seen_key *k = rv == CKR_OK ? place(sight, &info) : NULL;
    if (!k)
        return rv;
    if (!k->private) {
        info.sign = verify;
        k->key = info;
    }
    k->key.curve = info.ec ? token_public_curve_of_params(params, len) : 0;
    return rv;
}

/* ykcs11 gives each new key a certificate that was never valid, only to be there. */
static int64_t end_of(const X509 *x)
{
    struct tm tm;

    if (ASN1_TIME_compare(X509_get0_notAfter(x), X509_get0_notBefore(x)) <= 0)
        return INT64_MAX;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) != 1)
        return INT64_MAX;
    return (int64_t)timegm(&tm) * SECOND_US;
}

/* It may be all that is seen of a key, and then says what that is for. */
static void take_certificate(X509 *x, const uint8_t *der, size_t len, struct token_seen_key *k)
{
    enum token_curve curve = 0;
    EVP_PKEY *public = NULL;
    const uint32_t usage = X509_get_key_usage(x);

    k->certificate = true;
    k->ends_us = end_of(x);
    if (!k->private && usage != UINT32_MAX) {
        k->key.sign = (usage & KU_DIGITAL_SIGNATURE) != 0;
        k->key.derive = (usage & KU_KEY_AGREEMENT) != 0;
    }
    if (token_public_from_certificate(der, len, &curve, &public) == ERR_OK) {
        k->key.ec = true;
        k->key.curve = curve;
    }
    EVP_PKEY_free(public);
}

static CK_RV see_certificate(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
                             struct token_sight *sight)
{
    struct token_key_info info;
    uint8_t der[CERTIFICATE_MAX];
    const uint8_t *at = der;
    size_t len = 0;

    CK_RV rv = token_object_key_info(f, s, object, &info);
    if (rv == CKR_OK)
        rv = token_object_bytes(f, s, object, CKA_VALUE, der, sizeof der, &len);
    X509 *x = rv == CKR_OK && len ? d2i_X509(NULL, &at, (long)len) : NULL;
    struct token_seen_key *k = x && X509_check_ca(x) == 0 ? place(sight, &info) : NULL;
    if (k && k->key.label[0] == '\0')
        memcpy(k->key.label, info.label, sizeof k->key.label);
    if (k)
        take_certificate(x, der, len, k);
    X509_free(x);
    ERR_clear_error();
    return rv;
}

/* In this order: each knows less than the one before it. */
static const struct {
    CK_OBJECT_CLASS class;
    CK_RV (*see)(CK_FUNCTION_LIST *, CK_SESSION_HANDLE, CK_OBJECT_HANDLE, struct token_sight *);
} classes[] = {
    {CKO_PRIVATE_KEY, see_private},
    {CKO_PUBLIC_KEY, see_public},
    {CKO_CERTIFICATE, see_certificate},
};

static int by_id(const void *a, const void *b)
{
    const struct token_key_info *x = &((const struct token_seen_key *)a)->key;
    const struct token_key_info *y = &((const struct token_seen_key *)b)->key;
    int order = memcmp(x->id, y->id, x->id_len < y->id_len ? x->id_len : y->id_len);

    return order != 0 ? order : (x->id_len > y->id_len) - (x->id_len < y->id_len);
}

static CK_RV look(struct token *t, const struct token_session *s, void *arg)
{
    struct token_sight *sight = arg;
    CK_FUNCTION_LIST *f = t->module->f;
    CK_OBJECT_HANDLE found[TOKEN_OBJECTS_MAX];
    CK_RV rv = CKR_OK;

    memset(sight, 0, sizeof *sight);
    read_mechanisms(t, sight);
    for (size_t i = 0; rv == CKR_OK && i < sizeof classes / sizeof classes[0]; i++) {
        CK_OBJECT_CLASS class = classes[i].class;
        CK_ATTRIBUTE match = {CKA_CLASS, &class, sizeof class};
        size_t count = 0;
        rv = token_object_find(f, s->handle, &match, 1, found, &count);
        for (size_t j = 0; rv == CKR_OK && j < count; j++)
            rv = classes[i].see(f, s->handle, found[j], sight);
    }
    qsort(sight->keys, sight->count, sizeof sight->keys[0], by_id);
    return rv;
}

enum err token_look(struct token *t, struct token_sight *out)
{
    enum err e = token_session_run(t, "C_FindObjects", look, out);
    if (e)
        memset(out, 0, sizeof *out);
    return e;
}
