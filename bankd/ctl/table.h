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

#define TABLE_COLUMNS_MAX 16u

struct table_column {
    const char *title;
    const char *path; /* members from the object down: "policy.title" */
    bool right;       /* numbers */
};

struct table_paint {
    size_t column;
    const char *path; /* to "amber" or "red" in a row; another word or none leaves the cell plain */
};

/* Appends the title line and one line per element of ROWS. A text is a cell as it is, a number in
 * decimal, an array its elements with spaces between (a path goes on in each); what is absent is
 * "-". Widths count code points. */
MUST_CHECK enum err table_render(const struct js *rows, const struct table_column *columns,
                                 size_t count, struct buf *out);
/* The same, with the cells of one column in the colours of a terminal. */
MUST_CHECK enum err table_render_painted(const struct js *rows, const struct table_column *columns,
                                         size_t count, const struct table_paint *paint,
                                         struct buf *out);

#endif
