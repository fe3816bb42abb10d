/* SPDX-License-Identifier: Apache-2.0
 *
 * token_view: tokens and their keys, for people and as JSON.
 */
#ifndef SIGNER_TOKEN_VIEW_H
#define SIGNER_TOKEN_VIEW_H

#include "base/err.h"
#include "token/token.h"

struct js;

/* "P-256", "P-384", "P-521"; "unusable" for any other. */
const char *token_view_curve(enum token_curve curve);
/* The curve of that name, or 0. */
enum token_curve token_view_curve_of(const char *name);

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
