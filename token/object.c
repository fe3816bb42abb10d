/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include <string.h>

CK_RV token_object_find(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_ATTRIBUTE *match,
                        CK_ULONG match_count, CK_OBJECT_HANDLE out[static TOKEN_OBJECTS_MAX],
                        size_t *count)
{
    CK_OBJECT_HANDLE one_more;
    CK_ULONG n = 0, rest = 0;

    *count = 0;
    CK_RV rv = f->C_FindObjectsInit(s, match, match_count);
    if (rv != CKR_OK)
        return rv;
    do {
        rv = f->C_FindObjects(s, out + *count, TOKEN_OBJECTS_MAX - *count, &n);
        if (rv == CKR_OK && n > TOKEN_OBJECTS_MAX - *count)
            rv = CKR_FUNCTION_FAILED; /* more than it was asked for: believe none */
        *count += rv == CKR_OK ? n : 0;
    } while (rv == CKR_OK && n > 0 && *count < TOKEN_OBJECTS_MAX);
    if (rv == CKR_OK && *count == TOKEN_OBJECTS_MAX)
        rv = f->C_FindObjects(s, &one_more, 1, &rest);
    CK_RV final = f->C_FindObjectsFinal(s);
    if (rv == CKR_OK)
        rv = final;
    return rv == CKR_OK && rest ? CKR_HOST_MEMORY : rv;
}

CK_RV token_object_find_id(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
                           const uint8_t *id, size_t id_len,
                           CK_OBJECT_HANDLE out[static TOKEN_OBJECTS_MAX], size_t *count)
{
    CK_ATTRIBUTE match[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_ID, (void *)(uintptr_t)id, id_len},
    };
    return token_object_find(f, s, match, 2, out, count);
}

CK_RV token_object_bytes(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
                         CK_ATTRIBUTE_TYPE type, void *out, size_t cap, size_t *len)
{
    CK_ATTRIBUTE one = {type, out, cap};

    *len = 0;
    CK_RV rv = f->C_GetAttributeValue(s, object, &one, 1);
    switch (rv) {
    case CKR_ATTRIBUTE_TYPE_INVALID:
    case CKR_ATTRIBUTE_SENSITIVE:
    case CKR_BUFFER_TOO_SMALL:
        return CKR_OK;
    case CKR_OK:
        if (one.ulValueLen <= cap) /* not CK_UNAVAILABLE_INFORMATION */
            *len = one.ulValueLen;
        return CKR_OK;
    default:
        return rv;
    }
}

CK_RV token_object_flag(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
                        CK_ATTRIBUTE_TYPE type, bool *out)
{
    CK_BBOOL value = CK_FALSE;
    size_t len = 0;

    CK_RV rv = token_object_bytes(f, s, object, type, &value, sizeof value, &len);
    *out = rv == CKR_OK && len == sizeof value && value != CK_FALSE;
    return rv;
}

CK_RV token_object_key_info(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object,
                            struct token_key_info *out)
{
    CK_KEY_TYPE type = 0;
    size_t len = 0;

    memset(out, 0, sizeof *out);
    CK_RV rv = token_object_bytes(f, s, object, CKA_LABEL, out->label, TOKEN_OBJECT_MAX, &len);
    if (rv == CKR_OK)
        rv = token_object_bytes(f, s, object, CKA_ID, out->id, sizeof out->id, &out->id_len);
    if (rv == CKR_OK)
        rv = token_object_bytes(f, s, object, CKA_KEY_TYPE, &type, sizeof type, &len);
    out->ec = rv == CKR_OK && len == sizeof type && type == CKK_EC;
    if (rv == CKR_OK)
        rv = token_object_flag(f, s, object, CKA_SIGN, &out->sign);
    if (rv == CKR_OK)
        rv = token_object_flag(f, s, object, CKA_DERIVE, &out->derive);
    if (rv == CKR_OK)
        rv = token_object_flag(f, s, object, CKA_ALWAYS_AUTHENTICATE, &out->always_authenticate);
    return rv;
}
