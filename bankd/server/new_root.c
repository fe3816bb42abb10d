/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/new_root.h"

#include "bankd/keeper/msg.h"
#include "base/buf.h"
#include "base/clock.h"
#include "order/jws.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_MS 1500         /* everybody else waits with it: an answer within two seconds */
#define KEEPER_WAIT_MS 20000 /* what the token has for it */

enum stage { IDLE, AT_WORK, DONE };

struct new_root {
    const char *keeper_socket;
    pthread_mutex_t lock;
    pthread_cond_t done;
    pthread_t thread;
    /* Under LOCK. */
    enum stage stage;
    struct buf act;
    enum err err;
    unsigned missing;
};

enum err new_root_new(const char *keeper_socket, struct new_root **out)
{
    struct new_root *r = calloc(1, sizeof *r);

    *out = r;
    if (!r)
        return ERR_NO_MEMORY;
    r->keeper_socket = keeper_socket;
    r->act.max = JWS_MAX;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->done, NULL);
    return ERR_OK;
}

void new_root_free(struct new_root *r)
{
    if (!r)
        return;
    if (r->stage != IDLE)
        pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->done);
    pthread_mutex_destroy(&r->lock);
    buf_free(&r->act);
    free(r);
}

/* The act stays as it is while somebody is at work. */
static void *work(void *arg)
{
    struct new_root *r = arg;
    struct keeper_conn *keeper = NULL;
    unsigned missing = 0;

    enum err e = keeper_connect(r->keeper_socket, &keeper);
    if (!e)
        e = keeper_roll(keeper, KEEPER_WAIT_MS, (const char *)r->act.data, r->act.len, &missing);
    keeper_disconnect(keeper);
    pthread_mutex_lock(&r->lock);
    r->err = e;
    r->missing = missing;
    r->stage = DONE;
    pthread_cond_signal(&r->done);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static bool is_asked(const struct new_root *r, const char *act, size_t len)
{
    return r->act.len == len && memcmp(r->act.data, act, len) == 0;
}

/* The keeper was not there, or had no room: it took nothing. */
static bool may_ask_again(enum err e)
{
    return e == ERR_KEEPER_GONE || e == ERR_BUSY;
}

/* What came of an act is kept until there is another one, unless nothing did. */
static enum err begin(struct new_root *r, const char *act, size_t len)
{
    if (r->stage == AT_WORK)
        return is_asked(r, act, len) ? ERR_OK : ERR_BUSY;
    if (r->stage == DONE && is_asked(r, act, len) && !may_ask_again(r->err))
        return ERR_OK;
    if (r->stage == DONE)
        pthread_join(r->thread, NULL);
    r->stage = IDLE;
    buf_clear(&r->act);
    enum err e = buf_add(&r->act, act, len);
    if (!e && pthread_create(&r->thread, NULL, work, r) != 0)
        e = ERR_NO_MEMORY;
    if (!e)
        r->stage = AT_WORK;
    return e;
}

enum err new_root_ask(struct new_root *r, const char *act, size_t len, unsigned *missing)
{
    int64_t until_us = clock_mono_us() + INT64_C(1000) * WAIT_MS;
    const struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};

    *missing = 0;
    pthread_mutex_lock(&r->lock);
    enum err e = begin(r, act, len);
    while (!e && r->stage == AT_WORK) {
        if (pthread_cond_clockwait(&r->done, &r->lock, CLOCK_MONOTONIC, &until) != 0 &&
            r->stage == AT_WORK)
            e = ERR_TIMEOUT;
    }
    if (!e) {
        e = r->err;
        *missing = r->missing;
    }
    pthread_mutex_unlock(&r->lock);
    return e;
}
