/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "order/doc.h"
#include "order/json.h"
#include "order/jws.h"
#include "order/member.h"

enum err request_application_read(const void *bytes, size_t len, struct request_application *out)
{
    const struct js *application, *statement;
    const struct js_member table[] = {
        MEMBER_OBJECT("application", true, &application),
        {"statement", JS_TEXT, true, 1, JWS_MAX, &statement},
    };

    *out = (struct request_application){.body = NULL};
    enum err e = js_parse(bytes, len, &out->body);
    if (!e)
        e = js_members(out->body, table, MEMBER_ROWS(table), NULL);
    if (!e)
        e = application_from_js(application, &out->application);
    if (!e)
        out->jws = js_text(statement, &out->jws_len);
    else
        request_application_free(out);
    return e;
}

void request_application_free(struct request_application *r)
{
    js_free(r->body);
    application_free(&r->application);
    *r = (struct request_application){.body = NULL};
}

enum err request_application_make(const char *jws, const struct application *a, struct buf *out)
{
    struct doc body = {0};

    doc_object(&body);
    doc_canonical(&body, "application", a->bytes.data, a->bytes.len);
    doc_text(&body, "statement", jws);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}

enum err request_opening_read(const void *bytes, size_t len, struct request_opening *out)
{
    const struct js *account;
    const struct js_member table[] = {MEMBER_TEXT("account", true, &account)};
    struct js *body = NULL;

    *out = (struct request_opening){.account = ""};
    enum err e = js_parse(bytes, len, &body);
    if (!e)
        e = js_members(body, table, MEMBER_ROWS(table), NULL);
    if (!e)
        e = member_text(account, iban_check, out->account, sizeof out->account);
    js_free(body);
    return e;
}

enum err request_opening_make(const struct request_opening *in, struct buf *out)
{
    struct doc body = {0};

    doc_object(&body);
    doc_text(&body, "account", in->account);
    enum err e = doc_canon(&body, out);
    doc_free(&body);
    return e;
}
