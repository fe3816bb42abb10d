/* SPDX-License-Identifier: Apache-2.0 */
#include "order/member.h"

#include "base/text.h"
#include "order/forms.h"
#include "order/text.h"
#include <string.h>

static enum err copy(const char *text, size_t len, char *out, size_t cap)
{
    if (len >= cap)
        return ERR_DOC_MEMBER_INVALID;
    memcpy(out, text, len);
    out[len] = 0;
    return ERR_OK;
}

enum err member_text(const struct js *value, member_check check, char *out, size_t cap)
{
    const char *text;
    size_t len;
    enum err e;

    out[0] = 0;
    if (!value)
        return ERR_OK;
    text = js_text(value, &len);
    e = check ? check(text, len) : ERR_OK;
    return e == ERR_OK ? copy(text, len, out, cap) : e;
}

enum err member_line(const struct js *value, size_t max_chars, char *out, size_t cap)
{
    const char *text;
    size_t len;
    enum err e;

    out[0] = 0;
    if (!value)
        return ERR_OK;
    text = js_text(value, &len);
    e = utext_check(text, len, max_chars);
    return e == ERR_OK ? copy(text, len, out, cap) : e;
}

enum err member_type(const struct js *type, const char *expected, const struct js *version)
{
    if (type && strcmp(js_text(type, NULL), expected) != 0)
        return ERR_DOC_TYPE;
    return js_int(version) == 1 ? ERR_OK : ERR_DOC_TYPE;
}

enum err member_time(const struct js *value, int64_t *out_us)
{
    const char *text;
    size_t len;

    *out_us = 0;
    if (!value)
        return ERR_OK;
    text = js_text(value, &len);
    return text_parse_time(text, len, out_us);
}

enum err member_digest(const struct js *value, uint8_t out[static DIGEST_LEN])
{
    const char *text;
    size_t len;

    memset(out, 0, DIGEST_LEN);
    if (!value)
        return ERR_OK;
    text = js_text(value, &len);
    return forms_digest(text, len, out);
}

enum err member_hash(const struct js *value, uint8_t out[static DIGEST_LEN])
{
    struct buf bytes = BUF_INIT(DIGEST_LEN);
    const char *text;
    size_t len;
    enum err e;

    if (js_type(value) != JS_TEXT)
        return ERR_DOC_MEMBER_INVALID;
    text = js_text(value, &len);
    e = text_unb64(text, len, &bytes);
    if (e == ERR_TOO_LARGE || (e == ERR_OK && bytes.len != DIGEST_LEN))
        e = ERR_DOC_MEMBER_INVALID;
    if (e == ERR_OK)
        memcpy(out, bytes.data, DIGEST_LEN);
    buf_free(&bytes);
    return e;
}

enum err member_bytes(const struct js *value, uint8_t *out, size_t cap, size_t *out_len)
{
    struct buf bytes = BUF_INIT(cap);
    const char *text;
    size_t len;
    enum err e;

    *out_len = 0;
    if (!value)
        return ERR_OK;
    text = js_text(value, &len);
    e = text_unb64url(text, len, &bytes);
    if (e == ERR_TOO_LARGE || (e == ERR_OK && bytes.len == 0))
        e = ERR_DOC_MEMBER_INVALID;
    if (e != ERR_OK)
        goto out;
    memcpy(out, bytes.data, bytes.len);
    *out_len = bytes.len;
out:
    buf_free(&bytes);
    return e;
}

enum err member_set_time(struct js *object, const char *name, int64_t time_us)
{
    char text[TEXT_TIME_LEN + 1];

    text_time(time_us, text);
    return js_set_text(object, name, text);
}

enum err member_set_bytes(struct js *object, const char *name, const uint8_t *bytes, size_t len)
{
    struct buf text = {0};
    enum err e = text_b64url_add(&text, bytes, len);

    if (e == ERR_OK)
        e = js_set_text(object, name, buf_str(&text));
    buf_free(&text);
    return e;
}
