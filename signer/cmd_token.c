/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "app/card.h"
#include "order/doc.h"
#include "signer/commands.h"
#include "signer/token_view.h"
#include <stdlib.h>
#include <string.h>

static const char *opt_label, *opt_so_pin_fd, *opt_curve, *opt_use, *opt_key_label, *opt_spki;
static const char *opt_new_pin_fd;

const struct args_option cmd_token_init_options[2] = {
    {"label", 'l', ARGS_MUST, "LABEL", "the new token's name, up to 32 bytes", &opt_label},
    {"so-pin-fd", 0, ARGS_FD, "N", "read the security officer's PIN from descriptor N",
     &opt_so_pin_fd},
};
const struct args_option cmd_token_generate_options[3] = {
    {"curve", 0, ARGS_TEXT, "CURVE", "P-256 (default), P-384 or P-521", &opt_curve},
    {"use", 0, ARGS_TEXT, "USE", "sign, derive or both (default)", &opt_use},
    {"label", 'l', ARGS_TEXT, "LABEL", "name of the keys; default countersign", &opt_key_label},
};
const struct args_option cmd_token_info_options[1] = {
    {"spki", 0, ARGS_TEXT, "FILE", "write the signing key's public half (DER) to FILE", &opt_spki},
};
const struct args_option cmd_token_change_pin_options[1] = {
    {"new-pin-fd", 0, ARGS_FD, "N", "read the new PIN from descriptor N", &opt_new_pin_fd},
};

/* --- init --- */

static enum err init_token(struct app *a)
{
    const struct app_pin so_asked = {"New security officer PIN", opt_so_pin_fd, true, NULL};
    const struct app_pin asked = {"New PIN", a->pin_fd, true, NULL};
    struct token_pin *so_pin = NULL, *pin = NULL;
    struct token_info info;
    struct doc answer = {0};
    enum err e = app_open_modules(a);
    if (e == ERR_OK && a->module_count != 1)
        e = app_fail(a, ERR_SETTING_MISSING, "say in which module by --module");
    if (e == ERR_OK)
        e = app_read_pin(a, a->modules[0], &so_asked, &so_pin);
    if (e == ERR_OK)
        e = app_read_pin(a, a->modules[0], &asked, &pin);
    if (e == ERR_OK)
        e = token_init(a->modules[0], opt_label, so_pin, pin, &info);
    if (e == ERR_OK && a->json) {
        token_view_doc(&info, NULL, &answer);
        e = app_print_doc(&answer);
    } else if (e == ERR_OK) {
        e = token_view_print(stdout, &info, NULL);
    }
    doc_free(&answer);
    token_pin_free(so_pin);
    token_pin_free(pin);
    return e;
}

enum err cmd_token_init(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? init_token(a) : e;
}

/* --- generate --- */

struct made_key {
    enum token_use use;
    uint8_t id;
    const char *word;
    bool wanted, begun, done;
};

struct making {
    enum token_curve curve;
    const char *label;
    struct made_key key[2];
};

static enum err find_made(struct app *a, const struct made_key *k)
{
    char text[] = "pkcs11:id=%00";
    struct token_uri *uri = NULL;
    struct token_key *found = NULL;
    text[sizeof text - 2] = (char)('0' + k->id);
    enum err e = token_uri_parse(text, &uri);
    if (e == ERR_OK)
        e = token_key_find(a->token, uri, k->use, &found);
    token_key_free(found);
    token_uri_free(uri);
    return e;
}

/* One that was begun when the token was pulled is there, or it is made now. */
static enum err make_one(struct app *a, const struct making *m, struct made_key *k)
{
    enum err e = find_made(a, k);
    if (k->begun && e == ERR_OK)
        app_say(stderr, "The key to %s was made before the token was pulled.", k->word);
    if (k->begun && e != ERR_KEY_NOT_FOUND)
        return e;
    if (e == ERR_OK)
        return ERR_KEY_EXISTS;
    e = token_generate(a->token, k->use, m->curve, m->label, &k->id, 1);
    k->begun = card_gone(e) || card_pulled(a, e);
    return e;
}

