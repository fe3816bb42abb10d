/* SPDX-License-Identifier: Apache-2.0 */
#include "order/json.h"

#include "base/text.h"
#include "order/json_tree.h"
#include <stdlib.h>
#include <string.h>

/* --- the tree --- */

/* Zeroed, with room for TEXT_CAP bytes, where its text points. NULL without memory. */
static struct js *new_value(enum js_type type, size_t text_cap)
{
    size_t size = sizeof(struct js) + text_cap;
    struct js *v = malloc(size);

    if (!v)
        return NULL;
    memset(v, 0, size); /* calloc would not take from the thread's own store */
    v->type = type;
    if (type == JS_TEXT)
        v->text = v->store;
    return v;
}

static bool is_list(const struct js *value)
{
    return value && (value->type == JS_ARRAY || value->type == JS_OBJECT);
}

void js_blocks_free(struct js_block *first)
{
    while (first) {
        struct js_block *next = first->next;

        free(first);
        first = next;
    }
}

void js_free(struct js *value)
{
    struct js_block *blocks = value && value->is_root ? value->blocks : NULL;

    if (!value)
        return;
    if (is_list(value)) {
        for (size_t i = 0; i < value->count; i++)
            js_free(value->item[i]);
        if (value->item_is_heap)
            free(value->item);
    }
    if (value->name_is_heap)
        free(value->name);
    if (!value->in_block)
        free(value);
    js_blocks_free(blocks); /* VALUE is in one of them */
}

/* To an array or object; keeps no order. Does not take ITEM over on failure. */
static enum err append(struct js *list, struct js *item)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 8;
        struct js **bigger =
            reallocarray(list->item_is_heap ? list->item : NULL, cap, sizeof *bigger);

        if (!bigger)
            return ERR_NO_MEMORY;
        if (!list->item_is_heap && list->count)
            memcpy(bigger, list->item, list->count * sizeof *bigger);
        list->item = bigger;
        list->item_is_heap = true;
        list->cap = cap;
    }
    list->item[list->count++] = item;
    return ERR_OK;
}

/* --- reading --- */

enum js_type js_type(const struct js *value)
{
    return value ? value->type : JS_NULL;
}

int64_t js_int(const struct js *value)
{
    return js_type(value) == JS_INT ? value->number : 0;
}

bool js_bool(const struct js *value)
{
    return js_type(value) == JS_BOOL && value->truth;
}

const char *js_text(const struct js *value, size_t *len)
{
    bool text = js_type(value) == JS_TEXT;

    if (len)
        *len = text ? value->len : 0;
    return text ? value->text : NULL;
}

const char *js_member_text(const struct js *object, const char *name)
{
    const char *text = js_text(js_get(object, name), NULL);

    return text ? text : "";
}

size_t js_count(const struct js *value)
{
    return is_list(value) ? value->count : 0;
}

const struct js *js_at(const struct js *array, size_t i)
{
    return js_type(array) == JS_ARRAY && i < array->count ? array->item[i] : NULL;
}

const struct js *js_get(const struct js *object, const char *name)
{
    for (size_t i = 0; js_type(object) == JS_OBJECT && i < object->count; i++) {
        if (strcmp(object->item[i]->name, name) == 0)
            return object->item[i];
    }
    return NULL;
}

