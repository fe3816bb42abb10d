/* SPDX-License-Identifier: Apache-2.0
 *
 * By one signature where the policy lets it; else one by one, by as many sessions of the token as
 * it has, each line written as soon as it is signed.
 */
#include "signer/sign_many.h"
#include "app/app.h"
#include "app/card.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/progress.h"
#include "order/doc.h"
#include "signer/many.h"
#include "signer/order_files.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define THREADS_MAX 4 /* tokens are not faster with more */

struct signing {
    struct app *app;
    const struct sign_many_wish *wish;
    struct policy *policy;
    struct waiting_list list; /* what is still to be signed */
    struct many many;         /* those by one signature */
    struct buf text;          /* whole lines: of before, then the new ones that are not written */
    size_t before_len;        /* of those of before */
    size_t total, signatures;

    /* of the threads */
    const struct subject **singles; /* in the order of the list; NULL once it is written */
    size_t single_count, threads;
    pthread_mutex_t lock;
    size_t taken, done;
    int fd;                 /* the output, for lines to come */
    enum err failure, torn; /* TORN: of a line that may be written in part; none may follow it */
    struct progress bar;
};

/* --- what is written --- */

static enum err write_all(int fd, const struct buf *bytes)
{
    for (size_t at = 0; at < bytes->len;) {
        ssize_t n = write(fd, bytes->data + at, bytes->len - at);
        if (n < 0 && errno != EINTR)
            return ERR_IO;
        at += n > 0 ? (size_t)n : 0;
    }
    return ERR_OK;
}

static enum err add_line(void *ctx, const struct subject *subject, const struct buf *line)
{
    struct signing *s = ctx;
    (void)subject;
    enum err e = buf_add(&s->text, line->data, line->len);
    return e == ERR_OK ? buf_add_byte(&s->text, '\n') : e;
}

/* Whether the file still says what it did before the PIN was asked for, and no other run adds to
 * it. */
static enum err check_output(struct signing *s)
{
    struct buf now = BUF_INIT(ORDER_FILES_SIGNED_MAX);
    int fd = open(s->wish->output, O_RDONLY | O_CLOEXEC);
    bool theirs = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    enum err e = file_read(s->wish->output, now.max, &now);
    e = e == ERR_FILE_NOT_FOUND ? ERR_OK : e;
    if (e == ERR_OK && (theirs || order_files_whole(&now) != s->before_len ||
                        memcmp(buf_str(&now), buf_str(&s->text), s->before_len) != 0))
        e = app_fail(s->app, ERR_IO,
                     "%s was written to meanwhile: it stays as it is now, without what was signed "
                     "here; sign again",
                     s->wish->output);
    if (fd >= 0)
        close(fd);
    buf_free(&now);
    return e;
}

/* Replaces the file, and keeps it as this run's. */
static enum err replace_output(struct signing *s)
{
    const char *path = s->wish->output;
    int lock = -1;
    enum err e = file_lock(path, &lock);
    if (e == ERR_OK)
        e = check_output(s);
    if (e == ERR_OK)
        e = file_write(path, s->text.data, s->text.len, 0644);
    if (e == ERR_OK) {
        s->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        e = s->fd >= 0 ? ERR_OK : ERR_IO;
    }
    if (e == ERR_OK)
        (void)flock(s->fd, LOCK_EX | LOCK_NB); /* for check_output, where there are locks */
    file_unlock(lock);
    return e;
}

/* All lines so far, in the place of what was there; more may follow. */
static enum err open_output(struct signing *s)
{
    if (s->wish->output == NULL) {
        s->fd = STDOUT_FILENO;
        return write_all(s->fd, &s->text);
    }
    enum err e = replace_output(s);
    return e == ERR_OK || s->app->message[0] != '\0' ? e
                                                     : app_fail(s->app, e, "%s", s->wish->output);
}

static void close_output(struct signing *s)
{
    if (s->wish->output != NULL && s->fd >= 0)
        close(s->fd);
}

/* --- one by one --- */

/* What one thread has taken, and not written. */
struct hand {
    struct signing *signing;
    const struct subject **at;
    struct buf line;
};

/* A question to the token's helper at most, and no thread's share of what is left is larger than
 * another's. None: none is left, or one failed. */
