/* SPDX-License-Identifier: Apache-2.0
 *
 * waits: for whom something waits in the bank (order/waits.def).
 */
#ifndef ORDER_WAITS_H
#define ORDER_WAITS_H

#include "base/err.h"
#include <stddef.h>

enum waits {
    WAITS_ANY, /* for whomever */
#define X(id, name) WAITS_##id,
#include "order/waits.def"
#undef X
    WAITS_COUNT
};

const char *waits_name(enum waits w); /* "other-bank"; of ANY "" */
/* USAGE when it is none. */
MUST_CHECK enum err waits_from_name(const char *name, size_t len, enum waits *out);

#endif
