/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/certs.h"

#include "order/forms.h"
#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define EARLY_S (60L * 60)
#define URI_SCHEME "countersign:"

/* What is special about one kind of certificate. */
struct profile {
    const char *name; /* subject CN: for people, nothing checks it; NULL: a person's own */
    int days;         /* 0: a setting */
    struct {
        int nid;
        const char *value; /* X509V3_EXT_conf's language; NULL: the subject's URI */
    } extensions[8];       /* up to the first nid 0 */
};

/* keyid needs the subject key identifier of the issuer, so it stands behind the subject's own. */
static const struct profile root_profile = {
    "Countersign bank root",
    CERTS_ROOT_DAYS,
    {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
     {NID_key_usage, "critical,keyCertSign"},
     {NID_subject_key_identifier, "hash"},
     {NID_subject_alt_name, NULL}},
};
static const struct profile leaf_profile = {
    "Countersign bank",
    CERTS_LEAF_DAYS,
    {{NID_basic_constraints, "critical,CA:FALSE"},
     {NID_key_usage, "critical,digitalSignature"},
     {NID_ext_key_usage, "serverAuth"},
     {NID_subject_key_identifier, "hash"},
     {NID_authority_key_identifier, "keyid:always"},
     {NID_subject_alt_name, NULL}},
};

/* What people's tokens sign with says so in X.509's words; and only the other one is for TLS alone.
 */
static const struct profile person_profiles[] = {
    [KEY_USE_SIGN] = {NULL,
                      0,
                      {{NID_basic_constraints, "critical,CA:FALSE"},
                       {NID_key_usage, "critical,digitalSignature,nonRepudiation"},
                       {NID_subject_key_identifier, "hash"},
                       {NID_authority_key_identifier, "keyid:always"},
                       {NID_subject_alt_name, NULL}}},
    [KEY_USE_AUTHENTICATE] = {NULL,
                              0,
                              {{NID_basic_constraints, "critical,CA:FALSE"},
                               {NID_key_usage, "critical,digitalSignature"},
                               {NID_ext_key_usage, "clientAuth"},
                               {NID_subject_key_identifier, "hash"},
                               {NID_authority_key_identifier, "keyid:always"},
                               {NID_subject_alt_name, NULL}}},
};

/* Whom a certificate is about. */
struct subject {
    const char *name;
    const char *holder; /* NULL: the bank itself */
    int days;
};

/* OpenSSL's answer becomes ours, and its error queue is left empty. */
static enum err judge(bool good, enum err otherwise)
{
    ERR_clear_error();
    return good ? ERR_OK : otherwise;
}

static EVP_PKEY *public_key(const struct key *key)
{
    size_t len;
    const uint8_t *spki = key_spki(key, &len);
    return d2i_PUBKEY(NULL, &spki, (long)len);
}

static X509 *parse_certificate(const uint8_t *der, size_t len)
{
    const uint8_t *at = der;
    X509 *x = len <= LONG_MAX ? d2i_X509(NULL, &at, (long)len) : NULL;
    if (x && at != der + len) {
        X509_free(x);
        return NULL;
    }
    return x;
}

/* --- the fields --- */

static bool set_serial(X509 *x, const uint8_t serial[static CERTS_SERIAL_LEN])
{
    uint8_t bytes[CERTS_SERIAL_LEN];

    /* RFC 5280 4.1.2.2: positive, at most 20 octets, and one length for all. */
    memcpy(bytes, serial, sizeof bytes);
    bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
    BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool good = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
    BN_free(n);
    return good;
}

static bool set_validity(X509 *x, int days, int64_t now_us)
{
    time_t now = (time_t)(now_us / 1000000);
    return ASN1_TIME_adj(X509_getm_notBefore(x), now, 0, -EARLY_S) &&
           ASN1_TIME_adj(X509_getm_notAfter(x), now, days, 0);
}

static bool set_name(X509_NAME *name, const char *common_name)
{
    /* Not MBSTRING_UTF8, which takes no more than RFC 5280's 64 characters. */
    return X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
                                      (const unsigned char *)common_name, -1, -1, 0) == 1;
}

