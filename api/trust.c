/* SPDX-License-Identifier: Apache-2.0 */
#include "api/trust.h"
#include "base/clock.h"
#include "order/forms.h"
#include "order/key.h"
#include "order/spki.h"
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CERT_HOURS 24

struct trust {
    char san[BANK_MAX + 16]; /* "countersign:" and the bank's name */
    char pin[KEY_THUMBPRINT_LEN + 1];
    char other_root[KEY_THUMBPRINT_LEN + 1]; /* see trust_other_root */
    EVP_PKEY *key;                           /* NULL without a session key */
    X509 *cert;
};

/* "" when it has no key of ours. */
static void thumbprint_of(X509 *cert, char out[static KEY_THUMBPRINT_LEN + 1])
{
    struct key *key = NULL;
    uint8_t *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    out[0] = '\0';
    if (len > 0 && key_from_spki(der, (size_t)len, &key) == ERR_OK)
        (void)snprintf(out, KEY_THUMBPRINT_LEN + 1, "%s", key_thumbprint(key));
    key_free(key);
    OPENSSL_free(der);
}

static bool valid_now(const X509 *cert)
{
    time_t now = (time_t)(clock_now_us() / INT64_C(1000000));
    return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
           X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

/* Exactly one subject alternative name, a URI, byte for byte the bank's. */
static bool names_bank(const X509 *leaf, const char *san)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    bool same = false;
    if (names != NULL && sk_GENERAL_NAME_num(names) == 1) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
        if (name->type == GEN_URI) {
            const ASN1_STRING *uri = name->d.uniformResourceIdentifier;
            size_t len = (size_t)ASN1_STRING_length(uri);
            same = len == strlen(san) && memcmp(ASN1_STRING_get0_data(uri), san, len) == 0;
        }
    }
    GENERAL_NAMES_free(names);
    return same;
}

/* The whole verification; OpenSSL's own is replaced, since there is no authority but the pin. */
static int verify_chain(X509_STORE_CTX *store, void *arg)
{
    struct trust *t = arg;
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
    t->other_root[0] = '\0';
    if (chain == NULL || sk_X509_num(chain) != 2)
        return 0;
    X509 *leaf = sk_X509_value(chain, 0), *root = sk_X509_value(chain, 1);
    if (leaf != X509_STORE_CTX_get0_cert(store) || X509_verify(leaf, X509_get0_pubkey(root)) != 1 ||
        !valid_now(leaf) || !names_bank(leaf, t->san))
        return 0;
    thumbprint_of(root, thumbprint);
    if (strcmp(thumbprint, t->pin) != 0) {
        memcpy(t->other_root, thumbprint, sizeof t->other_root);
        return 0;
    }
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

/* The certificate only carries the key; nobody reads its name or dates. */
static X509 *self_signed(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    if (cert == NULL)
        return NULL;
    X509_NAME *name = X509_get_subject_name(cert);
    time_t now = (time_t)(clock_now_us() / INT64_C(1000000));
    if (X509_set_version(cert, X509_VERSION_3) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"session", -1,
                                   -1, 0) == 1 &&
        X509_set_issuer_name(cert, name) == 1 &&
        X509_time_adj_ex(X509_getm_notBefore(cert), 0, -3600, &now) != NULL &&
        X509_time_adj_ex(X509_getm_notAfter(cert), 0, 3600L * CERT_HOURS, &now) != NULL &&
        X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, EVP_sha256()) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

static enum err load_session(struct trust *t, const struct secret *session_key)
{
    const unsigned char *der = secret_bytes(session_key);
    t->key = d2i_AutoPrivateKey(NULL, &der, (long)secret_len(session_key));
    if (t->key == NULL)
        return ERR_SESSION_REQUIRED;
    t->cert = self_signed(t->key);
    return t->cert != NULL ? ERR_OK : ERR_NO_MEMORY;
}

enum err trust_new(const char *bank, const char *bank_key, const struct secret *session_key,
                   struct trust **out)
{
    *out = NULL;
    enum err e = forms_bank(bank, strlen(bank));
    if (e != ERR_OK)
        return e;
    struct trust *t = calloc(1, sizeof *t);
    if (t == NULL)
        return ERR_NO_MEMORY;
    (void)snprintf(t->san, sizeof t->san, "countersign:%s", bank);
    e = trust_set_pin(t, bank_key);
    if (e == ERR_OK && session_key != NULL)
        e = load_session(t, session_key);
    if (e != ERR_OK) {
        trust_free(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

void trust_free(struct trust *t)
{
    if (t == NULL)
        return;
    X509_free(t->cert);
    EVP_PKEY_free(t->key);
    free(t);
}

enum err trust_set_pin(struct trust *t, const char *bank_key)
{
    enum err e = forms_thumbprint(bank_key, strlen(bank_key));
    if (e == ERR_OK)
        (void)snprintf(t->pin, sizeof t->pin, "%s", bank_key);
    return e;
}

const char *trust_other_root(const struct trust *t)
{
    return t->other_root;
}

enum err trust_apply(struct trust *t, SSL_CTX *ctx)
{
    char groups[] = "X25519"; /* the macro casts const away */
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set1_groups_list(ctx, groups) != 1)
        return ERR_NO_MEMORY;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify_chain, t);
    if (t->cert != NULL &&
        (SSL_CTX_use_certificate(ctx, t->cert) != 1 || SSL_CTX_use_PrivateKey(ctx, t->key) != 1))
        return ERR_NO_MEMORY;
    return ERR_OK;
}
