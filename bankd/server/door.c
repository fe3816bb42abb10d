/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/door.h"
#include "base/log.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEPS 4 /* connections in a row, so that those who are in get their turn */

struct door {
    int fd;
    struct event *knock, *again;
    void (*welcome)(void *ctx, int client);
    void *ctx;
};

/* Without this the waiting connection would keep the thread spinning. */
static void pause_a_moment(struct door *d)
{
    const struct timeval wait = {0, 100000};

    log_event(LOG_WARN, "bankd.accept", "%s", strerror(errno));
    event_del(d->knock);
    event_add(d->again, &wait);
}

static void on_again(int fd, short what, void *arg)
{
    struct door *d = arg;

    (void)fd;
    (void)what;
    event_add(d->knock, NULL);
}

static void on_knock(int fd, short what, void *arg)
{
    struct door *d = arg;

    (void)what;
    for (int i = 0; i < STEPS; i++) {
        int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) {
            d->welcome(d->ctx, client);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO) {
            pause_a_moment(d);
            return;
        }
    }
}

enum err door_open(struct event_base *base, int fd, void (*welcome)(void *ctx, int client),
                   void *ctx, struct door **out)
{
    struct door *d = calloc(1, sizeof *d);

    *out = NULL;
    if (!d) {
        close(fd);
        return ERR_NO_MEMORY;
    }
    d->fd = fd;
    d->welcome = welcome;
    d->ctx = ctx;
    d->knock = event_new(base, fd, EV_READ | EV_PERSIST, on_knock, d);
    d->again = evtimer_new(base, on_again, d);
    if (!d->knock || !d->again || event_add(d->knock, NULL) != 0) {
        door_close(d);
        return ERR_NO_MEMORY;
    }
    *out = d;
    return ERR_OK;
}

void door_close(struct door *d)
{
    if (!d)
        return;
    if (d->knock)
        event_free(d->knock);
    if (d->again)
        event_free(d->again);
    close(d->fd);
    free(d);
}
