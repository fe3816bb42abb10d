/* SPDX-License-Identifier: Apache-2.0
 *
 * remote: what only programs that link cs_token_remote can set (token/token.h).
 */
#ifndef TOKEN_REMOTE_H
#define TOKEN_REMOTE_H

#include "token/token.h"

#define TOKEN_DEADLINE_S 30 /* unless it is set */

/* How long a helper may take for one call into its module; four times that where somebody may have
 * to type at the reader, or a key is made. */
void token_remote_deadline(unsigned seconds);

#define TOKEN_ASK_LINES 3

/* What the pinentry program of somebody's desktop or terminal shows, tamed (text_tame). */
struct token_ask {
    const char *program;                /* found in PATH, unless it has a slash */
    const char *lines[TOKEN_ASK_LINES]; /* what is asked, and for what; until the first NULL */
    const char *prompt;
    const char *wrong; /* with what was entered before; NULL: nothing */
};

/* Starts the program, which the helper may not, and lets the helper talk to it (Assuan): the PIN
 * never is in this process. ERR_PIN_CANCELLED, also when nobody answers in time; ERR_PIN_PINENTRY;
 * ERR_TOO_LARGE. The terminal's settings come back whatever happens; its interrupt key is the
 * program's as long as it runs. For one thread at a time. */
MUST_CHECK enum err token_pin_ask(struct token_module *m, const struct token_ask *ask,
                                  struct token_pin **out);

#endif
