/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)64 << 10) /* bytes */

/* What is read stands here until the whole file has proved good. */
struct slot {
    bool seen;
    size_t line; /* 0: absent */
    char *text;
    uint64_t number;
};

/* A piece of the file; not terminated. */
struct span {
    const char *at;
    size_t len;
};

struct reader {
    const char *path;
    size_t line; /* from 1; 0 for what belongs to no line */
    const struct conf_item *items;
    struct slot *slots;
    size_t count;
    char *message;
    size_t message_len;
};

void conf_place(const char *path, size_t line, char *out, size_t size)
{
    if (line)
        snprintf(out, size, "%s:%zu", path, line);
    else
        snprintf(out, size, "%s", path);
}

__attribute__((format(printf, 2, 3))) static enum err refuse(const struct reader *r,
                                                             const char *format, ...)
{
    char place[CONF_PLACE_MAX], why[256];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    conf_place(r->path, r->line, place, sizeof place);
    snprintf(r->message, r->message_len, "%s: %s", place, why);
    return ERR_CONFIG_INVALID;
}

static struct span trim(struct span s)
{
    while (s.len && strchr(" \t\r", s.at[0]))
        s.at++, s.len--;
    while (s.len && strchr(" \t\r", s.at[s.len - 1]))
        s.len--;
    return s;
}

static enum err set_number(struct reader *r, size_t index, struct span value)
{
    const struct conf_item *item = &r->items[index];
    uint64_t number;

    if (text_parse_u64(value.at, value.len, item->max, &number) || number < item->min)
        return refuse(r, "%s must be a whole number from %" PRIu64 " to %" PRIu64, item->name,
                      item->min, item->max);
    r->slots[index].number = number;
    return ERR_OK;
}

static enum err set_text(struct reader *r, size_t index, struct span value)
{
    const struct conf_item *item = &r->items[index];

    if (value.len < item->min || value.len > item->max)
        return refuse(r, "%s must have %" PRIu64 " to %" PRIu64 " bytes", item->name, item->min,
                      item->max);
    r->slots[index].text = strndup(value.at, value.len);
    return r->slots[index].text ? ERR_OK : ERR_NO_MEMORY;
}

static enum err set(struct reader *r, size_t index, struct span value)
{
    r->slots[index].seen = true;
    r->slots[index].line = r->line;
    if (r->items[index].type == CONF_U64)
        return set_number(r, index, value);
    return set_text(r, index, value);
}

static enum err read_line(struct reader *r, struct span line)
{
    line = trim(line);
    if (!line.len || line.at[0] == '#')
        return ERR_OK;
    const char *equals = memchr(line.at, '=', line.len);
    if (!equals)
        return refuse(r, "this is not a \"name = value\" line");

    size_t name_len = (size_t)(equals - line.at);
    struct span name = trim((struct span){line.at, name_len});
    struct span value = trim((struct span){equals + 1, line.len - name_len - 1});
    for (size_t i = 0; i < r->count; i++) {
        const char *known = r->items[i].name;
        if (strlen(known) != name.len || memcmp(known, name.at, name.len) != 0)
            continue;
        if (r->slots[i].seen)
            return refuse(r, "%s is set a second time", known);
        return set(r, i, value);
    }
    return refuse(r, "there is no setting \"%.*s\"", name.len < 80 ? (int)name.len : 80, name.at);
}

static enum err read_lines(struct reader *r, struct span text)
{
    if (!text_is_utf8(text.at, text.len) || (text.len && memchr(text.at, 0, text.len)))
        return refuse(r, "this is not a text file in UTF-8");
    while (text.len) {
        const char *end = memchr(text.at, '\n', text.len);
        size_t len = end ? (size_t)(end - text.at) : text.len;
        r->line++;
        enum err e = read_line(r, (struct span){text.at, len});
        if (e)
            return e;
        len += end ? 1 : 0;
        text.at += len;
        text.len -= len;
    }
    r->line = 0;
    return ERR_OK;
}

static enum err fill_absent(struct reader *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct conf_item *item = &r->items[i];
        if (r->slots[i].seen)
            continue;
        if (item->required)
            return refuse(r, "%s is missing", item->name);
        if (!item->fallback)
            continue;
        enum err e = set(r, i, (struct span){item->fallback, strlen(item->fallback)});
        if (e)
            return e;
    }
    return ERR_OK;
}

/* Hands the texts over to the caller's variables. */
static void commit(const struct reader *r, size_t *lines)
{
    for (size_t i = 0; i < r->count; i++) {
        if (lines)
            lines[i] = r->slots[i].line;
        if (r->items[i].type == CONF_U64) {
            *(uint64_t *)r->items[i].value = r->slots[i].number;
        } else {
            *(char **)r->items[i].value = r->slots[i].text;
            r->slots[i].text = NULL;
        }
    }
}

enum err conf_load(const char *path, struct conf_item *items, size_t count, size_t *lines,
                   char *message, size_t message_len)
{
    struct buf text = BUF_INIT(FILE_MAX);
    struct reader r = {path,  0,       items,      calloc(count + 1, sizeof *r.slots),
                       count, message, message_len};
    enum err e = ERR_NO_MEMORY;

    snprintf(message, message_len, "%s: %s", path, err_info(e)->cause);
    if (!r.slots)
        goto out;
    e = file_read(path, FILE_MAX, &text);
    if (e) {
        snprintf(message, message_len, "%s: %s", path, err_info(e)->cause);
        goto out;
    }
    e = read_lines(&r, (struct span){buf_str(&text), text.len});
    if (!e)
        e = fill_absent(&r);
    if (e)
        goto out;
    commit(&r, lines);
    if (message_len)
        message[0] = 0;
out:
    for (size_t i = 0; r.slots && i < count; i++)
        free(r.slots[i].text);
    free(r.slots);
    buf_free(&text);
    return e;
}

void conf_free(struct conf_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].type != CONF_TEXT)
            continue;
        free(*(char **)items[i].value);
        *(char **)items[i].value = NULL;
    }
}

/* --- services --- */

enum err conf_load_logged(const char *event, const char *path, struct conf_item *items,
                          size_t count, size_t *lines)
{
    char message[CONF_PLACE_MAX + 256];
    enum err e = conf_load(path, items, count, lines, message, sizeof message);

    if (e == ERR_FILE_NOT_FOUND || e == ERR_IO) /* to start again by itself mends neither */
        e = ERR_CONFIG_INVALID;
    return e ? log_fail(e, event, "%s", message) : ERR_OK;
}

enum err conf_refuse(const char *event, const char *path, size_t line, const char *format, ...)
{
    char place[CONF_PLACE_MAX], why[256];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    conf_place(path, line, place, sizeof place);
    return log_fail(ERR_CONFIG_INVALID, event, "%s: %s", place, why);
}
