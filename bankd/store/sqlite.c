/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's driver for SQLite.
 */
#include "bankd/store/gather.h"
#include "bankd/store/statement.h"
#include "bankd/store/store.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCHEMA_VERSION 39 /* what schema.sqlite.sql sets */
#define BUSY_WAIT_MS 2000

struct store_query {
    struct store *store;
    enum store_statement which;
    sqlite3_stmt *prepared; /* made at the first use */
    char **names;           /* of its values, in order; SQLite looks for each in a list */
    const char **called;    /* what was last found to be the name at each position */
    int count;              /* of them */
    bool ready;             /* prepared, with all names */
    enum err failed;        /* the first failure since store_query */
    int bound;              /* the position bound last, or 0 */
    bool at_work;           /* stepped, and not reset since */
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *version;
    int64_t others;           /* their version of the data, as it was seen last */
    int changes;              /* rows changed before this transaction */
    store_changed_fn changed; /* NULL: nobody watches */
    void *changed_ctx;
    struct store_query queries[STORE_STATEMENT_COUNT];
};

static enum err fail(const struct store *s, const char *what)
{
    return log_fail(ERR_STORE_FAILED, "store.sqlite", "%s: %s (%d)", what, sqlite3_errmsg(s->db),
                    sqlite3_extended_errcode(s->db));
}

static enum err execute(struct store *s, const char *sql, const char *what)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : fail(s, what);
}

static enum err read_version(struct store *s, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    enum err e = ERR_OK;

    *out = 0;
    if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        e = fail(s, "user_version");
    else
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return e;
}

static enum err is_empty(struct store *s, bool *out)
{
    sqlite3_stmt *statement = NULL;
    enum err e = ERR_OK;

    *out = false;
    if (sqlite3_prepare_v2(s->db, "SELECT count(*) FROM sqlite_schema", -1, &statement, NULL) !=
            SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW)
        e = fail(s, "schema");
    else
        *out = sqlite3_column_int64(statement, 0) == 0;
    sqlite3_finalize(statement);
    return e;
}

/* Schema and version stand in one transaction: a crash in between leaves an empty file. */
static enum err make_schema(struct store *s)
{
    int64_t version = 0;
    bool empty = false;
    enum err e = execute(s, "BEGIN IMMEDIATE", "begin");

    if (!e)
        e = read_version(s, &version);
    if (!e)
        e = is_empty(s, &empty);
    if (!e && version == 0 && empty) {
        e = execute(s, schema_sqlite, "schema");
        if (!e)
            e = execute(s, "COMMIT", "commit");
        return e;
    }
    store_rollback(s);
    if (!e && version != SCHEMA_VERSION)
        return log_fail(ERR_STORE_VERSION, "store.version", "found %lld, wanted %d",
                        (long long)version, SCHEMA_VERSION);
    return e;
}

/* SQLite gives its side files the mode of the file. One that is there is not touched: to close it
 * would drop the locks that this process has on it, whoever took them. */
static enum err make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 && errno != EEXIST)
        return log_fail(ERR_STORE_FAILED, "store.open", "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ERR_OK;
}

enum err store_open(const char *path, struct store **out)
{
    *out = NULL;
    enum err e = make_private(path);
    if (e)
        return e;
    struct store *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NO_MEMORY;
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
        s->queries[i] = (struct store_query){.store = s, .which = (enum store_statement)i};

