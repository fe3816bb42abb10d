/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/deadlines.h"

#include <stddef.h>

static void take_out(struct deadlines *all, struct deadline *d)
{
    if (d->before)
        d->before->after = d->after;
    else
        all->first[d->phase] = d->after;
    if (d->after)
        d->after->before = d->before;
    else
        all->last[d->phase] = d->before;
    d->before = d->after = NULL;
    d->phase = PHASE_NONE;
}

static int64_t later(int64_t now_us, int64_t wait_us)
{
    return wait_us > INT64_MAX - now_us ? INT64_MAX : now_us + wait_us;
}

void deadlines_enter(struct deadlines *all, struct deadline *d, enum phase phase, int64_t now_us)
{
    if (d->phase != PHASE_NONE)
        take_out(all, d);
    if (phase == PHASE_NONE)
        return;
    d->phase = phase;
    d->due_us = later(now_us, all->wait_us[phase]);
    d->before = all->last[phase];
    if (d->before)
        d->before->after = d;
    else
        all->first[phase] = d;
    all->last[phase] = d;
}

/* Since when it has been in its phase. */
static int64_t since_us(const struct deadlines *all, const struct deadline *d)
{
    return d->due_us - all->wait_us[d->phase];
}

void deadlines_set(struct deadlines *all, const int64_t wait_us[static PHASE_COUNT])
{
    for (int p = 0; p < PHASE_COUNT; p++) {
        for (struct deadline *d = all->first[p]; d; d = d->after) {
            if (d->due_us != INT64_MAX)
                d->due_us = later(since_us(all, d), wait_us[p]);
        }
        all->wait_us[p] = wait_us[p];
    }
}

struct deadline *deadlines_due(const struct deadlines *all, int64_t now_us)
{
    for (int p = 0; p < PHASE_COUNT; p++)
        if (all->first[p] && all->first[p]->due_us <= now_us)
            return all->first[p];
    return NULL;
}

int64_t deadlines_next_us(const struct deadlines *all)
{
    int64_t next_us = INT64_MAX;

    for (int p = 0; p < PHASE_COUNT; p++)
        if (all->first[p] && all->first[p]->due_us < next_us)
            next_us = all->first[p]->due_us;
    return next_us;
}

struct deadline *deadlines_idlest(const struct deadlines *all)
{
    static const enum phase waiting[] = {PHASE_IDLE, PHASE_HANDSHAKE, PHASE_HEAD,
                                         PHASE_BODY, PHASE_FOLLOW,    PHASE_PAUSE};
    struct deadline *idlest = all->first[PHASE_LINGER];

    for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++) {
        struct deadline *d = all->first[waiting[i]];
        if (d && (!idlest ||
                  (idlest->phase != PHASE_LINGER && since_us(all, d) < since_us(all, idlest))))
            idlest = d;
    }
    return idlest;
}
