/* SPDX-License-Identifier: Apache-2.0
 *
 * ops: what `vectors` can be asked, one row an operation. Each hands its input to the function
 * that the product uses and reports that function's answer; none has an opinion of its own.
 */
#ifndef TESTS_VECTORS_OPS_H
#define TESTS_VECTORS_OPS_H

#include "base/buf.h"
#include "base/err.h"
#include "order/json.h"

/* Judges one input object. EXTRA gets ready-made JSON members, each after a comma, only when the
 * verdict is ERR_OK. An input that lacks what the operation needs is DOC_MEMBER_MISSING or
 * DOC_MEMBER_INVALID. */
typedef enum err (*ops_fn)(const struct js *in, struct buf *extra);

/* NULL when there is no such operation. */
ops_fn ops_find(const char *name);

/* All names in one line, for the usage text. */
const char *ops_names(void);

#endif
