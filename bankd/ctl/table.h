/* SPDX-License-Identifier: Apache-2.0
 *
 * table: a list of JSON objects as aligned columns, for people. Control characters are shown as
 * '?', so that no answer moves the terminal's cursor.
 */
#ifndef BANKD_CTL_TABLE_H
#define BANKD_CTL_TABLE_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct js;

#define TABLE_COLUMNS_MAX 12u

struct table_column {
    const char *title;
    const char *path; /* members from the object down: "policy.title" */
    bool right;       /* numbers */
};

/* Appends the title line and one line per element of ROWS. A text is a cell as it is, a number in
 * decimal, an array its elements with spaces between (a path goes on in each); what is absent is
 * "-". Widths count code points. */
MUST_CHECK enum err table_render(const struct js *rows, const struct table_column *columns,
                                 size_t count, struct buf *out);

#endif
