/* SPDX-License-Identifier: Apache-2.0 */
#include "app/kept.h"

#include "app/card.h"
#include "app/session.h"
#include "base/log.h"
#include "token/remote.h"
#include <stdlib.h>
#include <string.h>

#define IDLE_S 300 /* as the bank ends a session that nobody uses */

static enum err find_path(struct app *a, struct buf *path)
{
    const char *bank = NULL;
    enum err e = app_need(a, a->bank, "bank", &bank);
    if (e == ERR_OK)
        e = session_socket_path(a->session_dir, bank, a->token_uri != NULL ? a->token_uri : "",
                                path);
    return e == ERR_SESSION_DIR ? app_fail(a, e, "tried %s", buf_str(path)) : e;
}

enum err kept_begin(struct app *a, unsigned minutes, bool detached)
{
    struct buf path = BUF_INIT(4096);
    enum err e = find_path(a, &path);
    const struct token_keep keep = {.path = buf_str(&path),
                                    .seconds = minutes * 60,
                                    .idle_seconds = IDLE_S,
                                    .detached = detached};
    token_key_free(a->key);
    a->key = NULL;
    if (e == ERR_OK)
        e = token_keep(a->token, &keep);
    if (e == ERR_IO)
        (void)app_fail(a, e, "no socket at %s", buf_str(&path));
    app_close_modules(a);
    buf_free(&path);
    return e;
}

static const struct {
    enum err why;
    const char *words;
} ends[] = {
    {ERR_TOKEN_REMOVED, "it was pulled."},
    {ERR_TOKEN_HANGS, "its module did not answer."},
    {ERR_KEPT_OVER, "its minutes are over."},
    {ERR_KEPT_IDLE, "nobody used it for 5 minutes."},
    {ERR_KEPT_HANGUP, "the terminal in which its session began was closed."},
};

static void tell(enum err why)
{
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (ends[i].why == why)
            app_say(stderr, "The token is kept logged in no longer (%s): %s", err_name(why),
                    ends[i].words);
    }
}

static void tell_end(const char *path)
{
    tell(token_keep_why(path, true));
}

bool kept_is_over(const struct app *a)
{
    const enum err why = a->joined != NULL ? token_keep_why(a->joined, false) : ERR_TOKEN_REMOVED;
    if (why == ERR_TOKEN_REMOVED || why == ERR_TOKEN_HANGS)
        return false;
    if (why == ERR_OK)
        fputs("The token is kept logged in no longer: its session was stopped, or its process "
              "ended.\n",
              stderr);
    tell(why);
    return true;
}

static enum err join_at(struct app *a, const char *path, struct token_info *info, unsigned *left_s)
{
    struct token_module *m = NULL;
    a->modules = calloc(1, sizeof *a->modules);
    a->joined = strdup(path);
    enum err e = a->modules != NULL && a->joined != NULL ? ERR_OK : ERR_NO_MEMORY;
    if (e == ERR_OK)
        e = token_join(a->joined, &m, &a->token, left_s);
    if (e == ERR_OK) {
        a->modules[0] = m;
        a->module_count = 1;
        a->logged_in = true;
        e = token_info_of(a->token, info);
    }
    if (e == ERR_OK)
        e = card_keep_to(a, info); /* it alone is waited for, should it be pulled */
    if (e != ERR_OK)
        kept_leave(a);
    return e;
}

enum err kept_join(struct app *a, struct token_info *info, unsigned *left_s)
{
    struct buf path = BUF_INIT(4096);
    *left_s = 0;
    if (!a->may_join || a->pin_fd != NULL || a->bank == NULL || a->modules != NULL)
        return ERR_UNAVAILABLE;
    enum err e = find_path(a, &path);
    if (e != ERR_OK)
        a->message[0] = '\0'; /* nowhere that one could be */
    else
        e = join_at(a, buf_str(&path), info, left_s);
    if (e != ERR_OK && path.len > 0)
        tell_end(buf_str(&path));
    if (e != ERR_OK && e != ERR_NO_MEMORY)
        e = ERR_UNAVAILABLE; /* also one that is good for nothing */
    if (e == ERR_OK)
        log_event(LOG_DEBUG, "token.join", "%s, %u s left", a->joined, *left_s);
    buf_free(&path);
    return e;
}

void kept_leave(struct app *a)
{
    app_close_modules(a);
    free(a->joined);
    a->joined = NULL;
}

enum err kept_end(struct app *a, bool *had)
{
    struct buf path = BUF_INIT(4096);
    enum err e = find_path(a, &path);
    if (e == ERR_OK)
        e = token_keep_end(buf_str(&path));
    if (e == ERR_UNAVAILABLE)
        tell_end(buf_str(&path));
    *had = e == ERR_OK;
    buf_free(&path);
    return e == ERR_UNAVAILABLE ? ERR_OK : e;
}
