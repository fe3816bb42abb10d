/* SPDX-License-Identifier: Apache-2.0
 *
 * chart: bars in a terminal.
 */
#ifndef SIGNER_CHART_H
#define SIGNER_CHART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Columns of the terminal that standard output is; 0: it is none. */
unsigned chart_columns(void);
/* Whether the environment says that the terminal shows UTF-8. */
bool chart_utf8(void);

/* VALUE of MOST as a bar of at most CELLS columns: blocks down to an eighth of a column, or '#'. A
 * value above zero is never without a bar. */
void chart_bar(FILE *f, int64_t value, int64_t most, unsigned cells, bool utf8);

#endif
