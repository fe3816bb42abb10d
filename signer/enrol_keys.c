/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/enrol_keys.h"

#include "app/card.h"
#include "app/plugged.h"
#include "order/pkcs10.h"
#include <stdlib.h>
#include <string.h>

#define KEY_LABEL "countersign"

static const struct {
    uint8_t id;
    enum token_use use;
} places[KEY_USES] = {
    [KEY_USE_SIGN] = {0x02, TOKEN_USE_SIGN},
    [KEY_USE_AUTHENTICATE] = {0x01, TOKEN_USE_SIGN},
    [KEY_USE_DERIVE] = {0x03, TOKEN_USE_DERIVE},
};

/* --- one key --- */

static enum err find_in_place(struct app *a, enum key_use use, struct token_key **out)
{
    char text[] = "pkcs11:id=%00";
    struct token_uri *uri = NULL;
    text[sizeof text - 2] = (char)('0' + places[use].id);
    enum err e = token_uri_parse(text, &uri);
    if (e == ERR_OK)
        e = token_key_find(a->token, uri, places[use].use, out);
    token_uri_free(uri);
    return e;
}

static enum err make_in_place(struct app *a, enum key_use use, enum token_curve curve,
                              struct enrol_keys *k)
{
    enum err e = token_generate(a->token, places[use].use, curve, KEY_LABEL, &places[use].id, 1);
    if (e == ERR_OK)
        e = find_in_place(a, use, &k->key[use]);
    k->made[use] = e == ERR_OK;
    return e;
}

/* Whether the URI names a key, and not only a token. */
static bool names_key(const struct token_uri *uri)
{
    size_t len;
    return uri != NULL && (token_uri_get(uri, TOKEN_URI_ID, &len) != NULL ||
                           token_uri_get(uri, TOKEN_URI_OBJECT, &len) != NULL);
}

static enum err find_signing(struct app *a, struct enrol_keys *k)
{
    struct token_uri *uri = NULL;
    struct token_key **out = &k->key[KEY_USE_SIGN];
    enum err e = a->token_uri != NULL ? token_uri_parse(a->token_uri, &uri) : ERR_OK;
    if (e == ERR_OK && names_key(uri)) {
        e = token_key_find(a->token, uri, TOKEN_USE_SIGN, out);
    } else if (e == ERR_OK) {
        e = find_in_place(a, KEY_USE_SIGN, out);
        if (e == ERR_KEY_NOT_FOUND)
            e = token_key_find(a->token, NULL, TOKEN_USE_SIGN, out);
        if (e == ERR_KEY_ALGORITHM)
            e = app_fail(a, e, "the token has no key that signs here but RSA");
    }
    token_uri_free(uri);
    return e;
}

static bool same_id(const struct token_key *a, const struct token_key *b)
{
    const struct token_key_info *x = token_key_about(a), *y = token_key_about(b);
    return x->id_len == y->id_len && memcmp(x->id, y->id, x->id_len) == 0;
}

/* Beside the signing key; an older token may have that one in this place. */
static enum err find_other(struct app *a, enum key_use use, struct enrol_keys *k)
{
    enum err e = find_in_place(a, use, &k->key[use]);
    if (e == ERR_KEY_NOT_FOUND && use == KEY_USE_DERIVE)
        e = token_key_find(a->token, NULL, TOKEN_USE_DERIVE, &k->key[use]);
    if (e == ERR_OK && places[use].use == TOKEN_USE_SIGN &&
        same_id(k->key[use], k->key[KEY_USE_SIGN])) {
        token_key_free(k->key[use]);
        k->key[use] = NULL;
        return ERR_KEY_EXISTS;
    }
    return e;
}

/* --- all of them --- */

static enum err read_public(const struct token_key *key, struct key **out)
{
    struct buf spki = BUF_INIT(KEY_SPKI_MAX);
    enum err e = token_key_spki(key, &spki);
    if (e == ERR_OK)
        e = key_from_spki(spki.data, spki.len, out);
    buf_free(&spki);
    return e;
}

static enum err read_publics(struct app *a, struct enrol_keys *k)
{
    enum err e = ERR_OK;
    for (size_t use = 0; e == ERR_OK && use < KEY_USES; use++) {
        if (k->key[use] != NULL)
            e = read_public(k->key[use], &k->public[use]);
    }
    if (e == ERR_OK) {
        a->key = k->key[KEY_USE_SIGN];
        a->held = true;
        a->public_key = k->public[KEY_USE_SIGN];
    }
    return e;
}

/* What only a token that is gone makes fatal: everything else means that it has no such key. */
static enum err only_absent(enum err e)
{
    return card_gone(e) || e == ERR_NO_MEMORY ? e : ERR_OK;
}

/* --- a card that is two tokens --- */

static bool is_beside(const struct token_info *a, const struct token_info *b)
{
    return b->initialized && plugged_one_card(a, b) && strcmp(a->label, b->label) != 0;
}

/* Appends the other token's URI; nothing where there is none. */
static enum err find_beside(struct app *a, struct buf *uri)
{
    struct token_info own, *infos = NULL;
    size_t count = 0;
    enum err e = token_info_of(a->token, &own);
    if (e == ERR_OK)
        e = token_list(token_module_of(a->token), &infos, &count);
    for (size_t i = 0; e == ERR_OK && uri->len == 0 && i < count; i++) {
        if (is_beside(&own, &infos[i]))
            e = token_info_uri(&infos[i], "", uri);
    }
    free(infos);
    return e;
}

