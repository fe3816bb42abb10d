/* SPDX-License-Identifier: Apache-2.0
 *
 * reader: the smart card readers that pcscd knows, with and without a card: what PKCS#11 does not
 * tell of a card that no module takes, and the only way to hear at once that one came or went.
 * Nothing is sent to a card. Not thread-safe.
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

struct token_readers; /* a connection to pcscd */

/* ERR_TOKEN_NO_PCSCD. */
MUST_CHECK enum err token_readers_open(struct token_readers **out);
/* NULL-safe. */
void token_readers_close(struct token_readers *r);

/* Those that are there now. ERR_TOKEN_NO_PCSCD when pcscd has ended: close, and open again. */
MUST_CHECK enum err token_readers_list(struct token_readers *r,
                                       struct token_reader out[static TOKEN_READERS_MAX],
                                       size_t *count);
/* Waits until a reader or a card came or went since the last list, or WAIT_MS are over.
 * ERR_TOKEN_NO_PCSCD as above. */
MUST_CHECK enum err token_readers_wait(struct token_readers *r, unsigned wait_ms);

#endif
