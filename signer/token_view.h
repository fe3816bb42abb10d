/* SPDX-License-Identifier: Apache-2.0
 *
 * token_view: tokens and their keys, for people and as JSON.
 */
#ifndef SIGNER_TOKEN_VIEW_H
#define SIGNER_TOKEN_VIEW_H

#include "base/err.h"
#include "token/token.h"

struct app;
struct js;

/* What --curve says; NULL: P-256. USAGE, told, for what is none. */
MUST_CHECK enum err token_view_curve(struct app *a, const char *word, enum token_curve *out);
MUST_CHECK enum err token_view_print(const struct token_info *t);
/* The caller frees *OUT with js_free, also after a failure. */
MUST_CHECK enum err token_view_js(const struct token_info *t, struct js **out);

/* THUMBPRINT NULL: not known. */
MUST_CHECK enum err token_view_key_print(const struct token_info *token,
                                         const struct token_key_info *k, const char *thumbprint);
/* As token_view_js. */
MUST_CHECK enum err token_view_key_js(const struct token_info *token,
                                      const struct token_key_info *k, const char *thumbprint,
                                      struct js **out);

#endif
