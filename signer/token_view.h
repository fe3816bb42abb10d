/* SPDX-License-Identifier: Apache-2.0
 *
 * token_view: tokens and their keys, for people and as JSON.
 */
#ifndef SIGNER_TOKEN_VIEW_H
#define SIGNER_TOKEN_VIEW_H

#include "base/err.h"
#include "token/token.h"
#include <stdio.h>

struct app;
struct js;

/* What --curve says; NULL: P-256. USAGE, told, for what is none. */
MUST_CHECK enum err token_view_curve(struct app *a, const char *word, enum token_curve *out);
/* Sets the member NAME to what a token or reader calls itself, tamed: such a text may be in any
 * encoding, and JSON is UTF-8. */
MUST_CHECK enum err token_view_text(struct js *o, const char *name, const char *text);
/* SIGHT NULL: it was not looked at. */
MUST_CHECK enum err token_view_print(FILE *f, const struct token_info *t,
                                     const struct token_sight *sight);
/* The caller frees *OUT with js_free, also after a failure. */
MUST_CHECK enum err token_view_js(const struct token_info *t, const struct token_sight *sight,
                                  struct js **out);

/* THUMBPRINT NULL: not known. */
MUST_CHECK enum err token_view_key_print(const struct token_info *token,
                                         const struct token_key_info *k, const char *thumbprint);
/* As token_view_js. */
MUST_CHECK enum err token_view_key_js(const struct token_info *token,
                                      const struct token_key_info *k, const char *thumbprint,
                                      struct js **out);

#endif
