/* SPDX-License-Identifier: Apache-2.0 */
#include "order/json.h"

#include "base/text.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A struct js is a json_t under a name of our own; const is Jansson's to cast away, it counts
 * references in the value. */
static json_t *unwrap(const struct js *value)
{
    return (json_t *)(uintptr_t)value;
}

static struct js *wrap(json_t *value)
{
    return (struct js *)value;
}

/* --- reading --- */

/* Jansson allows a nesting of 2048 and recurses; a scan that only knows strings and brackets
 * refuses earlier. On bytes that are not JSON it may count wrongly: those are refused anyway. */
static enum err check_depth(const uint8_t *bytes, size_t len)
{
    unsigned depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < len; i++) {
        uint8_t c = bytes[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JS_DEPTH_MAX)
                return ERR_JSON_DEPTH;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return ERR_OK;
}

/* RFC 7493 2.1. Jansson has already refused surrogates and everything else that is not UTF-8. */
static bool has_noncharacter(const char *text, size_t len)
{
    const uint8_t *s = (const uint8_t *)text;

    for (size_t i = 0; i + 2 < len; i++) {
        if (s[i] == 0xEF && s[i + 1] == 0xB7 && s[i + 2] >= 0x90 && s[i + 2] <= 0xAF)
            return true; /* U+FDD0..U+FDEF */
        if (s[i] == 0xEF && s[i + 1] == 0xBF && s[i + 2] >= 0xBE)
            return true; /* U+FFFE, U+FFFF */
        if (s[i] >= 0xF0 && i + 3 < len && (s[i + 1] & 0x0F) == 0x0F && s[i + 2] == 0xBF &&
            s[i + 3] >= 0xBE)
            return true; /* the last two of every other plane */
    }
    return false;
}

/* What Jansson takes and I-JSON or our narrowing does not. Depth is bounded by check_depth. */
static enum err check_value(json_t *value)
{
    enum err e = ERR_OK;
    json_t *item;
    size_t i;

    switch (json_typeof(value)) {
    case JSON_REAL:
        return ERR_JSON_NUMBER;
    case JSON_INTEGER:
        if (json_integer_value(value) > JS_INT_MAX || json_integer_value(value) < -JS_INT_MAX)
            return ERR_JSON_NUMBER;
        return ERR_OK;
    case JSON_STRING:
        return has_noncharacter(json_string_value(value), json_string_length(value))
                   ? ERR_JSON_SYNTAX
                   : ERR_OK;
    case JSON_ARRAY:
        json_array_foreach(value, i, item)
        {
            e = check_value(item);
            if (e != ERR_OK)
                return e;
        }
        return ERR_OK;
    case JSON_OBJECT:
        for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
            if (has_noncharacter(json_object_iter_key(at), json_object_iter_key_len(at)))
                return ERR_JSON_SYNTAX;
            e = check_value(json_object_iter_value(at));
            if (e != ERR_OK)
                return e;
        }
        return ERR_OK;
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    }
    return ERR_OK;
}

static enum err parse_error(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);

    if (code == json_error_duplicate_key)
        return ERR_JSON_DUPLICATE;
    if (code == json_error_numeric_overflow)
        return ERR_JSON_NUMBER;
    if (code == json_error_stack_overflow)
        return ERR_JSON_DEPTH;
    if (code == json_error_out_of_memory)
        return ERR_NO_MEMORY;
    return ERR_JSON_SYNTAX;
}

enum err js_parse(const void *bytes, size_t len, struct js **out)
{
    json_error_t error;
    json_t *value = NULL;
    enum err e;

    *out = NULL;
    e = check_depth(bytes, len);
    if (e != ERR_OK)
        return e;
    value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!value)
        return parse_error(&error);
    e = check_value(value);
    if (e != ERR_OK) {
        json_decref(value);
        return e;
    }
    *out = wrap(value);
    return ERR_OK;
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

void js_free(struct js *value)
{
    json_decref(unwrap(value));
}

enum js_type js_type(const struct js *value)
{
    switch (json_typeof(unwrap(value))) {
    case JSON_OBJECT:
        return JS_OBJECT;
    case JSON_ARRAY:
        return JS_ARRAY;
    case JSON_STRING:
        return JS_TEXT;
    case JSON_INTEGER:
        return JS_INT;
    case JSON_TRUE:
    case JSON_FALSE:
        return JS_BOOL;
    case JSON_REAL: /* js_parse lets none in */
    case JSON_NULL:
        break;
    }
    return JS_NULL;
}

int64_t js_int(const struct js *value)
{
    return json_integer_value(unwrap(value));
}

