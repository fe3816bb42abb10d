/* SPDX-License-Identifier: Apache-2.0
 *
 * store: the bank's database and the only SQL. Callers name a statement of the table
 * bankd/store/statements.def, bind its values by name and step through its rows; they know neither
 * the driver nor the text.
 *
 *     struct store_query *q = store_query(s, STORE_HOLDER_FIND);
 *     store_bind_text(q, ":holder", "alice");
 *     enum err e = store_step(q, &found);
 *     ... store_int(q, 0) ...
 *     store_done(q);
 *
 * Binding cannot fail visibly: the first failure sticks to the query, and stepping returns it.
 * Every failure of the database is STORE_FAILED and logged here, once; a violated constraint is one
 * too, because callers decide before they write. Afterwards only store_rollback is of use.
 *
 * One thread at a time. Times are microseconds since 1970 UTC, money is minor units.
 */
#ifndef BANKD_STORE_STORE_H
#define BANKD_STORE_STORE_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct store_query; /* one statement at work; belongs to the store */

enum store_statement {
#define X(name, sql) STORE_##name,
#include "bankd/store/statements.def"
#undef X
    STORE_STATEMENT_COUNT
};

/* Opens the SQLite file PATH, or makes it (mode 0600) with an empty schema. A committed transaction
 * survives a power failure. STORE_VERSION when another version made it; STORE_FAILED. */
MUST_CHECK enum err store_open(const char *path, struct store **out);
void store_close(struct store *s); /* NULL-safe; rolls back what is open */

/* The bank's time. */
int64_t store_now(struct store *s);

/* One writer at a time: begin waits a little for another one, then fails. */
MUST_CHECK enum err store_begin(struct store *s);
/* After a failure it is not known whether the transaction was committed: roll back and read. */
MUST_CHECK enum err store_commit(struct store *s);
void store_rollback(struct store *s); /* harmless outside a transaction */
/* Whether any row was inserted, changed or deleted since store_begin. */
bool store_wrote(const struct store *s);

/* FN hears of every row that is inserted, changed or deleted through this store, as it happens,
 * also of what is rolled back later; not of tables WITHOUT ROWID. Must not use the store. NULL:
 * nobody does. */
typedef void (*store_changed_fn)(void *ctx, const char *table, int64_t id);
void store_watch(struct store *s, store_changed_fn fn, void *ctx);
/* Whether others committed anything since this was asked last; within a transaction. */
MUST_CHECK enum err store_others_wrote(struct store *s, bool *out);

/* The statement, with no value bound and before its first row; never NULL. A statement is at work
 * once at a time. Unbound values are NULL. */
struct store_query *store_query(struct store *s, enum store_statement which);

/* NAME is a literal, which the store knows again by its address. Texts and blobs are borrowed until
 * store_done. */
void store_bind_int(struct store_query *q, const char *name, int64_t value);
void store_bind_text(struct store_query *q, const char *name, const char *value);
void store_bind_blob(struct store_query *q, const char *name, const void *bytes, size_t len);

/* The next row. *ROW is false behind the last one. Who stops early says store_done. */
MUST_CHECK enum err store_step(struct store_query *q, bool *row);
/* For a statement that gives no row; the query is done. */
MUST_CHECK enum err store_run(struct store_query *q);
/* The id of the row that the last INSERT of this store made. */
int64_t store_last_id(const struct store *s);
void store_done(struct store_query *q);

/* Columns of the present row, counted from 0; borrowed until the next step. NULL reads as 0, "" or
 * no bytes; store_is_null tells. */
int64_t store_int(const struct store_query *q, int column);
const char *store_text(const struct store_query *q, int column);
const void *store_blob(const struct store_query *q, int column, size_t *len);
bool store_is_null(const struct store_query *q, int column);

/* Copies a blob of exactly LEN bytes or a text of fewer than SIZE ones; STORE_FAILED when the
 * database holds something else. */
MUST_CHECK enum err store_copy_blob(const struct store_query *q, int column, void *out, size_t len);
MUST_CHECK enum err store_copy_text(const struct store_query *q, int column, char *out,
                                    size_t size);

#endif
