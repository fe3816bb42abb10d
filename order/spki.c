/* SPDX-License-Identifier: Apache-2.0 */
#include "order/spki.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdbool.h>

/* True when ALGORITHM names one of the three curves; *FIELD_LEN is then its field's bytes. */
static bool is_our_curve(const X509_ALGOR *algorithm, int *field_len)
{
    const void *value;
    int type;

    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type != V_ASN1_OBJECT)
        return false;
    switch (OBJ_obj2nid(value)) {
    case NID_X9_62_prime256v1:
        *field_len = 32;
        return true;
    case NID_secp384r1:
        *field_len = 48;
        return true;
    case NID_secp521r1:
        *field_len = 66;
        return true;
    default:
        return false;
    }
}

static enum err judge(const X509_ALGOR *algorithm, const ASN1_BIT_STRING *bits)
{
    const ASN1_OBJECT *oid;
    int field_len = 0;

    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    if (OBJ_obj2nid(oid) != NID_X9_62_id_ecPublicKey)
        return ERR_KEY_ALGORITHM;
    if (!is_our_curve(algorithm, &field_len))
        return ERR_KEY_CURVE;
    const uint8_t *point = ASN1_STRING_get0_data(bits);
    if (ASN1_STRING_length(bits) == 1 + field_len && (point[0] == 0x02 || point[0] == 0x03))
        return ERR_KEY_COMPRESSED;
    return ERR_KEY_INVALID;
}

enum err spki_refusal(const uint8_t *der, size_t len)
{
    const uint8_t *at = der;
    X509_ALGOR *algorithm = NULL;
    ASN1_BIT_STRING *bits = NULL;
    enum err e = ERR_KEY_INVALID;
    long inner;
    int tag, class;

    if (len > INT_MAX)
        return ERR_KEY_INVALID;
    if (ASN1_get_object(&at, &inner, &tag, &class, (long)len) != V_ASN1_CONSTRUCTED ||
        tag != V_ASN1_SEQUENCE || class != V_ASN1_UNIVERSAL || at + inner != der + len)
        goto out;
    algorithm = d2i_X509_ALGOR(NULL, &at, (long)(der + len - at));
    if (!algorithm)
        goto out;
    bits = d2i_ASN1_BIT_STRING(NULL, &at, (long)(der + len - at));
    if (bits && at == der + len)
        e = judge(algorithm, bits);
out:
    ERR_clear_error();
    X509_ALGOR_free(algorithm);
    ASN1_BIT_STRING_free(bits);
    return e;
}
