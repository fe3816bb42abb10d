/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <string.h>

static const struct err_info table[ERR_COUNT] = {
    [ERR_OK] = {"OK", EXIT_DONE, 200, "", ""},
#define X(name, exit, http, iso, cause, remedy) [ERR_##name] = {#name, exit, http, cause, remedy},
#include "base/err.def"
#undef X
};

const struct err_info *err_info(enum err e)
{
    size_t index = (size_t)e;

    return &table[index < ERR_COUNT ? index : (size_t)ERR_INTERNAL];
}

const char *err_name(enum err e)
{
    return err_info(e)->name;
}

enum err err_from_name(const char *name, size_t len)
{
    /* From 1: a peer that calls its refusal "OK" must not turn it into a success. */
    for (size_t i = 1; i < ERR_COUNT; i++)
        if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0)
            return (enum err)i;
    return ERR_INTERNAL;
}