/* Looks from row FIRST on and then from the start: tables are mostly sorted as members are. */
static const struct js_member *find_row(const struct js_member *table, size_t count, size_t first,
                                        const char *name)
{
    for (size_t i = 0; i < count; i++) {
        const struct js_member *row = &table[first + i < count ? first + i : first + i - count];

        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

/* Fills the rows' values; ERR_DOC_MEMBER_UNKNOWN for a name that no row has, which is WHICH then.
 */
static enum err collect(const struct js *object, const struct js_member *table, size_t count,
                        const char **which)
{
    size_t next = 0;

    for (size_t i = 0; i < object->count; i++) {
        *which = object->item[i]->name;
        const struct js_member *row = find_row(table, count, next, object->item[i]->name);

        if (!row)
            return ERR_DOC_MEMBER_UNKNOWN;
        *row->value = object->item[i];
        next = (size_t)(row - table) + 1;
    }
    return ERR_OK;
}

static bool in_limits(const struct js_member *row, const struct js *value)
{
    int64_t measure = 0;

    if (value->type != row->type)
        return false;
    switch (row->type) {
    case JS_TEXT:
        measure = (int64_t)value->len;
        break;
    case JS_INT:
        measure = value->number;
        break;
    case JS_ARRAY:
        measure = (int64_t)value->count;
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
    e = collect(object, table, count, which);
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

/* --- building --- */

static enum err give(struct js *value, struct js **out)
{
    *out = value;
    return value ? ERR_OK : ERR_NO_MEMORY;
}

enum err js_object_new(struct js **out)
{
    return give(new_value(JS_OBJECT, 0), out);
}

enum err js_array_new(struct js **out)
{
    return give(new_value(JS_ARRAY, 0), out);
}

static enum err make_text(const char *text, struct js **out)
{
    size_t len = strlen(text);

    *out = NULL;
    if (!text_is_utf8(text, len))
        return ERR_TEXT_INVALID;
    *out = new_value(JS_TEXT, len + 1);
    if (!*out)
        return ERR_NO_MEMORY;
    memcpy((*out)->text, text, len);
    (*out)->len = len;
    return ERR_OK;
}

static enum err set_name(struct js *value, const char *name)
{
    char *copy;

    if (!text_is_utf8(name, strlen(name)))
        return ERR_TEXT_INVALID;
    copy = strdup(name);
    if (!copy)
        return ERR_NO_MEMORY;
    if (value->name_is_heap)
        free(value->name);
    value->name = copy;
    value->name_len = strlen(copy);
    value->name_is_heap = true;
    value->name_is_plain = false;
    return ERR_OK;
}

/* VALUE has its name. Takes it over on success. */
static enum err place(struct js *object, struct js *value)
{
    size_t at = object->count;
    enum err e;

    while (at > 0 && js_compare_names(value, object->item[at - 1]) <= 0)
        at--;
    if (at < object->count && js_compare_names(value, object->item[at]) == 0) {
        js_free(object->item[at]);
        object->item[at] = value;
        return ERR_OK;
    }
    e = append(object, value);
    if (e != ERR_OK)
        return e;
    memmove(&object->item[at + 1], &object->item[at],
            (object->count - 1 - at) * sizeof *object->item);
    object->item[at] = value;
    return ERR_OK;
}

enum err js_set(struct js *object, const char *name, struct js *value)
{
    enum err e = value ? set_name(value, name) : ERR_NO_MEMORY;

    if (e == ERR_OK)
        e = place(object, value);
    if (e != ERR_OK)
        js_free(value);
    return e;
}

void js_drop(struct js *object, const char *name)
{
    size_t at = 0;

    while (at < object->count && strcmp(object->item[at]->name, name) != 0)
        at++;
    if (at == object->count)
        return;
    js_free(object->item[at]);
    object->count--;
    memmove(&object->item[at], &object->item[at + 1], (object->count - at) * sizeof *object->item);
}

enum err js_set_text(struct js *object, const char *name, const char *text)
{
    struct js *value;
    enum err e = make_text(text, &value);

    return e == ERR_OK ? js_set(object, name, value) : e;
}

enum err js_set_int(struct js *object, const char *name, int64_t value)
{
    struct js *made;

    if (value > JS_INT_MAX || value < -JS_INT_MAX)
        return ERR_JSON_NUMBER;
    made = new_value(JS_INT, 0);
    if (made)
        made->number = value;
    return js_set(object, name, made);
}

enum err js_set_bool(struct js *object, const char *name, bool value)
{
    struct js *made = new_value(JS_BOOL, 0);

    if (made)
        made->truth = value;
    return js_set(object, name, made);
}

enum err js_push(struct js *array, struct js *value)
{
    enum err e = value ? append(array, value) : ERR_NO_MEMORY;

    if (e != ERR_OK)
        js_free(value);
    return e;
}

enum err js_push_text(struct js *array, const char *text)
{
    struct js *value;
    enum err e = make_text(text, &value);

    return e == ERR_OK ? js_push(array, value) : e;
}

/* The value without its name. */
static struct js *copy_plain(const struct js *value)
{
    struct js *copy = new_value(value->type, value->type == JS_TEXT ? value->len + 1 : 0);

    if (!copy)
        return NULL;
    copy->truth = value->truth;
    if (value->type == JS_INT)
        copy->number = value->number;
    if (value->type == JS_TEXT) {
        memcpy(copy->text, value->text, value->len);
        copy->len = value->len;
    }
    return copy;
}

enum err js_copy(const struct js *value, struct js **out)
{
    struct js *copy = value ? copy_plain(value) : NULL, *item;
    enum err e = copy ? ERR_OK : ERR_NO_MEMORY;

    *out = NULL;
    for (size_t i = 0; e == ERR_OK && is_list(value) && i < value->count; i++) {
        e = js_copy(value->item[i], &item);
        if (e == ERR_OK && value->type == JS_OBJECT)
            e = js_set(copy, value->item[i]->name, item);
        else if (e == ERR_OK)
            e = js_push(copy, item);
    }
    if (e != ERR_OK) {
        js_free(copy);
        return e;
    }
    *out = copy;
    return ERR_OK;
}
