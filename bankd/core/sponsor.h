/* SPDX-License-Identifier: Apache-2.0
 *
 * sponsor: who vouches for a request to be enrolled. A word counts while the key that signed it is
 * good and its sponsor may approve payments of the account that he named. Private to bankd/core.
 */
#ifndef BANKD_CORE_SPONSOR_H
#define BANKD_CORE_SPONSOR_H

#include "bankd/core/state.h"
#include "order/doc.h"
#include "order/iban.h"

#define SPONSORS_MAX 8 /* words about one request */

struct sponsor {
    char holder[HOLDER_MAX + 1], account[IBAN_MAX + 1];
    int64_t entry;
    bool counts;
};
struct sponsors {
    struct sponsor at[SPONSORS_MAX];
    size_t count;
};
/* Of the request in row ENROLMENT, in order of entry. */
MUST_CHECK enum err sponsor_load(struct core *c, int64_t enrolment, struct sponsors *out);
/* How many people's word counts; a person's counts once. */
size_t sponsor_count(const struct sponsors *all);
bool sponsor_is(const struct sponsors *all, const char *holder); /* his word counts */
/* Member `sponsors` of OUT: those whose word counts; absent when nobody's does. */
void sponsor_names(const struct sponsors *all, struct doc *out);
/* The same by the entries, for the log. */
void sponsor_entries(const struct sponsors *all, struct doc *out);

#endif
