/* SPDX-License-Identifier: Apache-2.0
 *
 * kept: what countersign session leaves behind for some minutes: the token, logged in, in its
 * helper, behind a socket beside the session key. Other commands of the same user, for the same
 * bank and token, sign through it and ask for no PIN; app_consent asks for a yes then.
 */
#ifndef APP_KEPT_H
#define APP_KEPT_H

#include "app/app.h"

/* The open and logged-in token of A goes there; A opens another when it needs one. */
MUST_CHECK enum err kept_begin(struct app *a, unsigned minutes, bool detached);

/* Opens it as A's token, logged in, as INFO says. UNAVAILABLE: there is none, or A is not to use
 * one: it is given a PIN, or its program asks for one each time. */
MUST_CHECK enum err kept_join(struct app *a, struct token_info *info, unsigned *left_s);

/* Whether A's token was the kept one, and went by what is no matter of the token itself. That is
 * said. */
bool kept_is_over(const struct app *a);

/* A's token is its own again, not the kept one. */
void kept_leave(struct app *a);

/* *HAD: there was one, and it ends. */
MUST_CHECK enum err kept_end(struct app *a, bool *had);

#endif
