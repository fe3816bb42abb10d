/* SPDX-License-Identifier: Apache-2.0
 *
 * role: what the bank's operators may be (order/role.def). Which one a route asks for is in
 * api/route.def.
 */
#ifndef ORDER_ROLE_H
#define ORDER_ROLE_H

#include "base/err.h"
#include <stddef.h>

enum role {
#define X(id, name, use) ROLE_##id,
#include "order/role.def"
#undef X
    ROLE_COUNT
};
typedef unsigned role_set;
#define ROLE_BIT(role) (1u << (role))
#define ROLE_ANY ((1u << ROLE_COUNT) - 1) /* whatever role somebody has */

const char *role_name(enum role r); /* "payments" */
/* DOC_MEMBER_INVALID when it is none. */
MUST_CHECK enum err role_from_name(const char *name, enum role *out);

#endif
