/* SPDX-License-Identifier: Apache-2.0
 *
 * plugged_watch: readers and tokens as they come and go: a page on a terminal, elsewhere a line an
 * event, as JSON with --json, what is there already first.
 */
#ifndef SIGNER_PLUGGED_WATCH_H
#define SIGNER_PLUGGED_WATCH_H

#include "app/plugged.h"

/* Until somebody ends it: a key on the page, a signal otherwise. */
MUST_CHECK enum err plugged_watch(struct plugged *p);

#endif
