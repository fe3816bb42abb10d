/* SPDX-License-Identifier: Apache-2.0
 *
 * newcomer: a request to be enrolled as the store has it. Private to bankd/core.
 */
#ifndef BANKD_CORE_NEWCOMER_H
#define BANKD_CORE_NEWCOMER_H

#include "bankd/core/state.h"
#include "order/enrolment.h"
#include "order/forms.h"
#include "verifier/verifier.h"

#define NEWCOMER_OPERATORS_MAX 8 /* who must admit one request, at most */

/* A request as the store has it, and what it says. */
struct newcomer {
    int64_t id;
    char name[ENROLMENT_ID_LEN + 1]; /* the bank's for it */
    int64_t received_us, expires_us;
    char state[16];
    char reason[ENROLMENT_NAME_BYTES + 1];
    char holder[HOLDER_MAX + 1]; /* who he became, or "" */
    /* Who admitted him, with a space between. */
    char by[NEWCOMER_OPERATORS_MAX * (HOLDER_MAX + 1) + 1];
    int64_t entry;
    struct verified *statement;
};

void newcomer_free(struct newcomer *a);
bool newcomer_waits(const struct newcomer *a);
const struct enrolment *newcomer_said(const struct newcomer *a);
/* The row that Q stands on. The caller frees *OUT. */
MUST_CHECK enum err newcomer_read(struct core *c, const struct store_query *q,
                                  struct newcomer *out);
/* Ends Q. The caller frees *OUT. */
MUST_CHECK enum err newcomer_one(struct core *c, struct store_query *q, bool *found,
                                 struct newcomer *out);
/* By the bank's name for it: NOT_FOUND. */
MUST_CHECK enum err newcomer_find(struct core *c, const char *name, struct newcomer *out);
/* How many wait. */
MUST_CHECK enum err newcomer_count(struct core *c, int64_t *out);

#endif
