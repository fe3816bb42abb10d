/* SPDX-License-Identifier: Apache-2.0 */
#include "order/waits.h"

#include <string.h>

static const char *const names[WAITS_COUNT] = {
    [WAITS_ANY] = "",
#define X(id, name) [WAITS_##id] = (name),
#include "order/waits.def"
#undef X
};

const char *waits_name(enum waits w)
{
    return names[w];
}

enum err waits_from_name(const char *name, size_t len, enum waits *out)
{
    size_t w = WAITS_ANY + 1;

    while (w < WAITS_COUNT && (strlen(names[w]) != len || memcmp(names[w], name, len) != 0))
        w++;
    *out = w < WAITS_COUNT ? (enum waits)w : WAITS_ANY;
    return w < WAITS_COUNT ? ERR_OK : ERR_USAGE;
}
