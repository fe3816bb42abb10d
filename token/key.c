/* SPDX-License-Identifier: Apache-2.0 */
#include "token/inner.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define CERTIFICATE_MAX 8192 /* bytes of DER */
#define EC_POINT_MAX 160     /* bytes: a point in its OCTET STRING */

/* The objects of CLASS that have the key's id: exactly one, else *COUNT says how many. */
static CK_RV find_by_id(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, CK_OBJECT_CLASS class,
                        const struct token_key_info *info, CK_OBJECT_HANDLE *out, size_t *count)
{
    CK_OBJECT_HANDLE found[TOKEN_OBJECTS_MAX];

    CK_RV rv = token_object_find_id(f, s, class, info->id, info->id_len, found, count);
    *out = rv == CKR_OK && *count ? found[0] : 0;
    return rv;
}

/* *REFUSED stays ERR_KEY_NO_PUBLIC where there is no such object. */
static CK_RV public_from_object(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s,
                                struct token_key_info *info, EVP_PKEY **out, enum err *refused)
{
    uint8_t params[16], point[EC_POINT_MAX];
    size_t count = 0, params_len = 0, point_len = 0;
    CK_OBJECT_HANDLE object = 0;

    CK_RV rv = find_by_id(f, s, CKO_PUBLIC_KEY, info, &object, &count);
    if (rv == CKR_OK && count > 1)
        *refused = ERR_KEY_AMBIGUOUS;
    if (rv != CKR_OK || count != 1)
        return rv;
    rv = token_object_bytes(f, s, object, CKA_EC_PARAMS, params, sizeof params, &params_len);
    if (rv == CKR_OK)
        rv = token_object_bytes(f, s, object, CKA_EC_POINT, point, sizeof point, &point_len);
    if (rv != CKR_OK || point_len == 0)
        return rv;
    info->curve = token_public_curve_of_params(params, params_len);
    *refused = info->curve ? token_public_from_ec_point(info->curve, point, point_len, out)
                           : ERR_KEY_CURVE;
    return CKR_OK;
}

static CK_RV public_from_certificate(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s,
                                     struct token_key_info *info, EVP_PKEY **out, enum err *refused)
{
    uint8_t der[CERTIFICATE_MAX];
    size_t count = 0, len = 0;
    CK_OBJECT_HANDLE object = 0;

    CK_RV rv = find_by_id(f, s, CKO_CERTIFICATE, info, &object, &count);
    if (rv == CKR_OK && count > 1)
        *refused = ERR_KEY_AMBIGUOUS;
    if (rv != CKR_OK || count != 1)
        return rv;
    rv = token_object_bytes(f, s, object, CKA_VALUE, der, sizeof der, &len);
    if (rv == CKR_OK && len)
        *refused = token_public_from_certificate(der, len, &info->curve, out);
    return rv;
}

/* The public half of an elliptic curve key, and with it info->curve. OpenSC shows the keys of a PIV
 * card through their certificates. */
static CK_RV load_public(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, struct token_key_info *info,
                         EVP_PKEY **out, enum err *refused)
{
    *out = NULL;
    *refused = ERR_KEY_NO_PUBLIC;
    CK_RV rv = public_from_object(f, s, info, out, refused);
    if (rv == CKR_OK && *refused == ERR_KEY_NO_PUBLIC)
        rv = public_from_certificate(f, s, info, out, refused);
    if (*refused)
        info->curve = 0;
    return rv;
}

struct listing {
    struct token_key_info *keys;
    size_t count;
};

static CK_RV list_keys(struct token *t, const struct token_session *s, void *arg)
{
    struct listing *l = arg;
    CK_FUNCTION_LIST *f = t->module->f;
    CK_OBJECT_HANDLE found[TOKEN_OBJECTS_MAX];
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE match = {CKA_CLASS, &class, sizeof class};
    size_t count = 0;

    l->count = 0;
    CK_RV rv = token_object_find(f, s->handle, &match, 1, found, &count);
    for (size_t i = 0; rv == CKR_OK && i < count; i++) {
        struct token_key_info *info = &l->keys[i];
        EVP_PKEY *public = NULL;
        enum err refused;
        rv = token_object_key_info(f, s->handle, found[i], info);
        if (rv == CKR_OK && info->ec && info->id_len) {
            rv = load_public(f, s->handle, info, &public, &refused);
            EVP_PKEY_free(public);
        }
        l->count = i + 1;
    }
    return rv;
}

enum err token_key_list(struct token *t, struct token_key_info **out, size_t *count)
{
    struct listing l = {.keys = calloc(TOKEN_OBJECTS_MAX, sizeof *l.keys)};

    *out = NULL;
    *count = 0;
    if (!l.keys)
        return ERR_NO_MEMORY;
    enum err e = token_session_run(t, "C_FindObjects", list_keys, &l);
    if (e || l.count == 0) {
        free(l.keys);
        return e;
    }
    *out = l.keys;
    *count = l.count;
    return ERR_OK;
}

