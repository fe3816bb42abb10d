/* SPDX-License-Identifier: Apache-2.0
 * What helpers and their modules write to standard error. It never gets to a terminal as it is: a
 * module would paint there what it likes before somebody is asked for a PIN. */
#include "token/remote/inner.h"

#include "base/log.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define SAID_MAX 512 /* bytes of a line; the rest is another one */

static struct {
    pthread_mutex_t lock;
    int ends[2];
    char line[SAID_MAX + 1];
    size_t len;
} said = {.lock = PTHREAD_MUTEX_INITIALIZER, .ends = {-1, -1}};

/* Under the lock. The log shows no control character as it is. */
static void end_line(void)
{
    said.line[said.len] = '\0';
    if (said.len)
        log_event(LOG_DEBUG, "helper.says", "%s", said.line);
    said.len = 0;
}

void said_show(bool last)
{
    char bytes[SAID_MAX];
    ssize_t n;

    pthread_mutex_lock(&said.lock);
    while (said.ends[0] >= 0 && (n = read(said.ends[0], bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] == '\n' || said.len == SAID_MAX)
                end_line();
            if (bytes[i] != '\n')
                said.line[said.len++] = bytes[i] ? bytes[i] : '?';
        }
    if (last)
        end_line();
    pthread_mutex_unlock(&said.lock);
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
