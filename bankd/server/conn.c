/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/conn.h"
#include "bankd/server/handler.h"
#include "bankd/server/http.h"
#include "bankd/server/loop.h"
#include "bankd/server/stream.h"
#include "bankd/server/tls.h"
#include "base/buf.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define READ_STEP ((size_t)4096)  /* bytes */
#define KEEP_ROOM ((size_t)16384) /* a larger buffer is freed between requests */

struct conn {
    struct deadline deadline; /* first, see conn_of */
    struct loop *loop;
    struct stream stream;
    struct event *readable, *writable;
    bool paused; /* READABLE is not registered */
    uint32_t slot, generation;
    char network[LISTEN_NETWORK_MAX + 1];
    char session[KEY_THUMBPRINT_LEN + 1];
    int64_t certified_until_us;
    char operator_name[JOB_OPERATOR_MAX + 1];
    unsigned only;
    struct buf in;
    size_t need;    /* of http_parse: bytes of the request that is coming in, 0 before its head */
    bool continued; /* 100 Continue went out for it */
    bool close;     /* after the answer */
    struct buf out;
    size_t sent; /* bytes of OUT */
    struct follow follow;
};

static void on_readable(int fd, short what, void *arg);
static void on_writable(int fd, short what, void *arg);

struct conn *conn_of(struct deadline *d)
{
    return (struct conn *)d;
}

uint32_t conn_slot(const struct conn *c)
{
    return c->slot;
}

enum err conn_open(const struct conn_options *o, struct conn **out)
{
    struct conn *c = calloc(1, sizeof *c);

    *out = NULL;
    if (!c) {
        struct stream unused;
        stream_init(&unused, o->fd, o->ssl);
        stream_free(&unused);
        return ERR_NO_MEMORY;
    }
    c->loop = o->loop;
    c->slot = o->slot;
    c->generation = o->generation;
    c->only = o->only;
    c->in.max = HTTP_HEAD_MAX + HTTP_BODY_MAX + READ_STEP;
    memccpy(c->operator_name, o->operator_name, 0, JOB_OPERATOR_MAX);
    listen_network(o->fd, c->network);
    stream_init(&c->stream, o->fd, o->ssl);
    c->readable = event_new(loop_base(c->loop), o->fd, EV_READ | EV_PERSIST, on_readable, c);
    c->writable = event_new(loop_base(c->loop), o->fd, EV_WRITE, on_writable, c);
    if (!c->readable || !c->writable || event_add(c->readable, NULL) != 0) {
        conn_close(c);
        return ERR_NO_MEMORY;
    }
    loop_enter(c->loop, &c->deadline, o->ssl ? PHASE_HANDSHAKE : PHASE_IDLE);
    *out = c;
    return ERR_OK;
}

void conn_close(struct conn *c)
{
    loop_enter(c->loop, &c->deadline, PHASE_NONE);
    loop_forget(c->loop, c);
    loop_unfollow(c->loop, &c->follow);
    if (c->readable)
        event_free(c->readable);
    if (c->writable)
        event_free(c->writable);
    stream_free(&c->stream);
    buf_free(&c->in);
    buf_free(&c->out);
    free(c);
}

/* --- waiting for the socket --------------------------------------------------------------------*/

static void resume(struct conn *c)
{
    if (c->paused && event_add(c->readable, NULL) == 0)
        c->paused = false;
}

/* After STREAM_WAIT. */
static void await(struct conn *c)
{
    if (!c->stream.wants_write)
        resume(c);
    else if (event_add(c->writable, NULL) != 0)
        conn_close(c);
}

/* --- answers -----------------------------------------------------------------------------------*/

static bool take_request(struct conn *c);
static void receive(struct conn *c);

/* The other end may still be sending; closing now would let its system throw our answer away. */
static void linger(struct conn *c)
{
    stream_finish(&c->stream);
    loop_enter(c->loop, &c->deadline, PHASE_LINGER);
    resume(c);
}

