/* SPDX-License-Identifier: Apache-2.0
 *
 * json_parse: the reader of docs/FORMAT.md section 1: RFC 8259 narrowed to I-JSON and to integers.
 * One pass, one allocation a value, recursion bounded by JS_DEPTH_MAX. It says no at the first byte
 * that does not fit.
 */
#include "order/json.h"
#include "order/json_tree.h"

#include <stdlib.h>
#include <string.h>

struct scan {
    const uint8_t *at, *end;
    unsigned depth;
};

static void skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static bool take(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != (uint8_t)c)
        return false;
    s->at++;
    return true;
}

/* --- strings --- */

/* A string's bytes between the quotes, still with escapes. */
struct raw {
    const uint8_t *bytes;
    size_t len;
    bool plain; /* ASCII without escapes */
};

static enum err scan_string(struct scan *s, struct raw *out)
{
    const uint8_t *at;

    if (!take(s, '"'))
        return ERR_JSON_SYNTAX;
    *out = (struct raw){.bytes = s->at, .plain = true};
    at = s->at + js_plain_len(s->at, (size_t)(s->end - s->at));
    for (; at < s->end && *at != '"'; at++) {
        if (*at < 0x20)
            return ERR_JSON_SYNTAX;
        if (*at != '\\' && *at < 0x80)
            continue;
        out->plain = false;
        if (*at == '\\' && ++at == s->end)
            return ERR_JSON_SYNTAX;
    }
    if (at == s->end)
        return ERR_JSON_SYNTAX;
    out->len = (size_t)(at - s->at);
    s->at = at + 1;
    return ERR_OK;
}