static enum err make_keys(struct app *a, void *ctx)
{
    struct making *m = ctx;
    enum err e = app_log_in(a, "make keys");
    for (size_t i = 0; e == ERR_OK && i < 2; i++) {
        if (!m->key[i].wanted || m->key[i].done)
            continue;
        e = make_one(a, m, &m->key[i]);
        m->key[i].done = e == ERR_OK;
    }
    return e;
}

/* What is to be done where it does not go on by itself. */
static void tell_made(struct app *a, const struct making *m, enum err e)
{
    char text[sizeof a->message] = "";
    size_t len = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct made_key *k = &m->key[i];
        if (k->wanted && len < sizeof text)
            len += (size_t)snprintf(text + len, sizeof text - len, "%sthe key to %s %s",
                                    len > 0 ? ", " : "", k->word,
                                    k->done    ? "is made"
                                    : k->begun ? "may be made: token info shows it; if not, "
                                                 "token generate --use makes it"
                                               : "is not made: token generate --use makes it");
    }
    (void)app_fail(a, e, "%s", text);
}

static enum err generate_keys(struct app *a)
{
    const char *use = opt_use != NULL ? opt_use : "both";
    const bool both = strcmp(use, "both") == 0;
    struct making m = {
        .label = opt_key_label != NULL ? opt_key_label : "countersign",
        .key = {{TOKEN_USE_SIGN, 2, "sign", both || strcmp(use, "sign") == 0, false, false},
                {TOKEN_USE_DERIVE, 3, "derive", both || strcmp(use, "derive") == 0, false, false}}};
    if (!m.key[0].wanted && !m.key[1].wanted)
        return app_fail(a, ERR_USAGE, "--use is sign, derive or both, not %s", use);
    enum err e = token_view_curve(a, opt_curve, &m.curve);
    if (e == ERR_OK)
        e = app_open_token(a);
    if (e == ERR_OK)
        e = card_attend(a, make_keys, &m);
    if (e != ERR_OK && (m.key[0].begun || m.key[0].done || m.key[1].begun) && e != ERR_KEY_EXISTS)
        tell_made(a, &m, e);
    return e;
}

/* --- info --- */

/* By whose thumbprint the bank knows a signing key; NULL: it is none, or has no good one there. */
static enum err public_of(struct app *a, const struct token_info *info,
                          const struct token_key_info *k, struct key **public)
{
    struct buf name = BUF_INIT(TOKEN_URI_MAX), spki = BUF_INIT(KEY_SPKI_MAX);
    struct token_uri *uri = NULL;
    struct token_key *found = NULL;
    *public = NULL;
    enum err e = k->sign ? token_key_info_uri(info, k, &name) : ERR_KEY_NOT_FOUND;
    if (e == ERR_OK)
        e = token_uri_parse(buf_str(&name), &uri);
    if (e == ERR_OK)
        e = token_key_find(a->token, uri, TOKEN_USE_SIGN, &found);
    if (e == ERR_OK)
        e = token_key_spki(found, &spki);
    if (e == ERR_OK)
        e = key_from_spki(spki.data, spki.len, public);
    token_key_free(found);
    token_uri_free(uri);
    buf_free(&spki);
    buf_free(&name);
    return card_gone(e) || e == ERR_TOKEN_FAILED || e == ERR_NO_MEMORY ? e : ERR_OK;
}

static enum err print_key(struct app *a, const struct token_info *info,
                          const struct token_key_info *k, struct doc *array)
{
    struct key *public = NULL;
    struct doc one = {0};
    enum err e = public_of(a, info, k, &public);
    if (e != ERR_OK)
        return e;
    const char *thumbprint = public != NULL ? key_thumbprint(public) : NULL;
    if (a->json) {
        token_view_key_doc(info, k, thumbprint, &one);
        doc_push(array, &one);
    } else {
        e = token_view_key_print(info, k, thumbprint);
    }
    key_free(public);
    return e;
}

