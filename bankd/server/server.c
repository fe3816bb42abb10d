/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/server.h"
#include "bankd/core/core.h"
#include "bankd/server/committer.h"
#include "bankd/server/handler.h"
#include "bankd/server/listen.h"
#include "bankd/server/loop.h"
#include "bankd/server/note.h"
#include "bankd/server/tls.h"
#include "bankd/server/workers.h"
#include "bankd/store/store.h"
#include "base/clock.h"
#include "base/log.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <unistd.h>

struct server {
    const struct settings *settings;
    struct store *store;
    struct bank bank;
    struct tls *tls;
    struct workers *workers;
    struct committer *committer;
    struct loop *loops[SETTINGS_THREADS_MAX];
    _Atomic size_t loop_count; /* the committer counts while they are made */
    uint16_t port, metrics_port;
    int64_t started_us;
};

/* --- how requests travel -----------------------------------------------------------------------*/

static bool is_statement(enum route r)
{
    return r == ROUTE_DECIDE || r == ROUTE_CASH || r == ROUTE_POLICY_DECIDE ||
           r == ROUTE_DELEGATE || r == ROUTE_ROTATE;
}

/* Each answer comes by here once, whether its connection is still there or not. */
static void count(struct metrics *m, const struct job *j)
{
    if (j->follow.open) /* a stream that is there already */
        return;
    enum route r = j->routed ? j->match.route : ROUTE_COUNT;

    metrics_add(m, METRIC_REQUESTS, metrics_request(r, j->answer.http), 1);
    if (is_statement(r))
        metrics_add(m, METRIC_DECISIONS, (size_t)j->answer.err, 1);
    if (j->payee_check[0])
        metrics_payee_check(m, j->payee_check);
}

/* To a worker when there is something to prepare, otherwise straight on. */
static bool hand_on(struct server *s, struct job *j)
{
    if (j->err || (!handler_of(j->match.route)->prepare && !j->once[0]))
        return committer_put(s->committer, j);
    bool taken = workers_put(s->workers, j);
    if (taken)
        committer_expect(s->committer);
    return taken;
}

/* From a loop. */
static bool submit(void *ctx, struct job *j)
{
    struct server *s = ctx;

    if (hand_on(s, j))
        return true;
    job_refuse(j, ERR_BUSY);
    count(s->bank.metrics, j);
    return false;
}

/* From the committer back to the loops. */
static void deliver(void *ctx, struct job_list *jobs)
{
    struct server *s = ctx;
    struct job_list mail[SETTINGS_THREADS_MAX] = {{0}};

    for (struct job *j = job_list_take(jobs); j; j = job_list_take(jobs)) {
        count(s->bank.metrics, j);
        job_list_add(&mail[j->loop], j);
    }
    for (size_t i = 0; i < s->loop_count; i++)
        loop_post(s->loops[i], &mail[i]);
}

/* From a worker. */
static void pass_on(void *ctx, struct job *j)
{
    struct server *s = ctx;
    struct job_list one = {0};

    if (committer_put_expected(s->committer, j))
        return;
    job_refuse(j, ERR_BUSY);
    job_list_add(&one, j);
    deliver(s, &one);
}

/* From the committer, before there are loops and while there are. */
static void tell(void *ctx, uint64_t size)
{
    struct server *s = ctx;

    for (size_t i = 0; i < s->loop_count; i++)
        loop_tell(s->loops[i], size);
}

/* From the committer. Where it fails, server_renew does it later. */
static void rolled(void *ctx)
{
    struct server *s = ctx;

    if (!tls_renew(s->tls, s->settings->keeper_socket, note_rollovers(s->bank.note)))
        log_event(LOG_WARN, "bankd.rollover", "the new root key is shown from now on");
}

