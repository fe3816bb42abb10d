/* SPDX-License-Identifier: Apache-2.0 */
#include "order/doc.h"

#include "base/text.h"
#include "order/amount.h"
#include "order/json.h"
#include <string.h>

#define ROOM ((size_t)480) /* bytes at the start: most documents stay smaller */

void doc_object(struct doc *d)
{
    d->is_array = false;
    d->err = buf_reserve(&d->text, ROOM);
}

void doc_array(struct doc *d)
{
    d->is_array = true;
    d->err = buf_reserve(&d->text, ROOM);
}

void doc_free(struct doc *d)
{
    if (!d)
        return;
    buf_free(&d->text);
    d->err = ERR_OK;
    d->is_array = false;
    d->count = 0;
}

void doc_fail(struct doc *d, enum err e)
{
    if (!d->err)
        d->err = e;
}

/* --- one value --- */

/* Keeps the members in the order of RFC 8785 3.2.3, which for ASCII is that of the bytes. */
static void place(struct doc *d, const char *name, size_t at)
{
    size_t i = d->count++;

    for (; i > 0 && strcmp(name, d->member[i - 1].name) < 0; i--)
        d->member[i] = d->member[i - 1];
    d->member[i] = (struct doc_member){name, at, d->text.len - at};
}

/* Names need no escapes. */
static enum err add_name(struct buf *text, const char *name)
{
    size_t len = strlen(name);
    enum err e = buf_reserve(text, len + strlen("\"\":"));

    if (e)
        return e;
    uint8_t *to = text->data + text->len;
    *to++ = '"';
    memcpy(to, name, len);
    memcpy(to + len, "\":", sizeof "\":");
    text->len += len + strlen("\"\":");
    return ERR_OK;
}

/* Begins a member, or an element when NAME is NULL; the value's text follows. */
static size_t begin(struct doc *d, const char *name)
{
    size_t at = d->text.len;

    if (!d->err && ((name == NULL) != d->is_array || d->count == DOC_MEMBERS_MAX))
        d->err = ERR_INTERNAL;
    if (!d->err && d->is_array && at)
        d->err = buf_add_byte(&d->text, ',');
    if (!d->err && name)
        d->err = add_name(&d->text, name);
    return at;
}

static void end(struct doc *d, const char *name, size_t at)
{
    if (!d->err && name)
        place(d, name, at);
}

static void add_bytes(struct doc *d, const char *name, const void *bytes, size_t len)
{
    size_t at = begin(d, name);

    if (!d->err)
        d->err = buf_add(&d->text, bytes, len);
    end(d, name, at);
}

static void add_text(struct doc *d, const char *name, const char *text)
{
    size_t at = begin(d, name);

    if (!d->err)
        d->err = js_canon_text(text, &d->text);
    end(d, name, at);
}

/* Of bytes that stand for themselves in any JSON text. */
static void add_plain(struct doc *d, const char *name, const char *bytes, size_t len)
{
    size_t at = begin(d, name);

    if (!d->err)
        d->err = buf_reserve(&d->text, len + 2);
    if (!d->err) {
        char *to = (char *)d->text.data + d->text.len;
        *to = '"';
        memcpy(to + 1, bytes, len);
        memcpy(to + 1 + len, "\"", 2);
        d->text.len += len + 2;
    }
    end(d, name, at);
}

static void add_doc(struct doc *d, const char *name, struct doc *child)
{
    size_t at = begin(d, name);

    if (!d->err)
        d->err = doc_canon(child, &d->text);
    end(d, name, at);
    doc_free(child);
}

/* --- members --- */

void doc_text(struct doc *d, const char *name, const char *text)
{
    add_text(d, name, text);
}

void doc_text_optional(struct doc *d, const char *name, const char *text)
{
    if (text[0])
        add_text(d, name, text);
}

void doc_int(struct doc *d, const char *name, int64_t value)
{
    char text[TEXT_INT_MAX + 1];
    size_t len = text_int(value, text);

    if (!d->err && (value > JS_INT_MAX || value < -JS_INT_MAX))
        d->err = ERR_JSON_NUMBER;
    add_bytes(d, name, text, len);
}

void doc_bool(struct doc *d, const char *name, bool value)
{
    const char *text = value ? "true" : "false";

    add_bytes(d, name, text, strlen(text));
}

void doc_time(struct doc *d, const char *name, int64_t time_us)
{
    char text[TEXT_TIME_LEN + 1];

    text_time(time_us, text);
    add_plain(d, name, text, TEXT_TIME_LEN);
}

void doc_digest(struct doc *d, const char *name, const uint8_t digest[static DIGEST_LEN])
{
    char text[2 * DIGEST_LEN + 1];

    text_hex(digest, DIGEST_LEN, text);
    add_plain(d, name, text, 2 * DIGEST_LEN);
}

void doc_bytes(struct doc *d, const char *name, const void *bytes, size_t len)
{
    struct buf text = {0};

    if (!d->err)
        d->err = text_b64url_add(&text, bytes, len);
    add_text(d, name, buf_str(&text));
    buf_free(&text);
}

void doc_money(struct doc *d, const char *name, int64_t minor, const char *currency)
{
    char text[AMOUNT_TEXT_MAX + 1] = "";

    if (!d->err)
        d->err = amount_text(minor, currency, text);
    add_text(d, name, text);
}

void doc_canonical(struct doc *d, const char *name, const void *bytes, size_t len)
{
    add_bytes(d, name, bytes, len);
}

void doc_put(struct doc *d, const char *name, struct doc *child)
{
    add_doc(d, name, child);
}

/* --- elements --- */

void doc_push(struct doc *d, struct doc *child)
{
    add_doc(d, NULL, child);
}

void doc_push_int(struct doc *d, int64_t value)
{
    doc_int(d, NULL, value);
}

void doc_push_text(struct doc *d, const char *text)
{
    add_text(d, NULL, text);
}

void doc_push_base64(struct doc *d, const void *bytes, size_t len)
{
    struct buf text = {0};

    if (!d->err)
        d->err = text_b64_add(&text, bytes, len);
    add_text(d, NULL, buf_str(&text));
    buf_free(&text);
}

/* --- the whole --- */

static enum err join(const struct doc *d, struct buf *out)
{
    enum err e = ERR_OK;

    for (size_t i = 0; !e && i < d->count; i++) {
        const struct doc_member *m = &d->member[i];
        if (i)
            e = buf_add_byte(out, ',');
        if (!e)
            e = buf_add(out, d->text.data + m->at, m->len);
    }
    return e;
}

const char *doc_member_text(const struct doc *d, const char *name, size_t *len)
{
    size_t named = strlen(name) + strlen("\"\":");

    for (size_t i = 0; !d->err && i < d->count && !d->is_array; i++) {
        const struct doc_member *m = &d->member[i];
        int order = strcmp(name, m->name);
        if (order < 0) /* they stand in order */
            return NULL;
        if (order == 0) {
            *len = m->len - named;
            return (const char *)d->text.data + m->at + named;
        }
    }
    return NULL;
}

enum err doc_canon(const struct doc *d, struct buf *out)
{
    size_t commas = d->count ? d->count - 1 : 0;
    enum err e = d->err;

    if (!e)
        e = buf_reserve(out, d->text.len + commas + 2);
    if (!e)
        e = buf_add_byte(out, d->is_array ? '[' : '{');
    if (!e)
        e = d->is_array ? buf_add(out, d->text.data, d->text.len) : join(d, out);
    return e ? e : buf_add_byte(out, d->is_array ? ']' : '}');
}
