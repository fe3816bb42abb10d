/* SPDX-License-Identifier: Apache-2.0
 *
 * remote: what only programs that link cs_token_remote can set (token/token.h).
 */
#ifndef TOKEN_REMOTE_H
#define TOKEN_REMOTE_H

#include "token/token.h"
#include <limits.h>

#define TOKEN_DEADLINE_S 30 /* unless it is set */

/* How long a helper may take for one call into its module; four times that where somebody may have
 * to type at the reader, or a key is made. */
void token_remote_deadline(unsigned seconds);

/* The file by which p11-kit was told of M, without its folder; "": M was loaded by its path. */
const char *token_module_file(const struct token_module *m);
/* The folder whose file of the same name goes first, for this user. */
void token_module_own_folder(char out[static PATH_MAX]);

/* From now on no call is waited for once OVER says that the caller has given up: the helper is
 * killed, as at the deadline, and the call returns TOKEN_HANGS. NULL: none does. */
void token_remote_give_up(bool (*over)(void));

/* Whether the kernel keeps helpers, and so modules, from what is typed at terminals. */
bool token_remote_fenced(void);

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
 * program's as long as it runs, and its stop key (SIGTSTP) stops both: the time that a person has
 * goes on. For one thread at a time: it catches signals meanwhile. */
MUST_CHECK enum err token_pin_ask(struct token_module *m, const struct token_ask *ask,
                                  struct token_pin **out);

/* --- a login for more than one program --- */

struct token_keep {
    const char *path; /* where its socket is to be: in a directory of this user alone, on a tmpfs */
    unsigned seconds, idle_seconds;
    bool detached; /* the terminal may go; otherwise it ends with it */
};

/* Leaves T, which is logged in, to its helper, which outlives this program and answers others of
 * the same user at the socket: they sign, and find the key, and nothing else. T and its keys are no
 * use here any more, but to be closed. ERR_IO: no socket there. */
MUST_CHECK enum err token_keep(struct token *t, const struct token_keep *keep);

/* Such a token: logged in already. The caller closes *T, then unloads *M; PATH outlives both.
 * *LEFT_S: the seconds that it has. ERR_UNAVAILABLE: there is none. */
MUST_CHECK enum err token_join(const char *path, struct token_module **m, struct token **t,
                               unsigned *left_s);

/* Why the one that was at PATH ended: TOKEN_REMOVED, TOKEN_HANGS, KEPT_OVER, KEPT_IDLE,
 * KEPT_HANGUP. ERR_OK: it did not, was told to, or nobody knows. FORGET: it is said for the last
 * time. */
enum err token_keep_why(const char *path, bool forget);

/* Ends it: logged out, and the PIN wiped. ERR_UNAVAILABLE: there is none. */
MUST_CHECK enum err token_keep_end(const char *path);

#endif
