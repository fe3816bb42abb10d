/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/issued.h"

#include "base/clock.h"
#include "order/forms.h"
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static X509 *parse(const struct buf *der)
{
    const uint8_t *at = der->data;
    X509 *x = der->len <= LONG_MAX ? d2i_X509(NULL, &at, (long)der->len) : NULL;
    if (x != NULL && at != der->data + der->len) {
        X509_free(x);
        x = NULL;
    }
    ERR_clear_error();
    return x;
}

/* The key's bytes as the product reads them, not as OpenSSL does. */
static struct key *key_of(X509 *x)
{
    struct key *key = NULL;
    uint8_t *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    if (len <= 0 || key_from_spki(der, (size_t)len, &key) != ERR_OK)
        key = NULL;
    OPENSSL_free(der);
    return key;
}

static bool has_key(X509 *x, const char *thumbprint)
{
    struct key *key = key_of(x);
    bool same = key != NULL && strcmp(key_thumbprint(key), thumbprint) == 0;
    key_free(key);
    return same;
}

static bool is_text(const ASN1_STRING *value, const char *text)
{
    return (size_t)ASN1_STRING_length(value) == strlen(text) &&
           memcmp(ASN1_STRING_get0_data(value), text, strlen(text)) == 0;
}

/* One common name and nothing else, byte for byte. */
static bool has_name(X509 *x, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(x);
    if (X509_NAME_entry_count(subject) != 1 ||
        X509_NAME_get_index_by_NID(subject, NID_commonName, -1) != 0)
        return false;
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, 0));
    return ASN1_STRING_type(value) == V_ASN1_UTF8STRING && is_text(value, name);
}

/* One alternative name, a URI: who he is at which bank (docs/FORMAT.md section 9). */
static bool has_uri(X509 *x, const struct issued_to *to)
{
    char uri[sizeof "countersign:#" + BANK_MAX + HOLDER_MAX];
    GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    bool same = false;
    (void)snprintf(uri, sizeof uri, "countersign:%s#%s", to->bank, to->holder);
    if (all != NULL && sk_GENERAL_NAME_num(all) == 1) {
        const GENERAL_NAME *only = sk_GENERAL_NAME_value(all, 0);
        same = only->type == GEN_URI && is_text(only->d.uniformResourceIdentifier, uri);
    }
    GENERAL_NAMES_free(all);
    return same;
}

static bool valid_now(const X509 *x)
{
    time_t now = (time_t)(clock_now_us() / INT64_C(1000000));
    return X509_cmp_time(X509_get0_notBefore(x), &now) < 0 &&
           X509_cmp_time(X509_get0_notAfter(x), &now) > 0;
}

enum err issued_root(const struct buf *root, char pin[static KEY_THUMBPRINT_LEN + 1],
                     const char **why)
{
    X509 *x = parse(root);
    struct key *key = x != NULL ? key_of(x) : NULL;
    if (key != NULL)
        memcpy(pin, key_thumbprint(key), KEY_THUMBPRINT_LEN + 1);
    else
        *why = "the bank's root certificate is none";
    enum err e = key != NULL ? ERR_OK : ERR_CERTIFICATE_MISMATCH;
    key_free(key);
    X509_free(x);
    return e;
}

enum err issued_check(const struct buf *certificate, const struct buf *root,
                      const struct issued_to *to, const char **why)
{
    X509 *x = parse(certificate), *issuer = parse(root);
    enum err e = ERR_CERTIFICATE_MISMATCH;
    if (x == NULL || issuer == NULL)
        *why = "it is no certificate";
    else if (X509_verify(x, X509_get0_pubkey(issuer)) != 1 ||
             X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(issuer)) != 0)
        *why = "the bank's root did not sign it";
    else if (!has_key(x, key_thumbprint(to->key)))
        *why = "it is of another key than the one on this token";
    else if (!has_name(x, to->name) || !has_uri(x, to))
        *why = "it names somebody else";
    else if (!valid_now(x))
        *why = "it is not valid now";
    else
        e = ERR_OK;
    ERR_clear_error();
    X509_free(x);
    X509_free(issuer);
    return e;
}

enum err issued_pem(const struct buf *certificate, struct buf *out)
{
    X509 *x = parse(certificate);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    enum err e =
        x != NULL && bio != NULL && PEM_write_bio_X509(bio, x) == 1 ? ERR_OK : ERR_NO_MEMORY;
    if (e == ERR_OK) {
        long len = BIO_get_mem_data(bio, &text);
        e = buf_add(out, text, (size_t)len);
    }
    BIO_free(bio);
    X509_free(x);
    return e;
}
