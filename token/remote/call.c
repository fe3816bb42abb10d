/* SPDX-License-Identifier: Apache-2.0 */
#include "token/remote/inner.h"

#include "base/clock.h"
#include "base/log.h"
#include "token/remote.h"
#include "token/serve.h"
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)
#define SOON_S 1
#define PERSON_TIMES 4
#define GOODBYE_MS 2000

enum wait { WAIT_MODULE, WAIT_PERSON };

static const enum wait waits[WIRE_TYPES] = {
#define X(name, max, wait) [WIRE_##name] = WAIT_##wait,
#include "token/wire.def"
#undef X
};

static atomic_uint deadline_s = TOKEN_DEADLINE_S;

void token_remote_deadline(unsigned seconds)
{
    deadline_s = seconds;
}

unsigned call_module_s(void)
{
    return deadline_s;
}

unsigned call_person_s(void)
{
    return deadline_s * PERSON_TIMES;
}

void token_remote_give_up(bool (*over)(void))
{
    serve_give_up(over);
}

static int64_t deadline(enum wait wait)
{
    return clock_mono_us() + SECOND_US * (wait == WAIT_PERSON ? call_person_s() : call_module_s());
}

/* --- modules that hang --- */

static struct {
    pthread_mutex_t lock;
    size_t count;
    char path[TOKEN_MODULES_MAX][sizeof((struct token_source *)0)->path];
} hung = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_remembered(const struct token_module *m)
{
    for (size_t i = 0; i < hung.count; i++)
        if (strcmp(hung.path[i], m->source.path) == 0)
            return true;
    return false;
}

void module_recall(struct token_module *m)
{
    pthread_mutex_lock(&hung.lock);
    m->refuses = is_remembered(m);
    m->why = m->refuses ? ERR_TOKEN_HANGS : ERR_OK;
    pthread_mutex_unlock(&hung.lock);
}

/* One of several that never answered hangs whatever is plugged in: a program waits for it once. */
static void remember(struct token_module *m)
{
    pthread_mutex_lock(&hung.lock);
    if (hung.count < TOKEN_MODULES_MAX && !is_remembered(m))
        memcpy(hung.path[hung.count++], m->source.path, sizeof m->source.path);
    pthread_mutex_unlock(&hung.lock);
    m->refuses = true;
    m->why = ERR_TOKEN_HANGS;
}

/* --- the helper --- */

void module_init(struct token_module *m, const struct token_source *source)
{
    *m = (struct token_module){.source = *source};
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->returned, NULL);
}

static void hang_up(struct connection *conn)
{
    if (conn->fd >= 0)
        close(conn->fd);
    page_unmap(conn->page);
    *conn = (struct connection){.fd = -1};
}

/* Under the lock. */
static void bury(struct token_module *m, int left_ms)
{
    if (!m->pid)
        return;
    while (m->idle_count)
        hang_up(&m->idle[--m->idle_count]);
    if (!m->joined)
        m->status = process_end(m->pid, m->control, left_ms);
    m->pid = 0;
    pthread_cond_broadcast(&m->returned);
}

void module_end(struct token_module *m)
{
    bury(m, GOODBYE_MS);
    pthread_cond_destroy(&m->returned);
    pthread_mutex_destroy(&m->lock);
}

/* What serve_call says when there was no answer. A token that was kept is not any more when its
 * time is over: nothing crashed. */
static enum err name_of(const struct token_module *m, enum err e)
{
    if (e == ERR_TIMEOUT)
        return log_fail(ERR_TOKEN_HANGS, "token.helper", "no answer by the deadline");
    if (e != ERR_UNAVAILABLE)
        return e;
    return m->joined ? log_fail(ERR_TOKEN_REMOVED, "token.join", "it is kept no longer")
                     : log_fail(ERR_TOKEN_CRASHED, "token.helper", "it is gone");
}

static bool is_lost(enum err e)
{
    return e == ERR_TIMEOUT || e == ERR_UNAVAILABLE || e == ERR_TOKEN_PCSCD_HANGS;
}

/* Somebody else's socket is nobody's. */
static enum err connect_joined(const struct token_module *m, int *fd)
{
    enum err e = serve_connect(m->joined, fd);
    if (!e && !serve_peer_is_own(*fd)) {
        close(*fd);
        e = log_fail(ERR_UNAVAILABLE, "token.join", "%s is another user's", m->joined);
    }
    return e;
}

/* A descriptor, with a question whose answer is empty. */
static enum err hand_over(int fd, uint16_t type, int given, int64_t until_us)
{
    struct buf nothing = BUF_INIT(0);

    enum err e = serve_call_giving(fd, given, type, NULL, 0, until_us, &nothing);
    buf_free(&nothing);
    return e;
}

