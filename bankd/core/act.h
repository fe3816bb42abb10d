/* SPDX-License-Identifier: Apache-2.0
 *
 * act: who among the bank's operators may do what, and their roles in the store. Private to
 * bankd/core.
 */
#ifndef BANKD_CORE_ACT_H
#define BANKD_CORE_ACT_H

#include "bankd/core/state.h"
#include "order/doc.h"
#include "order/role.h"

/* The roles of an operator. */
MUST_CHECK enum err act_roles(struct core *c, int64_t operator_id, role_set *out);
/* How many operators with an active key have the role, OTHER_THAN not counted. */
MUST_CHECK enum err act_count(struct core *c, enum role role, int64_t other_than, int64_t *out);
/* Whether the first operators are still to be made: nobody ever had the role security. */
MUST_CHECK enum err act_ceremony(struct core *c, bool *out);
void act_list_roles(role_set roles, struct doc *out);

#endif
