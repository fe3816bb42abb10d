/* SPDX-License-Identifier: Apache-2.0 */
#include "app/card.h"

#include "app/kept.h"
#include "app/plugged.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/text.h"
#include "token/remote.h"
#include <string.h>
#include <unistd.h>

#define WAIT_S 60
#define WAIT_MAX_S 3600
#define LOOK_MS 1000  /* until modules that need no reader are asked again */
#define TRIES 3       /* a card that was just inserted may not answer the first question */
#define WANTED_MAX 96 /* bytes of a token's names, with a NUL */

/* --- whether --- */

static enum err read_wait(struct app *a, uint64_t *seconds)
{
    *seconds = isatty(STDERR_FILENO) == 1 ? WAIT_S : 0;
    if (a->wait == NULL || text_parse_u64(a->wait, strlen(a->wait), WAIT_MAX_S, seconds) == ERR_OK)
        return ERR_OK;
    return app_fail(a, ERR_USAGE, "--wait takes seconds, at most %d", WAIT_MAX_S);
}

bool card_pulled(const struct app *a, enum err e)
{
    bool went = (e == ERR_TOKEN_REMOVED && !a->never_out) || e == ERR_TOKEN_NOT_FOUND ||
                (e == ERR_TOKEN_HANGS && a->token != NULL) || /* before that nothing was there */
                (e == ERR_TOKEN_FAILED && !a->failed);
    return went && !a->held && !a->gave_up;
}

bool card_gone(enum err e)
{
    return e == ERR_TOKEN_REMOVED || e == ERR_TOKEN_NOT_FOUND || e == ERR_TOKEN_HANGS ||
           e == ERR_TOKEN_CRASHED || e == ERR_TOKEN_PCSCD_HANGS;
}

/* --- words --- */

/* One that was there, by its names; before that as it was asked for. */
static const char *wanted(const struct app *a, char names[static WANTED_MAX])
{
    struct token_uri *uri = NULL;
    if (a->opened.len == 0)
        return a->token_uri != NULL ? a->token_uri : "any token";
    if (token_uri_parse(buf_str(&a->opened), &uri) != ERR_OK)
        return buf_str(&a->opened);
    const char *label = token_uri_get(uri, TOKEN_URI_TOKEN, NULL);
    const char *serial = token_uri_get(uri, TOKEN_URI_SERIAL, NULL);
    (void)snprintf(names, WANTED_MAX, "%s, serial %s", label != NULL ? label : "",
                   serial != NULL ? serial : "unknown");
    token_uri_free(uri);
    return names;
}

/* KEPT: it was logged in for more than this command. */
static void say_what(const struct app *a, enum err why, uint64_t seconds, bool kept)
{
    char names[WANTED_MAX];
    const char *what =
        "The token was pulled; nothing was signed with it since. Insert your card again";
    if (why == ERR_TOKEN_NOT_FOUND)
        what = "Your token is not there. Insert your card";
    else if (why == ERR_TOKEN_FAILED)
        what = "The token's driver failed, as it does when pcscd is restarted; nothing was signed "
               "with it since. Insert your card, or leave it in";
    app_say(stderr, "%s, within %llu seconds (Ctrl-C ends it): %s", what,
            (unsigned long long)seconds, wanted(a, names));
    if (kept)
        fputs("It is kept logged in no longer, so its PIN is asked for then.\n", stderr);
}

/* What is there instead says more than that the right one is not. */
static void say_what_is_there(const struct plugged *p)
{
    if (p->pcscd == ERR_TOKEN_PCSCD_HANGS)
        fputs("  pcscd hangs, so cards in readers are not seen: systemctl restart pcscd.service\n",
              stderr);
    else if (p->pcscd != ERR_OK)
        fputs("  pcscd does not answer, so cards in readers are not seen.\n", stderr);
    for (size_t i = 0; i < p->reader_count; i++) {
        if (p->readers[i].card && p->readers[i].mute)
            app_say(stderr, "  The card in %s does not answer.", p->readers[i].name);
        else if (p->readers[i].card && !plugged_known(p, &p->readers[i]))
            app_say(stderr, "  No module here knows the card in %s.", p->readers[i].name);
    }
    for (size_t i = 0; i < p->token_count; i++) {
        if (p->tokens[i].info.initialized)
            app_say(stderr, "  There is %s, serial %s, in %s.", p->tokens[i].info.label,
                    p->tokens[i].info.serial, p->tokens[i].info.slot);
    }
}

/* --- the wait --- */

static int64_t until_us; /* of the one that is going on */

static bool is_over(void)
{
    return signals_seen() || clock_mono_us() >= until_us;
}

static void drop(struct app *a)
{
    if (a->joined != NULL) {
        kept_leave(a);
        a->may_join = false;
    }
    token_key_free(a->key);
    a->key = NULL;
    token_close(a->token);
    a->token = NULL;
    a->logged_in = false;
}

/* Whether E, of a look for the token, may be ERR_OK after another. A module that hangs when the
 * wait is over, or while pcscd does, has not said that it is not there. */
