/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/ctl/lines.h"

#include "base/text.h"
#include "order/json.h"
#include <stdbool.h>

#define INDENT 2

/* What stands between two tokens of the canonical text. */
struct writer {
    struct buf *out;
    int depth;
    bool begun; /* something stands on the line */
};

static enum err new_line(struct writer *w)
{
    enum err e = w->begun ? buf_add_byte(w->out, '\n') : ERR_OK;
    w->begun = false;
    return e;
}

static enum err put(struct writer *w, char c)
{
    enum err e = w->begun ? ERR_OK : buf_addf(w->out, "%*s", (w->depth - 1) * INDENT, "");
    w->begun = true;
    return e == ERR_OK ? buf_add_byte(w->out, (uint8_t)c) : e;
}

static enum err put_mark(struct writer *w, char c)
{
    enum err e = ERR_OK;
    if (c == ':') {
        e = put(w, ' ');
        return e == ERR_OK ? put(w, ' ') : e;
    }
    e = new_line(w);
    w->depth += c == '{' || c == '[' ? 1 : 0;
    w->depth -= c == '}' || c == ']' ? 1 : 0;
    return e;
}

static enum err put_all(struct writer *w, const char *text)
{
    bool inside = false;
    enum err e = ERR_OK;
    for (; e == ERR_OK && *text != '\0'; text++) {
        if (*text == '"') {
            inside = !inside;
        } else if (inside && *text == '\\') { /* escapes stay as they are */
            e = put(w, *text++);
            if (e == ERR_OK)
                e = put(w, *text);
        } else if (inside || (*text != '{' && *text != '}' && *text != '[' && *text != ']' &&
                              *text != ',' && *text != ':')) {
            e = put(w, *text);
        } else {
            e = put_mark(w, *text);
        }
    }
    return e == ERR_OK ? new_line(w) : e;
}

enum err lines_of(const struct js *object, struct buf *out)
{
    struct buf text = BUF_INIT(0);
    struct writer w = {.out = out};
    enum err e = js_canon(object, &text);
    if (e == ERR_OK) {
        text_tame((char *)text.data);
        e = put_all(&w, buf_str(&text));
    }
    buf_free(&text);
    return e;
}
