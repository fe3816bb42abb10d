/* SPDX-License-Identifier: Apache-2.0
 *
 * rollover: the bank's root key is replaced (docs/FORMAT.md section 7.1): one payload that the old
 * root and the new one both sign.
 */
#ifndef ORDER_ROLLOVER_H
#define ORDER_ROLLOVER_H

#include "order/key.h"
#include "order/statement.h"
#include <stdbool.h>

#define ROLLOVER_OVERLAP_MAX_DAYS 366

struct rollover {
    struct statement head; /* issued: since when NEW is the root; expires: until when OLD counts */
    struct key *old_root, *new_root;
    char log[KEY_THUMBPRINT_LEN + 1]; /* the log key that OLD named */
    bool follows;                     /* there is one before it, whose payload has this digest */
    uint8_t previous[DIGEST_LEN];
};

/* The caller ends it with rollover_free, also after a failure. */
MUST_CHECK enum err rollover_parse(const void *payload, size_t len, struct rollover *out);
MUST_CHECK enum err rollover_make(const struct rollover *in, struct buf *out);
void rollover_free(struct rollover *r); /* NULL-safe; leaves it zeroed */

#endif
