/* SPDX-License-Identifier: Apache-2.0
 * What helpers and their modules write to standard error. It never gets to a terminal as it is: a
 * module would paint there what it likes before somebody is asked for a PIN. */
#include "token/remote/inner.h"

#include "base/clock.h"
#include "base/log.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SAID_MAX 512  /* bytes of a line; the rest is another one */
#define LINES_MAX 256 /* shown at once: more than a pipe holds, unless somebody goes on writing */
#define SHOW_US INT64_C(500000)

static struct {
    pthread_mutex_t lock; /* of what follows, for moments: nobody who has it writes or waits */
    int ends[2];
    char bytes[SAID_MAX], line[SAID_MAX + 1];
    size_t at, have; /* of BYTES: where LINE goes on, and the end */
    size_t len;
} said = {.lock = PTHREAD_MUTEX_INITIALIZER, .ends = {-1, -1}};

/* Under the lock. False: there is nothing now. */
static bool refill(void)
{
    ssize_t n = said.ends[0] >= 0 ? read(said.ends[0], said.bytes, sizeof said.bytes) : 0;

    said.at = 0;
    said.have = n > 0 ? (size_t)n : 0;
    return said.have > 0;
}

/* The next line, which may be empty; LAST: also one without an end. False: there is none now. */
static bool next_line(bool last, char out[static SAID_MAX + 1])
{
    bool whole = false;

    pthread_mutex_lock(&said.lock);
    while (!whole && (said.at < said.have || refill())) {
        char c = said.bytes[said.at++];
        if (c != '\n')
            said.line[said.len++] = c ? c : '?';
        whole = c == '\n' || said.len == SAID_MAX;
    }
    whole = whole || (last && said.len);
    if (whole) {
        memcpy(out, said.line, said.len);
        out[said.len] = '\0';
        said.len = 0;
    }
    pthread_mutex_unlock(&said.lock);
    return whole;
}

/* The log shows no control character as it is. Who goes on writing is not listened to for ever. */
void said_show(bool last)
{
    const int64_t until_us = clock_mono_us() + SHOW_US;
    char line[SAID_MAX + 1];

    for (unsigned i = 0; i < LINES_MAX && clock_mono_us() < until_us && next_line(last, line); i++)
        if (line[0])
            log_event(LOG_DEBUG, "helper.says", "%s", line);
}

static void *listen_on(void *arg)
{
    struct pollfd one = {.fd = said.ends[0], .events = POLLIN};

    for (;;)
        if (poll(&one, 1, -1) > 0)
            said_show(false);
    return arg;
}

/* Neither end waits: whoever writes more than is read loses it. */
static void begin(void)
{
    sigset_t all, before;
    pthread_t thread;

    pthread_mutex_lock(&said.lock);
    bool made = pipe2(said.ends, O_CLOEXEC | O_NONBLOCK) == 0;
    pthread_mutex_unlock(&said.lock);
    if (!made)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* they are for the threads that know what to do */
    if (pthread_create(&thread, NULL, listen_on, NULL) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int said_end(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (log_least() < LOG_DEBUG)
        return -1;
    pthread_once(&once, begin);
    return said.ends[1];
}
