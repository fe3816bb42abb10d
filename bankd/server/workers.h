/* SPDX-License-Identifier: Apache-2.0
 *
 * workers: threads that prepare requests: parsing and signatures. What they prepared goes to the
 * committer, refused or not; the committer keeps the counts.
 */
#ifndef BANKD_SERVER_WORKERS_H
#define BANKD_SERVER_WORKERS_H

#include "bankd/server/handler.h"
#include "bankd/server/job.h"
#include <stdbool.h>
#include <stddef.h>

struct workers;

struct workers_options {
    const struct bank *bank; /* borrowed */
    size_t threads;
    size_t queue_max;
    /* Takes the prepared job over. Called by any worker. */
    void (*done)(void *ctx, struct job *j);
    void *ctx;
};
MUST_CHECK enum err workers_start(const struct workers_options *o, struct workers **out);

/* False when too many wait already; the job is still the caller's. From any thread. */
bool workers_put(struct workers *w, struct job *j);

size_t workers_waiting(struct workers *w); /* requests that no worker has taken yet */

/* Lets them finish what waits; workers_put takes nothing any more. NULL-safe. */
void workers_stop(struct workers *w);
/* Once stopped, and when nobody can call workers_put any more. NULL-safe. */
void workers_free(struct workers *w);

#endif
