/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/loop.h"
#include "bankd/server/door.h"
#include "bankd/server/followers.h"
#include "bankd/server/listen.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPARE_JOBS_MAX 256u /* kept for the next request */
#define LINGER_US INT64_C(1000000)
#define DRAIN_SECONDS 5
#define PAUSE_US INT64_C(200000)
#define STREAM_BUFFER (64 * 1024) /* bytes that a follower may lag behind */
#define FULL_LOG_US INT64_C(60000000)

struct slot {
    struct conn *conn;
    uint32_t generation;
    uint32_t next_free;
};

struct loop {
    struct loop_options o;
    struct event_base *base;
    pthread_t thread;
    bool running; /* THREAD was started */
    struct door *doors[LOOP_DOORS];
    struct event *timer, *mail, *end;
    int64_t timer_us; /* when TIMER fires; INT64_MAX: never */
    struct deadlines deadlines;
    struct slot *slots;
    uint32_t slot_count, first_free;
    _Atomic uint32_t open; /* written by the loop's thread alone */
    struct job_list spare;
    int64_t full_logged_us;

    int mail_fd; /* eventfd: POST has something, or DRAINING was set */
    pthread_mutex_t post_lock;
    struct job_list post;
    bool has_waits; /* new lengths of the phases came */
    int64_t waits[PHASE_COUNT];
    _Atomic uint64_t news; /* entries that a checkpoint covers */
    uint64_t heard;        /* of these, when the streams were told */
    atomic_bool draining;
    bool drained; /* the loop has seen DRAINING */
};

/* --- for the connections -----------------------------------------------------------------------*/

struct event_base *loop_base(struct loop *l)
{
    return l->base;
}

static void set_timer(struct loop *l, int64_t due_us, int64_t now_us)
{
    int64_t left = due_us > now_us ? due_us - now_us : 0;
    struct timeval wait = {left / 1000000, left % 1000000};

    if (due_us == INT64_MAX || evtimer_add(l->timer, &wait) == 0)
        l->timer_us = due_us;
}

void loop_enter(struct loop *l, struct deadline *d, enum phase phase)
{
    int64_t now_us = clock_mono_us();

    deadlines_enter(&l->deadlines, d, phase, now_us);
    if (phase != PHASE_NONE && d->due_us < l->timer_us)
        set_timer(l, d->due_us, now_us);
}

struct job *loop_take_job(struct loop *l)
{
    struct job *j = job_list_take(&l->spare);

    if (!j && job_new(&j))
        return NULL;
    j->loop = l->o.index;
    return j;
}

void loop_give_job(struct loop *l, struct job *j)
{
    if (l->spare.count >= SPARE_JOBS_MAX) {
        job_free(j);
        return;
    }
    job_clear(j);
    buf_free(&j->in); /* of a connection that went away */
    job_list_add(&l->spare, j);
}

bool loop_submit(struct loop *l, struct job *j)
{
    return !loop_draining(l) && l->o.submit(l->o.ctx, j);
}

bool loop_draining(const struct loop *l)
{
    return atomic_load(&l->draining);
}

uint64_t loop_news(const struct loop *l)
{
    return atomic_load(&l->news);
}

void loop_follow(const struct loop *l, int fd)
{
    unsigned wait_ms = (unsigned)(l->deadlines.wait_us[PHASE_WRITE] / 1000);
    int room = STREAM_BUFFER;

    /* On a Unix socket the first is unknown, and nothing is on its way for long. */
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &wait_ms, sizeof wait_ms);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

void loop_unfollow(struct loop *l, struct follow *f)
{
    if (f->counted)
        followers_give(l->o.followers, f->who);
    f->counted = false;
}

void loop_forget(struct loop *l, struct conn *c)
{
    struct slot *slot = &l->slots[conn_slot(c)];

    if (slot->conn != c)
        return;
    slot->conn = NULL;
    slot->generation++;
    slot->next_free = l->first_free;
    l->first_free = conn_slot(c);
    l->open--;
    if (l->drained && !l->open)
        event_base_loopbreak(l->base);
}

