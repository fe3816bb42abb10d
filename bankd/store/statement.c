/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/store/statement.h"

#include <string.h>

static const struct {
    const char *name;
    const char *sql;
} table[STORE_STATEMENT_COUNT] = {
#define X(name, sql) [STORE_##name] = {#name, sql},
#include "bankd/store/statements.def"
#undef X
};

const char *statement_name(enum store_statement which)
{
    return table[which].name;
}

enum err statement_sql(enum store_statement which, const struct statement_macros *macros,
                       struct buf *out)
{
    const struct {
        const char *name;
        const char *text;
    } known[] = {{"{lock}", macros->lock}, {"{lock_skip}", macros->lock_skip}};
    const char *at = table[which].sql;
    enum err e = ERR_OK;

    while (!e && *at) {
        size_t plain = strcspn(at, "{");
        e = buf_add(out, at, plain);
        at += plain;
        if (e || !*at)
            break;
        size_t i = 0;
        while (i < 2 && strncmp(at, known[i].name, strlen(known[i].name)) != 0)
            i++;
        if (i == 2)
            return ERR_INTERNAL;
        e = buf_add_str(out, known[i].text);
        at += strlen(known[i].name);
    }
    return e;
}