/* For whoever watches. */
static void measure(void *ctx)
{
    struct server *s = ctx;
    struct metrics *m = s->bank.metrics;
    int64_t connections = 0;

    for (size_t i = 0; i < s->loop_count; i++)
        connections += loop_connections(s->loops[i]);
    metrics_set(m, METRIC_CONNECTIONS, 0, connections);
    metrics_set(m, METRIC_STREAMS, 0, (int64_t)followers_count(s->bank.followers));
    metrics_set(m, METRIC_CONNECTIONS_MAX, 0, (int64_t)s->settings->max_connections);
    metrics_set(m, METRIC_QUEUED, METRICS_WORKERS, (int64_t)workers_waiting(s->workers));
    metrics_set(m, METRIC_QUEUED, METRICS_COMMITTER, (int64_t)committer_waiting(s->committer));
    metrics_set(m, METRIC_QUEUED_MAX, 0, (int64_t)s->settings->queue_max);
    metrics_set(m, METRIC_CERTIFICATE_LEFT, 0, tls_ends_us(s->tls) - clock_now_us());
    int64_t overlap_end_us = note_overlap_end_us(s->bank.note);
    int64_t now_us = clock_now_us();
    metrics_set(m, METRIC_ROOT_OVERLAP_LEFT, 0,
                overlap_end_us > now_us ? overlap_end_us - now_us : 0);
    metrics_set(m, METRIC_START_TIME, 0, s->started_us);
}

/* --- start and end -----------------------------------------------------------------------------*/

static enum err random_bytes(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    return RAND_bytes(out, (int)len) == 1 ? ERR_OK : ERR_INTERNAL;
}

static enum err open_bank(struct server *s)
{
    const struct core_options options = {
        .terms = s->settings->terms, .bank = s->settings->bank, .random = random_bytes};

    s->bank.name = s->settings->bank;
    s->bank.keeper_socket = s->settings->keeper_socket;
    enum err e = metrics_new(&s->bank.metrics);
    if (e)
        return e;
    server_note_reload(s, false);
    e = followers_new(s->settings->max_streams, s->settings->max_streams_each, &s->bank.followers);
    if (!e)
        e = new_root_new(s->settings->keeper_socket, &s->bank.new_root);
    if (e)
        return e;
    e = store_open(s->settings->store, &s->store);
    if (!e)
        e = core_open(s->store, &options, &s->bank.core);
    if (e)
        return log_fail(e, "bankd.start", "%s: %s %s", s->settings->store, err_info(e)->cause,
                        err_info(e)->remedy);
    e = payee_check_new(s->settings->payee_check, (int64_t)s->settings->payee_check_ms,
                        &s->bank.payee_check);
    if (!e)
        e = note_new(s->settings->keeper_socket, (int)s->settings->keeper_ms, &s->bank.note);
    if (e)
        return e;
    const struct core_time now = {store_now(s->store), clock_mono_us()};
    return note_start(s->bank.note, s->bank.core, &now);
}

static enum err start_threads(struct server *s)
{
    const struct committer_options committer = {
        .bank = &s->bank,
        .store = s->store,
        .queue_max = s->settings->queue_max,
        .batch_max = s->settings->batch_max,
        .deliver = deliver,
        .news = tell,
        .rolled = rolled,
        .measure = measure,
        .ctx = s,
    };
    const struct workers_options workers = {
        .bank = &s->bank,
        .threads = s->settings->workers,
        .queue_max = s->settings->queue_max,
        .done = pass_on,
        .ctx = s,
    };
    enum err e = committer_start(&committer, &s->committer);

    return e ? e : workers_start(&workers, &s->workers);
}

/* The sockets that one loop has alone. */
struct single {
    int operator, metrics, courier;
};

static void close_single(const struct server *s, const struct single *one)
{
    close(one->operator);
    unlink(s->settings->socket);
    if (one->metrics >= 0)
        close(one->metrics);
    if (one->courier >= 0)
        close(one->courier);
    if (s->settings->courier_socket[0])
        unlink(s->settings->courier_socket);
}

static enum err listen_single(struct server *s, struct single *out)
{
    *out = (struct single){-1, -1, -1};
    enum err e = listen_unix(s->settings->socket, &out->operator);
    if (e)
        return e;
    if (s->settings->metrics_listen[0])
        e = listen_tcp(s->settings->metrics_listen, &out->metrics, 1, &s->metrics_port);
    if (!e && s->settings->courier_socket[0])
        e = listen_unix_open(s->settings->courier_socket, &out->courier);
    if (e)
        close_single(s, out);
    return e;
}

