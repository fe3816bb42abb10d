/* SPDX-License-Identifier: Apache-2.0
 *
 * serve: the one loop of a helper process that holds a token, and the call into it.
 *
 * One message is one SOCK_SEQPACKET packet. Question: type (2 bytes, big-endian), payload. Answer:
 * length of the error name (1 byte), the name ("OK", "PIN_LOCKED"), payload, which is empty unless
 * the name is OK. A name rather than a number, so that the two programs may differ in age. A
 * question may have several answers, of which both ends know the last; one that is not OK is the
 * last.
 *
 * Who may connect is decided by the socket's own permissions and its directory's. Depends on base/
 * only: bankd links this file without any of PKCS#11.
 */
#ifndef TOKEN_SERVE_H
#define TOKEN_SERVE_H

#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SERVE_MESSAGE_MAX ((size_t)64 << 10) /* bytes of payload, either way */
#define SERVE_CONNECTIONS_MAX 32

struct serve_handler {
    uint16_t type;
    size_t max; /* bytes of payload; more is answered with ERR_TOO_LARGE */
    /* ANSWER is empty, holds at most SERVE_MESSAGE_MAX, and is wiped after it was sent. */
    enum err (*handle)(void *ctx, const uint8_t *msg, size_t len, struct buf *answer);
};

/* For a handler, with the ANSWER that it was given: sends what that holds as an answer before the
 * last, and empties it. ERR_UNAVAILABLE: nobody takes it, and the handler has no more to do. */
MUST_CHECK enum err serve_part(struct buf *answer);

/* Makes a listening socket at PATH with mode 0600, in place of one that a dead process left.
 * ERR_IO, also while another process listens there. The caller closes *OUT and unlinks PATH. */
MUST_CHECK enum err serve_listen(const char *path, int *out);

/* Never waits: ERR_UNAVAILABLE when nobody listens at PATH, nobody can since it is too long, or it
 * takes no more connections. The caller closes *OUT. */
MUST_CHECK enum err serve_connect(const char *path, int *out);

/* Answers questions one after another until STOP_FD becomes readable (ERR_OK). LISTEN_FD is a
 * listening socket, or one end of a socketpair, and then the loop also ends (ERR_OK) when the other
 * end closes. A type that is not in TABLE is answered with ERR_USAGE. A client that does not take
 * its answer is dropped; so is, when one more than SERVE_CONNECTIONS_MAX comes, one that has asked
 * nothing yet, else the one that has been silent for longest: none can hold up another. Closes the
 * connections that it accepted, not LISTEN_FD. ERR_IO when poll fails. */
MUST_CHECK enum err serve_loop(int listen_fd, const struct serve_handler *table, size_t count,
                               void *ctx, int stop_fd);

/* The same for a client that hands descriptors over: GIVEN is called with the one that came with a
 * question, before the question's handler, and owns it. Where more came, all are closed, and the
 * question is refused: ERR_USAGE. */
MUST_CHECK enum err serve_loop_given(int listen_fd, const struct serve_handler *table, size_t count,
                                     void *ctx, int stop_fd, void (*given)(void *ctx, int fd));

/* The same for a listening socket: who is of another user, or not WELCOME, is not answered. */
MUST_CHECK enum err serve_loop_own(int listen_fd, const struct serve_handler *table, size_t count,
                                   void *ctx, int stop_fd, bool (*welcome)(pid_t peer));

/* Whether the other end of FD is of this process's user, and which process it is, or -1: of a
 * socket to which one connected, who last called listen(). */
bool serve_peer_is_own(int fd);
pid_t serve_peer(int fd);

/* Asks and waits until DEADLINE_MONO_US (clock_mono_us). Appends the answer's payload to ANSWER and
 * returns ERR_OK, or returns the helper's error. ERR_TIMEOUT: no answer in time; ERR_UNAVAILABLE:
 * the helper is gone or talks nonsense. After these two FD is out of step: close it, or hear on.
 * One caller at a time per FD. */
MUST_CHECK enum err serve_call(int fd, uint16_t type, const uint8_t *msg, size_t len,
                               int64_t deadline_mono_us, struct buf *answer);
/* The same with a copy of the descriptor GIVE, where that is not -1. */
MUST_CHECK enum err serve_call_giving(int fd, int give, uint16_t type, const uint8_t *msg,
                                      size_t len, int64_t deadline_mono_us, struct buf *answer);
/* Its two halves, where a question has more than one answer, or one that may be late: to ask, and
 * to hear one of them. */
MUST_CHECK enum err serve_ask(int fd, int give, uint16_t type, const uint8_t *msg, size_t len,
                              int64_t deadline_mono_us);
MUST_CHECK enum err serve_hear(int fd, int64_t deadline_mono_us, struct buf *answer);

/* From now on whoever waits for an answer has waited long enough once OVER says so: ERR_TIMEOUT.
 * NULL: only deadlines count again. */
void serve_give_up(bool (*over)(void));
/* Whether that is so now: then no answer says nothing about who was asked. */
bool serve_gave_up(void);

#endif
