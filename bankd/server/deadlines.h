/* SPDX-License-Identifier: Apache-2.0
 *
 * deadlines: how long a connection may stay in which phase. Each phase has one length, so its
 * connections stand in the order in which they are due, and everything here takes constant time.
 * Time is an argument; nothing here waits.
 */
#ifndef BANKD_SERVER_DEADLINES_H
#define BANKD_SERVER_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

enum phase {
    PHASE_NONE = 0,  /* in no list */
    PHASE_HANDSHAKE, /* TLS */
    PHASE_IDLE,      /* between two requests */
    PHASE_HEAD,      /* some bytes of a request's head came */
    PHASE_BODY,      /* the head is complete */
    PHASE_WORK,      /* a worker or the committer has the request: never due */
    PHASE_WRITE,     /* the answer is on its way */
    PHASE_PAUSE,     /* a stream of events that was just looked after */
    PHASE_FOLLOW,    /* a stream that waits for news; due when it is to show that it lives */
    PHASE_LINGER,    /* closed on our side; the rest is discarded */
    PHASE_COUNT
};

/* Part of whatever has the deadline. Zeroed memory is in no list. */
struct deadline {
    struct deadline *before, *after;
    enum phase phase;
    int64_t due_us;
};

struct deadlines {
    int64_t wait_us[PHASE_COUNT]; /* INT64_MAX: never due */
    struct deadline *first[PHASE_COUNT], *last[PHASE_COUNT];
};

/* Moves D into PHASE, with a new deadline. PHASE_NONE takes it out. */
void deadlines_enter(struct deadlines *all, struct deadline *d, enum phase phase, int64_t now_us);

/* New lengths, for those who are in a phase already, too: each is due as if they had held before.
 */
void deadlines_set(struct deadlines *all, const int64_t wait_us[static PHASE_COUNT]);

/* One that is due by NOW_US, or NULL; it stays in its list. */
struct deadline *deadlines_due(const struct deadlines *all, int64_t now_us);

/* When the next one is due; INT64_MAX when none is. */
int64_t deadlines_next_us(const struct deadlines *all);

/* Whom to close when there is no room: who closes anyway, else the one whose client has kept us
 * waiting longest. NULL when every one has a request at work or an answer on its way. */
struct deadline *deadlines_idlest(const struct deadlines *all);

#endif
