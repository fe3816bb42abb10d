/* SPDX-License-Identifier: Apache-2.0
 *
 * application_file: the account that somebody wants, from a file and from options: its title,
 * currency, holders and rules, as an application that can be signed.
 */
#ifndef SIGNER_APPLICATION_FILE_H
#define SIGNER_APPLICATION_FILE_H

#include "base/args.h"
#include "base/err.h"
#include "order/application.h"

struct app;

/* NULL and empty where not given; then the file says it. */
struct application_wish {
    const char *file, *title, *currency;
    struct args_list holders;
};

/* Its failures are told. The caller frees *OUT, also after a failure. */
MUST_CHECK enum err application_file_read(struct app *a, const struct application_wish *wish,
                                          struct application *out);

#endif
