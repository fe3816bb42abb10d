/* SPDX-License-Identifier: Apache-2.0
 * The pinentry program: started, waited for, ended. What it says, the helper hears. */
#include "token/remote/inner.h"

#include "base/log.h"
#include "base/text.h"
#include "token/remote.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define GOODBYE_MS 2000
#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define ABOUT_MAX 512

extern char **environ;

/* Ctrl-C is for the program in front, which says that it was cancelled. */
static const int terminal_signals[] = {SIGINT, SIGQUIT, SIGTSTP};
/* These end this program, once the other one is gone and the terminal as it was. */
static const int ending_signals[] = {SIGTERM, SIGHUP};

struct shown {
    pid_t pid;
    int tty; /* -1: none */
    struct termios before;
    bool catches; /* the signals, whose ACTIONS and ENDINGS were */
    struct sigaction actions[COUNT(terminal_signals)], endings[COUNT(ending_signals)];
};

static volatile sig_atomic_t ended_by;       /* one of these that came, or 0 */
static volatile sig_atomic_t spoken_to = -1; /* the socket to it */

/* Who talks there hears no more, so that nobody waits for a person. */
static void on_end(int number)
{
    ended_by = number;
    (void)shutdown(spoken_to, SHUT_RDWR);
}

/* One that was ignored still is. */
static void catch_signals(struct shown *s)
{
    static const struct sigaction ignore = {.sa_handler = SIG_IGN}, end = {.sa_handler = on_end};

    ended_by = 0;
    for (size_t i = 0; i < COUNT(terminal_signals); i++)
        sigaction(terminal_signals[i], &ignore, &s->actions[i]);
    for (size_t i = 0; i < COUNT(ending_signals); i++) {
        sigaction(ending_signals[i], NULL, &s->endings[i]);
        if (s->endings[i].sa_handler != SIG_IGN)
            sigaction(ending_signals[i], &end, NULL);
    }
    s->catches = true;
}

static void release_signals(const struct shown *s)
{
    if (!s->catches)
        return;
    for (size_t i = 0; i < COUNT(terminal_signals); i++)
        sigaction(terminal_signals[i], &s->actions[i], NULL);
    for (size_t i = 0; i < COUNT(ending_signals); i++)
        sigaction(ending_signals[i], &s->endings[i], NULL);
    if (ended_by)
        (void)raise(ended_by);
}

static int spawn(const char *program, int socket, pid_t *pid)
{
    const char *type = getenv("TERM"), *locale = getenv("LC_ALL");
    locale = locale && locale[0] ? locale : getenv("LC_CTYPE");
    locale = locale && locale[0] ? locale : getenv("LANG");
    const char *const words[] = {program,
                                 "--ttyname",
                                 "/dev/tty",
                                 "--ttytype",
                                 type && type[0] ? type : "dumb",
                                 "--lc-ctype",
                                 locale && locale[0] ? locale : "C",
                                 NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t own;

    sigemptyset(&own);
    for (size_t i = 0; i < COUNT(terminal_signals); i++)
        sigaddset(&own, terminal_signals[i]);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, socket, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, socket, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigdefault(&attr, &own);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    int failure =
        posix_spawnp(pid, program, &files, &attr, (char *const *)(uintptr_t)words, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return failure;
}

static void stop_talking(int socket)
{
    spoken_to = -1;
    if (socket >= 0)
        close(socket);
}

/* *SOCKET: where to talk to it. */
static enum err show(const char *program, struct shown *s, int *socket)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return log_fail(ERR_IO, "token.pinentry", "%s", strerror(errno));
    s->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (s->tty >= 0 && tcgetattr(s->tty, &s->before) != 0) {
        close(s->tty);
        s->tty = -1;
    }
    spoken_to = ends[0];
    catch_signals(s);
    int failure = spawn(program, ends[1], &s->pid);
    close(ends[1]);
    if (failure) {
        s->pid = 0;
        stop_talking(ends[0]);
        return log_fail(ERR_PIN_PINENTRY, "token.pinentry", "%s: %s", program, strerror(failure));
    }
    *socket = ends[0];
    return ERR_OK;
}

/* The program ends when it hears no more; one that does not is ended. One that is in the middle of
 * its question is told to. */
static void hide(const struct shown *s)
{
    if (s->pid && ended_by)
        (void)kill(s->pid, SIGTERM);
    if (s->pid)
        (void)process_await(s->pid, GOODBYE_MS);
    if (s->tty >= 0) {
        tcsetattr(s->tty, TCSAFLUSH, &s->before);
        close(s->tty);
    }
    release_signals(s);
}

/* A token's own words move nobody's cursor. */
static enum err add_tame(struct buf *out, const char *text)
{
    return text ? text_tame_add(out, text, strlen(text)) : ERR_OK;
}

static void put_tame(struct call *c, const char *const *lines, size_t count)
{
    struct buf text = BUF_INIT(ABOUT_MAX);
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < count && lines[i]; i++) {
        if (i)
            e = buf_add_byte(&text, '\n');
        if (!e)
            e = add_tame(&text, lines[i]);
    }
    if (e && !c->out.e)
        c->out.e = e;
    wire_put_text(&c->out, buf_str(&text));
    buf_free(&text);
}

enum err token_pin_ask(struct token_module *m, const struct token_ask *ask, struct token_pin **out)
{
    struct call c;
    struct shown shown = {.tty = -1};
    int socket = -1;

    enum err e = pin_begin(m, &c, WIRE_PIN_ASK, out);
    if (e)
        return e;
    put_tame(&c, ask->lines, TOKEN_ASK_LINES);
    put_tame(&c, &ask->prompt, 1);
    put_tame(&c, &ask->wrong, 1);
    wire_put(&c.out, call_person_s() * 4 / 5, 2);
    e = show(ask->program, &shown, &socket);
    if (!e)
        e = call_run(&c, socket);
    stop_talking(socket);
    e = pin_end(&c, e, out);
    hide(&shown);
    return e;
}
