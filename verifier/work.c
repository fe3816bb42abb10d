/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/work.h"

#include "base/progress.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 256
#define OUT_MAX ((size_t)1 << 30) /* bytes of one block's verdicts */

struct slot {
    struct source_block block;
    struct buf out;
    uint64_t ok, refused;
    enum err trouble; /* a refusal that is the machine's, not the document's */
    bool done;
};

/* Slots are filled at `filled`, taken by workers at `taken`, written at `written`; the three only
 * grow, and a slot's number is its count modulo slot_count. */
struct pool {
    const struct work *work;
    struct slot *slots;
    uint64_t slot_count, filled, taken, written;
    bool closed;
    pthread_mutex_t lock;
    pthread_cond_t ready, done;
    pthread_t threads[THREADS_MAX];
    size_t thread_count;
    uint64_t ok, refused;
    enum err trouble;
};

/* --- checking --- */

static void note(struct slot *slot, enum err e)
{
    if (e == ERR_OK) {
        slot->ok++;
        return;
    }
    slot->refused++;
    if (err_info(e)->exit == EXIT_ENVIRONMENT)
        slot->trouble = e;
}

static void check_item(const struct work *w, struct slot *slot, uint64_t line, const uint8_t *bytes,
                       size_t len, enum err failure)
{
    struct verdict v = {
        .style = w->style, .file = slot->block.file, .line = line, .out = &slot->out};
    size_t before = slot->out.len;
    enum err e = failure;

    if (e == ERR_OK)
        e = len > w->files.item_max ? ERR_TOO_LARGE : w->check(w->ctx, bytes, len, &v);
    if (e != ERR_OK) {
        enum err written;

        slot->out.len = before; /* no half verdict */
        written = verdict_refused(&v, e);
        e = written == ERR_OK ? e : written;
    }
    note(slot, e);
}

static void check_lines(const struct work *w, struct slot *slot)
{
    const uint8_t *at = slot->block.bytes.data, *end = at + slot->block.bytes.len;
    uint64_t line = slot->block.line;

    while (at < end) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);

        check_item(w, slot, line++, at, len, ERR_OK);
        at += len + 1;
    }
}

static void check_block(const struct work *w, struct slot *slot)
{
    const struct source_block *b = &slot->block;

    slot->ok = slot->refused = 0;
    slot->trouble = ERR_OK;
    buf_clear(&slot->out);
    slot->out.max = OUT_MAX;
    if (b->failure != ERR_OK || b->line == 0)
        check_item(w, slot, b->line, b->bytes.data, b->bytes.len, b->failure);
    else
        check_lines(w, slot);
}

static void *worker(void *arg)
{
    struct pool *p = arg;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        struct slot *slot;

        while (p->taken == p->filled && !p->closed)
            pthread_cond_wait(&p->ready, &p->lock);
        if (p->taken == p->filled)
            break;
        slot = &p->slots[p->taken++ % p->slot_count];
        pthread_mutex_unlock(&p->lock);
        check_block(p->work, slot);
        pthread_mutex_lock(&p->lock);
        slot->done = true;
        pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* --- the pool --- */

static void pool_stop(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->closed = true;
    pthread_cond_broadcast(&p->ready);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    for (uint64_t i = 0; p->slots && i < p->slot_count; i++) {
        buf_free(&p->slots[i].block.bytes);
        buf_free(&p->slots[i].out);
    }
    free(p->slots);
}

/* As many threads as cores; one is enough to go on. */
static enum err pool_start(struct pool *p)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (size_t)cores;

    p->slot_count = 4 * wanted;
    p->slots = calloc(p->slot_count, sizeof *p->slots);
    if (!p->slots)
        return ERR_NO_MEMORY;
    while (p->thread_count < wanted &&
           pthread_create(&p->threads[p->thread_count], NULL, worker, p) == 0)
        p->thread_count++;
    return p->thread_count > 0 ? ERR_OK : ERR_NO_MEMORY;
}

/* False when the input has ended. */
static bool give(struct pool *p, struct source *source)
{
    struct slot *slot = &p->slots[p->filled % p->slot_count];

    slot->done = false;
    if (!source_next(source, &slot->block))
        return false;
    pthread_mutex_lock(&p->lock);
    p->filled++;
    pthread_cond_signal(&p->ready);
    pthread_mutex_unlock(&p->lock);
    return true;
}

static enum err write_all(const struct buf *b)
{
    for (size_t done = 0; done < b->len;) {
        ssize_t n = write(STDOUT_FILENO, b->data + done, b->len - done);

        if (n < 0 && errno != EINTR)
            return ERR_IO;
        done += n > 0 ? (size_t)n : 0;
    }
    return ERR_OK;
}

/* Waits for the oldest block and writes its verdicts. */
static enum err take(struct pool *p)
{
    struct slot *slot = &p->slots[p->written % p->slot_count];

    pthread_mutex_lock(&p->lock);
    while (!slot->done)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
    p->written++;
    p->ok += slot->ok;
    p->refused += slot->refused;
    if (slot->trouble != ERR_OK)
        p->trouble = slot->trouble;
    return write_all(&slot->out);
}

static enum err pump(struct pool *p, struct source *source)
{
    struct progress progress;
    bool more = true;
    enum err e = ERR_OK;

    if (!p->work->style.quiet)
        progress_start(&progress, "Checking", source_total(source));
    while (e == ERR_OK && (more || p->written < p->filled)) {
        while (more && p->filled - p->written < p->slot_count)
            more = give(p, source);
        if (p->written < p->filled)
            e = take(p);
        if (!p->work->style.quiet)
            progress_set(&progress, source_done(source));
    }
    if (!p->work->style.quiet)
        progress_end(&progress);
    return e;
}

static enum err outcome(const struct pool *p, enum err e)
{
    if (e != ERR_OK)
        return verdict_fail(p->work->style, e, "not all is checked");
    if (!p->work->style.quiet)
        fprintf(stderr, "%llu checked, %llu OK, %llu refused\n",
                (unsigned long long)(p->ok + p->refused), (unsigned long long)p->ok,
                (unsigned long long)p->refused);
    return p->trouble;
}

enum err work_run(const struct work *w, bool *refused)
{
    struct pool p = {.work = w,
                     .lock = PTHREAD_MUTEX_INITIALIZER,
                     .ready = PTHREAD_COND_INITIALIZER,
                     .done = PTHREAD_COND_INITIALIZER};
    struct source *source = NULL;
    enum err e = source_open(&w->files, &source);

    if (e == ERR_OK)
        e = pool_start(&p);
    if (e == ERR_OK)
        e = pump(&p, source);
    pool_stop(&p);
    source_close(source);
    *refused = p.refused > 0;
    return outcome(&p, e);
}