static bool is_noncharacter(uint32_t c)
{
    return (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

/* Four hexadecimal digits. */
static bool read_unit(struct scan *s, uint32_t *out)
{
    *out = 0;
    if (s->end - s->at < 4)
        return false;
    for (const uint8_t *stop = s->at + 4; s->at < stop; s->at++) {
        uint8_t c = *s->at, letter = c | 0x20;

        if (c >= '0' && c <= '9')
            *out = *out << 4 | (uint32_t)(c - '0');
        else if (letter >= 'a' && letter <= 'f')
            *out = *out << 4 | (uint32_t)(letter - 'a' + 10);
        else
            return false;
    }
    return true;
}

/* RFC 8259 7: behind \u; a code point beyond U+FFFF is a pair. */
static bool read_unicode_escape(struct scan *s, uint32_t *out)
{
    uint32_t low;

    if (!read_unit(s, out) || (*out >= 0xDC00 && *out <= 0xDFFF))
        return false;
    if (*out < 0xD800 || *out > 0xDBFF)
        return true;
    if (!take(s, '\\') || !take(s, 'u') || !read_unit(s, &low) || low < 0xDC00 || low > 0xDFFF)
        return false;
    *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static bool read_escape(struct scan *s, uint32_t *out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;
    uint8_t c = *s->at++; /* scan_string has seen that there is one */

    if (c == 'u')
        return read_unicode_escape(s, out);
    found = c ? strchr(letters, c) : NULL;
    *out = found ? (uint8_t)meanings[found - letters] : 0;
    return found != NULL;
}

/* RFC 3629: the shortest form, no surrogate, nothing above U+10FFFF. */
static bool read_utf8(struct scan *s, uint32_t *out)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint8_t lead = *s->at++;
    unsigned more = lead < 0x80 ? 0 : lead < 0xC0 ? 4 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;

    if (more == 4 || lead > 0xF4 || s->end - s->at < (ptrdiff_t)more)
        return false;
    *out = more == 0 ? lead : lead & (0x3Fu >> more);
    for (unsigned i = 0; i < more; i++) {
        uint8_t c = *s->at++;

        if ((c & 0xC0) != 0x80)
            return false;
        *out = *out << 6 | (c & 0x3F);
    }
    return *out >= least[more] && *out <= 0x10FFFF && (*out < 0xD800 || *out > 0xDFFF);
}

static char *put_utf8(uint32_t c, char *to)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t leads[] = {0, 0xC0, 0xE0, 0xF0};

    *to++ = (char)(leads[more] | c >> 6 * more);
    while (more-- > 0)
        *to++ = (char)(0x80 | (c >> 6 * more & 0x3F));
    return to;
}

/* TO has room for RAW's length and a NUL: no escape is shorter than what it stands for. NUL is
 * refused: texts are C strings from here on. */
static enum err decode(const struct raw *raw, char *to, size_t *len)
{
    struct scan s = {.at = raw->bytes, .end = raw->bytes + raw->len};
    char *begin = to;

    if (raw->plain) {
        memcpy(to, raw->bytes, raw->len);
        to += raw->len;
    }
    while (!raw->plain && s.at < s.end) {
        uint32_t c;
        bool fine = take(&s, '\\') ? read_escape(&s, &c) : read_utf8(&s, &c);

        if (!fine || c == 0 || is_noncharacter(c))
            return ERR_JSON_SYNTAX;
        to = put_utf8(c, to);
    }
    *to = 0;
    *len = (size_t)(to - begin);
    return ERR_OK;
}

/* --- values --- */

static enum err read_value(struct scan *s, const struct raw *name, struct js **out);

/* A value with its name, if it is a member. */
static enum err make(enum js_type type, const struct raw *name, size_t text_cap, struct js **out)
{
    struct js *v = js_new(type, name ? name->len + 1 : 0, text_cap);
    enum err e;

    *out = NULL;
    if (!v)
        return ERR_NO_MEMORY;
    e = name ? decode(name, v->name, &v->name_len) : ERR_OK;
    if (e == ERR_OK)
        *out = v;
    else
        js_free(v);
    return e;
}

static enum err read_text(struct scan *s, const struct raw *name, struct js **out)
{
    struct raw raw;
    enum err e = scan_string(s, &raw);

    *out = NULL;
    if (e == ERR_OK)
        e = make(JS_TEXT, name, raw.len + 1, out);
    return e == ERR_OK ? decode(&raw, (*out)->text, &(*out)->len) : e;
}

static size_t skip_digits(struct scan *s)
{
    const uint8_t *from = s->at;

    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return (size_t)(s->at - from);
}

struct digits {
    const uint8_t *first;
    size_t count;
    bool negative, whole;
};

/* RFC 8259 6. */
static bool scan_number(struct scan *s, struct digits *out)
{
    out->negative = take(s, '-');
    out->first = s->at;
    out->count = skip_digits(s);
    out->whole = true;
    if (out->count == 0 || (out->count > 1 && *out->first == '0'))
        return false;
    if (take(s, '.')) {
        out->whole = false;
        if (skip_digits(s) == 0)
            return false;
    }
    if (take(s, 'e') || take(s, 'E')) {
        out->whole = false;
        if (!take(s, '+'))
            (void)take(s, '-');
        return skip_digits(s) > 0;
    }
    return true;
}

/* A fraction or an exponent is refused whatever its value. */
static enum err read_number(struct scan *s, const struct raw *name, struct js **out)
{
    struct digits digits;
    int64_t number = 0;
    enum err e;

    *out = NULL;
    if (!scan_number(s, &digits))
        return ERR_JSON_SYNTAX;
    if (!digits.whole || digits.count > 16) /* 2^53 has 16 digits */
        return ERR_JSON_NUMBER;
    for (size_t i = 0; i < digits.count; i++)
        number = number * 10 + (digits.first[i] - '0');
    if (number > JS_INT_MAX)
        return ERR_JSON_NUMBER;
    e = make(JS_INT, name, 0, out);
    if (e == ERR_OK)
        (*out)->number = digits.negative ? -number : number;
    return e;
}

static enum err read_word(struct scan *s, const struct raw *name, struct js **out)
{
    static const struct {
        const char *word;
        size_t len;
        enum js_type type;
        bool truth;
    } words[] = {
        {"null", 4, JS_NULL, false}, {"true", 4, JS_BOOL, true}, {"false", 5, JS_BOOL, false}};

    *out = NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        enum err e;

        if ((size_t)(s->end - s->at) < words[i].len ||
            memcmp(s->at, words[i].word, words[i].len) != 0)
            continue;
        s->at += words[i].len;
        e = make(words[i].type, name, 0, out);
        if (e == ERR_OK)
            (*out)->truth = words[i].truth;
        return e;
    }
    return ERR_JSON_SYNTAX;
}

