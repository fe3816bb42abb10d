/* SPDX-License-Identifier: Apache-2.0
 * A helper that stays, and those who come to it. */
#include "token/remote/inner.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "token/remote.h"
#include "token/serve.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define END_US INT64_C(5000000)

/* The process with whose end a terminal is gone; 0: there is none. The helper does not have it. */
static pid_t terminal_leader(void)
{
    int tty = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (tty < 0)
        return 0;
    close(tty);
    return getsid(0);
}

enum err keep_place(const char *path, int *out)
{
    int lock = -1;

    *out = -1;
    enum err e = file_lock(path, &lock);
    if (e)
        return log_fail(e, "token.keep", "%s: %s", path, strerror(errno));
    e = serve_listen(path, out);
    file_unlock(lock);
    return e;
}

enum err token_keep(struct token *t, const struct token_keep *keep)
{
    struct call c;
    int fd = -1;

    enum err e = keep_place(keep->path, &fd);
    if (e)
        return e;
    call_begin(&c, t->module, t->generation, WIRE_KEEP);
    wire_put(&c.out, t->number, 4);
    wire_put(&c.out, keep->seconds, 4);
    wire_put(&c.out, keep->idle_seconds, 4);
    wire_put(&c.out, t->keypad ? call_person_s() : call_module_s(), 4);
    wire_put(&c.out, keep->detached ? 0 : (uint64_t)terminal_leader(), 4);
    wire_put_text(&c.out, keep->path);
    e = call_end(&c, call_run(&c, fd));
    if (e)
        (void)unlink(keep->path);
    else
        module_leave(t->module);
    close(fd); /* until then nobody else has the place */
    return e;
}

static enum err join(struct token_module *m, struct token *t, unsigned *left_s)
{
    struct token_info info;
    struct call c;

    t->module = m;
    t->generation = m->generation;
    call_begin(&c, m, t->generation, WIRE_JOIN);
    enum err e = call_run(&c, -1);
    if (!e) {
        t->number = (uint32_t)wire_get(&c.in, 4, UINT32_MAX);
        wire_get_info(&c.in, &info);
        t->keypad = info.keypad;
        *left_s = (unsigned)wire_get(&c.in, 4, UINT32_MAX);
    }
    return call_end(&c, e);
}

enum err token_join(const char *path, struct token_module **m, struct token **t, unsigned *left_s)
{
    static const struct token_source none;

    *left_s = 0;
    *m = calloc(1, sizeof **m);
    *t = calloc(1, sizeof **t);
    enum err e = *m && *t ? ERR_OK : ERR_NO_MEMORY;
    if (!e) {
        module_init(*m, &none);
        e = module_join(*m, path);
        if (!e)
            e = join(*m, *t, left_s);
        if (e)
            module_end(*m);
    }
    if (e) {
        free(*m);
        free(*t);
        *m = NULL;
        *t = NULL;
    }
    return e;
}

enum err token_keep_why(const char *path)
{
    char place[256 + sizeof WIRE_WHY];
    struct buf name = BUF_INIT(64);

    (void)snprintf(place, sizeof place, "%s" WIRE_WHY, path);
    enum err e = file_read(place, name.max, &name);
    enum err why = e ? ERR_OK : err_from_name(buf_str(&name), name.len);
    if (!e)
        e = file_remove(place);
    buf_free(&name);
    return why == ERR_TOKEN_REMOVED || why == ERR_TOKEN_HANGS ? why : ERR_OK;
}

/* HELPER: its pidfd, since its number may be another's by now; or -1. */
static enum err end_by_force(int helper, const char *path)
{
    if (helper < 0)
        return ERR_TIMEOUT;
    (void)unlink(path); /* as long as nobody else can have it */
    if (pidfd_send_signal(helper, SIGKILL, NULL, 0) != 0 && errno != ESRCH)
        return ERR_TIMEOUT;
    log_event(LOG_WARN, "token.keep", "it did not answer, and was killed");
    return ERR_OK;
}

enum err token_keep_end(const char *path)
{
    struct buf nothing = BUF_INIT(0);
    int fd = -1;

    enum err e = serve_connect(path, &fd);
    if (e)
        return e;
    const pid_t pid = serve_peer(fd);
    const int helper = pid >= 0 ? pidfd_open(pid, 0) : -1;
    if (pid >= 0)
        e = serve_call(fd, WIRE_END, NULL, 0, clock_mono_us() + END_US, &nothing);
    else
        e = ERR_UNAVAILABLE;
    if (e == ERR_TIMEOUT) /* its module hangs, and the PIN is there */
        e = end_by_force(helper, path);
    if (helper >= 0)
        close(helper);
    close(fd);
    buf_free(&nothing);
    return e;
}
