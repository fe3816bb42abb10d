/* SPDX-License-Identifier: Apache-2.0
 *
 * csv: rows of RFC 4180 for spreadsheets. A spreadsheet runs a cell that begins with = + - @ and
 * the like as a formula, and names and descriptions come from the world: such a cell gets an
 * apostrophe before it, unless it is an amount. The same where a program that takes ; or TAB for
 * the separator would see a cell begin.
 */
#ifndef SIGNER_CSV_H
#define SIGNER_CSV_H

#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>

/* Appends the cells, with commas between and CRLF behind. */
MUST_CHECK enum err csv_row(struct buf *out, const char *const *cells, size_t count);

#endif
