/* SPDX-License-Identifier: Apache-2.0
 *
 * progress: one line on standard error that grows while long work goes on, and goes away at its
 * end. Nothing appears when standard error is no terminal, or within the first moment. For one
 * thread at a time.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* "Signing"; static storage */
    uint64_t total;   /* 0: not known, a count is shown */
    int64_t drawn_us; /* monotonic time of the last drawing */
    bool terminal, visible;
};

void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_set(struct progress *p, uint64_t done); /* cheap: draws ten times a second at most */
void progress_end(struct progress *p); /* removes the line; call it before any other message */

#endif
