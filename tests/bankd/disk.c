/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bankd/disk.h"

#include "tests/base/unit.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/countersign-disk.XXXXXX";

int disk_enter(disk_write_fn *write)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

    if (!mkdtemp(dir) || chdir(dir) != 0)
        return -1;
    /* By the name under which SQLite was built with it. */
    return vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)write) == SQLITE_OK &&
                   vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)write) == SQLITE_OK
               ? 0
               : -1;
}

int disk_leave(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

int64_t disk_holders(int64_t *entry)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;

    assert_int_equal(sqlite3_open("bank.db", &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT (SELECT count(*) FROM holder),"
                                        " (SELECT entry FROM holder WHERE id = 1), integrity_check"
                                        " FROM pragma_integrity_check",
                                        -1, &q, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(q, 2), "ok");
    int64_t holders = sqlite3_column_int64(q, 0);
    *entry = sqlite3_column_int64(q, 1);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return holders;
}
