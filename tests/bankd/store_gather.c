/* SPDX-License-Identifier: Apache-2.0
 *
 * What SQLite writes in many pieces reaches the system in few, all of it before the sync that a
 * commit waits for; and a disk that fails is noticed by the commit or the checkpoint that it fails.
 */
#include "bankd/store/gather.h"
#include "bankd/store/store.h"
#include "base/file.h"
#include "tests/bankd/disk.h"
#include "tests/base/unit.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define MANY 2000   /* holders: some dozen pages */
#define LARGE 32768 /* bytes of a name: of HEAVY such, a commit is followed by a checkpoint */
#define HEAVY 600

/* What the system was asked for. */
static struct {
    unsigned writes, syncs;
    size_t bytes;
    unsigned writes_since_sync;
    int fail;              /* the errno with which writing ends; 0: it does not */
    size_t left;           /* bytes that are still written before it ends */
    bool once;             /* and goes on afterwards */
    bool database;         /* only of the database's own file */
    size_t database_bytes; /* written there */
} seen;

static bool is_database(int fd)
{
    struct stat file, database;

    return fstat(fd, &file) == 0 && stat("bank.db", &database) == 0 &&
           file.st_ino == database.st_ino;
}

static ssize_t write_at(int fd, const void *bytes, size_t len, off_t at)
{
    bool database = is_database(fd), ends = seen.fail && (database || !seen.database);
    size_t n = ends && len > seen.left ? seen.left : len;

    if (n < len && (n == 0 || pwrite(fd, bytes, n, at) < 0)) {
        errno = seen.fail;
        if (seen.once)
            seen.fail = 0;
        return -1;
    }
    if (n < len) {
        seen.left = 0;
        return (ssize_t)n;
    }
    if (ends)
        seen.left -= len;
    seen.database_bytes += database ? len : 0;
    seen.writes++;
    seen.writes_since_sync++;
    seen.bytes += len;
    return pwrite(fd, bytes, len, at);
}

/* In place of the C library's, for SQLite too. */
int fdatasync(int fd)
{
    seen.syncs++;
    seen.writes_since_sync = 0;
    return (int)syscall(SYS_fdatasync, fd);
}

static int enter(void **state)
{
    (void)state;
    return disk_enter(write_at);
}

static struct store *open_new(void)
{
    struct store *s = NULL;

    assert_ok(file_remove("bank.db"));
    assert_ok(file_remove("bank.db-wal"));
    assert_ok(file_remove("bank.db-shm"));
    assert_ok(store_open("bank.db", &s));
    memset(&seen, 0, sizeof seen);
    return s;
}

static void close_and_forget(struct store *s)
{
    store_close(s);
    assert_ok(file_remove("bank.db"));
}

static void add(struct store *s, unsigned from, unsigned count, const char *name)
{
    for (unsigned i = from; i < from + count; i++) {
        char holder[32];
        struct store_query *q = store_query(s, STORE_HOLDER_ADD);

        snprintf(holder, sizeof holder, "h%u", i * 2654435761u % 1000003u);
        store_bind_text(q, ":holder", holder);
        store_bind_text(q, ":kind", "person");
        store_bind_text(q, ":name", name);
        store_bind_int(q, ":entry", 0);
        assert_ok(store_run(q));
    }
}

static const char *large_name(void)
{
    static char name[LARGE];

    memset(name, 'n', sizeof name - 1);
    return name;
}

static void assert_holders(int64_t count)
{
    int64_t entry = 0;

    assert_int_equal(disk_holders(&entry), count);
}

static void test_few_writes_and_all_before_the_sync(void **state)
{
    struct store *s = open_new();

    (void)state;
    assert_ok(store_begin(s));
    add(s, 0, MANY, "A person");
    assert_ok(store_commit(s));
    assert_true(seen.syncs > 0);
    assert_int_equal(seen.writes_since_sync, 0);
    assert_true(seen.bytes > 10 * PAGE);
    assert_true(seen.writes < seen.bytes / PAGE / 3); /* alone, two a page */
    assert_holders(MANY);
    close_and_forget(s);
}

