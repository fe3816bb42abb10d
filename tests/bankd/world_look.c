/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bankd/world.h"
#include "tests/base/unit.h"

#include <sqlite3.h>
#include <stdio.h>

/* Of its own; kept, since each new one reads the whole schema. */
static sqlite3 *connection(struct world *w)
{
    if (!w->look)
        assert_int_equal(sqlite3_open_v2(w->path, &w->look, SQLITE_OPEN_READWRITE, NULL),
                         SQLITE_OK);
    return w->look;
}

const char *world_sql(struct world *w, const char *sql)
{
    static char text[512];
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_prepare_v2(connection(w), sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const unsigned char *found = sqlite3_column_text(statement, 0);
    snprintf(text, sizeof text, "%s", found ? (const char *)found : "");
    sqlite3_finalize(statement);
    return text;
}

void world_execute(struct world *w, const char *sql)
{
    assert_int_equal(sqlite3_exec(connection(w), sql, NULL, NULL, NULL), SQLITE_OK);
}
