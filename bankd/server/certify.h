/* SPDX-License-Identifier: Apache-2.0
 *
 * certify: what the keeper is told of operators' acts: whom to believe, and for whom to issue
 * certificates. It judges for itself (bankd/keeper/acts.h). By the committer.
 */
#ifndef BANKD_SERVER_CERTIFY_H
#define BANKD_SERVER_CERTIFY_H

#include "bankd/core/core.h"
#include "bankd/server/job.h"
#include "base/err.h"

/* For core_enrolment_admit: J is an admission, signed or the console's. */
struct core_certifier certify_by(const char *keeper_socket, const struct job *j);

/* Whether the keeper is asked for J, within its transaction. */
bool certify_asks(const struct job *j);
/* Sets J's BY_OPERATOR, on which that depends. Inside a transaction, before J is done. */
MUST_CHECK enum err certify_find(struct core *core, struct job *j);

/* After J was done: where it is about a key or the roles of an operator's, or may be, the keeper is
 * told, of an act, a rotation, a suspension; within the transaction, since it goes by what is
 * signed and not by what the bank keeps. What it did not take stands in the
 * log of the program, and J's answer says so: `keeper`, why; or `keeperMissing`, how many
 * operators must ask for the same besides. Where it heard nothing, an act is refused, since it can
 * be done again; of a key that is taken away, J is UNHEARD. */
MUST_CHECK enum err certify_tell(const char *keeper_socket, struct job *j);

/* Tells of all keys that count no more, which the keeper may have heard of: KEEPER_GONE and what
 * else says that it heard nothing now either. */
MUST_CHECK enum err certify_repeat(const char *keeper_socket, struct core *core);

#endif
