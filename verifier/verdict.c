/* SPDX-License-Identifier: Apache-2.0 */
#include "verifier/verdict.h"

#include "base/text.h"
#include "order/json.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DETAIL_MAX 512

static enum err set_common(struct js *object, const struct verdict *v, const char *word)
{
    struct buf name = {0};
    /* A file's name may hold anything; on a terminal it must not. */
    enum err e = text_tame_add(&name, v->file, strlen(v->file));

    if (e == ERR_OK)
        e = js_set_text(object, "file", buf_str(&name));
    if (e == ERR_OK && v->line)
        e = js_set_int(object, "line", (int64_t)v->line);
    if (e == ERR_OK)
        e = js_set_text(object, "verdict", word);
    buf_free(&name);
    return e;
}

static enum err add_object(struct buf *out, const struct js *object)
{
    enum err e = js_canon(object, out);

    return e == ERR_OK ? buf_add_byte(out, '\n') : e;
}

static enum err ok_json(struct verdict *v, const struct verdict_field *fields, size_t count,
                        struct js *object)
{
    enum err e = set_common(object, v, "OK");

    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = js_set_text(object, fields[i].name, fields[i].value);
    return e == ERR_OK ? add_object(v->out, object) : e;
}

static enum err ok_text(struct verdict *v, const struct verdict_field *fields, size_t count,
                        const char *detail)
{
    enum err e = buf_add_str(v->out, "OK");

    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        e = buf_add_byte(v->out, ' ');
        if (e == ERR_OK)
            e = buf_add_str(v->out, fields[i].value);
    }
    if (e == ERR_OK)
        e = buf_add_byte(v->out, '\n');
    return e == ERR_OK && detail ? buf_add_str(v->out, detail) : e;
}

enum err verdict_ok(struct verdict *v, const struct verdict_field *fields, size_t count,
                    const char *detail, struct js *more)
{
    struct js *object = more;
    enum err e = ERR_OK;

    if (!v->style.quiet && !v->style.json)
        e = ok_text(v, fields, count, detail);
    if (!v->style.quiet && v->style.json) {
        if (!object)
            e = js_object_new(&object);
        if (e == ERR_OK)
            e = ok_json(v, fields, count, object);
    }
    js_free(object);
    return e;
}

static enum err refused_json(struct verdict *v, enum err error)
{
    struct js *object = NULL;
    enum err e = js_object_new(&object);

    if (e == ERR_OK)
        e = set_common(object, v, "REFUSED");
    if (e == ERR_OK)
        e = js_set_text(object, "error", err_name(error));
    if (e == ERR_OK)
        e = js_set_text(object, "cause", err_info(error)->cause);
    if (e == ERR_OK && v->where[0])
        e = js_set_text(object, "where", v->where);
    if (e == ERR_OK)
        e = add_object(v->out, object);
    js_free(object);
    return e;
}

static enum err refused_text(struct verdict *v, enum err error)
{
    enum err e = buf_addf(v->out, "REFUSED %s ", err_name(error));

    if (e == ERR_OK)
        e = text_tame_add(v->out, v->file, strlen(v->file));
    if (e == ERR_OK && v->line)
        e = buf_addf(v->out, ":%llu", (unsigned long long)v->line);
    if (e == ERR_OK)
        e = buf_addf(v->out, " %s", err_info(error)->cause);
    if (e == ERR_OK && v->where[0]) {
        e = buf_add_str(v->out, " At ");
        if (e == ERR_OK)
            e = text_tame_add(v->out, v->where, strlen(v->where));
    }
    return e == ERR_OK ? buf_add_byte(v->out, '\n') : e;
}

enum err verdict_refused(struct verdict *v, enum err error)
{
    return v->style.json ? refused_json(v, error) : refused_text(v, error);
}

static enum err fail_json(const struct err_info *info, const char *detail, struct buf *out)
{
    struct js *object = NULL;
    enum err e = js_object_new(&object);

    if (e == ERR_OK)
        e = js_set_text(object, "error", info->name);
    if (e == ERR_OK)
        e = js_set_text(object, "cause", info->cause);
    if (e == ERR_OK)
        e = js_set_text(object, "detail", detail);
    if (e == ERR_OK)
        e = js_set_text(object, "remedy", info->remedy);
    if (e == ERR_OK)
        e = add_object(out, object);
    js_free(object);
    return e;
}

void verdict_fail_json(enum err error, const char *detail)
{
    const struct err_info *info = err_info(error);
    struct buf line = {0};

    if (fail_json(info, detail, &line) == ERR_OK)
        fputs(buf_str(&line), stdout);
    else
        printf("{\"error\":\"%s\"}\n", info->name);
    fflush(stdout); /* before the words on standard error, where both go to one place */
    buf_free(&line);
}

enum err verdict_fail(struct verdict_style style, enum err error, const char *format, ...)
{
    const struct err_info *info = err_info(error);
    char detail[DETAIL_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    text_tame(detail);
    if (style.json)
        verdict_fail_json(error, detail);
    fprintf(stderr, "countersign-verify: %s: %s\n  %s\n  %s\n", info->name, info->cause, detail,
            info->remedy);
    return error;
}
