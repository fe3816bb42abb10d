/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/courier/seal.h"

#include "base/log.h"
#include "base/secret.h"
#include "order/jws.h"
#include "token/pin.h"
#include "token/token.h"
#include <stdlib.h>

#define TYP "countersign-notice+jws" /* FORMAT.md 16 */

struct seal {
    struct token_module *module;
    struct token *token;
    struct token_key *key;
    struct key *public;
};

static enum err read_line(int fd, const char *credential, const char *prompt, pin_take *take,
                          void *ctx)
{
    bool handed = false;
    enum err e = pin_read_handed(fd, credential, &handed, take, ctx);

    if (!e && !handed)
        e = pin_read_terminal(prompt, take, ctx);
    return e ? log_fail(e, "courier.pin", "%s could not be read", credential) : ERR_OK;
}

enum err seal_read_secret(int fd, const char *credential, const char *prompt, struct secret *out)
{
    return read_line(fd, credential, prompt, pin_take_secret, out);
}

static enum err log_in(struct token *token, int pin_fd)
{
    struct pin_wanted wanted = {.module = token_module_of(token)};
    enum err e = read_line(pin_fd, "pin", "PIN of the courier's token: ", pin_take_token, &wanted);

    if (!e)
        e = token_login(token, wanted.pin, false);
    token_pin_free(wanted.pin);
    return e;
}

static enum err find_key(struct seal *s, const struct token_uri *uri)
{
    struct buf spki = BUF_INIT(KEY_SPKI_MAX);
    enum err e = token_key_find(s->token, uri, TOKEN_USE_SIGN, &s->key);

    if (!e)
        e = token_key_spki(s->key, &spki);
    if (!e)
        e = key_from_spki(spki.data, spki.len, &s->public);
    buf_free(&spki);
    return e;
}

enum err seal_open(const char *module, const char *text, int pin_fd, struct seal **out)
{
    struct seal *s = calloc(1, sizeof *s);
    struct token_uri *uri = NULL;

    *out = NULL;
    if (!s)
        return ERR_NO_MEMORY;
    enum err e = token_uri_parse(text, &uri);
    if (!e)
        e = token_module_load(module, &s->module);
    if (!e)
        e = token_open(s->module, uri, &s->token);
    if (!e)
        e = log_in(s->token, pin_fd);
    if (!e)
        e = find_key(s, uri);
    token_uri_free(uri);
    if (e) {
        seal_close(s);
        return log_fail(e, "courier.token", "%s through %s", text, module);
    }
    *out = s;
    return ERR_OK;
}

void seal_close(struct seal *s)
{
    if (!s)
        return;
    token_key_free(s->key);
    key_free(s->public);
    token_close(s->token);
    token_module_unload(s->module);
    free(s);
}

const struct key *seal_key(const struct seal *s)
{
    return s->public;
}

static enum err sign_with(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                          size_t sig_cap, size_t *sig_len)
{
    return token_sign(ctx, hash, hash_len, sig, sig_cap, sig_len);
}

enum err seal_sign(struct seal *s, const struct buf *payload, struct buf *out)
{
    return jws_make(s->public, TYP, payload->data, payload->len, sign_with, s->key, out);
}
