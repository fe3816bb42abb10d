/* SPDX-License-Identifier: Apache-2.0 */
#include "token/ckr.h"

#include "base/log.h"
#include <stddef.h>
#include <string.h>

static const struct {
    CK_RV rv;
    enum err err;
    bool stale;
} TABLE[] = {
    {CKR_OK, ERR_OK, false},
    {CKR_CANCEL, ERR_PIN_CANCELLED, false},
    {CKR_HOST_MEMORY, ERR_NO_MEMORY, false},
    {CKR_SLOT_ID_INVALID, ERR_TOKEN_REMOVED, false},
    {CKR_GENERAL_ERROR, ERR_TOKEN_FAILED, true},
    {CKR_FUNCTION_CANCELED, ERR_PIN_CANCELLED, false},
    {CKR_DEVICE_ERROR, ERR_TOKEN_FAILED, true},
    {CKR_DEVICE_MEMORY, ERR_TOKEN_FULL, true},
    {CKR_DEVICE_REMOVED, ERR_TOKEN_REMOVED, true},
    {CKR_FUNCTION_NOT_SUPPORTED, ERR_TOKEN_UNSUPPORTED, false},
    {CKR_MECHANISM_INVALID, ERR_TOKEN_NO_EC, false},
    {CKR_KEY_HANDLE_INVALID, ERR_KEY_NOT_FOUND, false},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, ERR_KEY_NOT_FOUND, false},
    {CKR_KEY_TYPE_INCONSISTENT, ERR_KEY_ALGORITHM, false},
    {CKR_OBJECT_HANDLE_INVALID, ERR_TOKEN_REMOVED, true},
    {CKR_PIN_INCORRECT, ERR_PIN_WRONG, false},
    {CKR_PIN_INVALID, ERR_PIN_INVALID, false},
    {CKR_PIN_LEN_RANGE, ERR_PIN_INVALID, false},
    {CKR_PIN_EXPIRED, ERR_PIN_EXPIRED, false},
    {CKR_PIN_LOCKED, ERR_PIN_LOCKED, false},
    {CKR_SESSION_COUNT, ERR_TOKEN_BUSY, false},
    {CKR_SESSION_HANDLE_INVALID, ERR_TOKEN_REMOVED, true},
    {CKR_SESSION_READ_ONLY, ERR_TOKEN_READ_ONLY, false},
    {CKR_TOKEN_NOT_PRESENT, ERR_TOKEN_REMOVED, true},
    {CKR_TOKEN_NOT_RECOGNIZED, ERR_TOKEN_REMOVED, true},
    {CKR_TOKEN_WRITE_PROTECTED, ERR_TOKEN_READ_ONLY, false},
    {CKR_USER_NOT_LOGGED_IN, ERR_PIN_REQUIRED, true},
    {CKR_USER_PIN_NOT_INITIALIZED, ERR_PIN_NOT_SET, false},
    {CKR_USER_TYPE_INVALID, ERR_TOKEN_UNSUPPORTED, false}, /* only its administrator may */
    {CKR_DOMAIN_PARAMS_INVALID, ERR_TOKEN_NO_EC, false},
    {CKR_CURVE_NOT_SUPPORTED, ERR_TOKEN_NO_EC, false},
};

enum err ckr_err(CK_RV rv)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++)
        if (TABLE[i].rv == rv)
            return TABLE[i].err;
    return ERR_TOKEN_FAILED;
}

bool ckr_is_stale(CK_RV rv)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; i++)
        if (TABLE[i].rv == rv)
            return TABLE[i].stale;
    return false;
}

/* OpenSC's answer to a PIN with a character that the card does not take. */
static bool is_of_pin(CK_RV rv, const char *function)
{
    return rv == CKR_DATA_INVALID &&
           (strcmp(function, "C_Login") == 0 || strcmp(function, "C_SetPIN") == 0 ||
            strcmp(function, "C_InitPIN") == 0);
}

enum err ckr_fail(CK_RV rv, const char *function)
{
    enum err e = is_of_pin(rv, function) ? ERR_PIN_INVALID : ckr_err(rv);
    return log_fail(e, "token.pkcs11", "%s answered 0x%lx", function, rv);
}
