/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/queue.h"
#include "bankd/server/handler.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled; /* on the monotonic clock */
    struct job_list jobs, long_reads;
    size_t max;       /* of both */
    size_t wanted;    /* how many it takes to wake a taker */
    int64_t expected; /* announced and not yet put; below 0 for a moment when they come first */
    size_t likely;    /* answered, and have not asked again */
    int64_t took_us;  /* to answer them */
    uint64_t moves;   /* counts whatever was announced or put */
    struct queue_patience patience;
    bool closed;
};

enum err queue_new(size_t max, const struct queue_patience *patience, struct queue **out)
{
    pthread_condattr_t attr;
    struct queue *q = calloc(1, sizeof *q);

    *out = NULL;
    if (!q)
        return ERR_NO_MEMORY;
    q->max = max;
    q->wanted = 1;
    q->patience = *patience;
    q->took_us = patience->hold_us; /* nothing is known yet */
    /* glibc: none of these can fail with these arguments. */
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->filled, &attr);
    pthread_condattr_destroy(&attr);
    *out = q;
    return ERR_OK;
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    job_list_move(&q->jobs, &q->long_reads);
    for (struct job *j = job_list_take(&q->jobs); j; j = job_list_take(&q->jobs))
        job_free(j);
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

static size_t depth(const struct queue *q)
{
    return q->jobs.count + q->long_reads.count;
}

/* What is refused already takes no time. */
static bool is_long_read(const struct job *j)
{
    return j->routed && !j->err && handler_of(j->match.route)->long_read;
}

/* Long reads leave slowly, also those of strangers: half of the places are for the others alone. */
static bool has_room(const struct queue *q, bool long_read)
{
    return depth(q) < q->max && (!long_read || q->long_reads.count < q->max - q->max / 2);
}

/* Somebody asks, be it who was answered or another one. */
static void note_asked(struct queue *q)
{
    q->moves++;
    if (q->likely)
        q->likely--;
}

static bool put(struct queue *q, struct job *j, bool expected)
{
    bool long_read = is_long_read(j);

    pthread_mutex_lock(&q->lock);
    bool taken = !q->closed && has_room(q, long_read);
    if (taken)
        job_list_add(long_read ? &q->long_reads : &q->jobs, j);
    if (expected) {
        q->expected--;
        q->moves++;
    } else {
        note_asked(q);
    }
    bool enough =
        q->long_reads.count ||
        (q->jobs.count && (q->jobs.count >= q->wanted || (q->expected <= 0 && !q->likely)));
    pthread_mutex_unlock(&q->lock);
    if (enough) /* now: a taker that wakes up sooner finds the lock held, and sleeps again */
        pthread_cond_signal(&q->filled);
    return taken;
}

bool queue_put(struct queue *q, struct job *j)
{
    return put(q, j, false);
}

bool queue_put_expected(struct queue *q, struct job *j)
{
    return put(q, j, true);
}

void queue_expect(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->expected++;
    note_asked(q);
    pthread_mutex_unlock(&q->lock);
}

void queue_answered(struct queue *q, size_t count, int64_t took_us)
{
    pthread_mutex_lock(&q->lock);
    q->likely = count;
    q->took_us = took_us;
    pthread_mutex_unlock(&q->lock);
}

/* True when the time has come. Spurious wake-ups are the caller's. */
static bool wait_until(struct queue *q, int64_t until_us)
{
    if (until_us == INT64_MAX) {
        pthread_cond_wait(&q->filled, &q->lock);
        return false;
    }
    struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    pthread_cond_timedwait(&q->filled, &q->lock, &until);
    return clock_mono_us() >= until_us;
}

/* True at UNTIL_US, and when nothing moved for a while: one that is prepared for long keeps nobody.
 */
static bool wait_for_more(struct queue *q, int64_t until_us)
{
    int64_t quiet_us = clock_mono_us() + q->patience.quiet_us;
    uint64_t moves = q->moves;

    if (quiet_us > until_us)
        return wait_until(q, until_us);
    if (!wait_until(q, quiet_us) || q->moves != moves)
        return false;
    q->likely = 0;
    return true;
}

/* Nobody waits for much longer than it would take without. */
static int64_t longest_hold_us(const struct queue *q)
{
    int64_t hold_us = q->patience.hold_us;

    return q->took_us < hold_us / 2 ? 2 * q->took_us : hold_us;
}

/* A long read takes time enough for others to come. */
static bool awaits_more(const struct queue *q, size_t max)
{
    return q->jobs.count && q->jobs.count < max && !q->long_reads.count && !q->closed &&
           (q->expected > 0 || q->likely);
}

/* A put wakes nobody before the hold has an end, so that it costs one wake-up. */
static void hold(struct queue *q, size_t max)
{
    int64_t until_us = clock_mono_us() + longest_hold_us(q);
    bool late = false;

    if (max > q->max)
        max = q->max; /* a full queue gets nothing more */
    q->wanted = max;
    while (awaits_more(q, max) && !late)
        late = wait_for_more(q, until_us);
    q->wanted = 1;
}

bool queue_take(struct queue *q, size_t max, int64_t until_mono_us, struct job_list *out)
{
    bool late = false;

    pthread_mutex_lock(&q->lock);
    while (!depth(q) && !q->closed && !late)
        late = wait_until(q, until_mono_us);
    if (q->patience.hold_us)
        hold(q, max);
    if (q->jobs.count <= max) {
        *out = q->jobs;
        q->jobs = (struct job_list){0};
    } else {
        while (out->count < max)
            job_list_add(out, job_list_take(&q->jobs));
    }
    if (q->long_reads.count)
        job_list_add(out, job_list_take(&q->long_reads));
    bool over = q->closed && !out->count;
    pthread_mutex_unlock(&q->lock);
    return !over;
}

size_t queue_depth(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    size_t count = depth(q);
    pthread_mutex_unlock(&q->lock);
    return count;
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}
