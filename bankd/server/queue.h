/* SPDX-License-Identifier: Apache-2.0
 *
 * queue: jobs from many threads to many threads, with a maximum. Nobody waits to put one in: what
 * does not fit is refused at once. Long reads (handler.h) are taken one at a time, so that many of
 * them keep nobody else for longer than one does, and have half of the places at most.
 */
#ifndef BANKD_SERVER_QUEUE_H
#define BANKD_SERVER_QUEUE_H

#include "bankd/server/job.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

/* How long queue_take waits, once a job is there, for what was announced or is likely: twice as
 * long as the last answers took, HOLD_US at the most, and until nothing is announced or put for
 * QUIET_US. HOLD_US 0: it does not. */
struct queue_patience {
    int64_t hold_us, quiet_us;
};
MUST_CHECK enum err queue_new(size_t max, const struct queue_patience *patience,
                              struct queue **out);
/* NULL-safe; frees the jobs that are still in it. Every thread that puts has ended before. */
void queue_free(struct queue *q);

/* False when it is full, of long reads or at all, or closed; the job is still the caller's. */
bool queue_put(struct queue *q, struct job *j);

/* Announces one job that queue_put_expected will bring, be it before this call or after it. */
void queue_expect(struct queue *q);
bool queue_put_expected(struct queue *q, struct job *j); /* as queue_put */

/* COUNT askers get their answers now, which took so long: as many are likely to ask again. */
void queue_answered(struct queue *q, size_t count, int64_t took_us);

/* Takes up to MAX jobs that wait, and the first long read beside them, into the empty list OUT, in
 * order but for that one, which is the last. Waits while there is none until UNTIL_MONO_US
 * (clock_mono_us; INT64_MAX: for ever), and then for more, while there are fewer than MAX and no
 * long read. False when the queue is closed and empty. */
bool queue_take(struct queue *q, size_t max, int64_t until_mono_us, struct job_list *out);

/* How many jobs wait. From any thread. */
size_t queue_depth(struct queue *q);

/* Nothing goes in any more; what is in it can still be taken. */
void queue_close(struct queue *q);

#endif
