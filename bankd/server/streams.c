/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/streams.h"
#include "bankd/server/job.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct person {
    char name[FOLLOW_WHO_MAX + 1];
    size_t count; /* 0: the place is free */
};

struct streams {
    pthread_mutex_t lock;
    size_t max, max_each, count;
    struct person person[]; /* MAX */
};

enum err streams_new(size_t max, size_t max_each, struct streams **out)
{
    struct streams *s = calloc(1, sizeof *s + max * sizeof *s->person);

    *out = s;
    if (!s)
        return ERR_NO_MEMORY;
    s->max = max;
    s->max_each = max_each;
    pthread_mutex_init(&s->lock, NULL);
    return ERR_OK;
}

void streams_free(struct streams *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* Whose place it is, else a free one, else NULL. */
static struct person *place_of(struct streams *s, const char *name)
{
    struct person *unused = NULL;

    for (size_t i = 0; i < s->max; i++) {
        struct person *p = &s->person[i];
        if (p->count && strcmp(p->name, name) == 0)
            return p;
        if (!p->count && !unused)
            unused = p;
    }
    return unused;
}

enum err streams_take(struct streams *s, const char *name)
{
    enum err e = ERR_OK;

    pthread_mutex_lock(&s->lock);
    struct person *p = place_of(s, name);
    if (!p) {
        e = ERR_BUSY;
    } else if (p->count >= s->max_each) {
        e = ERR_TOO_MANY_STREAMS;
    } else if (s->count >= s->max) {
        e = ERR_BUSY;
    } else {
        snprintf(p->name, sizeof p->name, "%s", name);
        p->count++;
        s->count++;
    }
    pthread_mutex_unlock(&s->lock);
    return e;
}

void streams_give(struct streams *s, const char *name)
{
    pthread_mutex_lock(&s->lock);
    struct person *p = place_of(s, name);
    if (p && p->count) {
        p->count--;
        s->count--;
    }
    pthread_mutex_unlock(&s->lock);
}

size_t streams_count(struct streams *s)
{
    pthread_mutex_lock(&s->lock);
    size_t count = s->count;
    pthread_mutex_unlock(&s->lock);
    return count;
}
