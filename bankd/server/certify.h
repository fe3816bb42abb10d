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

/* After J, an operator's signed act, was done: where it is one about operators, the keeper is told.
 * KEEPER_GONE; that it knows better than to believe it is its own affair, and stands in the log of
 * the program. */
MUST_CHECK enum err certify_tell(const char *keeper_socket, const struct job *j);

#endif
