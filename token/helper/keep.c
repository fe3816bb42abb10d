/* SPDX-License-Identifier: Apache-2.0 */
#include "token/helper/keep.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "token/inner.h"
#include "token/wire.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)
#define LOOK_MS 500
#define MARGIN_S 5
#define GOODBYE_S 5
#define STATUS_MAX 8192

static struct {
    struct token *token;
    uint32_t number;
    uint64_t generation; /* of the login that is kept */
    int listen_fd, stop_fd, leader;
    struct keep_terms terms;
    struct stat socket; /* the file at its path */
    const struct serve_handler *table;
    size_t count;
    void *ctx;
    int64_t until_us; /* as the last use by the clock that goes on while the machine sleeps */
    _Atomic int64_t used_us;
    _Atomic int64_t
        back_us; /* from the module, the last time; by the clock that sleeps as it does */
    atomic_bool running, in_use, left;
    enum err why; /* it ends, unless it was told to; the first counts */
} kept;

uint32_t keep_token(void)
{
    return kept.number;
}

uint64_t keep_left_s(void)
{
    int64_t left_us = kept.until_us - clock_boot_us();

    return left_us > 0 ? (uint64_t)(left_us / SECOND_US) + 1 : 0;
}

/* Whether its socket still is what others find: another may have taken the place. */
static bool is_found(void)
{
    struct stat now;

    return lstat(kept.terms.path, &now) == 0 && now.st_dev == kept.socket.st_dev &&
           now.st_ino == kept.socket.st_ino;
}

/* Whoever gets no answer any more, or that one, finds the reason. */
static void leave_word(enum err why)
{
    char path[sizeof kept.terms.path + sizeof WIRE_WHY];
    const char *name = err_name(why);

    (void)snprintf(path, sizeof path, "%s" WIRE_WHY, kept.terms.path);
    if (file_write(path, name, strlen(name), 0600))
        log_event(LOG_INFO, "helper.keep", "nobody will hear that it was %s", name);
}

void keep_end(enum err why)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&lock); /* who comes second, and says that it is over, finds it written */
    if (why && !kept.why) {
        kept.why = why;
        if (is_found())
            leave_word(why);
    }
    pthread_mutex_unlock(&lock);
    (void)eventfd_write(kept.stop_fd, 1);
}

static bool hung_up(void)
{
    struct pollfd leader = {.fd = kept.leader, .events = POLLIN};

    return kept.terms.leader && (kept.leader < 0 || poll(&leader, 1, 0) > 0);
}

/* Why it is over, by what can be known without a word to the module; ERR_OK: it goes on. */
static enum err spent(int64_t now_us)
{
    if (now_us >= kept.until_us)
        return ERR_KEPT_OVER;
    if (now_us - kept.used_us >= (int64_t)kept.terms.idle_seconds * SECOND_US)
        return ERR_KEPT_IDLE;
    return hung_up() ? ERR_KEPT_HANGUP : ERR_OK;
}

enum err keep_use_begins(void)
{
    enum err why = spent(clock_boot_us());

    if (why) { /* before the watcher saw it */
        keep_end(why);
        return ERR_TOKEN_REMOVED;
    }
    kept.in_use = true;
    return ERR_OK;
}

enum err keep_use_ends(enum err e)
{
    if (e == ERR_TOKEN_REMOVED || e == ERR_TOKEN_NOT_FOUND)
        keep_end(ERR_TOKEN_REMOVED); /* before it is back */
    kept.used_us = clock_boot_us();
    kept.back_us = clock_mono_us();
    kept.in_use = false;
    return e;
}

/* Whether it is there, by what its reader says: a card that was just pulled is not spoken to, since
 * OpenSC then waits for ever. A token that came back was another's meanwhile; its login is none
 * that anybody asked for here. */
static bool is_there(void)
{
    struct token *t = kept.token;
    CK_SLOT_INFO slot = {0};

    pthread_rwlock_rdlock(&t->module->lock);
    bool there = t->generation == kept.generation && token_session_attached(t) &&
                 t->module->f->C_GetSlotInfo(t->slot, &slot) == CKR_OK &&
                 (slot.flags & CKF_TOKEN_PRESENT) != 0;
    pthread_rwlock_unlock(&t->module->lock);
    return there;
}

enum err keep_info(struct token_info *out)
{
    *out = kept.token->info;
    enum err why = spent(clock_boot_us());
    if (!why && !is_there())
        why = ERR_TOKEN_REMOVED;
    kept.back_us = clock_mono_us();
    if (!why)
        return ERR_OK;
    keep_end(why);
    return ERR_TOKEN_REMOVED;
}

/* --- when it is over --- */

static void remove_socket(void)
{
    if (is_found())
        (void)unlink(kept.terms.path);
}

/* Whatever the module does now, the process and with it the PIN are gone soon. */
static void leave(void)
{
    (void)alarm(GOODBYE_S);
    remove_socket();
    token_close(kept.token);
    _exit(EXIT_DONE);
}

