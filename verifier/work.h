/* SPDX-License-Identifier: Apache-2.0
 *
 * work: checks every document of the input files on all cores and writes one verdict each to
 * standard output, in the order of the input; a summary goes to standard error.
 */
#ifndef VERIFIER_WORK_H
#define VERIFIER_WORK_H

#include "base/buf.h"
#include "base/err.h"
#include "verifier/source.h"
#include "verifier/verdict.h"

/* Checks one document; called from many threads at once. Writes its verdict with verdict_ok, or
 * returns an error and writes none; WHERE (may stay NULL) then says which part was refused. */
typedef enum err (*work_check_fn)(const void *ctx, const void *bytes, size_t len,
                                  struct verdict *verdict);

struct work {
    struct source_files files;
    struct verdict_style style;
    work_check_fn check;
    const void *ctx;
};

/* *REFUSED: some document was. Fails, which it has told, when the machine kept it from checking one
 * or from writing a verdict. */
MUST_CHECK enum err work_run(const struct work *w, bool *refused);

#endif