static void shrink(struct buf *b)
{
    if (b->len)
        return;
    if (b->cap > KEEP_ROOM) {
        size_t max = b->max;
        buf_free(b);
        b->max = max;
    }
}

static void next_request(struct conn *c)
{
    shrink(&c->in);
    loop_enter(c->loop, &c->deadline, PHASE_IDLE);
    if (c->in.len && take_request(c))
        return;
    resume(c);
    if (stream_pending(&c->stream))
        receive(c);
}

/* A stream gets what gathers for a moment at once. */
static void pause_stream(struct conn *c)
{
    loop_enter(c->loop, &c->deadline, PHASE_PAUSE);
    resume(c);
}

static void flush(struct conn *c)
{
    while (c->sent < c->out.len) {
        size_t n;
        enum stream_state s =
            stream_write(&c->stream, c->out.data + c->sent, c->out.len - c->sent, &n);
        if (s == STREAM_END)
            conn_close(c);
        else if (s == STREAM_WAIT)
            await(c);
        if (s != STREAM_DONE)
            return;
        c->sent += n;
    }
    buf_clear(&c->out);
    shrink(&c->out);
    c->sent = 0;
    if (c->close || loop_draining(c->loop))
        linger(c);
    else if (c->follow.open)
        pause_stream(c);
    else
        next_request(c);
}

/* What there is to tell, or why the stream ends; a bank that cannot answer now is waited for. */
static enum err write_news(const struct job *j, bool *end, struct buf *out)
{
    const struct core_answer *a = &j->answer;

    *end = a->err && a->http < 500;
    if (!a->err)
        return buf_add(out, a->body.data, a->body.len);
    if (!*end)
        return buf_addf(out, ": %s\n\n", err_name(a->err));
    return buf_addf(out, "event: end\ndata: %s\n\n", buf_str(&a->body));
}

/* The answer of a stream, its first or one more. */
static void answer_stream(struct conn *c, struct job *j)
{
    enum err e = ERR_OK;
    bool end = false;

    if (!c->follow.open) {
        buf_free(&c->in); /* nothing more is asked here */
        c->follow = j->follow;
        c->follow.open = true;
        j->follow.counted = false; /* this connection's now */
        loop_follow(c->loop, c->stream.fd);
        e = http_begin("text/event-stream", &c->out);
    }
    if (!j->answer.err) /* otherwise what was read is not told */
        c->follow.reached = j->follow.reached;
    if (!e)
        e = write_news(j, &end, &c->out);
    if (e) {
        conn_close(c);
        return;
    }
    c->close = end;
    loop_enter(c->loop, &c->deadline, PHASE_WRITE);
    flush(c);
}

void conn_answer(struct conn *c, struct job *j)
{
    if (c->follow.open) { /* it lent no bytes */
        answer_stream(c, j);
        return;
    }
    c->in = j->in;
    j->in = (struct buf){0};
    buf_drop(&c->in, j->used);
    c->need = 0;
    c->continued = false;
    if (j->follow.counted && !j->answer.err) {
        answer_stream(c, j);
        return;
    }
    bool close = c->close || loop_draining(c->loop);
    if (http_respond(j->answer.http, j->type, j->answer.body.data, j->answer.body.len, close,
                     &c->out)) {
        conn_close(c);
        return;
    }
    loop_enter(c->loop, &c->deadline, PHASE_WRITE);
    flush(c);
}

/* --- requests ----------------------------------------------------------------------------------*/

static enum err check_caller(const struct conn *c, const struct route_info *info)
{
    if (c->only)
        return info->callers & c->only ? ERR_OK : ERR_ROLE_REQUIRED;
    if (info->callers & CALLER_OPEN)
        return ERR_OK;
    if (c->operator_name[0])
        return info->callers & CALLER_CONSOLE ? ERR_OK : ERR_ROLE_REQUIRED;
    if (!(info->callers & CALLER_HOLDER) && (!info->roles || !c->session[0]))
        return ERR_ROLE_REQUIRED;
    return c->session[0] ? ERR_OK : ERR_SESSION_REQUIRED;
}

