/* SPDX-License-Identifier: Apache-2.0
 *
 * draft: the account that somebody wants, from a file and from options: its title, currency,
 * holders and rules, as an application that can be signed.
 */
#ifndef SIGNER_DRAFT_H
#define SIGNER_DRAFT_H

#include "base/args.h"
#include "base/err.h"
#include "order/application.h"

struct app;

/* NULL and empty where not given; then the file says it. */
struct draft_wish {
    const char *file, *title, *currency;
    struct args_list holders;
};

/* Its failures are told. The caller frees *OUT, also after a failure. */
MUST_CHECK enum err draft_application(struct app *a, const struct draft_wish *wish,
                                      struct application *out);

#endif