static bool may_come(const struct plugged *p, enum err e)
{
    if (e == ERR_TOKEN_HANGS)
        return is_over() || p->pcscd == ERR_TOKEN_PCSCD_HANGS;
    return e == ERR_TOKEN_NOT_FOUND || e == ERR_TOKEN_REMOVED || e == ERR_TOKEN_PCSCD_HANGS;
}

/* One look after the other until it is there, or something is wrong that no waiting mends. */
static enum err await(struct app *a, struct plugged *p)
{
    char names[WANTED_MAX];
    uint64_t seen = 0;
    unsigned tries = TRIES;
    enum err e = plugged_read(p);
    if (e == ERR_OK)
        say_what_is_there(p);
    while (e == ERR_OK) {
        a->message[0] = '\0';
        e = tries > 0 ? app_find_token(a) : ERR_TOKEN_NOT_FOUND;
        tries -= tries > 0;
        if (!may_come(p, e))
            return e;
        a->never_out = false;
        if (signals_seen())
            return app_fail(a, ERR_TOKEN_WAIT_ENDED, "looked for %s", wanted(a, names));
        int64_t left_ms = (until_us - clock_mono_us()) / 1000;
        if (left_ms <= 0)
            return ERR_TOKEN_NOT_FOUND;
        seen = p->changes;
        e = plugged_next(p, left_ms < LOOK_MS ? (unsigned)left_ms : LOOK_MS);
        if (p->changes != seen)
            tries = TRIES;
    }
    return e;
}

/* Some modules hang when a card is pulled: TOKEN_NOT_FOUND. That of one which is there still hangs
 * for no reason that waiting mends: TOKEN_HANGS, or the reason. */
static enum err why_it_hangs(struct app *a)
{
    enum err e = app_find_token(a);
    a->message[0] = '\0';
    drop(a);
    return e == ERR_TOKEN_NOT_FOUND || e == ERR_TOKEN_PCSCD_HANGS ? e : ERR_TOKEN_HANGS;
}

static enum err await_card(struct app *a, enum err why)
{
    struct plugged p = {.app = a, .glances = true};
    char names[WANTED_MAX];
    uint64_t seconds = 0;
    const bool kept = a->joined != NULL;
    enum err e = read_wait(a, &seconds);
    if (e == ERR_OK && (seconds == 0 || a->gave_up))
        e = why;
    a->gave_up = e != ERR_OK;
    if (e != ERR_OK)
        return e;
    a->failed = a->failed || why == ERR_TOKEN_FAILED;
    drop(a);
    e = why == ERR_TOKEN_HANGS ? why_it_hangs(a) : ERR_TOKEN_NOT_FOUND;
    if (e == ERR_TOKEN_NOT_FOUND && a->pin_taken) /* nobody waits where no PIN comes then */
        e = why == ERR_TOKEN_FAILED ? why : ERR_PIN_AGAIN;
    a->gave_up = e != ERR_TOKEN_NOT_FOUND;
    if (a->gave_up)
        return e;
    signals_catch();
    say_what(a, why, seconds, kept);
    until_us = clock_mono_us() + (int64_t)seconds * TEXT_SECOND_US;
    a->never_out = why == ERR_TOKEN_REMOVED; /* unless a look says otherwise */
    token_remote_give_up(is_over);
    e = await(a, &p);
    token_remote_give_up(NULL);
    signals_release();
    a->gave_up = e != ERR_OK;
    if (e == ERR_OK)
        fputs("It is there.\n", stderr);
    else if (e == ERR_TOKEN_NOT_FOUND)
        (void)app_fail(a, e, "waited %llu seconds for %s", (unsigned long long)seconds,
                       wanted(a, names));
    plugged_free(&p);
    return e;
}

/* One that is kept no longer may be there as ever: TOKEN_NOT_FOUND is for whoever waits. */
static enum err open_own(struct app *a)
{
    drop(a);
    enum err e = app_find_token(a);
    if (e == ERR_TOKEN_NOT_FOUND)
        a->message[0] = '\0';
    return e;
}

enum err card_await(struct app *a, enum err why)
{
    if (why == ERR_TOKEN_REMOVED && kept_is_over(a)) {
        why = open_own(a);
        if (why != ERR_TOKEN_NOT_FOUND)
            return why;
    }
    return await_card(a, why);
}

static bool names_reader(const char *text)
{
    struct token_uri *uri = NULL;
    bool has = text != NULL && token_uri_parse(text, &uri) == ERR_OK &&
               token_uri_get(uri, TOKEN_URI_SLOT, NULL) != NULL;
    token_uri_free(uri);
    return has;
}

enum err card_keep_to(struct app *a, const struct token_info *info)
{
    if (a->opened.len > 0)
        return ERR_OK;
    a->opened = (struct buf)BUF_INIT(TOKEN_URI_MAX);
    return token_info_uri(info, names_reader(a->token_uri) ? info->slot : "", &a->opened);
}

enum err card_attend(struct app *a, enum err (*work)(struct app *a, void *ctx), void *ctx)
{
    enum err e = work(a, ctx);
    while (card_pulled(a, e)) {
        e = card_await(a, e);
        if (e == ERR_OK)
            e = work(a, ctx);
    }
    return e;
}