/* An operator who is not at the console signs what he asks for. */
static bool must_sign(const struct conn *c, enum route r)
{
    return route_is_act(r) && !c->operator_name[0];
}

/* What the tables alone decide. */
static enum err admit(const struct conn *c, const struct http_request *r, struct job *j)
{
    enum err e = route_find(r->method, r->path, r->path_len, &j->match);
    if (e)
        return e;
    j->routed = true;
    const struct route_info *info = route_info(j->match.route);
    bool sign = must_sign(c, j->match.route);
    e = check_caller(c, info);
    if (!e && r->body_len > (sign ? ROUTE_ACT_MAX(info->body_max) : info->body_max))
        e = ERR_TOO_LARGE;
    if (!e && sign && r->path_len > ACT_PATH_MAX)
        e = ERR_NOT_FOUND;
    if (!e && sign) {
        memcpy(j->path, r->path, r->path_len);
        j->path[r->path_len] = 0;
    }
    if (!e && r->once && handler_of(j->match.route)->writes && !(info->callers & CALLER_OPEN))
        e = request_once_read(r->once, r->once_len, j->once);
    if (!e)
        e = request_query_read(r->query, r->query_len, handler_of(j->match.route)->query,
                               &j->query);
    if (!e && j->match.route == ROUTE_EVENTS && r->last_event_len) /* newer than the query */
        e = request_after_read(r->last_event, r->last_event_len, &j->query);
    return e;
}

/* Whose request it is. */
static void mark(const struct conn *c, struct job *j)
{
    j->slot = c->slot;
    j->generation = c->generation;
    memcpy(j->network, c->network, sizeof j->network);
    memcpy(j->session, c->session, sizeof j->session);
    j->certified_until_us = c->certified_until_us;
    memcpy(j->operator_name, c->operator_name, sizeof j->operator_name);
    j->console = c->operator_name[0] != 0;
    j->roles = j->console ? ROLE_ANY : 0;
}

/* Gives the request, or why it is none, away together with the bytes that it lies in. */
static void dispatch(struct conn *c, const struct http_request *r, size_t used, enum err framing)
{
    struct loop *loop = c->loop;
    struct job *j = loop_take_job(loop);

    if (!j) {
        conn_close(c);
        return;
    }
    c->close |= r->close || framing;
    j->err = framing ? framing : admit(c, r, j);
    mark(c, j);
    j->body_at = r->body ? (size_t)(r->body - c->in.data) : 0;
    j->body_len = r->body_len;
    j->used = framing ? c->in.len : used;
    j->in = c->in;
    c->in = (struct buf){0};
    loop_enter(loop, &c->deadline, PHASE_WORK);
    if (loop_submit(loop, j))
        return;
    job_refuse(j, ERR_BUSY);
    c->close = true;
    conn_answer(c, j);
    loop_give_job(loop, j);
}

/* RFC 9110 10.1.1. These few bytes fit into a socket that nothing was written to, or something is
 * wrong. */
static bool send_continue(struct conn *c)
{
    size_t n, len = strlen(HTTP_CONTINUE);

    c->continued = true;
    return stream_write(&c->stream, HTTP_CONTINUE, len, &n) == STREAM_DONE && n == len;
}

/* True when the connection has stopped reading, or is gone. */
static bool take_request(struct conn *c)
{
    struct http_request r;
    size_t used;

    if (c->need > c->in.len)
        return false;
    enum err e = http_parse(c->in.data, c->in.len, HTTP_BODY_MAX, &r, &used);
    if (e || used) {
        dispatch(c, &r, used, e);
        return true;
    }
    if (r.expect && !c->continued && !send_continue(c)) {
        conn_close(c);
        return true;
    }
    enum phase phase = r.need ? PHASE_BODY : PHASE_HEAD;
    if (phase != c->deadline.phase)
        loop_enter(c->loop, &c->deadline, phase);
    c->need = r.need;
    return false;
}