bool js_bool(const struct js *value)
{
    return json_is_true(unwrap(value));
}

const char *js_text(const struct js *value, size_t *len)
{
    if (len)
        *len = json_string_length(unwrap(value));
    return json_string_value(unwrap(value));
}

size_t js_count(const struct js *value)
{
    json_t *v = unwrap(value);

    return json_is_array(v) ? json_array_size(v) : json_object_size(v);
}

const struct js *js_at(const struct js *array, size_t i)
{
    return wrap(json_array_get(unwrap(array), i));
}

const struct js *js_get(const struct js *object, const char *name)
{
    return wrap(json_object_get(unwrap(object), name));
}

static const struct js_member *find_row(const struct js_member *table, size_t count,
                                        const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

/* Fills the rows' values; ERR_DOC_MEMBER_UNKNOWN for a name that no row has. */
static enum err collect(const struct js *object, const struct js_member *table, size_t count)
{
    json_t *o = unwrap(object);

    for (void *at = json_object_iter(o); at; at = json_object_iter_next(o, at)) {
        const struct js_member *row = find_row(table, count, json_object_iter_key(at));

        if (!row)
            return ERR_DOC_MEMBER_UNKNOWN;
        *row->value = wrap(json_object_iter_value(at));
    }
    return ERR_OK;
}

static bool in_limits(const struct js_member *row, const struct js *value)
{
    int64_t measure = 0;

    if (js_type(value) != row->type)
        return false;
    switch (row->type) {
    case JS_TEXT:
        measure = (int64_t)json_string_length(unwrap(value));
        break;
    case JS_INT:
        measure = js_int(value);
        break;
    case JS_ARRAY:
        measure = (int64_t)js_count(value);
        break;
    case JS_NULL:
    case JS_BOOL:
    case JS_OBJECT:
        return true;
    }
    return measure >= row->min && measure <= row->max;
}

enum err js_members(const struct js *object, const struct js_member *table, size_t count,
                    const char **which)
{
    const char *ignored;
    enum err e;

    if (!which)
        which = &ignored;
    *which = "";
    for (size_t i = 0; i < count; i++)
        *table[i].value = NULL;
    if (js_type(object) != JS_OBJECT)
        return ERR_DOC_MEMBER_INVALID;
    e = collect(object, table, count);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < count; i++) {
        *which = table[i].name;
        if (!*table[i].value) {
            if (table[i].required)
                return ERR_DOC_MEMBER_MISSING;
        } else if (!in_limits(&table[i], *table[i].value)) {
            return ERR_DOC_MEMBER_INVALID;
        }
    }
    *which = "";
    return ERR_OK;
}

/* --- the canonical form, RFC 8785 --- */

struct member {
    const char *name;
    size_t len;
    json_t *value;
};

#define MEMBERS_ON_STACK 32 /* no document of ours has more */

/* UTF-8 sorts by code point, RFC 8785 3.2.3 by UTF-16 code unit. They differ only between U+E000..
 * U+FFFF (first byte EE or EF) and what lies above (F0..F4), which UTF-16 writes with D800..DFFF.
 */
static unsigned utf16_rank(uint8_t byte)
{
    return byte == 0xEE || byte == 0xEF ? byte + 0x10u : byte;
}

static int compare_names(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    size_t shorter = x->len < y->len ? x->len : y->len;

    for (size_t i = 0; i < shorter; i++) {
        unsigned p = utf16_rank((uint8_t)x->name[i]), q = utf16_rank((uint8_t)y->name[i]);

        if (p != q)
            return p < q ? -1 : 1;
    }
    return (x->len > y->len) - (x->len < y->len);
}

/* A canonical document comes in order, so most objects cost one pass. */
static void sort_members(struct member *members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (compare_names(&members[i - 1], &members[i]) > 0) {
            qsort(members, count, sizeof *members, compare_names);
            return;
        }
    }
}

static enum err write_escape(uint8_t c, struct buf *out)
{
    static const char short_form[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                      ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    if (short_form[c])
        return buf_add(out, (const char[]){'\\', short_form[c]}, 2);
    return buf_addf(out, "\\u%04x", c);
}

static enum err write_text(const char *text, size_t len, struct buf *out)
{
    size_t run = 0; /* where the bytes begin that stand for themselves */
    enum err e = buf_add_byte(out, '"');