struct search {
    const struct token_uri *uri;
    struct token_key *key;
    enum err verdict;
};

/* The private keys that the URI's id and object allow. */
static CK_RV find_candidates(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s, const struct token_uri *uri,
                             CK_OBJECT_HANDLE found[static TOKEN_OBJECTS_MAX], size_t *count)
{
    static const struct {
        enum token_uri_attr attr;
        CK_ATTRIBUTE_TYPE type;
    } wanted[] = {{TOKEN_URI_ID, CKA_ID}, {TOKEN_URI_OBJECT, CKA_LABEL}};
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE match[3] = {{CKA_CLASS, &class, sizeof class}};
    CK_ULONG n = 1;

    for (size_t i = 0; uri && i < 2; i++) {
        size_t len = 0;
        const char *value = token_uri_get(uri, wanted[i].attr, &len);
        if (value)
            match[n++] = (CK_ATTRIBUTE){wanted[i].type, (void *)(uintptr_t)value, len};
    }
    return token_object_find(f, s, match, n, found, count);
}

/* Takes the only one of FOUND that fits K->use into K; *VERDICT where it is not one. */
static CK_RV choose(struct token *t, const struct token_session *s, const CK_OBJECT_HANDLE *found,
                    size_t count, struct token_key *k, enum err *verdict)
{
    size_t fitting = 0, other_types = 0;

    for (size_t i = 0; i < count; i++) {
        struct token_key_info info;
        CK_RV rv = token_object_key_info(t->module->f, s->handle, found[i], &info);
        if (rv != CKR_OK)
            return rv;
        if (info.id_len == 0 || !(k->use == TOKEN_USE_SIGN ? info.sign : info.derive))
            continue;
        if (!info.ec) {
            other_types++;
            continue;
        }
        k->info = info;
        k->handle = found[i];
        fitting++;
    }
    if (fitting > 1)
        *verdict = ERR_KEY_AMBIGUOUS;
    else if (fitting == 1)
        *verdict = ERR_OK;
    else if (t->info.login_required && !t->logged_in)
        *verdict = ERR_PIN_REQUIRED;
    else
        *verdict = other_types ? ERR_KEY_ALGORITHM : ERR_KEY_NOT_FOUND;
    return CKR_OK;
}

static CK_RV find_key(struct token *t, const struct token_session *s, void *arg)
{
    struct search *search = arg;
    struct token_key *k = search->key;
    CK_OBJECT_HANDLE found[TOKEN_OBJECTS_MAX];
    size_t count = 0;

    CK_RV rv = find_candidates(t->module->f, s->handle, search->uri, found, &count);
    if (rv == CKR_OK)
        rv = choose(t, s, found, count, k, &search->verdict);
    if (rv != CKR_OK || search->verdict)
        return rv;
    k->generation = s->generation;
    return load_public(t->module->f, s->handle, &k->info, &k->public, &search->verdict);
}

enum err token_key_find(struct token *t, const struct token_uri *uri, enum token_use use,
                        struct token_key **out)
{
    struct token_key *k = NULL;

    *out = NULL;
    enum err e = token_public_new(t, use, &k);
    if (e)
        return e;
    struct search search = {.uri = uri, .key = k};
    e = token_session_run(t, "C_FindObjects", find_key, &search);
    if (!e)
        e = search.verdict;
    if (e) {
        token_key_free(k);
        return e;
    }
    *out = k;
    return ERR_OK;
}

void token_key_free(struct token_key *k)
{
    token_public_free(k);
}

static CK_RV find_handle(struct token_key *k, const struct token_session *s)
{
    CK_OBJECT_HANDLE found[TOKEN_OBJECTS_MAX];
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE match[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_ID, k->info.id, k->info.id_len},
        {k->use == TOKEN_USE_SIGN ? CKA_SIGN : CKA_DERIVE, &yes, sizeof yes},
    };
    size_t count = 0;

    CK_RV rv = token_object_find(k->token->module->f, s->handle, match, 3, found, &count);
    if (rv != CKR_OK)
        return rv;
    if (count != 1) /* hidden until login, or no longer the same token */
        return k->token->logged_in ? CKR_KEY_HANDLE_INVALID : CKR_USER_NOT_LOGGED_IN;
    k->handle = found[0];
    k->generation = s->generation;
    return CKR_OK;
}

CK_RV token_key_handle(struct token_key *k, const struct token_session *s, CK_OBJECT_HANDLE *out)
{
    CK_RV rv = CKR_OK;

    pthread_mutex_lock(&k->lock);
    if (k->generation != s->generation)
        rv = find_handle(k, s);
    *out = k->handle;
    pthread_mutex_unlock(&k->lock);
    return rv;
}
