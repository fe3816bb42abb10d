/* SPDX-License-Identifier: Apache-2.0 */
#include "order/act.h"

#include "order/doc.h"
#include "order/json.h"
#include <string.h>

/* As routes have them: nothing that anybody would have to decode. */
static enum err check_path(const char *text, size_t len)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "/._-";

    return len <= ACT_PATH_MAX && text[0] == '/' && strspn(text, allowed) == len
               ? ERR_OK
               : ERR_DOC_MEMBER_INVALID;
}

static enum err read_act(const struct js *value, struct operator_act *out)
{
    struct statement_members head;
    const struct js *path, *request;
    const struct js_member table[] = {
        STATEMENT_ROWS(head, false),
        MEMBER_TEXT("path", true, &path),
        MEMBER_OBJECT("request", true, &request),
    };
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);

    if (e == ERR_OK)
        e = statement_head_read(&head, &out->head);
    if (e == ERR_OK)
        e = member_text(path, check_path, out->path, sizeof out->path);
    return e == ERR_OK ? js_canon(request, &out->request) : e;
}

enum err act_parse(const void *payload, size_t len, struct operator_act *out)
{
    struct js *value = NULL;
    enum err e;

    *out = (struct operator_act){.request = BUF_INIT(ACT_REQUEST_MAX)};
    e = js_parse_canonical(payload, len, &value);
    if (e == ERR_OK)
        e = read_act(value, out);
    js_free(value);
    if (e != ERR_OK)
        act_free(out);
    return e;
}

void act_free(struct operator_act *a)
{
    if (!a)
        return;
    buf_free(&a->request);
    memset(a, 0, sizeof *a);
}

static enum err write_act(const struct statement *head, const char *path, const struct buf *request,
                          struct buf *out)
{
    struct doc doc = {0};

    doc_object(&doc);
    statement_head_write(head, &doc);
    doc_text(&doc, "path", path);
    doc_canonical(&doc, "request", request->data, request->len);
    enum err e = doc_canon(&doc, out);
    doc_free(&doc);
    return e;
}

enum err act_make(const struct statement *head, const char *path, const void *request, size_t len,
                  struct buf *out)
{
    struct buf canonical = BUF_INIT(ACT_REQUEST_MAX);
    struct js *value = NULL;
    enum err e = check_path(path, strlen(path));

    if (e == ERR_OK)
        e = js_parse(request, len, &value);
    if (e == ERR_OK && js_type(value) != JS_OBJECT)
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK)
        e = js_canon(value, &canonical);
    if (e == ERR_OK)
        e = write_act(head, path, &canonical, out);
    js_free(value);
    buf_free(&canonical);
    return e;
}
