/* SPDX-License-Identifier: Apache-2.0
 *
 * problem: the problem document (RFC 9457) of every answer that is not a success:
 *   {"detail"?,"name","remedy","status","title","type":"urn:countersign:problem:NAME"}
 * name, title (the cause), remedy and status come from base/err.def, so a client needs no other
 * list.
 */
#ifndef API_PROBLEM_H
#define API_PROBLEM_H

#include "base/buf.h"
#include "base/err.h"

struct js;

#define PROBLEM_TYPE "urn:countersign:problem:" /* and the error's name */

/* E is not ERR_OK. DETAIL may be NULL; it is one sentence for people. Members may be added to OUT,
 * which the caller frees with js_free. */
MUST_CHECK enum err problem_new(enum err e, const char *detail, struct js **out);

/* Appends the same as text. */
MUST_CHECK enum err problem_body(enum err e, const char *detail, struct buf *out);

#endif
