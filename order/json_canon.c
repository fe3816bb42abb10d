/* SPDX-License-Identifier: Apache-2.0
 *
 * json_canon: the canonical form, RFC 8785. Members are sorted in the tree already, and of numbers
 * there are only integers.
 */
#include "order/json.h"
#include "order/json_tree.h"

#include "base/text.h"
#include <string.h>

/* UTF-8 sorts by code point, RFC 8785 3.2.3 by UTF-16 code unit. They differ only between U+E000..
 * U+FFFF (first byte EE or EF) and what lies above (F0..F4), which UTF-16 writes with D800..DFFF.
 */
static unsigned utf16_rank(uint8_t byte)
{
    return byte == 0xEE || byte == 0xEF ? byte + 0x10u : byte;
}

int js_compare_names(const struct js *a, const struct js *b)
{
    size_t shorter = a->name_len < b->name_len ? a->name_len : b->name_len;

    for (size_t i = 0; i < shorter; i++) {
        unsigned p = utf16_rank((uint8_t)a->name[i]), q = utf16_rank((uint8_t)b->name[i]);

        if (p != q)
            return p < q ? -1 : 1;
    }
    return (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

/* A vector of GCC's and Clang's; a machine without any gets a loop. */
#define LANES ((size_t)16)
typedef int8_t lanes __attribute__((vector_size(16)));

/* How many of eight bytes stand before the first that ODD has not as 0; it has one. */
static size_t first_odd(uint64_t odd)
{
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        odd = __builtin_bswap64(odd);
    return (size_t)__builtin_ctzll(odd) / 8;
}

/* How many stand before the first that does not stand for itself. */
static size_t plain_lanes(lanes b)
{
    uint64_t odd[2];

    b = (b < ' ') | (b == '"') | (b == '\\'); /* what is above ASCII is below 0, too */
    memcpy(odd, &b, sizeof odd);
    if (odd[0])
        return first_odd(odd[0]);
    return odd[1] ? 8 + first_odd(odd[1]) : LANES;
}

size_t js_plain_len(const void *bytes, size_t len)
{
    const uint8_t *s = bytes;
    size_t done = 0, plain;
    lanes b;

    for (; len - done >= LANES; done += LANES) {
        memcpy(&b, s + done, sizeof b);
        plain = plain_lanes(b);
        if (plain < LANES)
            return done + plain;
    }
    b = (lanes){0};
    memcpy(&b, s + done, len - done);
    return done + plain_lanes(b); /* 0 is not plain */
}

static enum err write_escape(uint8_t c, struct buf *out)
{
    static const char short_form[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                      ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    if (short_form[c])
        return buf_add(out, (const char[]){'\\', short_form[c]}, 2);
    return buf_addf(out, "\\u%04x", c);
}

/* Appends what buf_reserve has made room for. */
static void put(struct buf *out, const char *bytes, size_t len)
{
    memcpy(out->data + out->len, bytes, len);
    out->len += len;
    out->data[out->len] = 0;
}

/* PLAIN bytes at the beginning are known to stand for themselves. */
static enum err write_text(const char *text, size_t len, size_t plain, struct buf *out)
{
    size_t run = 0; /* where the bytes begin that stand for themselves */
    enum err e = buf_reserve(out, len + 2);

    if (e != ERR_OK)
        return e;
    put(out, "\"", 1);
    for (size_t i = plain; i < len; i++) {
        uint8_t c = (uint8_t)text[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        put(out, text + run, i - run);
        run = i + 1;
        e = write_escape(c, out);
        if (e == ERR_OK)
            e = buf_reserve(out, len - run + 1);
        if (e != ERR_OK)
            return e;
    }
    put(out, text + run, len - run);
    put(out, "\"", 1);
    return ERR_OK;
}

/* Who read it has looked already. */
static enum err write_known(const char *text, size_t len, bool plain, struct buf *out)
{
    return write_text(text, len, plain ? len : js_plain_len(text, len), out);
}

static enum err write_int(int64_t number, struct buf *out)
{
    char text[TEXT_INT_MAX + 1];

    return buf_add(out, text, text_int(number, text));
}

static enum err write_value(const struct js *value, struct buf *out);

static enum err write_list(const struct js *list, struct buf *out)
{
    bool members = list->type == JS_OBJECT;
    enum err e = buf_add_byte(out, members ? '{' : '[');

    for (size_t i = 0; e == ERR_OK && i < list->count; i++) {
        const struct js *item = list->item[i];

        if (i > 0)
            e = buf_add_byte(out, ',');
        if (e == ERR_OK && members)
            e = write_known(item->name, item->name_len, item->name_is_plain, out);
        if (e == ERR_OK && members)
            e = buf_add_byte(out, ':');
        if (e == ERR_OK)
            e = write_value(item, out);
    }
    return e == ERR_OK ? buf_add_byte(out, members ? '}' : ']') : e;
}

static enum err write_value(const struct js *value, struct buf *out)
{
    switch (value->type) {
    case JS_OBJECT:
    case JS_ARRAY:
        return write_list(value, out);
    case JS_TEXT:
        return write_known(value->text, value->len, value->text_is_plain, out);
    case JS_INT:
        return write_int(value->number, out);
    case JS_BOOL:
        return buf_add_str(out, value->truth ? "true" : "false");
    case JS_NULL:
        break;
    }
    return buf_add_str(out, "null");
}

enum err js_canon_text(const char *text, struct buf *out)
{
    size_t len = strlen(text), plain = js_plain_len(text, len);

    return text_is_utf8(text + plain, len - plain) ? write_text(text, len, plain, out)
                                                   : ERR_TEXT_INVALID;
}

enum err js_canon(const struct js *value, struct buf *out)
{
    size_t before = out->len;
    enum err e = write_value(value, out);

    if (e != ERR_OK && out->data) {
        out->len = before;
        out->data[before] = 0;
    }
    return e;
}

enum err js_parse_canonical(const void *bytes, size_t len, struct js **out)
{
    /* The form is never longer than what it was read from. */
    struct buf form = BUF_INIT(len);
    struct js *value = NULL;
    enum err e;

    *out = NULL;
    e = js_parse(bytes, len, &value);
    if (e != ERR_OK)
        goto out;
    e = buf_reserve(&form, len);
    if (e != ERR_OK)
        goto out;
    e = js_canon(value, &form);
    if (e == ERR_TOO_LARGE || (e == ERR_OK && (form.len != len || memcmp(form.data, bytes, len))))
        e = ERR_DOC_NOT_CANONICAL;
    if (e != ERR_OK)
        goto out;
    *out = value;
    value = NULL;
out:
    js_free(value);
    buf_free(&form);
    return e;
}
