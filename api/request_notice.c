/* SPDX-License-Identifier: Apache-2.0 */
#include "api/request.h"
#include "order/json.h"
#include "order/member.h"

#include <stdio.h>
#include <string.h>

/* One mailbox as RFC 5321 has it without quoting: nothing in it ends a command or a header. */
static bool is_email(const char *text)
{
    static const char local[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "!#$%&'*+-/=?^_`{|}~.";
    static const char domain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    size_t before = strspn(text, local);
    const char *behind = text + before + 1;

    if (before == 0 || before > 64 || text[before] != '@' || text[0] == '.' ||
        text[before - 1] == '.' || strstr(text, ".."))
        return false;
    size_t len = strspn(behind, domain);
    return len > 0 && behind[len] == '\0' && behind[0] != '.' && behind[0] != '-' &&
           behind[len - 1] != '.' && behind[len - 1] != '-';
}

static bool is_web_address(const char *text)
{
    size_t scheme = strncmp(text, "https://", 8) == 0  ? 8
                    : strncmp(text, "http://", 7) == 0 ? 7
                                                       : 0;
    if (scheme == 0 || text[scheme] == '\0' || text[scheme] == '/')
        return false;
    for (const char *at = text; *at; at++) {
        if (*at <= ' ' || *at > '~' || strchr("\"<>\\^`{|}@#", *at))
            return false;
    }
    return true;
}

static enum err take(const struct js *value, bool (*is)(const char *), char *out, size_t size)
{
    if (!value)
        return ERR_OK;
    enum err e = member_text(value, NULL, out, size);
    return e || is(out) ? e : ERR_DOC_MEMBER_INVALID;
}

static bool is_language(const char *text)
{
    return strlen(text) == 2 && strspn(text, "abcdefghijklmnopqrstuvwxyz") == 2;
}

enum err request_contact_read(const void *bytes, size_t len, struct request_contact *out)
{
    const struct js *email = NULL, *webhook = NULL, *language = NULL;
    const struct js_member table[] = {
        MEMBER_TEXT("email", false, &email),
        MEMBER_TEXT("language", false, &language),
        MEMBER_TEXT("webhook", false, &webhook),
    };
    struct js *body = NULL;

    *out = (struct request_contact){.language = "en"};
    enum err e = js_parse(bytes, len, &body);
    if (!e)
        e = js_members(body, table, MEMBER_ROWS(table), NULL);
    if (!e)
        e = take(email, is_email, out->email, sizeof out->email);
    if (!e)
        e = take(webhook, is_web_address, out->webhook, sizeof out->webhook);
    if (!e)
        e = take(language, is_language, out->language, sizeof out->language);
    js_free(body);
    return e;
}

static enum err read_outcome(const char *name, enum request_outcome *out)
{
    static const char *const names[] = {"carried", "failed", "unwanted"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        *out = (enum request_outcome)i;
        if (strcmp(names[i], name) == 0)
            return ERR_OK;
    }
    return ERR_DOC_MEMBER_INVALID;
}

static enum err read_carried(const struct js *value, struct request_carried *out)
{
    const struct js *notice, *outcome, *error = NULL, *jitter = NULL;
    const struct js_member table[] = {
        MEMBER_TEXT("error", false, &error),
        {"jitter", JS_INT, false, 0, 0, &jitter},
        MEMBER_TEXT("notice", true, &notice),
        MEMBER_TEXT("outcome", true, &outcome),
    };

    *out = (struct request_carried){.notice = ""};
    enum err e = js_members(value, table, MEMBER_ROWS(table), NULL);
    if (!e)
        e = member_text(notice, NULL, out->notice, sizeof out->notice);
    if (!e)
        e = read_outcome(js_text(outcome, NULL), &out->outcome);
    if (!e && error)
        e = member_text(error, NULL, out->error, sizeof out->error);
    if (!e && jitter)
        out->jitter = (unsigned)(js_int(jitter) & 0xff);
    return e;
}

enum err request_courier_read(const void *bytes, size_t len, struct request_courier *out)
{
    const struct js *list;
    const struct js_member table[] = {
        {"carried", JS_ARRAY, true, 0, REQUEST_CARRIED_MAX, &list},
    };
    struct js *body = NULL;

    out->count = 0;
    enum err e = js_parse(bytes, len, &body);
    if (!e)
        e = js_members(body, table, MEMBER_ROWS(table), NULL);
    for (size_t i = 0; !e && i < js_count(list); i++)
        e = read_carried(js_at(list, i), &out->carried[out->count++]);
    js_free(body);
    return e;
}

enum err request_contact_make(const struct request_contact *in, struct buf *out)
{
    struct js *o = NULL;
    enum err e = js_object_new(&o);

    if (!e && in->email[0])
        e = js_set_text(o, "email", in->email);
    if (!e && in->webhook[0])
        e = js_set_text(o, "webhook", in->webhook);
    if (!e)
        e = js_set_text(o, "language", in->language);
    if (!e)
        e = js_canon(o, out);
    js_free(o);
    return e;
}

static bool is_code(const char *text)
{
    return strlen(text) == REQUEST_CONTACT_CODE_LEN &&
           strspn(text, "0123456789") == REQUEST_CONTACT_CODE_LEN;
}

enum err request_contact_code_read(const void *bytes, size_t len, struct request_contact_code *out)
{
    const struct js *code;
    const struct js_member table[] = {MEMBER_TEXT("code", true, &code)};
    struct js *body = NULL;

    *out = (struct request_contact_code){.code = ""};
    enum err e = js_parse(bytes, len, &body);
    if (!e)
        e = js_members(body, table, MEMBER_ROWS(table), NULL);
    if (!e)
        e = take(code, is_code, out->code, sizeof out->code);
    js_free(body);
    return e;
}

enum err request_contact_code_make(const struct request_contact_code *in, struct buf *out)
{
    struct js *o = NULL;
    enum err e = js_object_new(&o);

    if (!e)
        e = js_set_text(o, "code", in->code);
    if (!e)
        e = js_canon(o, out);
    js_free(o);
    return e;
}
