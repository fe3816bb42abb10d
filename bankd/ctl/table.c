/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/table.h"
#include "base/text.h"
#include "order/json.h"
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define CELL_MAX ((size_t)8192) /* bytes */
#define PATH_PART_MAX 32u
#define DEPTH_MAX 8u
#define GAP "  "
#define PLAIN "\033[0m"

static enum err add_scalar(struct buf *cell, const struct js *value)
{
    size_t len = 0;
    const char *text = js_text(value, &len);
    switch (js_type(value)) {
    case JS_TEXT:
        return text_tame_add(cell, text, len);
    case JS_INT:
        return buf_addf(cell, "%" PRId64, js_int(value));
    case JS_BOOL:
        return buf_add_str(cell, js_bool(value) ? "yes" : "no");
    case JS_NULL:
    case JS_ARRAY:
    case JS_OBJECT:
        break;
    }
    return buf_add_str(cell, "-");
}

static enum err add_path(struct buf *cell, const struct js *value, const char *path,
                         unsigned depth);

static enum err add_elements(struct buf *cell, const struct js *array, const char *path,
                             unsigned depth)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < js_count(array); i++) {
        if (i > 0)
            e = buf_add_byte(cell, ' ');
        if (e == ERR_OK)
            e = add_path(cell, js_at(array, i), path, depth);
    }
    return e;
}

/* What PATH leads to from VALUE; through an array it leads to something in each element. */
static enum err add_path(struct buf *cell, const struct js *value, const char *path, unsigned depth)
{
    char name[PATH_PART_MAX];
    size_t len = strcspn(path, ".");
    if (value == NULL || depth == 0 || len >= sizeof name)
        return ERR_OK;
    if (js_type(value) == JS_ARRAY)
        return add_elements(cell, value, path, depth - 1);
    if (len == 0)
        return add_scalar(cell, value);
    memcpy(name, path, len);
    name[len] = '\0';
    return add_path(cell, js_get(value, name), path + len + (path[len] == '.'), depth - 1);
}

static enum err make_cell(const struct js *row, const char *path, struct buf *cell)
{
    buf_clear(cell);
    enum err e = add_path(cell, row, path, DEPTH_MAX);
    return e == ERR_OK && cell->len == 0 ? buf_add_str(cell, "-") : e;
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((uint8_t)*text & 0xc0) != 0x80;
    return width;
}

static enum err pad(struct buf *out, size_t width)
{
    enum err e = ERR_OK;
    while (e == ERR_OK && width-- > 0)
        e = buf_add_byte(out, ' ');
    return e;
}

/* What a cell looks like. */
struct style {
    size_t width;
    bool right, last;
    const char *colour; /* "" for none */
};

static const char *colour_of(const struct js *row, const struct table_paint *paint, size_t column)
{
    static const struct {
        const char *name, *code;
    } colours[] = {{"amber", "\033[33m"}, {"red", "\033[31m"}};
    const char *name = NULL;

    if (paint != NULL && paint->column == column)
        name = js_text(js_get(row, paint->path), NULL);
    for (size_t i = 0; name != NULL && i < sizeof colours / sizeof *colours; i++)
        if (strcmp(colours[i].name, name) == 0)
            return colours[i].code;
    return "";
}

/* No spaces behind a last column that is not flush right. */
static enum err add_cell(struct buf *out, const char *cell, const struct style *s)
{
    size_t space = s->width - width_of(cell);
    enum err e = s->right ? pad(out, space) : ERR_OK;
    if (e == ERR_OK)
        e = buf_addf(out, "%s%s%s", s->colour, cell, s->colour[0] != '\0' ? PLAIN : "");
    if (e == ERR_OK && !s->right && !s->last)
        e = pad(out, space);
    if (e == ERR_OK)
        e = buf_add_str(out, s->last ? "\n" : GAP);
    return e;
}

static enum err measure(const struct js *rows, const struct table_column *columns, size_t count,
                        struct buf *cell, size_t width[static TABLE_COLUMNS_MAX])
{
    for (size_t c = 0; c < count; c++) {
        width[c] = width_of(columns[c].title);
        for (size_t r = 0; r < js_count(rows); r++) {
            enum err e = make_cell(js_at(rows, r), columns[c].path, cell);
            if (e != ERR_OK)
                return e;
            size_t needed = width_of(buf_str(cell));
            width[c] = needed > width[c] ? needed : width[c];
        }
    }
    return ERR_OK;
}

enum err table_render_painted(const struct js *rows, const struct table_column *columns,
                              size_t count, const struct table_paint *paint, struct buf *out)
{
    size_t width[TABLE_COLUMNS_MAX] = {0};
    struct buf cell = BUF_INIT(CELL_MAX);
    enum err e = count <= TABLE_COLUMNS_MAX ? ERR_OK : ERR_INTERNAL;
    if (e == ERR_OK)
        e = measure(rows, columns, count, &cell, width);
    for (size_t c = 0; e == ERR_OK && c < count; c++) {
        const struct style s = {width[c], columns[c].right, c + 1 == count, ""};
        e = add_cell(out, columns[c].title, &s);
    }
    for (size_t r = 0; e == ERR_OK && r < js_count(rows); r++) {
        for (size_t c = 0; e == ERR_OK && c < count; c++) {
            const struct style s = {width[c], columns[c].right, c + 1 == count,
                                    colour_of(js_at(rows, r), paint, c)};
            e = make_cell(js_at(rows, r), columns[c].path, &cell);
            if (e == ERR_OK)
                e = add_cell(out, buf_str(&cell), &s);
        }
    }
    buf_free(&cell);
    return e;
}

enum err table_render(const struct js *rows, const struct table_column *columns, size_t count,
                      struct buf *out)
{
    return table_render_painted(rows, columns, count, NULL, out);
}
