/* SPDX-License-Identifier: Apache-2.0
 *
 * token_view: tokens and their keys, for people and as JSON.
 */
#ifndef SIGNER_TOKEN_VIEW_H
#define SIGNER_TOKEN_VIEW_H

#include "app/plugged.h"
#include "base/err.h"
#include "token/token.h"
#include <stdio.h>

struct app;
struct doc;

/* What --curve says; NULL: P-256. USAGE, told, for what is none. */
MUST_CHECK enum err token_view_curve(struct app *a, const char *word, enum token_curve *out);
/* SIGHT NULL: it was not looked at. */
MUST_CHECK enum err token_view_print(FILE *f, const struct token_info *t,
                                     const struct token_sight *sight);
/* The same as an object, which OUT, zeroed, becomes. */
void token_view_doc(const struct token_info *t, const struct token_sight *sight, struct doc *out);

/* THUMBPRINT NULL: not known. */
MUST_CHECK enum err token_view_key_print(const struct token_info *token,
                                         const struct token_key_info *k, const char *thumbprint);
/* Likewise. */
void token_view_key_doc(const struct token_info *token, const struct token_key_info *k,
                        const char *thumbprint, struct doc *out);

/* All that is plugged in, for people. */
MUST_CHECK enum err token_view_plugged(FILE *f, const struct plugged *p);

#endif