uint32_t loop_connections(const struct loop *l)
{
    return atomic_load_explicit(&l->open, memory_order_relaxed);
}

/* --- accepting ---------------------------------------------------------------------------------*/

/* Whoever has waited longest makes room: a crowd that says nothing keeps nobody out. */
static bool make_room(struct loop *l)
{
    int64_t now_us = clock_mono_us();

    if (l->open == l->slot_count) {
        struct deadline *idlest = deadlines_idlest(&l->deadlines);
        if (now_us - l->full_logged_us >= FULL_LOG_US) {
            l->full_logged_us = now_us;
            log_event(LOG_WARN, "bankd.full", "%s: %s", err_name(ERR_TOO_MANY_CONNECTIONS),
                      err_info(ERR_TOO_MANY_CONNECTIONS)->cause);
        }
        if (!idlest)
            return false;
        conn_part(conn_of(idlest));
    }
    return true;
}

static void take_in(struct loop *l, struct conn_options *o)
{
    struct slot *slot = &l->slots[l->first_free];
    uint32_t next_free = slot->next_free;

    o->loop = l;
    o->slot = l->first_free;
    o->generation = slot->generation;
    if (conn_open(o, &slot->conn) == ERR_OK) {
        l->first_free = next_free;
        l->open++;
    }
}

static void welcome_tcp(void *ctx, int fd)
{
    struct loop *l = ctx;
    struct conn_options o = {.fd = fd, .operator_name = ""};
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (make_room(l) && tls_accept(l->o.tls, fd, &o.ssl) == ERR_OK)
        take_in(l, &o);
    else
        close(fd);
}

static void welcome_watcher(void *ctx, int fd)
{
    struct loop *l = ctx;
    struct conn_options o = {.fd = fd, .operator_name = "", .only = CALLER_WATCHER};

    if (make_room(l))
        take_in(l, &o);
    else
        close(fd);
}

static void welcome_courier(void *ctx, int fd)
{
    struct loop *l = ctx;
    struct conn_options o = {.fd = fd, .operator_name = "", .only = CALLER_COURIER};

    if (listen_peer_is(fd, l->o.courier_uid) && make_room(l))
        take_in(l, &o);
    else
        close(fd);
}

static void welcome_local(void *ctx, int fd)
{
    struct loop *l = ctx;
    char operator_name[JOB_OPERATOR_MAX + 1];
    struct conn_options o = {.fd = fd, .operator_name = operator_name};

    listen_peer(fd, operator_name, sizeof operator_name);
    if (make_room(l))
        take_in(l, &o);
    else
        close(fd);
}

/* --- time and mail -----------------------------------------------------------------------------*/

static void on_timer(int fd, short what, void *arg)
{
    struct loop *l = arg;
    int64_t now_us = clock_mono_us();

    (void)fd;
    (void)what;
    for (struct deadline *d; (d = deadlines_due(&l->deadlines, now_us));)
        conn_due(conn_of(d));
    set_timer(l, deadlines_next_us(&l->deadlines), now_us);
}

static void close_doors(struct loop *l)
{
    for (size_t i = 0; i < LOOP_DOORS; i++) {
        door_close(l->doors[i]);
        l->doors[i] = NULL;
    }
}

static void on_end(int fd, short what, void *arg)
{
    struct loop *l = arg;

    (void)fd;
    (void)what;
    event_base_loopbreak(l->base);
}

static void drain(struct loop *l)
{
    const struct timeval wait = {DRAIN_SECONDS, 0};

    l->drained = true;
    close_doors(l);
    for (struct deadline *d; (d = deadlines_idlest(&l->deadlines));)
        conn_part(conn_of(d));
    if (!l->open || event_add(l->end, &wait) != 0)
        event_base_loopbreak(l->base);
}

