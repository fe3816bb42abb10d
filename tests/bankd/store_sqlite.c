/* SPDX-License-Identifier: Apache-2.0
 *
 * The store on SQLite: opening, transactions, the nets that the schema spans below the rules.
 */
#include "bankd/store/statement.h"
#include "bankd/store/store.h"
#include "base/buf.h"
#include "base/file.h"
#include "tests/base/unit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/countersign-store.XXXXXX";

static int enter(void **state)
{
    (void)state;
    return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : -1;
}

static void forget(void)
{
    assert_ok(file_remove("bank.db"));
    assert_ok(file_remove("bank.db-wal"));
    assert_ok(file_remove("bank.db-shm"));
}

static void execute(const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open("bank.db", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static enum err add_holder(struct store *s, const char *holder)
{
    struct store_query *q = store_query(s, STORE_HOLDER_ADD);

    store_bind_text(q, ":holder", holder);
    store_bind_text(q, ":kind", "person");
    store_bind_text(q, ":name", "A person");
    store_bind_int(q, ":entry", 0);
    return store_run(q);
}

static bool has_holder(struct store *s, const char *holder)
{
    struct store_query *q = store_query(s, STORE_HOLDER_FIND);
    bool found = false;

    store_bind_text(q, ":holder", holder);
    assert_ok(store_step(q, &found));
    if (found)
        assert_string_equal(store_text(q, 1), "A person");
    store_done(q);
    return found;
}

static void test_opening(void **state)
{
    struct store *s = NULL;
    struct stat st;

    (void)state;
    assert_ok(store_open("bank.db", &s));
    assert_int_equal(stat("bank.db", &st), 0);
    assert_int_equal(st.st_mode & 0777u, 0600);
    store_close(s);
    assert_ok(store_open("bank.db", &s));
    store_close(s);
    execute("PRAGMA user_version = 99");
    assert_err(store_open("bank.db", &s), ERR_STORE_VERSION);
    assert_null(s);
    forget();
    execute("CREATE TABLE somebody_elses (x)");
    assert_err(store_open("bank.db", &s), ERR_STORE_VERSION);
    forget();
    assert_ok(file_write("bank.db", "this is no database, however long it may be", 43, 0600));
    assert_err(store_open("bank.db", &s), ERR_STORE_FAILED);
    forget();
    assert_err(store_open("none/bank.db", &s), ERR_STORE_FAILED);
    store_close(NULL);
}

/* Whether anybody holds a lock on the file: asked by another process, as a process has no view of
 * its own. */
static bool locked_for_others(void)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open("bank.db", O_RDWR | O_CLOEXEC);
        _exit(fd < 0 || fcntl(fd, F_GETLK, &all) != 0 ? 2 : all.l_type != F_UNLCK);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

static void test_locks_outlive_another_opening(void **state)
{
    struct store *first = NULL, *second = NULL;

    (void)state;
    assert_ok(store_open("bank.db", &first));
    assert_true(locked_for_others());
    assert_ok(store_open("bank.db", &second));
    assert_true(locked_for_others());
    store_close(second);
    assert_true(locked_for_others());
    store_close(first);
    assert_false(locked_for_others());
    forget();
}

static void test_transactions(void **state)
{
    struct store *s = NULL;

    (void)state;
    assert_ok(store_open("bank.db", &s));
    assert_ok(store_begin(s));
    assert_ok(add_holder(s, "alice"));
    assert_int_equal(store_last_id(s), 1);
    store_rollback(s);
    assert_false(has_holder(s, "alice"));
    assert_ok(store_begin(s));
    assert_ok(add_holder(s, "alice"));
    assert_ok(store_commit(s));
    store_rollback(s);
    assert_true(has_holder(s, "alice"));
    assert_ok(store_begin(s));
    assert_ok(add_holder(s, "bob"));
    store_close(s); /* with a transaction open */
    assert_ok(store_open("bank.db", &s));
    assert_true(has_holder(s, "alice"));
    assert_false(has_holder(s, "bob"));
    assert_true(store_now(s) > 0);
    store_close(s);
    forget();
}

static void test_text_stays_text(void **state)
{
    static const char evil[] = "x'); DROP TABLE holder; --";
    struct store *s = NULL;

    (void)state;
    assert_ok(store_open("bank.db", &s));
    assert_false(has_holder(s, evil));
    assert_ok(add_holder(s, evil));
    assert_true(has_holder(s, evil));
    store_close(s);
    forget();
}

static void test_failures_stick(void **state)
{
    struct store *s = NULL;

    (void)state;
    assert_ok(store_open("bank.db", &s));
    struct store_query *q = store_query(s, STORE_HOLDER_FIND);
    bool found = true;
    store_bind_text(q, ":nothing", "x");
    store_bind_text(q, ":holder", "x");
    assert_err(store_step(q, &found), ERR_INTERNAL);
    assert_false(found);
    q = store_query(s, STORE_HOLDER_ADD); /* unbound is NULL, and NOT NULL says no */
    assert_err(store_run(q), ERR_STORE_FAILED);
    assert_ok(add_holder(s, "alice"));
    assert_err(add_holder(s, "alice"), ERR_STORE_FAILED);
    char small[4];
    q = store_query(s, STORE_HOLDER_FIND);
    store_bind_text(q, ":holder", "alice");
    assert_ok(store_step(q, &found));
    assert_err(store_copy_text(q, 1, small, sizeof small), ERR_STORE_FAILED);
    assert_err(store_copy_blob(q, 1, small, sizeof small), ERR_STORE_FAILED);
    store_done(q);
    store_close(s);
    forget();
}

static void assert_refused(const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open("bank.db", &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

/* The second net: what the rules never do, the schema does not let happen. */
static void test_the_schema_says_no(void **state)
{
    struct store *s = NULL;

    (void)state;
    assert_ok(store_open("bank.db", &s));
    store_close(s);
    execute(
        "INSERT INTO entry VALUES (0, 0, '', '', '', '', '', '', x'', x'', x'', x''),"
        " (1, 0, '', '', '', '', '', '', x'', x'', x'', x'');"
        "INSERT INTO holder VALUES (1, 'alice', 'person', 'A', 0);"
        "INSERT INTO signing_key VALUES (1, 't', x'', 1, 'active', 0, 0, 'sign', NULL, 0, NULL, "
        "NULL, NULL),"
        " (3, 'w', x'', 1, 'active', 0, 1, 'sign', NULL, 0, NULL, NULL, NULL);"
        "INSERT INTO policy VALUES (1, x'00', 'A', 1, x'', 0);"
        "INSERT INTO account VALUES (1, 'A', 1, 'EUR', 100, 60, 1, 0, 'open'),"
        " (2, 'B', 1, 'EUR', 0, 0, 1, 0, 'open');"
        "INSERT INTO orders VALUES (1, 1, 'o', 'payment', x'', 1, 2, 'B', 'b', '', 60, 'EUR', 0, "
        "0, 0, 0, "
        "'PATC', '', 1,"
        " 0, 0, 0, 0, 0, 0, 0);"
        "INSERT INTO decision VALUES (1, 1, 'vote', 'approve', 1, 0, 0, '', 0, NULL);"
        "INSERT INTO statement VALUES (1, 1, x'01', x'', x'02', 'OK', 200, 0, x'');"
        "INSERT INTO movement VALUES (1, 0, 'payment', 1, NULL, NULL); INSERT INTO posting VALUES "
        "(1, 1, "
        "-60, 40)");
    execute("INSERT INTO delegation VALUES (1, 1, 1, 1, 1, 5, 0, 9, 0, 0, NULL)");
    /* One person, whichever of his keys. */
    assert_refused("INSERT INTO decision VALUES (1, 1, 'vote', 'reject', 3, 0, 0, '', 0, NULL)");
    assert_refused("INSERT INTO movement VALUES (2, 0, 'payment', 1, NULL, NULL)");
    assert_refused("INSERT INTO orders VALUES (2, 1, 'o', 'payment', x'', 1, 2, 'B', 'b', '', 1, "
                   "'EUR', 0, 0, 0, 0, 'PATC',"
                   " '', 1, 0, 0, 0, 0, 0, 0, 0)");
    assert_refused("UPDATE orders SET entry = -1");
    assert_refused("INSERT INTO statement VALUES (2, 1, x'01', x'', x'03', 'OK', 200, 0, x'')");
    execute(
        "INSERT INTO statement VALUES (2, 3, x'01', x'', x'03', 'OK', 200, 0, x'')"); /* another
                                                                                         key's */
    assert_refused("INSERT INTO signing_key VALUES (2, 't', x'', 1, 'active', 0, 0, 'sign', NULL, "
                   "0, NULL, NULL, NULL)");
    assert_refused("INSERT INTO signing_key VALUES (2, 'u', x'', 9, 'active', 0, 0, 'sign', NULL, "
                   "0, NULL, NULL, NULL)");
    assert_refused("INSERT INTO signing_key VALUES (2, 'u', x'', 1, 'active', 0, 0, 'else', NULL, "
                   "0, NULL, NULL, NULL)");
    /* It signs, or it came with one that does. */
    assert_refused("INSERT INTO signing_key VALUES (2, 'u', x'', 1, 'active', 0, 0, 'derive', "
                   "NULL, 0, NULL, NULL, NULL)");
    assert_refused("UPDATE signing_key SET signer = 1 WHERE id = 3");
    assert_refused("UPDATE account SET booked = 59 WHERE id = 1");
    assert_refused("UPDATE account SET reserved = 101 WHERE id = 1");
    assert_refused("UPDATE account SET booked = -1, reserved = -1 WHERE id = 2");
    /* Nobody has two people stand for him. */
    assert_refused("INSERT INTO delegation VALUES (2, 1, 1, 1, 1, 5, 0, 9, 0, 0, NULL)");
    assert_refused("UPDATE entry SET body = x'00'");
    assert_refused("DELETE FROM entry");
    assert_refused("UPDATE decision SET verb = 'reject'");
    assert_refused("DELETE FROM decision");
    assert_refused("UPDATE posting SET amount = -1");
    assert_refused("DELETE FROM posting");
    forget();
}

/* Whether the plan has a step that grows with the bank. */
static bool plan_grows(sqlite3 *db, const char *sql)
{
    struct buf explain = {0};
    sqlite3_stmt *plan = NULL;
    bool grows = false;

    assert_ok(buf_addf(&explain, "EXPLAIN QUERY PLAN %s", sql));
    assert_int_equal(sqlite3_prepare_v2(db, buf_str(&explain), -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        bool constant = strcmp(step, "SCAN CONSTANT ROW") == 0;
        grows |= !constant && (strstr(step, "SCAN") || strstr(step, "TEMP B-TREE"));
    }
    sqlite3_finalize(plan);
    buf_free(&explain);
    return grows;
}

static const struct {
    enum store_statement which;
    const char *why;
} growing[] = {
    {STORE_KEY_ALL, "once, at the start"},
    {STORE_POLICY_ALL, "once, at the start"},
    {STORE_POLICY_WEIGHT, "an account has no more policies than evidence can tell"},
    {STORE_KEY_FLOORS, "after a clock incident"},
    {STORE_KEYS_GONE, "at a start, and after what the keeper did not hear"},
    {STORE_CHALLENGE_FUTURE, "after a clock incident"},
    {STORE_SESSION_FUTURE, "after a clock incident"},
    {STORE_CHALLENGE_NEWEST, "a key has few challenges"},
    {STORE_SESSION_SWEEP, "as many as are logged in"},
    {STORE_SESSION_DROP_KEY, "as many as are logged in"},
    {STORE_CHANGE_VOTES, "a policy has few holders"},
    {STORE_APPLICATION_PEOPLE, "an application has few people"},
    {STORE_KEY_WITH, "a line has few keys"},
    {STORE_ORDER_LOOK_KEY, "as many as are open, when a key's status changes"},
    {STORE_CHANGE_LOOK, "few new policies wait"},
    {STORE_ORDER_EXPIRING, "once a minute, as many as wait for words"},
    {STORE_ORDER_CUTTING, "once a minute, as many as wait for words"},
    {STORE_RECONCILE_COUNTS, "once a day"},
    {STORE_RECONCILE_TOTALS, "once a day"},
    {STORE_RECONCILE_MOVEMENTS, "once a day"},
    {STORE_RECONCILE_BALANCES, "once a day"},
    {STORE_RECONCILE_RESERVED, "once a day"},
    {STORE_RECONCILE_SPENDING, "once a day"},
    {STORE_RECONCILE_OVERDRAWN, "once a day"},
    {STORE_RECONCILE_EXECUTED, "once a day"},
    {STORE_RECONCILE_DECISIONS, "once a day"},
    {STORE_RECONCILE_ENTRIES, "once a day"},
    {STORE_RECONCILE_OUTBOX, "once a day"},
    {STORE_RECONCILE_SUSPENSE, "once a day"},
    {STORE_OUTBOX_TOTALS, "once a day"},
    {STORE_SUSPENSE_TOTALS, "once a day"},
    {STORE_RECONCILE_LOG, "once a day"},
    {STORE_WAITING_OPEN, "for whoever watches, a twentieth of the time at most"},
    {STORE_WAITING_OUTBOX, "for whoever watches, a twentieth of the time at most"},
    {STORE_WAITING_SUSPENSE, "for whoever watches, a twentieth of the time at most"},
    {STORE_WAITING_NOTICES, "for whoever watches, a twentieth of the time at most"},
    {STORE_ROLLOVERS, "at a start, and there are sixteen at most"},
    {STORE_QUEUE_PAGE, "as many as wait, a page each"},
    {STORE_WAITING_SESSIONS, "for whoever watches, a twentieth of the time at most"},
};

static bool may_grow(enum store_statement which)
{
    for (size_t i = 0; i < sizeof growing / sizeof *growing; i++)
        if (growing[i].which == which)
            return true;
    return false;
}

/* Every statement finds its rows by an index and in their order, but for those named above. */
static void test_plans(void **state)
{
    static const struct statement_macros none = {"", ""};
    struct store *s = NULL;
    sqlite3 *db = NULL;

    (void)state;
    assert_ok(store_open("bank.db", &s));
    store_close(s);
    assert_int_equal(sqlite3_open("bank.db", &db), SQLITE_OK);
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++) {
        enum store_statement which = (enum store_statement)i;
        struct buf sql = {0};
        assert_ok(statement_sql(which, &none, &sql));
        if (plan_grows(db, buf_str(&sql)) != may_grow(which))
            fail_msg("%s: %s", statement_name(which),
                     may_grow(which) ? "grows no more" : "grows with the bank");
        buf_free(&sql);
    }
    sqlite3_close(db);
    forget();
}

#define WORDS_OF_HOLDER "SEARCH v USING INDEX application_word_holder (application=? AND holder=?)"

/* The queue grows with what waits: its tables are read by the indices of what is not over, and
 * somebody's word is found without looking at the others'. */
static void test_the_queue_reads_what_waits(void **state)
{
    static const struct statement_macros none = {"", ""};
    static const char *const by[] = {"o USING INDEX orders_due", "o USING INDEX orders_outbox",
                                     "k USING INDEX credit_suspense",
                                     "p USING INDEX policy_change_due", "w"};
    struct buf sql = BUF_INIT(0);
    struct store *s = NULL;
    sqlite3_stmt *plan = NULL;
    sqlite3 *db = NULL;
    size_t scans = 0, words = 0;

    (void)state;
    assert_ok(store_open("bank.db", &s));
    store_close(s);
    assert_int_equal(sqlite3_open("bank.db", &db), SQLITE_OK);
    assert_ok(buf_add_str(&sql, "EXPLAIN QUERY PLAN "));
    assert_ok(statement_sql(STORE_QUEUE_PAGE, &none, &sql));
    assert_int_equal(sqlite3_prepare_v2(db, buf_str(&sql), -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        words += strcmp(step, WORDS_OF_HOLDER) == 0;
        if (strncmp(step, "SCAN ", 5) != 0)
            continue;
        assert_in_range(scans, 0, sizeof by / sizeof *by - 1);
        assert_string_equal(step + 5, by[scans++]);
    }
    assert_int_equal(scans, sizeof by / sizeof *by);
    assert_int_not_equal(words, 0);
    sqlite3_finalize(plan);
    sqlite3_close(db);
    buf_free(&sql);
    forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening),        cmocka_unit_test(test_locks_outlive_another_opening),
        cmocka_unit_test(test_transactions),   cmocka_unit_test(test_text_stays_text),
        cmocka_unit_test(test_failures_stick), cmocka_unit_test(test_the_schema_says_no),
        cmocka_unit_test(test_plans),          cmocka_unit_test(test_the_queue_reads_what_waits),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
