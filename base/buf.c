/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64 /* bytes */

static size_t maximum(const struct buf *b)
{
    return b->max ? b->max : BUF_MAX_DEFAULT;
}

/* Doubles, so that appending byte by byte stays linear, but never past the maximum. */
static size_t next_cap(const struct buf *b, size_t needed)
{
    size_t max = maximum(b);
    size_t cap = b->cap > FIRST_CAP ? b->cap : FIRST_CAP;

    while (cap < needed)
        cap = cap > max / 2 ? max : cap * 2;
    return cap < max ? cap : max;
}

enum err buf_reserve(struct buf *b, size_t len)
{
    size_t max = maximum(b);
    if (b->len > max || len > max - b->len)
        return ERR_TOO_LARGE;
    size_t needed = b->len + len;
    if (b->data && needed <= b->cap)
        return ERR_OK;

    size_t cap = next_cap(b, needed);
    uint8_t *data = malloc(cap + 1);
    if (!data)
        return ERR_NO_MEMORY;
    if (b->data) {
        /* Not realloc: it would leave a copy behind that nobody wipes. */
        memcpy(data, b->data, b->len);
        explicit_bzero(b->data, b->cap);
        free(b->data);
    }
    data[b->len] = 0;
    b->data = data;
    b->cap = cap;
    return ERR_OK;
}

enum err buf_add(struct buf *b, const void *bytes, size_t len)
{
    enum err e = b->data && len <= b->cap - b->len ? ERR_OK : buf_reserve(b, len);
    if (e)
        return e;
    if (len)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = 0;
    return ERR_OK;
}

enum err buf_add_str(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

enum err buf_add_byte(struct buf *b, uint8_t byte)
{
    enum err e = b->data && b->len < b->cap ? ERR_OK : buf_reserve(b, 1);
    if (e)
        return e;
    b->data[b->len++] = byte;
    b->data[b->len] = 0;
    return ERR_OK;
}

enum err buf_addf(struct buf *b, const char *format, ...)
{
    enum err e = buf_reserve(b, 0);

    /* Mostly there is room at once; otherwise the first try says how much is needed. */
    for (int tries = 0; !e && tries < 2; tries++) {
        size_t room = b->cap - b->len;
        va_list args;
        va_start(args, format);
        int len = vsnprintf((char *)b->data + b->len, room + 1, format, args);
        va_end(args);
        if (len >= 0 && (size_t)len <= room) {
            b->len += (size_t)len;
            return ERR_OK;
        }
        b->data[b->len] = 0;
        e = len < 0 ? ERR_INTERNAL : buf_reserve(b, (size_t)len);
    }
    return e ? e : ERR_INTERNAL;
}

void buf_drop(struct buf *b, size_t len)
{
    if (len > b->len)
        len = b->len;
    if (!len)
        return;
    memmove(b->data, b->data + len, b->len - len);
    b->len -= len;
    b->data[b->len] = 0;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = 0;
}

const char *buf_str(const struct buf *b)
{
    return b->data ? (const char *)b->data : "";
}

void buf_free(struct buf *b)
{
    if (!b)
        return;
    if (b->data)
        explicit_bzero(b->data, b->cap); /* all of it: a dropped or cleared tail is content too */
    free(b->data);
    *b = (struct buf){.max = b->max};
}
