/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle_desk: what the tests of bundles sign: five orders of one account, and two people.
 */
#ifndef TESTS_ORDER_BUNDLE_DESK_H
#define TESTS_ORDER_BUNDLE_DESK_H

#include "order/bundle.h"
#include "tests/base/unit.h"
#include "tests/order/soft_key.h"

#define BANK "demobank.example/demo"
#define ACCOUNT "PT50000201231234567890154"
#define ORDERS 5

struct desk {
    struct soft_key *alice, *bob;
    struct policy *policy, *newer;
    struct buf orders[ORDERS];
};

/* For cmocka: the state is the desk. */
int desk_begin(void **state);
int desk_end(void **state);

/* An order like those of the desk, with its number, amount and bank. */
void desk_order(const char *amount, const char *bank, int number, struct buf *out);
struct bundle desk_empty(void);
struct bundle_challenge desk_challenge(const struct soft_key *k, int number);
/* As a signing program makes it; OTHER bytes may stand in the order's place. */
void desk_decide(const struct desk *d, struct soft_key *k, int number, const char *bank,
                 const struct buf *other, struct buf *out);
void desk_add_decision(const struct desk *d, struct bundle *b, struct soft_key *k, int number);

void desk_write(const struct bundle *b, struct buf *out);
void desk_copy(const struct bundle *b, struct bundle *out);
void assert_same(const struct buf *a, const struct buf *b);

#endif
