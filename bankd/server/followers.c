/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/followers.h"
#include "bankd/server/job.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESERVED 8 /* the operators' part of the places, one in so many */

struct person {
    char name[FOLLOW_WHO_MAX + 1];
    bool is_operator;
    size_t count; /* 0: the place is free */
};

struct followers {
    pthread_mutex_t lock;
    size_t max, max_each;
    size_t count, holders;  /* all; of these, those that no operators have */
    struct person person[]; /* MAX */
};

enum err followers_new(size_t max, size_t max_each, struct followers **out)
{
    struct followers *f = calloc(1, sizeof *f + max * sizeof *f->person);

    *out = f;
    if (!f)
        return ERR_NO_MEMORY;
    f->max = max;
    f->max_each = max_each;
    pthread_mutex_init(&f->lock, NULL);
    return ERR_OK;
}

void followers_free(struct followers *f)
{
    if (!f)
        return;
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* Whose place it is, else a free one, else NULL. */
static struct person *place_of(struct followers *f, const char *name)
{
    struct person *unused = NULL;

    for (size_t i = 0; i < f->max; i++) {
        struct person *p = &f->person[i];
        if (p->count && strcmp(p->name, name) == 0)
            return p;
        if (!p->count && !unused)
            unused = p;
    }
    return unused;
}

static enum err check(const struct followers *f, const struct person *p, bool is_operator)
{
    size_t room = f->max - f->max / RESERVED;
    bool crowded = !is_operator && f->holders >= (room + 1) / 2;

    if (p && p->count && (p->count >= f->max_each || crowded))
        return ERR_TOO_MANY_STREAMS;
    if (!p || f->count >= f->max || (!is_operator && f->holders >= room))
        return ERR_BUSY;
    return ERR_OK;
}

enum err followers_take(struct followers *f, const char *name, bool is_operator)
{
    pthread_mutex_lock(&f->lock);
    struct person *p = place_of(f, name);
    enum err e = check(f, p, is_operator);
    if (!e) {
        snprintf(p->name, sizeof p->name, "%s", name);
        p->is_operator = is_operator;
        p->count++;
        f->count++;
        f->holders += !is_operator;
    }
    pthread_mutex_unlock(&f->lock);
    return e;
}

void followers_give(struct followers *f, const char *name)
{
    pthread_mutex_lock(&f->lock);
    struct person *p = place_of(f, name);
    if (p && p->count) {
        p->count--;
        f->count--;
        f->holders -= !p->is_operator;
    }
    pthread_mutex_unlock(&f->lock);
}

size_t followers_count(struct followers *f)
{
    pthread_mutex_lock(&f->lock);
    size_t count = f->count;
    pthread_mutex_unlock(&f->lock);
    return count;
}
