/* SPDX-License-Identifier: Apache-2.0 */
#include "order/role.h"

#include <string.h>

static const char *const names[ROLE_COUNT] = {
#define X(id, name, use) [ROLE_##id] = (name),
#include "order/role.def"
#undef X
};

const char *role_name(enum role r)
{
    return names[r];
}

enum err role_from_name(const char *name, enum role *out)
{
    size_t r = 0;

    while (r < ROLE_COUNT && strcmp(names[r], name) != 0)
        r++;
    *out = (enum role)r;
    return r < ROLE_COUNT ? ERR_OK : ERR_DOC_MEMBER_INVALID;
}
