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

/* ykcs11 does not know CKA_EXTRACTABLE, since no key leaves its card. A token that lets one out all
 * the same keeps none of ours. */
static CK_RV keep_inside(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, const CK_OBJECT_HANDLE made[2])
{
    bool extractable = false;

    CK_RV rv = token_object_flag(f, s, made[1], CKA_EXTRACTABLE, &extractable);
    if (rv != CKR_OK || !extractable)
        return rv;
    f->C_DestroyObject(s, made[0]);
    f->C_DestroyObject(s, made[1]);
    return CKR_FUNCTION_FAILED;
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
        {CKA_SIGN, &sign, sizeof sign},
        {CKA_DERIVE, &derive, sizeof derive},
        {CKA_LABEL, (void *)(uintptr_t)o->label, strlen(o->label)},
        {CKA_ID, (void *)(uintptr_t)o->id, o->id_len},
        {CKA_EXTRACTABLE, &no, sizeof no}, /* the last one */
    };
    const CK_ULONG count = sizeof private / sizeof private[0];
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE made[2];

    CK_RV rv = f->C_GenerateKeyPair(s, &mechanism, public, sizeof public / sizeof public[0],
                                    private, count, &made[0], &made[1]);
    if (rv != CKR_ATTRIBUTE_TYPE_INVALID)
        return rv;
    rv = f->C_GenerateKeyPair(s, &mechanism, public, sizeof public / sizeof public[0], private,
                              count - 1, &made[0], &made[1]);
    return rv == CKR_OK ? keep_inside(f, s, made) : rv;
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

static bool well_formed(const struct order *o)
{
    size_t len = strlen(o->label);
    return len >= 1 && len <= TOKEN_OBJECT_MAX && o->id_len >= 1 && o->id_len <= TOKEN_ID_MAX;
}

enum err token_generate(struct token *t, enum token_use use, enum token_curve curve,
                        const char *label, const uint8_t *id, size_t id_len)
{
    struct order o = {use, curve, label, id, id_len, ERR_OK};

    if (!well_formed(&o))
        return ERR_USAGE;
    enum err e = token_session_run_rw(t, "C_GenerateKeyPair", generate, &o);
    return e ? e : o.verdict;
}

/* --- by the officer --- */

/* What the slot holds and says now, before his PIN goes there. */
static enum err check_officer(struct token *t, const struct token_pin *officer,
                              bool last_try_allowed)
{
    struct token_info now;

    enum err e = token_slot_now(t, &now);
    if (e)
        return e;
    if (token_pin_len(officer) == 0)
        return ERR_PIN_INVALID;
    if (now.puk_tries == TOKEN_TRIES_LOCKED)
        return ERR_PIN_LOCKED;
    return now.puk_tries == TOKEN_TRIES_FINAL && !last_try_allowed ? ERR_PIN_LAST_TRY : ERR_OK;
}

/* In the only session, since he may not log in beside one that only reads. */
static CK_RV generate_as_officer(struct token *t, const struct token_pin *officer, struct order *o)
{
    struct token_session s = {.generation = t->generation};
    CK_FUNCTION_LIST *f = t->module->f;

    CK_RV rv =
        f->C_OpenSession(t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s.handle);
    if (rv != CKR_OK)
        return rv;
    rv = f->C_Login(s.handle, CKU_SO, token_pin_bytes(officer), token_pin_len(officer));
    if (rv == CKR_OK) {
        rv = generate(t, &s, o);
        f->C_Logout(s.handle);
    }
    f->C_CloseSession(s.handle);
    return rv;
}

enum err token_officer_generate(struct token *t, struct token_pin *officer, bool last_try_allowed,
                                enum token_use use, enum token_curve curve, const char *label,
                                const uint8_t *id, size_t id_len)
{
    struct order o = {use, curve, label, id, id_len, ERR_OK};

    if (!well_formed(&o) || t->logged_in)
        return ERR_USAGE;
    pthread_rwlock_wrlock(&t->module->lock);
    enum err e =
        token_session_attached(t) ? check_officer(t, officer, last_try_allowed) : ERR_TOKEN_REMOVED;
    if (!e) {
        token_session_drop(t);
        CK_RV rv = generate_as_officer(t, officer, &o);
        e = rv == CKR_OK ? o.verdict : ckr_fail(rv, "C_GenerateKeyPair");
        enum err back = token_session_attach(t, NULL);
        e = e ? e : back;
    }
    pthread_rwlock_unlock(&t->module->lock);
    return e;
}
