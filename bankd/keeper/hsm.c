/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/hsm.h"

#include "base/log.h"
#include "base/secret.h"
#include "token/pin.h"
#include "token/token.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hsm_key {
    struct token_key *token;
    struct key *public;
};

struct hsm {
    struct token_module *module;
    struct token *token;
    size_t rollovers;
    struct hsm_key keys[HSM_USES];
};

#define NAME_MAX_BYTES 32

/* The first root key has no number. */
static void name_of(const struct hsm *h, enum hsm_use use, char out[static NAME_MAX_BYTES])
{
    size_t number = h->rollovers + (use == HSM_NEXT_ROOT ? 2 : 1);

    if (use == HSM_LOG)
        (void)snprintf(out, NAME_MAX_BYTES, "bank-log");
    else if (number == 1)
        (void)snprintf(out, NAME_MAX_BYTES, "bank-root");
    else
        (void)snprintf(out, NAME_MAX_BYTES, "bank-root-%zu", number);
}

/* From the first source that there is, and then from no other: a wrong PIN must not cost two tries.
 * *OUT is NULL where the reader's own keypad will ask. */
static enum err get_pin(struct token *token, int pin_fd, struct token_pin **out)
{
    struct pin_wanted wanted = {.module = token_module_of(token)};
    struct token_info info;
    bool handed = false;

    enum err e = token_info_of(token, &info);
    if (!e)
        e = pin_read_handed(pin_fd, "pin", &handed, pin_take_token, &wanted);
    if (!e && !handed && !info.keypad)
        e = pin_read_terminal("PIN of the bank's token: ", pin_take_token, &wanted);
    *out = wanted.pin;
    return e ? log_fail(e, "keeper.pin", "no PIN could be read") : ERR_OK;
}

static enum err log_in(struct token *token, int pin_fd)
{
    struct token_pin *pin;

    enum err e = get_pin(token, pin_fd, &pin);
    if (!e) {
        e = token_login(token, pin, false);
        if (e)
            e = log_fail(e, "keeper.login", "the token refused the login");
    }
    token_pin_free(pin);
    return e;
}

static enum err open_token(struct hsm *h, const struct hsm_options *o)
{
    struct token_uri *uri;

    enum err e = token_uri_parse(o->token, &uri);
    if (!e)
        e = token_module_load(o->module, &h->module);
    if (!e)
        e = token_open(h->module, uri, &h->token);
    if (e)
        e = log_fail(e, "keeper.token", "%s through %s", o->token, o->module);
    token_uri_free(uri);
    return e;
}

enum err hsm_open(const struct hsm_options *options, struct hsm **out)
{
    *out = NULL;
    struct hsm *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NO_MEMORY;
    enum err e = open_token(h, options);
    if (!e)
        e = log_in(h->token, options->pin_fd);
    if (e) {
        hsm_close(h);
        return e;
    }
    *out = h;
    return ERR_OK;
}

static void forget(struct hsm_key *k)
{
    token_key_free(k->token);
    key_free(k->public);
    *k = (struct hsm_key){0};
}

void hsm_close(struct hsm *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < HSM_USES; i++)
        forget(&h->keys[i]);
    token_close(h->token);
    token_module_unload(h->module);
    free(h);
}

/* The URI that names the key by label and id; both are NAME. */
static enum err key_uri(const char *name, struct token_uri **out)
{
    const struct token_uri_part parts[] = {
        {TOKEN_URI_OBJECT, name, strlen(name)},
        {TOKEN_URI_ID, name, strlen(name)},
    };
    struct buf text = {0};

    *out = NULL;
    enum err e = token_uri_write(parts, sizeof parts / sizeof parts[0], &text);
    if (!e)
        e = token_uri_parse(buf_str(&text), out);
    buf_free(&text);
    return e;
}

static enum err read_public(const struct token_key *from, struct key **out)
{
    struct buf spki = BUF_INIT(KEY_SPKI_MAX);

    *out = NULL;
    enum err e = token_key_spki(from, &spki);
    if (!e)
        e = key_from_spki(spki.data, spki.len, out);
    buf_free(&spki);
    return e;
}

void hsm_set_rollovers(struct hsm *h, size_t count)
{
    if (count == h->rollovers)
        return;
    forget(&h->keys[HSM_ROOT]);
    forget(&h->keys[HSM_NEXT_ROOT]);
    h->rollovers = count;
}

enum err hsm_find(struct hsm *h, enum hsm_use use, struct hsm_key **out)
{
    struct hsm_key *k = &h->keys[use];
    struct hsm_key found = {0};
    struct token_uri *uri;
    char name[NAME_MAX_BYTES];

    *out = k->token ? k : NULL;
    if (k->token)
        return ERR_OK;
    name_of(h, use, name);
    enum err e = key_uri(name, &uri);
    if (!e)
        e = token_key_find(h->token, uri, TOKEN_USE_SIGN, &found.token);
    if (!e)
        e = read_public(found.token, &found.public);
    if (!e && key_algorithm(found.public) != KEY_ES256)
        e = ERR_KEY_CURVE;
    token_uri_free(uri);
    if (e) {
        token_key_free(found.token);
        key_free(found.public);
        return e;
    }
    *k = found;
    *out = k;
    return ERR_OK;
}

enum err hsm_generate(struct hsm *h, enum hsm_use use)
{
    char name[NAME_MAX_BYTES];

    name_of(h, use, name);
    return token_generate(h->token, TOKEN_USE_SIGN, TOKEN_P256, name, (const uint8_t *)name,
                          strlen(name));
}

const struct key *hsm_public(const struct hsm_key *k)
{
    return k->public;
}

enum err hsm_sign(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig, size_t sig_cap,
                  size_t *sig_len)
{
    const struct hsm_key *k = ctx;
    return token_sign(k->token, hash, hash_len, sig, sig_cap, sig_len);
}
