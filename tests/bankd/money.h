/* SPDX-License-Identifier: Apache-2.0
 *
 * money: asking a world's bank about the movements of an account.
 */
#ifndef TESTS_BANKD_MONEY_H
#define TESTS_BANKD_MONEY_H

#include "tests/bankd/world.h"

struct js;

struct core_caller money_of(const struct person *p);
int32_t money_day(const char *text);
/* Alice and Bob pay the shop. */
void money_pay(struct world *w, const char *amount);

enum err money_list(struct world *w, const struct person *who, const char *account,
                    const struct core_period *period, const struct core_page *page);
enum err money_statement(struct world *w, const struct person *who, const char *account,
                         const struct core_period *period, const struct core_page *page);

struct js *money_answer(struct world *w); /* the last one, for js_free */
const char *money_newest_entry(struct world *w);

/* COUNT movements of AMOUNT minor units on the joint account, now, written past the core so that a
 * test may have many. */
void money_make_many(struct world *w, int count, int64_t amount);

#endif
