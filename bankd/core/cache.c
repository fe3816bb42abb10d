/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Sorted by key: lookups are many and additions rare. */
struct cache {
    pthread_rwlock_t lock;
    size_t key_len;
    void (*free_value)(void *value);
    size_t count, room;
    uint8_t *keys; /* count * key_len bytes */
    void **values;
};

enum err cache_new(size_t key_len, void (*free_value)(void *value), struct cache **out)
{
    *out = NULL;
    struct cache *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NO_MEMORY;
    if (pthread_rwlock_init(&c->lock, NULL) != 0) {
        free(c);
        return ERR_NO_MEMORY;
    }
    c->key_len = key_len;
    c->free_value = free_value;
    *out = c;
    return ERR_OK;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        c->free_value(c->values[i]);
    free(c->keys);
    free(c->values);
    pthread_rwlock_destroy(&c->lock);
    free(c);
}

/* Where KEY stands, or would stand. */
static size_t place(const struct cache *c, const void *key, int *order)
{
    size_t low = 0, high = c->count;

    *order = 1;
    while (low < high && *order != 0) {
        size_t middle = low + (high - low) / 2;
        *order = memcmp(key, c->keys + middle * c->key_len, c->key_len);
        if (*order == 0)
            return middle;
        if (*order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    *order = 1;
    return low;
}

static enum err make_room(struct cache *c)
{
    if (c->count < c->room)
        return ERR_OK;
    size_t room = c->room ? c->room * 2 : 16;
    uint8_t *keys = realloc(c->keys, room * c->key_len);
    if (!keys)
        return ERR_NO_MEMORY;
    c->keys = keys;
    void **values = realloc(c->values, room * sizeof *values);
    if (!values)
        return ERR_NO_MEMORY;
    c->values = values;
    c->room = room;
    return ERR_OK;
}

static void insert(struct cache *c, size_t at, const void *key, void *value)
{
    size_t behind = c->count - at;

    memmove(c->keys + (at + 1) * c->key_len, c->keys + at * c->key_len, behind * c->key_len);
    memmove(c->values + at + 1, c->values + at, behind * sizeof *c->values);
    memcpy(c->keys + at * c->key_len, key, c->key_len);
    c->values[at] = value;
    c->count++;
}

enum err cache_put(struct cache *c, const void *key, void *value)
{
    int order = 0;

    pthread_rwlock_wrlock(&c->lock);
    enum err e = make_room(c);
    size_t at = place(c, key, &order);
    if (!e && order != 0) {
        insert(c, at, key, value);
        value = NULL;
    }
    pthread_rwlock_unlock(&c->lock);
    if (value)
        c->free_value(value);
    return e;
}

void *cache_find(struct cache *c, const void *key)
{
    int order = 0;

    pthread_rwlock_rdlock(&c->lock);
    size_t at = place(c, key, &order);
    void *value = order == 0 ? c->values[at] : NULL;
    pthread_rwlock_unlock(&c->lock);
    return value;
}
