/* SPDX-License-Identifier: Apache-2.0
 *
 * go_on: the command that goes on where one ended, for somebody to paste into a shell. It begins
 * with the program's words, which are the caller's to add.
 */
#ifndef SIGNER_GO_ON_H
#define SIGNER_GO_ON_H

#include "base/buf.h"
#include "base/err.h"

struct app;

#define GO_ON_MAX ((size_t)16384) /* bytes; the longest options are a few URIs and paths */

/* Appends --OPTION and VALUE, in quotes; VALUE NULL: nothing. */
MUST_CHECK enum err go_on_option(struct buf *out, const char *option, const char *value);
/* Appends what was said of the settings: a file of them, and in whose place others stand. */
MUST_CHECK enum err go_on_settings(struct buf *out, const struct app *a);
/* Says it. */
void go_on_say(const struct buf *command);

#endif