static enum err share_page(struct connection *conn, int64_t until_us)
{
    int fd = -1;

    enum err e = page_make(&conn->page, &fd);
    if (!e) {
        e = hand_over(conn->fd, WIRE_PAGE, fd, until_us);
        close(fd);
    }
    return e;
}

/* One more connection, under the lock. */
static enum err connect_more(struct token_module *m, struct connection *out)
{
    const int64_t until_us = deadline(WAIT_MODULE);
    int ends[2];

    *out = (struct connection){.fd = -1};
    if (m->joined)
        return connect_joined(m, &out->fd);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return ERR_NO_MEMORY;
    out->fd = ends[0];
    enum err e = hand_over(m->control, WIRE_CONNECT, ends[1], until_us);
    close(ends[1]);
    if (!e)
        e = share_page(out, until_us);
    if (e)
        hang_up(out);
    return e;
}

static bool is_look(enum wire_type type)
{
    return type == WIRE_LOAD || type == WIRE_LIST || type == WIRE_OPEN;
}

/* An answer. A module that is silent may wait for a pcscd that hangs, which takes TOKEN_READERS_S
 * to know. No deadline of a slow token is for that where the module is only looked at; otherwise it
 * is known by the deadline. */
static enum err hear(int fd, enum wire_type type, int64_t until_us, struct buf *answer)
{
    const int64_t asked_us = clock_mono_us();
    const int64_t probe_us =
        is_look(type) ? asked_us + SECOND_US * SOON_S : until_us - SECOND_US * TOKEN_READERS_S;

    if (probe_us >= until_us || probe_us <= asked_us)
        return serve_hear(fd, until_us, answer);
    enum err e = serve_hear(fd, probe_us, answer);
    if (e != ERR_TIMEOUT || serve_gave_up())
        return e;
    if (!reader_hangs())
        return serve_hear(fd, until_us, answer);
    e = serve_hear(fd, clock_mono_us(), answer); /* it may have come meanwhile */
    return e == ERR_TIMEOUT ? ERR_TOKEN_PCSCD_HANGS : e;
}

static enum err load(struct token_module *m)
{
    struct buf question = BUF_INIT(SERVE_MESSAGE_MAX), nothing = BUF_INIT(0);
    struct wire_out out = {&question, ERR_OK};
    const int64_t until_us = deadline(waits[WIRE_LOAD]);
    struct connection conn = {.fd = -1};

    wire_put_source(&out, &m->source);
    enum err e = out.e ? out.e : connect_more(m, &conn);
    if (!e && m->source.path[0])
        e = serve_ask(conn.fd, -1, WIRE_LOAD, question.data, question.len, until_us);
    if (!e && m->source.path[0])
        e = hear(conn.fd, WIRE_LOAD, until_us, &nothing);
    if (e)
        hang_up(&conn);
    else
        m->idle[m->idle_count++] = conn;
    buf_free(&question);
    buf_free(&nothing);
    return e;
}

/* One of several modules that does not start, for whatever reason, has no tokens, and is no matter
 * of the others'; unless it did before, or waits for pcscd. */
static enum err not_started(struct token_module *m, enum err e)
{
    if (e == ERR_UNAVAILABLE && WIFEXITED(m->status) && WEXITSTATUS(m->status) == EXIT_ENVIRONMENT)
        return log_fail(ERR_TOKEN_HELPER, "token.helper", "it cannot shut itself in");
    bool own = e != ERR_NO_MEMORY && e != ERR_TOKEN_HELPER && e != ERR_TOKEN_PCSCD_HANGS &&
               !serve_gave_up();
    bool hangs = e == ERR_TIMEOUT;
    e = name_of(m, e);
    if (!m->one_of || !own)
        return e;
    m->refuses = m->generation == 1;
    m->why = e;
    if (m->refuses && hangs)
        remember(m);
    return ERR_TOKEN_MODULE;
}

enum err module_begin(struct token_module *m, uint64_t *generation)
{
    enum err e = ERR_OK;

    pthread_mutex_lock(&m->lock);
    if (!m->pid && m->joined) {
        e = name_of(m, ERR_UNAVAILABLE); /* it ended */
    } else if (m->refuses) {
        e = ERR_TOKEN_MODULE;
    } else if (!m->pid) {
        e = process_start(&m->pid, &m->control);
        if (!e) {
            m->generation++;
            e = load(m);
        }
        if (e) {
            bury(m, is_lost(e) ? 0 : GOODBYE_MS);
            e = not_started(m, e);
        }
    }
    *generation = m->generation;
    pthread_mutex_unlock(&m->lock);
    return e;
}

enum err module_join(struct token_module *m, const char *path)
{
    struct connection conn = {.fd = -1};

