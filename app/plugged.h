/* SPDX-License-Identifier: Apache-2.0
 *
 * plugged: what is plugged in now: the readers that pcscd knows, and the tokens of all modules.
 * Waits for that to change. Without pcscd there are no readers, and modules that need none have
 * their tokens all the same.
 */
#ifndef APP_PLUGGED_H
#define APP_PLUGGED_H

#include "token/reader.h"
#include "token/token.h"
#include <stdbool.h>
#include <stddef.h>

struct app;

struct plugged_token {
    struct token_info info;
    size_t module;            /* of the app's */
    struct token_sight sight; /* all zero, where it cannot be looked at */
    enum err unseen;          /* why not; ERR_OK: it was looked at, or is not initialised */
};

struct plugged {
    struct app *app;
    bool glances;     /* tokens are not looked at, only listed */
    uint64_t changes; /* counts what came and went */
    enum err pcscd;   /* ERR_OK: it answers */
    struct token_readers *connection;
    struct token_reader readers[TOKEN_READERS_MAX];
    size_t reader_count;
    struct plugged_token *tokens;
    size_t token_count;
    enum err *troubles; /* of each of the app's modules; ERR_OK: it listed its tokens */
};

/* Reads all. P is all zero but for APP, whose modules are opened and stay so, and GLANCES; it is
 * for plugged_free, also after a failure. */
MUST_CHECK enum err plugged_read(struct plugged *p);
void plugged_free(struct plugged *p);

/* Waits until a reader or a card came or went, or for WAIT_MS, and reads anew. A token in a reader
 * is asked again only when the reader says that something happened: a card that was pulled a moment
 * ago makes some modules hang. */
MUST_CHECK enum err plugged_next(struct plugged *p, unsigned wait_ms);

/* What is the matter with one of the app's modules, and with the first that has something. */
enum err plugged_why(const struct plugged *p, size_t module);
enum err plugged_trouble(const struct plugged *p);
/* Whether both are tokens of one card, which has a serial number: nobody's is all zeros. */
bool plugged_one_card(const struct token_info *a, const struct token_info *b);
/* Whether a token of some module is in the reader. */
bool plugged_known(const struct plugged *p, const struct token_reader *reader);

#endif
