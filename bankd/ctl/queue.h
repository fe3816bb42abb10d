/* SPDX-License-Identifier: Apache-2.0
 *
 * queue: what waits in the bank as rows for people: how long, whose it is, who signed, who is
 * missing. The answer of GET /v1/queue stays as it is.
 */
#ifndef BANKD_CTL_QUEUE_H
#define BANKD_CTL_QUEUE_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct js;
struct buf;

enum queue_sort { QUEUE_BY_AGE, QUEUE_BY_AMOUNT };
/* "age", "amount"; USAGE for another. */
MUST_CHECK enum err queue_read_sort(const char *name, enum queue_sort *out);
/* "90s", "15m", "4h" or "2d", at most 9999 of them; USAGE for another. */
MUST_CHECK enum err queue_read_age(const char *text, int64_t *out_us);
#define QUEUE_AGE_MAX 24u
void queue_age(int64_t age_us, char out[static QUEUE_AGE_MAX]); /* rounded down, as "3h" */

/* *OUT gets the ITEMS of ACCOUNT (NULL: of all), the caller's to free. By age they stay in the
 * bank's order, oldest first; by amount the largest first, each currency for itself. */
MUST_CHECK enum err queue_select(const struct js *items, const char *account, enum queue_sort sort,
                                 struct js **out);

struct queue_look {
    int64_t now_us;
    int64_t amber_us, red_us; /* ages from which on it is late */
    bool painted;
};
/* "amber", "red", or NULL. What waits for its day is never late. */
const char *queue_colour(const struct js *item, const struct queue_look *look);
/* Appends the items as a table, the ages of late ones in their colour. */
MUST_CHECK enum err queue_render(const struct js *items, const struct queue_look *look,
                                 struct buf *out);

#endif
