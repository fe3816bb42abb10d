/* SPDX-License-Identifier: Apache-2.0
 *
 * client: calls a bank's routes over TLS 1.3 or its Unix socket, by libcurl. Over TLS it trusts one
 * pin and nothing else: a chain of leaf and root, the root's key is the pinned one, the leaf is
 * signed by it, valid now, and names the bank. Host names are not looked at.
 */
#ifndef API_CLIENT_H
#define API_CLIENT_H

#include "api/route.h"
#include "api/sse.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include <stdbool.h>
#include <stddef.h>

#define CLIENT_ANSWER_MAX ((size_t)8 << 20) /* bytes */

struct client_options {
    const char *url;                  /* "https://127.0.0.1:8443"; unused with a Unix socket */
    const char *unix_socket;          /* path; NULL for TLS */
    const char *bank;                 /* name that the leaf must carry */
    const char *bank_key;             /* thumbprint of the root key: the pin */
    const struct secret *session_key; /* DER P-256 private key for TLS; NULL for none */
    long timeout_ms;                  /* for a whole call; 0 means 30 s */
};

struct client; /* one connection, kept alive; for one thread */

/* Texts and key are copied. Does not connect. ERR_DOC_MEMBER_INVALID: BANK or BANK_KEY is
 * malformed; ERR_SESSION_REQUIRED: SESSION_KEY is no private key. */
MUST_CHECK enum err client_new(const struct client_options *options, struct client **out);
void client_free(struct client *c); /* NULL-safe */

struct client_call {
    enum route route;
    const char *param[ROUTE_PARAMS_MAX]; /* the path's {…} in order */
    const char *query;                   /* "cursor=…&limit=…", or NULL */
    const void *body;                    /* JSON */
    size_t body_len;
    bool once; /* makes a POST again whose answer was lost, under one Idempotency-Key */
};

/* USAGE, and nothing is sent, when a parameter is missing or not route_is_param.
 * Appends the answer's body, whatever the status. ERR_OK for 2xx; for a problem document the error
 * of its name, and UNAVAILABLE over TLS for what only a token here could be told of;
 * ERR_UNAVAILABLE when there was no answer, ERR_TLS_REFUSED for a wrong certificate.
 */
MUST_CHECK enum err client_call(struct client *c, const struct client_call *call,
                                struct buf *answer);

/* Whether one of the calls with ONCE may have been done although no answer says so; until one of
 * them is answered by a 2xx. */
bool client_unknown(const struct client *c);

/* Appends the path that the call asks for; USAGE as client_call says. */
MUST_CHECK enum err client_path(const struct client_call *call, struct buf *path);

/* After ERR_TLS_REFUSED: the root key that the bank showed instead of the pinned one, or "". Nobody
 * vouches for it. */
const char *client_other_root(const struct client *c);
/* Another pin, for the calls to come. */
MUST_CHECK enum err client_set_pin(struct client *c, const char *bank_key);

/* --- a stream of the bank's events, beside which the client calls nothing --- */
struct client_stream;
/* Behind the event AFTER, below 0: from now on. Does not wait for the bank. */
MUST_CHECK enum err client_follow(struct client *c, int64_t after, struct client_stream **out);
/* Waits until something came, FD (-1: none) can be read, or TIMEOUT_MS are over. An error is the
 * end: EVENTS_GONE, what the bank says of its end, or UNAVAILABLE when there is no connection. */
MUST_CHECK enum err client_stream_wait(struct client_stream *s, int fd, int timeout_ms);
/* As sse_next. */
MUST_CHECK enum err client_stream_next(struct client_stream *s, bool *found, struct sse_event *out);
/* The newest event's id, -1: none. */
int64_t client_stream_last(const struct client_stream *s);
void client_stream_close(struct client_stream *s); /* NULL-safe; before client_free */

/* Words about the last failure, for people: libcurl's, or the problem's detail. Never NULL. */
const char *client_message(const struct client *c);

#endif