/* However much of it is written. */
static void test_a_failing_disk_fails_the_commit(void **state)
{
    static const int failures[] = {ENOSPC, EIO};
    static const size_t written[] = {0, 10, 24 + PAGE / 2, 3 * (24 + PAGE), 20 * PAGE};
    const unsigned of_each = sizeof written / sizeof *written;
    struct store *s = open_new();

    (void)state;
    assert_ok(store_begin(s));
    add(s, 0, MANY, "A person");
    assert_ok(store_commit(s));
    for (unsigned i = 0; i < 4 * of_each; i++) {
        assert_ok(store_begin(s));
        add(s, MANY, MANY, "A person");
        seen.fail = failures[i % 2];
        seen.left = written[i / 4];
        seen.once = i & 2;
        assert_err(store_commit(s), ERR_STORE_FAILED);
        store_rollback(s);
        seen.fail = 0;
        assert_holders(MANY);
    }
    assert_ok(store_begin(s));
    add(s, MANY, 1, "A person");
    assert_ok(store_commit(s));
    assert_holders(MANY + 1);
    close_and_forget(s);
}

/* More than the cache holds, too, is written by the commit and not before. */
static void test_more_than_fits(void **state)
{
    const unsigned count = 1500;
    struct store *s = open_new();
    size_t total = 0;
    bool row = false;

    (void)state;
    assert_ok(store_begin(s));
    add(s, 0, count, large_name());
    assert_true(seen.writes == 0 && seen.syncs == 0);
    struct store_query *q = store_query(s, STORE_HOLDER_PAGE);
    store_bind_int(q, ":after", 0);
    store_bind_text(q, ":kind", "person");
    store_bind_int(q, ":limit", count + 1);
    assert_ok(store_step(q, &row));
    while (row) {
        assert_string_equal(store_text(q, 2), large_name());
        total++;
        assert_ok(store_step(q, &row));
    }
    store_done(q);
    assert_int_equal(total, count);
    assert_ok(store_commit(s));
    assert_int_equal(seen.writes_since_sync, 0);
    assert_holders(count);
    close_and_forget(s);
}

/* Nothing that was committed is only in memory. */
static void test_a_killed_process_leaves_what_it_committed(void **state)
{
    struct store *s = open_new();
    int status = 0;

    (void)state;
    store_close(s);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        assert_ok(store_open("bank.db", &s));
        assert_ok(store_begin(s));
        add(s, 0, MANY, "A person");
        assert_ok(store_commit(s));
        assert_ok(store_begin(s));
        add(s, MANY, MANY, "A person");
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_holders(MANY);
    assert_ok(file_remove("bank.db"));
}

/* --- checkpoints --- */

/* A commit of so much that SQLite copies the log to the database behind it. */
static void commit_much(struct store *s, unsigned from)
{
    assert_ok(store_begin(s));
    add(s, from, HEAVY, large_name());
    assert_ok(store_commit(s));
}

static void test_a_checkpoint_writes_few(void **state)
{
    struct store *s = open_new();

    (void)state;
    commit_much(s, 0);
    assert_true(seen.database_bytes > HEAVY * LARGE);
    assert_true(seen.writes < seen.bytes / PAGE / 10);
    close_and_forget(s);
}

/* Its count of rows and its structure do not tell that the last page of a name is another one. */
static void assert_large_names(int64_t count)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;

    assert_int_equal(sqlite3_open("bank.db", &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT count(*) FROM holder WHERE name = ?", -1, &q, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(q, 1, large_name(), -1, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int64(q, 0), count);
    sqlite3_finalize(q);
    sqlite3_close(db);
}

static void fail_in_database(int why, size_t left, bool once)
{
    memset(&seen, 0, sizeof seen);
    seen.fail = why;
    seen.left = left;
    seen.once = once;
    seen.database = true;
}

/* The second of two commits behind a checkpoint that SQLite took for whole begins the log anew. */
static void go_on(struct store *s, unsigned from)
{
    seen.fail = 0;
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(store_begin(s));
        add(s, from + i, 1, "A person");
        assert_ok(store_commit(s));
    }
    store_close(s);
}

/* Wherever it fails, at its last byte, too: the log keeps what the database did not get. */
static void test_a_checkpoint_that_fails_is_none(void **state)
{
    struct store *s = open_new();

    (void)state;
    commit_much(s, 0);
    const size_t whole = seen.database_bytes;
    close_and_forget(s);
    const size_t written[] = {0, 10, PAGE, whole / 2, whole - PAGE, whole - 1};
    const unsigned of_each = sizeof written / sizeof *written;
    for (unsigned i = 0; i < 2 * of_each; i++) {
        s = open_new();
        fail_in_database(i % 2 ? EIO : ENOSPC, written[i / 2], i % 2);
        commit_much(s, 0);
        assert_true(seen.database_bytes < whole);
        assert_holders(HEAVY);
        go_on(s, HEAVY);
        assert_holders(HEAVY + 2);
        assert_large_names(HEAVY);
        assert_ok(file_remove("bank.db"));
    }
}

