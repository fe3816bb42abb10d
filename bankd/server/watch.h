/* SPDX-License-Identifier: Apache-2.0
 *
 * watch: answers whoever watches the bank (ROUTE_METRICS), whatever has failed. Counting what waits
 * takes longer the more there is, and the door for metrics is open to everybody on the machine: so
 * it gets a twentieth of the committer's time at most, and what was counted last is shown
 * meanwhile. For the committer's thread.
 */
#ifndef BANKD_SERVER_WATCH_H
#define BANKD_SERVER_WATCH_H

#include "bankd/core/core.h"
#include "bankd/server/handler.h"
#include "bankd/server/job.h"
#include <stdbool.h>
#include <stdint.h>

struct watch {
    const struct bank *bank;
    void (*measure)(void *ctx); /* sets the gauges that others know */
    void *ctx;
    int64_t next_us; /* when it may count again, monotonic */
    struct core_radar_sweep sweep;
};

/* Inside a transaction: counts what waits, where one of JOBS asks for it and the time has come. */
MUST_CHECK enum err watch_count(struct watch *w, const struct job_list *jobs);

/* How the batch ended, and what the committer knows. */
struct watch_batch {
    enum err outcome;
    bool failing; /* the database could not be written last */
    bool insane;  /* the clock contradicts the log */
};
/* When the batch is over: writes the answers to those of JOBS that ask. What the database could not
 * say is left out. */
void watch_answer(struct watch *w, const struct watch_batch *b, struct job_list *jobs);

#endif
