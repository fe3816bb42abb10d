/* SPDX-License-Identifier: Apache-2.0
 *
 * report: what the commands about movements share: their options, the period, amounts, CSV rows.
 */
#ifndef SIGNER_REPORT_H
#define SIGNER_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct app;
struct js;

/* --csv was given. */
bool report_csv(void);
/* Appends "from=…&to=…" of the options; USAGE when one is no date, or for --csv with --json. */
MUST_CHECK enum err report_query(struct app *a, struct buf *out);

/* UNAVAILABLE when the answer is about another account than was asked for. */
MUST_CHECK enum err report_about(struct app *a, const struct js *answer);

/* UNAVAILABLE when the answer's "from" and "to" are not the days that were asked for. */
MUST_CHECK enum err report_period(struct app *a, const struct js *answer);

/* A member that is an amount, perhaps negative; UNAVAILABLE when it is none. */
MUST_CHECK enum err report_minor(struct app *a, const struct js *object, const char *name,
                                 const char *currency, int64_t *out);

/* Appends a CSV row of texts of the bank, tamed for people. */
#define REPORT_CELLS_MAX 10u
MUST_CHECK enum err report_row(struct buf *out, const char *const *cells, size_t count);
/* The same of a movement, and the names of its columns. */
MUST_CHECK enum err report_movement(struct buf *out, const struct js *movement,
                                    const char *currency);
MUST_CHECK enum err report_movement_title(struct buf *out);

/* Writes to standard output and empties OUT. */
MUST_CHECK enum err report_flush(struct buf *out);

#endif
