/* SPDX-License-Identifier: Apache-2.0
 *
 * qr show, qr read: a bundle through a gap of air, as QR codes.
 */
#include "app/app.h"
#include "app/parts.h"
#include "app/qr.h"
#include "base/file.h"
#include "base/text.h"
#include "order/doc.h"
#include "signer/bundle_file.h"
#include "signer/commands.h"
#include <string.h>
#include <unistd.h>

#define LINES_MAX ((size_t)16 << 20)

static const char *opt_directory, *opt_bytes, *opt_read_output;

const struct args_option cmd_qr_show_options[2] = {
    {"output", 'o', ARGS_TEXT, "DIR", "write images there; default: on the terminal",
     &opt_directory},
    {"bytes", 0, ARGS_TEXT, "N", "of the bundle in each code, 50 to 1800; default 450", &opt_bytes},
};
const struct args_option cmd_qr_read_options[1] = {
    {"output", 'o', ARGS_TEXT, "FILE",
     "the bundle; one that is there grows; default: standard output", &opt_read_output},
};

/* --- show --- */

struct strip {
    struct buf document;
    size_t each, count;
};

static enum err read_strip(struct app *a, const char *path, struct strip *s)
{
    struct bundle b;
    uint64_t each = PARTS_BYTES;
    if (opt_bytes != NULL &&
        (text_parse_u64(opt_bytes, strlen(opt_bytes), PARTS_BYTES_MAX, &each) != ERR_OK ||
         each < PARTS_BYTES_MIN))
        return app_fail(a, ERR_USAGE, "--bytes is a number from %u to %u", PARTS_BYTES_MIN,
                        PARTS_BYTES_MAX);
    s->each = (size_t)each;
    enum err e = bundle_file_read(a, path, &b);
    if (e == ERR_OK)
        e = bundle_write(&b, &s->document);
    if (e == ERR_OK && (e = parts_count(s->document.len, s->each, &s->count)) != ERR_OK)
        (void)app_fail(a, e, "%s has %zu bytes, and %u codes carry %zu each", path, s->document.len,
                       PARTS_MAX, s->each);
    bundle_free(&b);
    return e;
}

static enum err write_image(struct app *a, size_t number, const char *text)
{
    struct buf path = BUF_INIT(4096), png = BUF_INIT(0);
    enum err e = buf_addf(&path, "%s/part-%03zu.png", opt_directory, number);
    if (e == ERR_OK)
        e = qr_png(text, &png);
    if (e == ERR_OK && (e = file_write(buf_str(&path), png.data, png.len, 0644)) != ERR_OK)
        (void)app_fail(a, e, "%s", buf_str(&path));
    buf_free(&path);
    buf_free(&png);
    return e;
}

/* Whoever holds a camera says when the next one may come. */
static void wait_for_reader(const struct app *a)
{
    char line[16];
    FILE *tty = a->yes || isatty(STDOUT_FILENO) != 1 ? NULL : fopen("/dev/tty", "re");
    if (tty == NULL)
        return;
    fputs("Enter for the next one: ", stderr);
    if (fgets(line, sizeof line, tty) == NULL)
        fputc('\n', stderr);
    fclose(tty);
}

static enum err print_code(const struct app *a, const struct strip *s, size_t number,
                           const char *text)
{
    struct buf lines = BUF_INIT(0);
    enum err e = qr_lines(text, &lines);
    if (e == ERR_OK) {
        printf("%s%zu of %zu\n", buf_str(&lines), number, s->count);
        fflush(stdout);
        if (number < s->count)
            wait_for_reader(a);
    }
    buf_free(&lines);
    return e;
}

static enum err show_parts(struct app *a, const struct strip *s, struct doc *texts)
{
    enum err e = ERR_OK;
    for (size_t i = 1; e == ERR_OK && i <= s->count; i++) {
        struct buf text = BUF_INIT(PARTS_TEXT_MAX);
        e = parts_make(&s->document, s->each, i, &text);
        if (e == ERR_OK && opt_directory != NULL)
            e = write_image(a, i, buf_str(&text));
        else if (e == ERR_OK && !a->json)
            e = print_code(a, s, i, buf_str(&text));
        if (e == ERR_OK)
            doc_push_text(texts, buf_str(&text));
        buf_free(&text);
    }
    return e;
}

static enum err show(struct app *a, const char *path)
{
    struct strip s = {.document = BUF_INIT(BUNDLE_MAX)};
    struct doc all = {0}, texts = {0};
    doc_array(&texts);
    enum err e = read_strip(a, path, &s);
    if (e == ERR_OK)
        e = show_parts(a, &s, &texts);
    doc_object(&all);
    doc_put(&all, "parts", &texts);
    if (e == ERR_OK && a->json)
        e = app_print_doc(&all);
    else if (e == ERR_OK && opt_directory != NULL)
        fprintf(stderr, "Wrote part-001.png to part-%03zu.png.\n", s.count);
    doc_free(&all);
    buf_free(&s.document);
    return e;
}

enum err cmd_qr_show(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? show(a, words->item[0]) : e;
}

/* --- read --- */

static enum err take_line(struct app *a, struct parts *p, const char *line, size_t len,
                          const char *path, size_t number)
{
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
        len--;
    if (len == 0)
        return ERR_OK;
    enum err e = parts_take(p, line, len);
    return e == ERR_OK ? e : app_fail(a, e, "%s:%zu", path, number);
}

static enum err take_file(struct app *a, struct parts *p, const char *path)
{
    struct buf file = BUF_INIT(LINES_MAX);
    enum err e = file_read(path, LINES_MAX, &file);
    if (e != ERR_OK)
        (void)app_fail(a, e, "%s", path);
    const char *at = buf_str(&file), *end = at + file.len;
    for (size_t number = 1; e == ERR_OK && at < end; number++) {
        size_t len = text_line(at, end);
        e = take_line(a, p, at, len, path, number);
        at += len + 1;
    }
    buf_free(&file);
    return e;
}

static enum err join(struct app *a, const struct parts *p, struct buf *out)
{
    struct buf missing = BUF_INIT(0);
    enum err e = parts_join(p, out);
    if (e == ERR_PARTS_MISSING && p->total == 0)
        (void)app_fail(a, e, "there is none");
    else if (e == ERR_PARTS_MISSING && parts_tell_missing(p, &missing) == ERR_OK)
        (void)app_fail(a, e, "%zu of %zu are here; missing: %s", p->have, p->total,
                       buf_str(&missing));
    buf_free(&missing);
    return e;
}

static enum err keep(struct app *a, const struct buf *document)
{
    struct bundle b;
    enum err e = bundle_file_parse(a, "the document", document, &b);
    if (e == ERR_OK)
        e = bundle_file_grow(a, opt_read_output, &b);
    if (e == ERR_OK)
        e = bundle_file_write(a, opt_read_output, &b);
    bundle_free(&b);
    return e;
}

static enum err read_codes(struct app *a, const struct args_list *words)
{
    struct buf document = BUF_INIT(BUNDLE_MAX);
    struct parts p = {.at = NULL};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < words->count; i++)
        e = take_file(a, &p, words->item[i]);
    if (e == ERR_OK)
        e = join(a, &p, &document);
    if (e == ERR_OK)
        e = keep(a, &document);
    parts_free(&p);
    buf_free(&document);
    return e;
}

enum err cmd_qr_read(void *ctx, const struct args_list *words)
{
    struct app *a = ctx;
    enum err e = app_configure(a);
    return e == ERR_OK ? read_codes(a, words) : e;
}