/* One element or member behind an opening bracket or a comma. */
static enum err read_item(struct scan *s, struct js *list)
{
    struct raw name;
    struct js *item = NULL;
    bool member = list->type == JS_OBJECT;
    enum err e = ERR_OK;

    skip_space(s);
    if (member) {
        e = scan_string(s, &name);
        skip_space(s);
        if (e == ERR_OK && !take(s, ':'))
            e = ERR_JSON_SYNTAX;
    }
    if (e == ERR_OK)
        e = read_value(s, member ? &name : NULL, &item);
    if (e == ERR_OK)
        e = js_append(list, item);
    if (e != ERR_OK)
        js_free(item);
    return e;
}

static int compare_items(const void *a, const void *b)
{
    return js_compare_names(*(struct js *const *)a, *(struct js *const *)b);
}

/* Sorts the members, which in a canonical document they are already, and so finds a name that
 * comes twice. */
static enum err settle_members(struct js *object)
{
    size_t sorted = 1;

    while (sorted < object->count &&
           js_compare_names(object->item[sorted - 1], object->item[sorted]) < 0)
        sorted++;
    if (sorted >= object->count)
        return ERR_OK;
    qsort(object->item, object->count, sizeof *object->item, compare_items);
    for (size_t i = 1; i < object->count; i++) {
        if (js_compare_names(object->item[i - 1], object->item[i]) == 0)
            return ERR_JSON_DUPLICATE;
    }
    return ERR_OK;
}

static enum err read_list(struct scan *s, enum js_type type, const struct raw *name,
                          struct js **out)
{
    char close = type == JS_OBJECT ? '}' : ']';
    enum err e;

    *out = NULL;
    if (s->depth == JS_DEPTH_MAX)
        return ERR_JSON_DEPTH;
    s->depth++;
    s->at++; /* the bracket that brought us here */
    e = make(type, name, 0, out);
    skip_space(s);
    if (e == ERR_OK && !take(s, close)) {
        do
            e = read_item(s, *out);
        while (e == ERR_OK && (skip_space(s), take(s, ',')));
        if (e == ERR_OK && !take(s, close))
            e = ERR_JSON_SYNTAX;
    }
    s->depth--;
    return e == ERR_OK && type == JS_OBJECT ? settle_members(*out) : e;
}

/* On an error *OUT is NULL or a part of the value; the caller frees it. */
static enum err read_value(struct scan *s, const struct raw *name, struct js **out)
{
    uint8_t c;

    *out = NULL;
    skip_space(s);
    if (s->at == s->end)
        return ERR_JSON_SYNTAX;
    c = *s->at;
    if (c == '"')
        return read_text(s, name, out);
    if (c == '{' || c == '[')
        return read_list(s, c == '{' ? JS_OBJECT : JS_ARRAY, name, out);
    if (c == '-' || (c >= '0' && c <= '9'))
        return read_number(s, name, out);
    return read_word(s, name, out);
}

enum err js_parse(const void *bytes, size_t len, struct js **out)
{
    struct scan s = {.at = bytes};
    struct js *value;
    enum err e;

    *out = NULL;
    if (len == 0)
        return ERR_JSON_SYNTAX;
    s.end = s.at + len;
    e = read_value(&s, NULL, &value);
    skip_space(&s);
    if (e == ERR_OK && s.at != s.end)
        e = ERR_JSON_SYNTAX;
    if (e == ERR_OK)
        *out = value;
    else
        js_free(value);
    return e;
}
