/* SPDX-License-Identifier: Apache-2.0
 *
 * firm: an account whose policy lets holders stand for each other. Alice and Bob must both approve;
 * Carol, who only hands in, may be a deputy, and so may Bob.
 */
#ifndef TESTS_BANKD_FIRM_H
#define TESTS_BANKD_FIRM_H

#include "tests/bankd/world.h"

#define FIRM "NL91ABNA0417164300"

/* cmocka's setup: world_enter, and the account with 500.00. */
int firm_enter(void **state);
/* Version 2 of its policy, which lets nobody stand for another; for policy_free. */
struct policy *firm_without_deputies(struct world *w);
/* Alice and SECOND put it in force. */
void firm_enforce(struct world *w, const struct policy *to_come, const struct person *second);

/* The DEPUTY may approve orders of so much. */
struct world_gift firm_gift(const char *deputy, int64_t amount_minor);
/* What the bank says of the word is NAME. */
void firm_gives(struct world *w, const struct person *signer, const struct world_gift *gift,
                const char *name);
void firm_withdraws(struct world *w, const struct person *signer, const char *name);

/* An order for a day. */
void firm_order(struct world *w, const char *amount, const char *date, struct world_order *out);
/* The decision is taken, and STATUS comes of it. */
void firm_decides(struct world *w, const struct person *p, const struct world_order *o,
                  enum verb verb, const char *status);
/* Its evidence says that it is at STATUS, with so many approvals. */
void firm_proves(struct world *w, const struct world_order *o, const char *status, unsigned given);

#endif
