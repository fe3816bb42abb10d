/* SPDX-License-Identifier: Apache-2.0
 *
 * bankd: the bank's daemon (bankd(8)). Starts the server, says READY, waits for
 * SIGTERM, and reads its settings again on SIGHUP.
 */
#include "bankd/server/heap.h"
#include "bankd/server/server.h"
#include "bankd/server/settings.h"
#include "base/args.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "order/json.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#define RENEW_SECONDS ((time_t)20 * 24 * 3600)
#define RENEW_AGAIN_SECONDS                                                                        \
    ((time_t)3600) /* after a failure; the certificate holds ten days more */

struct options {
    const char *config;
    bool check_config;
    char **argv; /* to run again with */
};

/* SIGTERM, SIGINT and SIGHUP are waited for; every thread that starts later has them blocked. A
 * client that went away and a file that may not grow are errors of a call, not the end. */
static enum err set_signals(sigset_t *awaited)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigemptyset(awaited);
    sigaddset(awaited, SIGTERM);
    sigaddset(awaited, SIGINT);
    sigaddset(awaited, SIGHUP);
    bool done = sigaction(SIGPIPE, &ignore, NULL) == 0 && sigaction(SIGXFSZ, &ignore, NULL) == 0 &&
                sigprocmask(SIG_BLOCK, awaited, NULL) == 0;
    return done ? ERR_OK : ERR_INTERNAL;
}

static enum err say_ready(const struct settings *settings, const struct server *server)
{
    struct buf line = {0};
    struct js *o = NULL;
    enum err e = js_object_new(&o);

    if (!e)
        e = js_set_text(o, "bank", settings->bank);
    if (!e && server_metrics_port(server))
        e = js_set_int(o, "metricsPort", server_metrics_port(server));
    if (!e)
        e = js_set_text(o, "pin", server_pin(server));
    if (!e)
        e = js_set_int(o, "port", server_port(server));
    if (!e)
        e = js_set_text(o, "socket", settings->socket);
    if (!e)
        e = js_canon(o, &line);
    if (!e)
        e = args_say("READY %s\n", buf_str(&line));
    js_free(o);
    buf_free(&line);
    return e;
}

/* --- while it serves ---------------------------------------------------------------------------*/

struct running {
    const char *path;
    sigset_t awaited;
    struct server *server;
    struct settings start; /* the server's, as long as it lives */
    struct settings fresh; /* of the last reload */
    const struct settings *now;
};

/* All or nothing: the settings before stay in force when anything is wrong. */
static void reload(struct running *r)
{
    struct settings fresh;
    enum err e = settings_reload(r->path, r->now, &fresh);

    server_note_reload(r->server, e != ERR_OK);
    if (e) {
        log_fail(e, "bankd.reload", "refused: the settings before stay in force, all of them");
        return;
    }
    server_adopt(r->server, &fresh);
    settings_free(&r->fresh);
    r->fresh = fresh;
    r->now = &r->fresh;
    log_event(LOG_INFO, "bankd.reload", "the settings of %s are in force", r->path);
}

/* When to renew next, monotonic. */
static int64_t renew(struct server *server)
{
    return clock_mono_us() +
           (server_renew(server) ? RENEW_AGAIN_SECONDS : RENEW_SECONDS) * INT64_C(1000000);
}

static void serve_until_end(struct running *r)
{
    int64_t renew_us = clock_mono_us() + RENEW_SECONDS * INT64_C(1000000);

    for (;;) {
        int64_t left_us = renew_us - clock_mono_us();
        const struct timespec wait = {.tv_sec = left_us > 0 ? left_us / 1000000 : 0};
        int caught = sigtimedwait(&r->awaited, NULL, &wait);
        if (caught == SIGHUP)
            reload(r);
        else if (caught > 0)
            return;
        else if (errno == EAGAIN && clock_mono_us() + 1000000 > renew_us)
            renew_us = renew(r->server);
    }
}

static enum err serve(struct running *r)
{
    enum err e = secret_harden_process();

    if (!e)
        e = server_start(&r->start, &r->server);
    if (e)
        return e;
    e = say_ready(&r->start, r->server);
    if (!e) {
        log_event(LOG_INFO, "bankd.ready", "bank=%s port=%u", r->start.bank,
                  server_port(r->server));
        serve_until_end(r);
        log_event(LOG_INFO, "bankd.stop", "finishing what was taken");
    }
    server_stop(r->server);
    settings_free(&r->fresh);
    return e;
}

static enum err run_with(const struct options *o)
{
    struct running r = {.path = o->config, .now = &r.start};

    enum err e = set_signals(&r.awaited); /* first: what comes while it starts is done later */
    if (!e && !o->check_config)
        heap_prefer_huge_pages(o->argv);
    if (!e)
        e = settings_load(o->config, &r.start);
    if (!e && !o->check_config)
        e = serve(&r);
    else if (!e)
        e = args_say("%s is right\n", o->config);
    settings_free(&r.start);
    return e;
}

static enum err run(void *ctx, const struct args_list *words)
{
    const struct options *o = ctx;

    (void)words;
    log_init("bankd", LOG_INFO);
    return run_with(o);
}

int main(int argc, char **argv)
{
    struct options o = {.argv = argv};
    const struct args_option table[] = {
        {"config", 0, ARGS_MUST, "FILE", "the settings; see bankd(8)", &o.config},
        {"check-config", 0, ARGS_FLAG, NULL,
         "only read the settings: say that they are right, or what to mend", &o.check_config},
    };
    const struct args_command command = {
        .name = "",
        .arguments = "",
        .summary = "take signed decisions over HTTPS, execute each payment once, keep the log",
        .example = "bankd --config /etc/countersign/bankd.conf",
        .options = table,
        .option_count = sizeof table / sizeof table[0],
        .run = run,
    };
    const struct args_program program = {
        .name = "bankd",
        .summary = "the bank's daemon",
        .commands = &command,
        .command_count = 1,
        .epilogue =
            "It needs a running bankd-keeper. When it serves it prints one line to standard\n"
            "output: READY and a JSON object with port, socket, pin and bank.",
    };

    return args_run(&program, &o, argc, argv);
}
