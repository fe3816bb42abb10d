/* SPDX-License-Identifier: Apache-2.0 */
#include "token/pin.h"

#include "base/credential.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define TYPED_MAX 4096 /* bytes of a line, as the kernel has it */

/* What can end or stop the program while the echo is off, or says that it was stopped by what it
 * cannot catch: then whoever had the terminal meanwhile may have left the echo on. */
static const int SIGNALS[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGALRM,
                              SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};
#define SIGNAL_COUNT (sizeof SIGNALS / sizeof SIGNALS[0])
#define BIT(number) (1 << (number))

static volatile sig_atomic_t caught; /* a BIT for each: a hang-up is two of them at once */

static void on_signal(int number)
{
    caught |= BIT(number);
}

struct watch {
    struct sigaction before[SIGNAL_COUNT];
    sigset_t mask_before;
};

/* The signals stay blocked but for the moments inside ppoll, so that none falls between a look at
 * CAUGHT and the wait. */
static void watch_begin(struct watch *w)
{
    struct sigaction action = {.sa_handler = on_signal};

    caught = 0;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaddset(&action.sa_mask, SIGNALS[i]);
    pthread_sigmask(SIG_BLOCK, &action.sa_mask, &w->mask_before);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(SIGNALS[i], &action, &w->before[i]);
}

/* The earlier handlers are back when the caught signals are delivered. */
static void watch_end(const struct watch *w)
{
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(SIGNALS[i], &w->before[i], NULL);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        if (caught & BIT(SIGNALS[i]))
            raise(SIGNALS[i]);
    pthread_sigmask(SIG_SETMASK, &w->mask_before, NULL);
}

static enum err write_text(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR)
            return ERR_PIN_NO_TERMINAL;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    return ERR_OK;
}

/* A prompt has the token's own words in it, and may not move the cursor over what stands above. */
static enum err write_prompt(int fd, const char *prompt)
{
    char *tame = strdup(prompt);
    if (!tame)
        return ERR_NO_MEMORY;
    text_tame(tame);
    enum err e = write_text(fd, tame);
    free(tame);
    return e;
}

enum err pin_take_secret(void *secret, int fd)
{
    return secret_read_line(secret, fd);
}

enum err pin_take_token(void *wanted, int fd)
{
    struct pin_wanted *w = wanted;

    return token_pin_read(w->module, fd, &w->pin);
}

/* A line typed at the terminal FD goes into the pipe *LINE: who takes it from there, which may be a
 * process with somebody's driver in it, never has the terminal, and no byte of the line is in this
 * one. */
static enum err pipe_typed(int fd, int *line)
{
    int ends[2];
    ssize_t n;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return ERR_IO;
    do
        n = splice(fd, NULL, ends[1], NULL, TYPED_MAX, 0);
    while (n < 0 && errno == EINTR);
    close(ends[1]);
    if (n > 1) {
        *line = ends[0];
        return ERR_OK;
    }
    close(ends[0]);
    return ERR_PIN_CANCELLED; /* end of file, hang-up, or an empty line */
}

static enum err hand_over(int line, pin_take *take, void *ctx)
{
    enum err e = take(ctx, line);

    close(line);
    return e;
}

/* The terminal is in line mode: readable means a whole line or the end of file. A line that comes
 * together with a signal may have been typed before that was seen, with the echo on. */
static enum err wait_line(int fd, const sigset_t *mask)
{
    static const struct timespec now;
    struct pollfd one = {.fd = fd, .events = POLLIN};
    int n = 0;

    while (!caught && n == 0) {
        n = ppoll(&one, 1, NULL, mask);
        if (n > 0)
            (void)ppoll(NULL, 0, &now, mask);
        else if (errno == EINTR)
            n = 0;
    }
    return n > 0 && !caught ? ERR_OK : ERR_PIN_CANCELLED;
}

static bool in_front(int fd)
{
    return tcgetpgrp(fd) == getpgrp();
}

