/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include "base/log.h"
#include <openssl/evp.h>
#include <string.h>

struct signing {
    struct token_key *key;
    const uint8_t *hash;
    size_t hash_len;
    uint8_t sig[TOKEN_SIG_MAX];
    size_t sig_len;
    enum err verdict;
};

static CK_RV sign_begun(struct token *t, CK_SESSION_HANDLE s, struct signing *g)
{
    CK_ULONG len = sizeof g->sig;

    /* PKCS#11 takes data as non-const and only reads it. */
    CK_RV rv = t->module->f->C_Sign(s, (CK_BYTE *)(uintptr_t)g->hash, g->hash_len, g->sig, &len);
    g->sig_len = rv == CKR_OK ? len : 0;
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
    if (!g->verdict && rv == CKR_OK)
        rv = token_login_context(t, s);
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

enum err token_sign(struct token_key *k, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                    size_t sig_cap, size_t *sig_len)
{
    struct signing g = {.key = k, .hash = hash, .hash_len = hash_len};

    *sig_len = 0;
    if (hash_len != token_hash_len(k->info.curve) || sig_cap < token_sig_len(k->info.curve))
        return ERR_INTERNAL; /* the caller chose the hash or the room by another curve */
    enum err e = token_session_run(k->token, "C_Sign", sign, &g);
    if (!e)
        e = g.verdict;
    if (!e)
        e = token_public_check(k, hash, hash_len, g.sig, g.sig_len);
    if (e == ERR_TOKEN_BAD_SIGNATURE)
        return log_fail(e, "token.sign", "%s: the answer does not verify", k->token->info.label);
    if (e)
        return e;
    memcpy(sig, g.sig, g.sig_len);
    *sig_len = g.sig_len;
    return ERR_OK;
}

struct derivation {
    struct token_key *key;
    const uint8_t *peer;
    size_t peer_len;
    uint8_t z[66];
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
    rv = token_object_bytes(f, s->handle, made, CKA_VALUE, d->z, sizeof d->z, &d->z_len);
    f->C_DestroyObject(s->handle, made);
    return rv;
}

enum err token_derive(struct token_key *k, const uint8_t *peer, size_t peer_len,
                      struct secret *out_z)
{
    struct derivation d = {.key = k, .peer = peer, .peer_len = peer_len};
    EVP_PKEY *public = NULL;

    enum err e = token_public_from_point(k->info.curve, peer, peer_len, &public);
    EVP_PKEY_free(public);
    if (!e)
        e = token_session_run(k->token, "C_DeriveKey", derive, &d);
    if (!e && d.z_len != token_public_field_len(k->info.curve))
        e = log_fail(ERR_TOKEN_FAILED, "token.derive", "%zu bytes from the token", d.z_len);
    if (!e)
        e = secret_add(out_z, d.z, d.z_len);
    secret_wipe(d.z, sizeof d.z);
    return e;
}
