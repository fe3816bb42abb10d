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

#define SPONSORS_MAX 8       /* people whose word on one request counts */
#define SPONSOR_WORDS_MAX 32 /* words on it that were taken, with those that count no more */

struct sponsor {
    char holder[HOLDER_MAX + 1], account[IBAN_MAX + 1];
    int64_t entry;
    bool counts;
    bool active; /* it would count, by a key that is active now */
};
struct sponsors {
    struct sponsor at[SPONSOR_WORDS_MAX];
    size_t count;
};
/* Of the request in row ENROLMENT, in order of entry. A person's first word that counts is the only
 * one of his that does; of more than SPONSORS_MAX people the first count. */
MUST_CHECK enum err sponsor_load(struct core *c, int64_t enrolment, struct sponsors *out);
/* How many people's word counts. */
size_t sponsor_count(const struct sponsors *all);
/* A word of his is by a key that he has now. */
bool sponsor_is_active(const struct sponsors *all, const char *holder);
/* Member `sponsors` of OUT: those whose word counts; absent when nobody's does. */
void sponsor_names(const struct sponsors *all, struct doc *out);
/* What those signed, and by which keys, for the log: an array; empty when nobody's word counts. */
MUST_CHECK enum err sponsor_words(struct core *c, int64_t enrolment, const struct sponsors *all,
                                  struct doc *list);
/* The same by the entries, for the log. */
void sponsor_entries(const struct sponsors *all, struct doc *out);

#endif
