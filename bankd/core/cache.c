/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/core/cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Sorted by key: lookups are many and additions rare. */
struct list {
    size_t count, room;
    uint8_t *keys; /* count * key_len bytes */
    void **values;
};

struct cache {
    size_t key_len;
    void (*free_value)(void *value);
    pthread_rwlock_t lock;
    struct list held;  /* everybody's, under LOCK */
    struct list fresh; /* did not settle yet; HELD has room for it */
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

static void free_values(const struct cache *c, struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        c->free_value(list->values[i]);
    list->count = 0;
}

static void free_list(const struct cache *c, struct list *list)
{
    free_values(c, list);
    free(list->keys);
    free(list->values);
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    free_list(c, &c->held);
    free_list(c, &c->fresh);
    pthread_rwlock_destroy(&c->lock);
    free(c);
}

/* Where KEY stands, or would stand. */
static size_t place(const struct cache *c, const struct list *list, const void *key, int *order)
{
    size_t low = 0, high = list->count;

    *order = 1;
    while (low < high && *order != 0) {
        size_t middle = low + (high - low) / 2;
        *order = memcmp(key, list->keys + middle * c->key_len, c->key_len);
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

static void *look(const struct cache *c, const struct list *list, const void *key)
{
    int order = 0;
    size_t at = place(c, list, key, &order);

    return order == 0 ? list->values[at] : NULL;
}

static enum err make_room(const struct cache *c, struct list *list, size_t count)
{
    if (count <= list->room)
        return ERR_OK;
    size_t room = list->room ? list->room * 2 : 16;
    uint8_t *keys = realloc(list->keys, room * c->key_len);
    if (!keys)
        return ERR_NO_MEMORY;
    list->keys = keys;
    void **values = realloc(list->values, room * sizeof *values);
    if (!values)
        return ERR_NO_MEMORY;
    list->values = values;
    list->room = room;
    return ERR_OK;
}

/* There is room. */
static void insert(const struct cache *c, struct list *list, const void *key, void *value)
{
    int order = 0;
    size_t at = place(c, list, key, &order);
    size_t behind = list->count - at;

    memmove(list->keys + (at + 1) * c->key_len, list->keys + at * c->key_len, behind * c->key_len);
    memmove(list->values + at + 1, list->values + at, behind * sizeof *list->values);
    memcpy(list->keys + at * c->key_len, key, c->key_len);
    list->values[at] = value;
    list->count++;
}

/* What settles cannot fail any more. */
enum err cache_put(struct cache *c, const void *key, void *value)
{
    if (cache_find_own(c, key)) {
        c->free_value(value);
        return ERR_OK;
    }
    enum err e = make_room(c, &c->fresh, c->fresh.count + 1);
    if (!e) {
        pthread_rwlock_wrlock(&c->lock);
        e = make_room(c, &c->held, c->held.count + c->fresh.count + 1);
        pthread_rwlock_unlock(&c->lock);
    }
    if (!e)
        insert(c, &c->fresh, key, value);
    else
        c->free_value(value);
    return e;
}

void cache_settle(struct cache *c, bool keep)
{
    if (!c->fresh.count)
        return;
    if (!keep) {
        free_values(c, &c->fresh);
        return;
    }
    pthread_rwlock_wrlock(&c->lock);
    for (size_t i = 0; i < c->fresh.count; i++)
        insert(c, &c->held, c->fresh.keys + i * c->key_len, c->fresh.values[i]);
    pthread_rwlock_unlock(&c->lock);
    c->fresh.count = 0;
}

void *cache_find(struct cache *c, const void *key)
{
    pthread_rwlock_rdlock(&c->lock);
    void *value = look(c, &c->held, key);
    pthread_rwlock_unlock(&c->lock);
    return value;
}

void *cache_find_own(struct cache *c, const void *key)
{
    void *value = cache_find(c, key);

    return value ? value : look(c, &c->fresh, key);
}
