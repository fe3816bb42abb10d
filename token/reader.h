/* SPDX-License-Identifier: Apache-2.0
 *
 * reader: the smart card readers that pcscd knows, with and without a card: what PKCS#11 does not
 * tell of a card that no module takes, and the only way to hear at once that one came or went.
 * Nothing is sent to a card. Not thread-safe.
 *
 * There are two of it, as of token.h, since a pcscd that hangs makes whoever calls its library
 * hang: cs_reader does so in this process, and is for the helper program; cs_token_remote asks a
 * helper, and goes on without it.
 */
#ifndef TOKEN_READER_H
#define TOKEN_READER_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

#define TOKEN_READERS_MAX 16 /* as many as pcscd has */

struct token_reader {
    char name[129]; /* its own bytes: escape before printing */
    bool card;
    bool mute;        /* there is a card, and it does not answer */
    char atr[67];     /* hexadecimal; "" without a card */
    unsigned changes; /* counts cards that came and went, so that none is missed */
};

#define TOKEN_READERS_S 5 /* of silence: it hangs */

struct token_readers; /* a connection to pcscd */

/* ERR_TOKEN_NO_PCSCD; ERR_TOKEN_HELPER from cs_token_remote, which says the other by the next. */
MUST_CHECK enum err token_readers_open(struct token_readers **out);
/* NULL-safe. */
void token_readers_close(struct token_readers *r);

/* Those that are there. The first time at once; later when a reader or a card came or went since
 * the last time, or WAIT_MS are over. ERR_TOKEN_NO_PCSCD when pcscd has ended: close, and open
 * again. cs_token_remote does that by itself, and says ERR_TOKEN_PCSCD_HANGS after TOKEN_READERS_S
 * more and, as long as that lasts, every WAIT_MS. Any other error: close, and open again. */
MUST_CHECK enum err token_readers_next(struct token_readers *r, unsigned wait_ms,
                                       struct token_reader out[static TOKEN_READERS_MAX],
                                       size_t *count);

#endif
