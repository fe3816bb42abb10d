/* SPDX-License-Identifier: Apache-2.0
 *
 * send: hands signed decisions in, one a line of the files, or all of a bundle.
 */
#include "app/app.h"
#include "base/file.h"
#include "order/json.h"
#include "signer/bundle_file.h"
#include "signer/commands.h"
#include "signer/order_files.h"
#include "signer/sending.h"
#include <stdlib.h>
#include <string.h>

#define SPREAD_MAX ((size_t)128 << 20) /* each decision of a bundle with its order */

/* In the order in which what a bundle says of an order goes: a no before the approvals, so that it
 * does not come when they have paid. */
enum turn { TURN_SUBMIT, TURN_NO, TURN_APPROVE };

struct word {
    size_t order; /* which of the bundle's */
    enum turn turn;
    int64_t issued_us;
    size_t at, len; /* its line */
    bool waits;     /* for its order: the bank did not have it */
};

struct source {
    const char *path;
    struct buf lines;   /* of a bundle what it stands for: its decisions, one a line */
    struct word *words; /* of a bundle, in turn; else NULL */
    size_t count;
};

static size_t line_length(const char *at, const char *end)
{
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    return (size_t)((line_end != NULL ? line_end : end) - at);
}

static size_t count_lines(const struct buf *file)
{
    const char *at = buf_str(file), *end = at + file->len;
    size_t count = 0;
    while (at < end) {
        size_t len = line_length(at, end);
        count += len > 0;
        at += len + 1;
    }
    return count;
}

static enum err send_lines(struct sending *s, const struct source *f)
{
    char where[4096 + 40];
    const char *at = buf_str(&f->lines), *end = at + f->lines.len;
    enum err e = ERR_OK;
    for (size_t number = 1; e == ERR_OK && at < end; number++) {
        size_t len = line_length(at, end);
        (void)snprintf(where, sizeof where, "%s:%zu", f->path, number);
        if (len > 0)
            e = sending_one(s, at, len, where, NULL);
        at += len + 1;
    }
    return e;
}

/* --- of a bundle --- */

static enum turn turn_of(enum verb v)
{
    if (v == VERB_SUBMIT)
        return TURN_SUBMIT;
    return v == VERB_APPROVE ? TURN_APPROVE : TURN_NO;
}

static int in_turn(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    if (x->turn != y->turn)
        return x->turn < y->turn ? -1 : 1;
    if (x->issued_us != y->issued_us)
        return x->issued_us < y->issued_us ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static enum err add_word(const struct bundle *b, size_t i, struct source *f)
{
    struct bundle_decision d;
    size_t at = f->lines.len;
    enum err e = bundle_decision_at(b, i, &d);
    if (e == ERR_OK)
        e = bundle_signed_at(b, i, &f->lines);
    if (e == ERR_OK)
        f->words[f->count++] = (struct word){.order = d.order,
                                             .turn = turn_of(d.verb),
                                             .issued_us = d.head.issued_us,
                                             .at = at,
                                             .len = f->lines.len - at};
    buf_free(&d.jws);
    return e == ERR_OK ? buf_add_byte(&f->lines, '\n') : e;
}

static enum err spread(struct app *a, struct source *f)
{
    struct bundle b;
    enum err e = bundle_file_parse(a, f->path, &f->lines, &b);
    size_t count = b.sets[BUNDLE_DECISIONS].count;
    buf_free(&f->lines);
    f->lines = (struct buf)BUF_INIT(SPREAD_MAX);
    f->words = calloc(count + 1, sizeof *f->words);
    if (e == ERR_OK && f->words == NULL)
        e = ERR_NO_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = add_word(&b, i, f);
    if (e == ERR_OK && count == 0)
        e = app_fail(a, ERR_NOT_FOUND, "%s has no decision yet", f->path);
    if (e == ERR_OK)
        qsort(f->words, f->count, sizeof *f->words, in_turn);
    bundle_free(&b);
    return e;
}

static enum err send_word(struct sending *s, const struct source *f, const struct word *w,
                          bool *absent)
{
    char where[4096 + 40];
    const char *line = buf_str(&f->lines) + w->at;
    struct js *signed_one = NULL;
    enum err e = js_parse(line, w->len, &signed_one);
    (void)snprintf(where, sizeof where, "%s: %s", f->path,
                   js_member_text(js_get(signed_one, "order"), "id"));
    js_free(signed_one);
    return e == ERR_OK ? sending_one(s, line, w->len, where, absent) : e;
}

static enum err send_waiting(struct sending *s, const struct source *f, struct word *w,
                             size_t count)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (w[i].waits)
            e = send_word(s, f, &w[i], NULL);
        w[i].waits = false;
    }
    return e;
}

/* All that is said of one order. Who says no to what the bank does not have yet is heard as soon as
 * it has it. */
static enum err send_order(struct sending *s, const struct source *f, struct word *w, size_t count)
{
    bool may_come = w[count - 1].turn == TURN_APPROVE;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        size_t accepted = s->accepted;
        e = send_word(s, f, &w[i], w[i].turn == TURN_NO && may_come ? &w[i].waits : NULL);
        if (e == ERR_OK && w[i].turn == TURN_APPROVE && s->accepted > accepted)
            e = send_waiting(s, f, w, i);
    }
    return e == ERR_OK ? send_waiting(s, f, w, count) : e;
}

static enum err send_words(struct sending *s, const struct source *f)
{
    enum err e = ERR_OK;
    for (size_t i = 0, count = 0; e == ERR_OK && i < f->count; i += count) {
        for (count = 1; i + count < f->count && f->words[i + count].order == f->words[i].order;)
            count++;
        e = send_order(s, f, &f->words[i], count);
    }
    return e;
}

/* --- files --- */

/* Reads all before anything is sent, so that a wrong path stops nothing half way. */
static enum err read_file(struct sending *s, const char *path, struct source *f)
{
    *f = (struct source){.path = path, .lines = BUF_INIT(ORDER_FILES_SIGNED_MAX)};
    enum err e = file_read(path, ORDER_FILES_SIGNED_MAX, &f->lines);
    if (e == ERR_OK && bundle_file_is(&f->lines))
        e = spread(s->app, f);
    size_t lines = count_lines(&f->lines);
    s->total += lines;
    if (e == ERR_OK && lines == 0)
        e = ERR_DOC_TYPE;
    if (e != ERR_OK && s->app->message[0] == '\0')
        (void)app_fail(s->app, e, "%s", path);
    return e;
}

static enum err send_files(struct sending *s, const struct args_list *words, struct source *files)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < words->count; i++)
        e = read_file(s, words->item[i], &files[i]);
    sending_start(s, "Sending");
    for (size_t i = 0; e == ERR_OK && i < words->count; i++)
        e = files[i].words != NULL ? send_words(s, &files[i]) : send_lines(s, &files[i]);
    return sending_end(s, e);
}

int cmd_send(void *ctx, const struct args_list *words)
{
    struct sending s = {.app = ctx};
    struct source *files = calloc(words->count, sizeof *files);
    enum err e = files != NULL ? app_configure(s.app) : ERR_NO_MEMORY;
    if (e == ERR_OK)
        e = send_files(&s, words, files);
    for (size_t i = 0; files != NULL && i < words->count; i++) {
        buf_free(&files[i].lines);
        free(files[i].words);
    }
    free(files);
    return app_finish(s.app, e);
}