/* tcdrain changes nothing, but is for the front alone: in the background the kernel stops the
 * program there until somebody brings it to the front, and refuses where nobody can. */
static enum err await_front(int fd)
{
    const struct sigaction stop = {.sa_handler = SIG_DFL};
    struct sigaction before;
    sigset_t mask, mask_before;
    int n;

    if (in_front(fd))
        return ERR_OK;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTTOU);
    sigaction(SIGTTOU, &stop, &before);
    pthread_sigmask(SIG_UNBLOCK, &mask, &mask_before);
    do
        n = tcdrain(fd);
    while (n != 0 && errno == EINTR);
    pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
    sigaction(SIGTTOU, &before, NULL);
    return n == 0 ? ERR_OK : ERR_PIN_NO_TERMINAL;
}

/* A shell that had the terminal in between has it as it wants it. */
static void end_silence(int fd, const struct termios *silent, const struct termios *before)
{
    struct termios now;

    if (tcgetattr(fd, &now) == 0 && ((now.c_lflag ^ silent->c_lflag) & (ECHO | ICANON)) == 0)
        tcsetattr(fd, TCSAFLUSH, before);
}

/* With the signals caught, and the echo off meanwhile. */
static enum err ask_silently(int fd, const struct termios *before, const sigset_t *mask,
                             const char *prompt, int *line)
{
    struct termios silent = *before;

    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    silent.c_lflag |= ICANON | ISIG;
    if (tcsetattr(fd, TCSAFLUSH, &silent) != 0)
        return ERR_PIN_NO_TERMINAL;
    enum err e = write_prompt(fd, prompt);
    if (!e)
        e = wait_line(fd, mask);
    if (!e)
        e = pipe_typed(fd, line);
    end_silence(fd, &silent, before);
    write_text(fd, "\n"); /* only looks; the PIN is read */
    return e;
}

/* One prompt. ERR_PIN_CANCELLED with CAUGHT set when a signal came between. */
static enum err ask_once(int fd, const char *prompt, int *line)
{
    struct termios before;
    struct watch w;

    enum err e = await_front(fd);
    if (e)
        return e;
    watch_begin(&w);
    if (!in_front(fd)) {
        caught = BIT(SIGTTOU); /* brought to the background just now */
        e = ERR_PIN_CANCELLED;
    } else if (tcgetattr(fd, &before) != 0) {
        e = ERR_PIN_NO_TERMINAL;
    } else {
        e = ask_silently(fd, &before, &w.mask_before, prompt, line);
    }
    watch_end(&w);
    return e;
}

enum err pin_read_terminal(const char *prompt, pin_take *take, void *ctx)
{
    int line = -1;
    enum err e;

    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return ERR_PIN_NO_TERMINAL;
    do
        e = ask_once(fd, prompt, &line);
    while (e == ERR_PIN_CANCELLED && caught); /* the program was stopped, or survived the signal */
    close(fd);
    /* Whoever hangs here has neither the terminal nor its interrupt key. */
    return e ? e : hand_over(line, take, ctx);
}

/* A terminal gives a whole line at once, or it is none to read from: part of a PIN costs a try. */
enum err pin_read_fd(int fd, pin_take *take, void *ctx)
{
    struct termios mode;
    int line = -1;

    if (!isatty(fd))
        return take(ctx, fd);
    if (tcgetattr(fd, &mode) != 0 || !(mode.c_lflag & ICANON))
        return ERR_PIN_NO_TERMINAL;
    enum err e = pipe_typed(fd, &line);
    return e ? e : hand_over(line, take, ctx);
}

enum err pin_read_handed(int fd, const char *credential, bool *handed, pin_take *take, void *ctx)
{
    int opened = -1;
    enum err e = fd < 0 ? credential_open(credential, &opened) : ERR_OK;

    *handed = fd >= 0 || opened >= 0;
    if (!e && *handed)
        e = pin_read_fd(fd < 0 ? opened : fd, take, ctx);
    if (opened >= 0)
        close(opened);
    return e;
}
