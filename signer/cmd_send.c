/* SPDX-License-Identifier: Apache-2.0
 *
 * send: hands signed decisions in, one a line of the files. One alone is told in full; of many each
 * is one line, and the bank's no to one does not hold the others up.
 */
#include "app/app.h"
#include "base/file.h"
#include "base/progress.h"
#include "order/json.h"
#include "signer/commands.h"
#include "signer/view.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((size_t)16 << 20)

struct sending {
    struct app *app;
    size_t total, done, accepted;
    enum err refusal; /* the first */
    struct progress bar;
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

/* Without a session or a bank to trust, none of the others would get through either. */
static bool is_the_banks_no(enum err e)
{
    return err_info(e)->exit == EXIT_REFUSED && e != ERR_TLS_REFUSED && e != ERR_SESSION_REQUIRED;
}

static enum err print_refusal(const struct app *a, enum err refusal, const char *where)
{
    struct js *o = NULL;
    if (!a->json) {
        app_print_safe(stdout, where);
        printf(" refused, %s%s", err_name(refusal), a->message[0] != '\0' ? ": " : "");
        app_print_safe(stdout, a->message);
        fputc('\n', stdout);
        return ERR_OK;
    }
    enum err e = js_object_new(&o);
    if (e == ERR_OK)
        e = js_set_text(o, "error", err_name(refusal));
    if (e == ERR_OK)
        e = js_set_text(o, "detail", a->message);
    if (e == ERR_OK)
        e = js_set_text(o, "where", where);
    if (e == ERR_OK)
        e = app_print_json(o);
    js_free(o);
    return e;
}

static enum err print_accepted(const struct sending *s, const struct js *answer)
{
    if (s->app->json)
        return app_print_json(answer);
    if (s->total == 1)
        view_order(answer);
    else
        view_order_line(answer);
    return ERR_OK;
}

static enum err send_line(struct sending *s, const char *line, size_t len, const char *where)
{
    struct client_call call = {.route = ROUTE_DECIDE, .body = line, .body_len = len};
    struct js *answer = NULL;
    s->app->message[0] = '\0';
    enum err e = app_call(s->app, &call, &answer);
    if (isatty(STDOUT_FILENO) == 1)
        progress_end(&s->bar); /* out of the way of what is printed now */
    if (e == ERR_OK) {
        s->accepted++;
        e = print_accepted(s, answer);
    } else if (s->total > 1 && is_the_banks_no(e)) {
        s->refusal = s->refusal == ERR_OK ? e : s->refusal;
        e = print_refusal(s->app, e, where);
    }
    progress_set(&s->bar, ++s->done);
    js_free(answer);
    return e;
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
            e = send_line(s, at, len, where);
        at += len + 1;
    }
    return e;
}

/* Reads all before anything is sent, so that a wrong path stops nothing half way. */
static enum err read_files(struct sending *s, const struct args_list *words, struct buf *files)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < words->count; i++) {
        files[i] = (struct buf)BUF_INIT(FILE_BYTES_MAX);
        e = file_read(words->item[i], FILE_BYTES_MAX, &files[i]);
        size_t lines = count_lines(&files[i]);
        s->total += lines;
        if (e == ERR_OK && lines == 0)
            e = ERR_DOC_TYPE;
        if (e != ERR_OK)
            (void)app_fail(s->app, e, "%s", words->item[i]);
    }
    return e;
}

static enum err send_files(struct sending *s, const struct args_list *words, struct buf *files)
{
    enum err e = read_files(s, words, files);
    progress_start(&s->bar, "Sending", s->total);
    if (e == ERR_OK && s->total > 1 && !s->app->json)
        fputs(VIEW_ORDER_TITLE, stdout);
    for (size_t i = 0; e == ERR_OK && i < words->count; i++)
        e = send_lines(s, words->item[i], &files[i]);
    progress_end(&s->bar);
    if (e == ERR_OK && s->refusal != ERR_OK)
        e = app_fail(s->app, s->refusal, "the bank refused %zu of %zu", s->total - s->accepted,
                     s->total);
    return e;
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
