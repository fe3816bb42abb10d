/* SPDX-License-Identifier: Apache-2.0
 *
 * loop: one event thread: its listeners, its connections, their deadlines, and the mail that brings
 * answers from other threads.
 */
#ifndef BANKD_SERVER_LOOP_H
#define BANKD_SERVER_LOOP_H

#include "bankd/server/conn.h"
#include "bankd/server/deadlines.h"
#include "bankd/server/job.h"
#include "bankd/server/settings.h"
#include "bankd/server/tls.h"
#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct loop;

/* Who comes through it: holders over TLS, the operator, whoever watches (in plain text, and gets
 * nothing else), and the courier of notices. */
enum loop_door { LOOP_TLS, LOOP_OPERATOR, LOOP_METRICS, LOOP_COURIER, LOOP_DOORS };

struct loop_options {
    const struct settings *settings; /* borrowed by loop_new alone */
    struct tls *tls;                 /* borrowed */
    unsigned index;                  /* jobs carry it, so that answers find back */
    int listening[LOOP_DOORS];       /* by enum loop_door, -1: none; taken over by loop_new, also
                                        on failure */
    /* Takes a request over; false when there is no room for it. */
    bool (*submit)(void *ctx, struct job *j);
    void *ctx;
    struct followers *followers; /* borrowed */
    uint64_t courier_uid; /* who may come through the courier's door, beside root and bankd */
};
/* Its sockets take no connection before loop_run, so that all loops stand before the first request.
 */
MUST_CHECK enum err loop_new(const struct loop_options *o, struct loop **out);
MUST_CHECK enum err loop_run(struct loop *l);

/* Its connections have these deadlines from now on. From any thread until loop_stop. */
void loop_adopt(struct loop *l, const struct settings *settings);

/* Brings answered jobs; takes them over. From any thread until loop_stop. */
void loop_post(struct loop *l, struct job_list *jobs);

/* A checkpoint covers SIZE entries: those who follow events may find some. From any thread. */
void loop_tell(struct loop *l, uint64_t size);

/* Stops accepting; closes connections as their requests are answered. From any thread. */
void loop_drain(struct loop *l);
/* After loop_drain and the last loop_post: waits for the thread, a few seconds at most, and frees.
 * NULL-safe. */
void loop_stop(struct loop *l);

/* How many are open. From any thread. */
uint32_t loop_connections(const struct loop *l);

/* --- for its connections --- */
struct event_base *loop_base(struct loop *l);
void loop_enter(struct loop *l, struct deadline *d, enum phase phase);
struct job *loop_take_job(struct loop *l); /* clear, marked with the loop; NULL: no memory */
void loop_give_job(struct loop *l, struct job *j);
bool loop_submit(struct loop *l, struct job *j);
bool loop_draining(const struct loop *l);
uint64_t loop_news(const struct loop *l); /* of loop_tell */
/* A stream begins on FD: its other end must keep up. */
void loop_follow(const struct loop *l, int fd);
void loop_unfollow(struct loop *l, struct follow *f); /* gives it back, if it is counted */
void loop_forget(struct loop *l, struct conn *c);     /* it is closing */

#endif
