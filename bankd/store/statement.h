/* SPDX-License-Identifier: Apache-2.0
 *
 * statement: the text of a statement of statements.def for one driver. Private to the store.
 */
#ifndef BANKD_STORE_STATEMENT_H
#define BANKD_STORE_STATEMENT_H

#include "bankd/store/store.h"
#include "base/buf.h"
#include "base/err.h"

/* schema.sqlite.sql, embedded at build. */
extern const char schema_sqlite[];

/* What a driver writes for {lock} and {lock_skip}. */
struct statement_macros {
    const char *lock;
    const char *lock_skip;
};

/* Appends the text with its macros expanded. */
MUST_CHECK enum err statement_sql(enum store_statement which, const struct statement_macros *macros,
                                  struct buf *out);
const char *statement_name(enum store_statement which); /* "HOLDER_FIND" */

#endif
