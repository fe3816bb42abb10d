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

/* What can end or stop the program while the echo is off. */
static const int SIGNALS[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU};
#define SIGNAL_COUNT (sizeof SIGNALS / sizeof SIGNALS[0])

static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

struct watch {
    struct sigaction before[SIGNAL_COUNT];
    sigset_t mask_before;
};

/* The signals stay blocked but for the moments inside ppoll, so that none falls between a look at
 * CAUGHT and the wait. */
static void watch_begin(struct watch *w)
{
    struct sigaction action = {.sa_handler = catch};
    sigset_t mask;

    caught = 0;
    sigemptyset(&action.sa_mask);
    sigemptyset(&mask);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaddset(&mask, SIGNALS[i]);
    pthread_sigmask(SIG_BLOCK, &mask, &w->mask_before);
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(SIGNALS[i], &action, &w->before[i]);
}

/* The earlier handlers are back when the caught signal is delivered. */
static void watch_end(const struct watch *w)
{
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        sigaction(SIGNALS[i], &w->before[i], NULL);
    if (caught)
        raise(caught);
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

/* A line typed at the terminal FD goes to TAKE by a pipe: who takes it, which may be a process with
 * somebody's driver in it, never has the terminal, and no byte of the line is in this one. */
static enum err take_typed(int fd, pin_take *take, void *ctx)
{
    int ends[2];
    ssize_t n;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return ERR_IO;
    do
        n = splice(fd, NULL, ends[1], NULL, TYPED_MAX, 0);
    while (n < 0 && errno == EINTR);
    close(ends[1]);
    /* End of file, hang-up, or an empty line. */
    enum err e = n > 1 ? take(ctx, ends[0]) : ERR_PIN_CANCELLED;
    close(ends[0]);
    return e;
}

/* The terminal is in line mode: readable means a whole line or the end of file. */
static enum err wait_line(int fd, const sigset_t *mask)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};

    while (!caught) {
        int n = ppoll(&one, 1, NULL, mask);
        if (n > 0)
            return ERR_OK;
        if (n < 0 && errno != EINTR)
            return ERR_PIN_CANCELLED;
    }
    return ERR_PIN_CANCELLED;
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

/* With the echo off and the signals caught. */
static enum err ask_silently(int fd, const struct termios *before, const sigset_t *mask,
                             const char *prompt, pin_take *take, void *ctx)
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
        e = take_typed(fd, take, ctx);
    tcsetattr(fd, TCSAFLUSH, before);
    write_text(fd, "\n"); /* only looks; the PIN is read */
    return e;
}

/* One prompt. ERR_PIN_CANCELLED with CAUGHT set when a signal came between. */
static enum err ask_once(int fd, const char *prompt, pin_take *take, void *ctx)
{
    struct termios before;
    struct watch w;

    enum err e = await_front(fd);
    if (e)
        return e;
    watch_begin(&w);
    if (!in_front(fd)) {
        caught = SIGTTOU; /* brought to the background just now */
        e = ERR_PIN_CANCELLED;
    } else if (tcgetattr(fd, &before) != 0) {
        e = ERR_PIN_NO_TERMINAL;
    } else {
        e = ask_silently(fd, &before, &w.mask_before, prompt, take, ctx);
    }
    watch_end(&w);
    return e;
}

enum err pin_read_terminal(const char *prompt, pin_take *take, void *ctx)
{
    enum err e;

    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return ERR_PIN_NO_TERMINAL;
    do
        e = ask_once(fd, prompt, take, ctx);
    while (e == ERR_PIN_CANCELLED && caught); /* the program was stopped, or survived the signal */
    close(fd);
    return e;
}

enum err pin_read_fd(int fd, pin_take *take, void *ctx)
{
    return isatty(fd) ? take_typed(fd, take, ctx) : take(ctx, fd);
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
