/* SPDX-License-Identifier: Apache-2.0
 *
 * sign_many: sign --batch, the orders of a directory or of a file of lines, without the bank. What
 * the output has already is kept, so that an interrupted run goes on where it was.
 */
#ifndef SIGNER_SIGN_MANY_H
#define SIGNER_SIGN_MANY_H

#include "base/err.h"
#include <stdbool.h>

struct app;

struct sign_many_wish {
    const char *path;      /* DIR or FILE.ndjson */
    const char *policy;    /* its file */
    const char *challenge; /* may be NULL */
    const char *output;    /* NULL: standard output, which keeps nothing */
    bool texts;            /* shows the whole text of each order, too */
};
MUST_CHECK enum err sign_many(struct app *a, const struct sign_many_wish *wish);

#endif
