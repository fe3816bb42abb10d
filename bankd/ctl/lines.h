/* SPDX-License-Identifier: Apache-2.0
 *
 * lines: a JSON value as lines for people: "name  value", what is inside indented.
 */
#ifndef BANKD_CTL_LINES_H
#define BANKD_CTL_LINES_H

#include "base/buf.h"
#include "base/err.h"

struct js;

/* Appends the members of OBJECT; no text leaves its line or moves a cursor. */
MUST_CHECK enum err lines_of(const struct js *object, struct buf *out);

#endif