static void receive(struct conn *c)
{
    enum stream_state s;
    size_t n;

    do {
        size_t room = c->need ? c->need - c->in.len : READ_STEP;
        if (buf_reserve(&c->in, room)) {
            conn_close(c);
            return;
        }
        s = stream_read(&c->stream, c->in.data + c->in.len, room, &n);
        if (s == STREAM_END)
            conn_close(c);
        else if (s == STREAM_WAIT)
            await(c);
        if (s != STREAM_DONE)
            return;
        c->in.len += n;
        c->in.data[c->in.len] = 0;
        if (take_request(c))
            return;
    } while (stream_pending(&c->stream));
}

static void handshake(struct conn *c)
{
    enum stream_state s = stream_handshake(&c->stream);

    if (s == STREAM_END) {
        conn_close(c);
    } else if (s == STREAM_WAIT) {
        await(c);
    } else {
        tls_peer(c->stream.ssl, c->session, &c->certified_until_us);
        next_request(c);
    }
}

/* --- streams of events -------------------------------------------------------------------------*/

/* Looks after what is new by a request like the first one: who asks is found out each time. */
static void look(struct conn *c)
{
    struct job *j = loop_take_job(c->loop);

    if (!j) {
        conn_close(c);
        return;
    }
    j->match.route = ROUTE_EVENTS;
    j->routed = true;
    j->follow = c->follow;
    j->follow.counted = false; /* the connection keeps its count */
    mark(c, j);
    loop_enter(c->loop, &c->deadline, PHASE_WORK);
    if (loop_submit(c->loop, j))
        return;
    loop_give_job(c->loop, j);
    pause_stream(c);
}

void conn_news(struct conn *c)
{
    if (c->deadline.phase == PHASE_FOLLOW && loop_news(c->loop) > (uint64_t)c->follow.reached + 1)
        look(c);
}

void conn_due(struct conn *c)
{
    if (c->deadline.phase == PHASE_FOLLOW) {
        look(c);
    } else if (c->deadline.phase == PHASE_PAUSE) {
        loop_enter(c->loop, &c->deadline, PHASE_FOLLOW);
        conn_news(c);
    } else {
        conn_close(c);
    }
}

void conn_part(struct conn *c)
{
    if (c->follow.open)
        stream_finish(&c->stream);
    conn_close(c);
}

/* Who follows says nothing more; what comes is that he is gone, or a fault. */
static void hear(struct conn *c)
{
    uint8_t byte;
    size_t n;

    switch (stream_read(&c->stream, &byte, sizeof byte, &n)) {
    case STREAM_WAIT:
        await(c);
        break;
    case STREAM_DONE:
    case STREAM_END:
        conn_close(c);
        break;
    }
}

/* --- events ------------------------------------------------------------------------------------*/

static void step(struct conn *c)
{
    switch (c->deadline.phase) {
    case PHASE_HANDSHAKE:
        handshake(c);
        break;
    case PHASE_IDLE:
    case PHASE_HEAD:
    case PHASE_BODY:
        receive(c);
        break;
    case PHASE_WRITE:
        flush(c);
        break;
    case PHASE_PAUSE:
    case PHASE_FOLLOW:
        hear(c);
        break;
    case PHASE_LINGER:
        if (stream_discard(&c->stream) == STREAM_END)
            conn_close(c);
        break;
    case PHASE_WORK:
    case PHASE_NONE:
    case PHASE_COUNT:
        break;
    }
}

/* What comes while a request is at work waits in the socket; one request at a time is the
 * connection's share of the bank. */
static void on_readable(int fd, short what, void *arg)
{
    struct conn *c = arg;

    (void)fd;
    (void)what;
    if (c->deadline.phase == PHASE_WORK || c->deadline.phase == PHASE_WRITE) {
        event_del(c->readable);
        c->paused = true;
        return;
    }
    step(c);
}

static void on_writable(int fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    step(arg);
}
