/* SPDX-License-Identifier: Apache-2.0
 *
 * send: hands signed decisions in, one a line of the files, or all of a bundle.
 */
#include "app/app.h"
#include "base/file.h"
#include "signer/bundle_file.h"
#include "signer/commands.h"
#include "signer/sending.h"
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)16 << 20)
#define SPREAD_MAX ((size_t)128 << 20) /* each decision of a bundle with its order */

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

static enum err send_lines(struct sending *s, const char *path, const struct buf *file)
{
    char where[4096 + 24];
    const char *at = buf_str(file), *end = at + file->len;
    enum err e = ERR_OK;
    for (size_t number = 1; e == ERR_OK && at < end; number++) {
        size_t len = line_length(at, end);
        (void)snprintf(where, sizeof where, "%s:%zu", path, number);
        if (len > 0)
            e = sending_one(s, at, len, where);
        at += len + 1;
    }
    return e;
}

/* A bundle becomes what it stands for: its decisions, one a line. */
static enum err spread(struct app *a, const char *path, struct buf *file)
{
    struct bundle b;
    enum err e = bundle_file_read(a, path, &b);
    buf_free(file);
    *file = (struct buf)BUF_INIT(SPREAD_MAX);
    for (size_t i = 0; e == ERR_OK && i < b.sets[BUNDLE_DECISIONS].count; i++) {
        e = bundle_signed_at(&b, i, file);
        if (e == ERR_OK)
            e = buf_add_byte(file, '\n');
    }
    if (e == ERR_OK && file->len == 0)
        e = app_fail(a, ERR_NOT_FOUND, "%s has no decision yet", path);
    bundle_free(&b);
    return e;
}

/* Reads all before anything is sent, so that a wrong path stops nothing half way. */
static enum err read_files(struct sending *s, const struct args_list *words, struct buf *files)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < words->count; i++) {
        files[i] = (struct buf)BUF_INIT(FILE_BYTES_MAX);
        e = file_read(words->item[i], FILE_BYTES_MAX, &files[i]);
        if (e == ERR_OK && bundle_file_is(words->item[i]))
            e = spread(s->app, words->item[i], &files[i]);
        size_t lines = count_lines(&files[i]);
        s->total += lines;
        if (e == ERR_OK && lines == 0)
            e = ERR_DOC_TYPE;
        if (e != ERR_OK && s->app->message[0] == '\0')
            (void)app_fail(s->app, e, "%s", words->item[i]);
    }
    return e;
}

static enum err send_files(struct sending *s, const struct args_list *words, struct buf *files)
{
    enum err e = read_files(s, words, files);
    sending_start(s, "Sending");
    for (size_t i = 0; e == ERR_OK && i < words->count; i++)
        e = send_lines(s, words->item[i], &files[i]);
    return sending_end(s, e);
}

int cmd_send(void *ctx, const struct args_list *words)
{
    struct sending s = {.app = ctx};
    struct buf *files = calloc(words->count, sizeof *files);
    enum err e = files != NULL ? app_configure(s.app) : ERR_NO_MEMORY;
    if (e == ERR_OK)
        e = send_files(&s, words, files);
    for (size_t i = 0; files != NULL && i < words->count; i++)
        buf_free(&files[i]);
    free(files);
    return app_finish(s.app, e);
}