/* How many filters of system calls a process is under; more than any has where nobody says. */
static unsigned long filters_of(pid_t pid)
{
    static const char name[] = "\nSeccomp_filters:";
    struct buf status = BUF_INIT(STATUS_MAX);
    char path[32];

    (void)snprintf(path, sizeof path, "/proc/%d/status", pid);
    enum err e = file_read(path, STATUS_MAX, &status);
    const char *at = e ? NULL : strstr(buf_str(&status), name);
    unsigned long count = at ? strtoul(at + sizeof name - 1, NULL, 10) : ULONG_MAX;
    buf_free(&status);
    return count;
}

/* Who is shut in as this process is has somebody's module in it, and no person behind it; but for
 * this one, which looks how its token is. */
static bool is_welcome(pid_t peer)
{
    return peer == getpid() || filters_of(peer) < filters_of(getpid());
}

/* Asked as others ask, by the one thread that calls the module: OpenSC leaves a lock with the
 * thread that met a card's end. How long that may take, watch() says. */
static bool token_left(void)
{
    struct buf answer = BUF_INIT(SERVE_MESSAGE_MAX);
    int fd = -1;

    enum err e = serve_connect(kept.terms.path, &fd);
    if (e)
        return true;
    e = serve_call(fd, WIRE_JOIN, NULL, 0, clock_mono_us() + KEEP_MAX_S * SECOND_US, &answer);
    buf_free(&answer);
    close(fd);
    return e != ERR_OK;
}

static void *look(void *arg)
{
    (void)arg;
    while (!token_left())
        (void)poll(NULL, 0, LOOK_MS);
    kept.left = true;
    return NULL;
}

/* For longer than anybody waits for an answer. */
static bool hangs(void)
{
    return clock_mono_us() - kept.back_us >
           (int64_t)(kept.terms.patience_seconds + MARGIN_S) * SECOND_US;
}

/* A use that goes on may come to its end, but the time's end is not far from its own. */
static bool is_over(void)
{
    int64_t now_us = clock_boot_us();

    if (hangs())
        return true;
    if (kept.in_use)
        return now_us >= kept.until_us + GOODBYE_S * SECOND_US;
    return spent(now_us) || !is_found() || kept.left;
}

/* It calls nothing that may hang. */
static void *watch(void *arg)
{
    (void)arg;
    while (!is_over())
        (void)poll(NULL, 0, LOOK_MS);
    keep_end(hangs() ? ERR_TOKEN_HANGS : spent(clock_boot_us()));
    if (!hangs())
        (void)poll(NULL, 0, GOODBYE_S * 1000); /* for a loop that does not come to its end */
    remove_socket();
    _exit(EXIT_DONE);
}

static void *answer_all(void *arg)
{
    (void)arg;
    if (serve_loop_own(kept.listen_fd, kept.table, kept.count, kept.ctx, kept.stop_fd, is_welcome))
        log_event(LOG_WARN, "helper.keep", "it ended by itself");
    leave();
    return NULL;
}

/* --- how it begins --- */

/* Nobody reads what it logs, and it holds no directory of others. */
static void settle(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (nowhere >= 0) {
        (void)dup2(nowhere, STDERR_FILENO);
        close(nowhere);
    }
    (void)!chdir("/");
}

enum err keep_begin(struct token *t, uint32_t number, int listen_fd, const struct keep_terms *terms,
                    const struct serve_handler *table, size_t count, void *ctx)
{
    pthread_t answers, looker, watcher;

    if (kept.running || !t->logged_in)
        return ERR_USAGE;
    kept.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* Listens anew: who connects is to see this process, not the one that made the socket. */
    if (kept.stop_fd < 0 || listen(listen_fd, SERVE_CONNECTIONS_MAX) != 0)
        return ERR_NO_MEMORY;
    if (lstat(terms->path, &kept.socket) != 0)
        return ERR_IO;
    kept.token = t;
    kept.number = number;
    kept.generation = t->generation;
    kept.listen_fd = listen_fd;
    kept.terms = *terms;
    kept.table = table;
    kept.count = count;
    kept.ctx = ctx;
    kept.used_us = clock_boot_us();
    kept.back_us = clock_mono_us();
    kept.until_us = kept.used_us + (int64_t)terms->seconds * SECOND_US;
    kept.leader = terms->leader ? pidfd_open(terms->leader, 0) : -1;
    settle();
    kept.running = pthread_create(&answers, NULL, answer_all, NULL) == 0;
    if (!kept.running)
        return ERR_NO_MEMORY;
    if (pthread_create(&looker, NULL, look, NULL) != 0 ||
        pthread_create(&watcher, NULL, watch, NULL) != 0)
        leave();
    return ERR_OK;
}

void keep_await_end(void)
{
    while (kept.running)
        (void)poll(NULL, 0, -1);
}