static bool add_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    bool good = extension && X509_add_ext(x, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

static bool add_extensions(X509 *x, X509 *issuer, const struct profile *p, const char *bank,
                           const char *holder)
{
    char uri[sizeof "URI:" URI_SCHEME "#" + BANK_MAX + HOLDER_MAX];
    X509V3_CTX ctx;

    snprintf(uri, sizeof uri, "URI:%s%s%s%s", URI_SCHEME, bank, holder ? "#" : "",
             holder ? holder : "");
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    for (size_t i = 0; p->extensions[i].nid; i++) {
        const char *value = p->extensions[i].value;
        if (!add_extension(x, &ctx, p->extensions[i].nid, value ? value : uri))
            return false;
    }
    return true;
}

static bool fill(X509 *x, X509 *issuer, const struct profile *p, const char *bank,
                 const struct subject *about, int64_t now_us,
                 const uint8_t serial[static CERTS_SERIAL_LEN])
{
    return X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x, serial) &&
           set_validity(x, about->days, now_us) &&
           set_name(X509_get_subject_name(x), about->name) &&
           X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
           add_extensions(x, issuer, p, bank, about->holder);
}

/* What a profile of the bank's own says of its subject. */
static struct subject bank_subject(const struct profile *p)
{
    return (struct subject){.name = p->name, .days = p->days};
}

/* --- the signature, made on the token --- */

/* The bytes to be signed. The algorithm's name is among them, and X509_sign alone sets it: hence
 * the signature by a key that is thrown away; i2d_re_X509_tbs leaves it out. */
static enum err to_be_signed(X509 *x, struct buf *out)
{
    EVP_PKEY *scratch = EVP_EC_gen("P-256");
    uint8_t *der = NULL;
    int len = -1;

    if (scratch && X509_sign(x, scratch, EVP_sha256()) > 0)
        len = i2d_re_X509_tbs(x, &der);
    enum err e = judge(len > 0, ERR_INTERNAL);
    if (!e)
        e = buf_add(out, der, (size_t)len);
    OPENSSL_free(der);
    EVP_PKEY_free(scratch);
    return e;
}

/* Appends a DER tag and length. */
static enum err put_header(struct buf *out, bool constructed, int tag, size_t content)
{
    uint8_t header[16], *end = header;

    ASN1_put_object(&end, constructed, (int)content, tag, V_ASN1_UNIVERSAL);
    return buf_add(out, header, (size_t)(end - header));
}

static size_t header_len(size_t content, int tag)
{
    return (size_t)ASN1_object_size(0, (int)content, tag) - content;
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING } */
static enum err assemble(const struct buf *tbs, const struct buf *sig, struct buf *out)
{
    static const uint8_t ecdsa_with_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                                0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    size_t bits = 1 + sig->len; /* a byte says how many bits of the last one are unused: none */
    size_t content =
        tbs->len + sizeof ecdsa_with_sha256 + header_len(bits, V_ASN1_BIT_STRING) + bits;

    enum err e = put_header(out, true, V_ASN1_SEQUENCE, content);
    if (!e)
        e = buf_add(out, tbs->data, tbs->len);
    if (!e)
        e = buf_add(out, ecdsa_with_sha256, sizeof ecdsa_with_sha256);
    if (!e)
        e = put_header(out, false, V_ASN1_BIT_STRING, bits);
    if (!e)
        e = buf_add_byte(out, 0);
    return e ? e : buf_add(out, sig->data, sig->len);
}

static enum err sign_tbs(const struct certs_issuer *issuer, const struct buf *tbs, struct buf *sig)
{
    uint8_t hash[KEY_HASH_MAX], raw[KEY_SIGNATURE_MAX];
    size_t hash_len, raw_len;

    enum err e = key_hash(KEY_ES256, tbs->data, tbs->len, hash, &hash_len);
    if (!e)
        e = issuer->sign(issuer->sign_ctx, hash, hash_len, raw, sizeof raw, &raw_len);
    return e ? e : key_sig_to_der(KEY_ES256, raw, raw_len, sig);
}

static enum err verify(const uint8_t *der, size_t len, const struct key *root)
{
    X509 *x = parse_certificate(der, len);
    EVP_PKEY *key = public_key(root);

    enum err e = judge(x != NULL, ERR_USAGE);
    if (!e)
        e = judge(key && X509_verify(x, key) == 1, ERR_SIGNATURE_INVALID);
    EVP_PKEY_free(key);
    X509_free(x);
    return e;
}

static enum err sign_certificate(const struct certs_issuer *issuer, X509 *x, struct buf *der)
{
    struct buf tbs = {0}, sig = {0}, made = {0};

