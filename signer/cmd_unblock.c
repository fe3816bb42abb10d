/* SPDX-License-Identifier: Apache-2.0
 * A locked PIN gets a new one by the PUK. PKCS#11 has no word for that: some drivers take the PUK
 * as the security officer's PIN, some in place of the old PIN, and OpenSC either way, or none, as
 * its configuration says. */
#include "app/app.h"
#include "app/card.h"
#include "base/file.h"
#include "signer/commands.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *opt_puk_fd, *opt_new_pin_fd;

const struct args_option cmd_token_unblock_options[2] = {
    {"puk-fd", 0, ARGS_FD, "N", "read the PUK from descriptor N", &opt_puk_fd},
    {"new-pin-fd", 0, ARGS_FD, "N", "read the new PIN from descriptor N", &opt_new_pin_fd},
};

#define CONF(name) UNBLOCK_FROM_BIN "/" name

/* By the maker that the token names; CONF is what its driver is to read for this once. */
static const struct unblock_way {
    const char *maker;
    enum token_way way; /* 0: its driver has none */
    const char *conf, *puk;
} ways[] = {
    {"piv_II", TOKEN_WAY_PUK, CONF("opensc-puk.conf"), "PUK"},
    {"OpenPGP project", TOKEN_WAY_OFFICER, CONF("opensc-officer.conf"), "Admin PIN (PW3)"},
    {"www.CardContact.de", TOKEN_WAY_OFFICER, NULL, "SO-PIN (16 hexadecimal digits)"},
    {"Yubico (www.yubico.com)", 0, NULL, NULL},
    {NULL, TOKEN_WAY_OFFICER, NULL, "PUK or security officer's PIN"}, /* any other */
};

static const struct unblock_way *way_of(const struct token_info *info)
{
    const struct unblock_way *w = ways;
    while (w->maker != NULL && strcmp(w->maker, info->manufacturer) != 0)
        w++;
    return w;
}

/* The driver reads its configuration once, so it starts anew. The token is the one before and no
 * other that the user's words fit as well: its PUK goes there. */
static enum err restart_driver(struct app *a, const char *conf, struct token_info *info)
{
    char path[PATH_MAX];
    if (file_from_program(conf, path) != ERR_OK || access(path, R_OK) != 0)
        return app_fail(a, ERR_IO, "%s is not installed", strrchr(conf, '/') + 1);
    enum err e = card_keep_to(a, info);
    app_close_modules(a);
    if (e == ERR_OK && setenv("OPENSC_CONF", path, 1) != 0)
        e = ERR_NO_MEMORY;
    if (e == ERR_OK)
        e = app_open_token(a);
    return e == ERR_OK ? token_info_of(a->token, info) : e;
}

static enum err refuse(struct app *a, const struct token_info *info, const struct unblock_way *w)
{
    if (w->way == 0)
        return app_fail(a, ERR_TOKEN_UNSUPPORTED,
                        "its driver does not unblock; give --module opensc-pkcs11.so");
    if (w->way == TOKEN_WAY_PUK && info->tries != TOKEN_TRIES_LOCKED)
        return ERR_PIN_NOT_LOCKED;
    if (info->puk_tries == TOKEN_TRIES_LOCKED)
        return ERR_PUK_LOCKED;
    if (info->puk_tries == TOKEN_TRIES_FINAL && !a->last_try)
        return app_fail(a, ERR_PUK_LAST_TRY, "--last-try allows it");
    return ERR_OK;
}

static enum err ask(struct app *a, const struct token_info *info, const char *name,
                    struct token_pin **puk, struct token_pin **fresh)
{
    char prompt[128];
    (void)snprintf(prompt, sizeof prompt, "%s of token %s%s to unblock its PIN", name, info->label,
                   info->puk_tries == TOKEN_TRIES_FINAL ? " (LAST TRY)" : "");
    const struct app_pin old = {prompt, opt_puk_fd, false, NULL};
    const struct app_pin new = {"New PIN", opt_new_pin_fd, true, NULL};
    struct token_module *m = token_module_of(a->token);
    if (info->keypad) {
        app_say(stderr, "Enter the %s, and then the new PIN, on the reader.", prompt);
        return ERR_OK;
    }
    enum err e = app_read_pin(a, m, &old, puk);
    return e == ERR_OK ? app_read_pin(a, m, &new, fresh) : e;
}

static enum err unblock(struct app *a)
{
    struct token_pin *puk = NULL, *fresh = NULL;
    struct token_info info;
    enum err e = app_open_token(a);
    if (e == ERR_OK)
        e = token_info_of(a->token, &info);
    if (e != ERR_OK)
        return e;
    const struct unblock_way *w = way_of(&info);
    e = refuse(a, &info, w);
    if (e == ERR_OK && w->conf != NULL) {
        e = restart_driver(a, w->conf, &info);
        if (e == ERR_OK)
            e = refuse(a, &info, w);
    }
    if (e == ERR_OK)
        e = ask(a, &info, w->puk, &puk, &fresh);
    if (e == ERR_OK)
        e = token_unblock(a->token, w->way, puk, fresh, a->last_try);
    if (e == ERR_PUK_WRONG && token_info_of(a->token, &info) == ERR_OK)
        (void)app_fail(a, e, "Tries left of the PUK: %s.", app_tries_left(info.puk_tries));
    token_pin_free(puk);
    token_pin_free(fresh);
    if (e == ERR_OK && !a->json)
        fputs("The PIN is the new one.\n", stderr);
    return e;
}

enum err cmd_token_unblock(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    return e == ERR_OK ? unblock(a) : e;
}
