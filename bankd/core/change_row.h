/* SPDX-License-Identifier: Apache-2.0
 *
 * change_row: the rows of changes and their votes, and what the votes amount to. Private to
 * bankd/core/change*.c.
 */
#ifndef BANKD_CORE_CHANGE_ROW_H
#define BANKD_CORE_CHANGE_ROW_H

#include "bankd/core/change.h"
#include "order/decision.h"
#include "order/key.h"

#define CHANGE_VOTES_MAX (2 * POLICY_HOLDERS_MAX) /* of both policies */

struct change_vote {
    char holder[HOLDER_MAX + 1];
    enum verb verb;
    bool key_counts;
    int64_t received_us;
};
struct change {
    int64_t id; /* row; 0: none */
    int64_t account;
    struct policy *to; /* owned */
    int64_t proposed_us, due_us;
    struct change_vote votes[CHANGE_VOTES_MAX];
    size_t count;
};
void change_free(struct change *ch);

/* The account's open change with its votes; id 0 when there is none. */
MUST_CHECK enum err change_find(struct core *c, int64_t account, struct change *out);
bool change_decided(const struct change *ch, const char *holder);

/* What the votes amount to at NOW_US, under FROM, the policy in force, and under the new one, which
 * must be valid then. */
void change_judge(const struct change *ch, const struct policy *from, int64_t now_us,
                  struct policy_verdict *out);
/* When it is over at the latest: after 30 days or, before, with the new policy's own time. */
int64_t change_over(const struct change *ch);
/* When the bank must look at it again. */
int64_t change_due(const struct change *ch, const struct policy *from, int64_t now_us);

/* "open", "force" or "ended". */
MUST_CHECK enum err change_set(struct core *c, int64_t id, const char *state, int64_t due_us);
/* The new policy becomes the account's, by the entry. Updates A. */
MUST_CHECK enum err change_enforce(struct core *c, struct ledger_account *a,
                                   const struct change *ch, int64_t entry);
/* Appends an entry about the account and notes it as the newest. Frees BODY. Updates A. */
MUST_CHECK enum err change_add_entry(struct core *c, struct ledger_account *a, struct doc *body,
                                     int64_t *entry);

#endif
