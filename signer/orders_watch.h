/* SPDX-License-Identifier: Apache-2.0
 *
 * orders_watch: orders on the whole terminal, as they change.
 */
#ifndef SIGNER_ORDERS_WATCH_H
#define SIGNER_ORDERS_WATCH_H

#include "base/err.h"
#include <stdbool.h>

struct app;

/* The account's, or of all accounts what waits for the holder's word. */
MUST_CHECK enum err orders_watch(struct app *a, bool waiting);

#endif
