/* SPDX-License-Identifier: Apache-2.0
 *
 * outcome: what became of other keys with the one that somebody suspended, revoked or rotated, and
 * what the bank's keeper made of it, as the bank's answer says it.
 */
#ifndef APP_OUTCOME_H
#define APP_OUTCOME_H

struct js;

/* A line on standard output for each of them; none where there is nothing to say. */
void outcome_print(const struct js *answer);
/* Of what an operator is, or may: a line where the keeper did not take it, or not yet. */
void outcome_print_keeper(const struct js *answer);

#endif
