/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/card/piv_slot.h"

#include "tests/card/ec.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/x509v3.h>

#define VALID_BEFORE_S 3600
#define VALID_S (86400L * 365)

const struct piv_profile piv_profiles[PIV_SLOT_COUNT] = {
    {0x9A, {0x5F, 0xC1, 0x05}, "PIV AUTH", "critical,digitalSignature"},
    {0x9C, {0x5F, 0xC1, 0x0A}, "PIV SIGN", "critical,digitalSignature,nonRepudiation"},
    {0x9D, {0x5F, 0xC1, 0x0B}, "PIV KEYM", "critical,keyAgreement"},
    {0x9E, {0x5F, 0xC1, 0x01}, "PIV CARD", "critical,digitalSignature"},
};

bool piv_slot_generate(struct piv_slot *slot, enum piv_algorithm algorithm)
{
    piv_slot_clear(slot);
    slot->key = EVP_EC_gen(algorithm == PIV_P256 ? "P-256" : "P-384");
    if (slot->key == NULL)
        return false;
    slot->algorithm = algorithm;
    return true;
}

void piv_slot_clear(struct piv_slot *slot)
{
    EVP_PKEY_free(slot->key);
    *slot = (struct piv_slot){.algorithm = PIV_NO_KEY};
}

bool piv_slot_put_public(const struct piv_slot *slot, struct reply *reply)
{
    uint8_t point[EC_POINT_MAX];
    size_t len = 0;
    struct reply value = {0};

    if (EVP_PKEY_get_octet_string_param(slot->key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                        &len) != 1)
        return false;
    reply_tlv(&value, 0x86, point, len);
    reply_tlv(reply, 0x7F49, value.bytes, value.len);
    return true;
}

static bool add_usage(X509 *certificate, const char *usage)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);
    bool ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;

    X509_EXTENSION_free(extension);
    return ok;
}

static bool fill_certificate(const struct piv_slot *slot, const struct piv_profile *profile,
                             X509 *certificate)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    const unsigned char *text = (const unsigned char *)profile->name;
    const EVP_MD *hash = slot->algorithm == PIV_P256 ? EVP_sha256() : EVP_sha384();

    return X509_set_version(certificate, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), profile->reference) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -VALID_BEFORE_S) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_S) != NULL &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, name) == 1 &&
           X509_set_pubkey(certificate, slot->key) == 1 && add_usage(certificate, profile->usage) &&
           X509_sign(certificate, slot->key, hash) > 0;
}

bool piv_slot_put_certificate(const struct piv_slot *slot, const struct piv_profile *profile,
                              struct reply *reply)
{
    X509 *certificate = X509_new();
    uint8_t *der = NULL;
    int len = -1;

    if (certificate != NULL && fill_certificate(slot, profile, certificate))
        len = i2d_X509(certificate, &der);
    X509_free(certificate);
    if (len < 0)
        return false;
    reply_tlv(reply, 0x70, der, (size_t)len);
    reply_tlv(reply, 0x71, (uint8_t[]){0}, 1); /* CertInfo: not compressed */
    reply_tlv(reply, 0xFE, NULL, 0);
    OPENSSL_free(der);
    return true;
}
