/* SPDX-License-Identifier: Apache-2.0
 *
 * send: hands signed decisions in, one a line of the files, or all of a bundle, where the last word
 * of a key on an order is the one that its holder wants (spread.c).
 */
#include "app/app.h"
#include "base/file.h"
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
    struct buf lines; /* of a bundle what it stands for */
    bool is_bundle;
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

/* The line of the file, or the order in the bundle. */
static void tell_where(const struct source *f, size_t number, const char *line, size_t len,
                       char *where, size_t cap)
{
    struct js *signed_one = NULL;
    (void)snprintf(where, cap, "%s:%zu", f->path, number);
    if (f->is_bundle && js_parse(line, sending_first(line, len), &signed_one) == ERR_OK)
        (void)snprintf(where, cap, "%s: %s", f->path,
                       js_member_text(js_get(signed_one, "order"), "id"));
    js_free(signed_one);
}

static enum err send_lines(struct sending *s, const struct source *f)
{
    char where[4096 + 40];
    const char *at = buf_str(&f->lines), *end = at + f->lines.len;
    enum err e = ERR_OK;
    for (size_t number = 1; e == ERR_OK && at < end; number++) {
        size_t len = line_length(at, end);
        tell_where(f, number, at, len, where, sizeof where);
        if (len > 0)
            e = sending_one(s, at, len, where);
        at += len + 1;
    }
    return e;
}

static enum err spread(struct app *a, struct source *f)
{
    struct bundle b;
    enum err e = bundle_file_parse(a, f->path, &f->lines, &b);
    buf_free(&f->lines);
    if (e == ERR_OK)
        e = spread_bundle(&b, &f->lines);
    if (e == ERR_OK && f->lines.len == 0)
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
        e = send_lines(s, &files[i]);
    return sending_end(s, e);
}

int cmd_send(void *ctx, const struct args_list *words)
{
    struct sending s = {.app = ctx};
    struct source *files = calloc(words->count, sizeof *files);
    enum err e = files != NULL ? app_configure(s.app) : ERR_NO_MEMORY;
    if (e == ERR_OK)
        e = send_files(&s, words, files);
    for (size_t i = 0; files != NULL && i < words->count; i++)
        buf_free(&files[i].lines);
    free(files);
    return app_finish(s.app, e);
}
