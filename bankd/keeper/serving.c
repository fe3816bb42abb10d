/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/keeper/serving.h"

#include "bankd/keeper/hsm.h"
#include "bankd/keeper/keeper.h"
#include "bankd/keeper/state.h"
#include "base/args.h"
#include "base/log.h"
#include "order/json.h"
#include "token/serve.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* For the signal handler alone; everybody else is handed the descriptor. */
static volatile sig_atomic_t stop_fd = -1;

static void stop(int number)
{
    static const uint64_t one = 1;
    int saved = errno;

    (void)number;
    if (write(stop_fd, &one, sizeof one) < 0)
        errno = saved; /* full: it is readable already */
    errno = saved;
}

static enum err catch_signals(int *out)
{
    struct sigaction ending = {.sa_handler = stop}, ignored = {.sa_handler = SIG_IGN};

    *out = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (*out < 0)
        return log_fail(ERR_IO, "keeper.signals", "%s", strerror(errno));
    stop_fd = *out;
    if (sigaction(SIGTERM, &ending, NULL) != 0 || sigaction(SIGINT, &ending, NULL) != 0 ||
        sigaction(SIGPIPE, &ignored, NULL) != 0)
        return log_fail(ERR_INTERNAL, "keeper.signals", "%s", strerror(errno));
    return ERR_OK;
}

static enum err ready_json(const struct settings *s, const struct keeper *k, struct buf *out)
{
    struct js *line = NULL;

    enum err e = js_object_new(&line);
    if (!e)
        e = js_set_text(line, "bank", s->bank);
    if (!e)
        e = js_set_text(line, "log", keeper_log_key(k));
    if (!e)
        e = js_set_text(line, "pin", keeper_pin(k));
    if (!e)
        e = js_set_int(line, "size", (int64_t)keeper_size(k));
    if (!e)
        e = js_set_text(line, "socket", s->socket);
    if (!e)
        e = js_canon(line, out);
    js_free(line);
    return e;
}

static enum err say_ready(const struct settings *s, const struct keeper *k)
{
    struct buf line = {0};

    enum err e = ready_json(s, k, &line);
    if (!e && args_say("READY %s\n", buf_str(&line)))
        e = log_fail(ERR_IO, "keeper.ready", "standard output: %s", strerror(errno));
    buf_free(&line);
    return e;
}

/* The socket has mode 0600 (serve.h), so its owner and root may connect, and nobody else. */
static enum err hand_over(const struct settings *s)
{
    if (s->peer_uid == SETTINGS_NO_PEER || s->peer_uid == (uint64_t)geteuid())
        return ERR_OK;
    /* Not chown: where the peer may write to the directory, the path may be his link by now. */
    if (lchown(s->socket, (uid_t)s->peer_uid, (gid_t)-1) == 0)
        return ERR_OK;
    return log_fail(ERR_IO, "keeper.socket", "%s cannot be given to peer_uid: %s", s->socket,
                    strerror(errno));
}

static enum err answer(const struct settings *s, struct keeper *k, int stopped)
{
    size_t count;
    const struct serve_handler *handlers = keeper_handlers(&count);
    int listener;

    enum err e = serve_listen(s->socket, &listener);
    if (e)
        return e;
    e = hand_over(s);
    if (!e)
        e = say_ready(s, k);
    if (!e)
        e = serve_loop(listener, handlers, count, k, stopped);
    unlink(s->socket); /* first: after the close the path may be another's */
    close(listener);
    return !e && keeper_unusable(k) ? ERR_TOKEN_MODULE : e;
}

enum err serving_run(const struct settings *settings, int pin_fd)
{
    const struct hsm_options token = {settings->module, settings->token, pin_fd};
    struct keeper_options options = {.bank = settings->bank,
                                     .state_dir = settings->state,
                                     .admissions = (unsigned)settings->admissions,
                                     .person_days = (int)settings->person_days,
                                     .stop_fd = -1};
    struct keeper *keeper = NULL;
    int lock = -1;

    enum err e = state_lock(settings->state, &lock);
    if (!e)
        e = hsm_open(&token, &options.hsm);
    if (!e) /* not before: who is asked for the PIN may end the program by a signal */
        e = catch_signals(&options.stop_fd);
    if (!e)
        e = keeper_open(&options, &keeper);
    if (!e)
        e = answer(settings, keeper, options.stop_fd);
    keeper_close(keeper);
    hsm_close(options.hsm);
    if (lock >= 0)
        close(lock);
    return e; /* the eventfd stays: a signal may still come */
}
