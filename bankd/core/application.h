/* SPDX-License-Identifier: Apache-2.0
 *
 * application: applications for accounts (docs/FORMAT.md section 8.8), for the files that look at
 * what waits. Private to bankd/core.
 */
#ifndef BANKD_CORE_APPLICATION_H
#define BANKD_CORE_APPLICATION_H

#include "bankd/core/state.h"
#include "order/doc.h"

/* Ends one whose time is over; FOUND: there was one. */
MUST_CHECK enum err application_catch_up_one(struct core *c, bool *found);

/* NOT_FOUND unless it waits. */
MUST_CHECK enum err application_check_waiting(struct core *c, const char *name);

/* What the queue says of the one that waits in row ID. */
MUST_CHECK enum err application_waits(struct core *c, int64_t id, struct doc *out);

#endif
