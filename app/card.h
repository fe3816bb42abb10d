/* SPDX-License-Identifier: Apache-2.0
 *
 * card: "Insert your card". A token that is not there, or was pulled in the middle, is waited for:
 * --wait seconds, or a minute when standard error is a terminal, where somebody reads what is asked
 * for. Ctrl-C ends the wait, and nothing else has happened by then.
 */
#ifndef APP_CARD_H
#define APP_CARD_H

#include "app/app.h"

/* Whether E says that A's token went, or for the first time that its driver failed, which a pcscd
 * that was restarted does to it, and A can wait for it and open it anew. A token that was there
 * when it was looked for is believed once that it went, and then again when it has signed. */
bool card_pulled(const struct app *a, enum err e);

/* Whether E may be since the token went: what it was asked last may be done, or not. */
bool card_gone(enum err e);

/* Says why and waits until A's token is there, and open: not logged in, and without A's key. WHY is
 * what came of looking for it; it is returned when nobody waits. TOKEN_NOT_FOUND when the time is
 * over, TOKEN_WAIT_ENDED; PIN_AGAIN at once, where the PIN came from a descriptor. */
MUST_CHECK enum err card_await(struct app *a, enum err why);

/* From now on the token of INFO is waited for, and no other that the user's words fit as well; in
 * its reader, where they name that. Once a run. */
MUST_CHECK enum err card_keep_to(struct app *a, const struct token_info *info);

/* WORK, and again each time that the token was pulled in it and is back: what may be done twice. */
MUST_CHECK enum err card_attend(struct app *a, enum err (*work)(struct app *a, void *ctx),
                                void *ctx);

#endif
