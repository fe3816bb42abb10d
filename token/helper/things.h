/* SPDX-License-Identifier: Apache-2.0
 *
 * things: what the helper gave out numbers for: tokens, keys, PINs. A number that it did not give
 * out, or for a thing of another kind, is none. Thread-safe; as in token.h, nobody frees what
 * another still uses.
 */
#ifndef TOKEN_HELPER_THINGS_H
#define TOKEN_HELPER_THINGS_H

#include "base/err.h"
#include <stdint.h>

#define THINGS_MAX 256

enum thing_kind { THING_NONE, THING_TOKEN, THING_KEY, THING_PIN };

/* ERR_NO_MEMORY past THINGS_MAX. */
MUST_CHECK enum err things_add(enum thing_kind kind, void *thing, uint32_t *number);
/* NULL: it is none. */
void *things_get(enum thing_kind kind, uint32_t number);
/* The same; the number is free again. */
void *things_take(enum thing_kind kind, uint32_t number);

#endif
