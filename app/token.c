/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "app/card.h"
#include "app/kept.h"
#include "app/plugged.h"
#include "base/log.h"
#include "order/jws.h"
#include <stdlib.h>
#include <string.h>

void app_close_modules(struct app *a)
{
    token_key_free(a->key);
    token_close(a->token);
    for (size_t i = 0; i < a->module_count; i++)
        token_module_unload(a->modules[i]);
    free(a->modules);
    a->key = NULL;
    a->token = NULL;
    a->modules = NULL;
    a->module_count = 0;
    a->logged_in = false;
}

static enum err load_one(struct app *a, const char *path)
{
    a->modules = calloc(1, sizeof *a->modules);
    if (a->modules == NULL)
        return ERR_NO_MEMORY;
    enum err e = token_module_load(path, &a->modules[0]);
    if (e != ERR_OK) {
        app_close_modules(a); /* an empty list would pass for one without the token */
        return app_fail(a, e, "%s", path);
    }
    a->module_count = 1;
    return ERR_OK;
}

enum err app_open_modules(struct app *a)
{
    struct token_uri *uri = NULL;
    if (a->modules != NULL)
        return ERR_OK;
    const char *path = a->module;
    if (path == NULL && a->token_uri != NULL) {
        enum err e = token_uri_parse(a->token_uri, &uri);
        if (e != ERR_OK)
            return app_fail(a, e, "%s", a->token_uri);
        path = token_uri_module_path(uri);
    }
    enum err e =
        path != NULL ? load_one(a, path) : token_modules_load(&a->modules, &a->module_count);
    token_uri_free(uri);
    return e;
}

void app_tell_modules(struct app *a)
{
    for (size_t i = 0; !a->told && i < a->module_count; i++) {
        enum err why = token_module_refusal(a->modules[i]);
        if (why == ERR_TOKEN_HANGS)
            app_say(stderr,
                    "Module %s did not answer (%s); what it has is left out. countersign token "
                    "doctor says how to do without it.",
                    token_module_path(a->modules[i]), err_name(why));
        else if (why != ERR_OK)
            app_say(stderr, "Module %s did not start (%s); what it has is left out.",
                    token_module_path(a->modules[i]), err_name(why));
    }
    a->told = true;
}

/* The one token that matches in all modules together. One that does not start has none. */
static enum err open_in_modules(struct app *a, const struct token_uri *uri)
{
    for (size_t i = 0; i < a->module_count; i++) {
        struct token *found = NULL;
        enum err e = token_open(a->modules[i], uri, &found);
        if (e == ERR_OK && a->token != NULL) {
            token_close(found);
            e = ERR_TOKEN_AMBIGUOUS;
        }
        if (e != ERR_OK && e != ERR_TOKEN_NOT_FOUND && e != ERR_TOKEN_MODULE) {
            token_close(a->token); /* not known to be the one */
            a->token = NULL;
            return e;
        }
        if (e == ERR_OK)
            a->token = found;
    }
    return a->token != NULL ? ERR_OK : ERR_TOKEN_NOT_FOUND;
}

static enum err say_reader(const struct token_info *info)
{
    struct buf uri = BUF_INIT(TOKEN_URI_MAX);
    enum err e = plugged_reader_uri(info, &uri);
    if (e == ERR_OK)
        app_say(stderr, "  --token '%s'", buf_str(&uri));
    buf_free(&uri);
    return e;
}

/* The whole names of two may be the same. */
static enum err tell_twins(struct token_module *m)
{
    struct token_info *infos = NULL;
    size_t count = 0;
    enum err e = token_list(m, &infos, &count);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        size_t k = i + 1;
        while (k < count && !plugged_twins(&infos[i], &infos[k]))
            k++;
        if (k == count)
            continue;
        app_say(stderr,
                "Two tokens have the same name: %s, serial %s. Say in which reader the one is that "
                "you mean, or unplug the other:",
                infos[i].label, infos[i].serial);
        e = say_reader(&infos[i]);
        if (e == ERR_OK)
            e = say_reader(&infos[k]);
    }
    free(infos);
    return e;
}

enum err app_find_token(struct app *a)
{
    struct token_uri *uri = NULL;
    if (a->token != NULL)
        return ERR_OK;
    const char *text = a->opened.len > 0      ? buf_str(&a->opened)
                       : a->token_uri != NULL ? a->token_uri
                                              : "pkcs11:";
    enum err e = app_open_modules(a);
    if (e == ERR_OK)
        e = token_uri_parse(text, &uri);
    if (e == ERR_OK) {
        e = open_in_modules(a, uri);
        app_tell_modules(a);
    }
    for (size_t i = 0; e == ERR_TOKEN_AMBIGUOUS && i < a->module_count; i++)
        (void)!tell_twins(a->modules[i]); /* it is ambiguous all the same */
    if (e != ERR_OK && a->message[0] == '\0')
        (void)app_fail(a, e, "looked for %s", text);
    token_uri_free(uri);
    return e;
}

enum err app_open_token(struct app *a)
{
    if (a->joined != NULL) { /* it does no more than sign */
        kept_leave(a);
        key_free(a->public_key);
        a->public_key = NULL;
    }
    enum err e = app_find_token(a);
    return e == ERR_TOKEN_NOT_FOUND ? card_await(a, e) : e;
}

