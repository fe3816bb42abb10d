/* SPDX-License-Identifier: Apache-2.0
 *
 * prepare: what a worker makes of a request before the committer takes it: its body as a struct, a
 * statement verified. An error refuses the request. For the table in handler.c.
 */
#ifndef BANKD_SERVER_PREPARE_H
#define BANKD_SERVER_PREPARE_H

#include "bankd/server/handler.h"

/* What the route's table says, after an act was opened. */
MUST_CHECK enum err prepare(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_challenge(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_login(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_decide(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_cash(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_policy_decide(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_apply(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_opening(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_delegate(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_rotate(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_sponsor(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_enrol(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_admission(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_holder_add(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_terminal_add(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_operator_add(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_roles(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_rollover(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_account_open(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_fund(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_category_rule(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_movement_category(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_note(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_word(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_claim(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_give_back(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_comment(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_return(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_credit(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_assign(const struct bank *b, struct job *j);
MUST_CHECK enum err prepare_key(const struct bank *b, struct job *j);

#endif
