/* SPDX-License-Identifier: Apache-2.0 */
#include "api/sse.h"

#include "base/text.h"
#include <string.h>

void sse_start(struct sse *s)
{
    *s = (struct sse){.text = BUF_INIT(SSE_MAX), .last_id = -1};
}

void sse_free(struct sse *s)
{
    buf_free(&s->text);
}

enum err sse_feed(struct sse *s, const void *bytes, size_t len)
{
    buf_drop(&s->text, s->read);
    s->read = 0;
    return buf_add(&s->text, bytes, len);
}

/* "name: value" */
static bool is_field(const char *line, size_t len, const char *name, const char **value,
                     size_t *value_len)
{
    size_t named = strlen(name);

    if (len < named + 2 || memcmp(line, name, named) != 0 || memcmp(line + named, ": ", 2) != 0)
        return false;
    *value = line + named + 2;
    *value_len = len - named - 2;
    return true;
}

static enum err read_line(struct sse *s, const char *line, size_t len, struct sse_event *out)
{
    const char *value = NULL;
    size_t value_len = 0;
    uint64_t id = 0;

    if (is_field(line, len, "event", &value, &value_len)) {
        if (value_len > SSE_NAME_MAX)
            return ERR_DOC_MEMBER_INVALID;
        memcpy(out->name, value, value_len);
        out->name[value_len] = '\0';
    } else if (is_field(line, len, "data", &value, &value_len)) {
        return buf_add(&out->data, value, value_len);
    } else if (is_field(line, len, "id", &value, &value_len)) {
        if (text_parse_u64(value, value_len, INT64_MAX, &id) != ERR_OK)
            return ERR_DOC_MEMBER_INVALID;
        s->last_id = (int64_t)id;
    }
    return ERR_OK; /* a comment, or what is of no use here */
}

/* The lines up to an empty one; false when that has not come. */
static bool find_block(const struct sse *s, const char **block, size_t *len)
{
    const char *text = (const char *)s->text.data + s->read;
    size_t left = s->text.len - s->read;
    const char *end = left > 0 ? memmem(text, left, "\n\n", 2) : NULL;

    *block = text;
    *len = end != NULL ? (size_t)(end - text) + 1 : 0;
    return end != NULL;
}

bool sse_ready(const struct sse *s)
{
    const char *at = NULL;
    size_t len = 0;

    return find_block(s, &at, &len);
}

enum err sse_next(struct sse *s, bool *found, struct sse_event *out)
{
    const char *at = NULL;
    size_t len = 0;
    enum err e = ERR_OK;

    *found = false;
    while (e == ERR_OK && !*found && find_block(s, &at, &len)) {
        s->read += len + 1;
        buf_clear(&out->data);
        out->name[0] = '\0';
        while (e == ERR_OK && len > 0) {
            size_t line = (size_t)((const char *)memchr(at, '\n', len) - at);
            e = read_line(s, at, line, out);
            at += line + 1;
            len -= line + 1;
        }
        *found = out->data.len > 0;
    }
    return e;
}
