/* SPDX-License-Identifier: Apache-2.0 */
#include "order/flag.h"

#include <string.h>

static const struct {
    const char *name, *words;
} flags[] = {
#define X(id, name, words) [FLAG_##id] = {name, words},
#include "order/flag.def"
#undef X
};

const char *flag_name(enum flag f)
{
    return flags[f].name;
}

const char *flag_words(enum flag f)
{
    return flags[f].words;
}

enum flag flag_from_name(const char *name, size_t len)
{
    size_t f = 0;

    while (f < FLAG_COUNT && (len != strlen(flags[f].name) || memcmp(name, flags[f].name, len)))
        f++;
    return (enum flag)f;
}

bool flag_is_payee_check(const char *code, size_t len)
{
    static const char *const codes[] = {"RCVC", "RMVC", "RVNM", "RVNA"};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (len == PAYEE_CHECK_LEN && memcmp(code, codes[i], len) == 0)
            return true;
    }
    return false;
}
