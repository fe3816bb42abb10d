/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle_sign: sign FILE, where that is a bundle: on a machine without a network.
 */
#ifndef SIGNER_BUNDLE_SIGN_H
#define SIGNER_BUNDLE_SIGN_H

#include "base/args.h"
#include "base/err.h"
#include "order/decision.h"
#include <stdbool.h>

struct app;

/* Shows all orders of the bundle at PATH, asks once, and adds the decisions of this token's key. */
struct bundle_wish {
    enum verb verb;
    const struct args_list *orders; /* their ids; empty: all */
    const char *output;             /* NULL: in the place of the file */
    bool batch;                     /* one signature for those of a policy that lets it */
    bool texts;                     /* with BATCH: shows each order's text, too */
};
MUST_CHECK enum err bundle_sign(struct app *a, const char *path, const struct bundle_wish *wish);

#endif
