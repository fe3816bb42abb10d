/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#define CERTIFICATE_MAX 8192 /* bytes of DER */

/* The attributes of a certificate object that stand in the certificate (PKCS#11 2.40, 4.6.3). */
struct fields {
    uint8_t *subject, *issuer, *serial;
    int subject_len, issuer_len, serial_len;
};

struct storing {
    const struct token_key *key;
    const uint8_t *der;
    size_t len;
    struct fields fields;
    bool foreign; /* there is one that another issued */
};

static void free_fields(struct fields *f)
{
    OPENSSL_free(f->subject);
    OPENSSL_free(f->issuer);
    OPENSSL_free(f->serial);
}

/* A certificate of another key would hide this one behind it where a token shows keys through
 * certificates. */
static enum err take_fields(const uint8_t *der, size_t len, const struct token_key *k,
                            struct fields *out)
{
    const uint8_t *at = der;
    X509 *x = len <= LONG_MAX ? d2i_X509(NULL, &at, (long)len) : NULL;
    enum err e = x && at == der + len ? ERR_OK : ERR_KEY_INVALID;

    if (!e && EVP_PKEY_eq(X509_get0_pubkey(x), k->public) != 1)
        e = ERR_KEY_MISMATCH;
    if (!e) {
        out->subject_len = i2d_X509_NAME(X509_get_subject_name(x), &out->subject);
        out->issuer_len = i2d_X509_NAME(X509_get_issuer_name(x), &out->issuer);
        out->serial_len = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &out->serial);
        if (out->subject_len <= 0 || out->issuer_len <= 0 || out->serial_len <= 0)
            e = ERR_NO_MEMORY;
    }
    X509_free(x);
    ERR_clear_error();
    return e;
}

static CK_RV create(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, const struct storing *o,
                    CK_OBJECT_HANDLE *made)
{
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    const struct token_key_info *k = &o->key->info;
    /* PKCS#11 takes templates as non-const and only reads them. */
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_CERTIFICATE_TYPE, &type, sizeof type},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &no, sizeof no},
        {CKA_LABEL, (void *)(uintptr_t)k->label, strlen(k->label)},
        {CKA_ID, (void *)(uintptr_t)k->id, k->id_len},
        {CKA_SUBJECT, o->fields.subject, (CK_ULONG)o->fields.subject_len},
        {CKA_ISSUER, o->fields.issuer, (CK_ULONG)o->fields.issuer_len},
        {CKA_SERIAL_NUMBER, o->fields.serial, (CK_ULONG)o->fields.serial_len},
        {CKA_VALUE, (void *)(uintptr_t)o->der, o->len},
    };

    return f->C_CreateObject(s, template, sizeof template / sizeof template[0], made);
}

/* What cannot be read is whose it may be. */
static bool same_issuer(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE certificate,
                        const struct fields *ours)
{
    uint8_t der[CERTIFICATE_MAX], *issuer = NULL;
    const uint8_t *at = der;
    size_t len = 0;

    if (token_object_bytes(f, s, certificate, CKA_VALUE, der, sizeof der, &len) != CKR_OK)
        return false;
    X509 *x = d2i_X509(NULL, &at, (long)len);
    int issuer_len = x ? i2d_X509_NAME(X509_get_issuer_name(x), &issuer) : 0;
    bool same = issuer_len > 0 && issuer_len == ours->issuer_len &&
                memcmp(issuer, ours->issuer, (size_t)issuer_len) == 0;
    OPENSSL_free(issuer);
    X509_free(x);
    ERR_clear_error();
    return same;
}

/* One key has one certificate; the new one stands before an earlier one of the same issuer goes.
 * Another issuer's is somebody's who needs it. */
static CK_RV store(struct token *t, const struct token_session *s, void *arg)
{
    struct storing *o = arg;
    const struct token_key_info *k = &o->key->info;
    CK_FUNCTION_LIST *f = t->module->f;
    CK_OBJECT_HANDLE found[TOKEN_OBJECTS_MAX], made = 0;
    size_t count = 0;

    CK_RV rv = token_object_find_id(f, s->handle, CKO_CERTIFICATE, k->id, k->id_len, found, &count);
    for (size_t i = 0; rv == CKR_OK && i < count; i++)
        o->foreign = o->foreign || !same_issuer(f, s->handle, found[i], &o->fields);
    if (rv == CKR_OK && o->foreign)
        return CKR_OK;
    if (rv == CKR_OK)
        rv = create(f, s->handle, o, &made);
    for (size_t i = 0; rv == CKR_OK && i < count; i++)
        rv = f->C_DestroyObject(s->handle, found[i]);
    return rv;
}

enum err token_key_store_certificate(struct token_key *k, const uint8_t *der, size_t len)
{
    struct storing o = {.key = k, .der = der, .len = len};

    enum err e = take_fields(der, len, k, &o.fields);
    if (!e)
        e = token_session_run_rw(k->token, "C_CreateObject", store, &o);
    if (!e && o.foreign)
        e = ERR_TOKEN_CERTIFICATE;
    free_fields(&o.fields);
    return e;
}
