/* SPDX-License-Identifier: Apache-2.0
 *
 * pin: where a PIN comes from: people at the controlling terminal, a descriptor, the service
 * manager. Whoever takes it reads it from a descriptor himself, so that it passes nobody else; that
 * never is a terminal.
 */
#ifndef TOKEN_PIN_H
#define TOKEN_PIN_H

#include "base/err.h"
#include "base/secret.h"
#include "token/token.h"
#include <stdbool.h>

/* Reads one line from FD, which is no terminal, into what CTX is; FD stays the caller's. */
typedef enum err pin_take(void *ctx, int fd);

/* A struct secret that is to be in this process. */
enum err pin_take_secret(void *secret, int fd);

/* A token's PIN, for token_login and so on; the caller frees it. */
struct pin_wanted {
    struct token_module *module;
    struct token_pin *pin;
};
enum err pin_take_token(void *wanted, int fd);

/* Writes PROMPT, tamed (text_tame), to /dev/tty and lets TAKE read one line typed there, without
 * echo. The terminal's settings come back whatever happens: a signal that ends or stops the program
 * is delivered after that, and the prompt is repeated when the program goes on, also after a stop
 * that nobody can catch (SIGSTOP). What was typed before the prompt is thrown away. TAKE is called
 * when the settings are back and signals do what they did before, so that Ctrl-C ends a TAKE that
 * hangs. In the background the program stops, as any job there that
 * reads. ERR_PIN_NO_TERMINAL: there is none, or nobody can bring the program to the front.
 * ERR_PIN_CANCELLED: an empty line or an end of file. ERR_TOO_LARGE: longer than SECRET_MAX. For
 * one thread at a time: it catches signals meanwhile. */
MUST_CHECK enum err pin_read_terminal(const char *prompt, pin_take *take, void *ctx);

/* One line from FD, which stays open. ERR_PIN_CANCELLED: that is a terminal, and nothing was typed
 * there. ERR_PIN_NO_TERMINAL: one that gives less than a line at once. Changes no echo. */
MUST_CHECK enum err pin_read_fd(int fd, pin_take *take, void *ctx);

/* What a service is handed: one line from FD or, where FD is -1, from the credential of that name
 * (base/credential.h). *HANDED false: neither is there, and nothing was taken. */
MUST_CHECK enum err pin_read_handed(int fd, const char *credential, bool *handed, pin_take *take,
                                    void *ctx);

#endif
