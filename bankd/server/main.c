/* SPDX-License-Identifier: Apache-2.0
 *
 * bankd: the bank's daemon (bankd(8)). Starts the server, says READY, waits for SIGTERM.
 */
#include "bankd/server/server.h"
#include "bankd/server/settings.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/secret.h"
#include "order/json.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#define RENEW_SECONDS ((time_t)20 * 24 * 3600)
#define RENEW_AGAIN_SECONDS                                                                        \
    ((time_t)3600) /* after a failure; the certificate holds ten days more */

static const char help[] =
    "usage: bankd --config FILE [--check-config]\n"
    "\n"
    "The bank's daemon: takes signed decisions over HTTPS, executes each payment once, and keeps\n"
    "the log. It needs a running bankd-keeper. When it serves it prints one line to standard\n"
    "output: READY and a JSON object with port, socket, pin and bank.\n"
    "\n"
    "  --config FILE    the settings, see bankd(8)\n"
    "  --check-config   only read them: say that they are right, or what to mend\n"
    "  --help, --version\n"
    "\n"
    "Example: bankd --config /etc/countersign/bankd.conf\n";

struct arguments {
    const char *config;
    bool check_config;
};

/* EXIT_USAGE and a message, or -1 to go on, or EXIT_DONE when there is nothing more to do. */
static int read_arguments(int argc, char **argv, struct arguments *out)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, 'k'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };

    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case 'c':
            out->config = optarg;
            break;
        case 'k':
            out->check_config = true;
            break;
        case 'h':
            fputs(help, stdout);
            return EXIT_DONE;
        case 'v':
            puts("bankd " COUNTERSIGN_VERSION);
            return EXIT_DONE;
        default:
            fputs("Try bankd --help\n", stderr);
            return EXIT_USAGE;
        }
    }
    if (out->config && optind == argc)
        return -1;
    fputs("bankd: --config FILE is needed, and nothing else\nTry bankd --help\n", stderr);
    return EXIT_USAGE;
}

/* SIGTERM and SIGINT are waited for; every thread that starts later has them blocked. A client that
 * went away and a file that may not grow are errors of a call, not the end. */
static enum err set_signals(sigset_t *stop)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigemptyset(stop);
    sigaddset(stop, SIGTERM);
    sigaddset(stop, SIGINT);
    bool done = sigaction(SIGPIPE, &ignore, NULL) == 0 && sigaction(SIGXFSZ, &ignore, NULL) == 0 &&
                sigprocmask(SIG_BLOCK, stop, NULL) == 0;
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
    if (!e && (printf("READY %s\n", buf_str(&line)) < 0 || fflush(stdout) != 0))
        e = ERR_IO;
    js_free(o);
    buf_free(&line);
    return e;
}

static void serve_until(const sigset_t *stop, struct server *server)
{
    struct timespec wait = {.tv_sec = RENEW_SECONDS};

    for (;;) {
        if (sigtimedwait(stop, NULL, &wait) > 0)
            return;
        if (errno == EAGAIN)
            wait.tv_sec = server_renew(server) ? RENEW_AGAIN_SECONDS : RENEW_SECONDS;
    }
}

static enum err run(const struct settings *settings)
{
    struct server *server = NULL;
    sigset_t stop;

    enum err e = set_signals(&stop);
    if (!e)
        e = secret_harden_process();
    if (!e)
        e = server_start(settings, &server);
    if (e)
        return e;
    e = say_ready(settings, server);
    if (!e) {
        log_event(LOG_INFO, "bankd.ready", "bank=%s port=%u", settings->bank, server_port(server));
        serve_until(&stop, server);
        log_event(LOG_INFO, "bankd.stop", "finishing what was taken");
    }
    server_stop(server);
    return e;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.config = NULL};
    struct settings settings;

    int code = read_arguments(argc, argv, &arguments);
    if (code >= 0)
        return code;
    log_init("bankd", LOG_INFO);
    enum err e = settings_load(arguments.config, &settings);
    if (!e && !arguments.check_config)
        e = run(&settings);
    else if (!e && (printf("%s is right\n", arguments.config) < 0 || fflush(stdout) != 0))
        e = ERR_IO;
    if (e && arguments.check_config)
        fprintf(stderr, "bankd: %s: %s %s\n", err_name(e), err_info(e)->cause, err_info(e)->remedy);
    settings_free(&settings);
    return err_info(e)->exit;
}
