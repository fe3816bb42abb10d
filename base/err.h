/* SPDX-License-Identifier: Apache-2.0
 *
 * err: every way in which something can be refused or fail, by a name that never changes.
 *
 * The table is base/err.def. The name (without ERR_) is what users, JSON, logs, problem documents
 * and tests see. Return codes of foreign libraries end in the one file that calls the library.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    ERR_OK = 0,
#define X(name, exit, http, iso, cause, remedy) ERR_##name,
#include "base/err.def"
#undef X
    ERR_COUNT
};

/* Process exit codes, the same in every program. */
enum exit_code {
    EXIT_DONE = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_TOKEN = 3,
    EXIT_ENVIRONMENT = 4
};

struct err_info {
    const char *name;   /* "DOC_NOT_CANONICAL"; "OK" for ERR_OK */
    int exit;           /* enum exit_code */
    int http;           /* status code, 4xx or 5xx; 200 for ERR_OK */
    const char *cause;  /* one sentence */
    const char *remedy; /* one sentence: what to do */
};

/* Never NULL; a number outside the table gives the entry of INTERNAL. Static storage. */
const struct err_info *err_info(enum err e);

/* err_info(e)->name. */
const char *err_name(enum err e);

/* The error whose name is the LEN bytes at NAME; ERR_INTERNAL if there is none. */
enum err err_from_name(const char *name, size_t len);

#endif
