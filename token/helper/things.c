/* SPDX-License-Identifier: Apache-2.0 */
#include "token/helper/things.h"

#include <pthread.h>
#include <stddef.h>

static struct {
    enum thing_kind kind;
    void *thing;
} things[THINGS_MAX]; /* number 1 is the first */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

enum err things_add(enum thing_kind kind, void *thing, uint32_t *number)
{
    uint32_t i = 0;

    pthread_mutex_lock(&lock);
    while (i < THINGS_MAX && things[i].kind != THING_NONE)
        i++;
    if (i < THINGS_MAX) {
        things[i].kind = kind;
        things[i].thing = thing;
    }
    pthread_mutex_unlock(&lock);
    *number = i + 1;
    return i < THINGS_MAX ? ERR_OK : ERR_NO_MEMORY;
}

static void *find(enum thing_kind kind, uint32_t number, enum thing_kind then)
{
    void *thing = NULL;

    pthread_mutex_lock(&lock);
    if (number > 0 && number <= THINGS_MAX && things[number - 1].kind == kind) {
        thing = things[number - 1].thing;
        things[number - 1].kind = then;
    }
    pthread_mutex_unlock(&lock);
    return thing;
}

void *things_get(enum thing_kind kind, uint32_t number)
{
    return find(kind, number, kind);
}

void *things_take(enum thing_kind kind, uint32_t number)
{
    return find(kind, number, THING_NONE);
}
