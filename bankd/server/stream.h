/* SPDX-License-Identifier: Apache-2.0
 *
 * stream: bytes over a non-blocking socket, with TLS or without, so that a connection need not know
 * which. Nothing here waits; STREAM_WAIT says that the socket has to become ready first.
 */
#ifndef BANKD_SERVER_STREAM_H
#define BANKD_SERVER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ssl_st;

enum stream_state {
    STREAM_DONE, /* some bytes went through, or the handshake is over */
    STREAM_WAIT, /* none; wants_write says for what the socket must become ready */
    STREAM_END   /* the other end is gone or talks nonsense */
};

struct stream {
    int fd;
    struct ssl_st *ssl; /* NULL: plain */
    bool wants_write;
};

/* Both are taken over. */
void stream_init(struct stream *s, int fd, struct ssl_st *ssl);
/* Closes. */
void stream_free(struct stream *s);

enum stream_state stream_handshake(struct stream *s); /* DONE at once when plain */
/* *N is set when DONE, and above 0. LEN is above 0. */
enum stream_state stream_read(struct stream *s, void *to, size_t len, size_t *n);
enum stream_state stream_write(struct stream *s, const void *from, size_t len, size_t *n);

/* True when bytes wait that the socket will not announce. */
bool stream_pending(const struct stream *s);

/* Says goodbye; what still comes can only be discarded. */
void stream_finish(struct stream *s);
/* Reads and forgets: WAIT while the other end has not closed yet. */
enum stream_state stream_discard(struct stream *s);

#endif