static size_t take(struct hand *h)
{
    struct signing *s = h->signing;
    pthread_mutex_lock(&s->lock);
    size_t share = (s->single_count - s->taken + s->threads - 1) / s->threads;
    if (share > TOKEN_AT_ONCE)
        share = TOKEN_AT_ONCE;
    if (s->failure != ERR_OK)
        share = 0;
    h->at = s->singles + s->taken;
    s->taken += share;
    pthread_mutex_unlock(&s->lock);
    return share;
}

/* Written, whole, before the next signature is looked at: whatever becomes of that. */
static enum err give(void *ctx, const struct subject *subject, const struct buf *body)
{
    struct hand *h = ctx;
    struct signing *s = h->signing;
    (void)subject;
    buf_clear(&h->line);
    enum err e = buf_add(&h->line, body->data, body->len);
    if (e == ERR_OK)
        e = buf_add_byte(&h->line, '\n');
    pthread_mutex_lock(&s->lock);
    if (e == ERR_OK && s->torn == ERR_OK)
        s->torn = write_all(s->fd, &h->line);
    e = e == ERR_OK ? s->torn : e;
    if (e == ERR_OK) {
        *h->at++ = NULL;
        progress_set(&s->bar, ++s->done);
    }
    pthread_mutex_unlock(&s->lock);
    return e;
}

/* The first failure is the one, but for the end of a helper that another's hanging call brought,
 * and for an output that takes no more: whatever the token does, it needs to be looked after. */
static void stop(struct signing *s, enum err e)
{
    pthread_mutex_lock(&s->lock);
    if (s->failure == ERR_OK || (s->failure == ERR_TOKEN_CRASHED && e != ERR_OK))
        s->failure = e;
    pthread_mutex_unlock(&s->lock);
}

static void *work(void *arg)
{
    struct signing *s = arg;
    struct hand h = {.signing = s, .line = BUF_INIT(DECISION_BODY_MAX + 1)};
    size_t count = 0;
    while ((count = take(&h)) > 0)
        stop(s, subject_sign_many(s->app, h.at, count, VERB_APPROVE, s->wish->challenge, give, &h));
    buf_free(&h.line);
    return NULL;
}

/* Those that are not written, in their order. */
static void close_ranks(struct signing *s)
{
    size_t left = 0;
    for (size_t i = 0; i < s->single_count; i++) {
        if (s->singles[i] != NULL)
            s->singles[left++] = s->singles[i];
    }
    s->single_count = left;
    s->taken = 0;
}

/* What is left, until one fails. A key that wants its PIN for each signature takes one at a time;
 * else the token's pool has as many sessions as the module lets it. */
static enum err sign_left(struct signing *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    bool alone = token_key_about(s->app->key)->always_authenticate;
    size_t count = cores > 1 && cores < THREADS_MAX ? (size_t)cores : THREADS_MAX, started = 0;
    pthread_t threads[THREADS_MAX];
    close_ranks(s);
    s->threads = alone ? 1 : count < s->single_count ? count : s->single_count;
    s->failure = ERR_OK;
    while (started + 1 < s->threads && pthread_create(&threads[started], NULL, work, s) == 0)
        started++;
    work(s);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (s->torn == ERR_OK)
        return s->failure;
    return app_fail(s->app, s->torn, "%s",
                    s->wish->output != NULL ? s->wish->output : "standard output");
}

/* A token that was pulled is waited for once no thread has it, and what is left goes on then. */
static enum err sign_singles(struct signing *s)
{
    size_t all = s->list.count - s->many.count;
    s->singles = calloc(all + 1, sizeof *s->singles);
    if (s->singles == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < s->list.count; i++) {
        const struct subject *one = &s->list.orders[i].subject;
        if (!many_takes(one))
            s->singles[s->single_count++] = one;
    }
    enum err e = ERR_OK;
    while (e == ERR_OK && s->done < all) {
        size_t before = s->done;
        progress_start(&s->bar, "Signing", all);
        progress_set(&s->bar, before);
        e = sign_left(s);
        progress_end(&s->bar);
        s->app->never_out = s->app->never_out && s->done == before;
        if (card_pulled(s->app, e))
            e = app_reopen_key(s->app, e);
    }
    s->signatures += s->done;
    free(s->singles);
    return e;
}

/* --- the whole --- */

