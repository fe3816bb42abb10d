/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include <string.h>

struct order {
    enum token_use use;
    enum token_curve curve;
    const char *label;
    const uint8_t *id;
    size_t id_len;
    enum err verdict;
};

/* ERR_KEY_EXISTS in the verdict when a private or public key has the id. */
static CK_RV check_id_free(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, struct order *o)
{
    CK_OBJECT_CLASS classes[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY};
    CK_OBJECT_HANDLE found[TOKEN_OBJECTS_MAX];

    for (size_t i = 0; i < 2; i++) {
        size_t count = 0;
        CK_RV rv = token_object_find_id(f, s, classes[i], o->id, o->id_len, found, &count);
        if (rv != CKR_OK)
            return rv;
        if (count)
            o->verdict = ERR_KEY_EXISTS;
    }
    return CKR_OK;
}

static CK_RV check_curve(struct token *t, enum token_curve curve)
{
    CK_MECHANISM_INFO info;
    unsigned bits = token_public_bits(curve);

    CK_RV rv = t->module->f->C_GetMechanismInfo(t->slot, CKM_EC_KEY_PAIR_GEN, &info);
    if (rv != CKR_OK)
        return rv;
    bool known = info.ulMaxKeySize != 0;
    return known && (bits < info.ulMinKeySize || bits > info.ulMaxKeySize) ? CKR_CURVE_NOT_SUPPORTED
                                                                           : CKR_OK;
}

static CK_RV generate_pair(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, const struct order *o)
{
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_BBOOL sign = o->use == TOKEN_USE_SIGN, derive = o->use == TOKEN_USE_DERIVE;
    size_t params_len = 0;
    const uint8_t *params = token_public_params(o->curve, &params_len);
    /* PKCS#11 takes templates as non-const and only reads them. */
    CK_ATTRIBUTE public[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &no, sizeof no},
        {CKA_VERIFY, &sign, sizeof sign},
        {CKA_DERIVE, &derive, sizeof derive},
        {CKA_EC_PARAMS, (void *)(uintptr_t)params, params_len},
        {CKA_LABEL, (void *)(uintptr_t)o->label, strlen(o->label)},
        {CKA_ID, (void *)(uintptr_t)o->id, o->id_len},
    };
    CK_ATTRIBUTE private[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &no, sizeof no},
        {CKA_SIGN, &sign, sizeof sign},
        {CKA_DERIVE, &derive, sizeof derive},
        {CKA_LABEL, (void *)(uintptr_t)o->label, strlen(o->label)},
        {CKA_ID, (void *)(uintptr_t)o->id, o->id_len},
    };
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE made[2];

    return f->C_GenerateKeyPair(s, &mechanism, public, sizeof public / sizeof public[0], private,
                                sizeof private / sizeof private[0], &made[0], &made[1]);
}

/* A key that could never be used; some tokens would say no more than that they failed. */
static CK_RV check_use(struct token *t, enum token_use use)
{
    CK_MECHANISM_INFO info;

    if (use == TOKEN_USE_SIGN)
        return CKR_OK;
    CK_RV rv = t->module->f->C_GetMechanismInfo(t->slot, CKM_ECDH1_DERIVE, &info);
    return rv == CKR_MECHANISM_INVALID ? CKR_FUNCTION_NOT_SUPPORTED : CKR_OK;
}

static CK_RV generate(struct token *t, const struct token_session *s, void *arg)
{
    struct order *o = arg;

    o->verdict = ERR_OK;
    CK_RV rv = check_curve(t, o->curve);
    if (rv == CKR_OK)
        rv = check_use(t, o->use);
    if (rv == CKR_OK)
        rv = check_id_free(t->module->f, s->handle, o);
    if (rv != CKR_OK || o->verdict)
        return rv;
    return generate_pair(t->module->f, s->handle, o);
}

enum err token_generate(struct token *t, enum token_use use, enum token_curve curve,
                        const char *label, const uint8_t *id, size_t id_len)
{
    struct order o = {use, curve, label, id, id_len, ERR_OK};
    size_t label_len = strlen(label);

    if (label_len < 1 || label_len > TOKEN_OBJECT_MAX || id_len < 1 || id_len > TOKEN_ID_MAX)
        return ERR_USAGE;
    enum err e = token_session_run_rw(t, "C_GenerateKeyPair", generate, &o);
    return e ? e : o.verdict;
}