static enum err log_in_once(struct app *a, void *ctx)
{
    (void)ctx;
    struct token_info info;
    struct token_pin *pin = NULL;
    enum err e = token_info_of(a->token, &info);
    if (e == ERR_OK)
        log_event(LOG_DEBUG, "token.open", "label=%s serial=%s tries=%s", info.label, info.serial,
                  token_tries_name(info.tries));
    if (e == ERR_OK)
        e = card_keep_to(a, &info);
    if (e == ERR_OK)
        e = app_ask_pin(a, &info, a->purpose, &pin);
    if (e != ERR_OK)
        return e;
    e = app_tell_tries(a, token_login(a->token, pin, a->last_try));
    if (e == ERR_TOKEN_REMOVED) /* one that is there may have taken the PIN for a wrong one */
        a->never_out = token_info_of(a->token, &info) == ERR_OK;
    token_pin_free(pin); /* the token keeps what it needs */
    a->logged_in = e == ERR_OK;
    return e;
}

enum err app_log_in(struct app *a, const char *purpose)
{
    if (purpose != a->purpose)
        (void)snprintf(a->purpose, sizeof a->purpose, "%s", purpose);
    if (a->logged_in)
        return ERR_OK;
    return card_attend(a, log_in_once, NULL);
}

/* Another card that the URI fits as well does not take over in the middle. */
static enum err take_public(struct app *a, const struct buf *spki)
{
    struct key *found = NULL;
    enum err e = key_from_spki(spki->data, spki->len, &found);
    if (e == ERR_OK && a->public_key == NULL) {
        a->public_key = found;
        return ERR_OK;
    }
    if (e == ERR_OK && strcmp(key_thumbprint(found), key_thumbprint(a->public_key)) != 0)
        e = app_fail(a, ERR_KEY_MISMATCH, "this is not the key that was there before");
    key_free(found);
    return e;
}

static bool may_be(const struct token_uri *uri, const struct token_key_info *k)
{
    size_t len = 0;
    const char *label = uri != NULL ? token_uri_get(uri, TOKEN_URI_OBJECT, &len) : NULL;
    return k->sign &&
           (label == NULL || (strlen(k->label) == len && memcmp(k->label, label, len) == 0));
}

/* Each of those that URI fits, by the name that only it has. */
static enum err tell_keys(struct app *a, const struct token_uri *uri)
{
    struct token_key_info *keys = NULL;
    struct token_info info;
    size_t count = 0;
    enum err e = token_info_of(a->token, &info);
    if (e == ERR_OK)
        e = token_key_list(a->token, &keys, &count);
    if (e == ERR_OK)
        app_say(stderr,
                "Several keys fit. Say which by --token, or by token = in the configuration "
                "file:");
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        struct buf name = BUF_INIT(TOKEN_URI_MAX);
        if (may_be(uri, &keys[i]))
            e = token_key_info_uri(&info, &keys[i], &name);
        if (e == ERR_OK && name.len > 0)
            app_say(stderr, "  --token '%s'", buf_str(&name));
        buf_free(&name);
    }
    free(keys);
    return e;
}

enum err app_find_key(struct app *a)
{
    struct token_uri *uri = NULL;
    struct buf spki = BUF_INIT(KEY_SPKI_MAX);
    enum err e = ERR_OK;
    if (a->token_uri != NULL)
        e = token_uri_parse(a->token_uri, &uri);
    if (e == ERR_OK)
        e = token_key_find(a->token, uri, TOKEN_USE_SIGN, &a->key);
    if (e == ERR_KEY_AMBIGUOUS && !a->all_keys)
        (void)!tell_keys(a, uri); /* it is ambiguous all the same */
    if (e == ERR_OK)
        e = token_key_spki(a->key, &spki);
    if (e == ERR_OK)
        e = take_public(a, &spki);
    token_uri_free(uri);
    buf_free(&spki);
    return e;
}

enum err app_reopen_key(struct app *a, enum err why)
{
    enum err e = why;
    while (card_pulled(a, e)) {
        e = card_await(a, e);
        if (e == ERR_OK)
            e = app_log_in(a, a->purpose);
        if (e == ERR_OK)
            e = app_find_key(a);
    }
    return e;
}

enum err app_open_key(struct app *a, const char *purpose)
{
    struct token_info info;
    unsigned left_s = 0;
    if (a->public_key != NULL)
        return ERR_OK;
    enum err e = a->token == NULL ? kept_join(a, &info, &left_s) : ERR_UNAVAILABLE;
    if (e == ERR_UNAVAILABLE)
        e = app_open_token(a);
    if (e == ERR_OK)
        e = app_log_in(a, purpose);
    if (e == ERR_OK)
        e = app_find_key(a);
    return app_reopen_key(a, e);
}

enum err app_consent(struct app *a, const char *purpose)
{
    bool asked_before = a->logged_in;
    enum err e = app_open_key(a, purpose);
    bool asked = asked_before || a->joined != NULL;
    return e == ERR_OK && asked ? app_confirm(a, "Sign this?") : e;
}

enum err app_sign(void *ctx, const uint8_t *hash, size_t hash_len, uint8_t *sig, size_t sig_cap,
                  size_t *sig_len)
{
    struct app *a = ctx;
    enum err e = token_sign(a->key, hash, hash_len, sig, sig_cap, sig_len);
    while (card_pulled(a, e)) {
        e = app_reopen_key(a, e);
        if (e == ERR_OK)
            e = token_sign(a->key, hash, hash_len, sig, sig_cap, sig_len);
    }
    a->never_out = a->never_out && e != ERR_OK;
    return e;
}

enum err app_sign_statement(struct app *a, enum statement_kind kind, const struct buf *payload,
                            struct buf *jws)
{
    return jws_make(a->public_key, statement_typ(kind), payload->data, payload->len, app_sign, a,
                    jws);
}