static void hand_out(struct loop *l, struct job *j)
{
    const struct slot *slot = &l->slots[j->slot];

    if (slot->conn && slot->generation == j->generation)
        conn_answer(slot->conn, j);
    loop_unfollow(l, &j->follow);
    loop_give_job(l, j);
}

static void read_waits(const struct settings *s, int64_t wait_us[static PHASE_COUNT])
{
    const int64_t table[PHASE_COUNT] = {
        [PHASE_HANDSHAKE] = (int64_t)s->handshake_ms * 1000,
        [PHASE_IDLE] = (int64_t)s->idle_ms * 1000,
        [PHASE_HEAD] = (int64_t)s->head_ms * 1000,
        [PHASE_BODY] = (int64_t)s->body_ms * 1000,
        [PHASE_WORK] = INT64_MAX,
        [PHASE_WRITE] = (int64_t)s->write_ms * 1000,
        [PHASE_PAUSE] = PAUSE_US,
        [PHASE_FOLLOW] = (int64_t)s->stream_ms * 1000,
        [PHASE_LINGER] = LINGER_US,
    };
    memcpy(wait_us, table, sizeof table);
}

/* Under POST_LOCK. */
static void take_waits(struct loop *l)
{
    if (!l->has_waits)
        return;
    l->has_waits = false;
    deadlines_set(&l->deadlines, l->waits);
    set_timer(l, deadlines_next_us(&l->deadlines), clock_mono_us());
}

/* Who looks leaves the list. */
static void tell_streams(struct loop *l)
{
    struct deadline *next;

    if (l->heard == loop_news(l))
        return;
    l->heard = loop_news(l);
    for (struct deadline *d = l->deadlines.first[PHASE_FOLLOW]; d; d = next) {
        next = d->after;
        conn_news(conn_of(d));
    }
}

static void on_mail(int fd, short what, void *arg)
{
    struct loop *l = arg;
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
        log_event(LOG_ERROR, "bankd.mail", "eventfd cannot be read");
    pthread_mutex_lock(&l->post_lock);
    struct job_list jobs = l->post;
    l->post = (struct job_list){0};
    take_waits(l);
    pthread_mutex_unlock(&l->post_lock);
    for (struct job *j = job_list_take(&jobs); j; j = job_list_take(&jobs))
        hand_out(l, j);
    tell_streams(l);
    if (loop_draining(l) && !l->drained)
        drain(l);
}

static void ring(struct loop *l)
{
    const uint64_t one = 1;

    /* The counter cannot overflow; a write that fails would fail for ever. */
    if (write(l->mail_fd, &one, sizeof one) != (ssize_t)sizeof one)
        log_event(LOG_ERROR, "bankd.mail", "eventfd cannot be written");
}

void loop_post(struct loop *l, struct job_list *jobs)
{
    if (!jobs->count)
        return;
    pthread_mutex_lock(&l->post_lock);
    bool silent = l->post.count > 0; /* it was rung for and has not looked yet */
    if (silent) {
        l->post.last->next = jobs->first;
        l->post.last = jobs->last;
        l->post.count += jobs->count;
    } else {
        l->post = *jobs;
    }
    pthread_mutex_unlock(&l->post_lock);
    *jobs = (struct job_list){0};
    if (!silent)
        ring(l);
}

void loop_tell(struct loop *l, uint64_t size)
{
    atomic_store(&l->news, size);
    if (followers_count(l->o.followers))
        ring(l);
}

void loop_adopt(struct loop *l, const struct settings *settings)
{
    pthread_mutex_lock(&l->post_lock);
    read_waits(settings, l->waits);
    l->has_waits = true;
    pthread_mutex_unlock(&l->post_lock);
    ring(l);
}

/* --- from start to end -------------------------------------------------------------------------*/

static void *run(void *arg)
{
    struct loop *l = arg;

    event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

static enum err make_slots(struct loop *l)
{
    uint64_t share = l->o.settings->max_connections / l->o.settings->event_threads;

    l->slot_count = share ? (uint32_t)share : 1;
    l->slots = calloc(l->slot_count, sizeof *l->slots);
    if (!l->slots)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < l->slot_count; i++)
        l->slots[i].next_free = i + 1;
    return ERR_OK;
}

