/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle_inner: what the two files of bundles share.
 */
#ifndef ORDER_BUNDLE_INNER_H
#define ORDER_BUNDLE_INNER_H

#include "order/bundle.h"

/* What a set's elements are. */
struct bundle_row {
    const char *member; /* of the document */
    size_t max;
    /* Checks the form and fills PLACE and digests. */
    enum err (*read)(const struct bundle *b, const struct js *value, struct bundle_item *item);
    /* Two different elements of one place; INTERNAL where the place is the whole element. */
    enum err conflict;
};
extern const struct bundle_row bundle_rows[BUNDLE_SETS];

/* Where PLACE is, or would be; *FOUND. */
size_t bundle_find(const struct bundle_items *items, const char *place, bool *found);
/* Whether an order is of ACCOUNT, with which its place begins. */
bool bundle_is_of_account(const struct bundle_item *order, const char *account);
MUST_CHECK enum err bundle_add_value(struct bundle *b, enum bundle_set set, const struct js *value);

#endif
