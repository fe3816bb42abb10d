/* SPDX-License-Identifier: Apache-2.0
 *
 * verdict: one line about one document, for people or as JSON (order/json.h makes it); or why there
 * is none.
 */
#ifndef VERIFIER_VERDICT_H
#define VERIFIER_VERDICT_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct js;

struct verdict_style {
    bool json;
    bool quiet; /* refusals only, no progress, no summary */
};

/* Where a verdict goes, and what it is about. */
struct verdict {
    struct verdict_style style;
    const char *file;
    uint64_t line; /* 0 for a whole document */
    struct buf *out;
    char where[96]; /* which part was refused; "" if there is nothing to say */
};

struct verdict_field {
    const char *name, *value;
};

/* "OK value value ...", or one JSON object with the names. DETAIL: lines behind the verdict, for
 * people; MORE: members for JSON, taken over, also on failure. Both may be NULL. */
MUST_CHECK enum err verdict_ok(struct verdict *v, const struct verdict_field *fields, size_t count,
                               const char *detail, struct js *more);

/* "REFUSED NAME file:line cause", or one JSON object. */
MUST_CHECK enum err verdict_refused(struct verdict *v, enum err error);

/* For what keeps the program from any verdict: name, cause, DETAIL and remedy on standard error;
 * with JSON one object on standard output, too. Returns E. */
enum err verdict_fail(struct verdict_style style, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* That object alone; DETAIL is tame. */
void verdict_fail_json(enum err e, const char *detail);

#endif