/* Takes all sockets over, whatever happens. */
static enum err open_doors(struct loop *l)
{
    void (*const welcome[LOOP_DOORS])(void *, int) = {
        [LOOP_TLS] = welcome_tcp,
        [LOOP_OPERATOR] = welcome_local,
        [LOOP_METRICS] = welcome_watcher,
        [LOOP_COURIER] = welcome_courier,
    };
    enum err e = ERR_OK;

    for (size_t i = 0; i < LOOP_DOORS; i++) {
        int fd = l->o.listening[i];
        if (fd >= 0 && !e)
            e = door_open(l->base, fd, welcome[i], l, &l->doors[i]);
        else if (fd >= 0)
            close(fd);
    }
    return e;
}

static enum err make_events(struct loop *l)
{
    struct event_config *config = event_config_new();

    if (config) {
        /* Each base has one thread: no locks. */
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
        l->base = event_base_new_with_config(config);
        event_config_free(config);
    }
    l->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!l->base || l->mail_fd < 0)
        return ERR_NO_MEMORY;
    l->timer = evtimer_new(l->base, on_timer, l);
    l->end = evtimer_new(l->base, on_end, l);
    l->mail = event_new(l->base, l->mail_fd, EV_READ | EV_PERSIST, on_mail, l);
    if (!l->timer || !l->end || !l->mail || event_add(l->mail, NULL) != 0)
        return ERR_NO_MEMORY;
    return ERR_OK;
}

static void close_all(struct loop *l)
{
    for (uint32_t i = 0; l->slots && i < l->slot_count; i++)
        if (l->slots[i].conn)
            conn_close(l->slots[i].conn);
    close_doors(l);
}

static void loop_free(struct loop *l)
{
    struct event *events[] = {l->timer, l->end, l->mail};

    close_all(l);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i])
            event_free(events[i]);
    if (l->base)
        event_base_free(l->base);
    if (l->mail_fd >= 0)
        close(l->mail_fd);
    for (struct job *j = job_list_take(&l->post); j; j = job_list_take(&l->post))
        job_free(j);
    for (struct job *j = job_list_take(&l->spare); j; j = job_list_take(&l->spare))
        job_free(j);
    pthread_mutex_destroy(&l->post_lock);
    free(l->slots);
    free(l);
}

static void close_sockets(const struct loop_options *o)
{
    for (size_t i = 0; i < LOOP_DOORS; i++) {
        if (o->listening[i] >= 0)
            close(o->listening[i]);
    }
}

enum err loop_new(const struct loop_options *o, struct loop **out)
{
    struct loop *l = calloc(1, sizeof *l);

    *out = NULL;
    if (!l) {
        close_sockets(o);
        return ERR_NO_MEMORY;
    }
    l->o = *o;
    l->mail_fd = -1;
    l->timer_us = INT64_MAX;
    l->full_logged_us = -FULL_LOG_US;
    pthread_mutex_init(&l->post_lock, NULL);
    read_waits(o->settings, l->deadlines.wait_us);
    enum err e = make_slots(l);
    if (!e)
        e = make_events(l);
    if (e)
        close_sockets(o);
    else
        e = open_doors(l);
    if (e) {
        loop_free(l);
        return e;
    }
    *out = l;
    return ERR_OK;
}

enum err loop_run(struct loop *l)
{
    l->running = pthread_create(&l->thread, NULL, run, l) == 0;
    return l->running ? ERR_OK : ERR_NO_MEMORY;
}

void loop_drain(struct loop *l)
{
    atomic_store(&l->draining, true);
    ring(l);
}

void loop_stop(struct loop *l)
{
    if (!l)
        return;
    if (l->running)
        pthread_join(l->thread, NULL);
    loop_free(l);
}
