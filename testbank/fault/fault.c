/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module that stands before another one ($FAULT_MODULE) and lets things go wrong as
 * control.h describes: errors, hangs, crashes, wrong signatures, a keypad, a PIN that locks.
 * For tests only.
 */
#include "testbank/fault/control.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_MAX 1024 /* RSA with 8192 bits */

static CK_FUNCTION_LIST *real;
static pthread_mutex_t load_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t login_mutex = PTHREAD_MUTEX_INITIALIZER;

#define FORWARD(name, parameters, arguments)                                                       \
    static CK_RV fault_##name parameters                                                           \
    {                                                                                              \
        CK_RV rv;                                                                                  \
        if (control_call(#name, &rv) != CONTROL_FAIL)                                              \
            rv = real->name == NULL ? CKR_FUNCTION_NOT_SUPPORTED : real->name arguments;           \
        return control_answer(#name, rv);                                                          \
    }
#define SPECIAL(name, parameters, arguments)                                                       \
    static CK_RV special_##name parameters;                                                        \
    static CK_RV fault_##name parameters                                                           \
    {                                                                                              \
        return control_answer(#name, special_##name arguments);                                    \
    }
#include "testbank/fault/functions.def"
#undef FORWARD
#undef SPECIAL

static CK_FUNCTION_LIST functions = {
    .version = {2, 40},
#define FORWARD(name, parameters, arguments) .name = fault_##name,
#define SPECIAL(name, parameters, arguments) .name = fault_##name,
#include "testbank/fault/functions.def"
#undef FORWARD
#undef SPECIAL
};

/* PKCS#11 2.40 section 3.2: LOW after a wrong PIN, FINAL_TRY before the last one. */
static CK_RV special_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    char pin[CONTROL_PIN_MAX + 1];
    unsigned max, left;
    CK_RV rv;

    if (control_call("C_GetTokenInfo", &rv) == CONTROL_FAIL)
        return rv;
    rv = real->C_GetTokenInfo(slot, info);
    if (rv != CKR_OK)
        return rv;
    if (control_keypad(pin))
        info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    if (control_officer(&left))
        info->flags |= left == 0   ? CKF_SO_PIN_LOCKED
                       : left == 1 ? CKF_SO_PIN_FINAL_TRY
                                   : (CK_FLAGS)0;
    if (!control_tries(&max, &left))
        return CKR_OK;
    info->flags &=
        ~(CK_FLAGS)(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
    if (left < max)
        info->flags |= CKF_USER_PIN_COUNT_LOW;
    if (left == 1)
        info->flags |= CKF_USER_PIN_FINAL_TRY;
    if (left == 0)
        info->flags |= CKF_USER_PIN_LOCKED;
    return CKR_OK;
}

/* The PIN that is typed at the reader takes the place of a missing one. */
static CK_RV enter_pin(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG pin_len)
{
    char typed[CONTROL_PIN_MAX + 1];

    if (pin != NULL || !control_keypad(typed))
        return real->C_Login(session, user, pin, pin_len);
    if (typed[0] == '\0')
        return CKR_FUNCTION_CANCELED;
    return real->C_Login(session, user, (CK_BYTE *)typed, strlen(typed));
}

/* A try of the holder's PIN begins, and ends with what came of it: one at a time. */
static bool begin_try(void)
{
    unsigned max, left;

    pthread_mutex_lock(&login_mutex);
    return !control_tries(&max, &left) || left > 0;
}

static CK_RV end_try(CK_RV rv)
{
    if (rv == CKR_OK || rv == CKR_PIN_INCORRECT)
        control_note_pin(rv == CKR_OK);
    pthread_mutex_unlock(&login_mutex);
    return rv;
}

static CK_RV special_C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_BYTE *pin,
                             CK_ULONG pin_len)
{
    CK_RV rv;

    if (control_call("C_Login", &rv) == CONTROL_FAIL)
        return rv;
    if (user == CKU_SO)
        return enter_pin(session, user, pin, pin_len);
    return end_try(begin_try() ? enter_pin(session, user, pin, pin_len) : CKR_PIN_LOCKED);
}

static CK_RV special_C_InitPIN(CK_SESSION_HANDLE session, CK_BYTE *pin, CK_ULONG pin_len)
{
    char typed[CONTROL_PIN_MAX + 1];
    CK_RV rv;

    if (control_call("C_InitPIN", &rv) == CONTROL_FAIL)
        return rv;
    if (pin != NULL || !control_keypad(typed))
        return real->C_InitPIN(session, pin, pin_len);
    control_keypad_new(typed);
    return real->C_InitPIN(session, (CK_BYTE *)typed, strlen(typed));
}

/* Both at the reader, or neither. */
static CK_RV enter_both(CK_SESSION_HANDLE session, CK_BYTE *old_pin, CK_ULONG old_len,
                        CK_BYTE *new_pin, CK_ULONG new_len)
{
    char typed[CONTROL_PIN_MAX + 1], fresh[CONTROL_PIN_MAX + 1];

    if (old_pin != NULL || !control_keypad(typed))
        return real->C_SetPIN(session, old_pin, old_len, new_pin, new_len);
    if (typed[0] == '\0')
        return CKR_FUNCTION_CANCELED;
    control_keypad_new(fresh);
    return real->C_SetPIN(session, (CK_BYTE *)typed, strlen(typed), (CK_BYTE *)fresh,
                          strlen(fresh));
}

static CK_RV special_C_SetPIN(CK_SESSION_HANDLE session, CK_BYTE *old_pin, CK_ULONG old_len,
                              CK_BYTE *new_pin, CK_ULONG new_len)
{
    CK_RV rv;

    if (control_call("C_SetPIN", &rv) == CONTROL_FAIL)
        return rv;
    return end_try(begin_try() ? enter_both(session, old_pin, old_len, new_pin, new_len)
                               : CKR_PIN_LOCKED);
}

/* One that fails has finalised the module behind all the same: nothing else starts that anew. */
static CK_RV special_C_Finalize(void *reserved)
{
    CK_RV rv;
    enum control_effect effect = control_call("C_Finalize", &rv);
    CK_RV real_rv = real->C_Finalize(reserved);

    return effect == CONTROL_FAIL ? rv : real_rv;
}

/* A C_Sign that fails ends the operation (section 5.11), also in the module behind. */
static void end_signing(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len)
{
    CK_BYTE unused[SIGNATURE_MAX];
    CK_ULONG unused_len = sizeof unused;

    (void)real->C_Sign(session, data, data_len, unused, &unused_len);
}

static CK_RV special_C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len,
                            CK_BYTE *signature, CK_ULONG *signature_len)
{
    CK_RV rv;
    enum control_effect effect = control_call("C_Sign", &rv);

    if (effect == CONTROL_FAIL) {
        end_signing(session, data, data_len);
        return rv;
    }
    rv = real->C_Sign(session, data, data_len, signature, signature_len);
    if (rv == CKR_OK && effect == CONTROL_FLIP && signature != NULL && *signature_len > 0)
        signature[*signature_len - 1] ^= 1;
    return rv;
}

/* Never unloaded: its threads and memory may outlive a C_Finalize. */
static CK_RV load(void)
{
    const char *path = getenv("FAULT_MODULE");
    void *module = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    CK_C_GetFunctionList get_list = NULL;

    if (module != NULL)
        *(void **)&get_list = dlsym(module, "C_GetFunctionList");
    if (get_list == NULL) {
        fprintf(stderr, "fault module: FAULT_MODULE: %s\n", path == NULL ? "not set" : dlerror());
        return CKR_GENERAL_ERROR;
    }
    return get_list(&real);
}

static CK_RV special_C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    CK_RV rv;

    if (list == NULL)
        return CKR_ARGUMENTS_BAD;
    *list = NULL;
    if (control_call("C_GetFunctionList", &rv) == CONTROL_FAIL)
        return rv;
    pthread_mutex_lock(&load_mutex);
    rv = real == NULL ? load() : CKR_OK;
    pthread_mutex_unlock(&load_mutex);
    if (rv == CKR_OK)
        *list = &functions;
    return rv;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    return fault_C_GetFunctionList(list);
}
