/* SPDX-License-Identifier: Apache-2.0
 *
 * pin: a PIN typed at the controlling terminal. `--pin-fd N` is secret_read_line (base/secret.h).
 */
#ifndef TOKEN_PIN_H
#define TOKEN_PIN_H

#include "base/err.h"
#include "base/secret.h"
#include <stdbool.h>

/* Writes PROMPT, tamed (text_tame), to /dev/tty and appends one line typed there, without echo, to
 * OUT. The terminal's settings come back whatever happens: a signal that ends or stops the program
 * is delivered after that, and the prompt is repeated when the program goes on. What was typed
 * before the prompt is thrown away. ERR_PIN_NO_TERMINAL: there is none. ERR_PIN_CANCELLED: an empty
 * line or an end of file. ERR_TOO_LARGE: longer than SECRET_MAX. On failure OUT is as it was. For
 * one thread at a time: it catches signals meanwhile. */
MUST_CHECK enum err pin_read_terminal(const char *prompt, struct secret *out);

/* What a service is handed: one line from FD or, where FD is -1, from the credential of that name
 * (base/credential.h). *HANDED false: neither is there, and OUT is as it was. */
MUST_CHECK enum err pin_read_handed(int fd, const char *credential, bool *handed,
                                    struct secret *out);

#endif
