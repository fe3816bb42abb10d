/* SPDX-License-Identifier: Apache-2.0
 *
 * desk: what operators do about what waits in the bank: words on orders, the queue, the outbox,
 * what came from other banks. For the table in handler.c.
 */
#ifndef BANKD_SERVER_DESK_H
#define BANKD_SERVER_DESK_H

#include "bankd/server/handler.h"

MUST_CHECK enum err desk_release(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_refuse(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_hold(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_claim(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_give_back(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_comment(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_queue(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_confirm(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_return(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_credit(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_assign(const struct bank *b, struct job *j);
MUST_CHECK enum err desk_credit_return(const struct bank *b, struct job *j);

#endif
