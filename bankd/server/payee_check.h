/* SPDX-License-Identifier: Apache-2.0
 *
 * payee_check: asks the bank's checker whether a payee's name belongs to his account. The checker
 * is a service of the bank's behind a Unix socket: one connection a question, one line of JSON each
 * way (bankd(8)). It decides nothing: what its answers lead to is the bank's rules' to say.
 */
#ifndef BANKD_SERVER_PAYEE_CHECK_H
#define BANKD_SERVER_PAYEE_CHECK_H

#include "base/err.h"
#include "order/flag.h"
#include "order/order.h"
#include <stdint.h>

struct payee_check;

/* PATH is the checker's socket, "" while there is none, and fits into sun_path; an answer may take
 * WAIT_MS. */
MUST_CHECK enum err payee_check_new(const char *path, int64_t wait_ms, struct payee_check **out);
/* Another one for the questions to come. From any thread. */
void payee_check_set(struct payee_check *p, const char *path, int64_t wait_ms);
void payee_check_free(struct payee_check *p); /* NULL-safe */

/* Blocks, at most for the wait; for any thread. RVNA when there is no answer or none of the form.
 * After one that did not come in time nobody is asked for a moment, so that a checker that hangs
 * does not hold up the bank. P NULL, or no checker: "". NO_MEMORY: that says nothing about the
 * payee. */
MUST_CHECK enum err payee_check_ask(struct payee_check *p, const struct order *order,
                                    char out[static PAYEE_CHECK_LEN + 1]);

#endif
