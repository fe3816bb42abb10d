/* SPDX-License-Identifier: Apache-2.0
 *
 * select: some of what waits, by name or by what it is, and what it comes to: shown before an
 * operator decides about all of it at once.
 */
#ifndef BANKD_CTL_SELECT_H
#define BANKD_CTL_SELECT_H

#include "base/args.h"
#include "base/err.h"
#include <stdbool.h>

struct js;
struct buf;

struct select_wish {
    const struct args_list *names;   /* an item's, or an id of one only; none: by the rest */
    const char *account, *flag, *by; /* NULL: whichever; BY whom it is claimed */
    bool orders;                     /* unless it is named: orders only */
};

/* *OUT gets the chosen ITEMS of GET /v1/queue in their order, the caller's to free; MISSING the
 * names that nothing has. */
MUST_CHECK enum err select_items(const struct js *items, const struct select_wish *wish,
                                 struct js **out, struct args_list *missing);
bool select_is_order(const struct js *item);
/* Appends for people how many there are, what they sum to in each currency, and their flags. */
MUST_CHECK enum err select_total(const struct js *items, struct buf *out);

#endif
