/* SPDX-License-Identifier: Apache-2.0
 * A helper that stays, and those who come to it. */
#include "token/remote/inner.h"

#include "base/clock.h"
#include "base/log.h"
#include "token/remote.h"
#include "token/serve.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define END_US INT64_C(5000000)

enum err token_keep(struct token *t, const struct token_keep *keep)
{
    struct call c;
    int fd = -1;

    enum err e = serve_listen(keep->path, &fd);
    if (e)
        return e;
    call_begin(&c, t->module, t->generation, WIRE_KEEP);
    wire_put(&c.out, t->number, 4);
    wire_put(&c.out, keep->seconds, 4);
    wire_put(&c.out, keep->idle_seconds, 4);
    wire_put(&c.out, call_person_s(), 4);
    wire_put(&c.out, keep->detached, 1);
    wire_put_text(&c.out, keep->path);
    e = call_end(&c, call_run(&c, fd));
    close(fd);
    if (e)
        (void)unlink(keep->path);
    else
        module_leave(t->module);
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

static enum err end_by_force(pid_t helper, const char *path)
{
    if (helper <= 0 || kill(helper, SIGKILL) != 0)
        return ERR_TIMEOUT;
    (void)unlink(path);
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
    if (serve_peer_is_own(fd))
        e = serve_call(fd, WIRE_END, NULL, 0, clock_mono_us() + END_US, &nothing);
    else
        e = ERR_UNAVAILABLE;
    if (e == ERR_TIMEOUT) /* its module hangs, and the PIN is there */
        e = end_by_force(serve_peer(fd), path);
    close(fd);
    buf_free(&nothing);
    return e;
}
