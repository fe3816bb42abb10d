/* SPDX-License-Identifier: Apache-2.0
 *
 * keep: a logged-in token that stays with its helper when the program that logged in has ended, for
 * other programs of the same user, who connect to a socket. It ends by its time, when nobody used
 * it for long, when the token went or came anew, when the terminal hung up, and when it is told to.
 * Why it ended, unless it was told to, is left beside the socket as the name of an error
 * (WIRE_WHY).
 */
#ifndef TOKEN_HELPER_KEEP_H
#define TOKEN_HELPER_KEEP_H

#include "token/serve.h"
#include "token/token.h"
#include <sys/types.h>

#define KEEP_MAX_S 3600

struct keep_terms {
    char path[256]; /* the socket's */
    uint64_t seconds, idle_seconds;
    uint64_t patience_seconds; /* what one use may take */
    pid_t leader;              /* who has its terminal, and with whom it ends; 0: nobody */
};

/* Once. LISTEN_FD is its own from then on, and TABLE what is answered there. */
MUST_CHECK enum err keep_begin(struct token *t, uint32_t number, int listen_fd,
                               const struct keep_terms *terms, const struct serve_handler *table,
                               size_t count, void *ctx);

/* Of the kept token, whose end it is when it does not answer. */
MUST_CHECK enum err keep_info(struct token_info *out);
/* The kept token's number, the seconds that it has left, and its end, soon: WHY, or ERR_OK. */
uint32_t keep_token(void);
uint64_t keep_left_s(void);
void keep_end(enum err why);
/* Around what counts as a use, and what came of it, which comes back. TOKEN_REMOVED: it is over,
 * and none begins. */
MUST_CHECK enum err keep_use_begins(void);
enum err keep_use_ends(enum err e);

/* Returns at once when nothing is kept, otherwise never. */
void keep_await_end(void);

#endif
