/* SPDX-License-Identifier: Apache-2.0
 *
 * conn: one client's connection: handshake, requests one after another, answers. It belongs to one
 * loop and is touched by that loop's thread only. It closes itself when its client does or breaks
 * the rules; afterwards the pointer is dead.
 */
#ifndef BANKD_SERVER_CONN_H
#define BANKD_SERVER_CONN_H

#include "bankd/server/deadlines.h"
#include "bankd/server/job.h"
#include <stdbool.h>
#include <stdint.h>

struct conn;
struct loop;
struct ssl_st;

struct conn_options {
    struct loop *loop;
    int fd;                    /* non-blocking; taken over, also on failure */
    struct ssl_st *ssl;        /* taken over; NULL on the Unix socket */
    const char *operator_name; /* "" for nobody special; copied */
    unsigned only;             /* came through a door for these callers (api/route.h); 0: others */
    uint32_t slot, generation; /* the loop's name for it */
};
MUST_CHECK enum err conn_open(const struct conn_options *o, struct conn **out);
void conn_close(struct conn *c);
/* Closes at a moment that the client can tell from a fault: the bank goes, or has no room. */
void conn_part(struct conn *c);
/* Its deadline has come: a stream goes on, everybody else is closed. */
void conn_due(struct conn *c);
/* There may be something new for a stream that waits. */
void conn_news(struct conn *c);

/* The connection whose deadline D is. */
struct conn *conn_of(struct deadline *d);
uint32_t conn_slot(const struct conn *c);

/* Sends the answer of the request that the connection gave away; takes its bytes back. */
void conn_answer(struct conn *c, struct job *j);

#endif
