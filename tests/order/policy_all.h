/* SPDX-License-Identifier: Apache-2.0
 *
 * policy_all: the default policy, as the bank gives it to a new account.
 */
#ifndef TESTS_ORDER_POLICY_ALL_H
#define TESTS_ORDER_POLICY_ALL_H

#include "order/policy.h"

#include <stdio.h>

/* Appends it: all HOLDERS, sorted and at most POLICY_HOLDERS_MAX, in class A, who must all approve
 * payments and cash. */
MUST_CHECK static inline enum err policy_all(const char *bank, const char *account,
                                             const char *title, int64_t version,
                                             int64_t valid_from_us, const char *const *holders,
                                             size_t count, struct buf *out)
{
    struct policy_person people[POLICY_HOLDERS_MAX] = {0};
    const struct policy_terms terms = {.bank = bank,
                                       .account = account,
                                       .title = title,
                                       .currency = "",
                                       .version = version,
                                       .valid_from_us = valid_from_us,
                                       .people = people,
                                       .count = count,
                                       .rules = "",
                                       .limits = "",
                                       .deputies = ""};

    if (count > POLICY_HOLDERS_MAX)
        return ERR_POLICY_INVALID;
    for (size_t i = 0; i < count; i++) {
        people[i].class = 'A';
        snprintf(people[i].id, sizeof people[i].id, "%s", holders[i]);
    }
    return policy_make(&terms, out);
}

#endif