static enum err open_beside(struct app *a, const char *uri, struct app *beside)
{
    *beside = (struct app){.token_uri = uri,
                           .modules = a->modules,
                           .module_count = a->module_count,
                           .pin_fd = a->pin_fd,
                           .pinentry = a->pinentry,
                           .json = a->json,
                           .yes = a->yes,
                           .last_try = a->last_try,
                           .held = true};
    enum err e = app_find_token(beside);
    if (e == ERR_OK)
        e = app_log_in(beside, "use its other keys");
    beside->token_uri = NULL;
    return e;
}

static void close_beside(struct app *beside)
{
    beside->modules = NULL; /* the first token's app has them */
    beside->module_count = 0;
    app_close(beside);
}

/* Nobody gave its PIN: it was cancelled, or the descriptor has no second one. */
static bool without_pin(const struct app *a, enum err e)
{
    return e == ERR_PIN_CANCELLED || (e == ERR_IO && a->pin_fd != NULL);
}

/* The keys that the first token lacks, where the other one has one for the use, and no more. */
static enum err take_beside(struct app *a, struct enrol_keys *k)
{
    struct buf uri = BUF_INIT(TOKEN_URI_MAX);
    bool lacks = k->key[KEY_USE_AUTHENTICATE] == NULL || k->key[KEY_USE_DERIVE] == NULL;
    enum err e = lacks ? find_beside(a, &uri) : ERR_OK;
    if (e == ERR_OK && uri.len > 0) {
        e = open_beside(a, buf_str(&uri), &k->beside);
        for (size_t use = KEY_USE_AUTHENTICATE; e == ERR_OK && use < KEY_USES; use++) {
            if (k->key[use] == NULL)
                e = only_absent(
                    token_key_find(k->beside.token, NULL, places[use].use, &k->key[use]));
        }
    }
    buf_free(&uri);
    if (without_pin(a, e)) {
        fputs("Without the keys of the card's other token, whose PIN did not come.\n", stderr);
        return ERR_OK;
    }
    if (e != ERR_OK && k->beside.message[0] != '\0')
        e = app_fail(a, e, "%s", k->beside.message);
    return e;
}

static enum err open_others(struct app *a, bool make, struct enrol_keys *k)
{
    enum err e = ERR_OK;
    for (size_t i = KEY_USE_AUTHENTICATE; e == ERR_OK && i < KEY_USES; i++) {
        enum key_use use = (enum key_use)i;
        e = find_other(a, use, k);
        if (e == ERR_KEY_NOT_FOUND && make)
            e = make_in_place(a, use, TOKEN_P256, k);
        e = only_absent(e);
    }
    return e;
}

static enum err open_all(struct app *a, bool make, enum token_curve curve, struct enrol_keys *out)
{
    memset(out, 0, sizeof *out);
    enum err e = find_signing(a, out);
    if (make && (e == ERR_KEY_NOT_FOUND || e == ERR_KEY_ALGORITHM)) {
        a->message[0] = '\0';
        e = make_in_place(a, KEY_USE_SIGN, curve, out);
    }
    if (e == ERR_OK)
        e = open_others(a, make, out);
    if (e == ERR_OK)
        e = take_beside(a, out);
    if (e == ERR_OK)
        e = read_publics(a, out);
    if (e != ERR_OK)
        enrol_keys_close(a, out);
    return e;
}

enum err enrol_keys_open(struct app *a, enum token_curve curve, struct enrol_keys *out)
{
    return open_all(a, true, curve, out);
}

enum err enrol_keys_find(struct app *a, struct enrol_keys *out)
{
    return open_all(a, false, TOKEN_P256, out);
}

enum err enrol_keys_certified(struct app *a, struct enrol_keys *out)
{
    enum err e = open_all(a, false, TOKEN_P256, out);
    token_key_free(out->key[KEY_USE_DERIVE]);
    key_free(out->public[KEY_USE_DERIVE]);
    out->key[KEY_USE_DERIVE] = NULL;
    out->public[KEY_USE_DERIVE] = NULL;
    return e;
}

static enum err sign_with(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig,
                          size_t sig_cap, size_t *sig_len)
{
    return token_sign(ctx, hash, hash_len, sig, sig_cap, sig_len);
}

enum err enrol_keys_requests(const struct enrol_keys *k, const char *name,
                             struct buf request[static KEY_USES])
{
    enum err e = ERR_OK;
    for (size_t use = 0; e == ERR_OK && use < KEY_USES; use++) {
        size_t len = 0;
        if (k->key[use] == NULL)
            continue;
        const uint8_t *spki = key_spki(k->public[use], &len);
        e = use == KEY_USE_DERIVE
                ? buf_add(&request[use], spki, len)
                : pkcs10_make(k->public[use], name, sign_with, k -> key[use], &request[use]);
    }
    return e;
}

void enrol_keys_free(struct enrol_keys *k)
{
    for (size_t use = KEY_USE_SIGN + 1; use < KEY_USES; use++) {
        token_key_free(k->key[use]);
        key_free(k->public[use]);
    }
    close_beside(&k->beside);
    memset(k, 0, sizeof *k);
}

void enrol_keys_close(struct app *a, struct enrol_keys *k)
{
    token_key_free(k->key[KEY_USE_SIGN]);
    key_free(k->public[KEY_USE_SIGN]);
    a->key = NULL;
    a->public_key = NULL;
    a->held = false;
    enrol_keys_free(k);
}
