/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/watch.h"
#include "base/clock.h"

#define RESTS 19 /* times as long as it counted */

static bool asks(const struct job *j)
{
    return j->match.route == ROUTE_METRICS && !j->err;
}

static bool somebody_asks(const struct job_list *jobs)
{
    const struct job *j = jobs->first;

    while (j && !asks(j))
        j = j->next;
    return j != NULL;
}

static void show(struct metrics *m, const struct core_waiting *waiting)
{
    for (size_t i = 0; i < sizeof waiting->orders / sizeof *waiting->orders; i++) {
        metrics_set(m, METRIC_ORDERS, i, waiting->orders[i].count);
        metrics_set(m, METRIC_ORDER_OLDEST, i, waiting->orders[i].oldest_us);
    }
    metrics_set(m, METRIC_SUSPENSE, 0, waiting->suspense);
    metrics_set(m, METRIC_NOTICES, 0, waiting->notices);
    metrics_set(m, METRIC_NOTICES_DEAD, 0, waiting->dead_notices);
    metrics_set(m, METRIC_NOTICE_OLDEST, 0, waiting->notice_oldest_us);
    metrics_set(m, METRIC_SESSIONS, 0, waiting->sessions);
}

/* The rest of a large bank comes when somebody asks again; until then the last numbers stand. The
 * bank's own certificates have gauges of their own. */
static enum err sweep(struct watch *w)
{
    bool whole = false;

    enum err e = core_radar_sweep(w->bank->core, &w->sweep, &whole);
    for (size_t i = 0; whole && i < RADAR_COUNT; i++) {
        if (i != RADAR_CERTIFICATE_ENDS)
            metrics_set(w->bank->metrics, METRIC_RADAR, i, w->sweep.found[i]);
    }
    if (e)
        w->sweep = (struct core_radar_sweep){.cursor = 0};
    return e;
}

enum err watch_count(struct watch *w, const struct job_list *jobs)
{
    int64_t begun_us = clock_mono_us();
    struct core_waiting waiting;

    if (!somebody_asks(jobs) || begun_us < w->next_us)
        return ERR_OK;
    enum err e = core_waiting(w->bank->core, &waiting);
    if (e)
        return e;
    show(w->bank->metrics, &waiting);
    e = sweep(w);
    if (e)
        return e;
    int64_t ended_us = clock_mono_us();
    w->next_us = ended_us + RESTS * (ended_us - begun_us);
    return ERR_OK;
}

static void forget(struct watch *w)
{
    struct core_waiting unknown = {.suspense = METRICS_ABSENT,
                                   .notices = METRICS_ABSENT,
                                   .dead_notices = METRICS_ABSENT,
                                   .notice_oldest_us = METRICS_ABSENT,
                                   .sessions = METRICS_ABSENT};

    for (size_t i = 0; i < sizeof unknown.orders / sizeof *unknown.orders; i++)
        unknown.orders[i].count = unknown.orders[i].oldest_us = METRICS_ABSENT;
    show(w->bank->metrics, &unknown);
    for (size_t i = 0; i < RADAR_COUNT; i++)
        metrics_set(w->bank->metrics, METRIC_RADAR, i, METRICS_ABSENT);
    w->next_us = 0;
}

static void measure(const struct watch *w, const struct watch_batch *b)
{
    const struct bank *bank = w->bank;
    struct metrics *m = bank->metrics;
    int64_t now_us = clock_mono_us();
    struct note_trouble trouble;
    struct core_head head;

    w->measure(w->ctx);
    core_head(bank->core, &head);
    note_trouble(bank->note, &trouble);
    metrics_set(m, METRIC_COMMIT_FAILING, 0, b->failing);
    metrics_set(m, METRIC_CLOCK_INSANE, 0, b->insane);
    metrics_set(m, METRIC_KEEPER_FAILURES, 0, (int64_t)trouble.failures);
    metrics_set(m, METRIC_LOG_ENTRIES, 0, (int64_t)head.size);
    metrics_set(m, METRIC_CHECKPOINT_ENTRIES, 0, (int64_t)note_size(bank->note));
    metrics_set(m, METRIC_CHECKPOINT_AGE, 0, now_us - trouble.signed_us);
    metrics_set(m, METRIC_UNSIGNED_TIME, 0, trouble.since_us ? now_us - trouble.since_us : 0);
}

void watch_answer(struct watch *w, const struct watch_batch *b, struct job_list *jobs)
{
    if (!somebody_asks(jobs))
        return;
    if (b->outcome)
        forget(w);
    measure(w, b);
    for (struct job *j = jobs->first; j; j = j->next) {
        if (!asks(j))
            continue;
        core_answer_free(&j->answer);
        j->answer = (struct core_answer){.http = 200};
        j->type = METRICS_TYPE;
        enum err e = metrics_write(w->bank->metrics, &j->answer.body);
        if (e)
            job_refuse(j, e);
    }
}
