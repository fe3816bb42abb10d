/* SPDX-License-Identifier: Apache-2.0 */
#include "api/problem.h"
#include "order/json.h"

static enum err set_type(struct js *object, const char *name)
{
    struct buf type = {0};
    enum err e = buf_add_str(&type, PROBLEM_TYPE);

    if (!e)
        e = buf_add_str(&type, name);
    if (!e)
        e = js_set_text(object, "type", buf_str(&type));
    buf_free(&type);
    return e;
}

enum err problem_new(enum err problem, const char *detail, struct js **out)
{
    const struct err_info *info = err_info(problem);
    struct js *object = NULL;
    enum err e = js_object_new(&object);

    *out = NULL;
    if (!e)
        e = set_type(object, info->name);
    if (!e)
        e = js_set_text(object, "title", info->cause);
    if (!e)
        e = js_set_int(object, "status", info->http);
    if (!e)
        e = js_set_text(object, "name", info->name);
    if (!e && detail)
        e = js_set_text(object, "detail", detail);
    if (!e)
        e = js_set_text(object, "remedy", info->remedy);
    if (e) {
        js_free(object);
        return e;
    }
    *out = object;
    return ERR_OK;
}

enum err problem_body(enum err problem, const char *detail, struct buf *out)
{
    struct js *object = NULL;
    enum err e = problem_new(problem, detail, &object);

    if (!e)
        e = js_canon(object, out);
    js_free(object);
    return e;
}
