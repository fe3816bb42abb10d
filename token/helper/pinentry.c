/* SPDX-License-Identifier: Apache-2.0 */
#include "token/helper/pinentry.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include <assuan.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)
#define COMMAND_MAX (ASSUAN_LINELENGTH - 2) /* bytes without the line's end */

/* One question. All of it has one deadline, whatever the program sends meanwhile. */
struct talk {
    assuan_context_t assuan;
    int64_t deadline_us;
    bool late;
    struct secret *pin;
};

/* --- libassuan's memory: its line buffer has the PIN --- */

/* Before each piece its length, in room that keeps the alignment. */
union head {
    size_t len;
    max_align_t align;
};

static void *locked_malloc(size_t len)
{
    union head *h = secret_pages_new(sizeof *h + len);

    if (!h)
        return NULL;
    h->len = sizeof *h + len;
    return h + 1;
}

static void locked_free(void *piece)
{
    union head *h = piece;

    if (piece)
        secret_pages_free(h - 1, h[-1].len);
}

static void *locked_realloc(void *piece, size_t len)
{
    void *more = locked_malloc(len);

    if (!more || !piece)
        return more;
    size_t had = ((union head *)piece)[-1].len - sizeof(union head);
    memcpy(more, piece, had < len ? had : len);
    locked_free(piece);
    return more;
}

/* --- libassuan's system calls: none waits past the deadline --- */

static bool await(assuan_context_t ctx, int fd, short events)
{
    struct talk *t = assuan_get_pointer(ctx);

    for (;;) {
        struct pollfd one = {.fd = fd, .events = events};
        int64_t left_us = t->deadline_us - clock_mono_us();
        int n = left_us > 0 ? poll(&one, 1, (int)(left_us / 1000) + 1) : 0;
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR) {
            t->late = n == 0;
            errno = ETIMEDOUT;
            return false;
        }
    }
}

static ssize_t timed_read(assuan_context_t ctx, assuan_fd_t fd, void *bytes, size_t size)
{
    return await(ctx, fd, POLLIN) ? read(fd, bytes, size) : -1;
}

static ssize_t timed_write(assuan_context_t ctx, assuan_fd_t fd, const void *bytes, size_t size)
{
    return await(ctx, fd, POLLOUT) ? write(fd, bytes, size) : -1;
}

static void sleep_us(assuan_context_t ctx, unsigned us)
{
    const struct timespec t = {us / 1000000, (long)(us % 1000000) * 1000};

    (void)ctx;
    (void)nanosleep(&t, NULL);
}

static int leave_open(assuan_context_t ctx, assuan_fd_t fd)
{
    (void)ctx;
    (void)fd; /* the caller's */
    return 0;
}

static struct assuan_system_hooks calls = {.version = ASSUAN_SYSTEM_HOOKS_VERSION,
                                           .usleep = sleep_us,
                                           .close = leave_open,
                                           .read = timed_read,
                                           .write = timed_write};

/* Whatever the environment says, nothing is logged. */
static int log_nothing(assuan_context_t ctx, void *hook, unsigned category, const char *message)
{
    (void)ctx;
    (void)hook;
    (void)category;
    (void)message;
    return 0;
}

/* --- the talk --- */

static enum err name_of(const struct talk *t, gpg_error_t error)
{
    static const struct {
        gpg_err_code_t code;
        enum err e;
    } names[] = {
        {GPG_ERR_NO_ERROR, ERR_OK},
        {GPG_ERR_CANCELED, ERR_PIN_CANCELLED},
        {GPG_ERR_FULLY_CANCELED, ERR_PIN_CANCELLED},
        {GPG_ERR_TIMEOUT, ERR_PIN_CANCELLED},
        {GPG_ERR_TOO_LARGE, ERR_TOO_LARGE},
        {GPG_ERR_ENOMEM, ERR_NO_MEMORY},
    };

    if (t->late)
        return log_fail(ERR_PIN_PINENTRY, "token.pinentry", "it did not answer in time");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (gpg_err_code(error) == names[i].code)
            return names[i].e;
    return log_fail(ERR_PIN_PINENTRY, "token.pinentry", "%s", gpg_strerror(error));
}

static gpg_error_t on_data(void *arg, const void *bytes, size_t len)
{
    struct talk *t = arg;

    return secret_add(t->pin, bytes, len) == ERR_OK ? 0 : gpg_error(GPG_ERR_TOO_LARGE);
}

/* It has nothing to tell before it is asked for the PIN. */
static gpg_error_t refuse_data(void *arg, const void *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    (void)len;
    return gpg_error(GPG_ERR_UNEXPECTED);
}

/* "COMMAND text", the text as Assuan has it: bytes below a space, and the percent sign, escaped. */
static enum err say(struct talk *t, const char *command, const char *text)
{
    struct buf line = BUF_INIT(COMMAND_MAX + 1);

    enum err e = buf_addf(&line, "%s ", command);
    for (; !e && *text; text++) {
        unsigned char c = (unsigned char)*text;
        e = c < ' ' || c == '%' ? buf_addf(&line, "%%%02X", c) : buf_add_byte(&line, c);
    }
    if (!e)
        e = name_of(t, assuan_transact(t->assuan, buf_str(&line), refuse_data, NULL, NULL, NULL,
                                       NULL, NULL));
    buf_free(&line);
    return e;
}

static enum err talk(struct talk *t, int fd, const struct pinentry_words *words)
{
    char seconds[16];

    (void)snprintf(seconds, sizeof seconds, "%u", words->seconds);
    enum err e = name_of(t, assuan_socket_connect_fd(t->assuan, fd, 0));
    if (!e)
        e = say(t, "SETTIMEOUT", seconds);
    if (!e)
        e = say(t, "SETTITLE", "Countersign");
    if (!e)
        e = say(t, "SETDESC", words->about);
    if (!e)
        e = say(t, "SETPROMPT", words->prompt);
    if (!e && words->wrong[0])
        e = say(t, "SETERROR", words->wrong);
    if (e)
        return e;
    assuan_begin_confidential(t->assuan);
    return name_of(t, assuan_transact(t->assuan, "GETPIN", on_data, t, NULL, NULL, NULL, NULL));
}

enum err pinentry_ask(int fd, const struct pinentry_words *words, struct secret **out)
{
    static struct assuan_malloc_hooks memory = {locked_malloc, locked_realloc, locked_free};
    struct talk t = {.deadline_us =
                         clock_mono_us() + SECOND_US * (words->seconds + words->seconds / 8 + 1)};

    *out = NULL;
    enum err e = secret_new(&t.pin);
    if (!e && assuan_new_ext(&t.assuan, GPG_ERR_SOURCE_USER_1, &memory, log_nothing, NULL) != 0)
        e = ERR_NO_MEMORY;
    if (!e) {
        assuan_set_pointer(t.assuan, &t);
        assuan_ctx_set_system_hooks(t.assuan, &calls);
        e = talk(&t, fd, words);
    }
    if (!e && secret_len(t.pin) == 0)
        e = ERR_PIN_CANCELLED; /* as an empty line at a terminal is */
    assuan_release(t.assuan);
    if (e)
        secret_free(t.pin);
    else
        *out = t.pin;
    return e;
}