static off_t database_size(void)
{
    struct stat database;

    assert_int_equal(stat("bank.db", &database), 0);
    return database.st_size;
}

/* An entry that is longer or shorter than the one before, or the rest of a row stays as it is. */
static void write_over(struct store *s, int64_t entry)
{
    assert_ok(store_begin(s));
    for (int64_t id = 1; id <= HEAVY; id++) {
        struct store_query *q = store_query(s, STORE_HOLDER_ENTRY);

        store_bind_int(q, ":entry", entry);
        store_bind_int(q, ":id", id);
        assert_ok(store_run(q));
    }
    assert_ok(store_commit(s));
}

/* For the first row that is written over: its pages are free only when the new ones are found. */
static void leave_room(void)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open("bank.db", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM holder WHERE id = 100", NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

/* Of a database whose last pages are other rows': what a checkpoint writes over, LEFT at the most.
 */
static size_t write_over_only(size_t left)
{
    struct store *s = open_new();

    commit_much(s, 0);
    write_over(s, INT32_MAX);
    commit_much(s, HEAVY);
    leave_room();
    const off_t size = database_size();
    fail_in_database(EIO, left, true);
    write_over(s, 2);
    const size_t written = seen.database_bytes;
    assert_true(database_size() == size);
    go_on(s, 2 * HEAVY);
    assert_holders(2 * HEAVY + 1);
    assert_large_names(2 * HEAVY - 1);
    assert_ok(file_remove("bank.db"));
    return written;
}

/* Nothing is gathered of it, also behind one that grew the database: SQLite is told. */
static void test_a_checkpoint_that_only_writes_over(void **state)
{
    (void)state;
    const size_t whole = write_over_only(SIZE_MAX);
    assert_true(whole > HEAVY * LARGE);
    assert_true(write_over_only(whole - 1) < whole);
}

/* In a process of its own: what a reader lets through of a checkpoint, of which the system writes
 * LEFT bytes. How it ended; of pages written, where it ended well, *PAGES. */
static int checkpoint_beside_a_reader(size_t left, unsigned *pages)
{
    struct store *s = open_new();
    sqlite3 *reader = NULL;
    int status = 0;

    store_close(s);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        assert_ok(store_open("bank.db", &s));
        assert_ok(store_begin(s));
        add(s, 0, MANY, "A person");
        assert_ok(store_commit(s));
        assert_int_equal(sqlite3_open("bank.db", &reader), SQLITE_OK);
        assert_int_equal(
            sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM holder", NULL, NULL, NULL),
            SQLITE_OK);
        fail_in_database(EIO, left, false);
        commit_much(s, MANY);
        _exit((int)(seen.database_bytes / PAGE));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    *pages = WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) : 0;
    assert_holders(MANY + HEAVY);
    assert_ok(file_remove("bank.db"));
    return status;
}

/* The last page of the database is not among them, and SQLite looks no more when the last one is
 * written that is. There are gaps between them: a write before that one is told. */
static void test_the_end_of_a_part_of_a_checkpoint(void **state)
{
    unsigned pages, more;

    (void)state;
    int status = checkpoint_beside_a_reader(SIZE_MAX, &pages);
    assert_true(WIFEXITED(status) && pages > 1 && pages < 255);
    status = checkpoint_beside_a_reader(0, &more);
    assert_true(WIFEXITED(status) && more == 0); /* it was told */
    status = checkpoint_beside_a_reader(pages * PAGE - 1, &more);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_writes_and_all_before_the_sync),
        cmocka_unit_test(test_a_failing_disk_fails_the_commit),
        cmocka_unit_test(test_more_than_fits),
        cmocka_unit_test(test_a_killed_process_leaves_what_it_committed),
        cmocka_unit_test(test_a_checkpoint_writes_few),
        cmocka_unit_test(test_a_checkpoint_that_fails_is_none),
        cmocka_unit_test(test_a_checkpoint_that_only_writes_over),
        cmocka_unit_test(test_the_end_of_a_part_of_a_checkpoint),
    };
    return cmocka_run_group_tests(tests, enter, disk_leave);
}
