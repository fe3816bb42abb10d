/* SPDX-License-Identifier: Apache-2.0 */
#include "app/app.h"
#include "app/kept.h"
#include "app/session.h"
#include "base/text.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/jws.h"
#include "signer/commands.h"
#include "signer/view.h"
#include <string.h>

#define MINUTES 10
#define MINUTES_MAX 60

static const char *opt_minutes, *opt_certificate, *opt_login_output;
static bool opt_detach;

const struct args_option cmd_session_start_options[2] = {
    {"minutes", 0, ARGS_TEXT, "N", "end after so many minutes, at most 60; default 10",
     &opt_minutes},
    {"detach", 0, ARGS_FLAG, NULL, "go on when the terminal is closed", &opt_detach},
};

const struct args_option cmd_login_options[2] = {
    {"certificate", 0, ARGS_TEXT, "FILE", "for another program: the certificate (PEM) of its key",
     &opt_certificate},
    {"output", 'o', ARGS_TEXT, "FILE", "where it finds the login; default: standard output",
     &opt_login_output},
};

/* TOKEN NULL: there is none. */
static enum err report(const struct app *a, const struct token_info *token, unsigned left_s)
{
    struct doc d = {0};
    if (!a->json && token == NULL) {
        puts("No token is kept logged in.");
        return ERR_OK;
    }
    if (!a->json) {
        app_say(stdout, "Token %s, serial %s, is logged in for %u more minutes at most.",
                token->label, token->serial, (left_s + 59) / 60);
        return ERR_OK;
    }
    doc_object(&d);
    doc_bool(&d, "kept", token != NULL);
    if (token != NULL) {
        app_doc_safe(&d, "token", token->label);
        app_doc_safe(&d, "serial", token->serial);
        doc_int(&d, "secondsLeft", (int64_t)left_s);
    }
    enum err e = app_print_doc(&d);
    doc_free(&d);
    return e;
}

/* UNAVAILABLE: there is none. */
static enum err look(struct app *a, struct token_info *info, unsigned *left_s)
{
    const char *pin_fd = a->pin_fd;
    a->pin_fd = NULL; /* which is for the one that is yet to begin */
    enum err e = kept_join(a, info, left_s);
    a->pin_fd = pin_fd;
    return e;
}

static enum err read_minutes(struct app *a, unsigned *minutes)
{
    uint64_t n = MINUTES;
    if (opt_minutes != NULL &&
        (text_parse_u64(opt_minutes, strlen(opt_minutes), MINUTES_MAX, &n) != ERR_OK || n == 0))
        return app_fail(a, ERR_USAGE, "--minutes takes 1 to %d", MINUTES_MAX);
    *minutes = (unsigned)n;
    return ERR_OK;
}

/* Of two at the same moment the later one finds the other's, and that is enough. */
static enum err start(struct app *a, unsigned minutes)
{
    struct token_info info;
    char purpose[64];
    unsigned left_s = minutes * 60;
    (void)snprintf(purpose, sizeof purpose, "keep it logged in for %u minutes", minutes);
    a->may_join = false;
    enum err e = app_open_key(a, purpose);
    a->may_join = true;
    if (e == ERR_OK)
        e = app_login(a, NULL);
    if (e == ERR_OK)
        e = token_info_of(a->token, &info);
    if (e == ERR_OK)
        e = kept_begin(a, minutes, opt_detach);
    if (e == ERR_IO && look(a, &info, &left_s) == ERR_OK)
        e = ERR_OK;
    return e == ERR_OK ? report(a, &info, left_s) : e;
}

enum err cmd_session_start(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    struct token_info info;
    unsigned minutes = 0, left_s = 0;
    (void)words;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = read_minutes(a, &minutes);
    if (e == ERR_OK)
        e = look(a, &info, &left_s);
    if (e == ERR_OK)
        return report(a, &info, left_s); /* one is enough; stop ends it */
    if (e == ERR_UNAVAILABLE)
        e = start(a, minutes);
    return e;
}

enum err cmd_session_status(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    struct token_info info;
    unsigned left_s = 0;
    (void)words;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = look(a, &info, &left_s);
    if (e == ERR_OK || e == ERR_UNAVAILABLE)
        e = report(a, e == ERR_OK ? &info : NULL, left_s);
    return e;
}

static enum err login(struct app *a)
{
    struct js *session = NULL;
    if (opt_login_output != NULL)
        return app_fail(a, ERR_USAGE, "--output goes with --certificate");
    enum err e = app_login(a, &session);
    if (e == ERR_OK && a->json)
        e = app_print_json(session);
    else if (e == ERR_OK)
        view_session(a->bank, session);
    js_free(session);
    return e;
}

/* What is signed names the key only, so this says whom it serves. */
static enum err login_for(struct app *a)
{
    struct buf body = BUF_INIT(JWS_MAX + 64);
    char thumbprint[KEY_THUMBPRINT_LEN + 1];
    enum err e = session_certified(opt_certificate, thumbprint);
    if (e != ERR_OK)
        return app_fail(a, e, "%s must be the certificate of a P-256 key", opt_certificate);
    fprintf(stderr, "Whoever has the session key %s will see your accounts.\n", thumbprint);
    e = app_login_for(a, thumbprint, &body);
    if (e == ERR_OK)
        e = app_write_document(a, opt_login_output, &body);
    buf_free(&body);
    return e;
}

enum err cmd_login(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    (void)words;
    enum err e = app_configure(a);
    if (e == ERR_OK)
        e = opt_certificate != NULL ? login_for(a) : login(a);
    return e;
}

static enum err report_logout(const struct app *a, bool had, enum err told)
{
    struct doc report = {0};
    if (!a->json) {
        puts(had ? "Logged out; the session key is destroyed." : "There was no session to end.");
        if (told != ERR_OK)
            fprintf(stderr, "The bank could not be told (%s); it ends the session by itself.\n",
                    err_name(told));
        return ERR_OK;
    }
    doc_object(&report);
    doc_bool(&report, "destroyed", had);
    doc_text(&report, "bank", err_name(told));
    enum err e = app_print_doc(&report);
    doc_free(&report);
    return e;
}

enum err cmd_logout(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    bool had = false, kept = false;
    enum err told = ERR_OK;
    (void)words;
    enum err ended = ERR_OK, e = app_configure(a);
    if (e == ERR_OK) { /* whatever becomes of the token, the session ends */
        ended = kept_end(a, &kept);
        e = app_logout(a, &had, &told);
    }
    if (e == ERR_OK && kept && !a->json)
        puts("The token that was kept is logged out.");
    if (e == ERR_OK)
        e = report_logout(a, had, told);
    return ended != ERR_OK ? ended : e;
}
