/* SPDX-License-Identifier: Apache-2.0
 *
 * What SQLite writes in many pieces reaches the system in few, all of it before the sync that a
 * commit waits for; and a disk that fails is noticed by the commit that it fails.
 */
#include "bankd/store/gather.h"
#include "bankd/store/store.h"
#include "base/file.h"
#include "tests/bankd/disk.h"
#include "tests/base/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define MANY 2000 /* holders: some dozen pages */

/* What the system was asked for. */
static struct {
    unsigned writes, syncs;
    size_t bytes;
    unsigned writes_since_sync;
    int fail;    /* the errno with which writing ends; 0: it does not */
    size_t left; /* bytes that are still written before it ends */
    bool once;   /* and goes on afterwards */
} seen;

static ssize_t write_at(int fd, const void *bytes, size_t len, off_t at)
{
    size_t n = seen.fail && len > seen.left ? seen.left : len;

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
    if (seen.fail)
        seen.left -= len;
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
    static char name[32 * 1024];
    const unsigned count = 1500;
    struct store *s = open_new();
    size_t total = 0;
    bool row = false;

    (void)state;
    memset(name, 'n', sizeof name - 1);
    assert_ok(store_begin(s));
    add(s, 0, count, name);
    assert_true(seen.writes == 0 && seen.syncs == 0);
    struct store_query *q = store_query(s, STORE_HOLDER_PAGE);
    store_bind_int(q, ":after", 0);
    store_bind_text(q, ":kind", "person");
    store_bind_int(q, ":limit", count + 1);
    assert_ok(store_step(q, &row));
    while (row) {
        assert_string_equal(store_text(q, 2), name);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_writes_and_all_before_the_sync),
        cmocka_unit_test(test_a_failing_disk_fails_the_commit),
        cmocka_unit_test(test_more_than_fits),
        cmocka_unit_test(test_a_killed_process_leaves_what_it_committed),
    };
    return cmocka_run_group_tests(tests, enter, disk_leave);
}