static enum err print_keys(struct app *a, const struct token_info *info)
{
    struct token_key_info *keys = NULL;
    struct doc array = {0};
    size_t count = 0;
    enum err e = token_key_list(a->token, &keys, &count);
    doc_array(&array);
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = print_key(a, info, &keys[i], &array);
    if (e == ERR_OK && a->json)
        e = app_print_doc(&array);
    doc_free(&array);
    free(keys);
    return e;
}

static enum err write_spki(struct app *a)
{
    size_t len = 0;
    const uint8_t *spki = key_spki(a->public_key, &len);
    enum err e = app_write_file(a, opt_spki, spki, len);
    if (e == ERR_OK && !a->json)
        fprintf(stderr, "Wrote %s, the public key for the bank.\n", opt_spki);
    return e;
}

/* Prints last: what fails before is told as JSON, too. */
static enum err show_token(struct app *a)
{
    struct token_info info;
    a->all_keys = opt_spki == NULL;
    enum err e = app_open_key(a, "list its keys");
    if (a->all_keys && (e == ERR_KEY_NOT_FOUND || e == ERR_KEY_AMBIGUOUS))
        e = ERR_OK;
    if (e == ERR_OK && opt_spki != NULL)
        e = write_spki(a);
    if (e == ERR_OK)
        e = token_info_of(a->token, &info);
    return e == ERR_OK ? print_keys(a, &info) : e;
}

enum err cmd_token_generate(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = generate_keys(a);
    return e == ERR_OK ? show_token(a) : e;
}

enum err cmd_token_info(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? show_token(a) : e;
}

/* --- change-pin --- */

struct pins {
    struct token_info info; /* of the token whose they are */
    struct token_pin *old, *fresh;
    bool sent;
};

static void forget(struct pins *p)
{
    token_pin_free(p->old);
    token_pin_free(p->fresh);
    p->old = p->fresh = NULL;
}

/* The fresh one stays NULL on a keypad, which asks for all of it. */
static enum err ask_both(struct app *a, struct pins *p)
{
    struct token_info now;
    const struct app_pin asked = {"New PIN", opt_new_pin_fd, true, &p->info};
    enum err e = token_info_of(a->token, &p->info);
    if (e == ERR_OK)
        e = card_keep_to(a, &p->info);
    if (e == ERR_OK)
        e = app_ask_pin(a, &p->info, "change it", &p->old);
    if (e == ERR_OK && !p->info.keypad)
        e = app_read_pin(a, token_module_of(a->token), &asked, &p->fresh);
    return e == ERR_OK ? token_info_of(a->token, &now) : e;
}

/* A token that went before the PINs were sent is waited for; they are sent once. */
static enum err ask_and_send(struct app *a, void *ctx)
{
    struct pins *p = ctx;
    forget(p);
    enum err e = ask_both(a, p);
    if (e != ERR_OK)
        return e;
    e = token_change_pin(a->token, p->old, p->fresh, a->last_try);
    a->gave_up = p->sent = e != ERR_TOKEN_NOT_FOUND;
    return app_tell_tries(a, e);
}

/* Whether a token that is pulled in the middle has the new PIN, it alone knows; another that came
 * in its place is not meant. */
static void tell_which(struct app *a, const struct pins *p, enum err e)
{
    const bool gone = card_gone(e) || e == ERR_TOKEN_FAILED;
    if (gone && p->sent)
        (void)app_fail(a, e,
                       "the PIN of %s, serial %s, is the new one or still the old one; try the new "
                       "one first",
                       p->info.label, p->info.serial);
    else if (p->old != NULL && (gone || e == ERR_PIN_AGAIN))
        (void)app_fail(a, e, "no PIN was sent; that of %s, serial %s, is still the old one",
                       p->info.label, p->info.serial);
}

static enum err change_pin(struct app *a)
{
    struct pins p = {.sent = false};
    enum err e = app_open_token(a);
    if (e == ERR_OK)
        e = card_attend(a, ask_and_send, &p);
    tell_which(a, &p, e);
    forget(&p);
    return e;
}

enum err cmd_token_change_pin(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? change_pin(a) : e;
}