    enum err e = to_be_signed(x, &tbs);
    if (!e)
        e = sign_tbs(issuer, &tbs, &sig);
    if (!e)
        e = assemble(&tbs, &sig, &made);
    if (!e)
        e = verify(made.data, made.len, issuer->root);
    if (!e)
        e = buf_add(der, made.data, made.len);
    buf_free(&tbs);
    buf_free(&sig);
    buf_free(&made);
    return e;
}

/* --- the kinds --- */

enum err certs_root(const struct certs_issuer *issuer, int64_t now_us,
                    const uint8_t serial[static CERTS_SERIAL_LEN], struct buf *der)
{
    const struct subject about = bank_subject(&root_profile);
    EVP_PKEY *key = public_key(issuer->root);
    X509 *x = X509_new();

    bool good = key && x && X509_set_pubkey(x, key) == 1 &&
                fill(x, x, &root_profile, issuer->bank, &about, now_us, serial);
    enum err e = judge(good, ERR_INTERNAL);
    if (!e)
        e = sign_certificate(issuer, x, der);
    X509_free(x);
    EVP_PKEY_free(key);
    return e;
}

/* The request's key is judged by its own bytes, before OpenSSL decodes it. */
static enum err check_key(X509_REQ *request)
{
    struct key *key = NULL;
    uint8_t *spki = NULL;
    int len = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), &spki);

    enum err e = judge(len > 0, ERR_USAGE);
    if (!e)
        e = key_from_spki(spki, (size_t)len, &key);
    if (!e && key_algorithm(key) != KEY_ES256)
        e = ERR_KEY_CURVE;
    key_free(key);
    OPENSSL_free(spki);
    return e;
}

static enum err parse_request(const uint8_t *der, size_t len, X509_REQ **out)
{
    const uint8_t *at = der;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, len <= LONG_MAX ? (long)len : 0);

    *out = NULL;
    enum err e = judge(request && at == der + len, ERR_USAGE);
    if (!e)
        e = check_key(request);
    if (!e)
        e = judge(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1,
                  ERR_SIGNATURE_INVALID);
    if (e) {
        X509_REQ_free(request);
        return e;
    }
    *out = request;
    return ERR_OK;
}

enum err certs_leaf(const struct certs_issuer *issuer, const struct buf *root_der,
                    const uint8_t *request, size_t len, int64_t now_us,
                    const uint8_t serial[static CERTS_SERIAL_LEN], struct buf *der)
{
    const struct subject about = bank_subject(&leaf_profile);
    X509_REQ *asked;
    X509 *root = NULL, *x = NULL;

    enum err e = parse_request(request, len, &asked);
    if (e)
        return e;
    root = parse_certificate(root_der->data, root_der->len);
    x = X509_new();
    bool good = root && x && X509_set_pubkey(x, X509_REQ_get0_pubkey(asked)) == 1 &&
                fill(x, root, &leaf_profile, issuer->bank, &about, now_us, serial);
    e = judge(good, ERR_INTERNAL);
    if (!e)
        e = sign_certificate(issuer, x, der);
    X509_free(x);
    X509_free(root);
    X509_REQ_free(asked);
    return e;
}

enum err certs_person(const struct certs_issuer *issuer, const struct buf *root_der,
                      const struct certs_person *person, int64_t now_us,
                      const uint8_t serial[static CERTS_SERIAL_LEN], struct buf *der)
{
    const struct subject about = {person->name, person->holder, person->days};
    if (person->use == KEY_USE_DERIVE)
        return ERR_INTERNAL;
    X509 *root = parse_certificate(root_der->data, root_der->len), *x = X509_new();
    EVP_PKEY *key = public_key(person->key);
    bool good = root && x && key && X509_set_pubkey(x, key) == 1 &&
                fill(x, root, &person_profiles[person->use], issuer->bank, &about, now_us, serial);
    enum err e = judge(good, ERR_INTERNAL);
    if (!e)
        e = sign_certificate(issuer, x, der);
    EVP_PKEY_free(key);
    X509_free(x);
    X509_free(root);
    return e;
}

enum err certs_check_root(const struct buf *der, const struct key *root)
{
    X509 *x = parse_certificate(der->data, der->len);
    EVP_PKEY *key = public_key(root);

    enum err e = judge(x != NULL, ERR_USAGE);
    if (!e)
        e = judge(key && EVP_PKEY_eq(X509_get0_pubkey(x), key) == 1, ERR_KEY_MISMATCH);
    if (!e)
        e = verify(der->data, der->len, root);
    EVP_PKEY_free(key);
    X509_free(x);
    return e;
}
