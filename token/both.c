/* SPDX-License-Identifier: Apache-2.0
 * No signature leaves unchecked, whoever made it; of an agreement only the length can be. */
#include "token/both.h"

#include "base/log.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum err token_module_load(const char *path, struct token_module **out)
{
    struct token_source source = {0};

    *out = NULL;
    if (!path[0] || strlen(path) >= sizeof source.path)
        return log_fail(ERR_TOKEN_MODULE, "token.module", "%s: no path, or too long", path);
    memcpy(source.path, path, strlen(path) + 1);
    return token_module_load_from(&source, out);
}

static enum err load_each(const struct token_source *sources, size_t n,
                          struct token_module **modules, size_t *count)
{
    for (size_t i = 0; i < n; i++) {
        enum err e = token_module_load_one_of(&sources[i], &modules[*count]);
        if (e)
            return e;
        *count += modules[*count] != NULL;
    }
    return ERR_OK;
}

enum err token_modules_load(struct token_module ***out, size_t *count)
{
    struct token_source *sources = calloc(TOKEN_MODULES_MAX, sizeof *sources);
    struct token_module **modules = calloc(TOKEN_MODULES_MAX, sizeof *modules);
    size_t n = 0;

    *count = 0;
    *out = NULL;
    enum err e = sources && modules ? token_module_sources(sources, &n) : ERR_NO_MEMORY;
    if (!e)
        e = load_each(sources, n, modules, count);
    free(sources);
    if (!e) {
        *out = modules;
        return e;
    }
    while (*count)
        token_module_unload(modules[--*count]);
    free(modules);
    return e;
}

struct checking {
    struct token_key *key;
    const uint8_t *hashes;
    size_t hash_len, done;
    token_take *take;
    void *ctx;
};

static enum err check_made(void *ctx, const uint8_t *sig, size_t len)
{
    struct checking *c = ctx;

    enum err e =
        token_public_check(c->key, c->hashes + c->done * c->hash_len, c->hash_len, sig, len);
    if (e == ERR_TOKEN_BAD_SIGNATURE)
        return log_fail(e, "token.sign", "%s: the answer does not verify", c->key->info.label);
    if (!e)
        e = c->take(c->ctx, sig);
    c->done += !e;
    return e;
}

enum err token_sign_many(struct token_key *k, const uint8_t *hashes, size_t count, token_take *take,
                         void *ctx)
{
    struct checking c = {.key = k,
                         .hashes = hashes,
                         .hash_len = token_hash_len(k->info.curve),
                         .take = take,
                         .ctx = ctx};
    enum err e = ERR_OK;

    while (!e && c.done < count) {
        size_t left = count - c.done;
        e = token_sign_raw(k, hashes + c.done * c.hash_len,
                           left < TOKEN_AT_ONCE ? left : TOKEN_AT_ONCE, check_made, &c);
    }
    return e;
}

struct room {
    uint8_t *sig;
    size_t len;
};

static enum err take_one(void *ctx, const uint8_t *sig)
{
    const struct room *room = ctx;

    memcpy(room->sig, sig, room->len);
    return ERR_OK;
}

enum err token_sign(struct token_key *k, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                    size_t sig_cap, size_t *sig_len)
{
    struct room room = {sig, token_sig_len(k->info.curve)};

    *sig_len = 0;
    if (hash_len != token_hash_len(k->info.curve) || sig_cap < room.len)
        return ERR_INTERNAL; /* the caller chose the hash or the room by another curve */
    enum err e = token_sign_many(k, hash, 1, take_one, &room);
    if (!e)
        *sig_len = room.len;
    return e;
}

enum err token_derive(struct token_key *k, const uint8_t *peer, size_t peer_len,
                      struct secret *out_z)
{
    uint8_t z[TOKEN_Z_MAX];
    EVP_PKEY *public = NULL;
    size_t z_len = 0;

    enum err e = token_public_from_point(k->info.curve, peer, peer_len, &public);
    EVP_PKEY_free(public);
    if (!e)
        e = token_derive_raw(k, peer, peer_len, z, &z_len);
    if (!e && z_len != token_public_field_len(k->info.curve))
        e = log_fail(ERR_TOKEN_FAILED, "token.derive", "%zu bytes from the token", z_len);
    if (!e)
        e = secret_add(out_z, z, z_len);
    secret_wipe(z, sizeof z);
    return e;
}

const struct token_key_info *token_key_about(const struct token_key *k)
{
    return &k->info;
}

const char *token_tries_name(enum token_tries tries)
{
    static const char *const names[] = {"unknown", "ok", "low", "final", "locked"};
    return (size_t)tries < sizeof names / sizeof names[0] ? names[tries] : names[0];
}

bool token_info_same(const struct token_info *a, const struct token_info *b)
{
    return strcmp(a->label, b->label) == 0 && strcmp(a->serial, b->serial) == 0 &&
           strcmp(a->manufacturer, b->manufacturer) == 0 && strcmp(a->model, b->model) == 0;
}

bool token_info_matches(const struct token_info *info, const struct token_uri *uri)
{
    const char *const fields[] = {
        [TOKEN_URI_TOKEN] = info->label, [TOKEN_URI_MANUFACTURER] = info->manufacturer,
        [TOKEN_URI_MODEL] = info->model, [TOKEN_URI_SERIAL] = info->serial,
        [TOKEN_URI_SLOT] = info->slot,
    };

    if (!uri || !info->initialized)
        return false;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *want = token_uri_get(uri, (enum token_uri_attr)i, NULL);
        if (want && strcmp(want, fields[i]) != 0)
            return false;
    }
    return true;
}

bool token_key_info_matches(const struct token_key_info *key, const struct token_uri *uri)
{
    size_t len = 0;
    const char *id = uri ? token_uri_get(uri, TOKEN_URI_ID, &len) : NULL;
    const char *label = uri ? token_uri_get(uri, TOKEN_URI_OBJECT, NULL) : NULL;

    if (id && (len != key->id_len || memcmp(id, key->id, len) != 0))
        return false;
    return !label || strcmp(label, key->label) == 0;
}

enum err token_info_uri(const struct token_info *info, const char *reader, struct buf *out)
{
    const struct token_uri_part parts[] = {
        {TOKEN_URI_TOKEN, info->label, strlen(info->label)},
        {TOKEN_URI_MANUFACTURER, info->manufacturer, strlen(info->manufacturer)},
        {TOKEN_URI_MODEL, info->model, strlen(info->model)},
        {TOKEN_URI_SERIAL, info->serial, strlen(info->serial)},
        {TOKEN_URI_SLOT, reader, strlen(reader)},
        {TOKEN_URI_MODULE_PATH, info->module, strlen(info->module)},
    };
    return token_uri_write(parts, sizeof parts / sizeof parts[0], out);
}

enum err token_key_info_uri(const struct token_info *token, const struct token_key_info *key,
                            struct buf *out)
{
    const struct token_uri_part parts[] = {
        {TOKEN_URI_TOKEN, token->label, strlen(token->label)},
        {TOKEN_URI_MANUFACTURER, token->manufacturer, strlen(token->manufacturer)},
        {TOKEN_URI_MODEL, token->model, strlen(token->model)},
        {TOKEN_URI_SERIAL, token->serial, strlen(token->serial)},
        {TOKEN_URI_OBJECT, key->label, strlen(key->label)},
        {TOKEN_URI_ID, key->id, key->id_len},
        {TOKEN_URI_MODULE_PATH, token->module, strlen(token->module)},
    };
    return token_uri_write(parts, sizeof parts / sizeof parts[0], out);
}
