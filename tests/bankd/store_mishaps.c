/* SPDX-License-Identifier: Apache-2.0
 *
 * One write of the store's after the other fails, is cut short or is the process's last, and one
 * sync after the other fails, while it commits and while its log is copied back: the file is whole
 * then, has what was acknowledged and nothing that was refused before.
 */
#include "bankd/store/store.h"
#include "base/file.h"
#include "tests/bankd/disk.h"
#include "tests/base/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOLDERS 30
#define ACTS 4
/* Of the log; the store copies it back from 4000 pages on. */
#define NEARLY (32 + 3998 * (24 + 4096))

/* What becomes of one write, or sync. The rest of a half is asked for again: with FULL_LATER it
 * fails. */
enum mishap { FULL, BROKEN, HALF, FULL_LATER, KILLED, KILLED_HALF, UNSYNCED, MISHAPS };
static enum mishap mishap;
static unsigned countdown; /* to that one; 0: there is none, or it was */
static bool rest_fails;

static ssize_t half(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t n = pwrite(fd, bytes, len / 2, at);

    if (mishap == KILLED_HALF)
        kill(getpid(), SIGKILL);
    rest_fails = mishap == FULL_LATER;
    return n;
}

static ssize_t write_at(int fd, const void *bytes, size_t len, off_t at)
{
    bool now = mishap != UNSYNCED && countdown && --countdown == 0;

    if (now && (mishap == HALF || mishap == FULL_LATER || mishap == KILLED_HALF))
        return half(fd, bytes, len, at);
    if (now && mishap == KILLED)
        kill(getpid(), SIGKILL);
    if (!now && !rest_fails)
        return pwrite(fd, bytes, len, at);
    rest_fails = false;
    errno = mishap == BROKEN ? EIO : ENOSPC;
    return -1;
}

/* In place of the C library's, for SQLite too: nobody takes the power away here. */
int fdatasync(int fd)
{
    (void)fd;
    if (mishap != UNSYNCED || !countdown || --countdown)
        return 0;
    errno = EIO;
    return -1;
}

static int enter(void **state)
{
    (void)state;
    return disk_enter(write_at);
}

/* --- processes that end without a close --------------------------------------------------------*/

static off_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : 0;
}

static enum err add_one(struct store *s, unsigned i)
{
    char holder[32], name[300];
    struct store_query *q = store_query(s, STORE_HOLDER_ADD);

    snprintf(holder, sizeof holder, "h%u", i);
    snprintf(name, sizeof name, "%0299u", i);
    store_bind_text(q, ":holder", holder);
    store_bind_text(q, ":kind", "person");
    store_bind_text(q, ":name", name);
    store_bind_int(q, ":entry", 0);
    return store_run(q);
}

/* Of the first holder. */
static enum err set_entry(struct store *s, unsigned entry)
{
    enum err e = store_begin(s);

    if (!e) {
        struct store_query *q = store_query(s, STORE_HOLDER_ENTRY);
        store_bind_int(q, ":id", 1);
        store_bind_int(q, ":entry", entry);
        e = store_run(q);
    }
    if (!e)
        e = store_commit(s);
    if (e)
        store_rollback(s);
    return e;
}

/* Leaves a log that is nearly as long as it becomes, with pages that nobody touches later. */
static void fill(volatile unsigned *acknowledged)
{
    struct store *s = NULL;

    assert_ok(store_open("bank.db", &s));
    assert_ok(store_begin(s));
    for (unsigned i = 0; i < HOLDERS; i++)
        assert_ok(add_one(s, i));
    assert_ok(store_commit(s));
    while (size_of("bank.db-wal") < NEARLY)
        assert_ok(set_entry(s, ++*acknowledged));
    _exit(0);
}

static void act(volatile unsigned *acknowledged)
{
    struct store *s = NULL;

    if (store_open("bank.db", &s) == ERR_OK) {
        for (unsigned i = 0; i < ACTS; i++) {
            if (set_entry(s, *acknowledged + 1) == ERR_OK)
                ++*acknowledged;
        }
    }
    _exit(countdown ? 1 : 0); /* 1: there were not so many writes */
}

static int run(void (*what)(volatile unsigned *), volatile unsigned *acknowledged)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        what(acknowledged);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* --- after it ----------------------------------------------------------------------------------*/

static void copy(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t n;

    assert_true(in >= 0 && out >= 0);
    do
        n = copy_file_range(in, NULL, out, NULL, NEARLY, 0);
    while (n > 0);
    assert_int_equal(n, 0);
    close(in);
    close(out);
}

/* The NTH write after the log was filled; false: there were not so many. */
static bool suffer(enum mishap what, unsigned nth, unsigned filled, volatile unsigned *acknowledged)
{
    copy("full.db", "bank.db");
    copy("full.db-wal", "bank.db-wal");
    *acknowledged = filled;
    mishap = what;
    countdown = nth;
    int status = run(act, acknowledged);
    countdown = 0;
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    assert_true(killed ? what == KILLED || what == KILLED_HALF : WIFEXITED(status));
    int64_t is = 0;
    assert_int_equal(disk_holders(&is), HOLDERS);
    bool unknown = killed || what == UNSYNCED; /* of the last one */
    if (is != *acknowledged && !(unknown && is == *acknowledged + 1))
        fail_msg("mishap %u at write %u: %u is acknowledged, %lld there", what, nth, *acknowledged,
                 (long long)is);
    return killed || WEXITSTATUS(status) == 0;
}

static void test_threat_12_any_write_of_the_store(void **state)
{
    volatile unsigned *acknowledged =
        mmap(NULL, sizeof *acknowledged, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct store *s = NULL;

    (void)state;
    assert_true(acknowledged != MAP_FAILED);
    assert_ok(store_open("bank.db", &s));
    store_close(s); /* no log is left of its making */
    assert_int_equal(run(fill, acknowledged), 0);
    unsigned filled = *acknowledged;
    copy("bank.db", "full.db");
    copy("bank.db-wal", "full.db-wal");
    for (enum mishap what = 0; what < MISHAPS; what++) {
        unsigned nth = 1;
        while (suffer(what, nth, filled, acknowledged))
            nth++;
        assert_true(nth > ACTS + 2); /* those of the copying as well */
        assert_int_equal(*acknowledged, filled + ACTS);
    }
    static const char *const left[] = {"bank.db", "bank.db-wal", "bank.db-shm", "full.db",
                                       "full.db-wal"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        assert_ok(file_remove(left[i]));
    munmap((void *)(uintptr_t)acknowledged, sizeof *acknowledged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threat_12_any_write_of_the_store),
    };
    return cmocka_run_group_tests(tests, enter, disk_leave);
}