    m->joined = path;
    enum err e = connect_joined(m, &conn.fd);
    if (e)
        return e;
    m->idle[m->idle_count++] = conn;
    m->pid = getpid(); /* it is there; nobody here ends it */
    m->generation = 1;
    return ERR_OK;
}

void module_leave(struct token_module *m)
{
    pthread_mutex_lock(&m->lock);
    while (m->idle_count)
        hang_up(&m->idle[--m->idle_count]);
    close(m->control);
    m->pid = 0;
    pthread_mutex_unlock(&m->lock);
}

static bool is_there(const struct token_module *m, uint64_t generation)
{
    return m->pid && m->generation == generation;
}

/* --- calls --- */

/* A connection for this call alone. */
static enum err borrow(struct token_module *m, uint64_t generation, struct connection *out)
{
    enum err e = ERR_OK;

    pthread_mutex_lock(&m->lock);
    while (is_there(m, generation) && !m->idle_count && m->in_use >= CONNECTIONS_MAX)
        pthread_cond_wait(&m->returned, &m->lock);
    if (!is_there(m, generation))
        e = ERR_UNAVAILABLE;
    else if (m->idle_count)
        *out = m->idle[--m->idle_count];
    else
        e = connect_more(m, out);
    if (is_lost(e) && is_there(m, generation))
        bury(m, 0);
    m->in_use += !e;
    pthread_mutex_unlock(&m->lock);
    return e;
}

/* One on which answers may come still is of no more use. */
static void give_back(struct call *c)
{
    struct token_module *m = c->module;

    pthread_mutex_lock(&m->lock);
    m->in_use--;
    if (c->lost && is_there(m, c->generation))
        bury(m, 0);
    if (is_there(m, c->generation) && !c->awaited)
        m->idle[m->idle_count++] = c->conn;
    else
        hang_up(&c->conn);
    pthread_cond_signal(&m->returned);
    pthread_mutex_unlock(&m->lock);
}

void call_begin(struct call *c, struct token_module *m, uint64_t generation, enum wire_type type)
{
    *c = (struct call){.module = m,
                       .generation = generation,
                       .type = type,
                       .conn.fd = -1,
                       .awaited = true,
                       .question = BUF_INIT(SERVE_MESSAGE_MAX),
                       .answer = BUF_INIT(SERVE_MESSAGE_MAX)};
    c->out.buf = &c->question;
}

/* A module has little time for its farewell: its helper ends in any case. */
static int64_t deadline_of(const struct call *c)
{
    if (c->type == WIRE_UNLOAD)
        return clock_mono_us() + INT64_C(1000) * GOODBYE_MS;
    return deadline(c->keypad ? WAIT_PERSON : waits[c->type]);
}

enum err call_ask(struct call *c, int give)
{
    enum err e = c->out.e ? c->out.e : borrow(c->module, c->generation, &c->conn);

    if (!e) {
        page_clear(c->conn.page);
        e = serve_ask(c->conn.fd, give, (uint16_t)c->type, c->question.data, c->question.len,
                      deadline_of(c));
        c->lost = is_lost(e);
    }
    return name_of(c->module, e);
}

/* What became of the first question to a module that has started is as if it had not. A helper that
 * is lost makes nothing more. */
static enum err note(struct call *c, enum err e)
{
    struct token_module *m = c->module;

    pthread_mutex_lock(&m->lock);
    bool dead =
        e == ERR_TIMEOUT && is_look(c->type) && m->one_of && !m->answered && !serve_gave_up();
    m->answered = m->answered || !is_lost(e);
    if (dead)
        remember(m);
    if (c->lost && is_there(m, c->generation))
        bury(m, 0);
    pthread_mutex_unlock(&m->lock);
    e = name_of(m, e);
    return dead ? ERR_TOKEN_MODULE : e;
}

enum err call_hear(struct call *c)
{
    buf_clear(&c->answer);
    enum err e = hear(c->conn.fd, c->type, deadline_of(c), &c->answer);
    c->lost = is_lost(e);
    c->awaited = false;
    c->in = (struct wire_in){.at = c->answer.data, .left = c->answer.len};
    return note(c, e);
}

enum err call_run(struct call *c, int give)
{
    enum err e = call_ask(c, give);

    return e ? e : call_hear(c);
}

enum err call_end(struct call *c, enum err e)
{
    if (!e && !wire_ended(&c->in)) {
        c->lost = true;
        e = log_fail(ERR_TOKEN_CRASHED, "token.helper", "it answered what cannot be");
    }
    if (c->conn.fd >= 0)
        give_back(c);
    buf_free(&c->question);
    buf_free(&c->answer);
    return e;
}
