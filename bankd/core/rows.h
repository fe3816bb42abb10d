/* SPDX-License-Identifier: Apache-2.0
 *
 * rows: what the store has of keys, sessions and accounts, which every decision asks for. Copies of
 * what was read, for the thread that has the batch: each holds until the store writes one of the
 * rows that it was read from, which the store itself tells (store_watch), whoever writes them; and
 * none outlives a batch that is rolled back, or what somebody else wrote. What never changes is in
 * cache.h. Private to bankd/core.
 */
#ifndef BANKD_CORE_ROWS_H
#define BANKD_CORE_ROWS_H

#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rows;
struct store;

/* What is kept: by the thumbprint of a key, of a session's key, by the name of an account. */
enum rows_kind { ROWS_KEY, ROWS_SESSION, ROWS_ACCOUNT, ROWS_KINDS };
/* Where it comes from; none of them is WITHOUT ROWID. */
enum rows_table {
    ROWS_OF_ACCOUNTS,
    ROWS_OF_CHANGES,
    ROWS_OF_DELEGATIONS,
    ROWS_OF_HOLDERS,
    ROWS_OF_KEYS,
    ROWS_OF_ORDERS,
    ROWS_OF_SESSIONS,
    ROWS_TABLES
};
struct rows_source {
    enum rows_table table;
    int64_t id;
};
#define ROWS_SOURCES 3

/* The store must outlive it, and has no other. SIZES: of each kind's value, in bytes. */
MUST_CHECK enum err rows_new(struct store *store, const size_t sizes[static ROWS_KINDS],
                             struct rows **out);
void rows_free(struct rows *r); /* NULL-safe */

/* Forgets all, unless nobody else wrote since the last call. Once a transaction, at its begin. */
MUST_CHECK enum err rows_begin(struct rows *r);
void rows_forget(struct rows *r);

/* False: not known, ask the store. */
bool rows_find(const struct rows *r, enum rows_kind kind, const char *name, void *out);
/* The same by the id of the first source. */
bool rows_find_id(const struct rows *r, enum rows_kind kind, int64_t id, void *out);
/* What was just read, from all the rows of which it tells anything. */
void rows_keep(struct rows *r, enum rows_kind kind, const char *name, const void *value,
               const struct rows_source sources[static ROWS_SOURCES]);

/* Whether TABLE certainly has nothing for the account of that id at a time of the bank, and that
 * this was just read. What is over then stays over while time goes on. */
bool rows_none(const struct rows *r, enum rows_table table, int64_t account, int64_t now_us);
void rows_keep_none(struct rows *r, enum rows_table table, int64_t account, int64_t now_us);

/* Before when the bank certainly has to look at no open order; ROWS_DUE_UNKNOWN once an order was
 * written. Whoever writes one and knows what it means keeps it on. */
#define ROWS_DUE_UNKNOWN INT64_MIN
int64_t rows_due(const struct rows *r);
void rows_keep_due(struct rows *r, int64_t due_us); /* ROWS_DUE_UNKNOWN: is not known */

#endif
