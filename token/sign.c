/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

struct signing {
    struct token_key *key;
    const uint8_t *hash;
    size_t hash_len;
    uint8_t sig[TOKEN_SIG_MAX];
    size_t sig_len;
    enum err verdict;
    bool spent; /* the token saw the PIN and did not take it */
};

static CK_RV sign_begun(struct token *t, CK_SESSION_HANDLE s, struct signing *g)
{
    CK_ULONG len = TOKEN_SIG_MAX;

    /* PKCS#11 takes data as non-const and only reads it. */
    CK_RV rv = t->module->f->C_Sign(s, (CK_BYTE *)(uintptr_t)g->hash, g->hash_len, g->sig, &len);
    g->sig_len = rv == CKR_OK && len <= TOKEN_SIG_MAX ? len : 0;
    return rv;
}

/* A PIN and a signature of another thread must not come between ours. */
static CK_RV sign_authenticated(struct token *t, CK_SESSION_HANDLE s, CK_MECHANISM *mechanism,
                                CK_OBJECT_HANDLE object, struct signing *g)
{
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&t->context);
    g->verdict = token_login_allowed(t);
    if (!g->verdict)
        rv = t->module->f->C_SignInit(s, mechanism, object);
    if (!g->verdict && rv == CKR_OK) {
        rv = token_login_context(t, s, &g->verdict);
        g->spent = g->verdict != ERR_OK;
    }
    if (!g->verdict && rv == CKR_OK)
        rv = sign_begun(t, s, g);
    pthread_mutex_unlock(&t->context);
    return rv;
}

static CK_RV sign(struct token *t, const struct token_session *s, void *arg)
{
    struct signing *g = arg;
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE object = 0;

    g->verdict = ERR_OK;
    CK_RV rv = token_key_handle(g->key, s, &object);
    if (rv != CKR_OK)
        return rv;
    if (g->key->info.always_authenticate)
        return sign_authenticated(t, s->handle, &mechanism, object, g);
    rv = t->module->f->C_SignInit(s->handle, &mechanism, object);
    return rv == CKR_OK ? sign_begun(t, s->handle, g) : rv;
}

static enum err sign_one(struct signing *g)
{
    enum err e = token_session_run(g->key->token, "C_Sign", sign, g);
    if (g->spent && g->verdict == ERR_TOKEN_FAILED)
        return token_session_gone(g->key->token) ? ERR_TOKEN_REMOVED : g->verdict;
    return g->verdict ? g->verdict : e;
}

enum err token_sign_raw(struct token_key *k, const uint8_t *hashes, size_t count, token_made *made,
                        void *ctx)
{
    struct signing g = {.key = k, .hash = hashes, .hash_len = token_hash_len(k->info.curve)};
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < count; i++, g.hash += g.hash_len) {
        e = sign_one(&g);
        if (!e)
            e = made(ctx, g.sig, g.sig_len);
    }
    return e;
}

struct derivation {
    struct token_key *key;
    const uint8_t *peer;
    size_t peer_len;
    uint8_t *z; /* TOKEN_Z_MAX bytes */
    size_t z_len;
};

static CK_RV derive_object(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key,
                           struct derivation *d, CK_OBJECT_HANDLE *out)
{
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ULONG len = token_public_field_len(d->key->info.curve);
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof class},   {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},         {CKA_SENSITIVE, &no, sizeof no},
        {CKA_EXTRACTABLE, &yes, sizeof yes}, {CKA_VALUE_LEN, &len, sizeof len},
    };
    CK_ECDH1_DERIVE_PARAMS params = {
        .kdf = CKD_NULL,
        .ulPublicDataLen = d->peer_len,
        .pPublicData = (CK_BYTE *)(uintptr_t)d->peer,
    };
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof params};

    return f->C_DeriveKey(s, &mechanism, key, template, sizeof template / sizeof template[0], out);
}

static CK_RV derive(struct token *t, const struct token_session *s, void *arg)
{
    struct derivation *d = arg;
    CK_FUNCTION_LIST *f = t->module->f;
    CK_OBJECT_HANDLE key = 0, made = 0;

    d->z_len = 0;
    CK_RV rv = token_key_handle(d->key, s, &key);
    if (rv == CKR_OK)
        rv = derive_object(f, s->handle, key, d, &made);
    if (rv != CKR_OK)
        return rv;
    rv = token_object_bytes(f, s->handle, made, CKA_VALUE, d->z, TOKEN_Z_MAX, &d->z_len);
    f->C_DestroyObject(s->handle, made);
    return rv;
}

enum err token_derive_raw(struct token_key *k, const uint8_t *peer, size_t peer_len, uint8_t *z,
                          size_t *z_len)
{
    struct derivation d = {.key = k, .peer = peer, .peer_len = peer_len, .z = z};

    enum err e = token_session_run(k->token, "C_DeriveKey", derive, &d);
    *z_len = e ? 0 : d.z_len;
    return e;
}
