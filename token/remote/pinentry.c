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
#define STOP_TRIES 100
#define STOP_ASKED 50 /* after so many of them it is told to */
#define STOP_TRY_MS 10
#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define ABOUT_MAX 512

extern char **environ;

static void on_end(int number), on_stop(int number), on_continue(int number);

/* What becomes of signals meanwhile; one that was ignored still is. */
static const struct {
    int number;
    void (*then)(int number);
} signals[] = {
    /* Ctrl-C is for the program in front, which says that it was cancelled. */
    {SIGINT, SIG_IGN},
    {SIGQUIT, SIG_IGN},
    /* These end this program, once the other one is gone and the terminal as it was. */
    {SIGTERM, on_end},
    {SIGHUP, on_end},
    /* Ctrl-Z stops both, and the shell is told so by this one. */
    {SIGTSTP, on_stop},
    {SIGCONT, on_continue},
};

/* The one that is shown. */
static struct {
    volatile sig_atomic_t pid;      /* 0: it is not there */
    volatile sig_atomic_t socket;   /* -1: nobody talks to it */
    volatile sig_atomic_t ended_by; /* an end's signal, or 0 */
    volatile sig_atomic_t tty;      /* -1: there is none */
    struct termios ours, theirs;    /* its settings before; and the program's, when it stopped */
    volatile sig_atomic_t has_theirs;
    bool catches; /* the signals, which did BEFORE what they do otherwise */
    struct sigaction before[COUNT(signals)];
} shown = {.socket = -1, .tty = -1};

static bool in_front(void)
{
    return shown.tty >= 0 && tcgetpgrp(shown.tty) == getpgrp();
}

/* Who talks there hears no more, so that nobody waits for a person. */
static void on_end(int number)
{
    shown.ended_by = number;
    (void)shutdown(shown.socket, SHUT_RDWR);
}

/* The program may have something to put back itself. One that does not stop may go on. */
static void await_stop(void)
{
    siginfo_t what = {0};

    if (!shown.pid)
        return;
    for (int i = 0; i < STOP_TRIES && what.si_pid == 0; i++) {
        if (i == STOP_ASKED) /* it came to this one alone; two would stop curses twice */
            (void)kill(shown.pid, SIGTSTP);
        if (waitid(P_PID, (id_t)shown.pid, &what, WSTOPPED | WNOHANG | WNOWAIT) != 0 ||
            (what.si_pid == 0 && poll(NULL, 0, STOP_TRY_MS) != 0))
            break;
    }
}

/* As if nobody had caught it, but that the terminal is as it was: not every shell sees to that. */
static void on_stop(int number)
{
    static const struct sigaction stop = {.sa_handler = SIG_DFL};
    const int before = errno;
    struct sigaction own;
    sigset_t one;

    await_stop();
    shown.has_theirs =
        in_front() && tcgetattr(shown.tty, &shown.theirs) == 0 && !(shown.theirs.c_lflag & ECHO);
    if (shown.has_theirs)
        tcsetattr(shown.tty, TCSADRAIN, &shown.ours);
    sigemptyset(&one);
    sigaddset(&one, number);
    sigaction(number, &stop, &own);
    (void)raise(number);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL); /* here it stops, where there is a shell */
    pthread_sigmask(SIG_BLOCK, &one, NULL);
    sigaction(number, &own, NULL);
    on_continue(SIGCONT);
    errno = before;
}

/* What was typed before the program has the terminal as it wants it could be seen. */
static void on_continue(int number)
{
    const int before = errno;

    if (shown.has_theirs && in_front())
        shown.has_theirs = tcsetattr(shown.tty, TCSAFLUSH, &shown.theirs) != 0;
    if (shown.pid)
        (void)kill(shown.pid, number);
    errno = before;
}

static void catch_signals(void)
{
    shown.ended_by = 0;
    shown.has_theirs = 0;
    for (size_t i = 0; i < COUNT(signals); i++) {
        struct sigaction now = {.sa_handler = signals[i].then};
        sigfillset(&now.sa_mask);
        sigaction(signals[i].number, NULL, &shown.before[i]);
        if (shown.before[i].sa_handler != SIG_IGN)
            sigaction(signals[i].number, &now, NULL);
    }
    shown.catches = true;
}

static void release_signals(void)
{
    if (!shown.catches)
        return;
    shown.catches = false;
    for (size_t i = 0; i < COUNT(signals); i++)
        sigaction(signals[i].number, &shown.before[i], NULL);
    if (shown.ended_by)
        (void)raise(shown.ended_by);
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
    for (size_t i = 0; i < COUNT(signals); i++)
        if (shown.before[i].sa_handler != SIG_IGN)
            sigaddset(&own, signals[i].number);
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

static void stop_talking(void)
{
    const int socket = shown.socket;

    shown.socket = -1;
    if (socket >= 0)
        close(socket);
}

/* The terminal, where there is one. */
static void remember_terminal(void)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    if (tty >= 0 && tcgetattr(tty, &shown.ours) != 0) {
        close(tty);
        tty = -1;
    }
    shown.tty = tty;
}

/* Then shown.socket is where to talk to it. */
static enum err show(const char *program)
{
    int ends[2];
    pid_t pid = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return log_fail(ERR_IO, "token.pinentry", "%s", strerror(errno));
    remember_terminal();
    shown.socket = ends[0];
    catch_signals();
    int failure = spawn(program, ends[1], &pid);
    close(ends[1]);
    if (failure) {
        stop_talking();
        return log_fail(ERR_PIN_PINENTRY, "token.pinentry", "%s: %s", program, strerror(failure));
    }
    shown.pid = pid;
    return ERR_OK;
}

/* The program ends when it hears no more; one that does not is ended. One that is in the middle of
 * its question is told to. */
static void hide(void)
{
    const pid_t pid = shown.pid;
    const int tty = shown.tty;

    shown.pid = 0; /* no handler speaks to what may be gone */
    if (pid && shown.ended_by)
        (void)kill(pid, SIGTERM);
    if (pid)
        (void)process_await(pid, GOODBYE_MS);
    if (in_front()) /* in the background it is another's, and stops this */
        tcsetattr(tty, TCSAFLUSH, &shown.ours);
    shown.tty = -1;
    if (tty >= 0)
        close(tty);
    release_signals();
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

    enum err e = pin_begin(m, &c, WIRE_PIN_ASK, out);
    if (e)
        return e;
    put_tame(&c, ask->lines, TOKEN_ASK_LINES);
    put_tame(&c, &ask->prompt, 1);
    put_tame(&c, &ask->wrong, 1);
    wire_put(&c.out, call_person_s() * 4 / 5, 2);
    e = show(ask->program);
    if (!e)
        e = call_run(&c, shown.socket);
    stop_talking();
    e = pin_end(&c, e, out);
    hide();
    return e;
}