/* loop_new takes its sockets over, also on failure; the rest are closed here. */
static enum err make_loops(struct server *s)
{
    size_t count = s->settings->event_threads, next = 0;
    int tcp[SETTINGS_THREADS_MAX];
    struct single one;

    enum err e = listen_single(s, &one);
    if (e)
        return e;
    e = listen_tcp(s->settings->listen, tcp, count, &s->port);
    if (e) {
        close_single(s, &one);
        return e;
    }
    for (; next < count && !e; next++) {
        const struct loop_options o = {.settings = s->settings,
                                       .tls = s->tls,
                                       .index = (unsigned)next,
                                       .listening =
                                           {
                                               [LOOP_TLS] = tcp[next],
                                               [LOOP_OPERATOR] = next == 0 ? one.operator: - 1,
                                               [LOOP_METRICS] = next == 0 ? one.metrics : -1,
                                               [LOOP_COURIER] = next == 0 ? one.courier : -1 },
                                               .courier_uid = s->settings->courier_uid,
                                               .submit = submit,
                                               .ctx = s,
                                               .followers = s->bank.followers,
                                       };
        e = loop_new(&o, &s->loops[next]);
        s->loop_count += e ? 0 : 1;
    }
    for (; next < count; next++)
        close(tcp[next]);
    return e;
}

enum err server_start(const struct settings *settings, struct server **out)
{
    struct server *s = calloc(1, sizeof *s);

    *out = NULL;
    if (!s)
        return ERR_NO_MEMORY;
    s->settings = settings;
    s->started_us = clock_now_us();
    enum err e = open_bank(s);
    if (!e)
        e = tls_new(settings->keeper_socket, note_rollovers(s->bank.note), &s->tls);
    s->bank.tls = s->tls;
    if (!e)
        e = start_threads(s);
    if (!e)
        e = make_loops(s);
    for (size_t i = 0; i < s->loop_count && !e; i++)
        e = loop_run(s->loops[i]);
    if (e) {
        server_stop(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

uint16_t server_port(const struct server *s)
{
    return s->port;
}

uint16_t server_metrics_port(const struct server *s)
{
    return s->metrics_port;
}

const char *server_pin(const struct server *s)
{
    return tls_pin(s->tls);
}

enum err server_renew(struct server *s)
{
    enum err e = tls_renew(s->tls, s->settings->keeper_socket, NULL);

    if (e == ERR_KEY_MISMATCH)
        committer_refresh(s->committer);
    return e;
}

/* The checker before the terms that may ask for its results. */
void server_adopt(struct server *s, const struct settings *fresh)
{
    const struct committer_change change = {fresh->terms, (int)fresh->keeper_ms};

    payee_check_set(s->bank.payee_check, fresh->payee_check, (int64_t)fresh->payee_check_ms);
    committer_adopt(s->committer, &change);
    committer_refresh(s->committer);
    for (size_t i = 0; i < s->loop_count; i++)
        loop_adopt(s->loops[i], fresh);
}

void server_note_reload(struct server *s, bool refused)
{
    metrics_set(s->bank.metrics, METRIC_RELOAD_REFUSED, 0, refused);
}

/* In the order in which requests travel, so that each part finishes what the one before gave it. A
 * loop that did not see its drain yet may still hand in a request, which a stopped part refuses: so
 * nothing is freed before the loops have ended. */
void server_stop(struct server *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->loop_count; i++)
        loop_drain(s->loops[i]);
    workers_stop(s->workers);
    committer_stop(s->committer);
    for (size_t i = 0; i < s->loop_count; i++)
        loop_stop(s->loops[i]);
    if (s->port)
        unlink(s->settings->socket);
    if (s->port && s->settings->courier_socket[0])
        unlink(s->settings->courier_socket);
    workers_free(s->workers);
    committer_free(s->committer);
    tls_free(s->tls);
    note_free(s->bank.note);
    metrics_free(s->bank.metrics);
    followers_free(s->bank.followers);
    new_root_free(s->bank.new_root);
    payee_check_free(s->bank.payee_check);
    core_close(s->bank.core);
    store_close(s->store);
    free(s);
}
