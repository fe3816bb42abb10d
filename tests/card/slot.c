/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/slot.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>

#define VALID_BEFORE_S 3600
#define VALID_S (86400L * 365)

struct slot {
    const struct slot_profile *profile;
    enum slot_algorithm algorithm;
    EVP_PKEY *key;
    uint8_t *certificate; /* DER, OpenSSL's memory */
    size_t certificate_len;
};

static bool add_usage(X509 *certificate, const char *usage)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);
    bool ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return ok;
}

static bool fill_certificate(const struct slot *slot, X509 *certificate)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    const unsigned char *text = (const unsigned char *)slot->profile->name;
    const EVP_MD *hash = slot->algorithm == SLOT_P256 ? EVP_sha256() : EVP_sha384();

    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), slot->profile->reference) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -VALID_BEFORE_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_S) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_set_pubkey(certificate, slot->key) == 1 &&
           add_usage(certificate, slot->profile->usage) &&
           X509_sign(certificate, slot->key, hash) > 0;
}

static bool make_certificate(struct slot *slot)
{
    X509 *certificate = X509_new();
    int len = -1;

    if (certificate != NULL && fill_certificate(slot, certificate))
        len = i2d_X509(certificate, &slot->certificate);
    X509_free(certificate);
    if (len < 0)
        return false;
    slot->certificate_len = (size_t)len;
    return true;
}

struct slot *slot_new(const struct slot_profile *profile, enum slot_algorithm algorithm)
{
    struct slot *slot = calloc(1, sizeof *slot);

    if (slot == NULL)
        return NULL;
    slot->profile = profile;
    slot->algorithm = algorithm;
    slot->key = EVP_EC_gen(algorithm == SLOT_P256 ? "P-256" : "P-384");
    if (slot->key == NULL || !make_certificate(slot)) {
        slot_free(slot);
        return NULL;
    }
    return slot;
}

void slot_free(struct slot *slot)
{
    if (slot == NULL)
        return;
    EVP_PKEY_free(slot->key);
    OPENSSL_free(slot->certificate);
    free(slot);
}

const struct slot_profile *slot_profile(const struct slot *slot)
{
    return slot->profile;
}

enum slot_algorithm slot_algorithm(const struct slot *slot)
{
    return slot->algorithm;
}

void slot_put_certificate(const struct slot *slot, struct reply *reply)
{
    struct reply object = {0};

    reply_tlv(&object, 0x70, slot->certificate, slot->certificate_len);
    reply_tlv(&object, 0x71, (uint8_t[]){0}, 1); /* CertInfo: not compressed */
    reply_tlv(&object, 0xFE, NULL, 0);
    reply_tlv(reply, 0x53, object.bytes, object.len);
}

EVP_PKEY *slot_key(const struct slot *slot)
{
    return slot->key;
}