    /* Its count of bytes costs a mutex each time; nobody reads it. Too late is no harm. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, gather_vfs()) !=
        SQLITE_OK) {
        e = s->db ? fail(s, path) : ERR_NO_MEMORY;
        goto out;
    }
    sqlite3_busy_timeout(s->db, BUSY_WAIT_MS);
    /* FULL: with NORMAL a power failure takes acknowledged commits away. */
    e = execute(
        s,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA trusted_schema = OFF;"
        /* 4 MB, near what processors keep: a commit that split pages looks at all of it, and a new
         * page takes the memory that was not used for longest. */
        "PRAGMA cache_size = -4096;"
        "PRAGMA cache_spill = OFF;"         /* the log is written by commits only: gather.h */
        "PRAGMA wal_autocheckpoint = 4000;" /* 16 MB: hot pages are copied back less often */
        "PRAGMA temp_store = MEMORY",
        "pragma");
    if (!e)
        e = make_schema(s);
    if (!e &&
        (sqlite3_prepare_v2(s->db, "BEGIN IMMEDIATE", -1, &s->begin, NULL) != SQLITE_OK ||
         sqlite3_prepare_v2(s->db, "COMMIT", -1, &s->commit, NULL) != SQLITE_OK ||
         sqlite3_prepare_v2(s->db, "PRAGMA data_version", -1, &s->version, NULL) != SQLITE_OK))
        e = fail(s, "prepare");
out:
    if (e) {
        store_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

static void free_query(struct store_query *q)
{
    sqlite3_finalize(q->prepared);
    for (int i = 0; q->names && i < q->count; i++)
        free(q->names[i]);
    free(q->names);
    free(q->called);
}

void store_close(struct store *s)
{
    if (!s)
        return;
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
        free_query(&s->queries[i]);
    sqlite3_finalize(s->begin);
    sqlite3_finalize(s->commit);
    sqlite3_finalize(s->version);
    /* Its code only says that statements are left, and there are none. */
    (void)sqlite3_close(s->db);
    free(s);
}

int64_t store_now(struct store *s)
{
    (void)s;
    return clock_now_us();
}

static void tell(void *store, int what, const char *database, const char *table, sqlite3_int64 id)
{
    const struct store *s = store;

    (void)what;
    (void)database;
    s->changed(s->changed_ctx, table, id);
}

void store_watch(struct store *s, store_changed_fn fn, void *ctx)
{
    s->changed = fn;
    s->changed_ctx = ctx;
    sqlite3_update_hook(s->db, fn ? tell : NULL, s);
}

enum err store_others_wrote(struct store *s, bool *out)
{
    enum err e = sqlite3_step(s->version) == SQLITE_ROW ? ERR_OK : fail(s, "data_version");
    int64_t version = e ? 0 : sqlite3_column_int64(s->version, 0);

    sqlite3_reset(s->version);
    *out = version != s->others;
    s->others = version;
    return e;
}

static enum err run_prepared(struct store *s, sqlite3_stmt *statement, const char *what)
{
    enum err e = sqlite3_step(statement) == SQLITE_DONE ? ERR_OK : fail(s, what);

    sqlite3_reset(statement);
    return e;
}

enum err store_begin(struct store *s)
{
    s->changes = sqlite3_total_changes(s->db);
    return run_prepared(s, s->begin, "begin");
}

enum err store_commit(struct store *s)
{
    return run_prepared(s, s->commit, "commit");
}

void store_rollback(struct store *s)
{
    for (int i = 0; i < STORE_STATEMENT_COUNT; i++)
        store_done(&s->queries[i]);
    if (!sqlite3_get_autocommit(s->db))
        (void)execute(s, "ROLLBACK", "rollback");
}

bool store_wrote(const struct store *s)
{
    return sqlite3_total_changes(s->db) != s->changes;
}

/* Copies: SQLite's own do not survive that it prepares the statement again. */
static enum err keep_names(struct store_query *q)
{
    int count = sqlite3_bind_parameter_count(q->prepared);

    if (!q->names)
        q->names = calloc((size_t)count + 1, sizeof *q->names);
    if (!q->called)
        q->called = calloc((size_t)count + 1, sizeof *q->called);
    while (q->names && q->called && q->count < count) {
        q->names[q->count] = strdup(sqlite3_bind_parameter_name(q->prepared, q->count + 1));
        if (!q->names[q->count])
            return ERR_NO_MEMORY;
        q->count++;
    }
    q->ready = q->names && q->called;
    return q->ready ? ERR_OK : ERR_NO_MEMORY;
}

static enum err prepare(struct store_query *q)
{
    static const struct statement_macros none = {"", ""}; /* the writer runs BEGIN IMMEDIATE */
    struct buf sql = {0};
    enum err e = statement_sql(q->which, &none, &sql);

    if (!e && !q->prepared &&
        sqlite3_prepare_v3(q->store->db, buf_str(&sql), (int)sql.len, SQLITE_PREPARE_PERSISTENT,
                           &q->prepared, NULL) != SQLITE_OK)
        e = fail(q->store, statement_name(q->which));
    buf_free(&sql);
    return e ? e : keep_names(q);
}

struct store_query *store_query(struct store *s, enum store_statement which)
{
    struct store_query *q = &s->queries[which];

    store_done(q);
    q->failed = ERR_OK;
    q->bound = 0;
    if (!q->ready)
        q->failed = prepare(q);
    else
        sqlite3_clear_bindings(q->prepared);
    return q;
}

/* The position of a name, or 0 after making the query fail. */
static int position(struct store_query *q, const char *name)
{
    if (q->failed)
        return 0;
    /* Most are bound as the text has them, and each time by the same caller. */
    if (q->bound < q->count && q->called[q->bound] == name)
        return ++q->bound;
    for (int i = 0; i < q->count; i++) {
        int at = q->bound + i < q->count ? q->bound + i : q->bound + i - q->count;
        if (strcmp(q->names[at], name) == 0) {
            q->called[at] = name;
            return q->bound = at + 1;
        }
    }
    q->failed =
        log_fail(ERR_INTERNAL, "store.bind", "%s has no %s", statement_name(q->which), name);
    return 0;
}

static void check(struct store_query *q, int code)
{
    if (code != SQLITE_OK)
        q->failed = fail(q->store, statement_name(q->which));
}

void store_bind_int(struct store_query *q, const char *name, int64_t value)
{
    int i = position(q, name);

    if (i)
        check(q, sqlite3_bind_int64(q->prepared, i, value));
}

void store_bind_text(struct store_query *q, const char *name, const char *value)
{
    int i = position(q, name);

    if (i)
        check(q, sqlite3_bind_text(q->prepared, i, value, -1, SQLITE_STATIC));
}

void store_bind_blob(struct store_query *q, const char *name, const void *bytes, size_t len)
{
    int i = position(q, name);

    if (i) /* a NULL pointer would bind NULL, not an empty blob */
        check(q, sqlite3_bind_blob64(q->prepared, i, bytes ? bytes : "", len, SQLITE_STATIC));
}

enum err store_step(struct store_query *q, bool *row)
{
    *row = false;
    if (q->failed)
        return q->failed;
    int code = sqlite3_step(q->prepared);
    q->at_work = true;
    if (code == SQLITE_ROW) {
        *row = true;
        return ERR_OK;
    }
    if (code != SQLITE_DONE)
        q->failed = fail(q->store, statement_name(q->which));
    store_done(q);
    return q->failed;
}

enum err store_run(struct store_query *q)
{
    bool row = false;
    enum err e = store_step(q, &row);

    if (!e && row)
        e = log_fail(ERR_INTERNAL, "store.run", "%s gave a row", statement_name(q->which));
    store_done(q);
    return e;
}

int64_t store_last_id(const struct store *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

void store_done(struct store_query *q)
{
    if (q->at_work)
        sqlite3_reset(q->prepared);
    q->at_work = false;
}

int64_t store_int(const struct store_query *q, int column)
{
    return sqlite3_column_int64(q->prepared, column);
}

const char *store_text(const struct store_query *q, int column)
{
    const char *text = (const char *)sqlite3_column_text(q->prepared, column);

    return text ? text : "";
}

const void *store_blob(const struct store_query *q, int column, size_t *len)
{
    const void *bytes = sqlite3_column_blob(q->prepared, column);

    *len = bytes ? (size_t)sqlite3_column_bytes(q->prepared, column) : 0;
    return bytes ? bytes : "";
}

bool store_is_null(const struct store_query *q, int column)
{
    return sqlite3_column_type(q->prepared, column) == SQLITE_NULL;
}

enum err store_copy_blob(const struct store_query *q, int column, void *out, size_t len)
{
    size_t found = 0;
    const void *bytes = store_blob(q, column, &found);

    if (found != len)
        return log_fail(ERR_STORE_FAILED, "store.blob", "%s: column %d has %zu bytes, wanted %zu",
                        statement_name(q->which), column, found, len);
    memcpy(out, bytes, len);
    return ERR_OK;
}

enum err store_copy_text(const struct store_query *q, int column, char *out, size_t size)
{
    const char *text = store_text(q, column);
    size_t len = strlen(text);

    if (len >= size)
        return log_fail(ERR_STORE_FAILED, "store.text", "%s: column %d is too long",
                        statement_name(q->which), column);
    memcpy(out, text, len + 1);
    return ERR_OK;
}
