/* SPDX-License-Identifier: Apache-2.0
 *
 * json_parse: the reader of docs/FORMAT.md section 1: RFC 8259 narrowed to I-JSON and to integers.
 * One pass, mostly one allocation, recursion bounded by JS_DEPTH_MAX. It says no at the first byte
 * that does not fit.
 */
#include "order/json.h"
#include "order/json_tree.h"

#include <stdlib.h>
#include <string.h>

struct scan {
    const uint8_t *at, *end;
    unsigned depth;
    struct js_block *blocks; /* the newest first */
};

/* --- memory --- */

/* AddressSanitizer sees the borders of allocations, so there each value gets one, to the byte;
 * tests/order has it both ways. */
#ifndef SHARED
#ifdef __SANITIZE_ADDRESS__
#define SHARED false
#elif defined(__has_feature)
#define SHARED !__has_feature(address_sanitizer)
#else
#define SHARED true
#endif
#endif
#define BLOCK_MORE ((size_t)512) /* for what a short document has besides its texts */

/* Most documents fit into the first block. */
static struct js_block *add_block(struct scan *s, size_t least)
{
    size_t cap = 2 * (size_t)(s->end - s->at) + BLOCK_MORE;
    struct js_block *b;

    if (!SHARED || cap < least)
        cap = least;
    b = malloc(sizeof *b + cap);
    if (!b)
        return NULL;
    *b = (struct js_block){.next = s->blocks, .cap = cap};
    s->blocks = b;
    return b;
}

/* SIZE bytes, aligned for pointers and numbers. */
static void *carve(struct scan *s, size_t size)
{
    struct js_block *b = s->blocks;
    size_t whole = SHARED ? (size + 7) / 8 * 8 : size;
    void *at;

    if (!b || whole > b->cap - b->used)
        b = add_block(s, whole);
    if (!b)
        return NULL;
    at = b->room + b->used;
    b->used += whole;
    return at;
}

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
static enum err make(struct scan *s, enum js_type type, const struct raw *name, size_t text_cap,
                     struct js **out)
{
    size_t name_cap = name ? name->len + 1 : 0;
    struct js *v = carve(s, sizeof *v + name_cap + text_cap);

    *out = v;
    if (!v)
        return ERR_NO_MEMORY;
    *v = (struct js){.type = type, .in_block = true};
    if (type == JS_TEXT)
        v->text = v->store + name_cap;
    if (!name)
        return ERR_OK;
    v->name = v->store;
    v->name_is_plain = name->plain;
    return decode(name, v->name, &v->name_len);
}

static enum err read_text(struct scan *s, const struct raw *name, struct js **out)
{
    struct raw raw;
    enum err e = scan_string(s, &raw);

    if (e == ERR_OK)
        e = make(s, JS_TEXT, name, raw.len + 1, out);
    if (e != ERR_OK)
        return e;
    (*out)->text_is_plain = raw.plain;
    return decode(&raw, (*out)->text, &(*out)->len);
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

    if (!scan_number(s, &digits))
        return ERR_JSON_SYNTAX;
    if (!digits.whole || digits.count > 16) /* 2^53 has 16 digits */
        return ERR_JSON_NUMBER;
    for (size_t i = 0; i < digits.count; i++)
        number = number * 10 + (digits.first[i] - '0');
    if (number > JS_INT_MAX)
        return ERR_JSON_NUMBER;
    e = make(s, JS_INT, name, 0, out);
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

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        enum err e;

        if ((size_t)(s->end - s->at) < words[i].len ||
            memcmp(s->at, words[i].word, words[i].len) != 0)
            continue;
        s->at += words[i].len;
        e = make(s, words[i].type, name, 0, out);
        if (e == ERR_OK)
            (*out)->truth = words[i].truth;
        return e;
    }
    return ERR_JSON_SYNTAX;
}

/* One element of an array, or member of an object, behind an opening bracket or a comma. */
static enum err read_item(struct scan *s, bool member, struct js **out)
{
    struct raw name;
    enum err e = ERR_OK;

    skip_space(s);
    if (member) {
        e = scan_string(s, &name);
        skip_space(s);
        if (e == ERR_OK && !take(s, ':'))
            e = ERR_JSON_SYNTAX;
    }
    return e == ERR_OK ? read_value(s, member ? &name : NULL, out) : e;
}

/* Puts COUNT values, each with its NEXT, into the list. */
static enum err gather(struct scan *s, struct js *first, size_t count, struct js *list)
{
    list->item = carve(s, count * sizeof *list->item);
    if (!list->item)
        return ERR_NO_MEMORY;
    list->cap = count;
    for (struct js *item = first; item; item = item->next)
        list->item[list->count++] = item;
    return ERR_OK;
}

/* Until there is no comma. */
static enum err read_items(struct scan *s, struct js *list)
{
    struct js *first = NULL, **end = &first;
    size_t count = 0;
    enum err e;

    do {
        e = read_item(s, list->type == JS_OBJECT, end);
        if (e != ERR_OK)
            return e;
        end = &(*end)->next;
        count++;
        skip_space(s);
    } while (take(s, ','));
    return gather(s, first, count, list);
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

    if (s->depth == JS_DEPTH_MAX)
        return ERR_JSON_DEPTH;
    s->depth++;
    s->at++; /* the bracket that brought us here */
    e = make(s, type, name, 0, out);
    skip_space(s);
    if (e == ERR_OK && !take(s, close)) {
        e = read_items(s, *out);
        if (e == ERR_OK && !take(s, close))
            e = ERR_JSON_SYNTAX;
    }
    s->depth--;
    return e == ERR_OK && type == JS_OBJECT ? settle_members(*out) : e;
}

/* What *OUT is on an error is of no interest: the blocks are freed. */
static enum err read_value(struct scan *s, const struct raw *name, struct js **out)
{
    uint8_t c;

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
    if (e != ERR_OK) {
        js_blocks_free(s.blocks);
        return e;
    }
    value->is_root = true;
    value->blocks = s.blocks;
    *out = value;
    return ERR_OK;
}
