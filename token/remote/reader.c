/* SPDX-License-Identifier: Apache-2.0
 * token/reader.h in front of a helper, which alone hangs when pcscd does. */
#include "token/reader.h"

#include "base/clock.h"
#include "base/log.h"
#include "token/remote/inner.h"
#include "token/serve.h"
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MS_US INT64_C(1000)
#define SILENCE_US (INT64_C(1000000) * TOKEN_READERS_S)
#define GOODBYE_MS 500

struct token_readers {
    pid_t pid;
    int control;
    bool asked; /* and not answered yet */
    bool late;
    int64_t due_us; /* of the answer to what was asked */
    struct token_reader known[TOKEN_READERS_MAX];
    size_t count;
    bool heard; /* what is known is from pcscd */
};

static atomic_uint late; /* how many wait for a pcscd that hangs */

static void set_late(struct token_readers *r, bool is)
{
    if (is && !r->late)
        log_event(LOG_WARN, "token.pcsc", "silent for %d s", TOKEN_READERS_S);
    if (is != r->late)
        late += is ? 1U : -1U;
    r->late = is;
}

enum err token_readers_open(struct token_readers **out)
{
    *out = NULL;
    struct token_readers *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NO_MEMORY;
    enum err e = process_start(&r->pid, &r->control);
    if (e) {
        free(r);
        return e;
    }
    *out = r;
    return ERR_OK;
}

void token_readers_close(struct token_readers *r)
{
    if (!r)
        return;
    (void)process_end(r->pid, r->control, r->asked ? 0 : GOODBYE_MS);
    set_late(r, false);
    free(r);
}

/* Before a question there is no answer. */
static bool says_unasked(int control)
{
    struct pollfd one = {.fd = control, .events = POLLIN};

    return poll(&one, 1, 0) != 0;
}

static enum err ask(struct token_readers *r, unsigned wait_ms, struct buf *answer)
{
    if (says_unasked(r->control))
        return log_fail(ERR_UNAVAILABLE, "token.helper", "it answered what nobody asked");
    struct buf question = BUF_INIT(4);
    struct wire_out out = {.buf = &question};

    wire_put(&out, wait_ms < WIRE_READERS_MAX_MS ? wait_ms : WIRE_READERS_MAX_MS, 4);
    r->due_us = clock_mono_us() + MS_US * wait_ms + SILENCE_US;
    enum err e = out.e ? out.e
                       : serve_call(r->control, WIRE_READERS, question.data, question.len,
                                    r->due_us, answer);
    buf_free(&question);
    return e;
}

/* What cannot be right is the answer of a helper that lies. */
static enum err take(struct token_readers *r, const struct buf *answer)
{
    struct wire_in in = {.at = answer->data, .left = answer->len};

    r->count = (size_t)wire_get(&in, 1, TOKEN_READERS_MAX);
    for (size_t i = 0; i < r->count; i++)
        wire_get_reader(&in, &r->known[i]);
    r->heard = wire_ended(&in);
    if (!r->heard)
        return log_fail(ERR_TOKEN_CRASHED, "token.helper", "it answered what cannot be");
    return ERR_OK;
}

enum err token_readers_next(struct token_readers *r, unsigned wait_ms,
                            struct token_reader out[static TOKEN_READERS_MAX], size_t *count)
{
    struct buf answer = BUF_INIT(SERVE_MESSAGE_MAX);

    *count = 0;
    enum err e = r->asked ? serve_hear(r->control, clock_mono_us() + MS_US * wait_ms, &answer)
                          : ask(r, r->heard ? wait_ms : 0, &answer);
    r->asked = e == ERR_TIMEOUT;
    set_late(r, r->asked && clock_mono_us() >= r->due_us);
    if (r->late)
        e = ERR_TOKEN_PCSCD_HANGS;
    else if (!e)
        e = take(r, &answer);
    else if (e == ERR_TIMEOUT) /* the caller gave up, who has what was known */
        e = ERR_OK;
    else if (e != ERR_TOKEN_NO_PCSCD)
        e = ERR_TOKEN_CRASHED;
    r->heard = r->heard && !e;
    buf_free(&answer);
    if (e)
        return e;
    memcpy(out, r->known, r->count * sizeof *out);
    *count = r->count;
    return ERR_OK;
}

bool reader_hangs(void)
{
    struct token_reader all[TOKEN_READERS_MAX];
    struct token_readers *r = NULL;
    size_t count = 0;

    if (late)
        return true;
    enum err e = token_readers_open(&r);
    if (!e)
        e = token_readers_next(r, 0, all, &count);
    token_readers_close(r);
    return e == ERR_TOKEN_PCSCD_HANGS;
}
