/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/workers.h"
#include "bankd/server/prepare.h"
#include "bankd/server/queue.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

struct workers {
    struct workers_options o;
    struct queue *queue;
    size_t running;
    pthread_t thread[];
};

static void *work(void *arg)
{
    struct workers *w = arg;
    struct job_list jobs = {0};

    while (queue_take(w->queue, 1, INT64_MAX, &jobs)) {
        struct job *j = job_list_take(&jobs);
        j->err = prepare(w->o.bank, j);
        w->o.done(w->o.ctx, j);
    }
    return NULL;
}

enum err workers_start(const struct workers_options *o, struct workers **out)
{
    struct workers *w = calloc(1, sizeof *w + o->threads * sizeof *w->thread);

    *out = NULL;
    if (!w)
        return ERR_NO_MEMORY;
    w->o = *o;
    enum err e = queue_new(o->queue_max, &(struct queue_patience){0}, &w->queue);
    while (!e && w->running < o->threads) {
        if (pthread_create(&w->thread[w->running], NULL, work, w) == 0)
            w->running++;
        else
            e = ERR_NO_MEMORY;
    }
    if (e) {
        workers_stop(w);
        workers_free(w);
        return e;
    }
    *out = w;
    return ERR_OK;
}

bool workers_put(struct workers *w, struct job *j)
{
    return queue_put(w->queue, j);
}

size_t workers_waiting(struct workers *w)
{
    return queue_depth(w->queue);
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    if (w->queue)
        queue_close(w->queue);
    for (size_t i = 0; i < w->running; i++)
        pthread_join(w->thread[i], NULL);
    w->running = 0;
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    queue_free(w->queue);
    free(w);
}
