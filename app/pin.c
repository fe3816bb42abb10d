/* SPDX-License-Identifier: Apache-2.0 */
#include "token/pin.h"
#include "app/app.h"
#include "base/text.h"
#include "token/remote.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEW_PIN_ROUNDS 3 /* of a program that shows what was wrong */

/* --- in words --- */

/* Tokens tell the tries left in these steps, not as a number; some leave steps out. */
const char *app_tries_left(enum token_tries tries)
{
    static const char *const words[] = {
        [TOKEN_TRIES_UNKNOWN] = "not known",
        [TOKEN_TRIES_OK] = "more than one, as far as the token says",
        [TOKEN_TRIES_LOW] = "fewer than usual; the right PIN sets the count back",
        [TOKEN_TRIES_FINAL] = "one; another wrong PIN locks the token",
        [TOKEN_TRIES_LOCKED] = "none; the token is locked",
    };
    return words[tries];
}

static const char *prompt_words(enum token_tries tries)
{
    if (tries == TOKEN_TRIES_LOW)
        return " (a wrong PIN was entered before)";
    return tries == TOKEN_TRIES_FINAL ? " (LAST TRY)" : "";
}

enum err app_tell_tries(struct app *a, enum err e)
{
    struct token_info info;
    if (e != ERR_PIN_WRONG || token_info_of(a->token, &info) != ERR_OK)
        return e;
    if (info.tries == TOKEN_TRIES_LOCKED) /* what helps is the PUK, and no other PIN */
        return app_fail(a, ERR_PIN_LOCKED, "The PIN was wrong. Tries left: %s.",
                        app_tries_left(info.tries));
    return app_fail(a, e, "Tries left: %s.", app_tries_left(info.tries));
}

/* --- who asks --- */

static enum err from_fd(struct app *a, const char *number, struct pin_wanted *wanted)
{
    uint64_t fd = 0;
    if (text_parse_u64(number, strlen(number), 1023, &fd) != ERR_OK)
        return app_fail(a, ERR_USAGE, "--pin-fd wants the number of an open descriptor");
    enum err e = pin_read_fd((int)fd, pin_take_token, wanted);
    return e == ERR_OK ? e : app_fail(a, e, "no PIN came from descriptor %s", number);
}

static bool set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] != '\0';
}

/* The one of the options or settings; without a terminal, but with a desktop, the one that is
 * installed there. NULL: the terminal. */
static const char *pinentry_program(const struct app *a)
{
    if (a->pinentry != NULL)
        return a->pinentry;
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty >= 0)
        close(tty);
    return tty < 0 && (set("DISPLAY") || set("WAYLAND_DISPLAY")) ? "pinentry" : NULL;
}

static enum err by_pinentry(struct app *a, const char *program, const char *wrong,
                            const struct app_pin *pin, struct pin_wanted *wanted)
{
    char token[96] = "", tries[96] = "";
    if (pin->token != NULL) {
        (void)snprintf(token, sizeof token, "Token: %s (%s)", pin->token->label,
                       pin->token->serial);
        (void)snprintf(tries, sizeof tries, "Tries left: %s", app_tries_left(pin->token->tries));
    }
    const struct token_ask ask = {
        .program = program, .lines = {pin->prompt, token, tries}, .prompt = "PIN:", .wrong = wrong};
    enum err e = token_pin_ask(wanted->module, &ask, &wanted->pin);
    return e == ERR_PIN_PINENTRY ? app_fail(a, e, "%s", program) : e;
}

/* A module of the same user could read what is typed: that is worth a line, once. */
static void tell_unfenced(void)
{
    static bool told;
    if (!told && !token_remote_fenced())
        fputs("This kernel has no Landlock, so a token's module could read what is typed here "
              "(countersign token doctor).\n",
              stderr);
    told = true;
}

static enum err at_terminal(const char *prompt, struct pin_wanted *wanted)
{
    char line[264];
    (void)snprintf(line, sizeof line, "%s: ", prompt);
    tell_unfenced();
    return pin_read_terminal(line, pin_take_token, wanted);
}

/* --- one PIN, or one and the same again --- */

static enum err ask_once(struct app *a, struct token_module *m, const char *wrong,
                         const struct app_pin *pin, struct token_pin **out)
{
    struct pin_wanted wanted = {.module = m};
    const char *program = pin->fd == NULL ? pinentry_program(a) : NULL;
    enum err e;
    if (pin->fd != NULL)
        e = from_fd(a, pin->fd, &wanted);
    else if (program != NULL)
        e = by_pinentry(a, program, wrong, pin, &wanted);
    else
        e = at_terminal(pin->prompt, &wanted);
    a->pin_taken = a->pin_taken || (pin->fd != NULL && e == ERR_OK);
    *out = wanted.pin;
    return e;
}

/* *SAME: what is typed now is OUT once more. */
static enum err ask_again(struct app *a, struct token_module *m, const struct app_pin *pin,
                          const struct token_pin *first, bool *same)
{
    const struct app_pin repeated = {"The same again", NULL, false, pin->token};
    struct token_pin *again = NULL;
    enum err e = ask_once(a, m, NULL, &repeated, &again);
    if (e == ERR_OK)
        e = token_pin_same(again, first, same);
    token_pin_free(again);
    return e;
}

enum err app_read_pin(struct app *a, struct token_module *m, const struct app_pin *pin,
                      struct token_pin **out)
{
    static const char differ[] = "the two PINs differ";
    const bool program = pin->fd == NULL && pinentry_program(a) != NULL;
    const char *wrong = NULL;
    bool same = pin->fd != NULL || !pin->new;
    *out = NULL;
    for (unsigned round = 0; round < (program ? NEW_PIN_ROUNDS : 1); round++) {
        enum err e = ask_once(a, m, wrong, pin, out);
        if (e == ERR_OK && !same)
            e = ask_again(a, m, pin, *out, &same);
        if (e == ERR_OK && same)
            return ERR_OK;
        token_pin_free(*out);
        *out = NULL;
        if (e != ERR_OK)
            return e;
        wrong = differ;
    }
    return app_fail(a, ERR_USAGE, "%s", differ);
}

enum err app_ask_pin(struct app *a, const struct token_info *info, const char *purpose,
                     struct token_pin **out)
{
    char prompt[256];
    *out = NULL;
    if (info->tries == TOKEN_TRIES_LOCKED)
        return ERR_PIN_LOCKED;
    if (info->tries == TOKEN_TRIES_FINAL && !a->last_try)
        return app_fail(a, ERR_PIN_LAST_TRY, "--last-try allows it");
    if (info->keypad) {
        app_say(stderr, "Enter the PIN of token %s%s on the reader to %s.", info->label,
                prompt_words(info->tries), purpose);
        return ERR_OK;
    }
    (void)snprintf(prompt, sizeof prompt, "PIN of token %s%s to %s", info->label,
                   prompt_words(info->tries), purpose);
    const struct app_pin asked = {prompt, a->pin_fd, false, info};
    return app_read_pin(a, token_module_of(a->token), &asked, out);
}
