/* SPDX-License-Identifier: Apache-2.0
 *
 * send: hands signed decisions in, one a line of the files, or all of a bundle, where the last word
 * of a key on an order is the one that its holder wants (spread.c).
 */
#include "app/app.h"
#include "base/file.h"
#include "base/text.h"
#include "order/json.h"
#include "signer/bundle_file.h"
#include "signer/commands.h"
#include "signer/order_files.h"
#include "signer/sending.h"
#include "signer/spread.h"
#include <stdlib.h>
#include <string.h>

struct source {
    const char *path;
    struct buf lines;
    struct spread spread; /* of a bundle, instead of lines */
    bool is_bundle;
};

static size_t count_lines(const struct buf *file)
{
    const char *at = buf_str(file), *end = at + file->len;
    size_t count = 0;
    while (at < end) {
        size_t len = text_line(at, end);
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
        size_t len = text_line(at, end);
        (void)snprintf(where, sizeof where, "%s:%zu", f->path, number);
        if (len > 0)
            e = sending_one(s, at, len, where, NULL);
        at += len + 1;
    }
    return e;
}

/* --- of a bundle --- */

static enum err name_line(const struct source *f, const struct spread_line *l, char *where,
                          size_t size)
{
    const char *line = buf_str(&f->spread.text) + l->at;
    struct js *signed_one = NULL;
    enum err e = js_parse(line, sending_first(line, l->len), &signed_one);
    (void)snprintf(where, size, "%s: %s", f->path,
                   js_member_text(js_get(signed_one, "order"), "id"));
    js_free(signed_one);
    return e;
}

static enum err send_line(struct sending *s, const struct source *f, const struct spread_line *l,
                          bool *absent)
{
    char where[4096 + 40];
    const char *line = buf_str(&f->spread.text) + l->at;
    enum err e = name_line(f, l, where, sizeof where);
    return e == ERR_OK ? sending_one(s, line, l->len, where, absent) : e;
}

/* The no, of COUNT lines, that must be heard before the approval L: it waits for an order that L
 * may pay, or is of the same key. NULL: none. */
static const struct spread_line *find_no(const struct spread_line *lines, size_t count,
                                         const struct spread_line *l)
{
    for (size_t i = 0; l->turn == TURN_APPROVE && i < count; i++) {
        if (lines[i].waits && (lines[i].one_pays || strcmp(lines[i].signer, l->signer) == 0))
            return &lines[i];
    }
    return NULL;
}

static enum err hold_line(struct sending *s, const struct source *f, const struct spread_line *l,
                          const struct spread_line *no)
{
    char where[4096 + 40];
    enum err e = name_line(f, l, where, sizeof where);
    if (e != ERR_OK)
        return e;
    e = app_fail(s->app, ERR_BUNDLE_NO_UNHEARD, "the key %s says no", no->signer);
    return sending_hold(s, e, where);
}

static enum err send_waiting(struct sending *s, const struct source *f, struct spread_line *l,
                             size_t count)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (l[i].waits)
            e = send_line(s, f, &l[i], NULL);
        l[i].waits = false;
    }
    return e;
}

/* All that is said of one order. Who says no to what the bank does not have yet is heard as soon as
 * it has it, and before anybody can pay it. */
static enum err send_order(struct sending *s, const struct source *f, struct spread_line *l,
                           size_t count)
{
    bool may_come = l[count - 1].turn == TURN_APPROVE;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        size_t accepted = s->accepted;
        const struct spread_line *no = find_no(l, i, &l[i]);
        if (no != NULL)
            e = hold_line(s, f, &l[i], no);
        else
            e = send_line(s, f, &l[i], l[i].turn == TURN_NO && may_come ? &l[i].waits : NULL);
        if (e == ERR_OK && l[i].turn == TURN_APPROVE && s->accepted > accepted)
            e = send_waiting(s, f, l, i);
    }
    return e == ERR_OK ? send_waiting(s, f, l, count) : e;
}

static enum err send_bundle(struct sending *s, const struct source *f)
{
    const struct spread *all = &f->spread;
    enum err e = ERR_OK;
    for (size_t i = 0, count = 0; e == ERR_OK && i < all->count; i += count) {
        for (count = 1; i + count < all->count && all->line[i + count].order == all->line[i].order;)
            count++;
        e = send_order(s, f, &all->line[i], count);
    }
    return e;
}

/* --- files --- */

static enum err spread(struct app *a, struct source *f)
{
    struct bundle b;
    enum err e = bundle_file_parse(a, f->path, &f->lines, &b);
    if (e == ERR_OK)
        e = spread_bundle(&b, &f->spread);
    if (e == ERR_OK && f->spread.count == 0)
        e = app_fail(a, ERR_NOT_FOUND, "%s has no decision yet", f->path);
    bundle_free(&b);
    return e;
}

/* Reads all before anything is sent, so that a wrong path stops nothing half way. */
static enum err read_file(struct sending *s, const char *path, struct source *f)
{
    *f = (struct source){.path = path, .lines = BUF_INIT(ORDER_FILES_SIGNED_MAX)};
    enum err e = file_read(path, ORDER_FILES_SIGNED_MAX, &f->lines);
    f->is_bundle = e == ERR_OK && bundle_file_is(&f->lines);
    if (f->is_bundle)
        e = spread(s->app, f);
    size_t lines = f->is_bundle ? f->spread.count : count_lines(&f->lines);
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
        e = files[i].is_bundle ? send_bundle(s, &files[i]) : send_lines(s, &files[i]);
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
        spread_free(&files[i].spread);
    }
    free(files);
    return app_finish(s.app, e);
}