static enum err load(struct signing *s)
{
    enum err e = subject_policy_file(s->app, s->wish->policy, &s->policy);
    if (e == ERR_OK)
        e = order_files_read(s->app, s->wish->path, s->policy, clock_now_us(), &s->list);
    s->total = s->list.count;
    if (e == ERR_OK && s->wish->output != NULL)
        e = order_files_resume(s->app, s->wish->output, &s->list, &s->text);
    s->before_len = s->text.len;
    return e;
}

static enum err show(struct signing *s)
{
    enum err e = waiting_sort(&s->list);
    if (e == ERR_OK)
        e = many_check(s->app, &s->list);
    if (e == ERR_OK)
        e = many_gather(&s->list, s->list.orders[0].subject.policy, &s->many);
    if (e == ERR_OK && s->wish->texts)
        e = waiting_show(&s->list, VERB_APPROVE, stderr);
    if (e == ERR_OK)
        e = waiting_print(&s->list, true, stderr);
    if (e == ERR_OK && s->many.count > 0)
        e = many_show(&s->many, stderr);
    size_t singles = s->list.count - s->many.count;
    if (e == ERR_OK && singles > 0)
        fprintf(stderr, "%zu signature%s, one for each order%s.\n", singles,
                singles == 1 ? "" : "s",
                policy_wants_single(s->policy) ? ": the policy wants it so" : " of cash");
    return e;
}

static enum err sign(struct signing *s)
{
    enum err e = ERR_OK;
    if (s->wish->output == NULL)
        buf_clear(&s->text);
    if (s->many.count > 0) {
        e = many_sign(s->app, &s->many, s->wish->challenge, add_line, s);
        s->signatures += e == ERR_OK;
    }
    if (e == ERR_OK)
        e = open_output(s);
    if (e == ERR_OK)
        e = sign_singles(s);
    close_output(s);
    return e;
}

/* For people, and where the lines go to a file, for programs. */
static enum err tell(struct signing *s)
{
    size_t before = s->total - s->list.count;
    struct doc d = {0};
    fprintf(stderr, "%zu order%s signed by %zu signature%s", s->list.count,
            s->list.count == 1 ? "" : "s", s->signatures, s->signatures == 1 ? "" : "s");
    if (before > 0)
        fprintf(stderr, "; %zu were before", before);
    fputs(".\n", stderr);
    if (!s->app->json || s->wish->output == NULL)
        return ERR_OK;
    doc_object(&d);
    doc_int(&d, "before", (int64_t)before);
    doc_int(&d, "orders", (int64_t)s->list.count);
    doc_text(&d, "output", s->wish->output);
    doc_int(&d, "signatures", (int64_t)s->signatures);
    enum err e = app_print_doc(&d);
    doc_free(&d);
    return e;
}

/* Where nothing is left, it says whose signatures those of before should be. */
static enum err open_key(struct signing *s)
{
    if (s->list.count == 0)
        return app_open_key(s->app, "check what was signed before");
    enum err e = show(s);
    return e != ERR_OK ? e
                       : waiting_consent(s->app, &s->list, VERB_APPROVE,
                                         s->list.count - s->many.count + (s->many.count > 0));
}

/* No line is called signed that does not verify. */
static enum err check_signed(struct signing *s)
{
    const char *path = s->wish->output;
    size_t old = 0;
    enum err e = order_files_verify(s->app, path, &s->text, s->policy, clock_now_us(), &old);
    if (e == ERR_OK && old > 0)
        app_say(stderr,
                "%zu of the decisions in %s were signed more than 5 minutes ago. The bank refuses "
                "them, unless they, or others by the same signature, were sent by then.",
                old, path);
    return e;
}

static enum err run(struct signing *s)
{
    enum err e = load(s);
    if (e == ERR_OK)
        e = open_key(s);
    if (e == ERR_OK)
        e = check_signed(s);
    if (e == ERR_OK && s->list.count > 0)
        e = sign(s);
    return e == ERR_OK ? tell(s) : e;
}

enum err sign_many(struct app *a, const struct sign_many_wish *wish)
{
    struct signing s = {.app = a,
                        .wish = wish,
                        .text = BUF_INIT(ORDER_FILES_SIGNED_MAX),
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .fd = -1};
    enum err e = run(&s);
    many_free(&s.many);
    waiting_free(&s.list);
    policy_free(s.policy);
    buf_free(&s.text);
    return e;
}