    for (size_t i = 0; e == ERR_OK && i < len; i++) {
        uint8_t c = (uint8_t)text[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        e = buf_add(out, text + run, i - run);
        if (e == ERR_OK)
            e = write_escape(c, out);
        run = i + 1;
    }
    if (e == ERR_OK)
        e = buf_add(out, text + run, len - run);
    return e == ERR_OK ? buf_add_byte(out, '"') : e;
}

static enum err write_value(json_t *value, struct buf *out);

static enum err write_members(const struct member *members, size_t count, struct buf *out)
{
    enum err e = buf_add_byte(out, '{');

    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        if (i > 0)
            e = buf_add_byte(out, ',');
        if (e == ERR_OK)
            e = write_text(members[i].name, members[i].len, out);
        if (e == ERR_OK)
            e = buf_add_byte(out, ':');
        if (e == ERR_OK)
            e = write_value(members[i].value, out);
    }
    return e == ERR_OK ? buf_add_byte(out, '}') : e;
}

static enum err write_object(json_t *object, struct buf *out)
{
    struct member few[MEMBERS_ON_STACK];
    struct member *members = few;
    size_t count = json_object_size(object), i = 0;
    enum err e;

    if (count > MEMBERS_ON_STACK) {
        members = calloc(count, sizeof *members);
        if (!members)
            return ERR_NO_MEMORY;
    }
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        members[i++] = (struct member){json_object_iter_key(at), json_object_iter_key_len(at),
                                       json_object_iter_value(at)};
    sort_members(members, count);
    e = write_members(members, count, out);
    if (members != few)
        free(members);
    return e;
}

static enum err write_array(json_t *array, struct buf *out)
{
    enum err e = buf_add_byte(out, '[');

    for (size_t i = 0; e == ERR_OK && i < json_array_size(array); i++) {
        if (i > 0)
            e = buf_add_byte(out, ',');
        if (e == ERR_OK)
            e = write_value(json_array_get(array, i), out);
    }
    return e == ERR_OK ? buf_add_byte(out, ']') : e;
}

static enum err write_value(json_t *value, struct buf *out)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return write_object(value, out);
    case JSON_ARRAY:
        return write_array(value, out);
    case JSON_STRING:
        return write_text(json_string_value(value), json_string_length(value), out);
    case JSON_INTEGER:
        return buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_TRUE:
        return buf_add_str(out, "true");
    case JSON_FALSE:
        return buf_add_str(out, "false");
    case JSON_NULL:
        return buf_add_str(out, "null");
    case JSON_REAL: /* js_parse lets none in */
        break;
    }
    return ERR_JSON_NUMBER;
}

enum err js_canon(const struct js *value, struct buf *out)
{
    size_t before = out->len;
    enum err e = write_value(unwrap(value), out);

    if (e != ERR_OK && out->data) {
        out->len = before;
        out->data[before] = 0;
    }
    return e;
}

/* --- building --- */

static enum err give(json_t *value, struct js **out)
{
    *out = wrap(value);
    return value ? ERR_OK : ERR_NO_MEMORY;
}

enum err js_object_new(struct js **out)
{
    return give(json_object(), out);
}

enum err js_array_new(struct js **out)
{
    return give(json_array(), out);
}

enum err js_copy(const struct js *value, struct js **out)
{
    return give(json_deep_copy(unwrap(value)), out);
}

/* The two faults that Jansson answers with one NULL. */
static enum err make_text(const char *text, struct js **out)
{
    *out = NULL;
    if (!text_is_utf8(text, strlen(text)))
        return ERR_TEXT_INVALID;
    return give(json_string_nocheck(text), out);
}

enum err js_set(struct js *object, const char *name, struct js *value)
{
    if (!text_is_utf8(name, strlen(name))) {
        js_free(value);
        return ERR_TEXT_INVALID;
    }
    return json_object_set_new_nocheck(unwrap(object), name, unwrap(value)) ? ERR_NO_MEMORY
                                                                            : ERR_OK;
}

enum err js_set_text(struct js *object, const char *name, const char *text)
{
    struct js *value;
    enum err e = make_text(text, &value);

    return e == ERR_OK ? js_set(object, name, value) : e;
}

enum err js_set_int(struct js *object, const char *name, int64_t value)
{
    if (value > JS_INT_MAX || value < -JS_INT_MAX)
        return ERR_JSON_NUMBER;
    return js_set(object, name, wrap(json_integer(value)));
}

enum err js_set_bool(struct js *object, const char *name, bool value)
{
    return js_set(object, name, wrap(json_boolean(value)));
}

enum err js_push(struct js *array, struct js *value)
{
    return json_array_append_new(unwrap(array), unwrap(value)) ? ERR_NO_MEMORY : ERR_OK;
}

enum err js_push_text(struct js *array, const char *text)
{
    struct js *value;
    enum err e = make_text(text, &value);

    return e == ERR_OK ? js_push(array, value) : e;
}
